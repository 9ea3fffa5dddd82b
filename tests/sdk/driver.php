<?php
// Calls the library as lines of JSON ask: {"call", "args"} in, {"ok"} or {"error"} out. See languages.py.
error_reporting(E_ALL);
set_error_handler(static function (int $level, string $message): bool {
    throw new ErrorException($message);
});
ini_set('serialize_precision', '17'); // A setting of old hosts, under which 150.07 prints as 150.06999999999999.
require getenv('LIBRARY');

function bytes($value)
{
    if (is_array($value)) {
        return isset($value['$file']) ? file_get_contents($value['$file']) : array_map('bytes', $value);
    }
    return $value;
}

$client = null;
while (($line = fgets(STDIN)) !== false) {
    $asked = json_decode($line, true);
    try {
        if ($asked['call'] === 'new') {
            $client = new PayGate(...$asked['args']);
            $result = null;
        } elseif ($asked['call'] === 'exportTransactions') {
            $into = fopen('php://memory', 'r+');
            $client->exportTransactions($into, ...$asked['args']);
            rewind($into);
            $result = stream_get_contents($into);
        } else {
            $result = $client->{$asked['call']}(...bytes($asked['args']));
            $result = $result instanceof Generator ? iterator_to_array($result, false) : $result;
        }
        $answer = ['ok' => $result];
    } catch (PayGateException $e) {
        $answer = ['error' => ['name' => get_class($e), 'message' => $e->getMessage(), 'status' => $e->status,
            'code' => $e->errorCode, 'field' => $e->field, 'requestId' => $e->requestId,
            'retryAfter' => $e->retryAfter, 'payerMessage' => $e->payerMessage, 'known' => true]];
    } catch (InvalidArgumentException $e) {
        $answer = ['error' => ['name' => 'TypeError', 'message' => $e->getMessage()]];
    }
    ini_set('serialize_precision', '-1');
    echo json_encode($answer), "\n";
    ini_set('serialize_precision', '17');
}
