package auth_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"empire/internal/auth"
	"empire/internal/domain"
)

var (
	secret = []byte("0123456789abcdef0123456789abcdef")
	noon   = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
)

func newTokens(t *testing.T, now time.Time) *auth.Tokens {
	t.Helper()
	tokens, err := auth.NewTokens(secret, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

func issue(t *testing.T, at time.Time) string {
	t.Helper()
	s, err := newTokens(t, at).Issue(&domain.User{ID: "user_1", Permissions: []domain.Permission{domain.WebsitesRead}}, signIn("sess_1", "user_1", at))
	if err != nil {
		t.Fatalf("issue: %v", err)
	}
	return s
}

func signIn(id domain.SessionID, user domain.UserID, at time.Time) *domain.LoginSession {
	return &domain.LoginSession{ID: id, UserID: user, CreatedAt: at, ExpiresAt: at.Add(domain.SessionLifetime)}
}

func TestTokensHoldExactlyTheClaims(t *testing.T) {
	t.Parallel()
	parts := strings.Split(issue(t, noon), ".")
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(raw, &claims); err != nil {
		t.Fatal(err)
	}
	want := []string{"aud", "exp", "iat", "iss", "jti", "permissions", "user_id"}
	if got := slices.Sorted(maps.Keys(claims)); !slices.Equal(got, want) {
		t.Errorf("claims = %v, want %v", got, want)
	}
	if d := claims["exp"].(float64) - claims["iat"].(float64); d != 86_400 {
		t.Errorf("exp - iat = %v, want 86400", d)
	}
	if claims["aud"] != "empire" || claims["user_id"] != "user_1" || claims["jti"] != "sess_1" {
		t.Errorf("aud = %v, user_id = %v, jti = %v", claims["aud"], claims["user_id"], claims["jti"])
	}
}

// forge signs claims that differ from good ones in one point.
func forge(t *testing.T, method jwt.SigningMethod, key any, change func(jwt.MapClaims)) string {
	t.Helper()
	c := jwt.MapClaims{
		"user_id": "user_1", "permissions": []string{"admin.full"}, "iat": noon.Unix(), "exp": noon.Add(24 * time.Hour).Unix(),
		"jti": "jti_1", "iss": "empire", "aud": "empire",
	}
	if change != nil {
		change(c)
	}
	s, err := jwt.NewWithClaims(method, c).SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTokensRefuseAttacks(t *testing.T) {
	t.Parallel()
	good := issue(t, noon)
	head, rest, _ := strings.Cut(good, ".")
	body, sig, _ := strings.Cut(rest, ".")
	widened := base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(decode(t, body), "websites.read", "admin.full", 1)))
	set := func(name string, v any) func(jwt.MapClaims) { return func(c jwt.MapClaims) { c[name] = v } }
	drop := func(name string) func(jwt.MapClaims) { return func(c jwt.MapClaims) { delete(c, name) } }
	hs := jwt.SigningMethodHS256
	for _, tt := range []struct{ name, token string }{
		{"empty", ""},
		{"not a token", "a.b.c"},
		{"alg none", forge(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, nil)},
		{"alg none with the old signature", base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + body + "." + sig},
		{"other HMAC", forge(t, jwt.SigningMethodHS512, secret, nil)},
		{"wrong key", forge(t, hs, []byte("another secret of at least 32 bytes"), nil)},
		{"empty key", forge(t, hs, []byte{}, nil)},
		{"tampered permissions", head + "." + widened + "." + sig},
		{"no signature", head + "." + body + "."},
		{"future iat", forge(t, hs, secret, set("iat", noon.Add(time.Hour).Unix()))},
		{"no iat", forge(t, hs, secret, drop("iat"))},
		{"no exp", forge(t, hs, secret, drop("exp"))},
		{"no user", forge(t, hs, secret, drop("user_id"))},
		{"no jti", forge(t, hs, secret, drop("jti"))},
		{"other issuer", forge(t, hs, secret, set("iss", "evil"))},
		{"other audience", forge(t, hs, secret, set("aud", "evil"))},
		{"too long", good + strings.Repeat("A", 5000)},
		{"trailing space", good + " "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, err := newTokens(t, noon).Verify(tt.token)
			if domain.CodeOf(err) != domain.CodeUnauthenticated {
				t.Errorf("verify = %+v, %v, want unauthenticated", c, err)
			}
		})
	}
	if _, err := newTokens(t, noon).Verify(forge(t, hs, secret, nil)); err != nil {
		t.Errorf("the unchanged forgery must pass, or the table proves nothing: %v", err)
	}
}

func decode(t *testing.T, s string) string {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestTokensExpire(t *testing.T) {
	t.Parallel()
	token := issue(t, noon)
	for _, tt := range []struct {
		after time.Duration
		want  domain.Code
	}{
		{0, ""},
		{24*time.Hour - time.Second, ""},
		{24*time.Hour + 10*time.Second, domain.CodeUnauthenticated},
		{-time.Minute, domain.CodeUnauthenticated},
	} {
		_, err := newTokens(t, noon.Add(tt.after)).Verify(token)
		if got := domain.CodeOf(err); got != tt.want {
			t.Errorf("after %v: code = %q, want %q", tt.after, got, tt.want)
		}
	}
}

func TestTokensNeedALongSecret(t *testing.T) {
	t.Parallel()
	if _, err := auth.NewTokens(secret[:31], time.Now); err == nil {
		t.Error("31 bytes were accepted")
	}
}

func FuzzTokensVerify(f *testing.F) {
	tokens, _ := auth.NewTokens(secret, func() time.Time { return noon })
	good, _ := tokens.Issue(&domain.User{ID: "user_1"}, signIn("sess_1", "user_1", noon))
	f.Add(good)
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	f.Fuzz(func(t *testing.T, s string) {
		if c, err := tokens.Verify(s); err == nil && s != good {
			t.Errorf("Verify(%q) = %+v, a token that was never issued", s, c)
		}
	})
}

var cheap = auth.PasswordConfig{MemoryKiB: 64, Concurrency: 2}

func TestPasswords(t *testing.T) {
	t.Parallel()
	p := auth.NewPasswords(cheap)
	hash, err := p.Hash(t.Context(), "correct horse")
	if err != nil || !strings.HasPrefix(hash, "$argon2id$v=19$m=64,t=1,p=1$") {
		t.Fatalf("hash = %q, %v", hash, err)
	}
	again, _ := p.Hash(t.Context(), "correct horse")
	if hash == again {
		t.Error("two hashes of one password are equal: no salt")
	}
	for _, tt := range []struct {
		hash, password string
		want           bool
	}{
		{hash, "correct horse", true},
		{hash, "correct horse ", false},
		{hash, "", false},
		{"", "correct horse", false},
		{"", "", false},
	} {
		if got, err := p.Verify(t.Context(), tt.hash, tt.password); err != nil || got != tt.want {
			t.Errorf("Verify(%q, %q) = %v, %v, want %v", tt.hash, tt.password, got, err, tt.want)
		}
	}
}

func TestPasswordsRefuseBadHashes(t *testing.T) {
	t.Parallel()
	p := auth.NewPasswords(cheap)
	for _, hash := range []string{
		"x", "$argon2i$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$a2V5a2V5a2V5a2V5a2V5a2V5",
		"$argon2id$v=19$m=4294967295,t=1,p=1$c2FsdHNhbHQ$a2V5a2V5a2V5a2V5a2V5a2V5",
		"$argon2id$v=19$m=64,t=0,p=1$c2FsdHNhbHQ$a2V5a2V5a2V5a2V5a2V5a2V5",
		"$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$",
	} {
		if ok, err := p.Verify(t.Context(), hash, "x"); ok || err == nil {
			t.Errorf("Verify(%q) = %v, %v, want an error", hash, ok, err)
		}
	}
}

func TestPasswordsStopWithTheContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := auth.NewPasswords(cheap).Hash(ctx, "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v, want context.Canceled", err)
	}
}

func TestGeneratedPasswords(t *testing.T) {
	t.Parallel()
	p := auth.NewPasswords(cheap)
	seen := map[string]bool{}
	for range 1000 {
		s := p.Generate()
		if len(s) < 20 || seen[s] {
			t.Fatalf("password %q is short or repeated", s)
		}
		seen[s] = true
	}
}

func TestLoadOrCreateSecret(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "secret")
	first, err := auth.LoadOrCreateSecret(path)
	if err != nil || len(first) < auth.MinSecret {
		t.Fatalf("first = %d bytes, %v", len(first), err)
	}
	info, _ := os.Stat(path)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode = %o, want 600", info.Mode().Perm())
	}
	second, err := auth.LoadOrCreateSecret(path)
	if err != nil || string(first) != string(second) {
		t.Errorf("the second start has another secret: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".secret-*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := auth.LoadOrCreateSecret(path); err == nil {
		t.Error("a secret that all can read was accepted")
	}
	for name, content := range map[string]string{"short": "abcd", "text": strings.Repeat("x", 64), "empty": ""} {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := auth.LoadOrCreateSecret(p); err == nil {
			t.Errorf("%s secret was accepted", name)
		}
	}
}

func TestCSRF(t *testing.T) {
	t.Parallel()
	c, other := auth.NewCSRF(secret), auth.NewCSRF([]byte(strings.Repeat("z", 32)))
	token := c.Token("session-1")
	for _, tt := range []struct {
		name, session, token string
		want                 bool
	}{
		{"own", "session-1", token, true},
		{"other session", "session-2", token, false},
		{"other key", "session-1", other.Token("session-1"), false},
		{"empty token", "session-1", "", false},
		{"empty session", "", c.Token(""), false},
		{"garbage", "session-1", "%%%", false},
	} {
		if got := c.Valid(tt.session, tt.token); got != tt.want {
			t.Errorf("%s: valid = %v, want %v", tt.name, got, tt.want)
		}
	}
}

// TestUnknownUsersCostAHash watches the memory that argon2 fills: a check against
// nobody must work as hard as one against a real hash. It does not run in parallel
// because the counter is the whole program's.
func TestUnknownUsersCostAHash(t *testing.T) {
	p := auth.NewPasswords(auth.PasswordConfig{MemoryKiB: 8 << 10})
	hash, err := p.Hash(t.Context(), "right")
	if err != nil {
		t.Fatal(err)
	}
	cost := func(hash string) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if ok, err := p.Verify(t.Context(), hash, "wrong"); ok || err != nil {
			t.Fatalf("verify = %v, %v", ok, err)
		}
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	known, unknown := cost(hash), cost("")
	if unknown < 8<<20 || known < 8<<20 {
		t.Errorf("known user: %d bytes, unknown user: %d bytes, want 8 MiB each", known, unknown)
	}
}
