package content

import (
	"slices"

	"empire/internal/domain"
)

// unlink removes all links of a page to another one that is left out.
func unlink(p *domain.Page, slug string) {
	p.Related = slices.DeleteFunc(p.Related, func(r domain.PageRef) bool { return r.Slug == slug })
	clear := func(s **string) {
		if *s != nil && **s == slug {
			*s = nil
		}
	}
	for i := range p.Blocks {
		b := &p.Blocks[i]
		for _, list := range sentenceLists(b) {
			for k := range list {
				list[k].Links = slices.DeleteFunc(list[k].Links, func(l domain.InlineLink) bool { return l.Slug == slug })
			}
		}
		if b.Product != nil {
			clear(&b.Product.Slug)
		}
		if b.Comparison != nil {
			for k := range b.Comparison.Products {
				clear(&b.Comparison.Products[k].Slug)
			}
		}
		if b.Table != nil {
			for r := range b.Table.Rows {
				for c := range b.Table.Rows[r].Cells {
					clear(&b.Table.Rows[r].Cells[c].Slug)
				}
			}
		}
	}
}

// sentenceLists returns the lists of sentences of a block.
func sentenceLists(b *domain.Block) [][]domain.Sentence {
	var out [][]domain.Sentence
	for _, p := range []*domain.Paragraph{b.Paragraph, b.Disclosure} {
		if p != nil {
			out = append(out, p.Sentences)
		}
	}
	switch {
	case b.List != nil:
		for _, item := range b.List.Items {
			out = append(out, item.Sentences)
		}
	case b.Product != nil:
		out = append(out, b.Product.Text)
	case b.ProsCons != nil:
		out = append(out, b.ProsCons.Pros, b.ProsCons.Cons)
	case b.Figure != nil:
		out = append(out, b.Figure.Caption)
	case b.FAQ != nil:
		for _, qa := range b.FAQ.Items {
			out = append(out, []domain.Sentence{qa.Question}, qa.Answer)
		}
	}
	return out
}
