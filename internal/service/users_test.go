package service_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/service"
)

// accounts is a store of users with its audit log.
type accounts struct {
	users []domain.User
	audit []domain.AuditEntry
}

func (a *accounts) Get(_ context.Context, id domain.UserID) (*domain.User, error) {
	for i := range a.users {
		if a.users[i].ID == id {
			return &a.users[i], nil
		}
	}
	return nil, domain.Errorf(domain.CodeNotFound, "User %s does not exist.", id)
}

func (a *accounts) GetByEmail(_ context.Context, email string) (*domain.User, error) {
	for i := range a.users {
		if strings.EqualFold(a.users[i].Email, email) {
			return &a.users[i], nil
		}
	}
	return nil, domain.Errorf(domain.CodeNotFound, "No such user.")
}

func (a *accounts) Update(_ context.Context, u *domain.User) error {
	for i := range a.users {
		if a.users[i].ID == u.ID {
			a.users[i] = *u
		}
	}
	return nil
}

func (a *accounts) Insert(_ context.Context, u *domain.User) error {
	a.users = append(a.users, *u)
	return nil
}

func (a *accounts) List(context.Context, domain.Window) ([]domain.User, int, error) {
	return a.users, len(a.users), nil
}

func (a *accounts) Append(_ context.Context, e domain.AuditEntry) error {
	a.audit = append(a.audit, e)
	return nil
}

func (a *accounts) InTx(ctx context.Context, fn func(context.Context) error) error { return fn(ctx) }

// plain keeps passwords readable and counts what was asked.
type plain struct {
	verified []string // hashes that were checked
}

func (p *plain) Hash(_ context.Context, password string) (string, error) { return "h:" + password, nil }
func (p *plain) Generate() string                                        { return "generated-password-24chr" }
func (p *plain) Verify(_ context.Context, hash, password string) (bool, error) {
	p.verified = append(p.verified, hash)
	return hash == "h:"+password, nil
}

type issuer struct{}

func (issuer) Issue(u *domain.User) (string, time.Time, error) {
	return "token of " + string(u.ID), time.Unix(86_400, 0), nil
}

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

func newUsers(t *testing.T) (*service.Users, *accounts, *plain, *guard) {
	t.Helper()
	a, p, g := &accounts{}, &plain{}, &guard{}
	return service.NewUsers(service.UsersConfig{
		Store: a, Audit: a, Tx: a, Passwords: p, Tokens: issuer{}, Guard: g, Now: time.Now,
	}), a, p, g
}

func TestUsersEnsureAdminOnce(t *testing.T) {
	t.Parallel()
	users, a, _, _ := newUsers(t)
	email, password, created, err := users.EnsureAdmin(t.Context())
	if err != nil || !created || email != service.AdminEmail || len(password) < 20 {
		t.Fatalf("first start = %q, %q, %v, %v", email, password, created, err)
	}
	if len(a.audit) != 1 || a.audit[0].Action != "user.created" || a.audit[0].Object != string(a.users[0].ID) {
		t.Errorf("audit = %+v, want one user.created", a.audit)
	}
	_, password, created, err = users.EnsureAdmin(t.Context())
	if err != nil || created || password != "" || len(a.users) != 1 {
		t.Errorf("second start = %q, %v, %v with %d users, want nothing created", password, created, err, len(a.users))
	}
	s, err := users.Login(t.Context(), " ADMIN@localhost ", "generated-password-24chr")
	if err != nil || s.User.Email != service.AdminEmail || s.Token == "" {
		t.Errorf("login = %+v, %v", s, err)
	}
}

func TestUsersLogin(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, email, password string
		locked                time.Duration
		want                  domain.Code
		verified              string // hash that the password was checked against
	}{
		{"right", "admin@localhost", "generated-password-24chr", 0, "", "h:generated-password-24chr"},
		{"wrong password", "admin@localhost", "guess", 0, domain.CodeUnauthenticated, "h:generated-password-24chr"},
		{"unknown user costs a check too", "nobody@localhost", "guess", 0, domain.CodeUnauthenticated, ""},
		{"locked", "admin@localhost", "generated-password-24chr", time.Minute, domain.CodeRateLimited, "none"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			users, _, p, g := newUsers(t)
			if _, _, _, err := users.EnsureAdmin(t.Context()); err != nil {
				t.Fatal(err)
			}
			g.locked = tt.locked
			_, err := users.Login(t.Context(), tt.email, tt.password)
			if got := domain.CodeOf(err); got != tt.want {
				t.Errorf("code = %q, want %q", got, tt.want)
			}
			if got := strings.Join(append(p.verified, "none")[:1], ""); got != tt.verified {
				t.Errorf("checked against %q, want %q", got, tt.verified)
			}
			if won := len(g.succeeded) == 1; won != (tt.want == "") {
				t.Errorf("guard was told of %v", g.succeeded)
			}
		})
	}
}

func TestUsersSameAnswerForUnknownAndWrong(t *testing.T) {
	t.Parallel()
	users, _, _, _ := newUsers(t)
	if _, _, _, err := users.EnsureAdmin(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, wrong := users.Login(t.Context(), service.AdminEmail, "x")
	_, unknown := users.Login(t.Context(), "nobody@example.com", "x")
	if wrong == nil || unknown == nil || wrong.Error() != unknown.Error() {
		t.Errorf("answers differ: %v / %v", wrong, unknown)
	}
}

func TestUsersRights(t *testing.T) {
	t.Parallel()
	users, a, _, _ := newUsers(t)
	as := func(id domain.UserID, perms ...domain.Permission) context.Context {
		return domain.WithPrincipal(t.Context(), &domain.Principal{UserID: id, Permissions: perms, Human: true})
	}
	valid := service.UserParams{Email: "ed@example.com", Password: "correct horse battery", Permissions: []domain.Permission{domain.WebsitesRead}}
	for _, tt := range []struct {
		name   string
		ctx    context.Context
		change func(*service.UserParams)
		want   domain.Code
	}{
		{"nobody", t.Context(), nil, domain.CodeUnauthenticated},
		{"without the right", as("user_2", domain.WebsitesManage), nil, domain.CodeForbidden},
		{"short password", as("user_1", domain.AdminFull), func(p *service.UserParams) { p.Password = "short" }, domain.CodeInvalid},
		{"bad address", as("user_1", domain.AdminFull), func(p *service.UserParams) { p.Email = "nobody" }, domain.CodeInvalid},
		{"unknown permission", as("user_1", domain.AdminFull), func(p *service.UserParams) { p.Permissions = []domain.Permission{"root"} }, domain.CodeInvalid},
		{"allowed", as("user_1", domain.AdminFull), nil, ""},
	} {
		p := valid
		if tt.change != nil {
			tt.change(&p)
		}
		if _, err := users.Create(tt.ctx, p); domain.CodeOf(err) != tt.want {
			t.Errorf("%s: code = %q, want %q", tt.name, domain.CodeOf(err), tt.want)
		}
	}
	if len(a.users) != 1 || a.audit[0].ActorID != "user_1" {
		t.Fatalf("users = %d, audit = %+v, want one user made by user_1", len(a.users), a.audit)
	}
	id := a.users[0].ID
	if _, err := users.Get(as(id), id); err != nil {
		t.Errorf("own account: %v", err)
	}
	if _, err := users.Get(as("user_2"), id); domain.CodeOf(err) != domain.CodeForbidden {
		t.Errorf("another's account: %v, want forbidden", err)
	}
	if u, err := users.Me(as(id)); err != nil || u.ID != id {
		t.Errorf("me = %v, %v", u, err)
	}
	if _, _, err := users.List(as("user_2", domain.WebsitesRead), domain.Window{Limit: 10}); domain.CodeOf(err) != domain.CodeForbidden {
		t.Errorf("list without the right: %v", err)
	}
}
