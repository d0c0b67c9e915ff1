package website

import (
	"cmp"
	"hash/fnv"
	"slices"
	"strconv"

	"empire/internal/domain"
	"empire/internal/intelligence/market"
)

// How much the seed counts beside the data when products and pairs are chosen, in the
// units of novelty and of comparable.
const (
	productDraw = 2.0
	pairDraw    = 4.0
)

const (
	leads        = 2   // attributes that lead a site
	leadPool     = 6   // the most decisive ones, among which they are drawn
	leadWeight   = 0.3 // of the weight of the most decisive attribute is the least that one needs
	leadCoverage = 0.3 // of the products must state it
)

// chooseAngle draws what the site makes most of among the angles that the data carry.
func (p *planner) chooseAngle() domain.SiteAngle {
	type option struct {
		angle domain.SiteAngle
		draw  float64
	}
	var best option
	for _, kind := range []domain.AngleKind{domain.AngleBudget, domain.AngleProperty, domain.AngleUse, domain.AngleGaps} {
		if kind == domain.AngleBudget && len(p.view.Bands) < 2 {
			continue
		}
		names := p.leads(kind)
		if len(names) < leads {
			continue
		}
		if o := (option{domain.SiteAngle{Kind: kind, Leads: names}, p.chance("angle", string(kind))}); o.draw >= best.draw {
			best = o
		}
	}
	return best.angle
}

// leads draws the attributes that an angle begins with, the heavier ones more often.
func (p *planner) leads(kind domain.AngleKind) []string {
	type candidate struct {
		name string
		draw float64
	}
	var list []candidate
	for i := range p.view.Stats {
		s := &p.view.Stats[i]
		if len(list) < leadPool && p.canLead(s, kind) {
			list = append(list, candidate{s.Name, s.Weight * (0.4 + p.chance("lead", s.Name))})
		}
	}
	slices.SortStableFunc(list, func(a, b candidate) int { return cmp.Compare(b.draw, a.draw) })
	var out []string
	for _, c := range list[:min(len(list), leads)] {
		out = append(out, c.name)
	}
	return out
}

// canLead reports whether a site of an angle may begin with an attribute.
func (p *planner) canLead(s *market.Stat, kind domain.AngleKind) bool {
	coverage := s.Coverage(p.view)
	if s.Term.Minor() || s.Kind == domain.AttributeList || s.Weight < leadWeight*p.view.Stats[0].Weight || coverage < leadCoverage || p.narrowed(s) {
		return false
	}
	switch kind {
	case domain.AngleProperty:
		return s.Kind == domain.AttributeNumber && s.Term.Better != 0
	case domain.AngleUse:
		return s.Term.Better == 0
	case domain.AngleGaps:
		return coverage < 0.95
	default:
		return true
	}
}

// priceWeight is how much lists by price count beside others.
func (p *planner) priceWeight() float64 {
	switch p.angle.Kind {
	case domain.AngleBudget:
		return 1.4
	case domain.AngleProperty, domain.AngleUse, domain.AngleGaps:
		return 0.8
	default:
		return 1
	}
}

// chance is a number in [0,1) that depends on the seed and on what is drawn.
func (p *planner) chance(parts ...string) float64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(strconv.FormatUint(p.in.Seed, 16)))
	for _, s := range parts {
		_, _ = h.Write([]byte("|" + s))
	}
	x := h.Sum64() // FNV changes its upper bits little for strings that differ at the end
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	x ^= x >> 33
	return float64(x>>11) / (1 << 53)
}
