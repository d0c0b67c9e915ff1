package research

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"empire/internal/domain"
)

// enough is how many independent sources count as many.
const enough = 5

// confidence sets how far the report can be relied on: the weighted sum of five
// shares. Weights are a convention, not measured.
func (w *work) confidence() {
	groups := map[int]bool{}
	dated, age := 0, 0.0
	for _, d := range w.docs {
		if d.snap.Own || d.claims == 0 {
			continue
		}
		groups[d.group] = true
		days := 365.0 // what does not say when it was published counts as a year old
		if at := d.published(); at != nil {
			days = max(0, d.snap.FetchedAt.Sub(*at).Hours()/24)
			dated++
		}
		age += math.Exp2(-days / 365)
	}
	pages, confirmed, disputed, claims := 0, 0, 0, 0
	for _, c := range w.report.Claims {
		if c.Kind == kindMarket {
			continue
		}
		claims++
		if c.Independent >= 2 {
			confirmed++
		}
		if c.Disputed {
			disputed++
		}
	}
	for _, d := range w.docs {
		if !d.snap.Own && d.claims > 0 {
			pages++
		}
	}
	share := func(a, b int) float64 {
		if b == 0 {
			return 0
		}
		return float64(a) / float64(b)
	}
	agreement := 0.0
	if claims > 0 {
		agreement = 1 - share(disputed, claims)
	}
	fresh := 0.0
	if pages > 0 {
		fresh = age / float64(pages)
	}
	answered := len(w.report.Queries) - len(w.starved)
	w.report.Confidence.Parts = []domain.ConfidencePart{
		{Name: "independent_sources", Value: round(min(1, share(len(groups), enough))), Weight: 0.3, Note: fmt.Sprintf("%d independent groups of sources; %d are full marks", len(groups), enough)},
		{Name: "corroboration", Value: round(share(confirmed, claims)), Weight: 0.25, Note: fmt.Sprintf("%d of %d claims stand in two or more independent sources", confirmed, claims)},
		{Name: "agreement", Value: round(agreement), Weight: 0.15, Note: fmt.Sprintf("%d of %d claims are disputed", disputed, claims)},
		{Name: "freshness", Value: round(fresh), Weight: 0.15, Note: fmt.Sprintf("%d of %d pages say when they were published; each counts half after a year", dated, pages)},
		{Name: "coverage", Value: round(share(answered, len(w.report.Queries))), Weight: 0.15, Note: fmt.Sprintf("%d of %d queries found pages", answered, len(w.report.Queries))},
	}
	for _, p := range w.report.Confidence.Parts {
		w.report.Confidence.Score += p.Value * p.Weight
	}
	if claims == 0 { // nothing is stated, so nothing can be relied on
		w.report.Confidence.Score = 0
	}
	w.report.Confidence.Score = round(w.report.Confidence.Score)
}

// gaps says what was looked for and not found.
func (w *work) gaps() {
	add := func(format string, args ...any) { w.report.Gaps = append(w.report.Gaps, fmt.Sprintf(format, args...)) }
	web := slices.ContainsFunc(w.cfg.Sources, func(s Source) bool { return s.Name() != "portfolio" })
	if !web {
		add("No search source is configured: set research.searxng, research.sitemaps, research.feeds or research.urls.")
	}
	if len(w.starved) > 0 && web {
		add("No page was found for: %s.", strings.Join(w.starved, "; "))
	}
	kinds, groups := map[string]int{}, map[int]bool{}
	for _, c := range w.report.Claims {
		kinds[c.Kind]++
	}
	for _, d := range w.docs {
		if !d.snap.Own && d.claims > 0 {
			groups[d.group] = true
		}
	}
	if len(w.docs) > 0 {
		for _, k := range []struct{ kind, text string }{{kindFigure, "No page gives a figure."}, {kindDefinition, "No page defines the topic."}} {
			if kinds[k.kind] == 0 {
				add("%s", k.text)
			}
		}
	}
	if len(groups) < 2 && web {
		add("There are %d independent sources; nothing can be confirmed with fewer than two.", len(groups))
	}
	if w.report.Work.TimedOut {
		add("The time of %s for depth %s was over before all pages were read.", w.plan.Time, w.in.Params.Depth)
	}
	if c := w.report.Competitors; c != nil && len(c.Sites) == 0 {
		add("No other site about the topic was read.")
	}
	if s := w.report.Sentiment; s != nil && s.Judging == 0 {
		add("No sentence of the pages judges.")
	}
}
