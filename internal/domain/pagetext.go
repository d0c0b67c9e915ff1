package domain

import "strings"

// PlainText returns what a reader reads on the page, in its order, one line for each
// heading, sentence, item and cell.
func (p *Page) PlainText() string {
	var b textBuilder
	b.add(p.Heading, p.Summary)
	for i := range p.Blocks {
		b.block(&p.Blocks[i])
	}
	return strings.TrimRight(b.String(), "\n")
}

type textBuilder struct{ strings.Builder }

func (b *textBuilder) add(lines ...string) {
	for _, l := range lines {
		if l != "" {
			b.WriteString(l + "\n")
		}
	}
}

func (b *textBuilder) sentences(list []Sentence) {
	for i := range list {
		b.add(list[i].Text)
	}
}

func (b *textBuilder) block(k *Block) {
	switch {
	case k.Heading != nil:
		b.add(k.Heading.Text)
	case k.Paragraph != nil:
		b.sentences(k.Paragraph.Sentences)
	case k.List != nil:
		for i := range k.List.Items {
			b.sentences(k.List.Items[i].Sentences)
		}
	case k.Table != nil:
		b.table(k.Table)
	case k.Product != nil:
		b.add(k.Product.Name, k.Product.Badge)
		b.sentences(k.Product.Text)
		for _, f := range k.Product.Facts {
			b.add(f.Label + ": " + f.Value.Text)
		}
	case k.Comparison != nil:
		b.comparison(k.Comparison)
	case k.ProsCons != nil:
		b.add(k.ProsCons.Title)
		b.sentences(k.ProsCons.Pros)
		b.sentences(k.ProsCons.Cons)
	case k.FAQ != nil:
		for i := range k.FAQ.Items {
			b.add(k.FAQ.Items[i].Question.Text)
			b.sentences(k.FAQ.Items[i].Answer)
		}
	case k.CTA != nil:
		b.add(k.CTA.Name)
	case k.Figure != nil:
		b.add(k.Figure.Title, k.Figure.Alt)
		b.sentences(k.Figure.Caption)
	case k.Disclosure != nil:
		b.sentences(k.Disclosure.Sentences)
	}
}

func (b *textBuilder) table(t *Table) {
	b.add(t.Caption)
	for _, c := range t.Columns {
		b.add(c.Label)
	}
	for _, r := range t.Rows {
		for _, c := range r.Cells {
			b.add(c.Text)
		}
	}
	b.add(t.Note)
}

func (b *textBuilder) comparison(c *Comparison) {
	b.add(c.Caption)
	for _, p := range c.Products {
		b.add(p.Name)
	}
	for _, r := range c.Rows {
		for _, cell := range r.Cells {
			b.add(r.Label + ": " + cell.Text)
		}
	}
}
