package auth

import (
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"empire/internal/domain"
)

const (
	issuer   = "empire"
	audience = "empire"
	leeway   = 5 * time.Second // between the clocks of two machines
	maxToken = 4 << 10
)

// Claims are what a token says. Permissions are a copy for clients that want to
// show what is possible; the server never trusts them.
type Claims struct {
	UserID      domain.UserID       `json:"user_id"`
	Permissions []domain.Permission `json:"permissions"`
	IssuedAt    int64               `json:"iat"`
	ExpiresAt   int64               `json:"exp"`
	ID          string              `json:"jti"`
	Issuer      string              `json:"iss"`
	Audience    string              `json:"aud"`
}

// GetExpirationTime implements jwt.Claims.
func (c *Claims) GetExpirationTime() (*jwt.NumericDate, error) { return numericDate(c.ExpiresAt), nil }

// GetIssuedAt implements jwt.Claims.
func (c *Claims) GetIssuedAt() (*jwt.NumericDate, error) { return numericDate(c.IssuedAt), nil }

// GetNotBefore implements jwt.Claims.
func (c *Claims) GetNotBefore() (*jwt.NumericDate, error) { return nil, nil }

// GetIssuer implements jwt.Claims.
func (c *Claims) GetIssuer() (string, error) { return c.Issuer, nil }

// GetSubject implements jwt.Claims.
func (c *Claims) GetSubject() (string, error) { return string(c.UserID), nil }

// GetAudience implements jwt.Claims.
func (c *Claims) GetAudience() (jwt.ClaimStrings, error) { return jwt.ClaimStrings{c.Audience}, nil }

func numericDate(unix int64) *jwt.NumericDate {
	if unix == 0 {
		return nil
	}
	return jwt.NewNumericDate(time.Unix(unix, 0))
}

// Tokens issues and checks session tokens: JWT (RFC 7519) signed with HS256.
type Tokens struct {
	secret []byte
	now    func() time.Time
	parser *jwt.Parser
}

// NewTokens returns Tokens that sign with secret, which must have at least 32
// bytes (RFC 7518 §3.2).
func NewTokens(secret []byte, now func() time.Time) (*Tokens, error) {
	if len(secret) < MinSecret {
		return nil, fmt.Errorf("token secret has %d bytes, at least %d are needed", len(secret), MinSecret)
	}
	return &Tokens{secret: secret, now: now, parser: jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
		jwt.WithIssuer(issuer),
		jwt.WithAudience(audience),
		jwt.WithExpirationRequired(),
		jwt.WithIssuedAt(),
		jwt.WithLeeway(leeway),
		jwt.WithTimeFunc(now),
		jwt.WithStrictDecoding(),
	)}, nil
}

// Issue returns the token of a sign-in: it lasts as long as that does, to the second.
func (t *Tokens) Issue(u *domain.User, session *domain.LoginSession) (string, error) {
	c := &Claims{
		UserID:      u.ID,
		Permissions: append([]domain.Permission{}, u.Permissions...),
		IssuedAt:    session.CreatedAt.Unix(),
		ExpiresAt:   session.ExpiresAt.Unix(),
		ID:          string(session.ID),
		Issuer:      issuer,
		Audience:    audience,
	}
	s, err := jwt.NewWithClaims(jwt.SigningMethodHS256, c).SignedString(t.secret)
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	return s, nil
}

// Verify returns what a token says, or CodeUnauthenticated. The reason stays in
// the private cause, so that an attacker learns nothing from the answer.
func (t *Tokens) Verify(token string) (*Claims, error) {
	if len(token) > maxToken {
		return nil, unauthenticated(fmt.Errorf("token has %d bytes", len(token)))
	}
	var c Claims
	if _, err := t.parser.ParseWithClaims(token, &c, func(*jwt.Token) (any, error) { return t.secret, nil }); err != nil {
		return nil, unauthenticated(err)
	}
	if c.UserID == "" || c.ID == "" || c.IssuedAt == 0 {
		return nil, unauthenticated(fmt.Errorf("token lacks user_id, jti or iat"))
	}
	return &c, nil
}

func unauthenticated(cause error) error {
	return &domain.Error{Code: domain.CodeUnauthenticated, Message: "The access token is not valid. Sign in again.", Err: cause}
}
