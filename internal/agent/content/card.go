package content

import (
	"slices"
	"strings"

	"empire/internal/domain"
	"empire/internal/intelligence/market"
)

// card presents a product: why it is here, what it has, what speaks against it.
func (w *pageWriter) card(pick market.Pick, g *group, slot string) {
	s, it := w.s, pick.Item
	name := s.name(it)
	c := &domain.ProductCard{Product: it.Family.Key, Name: name.text, Claims: w.claimIDs(name), Slug: name.slug, Slot: w.slot(slot)}
	p := w.para()
	place := w.cardPlace(p, it, g)
	w.role(p, c, pick, g, place)
	if have := s.features(it, 3, w.facetAttribute()); len(have) > 0 {
		p.say("card.features", values{"name": name, "features": s.joined(have)})
	}
	pros, cons := s.points(it)
	shown := s.featureStats(it, 3, w.facetAttribute())
	stale := func(pt point) bool { return pt.stat == w.facetAttribute() && pt.stat != "" }
	pros = slices.DeleteFunc(pros, func(pt point) bool {
		return stale(pt) || strings.HasPrefix(pt.key, "value.") || strings.HasPrefix(pt.key, "price.") ||
			strings.HasPrefix(pt.key, "flag.") && slices.ContainsFunc(shown, func(st *market.Stat) bool { return st.Name == pt.stat })
	})
	cons = slices.DeleteFunc(cons, stale)
	if len(pros) > 0 {
		w.point(p, "card", pros[w.turn(len(pros), 2)])
	}
	if len(cons) > 0 {
		w.point(p, "card", cons[w.turn(len(cons), 2)])
	}
	c.Text = p.list
	for _, st := range w.factStats(it, 4) {
		if v, ok := s.shown(it, st); ok {
			c.Facts = append(c.Facts, domain.Fact{Label: st.Term.Label(s.lang), Value: w.cell(v)})
		}
	}
	w.add(domain.Block{Type: domain.BlockProduct, Product: c})
}

// turn varies which of the strongest points a page takes.
func (w *pageWriter) turn(n, most int) int {
	return int(w.chance("turn"+string(rune('a'+len(w.slots)%26))) * float64(min(n, most)))
}

// cardPlace says where the product's price stands within the group of the page. It
// returns the end of the phrase key.
func (w *pageWriter) cardPlace(p *prosePart, it *market.Item, g *group) string {
	s := w.s
	vs := values{"name": s.name(it), "price": s.price(it), "gn": g.count(), "median": g.stat("median")}
	above, pct := g.shareWhere("count_gt", it.Price)
	below, pctBelow := g.shareWhere("count_lt", it.Price)
	rank, place := g.rank("rank_asc", it)
	vs["above"], vs["below"], vs["rank"] = above, below, rank
	if pct < 0.5 {
		delete(vs, "above")
	}
	if pctBelow < 0.5 {
		delete(vs, "below")
	}
	key := "middle"
	switch {
	case place == 1 && tiesFor(g, it) == 1:
		key = "first"
	case place == 1:
		vs["tied"], _ = g.where("count_le", it.Price)
		key = "tied"
	case place == len(g.items):
		key = "last"
	case place <= 12:
		key = "rank"
	case pct >= 52:
		key = "low"
	case pctBelow >= 52:
		key = "high"
	}
	p.say("card.place."+key, vs)
	return key
}

// tiesFor counts the products of a group at an item's price.
func tiesFor(g *group, it *market.Item) int {
	n := 0
	for _, o := range g.items {
		if o.Money == it.Money {
			n++
		}
	}
	return n
}

// facetAttribute is the attribute that all products of the page share.
func (w *pageWriter) facetAttribute() string {
	if w.plan.Facet != nil {
		return w.plan.Facet.Attribute
	}
	return ""
}

// features returns up to most features of an item by weight, without one attribute.
func (s *siteWriter) features(it *market.Item, most int, without string) []value {
	var out []value
	for _, st := range s.featureStats(it, most, without) {
		if v, ok := s.feature(it, st); ok {
			out = append(out, v)
		}
	}
	return out
}

// featureStats returns the attributes that features speaks of.
func (s *siteWriter) featureStats(it *market.Item, most int, without string) []*market.Stat {
	var out []*market.Stat
	for i := range s.view.Stats {
		st := &s.view.Stats[i]
		if st.Name == without || st.Term.Minor() || st.Term.Weight < 2.5 {
			continue
		}
		if _, ok := s.feature(it, st); ok {
			out = append(out, st)
		}
		if len(out) == most {
			break
		}
	}
	return out
}

// factStats returns the attributes that a card shows for an item.
func (w *pageWriter) factStats(it *market.Item, most int) []*market.Stat {
	var out []*market.Stat
	for i := range w.s.view.Stats {
		st := &w.s.view.Stats[i]
		if _, ok := st.Attribute(it); !ok || st.Term.Minor() || wordy(st) || st.Name == w.facetAttribute() && st.Kind != domain.AttributeNumber {
			continue
		}
		if out = append(out, st); len(out) == most {
			break
		}
	}
	return out
}

// point is one thing that speaks for or against a product, with its evidence.
type point struct {
	key    string // end of the phrase key: "price.low"
	stat   string // name of the attribute, if it is about one
	vs     values
	weight float64
}

// say adds the point in the words of a kind of page.
func (w *pageWriter) point(p *prosePart, kind string, pt point) bool {
	return p.say(kind+"."+pt.key, pt.vs) || p.say("point."+pt.key, pt.vs)
}
