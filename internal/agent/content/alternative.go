package content

import (
	"math"
	"strings"

	"empire/internal/domain"
	"empire/internal/intelligence/evidence"
	"empire/internal/intelligence/market"
)

func lower(s string) string { return strings.ToLower(s) }

func median(list []float64, q float64) float64 {
	if len(list) == 0 {
		return 0
	}
	return evidence.Quantile(list, q)
}

// alternatives names a cheaper and a dearer product and what changes.
func (w *pageWriter) alternatives(it *market.Item, vs values) {
	s := w.s
	used := map[*market.Item]bool{it: true}
	var items []domain.Paragraph
	if alt := s.cheaper(it, used); alt != nil {
		used[alt] = true
		p := w.para()
		w.alternative(p, "alt.cheaper", it, alt)
		items = append(items, p.item())
	}
	if alt := s.dearer(it, used); alt != nil {
		used[alt] = true
		p := w.para()
		w.alternative(p, "alt.dearer", it, alt)
		items = append(items, p.item())
	}
	if alt := s.similar(it, used); alt != nil && w.trim < 1 {
		p := w.para()
		w.alternative(p, "alt.similar", it, alt)
		items = append(items, p.item())
	}
	if len(items) == 0 {
		return
	}
	w.heading(2, "product.h.alternatives", vs)
	w.list(items)
}

// alternative says what another product costs and what is different about it.
func (w *pageWriter) alternative(p *prosePart, key string, it, alt *market.Item) {
	s := w.s
	diff, size := s.gap(s.own(it), s.own(alt), "price difference")
	vs := values{"name": s.name(it), "alt": s.name(alt), "altprice": s.price(alt), "gap": diff}
	if size == 0 {
		key = "alt.equal"
	}
	p.say(key, vs)
	gained, lost, changed := s.changes(it, alt)
	for _, c := range changed {
		key := "alt.changed"
		if strings.Contains(c["new"].text+c["old"].text, ", ") {
			key = "alt.changed.list" // a list takes no verb in the singular
		}
		p.say(key, vs.with(c))
	}
	if len(gained) > 0 {
		p.say("alt.gained", vs.with(values{"features": s.joined(gained)}))
	}
	if len(lost) > 0 {
		p.say("alt.lost", vs.with(values{"features": s.joined(lost)}))
	}
	if len(changed)+len(gained)+len(lost) == 0 {
		p.say("alt.alike", vs)
	}
}

// changes says what the alternative adds, what it lacks, and what it has otherwise.
func (s *siteWriter) changes(it, alt *market.Item) (gained, lost []value, changed []values) {
	for i := range s.view.Stats {
		st := &s.view.Stats[i]
		a, okA := st.Attribute(it)
		b, okB := st.Attribute(alt)
		if st.Term.Minor() || st.Term.Weight < 2.5 || !okA && !okB {
			continue
		}
		hasA, hasB := okA && (a.Kind != domain.AttributeFlag || a.Flag), okB && (b.Kind != domain.AttributeFlag || b.Flag)
		switch {
		case hasA && hasB && a.Kind != domain.AttributeFlag:
			x, y := s.inText(st, a, s.attribute(it, a)), s.inText(st, b, s.attribute(alt, b))
			if !strings.EqualFold(x.text, y.text) && len(changed) < 2 && len(x.text) <= 32 && len(y.text) <= 32 {
				changed = append(changed, s.about(st).with(values{"old": x, "new": y}))
			}
		case hasB && !hasA && len(gained) < 2 && (st.Kind == domain.AttributeFlag || okA):
			if f, ok := s.feature(alt, st); ok {
				gained = append(gained, f)
			}
		case hasA && !hasB && len(lost) < 2 && (st.Kind == domain.AttributeFlag || okB):
			if f, ok := s.feature(it, st); ok {
				lost = append(lost, f)
			}
		}
	}
	return gained, lost, changed
}

// cheaper, dearer and similar find the alternatives: products with a page first,
// as like the product as possible.
func (s *siteWriter) cheaper(it *market.Item, used map[*market.Item]bool) *market.Item {
	return s.nearest(it, used, func(price float64) bool { return price < it.Price*0.93 && price > it.Price*0.4 })
}

func (s *siteWriter) dearer(it *market.Item, used map[*market.Item]bool) *market.Item {
	return s.nearest(it, used, func(price float64) bool { return price > it.Price*1.08 && price < it.Price*2.2 })
}

func (s *siteWriter) similar(it *market.Item, used map[*market.Item]bool) *market.Item {
	return s.nearest(it, used, func(price float64) bool { return math.Abs(price-it.Price) <= it.Price*0.08 })
}

func (s *siteWriter) nearest(it *market.Item, used map[*market.Item]bool, fits func(float64) bool) *market.Item {
	var best *market.Item
	top := 0.0
	for _, o := range s.view.Items {
		if used[o] || !fits(o.Price) || strings.EqualFold(o.Name(), it.Name()) {
			continue
		}
		score := s.likeness(it, o)
		if _, ok := s.pageOf[o.Family.Key]; ok {
			score += 6
		}
		if best == nil || score > top {
			best, top = o, score
		}
	}
	return best
}

// likeness is the weight of the attributes that two products share, less for a
// difference in price.
func (s *siteWriter) likeness(a, b *market.Item) float64 {
	score := 0.0
	for i := range s.view.Stats {
		st := &s.view.Stats[i]
		x, okX := st.Attribute(a)
		y, okY := st.Attribute(b)
		if okX && okY {
			score += 0.3
			if market.Equal(x, y) {
				score += st.Weight / 4
			}
		}
	}
	if a.Price > 0 {
		score -= 4 * math.Abs(a.Price-b.Price) / a.Price
	}
	return score
}
