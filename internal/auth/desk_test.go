package auth_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"empire/internal/auth"
	"empire/internal/domain"
)

// records are the sign-ins, keys and users of a database, and what it was asked.
type records struct {
	mu       sync.Mutex
	users    map[domain.UserID]*domain.User
	sessions map[domain.SessionID]*domain.LoginSession
	keys     map[string]*domain.APIKey // by hash
	down     error
	asked    int
	touched  []string
	touching chan struct{} // if set, Touch waits for it
}

func newRecords() *records {
	return &records{
		users: map[domain.UserID]*domain.User{
			"user_1": {ID: "user_1", Tenant: "acme", Email: "a@example.com", Permissions: []domain.Permission{domain.AdminFull}},
			"user_2": {ID: "user_2", Tenant: "main", Email: "b@example.com"},
		},
		sessions: map[domain.SessionID]*domain.LoginSession{}, keys: map[string]*domain.APIKey{},
	}
}

func (r *records) change(fn func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fn()
}

type sessionTable struct{ *records }

func (r sessionTable) WithUser(_ context.Context, id domain.SessionID) (*domain.LoginSession, *domain.User, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked++
	s, ok := r.sessions[id]
	if r.down != nil || !ok || r.users[s.UserID] == nil {
		return nil, nil, errors.Join(r.down, missing(r.down == nil))
	}
	session, user := *s, *r.users[s.UserID]
	return &session, &user, nil
}

func missing(really bool) error {
	if !really {
		return nil
	}
	return domain.Errorf(domain.CodeNotFound, "Nothing.")
}

type keyTable struct{ *records }

func (r keyTable) WithUser(_ context.Context, hash string) (*domain.APIKey, *domain.User, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked++
	k, ok := r.keys[hash]
	if r.down != nil || !ok || r.users[k.UserID] == nil {
		return nil, nil, errors.Join(r.down, missing(r.down == nil))
	}
	key, user := *k, *r.users[k.UserID]
	return &key, &user, nil
}

func (r keyTable) Touch(_ context.Context, id domain.APIKeyID, at, since time.Time) error {
	if r.touching != nil {
		<-r.touching
	}
	r.change(func() {
		r.touched = append(r.touched, fmt.Sprint(id, " ", at.Sub(noon), " ", at.Sub(since)))
		for _, k := range r.keys {
			if k.ID == id {
				k.LastUsedAt = &at
			}
		}
	})
	return nil
}

// principals is a cache that keeps what it is given for a second.
type principals struct {
	mu    sync.Mutex
	now   func() time.Time
	held  map[string]*domain.Principal
	ends  map[string]time.Time
	users map[string]domain.UserID
}

func (c *principals) Get(_ context.Context, key string) (*domain.Principal, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p, ok := c.held[key]
	return p, ok && c.now().Before(c.ends[key])
}

func (c *principals) Put(_ context.Context, key string, p *domain.Principal, readAt time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held[key], c.ends[key], c.users[key] = p, readAt.Add(time.Second), p.UserID
}

func (c *principals) DropUser(_ context.Context, id domain.UserID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key, user := range c.users {
		if user == id {
			delete(c.held, key)
		}
	}
}

// desk is an Authenticator with a clock and its records.
type desk struct {
	*auth.Authenticator
	*records
	tokens *auth.Tokens
	log    *strings.Builder
	mu     sync.Mutex
	at     time.Time
}

func (d *desk) now() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.at
}

func (d *desk) pass(t time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at = d.at.Add(t)
}

func newDesk(t *testing.T, cached bool) *desk {
	t.Helper()
	d := &desk{records: newRecords(), at: noon, log: &strings.Builder{}}
	var err error
	if d.tokens, err = auth.NewTokens(secret, d.now); err != nil {
		t.Fatal(err)
	}
	c := auth.AuthenticatorConfig{
		Tokens: d.tokens, Sessions: sessionTable{d.records}, Keys: keyTable{d.records}, Now: d.now,
		Logger: slog.New(slog.NewTextHandler(d.log, nil)),
	}
	if cached {
		c.Cache = &principals{now: d.now, held: map[string]*domain.Principal{}, ends: map[string]time.Time{}, users: map[string]domain.UserID{}}
	}
	d.Authenticator = auth.NewAuthenticator(c)
	t.Cleanup(func() { _ = d.Stop(context.Background()) })
	return d
}

// token signs a user in.
func (d *desk) token(t *testing.T, user domain.UserID) (string, *domain.LoginSession) {
	t.Helper()
	s := signIn(domain.SessionID(domain.NewID("sess")), user, d.now())
	d.change(func() { d.sessions[s.ID] = s })
	token, err := d.tokens.Issue(d.users[user], s)
	if err != nil {
		t.Fatal(err)
	}
	return token, s
}

// key makes an API key.
func (d *desk) key(user domain.UserID, scope ...domain.Permission) (string, *domain.APIKey) {
	secret := auth.KeySecrets{}.Generate()
	k := &domain.APIKey{
		ID: domain.APIKeyID(domain.NewID("key")), UserID: user, Hash: auth.KeySecrets{}.Hash(secret), Scope: scope,
		CreatedAt: d.now(), ExpiresAt: d.now().Add(domain.APIKeyLifetime),
	}
	d.change(func() { d.keys[k.Hash] = k })
	return secret, k
}

// wants checks whom a credential names: "" for nobody.
func (d *desk) wants(t *testing.T, what, credential string, want domain.UserID) *domain.Principal {
	t.Helper()
	p, err := d.Authenticate(t.Context(), credential)
	switch {
	case want == "" && domain.CodeOf(err) != domain.CodeUnauthenticated:
		t.Errorf("%s: %+v, %v, want unauthenticated", what, p, err)
	case want != "" && (err != nil || p.UserID != want):
		t.Errorf("%s: %+v, %v, want %s", what, p, err, want)
	}
	return p
}

// both runs a test without and with a cache of principals.
func both(t *testing.T, run func(t *testing.T, d *desk)) {
	t.Helper()
	for name, cached := range map[string]bool{"database": false, "cache": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, newDesk(t, cached))
		})
	}
}
