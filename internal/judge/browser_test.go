package judge_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"empire/internal/testkit"
	"empire/internal/testkit/browsertest"
)

// maxPage bounds a page with its style sheet and scripts but without pictures, in
// bytes before compression.
const maxPage = 60 << 10

// violation is one finding of axe-core.
type violation struct {
	ID     string   `json:"id"`
	Impact string   `json:"impact"`
	Help   string   `json:"help"`
	Nodes  []string `json:"nodes"`
}

// axeRun asks for the rules of WCAG 2.2, levels A and AA.
const axeRun = `axe.run(document, {runOnly: {type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']}, resultTypes: ['violations']})
	.then(r => JSON.stringify(r.violations.map(v => ({id: v.id, impact: v.impact, help: v.help, nodes: v.nodes.map(n => n.target.join(' ') + ': ' + n.failureSummary)}))))`

// kept lists what a page keeps in the browser.
const kept = `(async () => [document.cookie, ...Object.keys(localStorage), ...Object.keys(sessionStorage),
	...(await indexedDB.databases()).map(d => d.name), ...(await navigator.serviceWorker.getRegistrations()).map(r => r.scope)].filter(x => x))()`

// fetched adds up the sizes of what a page loaded but pictures, in bytes.
const fetched = `[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
	.filter(e => !/\.(svg|png|jpe?g|webp|avif)$/.test(new URL(e.name).pathname)).reduce((n, e) => n + e.decodedBodySize, 0)`

// inBrowser checks the site in Chromium: axe, sideways scroll, weight, hosts, storage
// and the text without script.
func (s *site) inBrowser(t *testing.T) (violations, checks int) {
	t.Helper()
	axe := axeSource(t)
	tab := browsertest.Open(t)
	for _, p := range s.pages { // every page
		tab.Visit(s.address(p), 320)
	}
	for _, p := range s.longest() {
		for _, width := range []int64{360, 1440} {
			for _, scheme := range []string{"light", "dark"} {
				tab.Scheme(scheme)
				tab.Visit(s.address(p), width)
				for _, v := range runAxe(t, tab, axe) {
					violations++
					t.Errorf("axe, %s at %d %s: %s (%s) %s\n  %.800s", p.path, width, scheme, v.ID, v.Impact, v.Help, strings.Join(v.Nodes, "\n  "))
				}
				checks++
			}
		}
		s.weigh(t, tab, p)
	}
	s.withoutScript(t, tab)
	s.quiet(t, tab)
	return violations, checks
}

func (s *site) address(p page) string {
	if p.kind == "not_found" {
		return s.URL + "/there-is-no-such-page/"
	}
	return s.URL + p.path
}

// weigh looks at the size of the open page and at what it keeps.
func (s *site) weigh(t *testing.T, tab *browsertest.Tab, p page) {
	t.Helper()
	if n := browsertest.Eval[int](tab, fetched); n > maxPage || n < p.bytes/2 {
		t.Errorf("%s weighs %d bytes without pictures, want at most %d", p.path, n, maxPage)
	}
	if held := browsertest.Eval[[]string](tab, kept); len(held) > 0 {
		t.Errorf("%s keeps in the browser: %q", p.path, held)
	}
}

// withoutScript compares the main text of pages with script and without.
func (s *site) withoutScript(t *testing.T, tab *browsertest.Tab) {
	t.Helper()
	const text = `document.querySelector('main').textContent.split(/\s+/).join(' ').trim()`
	for _, p := range s.longest() {
		tab.Scripts(true)
		tab.Visit(s.address(p), 1440)
		with := browsertest.Eval[string](tab, text)
		tab.Scripts(false)
		tab.Visit(s.address(p), 1440)
		if without := browsertest.Eval[string](tab, text); with != without || with == "" {
			t.Errorf("%s: the text depends on scripts:\n%.300s\n%.300s", p.path, with, without)
		}
	}
	tab.Scripts(true)
}

// quiet wants no request to another host and nothing on the console.
func (s *site) quiet(t *testing.T, tab *browsertest.Tab) {
	t.Helper()
	own, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range tab.Hosts() {
		if h != own.Host {
			t.Errorf("%s makes the browser ask %s", s.Domain, h)
		}
	}
	for _, p := range tab.Problems() {
		if !strings.Contains(p, "404") || !strings.Contains(p, "/there-is-no-such-page/") {
			t.Errorf("the browser reports: %s", p)
		}
	}
}

func runAxe(t *testing.T, tab *browsertest.Tab, axe string) []violation {
	t.Helper()
	browsertest.Eval[bool](tab, axe+"\ntrue")
	var out []violation
	if err := json.Unmarshal([]byte(browsertest.Eval[string](tab, axeRun)), &out); err != nil {
		t.Fatal(fmt.Errorf("read axe's answer: %w", err))
	}
	return out
}

func axeSource(t *testing.T) string {
	t.Helper()
	body, err := os.ReadFile(judgeFile(t, "axe-core/axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// judgeFile returns the path of a file of a judge's npm package.
func judgeFile(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(os.Getenv("EMPIRE_TEST_JUDGES"), "node_modules", filepath.FromSlash(name))
	if _, err := os.Stat(path); err != nil {
		testkit.Require(t, "npm package of "+name+" (EMPIRE_TEST_JUDGES)")
	}
	return path
}
