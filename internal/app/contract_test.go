package app_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"empire/internal/app"
	"empire/internal/testkit"
	"empire/internal/testkit/apifuzz"
)

// TestContract holds the running program against its OpenAPI document: generated
// requests, good, broken and hostile ones, to all operations. No answer may be a
// failure of the program, and each must be one that the document describes.
//
// EMPIRE_TEST_FUZZ_SEED makes other requests, EMPIRE_TEST_FUZZ_REQUESTS more; from 10,000
// on (make contract) each operation must have succeeded.
func TestContract(t *testing.T) {
	t.Parallel()
	usual := 2_500
	if testkit.Part(t) {
		usual = 250
	}
	seed, requests := number(t, "EMPIRE_TEST_FUZZ_SEED", 1), number(t, "EMPIRE_TEST_FUZZ_REQUESTS", usual)
	for _, db := range databases(t) {
		t.Run(db.name, func(t *testing.T) {
			t.Parallel()
			a := startWith(t, map[string]string{
				"database.url": db.url(t), "webhooks.n8n": hookToken, "limits.read": "0", "limits.write": "0", "limits.intelligence": "0", "limits.auth": "0", "limits.anonymous": "0",
				"limits.request_timeout": "5m", // slow is no fault here
			})
			c := newCaller(t, a)
			plan := contractPlan(t, a, c, uint64(seed))
			if db.name != "sqlite" { // what differs there is few statements
				demo(t, a, app.DemoParams{})
				plan.Requests, plan.First = requests/10, nil
				checkContract(t, plan)
				return
			}
			plan.Requests, plan.First = requests, append(plan.First, samples(t, a, c)...)
			report := checkContract(t, plan)
			if requests < 10_000 { // too few for luck with every operation
				return
			}
			for _, kind := range apifuzz.Kinds() {
				if report.Kinds[kind] == 0 {
					t.Errorf("no request was of the kind %q", kind)
				}
			}
			for id, count := range report.Operations {
				if id != "" && count.Succeeded == 0 && !slices.Contains(neverGood, id) {
					t.Errorf("no request to %s succeeded: its answers are not checked (%v)", id, count.Statuses)
				}
			}
		})
	}
}

// Bounds of what a run may really do: each of these keeps workers busy for seconds.
var dear = map[string]int{"generate-website": 2, "start-run": 20, "retry-run": 3, "create-task": 20, "rebuild-website": 2, "bulk-websites": 10, "ask-research": 5, "scan-opportunity": 20, "start-fleet-change": 1, "freeze-fleet": 3, "start-batch": 2, "restore-page": 2, "retire": 1}

// bounds are those of dear, a fifth of them with the race detector.
func bounds() map[string]int {
	out := maps.Clone(dear)
	for operation, n := range out {
		if testkit.Race {
			out[operation] = max(n/5, 1)
		}
	}
	return out
}

func checkContract(t *testing.T, plan apifuzz.Plan) *apifuzz.Report {
	t.Helper()
	started := time.Now()
	report, err := apifuzz.Run(t.Context(), plan)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("seed %d, %s, %s", plan.Seed, time.Since(started).Round(time.Millisecond), report)
	for _, fault := range report.Faults {
		t.Error(fault)
	}
	if report.Total < plan.Requests && len(report.Faults) == 0 {
		t.Errorf("%d requests were sent, want %d", report.Total, plan.Requests)
	}
	return report
}

// neverGood are operations that generated requests need not succeed with: they take
// a code that only an authenticator has, or come too late for work that is short.
var neverGood = []string{"confirm-totp", "disable-totp", "remove-user-totp", "cancel-task", "cancel-run", "continue-fleet-change", "stop-fleet-change", "cancel-batch", "restore-page", "retire", "take-back-retirement", "cancel-planned-release", "get-alert", "acknowledge-alert", "test-alert-channel"}

// hookToken is what a workflow of n8n proves itself with.
const hookToken = "a token of workflows, long enough"

// contractPlan makes what the requests need, and says what they must leave alone.
func contractPlan(t *testing.T, a *app.App, c *caller, seed uint64) apifuzz.Plan {
	t.Helper()
	address, err := url.Parse(c.base)
	if err != nil {
		t.Fatal(err)
	}
	var me, key struct{ ID, Email, Secret string }
	c.want("GET", "/api/v1/auth/me", nil, http.StatusOK, &me)
	c.want("POST", "/api/v1/auth/api-key", map[string]any{"name": "contract", "scope": []string{"admin.full"}}, http.StatusCreated, &key)
	var sessions []struct{ ID string }
	c.want("GET", "/api/v1/auth/sessions", nil, http.StatusOK, &sessions)
	leaver, login := person(t, c, "leaver")
	plan := apifuzz.Plan{
		Address: address.Host, Document: c.want("GET", "/api/v1/openapi.json", nil, http.StatusOK, nil).body, Seed: seed, Most: bounds(),
		Credentials: [][2]string{{"Authorization", "Bearer " + c.token}, {"X-API-Key", key.Secret}, {"Authorization", "Bearer " + c.token}},
		Ends:        []string{"logout"}, Avoid: []string{me.ID, me.Email, key.ID, leaver}, Examples: map[string]string{
			"create-task":      `{"type": "market_scan", "params": {"topic": "espresso machines"}}`,
			"generate-website": `{"niche": "espresso machines", "domain": "espresso-{n}.example"}`,
			"login":            encode(t, login),
		},
	}
	for _, s := range sessions {
		plan.Avoid = append(plan.Avoid, s.ID)
	}
	// Who signs out everywhere is somebody else, so that the others stay signed in.
	for range 10 {
		plan.Victims = append(plan.Victims, [2]string{"Authorization", "Bearer " + signIn(t, c, login)})
	}
	keeper, login := person(t, c, "keeper")
	other := &caller{t: t, base: c.base, token: signIn(t, c, login)}
	other.want("POST", "/api/v1/auth/api-key", map[string]any{"name": "spare", "scope": []string{"agents.read"}}, http.StatusCreated, &key)
	plan.First = append(plan.First,
		apifuzz.Sample{Operation: "update-user", Target: "/api/v1/users/" + keeper, Body: `{"name": "Keeper"}`},
		apifuzz.Sample{Operation: "list-user-api-keys", Target: "/api/v1/users/" + keeper + "/api-keys"},
		apifuzz.Sample{Operation: "revoke-user-api-key", Target: "/api/v1/users/" + keeper + "/api-keys/" + key.ID},
	)
	for range 5 { // to be revoked, rotated and replayed
		newCaller(t, a)
		c.want("POST", "/api/v1/auth/api-key", map[string]any{"name": "spare", "scope": []string{"agents.read"}}, http.StatusCreated, nil)
		(&caller{t: t, base: c.base}).want("POST", "/webhooks/n8n/stock-changed", map[string]any{"id": "1"}, http.StatusOK, nil, "X-Empire-Token", hookToken)
	}
	return plan
}

// samples returns requests that only succeed in a state that chance does not make,
// or seldom: an approval that waits, a website with two releases.
func samples(t *testing.T, a *app.App, c *caller) []apifuzz.Sample {
	t.Helper()
	site := demo(t, a, app.DemoParams{}).WebsiteID
	demo(t, a, app.DemoParams{Rebuild: true})
	run := c.launch("robot vacuums", "vacuums.example")
	var open []approvalAnswer
	c.want("GET", "/api/v1/approvals?state=pending", nil, http.StatusOK, &open)
	if run.Status != "waiting" || len(open) != 1 {
		t.Fatalf("the run is %s, %d approvals wait", run.Status, len(open))
	}
	worded := c.launch("robot vacuums", "sweepers.example")
	var wordy []approvalAnswer
	c.want("GET", "/api/v1/approvals?state=pending&run_id="+worded.ID, nil, http.StatusOK, &wordy)
	if len(wordy) != 1 {
		t.Fatalf("the second run is %s and asks %d questions", worded.Status, len(wordy))
	}
	var releases []struct{ ID string }
	c.want("GET", "/api/v1/websites/"+string(site)+"/releases", nil, http.StatusOK, &releases)
	const base = "/api/v1"
	c.want("PUT", base+"/websites/"+string(site)+"/redirects", map[string]string{"path": "/contract/", "target": "/"}, http.StatusOK, nil)
	var link struct{ ID string }
	c.want("POST", base+"/links", map[string]string{"merchant": "Contract", "destination": "https://contract.example/", "slug": "contract"}, http.StatusCreated, &link)
	var products []struct {
		FeedID string `json:"feed_id"`
		Key    string
	}
	c.want("GET", base+"/products?limit=1", nil, http.StatusOK, &products)
	definition := func(name string) map[string]string {
		return map[string]string{"definition": "name: " + name + "\nsteps:\n  - {name: rest, wait: 1s}\n"}
	}
	c.want("PUT", base+"/pipelines/contract", definition("contract"), http.StatusOK, nil)
	var nightly struct{ ID string }
	c.want("POST", base+"/schedules", map[string]string{"name": "nightly", "pipeline": "contract", "cron": "0 3 * * *"}, http.StatusCreated, &nightly)
	c.want("POST", base+"/agents", map[string]any{"id": "contract_helper", "task_types": []string{"research"}}, http.StatusCreated, nil)
	var dead []deadAnswer // of a message that came before its agent
	c.want("POST", base+"/agents/contract_late/messages", map[string]any{"message": map[string]any{}}, http.StatusNotFound, nil)
	c.want("POST", base+"/agents", map[string]any{"id": "contract_late", "task_types": []string{"research"}}, http.StatusCreated, nil)
	c.want("GET", base+"/dead-letters?replayed=false", nil, http.StatusOK, &dead)
	var rule struct{ ID string }
	c.want("POST", base+"/alert-rules", map[string]any{"kind": "failed_runs"}, http.StatusCreated, &rule)
	var budget struct{ ID string }
	c.want("POST", base+"/budgets", map[string]any{"name": "contract", "period": "day", "limit_minor": 500}, http.StatusCreated, &budget)
	report, page := researched(t, a, c)
	var change struct{ ID string }
	c.want("POST", base+"/fleet/changes", map[string]any{"action": "rebuild", "reason": "contract", "canary": 1}, http.StatusCreated, &change)
	var begun struct {
		Websites []struct {
			RunID string `json:"run_id"`
		}
	}
	c.want("GET", base+"/fleet/changes/"+change.ID, nil, http.StatusOK, &begun)
	c.want("POST", base+"/runs/"+begun.Websites[0].RunID+"/cancel", nil, http.StatusOK, nil) // so that the website can be built
	c.want("POST", base+"/websites/"+string(site)+"/planned-releases", map[string]string{"release_id": releases[0].ID, "at": time.Now().Add(time.Hour).Format(time.RFC3339)}, http.StatusCreated, nil)
	var batch struct{ Batch struct{ ID string } }
	c.want("POST", base+"/fleet/batches", map[string]any{"action": "rollback", "filter": map[string]any{"ids": []string{string(site)}}}, http.StatusOK, &batch)
	var found struct{ ID string }
	c.want("POST", base+"/intelligence/opportunity-scan", map[string]string{"topic": "robot vacuums"}, http.StatusOK, &found)
	return []apifuzz.Sample{
		{Operation: "delete-alert-rule", Target: base + "/alert-rules/" + rule.ID},
		{Operation: "get-alert-rule", Target: base + "/alert-rules/latency"},
		{Operation: "update-alert-rule", Target: base + "/alert-rules/latency", Body: `{"threshold": 800}`},
		{Operation: "silence-alert-rule", Target: base + "/alert-rules/latency/silence", Body: encode(t, map[string]any{"until": time.Now().Add(time.Hour)})},
		{Operation: "reset-alert-rule", Target: base + "/alert-rules/latency/reset"},
		{Operation: "create-alert-rule", Target: base + "/alert-rules", Body: `{"kind": "budget", "threshold": 50, "channels": ["mail"]}`},
		{Operation: "get-dead-letter", Target: base + "/dead-letters/" + dead[0].ID},
		{Operation: "replay-dead-letter", Target: base + "/dead-letters/" + dead[0].ID + "/replay"},
		{Operation: "raise-budget", Target: base + "/budgets/" + budget.ID + "/raise", Body: `{"amount_minor": 100}`},
		{Operation: "ask-research", Target: base + "/intelligence/research", Body: `{"topic": "espresso machines", "depth": "quick"}`},
		{Operation: "get-research", Target: base + "/intelligence/research/" + report},
		{Operation: "verify-research", Target: base + "/intelligence/research/" + report + "/verify"},
		{Operation: "get-snapshot", Target: base + "/intelligence/snapshots/" + page},
		{Operation: "verify-snapshot", Target: base + "/intelligence/snapshots/" + page + "/verify"},
		{Operation: "scan-opportunity", Target: base + "/intelligence/opportunity-scan", Body: `{"topic": "espresso machines", "min_commission": 3}`},
		{Operation: "get-opportunity", Target: base + "/intelligence/opportunities/" + found.ID},
		{Operation: "get-trends", Target: base + "/intelligence/trends?industry=espresso&period=90d"},
		{Operation: "freeze-fleet", Target: base + "/fleet/freeze", Body: `{"website_id": "` + string(site) + `", "reason": "contract"}`},
		{Operation: "unfreeze-fleet", Target: base + "/fleet/freeze?website_id=" + string(site)},
		{Operation: "get-fleet-change", Target: base + "/fleet/changes/" + change.ID},
		{Operation: "plan-release", Target: base + "/websites/" + string(site) + "/planned-releases", Body: encode(t, map[string]string{"release_id": releases[0].ID, "at": time.Now().Add(time.Hour).Format(time.RFC3339)})},
		{Operation: "get-batch", Target: base + "/fleet/batches/" + batch.Batch.ID + "?state=done"},
		{Operation: "start-batch", Target: base + "/fleet/batches", Body: `{"action": "rollback", "filter": {"text": "none of these"}, "dry_run": true}`},
		{Operation: "set-tags", Target: base + "/websites/" + string(site) + "/tags", Body: `{"tags": ["contract"]}`},
		{Operation: "list-duplicates", Target: base + "/intelligence/duplicates?threshold=0.6"},
		{Operation: "get-audit", Target: base + "/websites/" + string(site) + "/audits/live"},
		{Operation: "run-audit", Target: base + "/websites/" + string(site) + "/audits", Body: encode(t, map[string]string{"release_id": releases[0].ID})},
		{Operation: "update-agent", Target: base + "/agents/contract_helper", Body: `{"max_concurrency": 2}`},
		{Operation: "delete-agent", Target: base + "/agents/contract_helper"},
		{Operation: "put-pipeline", Target: base + "/pipelines/another", Body: encode(t, definition("another"))},
		{Operation: "delete-pipeline", Target: base + "/pipelines/another"},
		{Operation: "create-schedule", Target: base + "/schedules", Body: `{"name": "hourly", "pipeline": "contract", "every": "1h"}`},
		{Operation: "get-schedule", Target: base + "/schedules/" + nightly.ID},
		{Operation: "update-schedule", Target: base + "/schedules/" + nightly.ID, Body: `{"enabled": false}`},
		{Operation: "delete-schedule", Target: base + "/schedules/" + nightly.ID},
		{Operation: "list-approval-texts", Target: base + "/approvals/" + wordy[0].ID + "/texts?page=/"},
		{Operation: "list-approval-edits", Target: base + "/approvals/" + wordy[0].ID + "/edits"},
		{Operation: "edit-approval", Target: base + "/approvals/" + wordy[0].ID + "/edits", Body: encode(t, map[string]any{
			"payload_hash": wordy[0].PayloadHash, "changes": []map[string]string{{"page": "/", "ref": "heading", "new": "Robot vacuums by their data"}},
		})},
		{Operation: "decide-approval", Target: base + "/approvals/" + open[0].ID + "/decision", Body: encode(t, map[string]string{"decision": "approve", "payload_hash": open[0].PayloadHash})},
		{Operation: "rollback-website", Target: base + "/websites/" + string(site) + "/rollback"},
		{Operation: "create-link", Target: base + "/links", Body: `{"merchant": "Another", "destination": "https://another.example/"}`},
		{Operation: "import-links", Target: base + "/links/import", Body: `{"links": [{"merchant": "Third", "destination": "https://third.example/", "slug": "third"}]}`},
		{Operation: "get-link", Target: base + "/links/" + link.ID},
		{Operation: "get-link-history", Target: base + "/links/" + link.ID + "/history"},
		{Operation: "update-link", Target: base + "/links/" + link.ID, Body: `{"state": "paused"}`},
		{Operation: "check-link", Target: base + "/links/" + link.ID + "/check"},
		{Operation: "list-link-health", Target: base + "/links/health"},
		{Operation: "list-link-swaps", Target: base + "/links/swaps"},
		{Operation: "undo-link-swap", Target: base + "/links/swaps/swap_none/undo"},
		{Operation: "list-outlinks", Target: base + "/links/outlinks?website_id=" + string(site)},
		{Operation: "get-price-history", Target: base + "/products/history?feed_id=" + products[0].FeedID + "&key=" + url.QueryEscape(products[0].Key)},
		{Operation: "set-goals", Target: base + "/websites/" + string(site) + "/goals", Body: `{"goals": [{"name": "Offer", "kind": "click", "target": ""}], "funnels": []}`},
		{Operation: "list-website-facets", Target: base + "/websites/" + string(site) + "/analytics/facets?facet=channel&period=7d"},
		{Operation: "get-website-analytics", Target: base + "/websites/" + string(site) + "/analytics?period=24h"},
		{Operation: "list-page-analytics", Target: base + "/analytics/pages?website_id=" + string(site)},
		{Operation: "export-analytics", Target: base + "/analytics/export?report=websites&format=csv"},
		{Operation: "set-redirect", Target: base + "/websites/" + string(site) + "/redirects", Body: `{"path": "/another/", "target": "/"}`},
		{Operation: "delete-redirect", Target: base + "/websites/" + string(site) + "/redirects?path=/contract/"},
		{Operation: "diff-release", Target: base + "/websites/" + string(site) + "/releases/" + releases[0].ID + "/diff"},
		{Operation: "publish-release", Target: base + "/websites/" + string(site) + "/publish", Body: encode(t, map[string]string{"release_id": releases[0].ID})},
		{Operation: "begin-totp", Target: base + "/auth/totp", Body: encode(t, map[string]string{"password": a.NewCredentials().Password})},
		{Operation: "rebuild-website", Target: base + "/websites/" + string(site) + "/rebuild"},
		{Operation: "generate-website", Target: base + "/websites/generate", Body: `{"niche": "espresso machines", "domain": "espresso.example"}`},
		{Operation: "create-website", Target: base + "/websites", Body: `{"niche": "tea", "domain": "tea.example"}`},
		{Operation: "set-price", Target: base + "/prices", Body: `{"provider": "openai", "model": "m", "input_micros": 1, "output_micros": 2}`},
		{Operation: "resettle-prices", Target: base + "/prices/resettle", Body: encode(t, map[string]any{"provider": "openai", "model": "m", "from": time.Now().Add(-time.Hour)})},
		{Operation: "get-graph-node", Target: base + "/intelligence/graph/nodes/site:" + string(site)},
		{Operation: "get-graph-path", Target: base + "/intelligence/graph/path?from=site:" + string(site) + "&to=site:" + string(site)},
		{Operation: "get-graph-source", Target: base + "/intelligence/graph/sources/site:" + string(site)},
		{Operation: "withdraw-graph-source", Target: base + "/intelligence/graph/sources/site:" + string(site) + "?dry_run=true"},
		{Operation: "search", Target: base + "/intelligence/search", Body: `{"query": "robot vacuums", "limit": 3}`},
		{Operation: "create-task", Target: base + "/agents/opportunity_scanner/tasks", Body: `{"type": "market_scan", "params": {"topic": "espresso machines"}}`},
	}
}

// person makes somebody who may do everything, and returns their id and how they
// sign in.
func person(t *testing.T, c *caller, name string) (id string, login map[string]string) {
	t.Helper()
	login = map[string]string{"email": name + "@shop.example", "password": "a long password of " + name}
	var user struct{ ID string }
	c.want("POST", "/api/v1/users", map[string]any{
		"email": login["email"], "name": name, "password": login["password"], "permissions": []string{"admin.full"},
	}, http.StatusCreated, &user)
	return user.ID, login
}

func encode(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func signIn(t *testing.T, c *caller, login map[string]string) string {
	t.Helper()
	var session struct {
		AccessToken string `json:"access_token"`
	}
	c.want("POST", "/api/v1/auth/login", login, http.StatusOK, &session)
	return session.AccessToken
}

func number(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// TestContractFindsFaults changes good answers in ways that the check must see.
func TestContractFindsFaults(t *testing.T) {
	t.Parallel()
	c := newCaller(t, start(t, t.TempDir(), ""))
	doc, err := apifuzz.Parse(c.want("GET", "/api/v1/openapi.json", nil, http.StatusOK, nil).body)
	if err != nil {
		t.Fatal(err)
	}
	var op *apifuzz.Operation
	for _, o := range doc.Operations {
		if o.ID == "list-agents" {
			op = o
		}
	}
	good := c.want("GET", "/api/v1/agents", nil, http.StatusOK, nil)
	for _, tt := range []struct {
		name   string
		change func(a *apifuzz.Answer, q *apifuzz.Request)
		faulty bool
	}{
		{"nothing", func(*apifuzz.Answer, *apifuzz.Request) {}, false},
		{"a failure", func(a *apifuzz.Answer, _ *apifuzz.Request) { a.Status = 500 }, true},
		{"a status that is not declared", func(a *apifuzz.Answer, _ *apifuzz.Request) { a.Status = 206 }, true},
		{"another status than wanted", func(_ *apifuzz.Answer, q *apifuzz.Request) { q.Want = []int{401} }, true},
		{"a number for a text", func(a *apifuzz.Answer, _ *apifuzz.Request) {
			a.Body = bytes.Replace(a.Body, []byte(`"status":"idle"`), []byte(`"status":7`), 1)
		}, true},
		{"an unknown word", func(a *apifuzz.Answer, _ *apifuzz.Request) {
			a.Body = bytes.Replace(a.Body, []byte(`"idle"`), []byte(`"asleep"`), 1)
		}, true},
		{"a field too many", func(a *apifuzz.Answer, _ *apifuzz.Request) {
			a.Body = bytes.Replace(a.Body, []byte(`{"id"`), []byte(`{"password_hash":"x","id"`), 1)
		}, true},
		{"a field too few", func(a *apifuzz.Answer, _ *apifuzz.Request) {
			a.Body = bytes.Replace(a.Body, []byte(`"aliases"`), []byte(`"alias"`), 1)
		}, true},
		{"null for a list", func(a *apifuzz.Answer, _ *apifuzz.Request) { a.Body = []byte("null") }, true},
		{"another content type", func(a *apifuzz.Answer, _ *apifuzz.Request) { a.Header.Set("Content-Type", "text/html") }, true},
		{"a header that is not declared", func(a *apifuzz.Answer, _ *apifuzz.Request) { a.Header.Set("X-Injected", "1") }, true},
		{"a header of another type", func(a *apifuzz.Answer, _ *apifuzz.Request) { a.Header.Set("X-Total-Count", "many") }, true},
		{"no request id", func(a *apifuzz.Answer, _ *apifuzz.Request) { a.Header.Del("X-Request-ID") }, true},
		{"a problem without a document", func(a *apifuzz.Answer, _ *apifuzz.Request) { a.Status = 404 }, true},
	} {
		answer := &apifuzz.Answer{Status: good.status, Header: good.header.Clone(), Body: bytes.Clone(good.body)}
		request := &apifuzz.Request{Operation: op, Method: http.MethodGet}
		tt.change(answer, request)
		if faults := doc.Faults(request, answer); len(faults) > 0 != tt.faulty {
			t.Errorf("%s: faults %q, want some: %v", tt.name, faults, tt.faulty)
		}
	}
}
