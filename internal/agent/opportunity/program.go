package opportunity

import (
	"cmp"
	"slices"

	"empire/internal/domain"
)

// network is the network whose feeds name advertisers by merchant id.
const network = "awin"

// withFeedPrograms returns the market's programs and a stand-in for each merchant
// that has none, sorted by name and ID.
func withFeedPrograms(m *domain.Market) []domain.Program {
	out := slices.Clone(m.Programs)
	known := map[string]bool{}
	for _, p := range out {
		known[p.AdvertiserID] = true
	}
	for i := range m.Families {
		for j := range m.Families[i].Variants {
			v := &m.Families[i].Variants[j]
			if v.MerchantID != "" && !known[v.MerchantID] {
				known[v.MerchantID] = true
				out = append(out, domain.FeedProgram(network, v.MerchantID, merchantName(v)))
			}
		}
	}
	slices.SortFunc(out, func(a, b domain.Program) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return out
}

// summaries says how many families with a price each program sells.
func (s *surveyed) summaries() []domain.ProgramSummary {
	out := make([]domain.ProgramSummary, 0, len(s.programs))
	for _, p := range s.programs {
		n := 0
		for _, f := range s.priced {
			if sells(f, p.AdvertiserID) {
				n++
			}
		}
		out = append(out, domain.ProgramSummary{
			ProgramID: p.ID, Name: p.Name, Network: p.Network, Joined: p.Joined, Open: p.Open,
			CommissionBasisPoints: p.CommissionBasisPoints, Products: n,
		})
	}
	return out
}

func sells(f *domain.Family, advertiserID string) bool {
	return slices.ContainsFunc(f.Variants, func(v domain.Product) bool {
		return v.Price != nil && v.MerchantID != "" && v.MerchantID == advertiserID
	})
}

// commissionRate returns the program's commission on a price as a share of it.
func commissionRate(p *domain.Program, price *domain.Money) (float64, bool) {
	rate, known := 0.0, false
	if p.CommissionBasisPoints != nil {
		rate, known = float64(*p.CommissionBasisPoints)/10000, true
	}
	if f := p.CommissionFixed; f != nil && price != nil && price.Minor > 0 && f.Currency == price.Currency {
		rate, known = rate+float64(f.Minor)/float64(price.Minor), true
	}
	return rate, known
}

// rates returns, for the families that an open program with known commission
// sells, the best commission rate each. Only programs whose Joined equals joined
// count.
func (s *surveyed) rates(joined bool) []float64 {
	var out []float64
	for _, f := range s.priced {
		best, found := 0.0, false
		for i := range s.programs {
			p := &s.programs[i]
			if p.Joined != joined || !p.Open || !sells(f, p.AdvertiserID) {
				continue
			}
			if r, ok := commissionRate(p, f.PriceMin); ok {
				best, found = max(best, r), true
			}
		}
		if found {
			out = append(out, best)
		}
	}
	return out
}

// programKnowledge returns, over the families with a price, the mean of 1 if a
// joined and open program with known commission sells it, 0.5 if one with unknown
// commission does, else 0; with the two counts that it was computed from.
func (s *surveyed) programKnowledge() (value float64, known, unknown int) {
	for _, f := range s.priced {
		best := 0
		for i := range s.programs {
			p := &s.programs[i]
			if !p.Joined || !p.Open || !sells(f, p.AdvertiserID) {
				continue
			}
			if _, ok := commissionRate(p, f.PriceMin); ok {
				best = 2
				break
			}
			best = 1
		}
		switch best {
		case 2:
			known++
		case 1:
			unknown++
		}
	}
	if len(s.priced) == 0 {
		return 0, 0, 0
	}
	return (float64(known) + 0.5*float64(unknown)) / float64(len(s.priced)), known, unknown
}
