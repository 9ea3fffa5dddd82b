token = paygate.amount_token(150.00, "ORDER-12345")
