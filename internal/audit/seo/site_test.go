package seo_test

import (
	"slices"
	"strings"
	"testing"

	"empire/internal/audit/seo"
	"empire/internal/domain"
)

const atom = `<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><id>https://lamps.example/</id><title>Lamps</title><updated>2026-01-01T10:00:00Z</updated>
<link rel="self" href="https://lamps.example/feed.xml"/><entry><id>https://lamps.example/a/</id><title>Desks</title>
<link rel="alternate" href="https://lamps.example/a/"/><updated>2026-01-01T10:00:00+01:00</updated></entry></feed>`

const rss = `<?xml version="1.0"?><rss version="2.0"><channel><title>Lamps</title><link>https://lamps.example/</link><item><title>Desks</title>
<link>https://lamps.example/a/</link><guid>a</guid><pubDate>Thu, 01 Jan 2026 10:00:00 +0100</pubDate></item></channel></rss>`

// wholeSite is a site without a fault that has what is around pages, too.
func wholeSite() []domain.File {
	return append(goodSite(),
		domain.File{Path: "/robots.txt", ContentType: "text/plain", Body: []byte("User-agent: evil\nDisallow: /\n\nUser-agent: *\nDisallow: /go/\nDisallow: /*.pdf$\nAllow: /go/well\n")},
		domain.File{Path: "/feed.xml", ContentType: "application/atom+xml; charset=utf-8", Body: []byte(atom)},
		domain.File{Path: "/rss.xml", ContentType: "application/rss+xml", Body: []byte(rss)},
		domain.File{Path: "/old/", Status: 301, Location: "/a/"}, domain.File{Path: "/away/", Status: 301, Location: "https://other.example/"},
	)
}

func TestAuditWholeSite(t *testing.T) {
	t.Parallel()
	if r := seo.Audit(wholeSite(), facts); r.Score != 100 || len(r.Findings) != 0 || len(r.Pages) != 4 {
		t.Errorf("score %v, %d pages, findings %+v, want 100, 4, none", r.Score, len(r.Pages), r.Findings)
	}
}

// TestAuditSiteRules plants one fault between pages at a time.
func TestAuditSiteRules(t *testing.T) {
	t.Parallel()
	alternates := func(files []domain.File, path, other string) {
		edit(t, files, path, "</head>", `<link rel="alternate" hreflang="en" href="`+origin+path+`"><link rel="alternate" hreflang="de" href="`+origin+other+`"></head>`)
	}
	canonical := func(files []domain.File, path, to string) {
		edit(t, files, path, `rel="canonical" href="`+origin+path+`"`, `rel="canonical" href="`+origin+to+`"`)
	}
	add := func(files []domain.File, path, location string) []domain.File {
		return append(files, domain.File{Path: path, Status: 301, Location: location})
	}
	for _, tt := range []struct {
		name, rule, page, says string
		plant                  func(files []domain.File) []domain.File
	}{
		{"canonical is no page", "SEO-CANONICAL-CONFLICT", "/a/", "/none/", func(f []domain.File) []domain.File { canonical(f, "/a/", "/none/"); return f }},
		{"canonical is redirected", "SEO-CANONICAL-CONFLICT", "/b/", "/old/", func(f []domain.File) []domain.File { canonical(f, "/b/", "/old/"); return f }},
		{"canonical not indexed", "SEO-CANONICAL-CONFLICT", "/a/", "may not be indexed", func(f []domain.File) []domain.File {
			canonical(f, "/a/", "/b/")
			edit(t, f, "/b/", "index, follow,", "noindex,")
			return f
		}},
		{"canonical in turn", "SEO-CANONICAL-CONFLICT", "/a/", "in turn", func(f []domain.File) []domain.File {
			canonical(f, "/a/", "/b/")
			canonical(f, "/b/", "/c/")
			return f
		}},
		{"canonical elsewhere but in the sitemap", "SEO-CANONICAL-CONFLICT", "/a/", "The sitemap lists", func(f []domain.File) []domain.File { canonical(f, "/a/", "/b/"); return f }},
		{"alternate does not name back", "SEO-HREFLANG-PAIR", "/a/", "/b/ does not name", func(f []domain.File) []domain.File { alternates(f, "/a/", "/b/"); return f }},
		{"alternate in another language", "SEO-HREFLANG-PAIR", "/a/", `"en", not in "de"`, func(f []domain.File) []domain.File {
			alternates(f, "/a/", "/b/")
			alternates(f, "/b/", "/a/")
			return f
		}},
		{"no structured data", "SEO-JSONLD-NONE", "/a/", "no structured data", func(f []domain.File) []domain.File { edit(t, f, "/a/", "application/ld+json", "text/x"); return f }},
		{"h1 in another order", "SEO-H1-SIMILAR", "/a/", "/b/", func(f []domain.File) []domain.File {
			edit(t, f, "/a/", "<h1>Choosing desks</h1><h2", "<h1>Lamps for late readers</h1><p>Choosing desks</p><h2")
			edit(t, f, "/b/", "<h1>Choosing chairs</h1><h2", "<h1>The late reader's lamp</h1><p>Choosing chairs</p><h2")
			edit(t, f, "/b/", "reader's lamp", "reader lamp")
			return f
		}},
		{"link to a redirect", "SEO-LINK-REDIRECT", "/a/", "/old/ → /a/", func(f []domain.File) []domain.File {
			edit(t, f, "/a/", "</main>", `<a href="/old/">The old page</a></main>`)
			return f
		}},
		{"redirect to a redirect", "SEO-REDIRECT-CHAIN", "/", "/older/ → /old/ → /a/", func(f []domain.File) []domain.File { return add(f, "/older/", "/old/") }},
		{"redirects in a circle", "SEO-REDIRECT-CHAIN", "/", "/x/ leads in a circle", func(f []domain.File) []domain.File { return add(add(f, "/x/", "/y/"), "/y/", origin+"/x/") }},
		{"redirect to nothing", "SEO-REDIRECT-CHAIN", "/", "/gone/, which is missing", func(f []domain.File) []domain.File { return add(f, "/x/", "/gone/") }},
		{"robots.txt blocks", "SEO-ROBOTS-BLOCKED", "/a/", "robots.txt", func(f []domain.File) []domain.File {
			edit(t, f, "/robots.txt", "Disallow: /go/", "Disallow: /*a/$")
			return f
		}},
		{"feed without a zone", "SEO-FEED", "/", `"2026-01-01"`, func(f []domain.File) []domain.File {
			edit(t, f, "/feed.xml", "2026-01-01T10:00:00+01:00", "2026-01-01")
			return f
		}},
		{"feed of a missing page", "SEO-FEED", "/", "leads to no page", func(f []domain.File) []domain.File {
			edit(t, f, "/feed.xml", `rel="alternate" href="https://lamps.example/a/"`, `href="https://lamps.example/x/"`)
			return f
		}},
		{"feed without ids", "SEO-FEED", "/", "without an id", func(f []domain.File) []domain.File { edit(t, f, "/rss.xml", "<guid>a</guid>", ""); return f }},
		{"feed with a short year", "SEO-FEED", "/", "01 Jan 26", func(f []domain.File) []domain.File { edit(t, f, "/rss.xml", "01 Jan 2026", "01 Jan 26"); return f }},
		{"feed that is no XML", "SEO-FEED", "/", "no XML", func(f []domain.File) []domain.File { edit(t, f, "/feed.xml", "<feed", "<<feed"); return f }},
		{"link to no feed", "SEO-FEED", "/", "/atom.xml is no feed", func(f []domain.File) []domain.File {
			edit(t, f, "/a/", "</head>", `<link rel="alternate" type="application/atom+xml" href="/atom.xml"></head>`)
			return f
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := seo.Audit(tt.plant(wholeSite()), facts)
			i := slices.IndexFunc(r.Findings, func(f domain.Finding) bool { return f.Page == tt.page && f.Rule == tt.rule })
			if i < 0 || !strings.Contains(r.Findings[i].Message, tt.says) {
				t.Fatalf("findings %+v, want %s on %s that says %q", r.Findings, tt.rule, tt.page, tt.says)
			}
			if r.Score >= 100 {
				t.Errorf("score %v did not fall", r.Score)
			}
		})
	}
}

// TestAuditPlantedSite plants faults of all site rules at once: each is found on the
// page that has it, and the pages without a fault stay clean.
func TestAuditPlantedSite(t *testing.T) {
	t.Parallel()
	files := append(wholeSite(), goodPage("/d/", "sofas", "/"), goodPage("/e/", "beds", "/", "/d/", "/old/"), goodPage("/f/", "tents", "/", "/e/", "/nowhere/", "/a/#nothing"),
		domain.File{Path: "/older/", Status: 301, Location: "/old/"})
	edit(t, files, "/a/", `href="/"`, `href="/f/"`)
	edit(t, files, "/d/", "<title>All about sofas", "<title>All about beds")
	edit(t, files, "/d/", "What sofas are, how", "What beds are, how")
	edit(t, files, "/d/", "<h1>Choosing sofas</h1>", "<h1>Choosing beds</h1><p>Choosing sofas</p>")
	edit(t, files, "/d/", `rel="canonical" href="https://lamps.example/d/"`, `rel="canonical" href="https://lamps.example/old/"`)
	edit(t, files, "/f/", "</head>", `<link rel="alternate" hreflang="en" href="https://lamps.example/f/"><link rel="alternate" hreflang="en-GB" href="https://lamps.example/e/"></head>`)
	edit(t, files, "/f/", "application/ld+json", "text/x")
	edit(t, files, "/f/", "<p>"+prose("tents", 160)+"</p>", "<p>Little.</p>")
	edit(t, files, "/feed.xml", "<updated>2026-01-01T10:00:00+01:00</updated>", "")
	edit(t, files, "/robots.txt", "Disallow: /go/", "Disallow: /e")
	edit(t, files, "/sitemap.xml", "</urlset>", "<url><loc>"+origin+"/d/</loc></url><url><loc>"+origin+"/e/</loc></url><url><loc>"+origin+"/x/</loc></url></urlset>")
	r := seo.Audit(files, facts)
	want := map[string][]string{
		"/": {"SEO-FEED", "SEO-REDIRECT-CHAIN", "SEO-SITEMAP-EXTRA"}, "/a/": nil, "/b/": nil, "/c/": nil,
		"/d/": {"SEO-CANONICAL", "SEO-CANONICAL-CONFLICT", "SEO-DEPTH", "SEO-DESC-DUPLICATE", "SEO-H1-DUPLICATE", "SEO-TITLE-DUPLICATE"},
		"/e/": {"SEO-DESC-DUPLICATE", "SEO-H1-DUPLICATE", "SEO-LINK-REDIRECT", "SEO-ROBOTS-BLOCKED", "SEO-TITLE-DUPLICATE"},
		"/f/": {"SEO-ANCHOR-BROKEN", "SEO-HREFLANG-PAIR", "SEO-JSONLD-NONE", "SEO-LINK-BROKEN", "SEO-SITEMAP-MISSING", "SEO-THIN"},
	}
	for path, rules := range want {
		if got := rulesOn(r, path); !slices.Equal(got, rules) {
			t.Errorf("%s: %v, want %v", path, got, rules)
		}
	}
}

func TestCatalogue(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, r := range seo.Catalogue() {
		if seen[r.ID] || r.Why == "" || r.Fix == "" || !strings.HasPrefix(r.Source, "https://") || r.Weight <= 0 || r.Scope != "page" && r.Scope != "site" {
			t.Errorf("rule %+v is not complete or twice", r)
		}
		if r.Severity != domain.GateWarn && r.Severity != domain.GateFail {
			t.Errorf("rule %s has the severity %q", r.ID, r.Severity)
		}
		seen[r.ID] = true
	}
	if len(seen) != len(seo.Rules) || len(seen) < 39 {
		t.Errorf("%d rules in the catalogue, %d in all", len(seen), len(seo.Rules))
	}
}
