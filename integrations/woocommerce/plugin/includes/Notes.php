<?php
/**
 * Order notes, for the people of the shop.
 */

declare(strict_types=1);

namespace PayGatePromptPay;

final class Notes
{
    /** The note *name* with its facts: those of Standing, or of a refund. */
    public static function say(string $name, array $facts): string
    {
        return self::payment($name, $facts) . (empty($facts['test']) ? '' : ' ' . __('(TEST: no real money.)', 'paygate-promptpay'));
    }

    private static function payment(string $name, array $facts): string
    {
        $id = $facts['id'];
        $amount = Money::show($facts['amount']);
        $received = Money::show($facts['received'] ?? $facts['payable']);
        $more = Money::show(max(0, ($facts['received'] ?? 0) - $facts['payable']));
        switch ($name) {
            case 'started':
                /* translators: 1: amount in baht, 2: amount of the QR in baht, 3: payment id */
                return sprintf(__('Waiting for a PromptPay payment of ฿%1$s (the QR says ฿%2$s). PayGate payment %3$s.', 'paygate-promptpay'), $amount, Money::show($facts['payable']), $id);
            case 'paid':
                /* translators: 1: amount in baht, 2: payment id */
                return sprintf(__('Paid by PromptPay: ฿%1$s arrived. PayGate payment %2$s.', 'paygate-promptpay'), $received, $id);
            case 'late':
                return __('The money came after the QR had expired. It counts all the same.', 'paygate-promptpay');
            case 'overpaid':
                /* translators: 1: amount in baht, 2: amount in baht */
                return sprintf(__('The payer sent too much: ฿%1$s arrived, ฿%2$s more than the QR asked for. Give it back, or agree with the payer.', 'paygate-promptpay'), $received, $more);
            case 'underpaid_open':
                /* translators: 1: amount in baht, 2: amount in baht, 3: payment id */
                return sprintf(__('The payer sent too little: ฿%1$s arrived, the QR asked for ฿%2$s. The order is not paid; a person at PayGate decides. PayGate payment %3$s.', 'paygate-promptpay'), $received, Money::show($facts['payable']), $id);
            case 'overpaid_open':
                /* translators: 1: amount in baht, 2: amount in baht, 3: payment id */
                return sprintf(__('The payer sent too much: ฿%1$s arrived, the QR asked for ฿%2$s. A person at PayGate decides. PayGate payment %3$s.', 'paygate-promptpay'), $received, Money::show($facts['payable']), $id);
            case 'amount_differs':
                /* translators: 1: amount in baht, 2: amount in baht, 3: payment id */
                return sprintf(__('A payment of ฿%1$s is PAID, but the total of this order is ฿%2$s: it was changed meanwhile. Look before you ship. PayGate payment %3$s.', 'paygate-promptpay'), $amount, $facts['total'] === null ? '?' : Money::show($facts['total']), $id);
            case 'paid_twice':
                /* translators: 1: amount in baht, 2: payment id */
                return sprintf(__('Paid once more: ฿%1$s arrived although this order was paid already. Give it back. PayGate payment %2$s.', 'paygate-promptpay'), $received, $id);
            case 'not_completed':
                /* translators: 1: amount in baht, 2: payment id */
                return sprintf(__('฿%1$s arrived for this order, but its status does not let it be marked as paid. Decide what to do with the money. PayGate payment %2$s.', 'paygate-promptpay'), $received, $id);
            case 'reversed':
                /* translators: 1: amount in baht, 2: payment id */
                return sprintf(__('The bank took the money back: ฿%1$s. Do not ship. PayGate payment %2$s.', 'paygate-promptpay'), $received, $id);
            case 'expired':
                /* translators: %s: payment id */
                return sprintf(__('The QR expired without a payment. The customer can pay again; money that still comes will be told. PayGate payment %s.', 'paygate-promptpay'), $id);
            case 'cancelled':
                /* translators: %s: payment id */
                return sprintf(__('The payment was cancelled. The customer can pay again. PayGate payment %s.', 'paygate-promptpay'), $id);
            case 'failed':
                /* translators: %s: payment id */
                return sprintf(__('The payment failed: no money will come of it. The customer can pay again. PayGate payment %s.', 'paygate-promptpay'), $id);
            case 'verifying':
                return __('The customer sent a slip; PayGate asks the bank about it.', 'paygate-promptpay');
            case 'review':
                return __('Money or a slip is not certain: a person at PayGate looks at it. Do not ship yet.', 'paygate-promptpay') . self::words($facts);
            case 'rejected':
                return __('A slip was refused.', 'paygate-promptpay') . self::words($facts);
        }
        throw new \LogicException('There is no note ' . $name);
    }

    /** PayGate's own words in the language of the site. */
    private static function words(array $facts): string
    {
        $words = $facts['message'] ?? null;
        $said = is_array($words) ? ($words[self::language()] ?? '') : '';
        return $said === '' ? '' : ' ' . $said;
    }

    public static function language(): string
    {
        return strncmp(determine_locale(), 'th', 2) === 0 ? 'th' : 'en';
    }
}
