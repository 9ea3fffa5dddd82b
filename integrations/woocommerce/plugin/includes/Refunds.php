<?php
/**
 * Refunds are requests: PromptPay has no way back, so a person pays them. What WooCommerce shows as refunded is asked for;
 * the notes say when the money has gone, and when it has not.
 */

declare(strict_types=1);

namespace PayGatePromptPay;

use PayGatePromptPay\Sdk\PayGateException;
use PayGatePromptPay\Sdk\PayGateNetworkException;

final class Refunds
{
    const DONE = 'COMPLETED';
    const WAITING = 'WAITING';
    const OVER = ['REJECTED', 'RETURNED', 'CANCELLED', 'EXPIRED'];
    const MAX_REASON = 500;
    const WAIT_S = 8.0;

    /** @var array order id => refund id: what was asked for in this request, until WooCommerce says which refund it is */
    private static $asked = [];
    /** @var int the order whose refund failed, while it gets its status back */
    private static $takingBack = 0;

    // --- asked for in the shop --------------------------------------------------------------------------------------

    /**
     * WooCommerce's Refund button. Throws Trouble with words for the shop's people.
     *
     * @param string|float|null $amount
     */
    public static function request(int $orderId, $amount, string $reason): void
    {
        try {
            Lock::around($orderId, self::WAIT_S, static function () use ($orderId, $amount, $reason): void {
                $record = Record::of($orderId);
                if ($record === null || $record->paidBy() === '') {
                    throw new Trouble(__('This order was not paid through PayGate: give the money back yourself.', 'paygate-promptpay'));
                }
                self::ask($record, Money::satang($amount), $reason);
            });
        } catch (Busy $e) {
            throw new Trouble(__('This order is being worked on. Please try again in a moment.', 'paygate-promptpay'), 0, $e);
        } catch (PayGateNetworkException $e) {
            Log::failure("Refund of order $orderId", $e);
            throw new Trouble(__('PayGate did not answer, so it is not known whether it has the request. Try again with the same amount and reason: it will not be paid twice.', 'paygate-promptpay'), 0, $e);
        } catch (PayGateException $e) {
            Log::failure("Refund of order $orderId", $e);
            /* translators: %s: what PayGate says */
            throw new Trouble(sprintf(__('PayGate refused the refund: %s', 'paygate-promptpay'), $e->getMessage()), 0, $e);
        }
    }

    private static function ask(Record $record, int $satang, string $reason): void
    {
        $order = $record->order;
        $params = ['amount' => Money::baht($satang)];
        $words = mb_substr(trim((string) preg_replace('/\s+/u', ' ', $reason)), 0, self::MAX_REASON);
        if ($words !== '') {
            $params['reason'] = $words;
        }
        if ($record->payee() !== []) {
            $params['payee'] = $record->payee();
        }
        // The same button again after no answer is the same request; after an answer it is a new one.
        $key = 'wcr-' . substr(hash('sha256', serialize([Orders::shop(), $order->get_order_key(), count($record->refunds()), $params])), 0, 48);
        $refund = Settings::paygate()->refundPayment($record->paidBy(), $params, $key)['refund'];
        $record->putRefund($refund['id'], [
            'satang' => $satang,
            'status' => $refund['status'],
            'paidBy' => $refund['paidBy'],
            'payee' => $refund['payee'] !== null,
            'before' => $order->get_status(),
            'wc' => 0,
        ]);
        if ($refund['payee'] !== null) {
            $record->maskPayee();
        }
        self::$asked[$order->get_id()] = $refund['id'];
        $order->add_order_note(self::asked($refund, $satang) . self::mailLink($order, $refund));
        $order->save();
    }

    private static function asked(array $refund, int $satang): string
    {
        if ($refund['status'] === self::DONE) {
            /* translators: 1: amount in baht, 2: refund id */
            return sprintf(__('Refund of ฿%1$s (%2$s): done at once. TEST: no real money.', 'paygate-promptpay'), Money::show($satang), $refund['id']);
        }
        /* translators: 1: amount in baht, 2: refund id */
        $text = sprintf(__('A refund of ฿%1$s was ASKED FOR at PayGate (%2$s). The money has not gone yet; a note will say when it has.', 'paygate-promptpay'), Money::show($satang), $refund['id']);
        $text .= ' ' . ($refund['paidBy'] === 'merchant'
            ? __('You pay it yourself: open the refund at PayGate, scan its QR with your bank\'s app, and record the bank\'s reference there.', 'paygate-promptpay')
            : __('The operator of PayGate pays it by hand.', 'paygate-promptpay'));
        if (empty($refund['payeeUrl']) && $refund['payee'] === null) {
            $text .= ' ' . __('PayGate does not know where to send it: ask the customer, fill in "PromptPay for refunds" on this page and save.', 'paygate-promptpay');
        }
        return $text;
    }

    /** The link is for the customer alone: it is mailed, and a note says whether it was, without it. */
    private static function mailLink(\WC_Order $order, array $refund): string
    {
        if (empty($refund['payeeUrl'])) {
            return '';
        }
        return ' ' . (self::mailed($order, Money::fromWire($refund['amount']), $refund['payeeUrl'])
            ? __('The customer was mailed a link to say where it shall go.', 'paygate-promptpay')
            : __('The customer could NOT be mailed a link to say where it shall go: try the order action, or ask for the PromptPay number, fill it in on this page and save.', 'paygate-promptpay'));
    }

    /** Whether the mail was really sent. Never fails. */
    private static function mailed(\WC_Order $order, int $satang, string $link): bool
    {
        try {
            $mail = WC()->mailer()->get_emails()[Plugin::REFUND_MAIL] ?? null;
            return $mail instanceof RefundMail && $mail->ask($order, $satang, $link);
        } catch (\Exception $e) {
            Log::failure('The mail to the customer of order ' . $order->get_id(), $e);
            return false;
        }
    }

    /** An order action: the customer is asked where refunds shall go, by new links where PayGate waits for that. */
    public static function askCustomer(int $orderId): void
    {
        $record = Record::of($orderId);
        $asked = false;
        foreach ($record === null ? [] : $record->refunds() as $id => $refund) {
            if ($refund['status'] === self::WAITING) {
                try {
                    $told = Settings::paygate()->askPayer((string) $id)['refund'];
                    /* translators: %s: refund id */
                    $record->order->add_order_note(sprintf(__('Refund %s:', 'paygate-promptpay'), $id) . self::mailLink($record->order, $told));
                    $asked = true;
                } catch (PayGateException | Trouble $e) {
                    Log::failure("Link for refund $id", $e);
                }
            }
        }
        if ($record !== null && !$asked) {
            wc_switch_to_site_locale(); // The customer's.
            $text = __('We want to send you money back. Please tell us the PromptPay number (mobile or ID) it should go to, and the name of its holder.', 'paygate-promptpay');
            wc_restore_locale();
            $record->order->add_order_note($text, 1); // WooCommerce mails it.
        }
    }

    /** WooCommerce made its own refund of what was asked for just now. */
    public static function link(int $wcRefundId, array $args): void
    {
        $orderId = (int) ($args['order_id'] ?? 0);
        $id = self::$asked[$orderId] ?? '';
        if ($id === '' || empty($args['refund_payment'])) {
            return;
        }
        unset(self::$asked[$orderId]);
        $refund = wc_get_order($wcRefundId);
        if ($refund) { // By this it is found, also when the order is being worked on for too long.
            $refund->update_meta_data(Record::REFUND_ID, $id);
            $refund->save();
        }
        try {
            Lock::around($orderId, self::WAIT_S, static function () use ($orderId, $wcRefundId, $id): void {
                $record = Record::of($orderId);
                if ($record !== null) {
                    $record->putRefund($id, ['wc' => $wcRefundId]);
                    $record->order->save();
                }
            });
        } catch (Busy $e) {
            Log::info("WooCommerce's refund $wcRefundId alone knows that it is refund $id: " . $e->getMessage());
        }
    }

    /** WooCommerce's refund of what PayGate calls $id, or null. */
    private static function made(Record $record, string $id): ?\WC_Order_Refund
    {
        $known = (int) ($record->refunds()[$id]['wc'] ?? 0);
        $made = $known > 0 ? wc_get_order($known) : null;
        if ($made instanceof \WC_Order_Refund) {
            return $made;
        }
        foreach ($record->order->get_refunds() as $one) {
            if ($one->get_meta(Record::REFUND_ID) === $id) {
                return $one;
            }
        }
        return null;
    }

    /** Where the payer wants refunds, as the order page says: kept, and told to PayGate for those that wait for it. */
    public static function setPayee(int $orderId, string $promptpay, string $name, bool $forget): void
    {
        $number = (string) preg_replace('/[\s-]+/', '', $promptpay);
        $record = Record::of($orderId);
        if ($record === null || ($number === '' && !$forget && $record->payee() === [])) {
            return;
        }
        try {
            Lock::around($orderId, self::WAIT_S, static function () use ($orderId, $number, $name, $forget): void {
                $record = Record::of($orderId);
                if ($record === null) {
                    return;
                }
                $kept = $number === '' && !$forget ? (string) ($record->payee()['promptpay'] ?? '') : $number;
                $payee = array_filter(['promptpay' => $kept, 'name' => trim($name)], 'strlen');
                if ($kept === '' && $forget) {
                    $record->forgetPayee();
                    $record->order->save();
                } elseif ($kept !== '' && $payee !== $record->payee()) {
                    self::keepPayee($record, $payee);
                }
            });
        } catch (Busy $e) {
            Log::error("The payee of order $orderId was not kept: " . $e->getMessage());
        }
    }

    private static function keepPayee(Record $record, array $payee): void
    {
        $record->keepPayee($payee);
        $told = false;
        foreach ($record->refunds() as $id => $refund) {
            if (!$refund['payee'] && $refund['status'] !== self::DONE && !in_array($refund['status'], self::OVER, true)) {
                $told = self::tellPayee($record, (string) $id, $payee) || $told;
            }
        }
        if ($told) {
            $record->maskPayee();
        }
        $record->order->save();
    }

    /** Whether PayGate took it. */
    private static function tellPayee(Record $record, string $id, array $payee): bool
    {
        try {
            $status = Settings::paygate()->setRefundPayee($id, $payee)['refund']['status'];
            $record->putRefund($id, ['payee' => true, 'status' => $status]);
            /* translators: %s: refund id */
            $record->order->add_order_note(sprintf(__('PayGate knows now where to send refund %s.', 'paygate-promptpay'), $id));
            return true;
        } catch (PayGateException | Trouble $e) {
            Log::failure("Payee of refund $id", $e);
            /* translators: 1: refund id, 2: what PayGate says */
            $record->order->add_order_note(sprintf(__('PayGate did not take the PromptPay number for refund %1$s: %2$s', 'paygate-promptpay'), $id, $e->getMessage()));
            return false;
        }
    }

    // --- heard of ---------------------------------------------------------------------------------------------------

    /** payment.refunded, refund.account_given and refund.failed. Behind the order's lock; the caller saves. */
    public static function hear(Record $record, Event $event): void
    {
        $told = $event->refund;
        $id = (string) ($told['refundId'] ?? '');
        $known = $record->refunds()[$id] ?? null;
        $status = (string) ($told['status'] ?? '');
        if ($id === '' || ($known !== null && ($known['status'] === $status || in_array($known['status'], self::OVER, true)))) {
            return; // Heard before, or older news than what is known.
        }
        $satang = Money::fromWire($told['amount'] ?? 0);
        if ($status === self::DONE) {
            self::done($record, $id, $satang, $told, $known);
        } elseif ($event->type === 'refund.account_given' && $known !== null && $known['status'] !== self::DONE) {
            $record->putRefund($id, ['status' => $status, 'payee' => true]);
            /* translators: %s: refund id */
            $record->order->add_order_note(sprintf(__('PayGate knows now where to send refund %s.', 'paygate-promptpay'), $id));
        } elseif ($event->type === 'refund.failed') {
            self::failed($record, $id, $satang, $status, $told, $known);
        }
    }

    private static function done(Record $record, string $id, int $satang, array $told, ?array $known): void
    {
        $order = $record->order;
        $record->putRefund($id, ['satang' => $satang, 'status' => self::DONE, 'payee' => true]);
        $reference = (string) ($told['bankReference'] ?? '');
        /* translators: 1: amount in baht, 2: refund id */
        $text = sprintf(__('Refund of ฿%1$s (%2$s): the money has gone to the customer.', 'paygate-promptpay'), Money::show($satang), $id);
        /* translators: %s: the bank's reference of a transfer */
        $order->add_order_note($text . ($reference === '' ? '' : ' ' . sprintf(__('Bank reference %s.', 'paygate-promptpay'), $reference)));
        $order->save();
        if ($known === null) {
            self::enter($record, $id, $satang, (string) ($told['reason'] ?? ''));
        } else {
            $made = self::made($record, $id);
            self::mail($order->get_id(), $made === null ? 0 : $made->get_id());
        }
    }

    /** A refund that was begun at PayGate: WooCommerce has to know of it, too. */
    private static function enter(Record $record, string $id, int $satang, string $reason): void
    {
        $before = $record->order->get_status();
        $args = ['order_id' => $record->order->get_id(), 'amount' => Money::decimal($satang), 'reason' => $reason, 'refund_payment' => false];
        $made = wc_create_refund($args);
        $record->reread();
        if (is_wp_error($made)) {
            /* translators: 1: refund id, 2: what WooCommerce says */
            $record->order->add_order_note(sprintf(__('WooCommerce could not record refund %1$s: %2$s', 'paygate-promptpay'), $id, $made->get_error_message()));
            return;
        }
        $made->update_meta_data(Record::REFUND_ID, $id);
        $made->save();
        $record->putRefund($id, ['wc' => $made->get_id(), 'paidBy' => '', 'before' => $before]);
    }

    private static function failed(Record $record, string $id, int $satang, string $status, array $told, ?array $known): void
    {
        $order = $record->order;
        $record->putRefund($id, ['satang' => $satang, 'status' => $status === '' ? 'REJECTED' : $status]);
        /* translators: 1: amount in baht, 2: refund id, 3: why */
        $text = sprintf(__('Refund of ฿%1$s (%2$s) did NOT reach the customer: %3$s. The money is yours again.', 'paygate-promptpay'), Money::show($satang), $id, (string) ($told['refusal'] ?? '') ?: $status);
        $order->save();
        $refund = $known === null ? null : self::made($record, $id);
        if ($refund !== null) {
            $deleted = $refund->get_id();
            $refund->delete(true);
            do_action('woocommerce_refund_deleted', $deleted, $order->get_id());
            $text .= ' ' . __('WooCommerce\'s refund was taken back; look at the stock if you had restocked.', 'paygate-promptpay');
        }
        $record->reread();
        $record->order->add_order_note($text);
        if ($record->order->get_status() === 'refunded' && ($known['before'] ?? 'refunded') !== 'refunded') {
            self::$takingBack = $order->get_id();
            try {
                $record->order->update_status($known['before']);
            } finally {
                self::$takingBack = 0;
            }
            $record->reread();
        }
    }

    // --- mails ------------------------------------------------------------------------------------------------------

    /** "Your order has been refunded" is not mailed while the money of that refund has not gone. */
    public static function mayMail(bool $enabled, $order, $mail): bool
    {
        $made = is_object($mail) && isset($mail->refund) ? $mail->refund : null;
        if (!$enabled || !$order instanceof \WC_Order || !$made instanceof \WC_Order_Refund) {
            return $enabled;
        }
        $id = (string) $made->get_meta(Record::REFUND_ID) ?: self::$asked[$order->get_id()] ?? '';
        $known = (new Record($order))->refunds()[$id] ?? null; // Null: the shop gives it back another way.
        return $known === null || $known['status'] === self::DONE;
    }

    /** Whether an order gets its old status back just now: what was mailed about it once is not mailed again. */
    public static function isTakingBack(int $orderId): bool
    {
        return self::$takingBack === $orderId;
    }

    private static function mail(int $orderId, int $wcRefundId): void
    {
        $order = wc_get_order($orderId);
        $mail = WC()->mailer()->get_emails()['WC_Email_Customer_Refunded_Order'] ?? null;
        if ($mail === null || !$order || $wcRefundId === 0) {
            return;
        }
        if ($order->get_status() === 'refunded') {
            $mail->trigger_full($orderId, $wcRefundId);
        } else {
            $mail->trigger_partial($orderId, $wcRefundId);
        }
    }
}
