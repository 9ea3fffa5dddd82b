from PayGate import PayGate

paygate = PayGate("sk_test_xxxxxxxxxxxxxxxxxxxx")

one, two = (paygate.create_payment(150.00, "ORDER-12346", idempotency_key="ORDER-12346") for _ in range(2))
print(one["transaction"]["id"] == two["transaction"]["id"])  # True
