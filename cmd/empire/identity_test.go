package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"empire/internal/domain"
)

// TestUserCommands walks the life of an account in a tenant of its own.
func TestUserCommands(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	do := func(line string) outcome {
		t.Helper()
		return command(t, append(strings.Fields(line), "--data", dir)...)
	}
	var made struct{ ID, Tenant, Email, Password string }
	do("user add Boss@acme.example --tenant acme --name Boss --permission admin.full --json").done(t).decode(t, &made)
	if made.Tenant != "acme" || len(made.Password) < 20 {
		t.Fatalf("made %+v", made)
	}
	for line, want := range map[string]int{"user list --json": 2, "user list --tenant acme --json": 1, "user list --tenant none --json": 0} {
		var list []domain.User
		do(line).done(t).decode(t, &list)
		if len(list) != want {
			t.Errorf("%s: %d accounts, want %d", line, len(list), want)
		}
	}
	if o := do("user list").done(t); !strings.Contains(o.out, "acme") || !strings.Contains(o.out, "admin.full") || strings.Contains(o.out, "argon2") {
		t.Errorf("list:\n%s", o.out)
	}
	if o := do("user delete boss@acme.example"); o.code != exitFailed || !strings.Contains(o.errs, "last administrator") {
		t.Errorf("delete the last administrator: %d %s", o.code, o.errs)
	}
	do("user add two@acme.example --tenant acme --permission admin.full").done(t)
	var changed domain.User
	do("user update boss@acme.example --permission websites.read --json").done(t).decode(t, &changed)
	if changed.Tenant != "acme" || len(changed.Permissions) != 1 || changed.Permissions[0] != domain.WebsitesRead {
		t.Errorf("changed %+v", changed)
	}
	if o := do("user token boss@acme.example").done(t); strings.Count(o.out, ".") != 2 {
		t.Errorf("token %q", o.out)
	}
	if o := do("user password boss@acme.example").done(t); strings.Contains(o.out, made.Password) {
		t.Errorf("the password is the old one: %s", o.out)
	}
	if o := do("user totp off boss@acme.example"); o.code != exitFailed || !strings.Contains(o.errs, "no second factor") {
		t.Errorf("totp off: %d %s", o.code, o.errs)
	}
	do("user delete boss@acme.example").done(t)
	if o := do("user token boss@acme.example"); o.code != exitFailed || !strings.Contains(o.errs, "does not exist") {
		t.Errorf("token of a removed account: %d %s", o.code, o.errs)
	}
	absent(t, dir, made.Password)
}

// TestAPIKeyCommands walks the life of a key.
func TestAPIKeyCommands(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	do := func(line string) outcome {
		t.Helper()
		return command(t, append(strings.Fields(line), "--data", dir)...)
	}
	do("user add ed@shop.example --permission websites.read").done(t)
	var first, next apiKeyView
	do("apikey create --user ed@shop.example --name n8n --scope websites.read --expires 48h --json").done(t).decode(t, &first)
	if len(first.Secret) != 47 || first.ExpiresAt.Sub(first.CreatedAt) != 48*time.Hour || first.Prefix != first.Secret[:12] {
		t.Fatalf("made %+v", first)
	}
	if o := do("apikey create --user ed@shop.example --name n8n --scope admin.full"); o.code != exitFailed || !strings.Contains(o.errs, "admin.full") {
		t.Errorf("a wider key: %d %s", o.code, o.errs)
	}
	do("apikey rotate "+string(first.ID)+" --overlap 1h --json").done(t).decode(t, &next)
	var list []apiKeyView
	do("apikey list --user ed@shop.example --json").done(t).decode(t, &list)
	if len(list) != 2 || list[0].ID != next.ID || list[1].ReplacedBy == nil || *list[1].ReplacedBy != next.ID || list[0].Secret+list[1].Secret != "" {
		t.Errorf("list = %+v", list)
	}
	do("apikey revoke " + string(next.ID)).done(t)
	o := do("apikey list --user ed@shop.example").done(t)
	if !strings.Contains(o.out, "revoked") || !strings.Contains(o.out, "never") || strings.Contains(o.out, first.Secret) {
		t.Errorf("list:\n%s", o.out)
	}
	plain := do("apikey create --name tool --scope websites.read").done(t)
	if secret := strings.TrimSpace(plain.out); len(secret) != 47 || strings.Contains(plain.errs, secret) {
		t.Errorf("standard output %q, standard error %q: want the secret alone on the first", plain.out, plain.errs)
	}
	absent(t, dir, first.Secret, next.Secret, strings.TrimSpace(plain.out))
}

// absent searches every file of a data directory for secrets.
func absent(t *testing.T, dir string, secrets ...string) {
	t.Helper()
	for _, s := range secrets {
		if path := holder(t, dir, strings.TrimPrefix(s, "mfm_")); s == "" || path != "" {
			t.Errorf("%s holds the secret %q", path, s)
		}
	}
	if holder(t, dir, "admin@localhost") == "" {
		t.Error("the search does not find what is there")
	}
}

// holder returns a file of a directory that holds a text, or "".
func holder(t *testing.T, dir, text string) (found string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if strings.Contains(string(content), text) {
			found = path
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
