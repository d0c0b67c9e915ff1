package content

import (
	"empire/internal/domain"
	"empire/internal/intelligence/market"
)

// guide explains the attributes that decide: what each one means, how it is
// distributed here, and what it does to the price.
func (w *pageWriter) guide() {
	s := w.s
	stats := s.guideStats()
	vs := s.prices(s.all)
	var names []value
	for _, st := range stats[:min(3, len(stats))] {
		names = append(names, plain(st.Term.Low(s.lang)))
	}
	if len(names) > 0 {
		vs["decisive"] = s.joined(names)
	}
	w.head("guide", vs)
	p := w.para()
	p.say("guide.lead", vs)
	p.say("guide.order", vs)
	p.say("guide.basis", vs)
	p.end()
	w.arrange(map[string]func(){
		"properties": func() {
			for _, st := range stats {
				w.attributeSection(st)
			}
		},
		"price": func() { w.guidePrice(vs) }, "silent": w.guideSilent, "steps": func() { w.steps(stats) },
	})
	w.related(append(s.planned(domain.PageBest), s.planned(domain.PageFAQ)...))
}

// guideSilent says what a missing entry means and shows how many there are.
func (w *pageWriter) guideSilent() {
	w.heading(2, "guide.h.silent", nil)
	p := w.para()
	p.say("guide.silent.lead", nil)
	p.say("guide.silent.rule", nil)
	p.end()
	w.coverage()
}

// guideStats are the attributes that the guide explains.
func (s *siteWriter) guideStats() []*market.Stat {
	var out []*market.Stat
	for i := range s.view.Stats {
		st := &s.view.Stats[i]
		if st.Term.Minor() || st.Weight < 1 {
			continue
		}
		if out = append(out, st); len(out) == 7 {
			break
		}
	}
	return out
}

func (w *pageWriter) attributeSection(st *market.Stat) {
	s := w.s
	av := s.about(st)
	w.headingText(2, st.Term.Label(s.lang), nil)
	p := w.para()
	if !p.say("explain."+st.Term.Name, av) {
		p.say("explain.default", av)
	}
	w.aside(p, "explain2."+st.Term.Name, av)
	p.end()
	p = w.para()
	switch st.Kind {
	case domain.AttributeNumber:
		w.numberSpread(p, st, av)
	case domain.AttributeFlag:
		w.flagSpread(p, st, av)
	default:
		w.valueSpread(p, st, av)
	}
	w.priceEffect(p, st, av)
	w.aside(p, "skip."+st.Term.Name, av)
	p.end()
	switch {
	case st.Kind == domain.AttributeFlag || len(st.Values) < 3:
	case st.Kind == domain.AttributeNumber && len(st.Values[0].Items)*8 < len(st.Stated):
		w.rangeTable(st, av)
	default:
		w.valueTable(st, av)
	}
	w.guideLink(st)
}

// numberSpread says where the middle and the ends of a numeric attribute are.
func (w *pageWriter) numberSpread(p *prosePart, st *market.Stat, av values) {
	s := w.s
	nv := av.with(nil)
	nv["stated"], _ = s.stated(st).of(s.all)
	nv["statedn"] = s.stated(st).count()
	nv["median"], _ = s.figure(st, "median")
	nv["min"], _ = s.figure(st, "min")
	nv["max"], _ = s.figure(st, "max")
	top := st.Values[0]
	with, _ := s.apart(st, top.Key)
	nv["common"] = s.valueName(st, top)
	nv["commonshare"], _ = with.of(s.stated(st))
	p.say("guide.number", nv)
	if len(top.Items)*10 >= len(st.Stated) {
		p.say("guide.number.common", nv)
	}
}

func (w *pageWriter) flagSpread(p *prosePart, st *market.Stat, av values) {
	s := w.s
	with, _ := s.apart(st, "")
	fv := av.with(values{"feature": plain(st.Term.Feature(s.lang, "")), "count": with.count()})
	fv["share"], _ = with.of(s.pool(st))
	key := "guide.flag"
	switch {
	case len(with.items) == 1:
		key = "guide.flag.one"
	case len(with.items) == len(s.all.items):
		key = "guide.flag.all"
	case st.Silent():
		key = "guide.flag.silent"
	}
	p.say(key, fv)
}

func (w *pageWriter) valueSpread(p *prosePart, st *market.Stat, av values) {
	s := w.s
	vv := av.with(nil)
	for i, key := range []string{"first", "second", "third"} {
		if i < len(st.Values) {
			with, _ := s.apart(st, st.Values[i].Key)
			vv[key] = s.valueAlone(st, st.Values[i])
			vv[key+"share"], _ = with.of(s.stated(st))
		}
	}
	if cov := st.Coverage(s.view); cov < 0.95 {
		vv["stated"], _ = s.stated(st).of(s.all)
		p.say("guide.value.stated", vv)
	}
	if p.say("guide.value."+st.Term.Name, vv) {
		return
	}
	if len(st.Values) > 2 {
		p.say("guide.value.three", vv)
	} else {
		p.say("guide.value.two", vv)
	}
}

// priceEffect compares the median price with and without: the flag, the commonest
// value, or the upper half of a number.
func (w *pageWriter) priceEffect(p *prosePart, st *market.Stat, av values) {
	s := w.s
	ev := av.with(nil)
	var with, without *group
	key := "guide.effect.value"
	switch st.Kind {
	case domain.AttributeNumber:
		limit, m := s.figure(st, "median")
		var up, down []*market.Item
		for _, it := range st.Stated {
			if a, _ := st.Attribute(it); a.Number > m {
				up = append(up, it)
			} else {
				down = append(down, it)
			}
		}
		with, without = s.newGroup(up, "priced products above the median "+st.Term.Low("en")), s.newGroup(down, "priced products up to the median "+st.Term.Low("en"))
		ev["limit"] = limit
		key = "guide.effect.number"
	case domain.AttributeFlag:
		with, without = s.apart(st, "")
		ev["feature"] = plain(st.Term.Feature(s.lang, ""))
		key = "guide.effect.flag"
	default:
		v := s.dearest(st)
		with, without = s.apart(st, v.Key)
		ev["feature"] = s.valueFeature(st, v)
	}
	if len(with.items) < 4 || len(without.items) < 4 {
		return
	}
	ev["m1"], ev["m2"] = with.stat("median"), without.stat("median")
	diff, size := s.gap(ev["m1"].evidence[0], ev["m2"].evidence[0], "difference of the medians")
	ev["gap"] = diff
	switch {
	case size < 0.03*s.all.median():
		key += ".same"
	case with.median() > without.median():
		key += ".more"
	default:
		key += ".less"
	}
	p.say(key, ev)
}

// dearest is the value, among the common ones, whose products have the greatest
// median price.
func (s *siteWriter) dearest(st *market.Stat) market.Value {
	best := st.Values[0]
	top := 0.0
	for _, v := range st.Values[:min(len(st.Values), 8)] {
		if len(v.Items) < 4 {
			continue
		}
		if m := median(s.view.Prices(v.Items), 0.5); m > top {
			best, top = v, m
		}
	}
	return best
}

// valueTable shows the common values with their share and median price.
func (w *pageWriter) valueTable(st *market.Stat, av values) {
	s := w.s
	t := &domain.Table{Columns: []domain.Column{
		{Label: st.Term.Label(s.lang)}, w.column("col.models", true), w.column("col.share", true), w.column("col.median", true),
	}}
	t.Caption, _ = w.text("guide.caption", av)
	for _, v := range st.Values[:min(len(st.Values), 6)] {
		if len(v.Items) < 2 {
			break
		}
		with, _ := s.apart(st, v.Key)
		share, pct := with.of(s.stated(st))
		name := s.valueName(st, v)
		if name.text == "" {
			continue
		}
		t.Rows = append(t.Rows, domain.Row{Cells: []domain.Cell{
			w.cell(name), w.number(with.count(), float64(len(v.Items))), w.number(share, pct), w.number(with.stat("median"), with.median()),
		}})
	}
	if len(t.Rows) < 2 {
		return
	}
	t.Note = w.priceNote()
	w.add(domain.Block{Type: domain.BlockTable, Table: t})
}

// rangeTable shows a number whose values are all different by quarters of the
// market, with their median price.
func (w *pageWriter) rangeTable(st *market.Stat, av values) {
	s := w.s
	t := &domain.Table{Columns: []domain.Column{
		{Label: st.Term.Label(s.lang)}, w.column("col.models", true), w.column("col.share", true), w.column("col.median", true),
	}}
	t.Caption, _ = w.text("guide.caption", av)
	low, lowAt := value{}, 0.0
	for i, q := range []float64{0.25, 0.5, 0.75, 1} {
		high, highAt := s.figure(st, "quantile", q)
		var items []*market.Item
		for _, it := range st.Stated {
			a, _ := st.Attribute(it)
			if (i == 0 || a.Number > lowAt) && a.Number <= highAt {
				items = append(items, it)
			}
		}
		if len(items) == 0 || i > 0 && highAt == lowAt {
			continue
		}
		g := s.newGroup(items, "priced products with "+st.Term.Low("en")+" up to "+high.text)
		vs := values{"low": low, "high": high}
		key := "range.between"
		switch {
		case low.text == "":
			key = "range.upto"
		case i == 3:
			key = "range.above"
		}
		text, ids := w.text(key, vs)
		share, pct := g.of(s.stated(st))
		t.Rows = append(t.Rows, domain.Row{Cells: []domain.Cell{
			{Text: text, Claims: ids}, w.number(g.count(), float64(len(items))), w.number(share, pct), w.number(g.stat("median"), g.median()),
		}})
		low, lowAt = high, highAt
	}
	t.Note = w.priceNote()
	if len(t.Rows) > 1 {
		w.add(domain.Block{Type: domain.BlockTable, Table: t})
	}
}

// guideLink points to the pages about an attribute.
func (w *pageWriter) guideLink(st *market.Stat) {
	s := w.s
	p := w.para()
	for _, page := range s.planned(domain.PageBest) {
		if page.Facet.Attribute == st.Name {
			p.say("guide.link", s.prices(s.facets[page.Slug]).with(values{"page": s.facetLink(page)}))
		}
	}
	p.end()
}

func (w *pageWriter) guidePrice(vs values) {
	s := w.s
	if len(s.view.Bands) < 2 {
		return
	}
	w.heading(2, "guide.h.price", vs)
	p := w.para()
	p.say("guide.price.half", vs)
	p.say("guide.price.advice", vs)
	p.end()
	p = w.para()
	for _, page := range s.planned(domain.PageBest) {
		if page.Facet.Attribute == market.FacetPrice {
			p.say("guide.link", s.prices(s.facets[page.Slug]).with(values{"page": s.facetLink(page)}))
		}
	}
	p.end()
}

// coverage shows how many products state each attribute.
func (w *pageWriter) coverage() {
	s := w.s
	t := &domain.Table{Columns: []domain.Column{w.column("col.property", false), w.column("col.stating", true), w.column("col.share", true)}}
	t.Caption, _ = w.text("guide.coverage.caption", nil)
	for i := range s.view.Stats {
		st := &s.view.Stats[i]
		g := s.stated(st)
		share, pct := g.of(s.all)
		t.Rows = append(t.Rows, domain.Row{Cells: []domain.Cell{
			{Text: st.Term.Label(s.lang)}, w.number(g.count(), float64(len(g.items))), w.number(share, pct),
		}})
		if len(t.Rows) == 10 {
			break
		}
	}
	if len(t.Rows) > 0 {
		w.add(domain.Block{Type: domain.BlockTable, Anchor: "coverage", Table: t})
	}
}

// steps sums the guide up as an order of decisions.
func (w *pageWriter) steps(stats []*market.Stat) {
	w.heading(2, "guide.h.steps", nil)
	var items []domain.Paragraph
	for i, key := range []string{"guide.step.first", "guide.step.second", "guide.step.third"} {
		if i < len(stats) {
			p := w.para()
			p.say(key, w.s.about(stats[i]))
			items = append(items, p.item())
		}
	}
	for _, key := range []string{"guide.step.price", "guide.step.check"} {
		p := w.para()
		p.say(key, nil)
		items = append(items, p.item())
	}
	w.add(domain.Block{Type: domain.BlockList, List: &domain.List{Ordered: true, Items: items}})
}
