package web

import "empire/internal/domain"

// pageText is one text of a page with the claims in it.
type pageText struct {
	kind, text string
	claims     []domain.ClaimID
	opinion    bool
}

// pageTexts collects the texts of a page in reading order.
type pageTexts []pageText

// textsOf returns all texts of a page that a reader sees.
func textsOf(p *domain.Page) []pageText {
	var out pageTexts
	for i := range p.Blocks {
		out.block(&p.Blocks[i])
	}
	return out
}

func (t *pageTexts) add(kind, text string, claims []domain.ClaimID) {
	if text != "" {
		*t = append(*t, pageText{kind: kind, text: text, claims: claims})
	}
}

func (t *pageTexts) sentences(kind string, list []domain.Sentence) {
	for i := range list {
		*t = append(*t, pageText{kind, list[i].Text, list[i].Claims, list[i].Opinion})
	}
}

func (t *pageTexts) block(b *domain.Block) {
	switch kind := string(b.Type); {
	case b.Heading != nil:
		t.add(kind, b.Heading.Text, b.Heading.Claims)
	case b.Paragraph != nil:
		t.sentences(kind, b.Paragraph.Sentences)
	case b.List != nil:
		for i := range b.List.Items {
			t.sentences(kind, b.List.Items[i].Sentences)
		}
	case b.Table != nil:
		t.table(b.Table)
	case b.Product != nil:
		t.add("product", b.Product.Name, b.Product.Claims)
		t.sentences("product", b.Product.Text)
		for _, f := range b.Product.Facts {
			t.add("product", f.Label+": "+f.Value.Text, f.Value.Claims)
		}
	case b.Comparison != nil:
		t.comparison(b.Comparison)
	case b.ProsCons != nil:
		t.sentences("pro", b.ProsCons.Pros)
		t.sentences("con", b.ProsCons.Cons)
	case b.FAQ != nil:
		for i := range b.FAQ.Items {
			t.sentences("question", []domain.Sentence{b.FAQ.Items[i].Question})
			t.sentences("answer", b.FAQ.Items[i].Answer)
		}
	case b.Figure != nil:
		t.add("figure", b.Figure.Title, b.Figure.Claims)
		t.sentences("figure", b.Figure.Caption)
	case b.Disclosure != nil:
		t.sentences("disclosure", b.Disclosure.Sentences)
	}
}

// table adds a line for each row of a table.
func (t *pageTexts) table(b *domain.Table) {
	for i := range b.Rows {
		t.cells("table row", "", b.Rows[i].Cells)
	}
}

func (t *pageTexts) comparison(c *domain.Comparison) {
	for i := range c.Products {
		t.add("compared product", c.Products[i].Name, c.Products[i].Claims)
	}
	for i := range c.Rows {
		t.cells("compared", c.Rows[i].Label, c.Rows[i].Cells)
	}
}

func (t *pageTexts) cells(kind, label string, cells []domain.Cell) {
	line := label
	var claims []domain.ClaimID
	for i := range cells {
		if line != "" {
			line += " | "
		}
		line += cells[i].Text
		claims = append(claims, cells[i].Claims...)
	}
	t.add(kind, line, claims)
}
