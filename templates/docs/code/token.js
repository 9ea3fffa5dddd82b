const token = paygate.amountToken({ amount: 150.00, orderId: 'ORDER-12345' });
