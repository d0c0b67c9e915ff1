package gate

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"empire/internal/audit"
	"empire/internal/domain"
	"empire/internal/intelligence/evidence"
	"empire/internal/parallel"
)

// grounding proves the claims of the draft and looks for figures in the built pages
// that no claim carries. The error page and the search page may show the figures of menus only.
func grounding(ctx context.Context, d *domain.Draft, m *domain.Market, files []domain.File, snapshot Snapshot) (evidence.Report, error) {
	var rows evidence.Rows = evidence.NewMarketRows(m)
	if snapshot != nil {
		rows = keptPages{evidence.NewMarketRows(m), func(e domain.Evidence) error { return snapshot(ctx, e) }}
	}
	report := evidence.Verify(d.Pages, d.Evidence, rows)
	if err := ctx.Err(); err != nil {
		return report, err
	}
	report.Problems = append(report.Problems, statements(d, m)...)
	byPath := map[string]*domain.Page{}
	for i := range d.Pages {
		byPath[d.Pages[i].Path()] = &d.Pages[i]
	}
	site, source := evidence.NewSiteAllowed(d.Pages), newBound(m)
	found := make([][]evidence.Problem, len(files))
	err := parallel.Try(len(files), func(i int) (err error) {
		if audit.IsHTML(files[i]) {
			found[i], err = checkFigures(d, byPath[files[i].Path], &files[i], site, source)
		}
		return err
	})
	for _, list := range found {
		report.Problems = append(report.Problems, list...)
	}
	return report, err
}

// checkFigures checks one built page against its page in the draft, nil for none.
func checkFigures(d *domain.Draft, p *domain.Page, f *domain.File, site evidence.Allowed, source bound) ([]evidence.Problem, error) {
	if p == nil {
		var out []evidence.Problem
		if f.Status < 400 && f.Path != domain.PathOf(domain.SearchSlug(d.Website.Language)) {
			out = append(out, evidence.Problem{Page: f.Path, Where: "page", Message: "the draft has no such page"})
		}
		none := &domain.Page{}
		found, err := evidence.CheckHTML(f.Path, f.Body, site.For(none, dates(none)...))
		return append(out, found...), err
	}
	out, err := evidence.CheckHTML(f.Path, f.Body, site.For(p, dates(p)...))
	if err != nil {
		return nil, err
	}
	found, err := source.check(p, f.Body)
	return append(out, found...), err
}

// keptPages are the rows of a market and kept pages.
type keptPages struct {
	evidence.MarketRows
	snapshot func(domain.Evidence) error
}

// Snapshot fits kept pages to evidence.Verify.
func (k keptPages) Snapshot(e domain.Evidence) error { return k.snapshot(e) }

func groundingGate(report evidence.Report) domain.Gate {
	var findings []domain.Finding
	for _, p := range report.Problems {
		findings = append(findings, domain.Finding{
			Rule: "EVIDENCE", Severity: domain.GateFail, Page: p.Page, Message: p.Where + ": " + p.Message, Fix: "Ground the figure in the feed or leave it out.",
		})
	}
	return gateOf("grounding", report.Claims, findings, fmt.Sprintf("%d claims are grounded.", report.Grounded))
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

// lawPattern is how a citation of a law looks.
var lawPattern = regexp.MustCompile(`§|\bArt\.? ?\d|\b(Article|Artikel|section|Section) \d|\bCFR\b|\b(DDG|MStV|TDDDG|UWG|PAngV|GDPR|DSGVO|BGB|VSBG|FTC|EU|EC)\b`)

// statements checks evidence that no feed row carries, where it holds a figure: a
// setting must be known to the site (operator, plan, programs, names of the market,
// days on which feeds were read), a rule must cite a law. Otherwise anything could
// be called a setting.
func statements(d *domain.Draft, m *domain.Market) []evidence.Problem {
	var known func(string) bool
	var out []evidence.Problem
	for _, e := range d.Evidence {
		if e.Kind != domain.EvidenceSetting && e.Kind != domain.EvidenceRule || len(evidence.Numbers(e.Value)) == 0 {
			continue
		}
		if known == nil {
			known = knowledge(d, m)
		}
		switch {
		case e.Kind == domain.EvidenceRule && !lawPattern.MatchString(e.Value):
			out = append(out, evidence.Problem{Where: string(e.ID), Message: fmt.Sprintf("rule %q cites no law: %q", e.Field, e.Value)})
		case e.Kind == domain.EvidenceSetting && !known(e.Value):
			out = append(out, evidence.Problem{Where: string(e.ID), Message: fmt.Sprintf("setting %q is stated nowhere: %q", e.Field, e.Value)})
		}
	}
	return out
}

// knowledge returns a test for what the operator and the feeds state, whatever the
// case.
func knowledge(d *domain.Draft, m *domain.Market) func(string) bool {
	w, o := d.Website, d.Website.Operator.In(d.Website.Language)
	texts := []string{
		w.Domain, w.Name, w.Niche, w.Title, d.Plan.Niche, d.Plan.Title, d.Plan.Tagline, d.Plan.Noun.Singular, d.Plan.Noun.Plural,
		m.Niche, m.Noun.Singular, m.Noun.Plural, o.Name, o.Street, o.PostalCode, o.City, o.PostalCode + " " + o.City, o.Country, o.Email,
		o.Phone, o.ContactURL, o.Register, o.VATID, o.Responsible, o.PublisherID,
	}
	days := []time.Time{m.At, d.BuiltAt}
	for _, p := range slices.Concat(d.Programs, m.Programs) {
		texts = append(texts, p.Name)
	}
	for _, f := range slices.Concat(d.Feeds, m.Feeds) {
		texts = append(texts, f.Name)
		if f.ReadAt != nil {
			days = append(days, *f.ReadAt)
		}
	}
	for i := range m.Families {
		texts = append(texts, m.Families[i].Name)
		for _, v := range m.Families[i].Variants {
			texts = append(texts, v.Name, v.MerchantName)
			days = append(days, v.ReadAt)
		}
		if h := m.Families[i].History; h != nil {
			for _, p := range h.Points {
				days = append(days, p.At)
			}
		}
	}
	known := make(map[string]bool, len(texts))
	for _, t := range texts {
		known[strings.ToLower(t)] = true
	}
	addDays(known, days)
	return func(value string) bool { return known[strings.ToLower(value)] }
}

var germanMonths = [...]string{
	"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember",
}

// addDays adds days as pages write them, in lower case.
func addDays(known map[string]bool, days []time.Time) {
	for _, t := range days {
		t = t.UTC()
		for _, layout := range []string{"2 January 2006", "January 2, 2006", "02.01.2006", "2.1.2006", time.DateOnly} {
			known[strings.ToLower(t.Format(layout))] = true
		}
		known[strings.ToLower(strconv.Itoa(t.Day())+". "+germanMonths[t.Month()-1]+" "+strconv.Itoa(t.Year()))] = true
	}
}
