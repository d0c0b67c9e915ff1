package app_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"empire/internal/app"
	"empire/internal/domain"
	"empire/internal/service"
)

// researched makes a report and a kept page, and returns their ids.
func researched(t *testing.T, a *app.App, c *caller) (report, page string) {
	t.Helper()
	var r struct{ ID string }
	c.want("POST", "/api/v1/intelligence/research", map[string]string{"topic": "espresso machines", "depth": "quick"}, http.StatusOK, &r)
	s, err := a.Snapshots.Keep(t.Context(), "main", service.ReadPage{
		FetchedPage: &domain.FetchedPage{URL: "https://a.example/", FinalURL: "https://a.example/", Status: 200, Body: []byte("<p>tea"), FetchedAt: time.Now()}, Text: "tea",
	})
	if err != nil {
		t.Fatal(err)
	}
	return r.ID, string(s.ID)
}

// keyboards are pages of two sites about the same; what a third asks for is refused.
func keyboards(t *testing.T) (urls string, searched *[]string) {
	t.Helper()
	serve := func(pages map[string]string) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, ok := pages[r.URL.Path]
			if !ok {
				http.NotFound(w, r)
				return
			}
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = w.Write([]byte(body))
		}))
		t.Cleanup(s.Close)
		return s.URL
	}
	page := func(title, own string) string {
		return `<!doctype html><html lang="en"><head><title>` + title + `</title></head><body><article><h1>` + title + `</h1><p>Most mechanical keyboards use switches that are rated for 50 million keystrokes before a key wears out. ` + own + `</p></article></body></html>`
	}
	one := serve(map[string]string{"/a": page("Mechanical keyboards", "A mechanical keyboard is a keyboard with an individual spring switch under every single key. People who write a lot every day like how the keys answer to each press.")})
	two := serve(map[string]string{"/b": page("History of mechanical keyboards", "Gamers were the first large group who bought mechanical keyboards after the turn of the century. A typical wired model weighs 950 g without its cable and wrist rest.")})
	var log []string
	search := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		log = append(log, r.FormValue("q"))
		_ = json.NewEncoder(w).Encode(map[string]any{"results": []map[string]string{{"url": one + "/a", "title": "Mechanical keyboards"}, {"url": two + "/b", "title": "Mechanical keyboards"}}})
	}))
	t.Cleanup(search.Close)
	return search.URL, &log
}

type researchAnswer struct {
	ID       string                 `json:"id"`
	Status   string                 `json:"status"`
	Method   string                 `json:"method"`
	Claims   []domain.ResearchClaim `json:"claims"`
	Evidence []domain.Evidence      `json:"evidence"`
	Models   []domain.ModelShare    `json:"models_used"`
	Duration float64                `json:"duration_seconds"`
	Currency string                 `json:"currency"`
}

// TestResearchWithEvidence: the whole way through the running program, from a search
// to a report whose spans stand in its snapshots; a damaged snapshot is found, with
// what rests on it.
func TestResearchWithEvidence(t *testing.T) {
	t.Parallel()
	search, _ := keyboards(t)
	dir := t.TempDir()
	a := startWith(t, map[string]string{"data": dir, "research.searxng": search, "research.allow": "127.0.0.1/32", "research.interval": "0s"})
	c := newCaller(t, a)
	events := listen(t, c, "intelligence")
	var r researchAnswer
	c.want("POST", "/api/v1/intelligence/research", map[string]any{"topic": "mechanical keyboards", "depth": "quick"}, http.StatusOK, &r)
	if r.Status != "completed" || r.Method != "extractive" || len(r.Claims) < 3 || r.Duration <= 0 || len(r.Models) != 0 {
		t.Fatalf("report = %+v", r)
	}
	if r.Claims[0].Independent != 2 || !strings.Contains(r.Claims[0].Text, "50 million") {
		t.Errorf("first claim = %+v", r.Claims[0])
	}
	seen := map[string]bool{}
	for !seen["intelligence.research.completed"] {
		seen[<-events] = true
	}
	for _, want := range []string{"queued", "running", "progress"} {
		if !seen["intelligence.research."+want] {
			t.Errorf("no event intelligence.research.%s came", want)
		}
	}
	var damaged string
	for _, e := range r.Evidence {
		if e.Kind != domain.EvidenceSnapshot {
			continue
		}
		var s struct {
			SHA256, Text string
			Uses         []domain.SnapshotUse
		}
		c.want("GET", "/api/v1/intelligence/snapshots/"+string(e.Snapshot), nil, http.StatusOK, &s)
		if s.SHA256 != e.SHA256 || !strings.HasPrefix(s.Text[e.Offset:], e.Value) || len(s.Uses) == 0 || string(s.Uses[0].Report) != r.ID {
			t.Errorf("evidence %+v, snapshot %+v", e, s)
		}
		damaged = e.SHA256
	}
	var v domain.SnapshotReport
	c.want("POST", "/api/v1/intelligence/research/"+r.ID+"/verify", nil, http.StatusOK, &v)
	if !v.Intact || v.Snapshots != 2 || v.Spans == 0 {
		t.Errorf("intact report = %+v", v)
	}
	corrupt(t, dir, damaged)
	for _, path := range []string{"/api/v1/intelligence/research/" + r.ID + "/verify", "/api/v1/intelligence/evidence/verify"} {
		v = domain.SnapshotReport{}
		c.want("POST", path, nil, http.StatusOK, &v)
		if v.Intact || len(v.Faults) != 1 || len(v.Faults[0].Uses) == 0 || string(v.Faults[0].Uses[0].Report) != r.ID || v.Faults[0].Uses[0].Claim == "" {
			t.Errorf("%s of a damaged page: %+v", path, v)
		}
	}
}

// corrupt changes one byte of a blob.
func corrupt(t *testing.T, dir, sha string) {
	t.Helper()
	name := filepath.Join(dir, "blobs", "sha256", sha[:2], sha[2:4], sha)
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	if err := os.Chmod(name, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestDamagedSnapshotTurnsGatesRed: a published page that rests on a snapshot is red
// once the snapshot is damaged, and is named; its website cannot be published again.
func TestDamagedSnapshotTurnsGatesRed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a := startWith(t, map[string]string{"data": dir})
	c := newCaller(t, a)
	site := string(demo(t, a, app.DemoParams{}).WebsiteID)
	s, err := a.Snapshots.Keep(t.Context(), "main", service.ReadPage{
		FetchedPage: &domain.FetchedPage{URL: "https://a.example/", FinalURL: "https://a.example/", Status: 200, Body: []byte("<p>Keys last for years."), FetchedAt: time.Now()},
		Text:        "Keys last for years.",
	})
	if err != nil {
		t.Fatal(err)
	}
	e := s.Cites("Keys last", 0)
	if err := a.CiteForTest(t.Context(), domain.WebsiteID(site), e); err != nil {
		t.Fatal(err)
	}
	var audit struct {
		Verdict string
		Gates   []domain.Gate
	}
	c.want("GET", "/api/v1/websites/"+site+"/audit", nil, http.StatusOK, &audit)
	if audit.Verdict == "fail" {
		t.Fatalf("red before: %+v", audit)
	}
	corrupt(t, dir, s.TextSHA256)
	c.want("GET", "/api/v1/websites/"+site+"/audit", nil, http.StatusOK, &audit)
	named := ""
	for _, g := range audit.Gates {
		for _, f := range g.Findings {
			if g.Name == "grounding" && f.Rule == "EVIDENCE" {
				named = f.Page
			}
		}
	}
	if audit.Verdict != "fail" || named != "/" {
		t.Errorf("verdict %q, page %q, want fail on /", audit.Verdict, named)
	}
	var releases []struct{ ID string }
	c.want("GET", "/api/v1/websites/"+site+"/releases", nil, http.StatusOK, &releases)
	var p struct{ Type, Detail string }
	c.want("POST", "/api/v1/websites/"+site+"/publish", map[string]string{"release_id": releases[0].ID}, http.StatusConflict, &p)
	if p.Type != "urn:empire:error:gate_red" || !strings.Contains(p.Detail, "on /:") {
		t.Errorf("publish: %+v", p)
	}
	var kept struct{ Uses []domain.SnapshotUse }
	c.want("GET", "/api/v1/intelligence/snapshots/"+string(s.ID), nil, http.StatusOK, &kept)
	if len(kept.Uses) != 1 || kept.Uses[0].Page != "/" || string(kept.Uses[0].Website) != site {
		t.Errorf("uses = %+v", kept.Uses)
	}
}

// TestResearchAllModelsDown: configured models that cannot be reached are a 503 that
// says why, for each.
func TestResearchAllModelsDown(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	a := startWith(t, map[string]string{
		"models.list":    `[{name: one, provider: alpha, model: m, base_url: ` + gone.URL + `, api_key: k, api: openai_compatible}, {name: two, provider: beta, model: m, base_url: ` + gone.URL + `, api_key: k, api: openai_compatible}]`,
		"models.default": "one",
	})
	c := newCaller(t, a)
	for _, provider := range []string{"alpha", "beta"} {
		c.want("PUT", "/api/v1/prices", map[string]any{"provider": provider, "model": "m", "input_micros": 0, "output_micros": 0}, http.StatusOK, nil)
	}
	var p struct {
		Errors []struct{ Location, Message string }
	}
	c.want("POST", "/api/v1/intelligence/research", map[string]any{"topic": "mechanical keyboards", "depth": "quick"}, http.StatusServiceUnavailable, &p)
	if len(p.Errors) != 2 || p.Errors[0].Location != "models.one" || !strings.Contains(p.Errors[1].Message, "beta") {
		t.Errorf("problem = %+v", p)
	}
	var list []struct {
		Status string
		Error  struct{ Reasons []domain.Reason }
	}
	c.want("GET", "/api/v1/intelligence/research", nil, http.StatusOK, &list)
	if len(list) != 1 || list[0].Status != "failed" || len(list[0].Error.Reasons) != 2 {
		t.Errorf("list = %+v", list)
	}
}

// listen returns the topics of the events of an area as they come on the dashboard's
// socket.
func listen(t *testing.T, c *caller, area string) <-chan string {
	t.Helper()
	conn, _ := c.socket("/ws/dashboard", "Authorization", "Bearer "+c.token)
	conn.SetReadLimit(1 << 20)
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	out := make(chan string, 256)
	ready := make(chan struct{})
	go func() {
		defer close(out)
		first := true
		for {
			_, raw, err := conn.Read(ctx)
			if err != nil {
				return
			}
			if first {
				close(ready)
				first = false
			}
			var f struct {
				Type string
				Data struct{ Topic string }
			}
			if json.Unmarshal(raw, &f) == nil && strings.HasPrefix(f.Data.Topic, area+".") {
				out <- f.Data.Topic
			}
		}
	}()
	<-ready
	return out
}
