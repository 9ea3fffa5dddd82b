<?php
/**
 * What of WordPress and WooCommerce the plugin listens to.
 */

declare(strict_types=1);

namespace PayGatePromptPay;

final class Plugin
{
    const REFUND_MAIL = 'paygate_refund_link';

    /** When the plugin's file is read: before anything else happens. */
    public static function start(): void
    {
        add_action('init', [self::class, 'words'], -1);
        add_action('before_woocommerce_init', [self::class, 'declare']);
        add_action('plugins_loaded', [self::class, 'listen']);
    }

    public static function words(): void
    {
        load_plugin_textdomain('paygate-promptpay', false, dirname(plugin_basename(FILE)) . '/languages');
    }

    /** Orders in tables of their own, and the block checkout. */
    public static function declare(): void
    {
        if (class_exists('Automattic\WooCommerce\Utilities\FeaturesUtil')) {
            \Automattic\WooCommerce\Utilities\FeaturesUtil::declare_compatibility('custom_order_tables', FILE, true);
            \Automattic\WooCommerce\Utilities\FeaturesUtil::declare_compatibility('cart_checkout_blocks', FILE, true);
        }
    }

    public static function listen(): void
    {
        if (!class_exists('WC_Payment_Gateway')) {
            add_action('admin_notices', [self::class, 'needsWooCommerce']);
            return;
        }
        require_once __DIR__ . '/Gateway.php';
        add_filter('woocommerce_payment_gateways', [self::class, 'gateways']);
        add_filter('woocommerce_gateway_' . Settings::GATEWAY . '_settings_values', [Gateway::class, 'taken'], 10, 2);
        add_action('woocommerce_blocks_payment_method_type_registration', [self::class, 'blocks']);
        add_action('woocommerce_api_' . Settings::GATEWAY, [Webhook::class, 'handle']);
        add_action('template_redirect', [self::class, 'cameBack'], 5);
        add_filter('woocommerce_cancel_unpaid_order', [self::class, 'mayCancel'], 20, 2);
        foreach (['cancelled', 'processing', 'completed', 'on-hold'] as $status) {
            add_action("woocommerce_order_status_$status", [self::class, 'moved'], 20, 2);
        }
        add_action('woocommerce_refund_created', [self::class, 'refunded'], 10, 2);
        add_filter('woocommerce_email_enabled_customer_refunded_order', [self::class, 'mayMail'], 20, 3);
        add_filter('woocommerce_email_enabled_customer_partially_refunded_order', [self::class, 'mayMail'], 20, 3);
        add_filter('woocommerce_email_enabled_customer_completed_order', [self::class, 'mayMailAgain'], 20, 2);
        add_filter('woocommerce_email_enabled_customer_processing_order', [self::class, 'mayMailAgain'], 20, 2);
        add_filter('woocommerce_email_classes', [self::class, 'mails']);
        add_action('admin_notices', [self::class, 'testMode']);
        Admin::listen();
        Privacy::listen();
    }

    public static function needsWooCommerce(): void
    {
        echo '<div class="notice notice-error"><p>' . esc_html__('PayGate PromptPay needs WooCommerce: install and activate it.', 'paygate-promptpay') . '</p></div>';
    }

    /** Nobody shall sell for test money and not notice. */
    public static function testMode(): void
    {
        $settings = get_option(Settings::OPTION, []);
        if (Settings::isTest() && ($settings['enabled'] ?? 'no') === 'yes' && current_user_can('manage_woocommerce')) {
            echo '<div class="notice notice-warning"><p>'
                . esc_html__('PromptPay (PayGate) is in TEST MODE: customers cannot really pay. Fill in the live key and the live webhook secret to sell.', 'paygate-promptpay')
                . '</p></div>';
        }
    }

    public static function gateways($gateways)
    {
        $gateways[] = Gateway::class;
        return $gateways;
    }

    /** WooCommerce's class of mails is there only when it mails. */
    public static function mails($mails)
    {
        require_once __DIR__ . '/RefundMail.php';
        $mails[self::REFUND_MAIL] = new RefundMail();
        return $mails;
    }

    public static function blocks($registry): void
    {
        require_once __DIR__ . '/Blocks.php';
        $registry->register(new Blocks());
    }

    /** The page after paying, or the page to pay on: it shall show how things stand, also when the webhook is late. */
    public static function cameBack(): void
    {
        $received = absint(get_query_var('order-received'));
        $orderId = $received > 0 ? $received : absint(get_query_var('order-pay'));
        $key = isset($_GET['key']) ? sanitize_text_field(wp_unslash($_GET['key'])) : '';
        $order = $orderId > 0 && $key !== '' ? wc_get_order($orderId) : null;
        if (!$order instanceof \WC_Order || !hash_equals((string) $order->get_order_key(), $key)) {
            return; // Only who has the order's own link makes the shop ask.
        }
        $record = new Record($order);
        if ($record->current() !== '' && !$record->isPaid()) {
            $paymentId = isset($_GET['payment_id']) ? sanitize_text_field(wp_unslash($_GET['payment_id'])) : '';
            Orders::refresh($orderId, $paymentId);
        }
    }

    /** WooCommerce cancels unpaid orders after a while: not one whose QR may still be paid. */
    public static function mayCancel($cancel, $order)
    {
        if (!$cancel || !$order instanceof \WC_Order || (new Record($order))->payments() === []) {
            return $cancel;
        }
        return (new Record($order))->open() === [] && Orders::mayEnd($order->get_id());
    }

    /** It was cancelled, is paid, or waits for money that comes another way: its QR shall not be paid, too. */
    public static function moved($order_id, $order = null): void
    {
        $waits = $order instanceof \WC_Order && $order->has_status('on-hold') && $order->get_payment_method() === Settings::GATEWAY;
        if ($order instanceof \WC_Order && !$waits && (new Record($order))->payments() !== []) {
            Orders::giveUp((int) $order_id);
        }
    }

    public static function refunded($refund_id, $args): void
    {
        Refunds::link((int) $refund_id, (array) $args);
    }

    public static function mayMail($enabled, $order = null, $mail = null)
    {
        return Refunds::mayMail((bool) $enabled, $order, $mail);
    }

    public static function mayMailAgain($enabled, $order = null)
    {
        return $enabled && !($order instanceof \WC_Order && Refunds::isTakingBack($order->get_id()));
    }
}
