package content

import (
	"strings"

	"empire/internal/domain"
	"empire/internal/intelligence/market"
)

// comparison sets two products side by side and says, from their differences, who
// should take which.
func (w *pageWriter) comparison() {
	s := w.s
	a, b, ok := s.pairOf(w.plan)
	if !ok {
		return
	}
	vs := values{"a": s.name(a), "b": s.name(b), "pa": s.price(a), "pb": s.price(b), "gap": s.apartBy(b, a)}
	vs["sa"], vs["sb"] = s.nameCut(a, a.Short(26)), s.nameCut(b, b.Short(26))
	vs["phrase"] = s.pageLink(w.plan, a, b)
	w.head("comparison", vs)
	same, differ := s.compare(a, b)
	p := w.para()
	if a.Money == b.Money {
		p.say("comparison.lead.even", vs)
	} else {
		p.say("comparison.lead", vs)
	}
	if common := s.commonFeatures(a, same); len(common) > 0 {
		p.say("comparison.shared", vs.with(values{"features": s.joined(common)}))
	}
	p.say("comparison.promise", nil)
	p.end()
	w.arrange(map[string]func(){
		"table": func() { w.sideBySide(a, b, vs) }, "differ": func() { w.differences(a, b, differ, vs) }, "same": func() { w.sharedSection(a, same, vs) },
		"alone": func() { w.eachAlone(a, b, vs) }, "verdict": func() { w.verdict(a, b, differ, vs) }, "neither": func() { w.neither(a, b, vs) },
	})
	w.related(w.nearProducts(a, b))
}

// differences says in words what the two state otherwise.
func (w *pageWriter) differences(a, b *market.Item, differ []*market.Stat, vs values) {
	w.heading(2, "comparison.h.differ", vs)
	var items []domain.Paragraph
	for _, st := range differ {
		_, okA := st.Attribute(a)
		_, okB := st.Attribute(b)
		if len(items) == 6 || wordy(st) || st.Kind == domain.AttributeFlag && !(okA && okB) {
			continue
		}
		p := w.para()
		w.difference(p, a, b, st, vs)
		items = append(items, p.item())
	}
	items = append(items, w.onlyFlags(a, b, differ, vs), w.onlyFlags(b, a, differ, vs))
	w.list(items)
}

// compare sorts the attributes that both products state into equal and different
// ones, and adds those that one of them states to the different ones.
func (s *siteWriter) compare(a, b *market.Item) (same, differ []*market.Stat) {
	for i := range s.view.Stats {
		st := &s.view.Stats[i]
		if st.Term.Minor() {
			continue
		}
		x, okX := s.shown(a, st)
		y, okY := s.shown(b, st)
		switch {
		case !okX && !okY:
		case okX && okY && strings.EqualFold(x.text, y.text):
			same = append(same, st)
		case okX && okY || st.Silent() || st.Coverage(s.view) > 0.4:
			differ = append(differ, st)
		}
	}
	return same, differ
}

func (s *siteWriter) commonFeatures(it *market.Item, same []*market.Stat) []value {
	var out []value
	for _, st := range same {
		if v, ok := s.feature(it, st); ok && len(out) < 3 {
			out = append(out, v)
		}
	}
	return out
}

func (w *pageWriter) sideBySide(a, b *market.Item, vs values) {
	s := w.s
	c := &domain.Comparison{}
	c.Caption, _ = w.text("comparison.caption", vs)
	for _, it := range []*market.Item{a, b} {
		name := s.name(it)
		c.Products = append(c.Products, domain.ComparisonProduct{
			Product: it.Family.Key, Name: name.text, Claims: w.claimIDs(name), Slug: name.slug, Slot: w.slot("side"),
		})
	}
	price := domain.ComparisonRow{Label: w.column("col.price", true).Label}
	for _, it := range []*market.Item{a, b} {
		price.Cells = append(price.Cells, w.number(s.price(it), it.Price))
	}
	c.Rows = append(c.Rows, price)
	for i := range s.view.Stats {
		st := &s.view.Stats[i]
		if len(c.Rows) == 14 {
			break
		}
		x, y := w.statCell(a, st), w.statCell(b, st)
		if x.Text == "" && y.Text == "" || st.Term.Minor() && (x.Text == "" || y.Text == "") {
			continue
		}
		markBetter(st, &x, &y)
		c.Rows = append(c.Rows, domain.ComparisonRow{Label: st.Term.Label(s.lang), Cells: []domain.Cell{x, y}})
	}
	w.add(domain.Block{Type: domain.BlockComparison, Anchor: "side-by-side", Comparison: c})
	if note := w.priceNote(); note != "" {
		w.disclosure(note)
	}
}

// disclosure adds a note about prices as a block of its own.
func (w *pageWriter) disclosure(text string) {
	var ids []domain.ClaimID
	if d := w.s.date(); strings.Contains(text, d.text) {
		ids = w.claimIDs(d)
	}
	w.add(domain.Block{Type: domain.BlockDisclosure, Disclosure: &domain.Paragraph{
		Sentences: []domain.Sentence{{Text: text, Claims: ids, Opinion: len(ids) == 0}},
	}})
}

func markBetter(st *market.Stat, x, y *domain.Cell) {
	if st.Term.Better == 0 || x.Sort == nil || y.Sort == nil || *x.Sort == *y.Sort {
		return
	}
	if (*x.Sort > *y.Sort) == (st.Term.Better > 0) {
		x.Best = true
	} else {
		y.Best = true
	}
}

// difference says one difference in words and how common each side is.
func (w *pageWriter) difference(p *prosePart, a, b *market.Item, st *market.Stat, vs values) {
	s := w.s
	x, okX := s.shown(a, st)
	y, okY := s.shown(b, st)
	fx, _ := st.Attribute(a)
	fy, _ := st.Attribute(b)
	dv := vs.with(s.about(st)).with(values{"va": s.inText(st, fx, x), "vb": s.inText(st, fy, y)})
	words := st.Term.In(s.lang)
	switch {
	case !okX || !okY:
		w.oneSided(p, a, b, st, dv)
		return
	case st.Kind == domain.AttributeNumber && words.More != "":
		dv["more"] = plain(words.More)
		if fx.Number > fy.Number {
			dv["high"], dv["low"], dv["vhigh"], dv["vlow"] = vs["a"], vs["b"], x, y
		} else {
			dv["high"], dv["low"], dv["vhigh"], dv["vlow"] = vs["b"], vs["a"], y, x
		}
		p.say("comparison.number", dv)
	case st.Kind == domain.AttributeFlag:
		dv["feature"] = plain(st.Term.Feature(s.lang, ""))
		fx, _ := st.Attribute(a)
		dv["has"], dv["lacks"] = s.withFlag(a, b, fx.Flag)
		p.say("comparison.flag", dv)
	default:
		p.say("comparison.text", dv)
	}
	if st.Kind == domain.AttributeText {
		w.howCommon(p, a, st, dv)
	}
	w.aside(p, "tip."+st.Term.Name, dv)
}

func (s *siteWriter) withFlag(a, b *market.Item, first bool) (has, lacks value) {
	if first {
		return s.name(a), s.name(b)
	}
	return s.name(b), s.name(a)
}

// oneSided says that only one of two products states an attribute.
func (w *pageWriter) oneSided(p *prosePart, a, b *market.Item, st *market.Stat, dv values) {
	s := w.s
	has, lacks := a, b
	if _, ok := st.Attribute(a); !ok {
		has, lacks = b, a
	}
	dv["has"], dv["lacks"] = s.name(has), s.name(lacks)
	dv["value"], _ = s.shown(has, st)
	dv["share"], _ = s.stated(st).of(s.all)
	p.say("comparison.only", dv)
}

// onlyFlags says which flags the feed states for one product and is silent about
// for the other.
func (w *pageWriter) onlyFlags(it, other *market.Item, differ []*market.Stat, vs values) domain.Paragraph {
	s := w.s
	var list []value
	for _, st := range differ {
		if _, ok := st.Attribute(other); ok || st.Kind != domain.AttributeFlag || len(list) == 5 {
			continue
		}
		if f, ok := s.feature(it, st); ok {
			list = append(list, f)
		}
	}
	p := w.para()
	if len(list) > 0 {
		p.say("comparison.onlyflags", vs.with(values{"has": s.name(it), "lacks": s.name(other), "features": s.joined(list)}))
	}
	return p.item()
}

// howCommon says how many products share the first one's value.
func (w *pageWriter) howCommon(p *prosePart, a *market.Item, st *market.Stat, dv values) {
	s := w.s
	attr, _ := st.Attribute(a)
	for _, v := range st.Values {
		if v.Text != market.Show(s.lang, attr) || len(v.Items) < 2 {
			continue
		}
		with, _ := s.apart(st, v.Key)
		share, pct := with.of(s.stated(st))
		if pct >= 1 {
			p.say("comparison.common", dv.with(values{"value": s.valueWord(st, v), "share": share, "count": with.count()}))
		}
	}
}

// sharedSection lists what both products state alike, with how common it is.
func (w *pageWriter) sharedSection(a *market.Item, same []*market.Stat, vs values) {
	s := w.s
	var items []domain.Paragraph
	for _, st := range same {
		attr, _ := st.Attribute(a)
		if attr.Kind == domain.AttributeFlag && !attr.Flag || len(items) == 4 {
			continue
		}
		shown, _ := s.shown(a, st)
		key := ""
		if attr.Kind != domain.AttributeFlag {
			key = lower(market.Show(s.lang, attr))
		}
		sv := vs.with(s.about(st)).with(values{"value": s.inText(st, attr, shown)})
		if with, _ := s.apart(st, key); len(with.items) > 1 && attr.Kind != domain.AttributeList {
			sv["share"], _ = with.of(s.pool(st))
		}
		p := w.para()
		if attr.Kind == domain.AttributeFlag {
			sv["feature"] = s.flagFeature(a, st)
			p.say("comparison.same.flag", sv)
		} else {
			p.say("comparison.same.value", sv)
		}
		items = append(items, p.item())
	}
	if len(items) > 0 && w.trim < 2 {
		w.heading(2, "comparison.h.same", vs)
		w.list(items)
	}
}

// eachAlone lists the strengths and weak points of each product against the whole
// market.
func (w *pageWriter) eachAlone(a, b *market.Item, vs values) {
	s := w.s
	if w.trim > 0 {
		return
	}
	w.heading(2, "comparison.h.alone", vs)
	p := w.para()
	p.say("comparison.alone", vs)
	p.end()
	for _, it := range []*market.Item{a, b} {
		pros, cons := s.points(it)
		name := s.name(it)
		w.headingText(3, name.text, w.claimIDs(name))
		pc := &domain.ProsCons{Pros: w.sentences(pros, 3), Cons: w.sentences(cons, 3)}
		w.fillSides(pc, vs)
		w.add(domain.Block{Type: domain.BlockProsCons, ProsCons: pc})
	}
}

// neither points to cheaper and other products.
func (w *pageWriter) neither(a, b *market.Item, vs values) {
	s := w.s
	var items []domain.Paragraph
	if alt := s.cheaper(a, map[*market.Item]bool{a: true, b: true}); alt != nil {
		p := w.para()
		w.alternative(p, "comparison.alt.cheaper", a, alt)
		items = append(items, p.item())
	}
	for _, page := range s.planned(domain.PageBest) {
		g := s.facets[page.Slug]
		if len(items) < 3 && s.view.Has(a, page.Facet) && s.view.Has(b, page.Facet) {
			p := w.para()
			p.say("comparison.alt.list", s.prices(g).with(values{"page": s.facetLink(page)}))
			items = append(items, p.item())
		}
	}
	if len(items) > 0 {
		w.heading(2, "comparison.h.neither", vs)
		w.list(items)
	}
}

// nearProducts returns pages to go on to from products: their own pages first, then
// lists that hold them.
func (w *pageWriter) nearProducts(items ...*market.Item) []domain.PlanPage {
	s := w.s
	var out []domain.PlanPage
	for _, page := range s.in.Plan.Pages {
		for _, it := range items {
			if page.Kind == domain.PageProduct && len(page.Products) > 0 && page.Products[0] == it.Family.Key {
				out = append(out, page)
			}
		}
	}
	for _, page := range s.planned(domain.PageBest) {
		if len(out) < 5 && s.view.Has(items[0], page.Facet) {
			out = append(out, page)
		}
	}
	for _, page := range s.planned(domain.PageComparison) {
		for _, key := range page.Products {
			if key == items[0].Family.Key {
				out = append(out, page)
			}
		}
	}
	return append(out, s.planned(domain.PageGuide)...)
}
