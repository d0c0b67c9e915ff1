package monetization

import (
	"slices"

	"empire/internal/domain"
)

// disclosures say, by language, that links are advertising. The first word is the
// label that the law wants; link is the phrase that leads to the disclosure page.
var disclosures = map[string]struct{ first, second, link string }{
	"en": {
		"Advertising: the links to shops on this page are affiliate links.",
		"Whoever buys through one pays the same price, and this site receives a commission.",
		"affiliate links",
	},
	"de": {
		"Anzeige: Die Links zu Händlern auf dieser Seite sind Werbelinks.",
		"Wer darüber kauft, zahlt denselben Preis, und diese Seite erhält eine Provision.",
		"Werbelinks",
	},
}

// disclose returns the blocks of a page with a disclosure above block first, which
// holds the first offer. A disclosure that stands there already stays; one that
// comes too late is moved.
func (p *plan) disclose(page *domain.Page, first int) []domain.Block {
	blocks := slices.Clone(page.Blocks)
	at := slices.IndexFunc(blocks, func(b domain.Block) bool { return b.Disclosure != nil })
	if at >= 0 && at < first {
		return blocks
	}
	notice := p.notice(page.Language)
	if at >= 0 {
		notice = blocks[at]
		blocks = slices.Delete(blocks, at, at+1)
	}
	for first > 0 && blocks[first-1].Heading != nil {
		first-- // not between a heading and what it heads
	}
	return slices.Insert(blocks, first, notice)
}

func (p *plan) notice(language string) domain.Block {
	text, ok := disclosures[language]
	if !ok {
		text = disclosures["en"]
	}
	lead := domain.Sentence{Text: text.first, Opinion: true}
	if p.about != "" {
		lead.Links = []domain.InlineLink{{Phrase: text.link, Slug: p.about}}
	}
	return domain.Block{Type: domain.BlockDisclosure, Disclosure: &domain.Paragraph{Sentences: []domain.Sentence{
		lead, {Text: text.second, Opinion: true},
	}}}
}
