<?php
// $body: as it came (php://input). $header: the text of Stripe-Signature. $secret: whsec_..., the whole text.
function verify(string $body, string $header, string $secret): bool
{
    $time = '';
    $signatures = [];
    foreach (explode(',', $header) as $part) {
        [$name, $value] = explode('=', trim($part), 2) + ['', ''];
        if ($name === 't') {
            $time = $value;
        } elseif ($name === 'v1') {
            $signatures[] = $value;
        }
    }
    if (!ctype_digit($time) || abs(time() - (int) $time) > {{ tolerance_s }}) {
        return false;
    }
    $wanted = hash_hmac('sha256', "$time.$body", $secret);
    foreach ($signatures as $signature) {
        if (hash_equals($wanted, $signature)) {
            return true;
        }
    }
    return false;
}
