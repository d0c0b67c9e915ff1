package content

import (
	"empire/internal/domain"
)

// method says where the figures come from, how they are computed, what is not
// known, and how to report a mistake.
func (w *pageWriter) method() {
	s := w.s
	vs := s.prices(s.all).with(values{"merchant": s.merchantNames(), "rows": s.rowCount(), "unpriced": s.unpriced()})
	w.head("method", vs)
	p := w.para()
	p.say("method.lead", vs)
	p.say("method.lead.human", vs)
	p.end()
	w.section("method.h.source", vs, "method.source", "method.source.rows", "method.source.unpriced")
	w.section("method.h.attributes", vs, "method.attributes", "method.attributes.silent")
	w.section("method.h.compute", vs, "method.compute.median", "method.compute.share", "method.compute.effect")
	w.section("method.h.rank", vs, "method.rank", "method.rank.paid", "method.rank.ties")
	w.section("method.h.choose", vs, "method.choose", "method.choose.pairs")
	w.section("method.h.words", vs, "method.words", "method.words.opinion")
	w.section("method.h.unknown", vs, "method.unknown", "method.unknown.tests")
	w.coverage()
	op := s.in.Website.Operator
	w.section("method.h.correct", values{"email": s.setting("operator.email", op.Email)}, "method.correct", "method.correct.how")
	w.related(append(s.planned(domain.PageDisclosure), s.planned(domain.PageFAQ)...))
}

// section adds a heading and one paragraph.
func (w *pageWriter) section(heading string, vs values, keys ...string) {
	w.heading(2, heading, vs)
	p := w.para()
	for _, k := range keys {
		p.say(k, vs)
	}
	p.end()
}

// rowCount is how many feed rows the priced products have.
func (s *siteWriter) rowCount() value {
	rows := make([]string, len(s.view.Items))
	counts := make([]float64, len(s.view.Items))
	for i, it := range s.view.Items {
		rows[i], counts[i] = it.Row().Key, float64(len(it.Family.Variants))
	}
	set := s.ledger.Set("variants", rows, counts, "feed rows of each priced product")
	id, result, _ := s.ledger.Compute("sum", "feed rows of the priced products", []domain.EvidenceID{set})
	return value{text: countText(s.lang, result), evidence: []domain.EvidenceID{id}}
}

// unpriced is how many products were left out for lack of a price; empty if none
// or one.
func (s *siteWriter) unpriced() value {
	n := s.in.Market.Unpriced
	if n < 2 {
		return value{}
	}
	id, result, _ := s.ledger.Compute("constant", "products without a price, counted when the market was scanned", nil, float64(n))
	return value{text: countText(s.lang, result), evidence: []domain.EvidenceID{id}}
}
