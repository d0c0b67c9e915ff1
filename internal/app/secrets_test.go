package app_test

import (
	"context"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"empire/internal/app"
	"empire/internal/config"
	"empire/internal/testkit"
)

// TestSecretsAreNowhere uses every kind of secret that there is and then looks for
// it in the files of the database, in Redis and in a log that leaves nothing out.
func TestSecretsAreNowhere(t *testing.T) {
	t.Parallel()
	redis := testkit.Redis(t)
	dir := t.TempDir()
	secrets := map[string]string{
		"token secret": "token-signing-secret-of-this-test", "n8n": "n8n-secret-of-this-test-0123456789", "mailgun": "mailgun-secret-of-this-test-012345",
		"digistore24": "digistore24-secret-of-this-test", "awin": "awin-secret-of-this-test-0123456789",
	}
	cfg, _, err := config.Load(config.Input{Flags: map[string]string{
		"data": dir, "listen.api": "127.0.0.1:0", "listen.edge": "127.0.0.1:0", "redis.url": redis, "auth.secret": secrets["token secret"],
		"webhooks.n8n": secrets["n8n"], "webhooks.mailgun": secrets["mailgun"], "webhooks.digistore24": secrets["digistore24"], "webhooks.awin": secrets["awin"],
	}})
	if err != nil {
		t.Fatal(err)
	}
	log := &testkit.Buffer{}
	a, err := app.Open(t.Context(), cfg, slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})), app.Serve)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	spread(t, a, secrets)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	kept := testkit.DumpRedis(t, redis)
	if err := a.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	places := map[string]string{"the log": log.String(), "Redis": kept}
	for _, name := range []string{"empire.db", "empire.db-wal"} {
		if b, err := os.ReadFile(filepath.Join(dir, name)); err == nil {
			places[name] = string(b)
		}
	}
	if !strings.Contains(places["empire.db"]+places["empire.db-wal"], "editor@shop.example") || !strings.Contains(places["the log"], "request served") || kept == "" {
		t.Fatal("the places hold nothing at all, so that the search proves nothing")
	}
	for what, secret := range secrets {
		for place, content := range places {
			if strings.Contains(content, secret) {
				t.Errorf("%s holds the secret of %s", place, what)
			}
		}
	}
}

// spread makes and uses secrets, rightly and wrongly, and notes them.
func spread(t *testing.T, a *app.App, secrets map[string]string) {
	t.Helper()
	c := newCaller(t, a)
	secrets["administrator"], secrets["administrator's token"] = a.NewCredentials().Password, c.token
	secrets["editor"], secrets["wrong password"] = "password of the editor of this test", "a wrong password of this test"
	c.want("POST", "/api/v1/users", map[string]any{
		"email": "editor@shop.example", "name": "Editor", "password": secrets["editor"], "permissions": []string{"websites.read", "agents.read"},
	}, http.StatusCreated, nil)
	c.want("POST", "/api/v1/auth/login", map[string]string{"email": "editor@shop.example", "password": secrets["wrong password"]}, http.StatusUnauthorized, nil)
	var s struct {
		AccessToken string `json:"access_token"`
	}
	c.want("POST", "/api/v1/auth/login", map[string]string{"email": "editor@shop.example", "password": secrets["editor"]}, http.StatusOK, &s)
	secrets["editor's token"] = s.AccessToken
	editor := &caller{t: t, base: c.base, token: s.AccessToken}
	var key struct {
		Secret string `json:"secret"`
	}
	editor.want("POST", "/api/v1/auth/api-key", map[string]any{"name": "n8n", "scope": []string{"websites.read"}}, http.StatusCreated, &key, "Idempotency-Key", "make-a-key")
	secrets["API key"] = key.Secret
	byKey := &caller{t: t, base: c.base}
	byKey.want("GET", "/api/v1/websites", nil, http.StatusOK, nil, "X-API-Key", key.Secret)
	byKey.want("GET", "/api/v1/websites?token="+key.Secret, nil, http.StatusUnauthorized, nil)
	byKey.want("GET", "/api/v1/nowhere/"+key.Secret, nil, http.StatusNotFound, nil)
	var factor struct {
		Secret string `json:"secret"`
	}
	editor.want("POST", "/api/v1/auth/totp", map[string]string{"password": secrets["editor"]}, http.StatusOK, &factor)
	secrets["second factor"] = factor.Secret
	code, err := totp.GenerateCode(factor.Secret, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	editor.do("POST", "/api/v1/auth/totp/confirm", map[string]string{"code": code})
	for _, path := range []string{"/webhooks/n8n/test", "/webhooks/mailgun", "/webhooks/digistore24", "/webhooks/awin/" + secrets["awin"]} {
		byKey.do("POST", path, map[string]string{"event": "test"}, "Authorization", "Bearer "+secrets["n8n"])
	}
}
