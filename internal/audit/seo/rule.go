package seo

import (
	"fmt"
	"strings"

	"empire/internal/domain"
)

// The limits of the rules. Lengths are in characters.
const (
	MinTitle       = 10
	MaxTitle       = 65
	MinDescription = 50
	MaxDescription = 160
	MinWords       = 150       // of the main text
	MaxClicks      = 3         // from the home page
	MaxPageBytes   = 512 << 10 // of HTML
	MaxNesting     = 64        // elements in each other
)

// Rule is one rule of the audit.
type Rule struct {
	ID       string
	Scope    Scope
	Severity domain.GateState // of its findings
	Why      string           // what a fault costs
	Fix      string
	Source   string // where the rule comes from
}

// Scope says what a rule looks at.
type Scope string

// The scopes. What a site rule finds is told of the page that has to change; faults
// that are no page's (in sitemap, feeds, redirects) are told of the home page.
const (
	PageRule Scope = "page" // one page by itself
	SiteRule Scope = "site" // a page among the others
)

// Weight is what the rule counts in a score: 3 if it can fail a release, else 1.
func (r Rule) Weight() float64 {
	if r.Severity == domain.GateFail {
		return 3
	}
	return 1
}

// Catalogue returns all rules as they are shown.
func Catalogue() []domain.SEORule {
	out := make([]domain.SEORule, 0, len(Rules))
	for _, r := range Rules {
		out = append(out, domain.SEORule{ID: r.ID, Scope: string(r.Scope), Severity: r.Severity, Weight: r.Weight(), Why: r.Why, Fix: r.Fix, Source: r.Source})
	}
	return out
}

var ruleByID = func() map[string]Rule {
	m := make(map[string]Rule, len(Rules))
	for _, r := range Rules {
		m[r.ID] = r
	}
	return m
}()

// sample names the first few of a list.
func sample(list []string) string {
	const few = 5
	out := make([]string, 0, few)
	for _, s := range list[:min(few, len(list))] {
		out = append(out, clip(s, 80))
	}
	text := strings.Join(out, ", ")
	if n := len(list) - few; n > 0 {
		text += fmt.Sprintf(" and %d more", n)
	}
	return text
}

// clip shortens s to n characters.
func clip(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-1]) + "…"
}
