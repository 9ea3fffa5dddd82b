curl -X POST "{{ host }}/api/auth/login" \
  -H "Content-Type: application/json" \
  -d '{"email": "owner@shop.example", "password": "correct horse battery"}'
