package domain

import (
	"strings"
	"time"
)

// DefaultTenant is the tenant of everything that was made without another.
const DefaultTenant TenantID = "main"

// OrDefault returns the tenant, or DefaultTenant for an empty one.
func (t TenantID) OrDefault() TenantID {
	if t == "" {
		return DefaultTenant
	}
	return t
}

// Validate checks that the tenant is a name of 1 to 63 lower-case letters, digits
// and hyphens.
func (t TenantID) Validate() error {
	if t == "" || len(t) > 63 || t[0] == '-' || strings.Trim(string(t), "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return Invalid("tenant", "Tenant %.70q is not a name of 1 to 63 lower-case letters, digits and hyphens.", string(t))
	}
	return nil
}

// SessionLifetime is how long a sign-in lasts.
const SessionLifetime = 24 * time.Hour

// LoginSession is one sign-in: what a token (JWT) stands for. It lives in the
// database, so that a revoked one stays revoked whatever restarts.
type LoginSession struct {
	ID        SessionID // the jti of the token
	UserID    UserID
	CreatedAt time.Time
	ExpiresAt time.Time
	RevokedAt *time.Time // nil: not revoked
	Client    string     // what the client called itself, cut to 200 bytes
}

// Valid reports whether the session lets its user in at a time.
func (s *LoginSession) Valid(now time.Time) bool {
	return s.RevokedAt == nil && now.Before(s.ExpiresAt)
}

// APIKeyLifetime is how long an API key lasts unless it is made for less.
const APIKeyLifetime = 365 * 24 * time.Hour

// APIKey lets a program act for a user, within a scope that is never wider than
// what the user may do at that moment. Only a hash of the secret is stored.
type APIKey struct {
	ID         APIKeyID
	UserID     UserID
	Name       string // given by the user, for the list
	Prefix     string // first 12 characters of the secret, for the list
	Hash       string // SHA-256 of the secret, hex; unique
	Scope      []Permission
	CreatedAt  time.Time
	ExpiresAt  time.Time
	LastUsedAt *time.Time // to about a minute
	RevokedAt  *time.Time
	// ReplacedBy is the key that a rotation made; this one then expires at the end
	// of the overlap.
	ReplacedBy APIKeyID
}

// Valid reports whether the key opens anything at a time.
func (k *APIKey) Valid(now time.Time) bool { return k.RevokedAt == nil && now.Before(k.ExpiresAt) }

// Effective returns the permissions of a key: what is in its scope and what its
// user has now. AdminFull of the user covers every permission of the scope.
func (k *APIKey) Effective(user []Permission) []Permission {
	owner := &Principal{Permissions: user}
	out := []Permission{}
	for _, p := range k.Scope {
		if p == AdminFull && !owner.Can(AdminFull) {
			out = append(out, user...) // the scope is "everything", which is now less
			continue
		}
		if owner.Can(p) {
			out = append(out, p)
		}
	}
	return out
}
