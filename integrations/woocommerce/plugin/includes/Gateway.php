<?php
/**
 * The way to pay as WooCommerce sees it, and its settings.
 */

declare(strict_types=1);

namespace PayGatePromptPay;

class Gateway extends \WC_Payment_Gateway
{
    public function __construct()
    {
        $this->id = Settings::GATEWAY;
        $this->method_title = __('PromptPay (PayGate)', 'paygate-promptpay');
        $this->method_description = __('Customers scan a Thai QR with their bank\'s app, on a page of your own PayGate.', 'paygate-promptpay');
        $this->has_fields = false;
        $this->supports = ['products', 'refunds'];
        $this->icon = plugins_url('assets/promptpay.svg', FILE);
        $this->init_form_fields();
        $this->init_settings();
        $this->title = $this->get_option('title') ?: self::usualTitle();
        $this->description = $this->get_option('description') ?: self::usualDescription();
        $this->view_transaction_url = Settings::text('host') === '' ? '' : Settings::text('host') . '/pay/%s';
        $this->order_button_text = __('Pay with PromptPay', 'paygate-promptpay');
        add_action('woocommerce_update_options_payment_gateways_' . $this->id, [$this, 'process_admin_options']);
    }

    public static function usualTitle(): string
    {
        return __('PromptPay QR', 'paygate-promptpay');
    }

    public static function usualDescription(): string
    {
        return __('Scan the QR with any Thai bank app. Your order is confirmed as soon as the money arrives.', 'paygate-promptpay');
    }

    public static function testNotice(): string
    {
        return __('TEST MODE: do not pay with real money.', 'paygate-promptpay');
    }

    public function init_form_fields()
    {
        $this->form_fields = [
            'enabled' => [
                'title' => __('Enable', 'paygate-promptpay'),
                'type' => 'checkbox',
                'label' => __('Offer PromptPay at the checkout', 'paygate-promptpay'),
                'default' => 'no',
            ],
            'host' => [
                'title' => __('Address of PayGate', 'paygate-promptpay'),
                'type' => 'text',
                'placeholder' => 'https://pay.example.com',
                'description' => __('Where your PayGate is, without a path.', 'paygate-promptpay'),
                'default' => '',
            ],
            'secret_key' => [
                'title' => __('Secret key', 'paygate-promptpay'),
                'type' => 'paygate_secret',
                'description' => __('Begins with sk_live_, or with sk_test_ to try everything without money.', 'paygate-promptpay'),
            ],
            'webhook_address' => [
                'title' => __('Webhook address', 'paygate-promptpay'),
                'type' => 'paygate_address',
                'description' => __('Enter it at PayGate, or let the button below do it.', 'paygate-promptpay'),
            ],
            'webhook_secret' => [
                'title' => __('Webhook secret', 'paygate-promptpay'),
                'type' => 'paygate_secret',
                'description' => __('Begins with whsec_. PayGate shows it once, when the webhook is made. Test and live have one each.', 'paygate-promptpay'),
            ],
            'connection' => [
                'title' => __('Connection', 'paygate-promptpay'),
                'type' => 'paygate_connection',
                'description' => __('With the settings as they are saved.', 'paygate-promptpay'),
            ],
            'title' => [
                'title' => __('Title', 'paygate-promptpay'),
                'type' => 'safe_text',
                'placeholder' => self::usualTitle(),
                'description' => __('What customers see. Left empty it is in the language of the page.', 'paygate-promptpay'),
                'default' => '',
            ],
            'description' => [
                'title' => __('Description', 'paygate-promptpay'),
                'type' => 'textarea',
                'placeholder' => self::usualDescription(),
                'default' => '',
            ],
            'expiry_minutes' => [
                'title' => __('Minutes to pay', 'paygate-promptpay'),
                'type' => 'number',
                'description' => __('1 to 1440. Left empty it is PayGate\'s own, 15.', 'paygate-promptpay'),
                'custom_attributes' => ['min' => '1', 'max' => '1440', 'step' => '1'],
                'default' => '',
            ],
        ];
    }

    // --- for customers ----------------------------------------------------------------------------------------------

    public function is_available()
    {
        return parent::is_available() && $this->currency() === 'THB' && Settings::missing() === [];
    }

    /** The order's on its pay page, else the shop's. */
    private function currency(): string
    {
        $orderId = absint(get_query_var('order-pay'));
        $order = $orderId > 0 ? wc_get_order($orderId) : null;
        return $order instanceof \WC_Order ? $order->get_currency() : get_woocommerce_currency();
    }

    public function needs_setup()
    {
        return Settings::missing() !== [];
    }

    public function payment_fields()
    {
        parent::payment_fields();
        if (Settings::isTest()) {
            echo '<p><strong>' . esc_html(self::testNotice()) . '</strong></p>';
        }
    }

    public function process_payment($order_id)
    {
        try {
            $order = wc_get_order($order_id);
            $url = Orders::begin((int) $order_id, $this->get_return_url($order ?: null));
            return ['result' => 'success', 'redirect' => $url];
        } catch (Trouble $e) {
            wc_add_notice($e->getMessage(), 'error');
            return ['result' => 'failure', 'redirect' => ''];
        } catch (\Throwable $e) {
            Log::failure("Payment of order $order_id", $e); // WooCommerce would show its words to the customer.
            wc_add_notice(Orders::notNow(), 'error');
            return ['result' => 'failure', 'redirect' => ''];
        }
    }

    public function process_refund($order_id, $amount = null, $reason = '')
    {
        try {
            Refunds::request((int) $order_id, $amount, (string) $reason);
            return true;
        } catch (Trouble $e) {
            return new \WP_Error('paygate_promptpay_refund', $e->getMessage());
        } catch (\Throwable $e) {
            Log::failure("Refund of order $order_id", $e);
            return new \WP_Error('paygate_promptpay_refund', __('Something went wrong here; WooCommerce > Status > Logs (source paygate) says what. Look at PayGate whether it has the refund before you try again.', 'paygate-promptpay'));
        }
    }

    public function can_refund_order($order)
    {
        return parent::can_refund_order($order) && $order instanceof \WC_Order && (new Record($order))->paidBy() !== '';
    }

    /** WooCommerce's own page of payments says so, too. */
    public function is_test_mode()
    {
        return Settings::isTest();
    }

    // --- settings ---------------------------------------------------------------------------------------------------

    /**
     * Settings that come by WooCommerce's API pass none of the checks of the page: a secret goes where secrets are, and a
     * wrong value leaves what was there.
     */
    public static function taken($values, $gateway = null)
    {
        $values = (array) $values;
        $reads = [
            'host' => [Keys::class, 'host'],
            'secret_key' => [Keys::class, 'secretKey'],
            'webhook_secret' => [Keys::class, 'webhookSecret'],
            'expiry_minutes' => [self::class, 'minutes'],
        ];
        foreach ($reads as $name => $read) {
            $given = is_scalar($values[$name] ?? '') ? trim((string) ($values[$name] ?? '')) : '';
            $isSecret = $name === 'secret_key' || $name === 'webhook_secret';
            try {
                $good = $given === '' ? '' : $read($given);
                if ($isSecret && $good !== '') {
                    Settings::keep($name, $good);
                }
                $values[$name] = $isSecret ? '' : $good;
            } catch (Trouble $e) {
                Log::failure("The setting $name was not taken", $e);
                $values[$name] = $isSecret ? '' : Settings::text($name);
            }
        }
        if ($gateway instanceof self) {
            $gateway->settings = $values; // The answer shows them.
        }
        return $values;
    }

    public function admin_options()
    {
        if (get_woocommerce_currency() !== 'THB') {
            self::warn(sprintf(
                /* translators: %s: a currency code such as USD */
                __('PromptPay takes Thai baht (THB) only, and your shop\'s currency is %s: customers are not offered it.', 'paygate-promptpay'),
                get_woocommerce_currency()
            ));
        }
        if (Settings::missing() !== []) {
            /* translators: %s: a list of settings */
            self::warn(sprintf(__('Customers are not offered PromptPay yet. Still missing: %s.', 'paygate-promptpay'), implode(', ', Settings::missing())));
        }
        if (Settings::isTest()) {
            self::warn(__('TEST MODE: the secret key is a test key. No money moves; nobody can really pay.', 'paygate-promptpay'));
        }
        parent::admin_options();
    }

    private static function warn(string $text): void
    {
        echo '<div class="notice notice-warning inline"><p>' . esc_html($text) . '</p></div>';
    }

    /** A secret is never printed, not even into the field it was typed in: leaving it empty keeps it. */
    public function generate_paygate_secret_html($key, $data)
    {
        $secret = Settings::secret($key);
        $name = $this->get_field_key($key);
        /* translators: %s: the last characters of a secret */
        $hint = $secret === '' ? '' : sprintf(__('%s is saved. Leave empty to keep it.', 'paygate-promptpay'), Keys::masked($secret));
        $field = '<input class="input-text regular-input" type="password" autocomplete="new-password" name="' . esc_attr($name)
            . '" id="' . esc_attr($name) . '" value="" placeholder="' . esc_attr($hint) . '" />';
        return self::row($name, $data, $field);
    }

    public function generate_paygate_address_html($key, $data)
    {
        $name = $this->get_field_key($key);
        $field = '<input class="input-text regular-input" type="text" readonly="readonly" onfocus="this.select()" id="' . esc_attr($name)
            . '" value="' . esc_attr(Settings::webhookAddress()) . '" />';
        return self::row($name, $data, $field);
    }

    public function generate_paygate_connection_html($key, $data)
    {
        $name = $this->get_field_key($key);
        $field = '<button type="button" class="button" id="' . esc_attr($name) . '" data-paygate="check">'
            . esc_html__('Check the connection', 'paygate-promptpay') . '</button> '
            . '<button type="button" class="button" data-paygate="webhook">'
            . esc_html__('Set up the webhook for me', 'paygate-promptpay') . '</button>'
            . '<ul data-paygate="told" role="status" aria-live="polite"></ul>';
        return self::row($name, $data, $field);
    }

    /** $field is markup made above. */
    private static function row(string $name, array $data, string $field): string
    {
        return '<tr valign="top"><th scope="row" class="titledesc"><label for="' . esc_attr($name) . '">' . esc_html($data['title'])
            . '</label></th><td class="forminp"><fieldset>' . $field
            . '<p class="description">' . esc_html($data['description']) . '</p></fieldset></td></tr>';
    }

    public function validate_host_field($key, $value)
    {
        return $this->orBefore($key, static function () use ($value): string {
            return Keys::host((string) $value);
        });
    }

    public function validate_expiry_minutes_field($key, $value)
    {
        return $this->orBefore($key, static function () use ($value): string {
            return self::minutes((string) $value);
        });
    }

    /** Throws Trouble. */
    private static function minutes(string $given): string
    {
        $text = trim($given);
        if ($text !== '' && (!ctype_digit($text) || (int) $text < 1 || (int) $text > 1440)) {
            throw new Trouble(__('Minutes to pay: 1 to 1440, or nothing.', 'paygate-promptpay'));
        }
        return $text;
    }

    /** Kept apart from the settings, which never hold it. */
    public function validate_paygate_secret_field($key, $value)
    {
        $given = trim((string) $value);
        try {
            if ($given !== '') {
                Settings::keep($key, $key === 'secret_key' ? Keys::secretKey($given) : Keys::webhookSecret($given));
            }
        } catch (Trouble $e) {
            \WC_Admin_Settings::add_error($e->getMessage());
        }
        return '';
    }

    public function validate_paygate_address_field($key, $value)
    {
        return '';
    }

    public function validate_paygate_connection_field($key, $value)
    {
        return '';
    }

    /** A wrong value is told, and what was there stays. */
    private function orBefore(string $key, callable $read): string
    {
        try {
            return $read();
        } catch (Trouble $e) {
            \WC_Admin_Settings::add_error($e->getMessage());
            return (string) $this->get_option($key);
        }
    }
}
