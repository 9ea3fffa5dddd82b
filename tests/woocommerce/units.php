<?php
/**
 * Tests of the plugin's plain rules in PHP alone: money, locks, what is kept of an order's payments, events and their
 * signatures. `php units.php` with PLUGINS and SHOP_FOLDER as the shop has them; prints a line for each, ends with 1 when one
 * failed. UNITS_FAIL=1 adds one that must fail.
 */

declare(strict_types=1);

error_reporting(E_ALL);
set_error_handler(static function (int $level, string $text, string $file, int $line): bool {
    throw new ErrorException($text, 0, $level, $file, $line);
});
define('ABSPATH', __DIR__ . '/');
require __DIR__ . '/wordpress.php';
require __DIR__ . '/woocommerce.php';
require getenv('PLUGINS') . '/paygate-promptpay/paygate-promptpay.php';

use PayGatePromptPay\Event;
use PayGatePromptPay\Keys;
use PayGatePromptPay\Lock;
use PayGatePromptPay\Money;
use PayGatePromptPay\PaymentRequest;
use PayGatePromptPay\Record;
use PayGatePromptPay\Sdk\PayGate;
use PayGatePromptPay\Sdk\PayGateSignatureException;
use PayGatePromptPay\Standing;
use PayGatePromptPay\Trouble;

function same($wanted, $found): void
{
    if ($wanted !== $found) {
        throw new LogicException('wanted ' . var_export($wanted, true) . ', found ' . var_export($found, true));
    }
}

function throws(string $class, callable $do): void
{
    try {
        $do();
    } catch (Throwable $e) {
        same($class, get_class($e));
        return;
    }
    throw new LogicException("$class was not thrown");
}

function payment(string $id, string $status, string $made, string $until = '2026-01-01T00:15:00Z'): array
{
    return ['id' => $id, 'amount' => 150.07, 'status' => $status, 'createdAt' => $made, 'expiresAt' => $until];
}

function order_of(array $facts = []): Record
{
    return new Record(new WC_Order(7, $facts + ['kind' => 'order', 'status' => 'pending', 'key' => 'wc_order_k', 'meta' => []]));
}

$tests = [
    'every satang of a thousand baht comes back from text and from the wire' => static function (): void {
        for ($satang = 0; $satang <= 100000; $satang++) {
            same($satang, Money::satang(Money::decimal($satang)));
            same($satang, Money::fromWire(json_decode(json_encode(Money::baht($satang)))));
        }
    },
    'large amounts lose no satang' => static function (): void {
        same(99999999999999, Money::satang('999999999999.99'));
        same('999,999,999,999.99', Money::show(99999999999999));
    },
    'parts of a satang, signs and other texts are no money' => static function (): void {
        foreach (['0.001', '-1', '+1', '1e3', '1,000', '', ' ', '0x10', 'NaN', '1.', '.5'] as $text) {
            $text === '1.' ? same(100, Money::satang($text)) : throws(Trouble::class, static function () use ($text): void {
                Money::satang($text);
            });
        }
    },
    'a lock is as old as its digits, whatever is behind them' => static function (): void {
        foreach ([':1e2ab', '.1e5', ':9e99', '', 'e5'] as $tail) {
            same(false, Lock::isStale('1764421000' . $tail, 1764421119));
            same(true, Lock::isStale('1764421000' . $tail, 1764421120));
            same(true, Lock::isStale('1764421000' . $tail, 1764420000));
        }
        same(true, Lock::isStale('nobody', 1764421000));
    },
    'a lock is given back when the work is done, and when it throws' => static function (): void {
        same(5, Lock::around(7, 0.0, static function (): int {
            throws(PayGatePromptPay\Busy::class, static function (): void {
                Lock::around(7, 0.0, 'time');
            });
            return 5;
        }));
        throws(DomainException::class, static function (): void {
            Lock::around(7, 0.0, static function (): void {
                throw new DomainException();
            });
        });
        same(6, Lock::around(7, 0.0, static function (): int {
            return 6;
        }));
    },
    'payments are kept in the order in which they were made, however they are heard of' => static function (): void {
        $record = order_of();
        $record->putPayment(payment('b', 'PENDING', '2026-01-01T00:00:01.250Z'));
        $record->putPayment(payment('c', 'PENDING', '2026-01-01T00:00:01.251Z', '2999-01-01T00:00:00Z'));
        $record->putPayment(payment('a', 'EXPIRED', '2026-01-01T00:00:00Z'));
        same(['a', 'b', 'c'], array_keys($record->payments()));
        same(['c', ['c'], 15007], [$record->current(), $record->open(), $record->payments()['a']['satang']]);
        $record->putPayment(payment('c', 'CANCELLED', '2026-01-01T00:00:01.251Z', '2999-01-01T00:00:00Z'));
        same([[], 0, 4], [$record->open(), $record->openUntil(), $record->attempt()]);
    },
    'an order set back to pending waits for money again, one that is on hold does not' => static function (): void {
        same([false, true, true, false], array_map(static function (string $status): bool {
            return order_of(['status' => $status, 'date_paid' => 1])->isPaid();
        }, ['pending', 'on-hold', 'refunded', 'failed']));
        same(false, order_of(['status' => 'on-hold'])->isPaid());
    },
    'a payment is of an order by its id, or by its proof and shop' => static function (): void {
        $proof = PaymentRequest::proof(7, 'wc_order_k');
        $event = static function (string $id, string $shop, string $proof): Event {
            $metadata = ['source' => 'woocommerce', 'shop' => $shop, 'wcOrder' => 7, 'wcProof' => $proof];
            return new Event(['event' => 'payment.success', 'data' => ['transactionId' => $id, 'metadata' => $metadata]]);
        };
        $record = order_of();
        $record->putPayment(payment('a', 'PENDING', '2026-01-01T00:00:00Z'));
        same(true, $record->owns($event('a', '', ''), 'https://s'));
        same(true, $record->owns($event('b', 'https://s', $proof), 'https://s'));
        same(false, $record->owns($event('b', 'https://t', $proof), 'https://s'));
        same(false, $record->owns($event('b', 'https://s', PaymentRequest::proof(8, 'wc_order_k')), 'https://s'));
        same(false, $record->owns($event('b', 'https://s', ''), 'https://s'));
    },
    'an event of any shape is read, and is about an order only when it says so' => static function (): void {
        foreach ([[], ['data' => 5], ['event' => [], 'data' => ['metadata' => 'x']], ['event' => 'payment.success', 'data' => ['transactionId' => 7]]] as $body) {
            same(false, (new Event($body))->isAboutAnOrder());
        }
    },
    'the number of a customer is masked to its end' => static function (): void {
        $record = order_of();
        $record->keepPayee(['promptpay' => '0899999999', 'name' => 'Somchai']);
        $record->maskPayee();
        same([[], '••••9999'], [$record->payee(), $record->payeeAtPayGate()]);
        same('', Keys::masked(''));
    },
    'a webhook is verified by its raw bytes, its secret and its age' => static function (): void {
        $secret = 'whsec_' . base64_encode(str_repeat('k', 32));
        $body = '{"event":"webhook.test","data":{}}';
        $sign = static function (string $body, int $at): array {
            $signed = base64_encode(hash_hmac('sha256', "wh_1.$at.$body", str_repeat('k', 32), true));
            return ['HTTP_WEBHOOK_ID' => 'wh_1', 'HTTP_WEBHOOK_TIMESTAMP' => (string) $at, 'HTTP_WEBHOOK_SIGNATURE' => "v1,$signed"];
        };
        same('webhook.test', PayGate::verifyWebhook($body, $sign($body, time()), $secret)['event']);
        foreach ([[$body . ' ', $sign($body, time())], [$body, $sign($body, time() - 301)], [$body, $sign($body, time() + 301)], [$body, []]] as list($given, $headers)) {
            throws(PayGateSignatureException::class, static function () use ($given, $headers, $secret): void {
                PayGate::verifyWebhook($given, $headers, $secret);
            });
        }
        throws(PayGateSignatureException::class, static function () use ($body, $sign): void {
            PayGate::verifyWebhook($body, $sign($body, time()), 'whsec_' . base64_encode(str_repeat('x', 32)));
        });
    },
    'money of another amount never completes an order' => static function (): void {
        $order = ['satang' => 15008, 'currency' => 'THB', 'status' => 'pending', 'paid' => false, 'paidBy' => '', 'held' => false, 'current' => 'a'];
        $paid = ['payableAmount' => 150.07, 'exception' => null] + payment('a', 'PAID', '2026-01-01T00:00:00Z');
        same([Standing::HOLD], array_column(Standing::steps($order, ['transaction' => $paid]), 0));
        same([Standing::COMPLETE], array_column(Standing::steps(['satang' => 15007] + $order, ['transaction' => $paid]), 0));
    },
];
if (getenv('UNITS_FAIL') === '1') {
    $tests['one that fails'] = static function (): void {
        same(1, 2);
    };
}
$failed = 0;
foreach ($tests as $name => $test) {
    try {
        $test();
        echo "ok: $name\n";
    } catch (Throwable $e) {
        $failed++;
        echo "FAILED: $name: " . get_class($e) . ': ' . $e->getMessage() . ' (' . basename($e->getFile()) . ':' . $e->getLine() . ")\n";
    }
}
exit($failed === 0 ? 0 : 1);
