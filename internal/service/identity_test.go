package service_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"empire/internal/auth"
	"empire/internal/domain"
	"empire/internal/service"
	"empire/internal/store"
	"empire/internal/testkit"
)

// counted are real passwords of little cost that remember which hashes were checked.
type counted struct {
	*auth.Passwords
	mu       sync.Mutex
	verified []string
}

func (p *counted) Verify(ctx context.Context, hash, password string) (bool, error) {
	p.mu.Lock()
	p.verified = append(p.verified, hash)
	p.mu.Unlock()
	return p.Passwords.Verify(ctx, hash, password)
}

// guard locks nobody unless it is told to.
type guard struct {
	begun     []string
	succeeded []string
	locked    time.Duration
}

func (g *guard) Begin(account string) time.Duration {
	g.begun = append(g.begun, account)
	return g.locked
}
func (g *guard) Succeeded(account string) { g.succeeded = append(g.succeeded, account) }

// house is identity on a database of its own: an administrator whose password is
// known, a clock, and a note of who was told to have changed.
type house struct {
	t         *testing.T
	store     *store.Store
	users     *service.Users
	keys      *service.APIKeys
	passwords *counted
	guard     *guard
	vault     *auth.Vault
	auth      *auth.Authenticator
	changed   []domain.UserID
	now       time.Time
	admin     *domain.User
	password  string // of the administrator
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{
		t: t, store: testkit.DB(t), guard: &guard{}, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
		passwords: &counted{Passwords: auth.NewPasswords(auth.PasswordConfig{MemoryKiB: 64, Concurrency: 2})},
	}
	clock := func() time.Time { return h.now }
	tokens, err := auth.NewTokens([]byte("0123456789abcdef0123456789abcdef"), clock)
	if err != nil {
		t.Fatal(err)
	}
	if h.vault, err = auth.LoadOrCreateVault(t.TempDir() + "/seal.key"); err != nil {
		t.Fatal(err)
	}
	tell := func(_ context.Context, id domain.UserID) { h.changed = append(h.changed, id) }
	h.users = service.NewUsers(service.UsersConfig{
		Store: h.store.Users, Sessions: h.store.Sessions, Audit: h.store.Audit, Tx: h.store, Passwords: h.passwords, TOTP: auth.TOTP{},
		Vault: h.vault, Tokens: tokens, Guard: h.guard, Changed: tell, Now: clock,
	})
	h.keys = service.NewAPIKeys(service.APIKeysConfig{
		Store: h.store.APIKeys, Users: h.store.Users, Audit: h.store.Audit, Tx: h.store, Secrets: auth.KeySecrets{}, Changed: tell, Now: clock,
	})
	h.auth = auth.NewAuthenticator(auth.AuthenticatorConfig{Tokens: tokens, Sessions: h.store.Sessions, Keys: h.store.APIKeys, Now: clock})
	t.Cleanup(func() { _ = h.auth.Stop(context.Background()) })
	_, password, created, err := h.users.EnsureAdmin(t.Context())
	if err != nil || !created {
		t.Fatalf("ensure admin: %v, %v", created, err)
	}
	if h.admin, err = h.store.Users.GetByEmail(t.Context(), service.AdminEmail); err != nil {
		t.Fatal(err)
	}
	h.password = password
	return h
}

// as returns a context in which whoever a credential names acts.
func (h *house) as(credential string) context.Context {
	h.t.Helper()
	p, err := h.auth.Authenticate(h.t.Context(), credential)
	if err != nil {
		h.t.Fatalf("authenticate: %v", err)
	}
	return domain.WithPrincipal(h.t.Context(), p)
}

// open reports whether a credential still lets in.
func (h *house) open(credential string) bool {
	h.t.Helper()
	_, err := h.auth.Authenticate(h.t.Context(), credential)
	if err != nil && domain.CodeOf(err) != domain.CodeUnauthenticated {
		h.t.Fatal(err)
	}
	return err == nil
}

// login signs in and returns the token.
func (h *house) login(email, password string) string {
	h.t.Helper()
	s, err := h.users.Login(h.t.Context(), domain.LoginParams{Email: email, Password: password})
	if err != nil {
		h.t.Fatalf("login %s: %v", email, err)
	}
	return s.Token
}

// root returns a context in which the administrator acts, signed in.
func (h *house) root() context.Context { return h.as(h.login(service.AdminEmail, h.password)) }

const userPassword = "correct horse battery"

// add adds an account with userPassword to the administrator's tenant.
func (h *house) add(email string, perms ...domain.Permission) *domain.User {
	h.t.Helper()
	u, err := h.users.Create(h.root(), domain.UserParams{Email: email, Password: userPassword, Permissions: perms})
	if err != nil {
		h.t.Fatal(err)
	}
	return u
}

// stranger adds an administrator of another tenant and returns its context.
func (h *house) stranger() (*domain.User, context.Context) {
	h.t.Helper()
	local := domain.WithPrincipal(h.t.Context(), &domain.Principal{
		UserID: h.admin.ID, Tenant: "acme", Permissions: []domain.Permission{domain.AdminFull}, Human: true,
	})
	u, err := h.users.Create(local, domain.UserParams{Email: "boss@acme.example", Password: userPassword, Permissions: []domain.Permission{domain.AdminFull}})
	if err != nil {
		h.t.Fatal(err)
	}
	return u, h.as(h.login(u.Email, userPassword))
}

func (h *house) want(what string, err error, code domain.Code) {
	h.t.Helper()
	if got := domain.CodeOf(err); got != code {
		h.t.Errorf("%s: code %q (%v), want %q", what, got, err, code)
	}
}

// journal returns what was noted since the nth entry, as "action object".
func (h *house) journal() []string {
	h.t.Helper()
	list, _, err := h.store.Audit.List(h.t.Context(), domain.AuditFilter{}, domain.Window{Limit: 1000})
	if err != nil {
		h.t.Fatal(err)
	}
	var out []string
	for _, e := range slices.Backward(list) {
		out = append(out, e.Action+" "+e.Object)
	}
	return out
}

// last returns the newest entry of the audit log.
func (h *house) last() domain.AuditEntry {
	h.t.Helper()
	list, _, err := h.store.Audit.List(h.t.Context(), domain.AuditFilter{}, domain.Window{Limit: 1})
	if err != nil || len(list) == 0 {
		h.t.Fatalf("%d audit entries, %v", len(list), err)
	}
	return list[0]
}
