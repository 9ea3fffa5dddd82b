curl -X POST "{{ host }}/api/v1/payment/create" \
  -H "X-API-Key: sk_test_xxxxxxxxxxxxxxxxxxxx" \
  -H "Idempotency-Key: ORDER-12346" \
  -H "Content-Type: application/json" \
  -d '{"amount": 150.00, "orderId": "ORDER-12346"}'
