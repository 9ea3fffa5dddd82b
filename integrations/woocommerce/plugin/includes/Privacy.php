<?php
/**
 * The PromptPay number of a customer, while an order holds it: in no answer of WooCommerce's API, exported and erased with
 * the customer's other data, and named in the suggested privacy policy.
 */

declare(strict_types=1);

namespace PayGatePromptPay;

final class Privacy
{
    public static function listen(): void
    {
        add_filter('woocommerce_rest_prepare_shop_order_object', [self::class, 'answer'], 20);
        add_filter('woocommerce_privacy_export_order_personal_data_meta', [self::class, 'exported']);
        add_filter('woocommerce_privacy_export_order_personal_data_meta_value', [self::class, 'exportedValue'], 10, 2);
        add_filter('woocommerce_privacy_remove_order_personal_data_meta', [self::class, 'erased']);
        add_filter('woocommerce_privacy_remove_order_personal_data_meta_value', [self::class, 'erasedValue'], 10, 2);
        add_action('admin_init', [self::class, 'policy']);
    }

    /** WooCommerce's API lists everything that is kept with an order. */
    public static function answer($response)
    {
        if (is_object($response) && isset($response->data['meta_data']) && is_array($response->data['meta_data'])) {
            $response->data['meta_data'] = array_values(array_filter($response->data['meta_data'], static function ($one): bool {
                return (is_array($one) ? $one['key'] ?? '' : $one->key ?? '') !== Record::PAYEE;
            }));
        }
        return $response;
    }

    public static function exported($names)
    {
        return [Record::PAYEE => __('PromptPay for refunds', 'paygate-promptpay')] + (array) $names;
    }

    public static function exportedValue($value, $key)
    {
        return $key === Record::PAYEE && is_array($value) ? implode(', ', array_filter($value, 'is_string')) : $value;
    }

    public static function erased($kinds)
    {
        return [Record::PAYEE => 'text'] + (array) $kinds;
    }

    /** Nothing stays of it, not even a sign that it was there. */
    public static function erasedValue($value, $key)
    {
        return $key === Record::PAYEE ? '' : $value;
    }

    public static function policy(): void
    {
        $texts = [
            __('When you pay by PromptPay, we send the number and the amount of your order to our payment gateway (PayGate), which shows the QR and hears from the bank that the money came.', 'paygate-promptpay'),
            __('When we send money back, the gateway needs your PromptPay number and its holder\'s name: you give them on its page, or we pass them on. We keep the number only until the gateway has it, and then its last four characters.', 'paygate-promptpay'),
        ];
        wp_add_privacy_policy_content('PayGate PromptPay', '<p>' . implode('</p><p>', array_map('esc_html', $texts)) . '</p>');
    }
}
