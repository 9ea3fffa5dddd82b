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
        $query = ['orderId' => $transaction['orderId'] ?? '', 'limit' => self::MOST_RENEWALS];
        $made = Settings::paygate()->request('GET', '/transactions', ['query' => $query])['transactions'] ?? null;
        return self::adopt($record, is_array($made) ? array_reverse($made) : []);
    }

    /** Takes those that this shop's requests made for the order into its record; whether one is newer than all it had. */
    private static function adopt(Record $record, array $transactions): bool
    {
        $before = $record->current();
        foreach ($transactions as $one) {
            $event = new Event(['data' => ['transactionId' => $one['id'] ?? '', 'metadata' => $one['metadata'] ?? []]]);
            $ours = $event->orderId === $record->order->get_id() && $event->shop === Settings::home() && $record->isProvenBy($event->proof);
            if ($ours && $event->paymentId !== '' && !isset($record->payments()[$event->paymentId])) {
                $record->putPayment($one);
            }
        }
        $record->order->save();
        return $record->current() !== $before;
    }
}
