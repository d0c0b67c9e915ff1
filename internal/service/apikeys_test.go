package service_test

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"empire/internal/auth"
	"empire/internal/domain"
)

func keyFor(scope ...domain.Permission) domain.APIKeyParams {
	return domain.APIKeyParams{Name: "n8n", Scope: scope}
}

func (h *house) key(ctx context.Context, p domain.APIKeyParams) *domain.NewAPIKey {
	h.t.Helper()
	k, err := h.keys.Create(ctx, "", p)
	if err != nil {
		h.t.Fatal(err)
	}
	return k
}

func TestAPIKeyRecord(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ed := h.add("ed@example.com", domain.WebsitesRead, domain.WebsitesManage)
	own := h.as(h.login(ed.Email, userPassword))
	k := h.key(own, keyFor(domain.WebsitesRead, domain.WebsitesRead))
	if !regexp.MustCompile(`^mfm_[A-Za-z0-9_-]{43}$`).MatchString(k.Secret) || k.Prefix != k.Secret[:12] {
		t.Errorf("secret %q, prefix %q", k.Secret, k.Prefix)
	}
	held, err := h.store.APIKeys.Get(t.Context(), k.ID)
	if err != nil {
		t.Fatal(err)
	}
	if held.UserID != ed.ID || !slices.Equal(held.Scope, []domain.Permission{domain.WebsitesRead}) || !held.CreatedAt.Equal(h.now) ||
		held.ExpiresAt.Sub(held.CreatedAt) != 31_536_000*time.Second || held.Hash != (auth.KeySecrets{}).Hash(k.Secret) {
		t.Errorf("record = %+v", held)
	}
	if e := h.last(); e.Action != "apikey.created" || e.Object != string(k.ID) || e.ActorID != ed.ID || strings.Contains(e.Detail, k.Secret[4:]) {
		t.Errorf("audit = %+v", e)
	}
	p := domain.PrincipalFrom(h.as(k.Secret))
	if p.Human || p.Key != k.ID || !slices.Equal(p.Permissions, []domain.Permission{domain.WebsitesRead}) {
		t.Errorf("principal = %+v", p)
	}
	if me, err := h.users.Me(h.as(k.Secret)); err != nil || me.ID != ed.ID || len(me.Permissions) != 1 {
		t.Errorf("me = %+v, %v, want the permissions of the key", me, err)
	}
	short := h.key(own, domain.APIKeyParams{Name: "short", Scope: []domain.Permission{domain.WebsitesRead}, Expires: time.Hour})
	h.now = h.now.Add(time.Hour)
	if h.open(short.Secret) || !h.open(k.Secret) {
		t.Errorf("after an hour: %v, %v, want the short one over", h.open(short.Secret), h.open(k.Secret))
	}
}

func TestAPIKeyScope(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ed := h.add("ed@example.com", domain.WebsitesRead, domain.AgentsRead)
	own, root := h.as(h.login(ed.Email, userPassword)), h.root()
	wide := h.as(h.key(root, keyFor(domain.AdminFull)).Secret)
	narrow := h.as(h.key(root, keyFor(domain.WebsitesRead)).Secret)
	params := func(change func(*domain.APIKeyParams)) domain.APIKeyParams {
		p := keyFor(domain.WebsitesRead)
		change(&p)
		return p
	}
	for _, tt := range []struct {
		name string
		ctx  context.Context
		p    domain.APIKeyParams
		want domain.Code
	}{
		{"nobody", t.Context(), keyFor(domain.WebsitesRead), domain.CodeUnauthenticated},
		{"own rights", own, keyFor(domain.AgentsRead, domain.WebsitesRead), ""},
		{"wider than the caller", own, keyFor(domain.WebsitesRead, domain.WebsitesManage), domain.CodeForbidden},
		{"everything, not an administrator", own, keyFor(domain.AdminFull), domain.CodeForbidden},
		{"everything", root, keyFor(domain.AdminFull), ""},
		{"what everything covers", root, keyFor(domain.IntelligenceUse), ""},
		{"empty", own, keyFor(), domain.CodeInvalid},
		{"unknown", own, keyFor("root"), domain.CodeInvalid},
		{"unknown, administrator", root, keyFor("root"), domain.CodeInvalid},
		{"no name", own, params(func(p *domain.APIKeyParams) { p.Name = " " }), domain.CodeInvalid},
		{"control character", own, params(func(p *domain.APIKeyParams) { p.Name = "a\x00" }), domain.CodeInvalid},
		{"too long a life", own, params(func(p *domain.APIKeyParams) { p.Expires = domain.APIKeyLifetime + time.Second }), domain.CodeInvalid},
		{"over before it begins", own, params(func(p *domain.APIKeyParams) { p.Expires = -time.Second }), domain.CodeInvalid},
		{"a key makes an equal one", narrow, keyFor(domain.WebsitesRead), ""},
		{"a key makes a wider one", narrow, keyFor(domain.WebsitesManage), domain.CodeForbidden},
		{"a key of everything makes one", wide, keyFor(domain.AdminFull), ""},
	} {
		_, err := h.keys.Create(tt.ctx, "", tt.p)
		h.want(tt.name, err, tt.want)
	}
}

// TestAPIKeyNeverOutlivesItsMaker: a key that leaks for an hour is no way to one
// that lasts.
func TestAPIKeyNeverOutlivesItsMaker(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	maker := h.key(h.root(), domain.APIKeyParams{Name: "hour", Scope: []domain.Permission{domain.WebsitesRead}, Expires: time.Hour})
	h.now = h.now.Add(20 * time.Minute)
	ctx := h.as(maker.Secret)
	if k := h.key(ctx, keyFor(domain.WebsitesRead)); !k.ExpiresAt.Equal(maker.ExpiresAt) {
		t.Errorf("ends %v, want with its maker at %v", k.ExpiresAt, maker.ExpiresAt)
	}
	if e := h.last(); !strings.HasSuffix(e.Detail, "made by "+string(maker.ID)) {
		t.Errorf("audit = %+v, want the maker", e)
	}
	_, err := h.keys.Create(ctx, "", domain.APIKeyParams{Name: "x", Scope: []domain.Permission{domain.WebsitesRead}, Expires: time.Hour})
	h.want("longer on purpose", err, domain.CodeForbidden)
	next, err := h.keys.Rotate(ctx, "", maker.ID, 0)
	if err != nil || !next.ExpiresAt.Equal(maker.ExpiresAt) {
		t.Errorf("rotated by itself: ends %v, %v, want %v", next, err, maker.ExpiresAt)
	}
}

func TestAPIKeyRevoke(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ed := h.add("ed@example.com", domain.WebsitesRead, domain.AgentsRead)
	own, root := h.as(h.login(ed.Email, userPassword)), h.root()
	_, foreign := h.stranger()
	k, narrow, wide := h.key(own, keyFor(domain.WebsitesRead)), h.key(own, keyFor(domain.AgentsRead)), h.key(own, keyFor(domain.WebsitesRead, domain.AgentsRead))
	h.want("another user's", h.keys.Revoke(root, "", k.ID), domain.CodeNotFound)
	h.want("under a wrong user", h.keys.Revoke(root, h.admin.ID, k.ID), domain.CodeNotFound)
	h.want("of another tenant's user", h.keys.Revoke(foreign, ed.ID, k.ID), domain.CodeNotFound)
	h.want("of an unknown user", h.keys.Revoke(root, "user_x", k.ID), domain.CodeNotFound)
	h.want("of another user without the right", h.keys.Revoke(own, h.admin.ID, k.ID), domain.CodeForbidden)
	h.want("unknown", h.keys.Revoke(own, "", "key_x"), domain.CodeNotFound)
	h.want("nonsense", h.keys.Revoke(own, "", "\x00"), domain.CodeNotFound)
	h.want("a wider key by a key", h.keys.Revoke(h.as(narrow.Secret), "", wide.ID), domain.CodeForbidden)
	if !h.open(k.Secret) || !h.open(wide.Secret) {
		t.Fatal("a refused revocation worked")
	}
	h.changed = nil
	h.want("own", h.keys.Revoke(own, "", k.ID), "")
	if h.open(k.Secret) || !slices.Equal(h.changed, []domain.UserID{ed.ID}) {
		t.Errorf("revoked key lets in: %v, told of %v", h.open(k.Secret), h.changed)
	}
	if e := h.last(); e.Action != "apikey.revoked" || e.Object != string(k.ID) || e.Before == e.After {
		t.Errorf("audit = %+v", e)
	}
	h.want("twice", h.keys.Revoke(own, "", k.ID), domain.CodeNotFound)
	h.want("itself", h.keys.Revoke(h.as(narrow.Secret), "", narrow.ID), "")
	h.want("by an administrator", h.keys.Revoke(root, ed.ID, wide.ID), "")
	list, total, err := h.keys.List(root, ed.ID, domain.Window{Limit: 10})
	if err != nil || total != 3 || list[0].RevokedAt == nil {
		t.Errorf("list = %+v of %d, %v", list, total, err)
	}
	_, _, err = h.keys.List(foreign, ed.ID, domain.Window{Limit: 10})
	h.want("list of another tenant", err, domain.CodeNotFound)
	_, _, err = h.keys.List(own, h.admin.ID, domain.Window{Limit: 10})
	h.want("list without the right", err, domain.CodeForbidden)
}

func TestAPIKeyRotate(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ed := h.add("ed@example.com", domain.WebsitesRead, domain.WebsitesManage)
	token := h.login(ed.Email, userPassword)
	own := h.as(token)
	old := h.key(own, keyFor(domain.WebsitesManage))
	narrow := h.key(own, keyFor(domain.WebsitesRead))
	sibling := h.key(own, keyFor(domain.WebsitesManage))
	for name, tt := range map[string]struct {
		ctx     context.Context
		overlap time.Duration
		want    domain.Code
	}{
		"another user's":                       {h.root(), 0, domain.CodeNotFound},
		"a narrower key would gain its rights": {h.as(narrow.Secret), 0, domain.CodeForbidden},
		"an equal key":                         {h.as(sibling.Secret), 0, domain.CodeForbidden},
		"too long an overlap":                  {own, domain.MaxKeyOverlap + time.Second, domain.CodeInvalid},
		"negative overlap":                     {own, -time.Second, domain.CodeInvalid},
		"nobody":                               {t.Context(), 0, domain.CodeUnauthenticated},
	} {
		_, err := h.keys.Rotate(tt.ctx, "", old.ID, tt.overlap)
		h.want(name, err, tt.want)
	}
	h.now = h.now.Add(100 * 24 * time.Hour)
	own = h.as(h.login(ed.Email, userPassword))
	h.changed = nil
	next, err := h.keys.Rotate(own, "", old.ID, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if next.Secret == old.Secret || next.Name != old.Name || !slices.Equal(next.Scope, old.Scope) || next.ExpiresAt.Sub(h.now) != domain.APIKeyLifetime {
		t.Errorf("next = %+v", next)
	}
	if e := h.last(); e.Action != "apikey.rotated" || e.Object != string(old.ID) || e.Detail != "replaced by "+string(next.ID) || !slices.Equal(h.changed, []domain.UserID{ed.ID}) {
		t.Errorf("audit = %+v, told of %v", e, h.changed)
	}
	_, err = h.keys.Rotate(own, "", old.ID, time.Hour)
	h.want("twice", err, domain.CodeConflict)
	h.now = h.now.Add(time.Hour - time.Second)
	if !h.open(old.Secret) || !h.open(next.Secret) {
		t.Errorf("in the overlap: old %v, new %v", h.open(old.Secret), h.open(next.Secret))
	}
	h.now = h.now.Add(time.Second)
	if h.open(old.Secret) || !h.open(next.Secret) {
		t.Errorf("after the overlap: old %v, new %v", h.open(old.Secret), h.open(next.Secret))
	}
	at, err := h.keys.Rotate(own, "", next.ID, 0)
	if err != nil || h.open(next.Secret) || !h.open(at.Secret) {
		t.Errorf("without overlap: old %v, new %v, %v", h.open(next.Secret), h.open(at.Secret), err)
	}
	dying := h.key(own, domain.APIKeyParams{Name: "x", Scope: []domain.Permission{domain.WebsitesRead}, Expires: time.Minute})
	if _, err := h.keys.Rotate(own, "", dying.ID, time.Hour); err != nil {
		t.Fatal(err)
	}
	if held, err := h.store.APIKeys.Get(t.Context(), dying.ID); err != nil || !held.ExpiresAt.Equal(dying.ExpiresAt) {
		t.Errorf("the overlap made an old key last longer: %+v, %v", held, err)
	}
}

// TestAPIKeyIsNoPerson: what only a person may do, a key cannot, whatever its scope.
func TestAPIKeyIsNoPerson(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := h.as(h.key(h.root(), keyFor(domain.AdminFull)).Secret)
	_, err := h.users.BeginTOTP(ctx, h.password)
	h.want("begin second factor", err, domain.CodeForbidden)
	h.want("confirm second factor", h.users.ConfirmTOTP(ctx, "123456"), domain.CodeForbidden)
	h.want("disable second factor", h.users.DisableTOTP(ctx, h.password, "123456"), domain.CodeForbidden)
	_, err = h.users.Update(ctx, h.admin.ID, domain.UserPatch{Password: new("another long password"), CurrentPassword: h.password})
	h.want("change the own password", err, domain.CodeForbidden)
	h.want("remove the own second factor", h.users.RemoveTOTP(ctx, h.admin.ID), domain.CodeForbidden)
	h.want("sign out", h.users.Logout(ctx, true), domain.CodeConflict)
	h.want("end a sign-in", h.users.RevokeSession(ctx, "sess_x"), domain.CodeConflict)
}
