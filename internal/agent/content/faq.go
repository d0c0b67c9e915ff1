package content

import (
	"strings"

	"empire/internal/domain"
	"empire/internal/intelligence/market"
)

// faq answers questions from computed figures.
func (w *pageWriter) faq() {
	s := w.s
	w.head("faq", s.prices(s.all))
	p := w.para()
	p.say("faq.lead", nil)
	p.end()
	f := &domain.FAQ{}
	ask := func(key string, vs values, extra ...string) {
		q, ok := w.sentence("faq.q."+key, vs)
		if !ok {
			return
		}
		a := w.para()
		a.say("faq.a."+key, vs)
		for _, x := range extra {
			a.say("faq.a."+x, vs)
		}
		if len(a.list) > 0 {
			f.Items = append(f.Items, domain.QA{Anchor: market.Slug(q.Text, 48), Question: q, Answer: a.list})
		}
	}
	all := s.prices(s.all)
	first := s.view.Items[0]
	ask("cost", all, "cost.half")
	ask("cheapest", all.with(values{"name": s.name(first), "price": s.price(first), "tied": s.tied(first)}), "cheapest.warn")
	if len(s.view.Bands) > 1 {
		b := s.view.Bands[0]
		g := s.bandGroup(b)
		share, _ := g.of(s.all)
		ask("budget", all.with(values{"band": s.bandLabel(b), "count": g.count(), "share": share, "bandmedian": g.stat("median")}), "budget.link")
	}
	w.faqAttributes(ask)
	ask("fresh", nil, "fresh.check")
	ask("tested", values{"page": w.link(domain.PageMethod)})
	ask("missing", all)
	ask("earn", values{"page": w.link(domain.PageDisclosure)})
	seen := map[string]bool{}
	for i := range f.Items {
		for seen[f.Items[i].Anchor] {
			f.Items[i].Anchor += "-b"
		}
		seen[f.Items[i].Anchor] = true
	}
	w.add(domain.Block{Type: domain.BlockFAQ, Anchor: "questions", FAQ: f})
	w.disclosure(w.priceNote())
	w.related(append(s.planned(domain.PageGuide), s.planned(domain.PageMethod)...))
}

// tied says how many products have the least price.
func (s *siteWriter) tied(it *market.Item) value {
	v, n := s.all.where("count_le", it.Price)
	if n == 1 {
		return value{}
	}
	return v
}

// faqAttributes asks about the attributes that decide: how common a value is and
// what it costs.
func (w *pageWriter) faqAttributes(ask func(string, values, ...string)) {
	s := w.s
	asked := 0
	for _, st := range s.guideStats() {
		if asked == 4 {
			return
		}
		vs := s.about(st)
		switch st.Kind {
		case domain.AttributeFlag:
			with, without := s.apart(st, "")
			if len(with.items) < 4 || len(without.items) < 4 {
				continue
			}
			vs["feature"], vs["count"] = plain(st.Term.Feature(s.lang, "")), with.count()
			vs["share"], _ = with.of(s.pool(st))
			w.faqEffect(vs, with, without)
			ask("flag", vs, "effect")
		case domain.AttributeNumber:
			vs["median"], _ = s.figure(st, "median")
			vs["q25"], _ = s.figure(st, "quantile", 0.25)
			vs["q75"], _ = s.figure(st, "quantile", 0.75)
			vs["stated"] = s.stated(st).count()
			ask("number", vs)
		default:
			v := s.dearest(st)
			with, without := s.apart(st, v.Key)
			if len(with.items) < 4 || len(without.items) < 4 || strings.Contains(v.Text, ",") {
				continue
			}
			vs["feature"], vs["count"] = s.valueFeature(st, v), with.count()
			vs["share"], _ = with.of(s.stated(st))
			w.faqEffect(vs, with, without)
			ask("value", vs, "effect")
		}
		asked++
	}
}

// faqEffect adds the median prices with and without.
func (w *pageWriter) faqEffect(vs values, with, without *group) {
	vs["m1"], vs["m2"] = with.stat("median"), without.stat("median")
	diff, size := w.s.gap(vs["m1"].evidence[0], vs["m2"].evidence[0], "difference of the medians")
	if size > 0 {
		vs["gap"] = diff
	}
	vs["direction"] = plain(map[bool]string{true: "above", false: "below"}[with.median() > without.median()])
	if w.s.lang == "de" {
		vs["direction"] = plain(map[bool]string{true: "über", false: "unter"}[with.median() > without.median()])
	}
}
