<?php
/**
 * The order page and the settings page, for the people of the shop.
 */

declare(strict_types=1);

namespace PayGatePromptPay;

final class Admin
{
    const NONCE = 'paygate_promptpay';

    public static function listen(): void
    {
        add_action('admin_enqueue_scripts', [self::class, 'script']);
        add_action('wp_ajax_paygate_promptpay_check', [self::class, 'check']);
        add_action('wp_ajax_paygate_promptpay_webhook', [self::class, 'webhook']);
        add_action('woocommerce_admin_order_data_after_billing_address', [self::class, 'payee']);
        add_action('woocommerce_process_shop_order_meta', [self::class, 'savePayee'], 50);
        add_filter('woocommerce_order_actions', [self::class, 'actions'], 10, 2);
        add_action('woocommerce_order_action_paygate_promptpay_refresh', [self::class, 'refresh']);
        add_action('woocommerce_order_action_paygate_promptpay_ask_payee', [self::class, 'askPayee']);
        add_filter('plugin_action_links_' . plugin_basename(FILE), [self::class, 'links']);
    }

    public static function links($links)
    {
        $address = admin_url('admin.php?page=wc-settings&tab=checkout&section=' . Settings::GATEWAY);
        $link = '<a href="' . esc_url($address) . '">' . esc_html__('Settings', 'paygate-promptpay') . '</a>';
        return array_merge([$link], (array) $links);
    }

    // --- settings ---------------------------------------------------------------------------------------------------

    public static function script(): void
    {
        $section = isset($_GET['section']) ? sanitize_key(wp_unslash($_GET['section'])) : '';
        if ($section !== Settings::GATEWAY) {
            return;
        }
        wp_enqueue_script('paygate-promptpay-admin', plugins_url('assets/admin.js', FILE), [], VERSION, true);
        $setup = [
            'address' => admin_url('admin-ajax.php'),
            'nonce' => wp_create_nonce(self::NONCE),
            'actions' => ['check' => 'paygate_promptpay_check', 'webhook' => 'paygate_promptpay_webhook'],
            'failed' => __('The shop did not answer. Reload this page and try again.', 'paygate-promptpay'),
        ];
        wp_add_inline_script('paygate-promptpay-admin', 'window.paygatePromptPay = ' . wp_json_encode($setup) . ';', 'before');
    }

    public static function check(): void
    {
        self::guard();
        wp_send_json_success(Connection::check());
    }

    public static function webhook(): void
    {
        self::guard();
        wp_send_json_success(Connection::setUp());
    }

    /** Ends the request of whoever may not change the shop's settings. */
    private static function guard(): void
    {
        check_ajax_referer(self::NONCE, 'nonce');
        if (!current_user_can('manage_woocommerce')) {
            wp_send_json_error([], 403);
        }
    }

    // --- the order page ---------------------------------------------------------------------------------------------

    /** Where the customer wants refunds. What PayGate knows already is shown masked. */
    public static function payee($order): void
    {
        if (!$order instanceof \WC_Order || $order->get_payment_method() !== Settings::GATEWAY) {
            return;
        }
        $record = new Record($order);
        $payee = $record->payee();
        $number = (string) ($payee['promptpay'] ?? '');
        /* translators: %s: the last characters of a number */
        $hint = $number === '' ? '' : sprintf(__('%s is saved', 'paygate-promptpay'), Keys::masked($number));
        if ($record->payeeAtPayGate() !== '') {
            /* translators: %s: the last characters of a number */
            $hint = sprintf(__('PayGate has %s', 'paygate-promptpay'), $record->payeeAtPayGate());
        }
        echo '<h3>' . esc_html__('PromptPay for refunds', 'paygate-promptpay') . '</h3>'
            . '<p class="form-field form-field-wide"><label for="paygate_payee_promptpay">'
            . esc_html__('PromptPay number of the customer (mobile or ID)', 'paygate-promptpay') . '</label>'
            . '<input type="text" name="paygate_payee_promptpay" id="paygate_payee_promptpay" inputmode="numeric" autocomplete="off" value="" placeholder="' . esc_attr($hint) . '" /></p>'
            . '<p class="form-field form-field-wide"><label for="paygate_payee_name">' . esc_html__('Name of its holder', 'paygate-promptpay') . '</label>'
            . '<input type="text" name="paygate_payee_name" id="paygate_payee_name" autocomplete="off" value="' . esc_attr((string) ($payee['name'] ?? '')) . '" /></p>'
            . '<p class="form-field form-field-wide"><label><input type="checkbox" name="paygate_payee_forget" value="1" style="width:auto" /> '
            . esc_html__('Forget the number and the name', 'paygate-promptpay') . '</label></p>'
            . '<p class="description">' . esc_html__('Ask the customer; save the order before you refund. An order action below asks by mail.', 'paygate-promptpay') . '</p>';
    }

    /** WooCommerce has checked nonce and rights before. */
    public static function savePayee($order_id): void
    {
        // phpcs:disable WordPress.Security.NonceVerification.Missing
        $number = isset($_POST['paygate_payee_promptpay']) ? sanitize_text_field(wp_unslash($_POST['paygate_payee_promptpay'])) : null;
        $name = isset($_POST['paygate_payee_name']) ? sanitize_text_field(wp_unslash($_POST['paygate_payee_name'])) : '';
        $forget = isset($_POST['paygate_payee_forget']) && sanitize_text_field(wp_unslash($_POST['paygate_payee_forget'])) === '1';
        // phpcs:enable
        if ($number !== null) { // The order page was sent, not another form.
            Refunds::setPayee((int) $order_id, $number, $name, $forget);
        }
    }

    public static function actions($actions, $order = null)
    {
        if ($order instanceof \WC_Order && $order->get_payment_method() === Settings::GATEWAY) {
            $actions['paygate_promptpay_refresh'] = __('Ask PayGate how the payment stands', 'paygate-promptpay');
            $actions['paygate_promptpay_ask_payee'] = __('Ask the customer where the refund shall go', 'paygate-promptpay');
        }
        return $actions;
    }

    public static function refresh($order): void
    {
        Orders::refresh($order->get_id());
    }

    public static function askPayee($order): void
    {
        Refunds::askCustomer($order->get_id());
    }
}
