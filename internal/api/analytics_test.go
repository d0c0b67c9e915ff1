package api_test

import (
	"encoding/csv"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"empire/internal/domain"
)

// badTimes are times that no report takes.
var badTimes = []string{
	"?period=7x", "?period=0d", "?period=9999d", "?period=1y", "?x=1", "?from=yesterday", "?to=2026-03-10T00:00:00Z", "?from=2026-03-10T00:00:00Z&to=2026-03-09T00:00:00Z",
	"?from=2026-03-10T00:00:00Z&to=2026-03-10T00:00:00Z", "?period=7d&from=2026-03-10T00:00:00Z", "?from=2026-03-15T00:00:00Z", "?from=2020-01-01T00:00:00Z", "?from=0001-01-01T00:00:00Z&to=0001-01-02T00:00:00Z",
}

func badTimesAnd(more ...string) []string { return append(slices.Clone(badTimes), more...) }

var analyticsEndpoints = []endpoint{
	{method: "GET", path: "/websites/site_1/analytics", query: "?period=30d", right: domain.WebsitesRead, status: 200, unknown: "/websites/site_2/analytics", bad: badTimes},
	{
		method: "GET", path: "/websites/site_1/analytics/facets", query: "?facet=channel&from=2026-03-10T00:00:00Z", right: domain.WebsitesRead, status: 200,
		unknown: "/websites/site_2/analytics/facets?facet=channel", bad: []string{"", "?facet=moon", "?facet=channel&period=7x", "?facet=channel&limit=0"},
	},
	{method: "GET", path: "/websites/site_1/goals", right: domain.WebsitesRead, status: 200, unknown: "/websites/site_2/goals", bad: []string{"?x=1"}},
	{
		method: "PUT", path: "/websites/site_1/goals", right: domain.WebsitesManage, status: 200, unknown: "/websites/site_2/goals",
		body: `{"goals":[{"name":"Guide","kind":"path","target":"/guide/"},{"name":"Offer","kind":"click","target":""}],"funnels":[{"name":"Way","steps":["Guide","Offer"]}]}`,
		bad: []string{
			`{}`, `{"goals":[],"funnels":[],"x":1}`, `{"goals":[{"name":"a","kind":"jump","target":"/"}],"funnels":[]}`, `{"goals":[{"name":"a","kind":"path","target":"guide"}],"funnels":[]}`,
			`{"goals":[{"name":" ","kind":"click","target":""}],"funnels":[]}`, `{"goals":[{"name":"a","kind":"click","target":""},{"name":"a","kind":"click","target":"x"}],"funnels":[]}`,
			`{"goals":[{"name":"a","kind":"click","target":""}],"funnels":[{"name":"f","steps":["a"]}]}`, `{"goals":[{"name":"a","kind":"click","target":""}],"funnels":[{"name":"f","steps":["a","b"]}]}`,
		},
	},
	{method: "GET", path: "/websites/site_1/conversions", right: domain.WebsitesRead, status: 200, unknown: "/websites/site_2/conversions", bad: badTimes},
	{method: "GET", path: "/analytics/portfolio", query: "?period=12m", right: domain.WebsitesRead, status: 200, bad: badTimes},
	{method: "GET", path: "/analytics/websites", query: "?sort=falling", right: domain.WebsitesRead, status: 200, bad: badTimesAnd(append([]string{"?sort=beauty"}, badWindows...)...)},
	{method: "GET", path: "/analytics/pages", right: domain.WebsitesRead, status: 200, unknown: "/analytics/pages?website_id=site_2", bad: badTimesAnd("?limit=0", "?limit=1001", "?offset=1", "?cursor=odd")},
	{method: "GET", path: "/analytics/programs", right: domain.WebsitesRead, status: 200, bad: badTimesAnd(badWindows...)},
	{
		method: "GET", path: "/analytics/export", query: "?report=pages", right: domain.WebsitesRead, status: 200, unknown: "/analytics/export?report=pages&website_id=site_2",
		bad: []string{"", "?report=moon", "?report=pages&format=xml", "?report=pages&period=7x", "?report=programs&website_id=site_1"},
	},
}

// TestPagesWalk: a walk by cursor sees every page once and ends.
func TestPagesWalk(t *testing.T) {
	t.Parallel()
	a := newAPI(&fakes{sites: 3})
	var seen []string
	for target := "/api/v1/analytics/pages?limit=1000"; target != ""; {
		w := call(t, a, admin, "GET", target, "")
		var rows []struct{ Path string }
		if err := json.Unmarshal(w.Body.Bytes(), &rows); err != nil || w.Code != 200 {
			t.Fatalf("%d %v", w.Code, err)
		}
		for _, r := range rows {
			seen = append(seen, r.Path)
		}
		target, _, _ = strings.Cut(strings.TrimPrefix(w.Header().Get("Link"), "<"), ">")
	}
	if len(seen) != 2500 || !slices.IsSorted(seen) || len(slices.Compact(seen)) != 2500 {
		t.Errorf("%d pages seen, want 2500, each once", len(seen))
	}
}

// TestExportAnalytics: an export has all rows and no formulas, in the format that is
// asked for by name or by Accept.
func TestExportAnalytics(t *testing.T) {
	t.Parallel()
	a := newAPI(&fakes{sites: 3})
	w := call(t, a, admin, "GET", "/api/v1/analytics/export?report=pages", "", "Accept", "text/csv")
	rows, err := csv.NewReader(w.Body).ReadAll()
	if err != nil || len(rows) != 2501 || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/csv") {
		t.Fatalf("%d %v: %d rows, %v", w.Code, w.Header(), len(rows), err)
	}
	w = call(t, a, admin, "GET", "/api/v1/analytics/export?report=websites&format=csv", "")
	rows, err = csv.NewReader(w.Body).ReadAll()
	if err != nil || len(rows) != 2 || rows[1][1] != "'=1+1" || rows[1][6] != "3" {
		t.Errorf("%v, %v", rows, err)
	}
	w = call(t, a, admin, "GET", "/api/v1/analytics/export?report=programs", "")
	if got := w.Body.String(); w.Code != http.StatusOK || !strings.Contains(got, `"comparison":{"before":1,"absolute":1,"share":1}`) || strings.Count(got, "\n") != 1 {
		t.Errorf("%d %s", w.Code, got)
	}
}
