<?php
/**
 * WooCommerce > Status > Logs, source "paygate". Never with a secret in it.
 */

declare(strict_types=1);

namespace PayGatePromptPay;

final class Log
{
    public static function info(string $text): void
    {
        wc_get_logger()->info(Keys::hidden($text), ['source' => 'paygate']);
    }

    public static function error(string $text): void
    {
        wc_get_logger()->error(Keys::hidden($text), ['source' => 'paygate']);
    }

    /** What went wrong, with what to quote to PayGate's operator. */
    public static function failure(string $doing, \Throwable $error): void
    {
        $request = $error instanceof Sdk\PayGateException && $error->requestId ? ' (' . $error->requestId . ')' : '';
        self::error($doing . ': ' . $error->getMessage() . $request);
    }
}
