package opportunity

import (
	"fmt"

	"empire/internal/domain"
)

// The actions that a scan recommends.
const (
	ActionLaunch   = "launch_site"
	ActionSkip     = "skip"
	ActionPrograms = "add_programs"
	ActionKeywords = "import_keywords"
	ActionNarrow   = "narrow_niche"
	ActionWiden    = "widen_niche"
	ActionPrices   = "watch_prices"
)

// wideSpread is the ratio of the upper to the lower price quartile from which the
// prices of a market are worth watching.
const wideSpread = 2.0

// actions decides what to do next; there is always at least one action, and
// launch_site and skip exclude each other.
func (s *surveyed) actions(o *domain.Opportunity) []domain.RecommendedAction {
	r := &s.research
	var out []domain.RecommendedAction
	add := func(action, format string, args ...any) {
		out = append(out, domain.RecommendedAction{Action: action, Reason: fmt.Sprintf(format, args...)})
	}
	switch {
	case r.Products < tooFewProducts:
		add(ActionSkip, "%d products with a price are too few to compare.", r.Products)
	case r.Products >= fewProducts && o.ConfidenceScore >= launchConfidence:
		add(ActionLaunch, "%d products with a price and a confidence of %.2f carry a site.", r.Products, o.ConfidenceScore)
	case o.ConfidenceScore < lowConfidence/2:
		add(ActionSkip, "The confidence of %.2f is too low to spend work on.", o.ConfidenceScore)
	}
	if r.Products < fewProducts {
		add(ActionWiden, "A site needs about %d products with a price; this niche has %d.", fewProducts, r.Products)
	}
	if r.Products > manyProducts {
		add(ActionNarrow, "%d products are more than one site can treat well; choose a part of them.", r.Products)
	}
	if value, known, _ := s.programKnowledge(); value < 0.75 {
		add(ActionPrograms, "A joined and open program with a known commission sells %d of %d products.", known, r.Products)
	}
	if r.MonthlyDemand == nil {
		add(ActionKeywords, "No keyword demand is known, so demand and revenue cannot be estimated.")
	}
	if p := r.Price; p != nil && s.multi > 0 && p.P25 > 0 && p.P75/p.P25 >= wideSpread {
		add(ActionPrices, "%d products have several merchants, and the middle half of the prices spans a factor of %.1f.", s.multi, p.P75/p.P25)
	}
	if len(out) == 0 {
		add(ActionSkip, "%d products at a confidence of %.2f do not carry a site yet.", r.Products, o.ConfidenceScore)
	}
	return out
}
