<?php
/**
 * A shop: the doubles, the plugin as it was unpacked, and two ways in. /wc-api/NAME/ is WooCommerce's own; POST /do runs one of
 * the calls below for a test and answers {"ok": ...} or {"error": {"name", "message"}}. Every warning is an error.
 */

declare(strict_types=1);

error_reporting(E_ALL);
set_error_handler(static function (int $level, string $text, string $file, int $line): bool {
    throw new ErrorException($text, 0, $level, $file, $line);
});
define('ABSPATH', __DIR__ . '/');
require __DIR__ . '/wordpress.php';
if (getenv('WITHOUT_WOOCOMMERCE') === false) {
    require __DIR__ . '/woocommerce.php';
}
require getenv('PLUGINS') . '/paygate-promptpay/paygate-promptpay.php';
do_action('plugins_loaded');
do_action('before_woocommerce_init');
do_action('init');

/** What a hook printed. */
function printed(callable $do): string
{
    ob_start();
    $do();
    return (string) ob_get_clean();
}

function gateway(): WC_Payment_Gateway
{
    return WC()->payment_gateways()->payment_gateways()['paygate_promptpay'];
}

/** The settings form as a browser sends it. */
function save_settings(array $fields): array
{
    $before = get_option('woocommerce_paygate_promptpay_settings', []);
    $_POST = [];
    foreach ($fields + (is_array($before) ? $before : []) as $name => $value) {
        if ($name !== 'enabled' || $value === 'yes') {
            $_POST["woocommerce_paygate_promptpay_$name"] = $value;
        }
    }
    gateway()->process_admin_options();
    return WC_Admin_Settings::$errors;
}

function ajax(string $action, array $rights, ?string $nonce = null): array
{
    $GLOBALS['rights'] = $rights;
    $_POST['nonce'] = $nonce ?? wp_create_nonce('paygate_promptpay');
    try {
        do_action("wp_ajax_paygate_promptpay_$action");
    } catch (Ended $e) {
        list($status, $body) = $GLOBALS['ended'];
        return ['status' => $status, 'body' => json_decode($body, true)];
    }
    throw new LogicException('The action did not answer.');
}

$calls = [
    'static' => static function (string $class, string $method, array $args) {
        return ("PayGatePromptPay\\$class::$method")(...$args);
    },
    'request' => static function (array $order, int $attempt): array {
        $made = new PayGatePromptPay\PaymentRequest($order, $attempt);
        return ['key' => $made->idempotencyKey] + get_object_vars($made);
    },
    'settings' => 'save_settings',
    'rest_settings' => static function (array $fields): array { // As WooCommerce's API takes them.
        $values = $fields + get_option('woocommerce_paygate_promptpay_settings', []);
        gateway()->settings = $values;
        update_option('woocommerce_paygate_promptpay_settings', apply_filters('woocommerce_gateway_paygate_promptpay_settings_values', $values, gateway()));
        return gateway()->settings;
    },
    'again' => static function (string $file): string { // Another copy of the plugin.
        require $file;
        return printed(static function (): void {
            do_action('admin_notices');
        });
    },
    'option' => static function (string $name, $value) {
        return update_option($name, $value);
    },
    'forget' => static function (string $name) {
        return delete_option($name);
    },
    'options' => static function (): array {
        return shop_file('options');
    },
    'order' => static function (array $facts): int {
        $usual = ['kind' => 'order', 'status' => 'pending', 'total' => '150.07', 'currency' => 'THB', 'key' => 'wc_order_' . bin2hex(random_bytes(6))];
        return shop_new_order($facts + $usual + ['payment_method' => 'paygate_promptpay']);
    },
    'change' => static function (int $id, array $facts): void {
        shop_file('orders', static function (array $all) use ($id, $facts): array {
            $all[$id] = $facts + $all[$id];
            return $all;
        });
    },
    'remove' => static function (int $id): void {
        wc_get_order($id)->delete(true);
    },
    'move' => static function (int $id, string $status): void {
        wc_get_order($id)->update_status($status);
    },
    'see' => static function (int $id): array {
        $all = shop_file('orders');
        return $all[$id] + ['notes' => shop_file('notes')[$id] ?? [], 'refunds' => array_values(array_filter($all, static function (array $one) use ($id): bool {
            return ($one['parent'] ?? 0) === $id;
        }))];
    },
    'told' => static function (): array {
        return shop_file('told');
    },
    'pay' => static function (int $id): array {
        return gateway()->process_payment($id) + ['notices' => $GLOBALS['notices'] ?? []];
    },
    'visit' => static function (string $page, int $id, string $key, string $payment = ''): void {
        $GLOBALS['query'] = [$page => (string) $id];
        $_GET['payment_id'] = $payment;
        $_GET['key'] = $key;
        do_action('template_redirect');
    },
    'refund' => static function (int $id, string $amount, string $reason): array {
        $made = wc_create_refund(['order_id' => $id, 'amount' => $amount, 'reason' => $reason, 'refund_payment' => true]);
        return is_wp_error($made) ? ['error' => $made->get_error_message()] : ['id' => $made->get_id()];
    },
    'refundable' => static function (int $id): bool {
        return gateway()->can_refund_order(wc_get_order($id));
    },
    'payee' => static function (int $id, string $number, string $name, bool $forget = false): void {
        $_POST = ['paygate_payee_promptpay' => $number, 'paygate_payee_name' => $name] + ($forget ? ['paygate_payee_forget' => '1'] : []);
        do_action('woocommerce_process_shop_order_meta', $id, wc_get_order($id));
    },
    'rest' => static function (int $id): array {
        $meta = [];
        foreach (shop_file('orders')[$id]['meta'] as $key => $value) {
            $meta[] = (object) ['key' => $key, 'value' => $value];
        }
        return apply_filters('woocommerce_rest_prepare_shop_order_object', (object) ['data' => ['meta_data' => $meta]], wc_get_order($id), null)->data;
    },
    'export' => static function (int $id): array { // As WooCommerce's exporter does it.
        $told = [];
        foreach (apply_filters('woocommerce_privacy_export_order_personal_data_meta', ['Payer' => 'Payer']) as $key => $name) {
            $value = apply_filters('woocommerce_privacy_export_order_personal_data_meta_value', wc_get_order($id)->get_meta($key), $key, wc_get_order($id));
            if ($value) {
                $told[$name] = $value;
            }
        }
        return $told;
    },
    'erase' => static function (int $id): void { // As WooCommerce's eraser does it.
        $order = wc_get_order($id);
        foreach (apply_filters('woocommerce_privacy_remove_order_personal_data_meta', ['Payer' => 'text']) as $key => $kind) {
            $value = $order->get_meta($key);
            if (empty($value) || empty($kind)) {
                continue;
            }
            $left = apply_filters('woocommerce_privacy_remove_order_personal_data_meta_value', '[deleted]', $key, $value, $kind, $order);
            $left ? $order->update_meta_data($key, $left) : $order->delete_meta_data($key);
        }
        $order->save();
    },
    'policy' => static function (): array {
        do_action('admin_init');
        return $GLOBALS['policy'];
    },
    'action' => static function (int $id, string $name): void {
        do_action("woocommerce_order_action_$name", wc_get_order($id));
    },
    'actions' => static function (int $id): array {
        return apply_filters('woocommerce_order_actions', ['mail' => 'Mail'], wc_get_order($id));
    },
    'may_cancel' => static function (int $id): bool {
        return apply_filters('woocommerce_cancel_unpaid_order', true, wc_get_order($id));
    },
    'ajax' => 'ajax',
    'offered' => static function (array $query): bool {
        $GLOBALS['query'] = $query;
        return gateway()->is_available();
    },
    'pages' => static function (int $id): array {
        $GLOBALS['rights'] = ['manage_woocommerce'];
        $_GET['section'] = 'paygate_promptpay';
        do_action('admin_enqueue_scripts', 'woocommerce_page_wc-settings');
        return [
            'settings' => printed([gateway(), 'admin_options']),
            'checkout' => printed([gateway(), 'payment_fields']),
            'notices' => printed(static function (): void {
                do_action('admin_notices');
            }),
            'order' => printed(static function () use ($id): void {
                do_action('woocommerce_admin_order_data_after_billing_address', wc_get_order($id));
            }),
            'scripts' => $GLOBALS['scripts'],
            'links' => apply_filters('plugin_action_links_paygate-promptpay/paygate-promptpay.php', []),
            'title' => gateway()->get_title(),
            'test' => gateway()->is_test_mode(),
            'method' => [gateway()->method_title, gateway()->method_description],
        ];
    },
    'blocks' => static function (): array {
        $registry = new class {
            public $all = [];

            public function register($one): void
            {
                $one->initialize();
                $this->all[] = $one;
            }
        };
        do_action('woocommerce_blocks_payment_method_type_registration', $registry);
        $one = $registry->all[0];
        $handles = $one->get_payment_method_script_handles();
        return ['name' => $one->get_name(), 'active' => $one->is_active(), 'data' => $one->get_payment_method_data(), 'scripts' => $GLOBALS['scripts'], 'handles' => $handles];
    },
    'declared' => static function (): array {
        return Automattic\WooCommerce\Utilities\FeaturesUtil::$declared;
    },
    'uninstall' => static function (): void {
        define('WP_UNINSTALL_PLUGIN', true);
        require getenv('PLUGINS') . '/paygate-promptpay/uninstall.php';
    },
    'classes' => static function (): array {
        return ['global' => class_exists('PayGate', false), 'own' => class_exists('PayGatePromptPay\Sdk\PayGate', false)];
    },
    'notices' => static function (): string {
        return printed(static function (): void {
            do_action('admin_notices');
        });
    },
];

$path = (string) parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
header('Content-Type: application/json');
if (preg_match('~\A/wc-api/([a-z_]+)/\z~', $path, $part)) {
    try {
        do_action("woocommerce_api_$part[1]");
        http_response_code(400);
        echo '-1';
    } catch (Ended $e) {
        http_response_code($GLOBALS['ended'][0]);
        echo $GLOBALS['ended'][1];
    }
    return;
}
if ($path !== '/do') {
    http_response_code(404);
    echo '{}';
    return;
}
try {
    $asked = json_decode((string) file_get_contents('php://input'), true, 512, JSON_THROW_ON_ERROR);
    echo json_encode(['ok' => $calls[$asked['call']](...$asked['args'])], JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE);
} catch (Throwable $e) {
    $where = basename($e->getFile()) . ':' . $e->getLine();
    echo json_encode(['error' => ['name' => get_class($e), 'message' => $e->getMessage(), 'where' => $where]], JSON_UNESCAPED_UNICODE);
}
