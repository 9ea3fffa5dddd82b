curl "{{ host }}/api/v1/balance" \
  -H "X-API-Key: sk_test_xxxxxxxxxxxxxxxxxxxx"
