<?php
/**
 * What is remembered with an order, by WooCommerce's own calls and so wherever it keeps orders: its payments at PayGate,
 * what was noted already, its refunds.
 */

declare(strict_types=1);

namespace PayGatePromptPay;

final class Record
{
    const PAYMENTS = '_paygate_payments';
    const TOLD = '_paygate_told';
    const HELD = '_paygate_held';
    const REFUNDS = '_paygate_refunds';
    const PAYEE = '_paygate_payee';
    const REFUND_ID = '_paygate_refund_id';
    const MOST_TOLD = 60;

    /** @var \WC_Order */
    public $order;

    public function __construct(\WC_Order $order)
    {
        $this->order = $order;
    }

    /** The order as it is stored now, or null. Read it behind the lock. */
    public static function of(int $orderId): ?self
    {
        self::forget($orderId);
        $order = wc_get_order($orderId);
        return $order instanceof \WC_Order ? new self($order) : null;
    }

    /** What this request has read before may have been changed by another one: wherever it is remembered, it is dropped. */
    private static function forget(int $orderId): void
    {
        clean_post_cache($orderId);
        wp_cache_delete(\WC_Order::generate_meta_cache_key($orderId, 'orders'), 'orders');
        if (class_exists('Automattic\WooCommerce\Caches\OrderCache')) {
            wc_get_container()->get('Automattic\WooCommerce\Caches\OrderCache')->remove($orderId);
        }
        \WC_Data_Store::load('order')->clear_cached_data([$orderId]); // Stores that know nothing of it do nothing.
    }

    /** Payment id => [satang, until (unix time)], oldest first. */
    public function payments(): array
    {
        return $this->list(self::PAYMENTS);
    }

    /** The id of its newest payment, or ''. */
    public function current(): string
    {
        $ids = array_keys($this->payments());
        return $ids === [] ? '' : (string) end($ids);
    }

    public function attempt(): int
    {
        return count($this->payments()) + 1;
    }

    public function openUntil(): int
    {
        return (int) ($this->payments()[$this->current()]['until'] ?? 0);
    }

    public function addPayment(array $transaction): void
    {
        $until = (int) strtotime((string) ($transaction['expiresAt'] ?? ''));
        $one = ['satang' => Money::fromWire($transaction['amount']), 'until' => $until];
        $all = $this->payments();
        unset($all[$transaction['id']]);
        $this->order->update_meta_data(self::PAYMENTS, $all + [$transaction['id'] => $one]);
    }

    /** Whether a payment is of this order: known by its id, or made for it by this shop (a payer renews an expired QR). */
    public function owns(Event $event, string $shop): bool
    {
        return isset($this->payments()[$event->paymentId]) || ($event->shop === $shop && $this->isProvenBy($event->proof));
    }

    /** Whether who made a payment knew this order's key. */
    public function isProvenBy(string $proof): bool
    {
        return hash_equals(PaymentRequest::proof($this->order->get_id(), (string) $this->order->get_order_key()), $proof);
    }

    public function wasTold(string $once): bool
    {
        return in_array($once, $this->list(self::TOLD), true);
    }

    public function tell(string $once): void
    {
        $this->order->update_meta_data(self::TOLD, array_slice(array_merge($this->list(self::TOLD), [$once]), -self::MOST_TOLD));
    }

    public function isHeld(): bool
    {
        return $this->order->get_meta(self::HELD) === 'yes';
    }

    public function setHeld(bool $held): void
    {
        $this->order->update_meta_data(self::HELD, $held ? 'yes' : 'no');
    }

    /** The id of the payment that paid it, '' when none or something else did. */
    public function paidBy(): string
    {
        $id = (string) $this->order->get_transaction_id();
        return $this->order->get_date_paid() && isset($this->payments()[$id]) ? $id : '';
    }

    public function isPaid(): bool
    {
        return $this->order->get_date_paid() || $this->order->is_paid();
    }

    /** Refund id => [satang, status, paidBy, payee (bool), before (the order's status), wc (WooCommerce's refund)]. */
    public function refunds(): array
    {
        return $this->list(self::REFUNDS);
    }

    public function putRefund(string $id, array $facts): void
    {
        $all = $this->refunds();
        $all[$id] = $facts + ($all[$id] ?? []);
        $this->order->update_meta_data(self::REFUNDS, $all);
    }

    /** Where the payer wants refunds: [promptpay, name], or []. */
    public function payee(): array
    {
        return $this->list(self::PAYEE);
    }

    private function list(string $name): array
    {
        $value = $this->order->get_meta($name);
        return is_array($value) ? $value : [];
    }
}
