# curl -O {{ host }}/sdk/PayGate.py
from PayGate import PayGate

paygate = PayGate("sk_test_xxxxxxxxxxxxxxxxxxxx")

payment = paygate.create_payment(amount=150.00, order_id="ORDER-12345", description="Coffee beans")
print(payment["transaction"]["paymentUrl"])  # Send the customer there.
