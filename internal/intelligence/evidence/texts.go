package evidence

import (
	"iter"

	"empire/internal/domain"
)

// Text is one visible string of a page with the claims it names.
type Text struct {
	Where     string // title, sentence, cell, …
	Text      string
	Claims    []domain.ClaimID
	Opinion   bool
	WholePage bool // may rest on any claim of the page: title, labels
}

// Texts yields every visible string of a page.
func Texts(p *domain.Page) iter.Seq[Text] {
	return func(yield func(Text) bool) {
		w := walker{yield: yield}
		w.whole("title", p.Title)
		w.whole("description", p.Description)
		w.whole("heading", p.Heading)
		w.whole("nav label", p.NavLabel)
		w.whole("summary", p.Summary)
		for i := range p.Blocks {
			w.block(&p.Blocks[i])
		}
		for i := range p.Offers {
			w.text("offer", p.Offers[i].PriceText, p.Offers[i].Claims)
			w.text("offer", p.Offers[i].Lower, p.Offers[i].Claims)
		}
	}
}

// sentence is the Where of texts that must state a claim or be an opinion.
const sentence = "sentence"

type walker struct {
	yield func(Text) bool
	done  bool
}

func (w *walker) emit(t Text) {
	if !w.done && t.Text != "" && !w.yield(t) {
		w.done = true
	}
}

func (w *walker) whole(where, text string) { w.emit(Text{Where: where, Text: text, WholePage: true}) }

func (w *walker) text(where, text string, claims []domain.ClaimID) {
	w.emit(Text{Where: where, Text: text, Claims: claims})
}

func (w *walker) sentences(list []domain.Sentence) {
	for _, s := range list {
		w.emit(Text{Where: sentence, Text: s.Text, Claims: s.Claims, Opinion: s.Opinion})
	}
}

func (w *walker) cells(list []domain.Cell) {
	for _, c := range list {
		w.text("cell", c.Text, c.Claims)
	}
}

func (w *walker) block(b *domain.Block) {
	switch {
	case b.Heading != nil:
		w.text("section heading", b.Heading.Text, b.Heading.Claims)
	case b.Paragraph != nil:
		w.sentences(b.Paragraph.Sentences)
	case b.Disclosure != nil:
		w.sentences(b.Disclosure.Sentences)
	case b.List != nil:
		for _, item := range b.List.Items {
			w.sentences(item.Sentences)
		}
	case b.Table != nil:
		w.table(b.Table)
	case b.Product != nil:
		w.product(b.Product)
	case b.Comparison != nil:
		w.comparison(b.Comparison)
	case b.ProsCons != nil:
		w.whole("pros and cons title", b.ProsCons.Title)
		w.sentences(b.ProsCons.Pros)
		w.sentences(b.ProsCons.Cons)
	case b.FAQ != nil:
		for _, qa := range b.FAQ.Items {
			w.sentences([]domain.Sentence{qa.Question})
			w.sentences(qa.Answer)
		}
	case b.CTA != nil:
		w.whole("call to action", b.CTA.Name)
	case b.Figure != nil:
		w.figure(b.Figure)
	}
}

func (w *walker) table(t *domain.Table) {
	w.whole("caption", t.Caption)
	w.whole("table note", t.Note)
	for _, c := range t.Columns {
		w.whole("column", c.Label)
	}
	for _, r := range t.Rows {
		w.cells(r.Cells)
	}
}

func (w *walker) product(p *domain.ProductCard) {
	w.text("product name", p.Name, p.Claims)
	w.text("badge", p.Badge, p.Claims)
	w.sentences(p.Text)
	for _, f := range p.Facts {
		w.whole("fact label", f.Label)
		w.cells([]domain.Cell{f.Value})
	}
}

func (w *walker) comparison(c *domain.Comparison) {
	w.whole("caption", c.Caption)
	for _, p := range c.Products {
		w.text("product name", p.Name, p.Claims)
	}
	for _, r := range c.Rows {
		w.whole("row label", r.Label)
		w.cells(r.Cells)
	}
}

func (w *walker) figure(f *domain.Figure) {
	w.whole("figure title", f.Title)
	w.text("figure description", f.Alt, f.Claims)
	w.sentences(f.Caption)
	bars := f.Bars
	for _, b := range []*domain.Bar{f.Min, f.Max, f.Mark} {
		if b != nil {
			bars = append(bars[:len(bars):len(bars)], *b)
		}
	}
	for _, b := range bars {
		w.text("figure value", b.Text, b.Claims)
		w.text("figure label", b.Label, append(f.Claims[:len(f.Claims):len(f.Claims)], b.Claims...))
	}
}
