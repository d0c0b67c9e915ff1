package app_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"empire/internal/app"
	"empire/internal/config"
	"empire/internal/domain"
	"empire/internal/store"
	"empire/internal/testkit"
)

// signingSecret is what the tests of identity let the program sign tokens with.
const signingSecret = "a secret of the test, 32 bytes or more"

// office is a running program with all that it says: its log, and the answers that
// are not meant to hold a secret.
type office struct {
	*caller
	app      *app.App
	dir      string
	postgres string
	log      *testkit.Buffer
	said     bytes.Buffer
	secrets  map[string]string // by what they are
}

func newOffice(t *testing.T, postgres string) *office {
	t.Helper()
	o := &office{dir: t.TempDir(), postgres: postgres, log: &testkit.Buffer{}, secrets: map[string]string{}}
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
	for _, db := range databases(t) {
		t.Run(db.name, func(t *testing.T) {
			t.Parallel()
			run(t, newOffice(t, db.url(t)))
		})
	}
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
