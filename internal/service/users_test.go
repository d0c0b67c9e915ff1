package service_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pquerna/otp/totp"

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

func TestUsersEnsureAdminOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if len(h.password) < 20 || h.admin.Tenant != domain.DefaultTenant {
		t.Errorf("password %q, tenant %q", h.password, h.admin.Tenant)
	}
	if got := h.journal(); !slices.Equal(got, []string{"user.created " + string(h.admin.ID)}) {
		t.Errorf("audit = %v, want one user.created", got)
	}
	_, password, created, err := h.users.EnsureAdmin(t.Context())
	if n, _ := h.store.Users.Count(t.Context()); err != nil || created || password != "" || n != 1 {
		t.Errorf("second start = %q, %v, %v with %d users, want nothing created", password, created, err, n)
	}
	h.login(" ADMIN@localhost ", h.password)
}

func TestUsersLogin(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, email, password string
		locked                time.Duration
		want                  domain.Code
		checked               string // which hash the password was checked against
	}{
		{"right", "admin@localhost", "", 0, "", "own"},
		{"wrong password", "admin@localhost", "guess", 0, domain.CodeUnauthenticated, "own"},
		{"unknown user costs a check too", "nobody@localhost", "guess", 0, domain.CodeUnauthenticated, "dummy"},
		{"no text at all", "a\x00b@localhost", "guess", 0, domain.CodeUnauthenticated, "dummy"},
		{"not UTF-8", "\xff@localhost", "guess", 0, domain.CodeUnauthenticated, "dummy"},
		{"endless password", "admin@localhost", strings.Repeat("x", 1<<20), 0, domain.CodeUnauthenticated, "own"},
		{"locked", "admin@localhost", "", time.Minute, domain.CodeRateLimited, "none"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.guard.locked = tt.locked
			password := tt.password
			if password == "" {
				password = h.password
			}
			s, err := h.users.Login(t.Context(), domain.LoginParams{Email: tt.email, Password: password})
			h.want("login", err, tt.want)
			if (tt.want == "") != (s.Token != "") {
				t.Errorf("token = %q", s.Token)
			}
			want := map[string][]string{"own": {h.admin.PasswordHash}, "dummy": {""}}[tt.checked]
			if !slices.Equal(h.passwords.verified, want) {
				t.Errorf("checked against %q, want %q: as much work for everyone", h.passwords.verified, want)
			}
			if won := len(h.guard.succeeded) == 1; won != (tt.want == "") || len(h.guard.begun) != 1 {
				t.Errorf("guard was told of %v, %v", h.guard.begun, h.guard.succeeded)
			}
			if n := len(h.journal()); (n == 2) != (tt.want == "") {
				t.Errorf("%d audit entries", n)
			}
		})
	}
}

func TestUsersSameAnswerForUnknownAndWrong(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	_, wrong := h.users.Login(t.Context(), domain.LoginParams{Email: service.AdminEmail, Password: "x"})
	_, unknown := h.users.Login(t.Context(), domain.LoginParams{Email: "nobody@example.com", Password: "x"})
	if wrong == nil || unknown == nil || wrong.Error() != unknown.Error() {
		t.Errorf("answers differ: %v / %v", wrong, unknown)
	}
}

// TestUsersSessions: a sign-in is a row before it is a token; it lasts a day, shows
// in the list, and ends alone or with all others.
func TestUsersSessions(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.add("ed@example.com", domain.WebsitesRead)
	signIn := func(client string) (string, domain.SessionID) {
		t.Helper()
		s, err := h.users.Login(t.Context(), domain.LoginParams{Email: "ed@example.com", Password: userPassword, Client: client})
		if err != nil {
			t.Fatal(err)
		}
		if want := h.now.Truncate(time.Second).Add(24 * time.Hour); !s.ExpiresAt.Equal(want) {
			t.Errorf("expires %v, want %v", s.ExpiresAt, want)
		}
		return s.Token, domain.PrincipalFrom(h.as(s.Token)).Session
	}
	h.now = h.now.Add(123456789 * time.Nanosecond)
	one, id1 := signIn("curl/8\r\n\x00 " + strings.Repeat("ä", 200))
	two, id2 := signIn("Mozilla/5.0")
	three, id3 := signIn("")
	list, total, err := h.users.Sessions(h.as(one), domain.Window{Limit: 10})
	if err != nil || total != 3 || len(list) != 3 || list[0].ID != id3 || list[1].ID != id2 || list[2].ID != id1 {
		t.Fatalf("sessions = %+v of %d, %v", list, total, err)
	}
	if c := list[2].Client; !strings.HasPrefix(c, "curl/8 ä") || len(c) > 200 || len(c) < 198 || strings.ContainsAny(c, "\r\n\x00�") {
		t.Errorf("client = %q", c)
	}
	if e := h.last(); e.Action != "user.signed_in" || e.ActorID != list[0].UserID || e.Tenant != domain.DefaultTenant {
		t.Errorf("audit = %+v", e)
	}

	_, other := h.stranger()
	h.want("another's sign-in", h.users.RevokeSession(other, id2), domain.CodeNotFound)
	h.want("no such id", h.users.RevokeSession(other, "../\x00"), domain.CodeNotFound)
	h.changed = nil
	h.want("revoke", h.users.RevokeSession(h.as(one), id2), "")
	if h.open(two) || !h.open(one) || !h.open(three) || !slices.Equal(h.changed, []domain.UserID{list[0].UserID}) {
		t.Errorf("one %v, two %v, three %v, told of %v", h.open(one), h.open(two), h.open(three), h.changed)
	}
	h.want("revoke again", h.users.RevokeSession(h.as(one), id2), domain.CodeNotFound)
	late := h.as(one)
	h.want("logout", h.users.Logout(h.as(one), false), "")
	if h.open(one) || !h.open(three) {
		t.Errorf("after logout: one %v, three %v", h.open(one), h.open(three))
	}
	h.want("logout twice", h.users.Logout(late, false), "")
	four, _ := signIn("")
	h.want("logout everywhere", h.users.Logout(h.as(three), true), "")
	if h.open(three) || h.open(four) {
		t.Error("a sign-in survived the logout everywhere")
	}
	if e := h.last(); e.Action != "session.revoked" {
		t.Errorf("audit = %+v", e)
	}
	h.want("nobody", h.users.Logout(t.Context(), false), domain.CodeUnauthenticated)

	h.now = h.now.Add(25 * time.Hour)
	signIn("")
	if _, err := h.store.Sessions.Get(t.Context(), id1); domain.CodeOf(err) != domain.CodeNotFound {
		t.Errorf("an expired sign-in was not swept out: %v", err)
	}
}

// TestUsersLoginMeetsPasswordChange: who checks a password while it is changed does
// not come in with the old one.
func TestUsersLoginMeetsPasswordChange(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	u := h.add("ed@example.com")
	racing := &racer{Passwords: h.passwords.Passwords, then: func() {
		changed := *u
		changed.PasswordHash = "another"
		if err := h.store.Users.Update(t.Context(), &changed); err != nil {
			t.Error(err)
		}
	}}
	tokens, _ := auth.NewTokens(make([]byte, 32), time.Now)
	users := service.NewUsers(service.UsersConfig{
		Store: h.store.Users, Sessions: h.store.Sessions, Audit: h.store.Audit, Tx: h.store, Passwords: racing, TOTP: auth.TOTP{}, Vault: h.vault,
		Tokens: tokens, Guard: h.guard, Now: time.Now,
	})
	p := domain.LoginParams{Email: u.Email, Password: userPassword}
	_, err := users.Login(t.Context(), p)
	h.want("password changed meanwhile", err, domain.CodeUnauthenticated)
	racing.then = func() {
		if err := h.store.Users.Delete(t.Context(), u.ID); err != nil {
			t.Error(err)
		}
	}
	_, err = users.Login(t.Context(), p)
	h.want("deleted meanwhile", err, domain.CodeUnauthenticated)
}

// racer says yes to every password, after something else has happened.
type racer struct {
	*auth.Passwords
	then func()
}

func (r *racer) Verify(context.Context, string, string) (bool, error) {
	r.then()
	return true, nil
}

func TestUsersRights(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ed := h.add("ed@example.com", domain.WebsitesRead, domain.WebsitesRead)
	if len(ed.Permissions) != 1 {
		t.Errorf("permissions = %v, want each once", ed.Permissions)
	}
	root, own := h.root(), h.as(h.login(ed.Email, userPassword))
	acme, foreign := h.stranger()
	params := func(change func(*domain.UserParams)) domain.UserParams {
		p := domain.UserParams{Email: "new@example.com", Password: userPassword, Permissions: []domain.Permission{domain.WebsitesRead}}
		if change != nil {
			change(&p)
		}
		return p
	}
	for _, tt := range []struct {
		name   string
		ctx    context.Context
		change func(*domain.UserParams)
		want   domain.Code
	}{
		{"nobody", t.Context(), nil, domain.CodeUnauthenticated},
		{"without the right", own, nil, domain.CodeForbidden},
		{"short password", root, func(p *domain.UserParams) { p.Password = "elevenchars" }, domain.CodeInvalid},
		{"endless password", root, func(p *domain.UserParams) { p.Password = strings.Repeat("x", 1025) }, domain.CodeInvalid},
		{"bad address", root, func(p *domain.UserParams) { p.Email = "nobody" }, domain.CodeInvalid},
		{"control character in the address", root, func(p *domain.UserParams) { p.Email = "a\x00@example.com" }, domain.CodeInvalid},
		{"control character in the name", root, func(p *domain.UserParams) { p.Name = "a\x00" }, domain.CodeInvalid},
		{"endless name", root, func(p *domain.UserParams) { p.Name = strings.Repeat("x", 201) }, domain.CodeInvalid},
		{"unknown permission", root, func(p *domain.UserParams) { p.Permissions = []domain.Permission{"root"} }, domain.CodeInvalid},
		{"allowed", root, nil, ""},
		{"taken", root, func(p *domain.UserParams) { p.Email = "NEW@example.com" }, domain.CodeConflict},
		{"taken in another tenant", foreign, nil, domain.CodeConflict},
	} {
		_, err := h.users.Create(tt.ctx, params(tt.change))
		h.want(tt.name, err, tt.want)
	}
	for _, tt := range []struct {
		name string
		ctx  context.Context
		id   domain.UserID
		want domain.Code
	}{
		{"own account", own, ed.ID, ""},
		{"another's account", own, h.admin.ID, domain.CodeNotFound},
		{"by an administrator", root, ed.ID, ""},
		{"of another tenant", foreign, ed.ID, domain.CodeNotFound},
		{"of another tenant, the other way", root, acme.ID, domain.CodeNotFound},
		{"unknown", root, "user_x", domain.CodeNotFound},
		{"nonsense", root, "a\x00b", domain.CodeNotFound},
		{"nobody", t.Context(), ed.ID, domain.CodeUnauthenticated},
	} {
		_, err := h.users.Get(tt.ctx, tt.id)
		h.want(tt.name, err, tt.want)
		if tt.want == domain.CodeNotFound && domain.MessageOf(err) != "User "+string(tt.id)+" does not exist." {
			t.Errorf("%s: %q tells more than an unknown id", tt.name, domain.MessageOf(err))
		}
	}
	list, total, err := h.users.List(root, domain.Window{Limit: 10})
	if err != nil || total != 3 || slices.ContainsFunc(list, func(u domain.User) bool { return u.ID == acme.ID }) {
		t.Errorf("list = %v of %d, %v, want the three of this tenant", list, total, err)
	}
	_, _, err = h.users.List(own, domain.Window{Limit: 10})
	h.want("list without the right", err, domain.CodeForbidden)
	if me, err := h.users.Me(own); err != nil || me.ID != ed.ID {
		t.Errorf("me = %+v, %v", me, err)
	}
}

func TestUsersUpdate(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ed := h.add("ed@example.com", domain.WebsitesRead)
	ann := h.add("ann@example.com")
	token, second := h.login(ed.Email, userPassword), h.login(ed.Email, userPassword)
	root, own := h.root(), h.as(token)
	_, foreign := h.stranger()
	next := "another long password"
	for _, tt := range []struct {
		name  string
		ctx   context.Context
		id    domain.UserID
		patch domain.UserPatch
		want  domain.Code
	}{
		{"nobody", t.Context(), ed.ID, domain.UserPatch{}, domain.CodeUnauthenticated},
		{"own name", own, ed.ID, domain.UserPatch{Name: new(" Ed ")}, ""},
		{"nothing", own, ed.ID, domain.UserPatch{}, ""},
		{"bad name", own, ed.ID, domain.UserPatch{Name: new("a\nb")}, domain.CodeInvalid},
		{"own rights", own, ed.ID, domain.UserPatch{Permissions: &[]domain.Permission{domain.AdminFull}}, domain.CodeForbidden},
		{"another's name", own, ann.ID, domain.UserPatch{Name: new("x")}, domain.CodeNotFound},
		{"of another tenant", foreign, ed.ID, domain.UserPatch{Name: new("x")}, domain.CodeNotFound},
		{"unknown permission", root, ed.ID, domain.UserPatch{Permissions: &[]domain.Permission{"root"}}, domain.CodeInvalid},
		{"own password without the current", own, ed.ID, domain.UserPatch{Password: &next}, domain.CodeInvalid},
		{"own password with a wrong one", own, ed.ID, domain.UserPatch{Password: &next, CurrentPassword: "guess"}, domain.CodeInvalid},
		{"short password", own, ed.ID, domain.UserPatch{Password: new("short"), CurrentPassword: userPassword}, domain.CodeInvalid},
		{"the administrator's own without the current", root, h.admin.ID, domain.UserPatch{Password: &next}, domain.CodeInvalid},
		{"last administrator", root, h.admin.ID, domain.UserPatch{Permissions: &[]domain.Permission{domain.AgentsRead}}, domain.CodeConflict},
		{"administrator stays one", root, h.admin.ID, domain.UserPatch{Permissions: &[]domain.Permission{domain.AdminFull, domain.AgentsRead}}, ""},
		{"rights", root, ed.ID, domain.UserPatch{Permissions: &[]domain.Permission{domain.AgentsRead, domain.AgentsRead}}, ""},
	} {
		_, err := h.users.Update(tt.ctx, tt.id, tt.patch)
		h.want(tt.name, err, tt.want)
	}
	if e := h.last(); e.Action != "user.updated" || e.Object != string(ed.ID) || e.ActorID != h.admin.ID || e.Detail != "permissions: agents.read" || e.Before == e.After {
		t.Errorf("audit = %+v", e)
	}
	if p := domain.PrincipalFrom(h.as(token)); !slices.Equal(p.Permissions, []domain.Permission{domain.AgentsRead}) {
		t.Errorf("the old token may do %v, want what the database says", p.Permissions)
	}
	h.changed = nil
	u, err := h.users.Update(h.as(token), ed.ID, domain.UserPatch{Password: &next, CurrentPassword: userPassword})
	if err != nil || u.Name != "Ed" || !slices.Equal(h.changed, []domain.UserID{ed.ID}) {
		t.Fatalf("change password: %+v, %v, told of %v", u, err, h.changed)
	}
	if !h.open(token) || h.open(second) {
		t.Errorf("own sign-in %v, want true; the other %v, want false", h.open(token), h.open(second))
	}
	h.login(ed.Email, next)
	_, err = h.users.Update(h.root(), ed.ID, domain.UserPatch{Password: new(userPassword)})
	h.want("by an administrator", err, "")
	if h.open(token) {
		t.Error("the user's sign-in survived the administrator's new password")
	}
	if e := h.last(); e.Action != "user.password_changed" || e.Object != string(ed.ID) {
		t.Errorf("audit = %+v", e)
	}
}

// TestUsersGuardedPassword: checks of the current password count as sign-ins do.
func TestUsersGuardedPassword(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ed := h.add("Ed@example.com")
	own := h.as(h.login(ed.Email, userPassword))
	h.guard.begun, h.guard.succeeded = nil, nil
	wrong := domain.UserPatch{Password: new("another long password"), CurrentPassword: "guess"}
	_, err := h.users.Update(own, ed.ID, wrong)
	h.want("wrong", err, domain.CodeInvalid)
	_, err = h.users.BeginTOTP(own, "guess")
	h.want("wrong", err, domain.CodeInvalid)
	h.want("wrong", h.users.DisableTOTP(own, "guess", "123456"), domain.CodeInvalid)
	if diff := cmp.Diff([]string{"ed@example.com", "ed@example.com", "ed@example.com"}, h.guard.begun); diff != "" || len(h.guard.succeeded) != 0 {
		t.Errorf("guard: %s, succeeded %v", diff, h.guard.succeeded)
	}
	h.guard.locked = time.Minute
	verified := len(h.passwords.verified)
	_, err = h.users.Update(own, ed.ID, wrong)
	h.want("locked", err, domain.CodeRateLimited)
	_, err = h.users.BeginTOTP(own, userPassword)
	h.want("locked", err, domain.CodeRateLimited)
	h.want("locked", h.users.DisableTOTP(own, userPassword, "123456"), domain.CodeRateLimited)
	if len(h.passwords.verified) != verified {
		t.Error("a password was checked while the account was locked")
	}
}

func TestUsersDelete(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ed := h.add("ed@example.com", domain.WebsitesRead)
	token := h.login(ed.Email, userPassword)
	key, err := h.keys.Create(h.as(token), "", domain.APIKeyParams{Name: "n8n", Scope: []domain.Permission{domain.WebsitesRead}})
	if err != nil {
		t.Fatal(err)
	}
	acme, foreign := h.stranger()
	h.want("without the right", h.users.Delete(h.as(token), ed.ID), domain.CodeForbidden)
	h.want("of another tenant", h.users.Delete(foreign, ed.ID), domain.CodeNotFound)
	h.want("unknown", h.users.Delete(h.root(), "user_x"), domain.CodeNotFound)
	h.want("last administrator", h.users.Delete(h.root(), h.admin.ID), domain.CodeConflict)
	h.want("last administrator of another tenant", h.users.Delete(foreign, acme.ID), domain.CodeConflict)
	h.changed = nil
	h.want("delete", h.users.Delete(h.root(), ed.ID), "")
	if h.open(token) || h.open(key.Secret) {
		t.Errorf("after the deletion: token %v, key %v", h.open(token), h.open(key.Secret))
	}
	if e := h.last(); e.Action != "user.deleted" || e.Object != string(ed.ID) || e.Before == "" || e.After != "" || !slices.Equal(h.changed, []domain.UserID{ed.ID}) {
		t.Errorf("audit = %+v, told of %v", e, h.changed)
	}
	second := h.add("two@example.com", domain.AdminFull)
	h.want("the first of two administrators", h.users.Delete(h.root(), h.admin.ID), "")
	h.want("the second", h.users.Delete(h.as(h.login(second.Email, userPassword)), second.ID), domain.CodeConflict)
}

func TestUsersResetPassword(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ed := h.add("ed@example.com")
	token := h.login(ed.Email, userPassword)
	_, foreign := h.stranger()
	_, err := h.users.ResetPassword(h.as(token), ed.Email)
	h.want("without the right", err, domain.CodeForbidden)
	_, err = h.users.ResetPassword(foreign, ed.Email)
	h.want("of another tenant", err, domain.CodeNotFound)
	_, err = h.users.ResetPassword(h.root(), "nobody@example.com")
	h.want("unknown", err, domain.CodeNotFound)
	password, err := h.users.ResetPassword(h.root(), " ED@example.com ")
	if err != nil || len(password) < 20 || h.open(token) {
		t.Fatalf("reset: %q, %v, token lets in: %v", password, err, h.open(token))
	}
	h.login(ed.Email, password)
	if _, err := h.users.Login(t.Context(), domain.LoginParams{Email: ed.Email, Password: userPassword}); err == nil {
		t.Error("the old password still lets in")
	}
}

func TestUsersTokenFor(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ed := h.add("ed@example.com")
	enable(h, ed)
	s, err := h.users.TokenFor(h.root(), ed.Email)
	if err != nil || domain.PrincipalFrom(h.as(s.Token)).UserID != ed.ID {
		t.Fatalf("token: %+v, %v", s, err)
	}
	if e := h.last(); e.Action != "user.signed_in" || e.Object != string(ed.ID) || e.ActorID != h.admin.ID || !strings.HasSuffix(e.Detail, "on the command line") {
		t.Errorf("audit = %+v, want who did it", e)
	}
	_, err = h.users.TokenFor(h.as(s.Token), service.AdminEmail)
	h.want("without the right", err, domain.CodeForbidden)
}

// code returns what an authenticator with the secret shows now.
func (h *house) code(secret string) string {
	h.t.Helper()
	code, err := totp.GenerateCode(secret, h.now)
	if err != nil {
		h.t.Fatal(err)
	}
	return code
}

// enable gives an account a second factor and returns its secret.
func enable(h *house, u *domain.User) string {
	h.t.Helper()
	ctx := h.as(h.login(u.Email, userPassword))
	setup, err := h.users.BeginTOTP(ctx, userPassword)
	if err != nil {
		h.t.Fatal(err)
	}
	h.want("confirm", h.users.ConfirmTOTP(ctx, h.code(setup.Secret)), "")
	h.now = h.now.Add(30 * time.Second) // that code is used up
	return setup.Secret
}

func TestSecondFactor(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ed := h.add("ed@example.com")
	token := h.login(ed.Email, userPassword)
	own := h.as(token)
	h.want("confirm nothing", h.users.ConfirmTOTP(own, "123456"), domain.CodeConflict)
	first, err := h.users.BeginTOTP(own, userPassword)
	h.want("begin", err, "")
	setup, err := h.users.BeginTOTP(own, userPassword)
	if err != nil || setup.Secret == first.Secret || !strings.Contains(setup.URI, setup.Secret) {
		t.Fatalf("begin again: %+v, %v", setup, err)
	}
	h.login(ed.Email, userPassword) // it does not count yet
	h.want("code of the first", h.users.ConfirmTOTP(own, h.code(first.Secret)), domain.CodeInvalid)
	h.want("confirm", h.users.ConfirmTOTP(own, h.code(setup.Secret)), "")
	if e := h.last(); e.Action != "totp.enabled" || e.Object != string(ed.ID) {
		t.Errorf("audit = %+v", e)
	}
	h.want("confirm twice", h.users.ConfirmTOTP(own, h.code(setup.Secret)), domain.CodeConflict)
	_, err = h.users.BeginTOTP(own, userPassword)
	h.want("begin while there is one", err, domain.CodeConflict)

	h.guard.begun, h.guard.succeeded = nil, nil
	login := func(password, otp string) error {
		_, err := h.users.Login(t.Context(), domain.LoginParams{Email: ed.Email, Password: password, OTP: otp})
		return err
	}
	h.want("the code that confirmed it", login(userPassword, h.code(setup.Secret)), domain.CodeUnauthenticated)
	h.now = h.now.Add(30 * time.Second)
	good := h.code(setup.Secret)
	_, plain := h.users.Login(t.Context(), domain.LoginParams{Email: "nobody@example.com", Password: "x"})
	if err := login("guess", good); err == nil || err.Error() != plain.Error() {
		t.Errorf("wrong password with a right code: %v, want the words for an unknown user", err)
	}
	if err := login("guess", ""); err == nil || err.Error() != plain.Error() {
		t.Errorf("wrong password without a code: %v, want the words for an unknown user", err)
	}
	err = login(userPassword, "")
	h.want("no code", err, domain.CodeUnauthenticated)
	if err.Error() == plain.Error() {
		t.Error("nobody is told that a code is missing")
	}
	h.want("wrong code", login(userPassword, "000000"), domain.CodeUnauthenticated)
	if len(h.guard.succeeded) != 0 || len(h.guard.begun) != 6 {
		t.Errorf("guard was told of %d attempts, %d successes, want 6 failures", len(h.guard.begun), len(h.guard.succeeded))
	}
	h.want("right code", login(userPassword, good), "")
	h.want("right code twice", login(userPassword, good), domain.CodeUnauthenticated)
	h.now = h.now.Add(-30 * time.Second)
	h.want("an earlier code", login(userPassword, h.code(setup.Secret)), domain.CodeUnauthenticated)
}

func TestSecondFactorIsRemoved(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ed := h.add("ed@example.com")
	secret := enable(h, ed)
	s, err := h.users.Login(t.Context(), domain.LoginParams{Email: ed.Email, Password: userPassword, OTP: h.code(secret)})
	if err != nil {
		t.Fatal(err)
	}
	own := h.as(s.Token)
	h.want("used code", h.users.DisableTOTP(own, userPassword, h.code(secret)), domain.CodeInvalid)
	h.now = h.now.Add(30 * time.Second)
	h.want("wrong password", h.users.DisableTOTP(own, "guess", h.code(secret)), domain.CodeInvalid)
	h.want("disable", h.users.DisableTOTP(own, userPassword, h.code(secret)), "")
	if e := h.last(); e.Action != "totp.disabled" || e.ActorID != ed.ID {
		t.Errorf("audit = %+v", e)
	}
	h.want("disable twice", h.users.DisableTOTP(own, userPassword, h.code(secret)), domain.CodeConflict)
	h.login(ed.Email, userPassword)

	enable(h, ed)
	_, foreign := h.stranger()
	h.want("by another tenant", h.users.RemoveTOTP(foreign, ed.ID), domain.CodeNotFound)
	h.want("by oneself", h.users.RemoveTOTP(own, ed.ID), domain.CodeForbidden)
	h.want("by an administrator", h.users.RemoveTOTP(h.root(), ed.ID), "")
	h.want("nothing left", h.users.RemoveTOTP(h.root(), ed.ID), domain.CodeConflict)
	h.login(ed.Email, userPassword)
	h.want("the administrator's own, signed in", h.users.RemoveTOTP(h.root(), h.admin.ID), domain.CodeForbidden)
}

// TestSecondFactorOfAnotherKey: with another key file nobody comes in, and nothing
// is made up.
func TestSecondFactorOfAnotherKey(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ed := h.add("ed@example.com")
	secret := enable(h, ed)
	other, err := auth.LoadOrCreateVault(t.TempDir() + "/other.key")
	if err != nil {
		t.Fatal(err)
	}
	tokens, _ := auth.NewTokens(make([]byte, 32), time.Now)
	users := service.NewUsers(service.UsersConfig{
		Store: h.store.Users, Sessions: h.store.Sessions, Audit: h.store.Audit, Tx: h.store, Passwords: h.passwords, TOTP: auth.TOTP{}, Vault: other,
		Tokens: tokens, Guard: h.guard, Now: func() time.Time { return h.now },
	})
	_, err = users.Login(t.Context(), domain.LoginParams{Email: ed.Email, Password: userPassword, OTP: h.code(secret)})
	h.want("login", err, domain.CodeUnavailable)
	if !strings.Contains(err.Error(), "other.key") || strings.Contains(domain.MessageOf(err), "other.key") {
		t.Errorf("%v / %q: the log names the file, the answer does not", err, domain.MessageOf(err))
	}
}
