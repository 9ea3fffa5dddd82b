<?php
/**
 * When the plugin is deleted: settings and secrets go. What stands in orders stays, it is the shop's books.
 */

declare(strict_types=1);

defined('WP_UNINSTALL_PLUGIN') || exit;

(static function (): void {
    $forget = static function (): void {
        global $wpdb;
        foreach (['woocommerce_paygate_promptpay_settings', 'paygate_promptpay_secrets', 'paygate_promptpay_heard', 'paygate_promptpay_refused'] as $name) {
            delete_option($name);
        }
        $wpdb->query($wpdb->prepare("DELETE FROM {$wpdb->options} WHERE option_name LIKE %s", $wpdb->esc_like('paygate_lock_') . '%'));
    };
    if (!is_multisite()) {
        $forget();
        return;
    }
    foreach (get_sites(['fields' => 'ids', 'number' => 0]) as $site) {
        switch_to_blog((int) $site);
        $forget();
        restore_current_blog();
    }
})();
