<?php
/**
 * What host addresses, keys and secrets look like.
 */

declare(strict_types=1);

namespace PayGatePromptPay;

final class Keys
{
    /** The address without its last slash. Throws Trouble. */
    public static function host(string $given): string
    {
        $host = rtrim(trim($given), '/');
        if ($host === '') {
            return '';
        }
        if (!preg_match('~\A(https?)://(\[[0-9a-f:]+\]|[a-z0-9.-]+)(:[0-9]{1,5})?\z~i', $host, $part)) {
            throw new Trouble(__('The address of PayGate is like https://pay.example.com, without a path.', 'paygate-promptpay'));
        }
        // A name of one word is of this computer or its own network; everywhere else the key would be read on the way.
        $near = strpos($part[2], '.') === false || $part[2] === '127.0.0.1';
        if (strtolower($part[1]) === 'http' && !$near) {
            throw new Trouble(__('The address of PayGate must begin with https.', 'paygate-promptpay'));
        }
        return $host;
    }

    /** Throws Trouble. */
    public static function secretKey(string $given): string
    {
        $key = trim($given);
        if (strncmp($key, 'pk_', 3) === 0) {
            throw new Trouble(__('This is the public key (pk_). The secret key begins with sk_live_ or sk_test_.', 'paygate-promptpay'));
        }
        if (!preg_match('/\Ask_(live|test)_[0-9A-Za-z]{10,}\z/', $key)) {
            throw new Trouble(__('The secret key begins with sk_live_ or sk_test_. Copy it whole.', 'paygate-promptpay'));
        }
        return $key;
    }

    /** Throws Trouble. */
    public static function webhookSecret(string $given): string
    {
        $secret = trim($given);
        if (!preg_match('/\Awhsec_([0-9A-Za-z+\/=]{20,})\z/', $secret, $part) || base64_decode($part[1], true) === false) {
            throw new Trouble(__('The webhook secret begins with whsec_. Copy it whole.', 'paygate-promptpay'));
        }
        return $secret;
    }

    public static function isTest(string $key): bool
    {
        return strncmp($key, 'sk_test_', 8) === 0;
    }

    /** What may be seen of it. */
    public static function masked(string $secret): string
    {
        return $secret === '' ? '' : '••••' . substr($secret, -4);
    }

    /** A text without anything that looks like a secret, whoever put it there. */
    public static function hidden(string $text): string
    {
        return (string) preg_replace('/\b(sk_(?:live|test)_|whsec_)[0-9A-Za-z+\/=]{4,}|_secret_[0-9A-Za-z_-]{4,}/', '$1[hidden]', $text);
    }
}
