package domain

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Permission is a right of a user.
type Permission string

// The permissions. AdminFull satisfies every check.
const (
	AgentsRead      Permission = "agents.read"
	AgentsManage    Permission = "agents.manage"
	WebsitesRead    Permission = "websites.read"
	WebsitesManage  Permission = "websites.manage"
	IntelligenceUse Permission = "intelligence.use"
	AdminFull       Permission = "admin.full"
)

// Permissions returns all permissions in their documented order.
func Permissions() []Permission {
	return []Permission{AgentsRead, AgentsManage, WebsitesRead, WebsitesManage, IntelligenceUse, AdminFull}
}

// User is a person who may sign in. Email is unique regardless of case.
type User struct {
	ID           UserID       `json:"id"`
	Tenant       TenantID     `json:"tenant"`
	Email        string       `json:"email"`
	Name         string       `json:"name"`
	PasswordHash string       `json:"-"`
	Permissions  []Permission `json:"permissions"`
	// TOTP is the sealed secret of the second factor; empty: there is none. TOTPStep
	// is the last time step whose code was used: none is taken twice.
	TOTP     []byte `json:"-"`
	TOTPStep int64  `json:"-"`
	// TOTPPending is the sealed secret of a second factor that waits for its first
	// code.
	TOTPPending []byte    `json:"-"`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
}

// MaxName bounds the names of users and API keys, in bytes.
const MaxName = 200

// Validate checks what a user record must hold.
func (u *User) Validate() error {
	local, host, ok := strings.Cut(u.Email, "@")
	if !ok || local == "" || !strings.Contains(host, ".") && host != "localhost" || strings.ContainsAny(u.Email, " \t\r\n<>\"") || len(u.Email) > 254 {
		return Invalid("email", "E-mail address %q is not valid.", u.Email)
	}
	if strings.ContainsFunc(u.Email, unicode.IsControl) || !utf8.ValidString(u.Email) {
		return Invalid("email", "The e-mail address is not valid.")
	}
	if len(u.Name) > MaxName || strings.ContainsFunc(u.Name, unicode.IsControl) || !utf8.ValidString(u.Name) {
		return Invalid("name", "A name has at most %d bytes and no control characters.", MaxName)
	}
	for _, p := range u.Permissions {
		if !slices.Contains(Permissions(), p) {
			return Invalid("permissions", "Permission %q does not exist.", p)
		}
	}
	return nil
}

// Principal is who acts in a context.
type Principal struct {
	UserID      UserID
	Tenant      TenantID
	Email       string
	Permissions []Permission
	// Human is true for a person who signed in with a password; approvals need one.
	Human bool
	// Session is the sign-in that a token stands for, Key the API key; at most one of
	// them is set.
	Session SessionID
	Key     APIKeyID
}

// Owner names the principal as the owner of limits and idempotency keys: the key if
// it came with one, else the user.
func (p *Principal) Owner() string {
	if p.Key != "" {
		return string(p.Key)
	}
	return string(p.UserID)
}

// Can reports whether the principal has the permission.
func (p *Principal) Can(perm Permission) bool {
	return p != nil && (slices.Contains(p.Permissions, AdminFull) || slices.Contains(p.Permissions, perm))
}

type (
	principalKey struct{}
	requestIDKey struct{}
)

// WithPrincipal returns a context in which p acts.
func WithPrincipal(ctx context.Context, p *Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, p)
}

// PrincipalFrom returns who acts in ctx, or nil.
func PrincipalFrom(ctx context.Context) *Principal {
	p, _ := ctx.Value(principalKey{}).(*Principal)
	return p
}

// Require returns who acts in ctx, or CodeUnauthenticated without anyone, or
// CodeForbidden without the permission.
func Require(ctx context.Context, perm Permission) (*Principal, error) {
	p := PrincipalFrom(ctx)
	if p == nil {
		return nil, Errorf(CodeUnauthenticated, "Sign in first.")
	}
	if !p.Can(perm) {
		return nil, Errorf(CodeForbidden, "This needs the permission %s.", perm)
	}
	return p, nil
}

// WithRequestID returns a context that carries a request ID for logs and audit.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestIDKey{}, id)
}

// RequestIDFrom returns the request ID of ctx, or "".
func RequestIDFrom(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

// Window is a part of a list.
type Window struct {
	Limit  int // 1 to 1000
	Offset int
}
