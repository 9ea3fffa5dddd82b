curl -X POST "{{ host }}/api/v1/webhooks/endpoints" \
  -H "X-API-Key: sk_test_xxxxxxxxxxxxxxxxxxxx" \
  -H "Content-Type: application/json" \
  -d '{"url": "https://shop.example/webhook", "events": ["payment.success"]}'
