package api_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"empire/internal/domain"
)

// identityEndpoints are the operations about people, sign-ins and keys. What needs no
// permission is still the caller's own; the services see to that.
var identityEndpoints = []endpoint{
	{method: "GET", path: "/auth/me", status: 200, bad: []string{"?x=1"}},
	{method: "GET", path: "/auth/permissions", status: 200, bad: []string{"?x=1"}},
	{method: "POST", path: "/auth/logout", status: 204},
	{method: "GET", path: "/auth/sessions", status: 200, bad: badWindows},
	{method: "DELETE", path: "/auth/sessions/sess_1", status: 204, unknown: "/auth/sessions/sess_2"},
	{method: "POST", path: "/auth/totp", status: 200, body: `{"password":"right"}`, bad: []string{`{}`, `{"password":""}`, `{"password":1}`, `{"password":"x","code":"1"}`}},
	{method: "POST", path: "/auth/totp/confirm", status: 204, body: `{"code":"123456"}`, bad: []string{`{}`, `{"code":123456}`, `{"code":""}`, `{"code":"12345678901"}`}},
	{
		method: "DELETE", path: "/auth/totp", status: 204, body: `{"password":"right","code":"123456"}`,
		bad: []string{`{}`, `{"password":"right"}`, `{"code":"123456"}`, `{"password":"right","code":123456}`},
	},
	{
		method: "POST", path: "/auth/api-key", status: 201, body: `{"name":"n8n","scope":["websites.read"],"expires_in":60}`,
		bad: []string{
			`{}`, `{"name":"n8n"}`, `{"scope":["websites.read"]}`, `{"name":"","scope":["websites.read"]}`, `{"name":"n8n","scope":[]}`, `{"name":"n8n","scope":null}`,
			`{"name":"n8n","scope":"websites.read"}`, `{"name":"n8n","scope":["root"]}`, `{"name":"n8n","scope":["websites.read"],"expires_in":0}`,
			`{"name":"n8n","scope":["websites.read"],"expires_in":31536001}`, `{"name":"n8n","scope":["websites.read"],"expires_in":-1}`,
			`{"name":"n8n","scope":["websites.read"],"expires_in":1.5}`, `{"name":"n8n","scope":["websites.read"],"user_id":"user_2"}`,
		},
	},
	{method: "GET", path: "/auth/api-keys", status: 200, bad: badWindows},
	{method: "DELETE", path: "/auth/api-keys/key_1", status: 204, unknown: "/auth/api-keys/key_2"},
	{
		method: "POST", path: "/auth/api-keys/key_1/rotate", status: 201, body: `{"overlap":0}`, unknown: "/auth/api-keys/key_2/rotate",
		bad: []string{`{"overlap":-1}`, `{"overlap":604801}`, `{"overlap":"day"}`, `{"scope":["admin.full"]}`, `[]`},
	},
	{method: "GET", path: "/users", right: domain.AdminFull, status: 200, bad: badWindows},
	{
		method: "POST", path: "/users", right: domain.AdminFull, status: 201, body: `{"email":"b@example.com","password":"long enough password","permissions":[]}`,
		bad: []string{
			`{}`, `{"email":"b@example.com","password":"short","permissions":[]}`, `{"email":"nobody","password":"long enough password","permissions":[]}`,
			`{"email":"b@example.com","password":"long enough password","permissions":["root"]}`, `{"email":"b@example.com","password":"long enough password"}`,
			`{"email":"b@example.com","password":"long enough password","permissions":[],"tenant":"acme"}`,
		},
	},
	{method: "GET", path: "/users/user_1", status: 200, unknown: "/users/user_2", bad: []string{"?x=1"}},
	{
		method: "PATCH", path: "/users/user_1", status: 200, body: `{"name":"B"}`, unknown: "/users/user_2",
		bad: []string{`{"email":"b@example.com"}`, `{"password":"short"}`, `{"name":1}`, `{"permissions":"all"}`, `{"tenant":"acme"}`, `[]`, `null`},
	},
	{method: "DELETE", path: "/users/user_1", right: domain.AdminFull, status: 204, unknown: "/users/user_2"},
	{method: "DELETE", path: "/users/user_1/totp", right: domain.AdminFull, status: 204, unknown: "/users/user_2/totp"},
	{method: "GET", path: "/users/user_1/api-keys", right: domain.AdminFull, status: 200, unknown: "/users/user_2/api-keys", bad: badWindows},
	{method: "DELETE", path: "/users/user_1/api-keys/key_1", right: domain.AdminFull, status: 204, unknown: "/users/user_2/api-keys/key_1"},
}

// TestIdentityBodies: what answers show, and that nothing secret is among it.
func TestIdentityBodies(t *testing.T) {
	t.Parallel()
	user := []string{"created_at", "email", "id", "name", "permissions", "second_factor", "tenant", "updated_at"}
	key := []string{"created_at", "expires_at", "id", "last_used_at", "name", "prefix", "replaced_by", "revoked_at", "scope", "user_id"}
	newKey := []string{"created_at", "expires_at", "id", "name", "prefix", "scope", "secret", "user_id"}
	for _, tt := range []struct {
		method, path, body string
		fields             []string
	}{
		{"GET", "/auth/me", "", user},
		{"GET", "/users", "", user},
		{"GET", "/users/user_1", "", user},
		{"PATCH", "/users/user_1", `{}`, user},
		{"POST", "/users", `{"email":"b@example.com","password":"long enough password","permissions":[]}`, user},
		{"GET", "/auth/sessions", "", []string{"client", "created_at", "current", "expires_at", "id"}},
		{"GET", "/auth/api-keys", "", key},
		{"GET", "/users/user_1/api-keys", "", key},
		{"POST", "/auth/api-key", `{"name":"n8n","scope":["websites.read"]}`, newKey},
		{"POST", "/auth/api-keys/key_1/rotate", "", newKey},
		{"POST", "/auth/totp", `{"password":"right"}`, []string{"secret", "uri"}},
		{"GET", "/auth/permissions", "", []string{"permission", "text"}},
	} {
		w := call(t, newAPI(&fakes{}), admin, tt.method, "/api/v1"+tt.path, tt.body)
		text := w.Body.String()
		var one map[string]any
		if err := json.Unmarshal([]byte(strings.TrimPrefix(text, "[")), &one); err != nil {
			list := []map[string]any{}
			if err := json.Unmarshal([]byte(text), &list); err != nil || len(list) == 0 {
				t.Fatalf("%s %s: %d %s", tt.method, tt.path, w.Code, text)
			}
			one = list[0]
		}
		if diff := cmp.Diff(tt.fields, slices.Sorted(maps.Keys(one))); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", tt.method, tt.path, diff)
		}
		for _, secret := range []string{"argon2id", "sealed", "hash-of-secret"} {
			if strings.Contains(text, secret) {
				t.Errorf("%s %s shows %q: %s", tt.method, tt.path, secret, text)
			}
		}
	}
}

// TestPermissionsAreTheSix lists them with their texts.
func TestPermissionsAreTheSix(t *testing.T) {
	t.Parallel()
	var got []struct{ Permission, Text string }
	w := call(t, newAPI(&fakes{}), &domain.Principal{UserID: "user_1"}, "GET", "/api/v1/auth/permissions", "")
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range got {
		names = append(names, p.Permission)
		if p.Text == "" {
			t.Errorf("%s has no text", p.Permission)
		}
	}
	if diff := cmp.Diff([]string{"agents.read", "agents.manage", "websites.read", "websites.manage", "intelligence.use", "admin.full"}, names); diff != "" {
		t.Error(diff)
	}
}

// TestIdentityInput: what the services are asked for.
func TestIdentityInput(t *testing.T) {
	t.Parallel()
	f := &fakes{}
	a := newAPI(f)
	send := func(method, path, body string, status int, header ...string) {
		t.Helper()
		if w := call(t, a, admin, method, "/api/v1"+path, body, header...); w.Code != status {
			t.Fatalf("%s %s: %d, want %d\n%s", method, path, w.Code, status, w.Body)
		}
	}
	equal := func(got, want any) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("asked for (-want +got):\n%s", diff)
		}
	}
	send("POST", "/auth/login", `{"email":"two@example.com","password":"right","otp":"123456"}`, 200, "User-Agent", "n8n/1")
	equal(f.login, domain.LoginParams{Email: "two@example.com", Password: "right", OTP: "123456", Client: "n8n/1"})
	send("POST", "/auth/logout", "", 204)
	equal(f.loggedOut, "all=false")
	send("POST", "/auth/logout?all=true", "", 204)
	equal(f.loggedOut, "all=true")
	send("POST", "/auth/logout?all=maybe", "", 422)
	send("POST", "/auth/api-key", `{"name":"n8n","scope":["websites.read","agents.read"],"expires_in":31536000}`, 201)
	equal(f.newKey, domain.APIKeyParams{Name: "n8n", Scope: []domain.Permission{domain.WebsitesRead, domain.AgentsRead}, Expires: domain.APIKeyLifetime})
	send("POST", "/auth/api-key", `{"name":"n8n","scope":["websites.read"]}`, 201)
	equal(f.newKey.Expires, time.Duration(0))
	for body, want := range map[string]time.Duration{"": domain.DefaultKeyOverlap, "{}": domain.DefaultKeyOverlap, `{"overlap":0}`: 0, `{"overlap":604800}`: domain.MaxKeyOverlap} {
		send("POST", "/auth/api-keys/key_1/rotate", body, 201)
		equal(f.overlap, want)
	}
	send("PATCH", "/users/user_1", `{"permissions":[]}`, 200)
	equal(f.patch, domain.UserPatch{Permissions: &[]domain.Permission{}})
	send("PATCH", "/users/user_1", `{"name":"","password":"long enough password","current_password":"old"}`, 200)
	equal(f.patch, domain.UserPatch{Name: new(""), Password: new("long enough password"), CurrentPassword: "old"})
	send("DELETE", "/auth/totp", `{"password":"right","code":"123456"}`, 204)
	equal(f.totp, "disable right 123456")
}

func TestLoginSecondFactor(t *testing.T) {
	t.Parallel()
	w := call(t, newAPI(&fakes{}), nil, "POST", "/api/v1/auth/login", `{"email":"two@example.com","password":"right"}`)
	p := problemOf(t, w)
	if w.Code != 401 || p.Type != "urn:empire:error:unauthenticated" || len(p.Errors) != 1 || p.Errors[0].Location != "body.otp" {
		t.Errorf("%d %+v, want 401 with an error at body.otp", w.Code, p)
	}
}
