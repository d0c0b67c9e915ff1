package service_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"empire/internal/auth"
	"empire/internal/domain"
	"empire/internal/service"
)

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
