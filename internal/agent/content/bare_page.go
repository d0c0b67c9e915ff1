package content

import (
	"math"
	"slices"

	"empire/internal/domain"
	"empire/internal/intelligence/market"
)

func roundTo(x, parts float64) float64 { return math.Round(x*parts) / parts }

// bareGuide explains what each statement means and how it is distributed here.
func (w *pageWriter) bareGuide() {
	s := w.s
	w.head("bare.guide", nil)
	p := w.para()
	p.say("bare.guide.lead", nil)
	p.say("bare.noprice.short", nil)
	p.say("bare.effects", nil)
	p.end()
	for _, st := range s.guideStats() {
		av := s.about(st)
		w.headingText(2, st.Term.Label(s.lang), nil)
		p := w.para()
		p.say("explain."+st.Term.Name, av)
		switch st.Kind {
		case domain.AttributeNumber:
			p.say("bare.guide.number", s.spread(st))
			p.say("bare.guide.half", s.spread(st))
		case domain.AttributeFlag:
			p.say(flagKey(st), s.flagShare(st))
		default:
			w.commonValue(p, "bare.common", st)
		}
		p.end()
		switch {
		case st.Kind == domain.AttributeNumber:
			w.extremes(st)
		case st.Kind != domain.AttributeFlag && len(st.Values) > 2:
			w.bareValueTable(st)
		}
		w.bareGuideLink(st)
	}
	w.heading(2, "guide.h.silent", nil)
	p = w.para()
	p.say("bare.silent", nil)
	p.say("guide.silent.rule", nil)
	p.end()
	w.coverage()
	w.related(append(s.planned(domain.PageBest), s.planned(domain.PageFAQ)...))
}

// bareGuideLink leads to the list that an attribute has.
func (w *pageWriter) bareGuideLink(st *market.Stat) {
	for _, page := range w.s.planned(domain.PageBest) {
		if page.Facet.Attribute == st.Name {
			p := w.para()
			p.say("bare.to.list", values{"page": w.s.facetLink(page), "gn": w.s.facets[page.Slug].count()})
			p.end()
			return
		}
	}
}

// extremes shows the products with the least and the most of a number.
func (w *pageWriter) extremes(st *market.Stat) {
	s := w.s
	list := slices.Clone(st.Stated)
	slices.SortStableFunc(list, func(x, y *market.Item) int {
		a, _ := st.Attribute(x)
		b, _ := st.Attribute(y)
		switch {
		case a.Number < b.Number:
			return -1
		case a.Number > b.Number:
			return 1
		}
		return 0
	})
	if len(list) < 8 {
		return
	}
	t := &domain.Table{Columns: []domain.Column{w.column("col.model", false), {Label: st.Term.Label(s.lang), Numeric: true}}}
	t.Caption, _ = w.text("bare.caption.extremes", s.spread(st))
	for _, it := range append(slices.Clone(list[:3]), list[len(list)-3:]...) {
		t.Rows = append(t.Rows, domain.Row{Product: it.Family.Key, Cells: []domain.Cell{w.cell(s.name(it)), w.statCell(it, st)}})
	}
	if ref := s.ref(st); ref.text != "" {
		t.Note, _ = w.text("bare.note.short", s.about(st).with(values{"ref": ref}))
	}
	w.add(domain.Block{Type: domain.BlockTable, Table: t})
}

// bareValueTable shows how common the values of an attribute are.
func (w *pageWriter) bareValueTable(st *market.Stat) {
	s := w.s
	t := &domain.Table{Columns: []domain.Column{{Label: st.Term.Label(s.lang)}, w.column("col.models", true), w.column("col.share", true)}}
	t.Caption, _ = w.text("bare.caption.values", s.about(st))
	for _, v := range st.Values[:min(len(st.Values), 6)] {
		if len(v.Items) < 2 || hasFigure(v.Text) {
			continue
		}
		with, _ := s.apart(st, v.Key)
		share, pct := with.of(s.stated(st))
		t.Rows = append(t.Rows, domain.Row{Cells: []domain.Cell{w.cell(s.valueName(st, v)), w.number(with.count(), float64(len(with.items))), w.number(share, pct)}})
	}
	if len(t.Rows) > 1 {
		w.add(domain.Block{Type: domain.BlockTable, Table: t})
	}
}

// bareBest lists the products that share a property.
func (w *pageWriter) bareBest() {
	s := w.s
	f := w.plan.Facet
	g := s.facets[w.plan.Slug]
	vs := values{"phrase": s.facetValue(w.plan), "label": s.facetLabel(w.plan), "gn": g.count()}
	vs["share"], _ = g.of(s.all)
	w.head("bare.best", vs)
	p := w.para()
	_ = p.say("why."+f.Attribute, vs) || p.say("why.bare", vs)
	p.say("bare.best.lead", vs)
	p.say("bare.best.noprice", vs)
	p.end()
	p = w.para()
	for _, st := range s.numberStats(6) {
		if st.Name != f.Attribute && len(p.list) < 3 {
			w.groupSpread(p, st, g, vs)
		}
	}
	p.end()
	w.heading(2, "best.h.list", vs)
	rule := s.view.RuleFor(f)
	p = w.para()
	if st, ok := s.view.Stat(rule.Attribute); ok {
		key := "bare.rule.asc"
		if rule.Desc {
			key = "bare.rule.desc"
		}
		p.say(key, vs.with(s.about(st)))
	}
	items := w.listed()
	if len(items) < len(g.items) {
		p.say("bare.rule.cut", vs.with(values{"shown": s.tally(items, "products in the table")}))
	}
	if st, ok := s.view.Stat(rule.Attribute); ok && len(items) > 2 {
		first, last := items[0], items[len(items)-1]
		va, okA := s.shown(first, st)
		vb, okB := s.shown(last, st)
		if okA && okB && va.text != vb.text {
			p.say("bare.best.ends", vs.with(values{"a": s.name(first), "b": s.name(last), "va": va, "vb": vb}))
		}
	}
	p.end()
	w.bareRankTable(rule, items, vs)
	w.heading(2, "bare.best.h.cards", vs)
	for _, pick := range s.view.Picks(f, g.items, max(3, 4-w.trim)) {
		w.bareCard(pick.Item)
	}
	w.bareElsewhere(vs)
	w.related(append(s.planned(domain.PageGuide), s.nearPages(w.plan)...))
}

// groupSpread compares the median of a number in a group with that of the rest.
func (w *pageWriter) groupSpread(p *prosePart, st *market.Stat, g *group, vs values) {
	s := w.s
	var rows []string
	var numbers []float64
	for _, it := range g.items {
		if a, ok := st.Attribute(it); ok {
			rows, numbers = append(rows, it.Row().Key), append(numbers, a.Number)
		}
	}
	if len(numbers) < 4 {
		return
	}
	set := s.ledger.Set(st.Name, rows, numbers, st.Term.Low("en")+" of the "+g.note)
	id, m, ok := s.ledger.Compute("median", "median "+st.Term.Low("en")+" of the "+g.note, []domain.EvidenceID{set})
	if !ok {
		return
	}
	gv := vs.with(s.spread(st))
	gv["groupmedian"] = value{text: market.Quantity(s.lang, roundTo(m, 100), st.Unit), evidence: []domain.EvidenceID{id}}
	p.say("bare.best.median", gv)
}

func (w *pageWriter) bareRankTable(rule market.Rule, items []*market.Item, vs values) {
	s := w.s
	t := &domain.Table{Columns: []domain.Column{w.column("col.model", false)}}
	t.Caption, _ = w.text("bare.best.caption", vs)
	stats := w.tableStats(rule, items)
	for _, st := range stats {
		t.Columns = append(t.Columns, domain.Column{Label: st.Term.Label(s.lang), Numeric: st.Kind == domain.AttributeNumber})
	}
	for _, it := range items {
		row := domain.Row{Product: it.Family.Key, Cells: []domain.Cell{w.cell(s.name(it))}}
		for _, st := range stats {
			row.Cells = append(row.Cells, w.statCell(it, st))
		}
		t.Rows = append(t.Rows, row)
	}
	t.Note, _ = w.text("bare.note.list", vs)
	w.add(domain.Block{Type: domain.BlockTable, Anchor: "ranking", Table: t})
}

func (w *pageWriter) bareElsewhere(vs values) {
	s := w.s
	w.heading(2, "bare.best.h.other", vs)
	p := w.para()
	p.say("bare.best.other", vs)
	p.end()
	var items []domain.Paragraph
	for _, page := range s.nearPages(w.plan) {
		if page.Kind != domain.PageBest || len(items) == 3 {
			continue
		}
		p := w.para()
		p.say("bare.to.best", values{"page": s.facetLink(page), "gn": s.facets[page.Slug].count()})
		items = append(items, p.item())
	}
	w.list(items)
}

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
	p = w.para()
	p.say("bare.note.pair", vs)
	p.end()
	w.heading(2, "comparison.h.differ", vs)
	var items []domain.Paragraph
	for _, st := range differ {
		if p := w.bareDifference(a, b, st, vs); len(p.Sentences) > 0 && len(items) < 6 {
			items = append(items, p)
		}
	}
	w.list(items)
	w.heading(2, "comparison.h.alone", vs)
	p = w.para()
	p.say("comparison.alone", vs)
	p.end()
	for _, it := range []*market.Item{a, b} {
		p = w.para()
		w.bareList(p, it)
		w.barePlaces(p, it, 2, "")
		p.end()
	}
	w.heading(2, "comparison.h.verdict", vs)
	p = w.para()
	w.bareVerdict(p, a, b, differ, vs)
	p.say("bare.comparison.open", vs)
	p.end()
	w.related(w.nearProducts(a, b))
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
func (w *pageWriter) bareVerdict(p *prosePart, a, b *market.Item, differ []*market.Stat, vs values) {
	s := w.s
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
}
