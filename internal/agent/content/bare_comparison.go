package content

import (
	"empire/internal/domain"
	"empire/internal/intelligence/market"
)

// bareComparison sets two products side by side.
func (w *pageWriter) bareComparison() {
	s := w.s
	a, b, ok := s.pairOf(w.plan)
	if !ok {
		return
	}
	vs := values{"a": s.name(a), "b": s.name(b), "sa": s.nameCut(a, a.Short(26)), "sb": s.nameCut(b, b.Short(26)), "phrase": s.pageLink(w.plan, a, b)}
	w.head("bare.comparison", vs)
	_, differ := s.compare(a, b)
	p := w.para()
	p.say("bare.comparison.lead", vs)
	p.say("bare.comparison.noprice", vs)
	p.end()
	w.arrange(map[string]func(){
		"table": func() { w.bareSideBySide(a, b, vs) }, "differ": func() { w.bareDifferences(a, b, differ, vs) },
		"alone": func() { w.bareAlone(a, b, vs) }, "verdict": func() { w.bareVerdict(a, b, differ, vs) },
	})
	w.related(w.nearProducts(a, b))
}

func (w *pageWriter) bareSideBySide(a, b *market.Item, vs values) {
	s := w.s
	c := &domain.Comparison{}
	c.Caption, _ = w.text("comparison.caption", vs)
	for _, it := range []*market.Item{a, b} {
		name := s.name(it)
		c.Products = append(c.Products, domain.ComparisonProduct{Product: it.Family.Key, Name: name.text, Claims: w.claimIDs(name), Slug: name.slug})
	}
	for i := range s.view.Stats {
		st := &s.view.Stats[i]
		x, y := w.statCell(a, st), w.statCell(b, st)
		if x.Text == "" && y.Text == "" || len(c.Rows) == 14 {
			continue
		}
		c.Rows = append(c.Rows, domain.ComparisonRow{Label: st.Term.Label(s.lang), Cells: []domain.Cell{x, y}})
	}
	w.add(domain.Block{Type: domain.BlockComparison, Anchor: "side-by-side", Comparison: c})
	p := w.para()
	p.say("bare.note.pair", vs)
	p.end()
}

func (w *pageWriter) bareDifferences(a, b *market.Item, differ []*market.Stat, vs values) {
	w.heading(2, "comparison.h.differ", vs)
	var items []domain.Paragraph
	for _, st := range differ {
		if p := w.bareDifference(a, b, st, vs); len(p.Sentences) > 0 && len(items) < 6 {
			items = append(items, p)
		}
	}
	w.list(items)
}

func (w *pageWriter) bareAlone(a, b *market.Item, vs values) {
	w.heading(2, "comparison.h.alone", vs)
	p := w.para()
	p.say("comparison.alone", vs)
	p.end()
	for _, it := range []*market.Item{a, b} {
		p = w.para()
		w.bareList(p, it)
		w.barePlaces(p, it, 2, "")
		p.end()
	}
}

// bareDifference says by how much two products differ in a number, or in what else.
func (w *pageWriter) bareDifference(a, b *market.Item, st *market.Stat, vs values) domain.Paragraph {
	s := w.s
	x, okA := st.Attribute(a)
	y, okB := st.Attribute(b)
	if !okA || !okB || wordy(st) {
		return domain.Paragraph{}
	}
	dv := vs.with(s.about(st)).with(values{"va": s.attribute(a, x), "vb": s.attribute(b, y), "ref": s.ref(st)})
	key := "bare.differ.text"
	switch st.Kind {
	case domain.AttributeNumber:
		more, less, from, to := a, b, y, x
		if y.Number > x.Number {
			more, less, from, to = b, a, x, y
		}
		one := s.ledger.Set(st.Name, []string{to.RowKey}, []float64{to.Number}, st.Term.Low("en")+" of "+more.Family.Name)
		two := s.ledger.Set(st.Name, []string{from.RowKey}, []float64{from.Number}, st.Term.Low("en")+" of "+less.Family.Name)
		dv["gap"] = s.amountApart(st, one, two, "difference in "+st.Term.Low("en"))
		dv["more"], dv["x"] = s.nameCut(more, more.Short(26)), s.nameCut(less, less.Short(26))
		dv["high"], dv["low"] = s.attribute(more, to), s.attribute(less, from)
		key = "bare.differ.number"
		if st.Unit == "" {
			key = "bare.differ.count"
		}
	case domain.AttributeFlag:
		yes, no := a, b
		if y.Flag {
			yes, no = b, a
		}
		dv["feature"], dv["more"], dv["x"] = plain(st.Term.Feature(s.lang, "")), s.nameCut(yes, yes.Short(26)), s.nameCut(no, no.Short(26))
		key = "bare.differ.flag"
	}
	p := w.para()
	p.say(key, dv)
	return p.item()
}

// bareVerdict says which of the two is for whom, by single criteria.
func (w *pageWriter) bareVerdict(a, b *market.Item, differ []*market.Stat, vs values) {
	s := w.s
	w.heading(2, "comparison.h.verdict", vs)
	p := w.para()
	for _, st := range differ {
		x, okA := st.Attribute(a)
		y, okB := st.Attribute(b)
		if !okA || !okB || st.Kind != domain.AttributeNumber || st.Term.Better == 0 || x.Number == y.Number || len(p.list) == 3 {
			continue
		}
		take, at := a, x
		if (y.Number > x.Number) == (st.Term.Better > 0) {
			take, at = b, y
		}
		key := "bare.take.less"
		if st.Term.Better > 0 {
			key = "bare.take.more"
		}
		p.say(key, vs.with(s.about(st)).with(values{"x": s.nameCut(take, take.Short(26)), "value": s.attribute(take, at), "ref": s.ref(st)}))
	}
	p.say("bare.comparison.open", vs)
	p.end()
}
