curl "{{ host }}/api/v1/payment/order/ORDER-12345" \
  -H "X-API-Key: sk_test_xxxxxxxxxxxxxxxxxxxx"
