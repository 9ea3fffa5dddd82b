<?php
/**
 * What the shop asks PayGate for one try to pay an order, and by what it knows its own order again.
 */

declare(strict_types=1);

namespace PayGatePromptPay;

final class PaymentRequest
{
    const MAX_DESCRIPTION = 500;
    const MAX_ORDER_NUMBER = 128;
    const MAX_URL = 2048;

    /** @var int */
    public $satang;
    /** @var string */
    public $orderNumber;
    /** @var string */
    public $description;
    /** @var array the API's other fields */
    public $more;
    /** @var string */
    public $idempotencyKey;

    /**
     * $order: id, key, number, satang, description, returnUrl, payUrl, shop (its address), expiryMinutes (0: PayGate's own).
     * $attempt counts the payments of the order: the same attempt has the same key, so trying it again pays once.
     */
    public function __construct(array $order, int $attempt)
    {
        $this->satang = $order['satang'];
        $this->orderNumber = self::number((string) $order['number']);
        $this->description = self::cut(self::oneLine($order['description']), self::MAX_DESCRIPTION);
        $this->more = [
            'metadata' => [
                'source' => 'woocommerce',
                'shop' => $order['shop'],
                'wcOrder' => (int) $order['id'],
                'wcProof' => self::proof((int) $order['id'], $order['key']),
            ],
        ];
        foreach (['callbackUrl' => $order['returnUrl'], 'cancelUrl' => $order['payUrl']] as $name => $url) {
            if (self::isReachable($url)) {
                $this->more[$name] = $url;
            }
        }
        if ($order['expiryMinutes'] > 0) {
            $this->more['expiryMinutes'] = $order['expiryMinutes'];
        }
        $all = [$order['shop'], $order['id'], $order['key'], $attempt, $this->satang, $this->orderNumber, $this->description];
        $this->idempotencyKey = 'wc-' . substr(hash('sha256', serialize([$all, $this->more])), 0, 48);
    }

    /** An order's number as PayGate has it. */
    public static function number(string $given): string
    {
        return self::cut(self::oneLine($given), self::MAX_ORDER_NUMBER);
    }

    /** That a payment was made for this order by this shop: nobody else knows the order's key. */
    public static function proof(int $orderId, string $orderKey): string
    {
        return substr(hash_hmac('sha256', 'paygate order ' . $orderId, $orderKey), 0, 32);
    }

    /** PayGate sends payers to https only, or to this computer. */
    public static function isReachable(string $url): bool
    {
        $host = parse_url($url, PHP_URL_HOST);
        $local = in_array($host, ['localhost', '127.0.0.1', '[::1]'], true);
        $scheme = strtolower((string) parse_url($url, PHP_URL_SCHEME));
        return strlen($url) <= self::MAX_URL && ($scheme === 'https' || ($scheme === 'http' && $local));
    }

    private static function oneLine(string $text): string
    {
        return trim((string) preg_replace('/[\x00-\x1f\x7f\s]+/u', ' ', $text));
    }

    private static function cut(string $text, int $length): string
    {
        return mb_substr($text, 0, $length);
    }
}
