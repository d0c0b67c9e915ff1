package website

import (
	"cmp"
	"slices"
	"strings"

	"empire/internal/intelligence/market"
)

const (
	maxProductPages = 24
	minFacts        = 3
)

// productPages chooses the products that get a page of their own: first those that
// the lists of the site present, then others that add a brand, a band or a value that
// the site does not show yet.
func (p *planner) productPages(best []selection) []*market.Item {
	c := &chooser{p: p, names: map[string]bool{}, brands: map[string]int{}, bands: map[int]int{}, values: map[string]int{}}
	most := maxProductPages
	if p.in.Market.Priceless { // without prices there is less to say: half of the products
		most = min(most, max(minProducts, len(p.view.Items)*2/5))
	}
	for rank := range 5 {
		for _, s := range best {
			picks := p.view.Picks(&s.facet, s.matched, 5)
			if rank < len(picks) && len(c.out) < most*5/6 {
				c.take(picks[rank].Item)
			}
		}
	}
	for len(c.out) < most {
		var next *market.Item
		score := -1.0
		for _, it := range p.view.Items {
			if !c.fits(it) {
				continue
			}
			if s := c.novelty(it); s > score {
				next, score = it, s
			}
		}
		if next == nil {
			break
		}
		c.take(next)
	}
	slices.SortStableFunc(c.out, func(a, b *market.Item) int {
		return cmp.Or(cmp.Compare(a.Money.Minor, b.Money.Minor), strings.Compare(a.Family.Key, b.Family.Key))
	})
	return c.out
}

type chooser struct {
	p      *planner
	out    []*market.Item
	names  map[string]bool
	brands map[string]int
	bands  map[int]int
	values map[string]int
}

func (c *chooser) fits(it *market.Item) bool {
	return !c.names[strings.ToLower(it.Name())] && c.p.view.Stated(it) >= minFacts
}

func (c *chooser) take(it *market.Item) {
	if !c.fits(it) {
		return
	}
	c.out = append(c.out, it)
	c.names[strings.ToLower(it.Name())] = true
	c.brands[maker(it)]++
	_, band := c.p.view.Band(it.Price)
	c.bands[band]++
	for _, v := range c.values3(it) {
		c.values[v]++
	}
}

// novelty says how much an item adds to what is chosen.
func (c *chooser) novelty(it *market.Item) float64 {
	_, band := c.p.view.Band(it.Price)
	n := float64(c.p.view.Stated(it))*0.5 + productDraw*c.p.chance("product", it.Family.Key)
	n += 2 / float64(1+c.brands[maker(it)])
	n += 3 / float64(1+c.bands[band])
	for _, v := range c.values3(it) {
		n += 1 / float64(1+c.values[v])
	}
	return n
}

// values3 returns the item's values of the three most decisive attributes.
func (c *chooser) values3(it *market.Item) []string {
	var out []string
	for i := range c.p.view.Stats[:min(3, len(c.p.view.Stats))] {
		s := &c.p.view.Stats[i]
		if a, ok := s.Attribute(it); ok {
			out = append(out, s.Name+"="+market.Show("en", a))
		}
	}
	return out
}

// maker returns the brand, or the first word of the name where the feed has no
// brand. It is used for variety only and never shown.
func maker(it *market.Item) string {
	if it.Family.Brand != "" {
		return strings.ToLower(it.Family.Brand)
	}
	first, _, _ := strings.Cut(strings.ToLower(it.Family.Name), " ")
	return first
}

// pair is two products worth comparing.
type pair struct {
	a, b  *market.Item // a is the cheaper one
	score float64
}

// comparisonPages chooses pairs of products with pages that a shopper would weigh
// against each other: close in price, alike in what matters, different in detail.
func (p *planner) comparisonPages(products []*market.Item) []pair {
	limit := 4
	if len(p.view.Items) < 40 {
		limit = 3
	}
	var all []pair
	for i, a := range products {
		for _, b := range products[i+1:] {
			if score, ok := p.comparable(a, b); ok {
				score += pairDraw * p.chance("pair", a.Family.Key, b.Family.Key)
				all = append(all, pair{a, b, score})
			}
		}
	}
	slices.SortStableFunc(all, func(x, y pair) int { return cmp.Compare(y.score, x.score) })
	var out []pair
	used := map[*market.Item]bool{}
	bands := map[int]int{}
	for _, most := range []int{1, 2} { // spread over bands first
		for _, c := range all {
			_, band := p.view.Band(c.a.Price)
			if len(out) == limit || used[c.a] || used[c.b] || bands[band] >= most {
				continue
			}
			out = append(out, c)
			used[c.a], used[c.b] = true, true
			bands[band]++
		}
	}
	return out
}

func (p *planner) comparable(a, b *market.Item) (float64, bool) {
	_, bandA := p.view.Band(a.Price)
	_, bandB := p.view.Band(b.Price)
	if b.Price > a.Price*1.6 || bandA != bandB && b.Price > a.Price*1.25 {
		return 0, false
	}
	both, same, differ := 0, 0.0, 0
	for i := range p.view.Stats {
		s := &p.view.Stats[i]
		x, okX := s.Attribute(a)
		y, okY := s.Attribute(b)
		if !okX || !okY {
			continue
		}
		both++
		if market.Equal(x, y) {
			same += s.Weight
		} else {
			differ++
		}
	}
	if both < 3 || differ < 2 || same == 0 {
		return 0, false
	}
	score := same + 2*float64(min(differ, 4)) + float64(both)
	if maker(a) == maker(b) {
		score -= 4
	}
	if a.Price > 0 {
		score -= 8 * (b.Price - a.Price) / a.Price
	}
	return score, true
}
