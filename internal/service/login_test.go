package service_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"empire/internal/auth"
	"empire/internal/domain"
	"empire/internal/service"
)

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
