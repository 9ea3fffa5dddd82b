<?php
// A shop in PHP: one thing to sell, paid by PromptPay. How to run it: ../README.md.
require_once 'PayGate.php';

const PRICE = 150.00; // What it costs, the server decides.

/** Your database: here a file that one request at a time may change. $change gets the orders and returns them. */
function orders(callable $change): array
{
    $file = fopen(getenv('ORDERS_FILE') ?: sys_get_temp_dir() . '/paygate-example-orders.json', 'c+');
    flock($file, LOCK_EX);
    $all = $change(json_decode(stream_get_contents($file) ?: '{}', true));
    ftruncate($file, 0);
    rewind($file);
    fwrite($file, json_encode($all));
    fclose($file);
    return $all;
}

function answer(int $status, string $type, string $text): void
{
    http_response_code($status);
    header("Content-Type: $type; charset=utf-8");
    echo $text;
}

$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
$asked = $_SERVER['REQUEST_METHOD'] . ' ' . $path;

if ($asked === 'GET /') {
    $button = '<form method="post" action="/buy"><button>Pay with PromptPay</button></form>';
    answer(200, 'text/html', '<h1>Coffee beans, ฿150</h1>' . $button);
} elseif ($asked === 'POST /buy') {
    $order = 'ORDER-' . bin2hex(random_bytes(6));
    orders(static function (array $all) use ($order): array {
        return [$order => 'WAITING'] + $all;
    });
    try {
        $more = ['callbackUrl' => 'http://' . $_SERVER['HTTP_HOST'] . '/orders/' . $order];
        $paygate = new PayGate(getenv('PAYGATE_KEY'));
        $payment = $paygate->createPayment(PRICE, $order, 'Coffee beans', $more, $order);
        header('Location: ' . $payment['transaction']['paymentUrl'], true, 303);
    } catch (PayGateException $e) {
        error_log("payment of $order failed: {$e->getMessage()} ({$e->requestId})");
        answer(502, 'text/plain', $e->payerMessage['en'] ?? 'The payment could not be started. Please try again.');
    }
} elseif ($asked === 'POST /webhook') {
    try {
        $event = PayGate::verifyWebhook(file_get_contents('php://input'), getallheaders(), getenv('WEBHOOK_SECRET'));
        orders(static function (array $all) use ($event): array {
            $order = $event['data']['orderId'] ?? '';
            $new = !isset($all[$event['webhookId']]); // A webhook may come twice.
            if ($new && $event['event'] === 'payment.success' && isset($all[$order]) && $event['data']['amount'] == PRICE) {
                $all[$order] = 'PAID'; // Ship it.
            }
            return [$event['webhookId'] => 'heard'] + $all;
        });
        answer(200, 'application/json', '{"received": true}');
    } catch (PayGateSignatureException $e) {
        answer(401, 'text/plain', $e->getMessage());
    }
} elseif (preg_match('~\AGET /orders/(ORDER-[0-9a-f]+)\z~', $asked, $match)) {
    $status = orders(static function (array $all): array {
        return $all;
    })[$match[1]] ?? null;
    if ($status === null) {
        answer(404, 'text/plain', 'No such order.');
    } else {
        answer(200, 'application/json', json_encode(['order' => $match[1], 'status' => $status]));
    }
} else {
    answer(404, 'text/plain', 'There is nothing here.');
}
