package judge_test

import (
	"cmp"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"empire/internal/audit/seo"
	"empire/internal/domain"
)

// variant is a page with faults that both the search audit and Lighthouse look for.
type variant struct {
	name  string
	edits [][2]string
}

// variants have ever more faults. Each edit breaks one of Lighthouse's audits of its
// category "seo": document-title, meta-description, link-text, crawlable-anchors,
// image-alt, is-crawlable, hreflang, canonical.
var variants = []variant{
	{"clean", nil},
	{"dull link", [][2]string{{">How lamps are measured<", ">click here<"}}},
	{"no description", [][2]string{{`<meta name="description"`, `<meta name="x"`}, {">How lamps are measured<", ">click here<"}}},
	{"and no alt", [][2]string{{`<meta name="description"`, `<meta name="x"`}, {">How lamps are measured<", ">click here<"}, {` alt="A lamp"`, ""}}},
	{"and no title", [][2]string{
		{`<meta name="description"`, `<meta name="x"`}, {">How lamps are measured<", ">click here<"}, {` alt="A lamp"`, ""}, {"<title>All about desk lamps</title>", ""},
	}},
	{"and script links", [][2]string{
		{`<meta name="description"`, `<meta name="x"`}, {">How lamps are measured<", ">click here<"}, {` alt="A lamp"`, ""}, {"<title>All about desk lamps</title>", ""},
		{`href="/guide/"`, `href="javascript:void(0)"`},
	}},
	{"and two canonicals", [][2]string{
		{`<meta name="description"`, `<meta name="x"`}, {">How lamps are measured<", ">click here<"}, {` alt="A lamp"`, ""}, {"<title>All about desk lamps</title>", ""},
		{`href="/guide/"`, `href="javascript:void(0)"`}, {"<!--canonical-->", `<link rel="canonical" href="BASE/"><link rel="canonical" href="BASE/other/">`},
	}},
}

func variantHTML(base string) string {
	return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>All about desk lamps</title><meta name="description" content="What desk lamps are, how they differ, and what to look for before you buy one of them.">
<!--canonical--><script type="application/ld+json">{"@context":"https://schema.org","@type":"WebPage","name":"Desk lamps"}</script></head>
<body><main><h1>Desk lamps</h1><p>` + strings.Repeat("A desk lamp throws light on a desk and leaves the room dark. ", 20) + `</p>
<img src="/lamp.svg" width="40" height="40" alt="A lamp"><p><a href="/guide/">How lamps are measured</a></p></main></body></html>`
}

// TestSearchScoreRanks holds the search audit against Lighthouse's category "seo" on
// variants of one page: where Lighthouse sees a difference, the audit ranks the two the
// same way round. It takes a Lighthouse run for each, so it waits for
// EMPIRE_TEST_JUDGE_SITES.
func TestSearchScoreRanks(t *testing.T) {
	if os.Getenv("EMPIRE_TEST_JUDGE_SITES") == "" {
		t.Skip("set EMPIRE_TEST_JUDGE_SITES: Lighthouse judges seven pages")
	}
	ours, theirs := make([]float64, len(variants)), make([]float64, len(variants))
	for i, v := range variants {
		page := ""
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/robots.txt" || r.URL.Path == "/lamp.svg" {
				w.Header().Set("Content-Type", map[bool]string{true: "text/plain", false: "image/svg+xml"}[r.URL.Path == "/robots.txt"])
				_, _ = fmt.Fprint(w, map[bool]string{true: "User-agent: *\nAllow: /\n", false: `<svg xmlns="http://www.w3.org/2000/svg"/>`}[r.URL.Path == "/robots.txt"])
				return
			}
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = fmt.Fprint(w, page)
		}))
		page = variantHTML(s.URL)
		for _, e := range v.edits {
			if !strings.Contains(page, e[0]) {
				t.Fatalf("%s: the page does not hold %q", v.name, e[0])
			}
			page = strings.ReplaceAll(strings.Replace(page, e[0], e[1], 1), "BASE", s.URL)
		}
		report := askLighthouse(t, s.URL+"/", "desktop", i, 0)
		if report.Categories["seo"].Score == nil {
			t.Fatalf("%s: Lighthouse gave no score", v.name)
		}
		theirs[i] = math.Round(100 * *report.Categories["seo"].Score)
		files := []domain.File{
			{Path: "/", ContentType: "text/html", Body: []byte(page)}, {Path: "/guide/", ContentType: "text/html", Body: []byte(strings.Replace(page, "<head>", `<head><meta name="robots" content="noindex">`, 1))},
		}
		ours[i] = seo.Audit(files, seo.Site{BaseURL: s.URL, Language: "en"}).Pages["/"].Score
		s.Close()
		t.Logf("%-20s audit %6.2f, Lighthouse %3.0f", v.name, ours[i], theirs[i])
	}
	for i := range variants {
		for j := range variants[:i] {
			if theirs[i] != theirs[j] && cmp.Compare(ours[i], ours[j]) != cmp.Compare(theirs[i], theirs[j]) {
				t.Errorf("%s and %s: the audit says %v and %v, Lighthouse %v and %v", variants[i].name, variants[j].name, ours[i], ours[j], theirs[i], theirs[j])
			}
		}
	}
	t.Logf("Spearman's rank correlation %.3f over %d variants", spearman(ours, theirs), len(variants))
}

// spearman is the correlation of the ranks, equal values with their mean rank.
func spearman(a, b []float64) float64 {
	x, y := ranks(a), ranks(b)
	n, sx, sy := float64(len(x)), 0.0, 0.0
	for i := range x {
		sx, sy = sx+x[i]/n, sy+y[i]/n
	}
	xy, xx, yy := 0.0, 0.0, 0.0
	for i := range x {
		xy, xx, yy = xy+(x[i]-sx)*(y[i]-sy), xx+(x[i]-sx)*(x[i]-sx), yy+(y[i]-sy)*(y[i]-sy)
	}
	return xy / math.Sqrt(xx*yy)
}

func ranks(v []float64) []float64 {
	sorted := slices.Sorted(slices.Values(v))
	out := make([]float64, len(v))
	for i, x := range v {
		first, _ := slices.BinarySearch(sorted, x)
		last := first
		for last+1 < len(sorted) && sorted[last+1] == x {
			last++
		}
		out[i] = float64(first+last)/2 + 1
	}
	return out
}
