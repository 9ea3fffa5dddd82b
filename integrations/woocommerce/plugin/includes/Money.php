<?php
/**
 * Money is whole satang. A number of baht with decimals exists in texts and on the wire, and nowhere between.
 */

declare(strict_types=1);

namespace PayGatePromptPay;

final class Money
{
    /** WooCommerce's total ("1234.50") or refund amount in satang. Throws Trouble when it is no whole satang. */
    public static function satang($decimal): int
    {
        $text = is_float($decimal) ? number_format($decimal, 6, '.', '') : trim((string) $decimal);
        if (!preg_match('/\A([0-9]{1,12})(?:\.([0-9]*))?\z/', $text, $part)) {
            throw new Trouble(__('The amount is not a number of baht.', 'paygate-promptpay'));
        }
        $fraction = rtrim($part[2] ?? '', '0');
        if (strlen($fraction) > 2) {
            throw new Trouble(__('The amount has parts of a satang: set two decimals in WooCommerce.', 'paygate-promptpay'));
        }
        return (int) $part[1] * 100 + (int) str_pad($fraction, 2, '0');
    }

    /** For a JSON number: dividing whole satang by 100 gives the nearest float, whose shortest text is the amount. */
    public static function baht(int $satang): float
    {
        return $satang / 100;
    }

    /** The API's number of baht in satang. */
    public static function fromWire($number): int
    {
        return is_int($number) ? $number * 100 : (int) round((float) $number * 100);
    }

    /** For people: 1,234.50. */
    public static function show(int $satang): string
    {
        return number_format(intdiv($satang, 100)) . sprintf('.%02d', $satang % 100);
    }

    /** For WooCommerce: 1234.50. */
    public static function decimal(int $satang): string
    {
        return sprintf('%d.%02d', intdiv($satang, 100), $satang % 100);
    }
}
