// Types of paygate-node.js. Save it beside that file.

declare class PayGate {
  /** Itself, for `const { PayGate } = require(...)`. */
  static readonly PayGate: typeof PayGate;
  constructor(apiKey: string, options?: PayGate.Options);
  readonly baseUrl: string;

  createPayment(params: PayGate.NewPayment, options?: PayGate.Idempotent): Promise<{ success: true; transaction: PayGate.CreatedTransaction }>;
  createPayments(payments: PayGate.NewPayment[], options?: PayGate.Idempotent): Promise<{ success: true; transactions: PayGate.CreatedTransaction[] }>;
  getPayment(id: string): Promise<PayGate.Found>;
  getPaymentByOrder(orderId: string): Promise<PayGate.Found>;
  cancelPayment(id: string, options?: PayGate.Idempotent): Promise<{ success: true; transaction: PayGate.Transaction }>;
  simulatePayment(id: string, wish?: PayGate.Simulation, options?: PayGate.Idempotent): Promise<PayGate.Simulated>;
  submitSlip(id: string, slip: PayGate.Slip, options?: PayGate.Idempotent): Promise<PayGate.SlipAnswer>;
  listTransactions(query?: PayGate.TransactionQuery): AsyncGenerator<PayGate.Transaction, void, undefined>;
  exportTransactions(query?: PayGate.TransactionQuery): Promise<AsyncGenerator<Uint8Array, void, undefined>>;
  watchPayment(id: string): AsyncGenerator<PayGate.Found, void, undefined>;
  createQr(code: PayGate.QrRequest): Promise<{ success: true; qr: PayGate.Qr }>;
  createQr(codes: PayGate.QrRequest[]): Promise<{ success: true; qrs: PayGate.Qr[] }>;
  amountToken(params: { amount: number; orderId?: string; expiresIn?: number }): string;

  getBalance(): Promise<PayGate.Balance>;
  createSettlement(params: { amount: number }, options?: PayGate.Idempotent): Promise<{ success: true; settlement: PayGate.Settlement }>;
  listSettlements(query?: PayGate.PayoutQuery): AsyncGenerator<PayGate.Settlement, void, undefined>;
  getSettlement(id: string): Promise<{ success: true; settlement: PayGate.Settlement }>;
  cancelSettlement(id: string, options?: PayGate.Idempotent): Promise<{ success: true; settlement: PayGate.Settlement }>;

  createPaymentLink(params: PayGate.NewPaymentLink, options?: PayGate.Idempotent): Promise<{ success: true; paymentLink: PayGate.PaymentLink }>;
  listPaymentLinks(query?: { limit?: number }): AsyncGenerator<PayGate.PaymentLink, void, undefined>;
  getPaymentLink(id: string): Promise<{ paymentLink: PayGate.PaymentLink }>;
  updatePaymentLink(id: string, params: { active: boolean }): Promise<{ success: true; paymentLink: PayGate.PaymentLink }>;
  listLogs(query?: Record<string, string | number>): AsyncGenerator<Record<string, unknown>, void, undefined>;

  refundPayment(id: string, params?: { amount?: number; reason?: string; payee?: PayGate.Payee; askPayer?: boolean }, options?: PayGate.Idempotent): Promise<{ success: true; refund: PayGate.Refund }>;
  listRefunds(query?: PayGate.PageQuery & { status?: string; transactionId?: string }): AsyncGenerator<PayGate.Refund, void, undefined>;
  getRefund(id: string): Promise<{ success: true; refund: PayGate.Refund }>;
  cancelRefund(id: string, options?: PayGate.Idempotent): Promise<{ success: true; refund: PayGate.Refund }>;
  setRefundPayee(id: string, payee: PayGate.Payee, options?: PayGate.Idempotent): Promise<{ success: true; refund: PayGate.Refund }>;
  askPayer(id: string, options?: PayGate.Idempotent): Promise<{ success: true; refund: PayGate.Refund }>;
  completeRefund(id: string, bankReference: string, options?: PayGate.Idempotent): Promise<{ success: true; refund: PayGate.Refund }>;

  createWebhookEndpoint(params: PayGate.NewEndpoint, options?: PayGate.Idempotent): Promise<{ success: true; endpoint: PayGate.EndpointWithSecret }>;
  listWebhookEndpoints(): AsyncGenerator<PayGate.Endpoint, void, undefined>;
  getWebhookEndpoint(id: string): Promise<{ endpoint: PayGate.Endpoint }>;
  updateWebhookEndpoint(id: string, changes: PayGate.EndpointChanges): Promise<{ success: true; endpoint: PayGate.Endpoint }>;
  deleteWebhookEndpoint(id: string): Promise<{ success: true; id: string; deleted: true }>;
  rotateWebhookSecret(id: string, options?: PayGate.Idempotent): Promise<{ success: true; endpoint: PayGate.EndpointWithSecret }>;
  testWebhookEndpoint(id: string, options?: PayGate.Idempotent): Promise<{ success: true; event: { id: string; type: string; createdAt: string } }>;
  listWebhookEvents(query?: PayGate.EventQuery): AsyncGenerator<PayGate.StoredEvent, void, undefined>;
  getWebhookEvent(id: string): Promise<{ event: PayGate.StoredEvent }>;
  listWebhookDeliveries(query?: PayGate.DeliveryQuery): AsyncGenerator<PayGate.Delivery, void, undefined>;
  redeliverWebhookEvent(id: string, params?: { endpointId?: string }, options?: PayGate.Idempotent): Promise<{ success: true; eventId: string; queued: number; endpointIds: string[] }>;
  redeliverWebhookEvents(span: PayGate.Span): Promise<{ success: true; queued: number }>;

  request<T = unknown>(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, options?: PayGate.RequestOptions): Promise<T>;

  static verifyWebhook(body: string | Uint8Array, headers: PayGate.HeadersLike, secret: string, toleranceSeconds?: number): PayGate.WebhookEvent;
  verifyWebhook(body: string | Uint8Array, headers: PayGate.HeadersLike, secret: string, toleranceSeconds?: number): PayGate.WebhookEvent;
  static verifyWebhookSignature(payload: string | Uint8Array | object, signature: string | undefined, secret: string): boolean;
  verifyWebhookSignature(payload: string | Uint8Array | object, signature: string | undefined, secret: string): boolean;

  static readonly VERSION: string;
}

declare namespace PayGate {
  interface Options {
    baseUrl?: string;
    timeoutMs?: number;
    maxRetries?: number;
    fetch?: typeof globalThis.fetch;
  }
  interface Idempotent {
    idempotencyKey?: string;
  }
  interface RequestOptions extends Idempotent {
    body?: unknown;
    query?: Record<string, string | number | Date | null | undefined>;
    headers?: Record<string, string>;
  }
  type HeadersLike = Headers | Record<string, string | string[] | undefined>;
  type Status = 'PENDING' | 'PAID' | 'CANCELLED' | 'EXPIRED' | 'FAILED';

  interface NewPayment {
    /** Baht, with two decimals at most. */
    amount: number;
    orderId?: string;
    description?: string;
    metadata?: Record<string, unknown>;
    customerEmail?: string;
    expiryMinutes?: number;
    callbackUrl?: string;
    cancelUrl?: string;
    promptpayRef1?: string;
    promptpayRef2?: string;
  }
  interface Transaction {
    id: string;
    orderId: string | null;
    amount: number;
    /** What the QR asks for, and what the payer is to be shown. */
    payableAmount: number;
    receivedAmount: number | null;
    refundedAmount: number;
    fee: number;
    netAmount: number;
    vat: number;
    currency: 'THB';
    status: Status;
    exception: string | null;
    paymentMethod: 'PROMPTPAY';
    paymentUrl: string;
    qrPayload: string;
    qrExpiry: string;
    expiresAt: string;
    createdAt: string;
    paidAt: string | null;
    description: string | null;
    metadata: Record<string, unknown>;
    customerEmail: string | null;
    callbackUrl: string | null;
    cancelUrl: string | null;
    promptpayRef1: string | null;
    promptpayRef2: string | null;
    amountSource: string;
    paymentLink: string | null;
    mode: 'live' | 'test';
  }
  interface CreatedTransaction extends Transaction {
    /** A PNG as data URL. */
    qrCode: string;
    /** For the payer's page: reads this payment, and sends its slip. */
    clientSecret: string;
  }
  interface Verification {
    status: string;
    reason: string | null;
    message: { th: string; en: string };
    at: string;
  }
  interface Found {
    transaction: Transaction;
    verification: Verification | null;
  }
  type Slip = { payload: string } | { file: Uint8Array; filename?: string; type?: string };
  /** What the simulated bank shall do; nothing said: the exact amount, by a signed callback, now. */
  interface Simulation {
    amount?: number;
    via?: 'callback' | 'notice' | 'slip';
    delaySeconds?: number;
    /** The same evidence twice; for a payer who pays twice, call twice. */
    duplicate?: boolean;
    /** The QR runs out first. */
    late?: boolean;
  }
  interface Simulated {
    success: true;
    transfer: {
      id: string;
      status: 'TOLD' | 'SCHEDULED';
      via: string;
      amount: number;
      movesAt: string;
      reference: string;
      outcomes: string[];
      detail: string | null;
      text: string | null;
    };
    transaction: Transaction;
  }
  interface SlipAnswer {
    success: boolean;
    verification: string;
    reason: string | null;
    message: { th: string; en: string };
    transaction: Transaction;
  }
  interface PageQuery {
    /** How many a request fetches, 1 to 100; the iteration goes on to the end. */
    limit?: number;
    cursor?: string;
    from?: string | Date;
    to?: string | Date;
  }
  interface TransactionQuery extends PageQuery {
    status?: Status;
    orderId?: string;
    q?: string;
  }
  interface EventQuery extends PageQuery {
    type?: string;
    transactionId?: string;
  }
  interface DeliveryQuery extends PageQuery {
    endpointId?: string;
    eventId?: string;
    state?: 'PENDING' | 'DELIVERED' | 'FAILED';
  }
  interface Balance {
    success: true;
    /** May be taken out now, in baht. */
    available: number;
    held: number;
    pendingReview: number;
    currency: 'THB';
    /** Settlements and refunds stand still. */
    payoutsFrozen: boolean;
  }
  interface PayoutQuery extends PageQuery {
    status?: string;
  }
  interface Destination {
    promptpay: string | null;
    bank: string | null;
    account: string | null;
    name: string;
  }
  interface NewPaymentLink {
    /** Baht. */
    amount: number;
    description?: string;
    callbackUrl?: string;
    expiryMinutes?: number;
  }
  interface PaymentLink {
    id: string;
    url: string;
    amount: number;
    description: string | null;
    callbackUrl: string | null;
    expiryMinutes: number | null;
    active: boolean;
    mode: 'live' | 'test';
    createdAt: string;
  }
  interface Settlement {
    id: string;
    amount: number;
    currency: 'THB';
    status: string;
    promisedOn: string;
    bankReference: string | null;
    reason: string | null;
    createdAt: string;
    completedAt: string | null;
    mode: 'live' | 'test';
    destination: Destination | null;
  }
  type Payee = { promptpay: string; name?: string } | { bank: string; account: string; name?: string };
  interface Refund {
    id: string;
    transactionId: string;
    amount: number;
    feeReturned: number;
    currency: 'THB';
    status: string;
    reason: string | null;
    refusal: string | null;
    bankReference: string | null;
    payee: { promptpay: string | null; bank: string | null; account: string | null; name: string } | null;
    /** Where the payer says where to; only in the answer to whoever asked for it. */
    payeeUrl: string | null;
    payeeUntil: string | null;
    paidBy: 'operator' | 'merchant';
    qrPayload: string | null;
    createdAt: string;
    completedAt: string | null;
    mode: 'live' | 'test';
  }
  interface QrRequest {
    promptpay?: string;
    billerId?: string;
    ref1?: string;
    ref2?: string;
    amount?: number;
    format?: 'png' | 'svg' | 'payload';
  }
  interface Qr {
    payload: string;
    format: 'png' | 'svg' | 'payload';
    qrCode?: string;
    svg?: string;
  }
  interface NewEndpoint {
    url: string;
    events?: string[];
    format?: 'paygate' | 'gateway' | 'stripe';
    description?: string;
  }
  interface EndpointChanges {
    url?: string;
    events?: string[];
    description?: string;
    status?: 'enabled' | 'disabled';
    disabledReason?: string;
  }
  interface Endpoint {
    id: string;
    url: string;
    events: string[];
    format: 'paygate' | 'gateway' | 'stripe';
    description: string | null;
    mode: 'live' | 'test';
    status: 'enabled' | 'disabled';
    disabledAt: string | null;
    disabledReason: string | null;
    failingSince: string | null;
    oldSecretUntil: string | null;
    createdAt: string;
  }
  interface EndpointWithSecret extends Endpoint {
    secret: string;
  }
  interface Span {
    from: string;
    to: string;
    states?: 'failed' | 'all';
    endpointId?: string;
  }
  interface WebhookEvent {
    event: string;
    timestamp: string;
    webhookId: string;
    data: Record<string, any>;
  }
  interface StoredEvent {
    id: string;
    type: string;
    transactionId: string | null;
    sequence: number | null;
    createdAt: string;
    payload: WebhookEvent;
  }
  interface Delivery {
    eventId: string;
    eventType: string;
    transactionId: string | null;
    endpointId: string;
    url: string;
    format: string;
    state: 'PENDING' | 'DELIVERED' | 'FAILED';
    attemptCount: number;
    nextAttemptAt: string | null;
    createdAt: string;
    finishedAt: string | null;
    requestBody: string | null;
    attempts: Array<Record<string, any>>;
  }

  class PayGateError extends Error {
    status: number | null;
    code: string | null;
    field: string | null;
    requestId: string | null;
    /** Seconds. */
    retryAfter: number | null;
    payerMessage: { th: string; en: string } | null;
    body: unknown;
  }
  class InvalidRequestError extends PayGateError {}
  class AuthenticationError extends PayGateError {}
  class ForbiddenError extends PayGateError {}
  class NotFoundError extends PayGateError {}
  class ConflictError extends PayGateError {}
  class InsufficientBalanceError extends ConflictError {}
  class IdempotencyMismatchError extends PayGateError {}
  class RateLimitError extends PayGateError {}
  class ServerError extends PayGateError {}
  class NetworkError extends PayGateError {}
  class SignatureError extends PayGateError {}
}

export = PayGate;
