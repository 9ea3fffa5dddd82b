curl -X POST "{{ host }}/api/payment/create-link?mode=test" \
  -H "Authorization: Bearer $TOKEN" \
  -H "Content-Type: application/json" \
  -d '{"amount": 40, "orderId": "LINK-1", "description": "Two coffees"}'
