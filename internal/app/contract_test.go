package app_test

import (
	"bytes"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"testing"
	"time"

	"empire/internal/app"
	"empire/internal/testkit/apifuzz"
)

// TestContract holds the running program against its OpenAPI document: generated
// requests, good, broken and hostile ones, to all operations. No answer may be a
// failure of the program, and each must be one that the document describes.
//
// EMPIRE_TEST_FUZZ_SEED makes other requests, EMPIRE_TEST_FUZZ_REQUESTS more.
func TestContract(t *testing.T) {
	t.Parallel()
	seed, requests := number(t, "EMPIRE_TEST_FUZZ_SEED", 1), number(t, "EMPIRE_TEST_FUZZ_REQUESTS", 10_000)
	for _, db := range databases {
		t.Run(db.name, func(t *testing.T) {
			t.Parallel()
			a := startWith(t, map[string]string{
				"database.url": db.url(t), "limits.read": "0", "limits.write": "0", "limits.intelligence": "0", "limits.auth": "0", "limits.anonymous": "0",
			})
			demo(t, a, app.DemoParams{})
			n := requests
			if db.name != "sqlite" { // what differs there is few statements
				n = requests / 4
			}
			checkContract(t, a, uint64(seed), n)
		})
	}
}

// Bounds of what a run may really do: each of these keeps workers busy for seconds.
var dear = map[string]int{"generate-website": 4, "start-run": 40, "retry-run": 10, "create-task": 60}

func checkContract(t *testing.T, a *app.App, seed uint64, requests int) {
	t.Helper()
	c := newCaller(t, a)
	address, err := url.Parse(c.base)
	if err != nil {
		t.Fatal(err)
	}
	var me struct{ ID, Email string }
	c.want("GET", "/api/v1/auth/me", nil, http.StatusOK, &me)
	plan := apifuzz.Plan{
		Address: address.Host, Document: c.want("GET", "/api/v1/openapi.json", nil, http.StatusOK, nil).body,
		Credentials: [][2]string{{"Authorization", "Bearer " + c.token}}, Requests: requests, Seed: seed, Most: dear,
		Ends: []string{"logout"}, Avoid: []string{me.ID, me.Email}, Examples: map[string]any{
			"create-task": map[string]any{"type": "market_scan", "params": map[string]any{"topic": "espresso machines"}},
		},
	}
	for range 10 {
		plan.Victims = append(plan.Victims, [2]string{"Authorization", "Bearer " + newCaller(t, a).token})
	}
	started := time.Now()
	report, err := apifuzz.Run(t.Context(), plan)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("seed %d, %s, %s", seed, time.Since(started).Round(time.Millisecond), report)
	for _, fault := range report.Faults {
		t.Error(fault)
	}
	if report.Total < requests && len(report.Faults) == 0 {
		t.Errorf("%d requests were sent, want %d", report.Total, requests)
	}
	for id, count := range report.Operations {
		if id != "" && count.Succeeded == 0 {
			t.Errorf("no request to %s succeeded: its answers are not checked (%v)", id, count.Statuses)
		}
	}
	for _, kind := range apifuzz.Kinds() {
		if report.Kinds[kind] == 0 {
			t.Errorf("no request was of the kind %q", kind)
		}
	}
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
