package content

import (
	"slices"

	"empire/internal/domain"
)

// connect makes sure that a link leads to every product and comparison page: one
// that no other page mentions is added to the related links of a list that its
// product belongs to, or of the guide.
func (s *siteWriter) connect() {
	linked := map[string]bool{}
	for _, w := range s.drafts {
		for _, slug := range linkedFrom(&w.page) {
			linked[slug] = true
		}
	}
	for _, w := range s.drafts {
		if linked[w.page.Slug] || !optional(w.plan.Kind) {
			continue
		}
		host := s.hostFor(w.plan)
		if host == nil {
			continue
		}
		host.page.Related = append(host.page.Related, domain.PageRef{Slug: w.plan.Slug, Label: w.plan.NavLabel})
		host.claimLabel(w.plan)
		host.page.Claims = host.claims.All()
	}
}

// hostFor returns the page that should link to a page: the list with the fewest
// links among those that hold its product, else the guide.
func (s *siteWriter) hostFor(plan domain.PlanPage) *pageWriter {
	var host, guide *pageWriter
	for _, w := range s.drafts {
		if w.plan.Kind == domain.PageGuide {
			guide = w
		}
		if w.plan.Facet == nil || len(plan.Products) == 0 {
			continue
		}
		it, ok := s.view.Item(plan.Products[0])
		if ok && s.view.Has(it, w.plan.Facet) && (host == nil || len(w.page.Related) < len(host.page.Related)) {
			host = w
		}
	}
	if host == nil {
		return guide
	}
	return host
}

// linkedFrom returns the slugs that a page links to.
func linkedFrom(p *domain.Page) []string {
	var out []string
	add := func(slug *string) {
		if slug != nil {
			out = append(out, *slug)
		}
	}
	for _, r := range p.Related {
		out = append(out, r.Slug)
	}
	for i := range p.Blocks {
		b := &p.Blocks[i]
		for _, list := range sentenceLists(b) {
			for _, s := range list {
				for _, l := range s.Links {
					out = append(out, l.Slug)
				}
			}
		}
		if b.Product != nil {
			add(b.Product.Slug)
		}
		if b.Comparison != nil {
			for _, c := range b.Comparison.Products {
				add(c.Slug)
			}
		}
		if b.Table != nil {
			for _, r := range b.Table.Rows {
				for _, c := range r.Cells {
					add(c.Slug)
				}
			}
		}
	}
	return slices.DeleteFunc(out, func(slug string) bool { return slug == p.Slug })
}
