package web_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
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

// browserPages are the pages that are no pages for work; all of both are shown to the
// browser.
var browserPages = []string{
	"/", "/sites", "/sites?q=foo", "/sites/site_1", "/sites/site_1/pages", "/sites/site_1/pages/page_2", "/sites/site_1/releases",
	"/sites/site_1/diff?to=rel_2&against=rel_1", "/sites/site_1/audit", "/sites/site_1/links", "/sites/site_1/budget", "/sites/site_1/settings",
	"/batches", "/batches/bat_1", "/runs", "/runs/run_1", "/runs/run_3", "/launch", "/launch/check", "/sign-in", "/nowhere",
}

// allPages are the pages of both lists.
func allPages() []string {
	out := slices.Clone(browserPages)
	for _, p := range workPages {
		out = append(out, p.target)
	}
	return out
}

// TestBrowserKnowsAllPages: no route of the dashboard is without a page that the browser
// is shown.
func TestBrowserKnowsAllPages(t *testing.T) {
	t.Parallel()
	d := newDashboard(t, busyWorld())
	shown := map[string]bool{"GET /assets/{name}": true} // no page
	for _, path := range allPages() {
		shown[d.PatternOf(path)] = true
	}
	pages := d.Pages()
	if len(pages) < 50 {
		t.Errorf("there are %d pages only", len(pages))
	}
	for _, page := range pages {
		if !shown["GET "+page] {
			t.Errorf("no page of %s is shown to the browser: name one in browserPages or workPages", page)
		}
	}
}

// looks are the ways in which every page is looked at. Sizes do not depend on colors, so
// each width is looked at as a whole in one scheme, and for its colors in the other.
var looks = []struct {
	width  int64
	scheme string
	whole  bool
}{{390, "light", true}, {390, "dark", false}, {1440, "dark", true}, {1440, "light", false}}

// TestBrowser opens every page at 390 and 1,440 pixels, light and dark: axe finds
// nothing, nothing sticks out sideways even at 320 pixels with everything open, and
// nothing is on the console, which is also where the browser reports what the policy
// forbids. A page is loaded once; width and colors change under it.
func TestBrowser(t *testing.T) {
	testkit.Unraced(t)
	t.Parallel()
	pages := allPages()
	const tabs = 2 // of a browser each: one for half of the pages
	for i := range tabs {
		t.Run(fmt.Sprintf("part %d", i+1), func(t *testing.T) {
			t.Parallel()
			var mine []string
			for n := i; n < len(pages); n += tabs {
				mine = append(mine, pages[n])
			}
			lookAt(t, crowdedWorld(), mine)
		})
	}
}

// TestBrowserPictures keeps a picture of each page of an estate with long lists, long names
// and every kind of failure, and of an installation with nothing in it. It runs where
// EMPIRE_TEST_SCREENSHOTS says where to.
func TestBrowserPictures(t *testing.T) {
	dir := os.Getenv("EMPIRE_TEST_SCREENSHOTS")
	if dir == "" {
		t.Skip("pictures are made when EMPIRE_TEST_SCREENSHOTS is set to a directory")
	}
	t.Setenv("EMPIRE_TEST_SCREENSHOTS", "") // a visit takes none of its own
	shoot(t, richWorld(), filepath.Join(dir, "full"), allPages())
	shoot(t, emptyWorld(), filepath.Join(dir, "empty"), emptyPages)
}

// lookAt opens pages of a world in a tab of its own.
func lookAt(t *testing.T, w *world, pages []string) {
	t.Helper()
	axe := axeSource(t)
	tab := browsertest.Open(t)
	s := &shared{world: w}
	s.startHub(t)
	base := s.serve(t)
	for _, path := range pages {
		tab.Scheme("light")
		tab.Visit(base+path, 320)
		over := browsertest.Eval[int](tab, `document.querySelectorAll('main details').forEach(d => d.open = true), document.documentElement.scrollWidth - 320`)
		if over > 0 {
			t.Errorf("%s scrolls sideways by %d pixels with everything open", path, over)
		}
		browsertest.Eval[bool](tab, axe+"\ntrue")
		for _, look := range looks {
			tab.Resize(look.width)
			tab.Scheme(look.scheme)
			for _, v := range runAxe(t, tab, look.whole) {
				t.Errorf("axe, %s at %d %s: %s (%s)\n  %.800s", path, look.width, look.scheme, v.ID, v.Help, strings.Join(v.Nodes, "\n  "))
			}
		}
	}
	for _, p := range tab.Problems() {
		if !strings.Contains(p, "404") || !strings.Contains(p, "/nowhere") {
			t.Errorf("the browser reports: %s", p)
		}
	}
}

// shoot keeps four pictures of each page as it opens, in a directory.
func shoot(t *testing.T, w *world, dir string, pages []string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	tab := browsertest.Open(t)
	base := (&shared{world: w}).serve(t)
	plain := strings.NewReplacer("/", "_", "?", "-", "=", "_", "&", "-", "%", "")
	for _, path := range pages {
		tab.Scheme("light")
		tab.Visit(base+path, looks[0].width)
		for _, look := range looks {
			tab.Resize(look.width)
			tab.Scheme(look.scheme)
			browsertest.Eval[bool](tab, `document.getAnimations().forEach(a => a.finish()), new Promise(done => setTimeout(() => done(true), document.querySelector("[data-plot]") ? 300 : 20))`) // charts are drawn again
			file := fmt.Sprintf("%s-%d-%s.png", cmp.Or(strings.Trim(plain.Replace(path), "_"), "overview"), look.width, look.scheme)
			if err := os.WriteFile(filepath.Join(dir, file), tab.Whole(), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

type violation struct {
	ID, Help string
	Nodes    []string
}

// runAxe runs all rules of WCAG 2.2, levels A and AA, or only those that depend on
// colors.
func runAxe(t *testing.T, tab *browsertest.Tab, all bool) []violation {
	t.Helper()
	only := `{type: 'rule', values: ['color-contrast', 'link-in-text-block']}`
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
