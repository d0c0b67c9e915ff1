package api_test

import (
	"encoding/json"
	"flag"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"empire/internal/domain"
)

var update = flag.Bool("update", false, "rewrite golden files")

func record(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// object decodes the body of an answer.
func decodeObject(t *testing.T, w *httptest.ResponseRecorder) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &m); err != nil {
		t.Fatalf("%v\n%s", err, w.Body)
	}
	return m
}

func TestCreateTask(t *testing.T) {
	t.Parallel()
	f := &fakes{}
	w := call(t, newAPI(f), admin, "POST", "/api/v1/agents/opportunity_scanner/tasks", `{"type":"market_scan","params":{"topic":"tea"}}`, "Idempotency-Key", "k1")
	if w.Code != 202 || w.Header().Get("Location") != "/api/v1/tasks/task_1" || decodeObject(t, w)["status_url"] != "/api/v1/tasks/task_1" {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	if f.key != "k1" || string(f.spec.Params) != `{"topic":"tea"}` {
		t.Errorf("the service got key %q and params %s", f.key, f.spec.Params)
	}
}

func TestGenerate(t *testing.T) {
	t.Parallel()
	f := &fakes{}
	w := call(t, newAPI(f), admin, "POST", "/api/v1/websites/generate", `{"niche":"tea","domain":"tea.example","feeds":["feed_1"]}`)
	body := decodeObject(t, w)
	if w.Header().Get("Location") != "/api/v1/runs/run_1" || body["run_id"] != "run_1" || body["website_id"] != "site_1" || body["domain"] != "tea.example" {
		t.Errorf("%v %s", w.Header(), w.Body)
	}
	want := domain.GenerateParams{Niche: "tea", Domain: "tea.example", Language: "en", Feeds: []domain.FeedID{"feed_1"}}
	if d := cmp.Diff(want, f.generate); d != "" {
		t.Errorf("the service got (-want +got):\n%s", d)
	}
}

func TestStartInlineRun(t *testing.T) {
	t.Parallel()
	f := &fakes{}
	call(t, newAPI(f), admin, "POST", "/api/v1/pipelines/runs", `{"stages":[{"name":"a","agent":"x","task":{"type":"y","params":{"z":1}}}]}`)
	want := domain.StartParams{Stages: []domain.Stage{{Name: "a", Agent: "x", Task: domain.TaskSpec{Type: "y", Params: json.RawMessage(`{"z":1}`)}}}}
	if d := cmp.Diff(want, f.start); d != "" {
		t.Errorf("the service got (-want +got):\n%s", d)
	}
}

func TestRollbackAndDecision(t *testing.T) {
	t.Parallel()
	f := &fakes{}
	a := newAPI(f)
	call(t, a, admin, "POST", "/api/v1/websites/site_1/rollback", "")
	if f.to != "" {
		t.Errorf("without a body it goes to %q", f.to)
	}
	call(t, a, admin, "POST", "/api/v1/websites/site_1/rollback", `{"release_id":"rel_9"}`)
	if f.to != "rel_9" {
		t.Errorf("it goes to %q, want rel_9", f.to)
	}
	call(t, a, admin, "POST", "/api/v1/approvals/appr_1/decision", `{"decision":"reject","reason":"No.","payload_hash":"`+hash+`"}`)
	if d := cmp.Diff(domain.Decision{Reason: "No.", PayloadHash: hash}, f.decision); d != "" {
		t.Errorf("decision (-want +got):\n%s", d)
	}
}

func TestApprovalPreview(t *testing.T) {
	t.Parallel()
	a := newAPI(&fakes{})
	if got := decodeObject(t, call(t, a, admin, "GET", "/api/v1/approvals/appr_1", ""))["preview_url"]; got != "http://x.preview.localhost/" {
		t.Errorf("preview_url = %v", got)
	}
	if list := call(t, a, admin, "GET", "/api/v1/approvals", "").Body.String(); !strings.Contains(list, `"preview_url":null`) {
		t.Errorf("without a preview: %s", list)
	}
}

// TestEndedRuns checks the shapes of a completed and of a failed run.
func TestEndedRuns(t *testing.T) {
	t.Parallel()
	start, end := noon, noon.Add(7250*time.Millisecond)
	steps := []domain.Step{
		{Name: "scan", State: domain.StateCompleted, Result: json.RawMessage(`{"score":0.7}`)},
		{Name: "plan", State: domain.StateCompleted, Result: json.RawMessage(`[1]`)},
	}
	get := func(r *domain.Run) map[string]any {
		r.ID, r.StartedAt, r.FinishedAt = "run_1", &start, &end
		return decodeObject(t, call(t, newAPI(&fakes{run: r}), admin, "GET", "/api/v1/runs/run_1", ""))
	}
	done := get(&domain.Run{State: domain.StateCompleted, Steps: steps})
	for name, want := range map[string]any{
		"pipeline_id": "run_1", "status": "completed", "execution_time": 7.25,
		"results": map[string]any{"scan": map[string]any{"score": 0.7}, "plan": []any{1.0}},
		"error":   nil, "failed_stage": nil, "partial_results": nil,
	} {
		if d := cmp.Diff(want, done[name]); d != "" {
			t.Errorf("completed: %s (-want +got):\n%s", name, d)
		}
	}
	steps[1] = domain.Step{Name: "plan", State: domain.StateFailed, Result: json.RawMessage(`"half"`)}
	failed := get(&domain.Run{State: domain.StateFailed, Steps: steps, Error: &domain.RunError{Step: "plan", Code: domain.CodeNotEnoughData, Message: "Too few."}})
	for name, want := range map[string]any{
		"pipeline_id": "run_1", "status": "failed", "failed_stage": "plan", "error": "Too few.", "error_code": "not_enough_data",
		"partial_results": map[string]any{"scan": map[string]any{"score": 0.7}}, "results": nil,
	} {
		if d := cmp.Diff(want, failed[name]); d != "" {
			t.Errorf("failed: %s (-want +got):\n%s", name, d)
		}
	}
}

func TestAnswersKeepPrivateFieldsOut(t *testing.T) {
	t.Parallel()
	a := newAPI(&fakes{})
	for path, secret := range map[string]string{
		"/api/v1/auth/me":  "argon2id",
		"/api/v1/products": "merchant's own words",
	} {
		if w := call(t, a, admin, "GET", path, ""); w.Code != 200 || strings.Contains(w.Body.String(), secret) {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}

// document returns the OpenAPI document, indented.
func document(t *testing.T) []byte {
	t.Helper()
	w := call(t, newAPI(&fakes{}), nil, "GET", "/api/v1/openapi.json", "")
	if w.Code != 200 {
		t.Fatalf("document: %d", w.Code)
	}
	var v any
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatal(err)
	}
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return append(b, '\n')
}

func TestDocumentIsAsReviewed(t *testing.T) {
	t.Parallel()
	got := document(t)
	const name = "testdata/openapi.golden.json"
	if *update {
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("the document changed; review it and run go test -update (-want +got):\n%s", d)
	}
}

func TestEveryOperationIsDescribed(t *testing.T) {
	t.Parallel()
	var doc struct {
		Paths map[string]map[string]struct {
			OperationID string                `json:"operationId"`
			Summary     string                `json:"summary"`
			Security    []map[string][]string `json:"security"`
			Responses   map[string]any        `json:"responses"`
		} `json:"paths"`
	}
	if err := json.Unmarshal(document(t), &doc); err != nil {
		t.Fatal(err)
	}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			codes := slices.Sorted(maps.Keys(op.Responses))
			if op.OperationID == "" || op.Summary == "" || op.Security == nil || !strings.HasPrefix(codes[0], "20") {
				t.Errorf("%s %s: %+v", method, path, op)
			}
			for _, code := range []string{"400", "422", "500", "503"} {
				if !slices.Contains(codes, code) {
					t.Errorf("%s %s does not say that it may answer %s", method, path, code)
				}
			}
		}
	}
}

func TestDocs(t *testing.T) {
	t.Parallel()
	docs := newAPI(&fakes{}).Docs()
	w := call(t, docs, nil, "GET", "/docs", "")
	body := w.Body.String()
	if w.Code != 200 || !strings.Contains(body, "/api/v1/websites/{website_id}/rollback") {
		t.Fatalf("%d, %d bytes", w.Code, len(body))
	}
	for _, bad := range []string{"<script", "style=", `="http`, "url(http"} { // examples may name addresses
		if strings.Contains(body, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
	css := regexp.MustCompile(`/docs/[0-9a-f]+\.css`).FindString(body)
	if w := call(t, docs, nil, "GET", css, ""); w.Code != 200 || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
		t.Errorf("style sheet %s: %d %v", css, w.Code, w.Header())
	}
	if w := call(t, docs, nil, "GET", "/docs/other", ""); w.Code != 404 {
		t.Errorf("unknown path below /docs: %d", w.Code)
	}
}
