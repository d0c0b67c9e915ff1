// Package monetization holds the Planner, which puts one offer into each offer slot
// of a draft: the program and feed row that serve the reader and pay the site.
//
// The policy, in this order:
//
//  1. Only programs that are joined and open, and only rows with a price in the
//     currency of the product and with a link that can be tracked and that nobody has
//     paused, closed or found dead.
//  2. A row that the feed calls out of stock is taken only if there is no other.
//  3. The reader's price comes before the commission: a merchant that asks more than
//     MaxMarkupPercent above the cheapest one is never linked. Delivery counts if
//     all of them state it.
//  4. Among the rest: stated in stock, then the greater earnings per click if all their
//     programs tell them, else the greater expected commission (price × rate, known
//     before unknown), then the lower price, then merchant, feed and row, so that equal
//     input gives equal offers.
//
// Every offer names the link of the registry that it uses. A link that a person has
// changed is used as it is now.
//
// Prices that are older than allowed are left out. Legal, FAQ and method pages carry
// no offers. The theme prints the disclosure above the first offer of a page and
// marks each link.
package monetization

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"empire/internal/domain"
	"empire/internal/intelligence/evidence"
)

// The limits of the policy.
const (
	MaxMarkupPercent    = 5  // above the cheapest eligible offer
	MaxOffersPerProduct = 3  // of one product on one page
	MaxOffersPerPage    = 60 // links to merchants on one page
)

// Planner places offers. The zero value works; it is safe for concurrent use.
type Planner struct{}

// New returns a Planner.
func New() *Planner { return &Planner{} }

// PlanInput is what the planner works on. Nothing in it is changed.
type PlanInput struct {
	Draft       *domain.Draft
	Market      *domain.Market
	Programs    []domain.Program
	Now         time.Time
	PriceMaxAge time.Duration // positive; older prices are not shown
	// Links are what the registry holds, as far as LinkIDs names it; Way is how pages
	// lead to merchants where neither link nor program says (empty: direct).
	Links map[domain.LinkID]domain.Link
	Way   domain.LinkWay
	// Variant tells variants of the same pages apart in sub-ids; empty: there is one.
	Variant string
}

// PlanResult is the draft's pages with their offers.
type PlanResult struct {
	Pages    []domain.Page
	Evidence []domain.Evidence // the draft's and that of the prices, sorted by ID
	Programs []domain.Program  // all that offers name, also stand-ins for merchants that only a feed names
	Links    []domain.Link     // that the registry does not hold so, sorted by ID
	Placed   int               // slots with an offer
	Skipped  int               // slots without
	Findings []domain.Finding
}

// Run places offers. A slot for which nothing can be offered stays empty; the
// findings say why.
func (pl *Planner) Run(ctx context.Context, in PlanInput) (PlanResult, error) {
	if err := validate(in); err != nil {
		return PlanResult{}, err
	}
	p := newPlan(in)
	out := PlanResult{Pages: make([]domain.Page, 0, len(in.Draft.Pages))}
	for i := range in.Draft.Pages {
		if err := ctx.Err(); err != nil {
			return PlanResult{}, fmt.Errorf("place offers: %w", err)
		}
		out.Pages = append(out.Pages, p.page(in.Draft.Pages[i]))
	}
	p.reportPrograms()
	out.Evidence, out.Programs, out.Findings = p.ledger.All(), p.usedPrograms(), p.findings
	out.Placed, out.Skipped = p.placed, p.skipped
	out.Links = slices.SortedFunc(maps.Values(p.links), func(a, b domain.Link) int { return cmp.Compare(a.ID, b.ID) })
	return out, nil
}

func validate(in PlanInput) error {
	switch {
	case in.Draft == nil:
		return domain.Invalid("draft", "A draft is needed to place offers.")
	case in.Market == nil:
		return domain.Invalid("market", "A market is needed to place offers.")
	case in.Now.IsZero():
		return domain.Invalid("now", "The time of the run is needed.")
	case in.PriceMaxAge <= 0:
		return domain.Invalid("price_max_age", "The greatest age of a price must be positive.")
	}
	return nil
}

// plan is one run of the planner.
type plan struct {
	in       PlanInput
	families map[string]*domain.Family
	programs map[string]*domain.Program // by advertiser ID
	used     map[domain.ProgramID]bool
	choices  map[string]*choice // by family key
	links    map[domain.LinkID]domain.Link
	ledger   *evidence.Ledger
	findings []domain.Finding
	reported map[string]bool // findings that are told once
	placed   int
	skipped  int
}

func newPlan(in PlanInput) *plan {
	p := &plan{
		in: in, families: map[string]*domain.Family{}, programs: map[string]*domain.Program{},
		links: map[domain.LinkID]domain.Link{}, used: map[domain.ProgramID]bool{}, choices: map[string]*choice{},
		ledger: evidence.NewLedger(in.Draft.Evidence...), reported: map[string]bool{},
	}
	for i := range in.Market.Families {
		p.families[in.Market.Families[i].Key] = &in.Market.Families[i]
	}
	for i := range in.Programs {
		p.addProgram(in.Programs[i])
	}
	return p
}

// finding keeps a remark; key makes it appear once.
func (p *plan) finding(key string, f domain.Finding) {
	if key != "" && p.reported[key] {
		return
	}
	p.reported[key] = true
	if f.Severity == "" {
		f.Severity = domain.GateWarn
	}
	p.findings = append(p.findings, f)
}
