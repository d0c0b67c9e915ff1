package web_test

import (
	"os"
	"strings"
	"testing"

	"empire/internal/testkit"
	"empire/internal/testkit/browsertest"
)

// browserWork are pages for work that between them have every part that such a page can
// have: wizard, tabs, filters, wide tables, bars, forms in rows, ticks, facts, raw data.
var browserWork = []string{
	"/launch/feeds", "/launch/legal", "/approvals", "/approvals/appr_1/pages?page=/guide/", "/approvals/appr_1/changes", "/feeds", "/products?q=k2", "/schedules",
	"/runs/run_1/timeline", "/opportunities/opp_1", "/links", "/links/link_1", "/settings/users/user_2", "/settings/keys", "/settings/audit",
}

// TestBrowserWork opens pages for work as TestBrowser does the others. All of them are
// opened when screenshots are wanted; otherwise their parts are enough.
func TestBrowserWork(t *testing.T) {
	testkit.Unraced(t)
	t.Parallel()
	axe := axeSource(t)
	tab := browsertest.Open(t)
	s := &shared{world: crowdedWorld()}
	s.startHub(t)
	base := s.serve(t)
	pages := browserWork
	if os.Getenv("EMPIRE_TEST_SCREENSHOTS") != "" {
		pages = nil
		for _, p := range workPages {
			pages = append(pages, p.target)
		}
	}
	for _, path := range pages {
		tab.Scheme("light")
		tab.Visit(base+path, 320)
		over := browsertest.Eval[int](tab, `document.querySelectorAll('main details').forEach(d => d.open = true), document.documentElement.scrollWidth - 320`)
		if over > 0 {
			t.Errorf("%s scrolls sideways by %d pixels with everything open", path, over)
		}
		browsertest.Eval[bool](tab, axe+"\ntrue")
		for width, scheme := range map[int64]string{390: "light", 1440: "dark"} {
			tab.Resize(width)
			tab.Scheme(scheme)
			for _, v := range runAxe(t, tab, width == 390) {
				t.Errorf("axe, %s at %d %s: %s (%s)\n  %.800s", path, width, scheme, v.ID, v.Help, strings.Join(v.Nodes, "\n  "))
			}
		}
		shoot(t, tab, base, path)
	}
	for _, p := range tab.Problems() {
		t.Errorf("the browser reports: %s", p)
	}
}
