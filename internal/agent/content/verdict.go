package content

import (
	"math"

	"empire/internal/domain"
	"empire/internal/intelligence/market"
)

// verdict says under which condition each product is the better choice.
func (w *pageWriter) verdict(a, b *market.Item, differ []*market.Stat, vs values) {
	s := w.s
	w.heading(2, "comparison.h.verdict", vs)
	fa, fb := s.ownFeatures(a, b, differ), s.ownFeatures(b, a, differ)
	var items []domain.Paragraph
	p := w.para()
	switch {
	case a.Money == b.Money && len(fa) > 0:
		p.say("comparison.take.feature", vs.with(values{"x": vs["a"], "features": s.joined(fa)}))
	case len(fa) > 0:
		p.say("comparison.take.cheap", vs.with(values{"x": vs["a"], "features": s.joined(fa)}))
	default:
		p.say("comparison.take.saving", vs)
	}
	items = append(items, p.item())
	p = w.para()
	if len(fb) > 0 {
		key := "comparison.take.dear"
		if a.Money == b.Money {
			key = "comparison.take.feature"
		}
		p.say(key, vs.with(values{"x": vs["b"], "features": s.joined(fb)}))
	} else {
		p.say("comparison.take.nothing", vs)
	}
	items = append(items, p.item())
	w.list(items)
	w.cta(a, "verdict-a")
	w.cta(b, "verdict-b")
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
		if st.Kind == domain.AttributeNumber && (st.Term.Better == 0 || okB && !ahead(st.Term, a.Number, b.Number)) {
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
