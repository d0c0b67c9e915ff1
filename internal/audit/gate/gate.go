// Package gate decides whether a built site may be released. It runs every check
// over the finished files: grounding, compliance, duplicates, links, legal data and
// search. A red gate blocks; a yellow one is shown to the person who approves.
package gate

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"empire/internal/audit"
	"empire/internal/audit/compliance"
	"empire/internal/audit/seo"
	"empire/internal/domain"
	"empire/internal/intelligence/evidence"
	"empire/internal/intelligence/nlp"
)

// MaxOverlap is how much of the smaller page's 5-word shingles two pages of a site
// may share.
const MaxOverlap = 0.30

// MinSEOScore is the least score of a site that passes without a warning.
const MinSEOScore = 80

// Report is the result of all gates with the figures that they counted.
type Report struct {
	Gates    []domain.Gate
	SEOScore float64
	Claims   int
	Grounded int
	Pages    int
	Products int
}

// Check runs all gates over a draft and the files that were built from it.
func Check(_ context.Context, d *domain.Draft, m *domain.Market, files []domain.File) (Report, error) {
	pages, err := audit.Site(files)
	if err != nil {
		return Report{}, fmt.Errorf("read built pages: %w", err)
	}
	r := Report{Pages: len(pages), Products: products(d)}
	grounding, claims, grounded, err := checkGrounding(d, m, files)
	if err != nil {
		return Report{}, err
	}
	r.Claims, r.Grounded = claims, grounded
	search, score := checkSearch(d, files)
	r.SEOScore = score
	r.Gates = []domain.Gate{
		grounding, checkCompliance(d, m, pages), checkDuplicates(d, pages), checkLinks(pages, files), checkSitemap(d, files), search, checkOffers(d),
	}
	return r, nil
}

func products(d *domain.Draft) int {
	seen := map[string]bool{}
	for _, p := range d.Pages {
		for _, key := range p.Products {
			seen[key] = true
		}
	}
	return len(seen)
}

func gateOf(name string, checked int, findings []domain.Finding, passed string) domain.Gate {
	g := domain.Gate{Name: name, State: domain.GatePass, Checked: checked, Findings: findings, Summary: passed}
	failed, warned := 0, 0
	for _, f := range findings {
		switch f.Severity {
		case domain.GateFail:
			failed++
		case domain.GateWarn:
			warned++
		}
	}
	switch {
	case failed > 0:
		g.State, g.Summary = domain.GateFail, fmt.Sprintf("%d findings block the release.", failed)
	case warned > 0:
		g.State, g.Summary = domain.GateWarn, fmt.Sprintf("%s %d remarks.", passed, warned)
	}
	return g
}

func checkGrounding(d *domain.Draft, m *domain.Market, files []domain.File) (g domain.Gate, claims, grounded int, err error) {
	report := evidence.Verify(d.Pages, d.Evidence, evidence.NewMarketRows(m))
	problems := report.Problems
	byPath := map[string]*domain.Page{}
	for i := range d.Pages {
		byPath[d.Pages[i].Path()] = &d.Pages[i]
	}
	for _, f := range files {
		p := byPath[f.Path]
		if p == nil || !strings.HasPrefix(f.ContentType, "text/html") {
			continue
		}
		found, err := evidence.CheckHTML(f.Path, f.Body, evidence.NewAllowed(p, d.Pages, dates(p)...))
		if err != nil {
			return domain.Gate{}, 0, 0, err
		}
		problems = append(problems, found...)
	}
	var findings []domain.Finding
	for _, p := range problems {
		findings = append(findings, domain.Finding{
			Rule: "EVIDENCE", Severity: domain.GateFail, Page: p.Page, Message: p.Where + ": " + p.Message, Fix: "Ground the figure in the feed or leave it out.",
		})
	}
	passed := fmt.Sprintf("%d claims are grounded.", report.Grounded)
	return gateOf("grounding", report.Claims, findings, passed), report.Claims, report.Grounded, nil
}

// dates returns the dates that the theme formats from the page's data.
func dates(p *domain.Page) []string {
	var out []string
	add := func(t time.Time) {
		out = append(out, t.UTC().Format("2 January 2006"), t.UTC().Format("02.01.2006"), t.UTC().Format("2.1.2006"), t.UTC().Format(time.DateOnly))
	}
	for _, o := range p.Offers {
		if o.PriceAt != nil {
			add(*o.PriceAt)
		}
	}
	add(p.UpdatedAt)
	return out
}

func checkCompliance(d *domain.Draft, m *domain.Market, pages []*audit.Page) domain.Gate {
	var theirs []string
	for _, f := range m.Families {
		for _, v := range f.Variants {
			if v.Description != "" && (len(theirs) == 0 || theirs[len(theirs)-1] != v.Description) {
				theirs = append(theirs, v.Description)
			}
		}
	}
	findings := compliance.Check(&compliance.Site{Draft: d, Pages: pages, Descriptions: theirs})
	passed := fmt.Sprintf("%d rules hold (rule pack %d).", len(compliance.Rules()), compliance.Version)
	return gateOf("compliance", len(compliance.Rules()), findings, passed)
}

func checkDuplicates(d *domain.Draft, pages []*audit.Page) domain.Gate {
	legal := map[string]bool{}
	for i := range d.Pages {
		legal[d.Pages[i].Path()] = d.Pages[i].Kind.Legal()
	}
	var findings []domain.Finding
	sets := make([]map[uint64]struct{}, len(pages))
	for i, p := range pages {
		sets[i] = nlp.Shingles(p.Main, 5)
	}
	pairs := 0
	for i := range pages {
		for j := range i {
			pairs++
			if o := nlp.Overlap(sets[i], sets[j]); o > MaxOverlap {
				findings = append(findings, domain.Finding{
					Rule: "L1", Severity: domain.GateFail, Page: pages[i].Path, Source: "Google Search spam policies: scaled content abuse",
					Message: fmt.Sprintf("%.0f %% of its text stands on %s, too.", o*100, pages[j].Path), Fix: "Merge the pages or say something of its own on each.",
				})
			}
		}
	}
	return gateOf("duplicates", pairs, findings, fmt.Sprintf("No two of %d pages say the same.", len(pages)))
}

// checkLinks follows every internal link and anchor, and looks for pages that
// nothing links to.
func checkLinks(pages []*audit.Page, files []domain.File) domain.Gate {
	served := map[string]bool{}
	for _, f := range files {
		served[f.Path] = true
	}
	byPath := map[string]*audit.Page{}
	for _, p := range pages {
		byPath[p.Path] = p
	}
	linked := map[string]bool{"/": true}
	var findings []domain.Finding
	checked := 0
	for _, p := range pages {
		for _, l := range p.Links {
			u, err := url.Parse(l.Href)
			if err != nil || u.Host != "" || u.Scheme != "" {
				continue
			}
			checked++
			path := u.Path
			if path == "" {
				path = p.Path
			}
			if path != p.Path {
				linked[path] = true
			}
			if msg := broken(u, path, served, byPath); msg != "" {
				findings = append(findings, domain.Finding{Rule: "LINK", Severity: domain.GateFail, Page: p.Path, Message: msg, Fix: "Correct the address."})
			}
		}
	}
	for _, p := range pages {
		if !linked[p.Path] {
			findings = append(findings, domain.Finding{Rule: "ORPHAN", Severity: domain.GateFail, Page: p.Path, Message: "No page links here.", Fix: "Link it."})
		}
	}
	return gateOf("links", checked, findings, fmt.Sprintf("%d internal links and anchors resolve.", checked))
}

func broken(u *url.URL, path string, served map[string]bool, pages map[string]*audit.Page) string {
	if !served[path] {
		return fmt.Sprintf("Link %q leads nowhere.", u.String())
	}
	if u.Fragment != "" && pages[path] != nil && !pages[path].IDs[u.Fragment] {
		return fmt.Sprintf("Anchor %q does not exist.", u.String())
	}
	return ""
}

func checkSitemap(d *domain.Draft, files []domain.File) domain.Gate {
	want := map[string]bool{}
	for i := range d.Pages {
		if d.Pages[i].Indexable {
			want["https://"+d.Website.Domain+d.Pages[i].Path()] = true
		}
	}
	var findings []domain.Finding
	fail := func(format string, args ...any) {
		findings = append(findings, domain.Finding{Rule: "SITEMAP", Severity: domain.GateFail, Page: "/sitemap.xml", Message: fmt.Sprintf(format, args...), Fix: "List exactly the indexable pages."})
	}
	found := false
	for _, f := range files {
		if f.Path != "/sitemap.xml" {
			continue
		}
		found = true
		got := map[string]bool{}
		for _, part := range strings.Split(string(f.Body), "<loc>")[1:] {
			address, _, _ := strings.Cut(part, "</loc>")
			got[strings.TrimSpace(address)] = true
		}
		for a := range want {
			if !got[a] {
				fail("Indexable page %s is missing.", a)
			}
		}
		for a := range got {
			if !want[a] {
				fail("Address %s is not an indexable page.", a)
			}
		}
	}
	if !found {
		fail("The site has no sitemap.")
	}
	return gateOf("sitemap", len(want), findings, fmt.Sprintf("The sitemap lists exactly the %d indexable pages.", len(want)))
}

func checkSearch(d *domain.Draft, files []domain.File) (domain.Gate, float64) {
	report := seo.AuditSite(d, files)
	g := gateOf("seo", len(report.Pages), report.Findings, fmt.Sprintf("Score %.1f of 100.", report.Score))
	if g.State == domain.GatePass && report.Score < MinSEOScore {
		g.State = domain.GateWarn
	}
	return g, report.Score
}

// checkOffers warns when a site earns nothing: a person may still want it.
func checkOffers(d *domain.Draft) domain.Gate {
	placed := 0
	for _, p := range d.Pages {
		placed += len(p.Offers)
	}
	var findings []domain.Finding
	if placed == 0 {
		findings = append(findings, domain.Finding{
			Rule: "OFFERS", Severity: domain.GateWarn, Message: "The site has no affiliate link.", Fix: "Join a program whose products the site shows.",
		})
	}
	return gateOf("offers", placed, findings, fmt.Sprintf("%d affiliate links are placed.", placed))
}
