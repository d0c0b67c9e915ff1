package app_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"empire/internal/app"
	"empire/internal/domain"
)

// Who may call an operation, besides the permissions themselves.
const (
	everybody domain.Permission = "everybody"
	signedIn  domain.Permission = "signed in"
)

// matrix is what is declared: each operation with the right that it needs. An
// operation that is missing here, or in the document, fails the test.
var matrix = declare(map[domain.Permission][]string{
	domain.AgentsRead: {
		"GET /agents",
		"GET /agents/{agent_id}",
		"GET /agents/{agent_id}/messages",
		"GET /agents/{agent_id}/status",
		"GET /dead-letters",
		"GET /dead-letters/{dead_letter_id}",
		"GET /alerts", "GET /alerts/channels", "GET /alerts/deliveries", "GET /alert-rules", "GET /alert-rules/{rule_id}", "GET /alerts/summary", "GET /alerts/{alert_id}",
		"GET /orchestrator",
		"GET /pipelines",
		"GET /pipelines/{name}",
		"POST /pipelines/validate",
		"GET /schedules",
		"GET /schedules/{schedule_id}",
		"GET /runs",
		"GET /runs/{run_id}",
		"GET /runs/{run_id}/events",
		"GET /system/components",
		"GET /system/components/{name}",
		"GET /system/routes",
		"GET /runs/{run_id}/timeline",
		"GET /system/services",
		"GET /tasks",
		"GET /tasks/{task_id}",
	},
	domain.AgentsManage: {
		"POST /agents",
		"DELETE /agents/{agent_id}",
		"PATCH /agents/{agent_id}",
		"POST /agents/{agent_id}/messages",
		"POST /agents/{agent_id}/tasks",
		"DELETE /pipelines/{name}",
		"PUT /pipelines/{name}",
		"POST /tasks",
		"POST /alerts/{alert_id}/acknowledge",
		"POST /dead-letters/{dead_letter_id}/replay",
		"POST /pipelines/runs",
		"POST /schedules",
		"DELETE /schedules/{schedule_id}",
		"PATCH /schedules/{schedule_id}",
		"POST /runs/{run_id}/cancel",
		"POST /runs/{run_id}/retry",
		"POST /system/services",
		"DELETE /system/services/{service_id}",
		"POST /tasks/{task_id}/cancel",
	},
	domain.IntelligenceUse: {
		"POST /intelligence/search",
		"GET /intelligence/graph",
		"GET /intelligence/graph/communities",
		"GET /intelligence/graph/export",
		"GET /intelligence/graph/nodes",
		"GET /intelligence/graph/nodes/{node_id}",
		"GET /intelligence/graph/path",
		"GET /intelligence/graph/rank",
		"GET /intelligence/graph/sources",
		"GET /intelligence/graph/sources/{source_id}",
		"GET /intelligence/graph/stale",
		"GET /intelligence/research",
		"POST /intelligence/research",
		"GET /intelligence/research/{research_id}",
		"POST /intelligence/research/{research_id}/verify",
		"GET /intelligence/snapshots/{snapshot_id}",
		"POST /intelligence/snapshots/{snapshot_id}/verify",
		"POST /intelligence/evidence/verify",
		"GET /intelligence/duplicates",
		"GET /intelligence/estimates",
		"GET /seo/conflicts",
		"GET /intelligence/opportunities",
		"GET /intelligence/opportunities/{opportunity_id}",
		"GET /intelligence/trends",
		"POST /intelligence/opportunity-scan",
	},
	domain.WebsitesRead: {
		"GET /approvals",
		"GET /approvals/summary",
		"GET /approvals/{approval_id}",
		"GET /approvals/{approval_id}/edits",
		"GET /approvals/{approval_id}/texts",
		"GET /budgets",
		"GET /budgets/spending",
		"GET /budgets/{budget_id}",
		"GET /feeds",
		"GET /fleet",
		"GET /fleet/planned-releases",
		"GET /websites/{website_id}/retirements",
		"GET /fleet/batches",
		"GET /fleet/batches/{batch_id}",
		"GET /fleet/changes",
		"GET /fleet/changes/{change_id}",
		"GET /model-calls",
		"GET /prices",
		"GET /products",
		"GET /products/history",
		"GET /links",
		"GET /links/outlinks",
		"GET /links/health",
		"GET /links/swaps",
		"GET /links/{link_id}",
		"GET /links/{link_id}/history",
		"GET /programs",
		"GET /websites",
		"GET /websites/{website_id}",
		"GET /system/edge",
		"GET /analytics/export",
		"GET /analytics/pages",
		"GET /analytics/portfolio",
		"GET /analytics/programs",
		"GET /analytics/websites",
		"GET /websites/{website_id}/analytics",
		"GET /websites/{website_id}/analytics/facets",
		"GET /websites/{website_id}/conversions",
		"GET /websites/{website_id}/goals",
		"GET /seo/rules",
		"GET /seo/submissions",
		"GET /websites/{website_id}/audit",
		"GET /websites/{website_id}/audits",
		"GET /websites/{website_id}/audits/{release_id}",
		"GET /websites/{website_id}/keywords",
		"GET /websites/{website_id}/export",
		"GET /websites/{website_id}/pages",
		"GET /websites/{website_id}/pages/{page_id}",
		"GET /websites/{website_id}/releases",
		"GET /websites/{website_id}/tags",
		"GET /websites/{website_id}/redirects",
		"GET /websites/{website_id}/releases/{release_id}/diff",
	},
	domain.WebsitesManage: {
		"DELETE /intelligence/graph/sources/{source_id}",
		"POST /approvals/{approval_id}/decision",
		"POST /approvals/{approval_id}/edits",
		"POST /fleet/planned-releases/{planned_id}/cancel",
		"POST /websites/{website_id}/planned-releases",
		"POST /websites/{website_id}/restore",
		"POST /websites/{website_id}/retire",
		"DELETE /websites/{website_id}/retirements",
		"POST /fleet/batches",
		"POST /fleet/batches/{batch_id}/cancel",
		"POST /fleet/changes",
		"POST /fleet/changes/{change_id}/continue",
		"POST /fleet/changes/{change_id}/stop",
		"DELETE /fleet/freeze",
		"POST /fleet/freeze",
		"POST /links",
		"POST /links/import",
		"PATCH /links/{link_id}",
		"POST /links/{link_id}/check",
		"POST /links/swaps/{swap_id}/undo",
		"POST /websites",
		"POST /websites/bulk",
		"POST /websites/generate",
		"DELETE /websites/{website_id}",
		"DELETE /websites/{website_id}/redirects",
		"PUT /websites/{website_id}/goals",
		"PUT /websites/{website_id}/redirects",
		"PUT /websites/{website_id}/tags",
		"PATCH /websites/{website_id}",
		"POST /websites/{website_id}/audits",
		"POST /websites/{website_id}/publish",
		"POST /websites/{website_id}/rebuild",
		"POST /websites/{website_id}/rollback",
	},
	domain.AdminFull: {
		"POST /alerts/channels/{channel}/test", "POST /alert-rules", "DELETE /alert-rules/{rule_id}", "PATCH /alert-rules/{rule_id}", "POST /alert-rules/{rule_id}/reset", "POST /alert-rules/{rule_id}/silence",
		"GET /audit",
		"GET /approvals/log",
		"GET /approvals/log/verify",
		"GET /audit/export",
		"POST /budgets",
		"DELETE /budgets/{budget_id}",
		"PATCH /budgets/{budget_id}",
		"POST /budgets/{budget_id}/raise",
		"PUT /prices",
		"POST /prices/resettle",
		"POST /system/routes/reload",
		"GET /users",
		"POST /users",
		"DELETE /users/{user_id}",
		"GET /users/{user_id}/api-keys",
		"DELETE /users/{user_id}/api-keys/{key_id}",
		"DELETE /users/{user_id}/totp",
		"GET /webhooks",
		"GET /webhooks/{webhook_id}",
		"POST /webhooks/{webhook_id}/replay",
	},
	signedIn: {
		"POST /auth/api-key",
		"GET /auth/api-keys",
		"DELETE /auth/api-keys/{key_id}",
		"POST /auth/api-keys/{key_id}/rotate",
		"POST /auth/logout",
		"GET /auth/me",
		"GET /auth/permissions",
		"GET /auth/sessions",
		"DELETE /auth/sessions/{session_id}",
		"DELETE /auth/totp",
		"POST /auth/totp",
		"POST /auth/totp/confirm",
		"GET /users/{user_id}",
		"PATCH /users/{user_id}",
	},
	everybody: {
		"POST /auth/login",
	},
})

func declare(rights map[domain.Permission][]string) map[string]domain.Permission {
	out := map[string]domain.Permission{}
	for right, operations := range rights {
		for _, o := range operations {
			out[o] = right
		}
	}
	return out
}

// operation is an entry of the OpenAPI document.
type operation struct {
	method, path string
	right        domain.Permission
	hasBody      bool
}

func (o operation) String() string { return o.method + " " + o.path }

// operations reads the OpenAPI document of a running program.
func operations(t *testing.T, c *caller) []operation {
	t.Helper()
	var doc struct {
		Paths map[string]map[string]struct {
			Security    []map[string][]string `json:"security"`
			Permission  domain.Permission     `json:"x-permission"`
			RequestBody any                   `json:"requestBody"`
		} `json:"paths"`
	}
	c.want("GET", "/api/v1/openapi.json", nil, http.StatusOK, &doc)
	var out []operation
	for path, methods := range doc.Paths {
		for method, op := range methods {
			o := operation{strings.ToUpper(method), path, op.Permission, op.RequestBody != nil}
			if o.right == "" {
				o.right = signedIn
			}
			if len(op.Security) == 0 {
				o.right = everybody
			}
			out = append(out, o)
		}
	}
	// Signing out ends the identity that it is tried with, so it comes last.
	last := func(o operation) int { return strings.Count(o.path, "/logout") + strings.Count(o.path, "/sessions") }
	slices.SortFunc(out, func(a, b operation) int {
		return (last(a)-last(b))*2 + strings.Compare(a.String(), b.String())
	})
	return out
}

var pathParameter = regexp.MustCompile(`\{[^}]+\}`)

// try calls an operation on something that does not exist and with a body that
// cannot be read, so that nothing happens where the right suffices.
func (o operation) try(t *testing.T, c *caller, header ...string) int {
	t.Helper()
	path := "/api/v1" + pathParameter.ReplaceAllString(o.path, "nobody")
	var body any
	if o.hasBody {
		body = json.RawMessage(`[0]`)
	}
	return c.do(o.method, path, body, header...).status
}

// identity is a way to call with what it may do.
type identity struct {
	name   string
	header []string
	rights []domain.Permission
	known  bool
}

// want returns whether an identity may call, by the matrix.
func (i identity) may(right domain.Permission) bool {
	switch right {
	case everybody:
		return len(i.header) == 0 || i.known
	case signedIn:
		return i.known
	}
	return slices.Contains(i.rights, right) || slices.Contains(i.rights, domain.AdminFull)
}

// TestPermissionMatrix walks every operation of the document with every kind of
// credential.
func TestPermissionMatrix(t *testing.T) {
	t.Parallel()
	const secret = "a secret of the test, 32 bytes or more"
	a := startWith(t, map[string]string{"auth.secret": secret, "limits.anonymous": "0", "limits.auth": "0", "limits.write": "0", "limits.read": "0"})
	c := newCaller(t, a)
	ops := operations(t, c)
	declared := map[string]bool{}
	for _, o := range ops {
		declared[o.String()] = true
		if want, ok := matrix[o.String()]; !ok || want != o.right {
			t.Errorf("%s needs %q by the document, %q by the matrix", o, o.right, want)
		}
	}
	for name := range matrix {
		if !declared[name] {
			t.Errorf("%s is in the matrix only", name)
		}
	}
	nobody := &caller{t: t, base: c.base}
	for _, who := range identities(t, a, c, secret) {
		for _, o := range ops {
			status := o.try(t, nobody, who.header...)
			switch refused := status == http.StatusUnauthorized || status == http.StatusForbidden; {
			case status >= 500:
				t.Errorf("%s as %s: %d", o, who.name, status)
			case refused == who.may(o.right):
				t.Errorf("%s as %s: %d", o, who.name, status)
			case refused && who.known != (status == http.StatusForbidden):
				t.Errorf("%s as %s: %d, want 401 for an unknown identity and 403 for a known one", o, who.name, status)
			}
		}
	}
}

// identities makes one of every kind.
func identities(t *testing.T, a *app.App, c *caller, secret string) []identity {
	t.Helper()
	bearer := func(token string) []string { return []string{"Authorization", "Bearer " + token} }
	out := []identity{{name: "nobody"}}
	for name, token := range forgeries(t, c.token, secret) {
		out = append(out, identity{name: name, header: bearer(token)})
	}
	out = append(out, identity{name: "an unknown key", header: []string{"X-API-Key", "mfm_" + strings.Repeat("A", 43)}})
	for i, right := range domain.Permissions() {
		email, password := fmt.Sprintf("user%d@shop.example", i), fmt.Sprintf("password of user %d", i)
		c.want("POST", "/api/v1/users", map[string]any{"email": email, "name": email, "password": password, "permissions": []domain.Permission{right}}, http.StatusCreated, nil)
		var s struct {
			AccessToken string `json:"access_token"`
		}
		c.want("POST", "/api/v1/auth/login", map[string]string{"email": email, "password": password}, http.StatusOK, &s)
		out = append(out, identity{"a user with " + string(right), bearer(s.AccessToken), []domain.Permission{right}, true})
		var key struct {
			Secret string `json:"secret"`
		}
		c.want("POST", "/api/v1/auth/api-key", map[string]any{"name": "matrix", "scope": []domain.Permission{right}}, http.StatusCreated, &key)
		out = append(out,
			identity{"a key with " + string(right), []string{"X-API-Key", key.Secret}, []domain.Permission{right}, true},
			identity{"a bearer key with " + string(right), bearer(key.Secret), []domain.Permission{right}, true})
	}
	return append(out, identity{"the administrator", bearer(c.token), []domain.Permission{domain.AdminFull}, true})
}

// forgeries are tokens that nobody may come in with, made from a good one.
func forgeries(t *testing.T, good, secret string) map[string]string {
	t.Helper()
	sign := func(method jwt.SigningMethod, key any, change func(jwt.MapClaims)) string {
		claims := jwt.MapClaims{}
		if _, _, err := jwt.NewParser().ParseUnverified(good, claims); err != nil {
			t.Fatal(err)
		}
		change(claims)
		s, err := jwt.NewWithClaims(method, claims).SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	same := func(jwt.MapClaims) {}
	parts := strings.Split(good, ".")
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`))
	now := time.Now()
	return map[string]string{
		"an expired token":                 sign(jwt.SigningMethodHS256, []byte(secret), func(c jwt.MapClaims) { c["iat"], c["exp"] = now.Add(-25*time.Hour).Unix(), now.Add(-time.Hour).Unix() }),
		"a token from the future":          sign(jwt.SigningMethodHS256, []byte(secret), func(c jwt.MapClaims) { c["iat"] = now.Add(time.Hour).Unix() }),
		"a token of a session never begun": sign(jwt.SigningMethodHS256, []byte(secret), func(c jwt.MapClaims) { c["jti"] = "sess_unknown" }),
		"a token of an unknown user":       sign(jwt.SigningMethodHS256, []byte(secret), func(c jwt.MapClaims) { c["user_id"] = "user_unknown" }),
		"a wrong signature":                sign(jwt.SigningMethodHS256, []byte("another secret of at least 32 bytes"), same),
		"another algorithm":                sign(jwt.SigningMethodHS512, []byte(secret), same),
		"alg none":                         sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, same),
		"alg none, signature kept":         none + "." + parts[1] + "." + parts[2],
		"no token at all":                  "nonsense",
	}
}
