// Package sitegentest holds two complete drafts, in English and in German, with
// every kind of page and block, for tests of what builds, checks and serves sites.
package sitegentest

import (
	"fmt"
	"strings"
	"time"

	"empire/internal/domain"
)

// At is the day of all prices and pages of the drafts.
var At = time.Date(2025, time.July, 23, 6, 30, 0, 0, time.UTC)

const programID = domain.ProgramID("prog_sample")

// pageBuilder collects the parts of one page.
type pageBuilder struct {
	domain.Page
	currency, merchant string
}

func newPage(website domain.Website, kind domain.PageKind, slug, label string) *pageBuilder {
	id := slug
	if id == "" {
		id = "home"
	}
	return &pageBuilder{
		Page: domain.Page{
			ID: domain.PageID("page_" + strings.ReplaceAll(id, "-", "")), WebsiteID: website.ID, Kind: kind, Slug: slug, Language: website.Language,
			NavLabel: label, Indexable: !kind.Legal(), Writer: "data/1", UpdatedAt: At,
		},
	}
}

func (p *pageBuilder) head(title, description, heading, summary string) *pageBuilder {
	p.Title, p.Description, p.Heading, p.Summary = title, description, heading, summary
	p.Schema = []domain.Schema{{"@context": "https://schema.org", "@type": "WebPage", "name": title, "description": description}}
	return p
}

func (p *pageBuilder) add(b domain.Block) *pageBuilder {
	p.Blocks = append(p.Blocks, b)
	return p
}

func (p *pageBuilder) h2(text string) *pageBuilder {
	return p.add(domain.Block{Type: domain.BlockHeading, Heading: &domain.Heading{Level: 2, Text: text}})
}

func (p *pageBuilder) h3(anchor, text string) *pageBuilder {
	return p.add(domain.Block{Type: domain.BlockHeading, Anchor: anchor, Heading: &domain.Heading{Level: 3, Text: text}})
}

func (p *pageBuilder) p(texts ...string) *pageBuilder {
	return p.add(domain.Block{Type: domain.BlockParagraph, Paragraph: &domain.Paragraph{Sentences: sentences(texts...)}})
}

func (p *pageBuilder) note(texts ...string) *pageBuilder {
	return p.add(domain.Block{Type: domain.BlockDisclosure, Disclosure: &domain.Paragraph{Sentences: sentences(texts...)}})
}

func (p *pageBuilder) list(ordered bool, items ...string) *pageBuilder {
	l := &domain.List{Ordered: ordered}
	for _, i := range items {
		l.Items = append(l.Items, domain.Paragraph{Sentences: sentences(i)})
	}
	return p.add(domain.Block{Type: domain.BlockList, List: l})
}

func (p *pageBuilder) related(refs ...string) *pageBuilder {
	for i := 0; i+1 < len(refs); i += 2 {
		p.Related = append(p.Related, domain.PageRef{Slug: refs[i], Label: refs[i+1]})
	}
	return p
}

// offer puts an affiliate link with a price into a slot of the page.
func (p *pageBuilder) offer(slot, product string, minor int64) string {
	m := domain.Money{Minor: minor, Currency: p.currency}
	at := At
	p.Offers = append(p.Offers, domain.Offer{
		Slot: slot, Product: product, RowKey: "row-" + product, FeedID: "feed_sample", ProgramID: programID, MerchantName: p.merchant,
		URL:   fmt.Sprintf("https://www.awin1.com/pclick.php?p=%s&a=100&m=200&clickref=%s-%s", product, p.ID, slot),
		SubID: string(p.ID) + "-" + slot, Price: &m, PriceAt: &at, PriceText: m.Format(p.Language), Reason: "only program",
	})
	return slot
}

// sentences reads "text [phrase](slug)" links as InlineLinks.
func sentences(texts ...string) []domain.Sentence {
	var out []domain.Sentence
	for _, t := range texts {
		s := domain.Sentence{}
		for {
			before, rest, found := strings.Cut(t, "[")
			s.Text += before
			if !found {
				break
			}
			phrase, after, _ := strings.Cut(rest, "](")
			slug, tail, _ := strings.Cut(after, ")")
			slug, anchor, _ := strings.Cut(slug, "#")
			s.Links = append(s.Links, domain.InlineLink{Phrase: phrase, Slug: slug, Anchor: anchor})
			s.Text += phrase
			t = tail
		}
		out = append(out, s)
	}
	return out
}

// cells makes cells of texts: "*" marks the best, "" is not stated.
func cells(texts ...string) []domain.Cell {
	var out []domain.Cell
	for _, t := range texts {
		text, best := strings.CutPrefix(t, "*")
		out = append(out, domain.Cell{Text: text, Best: best})
	}
	return out
}

// facts makes facts of labels and values in turn.
func facts(pairs ...string) []domain.Fact {
	var out []domain.Fact
	for i := 0; i+1 < len(pairs); i += 2 {
		out = append(out, domain.Fact{Label: pairs[i], Value: cells(pairs[i+1])[0]})
	}
	return out
}

// columns makes columns of labels; "#" marks numeric ones.
func columns(labels ...string) []domain.Column {
	var out []domain.Column
	for _, l := range labels {
		text, numeric := strings.CutPrefix(l, "#")
		out = append(out, domain.Column{Label: text, Numeric: numeric})
	}
	return out
}

func linked(c domain.Cell, slug string) domain.Cell {
	c.Slug = &slug
	return c
}

func operator() domain.Operator {
	return domain.Operator{
		Name: "Sample Operator", Street: "Beispielweg 1", PostalCode: "10115", City: "Berlin", Country: "Germany", Email: "mail@operator.example",
		Phone: "+49 30 0000000", Responsible: "Erika Mustermann", PublisherID: "100", Sample: true,
	}
}

func legalPages(w domain.Website, names map[domain.PageKind][2]string, texts map[domain.PageKind][]string) []domain.Page {
	var out []domain.Page
	for _, kind := range []domain.PageKind{domain.PageImprint, domain.PagePrivacy, domain.PageDisclosure} {
		p := newPage(w, kind, names[kind][0], names[kind][1]).head(names[kind][1]+" – "+w.Title, texts[kind][0], names[kind][1], "")
		for _, t := range texts[kind] {
			if h, ok := strings.CutPrefix(t, "## "); ok {
				p.h2(h)
				continue
			}
			p.p(t)
		}
		out = append(out, p.Page)
	}
	return out
}
