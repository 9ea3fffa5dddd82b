<?php
/**
 * Says plainly what is wrong between this shop and PayGate, and sets up the webhook.
 */

declare(strict_types=1);

namespace PayGatePromptPay;

use PayGatePromptPay\Sdk\PayGateAuthenticationException;
use PayGatePromptPay\Sdk\PayGateException;
use PayGatePromptPay\Sdk\PayGateForbiddenException;
use PayGatePromptPay\Sdk\PayGateInvalidRequestException;
use PayGatePromptPay\Sdk\PayGateNetworkException;
use PayGatePromptPay\Sdk\PayGateNotFoundException;
use PayGatePromptPay\Sdk\PayGateRateLimitException;
use PayGatePromptPay\Sdk\PayGateServerException;

final class Connection
{
    const NO_REFUND = '00000000-0000-7000-8000-000000000000';

    /** Sentences: [[good (bool; null for what is neither), text], ...]. */
    public static function check(): array
    {
        $missing = Settings::missing();
        if (Settings::text('host') === '' || Settings::secret('secret_key') === '') {
            /* translators: %s: a list of settings */
            return [self::bad(sprintf(__('Still missing: %s. Save them first.', 'paygate-promptpay'), implode(', ', $missing)))];
        }
        try {
            $answer = Settings::paygate()->request('GET', '/transactions', ['query' => ['limit' => 1]]);
            if (!is_array($answer['transactions'] ?? null)) {
                throw new PayGateServerException('The answer is not one of PayGate.', ['status' => 200]);
            }
        } catch (PayGateException $e) {
            Log::failure('Connection', $e);
            return [self::bad(self::why($e))];
        }
        $told = [self::good(Settings::isTest()
            ? __('PayGate answers, and takes the key. It is a TEST key: no money moves.', 'paygate-promptpay')
            : __('PayGate answers, and takes the key.', 'paygate-promptpay'))];
        return array_merge($told, self::rights(), self::shop(), self::webhook(), [self::unknown()]);
    }

    /** Makes the webhook at PayGate, or a new secret for the one that is there, and keeps its secret. */
    public static function setUp(): array
    {
        if (Settings::text('host') === '' || Settings::secret('secret_key') === '') {
            return self::check();
        }
        try {
            $paygate = Settings::paygate();
            $found = self::endpoint();
            if ($found === null) {
                $more = ['events' => Event::ABOUT_ORDERS, 'description' => 'WooCommerce ' . Orders::shop()];
                $found = $paygate->createWebhookEndpoint(Settings::webhookAddress(), $more)['endpoint'];
            } else {
                $paygate->updateWebhookEndpoint($found['id'], ['events' => Event::ABOUT_ORDERS, 'status' => 'enabled']);
                $found = $paygate->rotateWebhookSecret($found['id'])['endpoint'];
            }
            // At once: what PayGate signs from now on is signed with it, whatever fails after.
            Settings::keep('webhook_secret', Keys::webhookSecret((string) ($found['secret'] ?? '')));
            delete_option(Settings::REFUSED);
            $paygate->testWebhookEndpoint((string) ($found['id'] ?? ''));
        } catch (PayGateException $e) {
            Log::failure('Setting up the webhook', $e);
            return [self::bad(self::why($e))];
        } catch (Trouble $e) {
            Log::failure('Setting up the webhook', $e);
            return [self::bad(__('PayGate gave no webhook secret that could be used: make a new one there and paste it here.', 'paygate-promptpay'))];
        }
        return [self::good(__('The webhook is set up and its secret saved. A test delivery is on its way: check the connection in a moment.', 'paygate-promptpay'))];
    }

    /** Why a call failed, for the shop's owner. */
    public static function why(PayGateException $e): string
    {
        if ($e instanceof PayGateNetworkException) {
            /* translators: 1: address, 2: what went wrong */
            return sprintf(__('%1$s cannot be reached from this shop: %2$s', 'paygate-promptpay'), Settings::text('host'), $e->getMessage());
        }
        if ($e->errorCode === null) { // PayGate names every refusal; this is somebody else's answer.
            /* translators: 1: address, 2: HTTP status */
            return sprintf(__('%1$s answers, but it is not PayGate (or a proxy in front of it fails). HTTP status %2$s.', 'paygate-promptpay'), Settings::text('host'), $e->status === null ? '200' : (string) $e->status);
        }
        if ($e instanceof PayGateAuthenticationException) {
            return __('PayGate does not know this secret key: it was mistyped, revoked, or belongs to another PayGate.', 'paygate-promptpay');
        }
        if ($e instanceof PayGateForbiddenException) {
            /* translators: %s: what PayGate says */
            return sprintf(__('The secret key may not do this: %s', 'paygate-promptpay'), $e->getMessage());
        }
        if ($e instanceof PayGateRateLimitException) {
            return __('PayGate has too much to do just now. Try again in a minute.', 'paygate-promptpay');
        }
        /* translators: 1: what PayGate says, 2: id of the request */
        return sprintf(__('PayGate says: %1$s (%2$s)', 'paygate-promptpay'), $e->getMessage(), (string) $e->requestId);
    }

    /** What the key may do, and where customers may be sent back to: by requests of which nothing can come. */
    private static function rights(): array
    {
        $told = [];
        try {
            $wish = ['callbackUrl' => Orders::shop() . '/', 'expiryMinutes' => 0]; // PayGate refuses 0 minutes last of all.
            Settings::paygate()->createPayment(100, null, null, $wish);
        } catch (PayGateForbiddenException $e) {
            $told[] = self::bad(__('The key may not make payments (scope payments:write): customers cannot pay.', 'paygate-promptpay'));
        } catch (PayGateInvalidRequestException $e) {
            if ($e->field === 'callbackUrl' && PaymentRequest::isReachable(Orders::shop() . '/')) {
                /* translators: %s: a host such as shop.example */
                $told[] = self::bad(sprintf(__('PayGate does not send customers back to this shop, so it refuses its payments: add %s to your callback domains there.', 'paygate-promptpay'), (string) parse_url(Orders::shop(), PHP_URL_HOST)));
            }
        } catch (PayGateException $e) {
            $told[] = self::bad(self::why($e));
        }
        try {
            Settings::paygate()->cancelRefund(self::NO_REFUND);
        } catch (PayGateForbiddenException $e) {
            $told[] = self::bad(__('The key may not ask for refunds (scope refunds:write): the Refund button will not work.', 'paygate-promptpay'));
        } catch (PayGateNotFoundException $e) {
            return $told; // It may: there only is no such refund.
        } catch (PayGateException $e) {
            $told[] = self::bad(self::why($e));
        }
        return $told;
    }

    private static function unknown(): array
    {
        $text = __('Not checked: whether your bank tells PayGate of money, and whether this shop\'s mails arrive. Order something and see.', 'paygate-promptpay');
        return ['good' => null, 'text' => $text];
    }

    private static function shop(): array
    {
        $told = [];
        if (get_woocommerce_currency() !== 'THB') {
            $told[] = self::bad(__('The shop\'s currency is not Thai baht (THB).', 'paygate-promptpay'));
        }
        if (!PaymentRequest::isReachable(Orders::shop() . '/')) {
            $told[] = self::bad(__('The shop\'s address is not https: customers cannot be sent back to it, and PayGate sends no webhooks to it.', 'paygate-promptpay'));
        }
        return $told;
    }

    private static function webhook(): array
    {
        try {
            $found = self::endpoint();
        } catch (PayGateForbiddenException $e) {
            $text = __('The key may not look at webhooks (scope webhooks:read), so they were not checked.', 'paygate-promptpay');
            return array_merge([self::bad($text)], self::heard());
        } catch (PayGateException $e) {
            return [self::bad(self::why($e))];
        }
        if ($found === null) {
            return [self::bad(__('PayGate has no webhook with this shop\'s address for this key: enter the webhook address there, or let the button set it up.', 'paygate-promptpay'))];
        }
        $told = [];
        if ($found['status'] !== 'enabled') {
            /* translators: %s: why */
            $told[] = self::bad(sprintf(__('The webhook is disabled at PayGate: %s', 'paygate-promptpay'), (string) $found['disabledReason']));
        }
        if ($found['format'] !== 'paygate') {
            $told[] = self::bad(__('The webhook has another format than "paygate": delete it there and let the button set it up.', 'paygate-promptpay'));
        }
        $absent = in_array('*', $found['events'], true) ? [] : array_diff(Event::ABOUT_ORDERS, $found['events']);
        if ($absent !== []) {
            /* translators: %s: a list of events */
            $told[] = self::bad(sprintf(__('The webhook does not hear of: %s.', 'paygate-promptpay'), implode(', ', $absent)));
        }
        if ($found['failingSince'] !== null) {
            /* translators: %s: a time */
            $told[] = self::bad(sprintf(__('No delivery of the webhook arrived since %s.', 'paygate-promptpay'), $found['failingSince']));
        }
        if (Settings::secret('webhook_secret') === '') {
            $told[] = self::bad(__('The webhook secret is not filled in here.', 'paygate-promptpay'));
        }
        return array_merge($told === [] ? [self::good(__('PayGate has the webhook of this shop.', 'paygate-promptpay'))] : $told, self::heard());
    }

    /** What came to the webhook's address. */
    private static function heard(): array
    {
        $heard = (int) get_option(Settings::HEARD, 0);
        $refused = (int) get_option(Settings::REFUSED, 0);
        $told = [];
        if ($heard > 0) {
            /* translators: %s: a span of time such as "5 minutes" */
            $told[] = self::good(sprintf(__('The last webhook was heard %s ago.', 'paygate-promptpay'), human_time_diff($heard)));
        } else {
            $told[] = self::bad(__('No webhook was heard yet. Send a test delivery from PayGate.', 'paygate-promptpay'));
        }
        if ($refused > $heard) {
            /* translators: %s: a span of time such as "5 minutes" */
            $told[] = self::bad(sprintf(__('A webhook was refused %s ago because its signature did not fit: is the webhook secret the right one?', 'paygate-promptpay'), human_time_diff($refused)));
        }
        return $told;
    }

    private static function endpoint(): ?array
    {
        // WooCommerce takes it in both forms, whatever the permalinks were when it was entered.
        $ours = [untrailingslashit(Settings::webhookAddress()), Settings::home() . '/wc-api/' . Settings::GATEWAY, Settings::home() . '/?wc-api=' . Settings::GATEWAY];
        foreach (Settings::paygate()->listWebhookEndpoints() as $one) {
            if (in_array(untrailingslashit((string) $one['url']), $ours, true)) {
                return $one;
            }
        }
        return null;
    }

    private static function good(string $text): array
    {
        return ['good' => true, 'text' => $text];
    }

    private static function bad(string $text): array
    {
        return ['good' => false, 'text' => $text];
    }
}
