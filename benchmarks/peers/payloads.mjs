// The Node peers of benchmarks/payloads.py: reads its workload, prints one JSON line {name: operations per CPU second}.
// node payloads.mjs FOLDER WORKLOAD, where FOLDER holds node_modules with promptpay-js and promptparse.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder, workload] = process.argv.slice(2);
const load = createRequire(join(folder, 'package.json'));
const { mobiles, baht, texts, bills, rich, references, rounds } = JSON.parse(readFileSync(workload, 'utf8'));
const promptpay = load('promptpay-js');
const { generate, parse } = load('promptparse');
const international = mobiles.map((mobile) => '0066' + mobile.slice(1));
const numbers = baht.map(Number);
const version = (name) => JSON.parse(readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8')).version;

const work = {
  [`build promptpay-js ${version('promptpay-js')}`]: (i) =>
    promptpay.generate({
      method: 'QR_DYNAMIC',
      application: 'PROMPTPAY_CREDIT_TRANSFER',
      mobileNumber: international[i],
      currencyCode: '764',
      countryCode: 'TH',
      amount: baht[i],
    }),
  [`build promptparse ${version('promptparse')}`]: (i) =>
    generate.anyId({ type: 'MSISDN', target: mobiles[i], amount: numbers[i] }),
  [`build promptpay-js ${version('promptpay-js')}, bill payment`]: (i) =>
    promptpay.generate({
      method: 'QR_DYNAMIC',
      application: 'PROMPTPAY_BILL_PAYMENT',
      billerID: '099400016550100',
      reference1: references[i],
      reference2: 'TABLE7',
      currencyCode: '764',
      countryCode: 'TH',
      amount: baht[i],
    }),
  [`build promptparse ${version('promptparse')}, bill payment`]: (i) =>
    generate.billPayment({ billerId: '099400016550100', ref1: references[i], ref2: 'TABLE7', amount: numbers[i] }),
  [`parse promptparse ${version('promptparse')}, bill payment`]: (i) => parse(bills[i], true, true),
  [`parse promptpay-js ${version('promptpay-js')} (CRC not checked)`]: (i) => promptpay.parse(texts[i]),
  [`parse promptparse ${version('promptparse')}`]: (i) => parse(texts[i], true, true),
  [`parse promptparse ${version('promptparse')}, with tags 59, 60, 62`]: (i) => parse(rich[i], true, true),
  [`read promptparse ${version('promptparse')}`]: (i) => {
    const payload = parse(texts[i], true, true);
    return [payload.getTagValue('29', '01'), payload.getTagValue('54')];
  },
};
const speeds = {};
for (const [name, once] of Object.entries(work)) {
  let best = 0;
  for (let round = 0; round < rounds; round++) {
    const start = process.cpuUsage();
    for (let repeat = 0; repeat < 40; repeat++) for (let i = 0; i < texts.length; i++) once(i);
    const { user, system } = process.cpuUsage(start);
    best = Math.max(best, (40 * texts.length) / ((user + system) / 1e6));
  }
  speeds[name] = best;
}
console.log(JSON.stringify({ node: process.version, speeds }));
