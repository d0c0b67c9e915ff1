// Package opportunity holds the Scanner, which says what a market is worth. It
// reads a domain.Market and computes everything from it: nothing is assumed where
// data is missing, and every figure names the inputs that give it again.
//
//	Market ─┬─ research    counts, prices, brands, merchants, coverage, demand
//	        ├─ confidence  seven weighted parts in [0,1] (see Weights)
//	        ├─ score       ten parts whose contributions add up to it (see modelParts)
//	        ├─ viral       demand, breadth and price, or a reason why not
//	        ├─ revenue     demand × rates × price × commission, or a reason why not
//	        └─ actions     what to do next, each with its reason
package opportunity

import (
	"context"
	"slices"
	"time"

	"empire/internal/domain"
)

// Scanner scores markets. The zero value works; it is safe for concurrent use.
type Scanner struct{}

// New returns a Scanner.
func New() *Scanner { return &Scanner{} }

// ScanInput is what a scan works on.
type ScanInput struct {
	Market   *domain.Market // not changed
	Language string         // en or de; empty takes the market's
	Now      time.Time      // the clock of the run: the age of the data is measured from it
	Growth   *Growth        // what the demand over time says; nil: unknown
	// Shortage says why the feeds do not carry the niche; empty: they do.
	Shortage string
}

// Run computes the opportunity that a market holds. An empty market is not an
// error: it gives the score 0 and says what is missing.
func (s *Scanner) Run(ctx context.Context, in ScanInput) (domain.Opportunity, error) {
	if err := ctx.Err(); err != nil {
		return domain.Opportunity{}, err
	}
	if in.Market == nil {
		return domain.Opportunity{}, domain.Invalid("market", "A market is needed to scan.")
	}
	if in.Now.IsZero() {
		return domain.Opportunity{}, domain.Invalid("now", "The time of the scan is needed.")
	}
	if in.Language == "" {
		in.Language = in.Market.Language
	}
	m := survey(in.Market, in.Language)
	out := domain.Opportunity{
		Topic:             in.Market.Niche,
		Research:          m.research,
		AffiliatePrograms: m.summaries(),
	}
	out.ConfidenceParts = m.confidence(in.Now)
	out.ConfidenceScore = total(out.ConfidenceParts)
	out.Insufficient = insufficient(m, out.ConfidenceScore)
	if in.Shortage != "" {
		out.Insufficient = in.Shortage
	}
	pool := newPool(m, in)
	scored := score(pool.facts(nil), pool.refs, out.ConfidenceScore)
	out.Score = &scored
	out.ViralPotential = m.viral()
	out.EstimatedRevenue, out.RevenueReason = m.revenue()
	out.RecommendedActions = m.actions(&out)
	out.NextActions = slices.Clone(out.RecommendedActions)
	return out, nil
}
