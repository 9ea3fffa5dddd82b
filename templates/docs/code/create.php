<?php
// curl -O {{ host }}/sdk/PayGate.php
require_once 'PayGate.php';
$paygate = new PayGate('sk_test_xxxxxxxxxxxxxxxxxxxx');

$payment = $paygate->createPayment(150.00, 'ORDER-12345', 'Coffee beans');
echo $payment['transaction']['paymentUrl'], "\n"; // Send the customer there.
