package seo_test

import (
	"fmt"
	"math"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"empire/internal/audit/seo"
	"empire/internal/domain"
)

const origin = "https://lamps.example"

// prose returns n different words.
func prose(topic string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%s%c%c ", topic, 'a'+i%26, 'a'+i/26%26)
	}
	return b.String()
}

// goodPage returns a page that keeps all rules; links go to the given paths.
func goodPage(path, topic string, links ...string) domain.File {
	var nav strings.Builder
	for _, l := range links {
		fmt.Fprintf(&nav, `<a href="%s">Page about %s</a> `, l, strings.Trim(l, "/#"))
	}
	html := fmt.Sprintf(`<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>All about %[2]s and how to choose</title>
<meta name="description" content="What %[2]s are, how they differ, and what to look for before you buy one of them.">
<meta name="robots" content="index, follow, max-image-preview:large">
<link rel="canonical" href="%[3]s%[1]s">
<meta property="og:title" content="All about %[2]s"><meta property="og:description" content="What %[2]s are">
<meta property="og:type" content="article"><meta property="og:url" content="%[3]s%[1]s"><meta property="og:image" content="%[3]s/og.png">
<script type="application/ld+json">{"@context":"https://schema.org","@type":"Article","headline":"Choosing %[2]s"}</script>
</head><body><nav>%[4]s</nav><main><h1>Choosing %[2]s</h1><h2 id="light">Light</h2><p>%[5]s</p>
<img src="/a.png" alt="A lamp"><p class="price">€1,299.00</p>
<p><a href="https://www.awin1.com/pclick.php?p=1" rel="sponsored nofollow">View at the shop</a></p></main></body></html>`,
		path, topic, origin, nav.String(), prose(topic, 160))
	return domain.File{Path: path, ContentType: "text/html; charset=utf-8", Body: []byte(html)}
}

func sitemap(paths ...string) domain.File {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">`)
	for _, p := range paths {
		fmt.Fprintf(&b, "<url><loc>%s%s</loc><lastmod>2026-01-01</lastmod></url>", origin, p)
	}
	b.WriteString("</urlset>")
	return domain.File{Path: "/sitemap.xml", ContentType: "application/xml", Body: []byte(b.String())}
}

// goodSite returns a site of four pages without a fault.
func goodSite() []domain.File {
	return []domain.File{
		goodPage("/", "lamps", "/a/", "/b/"), goodPage("/a/", "desks", "/", "/b/#light"), goodPage("/b/", "chairs", "/", "/c/"),
		goodPage("/c/", "rugs", "/", "#light"), sitemap("/", "/a/", "/b/", "/c/"),
		{Path: "/404.html", ContentType: "text/html", Status: 404, Body: []byte("<h1>No page</h1>")},
		{Path: "/a.png", ContentType: "image/png"},
	}
}

var facts = seo.Site{BaseURL: origin, Language: "en"}

// edit replaces text in the file at path; it must be there.
func edit(t *testing.T, files []domain.File, path, from, to string) {
	t.Helper()
	i := slices.IndexFunc(files, func(f domain.File) bool { return f.Path == path })
	body := string(files[i].Body)
	if !strings.Contains(body, from) {
		t.Fatalf("%s does not hold %q", path, from)
	}
	files[i].Body = []byte(strings.ReplaceAll(body, from, to))
}

func rulesOn(r seo.Report, path string) []string {
	var out []string
	for _, f := range r.Findings {
		if f.Page == path {
			out = append(out, f.Rule)
		}
	}
	return out
}

func TestAuditGoodSite(t *testing.T) {
	t.Parallel()
	r := seo.Audit(goodSite(), facts)
	if r.Score != 100 || len(r.Findings) != 0 || len(r.Pages) != 4 {
		t.Errorf("score %v, %d pages, findings %+v, want 100, 4, none", r.Score, len(r.Pages), r.Findings)
	}
	if c := r.Pages["/c/"].Clicks; c != 2 {
		t.Errorf("/c/ is %d clicks away, want 2", c)
	}
}

// TestAuditRules plants one fault at a time: the rule finds it, on that page, and
// the score falls.
func TestAuditRules(t *testing.T) {
	t.Parallel()
	head, body := "</head>", "</main>"
	schema := func(json string) string { return `<script type="application/ld+json">` + json + "</script></head>" }
	for _, tt := range []struct{ name, rule, page, from, to string }{
		{"no title", "SEO-TITLE-MISSING", "/a/", "<title>All about desks and how to choose</title>", ""},
		{"empty title", "SEO-TITLE-MISSING", "/a/", "All about desks and how to choose</title>", " </title>"},
		{"two titles", "SEO-TITLE-MISSING", "/a/", head, "<title>Another title here</title></head>"},
		{"short title", "SEO-TITLE-LENGTH", "/a/", "<title>All about desks and how to choose", "<title>Desks"},
		{"long title", "SEO-TITLE-LENGTH", "/a/", "<title>", "<title>" + strings.Repeat("long ", 10)},
		{"same title", "SEO-TITLE-DUPLICATE", "/a/", "<title>All about desks", "<title>All about chairs"},
		{"no description", "SEO-DESC-MISSING", "/a/", `<meta name="description"`, `<meta name="x"`},
		{"short description", "SEO-DESC-LENGTH", "/a/", "What desks are, how they differ, and what to look for before you buy one of them.", "What desks are."},
		{"long description", "SEO-DESC-LENGTH", "/a/", "What desks are,", "What desks are," + strings.Repeat(" again", 20)},
		{"same description", "SEO-DESC-DUPLICATE", "/a/", "What desks are, how", "What chairs are, how"},
		{"no h1", "SEO-H1-MISSING", "/a/", "<h1>Choosing desks</h1>", "<h2>Choosing desks</h2>"},
		{"two h1", "SEO-H1-MULTIPLE", "/a/", body, "<h1>More</h1></main>"},
		{"same h1", "SEO-H1-DUPLICATE", "/a/", "<h1>Choosing desks</h1>", "<h1>Choosing chairs</h1><p>Choosing desks</p>"},
		{"skipped level", "SEO-HEADING-ORDER", "/a/", body, "<h4>Deep</h4></main>"},
		{"empty heading", "SEO-HEADING-ORDER", "/a/", body, "<h2> </h2></main>"},
		{"no language", "SEO-LANG", "/a/", `<html lang="en">`, "<html>"},
		{"other language", "SEO-LANG", "/a/", `lang="en"`, `lang="de"`},
		{"no canonical", "SEO-CANONICAL", "/a/", `rel="canonical"`, `rel="x"`},
		{"canonical of another page", "SEO-CANONICAL", "/a/", `rel="canonical" href="https://lamps.example/a/"`, `rel="canonical" href="https://lamps.example/b/"`},
		{"relative canonical", "SEO-CANONICAL", "/a/", `rel="canonical" href="https://lamps.example/a/"`, `rel="canonical" href="/a/"`},
		{"contradicting robots", "SEO-ROBOTS", "/a/", "index, follow,", "index, noindex,"},
		{"unknown robots", "SEO-ROBOTS", "/a/", "index, follow,", "index, fallow,"},
		{"home not indexed", "SEO-ROBOTS", "/", "index, follow,", "noindex,"},
		{"no viewport", "SEO-VIEWPORT", "/a/", `name="viewport"`, `name="x"`},
		{"no zoom", "SEO-VIEWPORT", "/a/", "initial-scale=1", "user-scalable=no"},
		{"image without alt", "SEO-ALT", "/a/", `alt="A lamp"`, ""},
		{"picture without name", "SEO-ALT", "/a/", body, `<svg role="img"></svg></main>`},
		{"dead link", "SEO-LINK-BROKEN", "/a/", body, `<a href="/missing/">Missing page</a></main>`},
		{"link without slash", "SEO-LINK-BROKEN", "/a/", body, `<a href="/b">Chairs</a></main>`},
		{"dead anchor here", "SEO-ANCHOR-BROKEN", "/a/", body, `<a href="#nope">Below</a></main>`},
		{"dead anchor there", "SEO-ANCHOR-BROKEN", "/a/", "/b/#light", "/b/#dark"},
		{"id twice", "SEO-ID-DUPLICATE", "/a/", body, `<p id="light">x</p></main>`},
		{"script link", "SEO-LINK-CRAWLABLE", "/a/", body, `<a href="javascript:go()">Open it</a></main>`},
		{"link without href", "SEO-LINK-CRAWLABLE", "/a/", body, `<a>Open it</a></main>`},
		{"vague link", "SEO-LINK-TEXT", "/a/", body, `<a href="/b/">Click here</a></main>`},
		{"empty link", "SEO-LINK-TEXT", "/a/", body, `<a href="/b/"><img src="/a.png" alt=""></a></main>`},
		{"orphan", "SEO-ORPHAN", "/c/", "", ""},
		{"few words", "SEO-THIN", "/a/", "<p>" + prose("desks", 160) + "</p>", "<p>Little.</p>"},
		{"schema no JSON", "SEO-JSONLD-INVALID", "/a/", head, schema(`{"@context":`)},
		{"schema without context", "SEO-JSONLD-INVALID", "/a/", head, schema(`{"@type":"Article","headline":"Choosing desks"}`)},
		{"schema without type", "SEO-JSONLD-INVALID", "/a/", head, schema(`{"@context":"https://schema.org"}`)},
		{"product without offer", "SEO-JSONLD-INVALID", "/a/", head, schema(`{"@context":"https://schema.org","@type":"Product","name":"Choosing desks"}`)},
		{"price with sign", "SEO-JSONLD-INVALID", "/a/", head, schema(`{"@context":"https://schema.org","@type":"Offer","price":"€1,299.00","priceCurrency":"EUR"}`)},
		{"name not shown", "SEO-JSONLD-MISMATCH", "/a/", head, schema(`{"@context":"https://schema.org","@type":"Article","headline":"Cheap sofas"}`)},
		{"price not shown", "SEO-JSONLD-MISMATCH", "/a/", head, schema(`{"@context":"https://schema.org","@type":"Offer","price":"1298.00","priceCurrency":"EUR"}`)},
		{"rating not shown", "SEO-JSONLD-MISMATCH", "/a/", head, schema(`{"@context":"https://schema.org","@type":"AggregateRating","ratingValue":4.8}`)},
		{"not in sitemap", "SEO-SITEMAP-MISSING", "/a/", "sitemap", "https://lamps.example/a/"},
		{"not indexed but in sitemap", "SEO-SITEMAP-EXTRA", "/", "noindex", "/a/"},
		{"dead address in sitemap", "SEO-SITEMAP-EXTRA", "/", "sitemap+", "/gone/"},
		{"unmarked affiliate link", "SEO-SPONSORED-MISSING", "/a/", `rel="sponsored nofollow"`, `rel="nofollow"`},
		{"alternate without way back", "SEO-HREFLANG", "/a/", head, `<link rel="alternate" hreflang="de" href="https://lamps.example/de/"></head>`},
		{"alternate of no language", "SEO-HREFLANG", "/a/", head, `<link rel="alternate" hreflang="english" href="https://lamps.example/a/"></head>`},
		{"no share image", "SEO-OG", "/a/", `property="og:image"`, `property="x"`},
		{"relative share image", "SEO-OG", "/a/", `content="https://lamps.example/og.png"`, `content="/og.png"`},
		{"too much HTML", "SEO-SIZE", "/a/", body, "<!--" + strings.Repeat("x", seo.MaxPageBytes) + "--></main>"},
		{"too deep", "SEO-SIZE", "/a/", body, strings.Repeat("<div>", 80) + strings.Repeat("</div>", 80) + "</main>"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			files := goodSite()
			switch {
			case tt.rule == "SEO-ORPHAN":
				edit(t, files, "/b/", `href="/c/"`, `href="/a/"`)
			case tt.from == "sitemap":
				edit(t, files, "/sitemap.xml", "<loc>"+tt.to+"</loc>", "<loc>https://lamps.example/</loc>")
			case tt.from == "sitemap+":
				edit(t, files, "/sitemap.xml", "</urlset>", "<url><loc>"+origin+tt.to+"</loc></url></urlset>")
			case tt.from == "noindex":
				edit(t, files, tt.to, "index, follow,", "noindex,")
			default:
				edit(t, files, tt.page, tt.from, tt.to)
			}
			r := seo.Audit(files, facts)
			if got := rulesOn(r, tt.page); !slices.Contains(got, tt.rule) {
				t.Fatalf("found %v on %s, want %s", got, tt.page, tt.rule)
			}
			for _, f := range r.Findings {
				if f.Message == "" || f.Fix == "" || !strings.HasPrefix(f.Source, "https://") || f.Severity == "" {
					t.Errorf("finding is not complete: %+v", f)
				}
			}
			if r.Score >= 100 {
				t.Errorf("score %v did not fall", r.Score)
			}
		})
	}
}

func TestAuditDepth(t *testing.T) {
	t.Parallel()
	files := []domain.File{goodPage("/", "lamps", "/p1/")}
	paths := []string{"/"}
	for i := 1; i <= 5; i++ {
		path := fmt.Sprintf("/p%d/", i)
		files = append(files, goodPage(path, fmt.Sprintf("things%d", i), "/", fmt.Sprintf("/p%d/", min(i+1, 5))))
		paths = append(paths, path)
	}
	r := seo.Audit(append(files, sitemap(paths...)), facts)
	for path, want := range map[string]bool{"/p3/": false, "/p4/": true, "/p5/": true} {
		if got := slices.Contains(rulesOn(r, path), "SEO-DEPTH"); got != want {
			t.Errorf("%s: SEO-DEPTH %v, want %v", path, got, want)
		}
	}
}

// planted is one page with more than thirty faults at once.
const planted = `<html><head>
<title>Hi</title><title>Hello</title>
<meta name="description" content="Too short."><meta name="description" content="Twice.">
<meta name="robots" content="index, noarchive, banana">
<meta name="viewport" content="width=1024, user-scalable=no">
<link rel="canonical" href="/other/"><link rel="canonical" href="/third/">
<link rel="alternate" hreflang="xx-yy-zz" href="/de/">
<meta property="og:image" content="og.png">
<script type="application/ld+json">{"@context":"https://schema.org","@type":"Product","name":"Ghost lamp","aggregateRating":{"@type":"AggregateRating","ratingValue":"4.9"}}</script>
<script type="application/ld+json">{broken</script>
</head><body><main>
<h3>Starts too deep</h3><h1>First</h1><h1>Second</h1><h2></h2><h5>Jump</h5>
<img src="a.png"><img src="b.png"><svg role="img"></svg>
<p id="x">one</p><p id="x">two</p>
<a href="/gone/">Gone page</a> <a href="/gone2/">Gone as well</a> <a href="#nowhere">Down</a> <a href="/a/#nowhere">There</a>
<a href="/a/">here</a> <a href="/b/"></a> <a>nothing</a> <a href="javascript:void(0)">Script</a>
<a href="https://www.awin1.com/pclick.php?p=1">Shop</a> <a href="/go/x" rel="nofollow">Shop two</a>
` + "</main></body></html>"

func TestAuditPlantedPage(t *testing.T) {
	t.Parallel()
	files := append(goodSite(), domain.File{Path: "/planted/", ContentType: "text/html", Body: []byte(planted)})
	r := seo.Audit(files, facts)
	got := rulesOn(r, "/planted/")
	want := []string{
		"SEO-TITLE-MISSING", "SEO-TITLE-LENGTH", "SEO-DESC-MISSING", "SEO-DESC-LENGTH", "SEO-H1-MULTIPLE", "SEO-HEADING-ORDER", "SEO-LANG",
		"SEO-CANONICAL", "SEO-ROBOTS", "SEO-VIEWPORT", "SEO-ALT", "SEO-LINK-BROKEN", "SEO-ANCHOR-BROKEN", "SEO-ID-DUPLICATE",
		"SEO-LINK-CRAWLABLE", "SEO-LINK-TEXT", "SEO-ORPHAN", "SEO-THIN", "SEO-JSONLD-INVALID", "SEO-JSONLD-MISMATCH",
		"SEO-SITEMAP-MISSING", "SEO-SPONSORED-MISSING", "SEO-HREFLANG", "SEO-HREFLANG-PAIR", "SEO-OG",
	}
	for _, rule := range want {
		if !slices.Contains(got, rule) {
			t.Errorf("%s was not found", rule)
		}
	}
	if s := r.Pages["/planted/"].Score; s > 35 {
		t.Errorf("score of the planted page is %v, want at most 35", s)
	}
	all := ""
	for _, f := range r.Findings {
		if f.Page == "/planted/" {
			all += f.Rule + " " + f.Message + "\n"
		}
	}
	defects := []string{
		"2 titles", "2 descriptions", "10 characters", "2 canonical", "banana", "2 h1", `h3 "Starts too deep" after h0`, "empty h2", `h5 "Jump" after h2`,
		"a.png", "b.png", "svg", "#x", "/gone/", "/gone2/", "#nowhere", "/a/#nowhere", `"here"`, `"" → /b/`, "javascript:", "awin1.com", "/go/x",
		"Ghost lamp", "4.9", "JSON:", "xx-yy-zz", "og:title", "og:image", "user-scalable", `language is ""`, "og:description", "og:type", "og:url",
		"none leads back", "/de/ is no page", "The main text has", "The sitemap does not list", "No other page links",
	}
	if len(defects) < 30 {
		t.Errorf("%d defects are planted, want at least 30", len(defects))
	}
	for _, fact := range defects {
		if !strings.Contains(all, fact) {
			t.Errorf("no finding names %s in:\n%s", fact, all)
		}
	}
}

func TestAuditScoreFormula(t *testing.T) {
	t.Parallel()
	files := goodSite()
	edit(t, files, "/a/", `alt="A lamp"`, "")
	edit(t, files, "/a/", "<title>All about desks and how to choose</title>", "")
	r := seo.Audit(files, facts)
	mean := 0.0
	for path, p := range r.Pages {
		sum, weights := 0.0, 0.0
		for _, rule := range seo.Rules {
			if v, ok := p.Rules[rule.ID]; ok {
				sum, weights = sum+v*rule.Weight(), weights+rule.Weight()
			}
		}
		if want := 100 * sum / weights; math.Abs(p.Score-want) > 0.005 {
			t.Errorf("%s: score %v, want %v", path, p.Score, want)
		}
		mean += p.Score / float64(len(r.Pages))
	}
	if math.Abs(r.Score-mean) > 0.01 || r.Pages["/a/"].Score >= 100 {
		t.Errorf("site score %v, want %v", r.Score, mean)
	}
}

func TestAuditIsStable(t *testing.T) {
	t.Parallel()
	files := append(goodSite(), domain.File{Path: "/planted/", ContentType: "text/html", Body: []byte(planted)})
	want := seo.Audit(files, facts)
	for range 5 {
		slices.Reverse(files)
		if got := seo.Audit(files, facts); !reflect.DeepEqual(got, want) {
			t.Fatal("the same files gave another report")
		}
	}
}

func TestAuditNothing(t *testing.T) {
	t.Parallel()
	if r := seo.Audit(nil, facts); r.Score != 0 || len(r.Findings) != 1 {
		t.Errorf("no files: %+v, want score 0 and a finding", r)
	}
}

// TestAuditHostile feeds pages that are made to be slow or large.
func TestAuditHostile(t *testing.T) {
	t.Parallel()
	deepJSON := `<script type="application/ld+json">{"@context":"https://schema.org","a":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + "}</script>"
	for name, body := range map[string]string{
		"50 MB of text":    strings.Repeat("word ", 10<<20),
		"nested elements":  strings.Repeat("<div><b>", 300000),
		"open links":       strings.Repeat("<a href=/x>y", 300000),
		"open headings":    strings.Repeat("<h1>y", 300000),
		"endless tag":      "<p " + strings.Repeat("a=b ", 1<<20),
		"endless comment":  "<!--" + strings.Repeat("-", 5<<20),
		"many ids":         strings.Repeat("<i id=a>", 400000),
		"many attributes":  strings.Repeat("<p a b c d e f g h i j k l m n o p>", 100000),
		"deep JSON":        deepJSON,
		"many schemas":     strings.Repeat(`<script type="application/ld+json">{"name":"x"}</script>`, 60000),
		"zero bytes":       strings.Repeat("\x00<\x00", 1<<20),
		"formatting in it": strings.Repeat("<b><i><p>", 200000),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := seo.Audit([]domain.File{{Path: "/", ContentType: "text/html", Body: []byte(body)}}, facts)
			if len(r.Findings) > len(seo.Rules)*2 {
				t.Errorf("%d findings for one page", len(r.Findings))
			}
		})
	}
}

// TestAuditMemory reads a page of 50 MB: what is allocated depends on the limit, not
// on the page. It runs alone because it reads the counters of the whole process.
func TestAuditMemory(t *testing.T) {
	body := []byte("<main>" + strings.Repeat("word <b>again</b> ", 3<<20))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	seo.Audit([]domain.File{{Path: "/", ContentType: "text/html", Body: body}}, facts)
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 200<<20 {
		t.Errorf("allocated %d MB for a page of %d MB", used>>20, len(body)>>20)
	} else {
		t.Logf("allocated %d MB", used>>20)
	}
}

func TestAuditSiteFromDraft(t *testing.T) {
	t.Parallel()
	files := goodSite()
	edit(t, files, "/a/", "https://www.awin1.com/pclick.php?p=1\" rel=\"sponsored nofollow\"", "https://track.shop.example/x\"")
	edit(t, files, "/c/", prose("rugs", 160), "Short.")
	d := &domain.Draft{
		Website: domain.Website{Domain: "lamps.example", Language: "en"},
		Pages: []domain.Page{
			{Slug: "a", Offers: []domain.Offer{{URL: "https://track.shop.example/x"}}}, {Slug: "c", Kind: domain.PageImprint},
		},
	}
	r := seo.AuditSite(d, files)
	if got := rulesOn(r, "/a/"); !slices.Equal(got, []string{"SEO-SPONSORED-MISSING"}) {
		t.Errorf("/a/: %v, want the unmarked link of the draft's offer", got)
	}
	if got := rulesOn(r, "/c/"); len(got) != 0 {
		t.Errorf("/c/: %v, want none: legal pages may be short", got)
	}
}

func FuzzAudit(f *testing.F) {
	f.Add(planted)
	f.Add(string(goodSite()[0].Body))
	f.Add(`<svg><title>x</title></svg><a href="//[::1"><h1><h1/>`)
	f.Add("<template><h1>x</h1></template><noscript><a href=/></noscript>")
	f.Fuzz(func(t *testing.T, body string) {
		files := []domain.File{{Path: "/", ContentType: "text/html", Body: []byte(body)}, sitemap("/")}
		r := seo.Audit(files, facts)
		if math.IsNaN(r.Score) || r.Score < 0 || r.Score > 100 {
			t.Fatalf("score %v", r.Score)
		}
		for id, v := range r.Pages["/"].Rules {
			if v < 0 || v > 1 || math.IsNaN(v) {
				t.Fatalf("rule %s has the value %v", id, v)
			}
			found := slices.ContainsFunc(r.Findings, func(f domain.Finding) bool { return f.Rule == id && f.Page == "/" })
			if (v < 1) != found && id != "SEO-ROBOTS" {
				t.Fatalf("rule %s has the value %v, finding %v", id, v, found)
			}
		}
	})
}
