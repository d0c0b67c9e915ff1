package content

import (
	"fmt"
	"slices"
	"strings"

	"empire/internal/domain"
)

// unit is a part of a page that is told in sentences: a paragraph, the text of a card,
// the items of a list, an answer.
type unit struct {
	ID    string
	Fixed bool // one sentence for each fact, in their order
	Facts []fact
	set   func([]domain.Sentence)
}

// fact is a sentence of the data writer: what a sentence of a model may say.
type fact struct {
	ID, Text string
	Keep     []string // phrases that links hang on
	sentence domain.Sentence
}

func (u *unit) words() int {
	n := 0
	for _, f := range u.Facts {
		n += len(strings.Fields(f.Text))
	}
	return n
}

func (u *unit) fact(id string) *fact {
	for i := range u.Facts {
		if u.Facts[i].ID == id {
			return &u.Facts[i]
		}
	}
	return nil
}

// unitsOf returns the parts of a page that a model may retell. Blocks are copied before
// they are changed, so that a copy of the page keeps its own.
func unitsOf(p *domain.Page) []*unit {
	p.Blocks = slices.Clone(p.Blocks)
	var out []*unit
	facts := 0
	add := func(list []domain.Sentence, fixed bool, set func([]domain.Sentence)) {
		if len(list) == 0 {
			return
		}
		u := &unit{ID: fmt.Sprintf("p%d", len(out)+1), Fixed: fixed, set: set}
		for _, s := range list {
			facts++
			f := fact{ID: fmt.Sprintf("f%d", facts), Text: oneLine(s.Text), sentence: s}
			for _, l := range s.Links {
				f.Keep = append(f.Keep, l.Phrase)
			}
			u.Facts = append(u.Facts, f)
		}
		out = append(out, u)
	}
	for i := range p.Blocks {
		b := &p.Blocks[i]
		switch {
		case b.Paragraph != nil:
			add(b.Paragraph.Sentences, false, func(s []domain.Sentence) { b.Paragraph = &domain.Paragraph{Sentences: s} })
		case b.Product != nil:
			add(b.Product.Text, false, func(s []domain.Sentence) { c := *b.Product; c.Text = s; b.Product = &c })
		case b.List != nil:
			addList(b, add)
		case b.ProsCons != nil:
			add(b.ProsCons.Pros, true, func(s []domain.Sentence) { c := *b.ProsCons; c.Pros = s; b.ProsCons = &c })
			add(b.ProsCons.Cons, true, func(s []domain.Sentence) { c := *b.ProsCons; c.Cons = s; b.ProsCons = &c })
		case b.FAQ != nil:
			f := &domain.FAQ{Items: slices.Clone(b.FAQ.Items)}
			b.FAQ = f
			for k := range f.Items {
				add(f.Items[k].Answer, false, func(s []domain.Sentence) { f.Items[k].Answer = s })
			}
		}
	}
	return out
}

// addList adds a list whose items are single sentences.
func addList(b *domain.Block, add func([]domain.Sentence, bool, func([]domain.Sentence))) {
	var list []domain.Sentence
	for _, it := range b.List.Items {
		if len(it.Sentences) != 1 {
			return
		}
		list = append(list, it.Sentences[0])
	}
	add(list, true, func(s []domain.Sentence) {
		c := *b.List
		c.Items = nil
		for _, x := range s {
			c.Items = append(c.Items, domain.Paragraph{Sentences: []domain.Sentence{x}})
		}
		b.List = &c
	})
}

// oneLine makes of a text what cannot leave its mark in a prompt.
func oneLine(s string) string {
	return strings.Join(strings.Fields(strings.NewReplacer("<", "‹", ">", "›").Replace(s)), " ")
}
