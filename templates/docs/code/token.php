$token = $paygate->amountToken(150.00, 'ORDER-12345');
