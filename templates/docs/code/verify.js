const crypto = require('node:crypto');

// body: a Buffer, as it came. header: the text of Stripe-Signature. secret: whsec_..., the whole text.
function verify(body, header, secret) {
  const parts = (header ?? '').split(',').map((part) => part.trim().split('='));
  const time = parts.find(([name]) => name === 't')?.[1] ?? '';
  if (!/^\d+$/.test(time) || Math.abs(Date.now() / 1000 - Number(time)) > {{ tolerance_s }}) return false;
  const wanted = crypto.createHmac('sha256', secret).update(`${time}.`).update(body).digest();
  return parts.some(([name, value]) => name === 'v1' && /^[0-9a-f]{64}$/.test(value)
    && crypto.timingSafeEqual(wanted, Buffer.from(value, 'hex')));
}
