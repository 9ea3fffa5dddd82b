<?php
/**
 * What in a PHP file PHP 7.4 would not understand, as JSON: by the tokens that came later, by functions that it does not have,
 * and by shapes of the text without its strings and comments. PHP 8 runs it.
 */

declare(strict_types=1);

$found = $plain = [];
$tokens = token_get_all((string) file_get_contents($argv[1]));
$names = ['T_MATCH', 'T_NULLSAFE_OBJECT_OPERATOR', 'T_ATTRIBUTE', 'T_ENUM', 'T_READONLY'];
$newer = array_map('constant', array_filter($names, 'defined'));
$functions = ['str_contains', 'str_starts_with', 'str_ends_with', 'get_debug_type', 'array_is_list', 'fdiv', 'array_find', 'array_any', 'array_all', 'json_validate', 'mb_str_pad', 'mb_trim'];
foreach ($tokens as $token) {
    $is = is_array($token) ? $token[0] : null;
    if ($is !== null && in_array($is, [T_WHITESPACE, T_COMMENT, T_DOC_COMMENT, T_CONSTANT_ENCAPSED_STRING, T_ENCAPSED_AND_WHITESPACE, T_INLINE_HTML], true)) {
        $plain[] = $is === T_WHITESPACE ? ' ' : "''";
        continue;
    }
    if (in_array($is, $newer, true)) {
        $found[] = token_name($is);
    }
    if ($is === T_STRING && in_array(strtolower($token[1]), $functions, true)) {
        $found[] = $token[1];
    }
    $plain[] = is_array($token) ? $token[1] : $token;
}
$text = preg_replace('/\s+/', ' ', implode('', $plain));
$text = preg_replace('/catch ?\([^$)]*\$/', 'catch ($', $text); // Several kinds in one catch are older.
$shapes = [
    'promoted constructor' => '/__construct ?\([^)]*\b(public|private|protected)\b/',
    'union type' => '/[(,] ?\??[\\\\\w]+ ?\| ?[\\\\\w]+ \$|\) ?: ?\??[\\\\\w]+ ?\| ?[\\\\\w]+ ?[{;]/',
    'type mixed, never or static' => '/\) ?: ?\??(mixed|never|static)\b|[(,] ?mixed \$/',
    'named argument' => '/[(,] ?(?!case\b|default\b)[a-z_]\w* ?:(?!:)(?= ?[\w$\[\'"(])(?<!\?)/i',
    'throw as an expression' => '/(=>|\?\?|\?|:) throw\b/',
    'catch without a variable' => '/catch ?\([\\\\\w| ]+\) ?\{/',
    'comma after the last parameter' => '/function\b[^({]*\([^)]*, ?\) ?(use|:|\{)/',
    'class of an object' => '/\$\w+::class/',
    'first class callable' => '/\(\.\.\.\)/',
    'new in an initializer' => '/= new [\\\\\w]+(\([^)]*\))? ?[,)] ?[^;]*\{/',
];
foreach ($shapes as $name => $shape) {
    if (preg_match($shape, $text, $match)) {
        $found[] = "$name: $match[0]";
    }
}
echo json_encode(array_values(array_unique($found)));
