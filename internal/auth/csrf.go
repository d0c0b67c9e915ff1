package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
)

// CSRF makes and checks the tokens in the forms of the dashboard. A token is an
// HMAC of the session it was made for, so it needs no store and is worth nothing
// in another session.
type CSRF struct {
	key []byte
}

// NewCSRF derives its own key from secret.
func NewCSRF(secret []byte) *CSRF {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("empire csrf 1"))
	return &CSRF{key: mac.Sum(nil)}
}

// Token returns the token for the forms of a session. session is the value of the
// session cookie, or of the cookie that stands in for it before sign-in.
func (c *CSRF) Token(session string) string {
	return base64.RawURLEncoding.EncodeToString(c.sum(session))
}

// Valid reports whether token was made for session. An empty session has none.
func (c *CSRF) Valid(session, token string) bool {
	got, err := base64.RawURLEncoding.DecodeString(token)
	return err == nil && session != "" && hmac.Equal(got, c.sum(session))
}

func (c *CSRF) sum(session string) []byte {
	mac := hmac.New(sha256.New, c.key)
	mac.Write([]byte(session))
	return mac.Sum(nil)
}
