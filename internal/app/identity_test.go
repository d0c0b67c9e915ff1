package app_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base32"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/pquerna/otp/totp"

	"empire/internal/app"
	"empire/internal/config"
	"empire/internal/domain"
	"empire/internal/store"
)

// signingSecret is what the tests of identity let the program sign tokens with.
const signingSecret = "a secret of the test, 32 bytes or more"

// logBuffer is a log that a test can read while the program writes it.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// office is a running program with all that it says: its log, and the answers that
// are not meant to hold a secret.
type office struct {
	*caller
	app      *app.App
	dir      string
	postgres string
	log      *logBuffer
	said     bytes.Buffer
	secrets  map[string]string // by what they are
}

func newOffice(t *testing.T, postgres string) *office {
	t.Helper()
	o := &office{dir: t.TempDir(), postgres: postgres, log: &logBuffer{}, secrets: map[string]string{}}
	cfg, _, err := config.Load(config.Input{Flags: map[string]string{
		"data": o.dir, "database.url": postgres, "listen.api": "127.0.0.1:0", "listen.edge": "127.0.0.1:0", "log.level": "debug", "log.format": "json",
		"auth.secret": signingSecret, "limits.auth": "0", "limits.anonymous": "0",
	}})
	if err != nil {
		t.Fatal(err)
	}
	log, err := app.NewLogger(o.log, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if o.app, err = app.Open(t.Context(), cfg, log, app.Serve); err != nil {
		t.Fatal(err)
	}
	if err := o.app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := o.app.Stop(ctx); err != nil {
			t.Errorf("stop: %v", err)
		}
		if err := o.app.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	o.secrets["administrator's password"] = o.app.NewCredentials().Password
	o.caller = newCaller(t, o.app)
	o.secrets["administrator's token"] = o.token
	return o
}

func bearer(token string) []string { return []string{"Authorization", "Bearer " + token} }

// as asks with another credential and keeps the answer for the search for secrets.
func (o *office) as(header []string, method, path string, body any, status int, v any) answer {
	o.t.Helper()
	c := &caller{t: o.t, base: o.base}
	a := c.want(method, "/api/v1"+path, body, status, v, header...)
	o.said.Write(a.body)
	_, _ = fmt.Fprintln(&o.said, a.header)
	return a
}

// root asks as the administrator.
func (o *office) root(method, path string, body any, status int, v any) answer {
	o.t.Helper()
	return o.as(bearer(o.token), method, path, body, status, v)
}

// hire adds a user and signs it in.
func (o *office) hire(email string, perms ...domain.Permission) (id, token string) {
	o.t.Helper()
	password := "password of " + email
	o.secrets["password of "+email] = password
	var u struct{ ID string }
	o.root("POST", "/users", map[string]any{"email": email, "password": password, "permissions": append([]domain.Permission{}, perms...)}, http.StatusCreated, &u)
	return u.ID, o.login(map[string]any{"email": email, "password": password})
}

func (o *office) login(body map[string]any) string {
	o.t.Helper()
	var s struct {
		AccessToken string `json:"access_token"`
		TokenType   string `json:"token_type"`
		ExpiresIn   int    `json:"expires_in"`
	}
	c := &caller{t: o.t, base: o.base}
	c.want("POST", "/api/v1/auth/login", body, http.StatusOK, &s)
	if s.TokenType != "bearer" || s.ExpiresIn != 86_400 {
		o.t.Errorf("login = %s for %d s", s.TokenType, s.ExpiresIn)
	}
	o.secrets[fmt.Sprint("token ", len(o.secrets))] = s.AccessToken
	return s.AccessToken
}

// key makes an API key and returns its id and secret.
func (o *office) key(token string, body map[string]any) (id, secret string) {
	o.t.Helper()
	var k struct{ ID, Secret string }
	c := &caller{t: o.t, base: o.base, token: token}
	c.want("POST", "/api/v1/auth/api-key", body, http.StatusCreated, &k)
	o.secrets["key "+k.ID] = k.Secret
	return k.ID, k.Secret
}

// eachOffice runs a test on SQLite and on PostgreSQL.
func eachOffice(t *testing.T, run func(t *testing.T, o *office)) {
	t.Helper()
	for _, db := range databases {
		t.Run(db.name, func(t *testing.T) {
			t.Parallel()
			run(t, newOffice(t, db.url(t)))
		})
	}
}

// TestIdentity walks through the life of a user over HTTP, and then searches
// database, files, log and answers for every secret that was used.
func TestIdentity(t *testing.T) {
	t.Parallel()
	eachOffice(t, func(t *testing.T, o *office) {
		id, token := o.hire("ed@shop.example", domain.WebsitesRead, domain.AgentsRead)
		checkClaims(t, token, id)
		t.Run("rights", func(t *testing.T) { o.t = t; o.rights(id, token) })
		t.Run("keys", func(t *testing.T) { o.t = t; o.keys(token) })
		t.Run("second factor", func(t *testing.T) { o.t = t; o.secondFactor(id, token) })
		t.Run("sign-ins", func(t *testing.T) { o.t = t; o.signIns() })
		t.Run("lockout", func(t *testing.T) { o.t = t; o.lockout() })
		t.Run("end", func(t *testing.T) { o.t = t; o.end(id, token) })
		o.t = t
		o.search()
	})
}

// checkClaims decodes a token with a library that the program does not use for it.
func checkClaims(t *testing.T, token, user string) {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(raw, &claims); err != nil {
		t.Fatal(err)
	}
	want := []string{"aud", "exp", "iat", "iss", "jti", "permissions", "user_id"}
	if got := slices.Sorted(maps.Keys(claims)); !slices.Equal(got, want) || claims["user_id"] != user {
		t.Errorf("claims = %v", claims)
	}
	if d := claims["exp"].(float64) - claims["iat"].(float64); d != 86_400 {
		t.Errorf("exp - iat = %v", d)
	}
}

// rights: the database decides with the next request, not the token.
func (o *office) rights(id, token string) {
	me := bearer(token)
	o.as(me, "GET", "/websites", nil, 200, nil)
	o.as(me, "GET", "/users", nil, 403, nil)
	o.as(me, "GET", "/users/"+id, nil, 200, nil)
	o.as(me, "PATCH", "/users/"+id, map[string]any{"permissions": []string{"admin.full"}}, 403, nil)
	o.root("PATCH", "/users/"+id, map[string]any{"permissions": []string{"root"}}, 422, nil)
	o.root("PATCH", "/users/"+id, map[string]any{"permissions": []string{"agents.read"}}, 200, nil)
	o.as(me, "GET", "/websites", nil, 403, nil)
	o.as(me, "GET", "/agents", nil, 200, nil)
	o.root("PATCH", "/users/"+id, map[string]any{"permissions": []string{"websites.read", "agents.read"}}, 200, nil)
	o.as(me, "GET", "/websites", nil, 200, nil)
	var admin struct{ ID string }
	o.root("GET", "/auth/me", nil, 200, &admin)
	o.as(me, "GET", "/users/"+admin.ID, nil, 404, nil)
	o.root("PATCH", "/users/"+admin.ID, map[string]any{"permissions": []string{}}, 409, nil)
	o.root("DELETE", "/users/"+admin.ID, nil, 409, nil)
	o.root("POST", "/users", map[string]any{"email": "ED@shop.example", "password": "some long password", "permissions": []string{}}, 409, nil)
	o.root("POST", "/users", map[string]any{"email": "x@shop.example", "name": "a\tb", "password": "some long password", "permissions": []string{}}, 422, nil)
	o.root("GET", "/users/%00", nil, 404, nil)
}

func (o *office) keys(token string) {
	me := bearer(token)
	id, secret := o.key(token, map[string]any{"name": "n8n", "scope": []string{"websites.read"}})
	for _, header := range [][]string{bearer(secret), {"X-API-Key", secret}} {
		o.as(header, "GET", "/websites", nil, 200, nil)
		o.as(header, "GET", "/agents", nil, 403, nil)
		o.as(header, "POST", "/auth/api-key", map[string]any{"name": "wider", "scope": []string{"agents.read"}}, 403, nil)
	}
	last := secret[len(secret)-1]
	for _, c := range "Aab0_-" {
		if byte(c) != last {
			o.as([]string{"X-API-Key", secret[:len(secret)-1] + string(c)}, "GET", "/websites", nil, 401, nil)
		}
	}
	o.as(append(bearer(o.token), "X-API-Key", secret), "GET", "/websites", nil, 400, nil)
	o.as(me, "POST", "/auth/api-key", map[string]any{"name": "x", "scope": []string{"websites.manage"}}, 403, nil)
	o.as(me, "POST", "/auth/api-key", map[string]any{"name": "x", "scope": []string{"admin.full"}}, 403, nil)
	o.as(me, "POST", "/auth/api-key", map[string]any{"name": "x", "scope": []string{}}, 422, nil)
	o.as(me, "POST", "/auth/api-key", map[string]any{"name": "x", "scope": []string{"root"}}, 422, nil)
	var list []struct {
		ID, Prefix string
		CreatedAt  time.Time  `json:"created_at"`
		ExpiresAt  time.Time  `json:"expires_at"`
		LastUsedAt *time.Time `json:"last_used_at"`
	}
	o.until("noting the use", "/api/v1/users/"+domainUser(o, me)+"/api-keys", &list, func() bool { return len(list) == 1 && list[0].LastUsedAt != nil })
	if list[0].ExpiresAt.Sub(list[0].CreatedAt) != 31_536_000*time.Second || list[0].ID != id || list[0].Prefix != secret[:12] {
		o.t.Errorf("list = %+v", list)
	}
	o.root("DELETE", "/auth/api-keys/"+id, nil, 404, nil)
	var next struct{ ID, Secret string }
	c := &caller{t: o.t, base: o.base, token: token}
	c.want("POST", "/api/v1/auth/api-keys/"+id+"/rotate", map[string]any{"overlap": 60}, 201, &next)
	o.secrets["key "+next.ID] = next.Secret
	o.as(bearer(secret), "GET", "/websites", nil, 200, nil)
	o.as(bearer(next.Secret), "GET", "/websites", nil, 200, nil)
	o.as(me, "POST", "/auth/api-keys/"+id+"/rotate", nil, 409, nil)
	o.as(me, "DELETE", "/auth/api-keys/"+id, nil, 204, nil)
	o.as(bearer(secret), "GET", "/websites", nil, 401, nil)
	o.as(bearer(next.Secret), "GET", "/websites", nil, 200, nil)
	o.as(me, "GET", "/auth/api-keys", nil, 200, nil)
}

func domainUser(o *office, header []string) string {
	o.t.Helper()
	var u struct{ ID string }
	o.as(header, "GET", "/auth/me", nil, 200, &u)
	return u.ID
}

func (o *office) secondFactor(id, token string) {
	me, password := bearer(token), o.secrets["password of ed@shop.example"]
	var setup struct{ Secret, URI string }
	c := &caller{t: o.t, base: o.base, token: token}
	c.want("POST", "/api/v1/auth/totp", map[string]any{"password": password}, 200, &setup)
	o.secrets["second factor"] = setup.Secret
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(setup.Secret)
	if err != nil {
		o.t.Fatal(err)
	}
	o.secrets["second factor, raw"] = string(raw)
	code := func(at time.Time) string {
		code, err := totp.GenerateCode(setup.Secret, at)
		if err != nil {
			o.t.Fatal(err)
		}
		return code
	}
	now := time.Now()
	first := code(now)
	o.as(me, "POST", "/auth/totp/confirm", map[string]any{"code": first}, 204, nil)
	login := map[string]any{"email": "ed@shop.example", "password": password}
	a := o.as(nil, "POST", "/auth/login", login, 401, nil)
	if !strings.Contains(string(a.body), "body.otp") {
		o.t.Errorf("missing code: %s", a.body)
	}
	login["otp"] = first
	o.as(nil, "POST", "/auth/login", login, 401, nil)
	login["otp"] = code(now.Add(30 * time.Second)) // within the tolerance for clocks
	o.login(login)
	o.as(nil, "POST", "/auth/login", login, 401, nil)
	o.as(me, "DELETE", "/users/"+id+"/totp", nil, 403, nil)
	o.root("DELETE", "/users/"+id+"/totp", nil, 204, nil)
	o.root("DELETE", "/users/"+id+"/totp", nil, 409, nil)
	delete(login, "otp")
	o.login(login)
}

func (o *office) signIns() {
	_, one := o.hire("ann@shop.example")
	two := o.login(map[string]any{"email": "ann@shop.example", "password": o.secrets["password of ann@shop.example"]})
	var list []struct {
		ID      string
		Current bool
	}
	o.as(bearer(one), "GET", "/auth/sessions", nil, 200, &list)
	if len(list) != 2 || list[0].Current || !list[1].Current {
		o.t.Fatalf("sign-ins = %+v", list)
	}
	o.root("DELETE", "/auth/sessions/"+list[0].ID, nil, 404, nil)
	o.as(bearer(one), "DELETE", "/auth/sessions/"+list[0].ID, nil, 204, nil)
	o.as(bearer(two), "GET", "/auth/me", nil, 401, nil)
	three := o.login(map[string]any{"email": "ann@shop.example", "password": o.secrets["password of ann@shop.example"]})
	o.as(bearer(one), "POST", "/auth/logout", nil, 204, nil)
	o.as(bearer(one), "GET", "/auth/me", nil, 401, nil)
	o.as(bearer(three), "GET", "/auth/me", nil, 200, nil)
	o.as(bearer(three), "POST", "/auth/logout?all=true", nil, 204, nil)
	o.as(bearer(three), "GET", "/auth/me", nil, 401, nil)
}

func (o *office) lockout() {
	o.hire("bo@shop.example")
	wrong := map[string]any{"email": "bo@shop.example", "password": "a wrong guess"}
	unknown := map[string]any{"email": "nobody@shop.example", "password": "a wrong guess"}
	strip := func(a answer) string {
		var p map[string]any
		if err := json.Unmarshal(a.body, &p); err != nil {
			o.t.Fatal(err)
		}
		delete(p, "request_id")
		return fmt.Sprint(p)
	}
	for range 10 {
		if a, b := o.as(nil, "POST", "/auth/login", wrong, 401, nil), o.as(nil, "POST", "/auth/login", unknown, 401, nil); strip(a) != strip(b) {
			o.t.Errorf("wrong password: %s, unknown user: %s", a.body, b.body)
		}
	}
	right := map[string]any{"email": "bo@shop.example", "password": o.secrets["password of bo@shop.example"]}
	for _, body := range []map[string]any{wrong, unknown, right} {
		if a := o.as(nil, "POST", "/auth/login", body, 429, nil); a.header.Get("Retry-After") == "" {
			o.t.Error("no Retry-After")
		}
	}
	o.as(nil, "POST", "/auth/login", map[string]any{"email": "bo@shop.example"}, 422, nil)
}

// end: nothing of a user that is gone lets anybody in.
func (o *office) end(id, token string) {
	_, secret := o.key(token, map[string]any{"name": "last", "scope": []string{"websites.read"}})
	o.as(bearer(secret), "GET", "/websites", nil, 200, nil)
	o.root("DELETE", "/users/"+id, nil, 204, nil)
	o.as(bearer(token), "GET", "/auth/me", nil, 401, nil)
	o.as(bearer(secret), "GET", "/websites", nil, 401, nil)
	o.root("GET", "/users/"+id, nil, 404, nil)
	o.root("GET", "/audit?action=user", nil, 200, nil)
}

// search looks for every secret where it must not be. What must be there is found,
// or the search proves nothing.
func (o *office) search() {
	o.t.Helper()
	o.secrets["signing secret"] = signingSecret
	seal, err := os.ReadFile(filepath.Join(o.dir, "seal.key"))
	if err != nil {
		o.t.Fatal(err)
	}
	o.secrets["seal key"] = strings.TrimSpace(string(seal))
	places := map[string]string{"log": o.log.String(), "answers": o.said.String(), "database": o.database()}
	for place, want := range map[string]string{"log": "/api/v1/auth/login", "answers": "second_factor", "database": "ann@shop.example"} {
		if !strings.Contains(places[place], want) {
			o.t.Errorf("the %s lacks %q", place, want)
		}
	}
	if len(o.secrets) < 15 {
		o.t.Errorf("only %d secrets", len(o.secrets))
	}
	for what, secret := range o.secrets {
		for place, text := range places {
			if strings.Contains(text, secret) || strings.Contains(text, strings.TrimPrefix(secret, "mfm_")) {
				o.t.Errorf("the %s holds the %s", place, what)
			}
		}
	}
}

// database returns all bytes of the SQLite files, or all rows of PostgreSQL as text.
func (o *office) database() string {
	o.t.Helper()
	var all strings.Builder
	if o.postgres == "" {
		err := filepath.WalkDir(o.dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || strings.HasSuffix(path, ".key") {
				return err
			}
			content, err := os.ReadFile(path)
			all.Write(content)
			return err
		})
		if err != nil {
			o.t.Fatal(err)
		}
		return all.String()
	}
	db, err := store.Open(o.t.Context(), store.Config{URL: o.postgres})
	if err != nil {
		o.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for _, table := range o.column(db, `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`) {
		for _, row := range o.column(db, `SELECT t::text FROM "`+table+`" t`) {
			_, _ = io.WriteString(&all, row+"\n")
		}
	}
	return all.String()
}

func (o *office) column(db *store.DB, query string) []string {
	o.t.Helper()
	rows, err := db.Writer().QueryContext(o.t.Context(), query)
	if err != nil {
		o.t.Fatal(err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			o.t.Fatal(err)
		}
		out = append(out, s)
	}
	if err := rows.Err(); err != nil {
		o.t.Fatal(err)
	}
	return out
}

// TestForgedTokens sends tokens that differ from a good one in one point to a real
// endpoint.
func TestForgedTokens(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "")
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	claims := func(change map[string]any) jwt.MapClaims {
		c := jwt.MapClaims{}
		if _, _, err := jwt.NewParser().ParseUnverified(o.token, c); err != nil {
			t.Fatal(err)
		}
		maps.Copy(c, change)
		return c
	}
	sign := func(method jwt.SigningMethod, key any, change map[string]any) string {
		s, err := jwt.NewWithClaims(method, claims(change)).SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	hs := jwt.SigningMethodHS256
	o.as(bearer(sign(hs, []byte(signingSecret), nil)), "GET", "/users", nil, 200, nil) // the unchanged copy is good
	now := time.Now()
	for name, token := range map[string]string{
		"RS256 with a key of the attacker":      sign(jwt.SigningMethodRS256, key, nil),
		"HS256 with a public key as the secret": sign(hs, public, nil),
		"HS512":                                 sign(jwt.SigningMethodHS512, []byte(signingSecret), nil),
		"alg none":                              sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, nil),
		"wrong secret":                          sign(hs, []byte(strings.ToUpper(signingSecret)), nil),
		"future iat":                            sign(hs, []byte(signingSecret), map[string]any{"iat": now.Add(time.Hour).Unix()}),
		"expired":                               sign(hs, []byte(signingSecret), map[string]any{"iat": now.Add(-25 * time.Hour).Unix(), "exp": now.Add(-time.Hour).Unix()}),
		"no exp":                                sign(hs, []byte(signingSecret), map[string]any{"exp": nil}),
		"sign-in that never was":                sign(hs, []byte(signingSecret), map[string]any{"jti": "sess_none"}),
		"another user":                          sign(hs, []byte(signingSecret), map[string]any{"user_id": "user_none"}),
		"tampered":                              tamper(t, o.token),
	} {
		t.Run(name, func(t *testing.T) {
			a := (&caller{t: t, base: o.base}).want("GET", "/api/v1/users", nil, 401, nil, bearer(token)...)
			if a.header.Get("WWW-Authenticate") == "" || strings.Contains(string(a.body), "@") {
				t.Errorf("%v %s", a.header, a.body)
			}
		})
	}
}

// tamper changes the permissions of a token and keeps its signature.
func tamper(t *testing.T, token string) string {
	t.Helper()
	parts := strings.Split(token, ".")
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(raw), `["admin.full"]`, `["admin.full","root"]`, 1)
	if changed == string(raw) {
		t.Fatalf("nothing to change in %s", raw)
	}
	return parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(changed)) + "." + parts[2]
}
