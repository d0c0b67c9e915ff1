// Package gate decides whether a built site may be released. It runs every check
// over the finished files: grounding, compliance, duplicates, unique heads, links,
// sitemap, search and offers. A red gate blocks; a yellow one is shown to the person
// who approves.
package gate

import (
	"context"
	"fmt"

	"empire/internal/audit"
	"empire/internal/audit/compliance"
	"empire/internal/audit/seo"
	"empire/internal/domain"
	"empire/internal/parallel"
)

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

// Snapshot proves evidence that is a span of a kept page: the page's hash fits, and the
// span stands in its text.
type Snapshot func(ctx context.Context, e domain.Evidence) error

// Check runs all gates over a draft and the files that were built from it. It fails
// only if a page cannot be read or ctx ends. Equal input gives equal findings in
// equal order. Without a snapshot, no claim may rest on one.
func Check(ctx context.Context, d *domain.Draft, m *domain.Market, files []domain.File, snapshot Snapshot) (Report, error) {
	pages, err := audit.Site(files)
	if err != nil {
		return Report{}, fmt.Errorf("read built pages: %w", err)
	}
	r := Report{Pages: len(pages), Products: products(d)}
	checks := []func() (domain.Gate, error){
		func() (domain.Gate, error) {
			report, err := grounding(ctx, d, m, files, snapshot)
			r.Claims, r.Grounded = report.Claims, report.Grounded
			return groundingGate(report), err
		},
		func() (domain.Gate, error) { return checkCompliance(d, m, pages, files), nil },
		func() (domain.Gate, error) { return checkDuplicates(ctx, pages) },
		func() (domain.Gate, error) { return checkHeads(pages), nil },
		func() (domain.Gate, error) { return checkLinks(d, pages, files), nil },
		func() (domain.Gate, error) { return checkSitemap(d, pages, files), nil },
		func() (domain.Gate, error) {
			g, score := checkSearch(d, files)
			r.SEOScore = score
			return g, nil
		},
		func() (domain.Gate, error) { return checkOffers(d, m), nil },
	}
	r.Gates = make([]domain.Gate, len(checks))
	err = parallel.Try(len(checks), func(i int) (err error) {
		if err = ctx.Err(); err == nil {
			r.Gates[i], err = checks[i]()
		}
		return err
	})
	if err != nil {
		return Report{}, err
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

func checkCompliance(d *domain.Draft, m *domain.Market, pages []*audit.Page, files []domain.File) domain.Gate {
	var theirs []string
	seen := map[string]bool{"": true}
	for _, f := range m.Families {
		for _, v := range f.Variants {
			if !seen[v.Description] {
				seen[v.Description] = true
				theirs = append(theirs, v.Description)
			}
		}
	}
	rules := len(compliance.Rules())
	findings := compliance.Check(&compliance.Site{Draft: d, Pages: pages, Descriptions: theirs, Files: files})
	return gateOf("compliance", rules, findings, fmt.Sprintf("%d rules hold (rule pack %d).", rules, compliance.Version))
}

func checkSearch(d *domain.Draft, files []domain.File) (domain.Gate, float64) {
	report := seo.AuditSite(d, files)
	g := gateOf("seo", len(report.Pages), report.Findings, fmt.Sprintf("Score %.1f of 100.", report.Score))
	if g.State == domain.GatePass && report.Score < MinSEOScore {
		g.State = domain.GateWarn
	}
	return g, report.Score
}

// checkOffers warns when a site earns nothing: a person may still want it. A market
// without prices cannot offer anything, which its site says.
func checkOffers(d *domain.Draft, m *domain.Market) domain.Gate {
	placed := 0
	for _, p := range d.Pages {
		placed += len(p.Offers)
	}
	if placed == 0 && m.Priceless {
		return gateOf("offers", 0, nil, "The market has no prices, so the site offers nothing.")
	}
	var findings []domain.Finding
	if placed == 0 {
		findings = append(findings, domain.Finding{
			Rule: "OFFERS", Severity: domain.GateWarn, Message: "The site has no affiliate link.", Fix: "Join a program whose products the site shows.",
		})
	}
	return gateOf("offers", placed, findings, fmt.Sprintf("%d affiliate links are placed.", placed))
}
