package shop

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
)

// Verify takes the body as it came, the text of Stripe-Signature, and the whole text of the secret, whsec_...
func Verify(body []byte, header, secret string) bool {
	var stamp string
	var signatures []string
	for _, part := range strings.Split(header, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "t":
			stamp = value
		case "v1":
			signatures = append(signatures, value)
		}
	}
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	age := time.Now().Unix() - seconds
	if err != nil || age > {{ tolerance_s }} || age < -{{ tolerance_s }} {
		return false
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(stamp + "."))
	mac.Write(body)
	wanted := mac.Sum(nil)
	for _, signature := range signatures {
		given, err := hex.DecodeString(signature)
		if err == nil && hmac.Equal(wanted, given) {
			return true
		}
	}
	return false
}
