package auth

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // RFC 6238 has it, and authenticators know nothing else; HMAC does not need collision resistance
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"time"
)

const (
	totpPeriod = 30 * time.Second
	totpDigits = 6
	totpSecret = 20 // bytes; RFC 4226 §4 recommends the length of the hash
	totpSkew   = 1  // steps that a clock may be off
)

// TOTP makes and checks second factors: codes of six digits that change every 30
// seconds (RFC 6238), as all common authenticators show them.
type TOTP struct{}

// Generate returns a new secret in base 32, and the address for the QR code that
// brings it into an authenticator.
func (TOTP) Generate(account string) (secret, uri string) {
	secret = base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(random(totpSecret))
	label := url.PathEscape("empire") + ":" + url.PathEscape(account)
	return secret, "otpauth://totp/" + label + "?secret=" + secret + "&issuer=empire&algorithm=SHA1&digits=6&period=30"
}

// Check returns the time step whose code this is: the current one, or one beside it
// for clocks that differ. It takes as long for any code.
func (TOTP) Check(secret, code string, now time.Time) (step int64, ok bool) {
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil || len(code) != totpDigits {
		return 0, false
	}
	current := now.Unix() / int64(totpPeriod/time.Second)
	for s := current - totpSkew; s <= current+totpSkew; s++ {
		if subtle.ConstantTimeCompare([]byte(hotp(key, s)), []byte(code)) == 1 {
			step, ok = s, true
		}
	}
	return step, ok
}

// hotp returns the code of a counter (RFC 4226 §5.3).
func hotp(key []byte, counter int64) string {
	mac := hmac.New(sha1.New, key)
	_ = binary.Write(mac, binary.BigEndian, counter) // a hash takes every byte
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 0xf
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[offset:])&0x7fffffff%1_000_000)
}
