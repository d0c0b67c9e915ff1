package content

import (
	"slices"
	"strings"

	"empire/internal/domain"
	"empire/internal/intelligence/market"
)

// bare writes the page of a market without prices: it says so and compares what rows
// state. It reports false for the pages that are the same with and without prices.
func (w *pageWriter) bare() bool {
	w.base["per"] = w.s.per()
	w.base["merchant"] = w.s.merchantNames()
	switch w.plan.Kind {
	case domain.PageHome:
		w.bareHome()
	case domain.PageGuide:
		w.bareGuide()
	case domain.PageBest:
		w.bareBest()
	case domain.PageComparison:
		w.bareComparison()
	case domain.PageProduct:
		w.bareProduct()
	case domain.PageFAQ:
		w.bareFAQ()
	case domain.PageMethod:
		w.bareMethod()
	default:
		return false
	}
	return true
}

// per is the amount that the figures of labels are for.
func (s *siteWriter) per() value {
	id, _, _ := s.ledger.Compute("constant", "the amount that figures are stated for", nil, 100)
	return value{text: "100 g", evidence: []domain.EvidenceID{id}}
}

// bareHome says that there are no prices, what the market looks like and where to start.
func (w *pageWriter) bareHome() {
	s := w.s
	w.head("bare.home", nil)
	p := w.para()
	p.say("bare.home.lead", nil)
	p.say("bare.noprice", nil)
	p.say("bare.home.scope", nil)
	p.end()
	w.arrange(map[string]func(){"glance": w.bareGlance, "start": w.bareEntries, "picks": w.barePicks, "coverage": w.bareSilent})
	w.heading(2, "home.h.method", nil)
	p = w.para()
	p.say("bare.source", nil)
	p.say("home.method.link", values{"methodpage": w.link(domain.PageMethod)})
	p.end()
	w.related(append(s.planned(domain.PageGuide), s.planned(domain.PageBest)...))
}

// bareGlance says how far the products lie apart and which marks they have.
func (w *pageWriter) bareGlance() {
	s := w.s
	w.heading(2, "bare.home.h.glance", nil)
	p := w.para()
	for i, st := range s.numberStats(3) {
		if st.Unit == "" { // half an ingredient is nothing to imagine
			continue
		}
		if i == 0 {
			p.say("bare.spread", s.spread(st))
			continue
		}
		p.say("bare.spread.more", s.spread(st))
	}
	p.end()
	p = w.para()
	var before *group
	for _, st := range s.flagStats(3) {
		w.flagSentence(p, st, before)
		before = s.pool(st)
	}
	p.end()
	if st := s.view.MainNumber(); st != nil {
		w.numberFigure(st)
	}
}

// flagSentence says how many products have a mark. Where the sentence before spoke of the
// same products, it does not describe them again.
func (w *pageWriter) flagSentence(p *prosePart, st *market.Stat, before *group) bool {
	s := w.s
	vs := s.flagShare(st)
	with, _ := s.apart(st, "")
	pool := s.pool(st)
	key := flagKey(st)
	switch {
	case len(with.items) == 1:
		key += ".one"
	case len(with.items) == len(pool.items):
		key += ".all"
	case before != nil && slices.Equal(before.items, pool.items):
		key = "bare.flag.also"
		verb, rest, _ := strings.Cut(st.Term.In(s.lang).Have, " ")
		vs["verb"], vs["rest"] = plain(verb), plain(rest)
	}
	return p.say(key, vs)
}

// numberStats are the most decisive numbers that half of the products state.
func (s *siteWriter) numberStats(most int) []*market.Stat {
	var out []*market.Stat
	for i := range s.view.Stats {
		if st := &s.view.Stats[i]; st.Kind == domain.AttributeNumber && st.Coverage(s.view) >= 0.5 && len(out) < most {
			out = append(out, st)
		}
	}
	return out
}

// flagStats are the marks that some products have and others have not.
func (s *siteWriter) flagStats(most int) []*market.Stat {
	var out []*market.Stat
	for i := range s.view.Stats {
		if st := &s.view.Stats[i]; st.Kind == domain.AttributeFlag && len(st.Values[0].Items) >= 3 && len(out) < most && !(st.Term.Denied && len(st.Values[0].Items) == len(st.Stated)) {
			out = append(out, st)
		}
	}
	return out
}

// spread describes a number over the market; ref is the amount it is stated for, if any.
func (s *siteWriter) spread(st *market.Stat) values {
	vs := s.about(st)
	vs["statedn"] = s.stated(st).count()
	for name, formula := range map[string]string{"median": "median", "min": "min", "max": "max"} {
		vs[name] = s.measured(st, formula)
	}
	vs["q25"], vs["q75"] = s.measured(st, "quantile", 0.25), s.measured(st, "quantile", 0.75)
	vs["ref"] = s.ref(st)
	return vs
}

// measured is a figure over an attribute with at most two decimals.
func (s *siteWriter) measured(st *market.Stat, formula string, args ...float64) value {
	v, result := s.figure(st, formula, args...)
	if v.text != "" {
		v.text = market.Quantity(s.lang, roundTo(result, 100), st.Unit)
	}
	return v
}

// ref says for which amount a number is stated: "je 100 g"; nothing if for none.
func (s *siteWriter) ref(st *market.Stat) value {
	v := s.per()
	switch {
	case st.Unit != "g" || st.Name == "content":
		return value{blank: true}
	case s.lang == "de":
		v.text = "je " + v.text
	default:
		v.text = "per " + v.text
	}
	return v
}

// flagKey is the phrase about a mark: of what is read from lists of ingredients, only
// products with such a list can have it.
func flagKey(st *market.Stat) string {
	if st.Term.Denied {
		return "bare.flag.list"
	}
	return "bare.flag"
}

// flagShare says how many products have a mark among those about which that is known.
func (s *siteWriter) flagShare(st *market.Stat) values {
	with, _ := s.apart(st, "")
	vs := s.about(st).with(values{"feature": plain(st.Term.Feature(s.lang, "")), "count": with.count(), "pooln": s.pool(st).count()})
	vs["share"], _ = with.of(s.pool(st))
	return vs
}

// bareEntries lists the pages to start with.
func (w *pageWriter) bareEntries() {
	s := w.s
	w.heading(2, "bare.home.h.start", nil)
	p := w.para()
	p.say("bare.to.guide", values{"page": w.link(domain.PageGuide)})
	items := []domain.Paragraph{p.item()}
	for _, page := range s.planned(domain.PageBest) {
		g := s.facets[page.Slug]
		vs := values{"page": s.facetLink(page), "gn": g.count()}
		vs["share"], _ = g.of(s.all)
		p := w.para()
		p.say("bare.to.best", vs)
		items = append(items, p.item())
	}
	w.list(items)
	if list := s.planned(domain.PageComparison); len(list) > 0 {
		w.heading(3, "home.h.pairs", nil)
		items = nil
		for _, page := range list {
			a, b, ok := s.pairOf(page)
			if !ok {
				continue
			}
			p := w.para()
			p.say("bare.to.pair", values{"page": s.pageLink(page, a, b)})
			items = append(items, p.item())
		}
		w.list(items)
	}
}

func (w *pageWriter) barePicks() {
	for _, it := range w.picked("bare.picks.lead", 4) {
		w.bareCard(it)
	}
}

// bareCard presents a product by its figures; there is no offer to show.
func (w *pageWriter) bareCard(it *market.Item) {
	s := w.s
	name := s.name(it)
	c := &domain.ProductCard{Product: it.Family.Key, Name: name.text, Claims: w.claimIDs(name), Slug: name.slug}
	p := w.para()
	places := 1
	if _, ok := it.Family.Attribute("first_ingredient"); !ok {
		places = 2 // in place of what the list of ingredients would say
	}
	w.barePlaces(p, it, places, w.facetAttribute())
	w.bareList(p, it)
	c.Text = p.list
	for _, st := range w.factStats(it, 4) {
		if v, ok := s.shown(it, st); ok {
			c.Facts = append(c.Facts, domain.Fact{Label: st.Term.Label(s.lang), Value: w.cell(v)})
		}
	}
	w.add(domain.Block{Type: domain.BlockProduct, Product: c})
}

// bareList says what the list of ingredients begins with and how long it is.
func (w *pageWriter) bareList(p *prosePart, it *market.Item) bool {
	s := w.s
	vs := values{"name": s.name(it), "short": s.nameCut(it, it.Short(30))}
	for _, a := range it.Family.Attributes {
		switch a.Name {
		case "first_ingredient":
			if !hasFigure(a.Text) {
				v := s.attribute(it, a)
				v.verbatim = true
				vs["first"] = v
			}
		case "ingredient_count":
			vs["count"] = s.attribute(it, a)
			if a.Number == 1 {
				return p.say("bare.list.one", vs)
			}
		}
	}
	return p.say("bare.list", vs)
}

// barePlaces says where up to most numbers of a product lie in the market.
func (w *pageWriter) barePlaces(p *prosePart, it *market.Item, most int, without string) {
	s := w.s
	for _, st := range s.numberStats(6) {
		a, ok := st.Attribute(it)
		if !ok || most == 0 || st.Name == without {
			continue
		}
		vs := s.spread(st)
		vs["name"], vs["short"] = s.name(it), s.nameCut(it, it.Short(30))
		vs["value"] = s.attribute(it, a)
		if f, ok := s.feature(it, st); ok {
			vs["feature"] = f
		}
		own := s.ledger.Set(st.Name, []string{a.RowKey}, []float64{a.Number}, st.Term.Low("en")+" of "+it.Family.Name)
		if id, n, ok := s.ledger.Compute("rank_asc", "place by "+st.Term.Low("en"), []domain.EvidenceID{s.numbers(st), own}); ok {
			vs["rank"] = value{text: market.Count(s.lang, int(n)), evidence: []domain.EvidenceID{id}}
		}
		vs["gap"] = s.amountApart(st, own, vs["median"].evidence[0], "distance to the median")
		less, _, _ := s.ledger.Compute("count_lt", "products with less "+st.Term.Low("en"), []domain.EvidenceID{s.numbers(st)}, a.Number)
		if share, pct := s.percent(less, s.statedCount(st), "share with less "+st.Term.Low("en")); pct >= 0.5 {
			vs["below"] = share
		}
		if a.Number <= median(st.Number, 0.25) {
			vs["lowquarter"] = vs["q25"]
		}
		if a.Number >= median(st.Number, 0.75) {
			vs["highquarter"] = vs["q75"]
		}
		key := "equal"
		switch m := median(st.Number, 0.5); {
		case a.Number > m && vs["gap"].text != "":
			key = "above"
		case a.Number < m && vs["gap"].text != "":
			key = "below"
		}
		switch {
		case a.Number == slices.Min(st.Number) && a.Number > 0 && key == "below":
			key = "least"
		case a.Number == slices.Max(st.Number) && key == "above":
			key = "most"
		}
		if p.say("bare.place."+key, vs) {
			most--
		}
	}
}

func (s *siteWriter) statedCount(st *market.Stat) domain.EvidenceID {
	id, _, _ := s.ledger.Compute("count", "products that state "+st.Term.Low("en"), []domain.EvidenceID{s.numbers(st)})
	return id
}

// amountApart is the distance of two numbers with the unit of an attribute; empty if
// there is none to speak of.
func (s *siteWriter) amountApart(st *market.Stat, a, b domain.EvidenceID, note string) value {
	id, _, ok := s.ledger.Compute("difference", note, []domain.EvidenceID{a, b})
	if !ok {
		return value{}
	}
	id, result, ok := s.ledger.Compute("absolute", note, []domain.EvidenceID{id})
	if !ok || result < 0.005 {
		return value{}
	}
	return s.quantity(roundTo(result, 100), st.Unit, id)
}
