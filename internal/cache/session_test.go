package cache_test

import (
	"crypto/sha256"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"empire/internal/cache"
	"empire/internal/domain"
	"empire/internal/testkit"
)

// TestRedisHoldsNoSecrets looks at all that a server holds after sign-ins, sessions
// and lockouts.
func TestRedisHoldsNoSecrets(t *testing.T) {
	t.Parallel()
	url := testkit.Redis(t)
	r := openRedis(t, url, cache.RedisConfig{})
	const token, account = "eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyX2lkIjoidSJ9.c2lnbmF0dXJl", "ada.lovelace@shop.example"
	const apiKey = "mfm_0123456789012345678901234567890123456789012"
	v := cache.NewSessions(r, time.Minute, time.Now)
	for _, secret := range []string{token, apiKey} {
		v.Get(t.Context(), secret)
		v.Put(t.Context(), secret, &domain.Principal{UserID: "user_1", Email: "x@shop.example"}, time.Now())
	}
	a := cache.NewAttempts(r, time.Now)
	for range 12 {
		a.Begin(account)
	}
	a.Succeeded(account)
	a.Begin(account)

	held := dump(t, url)
	if len(held) < 4 {
		t.Errorf("the server holds %d keys, too few to prove anything: %q", len(held), held)
	}
	for key, value := range held {
		for _, secret := range []string{token, apiKey, apiKey[4:20], account, "lovelace", "c2lnbmF0dXJl"} {
			if strings.Contains(key, secret) || strings.Contains(value, secret) {
				t.Errorf("%s holds %q: %s", key, secret, value)
			}
		}
	}
}

// dump returns all keys and values of a server.
func dump(t *testing.T, url string) map[string]string {
	t.Helper()
	c := client(t, url)
	keys, err := c.Do(t.Context(), c.B().Keys().Pattern("*").Build()).AsStrSlice()
	if err != nil {
		t.Fatal(err)
	}
	held := map[string]string{}
	for _, key := range keys {
		if held[key], err = c.Do(t.Context(), c.B().Get().Key(key).Build()).ToString(); err != nil {
			t.Fatal(err)
		}
	}
	return held
}

// TestSealedSessions shares principals among processes of one secret, and offers them
// ones that somebody made up or moved to another token.
func TestSealedSessions(t *testing.T) {
	t.Parallel()
	url := testkit.Redis(t)
	r := openRedis(t, url, cache.RedisConfig{})
	process := func(secret string) *cache.Sessions {
		v := cache.NewSessions(r, time.Minute, time.Now)
		if secret != "" {
			v.Seal([]byte(secret))
		}
		return v
	}
	put := func(secret, token string) {
		v := process(secret)
		v.Get(t.Context(), token)
		v.Put(t.Context(), token, &domain.Principal{UserID: "user_1"}, time.Now())
	}
	knows := func(secret, token string) bool {
		_, ok := process(secret).Get(t.Context(), token)
		return ok
	}
	put("right", "shared")
	put("wrong", "foreign")
	put("", "open")
	for _, tt := range []struct {
		secret, token string
		want          bool
	}{
		{"right", "shared", true}, {"right", "foreign", false}, {"right", "open", false},
		{"wrong", "foreign", true}, {"wrong", "shared", false}, {"", "open", true}, {"", "shared", false},
	} {
		if got := knows(tt.secret, tt.token); got != tt.want {
			t.Errorf("with the secret %q, the session of %q is known: %t, want %t", tt.secret, tt.token, got, tt.want)
		}
	}
	put("right", "moved")
	c := client(t, url)
	sum := func(token string) string { return fmt.Sprintf("empire:s:%x", sha256.Sum256([]byte(token))) }
	if err := c.Do(t.Context(), c.B().Rename().Key(sum("moved")).Newkey(sum("elsewhere")).Build()).Error(); err != nil {
		t.Fatal(err)
	}
	if knows("right", "elsewhere") {
		t.Error("a session of another token was taken")
	}
}

// TestLateSessionIsNothing freezes the server while a session is on its way, until the
// session is older than allowed. The server then reads it, and must not keep it.
func TestLateSessionIsNothing(t *testing.T) {
	t.Parallel()
	s := testkit.NewRedis(t)
	const maxAge = 200 * time.Millisecond
	r := openRedis(t, s.URL(), cache.RedisConfig{Timeout: 500 * time.Millisecond})
	v := cache.NewSessions(r, maxAge, time.Now)
	for range 10 { // on a busy machine the connection may be lost before the session is sent
		healed(t, r)
		v.Get(t.Context(), "token")
		before := sessionWrites(t, s.URL())
		s.Freeze()
		v.Put(t.Context(), "token", &domain.Principal{UserID: "user_1"}, time.Now()) // waits for the timeout
		time.Sleep(maxAge)
		s.Thaw()
		for range 20 {
			if sessionWrites(t, s.URL()) == before {
				continue
			}
			if held := dump(t, s.URL()); len(held) != 0 {
				t.Errorf("the server kept a session that is too old: %q", held)
			}
			return
		}
	}
	t.Error("no late session reached the server")
}

// sessionWrites returns how many times the server was told to set a value.
func sessionWrites(t *testing.T, url string) int {
	t.Helper()
	c := client(t, url)
	info, err := c.Do(t.Context(), c.B().Info().Section("commandstats").Build()).ToString()
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(info, "cmdstat_set:calls=")
	calls, _, _ := strings.Cut(rest, ",")
	n, _ := strconv.Atoi(calls)
	return n
}
