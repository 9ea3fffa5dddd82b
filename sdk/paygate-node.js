/**
 * PayGate for Node.js 18 and later. One file, no dependency; your host's address is already in it.
 *
 *   const PayGate = require('./paygate-node.js');
 *   const paygate = new PayGate('sk_live_...');
 *   const { transaction } = await paygate.createPayment({ amount: 150.00, orderId: 'ORDER-12345' });
 *
 * Every call answers with the API's own JSON, or throws a PayGate.PayGateError. Secret keys (sk_) belong on servers.
 */
'use strict';

const crypto = require('node:crypto');

const HOST = 'https://paygate.invalid'; // The host that serves this file writes its own address here.
const VERSION = '1.0.0';
const TOLERANCE_S = 300;
const LONGEST_WAIT_S = 20; // Who asks for a longer pause is not waited for: the error says how long it is.
const MAX_HEADER_CHARS = 2048;

// --- errors -------------------------------------------------------------------------------------------------------

/** Base of everything that goes wrong. `code` is the API's word, `requestId` what to quote to support. */
class PayGateError extends Error {
  constructor(message, details = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = this.constructor.name;
    this.status = details.status ?? null;
    this.code = details.code ?? null;
    this.field = details.field ?? null;
    this.requestId = details.requestId ?? null;
    this.retryAfter = details.retryAfter ?? null; // Seconds.
    this.payerMessage = details.payerMessage ?? null; // {th, en}: what to show to the person who wants to pay.
    this.body = details.body ?? null;
  }
}
/** A field of the request is wrong (`field` names it), or the request is too large. */
class InvalidRequestError extends PayGateError {}
/** The key is missing or not valid. */
class AuthenticationError extends PayGateError {}
/** The key is good, but not for this. */
class ForbiddenError extends PayGateError {}
/** No such thing, or it belongs to somebody else. */
class NotFoundError extends PayGateError {}
/** The present state does not allow this. */
class ConflictError extends PayGateError {}
/** The balance does not cover it. */
class InsufficientBalanceError extends ConflictError {}
/** The Idempotency-Key was used with another request. */
class IdempotencyMismatchError extends PayGateError {}
/** Too many requests; `retryAfter` says when to come again. */
class RateLimitError extends PayGateError {}
/** PayGate, or something in front of it, failed. */
class ServerError extends PayGateError {}
/** No answer: it cannot be known whether the request arrived. Send it again with the same Idempotency-Key. */
class NetworkError extends PayGateError {}
/** This is no webhook of yours, or it is too old. */
class SignatureError extends PayGateError {}

const BY_CODE = {
  INVALID_REQUEST: InvalidRequestError,
  PAYLOAD_TOO_LARGE: InvalidRequestError,
  UNAUTHORIZED: AuthenticationError,
  FORBIDDEN: ForbiddenError,
  NOT_FOUND: NotFoundError,
  CONFLICT: ConflictError,
  INSUFFICIENT_BALANCE: InsufficientBalanceError,
  IDEMPOTENCY_MISMATCH: IdempotencyMismatchError,
  RATE_LIMITED: RateLimitError,
  SERVER_ERROR: ServerError,
  UNAVAILABLE: ServerError,
};
const BY_STATUS = {
  400: InvalidRequestError,
  401: AuthenticationError,
  403: ForbiddenError,
  404: NotFoundError,
  409: ConflictError,
  413: InvalidRequestError,
  422: IdempotencyMismatchError,
  429: RateLimitError,
};

function refusal(status, headers, text) {
  const body = parsed(text);
  const told = body !== null && typeof body === 'object' && !Array.isArray(body) ? body : {};
  const kind = BY_CODE[told.error] ?? BY_STATUS[status] ?? (status >= 500 ? ServerError : PayGateError);
  return new kind(typeof told.message === 'string' ? told.message : `The server answered ${status}.`, {
    status,
    code: told.error,
    field: told.field,
    requestId: told.requestId ?? headers.get('request-id'),
    retryAfter: seconds(headers.get('retry-after')),
    payerMessage: told.payerMessage,
    body: body ?? text,
  });
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null; // A proxy's page, say.
    throw error;
  }
}

function seconds(header) {
  return header !== null && /^[0-9]{1,9}$/.test(header) ? Number(header) : null;
}

// --- the client ---------------------------------------------------------------------------------------------------

class PayGate {
  #key;
  #options;

  /** options: baseUrl, timeoutMs (30000), maxRetries (2), fetch. */
  constructor(apiKey, options = {}) {
    if (typeof apiKey !== 'string' || !/^[\x21-\x7e]+$/.test(apiKey)) {
      throw new TypeError('new PayGate(apiKey): the key is a text like sk_live_...');
    }
    this.#key = apiKey;
    this.#options = { baseUrl: HOST, timeoutMs: 30_000, maxRetries: 2, fetch: globalThis.fetch, ...options };
    this.baseUrl = String(this.#options.baseUrl).replace(/\/+$/, '');
    if (!/^https?:\/\//.test(this.baseUrl)) throw new TypeError('baseUrl must be like https://pay.example.com');
  }

  // Payments.
  createPayment(params, options) {
    return this.request('POST', '/payment/create', { body: params, ...options });
  }
  /** Up to 1,000 payments, all or none. */
  createPayments(payments, options) {
    return this.request('POST', '/payment/batch', { body: { payments }, ...options });
  }
  getPayment(id) {
    return this.request('GET', `/payment/${segment(id)}`);
  }
  getPaymentByOrder(orderId) {
    return this.request('GET', `/payment/order/${segment(orderId)}`);
  }
  cancelPayment(id, options) {
    return this.request('POST', `/payment/${segment(id)}/cancel`, options);
  }
  /** Test keys only, plays the bank: {amount, via: 'callback' | 'notice' | 'slip', delaySeconds, duplicate, late}. */
  simulatePayment(id, wish = {}, options = {}) {
    return this.request('POST', `/test/payment/${segment(id)}/pay`, { body: wish, ...options });
  }
  /** slip: {payload} with the text of its mini QR, or {file: Buffer, filename} with its picture. */
  submitSlip(id, slip, options) {
    const path = `/payment/${segment(id)}/slip`;
    return this.request('POST', path, { ...(slip.file === undefined ? { body: slip } : form(slip)), ...options });
  }
  /** `for await (const payment of paygate.listTransactions({ status: 'PAID' }))`: all of them, newest first. */
  listTransactions(query) {
    return this.#each('/transactions', 'transactions', query);
  }
  /** The same as CSV: an async iterable of chunks of bytes. */
  async exportTransactions(query) {
    const { body } = await this.#send('GET', '/transactions', { query, headers: { Accept: 'text/csv' }, stream: true });
    return body;
  }
  /** `for await (const { transaction } of paygate.watchPayment(id))`: at once and at each change, until it is not PENDING. */
  async *watchPayment(id) {
    for (;;) {
      const sent = { headers: { Accept: 'text/event-stream' }, stream: true };
      const { body } = await this.#send('GET', `/payment/${segment(id)}/events`, sent);
      try {
        for await (const found of told(body)) {
          yield found;
          if (found.transaction.status !== 'PENDING') return;
        }
      } catch (error) {
        if (!(error instanceof NetworkError)) throw error; // A line that was cut is taken up again.
      }
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
  /** One {promptpay | billerId, ref1, ref2, amount, format}, or an array of up to 10,000: QR without a payment. */
  createQr(codes) {
    return this.request('POST', '/qr', { body: codes });
  }

  /**
   * An amount that a page cannot change: hand it to the widget, or send it with the pk_ key as amountToken. No request
   * is made. expiresIn is in seconds, a day unless said, 31 days at most. With an orderId it is for that order alone.
   */
  amountToken({ amount, orderId, expiresIn = 86_400 }) {
    if (!this.#key.startsWith('sk_')) throw new TypeError('amountToken needs the secret key (sk_...).');
    if (typeof amount !== 'number') throw new TypeError('amount must be a number of baht.');
    const payload = JSON.stringify({ amount, orderId, expiresAt: Math.floor(Date.now() / 1000) + expiresIn });
    const signed = `at1.${Buffer.from(payload).toString('base64url')}`;
    return `${signed}.${hmac(hmac(this.#key, 'paygate amount token v1'), signed, 'base64url')}`;
  }

  // Money out.
  /** {available, held, pendingReview, currency}, in baht. */
  getBalance() {
    return this.request('GET', '/balance');
  }
  /** Take {amount} out; it is set aside until it is paid, refused or cancelled. */
  createSettlement(params, options) {
    return this.request('POST', '/settlements', { body: params, ...options });
  }
  listSettlements(query) {
    return this.#each('/settlements', 'settlements', query);
  }
  getSettlement(id) {
    return this.request('GET', `/settlements/${segment(id)}`);
  }
  cancelSettlement(id, options) {
    return this.request('POST', `/settlements/${segment(id)}/cancel`, options);
  }

  // Payment links: prices with an address.
  createPaymentLink(params, options) {
    return this.request('POST', '/payment-links', { body: params, ...options });
  }
  listPaymentLinks(query) {
    return this.#each('/payment-links', 'paymentLinks', query);
  }
  getPaymentLink(id) {
    return this.request('GET', `/payment-links/${segment(id)}`);
  }
  /** {active: false} takes it out of use. */
  updatePaymentLink(id, params) {
    return this.request('PATCH', `/payment-links/${segment(id)}`, { body: params });
  }
  /** What was asked, refused and told, newest first. */
  listLogs(query) {
    return this.#each('/logs', 'logs', query);
  }

  // Refunds.
  /** All that is left of a payment, or {amount, reason, payee} of it. */
  refundPayment(id, params = {}, options) {
    return this.request('POST', `/payment/${segment(id)}/refund`, { body: params, ...options });
  }
  listRefunds(query) {
    return this.#each('/refunds', 'refunds', query);
  }
  getRefund(id) {
    return this.request('GET', `/refunds/${segment(id)}`);
  }
  cancelRefund(id, options) {
    return this.request('POST', `/refunds/${segment(id)}/cancel`, options);
  }
  /** Where the payer wants it: {promptpay, name}, or {bank, account, name}. */
  setRefundPayee(id, payee, options) {
    return this.request('POST', `/refunds/${segment(id)}/payee`, { body: { payee }, ...options });
  }
  /** A new link (`payeeUrl`) where the payer says where to; older ones are worthless. */
  askPayer(id, options) {
    return this.request('POST', `/refunds/${segment(id)}/payee-link`, options);
  }
  /** On a direct plan: you paid it, by this transfer. */
  completeRefund(id, bankReference, options) {
    return this.request('POST', `/refunds/${segment(id)}/complete`, { body: { bankReference }, ...options });
  }

  // Webhooks.
  createWebhookEndpoint(params, options) {
    return this.request('POST', '/webhooks/endpoints', { body: params, ...options });
  }
  listWebhookEndpoints() {
    return this.#each('/webhooks/endpoints', 'endpoints');
  }
  getWebhookEndpoint(id) {
    return this.request('GET', `/webhooks/endpoints/${segment(id)}`);
  }
  updateWebhookEndpoint(id, changes) {
    return this.request('PATCH', `/webhooks/endpoints/${segment(id)}`, { body: changes });
  }
  deleteWebhookEndpoint(id) {
    return this.request('DELETE', `/webhooks/endpoints/${segment(id)}`);
  }
  /** A new secret; for 24 hours the old one signs beside it. */
  rotateWebhookSecret(id, options) {
    return this.request('POST', `/webhooks/endpoints/${segment(id)}/rotate`, options);
  }
  testWebhookEndpoint(id, options) {
    return this.request('POST', `/webhooks/endpoints/${segment(id)}/test`, options);
  }
  listWebhookEvents(query) {
    return this.#each('/webhooks/events', 'events', query);
  }
  getWebhookEvent(id) {
    return this.request('GET', `/webhooks/events/${segment(id)}`);
  }
  listWebhookDeliveries(query) {
    return this.#each('/webhooks/deliveries', 'deliveries', query);
  }
  /** The same bytes again, to params.endpointId or to everyone that wants such events. */
  redeliverWebhookEvent(id, params = {}, options) {
    return this.request('POST', `/webhooks/events/${segment(id)}/redeliver`, { body: params, ...options });
  }
  /** {from, to, states, endpointId}: everything between, however much it is; `queued` is the sum. */
  async redeliverWebhookEvents(span) {
    let queued = 0;
    for (let more = { ...span }; ; ) {
      const page = await this.request('POST', '/webhooks/events/redeliver', { body: more });
      queued += page.queued;
      if (!page.hasMore) return { success: true, queued };
      more = page.nextCursor === null ? { ...span } : { ...span, cursor: page.nextCursor };
    }
  }

  /**
   * Any call of the native API by its path after /api/v1, for what has no method here.
   * options: body, query, headers, idempotencyKey. A POST without a key gets one, so that trying again is safe.
   */
  async request(method, path, options = {}) {
    return (await this.#send(method, path, options)).value;
  }

  async *#each(path, name, query = {}) {
    for (let cursor = query.cursor; ; ) {
      const page = await this.request('GET', path, { query: { ...query, cursor } });
      yield* page[name];
      if (!page.hasMore) return;
      cursor = page.nextCursor;
    }
  }

  async #send(method, path, { body, query, headers, idempotencyKey, raw, stream = false } = {}) {
    const url = new URL(`${this.baseUrl}/api/v1${path}`);
    for (const [name, value] of Object.entries(query ?? {})) {
      if (value === undefined || value === null) continue;
      url.searchParams.set(name, value instanceof Date ? value.toISOString() : String(value));
    }
    const sent = { 'X-API-Key': this.#key, 'User-Agent': `PayGate-Node/${VERSION}`, ...headers };
    if (method === 'POST') sent['Idempotency-Key'] = idempotencyKey ?? crypto.randomUUID();
    if (body !== undefined && raw === undefined) {
      sent['Content-Type'] = 'application/json';
      raw = JSON.stringify(body);
    }
    for (let attempt = 0; ; attempt += 1) {
      let failure;
      try {
        return await this.#once(url, { method, headers: sent, body: raw, redirect: 'manual' }, stream);
      } catch (error) {
        failure = error;
      }
      const wait = attempt < this.#options.maxRetries ? pause(method, failure, attempt) : null;
      if (wait === null) throw failure;
      await new Promise((resolve) => setTimeout(resolve, wait * 1000));
    }
  }

  async #once(url, init, wanted) {
    const watch = new AbortController();
    const { timeoutMs, fetch } = this.#options;
    const timer = setTimeout(() => watch.abort(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    try {
      const response = await fetch(url, { ...init, signal: watch.signal });
      const stream = wanted && response.ok;
      const text = stream ? null : await response.text();
      if (!response.ok) throw refusal(response.status, response.headers, text);
      const value = stream ? null : parsed(text);
      if (!stream && value === null) throw new ServerError('The answer is not JSON.', { body: text });
      return { value, body: stream ? pieces(response.body, watch, timeoutMs) : null };
    } catch (error) {
      if (error instanceof PayGateError) throw error;
      const reason = error.cause?.message || error.message;
      throw new NetworkError(`PayGate could not be reached: ${reason}`, { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }

  // --- webhooks in ------------------------------------------------------------------------------------------------

  /**
   * The event of a delivery, once its signature and age are right; throws SignatureError otherwise.
   * body: the bytes as they came (string or Buffer, never the parsed object); headers: of Node, Express or fetch.
   */
  static verifyWebhook(body, headers, secret, toleranceSeconds = TOLERANCE_S) {
    if (typeof body !== 'string' && !(body instanceof Uint8Array)) {
      throw new TypeError('verifyWebhook needs the raw body, as it came: a string or a Buffer.');
    }
    const bytes = Buffer.from(body);
    const now = Math.floor(Date.now() / 1000);
    const standard = header(headers, 'webhook-signature');
    const stamped = header(headers, 'stripe-signature');
    if (standard === '' && stamped === '') {
      throw new SignatureError('The delivery has no webhook-signature and no Stripe-Signature header.');
    }
    const [stamp, fits] = standard !== '' ? standardFits(headers, standard, bytes, secret) : stripeFits(stamped, bytes, secret);
    if (!fits) throw new SignatureError('The signature does not fit: wrong secret, or the body was changed.');
    if (Math.abs(now - stamp) > toleranceSeconds) throw new SignatureError('The delivery is too old.');
    return JSON.parse(bytes.toString('utf8'));
  }
  verifyWebhook(...args) {
    return PayGate.verifyWebhook(...args);
  }

  /**
   * Whether X-Webhook-Signature fits the body: a string, Buffer, or the object that was parsed from it. It says
   * nothing about age, so a delivery that somebody kept fits for ever: prefer verifyWebhook.
   */
  static verifyWebhookSignature(payload, signature, secret) {
    const bytes = typeof payload === 'string' || payload instanceof Uint8Array ? payload : JSON.stringify(payload);
    return typeof signature === 'string' && same(hmac(textKey(secret), bytes, 'hex'), signature.toLowerCase());
  }
  verifyWebhookSignature(...args) {
    return PayGate.verifyWebhookSignature(...args);
  }
}

/** The pieces of a stream, none of which may be waited for longer than *timeoutMs*. */
async function* pieces(body, watch, timeoutMs) {
  const late = () => watch.abort(new Error(`nothing for ${timeoutMs} ms`));
  let timer = setTimeout(late, timeoutMs);
  try {
    for await (const piece of body) {
      clearTimeout(timer);
      yield piece;
      timer = setTimeout(late, timeoutMs);
    }
  } catch (error) {
    throw new NetworkError(`PayGate's answer was cut off: ${error.cause?.message || error.message}`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

/** What server-sent events hold. */
async function* told(body) {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const piece of body) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split(/\r?\n/);
    rest = lines.pop();
    for (const line of lines) if (line.startsWith('data:')) yield JSON.parse(line.slice(5));
  }
}

function pause(method, failure, attempt) {
  const lost = failure instanceof NetworkError;
  const { status, retryAfter } = failure;
  const later = [429, 500, 502, 503, 504].includes(status) || (status === 409 && retryAfter !== null);
  if (!lost && !later) return null;
  // A DELETE that was carried out and not heard of would be a 404 the second time.
  if (method === 'DELETE' && status !== 429) return null;
  if (retryAfter !== null) return retryAfter <= LONGEST_WAIT_S ? retryAfter : null;
  return 0.5 * 2 ** attempt * (0.5 + Math.random() / 2);
}

function segment(text) {
  // A URL resolves a path of dots alone away, however it is written.
  if (typeof text !== 'string' || /^\.{0,2}$/.test(text)) throw new TypeError('The id must be a text, and not just dots.');
  return encodeURIComponent(text);
}

function form({ file, filename = 'slip.jpg', type = 'application/octet-stream' }) {
  if (!(file instanceof Uint8Array)) throw new TypeError('file must be the bytes of the picture: a Buffer or Uint8Array.');
  const boundary = `paygate-${crypto.randomBytes(16).toString('hex')}`;
  const name = String(filename).replace(/["\\\r\n]/g, '_');
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\nContent-Type: ${type}\r\n\r\n`;
  return {
    raw: Buffer.concat([Buffer.from(head), file, Buffer.from(`\r\n--${boundary}--\r\n`)]),
    headers: { 'Content-Type': `multipart/form-data; boundary=${boundary}` },
  };
}

function header(headers, name) {
  const found = typeof headers?.get === 'function' ? headers.get(name) : named(headers ?? {}, name);
  const text = Array.isArray(found) ? found.join(',') : String(found ?? '');
  return text.length > MAX_HEADER_CHARS ? '' : text;
}

function named(headers, name) {
  const key = Object.keys(headers).find((one) => one.toLowerCase() === name);
  return key === undefined ? undefined : headers[key];
}

function textKey(secret) {
  if (typeof secret !== 'string' || secret === '') throw new TypeError('The webhook secret is a text like whsec_...');
  return secret;
}

function hmac(key, message, encoding) {
  return crypto.createHmac('sha256', key).update(message).digest(encoding); // A Buffer without an encoding.
}

function same(expected, given) {
  const left = Buffer.from(expected);
  const right = Buffer.from(given);
  return left.length === right.length && crypto.timingSafeEqual(left, right);
}

function stampOf(text) {
  return /^[0-9]{1,12}$/.test(text) ? Number(text) : NaN;
}

function standardFits(headers, given, bytes, secret) {
  const stamp = header(headers, 'webhook-timestamp');
  const key = Buffer.from(textKey(secret).replace(/^whsec_/, ''), 'base64');
  const message = Buffer.concat([Buffer.from(`${header(headers, 'webhook-id')}.${stamp}.`), bytes]);
  const expected = `v1,${hmac(key, message, 'base64')}`;
  const fits = given.split(' ').filter((one) => same(expected, one)).length > 0;
  return [stampOf(stamp), fits && !Number.isNaN(stampOf(stamp))];
}

function stripeFits(given, bytes, secret) {
  const members = given.split(',').map((one) => one.trim().split('='));
  const stamps = members.filter(([name]) => name === 't').map(([, value]) => value ?? '');
  if (stamps.length !== 1 || Number.isNaN(stampOf(stamps[0]))) return [NaN, false];
  const expected = hmac(textKey(secret), Buffer.concat([Buffer.from(`${stamps[0]}.`), bytes]), 'hex');
  const signatures = members.filter(([name]) => name === 'v1').map(([, value]) => (value ?? '').toLowerCase());
  return [Number(stamps[0]), signatures.filter((one) => same(expected, one)).length > 0];
}

const errors = {
  PayGateError, InvalidRequestError, AuthenticationError, ForbiddenError, NotFoundError, ConflictError,
  InsufficientBalanceError, IdempotencyMismatchError, RateLimitError, ServerError, NetworkError, SignatureError,
};
Object.assign(PayGate, errors, { VERSION });

PayGate.PayGate = PayGate; // For `const { PayGate } = require(...)` as well.
module.exports = PayGate;
