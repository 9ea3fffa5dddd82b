<?php
/**
 * An order and its payments at PayGate: to begin one, and to follow what became of it. One at a time for one order.
 */

declare(strict_types=1);

namespace PayGatePromptPay;

use PayGatePromptPay\Sdk\PayGateConflictException;
use PayGatePromptPay\Sdk\PayGateException;

final class Orders
{
    const CHECKOUT_WAIT_S = 8.0;
    const WEBHOOK_WAIT_S = 5.0;
    const PAGE_WAIT_S = 2.0;
    const TRIES = 3;

    /** @var int the order that follows what PayGate told, just now */
    private static $settling = 0;

    // --- to begin a payment -----------------------------------------------------------------------------------------

    /**
     * Where the payer goes: the page of the order's payment, a new one if there is none that may be paid; the shop's own
     * page when the order is paid. Throws Trouble with words for the payer.
     */
    public static function begin(int $orderId, string $returnUrl): string
    {
        try {
            return Lock::around($orderId, self::CHECKOUT_WAIT_S, static function () use ($orderId, $returnUrl): string {
                $record = Record::of($orderId);
                if ($record === null) {
                    throw new Trouble(__('This order does not exist any more.', 'paygate-promptpay'));
                }
                return $record->isPaid() ? $returnUrl : self::pageOf($record, $returnUrl);
            });
        } catch (Busy $e) {
            throw new Trouble(__('Your order is being worked on. Please try again in a moment.', 'paygate-promptpay'), 0, $e);
        } catch (PayGateException $e) {
            Log::failure("Payment of order $orderId", $e);
            $said = is_array($e->payerMessage) ? ($e->payerMessage[Notes::language()] ?? '') : '';
            throw new Trouble($said !== '' ? $said : self::notNow(), 0, $e);
        }
    }

    /** For a payer who can do nothing about it. */
    public static function notNow(): string
    {
        return __('PromptPay is not available just now. Please try again, or choose another way to pay.', 'paygate-promptpay');
    }

    private static function pageOf(Record $record, string $returnUrl): string
    {
        $order = $record->order;
        if ($order->get_currency() !== 'THB') {
            throw new Trouble(__('PromptPay takes Thai baht only.', 'paygate-promptpay'));
        }
        $satang = Money::satang($order->get_total());
        $known = self::latest($record);
        if ($known !== null) {
            self::settle($record, $known);
            $payment = $known['transaction'];
            if ($payment['status'] === 'PAID' && $payment['exception'] !== 'REVERSED') {
                return $returnUrl;
            }
            if (Standing::isBeingChecked($known)) {
                return $payment['paymentUrl']; // Nobody shall pay twice: that page says how it stands.
            }
            if ($payment['status'] === 'PENDING' && Money::fromWire($payment['amount']) === $satang) {
                return $payment['paymentUrl'];
            }
            if ($payment['status'] === 'PENDING') {
                self::withdraw($payment['id']);
            }
        }
        return self::create($record, $satang, $returnUrl);
    }

    private static function create(Record $record, int $satang, string $returnUrl): string
    {
        $order = $record->order; // As settling has left it.
        if (!PaymentRequest::isReachable($returnUrl)) {
            Log::error("The shop's address is not https, so PayGate cannot send payers back to it: $returnUrl");
        }
        for ($tries = 0; $tries < self::TRIES; $tries++) {
            $request = new PaymentRequest(self::facts($order, $satang, $returnUrl), $record->attempt());
            $payment = Payments::understood(Settings::paygate()->createPayment(
                Money::baht($request->satang),
                $request->orderNumber,
                $request->description,
                $request->more,
                $request->idempotencyKey
            ))['transaction'];
            $record->putPayment($payment);
            if (!self::isStale($payment)) {
                break;
            }
        }
        if ($order->get_status() === 'failed') {
            $order->set_status('pending');
        }
        self::note($order, Notes::say('started', self::noted($payment)));
        $order->save();
        return $payment['paymentUrl'];
    }

    /** PayGate keeps an answer for a day: that of a try of which this shop never heard may be over by now. */
    private static function isStale(array $payment): bool
    {
        if (strtotime((string) $payment['expiresAt']) > time()) {
            return false;
        }
        $now = Payments::ask($payment['id']);
        return $now === null || $now['transaction']['status'] !== 'PENDING';
    }

    private static function facts(\WC_Order $order, int $satang, string $returnUrl): array
    {
        return [
            'id' => $order->get_id(),
            'key' => (string) $order->get_order_key(),
            'number' => (string) $order->get_order_number(),
            'satang' => $satang,
            /* translators: 1: order number, 2: name of the shop */
            'description' => sprintf(__('Order %1$s, %2$s', 'paygate-promptpay'), $order->get_order_number(), wp_specialchars_decode((string) get_bloginfo('name'), ENT_QUOTES)),
            'returnUrl' => $returnUrl,
            'payUrl' => $order->get_checkout_payment_url(),
            'shop' => self::shop(),
            'expiryMinutes' => (int) Settings::text('expiry_minutes'),
        ];
    }

    private static function noted(array $payment): array
    {
        return [
            'id' => $payment['id'],
            'amount' => Money::fromWire($payment['amount']),
            'payable' => Money::fromWire($payment['payableAmount']),
            'test' => $payment['mode'] === 'test',
        ];
    }

    /** The address by which this shop knows its payments again: a copy of it (staging) has another. */
    public static function shop(): string
    {
        return Settings::home();
    }

    /** A payment whose amount is not the order's any more. */
    private static function withdraw(string $paymentId): void
    {
        try {
            Settings::paygate()->cancelPayment($paymentId);
        } catch (PayGateConflictException $e) {
            throw new Trouble(__('A payment of this order is being checked. Please wait for it.', 'paygate-promptpay'), 0, $e);
        }
    }

    /** The open payments of an order that was cancelled or is paid another way: nobody shall pay them any more. */
    public static function giveUp(int $orderId): void
    {
        $record = self::$settling === $orderId ? null : Record::of($orderId); // What PayGate told is no other way.
        foreach ($record === null ? [] : self::open($record) as $id) {
            try {
                Settings::paygate()->cancelPayment($id);
            } catch (PayGateConflictException $e) {
                Log::info("Payment $id of order $orderId is not cancelled: it is paid, or being checked.");
            } catch (\Exception $e) {
                Log::failure("Cancelling payment $id of order $orderId", $e); // It expires by itself.
            }
        }
    }

    private static function open(Record $record): array
    {
        $open = $record->open();
        if ($open === [] && $record->isRenewable()) {
            try {
                $open = Payments::openUnheard($record);
            } catch (\Exception $e) {
                Log::failure('Looking for renewed payments of order ' . $record->order->get_id(), $e);
            }
        }
        return $open;
    }

    // --- to follow it -----------------------------------------------------------------------------------------------

    /** A webhook about a payment: whatever it says, PayGate is asked how the payment stands now. True when it is ours. */
    public static function hear(Event $event): bool
    {
        return Lock::around($event->orderId, self::WEBHOOK_WAIT_S, static function () use ($event): bool {
            $record = Record::of($event->orderId);
            if ($record === null || !$record->owns($event, self::shop())) {
                self::notTaken($event, $record);
                return false;
            }
            $answer = Payments::ask($event->paymentId);
            if ($answer === null) {
                // Of the other mode, or of another merchant.
                self::missed($event, 'the secret key of this shop does not see the payment (is it of the other mode?)');
                return false;
            }
            $record->putPayment($answer['transaction']);
            self::settle($record, $answer);
            if ($event->refund !== null) {
                Refunds::hear($record, $event);
            }
            $record->order->save();
            return true;
        });
    }

    /** Why an event is not of an order here: money that came shall not be lost without a word. */
    private static function notTaken(Event $event, ?Record $record): void
    {
        if ($event->shop !== self::shop() && ($record === null || !$record->isProvenBy($event->proof))) {
            Log::info("Payment {$event->paymentId} is of another shop: {$event->shop}");
        } elseif ($record === null) {
            self::missed($event, 'the order does not exist any more');
        } elseif ($event->shop !== self::shop()) {
            self::missed($event, "the payment was made by the shop at {$event->shop}, and this one is at " . self::shop());
        } else {
            self::missed($event, 'the proof in its metadata is not of this order');
        }
    }

    private static function missed(Event $event, string $why): void
    {
        if ($event->type === 'payment.success') {
            Log::error("Payment {$event->paymentId} is PAID, but order {$event->orderId} was not changed: $why.");
        }
    }

    /**
     * The payer came back, or somebody asks: how does the newest payment stand? $paymentId is the one that the payer comes
     * from. Never fails: false when it could not be found out.
     */
    public static function refresh(int $orderId, string $paymentId = ''): bool
    {
        try {
            Lock::around($orderId, self::PAGE_WAIT_S, static function () use ($orderId, $paymentId): void {
                $record = Record::of($orderId);
                $answer = $record === null ? null : self::latest($record, $paymentId);
                if ($record !== null && $answer !== null) {
                    self::settle($record, $answer);
                    $record->order->save();
                }
            });
            return true;
        } catch (Busy $e) {
            Log::info($e->getMessage()); // The webhook is at it.
        } catch (\Exception $e) {
            Log::failure("Asking for the payment of order $orderId", $e);
        }
        return false;
    }

    /** Whether an unpaid order may be cancelled: it is still unpaid, and none of its QRs can be paid, renewed ones too. */
    public static function mayEnd(int $orderId): bool
    {
        $asked = self::refresh($orderId);
        $record = Record::of($orderId);
        if ($record === null) {
            return true;
        }
        return $record->order->has_status('pending') && $record->open() === [] && ($asked || !$record->isRenewable());
    }

    /** The newest payment as it stands, also one that the payer has made on PayGate's page in place of an expired one. */
    private static function latest(Record $record, string $paymentId = ''): ?array
    {
        Payments::named($record, $paymentId);
        $known = Payments::ask($record->current());
        if ($known === null) {
            return null;
        }
        $record->putPayment($known['transaction']);
        $isOver = !in_array($known['transaction']['status'], ['PENDING', 'PAID'], true);
        if (!$isOver || !Payments::wasRenewed($record, $known['transaction'])) {
            return $known;
        }
        self::settle($record, $known);
        return Payments::ask($record->current());
    }

    /** Carries out what follows from how a payment stands. Only behind the lock; the caller saves. */
    private static function settle(Record $record, array $answer): void
    {
        self::$settling = $record->order->get_id();
        try {
            self::follow($record, $answer);
        } finally {
            self::$settling = 0;
        }
    }

    private static function follow(Record $record, array $answer): void
    {
        foreach (Standing::steps(self::standing($record), $answer) as list($what, $note, $once, $facts)) {
            if ($once !== '' && $record->wasTold($once)) {
                continue;
            }
            if (!self::carryOut($record, $what, $facts)) {
                $note = 'not_completed';
            }
            if ($note !== '') {
                self::note($record->order, Notes::say($note, $facts));
            }
            if ($once !== '') {
                $record->tell($once);
            }
            $record->order->save();
            $record->reread();
        }
    }

    private static function standing(Record $record): array
    {
        try {
            $satang = Money::satang($record->order->get_total());
        } catch (Trouble $e) {
            $satang = null;
        }
        return [
            'satang' => $satang,
            'currency' => $record->order->get_currency(),
            'status' => $record->order->get_status(),
            'paid' => $record->isPaid(),
            'paidBy' => $record->paidBy(),
            'held' => $record->isHeld(),
            'current' => $record->current(),
        ];
    }

    /** False when the order could not be marked as paid. */
    private static function carryOut(Record $record, string $what, array $facts): bool
    {
        $order = $record->order;
        if ($what === Standing::COMPLETE) {
            return self::complete($record, $facts['id']);
        }
        $before = $order->get_status();
        if ($what === Standing::HOLD && in_array($order->get_status(), ['pending', 'failed', 'processing'], true)) {
            $record->setHeld($order->get_status() !== 'processing');
            $order->update_status('on-hold');
        } elseif ($what === Standing::RELEASE) {
            $record->setHeld(false);
            if ($order->get_status() === 'on-hold') {
                $order->update_status('pending');
            }
        } elseif ($what === Standing::FAIL && in_array($order->get_status(), ['pending', 'on-hold'], true)) {
            $order->update_status('failed');
        }
        if ($order->get_status() !== $before) {
            $record->reread();
        }
        return true;
    }

    private static function complete(Record $record, string $paymentId): bool
    {
        $order = $record->order;
        $record->setHeld(false);
        if ($order->get_payment_method() !== Settings::GATEWAY) {
            // Another way was chosen meanwhile; refunds go this way. The gateway gives its title, too.
            $order->set_payment_method(WC()->payment_gateways()->payment_gateways()[Settings::GATEWAY] ?? Settings::GATEWAY);
        }
        $order->save(); // Before, since what others do to it when it is paid shall not be undone.
        if (!$order->payment_complete($paymentId)) {
            // WooCommerce has noted why. Nothing is marked as done, so the next delivery tries again.
            throw new \RuntimeException('WooCommerce could not complete order ' . $order->get_id());
        }
        $record->reread();
        return (string) $record->order->get_transaction_id() === $paymentId && $record->order->get_date_paid();
    }

    private static function note(\WC_Order $order, string $text): void
    {
        $order->add_order_note($text);
    }
}
