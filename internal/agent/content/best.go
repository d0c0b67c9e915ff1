package content

import (
	"cmp"
	"math"
	"slices"
	"strings"

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
	w.ranking(f, g, vs)
	w.heading(2, "best.h.cards", vs)
	p = w.para()
	p.say("best.cards.lead", vs)
	p.end()
	for _, pick := range s.view.Picks(f, g.items, max(4, 5-w.trim)) {
		w.card(pick, g, "pick")
	}
	if f.Attribute != market.FacetPrice {
		w.facetCost(f, vs)
	} else {
		w.bandContrast(g, vs)
	}
	w.elsewhere(vs)
	w.related(append(s.planned(domain.PageGuide), s.nearPages(w.plan)...))
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

// ranking states the rule and shows the table in its order.
func (w *pageWriter) ranking(f *domain.Facet, g *group, vs values) {
	s := w.s
	rule := s.view.RuleFor(f)
	w.heading(2, "best.h.list", vs)
	p := w.para()
	attr := plain("")
	if st, ok := s.view.Stat(rule.Attribute); ok {
		attr = plain(st.Term.Low(s.lang))
	}
	var labels []string
	for _, e := range rule.Extras {
		labels = append(labels, e.Label)
	}
	key := "best.rule." + string(rule.Kind)
	if rule.Kind == market.ByAttribute && rule.Desc {
		key += ".desc"
	}
	rv := vs.with(values{"attr": attr, "extras": plain(market.List(s.lang, labels)), "unit": s.unitWord(rule)})
	p.say(key, rv)
	items := w.listed()
	if len(items) < len(g.items) {
		p.say("best.rule.cut", vs.with(values{"shown": s.tally(items, "products in the table"), "gn": g.count()}))
	}
	p.end()
	w.rankTable(rule, items, vs)
}

// unitWord names the unit of a price per unit: "per W".
func (s *siteWriter) unitWord(r market.Rule) value {
	st, ok := s.view.Stat(r.Attribute)
	if !ok || r.Kind != market.ByUnitPrice {
		return value{}
	}
	if st.Unit == "" {
		return plain(st.Term.Low(s.lang))
	}
	return plain(market.Unit(s.lang, st.Unit))
}

// tally counts items that a page shows.
func (s *siteWriter) tally(items []*market.Item, note string) value {
	return s.newGroup(items, note).count()
}

func (w *pageWriter) rankTable(rule market.Rule, items []*market.Item, vs values) {
	s := w.s
	t := &domain.Table{Columns: []domain.Column{w.column("col.model", false), w.column("col.price", true)}}
	t.Caption, _ = w.text("best.caption", vs)
	scored := rule.Kind == market.ByUnitPrice || rule.Kind == market.ByExtras
	if scored {
		label, _ := w.text("col."+string(rule.Kind), values{"unit": s.unitWord(rule)})
		t.Columns = append(t.Columns, domain.Column{Label: label, Numeric: true})
	}
	stats := w.tableStats(rule, items)
	for _, st := range stats {
		t.Columns = append(t.Columns, domain.Column{Label: st.Term.Label(s.lang), Numeric: st.Kind == domain.AttributeNumber})
	}
	for _, it := range items {
		row := domain.Row{Product: it.Family.Key, Slot: w.slot("row")}
		row.Cells = []domain.Cell{w.cell(s.name(it)), w.number(s.price(it), it.Price)}
		if scored {
			v, score := s.score(rule, it)
			row.Cells = append(row.Cells, w.number(v, score))
		}
		for _, st := range stats {
			row.Cells = append(row.Cells, w.statCell(it, st))
		}
		t.Rows = append(t.Rows, row)
	}
	markBest(t, rule)
	t.Note = w.priceNote()
	w.add(domain.Block{Type: domain.BlockTable, Anchor: "ranking", Table: t})
}

// statCell shows an attribute of an item in a table; it is empty if the feed does
// not state it.
func (w *pageWriter) statCell(it *market.Item, st *market.Stat) domain.Cell {
	v, ok := w.s.shown(it, st)
	if !ok {
		return domain.Cell{}
	}
	if a, _ := st.Attribute(it); a.Kind == domain.AttributeNumber {
		return w.number(v, a.Number)
	}
	return w.cell(v)
}

// tableStats chooses the columns: the attributes that most of the items state and
// that tell them apart, not the one that they share.
func (w *pageWriter) tableStats(rule market.Rule, items []*market.Item) []*market.Stat {
	var out []*market.Stat
	for i := range w.s.view.Stats {
		st := &w.s.view.Stats[i]
		if st.Term.Minor() || wordy(st) {
			continue
		}
		stated, values := 0, map[string]bool{}
		for _, it := range items {
			if v, ok := w.s.shown(it, st); ok {
				stated++
				values[v.text] = true
			}
		}
		needed := st.Name == rule.Attribute
		if !needed && (stated*2 < len(items) || len(values) < 2) {
			continue
		}
		if out = append(out, st); len(out) == 4 {
			break
		}
	}
	return out
}

// wordy reports whether an attribute is a long list of tags, which no table column
// can hold.
func wordy(st *market.Stat) bool {
	if st.Kind != domain.AttributeList {
		return false
	}
	n := 0
	for _, v := range st.Values {
		n += len(v.Items)
	}
	return n > 3*len(st.Stated)
}

// score shows what the rule looks at: the price per unit or the number of extras.
func (s *siteWriter) score(rule market.Rule, it *market.Item) (value, float64) {
	got, ok := rule.Score(s.view, it)
	if !ok {
		return value{}, 0
	}
	row := it.Row().Key
	if rule.Kind == market.ByExtras {
		var labels, rows []string
		var has []float64
		for _, e := range rule.Extras {
			labels, rows = append(labels, e.Label), append(rows, row)
			has = append(has, map[bool]float64{true: 1}[e.Has(it)])
		}
		set := s.ledger.Set("extras", rows, has, "extras that the feed states, in this order: "+strings.Join(labels, ", "))
		id, _, _ := s.ledger.Compute("sum", "number of extras", []domain.EvidenceID{set})
		return value{text: market.Count(s.lang, int(got)), evidence: []domain.EvidenceID{id}}, got
	}
	st, _ := s.view.Stat(rule.Attribute)
	a, _ := st.Attribute(it)
	units := s.ledger.Set(st.Name, []string{row}, []float64{a.Number}, st.Term.Low("en")+" of "+it.Family.Name)
	id, result, _ := s.ledger.Compute("ratio", "price per unit", []domain.EvidenceID{s.own(it), units})
	return value{text: market.UnitPrice(s.lang, s.view.Currency, result), evidence: []domain.EvidenceID{id}}, result
}

// markBest marks the best price and, where the rule has a score, the best score.
func markBest(t *domain.Table, rule market.Rule) {
	mark := func(col int, greatest bool) {
		best := -1
		for i, r := range t.Rows {
			if col >= len(r.Cells) || r.Cells[col].Sort == nil {
				continue
			}
			if best < 0 || greatest && *r.Cells[col].Sort > *t.Rows[best].Cells[col].Sort || !greatest && *r.Cells[col].Sort < *t.Rows[best].Cells[col].Sort {
				best = i
			}
		}
		if best >= 0 {
			t.Rows[best].Cells[col].Best = true
		}
	}
	mark(1, false)
	switch rule.Kind {
	case market.ByUnitPrice:
		mark(2, false)
	case market.ByExtras:
		mark(2, true)
	}
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
	p.say("best.cost.caveat", cv)
	p.end()
}

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
