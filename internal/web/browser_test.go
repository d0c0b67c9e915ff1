package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/testkit"
	"empire/internal/testkit/browsertest"
	"empire/internal/ws"
)

// shared lets a test change the world while pages are served from it.
type shared struct {
	mu    sync.Mutex
	world *world
	hub   *ws.Hub // nil: there are no WebSockets
}

func (s *shared) change(fn func(*world)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fn(s.world)
}

// serve serves the dashboard to a signed-in editor; the sign-in page is for all.
func (s *shared) serve(t *testing.T) string {
	t.Helper()
	d := newDashboard(t, s.world)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/sign-in" {
			r.AddCookie(&http.Cookie{Name: "session", Value: "s1"})
			r = r.WithContext(domain.WithPrincipal(r.Context(), editor))
		}
		if s.hub != nil && strings.HasPrefix(r.URL.Path, "/ws/") {
			s.hub.Handler().ServeHTTP(w, r)
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		d.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// startHub adds the WebSockets that the program has.
func (s *shared) startHub(t *testing.T) {
	t.Helper()
	s.hub = ws.New(ws.Config{
		SessionCookie: "session", Authenticate: func(context.Context, string) (*domain.Principal, error) { return editor, nil },
		Collect: func(context.Context, domain.TenantID) (*ws.Metrics, error) { return &ws.Metrics{At: noon}, nil },
		Problem: func(w http.ResponseWriter, _ *http.Request, err error) {
			http.Error(w, err.Error(), http.StatusBadRequest)
		},
		Status: statusOf, Logger: slog.New(slog.DiscardHandler),
	})
	if err := s.hub.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := s.hub.Stop(ctx); err != nil {
			t.Errorf("stop the hub: %v", err)
		}
	})
}

// crowdedWorld is busyWorld with names that do not break.
func crowdedWorld() *world {
	w := busyWorld()
	w.sites[1].Title, w.sites[1].Niche = strings.Repeat("long", 15), strings.Repeat("unbreakable", 9)
	w.sites[1].Domain = strings.Repeat("d", 60) + ".example"
	w.runs[2].Error.Message += strings.Repeat("unbreakable", 20)
	return w
}

// browserPages are all pages that the browser is shown.
var browserPages = []string{
	"/", "/sites", "/sites?q=foo", "/sites/site_1", "/sites/site_1/pages", "/sites/site_1/pages/page_2", "/sites/site_1/releases",
	"/sites/site_1/diff?to=rel_2&against=rel_1", "/sites/site_1/audit", "/sites/site_1/links", "/sites/site_1/budget", "/sites/site_1/settings",
	"/batches", "/batches/bat_1", "/runs", "/runs/run_1", "/runs/run_3", "/approvals/appr_1", "/launch", "/sign-in", "/nowhere",
}

// TestBrowser opens every page narrow and light, then wide and dark: axe finds nothing,
// nothing sticks out sideways even at 320 pixels, and nothing is on the console, which
// is also where the browser reports what the policy forbids.
func TestBrowser(t *testing.T) {
	testkit.Unraced(t)
	t.Parallel()
	axe := axeSource(t)
	tab := browsertest.Open(t)
	s := &shared{world: crowdedWorld()}
	s.startHub(t)
	base := s.serve(t)
	for _, path := range browserPages {
		tab.Scheme("light")
		tab.Visit(base+path, 320)
		over := browsertest.Eval[int](tab, `document.querySelectorAll('main details').forEach(d => d.open = true), document.documentElement.scrollWidth - 320`)
		if over > 0 {
			t.Errorf("%s scrolls sideways by %d pixels with everything open", path, over)
		}
		browsertest.Eval[bool](tab, axe+"\ntrue")
		for i, width := range []int64{390, 1440} { // sizes do not depend on colors, nor colors on sizes
			tab.Resize(width)
			scheme := []string{"light", "dark"}[i]
			tab.Scheme(scheme)
			for _, v := range runAxe(t, tab, i == 0) {
				t.Errorf("axe, %s at %d %s: %s (%s)\n  %.800s", path, width, scheme, v.ID, v.Help, strings.Join(v.Nodes, "\n  "))
			}
		}
		shoot(t, tab, base, path)
	}
	for _, p := range tab.Problems() {
		if !strings.Contains(p, "404") || !strings.Contains(p, "/nowhere") {
			t.Errorf("the browser reports: %s", p)
		}
	}
}

// shoot keeps pictures of a page where EMPIRE_TEST_SCREENSHOTS says.
func shoot(t *testing.T, tab *browsertest.Tab, base, path string) {
	t.Helper()
	if os.Getenv("EMPIRE_TEST_SCREENSHOTS") == "" {
		return
	}
	tab.Scheme("light")
	tab.Visit(base+path, 390)
	tab.Visit(base+path, 1440)
}

type violation struct {
	ID, Help string
	Nodes    []string
}

// runAxe runs all rules of WCAG 2.2, levels A and AA, or only those that depend on width
// and colors.
func runAxe(t *testing.T, tab *browsertest.Tab, all bool) []violation {
	t.Helper()
	only := `{type: 'rule', values: ['color-contrast', 'target-size', 'link-in-text-block', 'scrollable-region-focusable']}`
	if all {
		only = `{type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']}`
	}
	text := browsertest.Eval[string](tab, `(document.getAnimations().forEach(a => a.finish()), axe.run(document, {runOnly: `+only+`, resultTypes: ['violations']}))
		.then(r => JSON.stringify(r.violations.map(v => ({ID: v.id, Help: v.help, Nodes: v.nodes.map(n => n.target.join(' ') + ': ' + n.failureSummary)}))))`)
	var out []violation
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatal(fmt.Errorf("read axe's answer: %w", err))
	}
	return out
}

func axeSource(t *testing.T) string {
	t.Helper()
	body, err := os.ReadFile(filepath.Join(os.Getenv("EMPIRE_TEST_JUDGES"), "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		testkit.Require(t, "npm package axe-core (EMPIRE_TEST_JUDGES)")
	}
	return string(body)
}

// TestBrowserWithoutScript: nothing but liveness is lost.
func TestBrowserWithoutScript(t *testing.T) {
	testkit.Unraced(t)
	t.Parallel()
	tab := browsertest.Open(t)
	base := (&shared{world: busyWorld()}).serve(t)
	tab.Scripts(false)
	tab.Visit(base+"/sites", 1440)
	const visible = `[...document.querySelectorAll('main a, main button, main input:not([type=hidden])')].filter(e => e.offsetParent).length`
	if n := browsertest.Eval[int](tab, visible); n < 15 {
		t.Errorf("%d links, buttons and fields can be seen", n)
	}
	tab.Visit(base+"/sites/site_1", 390)
	if text := browsertest.Eval[string](tab, `document.querySelector('figure.chart').innerText`); !strings.Contains(text, "The same as a table") || !strings.Contains(text, "page views") {
		t.Errorf("a chart without script says: %s", text)
	}
	if browsertest.Eval[bool](tab, `!!document.querySelector('.plot').offsetParent`) {
		t.Error("an empty drawing takes room")
	}
}

// waitFor returns once a condition holds in the open page.
func waitFor(t *testing.T, tab *browsertest.Tab, condition string) {
	t.Helper()
	ok := browsertest.Eval[bool](tab, `new Promise(done => {
		const end = Date.now() + 15000;
		const look = () => (`+condition+`) ? done(true) : Date.now() > end ? done(false) : setTimeout(look, 20);
		look();
	})`)
	if !ok {
		t.Fatalf("%s does not come true:\n%s", condition, browsertest.Eval[string](tab, `document.body.innerText`))
	}
}

// TestBrowserLive has news come over a WebSocket while a run goes on: they are on the
// screen soon, what the reader has opened stays open, and a pause holds everything.
func TestBrowserLive(t *testing.T) {
	t.Parallel()
	tab := browsertest.Open(t)
	s := &shared{world: busyWorld()}
	s.startHub(t)
	base := s.serve(t)
	publish := func(topic string) {
		s.hub.Publish(domain.Event{Topic: topic, Object: "run_1", At: noon, Data: json.RawMessage(`{}`)})
	}
	tab.Visit(base+"/", 1440)
	waitFor(t, tab, `document.getElementById("live-time").textContent === "12:00:00"`)
	t.Logf("the first update came %.0f ms after the page", browsertest.Eval[float64](tab, `performance.now() - performance.getEntriesByType("navigation")[0].loadEventEnd`))
	waitFor(t, tab, `document.getElementById("pulse").textContent === "Live"`)
	for range 40 {
		publish("pipeline.step_completed")
	}
	waitFor(t, tab, `document.querySelectorAll("#live-events li").length === 12`)

	tab.Visit(base+"/runs/run_1", 1440)
	waitFor(t, tab, `document.getElementById("pulse").textContent === "Live"`)
	browsertest.Eval[bool](tab, `document.querySelector("#summary details").open = true`)
	s.change(func(w *world) { w.runs[0].Steps[2].Done, w.runs[0].Steps[2].Message = 30, "Frequently asked questions" })
	publish("pipeline.step_progress")
	waitFor(t, tab, `document.getElementById("steps").textContent.includes("Frequently asked questions") && document.querySelector("progress").value === 30`)
	waitFor(t, tab, `document.querySelector("#summary details").open`)

	browsertest.Eval[bool](tab, `document.dispatchEvent(new KeyboardEvent("keydown", {key: "."}))`)
	waitFor(t, tab, `document.getElementById("pulse").textContent === "Paused" && document.getElementById("pause").textContent === "Go on"`)
	s.change(func(w *world) {
		w.runs[0].State, w.runs[0].FinishedAt = domain.StateCompleted, ptr(noon)
		w.runs[0].Steps[2].State, w.runs[0].Steps[2].Message = domain.StateCompleted, "All written"
	})
	publish("pipeline.run_completed")
	if browsertest.Eval[bool](tab, `new Promise(r => setTimeout(() => r(document.getElementById("steps").textContent.includes("All written")), 300))`) {
		t.Error("the page changed during the pause")
	}
	browsertest.Eval[bool](tab, `document.getElementById("pause").click() === undefined`)
	waitFor(t, tab, `document.getElementById("steps").textContent.includes("All written")`)
	waitFor(t, tab, `document.getElementById("pulse").textContent === "Live"`)
	for _, p := range tab.Problems() {
		t.Errorf("the browser reports: %s", p)
	}
}

// TestBrowserKeys uses the keys and ticks.
func TestBrowserKeys(t *testing.T) {
	testkit.Unraced(t)
	t.Parallel()
	tab := browsertest.Open(t)
	base := (&shared{world: busyWorld()}).serve(t)
	pressing := func(key string) string {
		return `(document.activeElement || document.body).dispatchEvent(new KeyboardEvent("keydown", {key: ` + fmt.Sprintf("%q", key) + `, bubbles: true}))`
	}
	press := func(key string) { browsertest.Eval[bool](tab, pressing(key)) }
	tab.Visit(base+"/sites", 1440)
	if !browsertest.Eval[bool](tab, `document.querySelector("[data-bulk]").hidden`) {
		t.Error("the bulk bar shows although nothing is ticked")
	}
	press("j")
	press("j")
	press("x")
	waitFor(t, tab, `document.querySelectorAll("[data-row]:checked").length === 1 && document.querySelector("[data-bulk]").innerText.startsWith("1 row ticked")`)
	press("?")
	waitFor(t, tab, `document.getElementById("keys").open`)
	browsertest.Eval[bool](tab, `document.getElementById("keys").close() === undefined`)
	press("/")
	waitFor(t, tab, `document.activeElement.id === "q"`)
	browsertest.Eval[bool](tab, `(() => { const q = document.getElementById("q"); q.value = "keyb"; q.dispatchEvent(new Event("input", {bubbles: true})); return true; })()`)
	waitFor(t, tab, `document.querySelectorAll("#rows tbody tr").length === 1 && location.search.includes("q=keyb") && document.activeElement.id === "q"`)
	tab.Visit(base+"/sites", 1440)
	press("g")
	if at := tab.Leave(pressing("o")); at != base+"/" {
		t.Errorf("g and o lead to %s", at)
	}
}
