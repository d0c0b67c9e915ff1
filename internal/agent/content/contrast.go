package content

import (
	"cmp"
	"math"
	"slices"

	"empire/internal/domain"
	"empire/internal/intelligence/market"
)

// bandContrast says what a price band offers compared with the market.
func (w *pageWriter) bandContrast(g *group, vs values) {
	s := w.s
	var all []contrast
	for i := range s.view.Stats {
		if st := &s.view.Stats[i]; !st.Term.Minor() {
			if c, ok := s.contrastOf(st, g); ok {
				all = append(all, c)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b contrast) int { return cmp.Compare(math.Abs(b.diff), math.Abs(a.diff)) })
	if len(all) < 2 {
		return
	}
	w.heading(2, "best.h.band", vs)
	var items []domain.Paragraph
	for _, c := range all[:min(len(all), 4)] {
		key := "best.band.less"
		if c.diff > 0 {
			key = "best.band.more"
		}
		p := w.para()
		p.say(key, c.vs)
		items = append(items, p.item())
	}
	w.list(items)
}

// contrast is one value that is clearly more or less frequent in a group than in
// the market.
type contrast struct {
	vs   values
	diff float64 // percentage points
}

// contrastOf finds the value of an attribute whose share differs the most between
// a group and the market. ok is false if no share differs clearly.
func (s *siteWriter) contrastOf(st *market.Stat, g *group) (best contrast, ok bool) {
	in, pool := s.within(st, g), s.pool(st)
	if st.Kind == domain.AttributeFlag && st.Silent() {
		in = g
	}
	if len(in.items) < 5 || len(pool.items) == 0 {
		return contrast{}, false
	}
	at := -1
	for i, v := range st.Values[:min(len(st.Values), 8)] {
		here := len(s.sharedBy(v.Items, in).items)
		diff := 100 * (float64(here)/float64(len(in.items)) - float64(len(v.Items))/float64(len(pool.items)))
		if here > 0 && math.Abs(diff) > math.Max(7, math.Abs(best.diff)) {
			at, best.diff = i, diff
		}
	}
	if at < 0 {
		return contrast{}, false
	}
	v := st.Values[at]
	with, _ := s.apart(st, v.Key)
	a, _ := s.sharedBy(v.Items, in).of(in)
	b, _ := with.of(pool)
	feature := plain(st.Term.Feature(s.lang, ""))
	if st.Kind != domain.AttributeFlag {
		feature = s.valueFeature(st, v)
	}
	best.vs = s.about(st).with(values{"here": a, "all": b, "feature": feature})
	return best, true
}

// within returns the items of a group that state an attribute.
func (s *siteWriter) within(st *market.Stat, g *group) *group {
	return s.sharedBy(st.Stated, g)
}

// sharedBy returns the items of a group that are also in list.
func (s *siteWriter) sharedBy(list []*market.Item, g *group) *group {
	in := map[*market.Item]bool{}
	for _, it := range list {
		in[it] = true
	}
	var out []*market.Item
	for _, it := range g.items {
		if in[it] {
			out = append(out, it)
		}
	}
	return s.newGroup(out, "part of the "+g.note)
}
