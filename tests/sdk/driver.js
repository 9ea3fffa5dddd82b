// Calls the library as lines of JSON ask: {"call", "args"} in, {"ok"} or {"error"} out. See languages.py.
const PayGate = require(process.env.LIBRARY);
const readline = require('node:readline');
const fs = require('node:fs');

let client;

async function collected(value) {
  if (typeof value?.[Symbol.asyncIterator] !== 'function') return value;
  const all = [];
  for await (const one of value) all.push(one);
  return all.every((one) => one instanceof Uint8Array) && all.length ? Buffer.concat(all).toString('utf8') : all;
}

function bytes(value) {
  if (value !== null && typeof value === 'object') {
    if (typeof value.$file === 'string') return fs.readFileSync(value.$file);
    for (const name of Object.keys(value)) value[name] = bytes(value[name]);
  }
  return value;
}

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const { call, args } = JSON.parse(line);
    let answer;
    try {
      if (call === 'new') client = new PayGate(...args);
      answer = { ok: call === 'new' ? null : await collected(await client[call](...bytes(args))) };
    } catch (error) {
      const { name, message, status, code, field, requestId, retryAfter, payerMessage } = error;
      const known = error instanceof PayGate.PayGateError && error instanceof PayGate[name];
      answer = { error: { name, message, status, code, field, requestId, retryAfter, payerMessage, known } };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
})();
