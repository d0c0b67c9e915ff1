package opportunity

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"empire/internal/domain"
	"empire/internal/intelligence/evidence"
)

// topBrands is how many brands the research names.
const topBrands = 5

// surveyed is a market with what was counted in it.
type surveyed struct {
	market   *domain.Market
	priced   []*domain.Family // families with a price; all of a priceless market
	programs []domain.Program // those of the market and one for each merchant that only a feed names
	research domain.Research
	// multi counts the families that more than one merchant sells.
	multi int
}

func survey(m *domain.Market, language string) *surveyed {
	s := &surveyed{market: m}
	for i := range m.Families {
		if m.Families[i].PriceMin != nil || m.Priceless {
			s.priced = append(s.priced, &m.Families[i])
		}
	}
	r := &s.research
	r.Products, r.Rows, r.Match = len(s.priced), m.RowCount, m.Match
	r.Unpriced = m.Unpriced + len(m.Families) - len(s.priced)
	s.prices()
	s.brands()
	s.merchants()
	s.stock()
	s.coverage()
	s.demand(language)
	s.programs = withFeedPrograms(m)
	return s
}

// prices describes the lowest price of each family in the most common currency.
func (s *surveyed) prices() {
	counts := map[string]int{}
	for _, f := range s.priced {
		if f.PriceMin != nil {
			counts[f.PriceMin.Currency]++
		}
	}
	top := tally(counts, len(s.priced))
	if len(top) == 0 {
		return
	}
	s.research.Currency = top[0].Name
	var minor []float64
	for _, f := range s.priced {
		if f.PriceMin != nil && f.PriceMin.Currency == top[0].Name {
			minor = append(minor, float64(f.PriceMin.Minor))
		}
	}
	s.research.Price = &domain.Distribution{
		Count: len(minor), Min: slices.Min(minor), Max: slices.Max(minor),
		P25: evidence.Quantile(minor, 0.25), Median: evidence.Quantile(minor, 0.5), P75: evidence.Quantile(minor, 0.75),
	}
}

// brands counts families by brand. The index is over families that state one.
func (s *surveyed) brands() {
	counts, spelling := map[string]int{}, map[string]string{}
	known := 0
	for _, f := range s.priced {
		key := strings.ToLower(strings.TrimSpace(f.Brand))
		if key == "" {
			continue
		}
		known++
		counts[key]++
		if have, ok := spelling[key]; !ok || f.Brand < have {
			spelling[key] = f.Brand
		}
	}
	if known == 0 {
		return
	}
	hhi := 0.0
	shares := tally(counts, known)
	for i := range shares {
		hhi += shares[i].Share * shares[i].Share
		shares[i].Name = spelling[shares[i].Name]
	}
	s.research.Brands, s.research.Concentration = len(counts), &hhi
	s.research.TopBrands = shares[:min(topBrands, len(shares))]
}

// merchants counts the families that each merchant sells with a price.
func (s *surveyed) merchants() {
	counts := map[string]int{}
	for _, f := range s.priced {
		seen := map[string]bool{}
		for i := range f.Variants {
			if name := merchantName(&f.Variants[i]); name != "" && (f.Variants[i].Price != nil || s.market.Priceless) && !seen[name] {
				seen[name] = true
				counts[name]++
			}
		}
		if len(seen) > 1 {
			s.multi++
		}
	}
	s.research.Merchants = tally(counts, len(s.priced))
}

func merchantName(p *domain.Product) string { return cmp.Or(p.MerchantName, p.MerchantID) }

// stock is the share of families with a row in stock among those whose stock is
// stated at all.
func (s *surveyed) stock() {
	stated, in := 0, 0
	for _, f := range s.priced {
		known, available := false, false
		for i := range f.Variants {
			if b := f.Variants[i].InStock; b != nil {
				known = true
				available = available || *b
			}
		}
		if known {
			stated++
		}
		if available {
			in++
		}
	}
	if stated > 0 {
		share := float64(in) / float64(stated)
		s.research.InStock = &share
	}
}

// coverage lists the attributes with the share of families that have them. Data
// completeness is the mean share of those that at least half of the families have.
func (s *surveyed) coverage() {
	type column struct {
		domain.Coverage
		count  int
		values map[string]bool
	}
	columns := map[string]*column{}
	for _, f := range s.priced {
		seen := map[string]bool{}
		for _, a := range f.Attributes {
			c := columns[a.Name]
			if c == nil {
				c = &column{Coverage: domain.Coverage{Attribute: a.Name, Kind: a.Kind, Unit: a.Unit}, values: map[string]bool{}}
				columns[a.Name] = c
			}
			if !seen[a.Name] {
				seen[a.Name] = true
				c.count++
			}
			c.values[attributeText(a)] = true
		}
	}
	list := make([]domain.Coverage, 0, len(columns))
	for _, c := range columns {
		c.Share, c.Distinct = float64(c.count)/float64(len(s.priced)), len(c.values)
		list = append(list, c.Coverage)
	}
	slices.SortFunc(list, func(a, b domain.Coverage) int {
		return cmp.Or(cmp.Compare(b.Share, a.Share), cmp.Compare(a.Attribute, b.Attribute))
	})
	s.research.Attributes = list
	sum, n := 0.0, 0
	for _, c := range list {
		if c.Share >= 0.5 {
			sum, n = sum+c.Share, n+1
		}
	}
	if n > 0 {
		s.research.Completeness = sum / float64(n)
	}
}

func attributeText(a domain.Attribute) string {
	return fmt.Sprint(a.Number, a.Numbers, a.Unit, strings.ToLower(a.Text), a.Flag, a.List)
}

// demand keeps the keywords that name the market's head noun, each phrase once
// with its greatest stated demand, the most searched first.
func (s *surveyed) demand(language string) {
	roots := headRoots(s.market)
	best := map[string]domain.Keyword{}
	for _, k := range s.market.Keywords {
		phrase := strings.Join(strings.Fields(strings.ToLower(k.Phrase)), " ")
		if phrase == "" || k.Language != "" && language != "" && k.Language != language || !mentions(phrase, roots) {
			continue
		}
		if have, ok := best[phrase]; !ok || searches(k) > searches(have) {
			best[phrase] = k
		}
	}
	sum, known := 0, false
	for _, k := range best {
		s.research.Keywords = append(s.research.Keywords, k)
		if k.MonthlySearches != nil {
			sum, known = sum+max(0, *k.MonthlySearches), true
		}
	}
	slices.SortFunc(s.research.Keywords, func(a, b domain.Keyword) int {
		return cmp.Or(cmp.Compare(searches(b), searches(a)), cmp.Compare(a.Phrase, b.Phrase))
	})
	if known {
		s.research.MonthlyDemand = &sum
	}
}

// searches returns the stated demand, -1 if it is unknown.
func searches(k domain.Keyword) int {
	if k.MonthlySearches == nil {
		return -1
	}
	return max(0, *k.MonthlySearches)
}

// headRoots returns the beginnings of words by which a keyword names the market:
// the head noun and the last words of its forms, without a plural ending.
func headRoots(m *domain.Market) []string {
	var roots []string
	for _, form := range []string{m.Match.Head, m.Noun.Singular, m.Noun.Plural} {
		words := strings.Fields(strings.ToLower(form))
		if len(words) == 0 {
			continue
		}
		root := words[len(words)-1]
		for _, ending := range []string{"ies", "es", "en", "s", "n", "y", "e"} {
			if r := strings.TrimSuffix(root, ending); r != root && len(r) >= 4 {
				root = r
				break
			}
		}
		roots = append(roots, root)
	}
	return roots
}

// mentions reports whether the phrase holds one of the roots; without roots every
// phrase counts.
func mentions(phrase string, roots []string) bool {
	return len(roots) == 0 || slices.ContainsFunc(roots, func(r string) bool { return strings.Contains(phrase, r) })
}

// tally turns counts into shares of n, the greatest first, ties by name.
func tally(counts map[string]int, n int) []domain.Share {
	out := make([]domain.Share, 0, len(counts))
	for name, c := range counts {
		out = append(out, domain.Share{Name: name, Count: c, Share: float64(c) / float64(n)})
	}
	slices.SortFunc(out, func(a, b domain.Share) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Name, b.Name))
	})
	return out
}
