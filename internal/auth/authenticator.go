package auth

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"empire/internal/domain"
)

type sessionLookup interface {
	WithUser(ctx context.Context, id domain.SessionID) (*domain.LoginSession, *domain.User, error)
}

type keyLookup interface {
	WithUser(ctx context.Context, hash string) (*domain.APIKey, *domain.User, error)
	Touch(ctx context.Context, id domain.APIKeyID, at, since time.Time) error
}

// principalCache keeps principals for as long as they may be used after they were
// read. What it returns is shared and never changed.
type principalCache interface {
	Get(ctx context.Context, key string) (*domain.Principal, bool)
	Put(ctx context.Context, key string, p *domain.Principal, readAt time.Time)
	DropUser(ctx context.Context, id domain.UserID)
}

// AuthenticatorConfig is what an Authenticator needs.
type AuthenticatorConfig struct {
	Tokens   *Tokens
	Sessions sessionLookup
	Keys     keyLookup
	Cache    principalCache // nil: the database is asked on every call
	Now      func() time.Time
	Logger   *slog.Logger
}

// Authenticator turns a token or an API key into the principal behind it. It is safe
// for concurrent use.
type Authenticator struct {
	c        AuthenticatorConfig
	verified *verified
	reads    reads
	uses     *uses
}

// NewAuthenticator returns an Authenticator.
func NewAuthenticator(c AuthenticatorConfig) *Authenticator {
	return &Authenticator{c: c, verified: newVerified(), uses: newUses(c.Keys, c.Logger)}
}

// Authenticate returns who presents a token or an API key, with the rights that the
// database grants, or granted when the cache read them. The principal is shared: do
// not change it. Whatever is wrong with a credential is CodeUnauthenticated; a
// database that cannot answer is not.
func (a *Authenticator) Authenticate(ctx context.Context, token string) (*domain.Principal, error) {
	now := a.c.Now()
	sum := sumOf(token)
	known, ok := a.verified.get(sum)
	if ok && !now.Before(known.expires) {
		a.verified.drop(sum)
		return nil, refused(token, errors.New("it has expired"))
	}
	if ok && a.c.Cache != nil {
		if p, hit := a.c.Cache.Get(ctx, known.cacheKey); hit && p.UserID == known.user {
			return p, nil
		}
	}
	ask := func(ctx context.Context) (*domain.Principal, error) {
		if strings.HasPrefix(token, KeyPrefix) {
			return a.byKey(ctx, token, sum, now)
		}
		return a.byToken(ctx, token, sum, now)
	}
	if a.c.Cache == nil {
		return ask(ctx)
	}
	return a.reads.do(ctx, sum, now, ask)
}

// sumOf returns the SHA-256 of a credential, which is copied to the stack: this
// happens on every request.
func sumOf(s string) [sha256.Size]byte {
	var buf [1 << 10]byte
	if len(s) > len(buf) {
		return sha256.Sum256([]byte(s))
	}
	return sha256.Sum256(buf[:copy(buf[:], s)])
}

// Forget drops what the cache holds of a user, whose rights, sign-ins or keys have
// changed, and what is being read at the moment.
func (a *Authenticator) Forget(ctx context.Context, id domain.UserID) {
	a.reads.forget()
	if a.c.Cache != nil {
		a.c.Cache.DropUser(ctx, id)
	}
}

// Stop waits until the uses of keys that were seen are written. Later ones are not.
func (a *Authenticator) Stop(ctx context.Context) error { return a.uses.stop(ctx) }

// byToken asks the database for the sign-in that a token stands for.
func (a *Authenticator) byToken(ctx context.Context, token string, sum [sha256.Size]byte, now time.Time) (*domain.Principal, error) {
	claims, err := a.c.Tokens.Verify(token)
	if err != nil {
		return nil, err
	}
	s, u, err := a.c.Sessions.WithUser(ctx, domain.SessionID(claims.ID))
	switch {
	case domain.CodeOf(err) == domain.CodeNotFound:
		return nil, refused(token, err)
	case err != nil:
		return nil, fmt.Errorf("load the sign-in of a token: %w", err)
	case !s.Valid(now) || s.UserID != claims.UserID:
		return nil, refused(token, fmt.Errorf("sign-in %s is revoked, expired or another user's", s.ID))
	}
	// A sign-in needs a password, so there is a person behind each.
	p := &domain.Principal{UserID: u.ID, Tenant: u.Tenant, Email: u.Email, Permissions: u.Permissions, Human: true, Session: s.ID}
	a.remember(ctx, sum, credential{"session:" + string(s.ID), u.ID, s.ExpiresAt}, p, now)
	return p, nil
}

// byKey asks the database for a key. It is found by its hash, so that the time that
// takes tells nothing of the secrets that are stored.
func (a *Authenticator) byKey(ctx context.Context, secret string, sum [sha256.Size]byte, now time.Time) (*domain.Principal, error) {
	if !wellFormedKey(secret) {
		return nil, refused(secret, errors.New("it does not have the form of a key"))
	}
	hash := hex.EncodeToString(sum[:])
	k, u, err := a.c.Keys.WithUser(ctx, hash)
	switch {
	case domain.CodeOf(err) == domain.CodeNotFound:
		return nil, refused(secret, err)
	case err != nil:
		return nil, fmt.Errorf("load an API key: %w", err)
	case subtle.ConstantTimeCompare([]byte(k.Hash), []byte(hash)) != 1:
		return nil, refused(secret, errors.New("the database returned another key"))
	case !k.Valid(now):
		return nil, refused(secret, fmt.Errorf("key %s is revoked or expired", k.ID))
	}
	if k.LastUsedAt == nil || now.Sub(*k.LastUsedAt) >= usePeriod {
		a.uses.note(k.ID, now)
	}
	p := &domain.Principal{UserID: u.ID, Tenant: u.Tenant, Email: u.Email, Permissions: k.Effective(u.Permissions), Key: k.ID}
	a.remember(ctx, sum, credential{"key:" + string(k.ID), u.ID, k.ExpiresAt}, p, now)
	return p, nil
}

// remember keeps a credential, and its principal as of readAt: before the database
// was asked.
func (a *Authenticator) remember(ctx context.Context, sum [sha256.Size]byte, c credential, p *domain.Principal, readAt time.Time) {
	if a.c.Cache == nil {
		return
	}
	a.verified.put(sum, c)
	a.c.Cache.Put(ctx, c.cacheKey, p, readAt)
}

// refused is the one answer to every bad credential of a kind. The reason stays in
// the private cause.
func refused(credential string, cause error) error {
	if strings.HasPrefix(credential, KeyPrefix) {
		return &domain.Error{Code: domain.CodeUnauthenticated, Message: "The API key is not valid.", Err: cause}
	}
	return unauthenticated(cause)
}
