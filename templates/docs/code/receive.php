<?php
require_once 'PayGate.php';

try {
    // The body as it came, and all headers: it throws unless PayGate sent this, just now.
    $event = PayGate::verifyWebhook(file_get_contents('php://input'), getallheaders(), getenv('WEBHOOK_SECRET'));
} catch (PayGateSignatureException $error) {
    http_response_code(401);
    exit($error->getMessage());
}
if ($event['event'] === 'payment.success') {
    error_log("ship {$event['data']['orderId']} {$event['webhookId']}");
}
echo 'ok';
