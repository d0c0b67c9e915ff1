package content

import (
	"empire/internal/domain"
	"empire/internal/intelligence/market"
)

// product writes the page of one product: a verdict from the data, where its price
// stands, its specification in the context of the market, what speaks for and
// against it, cheaper and dearer alternatives, variants, and what is not known.
func (w *pageWriter) product() {
	items := w.listed()
	if len(items) == 0 {
		return
	}
	s, it := w.s, items[0]
	vs := w.productValues(it)
	w.head("product", vs)
	pros, cons := s.points(it)
	p := w.para()
	have := s.features(it, 3, "")
	if len(have) > 0 {
		p.say("product.lead", vs.with(values{"features": s.joined(have)}))
	}
	w.verdictOf(p, it, vs)
	w.suits(p, it)
	p.end()
	w.arrange(map[string]func(){
		"price": func() { w.position(it, vs); w.history(it, vs) }, "spec": func() { w.specification(it, vs) }, "points": func() { w.forAndAgainst(pros, cons, vs) },
		"alternatives": func() { w.alternatives(it, vs) }, "variants": func() { w.variants(it, vs) },
		"unknown": func() {
			if w.trim < 2 {
				w.unknown(it, vs)
			}
		},
	})
	w.cta(it, "offer")
	w.related(w.nearProducts(it))
}

func (w *pageWriter) productValues(it *market.Item) values {
	s := w.s
	vs := values{"name": s.name(it), "price": s.price(it), "median": s.all.stat("median"), "min": s.all.stat("min"), "max": s.all.stat("max")}
	vs["short"] = s.nameCut(it, it.Short(30))
	if above, pct := s.all.shareWhere("count_gt", it.Price); pct >= 0.5 {
		vs["above"] = above
	}
	if below, pct := s.all.shareWhere("count_lt", it.Price); pct >= 0.5 {
		vs["below"] = below
	}
	if len(vs["median"].evidence) > 0 {
		vs["gap"], _ = s.gap(s.own(it), vs["median"].evidence[0], "distance to the median price")
	}
	if b, i := s.view.Band(it.Price); i >= 0 {
		g := s.bandGroup(b)
		vs["band"], vs["bandn"] = s.bandLabel(b), g.count()
		vs["bandrank"], _ = g.rank("rank_asc", it)
		vs["bandmedian"] = g.stat("median")
	}
	return vs
}

// priceClass says in which quarter of the market the price lies.
func (s *siteWriter) priceClass(it *market.Item) string {
	_, below := s.all.shareWhere("count_lt", it.Price)
	switch {
	case below < 22:
		return "low"
	case below < 50:
		return "midlow"
	case below < 78:
		return "midhigh"
	default:
		return "high"
	}
}

func (w *pageWriter) verdictOf(p *prosePart, it *market.Item, vs values) {
	p.say("product.verdict."+w.s.priceClass(it), vs)
}

// suits says for whom the product's most decisive features are, from general
// knowledge.
func (w *pageWriter) suits(p *prosePart, it *market.Item) {
	said := 0
	for i := range w.s.view.Stats {
		st := &w.s.view.Stats[i]
		a, ok := st.Attribute(it)
		if !ok || said == 2 {
			continue
		}
		if w.suit(p, st, a) {
			said++
		}
	}
}

// suit says who needs a value of an attribute: by its words, else by its place
// above or below the median.
func (w *pageWriter) suit(p *prosePart, st *market.Stat, a domain.Attribute) bool {
	key := "suit." + st.Term.Name
	switch a.Kind {
	case domain.AttributeFlag:
		if a.Flag {
			return p.say(key+".yes", nil)
		}
		return p.say(key+".no", nil)
	case domain.AttributeNumber:
		low, high := median(st.Number, 0.35), median(st.Number, 0.65)
		switch {
		case a.Number >= high && a.Number > low:
			return p.say(key+".high", nil)
		case a.Number <= low && a.Number < high:
			return p.say(key+".low", nil)
		default:
			return p.say(key+".mid", nil)
		}
	case domain.AttributeList:
		for _, x := range a.List {
			if p.say(key+"."+market.Slug(x, 40), nil) {
				return true
			}
		}
		return false
	default:
		return p.say(key+"."+market.Slug(market.Show("en", a), 40), nil)
	}
}

// position says where the price lies in the market and among its peers.
func (w *pageWriter) position(it *market.Item, vs values) {
	s := w.s
	w.heading(2, "product.h.price", vs)
	p := w.para()
	p.say("product.price."+s.priceClass(it), vs)
	p.say("product.band", vs)
	w.peers(p, it, vs)
	p.end()
	fig := &domain.Figure{Kind: domain.FigurePosition}
	fig.Title, _ = w.text("product.fig.title", vs)
	fig.Alt, fig.Claims = w.text("product.fig.alt", vs)
	bar := func(key string, v value, at float64) *domain.Bar {
		label, _ := w.text(key, nil)
		return &domain.Bar{Label: label, Value: at, Text: v.text, Claims: w.claimIDs(v)}
	}
	items := s.all.items
	fig.Min = bar("fig.min", vs["min"], items[0].Price)
	fig.Max = bar("fig.max", vs["max"], items[len(items)-1].Price)
	fig.Mark = bar("fig.median", vs["median"], s.all.median())
	own := bar("fig.own", vs["price"], it.Price)
	own.Highlight = true
	fig.Bars = []domain.Bar{*own}
	if items[0].Price < items[len(items)-1].Price {
		w.add(domain.Block{Type: domain.BlockFigure, Anchor: "position", Figure: fig})
	}
}

// peers compares the price with products that share the most decisive value.
func (w *pageWriter) peers(p *prosePart, it *market.Item, vs values) {
	s := w.s
	for i := range s.view.Stats {
		st := &s.view.Stats[i]
		a, ok := st.Attribute(it)
		if !ok || st.Term.Minor() || a.Kind == domain.AttributeList || a.Kind == domain.AttributeFlag && !a.Flag || st.Term.Weight < 4 {
			continue
		}
		key := ""
		if a.Kind != domain.AttributeFlag {
			key = lower(market.Show(s.lang, a))
		}
		with, _ := s.apart(st, key)
		if len(with.items) < 4 || len(with.items)*10 > len(s.all.items)*8 || a.Kind == domain.AttributeNumber && len(with.items)*10 < len(st.Stated) {
			continue // too few to compare with, too many to say anything, or equal by chance
		}
		f, ok := s.feature(it, st)
		if !ok {
			continue
		}
		pv := vs.with(values{"feature": f, "peers": with.count(), "peermedian": with.stat("median")})
		pv["peerrank"], _ = with.rank("rank_asc", it)
		pv["peerabove"], _ = with.shareWhere("count_gt", it.Price)
		diff, size := s.gap(s.own(it), pv["peermedian"].evidence[0], "distance to the median of products with the same value")
		pv["peergap"] = diff
		switch {
		case size < 0.03*it.Price:
			p.say("product.peers.same", pv)
		case it.Price < with.median():
			p.say("product.peers.low", pv)
		default:
			p.say("product.peers.high", pv)
		}
		return
	}
}

// specification lists what the feed states, and how common each value is.
func (w *pageWriter) specification(it *market.Item, vs values) {
	s := w.s
	w.heading(2, "product.h.spec", vs)
	t := &domain.Table{Columns: []domain.Column{w.column("col.property", false), w.column("col.this", false), w.column("col.context", false)}}
	t.Caption, _ = w.text("product.caption", vs)
	for i := range s.view.Stats {
		st := &s.view.Stats[i]
		v, ok := s.shown(it, st)
		if !ok {
			continue
		}
		a, _ := st.Attribute(it)
		label := domain.Cell{Text: st.Term.Label(s.lang)}
		t.Rows = append(t.Rows, domain.Row{Cells: []domain.Cell{label, w.cell(v), w.context(it, st, a)}})
	}
	t.Note = w.priceNote()
	if len(t.Rows) > 0 {
		w.add(domain.Block{Type: domain.BlockTable, Anchor: "specification", Table: t})
	}
}

// forAndAgainst lists the strongest points of both sides.
func (w *pageWriter) forAndAgainst(pros, cons []point, vs values) {
	if len(pros) == 0 && len(cons) == 0 {
		return
	}
	w.heading(2, "product.h.points", vs)
	pc := &domain.ProsCons{Pros: w.sentences(pros, 4), Cons: w.sentences(cons, 4)}
	w.fillSides(pc, vs)
	w.add(domain.Block{Type: domain.BlockProsCons, Anchor: "for-and-against", ProsCons: pc})
}

// sentences says up to most points.
func (w *pageWriter) sentences(list []point, most int) []domain.Sentence {
	p := w.para()
	for _, pt := range list {
		if len(p.list) < most {
			w.point(p, "point", pt)
		}
	}
	return p.list
}

// fillSides says so where the data speak neither for nor against.
func (w *pageWriter) fillSides(pc *domain.ProsCons, vs values) {
	for _, side := range []*[]domain.Sentence{&pc.Pros, &pc.Cons} {
		if len(*side) == 0 {
			p := w.para()
			if side == &pc.Pros {
				p.say("product.nopros", vs)
			} else {
				p.say("product.nocons", vs)
			}
			*side = p.list
		}
	}
}

// variants says in which sizes and colors the product is sold.
func (w *pageWriter) variants(it *market.Item, vs values) {
	s := w.s
	vv := vs.with(nil)
	found := false
	for _, o := range []struct{ attribute, list, count string }{
		{"available_colours", "colours", "colourcount"}, {"available_sizes", "sizes", "sizecount"},
	} {
		if a, ok := it.Family.Attribute(o.attribute); ok && len(a.List) > 1 {
			vv[o.list], vv[o.count] = s.attribute(it, a), s.optionCount(it, a)
			found = true
		}
	}
	if !found {
		return
	}
	w.heading(2, "product.h.variants", vs)
	p := w.para()
	p.say("product.colours", vv)
	p.say("product.sizes", vv)
	if m := it.Family.PriceMax; m != nil && *m != it.Money {
		p.say("product.variantprice", vv.with(values{"high": s.highest(it)}))
	} else {
		p.say("product.oneprice", vv)
	}
	p.end()
}

// highest is the greatest price of the product's variants.
func (s *siteWriter) highest(it *market.Item) value {
	for i := range it.Family.Variants {
		if v := &it.Family.Variants[i]; v.Price != nil && *v.Price == *it.Family.PriceMax {
			return s.rowPrice(v, *v.Price)
		}
	}
	return value{}
}

// unknown says what the feed does not tell about the product.
func (w *pageWriter) unknown(it *market.Item, vs values) {
	s := w.s
	var missing []value
	for i := range s.view.Stats {
		st := &s.view.Stats[i]
		if _, ok := it.Family.Attribute(st.Name); !ok && !st.Silent() && !st.Term.Minor() && len(missing) < 3 {
			share, _ := s.stated(st).of(s.all)
			missing = append(missing, value{text: st.Term.Low(s.lang), evidence: share.evidence})
		}
	}
	w.heading(2, "product.h.unknown", vs)
	p := w.para()
	if len(missing) > 0 {
		p.say("product.unknown.some", vs.with(values{"missing": s.joined(missing)}))
	} else {
		p.say("product.unknown.none", vs)
	}
	p.say("product.unknown.always", nil)
	p.end()
}
