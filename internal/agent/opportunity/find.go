package opportunity

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"empire/internal/domain"
)

// FindPrograms returns the open programs that fit a niche: those that sell products of
// the market, and those whose sectors or name name its noun; with a commission of at
// least MinCommission percent, and that ask for no more traffic than Traffic. A fixed
// commission counts as a share of the median price. A program that does not state its
// commission fits only a minimum of 0; one that does not say what traffic it asks for
// counts as asking for none. The order is by products sold, commission and name.
func FindPrograms(programs []domain.Program, m *domain.Market, q domain.ProgramSearch) []domain.ProgramMatch {
	s := survey(m, q.Language)
	roots := headRoots(m)
	out := []domain.ProgramMatch{}
	for i := range programs {
		p := &programs[i]
		if !p.Open || p.Traffic.Rank() > q.Traffic.Rank() {
			continue
		}
		c := domain.ProgramMatch{Program: *p, CommissionPercent: commissionPercent(p, s.research.Price, s.research.Currency)}
		if c.CommissionPercent == nil && q.MinCommission > 0 || c.CommissionPercent != nil && *c.CommissionPercent < q.MinCommission {
			continue
		}
		for _, f := range s.priced {
			if sells(f, p.AdvertiserID) {
				c.Products++
			}
		}
		named := func(text string) bool { return len(roots) > 0 && mentions(strings.ToLower(text), roots) }
		switch {
		case c.Products > 0:
			c.MatchedBy = "products"
		case slices.ContainsFunc(p.Sectors, named):
			c.MatchedBy = "sectors"
		case named(p.Name):
			c.MatchedBy = "name"
		default:
			continue
		}
		out = append(out, c)
	}
	percent := func(c *domain.ProgramMatch) float64 {
		if c.CommissionPercent == nil {
			return -1
		}
		return *c.CommissionPercent
	}
	slices.SortStableFunc(out, func(a, b domain.ProgramMatch) int {
		return cmp.Or(cmp.Compare(b.Products, a.Products), cmp.Compare(percent(&b), percent(&a)), cmp.Compare(a.Name, b.Name), cmp.Compare(a.AdvertiserID, b.AdvertiserID))
	})
	return out
}

// commissionPercent is a program's commission as percent of the price, if it is known.
func commissionPercent(p *domain.Program, price *domain.Distribution, currency string) *float64 {
	percent, known := 0.0, false
	if p.CommissionBasisPoints != nil {
		percent, known = float64(*p.CommissionBasisPoints)/100, true
	}
	if f := p.CommissionFixed; f != nil && price != nil && price.Median > 0 && f.Currency == currency {
		percent, known = percent+100*float64(f.Minor)/price.Median, true
	}
	if !known {
		return nil
	}
	percent = math.Round(percent*1e6) / 1e6
	return &percent
}
