package content

import (
	"empire/internal/domain"
	"empire/internal/intelligence/market"
)

// facetValue names the products of a best-for page, with the evidence of its limits
// and value.
func (s *siteWriter) facetValue(page domain.PlanPage) value {
	f := page.Facet
	v := value{text: s.view.FacetPhrase(f, s.in.Plan.Noun.Plural)}
	for _, a := range []*float64{f.Low, f.High} {
		if a != nil {
			v.evidence = append(v.evidence, s.limit("", a).evidence...)
			if market.InMinutes(*a, f.Unit) {
				v.evidence = append(v.evidence, s.minutes(v.evidence[len(v.evidence)-1]))
			}
		}
	}
	v.evidence = append(v.evidence, s.noun(s.in.Plan.Noun.Plural).evidence...)
	if g := s.facets[page.Slug]; f.Text != "" && g != nil && len(g.items) > 0 {
		if st, ok := s.view.Stat(f.Attribute); ok {
			if a, ok := st.Attribute(g.items[0]); ok {
				v.evidence = append(v.evidence, s.ledger.Attribute(g.items[0].Family, a))
			}
		}
	}
	if len(v.evidence) == 0 {
		v.evidence = []domain.EvidenceID{s.facets[page.Slug].countID()}
	}
	return v
}

// facetLink is facetValue with a link to the page.
func (s *siteWriter) facetLink(page domain.PlanPage) value {
	v := s.facetValue(page)
	slug := page.Slug
	v.slug = &slug
	return v
}

// pairOf returns the products of a comparison page, the cheaper one first.
func (s *siteWriter) pairOf(page domain.PlanPage) (a, b *market.Item, ok bool) {
	if len(page.Products) < 2 {
		return nil, nil, false
	}
	a, okA := s.view.Item(page.Products[0])
	b, okB := s.view.Item(page.Products[1])
	if !okA || !okB {
		return nil, nil, false
	}
	if b.Price < a.Price {
		a, b = b, a
	}
	return a, b, true
}

// apartBy is how much more a costs than b; empty if the prices are equal.
func (s *siteWriter) apartBy(a, b *market.Item) value {
	diff, size := s.gap(s.own(a), s.own(b), "price difference")
	if size == 0 {
		return value{}
	}
	return diff
}

// pageLink links to a page about two products by its label.
func (s *siteWriter) pageLink(page domain.PlanPage, items ...*market.Item) value {
	slug := page.Slug
	v := value{text: page.NavLabel, slug: &slug, verbatim: true}
	for _, it := range items {
		v.evidence = append(v.evidence, s.name(it).evidence...)
	}
	return v
}
