package app_test

import (
	"encoding/base32"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"empire/internal/domain"
)

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
