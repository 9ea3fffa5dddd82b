<?php
/**
 * What the shop's owner chose. Secrets are in an option of their own: WooCommerce shows a gateway's settings in its API.
 */

declare(strict_types=1);

namespace PayGatePromptPay;

use PayGatePromptPay\Sdk\PayGate;

final class Settings
{
    const GATEWAY = 'paygate_promptpay';
    const OPTION = 'woocommerce_paygate_promptpay_settings';
    const SECRETS = 'paygate_promptpay_secrets';
    const HEARD = 'paygate_promptpay_heard';
    const REFUSED = 'paygate_promptpay_refused';
    const OTHER_MODE = 'webhook_secret_other_mode';
    const CALL_TIMEOUT_S = 12;

    public static function text(string $name): string
    {
        $all = get_option(self::OPTION, []);
        return is_array($all) && isset($all[$name]) && is_scalar($all[$name]) ? trim((string) $all[$name]) : '';
    }

    /** secret_key or webhook_secret; '' when there is none. */
    public static function secret(string $name): string
    {
        $all = get_option(self::SECRETS, []);
        return is_array($all) && isset($all[$name]) && is_string($all[$name]) ? $all[$name] : '';
    }

    public static function keep(string $name, string $secret): void
    {
        $all = get_option(self::SECRETS, []);
        $all = is_array($all) ? $all : [];
        $before = self::secret('secret_key');
        if ($name === 'secret_key' && $before !== '' && Keys::isTest($before) !== Keys::isTest($secret)) {
            $all[self::OTHER_MODE] = self::secret('webhook_secret'); // The other mode's webhook goes on telling of it.
        }
        update_option(self::SECRETS, [$name => $secret] + $all, false);
    }

    public static function isTest(): bool
    {
        return Keys::isTest(self::secret('secret_key'));
    }

    /** What is still to be filled in, in words. */
    public static function missing(): array
    {
        return array_values(array_filter([
            self::text('host') === '' ? __('the address of PayGate', 'paygate-promptpay') : '',
            self::secret('secret_key') === '' ? __('the secret key', 'paygate-promptpay') : '',
            self::secret('webhook_secret') === '' ? __('the webhook secret', 'paygate-promptpay') : '',
            extension_loaded('curl') ? '' : __('the PHP extension curl (ask your hosting company)', 'paygate-promptpay'),
        ]));
    }

    /** Where PayGate tells of events. */
    public static function webhookAddress(): string
    {
        $permalinks = (string) get_option('permalink_structure');
        if ($permalinks === '') {
            return self::home() . '/?wc-api=' . self::GATEWAY;
        }
        return self::home() . (strpos($permalinks, '/index.php/') === false ? '' : '/index.php') . '/wc-api/' . self::GATEWAY . '/';
    }

    /**
     * The address of the shop, the same in each language: what home_url() and get_option('home') give is changed by plugins
     * for the page's language. A copy of the shop (staging) has another.
     */
    public static function home(): string
    {
        $home = defined('WP_HOME') ? (string) constant('WP_HOME') : (string) (wp_load_alloptions()['home'] ?? '');
        return untrailingslashit($home === '' ? home_url() : $home);
    }

    /** Short waits: somebody is waiting at the other end. What fails is tried again by whoever asked. Throws Trouble. */
    public static function paygate(): PayGate
    {
        if (self::text('host') === '' || self::secret('secret_key') === '') {
            throw new Trouble(__('PromptPay is not set up in this shop.', 'paygate-promptpay'));
        }
        $options = ['baseUrl' => self::text('host'), 'timeout' => self::CALL_TIMEOUT_S, 'maxRetries' => 0, 'curl' => self::curl()];
        return new PayGate(self::secret('secret_key'), $options);
    }

    /** As WordPress itself goes out: through its proxy, and with its certificates where the computer has none. */
    private static function curl(): array
    {
        $options = [];
        $proxy = class_exists('WP_HTTP_Proxy') ? new \WP_HTTP_Proxy() : null;
        if ($proxy !== null && $proxy->is_enabled() && $proxy->send_through_proxy(self::text('host'))) {
            $options = [CURLOPT_PROXYTYPE => CURLPROXY_HTTP, CURLOPT_PROXY => $proxy->host(), CURLOPT_PROXYPORT => (int) $proxy->port()];
            if ($proxy->use_authentication()) {
                $options += [CURLOPT_PROXYAUTH => CURLAUTH_ANY, CURLOPT_PROXYUSERPWD => $proxy->authentication()];
            }
        }
        $places = function_exists('openssl_get_cert_locations') ? openssl_get_cert_locations() : [];
        $own = [(string) ini_get('curl.cainfo'), (string) ini_get('openssl.cafile'), $places['default_cert_file'] ?? '', '/etc/ssl/certs/ca-certificates.crt'];
        $file = self::certificates($own, ABSPATH . 'wp-includes/certificates/ca-bundle.crt');
        return $options + ($file === '' ? [] : [CURLOPT_CAINFO => $file]);
    }

    /** WordPress' file of certificates if none of the others is there, else ''. */
    public static function certificates(array $others, string $wordpress): string
    {
        return array_filter($others, 'is_file') === [] && is_file($wordpress) ? $wordpress : '';
    }

    /** Remember that something happened now; once a minute is enough. */
    public static function mark(string $option): void
    {
        if (time() - (int) get_option($option, 0) >= 60) {
            update_option($option, time(), false);
        }
    }
}
