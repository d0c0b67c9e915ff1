package content

import (
	"math"

	"empire/internal/domain"
	"empire/internal/intelligence/market"
)

// verdict says under which condition each product is the better choice.
func (w *pageWriter) verdict(a, b *market.Item, differ []*market.Stat, vs values) {
	w.heading(2, "comparison.h.verdict", vs)
	var items []domain.Paragraph
	for _, side := range [][2]*market.Item{{a, b}, {b, a}} {
		p := w.para()
		w.takeOne(p, side[0], side[1], differ, vs)
		items = append(items, p.item())
	}
	w.list(items)
	w.cta(a, "verdict-a")
	w.cta(b, "verdict-b")
}

// takeOne says why one should take a product rather than the other: for what it has, for
// the better of two weak numbers, or for its price.
func (w *pageWriter) takeOne(p *prosePart, it, other *market.Item, differ []*market.Stat, vs values) {
	s := w.s
	own, lost := s.ownFeatures(it, other, differ), s.ownFeatures(other, it, differ)
	dearer := it.Price > other.Price
	tv := vs.with(values{"x": s.name(it)})
	if len(own) > 0 {
		key := "comparison.take.cheap"
		switch {
		case it.Money == other.Money:
			key = "comparison.take.feature"
		case dearer:
			key = "comparison.take.dear"
		}
		p.say(key, tv.with(values{"features": s.joined(own)}))
		return
	}
	if lv, ok := s.lesser(it, other, differ); ok {
		p.say("comparison.take.lesser", tv.with(lv))
		return
	}
	switch _, weak := s.lesser(other, it, differ); {
	case dearer:
		p.say("comparison.take.nothing", tv)
	case len(lost) > 0:
		p.say("comparison.take.cheaper", tv.with(values{"features": s.joined(lost)}))
	case !weak:
		p.say("comparison.take.saving", tv)
	default:
		p.say("comparison.take.price", tv)
	}
}

// ownFeatures returns what an item has and the other has not: better numbers, flags
// and values of its own.
func (s *siteWriter) ownFeatures(it, other *market.Item, differ []*market.Stat) []value {
	var out []value
	for _, st := range differ {
		a, ok := st.Attribute(it)
		b, okB := st.Attribute(other)
		if !ok || len(out) == 3 || st.Term.Minor() {
			continue
		}
		if st.Kind == domain.AttributeNumber && (!strong(st, a.Number) || okB && !ahead(st.Term, a.Number, b.Number)) {
			continue // "for 1100 W" is no reason unless more, or less, of it serves a reader
		}
		if len(st.Term.Order) > 0 && !higher(st.Term, a.Text, b.Text) {
			continue // nobody chooses fixed cables for their own sake
		}
		if v, ok := s.feature(it, st); ok {
			out = append(out, v)
		}
	}
	return out
}

// lesser finds the better of two numbers that is no strength in the market: a warm-up of
// nine minutes is no reason to buy, but of two slow machines the quicker one.
func (s *siteWriter) lesser(it, other *market.Item, differ []*market.Stat) (vs values, ok bool) {
	for _, st := range differ {
		a, okA := st.Attribute(it)
		b, okB := st.Attribute(other)
		if !okA || !okB || st.Kind != domain.AttributeNumber || st.Term.Better == 0 || strong(st, a.Number) || !ahead(st.Term, a.Number, b.Number) {
			continue
		}
		more := st.Term.In(s.lang).More
		if st.Term.Better < 0 {
			more = st.Term.In(s.lang).Less
		}
		return s.about(st).with(values{
			"other": s.name(other), "value": s.attribute(it, a), "against": s.attribute(other, b), "median": s.measured(st, "median"), "more": plain(more),
		}), true
	}
	return nil, false
}

// strong reports whether a number is at least as good as the median of the market.
func strong(st *market.Stat, n float64) bool {
	return st.Term.Better != 0 && (n-median(st.Number, 0.5))*float64(st.Term.Better) >= 0
}

// higher reports whether a value stands above that of the other product, or in the upper
// half if that one states none.
func higher(t *market.Term, value, other string) bool {
	place, ok := t.Place(value)
	against, known := t.Place(other)
	switch {
	case !ok:
		return false
	case known:
		return place > against
	default:
		return 2*place >= len(t.Order)
	}
}

// ahead reports whether a number is a reason to prefer its product: clearly better.
func ahead(t *market.Term, a, b float64) bool {
	if math.Abs(a-b) < 0.04*math.Max(math.Abs(a), math.Abs(b)) {
		return false
	}
	return t.Better != 0 && (a > b) == (t.Better > 0)
}
