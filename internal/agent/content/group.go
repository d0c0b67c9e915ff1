package content

import (
	"empire/internal/domain"
	"empire/internal/intelligence/evidence"
	"empire/internal/intelligence/market"
)

// group is a set of products with the evidence for statements about all of them.
type group struct {
	s      *siteWriter
	items  []*market.Item
	note   string
	prices domain.EvidenceID // set of prices, made when first needed
	size   domain.EvidenceID
}

func (s *siteWriter) newGroup(items []*market.Item, note string) *group {
	return &group{s: s, items: items, note: note}
}

func (g *group) priceSet() domain.EvidenceID {
	if g.prices == "" {
		rows := make([]string, len(g.items))
		for i, it := range g.items {
			rows[i] = it.Row().Key
		}
		g.prices = g.s.ledger.Set("search_price", rows, g.s.view.Prices(g.items), "prices of the "+g.note)
	}
	return g.prices
}

// members is the set that is counted: the prices, or without prices the rows of each
// product.
func (g *group) members() domain.EvidenceID {
	if !g.s.in.Market.Priceless {
		return g.priceSet()
	}
	rows, values := make([]string, len(g.items)), make([]float64, len(g.items))
	for i, it := range g.items {
		rows[i], values[i] = it.Row().Key, float64(len(it.Family.Variants))
	}
	return g.s.ledger.Set("variants", rows, values, "rows of the "+g.note)
}

func (g *group) countID() domain.EvidenceID {
	if g.size == "" {
		g.size, _, _ = g.s.ledger.Compute("count", "number of "+g.note, []domain.EvidenceID{g.members()})
	}
	return g.size
}

// count is how many products the group has.
func (g *group) count() value {
	return value{text: market.Count(g.s.lang, len(g.items)), evidence: []domain.EvidenceID{g.countID()}}
}

// stat computes a figure over the prices of the group: min, max, median, or a
// quantile.
func (g *group) stat(formula string, args ...float64) value {
	if len(g.items) == 0 {
		return value{}
	}
	id, result, ok := g.s.ledger.Compute(formula, formula+" price of the "+g.note, []domain.EvidenceID{g.priceSet()}, args...)
	if !ok {
		return value{}
	}
	return value{text: market.Price(g.s.lang, g.s.view.Currency, result), evidence: []domain.EvidenceID{id}}
}

func (g *group) median() float64 {
	if len(g.items) == 0 {
		return 0
	}
	return evidence.Quantile(g.s.view.Prices(g.items), 0.5)
}

// where counts the prices of the group by a formula such as count_lt.
func (g *group) where(formula string, args ...float64) (value, int) {
	id, result, ok := g.s.ledger.Compute(formula, "products among the "+g.note, []domain.EvidenceID{g.priceSet()}, args...)
	if !ok {
		return value{}, 0
	}
	return value{text: market.Count(g.s.lang, int(result)), evidence: []domain.EvidenceID{id}}, int(result)
}

// shareWhere is the share of the group that a count formula finds, in percent.
func (g *group) shareWhere(formula string, args ...float64) (value, float64) {
	part, _, ok := g.s.ledger.Compute(formula, "products among the "+g.note, []domain.EvidenceID{g.priceSet()}, args...)
	if !ok {
		return value{}, 0
	}
	return g.s.percent(part, g.countID(), "share of the "+g.note)
}

// of is the share that this group has of another, in percent.
func (g *group) of(whole *group) (value, float64) {
	if len(whole.items) == 0 {
		return value{}, 0
	}
	return g.s.percent(g.countID(), whole.countID(), "share of "+g.note+" among "+whole.note)
}

func (s *siteWriter) percent(part, whole domain.EvidenceID, note string) (value, float64) {
	id, result, ok := s.ledger.Compute("percent", note, []domain.EvidenceID{part, whole})
	if !ok {
		return value{}, 0
	}
	return value{text: market.Percent(s.lang, result), evidence: []domain.EvidenceID{id}}, result
}

// rank is the place of an item's price in the group, 1 for the lowest price.
func (g *group) rank(formula string, it *market.Item) (value, int) {
	id, result, ok := g.s.ledger.Compute(formula, "place by price among the "+g.note, []domain.EvidenceID{g.priceSet(), g.s.own(it)})
	if !ok {
		return value{}, 0
	}
	return value{text: ordinal(g.s.lang, int(result)), evidence: []domain.EvidenceID{id}}, int(result)
}

// own is the price of one item as a set of one, an input of computations.
func (s *siteWriter) own(it *market.Item) domain.EvidenceID {
	return s.ledger.Set("search_price", []string{it.Row().Key}, []float64{it.Price}, "price of "+it.Family.Name)
}

// gap is the absolute difference between two computed or single values, as money.
func (s *siteWriter) gap(a, b domain.EvidenceID, note string) (value, float64) {
	id, _, ok := s.ledger.Compute("difference", note, []domain.EvidenceID{a, b})
	if !ok {
		return value{}, 0
	}
	id, result, ok := s.ledger.Compute("absolute", note, []domain.EvidenceID{id})
	if !ok {
		return value{}, 0
	}
	return value{text: market.Price(s.lang, s.view.Currency, result), evidence: []domain.EvidenceID{id}}, result
}

// apart returns the groups of items that have a value of an attribute, and of
// those that state something else.
func (s *siteWriter) apart(st *market.Stat, key string) (with, without *group) {
	id := st.Name + "=" + key
	if g, ok := s.attrs[id]; ok {
		return g[0], g[1]
	}
	a, b := st.With(s.view, key)
	what := st.Term.Low("en")
	if key != "" {
		what += " " + key
	}
	pair := [2]*group{s.newGroup(a, "priced products with "+what), s.newGroup(b, "priced products without "+what)}
	s.attrs[id] = pair
	return pair[0], pair[1]
}

// stated returns the items that state an attribute.
func (s *siteWriter) stated(st *market.Stat) *group {
	id := st.Name + "\x00"
	if g, ok := s.attrs[id]; ok {
		return g[0]
	}
	g := s.newGroup(st.Stated, "priced products that state "+st.Term.Low("en"))
	s.attrs[id] = [2]*group{g, nil}
	return g
}

// numbers is the set of an attribute's values over the market.
func (s *siteWriter) numbers(st *market.Stat) domain.EvidenceID {
	if id, ok := s.numberSets[st.Name]; ok {
		return id
	}
	rows := make([]string, len(st.Stated))
	for i, it := range st.Stated {
		rows[i] = it.Row().Key
	}
	id := s.ledger.Set(st.Name, rows, st.Number, st.Term.Low("en")+" of the priced products that state it")
	s.numberSets[st.Name] = id
	return id
}

// figure computes a figure over an attribute's values, shown with its unit.
func (s *siteWriter) figure(st *market.Stat, formula string, args ...float64) (value, float64) {
	id, result, ok := s.ledger.Compute(formula, formula+" "+st.Term.Low("en"), []domain.EvidenceID{s.numbers(st)}, args...)
	if !ok {
		return value{}, 0
	}
	return s.quantity(result, st.Unit, id), result
}

// bandGroup is the group of a price band.
func (s *siteWriter) bandGroup(b market.Band) *group {
	id := "band " + b.Label("en", s.view.Currency)
	if g, ok := s.attrs[id]; ok {
		return g[0]
	}
	g := s.newGroup(s.view.InBand(b), "products priced "+b.Label("en", s.view.Currency))
	s.attrs[id] = [2]*group{g, nil}
	return g
}
