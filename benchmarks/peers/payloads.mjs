// The Node peers of benchmarks/payloads.py: reads its workload, prints one JSON line with
// [task, shape, peer, operations per CPU second] and the code that each peer made of the second row.
// node payloads.mjs FOLDER WORKLOAD, where FOLDER holds node_modules with promptpay-js and promptparse.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder, workload] = process.argv.slice(2);
const load = createRequire(join(folder, 'package.json'));
const { shapes, thai, rounds, passes } = JSON.parse(readFileSync(workload, 'utf8'));
const promptpay = load('promptpay-js');
const { generate, parse } = load('promptparse');
const version = (name) => JSON.parse(readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8')).version;
const js = `promptpay-js ${version('promptpay-js')}`;
const pp = `promptparse ${version('promptparse')}`;

// Rows as each peer wants them, made before the clock runs: amounts as text or as a number, mobiles in full.
const baht = (satang) => `${Math.trunc(satang / 100)}.${String(satang % 100).padStart(2, '0')}`;
const full = (mobile) => '0066' + mobile.slice(1);
const bill = 'PROMPTPAY_BILL_PAYMENT';

const build = {
  'transfer': {
    [js]: [([m, s]) => [full(m), baht(s)], (m, a) => promptpay.generate({ method: 'QR_DYNAMIC', application: 'PROMPTPAY_CREDIT_TRANSFER', mobileNumber: m, currencyCode: '764', countryCode: 'TH', amount: a })],
    [pp]: [([m, s]) => [m, s / 100], (m, a) => generate.anyId({ type: 'MSISDN', target: m, amount: a })],
  },
  'transfer, no amount': {
    [js]: [([m]) => [full(m)], (m) => promptpay.generate({ method: 'QR_STATIC', application: 'PROMPTPAY_CREDIT_TRANSFER', mobileNumber: m, currencyCode: '764', countryCode: 'TH' })],
    [pp]: [([m]) => [m], (m) => generate.anyId({ type: 'MSISDN', target: m })],
  },
  'transfer, national ID': {
    [js]: [([d, s]) => [d, baht(s)], (d, a) => promptpay.generate({ method: 'QR_DYNAMIC', application: 'PROMPTPAY_CREDIT_TRANSFER', nationalID: d, currencyCode: '764', countryCode: 'TH', amount: a })],
    [pp]: [([d, s]) => [d, s / 100], (d, a) => generate.anyId({ type: 'NATID', target: d, amount: a })],
  },
  'transfer, e-wallet': {
    [js]: [([d, s]) => [d, baht(s)], (d, a) => promptpay.generate({ method: 'QR_DYNAMIC', application: 'PROMPTPAY_CREDIT_TRANSFER', eWalletID: d, currencyCode: '764', countryCode: 'TH', amount: a })],
    [pp]: [([d, s]) => [d, s / 100], (d, a) => generate.anyId({ type: 'EWALLETID', target: d, amount: a })],
  },
  'bill, ref1': {
    [js]: [(row) => row, (b, r) => promptpay.generate({ method: 'QR_STATIC', application: bill, billerID: b, reference1: r, currencyCode: '764', countryCode: 'TH' })],
    [pp]: [(row) => row, (b, r) => generate.billPayment({ billerId: b, ref1: r })],
  },
  'bill, ref1, ref2, amount': {
    [js]: [([b, r, q, s]) => [b, r, q, baht(s)], (b, r, q, a) => promptpay.generate({ method: 'QR_DYNAMIC', application: bill, billerID: b, reference1: r, reference2: q, currencyCode: '764', countryCode: 'TH', amount: a })],
    [pp]: [([b, r, q, s]) => [b, r, q, s / 100], (b, r, q, a) => generate.billPayment({ billerId: b, ref1: r, ref2: q, amount: a })],
  },
  'bill from abroad': {
    [js]: [([b, r, q, s]) => [b, r, q, baht(s)], (b, r, q, a) => promptpay.generate({ method: 'QR_DYNAMIC', application: 'PROMPTPAY_BILL_PAYMENT_CROSS_BORDER', billerID: b, reference1: r, reference2: q, currencyCode: '764', countryCode: 'TH', amount: a })],
  },
  'transfer, tags 59 60 62': {
    [js]: [([m, s, r]) => [full(m), baht(s), r], (m, a, r) => promptpay.generate({ method: 'QR_DYNAMIC', application: 'PROMPTPAY_CREDIT_TRANSFER', mobileNumber: m, currencyCode: '764', countryCode: 'TH', amount: a, merchantName: 'COFFEE SHOP', merchantCity: 'BANGKOK', additional: { billNumber: r, terminalID: 'T001' } })],
  },
  'bill, tags 59 60 62': {
    [js]: [([b, r, q, s]) => [b, r, q, baht(s)], (b, r, q, a) => promptpay.generate({ method: 'QR_DYNAMIC', application: bill, billerID: b, reference1: r, reference2: q, currencyCode: '764', countryCode: 'TH', amount: a, merchantName: 'COFFEE SHOP', merchantCity: 'BANGKOK', additional: { terminalID: 'T001' } })],
  },
  'transfer, Thai name in 64': {
    [js]: [([m, s]) => [full(m), baht(s)], (m, a) => promptpay.generate({ method: 'QR_DYNAMIC', application: 'PROMPTPAY_CREDIT_TRANSFER', mobileNumber: m, currencyCode: '764', countryCode: 'TH', amount: a, merchantInformation: thai })],
  },
  'one-time code': {
    [js]: [([m, c, s]) => [full(m), c, baht(s)], (m, c, a) => promptpay.generate({ method: 'QR_DYNAMIC', application: 'PROMPTPAY_CREDIT_TRANSFER_WITH_OTA', mobileNumber: m, ota: c, currencyCode: '764', countryCode: 'TH', amount: a })],
  },
  'transfer, VAT in 80': {
    [js]: [([m, s, v]) => [full(m), baht(s), baht(v)], (m, a, v) => promptpay.generate({ method: 'QR_DYNAMIC', application: 'PROMPTPAY_CREDIT_TRANSFER', mobileNumber: m, currencyCode: '764', countryCode: 'TH', amount: a, sellerTaxBranchID: '0000', vatRate: '7.00', vatAmount: v })],
  },
  'TrueMoney, message in 81': {
    [pp]: [([m, s, t]) => [m, s / 100, t], (m, a, t) => generate.trueMoney({ mobileNo: m, amount: a, message: t })],
  },
  'slip': {
    [pp]: [(row) => row, (b, r) => generate.slipVerify({ sendingBank: b, transRef: r })],
  },
  'TrueMoney slip': {
    [pp]: [(row) => row, (e, t) => generate.trueMoneySlipVerify({ eventType: e, transactionId: t, date: '20112026' })],
  },
};

let kept; // What is made is kept for a moment, so that the making cannot be optimised away.
const speeds = [];
const built = [];
function time(task, shape, peer, rows, once) {
  let best = 0;
  for (let round = 0; round < rounds; round++) {
    const start = process.cpuUsage();
    for (let pass = 0; pass < passes; pass++) for (let i = 0; i < rows.length; i++) kept = once(rows[i]);
    const { user, system } = process.cpuUsage(start);
    best = Math.max(best, (passes * rows.length) / ((user + system) / 1e6));
  }
  speeds.push([task, shape, peer, best]);
}
for (const { name, rows, texts } of shapes) {
  for (const [peer, [prepare, once]] of Object.entries(build[name])) {
    const prepared = rows.map(prepare);
    built.push([name, peer, once(...prepared[1])]);
    time('build', name, peer, prepared, (row) => once(...row));
  }
  if (parse(texts[1], true, true) !== null) {
    time('parse', name, pp, texts, (text) => parse(text, true, true));
    const [template, wanted] = name.includes('slip') ? ['00', ['01', '02']] : name.startsWith('bill') ? ['30', ['01', '02', '03']] : ['29', ['01', '02', '03']];
    time('read', name, pp, texts, (text) => {
      const code = parse(text, true, true);
      return template === '29'
        ? [code.getTagValue('29', '01') ?? code.getTagValue('29', '02') ?? code.getTagValue('29', '03'), code.getTagValue('54')]
        : [wanted.map((tag) => code.getTagValue(template, tag)), template === '00' ? null : code.getTagValue('54')];
    });
  }
  if (!name.includes('slip')) time('parse', name, `${js}, CRC not checked`, texts, (text) => promptpay.parse(text));
}
if (kept === undefined) throw new Error('nothing was made');
console.log(JSON.stringify({ node: process.version, speeds, built }));
