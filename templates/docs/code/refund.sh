curl -X POST "{{ host }}/api/v1/payment/019aa0d5-8f2c-7c4e-9c5d-3b0e9a6f2d11/refund" \
  -H "X-API-Key: sk_test_xxxxxxxxxxxxxxxxxxxx" \
  -H "Content-Type: application/json" \
  -d '{
    "amount": 50.00,
    "reason": "Wrong size",
    "payee": {"promptpay": "0899999999", "name": "Somchai"}
  }'
