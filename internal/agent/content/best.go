package content

import (
	"empire/internal/domain"
	"empire/internal/intelligence/market"
)

// best writes a page about the products that share a facet: what the selection is,
// how it is ranked, the ranked table, the leading products with reasons and
// drawbacks, what the facet costs, and who should look elsewhere.
func (w *pageWriter) best() {
	s := w.s
	f := w.plan.Facet
	g := s.facets[w.plan.Slug]
	share, _ := g.of(s.all)
	vs := s.prices(g).with(values{"phrase": s.facetValue(w.plan), "share": share, "label": s.facetLabel(w.plan)})
	kind := "best"
	if f.Attribute == market.FacetPrice {
		kind = "best.price"
	}
	w.head(kind, vs)
	p := w.para()
	w.why(p, f)
	p.say(kind+".lead", vs)
	if len(g.items) > 2 && g.items[0].Price < g.items[len(g.items)-1].Price {
		p.say("best.range", vs)
	}
	p.end()
	w.arrange(map[string]func(){
		"list": func() { w.ranking(f, g, vs) }, "cards": func() { w.bestCards(f, g, vs) }, "other": func() { w.elsewhere(vs) },
		"cost": func() {
			if f.Attribute != market.FacetPrice {
				w.facetCost(f, vs)
			} else {
				w.bandContrast(g, vs)
			}
		},
	})
	w.related(append(s.planned(domain.PageGuide), s.nearPages(w.plan)...))
}

// bestCards presents products of the selection in different roles.
func (w *pageWriter) bestCards(f *domain.Facet, g *group, vs values) {
	w.heading(2, "best.h.cards", vs)
	p := w.para()
	p.say("best.cards.lead", vs)
	p.end()
	for _, pick := range w.s.view.Picks(f, g.items, max(4, 5-w.trim)) {
		w.card(pick, g, "pick")
	}
}

// why says who the selection is for, from general knowledge about the attribute.
func (w *pageWriter) why(p *prosePart, f *domain.Facet) {
	if f.Attribute == market.FacetPrice {
		switch {
		case f.Low == nil:
			p.say("why.price.low", nil)
		case f.High == nil:
			p.say("why.price.high", nil)
		default:
			p.say("why.price.mid", nil)
		}
		return
	}
	term := w.s.view.Term(f.Attribute)
	slug := market.Slug(f.Text, 40)
	_ = p.say("why."+term.Name+"."+slug, nil) || p.say("why."+term.Name+"."+f.Op, nil) || p.say("why."+term.Name, nil) ||
		p.say("why.default", values{"attr": plain(term.Low(w.s.lang))})
}

// facetLabel is the short name of a facet with its evidence.
func (s *siteWriter) facetLabel(page domain.PlanPage) value {
	v := s.facetValue(page)
	v.text = page.Facet.Label
	return v
}

// listed returns the products of the plan that the market still has.
func (w *pageWriter) listed() []*market.Item {
	var out []*market.Item
	for _, key := range w.plan.Products {
		if it, ok := w.s.view.Item(key); ok {
			out = append(out, it)
		}
	}
	return out
}

// facetCost compares the median price with and without the facet.
func (w *pageWriter) facetCost(f *domain.Facet, vs values) {
	s := w.s
	g := s.facets[w.plan.Slug]
	var rest []*market.Item
	for _, it := range s.view.Items {
		if _, ok := it.Family.Attribute(f.Attribute); ok && !s.view.Has(it, f) {
			rest = append(rest, it)
		}
	}
	if st, ok := s.view.Stat(f.Attribute); ok && st.Silent() {
		_, others := st.With(s.view, "")
		rest = others
	}
	if len(rest) < 4 {
		return
	}
	o := s.newGroup(rest, "priced products that do not belong to: "+f.Label)
	a, b := g.stat("median"), o.stat("median")
	diff, size := s.gap(a.evidence[0], b.evidence[0], "difference of the medians")
	cv := vs.with(values{"othermedian": b, "gap": diff, "othern": o.count(), "attr": plain(s.view.Term(f.Attribute).Low(s.lang))})
	w.heading(2, "best.h.cost", cv)
	p := w.para()
	switch {
	case size < 0.03*s.all.median():
		p.say("best.cost.same", cv)
	case g.median() > o.median():
		p.say("best.cost.more", cv)
	default:
		p.say("best.cost.less", cv)
	}
	if len(g.items)+len(rest) < len(s.view.Items) {
		p.say("best.cost.silent", cv)
	}
	p.say("best.cost.caveat", cv)
	p.end()
}

// elsewhere says who should look elsewhere, and where.
func (w *pageWriter) elsewhere(vs values) {
	s := w.s
	w.heading(2, "best.h.other", vs)
	p := w.para()
	p.say("best.other", vs)
	p.end()
	var items []domain.Paragraph
	for _, page := range s.nearPages(w.plan) {
		if page.Kind != domain.PageBest || len(items) == 3 {
			continue
		}
		p := w.para()
		p.say("best.other.link", s.prices(s.facets[page.Slug]).with(values{"page": s.facetLink(page)}))
		items = append(items, p.item())
	}
	w.list(items)
}

// nearPages returns the other best-for pages, those with another attribute first,
// beginning after the page itself so that links spread over the site.
func (s *siteWriter) nearPages(plan domain.PlanPage) []domain.PlanPage {
	list := s.planned(domain.PageBest)
	at := 0
	for i, p := range list {
		if p.Slug == plan.Slug {
			at = i
		}
	}
	var out, same []domain.PlanPage
	for i := 1; i < len(list); i++ {
		p := list[(at+i)%len(list)]
		if plan.Facet != nil && p.Facet.Attribute == plan.Facet.Attribute {
			same = append(same, p)
			continue
		}
		out = append(out, p)
	}
	return append(out, same...)
}
