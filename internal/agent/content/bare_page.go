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
	w.arrange(map[string]func(){
		"properties": func() {
			for _, st := range s.guideStats() {
				w.bareAttribute(st)
			}
		},
		"silent": w.bareSilent,
	})
	w.related(append(s.planned(domain.PageBest), s.planned(domain.PageFAQ)...))
}

// bareAttribute explains a statement and shows how it is distributed.
func (w *pageWriter) bareAttribute(st *market.Stat) {
	s := w.s
	w.headingText(2, st.Term.Label(s.lang), nil)
	p := w.para()
	p.say("explain."+st.Term.Name, s.about(st))
	switch st.Kind {
	case domain.AttributeNumber:
		p.say("bare.guide.number", s.spread(st))
		if st.Unit != "" { // a quarter below 5.5 ingredients is nothing to imagine
			p.say("bare.guide.half", s.spread(st))
		}
	case domain.AttributeFlag:
		w.flagSentence(p, st, nil)
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

// bareSilent says what a missing entry means and shows how many there are.
func (w *pageWriter) bareSilent() {
	w.heading(2, "guide.h.silent", nil)
	p := w.para()
	p.say("bare.silent", nil)
	p.say("guide.silent.rule", nil)
	p.end()
	w.coverage()
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
	w.arrange(map[string]func(){
		"list": func() { w.bareRanking(f, g, vs) }, "cards": func() { w.bareCards(f, g, vs) }, "other": func() { w.bareElsewhere(vs) },
	})
	w.related(append(s.planned(domain.PageGuide), s.nearPages(w.plan)...))
}

// bareCards presents products of the selection.
func (w *pageWriter) bareCards(f *domain.Facet, g *group, vs values) {
	w.heading(2, "bare.best.h.cards", vs)
	for _, pick := range w.s.view.Picks(f, g.items, max(3, 4-w.trim)) {
		w.bareCard(pick.Item)
	}
}

// bareRanking states the rule and shows the table in its order.
func (w *pageWriter) bareRanking(f *domain.Facet, g *group, vs values) {
	s := w.s
	w.heading(2, "best.h.list", vs)
	rule := s.view.RuleFor(f)
	p := w.para()
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
	key := "bare.best.median.same"
	switch all := roundTo(median(st.Number, 0.5), 100); {
	case roundTo(m, 100) > all:
		key = "bare.best.median.more"
	case roundTo(m, 100) < all:
		key = "bare.best.median.less"
	}
	p.say(key, gv)
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
