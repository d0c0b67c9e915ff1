// Package website plans a site: which pages a market can carry, which products they
// show and what they are called. The plan is data; the content agent writes it and
// sitegen turns the pages into files.
//
// A plan is chosen from the data; where those leave several ways open, the seed takes
// one (angle.go). Facets (price bands, flags, values, numeric
// thresholds) become "best for" pages if enough products share them and their lists
// differ; similar products become comparisons; products with enough facts get a page
// of their own.
package website

import (
	"context"
	"fmt"

	"empire/internal/domain"
	"empire/internal/intelligence/market"
)

// The least that a site needs. Below it a plan is refused, because thin pages help
// nobody.
const (
	minProducts  = 8
	minBestPages = 3
)

// Builder plans sites.
type Builder struct{}

// New returns a Builder.
func New() *Builder { return &Builder{} }

// PlanInput is what a plan is made from.
type PlanInput struct {
	Market  *domain.Market
	Website domain.Website
	// Seed varies choices that the data leaves open. Equal input and seed give an
	// equal plan.
	Seed uint64
	// Taken are keywords that pages of other websites of the tenant are for. No page is
	// planned for one of them, unless Force says so; the plan's warnings say what became
	// of them.
	Taken []domain.TakenKeyword
	Force bool
	// Key returns what a keyword means, to compare it with those taken; needed with
	// Taken.
	Key func(language, phrase string) string
}

// Plan chooses the pages of a site. A market that cannot carry a useful site is
// refused with CodeNotEnoughData and the reason.
func (b *Builder) Plan(ctx context.Context, in PlanInput) (domain.SitePlan, error) {
	if in.Market == nil {
		return domain.SitePlan{}, domain.Invalid("market", "A plan needs a market.")
	}
	if err := ctx.Err(); err != nil {
		return domain.SitePlan{}, fmt.Errorf("plan site: %w", err)
	}
	p := newPlanner(in)
	if n := len(p.view.Items); n < minProducts {
		what := "products with a price"
		if in.Market.Priceless {
			what = "comparable products"
		}
		return domain.SitePlan{}, domain.Errorf(domain.CodeNotEnoughData,
			"The feeds hold %d %s for %q; a site needs at least %d.", n, what, in.Market.Niche, minProducts)
	}
	best := p.bestPages()
	if len(best) < minBestPages {
		return domain.SitePlan{}, domain.Errorf(domain.CodeNotEnoughData,
			"The data on %q carries %d distinct selections of products; a site needs at least %d.", in.Market.Niche, len(best), minBestPages)
	}
	products := p.productPages(best)
	comparisons := p.comparisonPages(products)
	return p.assemble(best, comparisons, products), nil
}

// Language returns the language of a site: its own, else that of its market, else
// English. Texts exist in English and German; other languages get English.
func Language(m *domain.Market, w domain.Website) string {
	for _, l := range []string{w.Language, m.Language} {
		if l == "en" || l == "de" {
			return l
		}
	}
	return "en"
}

type planner struct {
	in    PlanInput
	view  *market.View
	lang  string
	noun  domain.NicheNoun
	angle domain.SiteAngle
}

func newPlanner(in PlanInput) *planner {
	lang := Language(in.Market, in.Website)
	noun := in.Market.Noun
	if noun.Plural == "" {
		noun.Plural = in.Market.Niche
	}
	if noun.Singular == "" {
		noun.Singular = noun.Plural
	}
	p := &planner{in: in, view: market.New(in.Market, lang), lang: lang, noun: noun}
	p.angle = p.chooseAngle()
	p.view.Lead(p.angle.Leads)
	return p
}
