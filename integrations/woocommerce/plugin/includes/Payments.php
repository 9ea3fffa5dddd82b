<?php
/**
 * Payments as PayGate has them, and those that payers made themselves: on PayGate's page an expired QR can be had anew.
 */

declare(strict_types=1);

namespace PayGatePromptPay;

use PayGatePromptPay\Sdk\PayGateNotFoundException;
use PayGatePromptPay\Sdk\PayGateServerException;

final class Payments
{
    const MOST_RENEWALS = 50;

    /** {transaction, verification} as PayGate has them now; null when it does not know the payment. */
    public static function ask(string $paymentId): ?array
    {
        if ($paymentId === '') {
            return null;
        }
        try {
            return self::understood(Settings::paygate()->getPayment($paymentId));
        } catch (PayGateNotFoundException $e) {
            return null; // Another key: of the other mode, or another merchant's.
        }
    }

    /** Somebody else's JSON is no payment: what answers at the address may not be PayGate. */
    public static function understood(array $answer): array
    {
        $payment = $answer['transaction'] ?? null;
        if (!is_array($payment) || !is_string($payment['id'] ?? null) || !is_string($payment['status'] ?? null)) {
            throw new PayGateServerException('The answer is not one of PayGate.');
        }
        return $answer;
    }

    /** The payment that a payer says to come from, if it is of this order. */
    public static function named(Record $record, string $paymentId): void
    {
        if (preg_match('/\A[0-9a-f-]{36}\z/', $paymentId) && !isset($record->payments()[$paymentId])) {
            $told = self::ask($paymentId);
            self::adopt($record, $told === null ? [] : [$told['transaction']]);
        }
    }

    /** Whether the payer made a newer payment in place of this one, which is over. */
    public static function wasRenewed(Record $record, array $transaction): bool
    {
        return self::adopt($record, self::ofNumber((string) ($transaction['orderId'] ?? '')));
    }

    /** The ids of those that somebody may pay, of which this shop has not heard: made by the payer in place of an old one. */
    public static function openUnheard(Record $record): array
    {
        $open = [];
        foreach (self::ofNumber(PaymentRequest::number((string) $record->order->get_order_number())) as $one) {
            if (self::isOf($record, $one) && $one['status'] === 'PENDING') {
                $open[] = (string) $one['id'];
            }
        }
        return $open;
    }

    /** Oldest first. */
    private static function ofNumber(string $number): array
    {
        $query = ['orderId' => $number, 'limit' => self::MOST_RENEWALS];
        $made = Settings::paygate()->request('GET', '/transactions', ['query' => $query])['transactions'] ?? null;
        return is_array($made) ? array_reverse($made) : [];
    }

    /** Whether this shop's requests made it for the order. */
    private static function isOf(Record $record, array $transaction): bool
    {
        $event = new Event(['data' => ['transactionId' => $transaction['id'] ?? '', 'metadata' => $transaction['metadata'] ?? []]]);
        $isOurs = $event->orderId === $record->order->get_id() && $event->shop === Settings::home();
        return $isOurs && $event->paymentId !== '' && $record->isProvenBy($event->proof);
    }

    /** Takes those that this shop's requests made for the order into its record; whether one is newer than all it had. */
    private static function adopt(Record $record, array $transactions): bool
    {
        $before = $record->current();
        foreach ($transactions as $one) {
            if (self::isOf($record, $one) && !isset($record->payments()[$one['id']])) {
                $record->putPayment($one);
            }
        }
        $record->order->save();
        return $record->current() !== $before;
    }
}
