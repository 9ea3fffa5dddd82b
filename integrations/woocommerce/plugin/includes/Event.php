<?php
/**
 * A verified webhook: which order it is about.
 */

declare(strict_types=1);

namespace PayGatePromptPay;

final class Event
{
    const ABOUT_ORDERS = [
        'payment.success',
        'payment.failed',
        'payment.expired',
        'payment.cancelled',
        'payment.refunded',
        'payment.verification',
        'refund.account_given',
        'refund.failed',
    ];

    /** @var string */
    public $type;
    /** @var string */
    public $paymentId;
    /** @var int 0 when it is not of a WooCommerce shop */
    public $orderId;
    /** @var string */
    public $proof;
    /** @var string */
    public $shop;
    /** @var array|null what was refunded */
    public $refund;

    public function __construct(array $event)
    {
        $data = is_array($event['data'] ?? null) ? $event['data'] : [];
        $metadata = is_array($data['metadata'] ?? null) ? $data['metadata'] : [];
        $this->type = is_string($event['event'] ?? null) ? $event['event'] : '';
        $this->paymentId = is_string($data['transactionId'] ?? null) ? $data['transactionId'] : '';
        $order = $metadata['wcOrder'] ?? 0;
        $this->orderId = ($metadata['source'] ?? '') === 'woocommerce' && is_int($order) && $order > 0 ? $order : 0;
        $this->proof = is_string($metadata['wcProof'] ?? null) ? $metadata['wcProof'] : '';
        $this->shop = is_string($metadata['shop'] ?? null) ? $metadata['shop'] : '';
        $this->refund = is_array($data['refund'] ?? null) ? $data['refund'] : null;
    }

    public function isAboutAnOrder(): bool
    {
        return in_array($this->type, self::ABOUT_ORDERS, true) && $this->orderId > 0 && $this->paymentId !== '';
    }
}
