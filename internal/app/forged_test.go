package app_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// TestForgedTokens sends tokens that differ from a good one in one point to a real
// endpoint.
func TestForgedTokens(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "")
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	claims := func(change map[string]any) jwt.MapClaims {
		c := jwt.MapClaims{}
		if _, _, err := jwt.NewParser().ParseUnverified(o.token, c); err != nil {
			t.Fatal(err)
		}
		maps.Copy(c, change)
		return c
	}
	sign := func(method jwt.SigningMethod, key any, change map[string]any) string {
		s, err := jwt.NewWithClaims(method, claims(change)).SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	hs := jwt.SigningMethodHS256
	o.as(bearer(sign(hs, []byte(signingSecret), nil)), "GET", "/users", nil, 200, nil) // the unchanged copy is good
	now := time.Now()
	for name, token := range map[string]string{
		"RS256 with a key of the attacker":      sign(jwt.SigningMethodRS256, key, nil),
		"HS256 with a public key as the secret": sign(hs, public, nil),
		"HS512":                                 sign(jwt.SigningMethodHS512, []byte(signingSecret), nil),
		"alg none":                              sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, nil),
		"wrong secret":                          sign(hs, []byte(strings.ToUpper(signingSecret)), nil),
		"future iat":                            sign(hs, []byte(signingSecret), map[string]any{"iat": now.Add(time.Hour).Unix()}),
		"expired":                               sign(hs, []byte(signingSecret), map[string]any{"iat": now.Add(-25 * time.Hour).Unix(), "exp": now.Add(-time.Hour).Unix()}),
		"no exp":                                sign(hs, []byte(signingSecret), map[string]any{"exp": nil}),
		"sign-in that never was":                sign(hs, []byte(signingSecret), map[string]any{"jti": "sess_none"}),
		"another user":                          sign(hs, []byte(signingSecret), map[string]any{"user_id": "user_none"}),
		"tampered":                              tamper(t, o.token),
	} {
		t.Run(name, func(t *testing.T) {
			a := (&caller{t: t, base: o.base}).want("GET", "/api/v1/users", nil, 401, nil, bearer(token)...)
			if a.header.Get("WWW-Authenticate") == "" || strings.Contains(string(a.body), "@") {
				t.Errorf("%v %s", a.header, a.body)
			}
		})
	}
}

// tamper changes the permissions of a token and keeps its signature.
func tamper(t *testing.T, token string) string {
	t.Helper()
	parts := strings.Split(token, ".")
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(raw), `["admin.full"]`, `["admin.full","root"]`, 1)
	if changed == string(raw) {
		t.Fatalf("nothing to change in %s", raw)
	}
	return parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(changed)) + "." + parts[2]
}
