package monetization

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"empire/internal/domain"
)

// Replacement is another offer for the slots of a dead link.
type Replacement struct {
	Link    domain.Link // held or new
	Product string      // what it sells
	Of      string      // what the dead link sold
	Same    bool        // both are the same product
	Reason  string
}

// MaxNearPrice is how much a near product may differ in price, in percent.
const MaxNearPrice = 30

// Replace finds what takes the place of a dead link in the market of a website, by the
// rules of the planner: the same product at another merchant, else the product of the
// same category that is nearest in attributes and price. why says what there is not.
func Replace(in PlanInput, dead *domain.Link) (r *Replacement, why string, err error) {
	if err := validate(in); err != nil {
		return nil, "", err
	}
	in.Links = maps.Clone(in.Links)
	if in.Links == nil {
		in.Links = map[domain.LinkID]domain.Link{}
	}
	gone := *dead
	if gone.State == domain.LinkActive {
		gone.State = domain.LinkDead
	}
	in.Links[gone.ID] = gone
	p := newPlan(in)
	f := p.familyOf(dead)
	if f == nil {
		return nil, "The market of the website does not hold the product.", nil
	}
	if c := p.best(f, dead); c != nil {
		return &Replacement{Link: c.link, Product: f.Name, Of: f.Name, Same: true, Reason: p.choose(f).reason}, "", nil
	}
	for _, near := range nearest(f, in.Market.Families) {
		if c := p.best(near, dead); c != nil && !soldOut(c) {
			return &Replacement{
				Link: c.link, Product: near.Name, Of: f.Name, Reason: fmt.Sprintf("no other merchant sells %s; %s is the nearest of category %q", f.Name, near.Name, f.Category),
			}, "", nil
		}
	}
	return nil, "No merchant whose program is joined sells the product or a near one.", nil
}

// familyOf returns the product that a link sells.
func (p *plan) familyOf(l *domain.Link) *domain.Family {
	for i := range p.in.Market.Families {
		f := &p.in.Market.Families[i]
		for k := range f.Variants {
			row := &f.Variants[k]
			ids := p.linkIDs(&candidate{row: row})
			if slices.Contains(ids[:], l.ID) || l.RowKey != "" && row.Key == l.RowKey && (l.FeedID == "" || l.FeedID == row.FeedID) && advertiserOf(row) == l.AdvertiserID {
				return f
			}
		}
	}
	return nil
}

// best is the offer that the planner would take, if its link is another one.
func (p *plan) best(f *domain.Family, dead *domain.Link) *candidate {
	c := p.choose(f).best
	if c == nil || c.link.ID == dead.ID || c.link.Destination == dead.Destination || soldOut(c) {
		return nil
	}
	return c
}

// nearest orders the other products of a category by how much they are like f.
func nearest(f *domain.Family, all []domain.Family) []*domain.Family {
	type scored struct {
		family *domain.Family
		score  float64
	}
	var list []scored
	for i := range all {
		o := &all[i]
		if o.Key == f.Key || o.Category == "" || !strings.EqualFold(o.Category, f.Category) {
			continue
		}
		apart, ok := priceApart(f, o)
		if !ok {
			continue
		}
		list = append(list, scored{o, alike(f, o) - apart})
	}
	slices.SortFunc(list, func(a, b scored) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.family.Key, b.family.Key))
	})
	out := make([]*domain.Family, len(list))
	for i := range list {
		out[i] = list[i].family
	}
	return out
}

// priceApart returns how much two prices differ, from 0 to 1, if they may.
func priceApart(a, b *domain.Family) (float64, bool) {
	if a.PriceMin == nil || b.PriceMin == nil || a.PriceMin.Currency != b.PriceMin.Currency || a.PriceMin.Minor <= 0 {
		return 0, false
	}
	d := math.Abs(float64(a.PriceMin.Minor-b.PriceMin.Minor)) / float64(a.PriceMin.Minor)
	return d, d*100 <= MaxNearPrice
}

// alike returns the share of attributes of a that b has with the same text, and a
// little for the same brand.
func alike(a, b *domain.Family) float64 {
	score, same := 0.0, 0
	if a.Brand != "" && strings.EqualFold(a.Brand, b.Brand) {
		score = 0.25
	}
	for _, x := range a.Attributes {
		if y, ok := b.Attribute(x.Name); ok && strings.EqualFold(x.Raw, y.Raw) {
			same++
		}
	}
	if len(a.Attributes) > 0 {
		score += float64(same) / float64(len(a.Attributes))
	}
	return score
}

// MarketLinkIDs returns the identifiers of the links that the registry may hold for all
// products of a market: what PlanInput.Links of Replace is to be filled from.
func MarketLinkIDs(in PlanInput) []domain.LinkID {
	p := newPlan(in)
	var out []domain.LinkID
	for i := range in.Market.Families {
		f := &in.Market.Families[i]
		for k := range f.Variants {
			ids := p.linkIDs(&candidate{row: &f.Variants[k]})
			out = append(out, ids[:]...)
		}
	}
	return out
}
