package website

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"empire/internal/domain"
	"empire/internal/intelligence/market"
)

const (
	minFacetProducts = 5
	maxFacetShare    = 0.7 // a facet that selects nearly all says nothing
	maxListOverlap   = 0.6 // of two pages' product lists
)

// selection is a facet with what it selects.
type selection struct {
	facet   domain.Facet
	matched []*market.Item
	listed  []*market.Item // the products that the page shows, ranked
	score   float64
}

// bestPages chooses the facets that become pages, the most useful first. If hardly any
// stands apart from the others, lists that share more will do.
func (p *planner) bestPages() []selection {
	most := p.mostOverlap()
	chosen := p.apart(most)
	if len(chosen) <= minBestPages {
		if more := p.apart(most + 0.1); len(more) > len(chosen) {
			chosen = more
		}
	}
	if len(chosen) < minBestPages {
		chosen = p.apart(maxListOverlap)
	}
	return chosen
}

// apart chooses facets of which no two share more than most of their products.
func (p *planner) apart(most float64) []selection {
	candidates := p.candidates()
	limit := 8
	if n := len(p.view.Items); n < 25 {
		limit = 5
	} else if n < 60 {
		limit = 6
	}
	var chosen []selection
	used := map[string]int{}
	for len(chosen) < limit {
		best, bestScore := -1, 0.0
		for i, c := range candidates {
			each := 2
			if c.facet.Attribute == market.FacetPrice {
				each = 3
			}
			if used[c.facet.Attribute] >= each || sameLimit(c, chosen) || overlaps(c, chosen, most) {
				continue
			}
			if score := c.score * math.Pow(0.6, float64(used[c.facet.Attribute])); score > bestScore {
				best, bestScore = i, score
			}
		}
		if best < 0 {
			break
		}
		chosen = append(chosen, candidates[best])
		used[candidates[best].facet.Attribute]++
		candidates = slices.Delete(candidates, best, best+1)
	}
	return chosen
}

// sameLimit reports whether a chosen facet already draws a limit on the same number
// in the same direction: one would contain the other.
func sameLimit(c selection, chosen []selection) bool {
	return c.facet.Attribute != market.FacetPrice && (c.facet.Op == "ge" || c.facet.Op == "le") &&
		slices.ContainsFunc(chosen, func(o selection) bool { return o.facet.Attribute == c.facet.Attribute && o.facet.Op == c.facet.Op })
}

func overlaps(c selection, chosen []selection, most float64) bool {
	for _, o := range chosen {
		if share(c.listed, o.listed, min(len(c.listed), len(o.listed))) > most {
			return true
		}
		both := common(c.matched, o.matched)
		if float64(both)/float64(len(c.matched)+len(o.matched)-both) > most {
			return true
		}
	}
	return false
}

// mostOverlap is how much two lists may share: less without prices, where pages say less
// that is their own.
func (p *planner) mostOverlap() float64 {
	if p.in.Market.Priceless {
		return maxListOverlap / 2
	}
	return maxListOverlap
}

func share(a, b []*market.Item, of int) float64 { return float64(common(a, b)) / float64(of) }

func common(a, b []*market.Item) int {
	in := make(map[*market.Item]bool, len(a))
	for _, it := range a {
		in[it] = true
	}
	n := 0
	for _, it := range b {
		if in[it] {
			n++
		}
	}
	return n
}

// candidates returns every facet that selects a useful part of the market.
func (p *planner) candidates() []selection {
	var out []selection
	for i, b := range p.view.Bands {
		weight := 8.5
		if i > 0 && i < len(p.view.Bands)-1 {
			weight = 5.5
		}
		weight *= p.priceWeight()
		f := domain.Facet{Attribute: market.FacetPrice, Op: "between", Low: b.Low, High: b.High, Unit: p.view.Currency}
		switch {
		case b.Low == nil:
			f.Op = "le"
		case b.High == nil:
			f.Op = "ge"
		}
		out = p.consider(out, f, weight)
	}
	for i := range p.view.Stats {
		if s := &p.view.Stats[i]; !p.narrowed(s) {
			out = p.statCandidates(out, s)
		}
	}
	slices.SortStableFunc(out, func(a, b selection) int { return cmp.Compare(b.score, a.score) })
	return out
}

// narrowed reports whether the niche itself already names a value of the attribute:
// on a site about wireless keyboards the connection makes no facet.
func (p *planner) narrowed(s *market.Stat) bool {
	niche := " " + strings.ToLower(p.in.Market.Niche) + " "
	for _, v := range s.Values {
		word := v.Key
		if s.Kind == domain.AttributeFlag {
			word = strings.ToLower(s.Term.EN.Label)
		}
		if word != "" && strings.Contains(niche, " "+word+" ") {
			return true
		}
	}
	return false
}

func (p *planner) statCandidates(out []selection, s *market.Stat) []selection {
	for _, v := range s.Values[:min(len(s.Values), 12)] {
		f := domain.Facet{Attribute: s.Name, Op: "eq", Text: v.Text, Unit: s.Unit}
		switch s.Kind {
		case domain.AttributeFlag:
			f.Flag = true
		case domain.AttributeList:
			f.Op = "has"
		case domain.AttributeNumber:
			if !s.Term.Known() && s.Unit == "" {
				continue // a bare figure without a name that we know says nothing
			}
			out = p.thresholds(out, s, v)
			if s.Term.Better == 0 {
				out = p.consider(out, f, s.Weight*classShare(s, v))
			}
			continue
		}
		if strings.ContainsAny(v.Text, ";|") || len(v.Text) > 28 {
			continue
		}
		out = p.consider(out, f, s.Weight)
	}
	return out
}

// classShare lowers the weight of single values of a number that hardly any product
// shares. Sizes come in classes; most other numbers do not.
func classShare(s *market.Stat, v market.Value) float64 {
	return math.Min(1, 5*float64(len(v.Items))/float64(len(s.Stated)))
}

// thresholds considers a common value of a numeric attribute as a limit: at least
// this much where more is better, at most where less is.
func (p *planner) thresholds(out []selection, s *market.Stat, v market.Value) []selection {
	frequent := float64(len(v.Items)) / float64(len(s.Stated))
	if len(v.Items) < 2 || frequent < 0.02 {
		return out
	}
	a, _ := s.Attribute(v.Items[0])
	n := a.Number
	if s.Unit == "" && n < 2 && p.in.Market.Priceless {
		return out // "at most one" names a kind of product, not a limit
	}
	if s.Unit == "g" && n < 0.1 && p.in.Market.Priceless {
		return out // nobody asks for food by hundredths of a gram
	}
	weight := s.Weight * (0.7 + 0.3*math.Min(1, frequent/0.08)) * roundness(n)
	if s.Term.Better >= 0 && n > 0 {
		out = p.consider(out, domain.Facet{Attribute: s.Name, Op: "ge", Low: &n, Unit: s.Unit}, weight)
	}
	if s.Term.Better <= 0 && n > 0 {
		out = p.consider(out, domain.Facet{Attribute: s.Name, Op: "le", High: &n, Unit: s.Unit}, weight)
	}
	return out
}

// roundness prefers limits that people say aloud.
func roundness(n float64) float64 {
	switch {
	case n == math.Trunc(n):
		return 1
	case n*2 == math.Trunc(n*2):
		return 0.9
	default:
		return 0.7
	}
}

// consider adds the facet if it selects enough products and not nearly all.
func (p *planner) consider(out []selection, f domain.Facet, weight float64) []selection {
	matched := p.view.Select(&f)
	part := float64(len(matched)) / float64(len(p.view.Items))
	if len(matched) < minFacetProducts || part > maxFacetShare {
		return out
	}
	f.Label = p.view.FacetLabel(&f)
	listed := p.list(&f, matched)
	if len(listed) < minFacetProducts {
		return out
	}
	return append(out, selection{facet: f, matched: matched, listed: listed, score: weight * tent(part)})
}

// tent prefers facets that select between a tenth and under a half of the market.
func tent(part float64) float64 {
	switch {
	case part < 0.08:
		return 0.45 + part/0.08*0.55
	case part > 0.45:
		return math.Max(0.2, 1-(part-0.45)*2.5)
	default:
		return 1
	}
}

// list returns the products that a page about a facet shows: ranked by its rule,
// one of each name, those with few facts left out where others suffice.
func (p *planner) list(f *domain.Facet, matched []*market.Item) []*market.Item {
	length := 10
	if len(p.view.Items) < 40 {
		length = 7
	}
	var out, thin []*market.Item
	seen := map[string]bool{}
	for _, it := range p.view.Rank(p.view.RuleFor(f), matched) {
		key := strings.ToLower(it.Name())
		if seen[key] {
			continue
		}
		seen[key] = true
		if p.view.Stated(it) < 3 {
			thin = append(thin, it)
			continue
		}
		if out = append(out, it); len(out) == length {
			return out
		}
	}
	if len(out) < minFacetProducts {
		out = append(out, thin[:min(len(thin), minFacetProducts-len(out))]...)
		out = p.view.Rank(p.view.RuleFor(f), out)
	}
	return out
}
