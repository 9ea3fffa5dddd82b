<?php
/**
 * PayGate for PHP 7.4 and later. One file; it needs the extensions curl and json. Your host's address is already in it.
 *
 *     require_once 'PayGate.php';
 *     $paygate = new PayGate('sk_live_...');
 *     $payment = $paygate->createPayment(150.00, 'ORDER-12345', 'Premium Subscription');
 *     header('Location: ' . $payment['transaction']['paymentUrl']);
 *
 * Every call answers with the API's own JSON as an array, or throws a PayGateException. Secret keys (sk_) belong on
 * servers.
 */

declare(strict_types=1);

/** Base of everything that goes wrong. errorCode is the API's word, requestId what to quote to support. */
class PayGateException extends Exception
{
    /** @var int|null the HTTP status */
    public $status;
    /** @var string|null */
    public $errorCode;
    /** @var string|null the field that is wrong */
    public $field;
    /** @var string|null */
    public $requestId;
    /** @var int|null seconds */
    public $retryAfter;
    /** @var array|null ['th' => ..., 'en' => ...]: what to show to the person who wants to pay */
    public $payerMessage;
    /** @var mixed the answer's body */
    public $body;

    public function __construct(string $message, array $details = [])
    {
        parent::__construct($message);
        $this->status = $details['status'] ?? null;
        $this->errorCode = $details['errorCode'] ?? null;
        $this->field = $details['field'] ?? null;
        $this->requestId = $details['requestId'] ?? null;
        $this->retryAfter = $details['retryAfter'] ?? null;
        $this->payerMessage = $details['payerMessage'] ?? null;
        $this->body = $details['body'] ?? null;
    }
}

/** A field of the request is wrong, or the request is too large. */
class PayGateInvalidRequestException extends PayGateException {}
/** The key is missing or not valid. */
class PayGateAuthenticationException extends PayGateException {}
/** The key is good, but not for this. */
class PayGateForbiddenException extends PayGateException {}
/** No such thing, or it belongs to somebody else. */
class PayGateNotFoundException extends PayGateException {}
/** The present state does not allow this. */
class PayGateConflictException extends PayGateException {}
/** The balance does not cover it. */
class PayGateInsufficientBalanceException extends PayGateConflictException {}
/** The Idempotency-Key was used with another request. */
class PayGateIdempotencyMismatchException extends PayGateException {}
/** Too many requests; retryAfter says when to come again. */
class PayGateRateLimitException extends PayGateException {}
/** PayGate, or something in front of it, failed. */
class PayGateServerException extends PayGateException {}
/** No answer: it cannot be known whether the request arrived. Send it again with the same idempotency key. */
class PayGateNetworkException extends PayGateException {}
/** A stream broke off: what is half written cannot be begun again by itself. */
class PayGateCutOffException extends PayGateException {}
/** This is no webhook of yours, or it is too old. */
class PayGateSignatureException extends PayGateException {}

/** The API with one key. */
class PayGate
{
    const HOST = 'https://paygate.invalid'; // The host that serves this file writes its own address here.
    const VERSION = '1.0.0';
    const TOLERANCE_S = 300;
    const LONGEST_WAIT_S = 20; // Who asks for a longer pause is not waited for: the error says how long it is.
    const MAX_HEADER_CHARS = 2048;

    const BY_CODE = [
        'INVALID_REQUEST' => PayGateInvalidRequestException::class,
        'PAYLOAD_TOO_LARGE' => PayGateInvalidRequestException::class,
        'UNAUTHORIZED' => PayGateAuthenticationException::class,
        'FORBIDDEN' => PayGateForbiddenException::class,
        'NOT_FOUND' => PayGateNotFoundException::class,
        'CONFLICT' => PayGateConflictException::class,
        'INSUFFICIENT_BALANCE' => PayGateInsufficientBalanceException::class,
        'IDEMPOTENCY_MISMATCH' => PayGateIdempotencyMismatchException::class,
        'RATE_LIMITED' => PayGateRateLimitException::class,
        'SERVER_ERROR' => PayGateServerException::class,
        'UNAVAILABLE' => PayGateServerException::class,
    ];
    const BY_STATUS = [
        400 => PayGateInvalidRequestException::class,
        401 => PayGateAuthenticationException::class,
        403 => PayGateForbiddenException::class,
        404 => PayGateNotFoundException::class,
        409 => PayGateConflictException::class,
        413 => PayGateInvalidRequestException::class,
        422 => PayGateIdempotencyMismatchException::class,
        429 => PayGateRateLimitException::class,
    ];

    /** @var string */
    private $apiKey;
    /** @var string */
    private $baseUrl;
    /** @var int */
    private $timeoutS;
    /** @var int */
    private $maxRetries;
    /** @var array */
    private $curlOptions;

    /** $options: baseUrl, timeout (30 seconds), maxRetries (2), curl (CURLOPT_... => value, for a proxy or certificates). */
    public function __construct(string $apiKey, array $options = [])
    {
        if (!preg_match('/\A[\x21-\x7e]+\z/', $apiKey)) {
            throw new InvalidArgumentException('new PayGate($apiKey): the key is a text like sk_live_...');
        }
        $this->apiKey = $apiKey;
        $this->baseUrl = rtrim($options['baseUrl'] ?? self::HOST, '/');
        if (!preg_match('~\Ahttps?://~', $this->baseUrl)) {
            throw new InvalidArgumentException('baseUrl must be like https://pay.example.com');
        }
        $this->timeoutS = $options['timeout'] ?? 30;
        $this->maxRetries = $options['maxRetries'] ?? 2;
        $this->curlOptions = $options['curl'] ?? [];
    }

    // --- payments ---------------------------------------------------------------------------------------------------

    /**
     * A new payment: ['success' => true, 'transaction' => [...]].
     * $more: the API's other fields, such as ['metadata' => [...], 'expiryMinutes' => 30]. Each call that creates or
     * moves something takes an idempotency key as its last argument; without one it makes its own.
     *
     * @param int|float|null $amount baht
     */
    public function createPayment(
        $amount,
        ?string $orderId = null,
        ?string $description = null,
        array $more = [],
        ?string $idempotencyKey = null
    ): array {
        $known = ['amount' => $amount, 'orderId' => $orderId, 'description' => $description];
        $body = self::present(self::present($known) + $more);
        return $this->request('POST', '/payment/create', ['body' => $body, 'idempotencyKey' => $idempotencyKey]);
    }

    /** Up to 1,000 payments, all or none: ['success' => true, 'transactions' => [...]]. */
    public function createPayments(array $payments, ?string $idempotencyKey = null): array
    {
        $body = ['payments' => array_map([self::class, 'present'], array_values($payments))];
        return $this->request('POST', '/payment/batch', ['body' => $body, 'idempotencyKey' => $idempotencyKey]);
    }

    public function getPayment(string $id): array
    {
        return $this->request('GET', '/payment/' . self::segment($id));
    }

    public function getPaymentByOrder(string $orderId): array
    {
        return $this->request('GET', '/payment/order/' . self::segment($orderId));
    }

    public function cancelPayment(string $id, ?string $idempotencyKey = null): array
    {
        return $this->request('POST', '/payment/' . self::segment($id) . '/cancel', ['idempotencyKey' => $idempotencyKey]);
    }

    /** Test keys only, plays the bank: ['amount', 'via' => 'callback'|'notice'|'slip', 'delaySeconds', 'duplicate', 'late']. */
    public function simulatePayment(string $id, array $wish = [], ?string $idempotencyKey = null): array
    {
        $path = '/test/payment/' . self::segment($id) . '/pay';
        return $this->request('POST', $path, ['body' => (object) $wish, 'idempotencyKey' => $idempotencyKey]);
    }

    /** A slip: ['payload' => text of its mini QR], or ['file' => bytes of its picture, 'filename' => 'slip.jpg']. */
    public function submitSlip(string $id, array $slip, ?string $idempotencyKey = null): array
    {
        $sent = isset($slip['file']) ? self::form($slip['file'], $slip['filename'] ?? 'slip.jpg') : ['body' => $slip];
        $path = '/payment/' . self::segment($id) . '/slip';
        return $this->request('POST', $path, $sent + ['idempotencyKey' => $idempotencyKey]);
    }

    /** All payments that fit (status, from, to, orderId, q), newest first, page by page as you iterate. */
    public function listTransactions(array $query = []): Generator
    {
        return $this->each('/transactions', 'transactions', $query);
    }

    /** The same as CSV, written to $stream (from fopen) as it comes. */
    public function exportTransactions($stream, array $query = []): void
    {
        $this->send('GET', '/transactions', ['query' => $query, 'headers' => ['Accept' => 'text/csv'], 'into' => $stream]);
    }

    /**
     * What getPayment answers, given to $heard at once and at each change until it is not PENDING, or $heard returns
     * false; the last one is returned.
     */
    public function watchPayment(string $id, ?callable $heard = null): array
    {
        $last = [];
        for ($over = false; !$over;) {
            $rest = '';
            $into = static function (string $part) use (&$last, &$over, &$rest, $heard): bool {
                $lines = explode("\n", $rest . $part);
                $rest = array_pop($lines);
                foreach ($lines as $line) {
                    if (strncmp($line, 'data:', 5) === 0 && !$over) {
                        $last = json_decode(trim(substr($line, 5)), true, 512, JSON_THROW_ON_ERROR);
                        $stop = $heard !== null && $heard($last) === false;
                        $over = $stop || $last['transaction']['status'] !== 'PENDING';
                    }
                }
                return !$over;
            };
            $sent = ['headers' => ['Accept' => 'text/event-stream'], 'into' => $into];
            try {
                $this->send('GET', '/payment/' . self::segment($id) . '/events', $sent);
            } catch (PayGateCutOffException $e) {
                $rest = ''; // A line that was cut is taken up again.
            }
            if (!$over) {
                usleep(500000);
            }
        }
        return $last;
    }

    /** One [promptpay | billerId, ref1, ref2, amount, format], or a list of up to 10,000: QR without a payment. */
    public function createQr(array $codes): array
    {
        return $this->request('POST', '/qr', ['body' => $codes]);
    }

    /**
     * An amount that a page cannot change: hand it to the widget, or send it with the pk_ key as amountToken. No request
     * is made. $expiresIn is in seconds, 31 days at most. With an order it is for that order alone.
     *
     * @param int|float $amount baht
     */
    public function amountToken($amount, ?string $orderId = null, int $expiresIn = 86400): string
    {
        if (strncmp($this->apiKey, 'sk_', 3) !== 0 || (!is_int($amount) && !is_float($amount))) {
            throw new InvalidArgumentException('amountToken needs the secret key (sk_...) and a number of baht.');
        }
        $said = ['amount' => $amount, 'orderId' => $orderId, 'expiresAt' => time() + $expiresIn];
        $signed = 'at1.' . self::base64url(self::json($said));
        $secret = hash_hmac('sha256', 'paygate amount token v1', $this->apiKey, true);
        return $signed . '.' . self::base64url(hash_hmac('sha256', $signed, $secret, true));
    }

    // --- money out --------------------------------------------------------------------------------------------------

    /** [available, held, pendingReview, currency], in baht. */
    public function getBalance(): array
    {
        return $this->request('GET', '/balance');
    }

    /** A price with an address: amount (baht), description, callbackUrl, expiryMinutes. */
    public function createPaymentLink(array $params, ?string $idempotencyKey = null): array
    {
        return $this->request('POST', '/payment-links', ['body' => $params, 'idempotencyKey' => $idempotencyKey]);
    }

    /** All payment links, newest first. */
    public function listPaymentLinks(array $query = []): Generator
    {
        return $this->each('/payment-links', 'paymentLinks', $query);
    }

    public function getPaymentLink(string $id): array
    {
        return $this->request('GET', '/payment-links/' . self::segment($id));
    }

    /** ['active' => false] takes it out of use. */
    public function updatePaymentLink(string $id, array $params): array
    {
        return $this->request('PATCH', '/payment-links/' . self::segment($id), ['body' => $params]);
    }

    /** What was asked, refused and told, newest first. */
    public function listLogs(array $query = []): Generator
    {
        return $this->each('/logs', 'logs', $query);
    }

    /**
     * Take money out; it is set aside until it is paid, refused or cancelled.
     *
     * @param int|float $amount baht
     */
    public function createSettlement($amount, ?string $idempotencyKey = null): array
    {
        $sent = ['body' => ['amount' => $amount], 'idempotencyKey' => $idempotencyKey];
        return $this->request('POST', '/settlements', $sent);
    }

    /** All that fit (status, from, to), newest first. */
    public function listSettlements(array $query = []): Generator
    {
        return $this->each('/settlements', 'settlements', $query);
    }

    public function getSettlement(string $id): array
    {
        return $this->request('GET', '/settlements/' . self::segment($id));
    }

    public function cancelSettlement(string $id, ?string $idempotencyKey = null): array
    {
        $path = '/settlements/' . self::segment($id) . '/cancel';
        return $this->request('POST', $path, ['idempotencyKey' => $idempotencyKey]);
    }

    // --- refunds ----------------------------------------------------------------------------------------------------

    /** All that is left of a payment, or [amount, reason, payee] of it. */
    public function refundPayment(string $id, array $params = [], ?string $idempotencyKey = null): array
    {
        $sent = ['body' => (object) $params, 'idempotencyKey' => $idempotencyKey];
        return $this->request('POST', '/payment/' . self::segment($id) . '/refund', $sent);
    }

    /** All that fit (status, transactionId, from, to), newest first. */
    public function listRefunds(array $query = []): Generator
    {
        return $this->each('/refunds', 'refunds', $query);
    }

    public function getRefund(string $id): array
    {
        return $this->request('GET', '/refunds/' . self::segment($id));
    }

    public function cancelRefund(string $id, ?string $idempotencyKey = null): array
    {
        $path = '/refunds/' . self::segment($id) . '/cancel';
        return $this->request('POST', $path, ['idempotencyKey' => $idempotencyKey]);
    }

    /** Where the payer wants it: [promptpay, name], or [bank, account, name]. */
    public function setRefundPayee(string $id, array $payee, ?string $idempotencyKey = null): array
    {
        $sent = ['body' => ['payee' => (object) $payee], 'idempotencyKey' => $idempotencyKey];
        return $this->request('POST', '/refunds/' . self::segment($id) . '/payee', $sent);
    }

    /** A new link (payeeUrl) where the payer says where to; older ones are worthless. */
    public function askPayer(string $id, ?string $idempotencyKey = null): array
    {
        $path = '/refunds/' . self::segment($id) . '/payee-link';
        return $this->request('POST', $path, ['idempotencyKey' => $idempotencyKey]);
    }

    /** On a direct plan: you paid it, by this transfer. */
    public function completeRefund(string $id, string $bankReference, ?string $idempotencyKey = null): array
    {
        $sent = ['body' => ['bankReference' => $bankReference], 'idempotencyKey' => $idempotencyKey];
        return $this->request('POST', '/refunds/' . self::segment($id) . '/complete', $sent);
    }

    // --- webhooks ---------------------------------------------------------------------------------------------------

    /** $more: events, format, description. The answer shows the secret, this once. */
    public function createWebhookEndpoint(string $url, array $more = [], ?string $idempotencyKey = null): array
    {
        $sent = ['body' => ['url' => $url] + $more, 'idempotencyKey' => $idempotencyKey];
        return $this->request('POST', '/webhooks/endpoints', $sent);
    }

    public function listWebhookEndpoints(): Generator
    {
        return $this->each('/webhooks/endpoints', 'endpoints', []);
    }

    public function getWebhookEndpoint(string $id): array
    {
        return $this->request('GET', '/webhooks/endpoints/' . self::segment($id));
    }

    /** $changes: url, events, description, status (with disabledReason). */
    public function updateWebhookEndpoint(string $id, array $changes): array
    {
        return $this->request('PATCH', '/webhooks/endpoints/' . self::segment($id), ['body' => (object) $changes]);
    }

    public function deleteWebhookEndpoint(string $id): array
    {
        return $this->request('DELETE', '/webhooks/endpoints/' . self::segment($id));
    }

    /** A new secret; for 24 hours the old one signs beside it. */
    public function rotateWebhookSecret(string $id, ?string $idempotencyKey = null): array
    {
        $path = '/webhooks/endpoints/' . self::segment($id) . '/rotate';
        return $this->request('POST', $path, ['idempotencyKey' => $idempotencyKey]);
    }

    public function testWebhookEndpoint(string $id, ?string $idempotencyKey = null): array
    {
        $path = '/webhooks/endpoints/' . self::segment($id) . '/test';
        return $this->request('POST', $path, ['idempotencyKey' => $idempotencyKey]);
    }

    /** What happened, newest first (type, transactionId, from, to). */
    public function listWebhookEvents(array $query = []): Generator
    {
        return $this->each('/webhooks/events', 'events', $query);
    }

    public function getWebhookEvent(string $id): array
    {
        return $this->request('GET', '/webhooks/events/' . self::segment($id));
    }

    /** Each delivery with every try (endpointId, eventId, state, from, to). */
    public function listWebhookDeliveries(array $query = []): Generator
    {
        return $this->each('/webhooks/deliveries', 'deliveries', $query);
    }

    /** The same bytes again, to one endpoint or to all that want such events. */
    public function redeliverWebhookEvent(string $id, ?string $endpointId = null, ?string $idempotencyKey = null): array
    {
        $sent = ['body' => (object) self::present(['endpointId' => $endpointId]), 'idempotencyKey' => $idempotencyKey];
        return $this->request('POST', '/webhooks/events/' . self::segment($id) . '/redeliver', $sent);
    }

    /** [from, to, states, endpointId]: everything between, however much it is; 'queued' is the sum. */
    public function redeliverWebhookEvents(array $span): array
    {
        $queued = 0;
        for ($body = $span;;) {
            $page = $this->request('POST', '/webhooks/events/redeliver', ['body' => $body]);
            $queued += $page['queued'];
            if (!$page['hasMore']) {
                return ['success' => true, 'queued' => $queued];
            }
            $body = $span + self::present(['cursor' => $page['nextCursor']]);
        }
    }

    // --- webhooks in ------------------------------------------------------------------------------------------------

    /**
     * The event of a delivery, once its signature and age are right; throws PayGateSignatureException otherwise.
     * $body: file_get_contents('php://input'); $headers: getallheaders(), or $_SERVER.
     */
    public static function verifyWebhook(string $body, array $headers, string $secret, int $tolerance = self::TOLERANCE_S): array
    {
        $given = self::headersOf($headers);
        if (isset($given['webhook-signature'])) {
            list($stamp, $fits) = self::standardFits($given, $body, $secret);
        } elseif (isset($given['stripe-signature'])) {
            list($stamp, $fits) = self::stripeFits($given['stripe-signature'], $body, $secret);
        } else {
            throw new PayGateSignatureException('The delivery has no webhook-signature and no Stripe-Signature header.');
        }
        if (!$fits) {
            throw new PayGateSignatureException('The signature does not fit: wrong secret, or the body was changed.');
        }
        if (abs(time() - $stamp) > $tolerance) {
            throw new PayGateSignatureException('The delivery is too old.');
        }
        return json_decode($body, true, 512, JSON_THROW_ON_ERROR);
    }

    /**
     * Whether X-Webhook-Signature fits the bytes as they came. It says nothing about age, so a delivery that somebody
     * kept fits for ever: prefer verifyWebhook.
     */
    public static function verifyWebhookSignature(string $body, ?string $signature, string $secret): bool
    {
        return hash_equals(hash_hmac('sha256', $body, self::textKey($secret)), strtolower((string) $signature));
    }

    private static function standardFits(array $headers, string $body, string $secret): array
    {
        $text = self::textKey($secret);
        $key = base64_decode(strncmp($text, 'whsec_', 6) === 0 ? substr($text, 6) : $text, true);
        if ($key === false) {
            throw new InvalidArgumentException('The webhook secret is whsec_ and base64.');
        }
        $stamp = $headers['webhook-timestamp'] ?? '';
        $message = ($headers['webhook-id'] ?? '') . '.' . $stamp . '.' . $body;
        $expected = 'v1,' . base64_encode(hash_hmac('sha256', $message, $key, true));
        $fits = false;
        foreach (explode(' ', $headers['webhook-signature']) as $one) {
            $fits = hash_equals($expected, $one) || $fits;
        }
        return [(int) $stamp, $fits && self::isStamp($stamp)];
    }

    private static function stripeFits(string $given, string $body, string $secret): array
    {
        $stamps = $signatures = [];
        foreach (explode(',', $given) as $member) {
            $parts = explode('=', trim($member), 2);
            if ($parts[0] === 't') {
                $stamps[] = $parts[1] ?? '';
            } elseif ($parts[0] === 'v1') {
                $signatures[] = strtolower($parts[1] ?? '');
            }
        }
        if (count($stamps) !== 1 || !self::isStamp($stamps[0])) {
            return [0, false];
        }
        $expected = hash_hmac('sha256', $stamps[0] . '.' . $body, self::textKey($secret));
        $fits = false;
        foreach ($signatures as $one) {
            $fits = hash_equals($expected, $one) || $fits;
        }
        return [(int) $stamps[0], $fits];
    }

    private static function isStamp(string $text): bool
    {
        return preg_match('/\A[0-9]{1,12}\z/', $text) === 1;
    }

    private static function textKey(string $secret): string
    {
        if ($secret === '') {
            throw new InvalidArgumentException('The webhook secret is a text like whsec_...');
        }
        return $secret;
    }

    /** Names in small letters; HTTP_WEBHOOK_ID of $_SERVER is webhook-id. */
    private static function headersOf(array $given): array
    {
        $named = [];
        foreach ($given as $name => $value) {
            $value = is_array($value) ? implode(',', $value) : $value; // Frameworks give lists.
            $plain = strncmp((string) $name, 'HTTP_', 5) === 0 ? str_replace('_', '-', substr($name, 5)) : (string) $name;
            if (is_string($value) && strlen($value) <= self::MAX_HEADER_CHARS) {
                $named[strtolower($plain)] = $value;
            }
        }
        return $named;
    }

    // --- the wire ---------------------------------------------------------------------------------------------------

    /**
     * Any call of the native API by its path after /api/v1, for what has no method here.
     * $options: body, query, headers, idempotencyKey. A POST without a key gets one, so that trying again is safe.
     */
    public function request(string $method, string $path, array $options = []): array
    {
        return $this->send($method, $path, $options);
    }

    private function each(string $path, string $name, array $query): Generator
    {
        do {
            $page = $this->request('GET', $path, ['query' => $query]);
            foreach ($page[$name] as $one) {
                yield $one;
            }
            $query['cursor'] = $page['nextCursor'];
        } while ($page['hasMore']);
    }

    private function send(string $method, string $path, array $options): array
    {
        $query = [];
        foreach ($options['query'] ?? [] as $name => $value) {
            if ($value !== null) {
                $query[$name] = $value instanceof DateTimeInterface ? $value->format(DateTime::ATOM) : (string) $value;
            }
        }
        $url = $this->baseUrl . '/api/v1' . $path . ($query ? '?' . http_build_query($query) : '');
        $headers = ['X-API-Key' => $this->apiKey, 'User-Agent' => 'PayGate-PHP/' . self::VERSION];
        $headers = ($options['headers'] ?? []) + $headers;
        if ($method === 'POST') {
            $headers['Idempotency-Key'] = $options['idempotencyKey'] ?? self::newKey();
        }
        $raw = $options['raw'] ?? '';
        if (isset($options['body'])) {
            $headers['Content-Type'] = 'application/json';
            $raw = self::json($options['body']);
        }
        for ($attempt = 0;; $attempt++) {
            try {
                return $this->once($method, $url, $headers, $raw, $options['into'] ?? null);
            } catch (PayGateException $failure) {
                $wait = $attempt < $this->maxRetries ? self::pause($method, $failure, $attempt) : null;
                if ($wait === null) {
                    throw $failure;
                }
                usleep((int) ($wait * 1000000));
            }
        }
    }

    private function once(string $method, string $url, array $headers, string $raw, $into): array
    {
        $heard = [];
        $text = '';
        $written = $stopped = false;
        $lines = [];
        foreach ($headers as $name => $value) {
            $lines[] = $name . ': ' . $value;
        }
        $curl = curl_init();
        curl_setopt_array($curl, [
            CURLOPT_URL => $url,
            CURLOPT_CUSTOMREQUEST => $method,
            CURLOPT_HTTPHEADER => array_merge($lines, ['Expect:']),
            CURLOPT_FOLLOWLOCATION => false, // A redirect would carry the key to another address.
            CURLOPT_PROTOCOLS => CURLPROTO_HTTP | CURLPROTO_HTTPS,
            CURLOPT_PATH_AS_IS => true,
            CURLOPT_CONNECTTIMEOUT => $this->timeoutS,
            CURLOPT_TIMEOUT => $into === null ? $this->timeoutS : 0,
            CURLOPT_LOW_SPEED_LIMIT => 1, // For streams: no byte within the timeout.
            CURLOPT_LOW_SPEED_TIME => $this->timeoutS,
            CURLOPT_HEADERFUNCTION => static function ($curl, string $line) use (&$heard): int {
                $parts = explode(':', $line, 2);
                if (count($parts) === 2) {
                    $heard[strtolower(trim($parts[0]))] = trim($parts[1]);
                }
                return strlen($line);
            },
            CURLOPT_WRITEFUNCTION => static function ($curl, string $part) use (&$text, &$written, &$stopped, $into): int {
                if ($into === null || (int) curl_getinfo($curl, CURLINFO_RESPONSE_CODE) !== 200) {
                    $text .= $part;
                    return strlen($part);
                }
                $written = true;
                if (is_callable($into)) {
                    $stopped = !$into($part);
                    return $stopped ? 0 : strlen($part);
                }
                return (int) fwrite($into, $part);
            },
        ] + ($method === 'GET' ? [] : [CURLOPT_POSTFIELDS => $raw]) + $this->curlOptions);
        $done = curl_exec($curl);
        $status = (int) curl_getinfo($curl, CURLINFO_RESPONSE_CODE);
        $problem = curl_error($curl);
        unset($curl);
        if ($stopped) {
            return [];
        }
        if ($done === false) {
            $message = 'PayGate could not be reached: ' . $problem;
            throw $written ? new PayGateCutOffException($message) : new PayGateNetworkException($message);
        }
        if ($status < 200 || $status > 299) {
            throw self::refusal($status, $heard, $text);
        }
        $value = $into === null ? json_decode($text, true) : [];
        if (!is_array($value)) {
            throw new PayGateServerException('The answer is not JSON.', ['body' => $text]);
        }
        return $value;
    }

    private static function refusal(int $status, array $headers, string $text): PayGateException
    {
        $body = json_decode($text, true);
        $told = is_array($body) ? $body : [];
        $byStatus = self::BY_STATUS[$status] ?? ($status >= 500 ? PayGateServerException::class : PayGateException::class);
        $code = isset($told['error']) && is_string($told['error']) ? $told['error'] : null;
        $kind = self::BY_CODE[$code ?? ''] ?? $byStatus;
        $after = $headers['retry-after'] ?? '';
        return new $kind(isset($told['message']) ? (string) $told['message'] : "The server answered $status.", [
            'status' => $status,
            'errorCode' => $code,
            'field' => $told['field'] ?? null,
            'requestId' => $told['requestId'] ?? $headers['request-id'] ?? null,
            'retryAfter' => preg_match('/\A[0-9]{1,9}\z/', $after) ? (int) $after : null,
            'payerMessage' => $told['payerMessage'] ?? null,
            'body' => $body ?? $text,
        ]);
    }

    private static function pause(string $method, PayGateException $failure, int $attempt): ?float
    {
        $after = $failure->retryAfter;
        $later = in_array($failure->status, [429, 500, 502, 503, 504], true) || ($failure->status === 409 && $after !== null);
        if (!$later && !$failure instanceof PayGateNetworkException) {
            return null;
        }
        // A DELETE that was carried out and not heard of would be a 404 the second time.
        if ($method === 'DELETE' && $failure->status !== 429) {
            return null;
        }
        if ($after !== null) {
            return $after <= self::LONGEST_WAIT_S ? (float) $after : null;
        }
        return 0.5 * 2 ** $attempt * (0.5 + mt_rand() / mt_getrandmax() / 2);
    }

    /** Without what is null; an empty metadata is an object, which PHP's [] would not say. */
    private static function present(array $fields): array
    {
        if (isset($fields['metadata'])) {
            $fields['metadata'] = (object) $fields['metadata'];
        }
        return array_filter($fields, static function ($value): bool {
            return $value !== null;
        });
    }

    private static function json($value): string
    {
        // 150.07 is to be sent as 150.07, whatever php.ini says about digits.
        $digits = ini_set('serialize_precision', '-1');
        try {
            return json_encode($value, JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES | JSON_THROW_ON_ERROR);
        } finally {
            if ($digits !== false) {
                ini_set('serialize_precision', $digits);
            }
        }
    }

    private static function segment(string $text): string
    {
        if (in_array($text, ['', '.', '..'], true)) {
            throw new InvalidArgumentException('The id must be a text, and not just dots.');
        }
        return rawurlencode($text);
    }

    private static function base64url(string $raw): string
    {
        return rtrim(strtr(base64_encode($raw), '+/', '-_'), '=');
    }

    private static function newKey(): string
    {
        return bin2hex(random_bytes(16));
    }

    private static function form(string $file, string $filename): array
    {
        $boundary = 'paygate-' . self::newKey();
        $name = preg_replace('/["\\\\\r\n]/', '_', $filename);
        $head = "--$boundary\r\nContent-Disposition: form-data; name=\"file\"; filename=\"$name\"\r\n";
        $raw = $head . "Content-Type: application/octet-stream\r\n\r\n" . $file . "\r\n--$boundary--\r\n";
        return ['raw' => $raw, 'headers' => ['Content-Type' => "multipart/form-data; boundary=$boundary"]];
    }
}
