package service_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"empire/internal/domain"
)

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
	h.now = h.now.Add(time.Minute)
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
	if u, err := h.users.Get(root, ed.ID); err != nil || !u.UpdatedAt.Equal(h.now) || u.UpdatedAt.Equal(u.CreatedAt) {
		t.Errorf("updated at %v, created at %v, %v, want the update to move the first", u.UpdatedAt, u.CreatedAt, err)
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
