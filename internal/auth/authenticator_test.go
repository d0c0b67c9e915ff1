package auth_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"empire/internal/auth"
	"empire/internal/domain"
)

func TestAuthenticateToken(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, d *desk) {
		token, s := d.token(t, "user_1")
		for range 2 {
			p := d.wants(t, "good token", token, "user_1")
			if !p.Human || p.Tenant != "acme" || p.Session != s.ID || p.Key != "" || p.Email != "a@example.com" || !p.Can(domain.WebsitesManage) {
				t.Errorf("principal = %+v", p)
			}
		}
		// A right that is taken away is gone within a second, though the token lists it.
		d.change(func() { d.users["user_1"].Permissions = []domain.Permission{domain.WebsitesRead} })
		d.pass(time.Second)
		if p := d.wants(t, "after the change", token, "user_1"); p.Can(domain.WebsitesManage) {
			t.Errorf("the right is still there: %+v", p)
		}
		d.change(func() { at := noon; s.RevokedAt = &at })
		d.pass(time.Second)
		d.wants(t, "revoked", token, "")
		d.wants(t, "revoked, again", token, "")
	})
}

func TestAuthenticateAtOnceAfterForget(t *testing.T) {
	t.Parallel()
	d := newDesk(t, true)
	token, _ := d.token(t, "user_1")
	secret, _ := d.key("user_1", domain.WebsitesRead)
	d.wants(t, "token", token, "user_1")
	d.wants(t, "key", secret, "user_1")
	d.change(func() { delete(d.users, "user_1") })
	d.wants(t, "still held", token, "user_1")
	d.Forget(t.Context(), "user_1")
	d.wants(t, "token of a deleted user", token, "")
	d.wants(t, "key of a deleted user", secret, "")
}

func TestAuthenticateExpiry(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, d *desk) {
		token, _ := d.token(t, "user_1")
		secret, k := d.key("user_2", domain.WebsitesRead)
		d.wants(t, "token", token, "user_1")
		d.pass(24*time.Hour - time.Second)
		d.wants(t, "token in its last second", token, "user_1")
		d.pass(time.Second)
		d.wants(t, "token a day old", token, "")
		d.pass(364*24*time.Hour - time.Second)
		d.wants(t, "key in its last second", secret, "user_2")
		d.pass(time.Second) // held for this second, but over
		d.wants(t, "key a year old", secret, "")
		if got := k.ExpiresAt.Sub(k.CreatedAt); got != 31_536_000*time.Second {
			t.Errorf("a key lasts %v", got)
		}
	})
}

func TestAuthenticateRefuses(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, d *desk) {
		token, s := d.token(t, "user_1")
		other, _ := d.token(t, "user_2")
		d.change(func() { s.UserID = "user_2" })
		d.wants(t, "sign-in of another user", token, "")
		d.wants(t, "nothing", "", "")
		d.change(func() { clear(d.sessions) })
		d.wants(t, "sign-in that was swept out", other, "")
		secret, k := d.key("user_1", domain.WebsitesRead)
		d.change(func() { at := noon; k.RevokedAt = &at })
		d.wants(t, "revoked key", secret, "")
	})
}

// TestAuthenticateNearMiss changes each character of a key in turn. The secret
// itself must go on working, or the test proves nothing.
func TestAuthenticateNearMiss(t *testing.T) {
	t.Parallel()
	d := newDesk(t, true)
	secret, _ := d.key("user_1", domain.WebsitesRead)
	d.wants(t, "the key", secret, "user_1")
	for i := range secret {
		for _, c := range "Aa0-_" {
			if near := secret[:i] + string(c) + secret[i+1:]; near != secret {
				d.wants(t, near, near, "")
			}
		}
	}
	asked := d.asked
	for _, malformed := range []string{"mfm_", secret + "A", secret[:46], secret + " ", "mfm_" + strings.Repeat("+", 43), "MFM_" + secret[4:], "mfm_" + strings.Repeat("\x00", 43)} {
		d.wants(t, malformed, malformed, "")
	}
	if d.asked != asked {
		t.Errorf("the database was asked %d times for keys that cannot be", d.asked-asked)
	}
}

func TestAuthenticateKey(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, d *desk) {
		d.change(func() { d.users["user_1"].Permissions = []domain.Permission{domain.WebsitesRead, domain.AgentsRead} })
		secret, k := d.key("user_1", domain.WebsitesRead, domain.WebsitesManage)
		p := d.wants(t, "key", secret, "user_1")
		if p.Human || p.Key != k.ID || p.Session != "" || p.Tenant != "acme" || !slices.Equal(p.Permissions, []domain.Permission{domain.WebsitesRead}) {
			t.Errorf("principal = %+v, want the key with websites.read alone", p)
		}
		d.change(func() { d.users["user_1"].Permissions = nil })
		d.pass(time.Second)
		if p := d.wants(t, "key", secret, "user_1"); len(p.Permissions) != 0 {
			t.Errorf("the user may do nothing, the key %v", p.Permissions)
		}
	})
}

func TestAuthenticateDatabaseDown(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, d *desk) {
		token, _ := d.token(t, "user_1")
		secret, _ := d.key("user_1")
		d.change(func() { d.down = errors.New("database is down") })
		for _, credential := range []string{token, secret} {
			if p, err := d.Authenticate(t.Context(), credential); domain.CodeOf(err) != domain.CodeInternal {
				t.Errorf("%+v, %v, want an internal error, not a sign-out", p, err)
			}
		}
	})
}

// TestAuthenticateAsksRarely counts the questions to the database.
func TestAuthenticateAsksRarely(t *testing.T) {
	t.Parallel()
	d := newDesk(t, true)
	token, _ := d.token(t, "user_1")
	secret, _ := d.key("user_1")
	for range 5 { // half a second
		for range 100 {
			d.wants(t, "token", token, "user_1")
			d.wants(t, "key", secret, "user_1")
		}
		d.pass(100 * time.Millisecond)
	}
	if d.asked != 2 {
		t.Errorf("asked %d times, want once for each", d.asked)
	}
	d.pass(500 * time.Millisecond)
	d.wants(t, "token", token, "user_1")
	if d.asked != 3 {
		t.Errorf("asked %d times, want again after a second", d.asked)
	}
}

// TestAuthenticateWhateverTheCacheSays: another user's principal under the key of a
// session is not believed.
func TestAuthenticateWhateverTheCacheSays(t *testing.T) {
	t.Parallel()
	d := newDesk(t, false)
	cache := liar{}
	d.Authenticator = auth.NewAuthenticator(auth.AuthenticatorConfig{
		Tokens: d.tokens, Sessions: sessionTable{d.records}, Keys: keyTable{d.records}, Cache: cache, Now: d.now, Logger: slog.New(slog.DiscardHandler),
	})
	token, _ := d.token(t, "user_1")
	d.wants(t, "first", token, "user_1")
	d.wants(t, "second", token, "user_1")
}

type liar struct{}

func (liar) Get(context.Context, string) (*domain.Principal, bool) {
	return &domain.Principal{UserID: "user_9", Permissions: []domain.Permission{domain.AdminFull}}, true
}
func (liar) Put(context.Context, string, *domain.Principal, time.Time) {}
func (liar) DropUser(context.Context, domain.UserID)                   {}

// TestLastUse: noted once a minute, beside the requests, and before Stop returns.
func TestLastUse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, false)
		secret, k := d.key("user_1")
		d.touching = make(chan struct{})
		for range 10 {
			d.wants(t, "key", secret, "user_1") // returns although the database is busy
		}
		close(d.touching)
		synctest.Wait()
		for range 119 {
			d.pass(time.Second)
			d.wants(t, "key", secret, "user_1")
			synctest.Wait()
		}
		if err := d.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		first, last := fmt.Sprint(k.ID, " 0s 1m0s"), fmt.Sprint(k.ID, " 1m0s 1m0s")
		if len(d.touched) < 2 || len(d.touched) > 3 || d.touched[0] != first || d.touched[len(d.touched)-1] != last {
			t.Errorf("noted %v, want uses at 0s and at 1m0s", d.touched)
		}
		before := len(d.touched)
		d.pass(time.Hour)
		d.wants(t, "after the stop", secret, "user_1")
		synctest.Wait()
		if len(d.touched) != before {
			t.Errorf("noted after the stop: %v", d.touched)
		}
	})
}

func TestStopGivesUpWithItsContext(t *testing.T) {
	t.Parallel()
	d := newDesk(t, false)
	secret, _ := d.key("user_1")
	d.touching = make(chan struct{})
	d.wants(t, "key", secret, "user_1")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.Stop(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("stop = %v, want context.Canceled", err)
	}
	close(d.touching)
}

// TestVerifiedIsBounded authenticates more tokens than are remembered; all of them
// stay good.
func TestVerifiedIsBounded(t *testing.T) {
	t.Parallel()
	d := newDesk(t, true)
	secrets := make([]string, 40_000)
	for i := range secrets {
		var k *domain.APIKey
		secrets[i], k = d.key("user_1")
		k.LastUsedAt = &noon
		d.wants(t, "key", secrets[i], "user_1")
	}
	for _, s := range secrets[:100] {
		d.wants(t, "key", s, "user_1")
	}
}

func FuzzAuthenticate(f *testing.F) {
	r := newRecords()
	tokens, _ := auth.NewTokens(secret, func() time.Time { return noon })
	good, _ := tokens.Issue(r.users["user_1"], signIn("sess_1", "user_1", noon))
	r.sessions["sess_1"] = signIn("sess_1", "user_1", noon)
	key := auth.KeyPrefix + strings.Repeat("A", 43)
	r.keys[auth.KeySecrets{}.Hash(key)] = &domain.APIKey{ID: "key_1", UserID: "user_1", Hash: auth.KeySecrets{}.Hash(key), ExpiresAt: noon.Add(time.Hour), LastUsedAt: &noon}
	a := auth.NewAuthenticator(auth.AuthenticatorConfig{
		Tokens: tokens, Sessions: sessionTable{r}, Keys: keyTable{r}, Now: func() time.Time { return noon }, Logger: slog.New(slog.DiscardHandler),
	})
	f.Add(good)
	f.Add(key)
	f.Add("mfm_")
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	f.Fuzz(func(t *testing.T, s string) {
		p, err := a.Authenticate(t.Context(), s)
		if (err == nil) != (s == good || s == key) || err != nil && domain.CodeOf(err) != domain.CodeUnauthenticated {
			t.Errorf("Authenticate(%q) = %+v, %v", s, p, err)
		}
	})
}

func BenchmarkAuthenticateHit(b *testing.B) {
	r := newRecords()
	tokens, _ := auth.NewTokens(secret, time.Now)
	now := time.Now()
	r.sessions["sess_1"] = signIn("sess_1", "user_1", now)
	token, _ := tokens.Issue(r.users["user_1"], r.sessions["sess_1"])
	a := auth.NewAuthenticator(auth.AuthenticatorConfig{
		Tokens: tokens, Sessions: sessionTable{r}, Keys: keyTable{r}, Now: time.Now, Logger: slog.New(slog.DiscardHandler), Cache: hit{&domain.Principal{UserID: "user_1"}},
	})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := a.Authenticate(b.Context(), token); err != nil {
			b.Fatal(err)
		}
	}
}

type hit struct{ p *domain.Principal }

func (h hit) Get(context.Context, string) (*domain.Principal, bool)   { return h.p, true }
func (hit) Put(context.Context, string, *domain.Principal, time.Time) {}
func (hit) DropUser(context.Context, domain.UserID)                   {}
