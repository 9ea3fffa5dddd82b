<?php
require_once 'PayGate.php';
$paygate = new PayGate('sk_test_xxxxxxxxxxxxxxxxxxxx');

$one = $paygate->createPayment(150.00, 'ORDER-12346', null, [], 'ORDER-12346');
$two = $paygate->createPayment(150.00, 'ORDER-12346', null, [], 'ORDER-12346');
var_dump($one['transaction']['id'] === $two['transaction']['id']); // true
