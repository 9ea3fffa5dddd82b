<?php
/**
 * Plugin Name:          PayGate PromptPay for WooCommerce
 * Description:          Customers pay by Thai QR (PromptPay) on your own PayGate; orders are marked as paid when the money arrives.
 * Version:              0.1.0
 * Author:               The PayGate authors
 * License:              MIT
 * License URI:          https://opensource.org/license/mit
 * Text Domain:          paygate-promptpay
 * Domain Path:          /languages
 * Requires at least:    6.2
 * Requires PHP:         7.4
 * Requires Plugins:     woocommerce
 * WC requires at least: 8.2
 *
 * MIT is compatible with the GPL, under which WordPress is: the whole may be used and passed on under either.
 */

declare(strict_types=1);

namespace PayGatePromptPay;

defined('ABSPATH') || exit;

if (defined(__NAMESPACE__ . '\\FILE')) {
    add_action('admin_notices', static function (): void {
        echo '<div class="notice notice-error"><p>' . esc_html__('PayGate PromptPay is active twice: deactivate one of the two copies.', 'paygate-promptpay') . '</p></div>';
    });
    return;
}
if (!is_file(__DIR__ . '/includes/Sdk.php')) {
    add_action('admin_notices', static function (): void {
        echo '<div class="notice notice-error"><p>' . esc_html__('PayGate PromptPay is not complete: install the zip that "make woocommerce" builds, not the sources.', 'paygate-promptpay') . '</p></div>';
    });
    return;
}

const FILE = __FILE__;
const VERSION = '0.1.0';

// The library for PHP, as PayGate's /sdk/PayGate.php, in a namespace of its own: the build puts it there.
require_once __DIR__ . '/includes/Sdk.php';
require_once __DIR__ . '/includes/Trouble.php';
require_once __DIR__ . '/includes/Busy.php';
require_once __DIR__ . '/includes/Money.php';
require_once __DIR__ . '/includes/Keys.php';
require_once __DIR__ . '/includes/PaymentRequest.php';
require_once __DIR__ . '/includes/Standing.php';
require_once __DIR__ . '/includes/Event.php';
require_once __DIR__ . '/includes/Settings.php';
require_once __DIR__ . '/includes/Log.php';
require_once __DIR__ . '/includes/Lock.php';
require_once __DIR__ . '/includes/Record.php';
require_once __DIR__ . '/includes/Notes.php';
require_once __DIR__ . '/includes/Payments.php';
require_once __DIR__ . '/includes/Refunds.php';
require_once __DIR__ . '/includes/Orders.php';
require_once __DIR__ . '/includes/Webhook.php';
require_once __DIR__ . '/includes/Connection.php';
require_once __DIR__ . '/includes/Admin.php';
require_once __DIR__ . '/includes/Privacy.php';
require_once __DIR__ . '/includes/Plugin.php';

Plugin::start();
