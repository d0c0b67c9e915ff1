package content

import (
	"math"
	"strings"

	"empire/internal/domain"
	"empire/internal/intelligence/market"
)

// home writes the front page: what the site answers, the market at a glance, where
// to start, what the money buys, a few models, and how the figures are made.
func (w *pageWriter) home() {
	s := w.s
	w.head("home", s.prices(s.all))
	p := w.para()
	p.say("home.lead", values{"merchant": s.merchantNames()})
	p.say("home.scope", nil)
	p.say("home.promise", nil)
	p.end()
	w.arrange(map[string]func(){"glance": w.glance, "start": w.entries, "bands": w.bandSection, "picks": w.picks, "coverage": w.guideSilent})
	w.heading(2, "home.h.method", nil)
	p = w.para()
	p.say("home.method.source", values{"merchant": s.merchantNames()})
	p.say("home.method.link", values{"methodpage": w.link(domain.PageMethod)})
	p.end()
	w.related(append(s.planned(domain.PageGuide), s.planned(domain.PageBest)...))
}

// prices returns the price figures of a group by name.
func (s *siteWriter) prices(g *group) values {
	return values{
		"min": g.stat("min"), "max": g.stat("max"), "median": g.stat("median"), "q25": g.stat("quantile", 0.25), "q75": g.stat("quantile", 0.75),
		"gn": g.count(),
	}
}

// merchantNames lists up to three merchants whose rows are used.
func (s *siteWriter) merchantNames() value {
	names := s.merchants()
	if len(names) == 0 {
		return value{}
	}
	v := value{text: market.List(s.lang, names[:min(len(names), 3)]), verbatim: true}
	if hasFigure(v.text) {
		v.evidence = []domain.EvidenceID{s.ledger.Setting("merchant_name", v.text)}
	}
	return v
}

// link is a link to the page of a kind that exists once, by its label.
func (w *pageWriter) link(kind domain.PageKind) value {
	for _, p := range w.s.planned(kind) {
		slug := p.Slug
		return value{text: p.NavLabel, slug: &slug, verbatim: true}
	}
	return value{}
}

func (w *pageWriter) glance() {
	s := w.s
	w.heading(2, "home.h.glance", nil)
	vs := s.prices(s.all)
	p := w.para()
	p.say("home.range", vs)
	p.say("home.half", vs)
	if brand, ok := s.view.Stat("brand"); ok && len(brand.Values) > 2 {
		top := brand.Values[0]
		with, _ := s.apart(brand, top.Key)
		share, _ := with.of(s.all)
		p.say("home.brands", values{"brand": s.valueName(brand, top), "share": share, "count": with.count()})
	}
	if st := s.decisive(); st != nil {
		w.commonValue(p, "home.common", st)
	}
	p.end()
	w.histogram()
}

// decisive returns the attribute that decides most among those with few values.
func (s *siteWriter) decisive() *market.Stat {
	for i := range s.view.Stats {
		if st := &s.view.Stats[i]; st.Kind != domain.AttributeFlag && !st.Term.Minor() && st.Term.Name != "gender" && len(st.Values[0].Items)*least(st.Kind) >= len(st.Stated) {
			return st
		}
	}
	return nil
}

// least is one divided by the share that the commonest value must have to be worth
// a word: more for numbers, which repeat by chance.
func least(k domain.AttributeKind) int {
	if k == domain.AttributeNumber {
		return 4
	}
	return 12
}

// valueName shows a value of a statistic, cited from the first product that has it.
func (s *siteWriter) valueName(st *market.Stat, v market.Value) value {
	it := v.Items[0]
	a, ok := st.Attribute(it)
	if !ok {
		return value{}
	}
	if a.Kind == domain.AttributeNumber && market.InMinutes(a.Number, a.Unit) {
		return s.attribute(it, a)
	}
	out := value{text: v.Text, verbatim: true, evidence: []domain.EvidenceID{s.ledger.Attribute(it.Family, a)}}
	if !s.covered(out.text, out.evidence) {
		out.text = a.Raw
	}
	if a.Kind == domain.AttributeText {
		out.text = st.Term.Cell(s.lang, out.text)
	}
	return out
}

// valueFeature says what products with a value have: "an IPS panel".
func (s *siteWriter) valueFeature(st *market.Stat, v market.Value) value {
	out := s.valueWord(st, v)
	out.text = st.Term.Feature(s.lang, out.text)
	out.verbatim = false
	return out
}

// valueWord is a value inside a sentence.
func (s *siteWriter) valueWord(st *market.Stat, v market.Value) value {
	out := s.valueName(st, v)
	word := st.Term.ValueWords(s.lang, v.Text)
	if s.covered(word, out.evidence) {
		out.text = word
	}
	return out
}

// valueAlone is a value inside a sentence without what it describes: "all-weather" where
// valueWord says "all kinds of".
func (s *siteWriter) valueAlone(st *market.Stat, v market.Value) value {
	out := s.valueWord(st, v)
	if strings.HasSuffix(out.text, " of") {
		out.text = strings.ToLower(v.Text)
	}
	return out
}

// commonValue says which value of an attribute is the commonest.
func (w *pageWriter) commonValue(p *prosePart, key string, st *market.Stat) bool {
	top := st.Values[0]
	with, _ := w.s.apart(st, top.Key)
	share, _ := with.of(w.s.stated(st))
	return p.say(key, values{
		"value": w.s.valueAlone(st, top), "share": share, "count": with.count(),
	}.with(w.s.about(st)))
}

// histogram draws how prices are distributed.
func (w *pageWriter) histogram() {
	s := w.s
	limits := histogramLimits(s.view.Prices(s.view.Items))
	if len(limits) < 2 {
		return
	}
	fig := &domain.Figure{Kind: domain.FigureHistogram}
	var most value
	var mostBand market.Band
	top := 0
	for i := 0; i <= len(limits); i++ {
		var b market.Band
		if i > 0 {
			b.Low = &limits[i-1]
		}
		if i < len(limits) {
			b.High = &limits[i]
		}
		n, count := s.inBand(b)
		label := s.bandLabel(b)
		if count > top {
			top, most, mostBand = count, n, b
		}
		fig.Bars = append(fig.Bars, domain.Bar{
			Label: label.text, Value: float64(count), Text: n.text, Claims: append(w.claimIDs(n), w.claimIDs(label)...),
		})
	}
	for i := range fig.Bars {
		fig.Bars[i].Highlight = int(fig.Bars[i].Value) == top
	}
	vs := s.prices(s.all).with(values{"most": most, "band": s.bandLabel(mostBand)})
	fig.Title, _ = w.text("home.fig.title", vs)
	fig.Alt, fig.Claims = w.text("home.fig.alt", vs)
	if c, ok := w.sentence("home.fig.caption", vs); ok {
		fig.Caption = append(fig.Caption, c)
	}
	w.add(domain.Block{Type: domain.BlockFigure, Anchor: "prices", Figure: fig})
}

// inBand counts the products of a band with the formula that fits its open ends.
func (s *siteWriter) inBand(b market.Band) (value, int) {
	switch {
	case b.Low == nil && b.High == nil:
		return s.all.count(), len(s.all.items)
	case b.Low == nil:
		return s.all.where("count_lt", *b.High)
	case b.High == nil:
		return s.all.where("count_ge", *b.Low)
	default:
		return s.all.where("count_between", *b.Low, *b.High)
	}
}

// histogramLimits returns equal round steps that cover nine tenths of the prices.
func histogramLimits(prices []float64) []float64 {
	if len(prices) < 8 {
		return nil
	}
	low, high := prices[len(prices)/50], prices[len(prices)*92/100]
	if high <= low {
		return nil
	}
	step := market.Nice((high - low) / 6)
	if step <= 0 {
		return nil
	}
	var out []float64
	for x := math.Floor(low/step)*step + step; x < high && len(out) < 8; x += step {
		out = append(out, x)
	}
	return out
}

// entries lists the pages to start with, each with what one finds there.
func (w *pageWriter) entries() {
	s := w.s
	w.heading(2, "home.h.start", nil)
	var items []domain.Paragraph
	p := w.para()
	p.say("home.to.guide", values{"page": w.link(domain.PageGuide)})
	items = append(items, p.item())
	for _, page := range s.planned(domain.PageBest) {
		g := s.facets[page.Slug]
		p := w.para()
		p.say("home.to.best", s.prices(g).with(values{"page": s.facetLink(page)}))
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
			key := "home.to.pair"
			if a.Money == b.Money {
				key = "home.to.pair.even"
			}
			p.say(key, values{"page": s.pageLink(page, a, b), "gap": s.apartBy(b, a), "pa": s.price(a), "pb": s.price(b)})
			items = append(items, p.item())
		}
		w.list(items)
	}
	if list := s.planned(domain.PageFAQ); len(list) > 0 {
		p := w.para()
		p.say("home.to.faq", values{"page": w.link(domain.PageFAQ)})
		p.end()
	}
}

// picks presents a few products that have a page.
func (w *pageWriter) picks() {
	for _, it := range w.picked("home.picks.lead", 4-w.trim) {
		w.card(market.Pick{Item: it}, w.s.all, "home")
	}
}

// picked begins the section of products that have a page, unless there are none, and
// returns the first of them.
func (w *pageWriter) picked(lead string, most int) []*market.Item {
	var items []*market.Item
	for _, key := range w.plan.Products {
		if it, ok := w.s.view.Item(key); ok {
			items = append(items, it)
		}
	}
	if len(items) == 0 {
		return nil
	}
	w.heading(2, "home.h.picks", nil)
	p := w.para()
	p.say(lead, nil)
	p.end()
	return items[:max(0, min(len(items), most))]
}
