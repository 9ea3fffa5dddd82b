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
    const RENEWABLE_S = 90000; // For a day after it was made a payer may renew a payment; and an hour for clocks.

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

    /** Reads the order anew: after whatever makes others change it, since saving an old copy may undo that. Save before. */
    public function reread(): void
    {
        $fresh = self::of($this->order->get_id());
        $this->order = $fresh === null ? $this->order : $fresh->order;
    }

    /** Payment id => [satang, until (unix time; 0 when it is over), made (unix time in ms)], oldest first. */
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

    /** The ids of payments that somebody may still pay. */
    public function open(): array
    {
        $paidBy = $this->paidBy();
        $open = array_filter($this->payments(), static function (array $one): bool {
            return (int) ($one['until'] ?? 0) > time();
        });
        return array_values(array_diff(array_map('strval', array_keys($open)), [$paidBy]));
    }

    /** Whether the payer may have made a payment in place of the newest, of which nobody told this shop. */
    public function isRenewable(): bool
    {
        $last = $this->current();
        return $last !== '' && $last !== $this->paidBy() && (int) ($this->payments()[$last]['made'] ?? 0) / 1000 > time() - self::RENEWABLE_S;
    }

    /** A payment as PayGate has it now: a new one, or news of one. */
    public function putPayment(array $transaction): void
    {
        $id = (string) $transaction['id'];
        $all = $this->payments();
        $all[$id] = [
            'satang' => Money::fromWire($transaction['amount']),
            'until' => $transaction['status'] === 'PENDING' ? (int) strtotime((string) ($transaction['expiresAt'] ?? '')) : 0,
            'made' => self::milliseconds((string) ($transaction['createdAt'] ?? '')),
        ];
        $places = array_flip(array_keys($all)); // PHP 7.4 does not keep the order of equals.
        uksort($all, static function ($a, $b) use ($all, $places): int {
            return [$all[$a]['made'] ?? 0, $places[$a]] <=> [$all[$b]['made'] ?? 0, $places[$b]];
        });
        $this->order->update_meta_data(self::PAYMENTS, $all);
    }

    private static function milliseconds(string $time): int
    {
        $at = date_create_immutable($time);
        return $at === false ? 0 : (int) $at->format('Uv');
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

    /** An order that was set back to pending (the bank took the money back) waits for money again. */
    public function isPaid(): bool
    {
        return !$this->order->has_status(['pending', 'failed']) && ($this->order->get_date_paid() || $this->order->is_paid());
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

    /** Where the payer wants refunds: [promptpay, name], or []. Kept until PayGate has it. */
    public function payee(): array
    {
        $payee = $this->list(self::PAYEE);
        return isset($payee['promptpay']) ? $payee : [];
    }

    /** What may be seen of the number that PayGate has, or ''. */
    public function payeeAtPayGate(): string
    {
        return (string) ($this->list(self::PAYEE)['mask'] ?? '');
    }

    public function keepPayee(array $payee): void
    {
        $this->order->update_meta_data(self::PAYEE, $payee);
    }

    /** PayGate has the number: here its end is enough. */
    public function maskPayee(): void
    {
        $payee = $this->payee();
        if ($payee !== []) {
            $this->keepPayee(['mask' => Keys::masked((string) $payee['promptpay'])]);
        }
    }

    public function forgetPayee(): void
    {
        $this->order->delete_meta_data(self::PAYEE);
    }

    private function list(string $name): array
    {
        $value = $this->order->get_meta($name);
        return is_array($value) ? $value : [];
    }
}
