<?php
/**
 * One at a time for one order, among all processes of the shop: a row of the options table that only one can insert.
 * Who dies with it in hand is waited for until it is stale.
 */

declare(strict_types=1);

namespace PayGatePromptPay;

final class Lock
{
    const PREFIX = 'paygate_lock_';
    const STALE_S = 120; // Longer than the slowest call of PayGate and the mails of a paid order take.
    const PAUSE_US = 100000;

    /** @var string */
    private $name;
    /** @var string */
    private $token;

    private function __construct(string $name, string $token)
    {
        $this->name = $name;
        $this->token = $token;
    }

    /** Runs $work alone for this order; throws Busy when somebody else is at it for longer than $waitS. */
    public static function around(int $orderId, float $waitS, callable $work)
    {
        $lock = self::take(self::PREFIX . $orderId, $waitS);
        if ($lock === null) {
            throw new Busy('Order ' . $orderId . ' is being worked on by another request.');
        }
        try {
            return $work();
        } finally {
            $lock->release();
        }
    }

    private static function take(string $name, float $waitS): ?self
    {
        $until = microtime(true) + $waitS;
        $lock = new self($name, time() . ':' . bin2hex(random_bytes(8)));
        while (!$lock->insert() && !$lock->inherit()) {
            if (microtime(true) >= $until) {
                return null;
            }
            usleep(self::PAUSE_US);
        }
        return $lock;
    }

    private function insert(): bool
    {
        global $wpdb;
        $sql = "INSERT IGNORE INTO {$wpdb->options} (option_name, option_value, autoload) VALUES (%s, %s, 'no')";
        return (int) $wpdb->query($wpdb->prepare($sql, $this->name, $this->token)) === 1;
    }

    /**
     * Whether who holds a lock with this token is gone. Its digits alone are the time: "1764421000.1e2" as a whole is a
     * number to PHP, and a huge one. A time far in the future is no time at which anybody took it.
     */
    public static function isStale(string $token, int $now): bool
    {
        $at = preg_match('/\A[0-9]{1,12}/', $token, $digits) ? (int) $digits[0] : 0;
        return abs($now - $at) >= self::STALE_S;
    }

    /** Take over from somebody who is gone. */
    private function inherit(): bool
    {
        global $wpdb;
        $held = (string) $wpdb->get_var($wpdb->prepare("SELECT option_value FROM {$wpdb->options} WHERE option_name = %s", $this->name));
        if ($held === '' || !self::isStale($held, time())) {
            return false;
        }
        $sql = "UPDATE {$wpdb->options} SET option_value = %s WHERE option_name = %s AND option_value = %s";
        return (int) $wpdb->query($wpdb->prepare($sql, $this->token, $this->name, $held)) === 1;
    }

    private function release(): void
    {
        global $wpdb;
        $sql = "DELETE FROM {$wpdb->options} WHERE option_name = %s AND option_value = %s";
        $wpdb->query($wpdb->prepare($sql, $this->name, $this->token));
    }
}
