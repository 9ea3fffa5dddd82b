<?php
/**
 * Where PayGate tells of events: ?wc-api=paygate_promptpay. 2xx means that it is done and need not come again.
 */

declare(strict_types=1);

namespace PayGatePromptPay;

use PayGatePromptPay\Sdk\PayGate;
use PayGatePromptPay\Sdk\PayGateSignatureException;

final class Webhook
{
    const MAX_BODY_BYTES = 1048576;
    const AGAIN_S = 10;

    public static function handle(): void
    {
        $body = (string) file_get_contents('php://input', false, null, 0, self::MAX_BODY_BYTES + 1);
        list($status, $answer) = self::answer((string) ($_SERVER['REQUEST_METHOD'] ?? ''), $body, $_SERVER);
        if ($status === 503) {
            header('Retry-After: ' . self::AGAIN_S);
        }
        wp_send_json($answer, $status);
    }

    /** [status, body] of the answer. */
    public static function answer(string $method, string $body, array $headers): array
    {
        if ($method !== 'POST') {
            return [405, ['error' => 'This is the webhook address of PayGate PromptPay: enter it at PayGate.']];
        }
        $secret = Settings::secret('webhook_secret');
        if ($secret === '') {
            return [503, ['error' => 'The shop has no webhook secret yet.']];
        }
        if (strlen($body) > self::MAX_BODY_BYTES) {
            return [413, ['error' => 'The body is too large.']];
        }
        try {
            $event = new Event(PayGate::verifyWebhook($body, $headers, $secret));
        } catch (PayGateSignatureException $e) {
            if (self::isOfOtherMode($body, $headers)) {
                return [200, ['received' => true, 'outcome' => 'IGNORED']];
            }
            Settings::mark(Settings::REFUSED);
            return [401, ['error' => $e->getMessage()]];
        } catch (\JsonException | \TypeError $e) {
            return [400, ['error' => 'The body is not an event.']];
        } catch (\InvalidArgumentException $e) {
            Log::failure('The webhook secret that is saved', $e);
            return [503, ['error' => 'The shop has no valid webhook secret.']];
        }
        Settings::mark(Settings::HEARD);
        return self::carryOut($event);
    }

    /** From before the shop changed from test to live, or back: that webhook tells of payments that do not concern it now. */
    private static function isOfOtherMode(string $body, array $headers): bool
    {
        $secret = Settings::secret(Settings::OTHER_MODE);
        if ($secret === '' || $secret === Settings::secret('webhook_secret')) {
            return false;
        }
        try {
            PayGate::verifyWebhook($body, $headers, $secret);
            return true;
        } catch (PayGateSignatureException | \JsonException | \TypeError | \InvalidArgumentException $e) {
            return false; // The caller tells what is wrong with it by the secret that counts.
        }
    }

    private static function carryOut(Event $event): array
    {
        if (!$event->isAboutAnOrder()) {
            return [200, ['received' => true, 'outcome' => 'IGNORED']];
        }
        try {
            $ours = Orders::hear($event);
        } catch (Busy $e) {
            return [503, ['error' => 'The order is being worked on.']];
        } catch (\Exception $e) {
            Log::failure("Webhook {$event->type} for order {$event->orderId}", $e);
            return [503, ['error' => 'The shop could not take it in. It is written in its log.']];
        }
        return [200, ['received' => true, 'outcome' => $ours ? 'DONE' : 'IGNORED']];
    }
}
