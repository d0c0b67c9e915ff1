package market

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"empire/internal/domain"
)

// Role says why a product is presented from a selection.
type Role string

// The roles.
const (
	RoleLowest Role = "lowest" // the lowest price of the selection
	RoleValue  Role = "value"  // has most of the criterion among those up to the median price
	RoleMiddle Role = "middle" // priced like the median
	RoleUpper  Role = "upper"  // has most of the criterion in the dear quarter
	RoleTop    Role = "top"    // leads the ranking
	RoleNext   Role = "next"   // follows in the ranking
)

// Pick is a product with its role in a selection.
type Pick struct {
	Item *Item
	Role Role
}

// Criterion is what tells the better equipped products of a selection apart: the
// number of extras, or a number of which more (or less) is better.
type Criterion struct {
	Extras []Extra
	Stat   *Stat // nil if Extras are counted
}

// Criterion returns the criterion for a selection, which leaves out the attribute
// that all its products share. ok is false if the market has none.
func (v *View) Criterion(f *domain.Facet) (c Criterion, ok bool) {
	for _, e := range v.Extras() {
		if f == nil || e.Stat.Name != f.Attribute {
			c.Extras = append(c.Extras, e)
		}
	}
	if len(c.Extras) >= 2 {
		return c, true
	}
	for i := range v.Stats {
		s := &v.Stats[i]
		if s.Kind == domain.AttributeNumber && s.Term.Yardstick && s.Coverage(v) > 0.5 && (f == nil || s.Name != f.Attribute) {
			return Criterion{Stat: s}, true
		}
	}
	return Criterion{}, false
}

// Score is what the criterion gives an item; greater is better. ok is false if the
// item does not state it.
func (c Criterion) Score(it *Item) (score float64, ok bool) {
	if c.Stat == nil {
		for _, e := range c.Extras {
			if e.Has(it) {
				score++
			}
		}
		return score, true
	}
	a, ok := c.Stat.Attribute(it)
	return a.Number * float64(c.Stat.Term.Better), ok
}

// Picks chooses up to most products of a selection in different roles: the lowest
// price, the well equipped one below the median, one at the median, the well
// equipped one at the upper end, and then the leaders of the ranking. items are
// ordered by price.
func (v *View) Picks(f *domain.Facet, items []*Item, most int) []Pick {
	p := picker{v: v, used: map[string]bool{}, most: most}
	for _, it := range items {
		if v.Stated(it) >= 3 {
			p.items = append(p.items, it)
		}
	}
	if len(p.items) == 0 {
		p.items = items
	}
	if len(p.items) == 0 {
		return nil
	}
	if v.Market.Priceless {
		return p.plain(f)
	}
	p.take(p.items[0], RoleLowest)
	n := len(p.items)
	median, upper := p.items[(n-1)/2].Price, p.items[n*3/4].Price
	if c, ok := v.Criterion(f); ok {
		p.strongest(c, RoleValue, func(price float64) bool { return price <= median })
		p.closest(median)
		p.strongest(c, RoleUpper, func(price float64) bool { return price >= upper && price > median })
	} else {
		p.closest(median)
	}
	role := RoleTop
	rule := v.RuleFor(f)
	for i, it := range v.Rank(rule, p.items) {
		if i > 0 || rule.Kind == ByPrice {
			role = RoleNext
		}
		p.take(it, role)
	}
	return p.out
}

// plain picks without prices: the two that lead the ranking, and others spread over the
// rest of it.
func (p *picker) plain(f *domain.Facet) []Pick {
	ranked := p.v.Rank(p.v.RuleFor(f), p.items)
	p.take(ranked[0], RoleTop)
	step := max(1, len(ranked)/max(1, p.most))
	for i := step; i < len(ranked); i += step {
		p.take(ranked[i], RoleNext)
	}
	for _, it := range ranked {
		p.take(it, RoleNext)
	}
	return p.out
}

type picker struct {
	v     *View
	items []*Item
	out   []Pick
	used  map[string]bool // by name
	most  int
}

func (p *picker) take(it *Item, role Role) {
	key := strings.ToLower(it.Name())
	if p.used[key] || len(p.out) == p.most {
		return
	}
	p.used[key] = true
	p.out = append(p.out, Pick{it, role})
}

// strongest takes the item with the best score among those whose price fits, if
// that is better than what the cheapest item has.
func (p *picker) strongest(c Criterion, role Role, fits func(float64) bool) {
	var best *Item
	top := math.Inf(-1)
	for _, it := range p.items {
		score, ok := c.Score(it)
		if ok && fits(it.Price) && score > top {
			best, top = it, score
		}
	}
	floor, ok := c.Score(p.items[0])
	if best == nil || ok && top <= floor && role == RoleValue {
		return
	}
	p.take(best, role)
}

// closest takes the item at the median, among those near it the one about which
// most is known.
func (p *picker) closest(median float64) {
	near := slices.Clone(p.items)
	slices.SortStableFunc(near, func(a, b *Item) int {
		da, db := math.Abs(a.Price-median), math.Abs(b.Price-median)
		tight := 0.04 * median
		if da <= tight && db <= tight {
			return cmp.Compare(p.v.Stated(b), p.v.Stated(a))
		}
		return cmp.Compare(da, db)
	})
	for _, it := range near {
		if !p.used[strings.ToLower(it.Name())] {
			p.take(it, RoleMiddle)
			return
		}
	}
}
