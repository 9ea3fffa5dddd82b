<?php
/**
 * The way to pay in the block checkout.
 */

declare(strict_types=1);

namespace PayGatePromptPay;

use Automattic\WooCommerce\Blocks\Payments\Integrations\AbstractPaymentMethodType;

final class Blocks extends AbstractPaymentMethodType
{
    protected $name = Settings::GATEWAY;

    public function initialize()
    {
        $this->settings = get_option(Settings::OPTION, []);
    }

    public function is_active()
    {
        $gateway = $this->gateway();
        return $gateway !== null && $gateway->is_available();
    }

    public function get_payment_method_script_handles()
    {
        $needs = ['wc-blocks-registry', 'wc-settings', 'wp-element', 'wp-html-entities'];
        wp_register_script('paygate-promptpay-blocks', plugins_url('assets/blocks.js', FILE), $needs, VERSION, true);
        return ['paygate-promptpay-blocks'];
    }

    public function get_payment_method_data()
    {
        $gateway = $this->gateway();
        return [
            'title' => $gateway === null ? Gateway::usualTitle() : wp_strip_all_tags($gateway->get_title()),
            'description' => $gateway === null ? '' : wp_strip_all_tags($gateway->get_description()),
            'testNotice' => Settings::isTest() ? Gateway::testNotice() : '',
            'button' => __('Pay with PromptPay', 'paygate-promptpay'),
            'icon' => plugins_url('assets/promptpay.svg', FILE),
            'supports' => $gateway === null ? [] : array_values(array_filter($gateway->supports, [$gateway, 'supports'])),
        ];
    }

    private function gateway(): ?Gateway
    {
        $gateway = WC()->payment_gateways()->payment_gateways()[Settings::GATEWAY] ?? null;
        return $gateway instanceof Gateway ? $gateway : null;
    }
}
