<?php
/**
 * Doubles of WordPress, for as much of it as the plugin calls. None of them is of the plugin's own code. Options are in
 * files under a lock, so that several processes of one shop see the same; what is printed or sent is real.
 */

declare(strict_types=1);

/** A file of the shop, changed by one process at a time. $change gets what is there and returns what shall be. */
function shop_file(string $name, ?callable $change = null): array
{
    $file = fopen(getenv('SHOP_FOLDER') . "/$name.json", 'c+');
    flock($file, LOCK_EX);
    $all = unserialize(stream_get_contents($file) ?: 'a:0:{}');
    if ($change !== null) {
        $all = $change($all);
        ftruncate($file, 0);
        rewind($file);
        fwrite($file, serialize($all));
    }
    fclose($file);
    return $all;
}

/** What happened, for the tests. */
function shop_tell(string $what, $about): void
{
    shop_file('told', static function (array $all) use ($what, $about): array {
        $all[] = [$what, $about];
        return $all;
    });
}

final class Ended extends Exception {} // wp_die()

// --- hooks ----------------------------------------------------------------------------------------------------------

function add_filter($name, $do, $priority = 10, $most = 1)
{
    $GLOBALS['hooks'][$name][$priority][] = [$do, $most];
    return true;
}

function add_action($name, $do, $priority = 10, $most = 1)
{
    return add_filter($name, $do, $priority, $most);
}

function has_action($name)
{
    return isset($GLOBALS['hooks'][$name]);
}

function apply_filters($name, $value, ...$more)
{
    $hooks = $GLOBALS['hooks'][$name] ?? [];
    ksort($hooks);
    foreach ($hooks as $all) {
        foreach ($all as list($do, $most)) {
            $value = $do(...array_slice([$value, ...$more], 0, $most));
        }
    }
    return $value;
}

function do_action($name, ...$args)
{
    $hooks = $GLOBALS['hooks'][$name] ?? [];
    ksort($hooks);
    foreach ($hooks as $all) {
        foreach ($all as list($do, $most)) {
            $do(...array_slice($args === [] ? [''] : $args, 0, $most));
        }
    }
}

// --- options --------------------------------------------------------------------------------------------------------

function get_option($name, $default = false)
{
    return shop_file('options')[$name] ?? ($name === 'permalink_structure' ? '/%postname%/' : $default);
}

function update_option($name, $value, $autoload = null)
{
    shop_file('options', static function (array $all) use ($name, $value): array {
        return [$name => $value] + $all;
    });
    return true;
}

function delete_option($name)
{
    shop_file('options', static function (array $all) use ($name): array {
        unset($all[$name]);
        return $all;
    });
    return true;
}

/** One of the four places where an order is remembered; it is read again when none of them has it. */
function shop_forgets(string $place, $id): void
{
    $GLOBALS['forgotten'][(int) $id][$place] = true;
    if (count($GLOBALS['forgotten'][(int) $id]) === 4) {
        unset($GLOBALS['remembered'][(int) $id], $GLOBALS['forgotten'][(int) $id]);
    }
}

function clean_post_cache($id)
{
    shop_forgets('post', $id);
}

function wp_cache_delete($key, $group = '')
{
    if ($group === 'orders' && preg_match('/\Aobject_meta_([0-9]+)\z/', $key, $part)) {
        shop_forgets('meta', $part[1]);
    }
    return true;
}

/** Knows the four statements of the plugin's lock, and the one of its end. */
final class wpdb
{
    public $options = 'wp_options';

    public function prepare($sql, ...$values)
    {
        return vsprintf(str_replace('%s', "'%s'", $sql), array_map('addslashes', $values));
    }

    public function esc_like($text)
    {
        return addcslashes($text, '_%\\');
    }

    public function get_var($sql)
    {
        preg_match("/\ASELECT option_value FROM wp_options WHERE option_name = '(.*)'\z/", $sql, $part) || $this->refuse($sql);
        return shop_file('options')[$part[1]] ?? null;
    }

    public function query($sql)
    {
        $value = "'([^']*)'";
        $done = 0;
        shop_file('options', function (array $all) use ($sql, $value, &$done): array {
            if (preg_match("/\AINSERT IGNORE INTO wp_options \(option_name, option_value, autoload\) VALUES \($value, $value, 'no'\)\z/", $sql, $p)) {
                $done = isset($all[$p[1]]) ? 0 : 1;
                return $all + [$p[1] => $p[2]];
            }
            if (preg_match("/\AUPDATE wp_options SET option_value = $value WHERE option_name = $value AND option_value = $value\z/", $sql, $p)) {
                $done = ($all[$p[2]] ?? null) === $p[3] ? 1 : 0;
                return $done ? [$p[2] => $p[1]] + $all : $all;
            }
            if (preg_match("/\ADELETE FROM wp_options WHERE option_name = $value AND option_value = $value\z/", $sql, $p)) {
                $done = ($all[$p[1]] ?? null) === $p[2] ? 1 : 0;
                return $done ? array_diff_key($all, [$p[1] => 1]) : $all;
            }
            if (preg_match("/\ADELETE FROM wp_options WHERE option_name LIKE '(.*)%'\z/", $sql, $p)) {
                $begin = str_replace('\\', '', $p[1]);
                return array_filter($all, static function ($name) use ($begin): bool {
                    return strncmp((string) $name, $begin, strlen($begin)) !== 0;
                }, ARRAY_FILTER_USE_KEY);
            }
            $this->refuse($sql);
        });
        return $done;
    }

    private function refuse(string $sql): void
    {
        throw new LogicException("The double knows no such statement: $sql");
    }
}

$GLOBALS['wpdb'] = new wpdb();

// --- words ----------------------------------------------------------------------------------------------------------

function determine_locale()
{
    return $GLOBALS['switched'] ?? get_option('locale', 'en_US');
}

/** Words that were loaded are loaded in the other language, as WordPress does when it switches. */
function shop_switch(?string $locale): void
{
    $GLOBALS['switched'] = $locale;
    foreach (array_keys($GLOBALS['words'] ?? []) as $domain) {
        load_plugin_textdomain($domain, false, "$domain/languages");
    }
}

function load_plugin_textdomain($domain, $unused, $folder)
{
    $file = getenv('PLUGINS') . "/$folder/$domain-" . determine_locale() . '.mo';
    $GLOBALS['words'][$domain] = is_file($file) ? shop_read_mo((string) file_get_contents($file)) : [];
    return is_file($file);
}

/** gettext's binary form, as its manual has it. */
function shop_read_mo(string $bytes): array
{
    $head = unpack('Vmagic/Vrevision/Vcount/Vids/Vtexts', $bytes);
    if ($head['magic'] !== 0x950412de || $head['revision'] !== 0) {
        throw new LogicException('This is no .mo file.');
    }
    $words = [];
    for ($i = 0; $i < $head['count']; $i++) {
        $id = unpack('Vlength/Vat', $bytes, $head['ids'] + 8 * $i);
        $text = unpack('Vlength/Vat', $bytes, $head['texts'] + 8 * $i);
        $words[substr($bytes, $id['at'], $id['length'])] = substr($bytes, $text['at'], $text['length']);
    }
    return $words;
}

function __($text, $domain = 'default')
{
    return $GLOBALS['words'][$domain][$text] ?? $text;
}

function esc_html__($text, $domain = 'default')
{
    return esc_html(__($text, $domain));
}

function esc_html($text)
{
    return htmlspecialchars((string) $text, ENT_QUOTES);
}

function esc_attr($text)
{
    return htmlspecialchars((string) $text, ENT_QUOTES);
}

function esc_url($text)
{
    return htmlspecialchars((string) $text, ENT_QUOTES);
}

function wp_kses_post($text)
{
    return preg_replace('~<script.*?</script>~s', '', (string) $text);
}

function wp_strip_all_tags($text)
{
    return strip_tags((string) $text);
}

function wp_specialchars_decode($text, $quotes = ENT_NOQUOTES)
{
    return htmlspecialchars_decode($text, $quotes);
}

function sanitize_key($text)
{
    return preg_replace('/[^a-z0-9_-]/', '', strtolower((string) $text));
}

function sanitize_text_field($text)
{
    return trim(strip_tags((string) $text));
}

function wp_unslash($value)
{
    return is_array($value) ? array_map('wp_unslash', $value) : stripslashes((string) $value);
}

function wp_add_privacy_policy_content($name, $text)
{
    $GLOBALS['policy'] = [$name, $text];
}

/** After WordPress' own, which reads constants. */
final class WP_HTTP_Proxy
{
    public function is_enabled()
    {
        return (bool) get_option('proxy_port');
    }

    public function send_through_proxy($address)
    {
        return parse_url($address, PHP_URL_HOST) !== parse_url(home_url(), PHP_URL_HOST);
    }

    public function host()
    {
        return '127.0.0.1';
    }

    public function port()
    {
        return get_option('proxy_port');
    }

    public function use_authentication()
    {
        return true;
    }

    public function authentication()
    {
        return 'shop:proxy-word';
    }
}

function absint($value)
{
    return abs((int) $value);
}

function untrailingslashit($text)
{
    return rtrim($text, '/\\');
}

function wp_json_encode($value)
{
    return json_encode($value);
}

function human_time_diff($from)
{
    return max(1, (int) ((time() - $from) / 60)) . ' mins';
}

// --- the site -------------------------------------------------------------------------------------------------------

/** A plugin for several languages puts the page's into it. */
function home_url($path = '')
{
    return getenv('SHOP_ADDRESS') . get_option('language_path', '') . $path;
}

/** Options as the database has them: no plugin changes what is in here. */
function wp_load_alloptions()
{
    return shop_file('options') + ['home' => getenv('SHOP_ADDRESS')];
}

function admin_url($path = '')
{
    return home_url('/wp-admin/' . $path);
}

function get_bloginfo($name)
{
    return 'Tom &amp; Noi&#039;s';
}

function plugin_basename($file)
{
    return substr($file, strlen(getenv('PLUGINS')) + 1);
}

function plugins_url($path, $file)
{
    return home_url('/wp-content/plugins/' . dirname(plugin_basename($file)) . '/' . $path);
}

function get_query_var($name)
{
    return $GLOBALS['query'][$name] ?? '';
}

function is_multisite()
{
    return false;
}

function current_user_can($right)
{
    return ($GLOBALS['rights'] ?? []) === [] ? false : in_array($right, $GLOBALS['rights'], true);
}

function wp_create_nonce($for)
{
    return substr(hash('sha256', "nonce $for"), 0, 10);
}

function check_ajax_referer($for, $name)
{
    if (($_POST[$name] ?? '') !== wp_create_nonce($for)) {
        shop_end(403, '-1');
    }
}

function wp_register_script($name, $address, $needs = [], $version = false, $footer = false)
{
    $GLOBALS['scripts'][$name] = ['address' => $address, 'needs' => $needs, 'version' => $version];
    return true;
}

function wp_enqueue_script($name, $address = '', $needs = [], $version = false, $footer = false)
{
    wp_register_script($name, $address, $needs, $version, $footer);
}

function wp_add_inline_script($name, $code, $place = 'after')
{
    $GLOBALS['scripts'][$name][$place] = $code;
}

function shop_end(int $status, string $body): void
{
    $GLOBALS['ended'] = [$status, $body];
    throw new Ended();
}

function wp_send_json($value, $status = null)
{
    shop_end($status ?? 200, (string) wp_json_encode($value));
}

function wp_send_json_success($value = null, $status = null)
{
    wp_send_json(['success' => true, 'data' => $value], $status);
}

function wp_send_json_error($value = null, $status = null)
{
    wp_send_json(['success' => false, 'data' => $value], $status);
}

final class WP_Error
{
    private $message;

    public function __construct($code, $message)
    {
        $this->message = $message;
    }

    public function get_error_message()
    {
        return $this->message;
    }
}

function is_wp_error($value)
{
    return $value instanceof WP_Error;
}
