package content

import (
	"empire/internal/domain"
	"empire/internal/intelligence/market"
)

// bareProduct writes the page of one product: its list, where its figures lie, all that
// is stated in context, products with less or more of it, and what is not stated.
func (w *pageWriter) bareProduct() {
	items := w.listed()
	if len(items) == 0 {
		return
	}
	s, it := w.s, items[0]
	vs := values{"name": s.name(it), "short": s.nameCut(it, it.Short(30))}
	if a, ok := it.Family.Attribute("gtin"); ok {
		vs["gtin"] = s.attribute(it, a)
	}
	if st := s.view.MainNumber(); st != nil {
		if a, ok := st.Attribute(it); ok {
			vs = s.spread(st).with(vs).with(values{"value": s.attribute(it, a)})
		}
	}
	w.head("bare.product", vs)
	if text, _ := w.text("summary.bare.product.value", vs); text != "" {
		w.page.Summary = text
	}
	p := w.para()
	if !w.bareList(p, it) {
		p.say("bare.list.none", vs)
	}
	w.barePlaces(p, it, 4, "")
	p.end()
	p = w.para()
	p.say("bare.product.noprice", vs)
	p.say("bare.product.gtin", vs)
	p.end()
	w.arrange(map[string]func(){
		"spec": func() { w.bareSpecification(it, vs); w.bareFigure(it, vs) }, "alternatives": func() { w.bareAlternatives(it, vs) },
		"unknown": func() {
			if w.trim < 2 {
				w.bareUnknown(it, vs)
			}
		},
	})
	w.related(w.nearProducts(it))
}

func (w *pageWriter) bareSpecification(it *market.Item, vs values) {
	s := w.s
	w.heading(2, "bare.product.h.spec", vs)
	t := &domain.Table{Columns: []domain.Column{w.column("col.property", false), w.column("col.this", false), w.column("col.context", false)}}
	t.Caption, _ = w.text("product.caption", vs)
	amounts := false
	for i := range s.view.Stats {
		st := &s.view.Stats[i]
		v, ok := s.shown(it, st)
		if !ok {
			continue
		}
		a, _ := st.Attribute(it)
		amounts = amounts || s.ref(st).text != ""
		t.Rows = append(t.Rows, domain.Row{Cells: []domain.Cell{{Text: st.Term.Label(s.lang)}, w.cell(v), w.context(it, st, a)}})
	}
	if amounts {
		t.Note, _ = w.text("bare.note.product", vs)
	}
	if len(t.Rows) > 0 {
		w.add(domain.Block{Type: domain.BlockTable, Anchor: "specification", Table: t})
	}
}

// bareAlternatives names products that are alike and have less or more of a number.
func (w *pageWriter) bareAlternatives(it *market.Item, vs values) {
	s := w.s
	used := map[*market.Item]bool{it: true}
	var items []domain.Paragraph
	for _, st := range s.numberStats(6) {
		a, ok := st.Attribute(it)
		if !ok || st.Term.Better == 0 || len(items) == 3 {
			continue
		}
		o := s.nearestBy(it, used, func(o *market.Item) bool {
			b, ok := st.Attribute(o)
			return ok && (b.Number > a.Number*1.1) == (st.Term.Better > 0) && (b.Number < a.Number*0.9) == (st.Term.Better < 0)
		})
		if o == nil {
			continue
		}
		used[o] = true
		b, _ := st.Attribute(o)
		key := "bare.alt.less"
		if st.Term.Better > 0 {
			key = "bare.alt.more"
		}
		p := w.para()
		p.say(key, vs.with(s.about(st)).with(values{"alt": s.name(o), "va": s.attribute(it, a), "vb": s.attribute(o, b), "ref": s.ref(st)}))
		items = append(items, p.item())
	}
	if len(items) == 0 {
		return
	}
	w.heading(2, "bare.product.h.alt", vs)
	w.list(items)
}

// nearestBy is the product most like another among those that fit, with a page first.
func (s *siteWriter) nearestBy(it *market.Item, used map[*market.Item]bool, fits func(*market.Item) bool) *market.Item {
	var best *market.Item
	top := 0.0
	for _, o := range s.view.Items {
		if used[o] || !fits(o) {
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

// fromList are attributes that are read from the list of ingredients: without them,
// either the list is missing or there is nothing of the kind in it.
var fromList = map[string]bool{
	"first_ingredient": true, "top_ingredients": true, "without_palm": true, "no_additives": true, "no_sugar_listed": true,
	"allergens": true, "additives": true, "sweeteners": true,
}

// bareUnknown says what the row does not state.
func (w *pageWriter) bareUnknown(it *market.Item, vs values) {
	s := w.s
	var missing []value
	for i := range s.view.Stats {
		st := &s.view.Stats[i]
		if _, ok := it.Family.Attribute(st.Name); ok || st.Silent() || fromList[st.Name] || len(missing) == 3 {
			continue
		}
		share, _ := s.stated(st).of(s.all)
		text := st.Term.Low(s.lang)
		if st.Name == "ingredient_count" {
			text = pick(s.lang, "list of ingredients", "Zutatenliste")
		}
		missing = append(missing, value{text: text, evidence: share.evidence})
	}
	w.heading(2, "product.h.unknown", vs)
	p := w.para()
	if len(missing) > 0 {
		p.say("bare.unknown.some", vs.with(values{"missing": s.joined(missing)}))
	}
	p.say("bare.unknown.always", vs)
	p.end()
}

// bareFAQ answers questions from what is stated.
func (w *pageWriter) bareFAQ() {
	s := w.s
	w.head("bare.faq", nil)
	p := w.para()
	p.say("faq.lead", nil)
	p.end()
	f := &domain.FAQ{}
	seen := map[string]bool{}
	ask := func(key string, vs values) {
		q, ok := w.sentence("bare.q."+key, vs)
		if !ok {
			return
		}
		a := w.para()
		if !a.say("bare.a."+key, vs) {
			return
		}
		anchor := market.Slug(q.Text, 48)
		for seen[anchor] {
			anchor += "-b"
		}
		seen[anchor] = true
		f.Items = append(f.Items, domain.QA{Anchor: anchor, Question: q, Answer: a.list})
	}
	ask("prices", nil)
	for _, st := range s.asked() {
		vs := s.spread(st)
		least, most := st.Stated[0], st.Stated[0]
		for i, it := range st.Stated {
			a, _ := st.Attribute(least)
			b, _ := st.Attribute(most)
			if st.Number[i] < a.Number {
				least = it
			}
			if st.Number[i] > b.Number {
				most = it
			}
		}
		vs["a"], vs["b"] = s.name(least), s.name(most)
		ask("number", vs)
	}
	for _, st := range s.flagStats(4) {
		ask("flag", s.flagShare(st))
	}
	ask("allergy", nil)
	ask("source", values{"page": w.link(domain.PageMethod)})
	for _, key := range []string{"effects", "old", "tested"} { // the page on the method answers them, too
		if s.draw("question", key) < asideShare {
			ask(key, nil)
		}
	}
	w.add(domain.Block{Type: domain.BlockFAQ, Anchor: "questions", FAQ: f})
	w.related(append(s.planned(domain.PageGuide), s.planned(domain.PageMethod)...))
}

// asked are the numbers that questions are about: the first, and others drawn.
func (s *siteWriter) asked() []*market.Stat {
	var out []*market.Stat
	all := s.numberStats(7)
	for i, st := range all {
		if rest := len(all) - i; i == 0 || len(out)+rest <= 4 || len(out) < 4 && s.draw("asked", st.Name) < asideShare {
			out = append(out, st)
		}
	}
	return out
}

// bareMethod says where the figures come from and where they end.
func (w *pageWriter) bareMethod() {
	s := w.s
	vs := values{"rows": s.rowCount()}
	w.head("method", vs)
	p := w.para()
	p.say("method.lead", vs)
	p.say("method.lead.human", vs)
	p.end()
	w.section("method.h.source", vs, "bare.source", "bare.method.rows", "bare.noprice")
	w.section("method.h.attributes", vs, "bare.method.list", "bare.method.marks", "method.attributes.silent")
	w.section("method.h.compute", vs, "bare.method.median", "method.compute.share")
	w.section("method.h.rank", vs, "bare.method.rank")
	w.section("method.h.choose", vs, "bare.method.left")
	w.section("method.h.words", vs, "method.words", "bare.effects")
	w.section("method.h.unknown", vs, "bare.method.unknown", "method.unknown.tests")
	w.coverage()
	op := s.in.Website.Operator
	w.section("method.h.correct", values{"email": s.setting("operator.email", op.Email)}, "method.correct", "method.correct.how")
	w.related(s.planned(domain.PageFAQ))
}
