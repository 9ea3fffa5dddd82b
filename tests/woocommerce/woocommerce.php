<?php
/**
 * Doubles of WooCommerce, after its sources: order, refund, gateway, mail. Orders are in a file; saving writes what was
 * changed in this object, as WooCommerce does, so two processes can overwrite each other's unless they take turns.
 */

declare(strict_types=1);

namespace Automattic\WooCommerce\Utilities {
    final class FeaturesUtil
    {
        public static $declared = [];

        public static function declare_compatibility($feature, $file, $is = true)
        {
            self::$declared[$feature] = $is;
        }
    }
}

namespace Automattic\WooCommerce\Caches {
    final class OrderCache
    {
        public function remove($id)
        {
            shop_forgets('object', $id);
        }
    }
}

namespace Automattic\WooCommerce\Blocks\Payments\Integrations {
    abstract class AbstractPaymentMethodType
    {
        protected $name = '';
        protected $settings = [];

        abstract public function initialize();

        public function get_name()
        {
            return $this->name;
        }

        protected function get_setting($name, $default = '')
        {
            return $this->settings[$name] ?? $default;
        }

        public function is_active()
        {
            return true;
        }

        public function get_payment_method_script_handles()
        {
            return [];
        }

        public function get_payment_method_data()
        {
            return [];
        }
    }
}

namespace {
    class WC_Order
    {
        private $id;
        private $data;
        private $changes = [];
        private $metaChanges = [];
        private $transition = null;

        public function __construct(int $id, array $data)
        {
            $this->id = $id;
            $this->data = $data;
        }

        public static function generate_meta_cache_key($id, $group)
        {
            return "object_meta_$id";
        }

        private function prop(string $name)
        {
            return $this->changes[$name] ?? $this->data[$name] ?? '';
        }

        public function get_id()
        {
            return $this->id;
        }

        public function get_status()
        {
            return $this->prop('status');
        }

        public function has_status($status)
        {
            return in_array($this->get_status(), (array) $status, true);
        }

        public function get_total()
        {
            return $this->prop('total');
        }

        public function get_currency()
        {
            return $this->prop('currency');
        }

        public function get_order_key()
        {
            return $this->prop('key');
        }

        public function get_order_number()
        {
            return (string) $this->id;
        }

        public function get_payment_method()
        {
            return $this->prop('payment_method');
        }

        public function set_payment_method($gateway)
        {
            if (is_object($gateway)) {
                $this->changes['payment_method_title'] = $gateway->get_title();
            }
            $this->changes['payment_method'] = is_object($gateway) ? $gateway->id : $gateway;
        }

        public function get_billing_email()
        {
            return $this->data['billing_email'] ?? 'noi@customer.example';
        }

        public function get_transaction_id()
        {
            return $this->prop('transaction_id');
        }

        public function set_transaction_id($id)
        {
            $this->changes['transaction_id'] = $id;
        }

        public function get_date_paid()
        {
            return $this->prop('date_paid') ?: null;
        }

        public function is_paid()
        {
            return $this->has_status(['processing', 'completed']);
        }

        public function get_meta($name, $single = true)
        {
            return $this->metaChanges[$name] ?? $this->data['meta'][$name] ?? '';
        }

        public function update_meta_data($name, $value)
        {
            $this->metaChanges[$name] = $value;
        }

        public function delete_meta_data($name)
        {
            $this->metaChanges[$name] = '';
        }

        public function get_checkout_payment_url()
        {
            return home_url("/checkout/order-pay/{$this->id}/?pay_for_order=true&key=" . $this->get_order_key());
        }

        public function get_checkout_order_received_url()
        {
            return home_url("/checkout/order-received/{$this->id}/?key=" . $this->get_order_key());
        }

        public function set_status($status)
        {
            $from = $this->get_status();
            if ($from !== $status) {
                $this->transition = [$this->transition[0] ?? $from, $status];
                $this->changes['status'] = $status;
                if (!$this->get_date_paid() && in_array($status, ['processing', 'completed'], true)) {
                    $this->changes['date_paid'] = time();
                }
            }
        }

        public function update_status($status, $note = '')
        {
            $this->set_status($status);
            $this->save();
            return true;
        }

        public function payment_complete($transaction_id = '')
        {
            shop_tell('payment_complete', [$this->id, $transaction_id]);
            usleep(50000); // Mails are sent, stock is reduced: another request has the time to come between.
            if (get_option('break_payment_complete')) {
                return false;
            }
            if ($this->has_status(['on-hold', 'pending', 'failed', 'cancelled'])) {
                $this->set_transaction_id($transaction_id);
                if (!$this->get_date_paid()) {
                    $this->changes['date_paid'] = time();
                }
                $this->set_status('processing');
                $this->save();
                shop_tell('paid', $this->id);
                if (get_option('completes_at_once')) { // A plugin for goods that need no sending.
                    wc_get_order($this->id)->update_status('completed');
                }
            }
            return true;
        }

        public function add_order_note($text, $to_customer = 0, $by_user = false)
        {
            shop_file('notes', function (array $all) use ($text, $to_customer): array {
                $all[$this->id][] = [$text, (bool) $to_customer];
                return $all;
            });
        }

        public function get_refunds()
        {
            $all = array_filter(shop_file('orders'), function (array $one): bool {
                return $one['kind'] === 'refund' && $one['parent'] === $this->id;
            });
            return array_map('wc_get_order', array_keys($all));
        }

        public function get_remaining_refund_amount()
        {
            $left = (float) $this->get_total();
            foreach ($this->get_refunds() as $one) {
                $left -= (float) $one->get_amount();
            }
            return round($left, 2);
        }

        public function get_amount()
        {
            return $this->prop('amount');
        }

        public function save()
        {
            $sync = get_option('sync');
            shop_file('orders', function (array $all) use ($sync): array {
                $stored = $all[$this->id];
                // Where orders are kept in two places, and the copy is written: all that this object knows of it.
                $known = $sync ? $this->data : $stored;
                $all[$this->id] = $this->changes + $known;
                $all[$this->id]['meta'] = $this->metaChanges + ($known['meta'] ?? []);
                $this->data = $GLOBALS['remembered'][$this->id] = $all[$this->id];
                return $all;
            });
            $this->changes = $this->metaChanges = [];
            $moved = $this->transition;
            $this->transition = null;
            if ($moved !== null) {
                shop_tell('status', [$this->id, $moved[0], $moved[1]]);
                do_action('woocommerce_order_status_' . $moved[1], $this->id, $this);
                if ($moved[1] === 'completed' && apply_filters('woocommerce_email_enabled_customer_completed_order', true, $this, null)) {
                    shop_tell('mail', ['customer_completed_order', $this->id]);
                }
            }
            return $this->id;
        }

        public function delete($force = false)
        {
            shop_file('orders', function (array $all): array {
                unset($all[$this->id], $GLOBALS['remembered'][$this->id]);
                return $all;
            });
        }
    }

    final class WC_Data_Store
    {
        public static function load($kind)
        {
            return new self();
        }

        public function clear_cached_data($ids)
        {
            shop_forgets('store', $ids[0]);
        }
    }

    final class ShopContainer
    {
        public function get($class)
        {
            return new $class();
        }
    }

    function wc_get_container()
    {
        return new ShopContainer();
    }

    final class WC_Order_Refund extends WC_Order
    {
    }

    /** WordPress and WooCommerce remember in a request what they have read: others' changes are not seen until it is forgotten. */
    function wc_get_order($id)
    {
        $found = $GLOBALS['remembered'][(int) $id] ?? null;
        if ($found === null) {
            $found = $GLOBALS['remembered'][(int) $id] = shop_file('orders')[(int) $id] ?? null;
            shop_tell('read', (int) $id);
        }
        if ($found === null) {
            return false;
        }
        return $found['kind'] === 'refund' ? new WC_Order_Refund((int) $id, $found) : new WC_Order((int) $id, $found);
    }

    function shop_new_order(array $data): int
    {
        $id = 0;
        shop_file('orders', static function (array $all) use ($data, &$id): array {
            $id = $all === [] ? 101 : max(array_keys($all)) + 1;
            $all[$id] = $data + ['meta' => []];
            return $all;
        });
        return $id;
    }

    /** After WooCommerce's own: the refund is there before the gateway is asked, and goes when it says no. */
    function wc_create_refund($args)
    {
        $order = wc_get_order($args['order_id']);
        $left = $order->get_remaining_refund_amount();
        if ($args['amount'] > $left) {
            return new WP_Error('error', 'Invalid refund amount.');
        }
        $facts = ['kind' => 'refund', 'parent' => $order->get_id(), 'amount' => $args['amount'], 'reason' => $args['reason'] ?? ''];
        $refund = wc_get_order(shop_new_order($facts));
        if ($args['refund_payment'] ?? false) {
            $gateway = WC()->payment_gateways()->payment_gateways()[$order->get_payment_method()];
            $done = $gateway->process_refund($order->get_id(), $args['amount'], $args['reason'] ?? '');
            if (!$done || is_wp_error($done)) {
                $refund->delete();
                return is_wp_error($done) ? $done : new WP_Error('error', 'An error occurred.');
            }
        }
        $mail = new WC_Email_Customer_Refunded_Order();
        if ($left - $args['amount'] > 0) {
            $mail->trigger_partial($order->get_id(), $refund->get_id());
        } else {
            $mail->trigger_full($order->get_id(), $refund->get_id());
            $order->update_status('refunded');
        }
        $order->save();
        do_action('woocommerce_refund_created', $refund->get_id(), $args);
        return wc_get_order($refund->get_id());
    }

    final class WC_Email_Customer_Refunded_Order
    {
        public $refund;

        public function trigger_full($order_id, $refund_id = null)
        {
            $this->trigger('customer_refunded_order', $order_id, $refund_id);
        }

        public function trigger_partial($order_id, $refund_id = null)
        {
            $this->trigger('customer_partially_refunded_order', $order_id, $refund_id);
        }

        private function trigger(string $id, $order_id, $refund_id): void
        {
            $this->refund = empty($refund_id) ? false : wc_get_order($refund_id);
            if (apply_filters("woocommerce_email_enabled_$id", true, wc_get_order($order_id), $this)) {
                shop_tell('mail', [$id, $order_id]);
            }
        }
    }

    function wc_switch_to_site_locale()
    {
        shop_switch(get_option('site_locale', get_option('locale', 'en_US')));
    }

    function wc_restore_locale()
    {
        shop_switch(null);
    }

    /** After WooCommerce's own, for as much of it as a mail of one's own uses. */
    class WC_Email
    {
        public $id;
        public $title;
        public $description;
        public $customer_email = false;
        public $placeholders = [];
        public $object;
        public $recipient = '';

        public function __construct()
        {
            $this->placeholders += ['{site_title}' => get_bloginfo('name')];
        }

        public function setup_locale()
        {
            $this->customer_email && wc_switch_to_site_locale();
        }

        public function restore_locale()
        {
            $this->customer_email && wc_restore_locale();
        }

        public function is_enabled()
        {
            return apply_filters('woocommerce_email_enabled_' . $this->id, !in_array($this->id, get_option('mails_off', []), true), $this->object, $this);
        }

        public function get_recipient()
        {
            return $this->recipient;
        }

        public function get_subject()
        {
            return strtr($this->get_default_subject(), $this->placeholders);
        }

        public function get_heading()
        {
            return strtr($this->get_default_heading(), $this->placeholders);
        }

        public function get_content()
        {
            return get_option('mails_plain') ? wordwrap(strip_tags($this->get_content_plain()), 70) : $this->get_content_html();
        }

        public function get_headers()
        {
            return '';
        }

        public function get_attachments()
        {
            return [];
        }

        public function send($to, $subject, $text, $headers, $attachments)
        {
            shop_tell('sent', [$this->id, $to, $subject, $text]);
            if (get_option('mails_broken')) {
                throw new RuntimeException('SMTP is down');
            }
            return true;
        }
    }

    abstract class WC_Settings_API
    {
        public $plugin_id = 'woocommerce_';
        public $id = '';
        public $settings = [];
        public $form_fields = [];

        public function get_option_key()
        {
            return $this->plugin_id . $this->id . '_settings';
        }

        public function get_field_key($key)
        {
            return $this->plugin_id . $this->id . '_' . $key;
        }

        public function init_settings()
        {
            $this->settings = get_option($this->get_option_key(), null);
            if (!is_array($this->settings)) {
                $this->settings = array_map(static function (array $field) {
                    return $field['default'] ?? '';
                }, $this->form_fields);
            }
        }

        public function get_option($key, $empty = null)
        {
            return $this->settings[$key] ?? $this->form_fields[$key]['default'] ?? '';
        }

        public function process_admin_options()
        {
            $this->init_settings();
            foreach ($this->form_fields as $key => $field) {
                $value = $_POST[$this->get_field_key($key)] ?? null;
                $type = $field['type'];
                foreach (["validate_{$key}_field", "validate_{$type}_field"] as $method) {
                    if (is_callable([$this, $method])) {
                        $this->settings[$key] = $this->$method($key, $value);
                        continue 2;
                    }
                }
                $this->settings[$key] = $type === 'checkbox' ? ($value === null ? 'no' : 'yes') : trim(wp_kses_post((string) $value));
            }
            update_option($this->get_option_key(), $this->settings);
            return true;
        }

        public function admin_options()
        {
            foreach ($this->form_fields as $key => $field) {
                $method = "generate_{$field['type']}_html";
                echo method_exists($this, $method)
                    ? $this->$method($key, $field)
                    : '<input type="text" name="' . esc_attr($this->get_field_key($key)) . '" value="' . esc_attr($this->get_option($key)) . '">';
            }
        }
    }

    abstract class WC_Payment_Gateway extends WC_Settings_API
    {
        public $order_button_text;
        public $enabled = 'yes';
        public $title;
        public $description;
        public $method_title = '';
        public $method_description = '';
        public $has_fields;
        public $icon;
        public $supports = ['products'];
        public $view_transaction_url = '';

        public function init_settings()
        {
            parent::init_settings();
            $this->enabled = ($this->settings['enabled'] ?? '') === 'yes' ? 'yes' : 'no';
        }

        public function supports($feature)
        {
            return in_array($feature, $this->supports, true);
        }

        public function is_available()
        {
            return $this->enabled === 'yes';
        }

        public function get_title()
        {
            return $this->title;
        }

        public function get_description()
        {
            return $this->description;
        }

        public function payment_fields()
        {
            echo '<p>' . wp_kses_post($this->get_description()) . '</p>';
        }

        public function get_return_url($order = null)
        {
            return $order ? $order->get_checkout_order_received_url() : home_url('/checkout/order-received/');
        }

        public function can_refund_order($order)
        {
            return $order && $this->supports('refunds');
        }

        public function get_transaction_url($order)
        {
            return sprintf($this->view_transaction_url, $order->get_transaction_id());
        }
    }

    final class WC_Admin_Settings
    {
        public static $errors = [];

        public static function add_error($text)
        {
            self::$errors[] = $text;
        }
    }

    final class WC_Logger
    {
        public function info($text, $context = [])
        {
            shop_tell('log', ['info', $text, $context]);
        }

        public function error($text, $context = [])
        {
            shop_tell('log', ['error', $text, $context]);
        }
    }

    final class WooCommerce
    {
        public function api_request_url($name)
        {
            return home_url("/wc-api/$name/");
        }

        public function payment_gateways()
        {
            static $all = null;
            return $all = $all ?? new WC_Payment_Gateways();
        }

        public function mailer()
        {
            return $this;
        }

        public function get_emails()
        {
            return apply_filters('woocommerce_email_classes', ['WC_Email_Customer_Refunded_Order' => new WC_Email_Customer_Refunded_Order()]);
        }

        public function wrap_message($heading, $body)
        {
            $texts = preg_split('/(<[^>]*>)/', $body, -1, PREG_SPLIT_DELIM_CAPTURE);
            foreach ($texts as $i => $text) {
                $texts[$i] = $i % 2 === 1 ? $text : str_replace('--', '&#8211;', $text); // wptexturize()
            }
            return '<h1>' . esc_html($heading) . '</h1>' . implode('', $texts);
        }
    }

    final class WC_Payment_Gateways
    {
        public function payment_gateways()
        {
            static $all = [];
            foreach ($all === [] ? apply_filters('woocommerce_payment_gateways', []) : [] as $class) {
                $one = new $class();
                $all[$one->id] = $one;
            }
            return $all;
        }
    }

    function WC()
    {
        static $one = null;
        return $one = $one ?? new WooCommerce();
    }

    function wc_get_logger()
    {
        return new WC_Logger();
    }

    function wc_add_notice($text, $type = 'success')
    {
        $GLOBALS['notices'][] = [$type, $text];
    }

    function get_woocommerce_currency()
    {
        return get_option('woocommerce_currency', 'THB');
    }
}
