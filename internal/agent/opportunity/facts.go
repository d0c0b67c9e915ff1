package opportunity

import (
	"math"
	"slices"
	"strings"

	"empire/internal/domain"
	"empire/internal/intelligence/evidence"
)

// Facts are the inputs of the opportunity model, counted in a market. A nil pointer
// means that the data do not say.
type Facts struct {
	Products     int      // with a price
	Searches     *float64 // a month, over the keywords of the niche
	Keywords     int      // that name the niche
	Growth       *Growth
	Brands       int
	BrandHHI     *float64 // Herfindahl–Hirschman index over the products that state a brand
	Rate         *float64 // mean best commission, as a share of the price
	RateProducts int
	Price        *float64 // median, in major units
	Currency     string
	Completeness *float64 // see domain.Research
	Attributes   int
	InStock      *float64 // share
	AgeDays      *float64 // median over the rows
	Programs     int      // with a known commission
	Series       int      // values of the demand series
}

// Growth is what the demand series of a niche says.
type Growth struct {
	PerYear     float64 // change in a year as a share of the mean level; 0 unless Significant
	Significant bool
	P           float64
	Values      int
	SeriesID    string
}

// evidenceCount is how many single observations the facts rest on.
func (f *Facts) evidenceCount() int { return f.Products + f.Keywords + f.Programs + f.Series }

// item is a family as the model counts it.
type item struct {
	price      float64 // major units
	inCurrency bool
	brand      int // -1: none
	attributes []int
	stock      int8 // -1 not said, 0 no, 1 yes
	rate       float64
	rated      int8      // 0 unknown, 1 of a program that is not joined, 2 of a joined one
	ages       []float64 // days, of its rows
}

// Pool is a niche as a set of items that can be drawn from again.
type Pool struct {
	Niche, From string
	items       []item
	attributes  int
	brands      int
	rest        Facts // what does not depend on the items
	refs        refs
	research    *domain.Research
}

// Size is how many products with a price the niche has.
func (p *Pool) Size() int { return len(p.items) }

// newPool reads the families of a surveyed market into items.
func newPool(s *surveyed, in ScanInput) *Pool {
	p := &Pool{Niche: s.market.Niche, research: &s.research, refs: s.refs(in)}
	attribute, brand := map[string]int{}, map[string]int{}
	for _, f := range s.priced {
		it := item{brand: -1, stock: -1}
		if f.PriceMin != nil { // none in a priceless market
			it.price, it.inCurrency = f.PriceMin.Major(), f.PriceMin.Currency == s.research.Currency
		}
		if key := strings.ToLower(strings.TrimSpace(f.Brand)); key != "" {
			it.brand = index(brand, key)
		}
		for _, a := range f.Attributes {
			if k := index(attribute, a.Name); !slices.Contains(it.attributes, k) {
				it.attributes = append(it.attributes, k)
			}
		}
		for i := range f.Variants {
			v := &f.Variants[i]
			if v.InStock != nil {
				it.stock = max(it.stock, 0)
				if *v.InStock {
					it.stock = 1
				}
			}
			if !v.ReadAt.IsZero() {
				it.ages = append(it.ages, math.Max(0, in.Now.Sub(v.ReadAt).Hours()/24))
			}
		}
		it.rate, it.rated = s.bestRate(f)
		p.items = append(p.items, it)
	}
	p.attributes, p.brands = len(attribute), len(brand)
	p.rest = Facts{Keywords: len(s.research.Keywords), Currency: s.research.Currency, Growth: in.Growth}
	if in.Growth != nil {
		p.rest.Series = in.Growth.Values
	}
	if d := s.research.MonthlyDemand; d != nil {
		n := float64(*d)
		p.rest.Searches = &n
	}
	for i := range s.programs {
		if c := &s.programs[i]; c.CommissionBasisPoints != nil || c.CommissionFixed != nil {
			p.rest.Programs++
		}
	}
	return p
}

func index(known map[string]int, name string) int {
	k, ok := known[name]
	if !ok {
		k = len(known)
		known[name] = k
	}
	return k
}

// bestRate is the best known commission rate of open programs that sell a family.
func (s *surveyed) bestRate(f *domain.Family) (rate float64, rated int8) {
	for i := range s.programs {
		p := &s.programs[i]
		if !p.Open || !sells(f, p.AdvertiserID) {
			continue
		}
		r, ok := commissionRate(p, f.PriceMin)
		if !ok {
			continue
		}
		state := int8(1)
		if p.Joined {
			state = 2
		}
		if state > rated || state == rated && r > rate {
			rate, rated = r, state
		}
	}
	return rate, rated
}

// facts counts items; nil draws means every item once, else they are drawn by index.
func (p *Pool) facts(draws []int) Facts {
	f := p.rest
	c := counter{brands: make([]int, p.brands), attributes: make([]int, p.attributes)}
	if draws == nil {
		for i := range p.items {
			c.add(&p.items[i])
		}
	} else {
		for _, i := range draws {
			c.add(&p.items[i])
		}
	}
	c.into(&f)
	return f
}

// counter counts what a set of items holds.
type counter struct {
	n, known, stated, stocked int
	brands, attributes        []int
	prices, ages              []float64
	rates                     [3]float64
	rated                     [3]int
}

func (c *counter) add(it *item) {
	c.n++
	if it.inCurrency {
		c.prices = append(c.prices, it.price)
	}
	if it.brand >= 0 {
		c.known++
		c.brands[it.brand]++
	}
	for _, a := range it.attributes {
		c.attributes[a]++
	}
	if it.stock >= 0 {
		c.stated++
		c.stocked += int(it.stock)
	}
	c.ages = append(c.ages, it.ages...)
	c.rates[it.rated] += it.rate
	c.rated[it.rated]++
}

func (c *counter) into(f *Facts) {
	f.Products = c.n
	if len(c.prices) > 0 {
		f.Price = ptr(evidence.Quantile(c.prices, 0.5))
	}
	if c.known > 0 {
		hhi := 0.0
		for _, n := range c.brands {
			share := float64(n) / float64(c.known)
			hhi += share * share
			if n > 0 {
				f.Brands++
			}
		}
		f.BrandHHI = &hhi
	}
	sum, common := 0.0, 0
	for _, n := range c.attributes {
		if n > 0 {
			f.Attributes++
		}
		if share := float64(n) / float64(max(1, c.n)); share >= 0.5 {
			sum, common = sum+share, common+1
		}
	}
	if f.Attributes > 0 {
		f.Completeness = ptr(sum / float64(max(1, common)))
	}
	if c.stated > 0 {
		f.InStock = ptr(float64(c.stocked) / float64(c.stated))
	}
	if len(c.ages) > 0 {
		f.AgeDays = ptr(evidence.Quantile(c.ages, 0.5))
	}
	for _, state := range []int{2, 1} {
		if n := c.rated[state]; n > 0 {
			f.Rate, f.RateProducts = ptr(c.rates[state]/float64(n)), n
			break
		}
	}
}

func ptr[T any](v T) *T { return &v }

// refs name the data behind the facts.
type refs struct{ feeds, keywords, programs, series []domain.EvidenceRef }

func (s *surveyed) refs(in ScanInput) refs {
	var r refs
	rows := map[domain.FeedID]*domain.EvidenceRef{}
	var order []domain.FeedID
	for _, f := range s.priced {
		for i := range f.Variants {
			v := &f.Variants[i]
			e := rows[v.FeedID]
			if e == nil {
				e = &domain.EvidenceRef{Kind: "feed", ID: string(v.FeedID)}
				rows[v.FeedID] = e
				order = append(order, v.FeedID)
			}
			e.Count++
			if len(e.Rows) < 5 {
				e.Rows = append(e.Rows, v.Key)
			}
			if at := v.ReadAt.UTC(); !at.IsZero() && (e.At == nil || at.After(*e.At)) {
				e.At = &at
			}
		}
	}
	slices.Sort(order)
	for _, id := range order {
		e := *rows[id]
		if i := slices.IndexFunc(s.market.Feeds, func(f domain.Feed) bool { return f.ID == id }); i >= 0 {
			e.Title = s.market.Feeds[i].Name
		}
		r.feeds = append(r.feeds, e)
	}
	r.keywords = keywordRefs(s.research.Keywords)
	for i := range s.programs {
		if p := &s.programs[i]; p.CommissionBasisPoints != nil || p.CommissionFixed != nil {
			e := domain.EvidenceRef{Kind: "programs", ID: string(p.ID), Count: 1, Title: p.Name}
			if at := p.UpdatedAt.UTC(); !at.IsZero() {
				e.At = &at
			}
			r.programs = append(r.programs, e)
		}
	}
	if g := in.Growth; g != nil {
		r.series = []domain.EvidenceRef{{Kind: "series", ID: g.SeriesID, Count: g.Values}}
	}
	return r
}

func keywordRefs(list []domain.Keyword) []domain.EvidenceRef {
	counts := map[string]int{}
	for _, k := range list {
		counts[k.Source]++
	}
	var out []domain.EvidenceRef
	for _, t := range tally(counts, max(1, len(list))) {
		out = append(out, domain.EvidenceRef{Kind: "keywords", ID: t.Name, Count: t.Count})
	}
	return out
}
