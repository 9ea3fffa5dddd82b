<?php
/**
 * What follows for an order from how its payment stands at PayGate. Decides, changes nothing: Orders carries it out.
 */

declare(strict_types=1);

namespace PayGatePromptPay;

final class Standing
{
    const COMPLETE = 'complete';
    const HOLD = 'hold';
    const RELEASE = 'release';
    const FAIL = 'fail';
    const NOTE = 'note';

    /**
     * $order: satang (its total), currency, status, paid (bool), paidBy (payment id or ''), held (by us, bool), current
     * (the id of its newest payment). $answer: the API's {transaction, verification}.
     * The steps in order: [what, name of the note, once, facts of the note]; a step whose `once` was done before is skipped.
     */
    public static function steps(array $order, array $answer): array
    {
        $payment = $answer['transaction'];
        $steps = $payment['status'] === 'PAID' ? self::paid($order, $payment) : self::unpaid($order, $payment, $answer);
        $check = $answer['verification'] ?? null;
        if (is_array($check) && in_array($check['status'], ['VERIFYING', 'REVIEW', 'REJECTED'], true)) {
            $about = self::facts($payment) + ['message' => $check['message'] ?? null];
            $once = $payment['id'] . ':' . $check['status'] . ':' . ($check['at'] ?? '');
            $steps[] = [self::NOTE, strtolower($check['status']), $once, $about];
        }
        return $steps;
    }

    /** Whether money or a slip for it is being looked at, so that nobody shall pay again. */
    public static function isBeingChecked(array $answer): bool
    {
        $status = $answer['verification']['status'] ?? '';
        $differs = in_array($answer['transaction']['exception'] ?? null, ['UNDERPAID', 'OVERPAID'], true);
        $open = $answer['transaction']['status'] !== 'PAID';
        return $open && ($differs || in_array($status, ['VERIFYING', 'REVIEW'], true));
    }

    private static function paid(array $order, array $payment): array
    {
        $id = $payment['id'];
        $facts = self::facts($payment) + ['total' => $order['satang']];
        if ($payment['exception'] === 'REVERSED') {
            $what = $order['paidBy'] === $id && $order['status'] === 'processing' ? self::HOLD : self::NOTE;
            return [[$what, 'reversed', "$id:REVERSED", $facts]];
        }
        if ($order['paid'] && $order['paidBy'] !== $id) {
            return [[self::NOTE, 'paid_twice', "$id:PAID_TWICE", $facts]];
        }
        if (!$order['paid']) {
            if ($order['currency'] !== 'THB' || $facts['amount'] !== $order['satang']) {
                return [[self::HOLD, 'amount_differs', "$id:AMOUNT", $facts]];
            }
            $steps = [[self::COMPLETE, 'paid', "$id:PAID", $facts]];
        }
        $odd = ['OVERPAID' => 'overpaid', 'LATE' => 'late'][$payment['exception'] ?? ''] ?? null;
        return array_merge($steps ?? [], $odd === null ? [] : [[self::NOTE, $odd, "$id:" . $payment['exception'], $facts]]);
    }

    private static function unpaid(array $order, array $payment, array $answer): array
    {
        $id = $payment['id'];
        $status = $payment['status'];
        $facts = self::facts($payment);
        $steps = [];
        if (in_array($payment['exception'], ['UNDERPAID', 'OVERPAID'], true)) {
            $received = $facts['received'];
            $steps[] = [self::NOTE, strtolower($payment['exception']) . '_open', "$id:{$payment['exception']}:$received", $facts];
        }
        $note = ['EXPIRED' => 'expired', 'CANCELLED' => 'cancelled', 'FAILED' => 'failed'][$status] ?? null;
        if ($note !== null && !$order['paid']) {
            $steps[] = [self::NOTE, $note, "$id:$status", $facts];
        }
        if ($order['paid'] || $order['current'] !== $id) {
            return $steps;
        }
        if (self::isBeingChecked($answer)) {
            $steps[] = [self::HOLD, '', '', $facts];
        } elseif ($order['held']) {
            $steps[] = [self::RELEASE, '', '', $facts];
        }
        if ($status === 'FAILED') {
            $steps[] = [self::FAIL, '', "$id:FAIL", $facts];
        }
        return $steps;
    }

    private static function facts(array $payment): array
    {
        $received = $payment['receivedAmount'] ?? null;
        return [
            'id' => $payment['id'],
            'amount' => Money::fromWire($payment['amount']),
            'payable' => Money::fromWire($payment['payableAmount']),
            'received' => $received === null ? null : Money::fromWire($received),
            'test' => ($payment['mode'] ?? '') === 'test',
        ];
    }
}
