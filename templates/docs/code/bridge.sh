SECRET='whsec_...'; URL='{{ host }}/api/bank/src_...'
BODY='{"amount": 150.00, "occurredAt": "'$(date -u +%Y-%m-%dT%H:%M:%SZ)'", "sendingBank": "004", "transRef": "T0001"}'
T=$(date +%s)
SIGNATURE=$(printf '%s.%s' "$T" "$BODY" | openssl dgst -sha256 -hmac "$SECRET" | sed 's/^.* //')
curl "$URL" -H "Content-Type: application/json" -H "X-PayGate-Signature: t=$T,v1=$SIGNATURE" -d "$BODY"
