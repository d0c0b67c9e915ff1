package seo

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"empire/internal/domain"
)

// StructuredData returns the pages of a draft with their JSON-LD, made from what
// the pages show and nothing else. It is called again when offers change. Reviews
// and ratings are never written, because the draft holds none.
//
//	home                      WebSite, Organization
//	all others                BreadcrumbList
//	guide, best, comparison   Article; ItemList of the products if there are several
//	product                   Product with Offer, if the page shows an offer with its price
//	any with questions        FAQPage
func StructuredData(d *domain.Draft) []domain.Page {
	b := schemaBuilder{draft: d, base: "https://" + d.Website.Domain, site: siteTitle(d)}
	out := slices.Clone(d.Pages)
	for i := range out {
		out[i].Schema = b.page(&out[i])
	}
	return out
}

type schemaBuilder struct {
	draft *domain.Draft
	base  string
	site  string
}

// root makes an object of its own.
func root(kind string, fields domain.Schema) domain.Schema {
	fields["@context"] = "https://schema.org"
	fields["@type"] = kind
	return fields
}

func part(kind string, fields domain.Schema) domain.Schema {
	fields["@type"] = kind
	return fields
}

func (b *schemaBuilder) url(p *domain.Page) string { return b.base + p.Path() }

func (b *schemaBuilder) page(p *domain.Page) []domain.Schema {
	var out []domain.Schema
	add := func(s domain.Schema) {
		if s != nil {
			out = append(out, s)
		}
	}
	if p.Kind == domain.PageHome {
		add(root("WebSite", domain.Schema{"name": b.site, "url": b.base + "/", "inLanguage": b.language(p)}))
		add(root("Organization", domain.Schema{"name": b.site, "url": b.base + "/"}))
	} else {
		add(b.breadcrumbs(p))
	}
	switch p.Kind {
	case domain.PageGuide, domain.PageBest, domain.PageComparison:
		add(b.article(p))
		if p.Kind != domain.PageGuide {
			add(b.itemList(p))
		}
	case domain.PageProduct:
		add(b.product(p))
	}
	add(b.faq(p))
	return out
}

func (b *schemaBuilder) language(p *domain.Page) string {
	return firstOf(p.Language, b.draft.Website.Language)
}

// breadcrumbs repeats the trail that the theme prints above the text.
func (b *schemaBuilder) breadcrumbs(p *domain.Page) domain.Schema {
	home := ""
	for i := range b.draft.Pages {
		if q := &b.draft.Pages[i]; q.Kind == domain.PageHome {
			home = firstOf(q.NavLabel, map[string]string{"de": "Startseite"}[b.language(p)], "Home")
		}
	}
	if home == "" {
		return nil
	}
	return root("BreadcrumbList", domain.Schema{"itemListElement": []domain.Schema{
		part("ListItem", domain.Schema{"position": 1, "name": home, "item": b.base + "/"}),
		part("ListItem", domain.Schema{"position": 2, "name": label(p), "item": b.url(p)}),
	}})
}

func (b *schemaBuilder) article(p *domain.Page) domain.Schema {
	self := func() domain.Schema {
		return part("Organization", domain.Schema{"name": b.site, "url": b.base + "/"})
	}
	s := root("Article", domain.Schema{
		"headline": firstOf(p.Heading, p.Title), "mainEntityOfPage": b.url(p), "inLanguage": b.language(p),
		"author": self(), "publisher": self(),
	})
	at := p.UpdatedAt
	if at.IsZero() {
		at = b.draft.BuiltAt
	}
	if !at.IsZero() {
		s["dateModified"] = at.UTC().Format(time.RFC3339)
	}
	return s
}

// listed is a product as a page names it.
type listed struct{ key, name, slug string }

// products returns the products that a page names in cards and comparisons, each
// once, in reading order.
func products(p *domain.Page) []listed {
	var out []listed
	add := func(key, name string, slug *string) {
		if name == "" || slices.ContainsFunc(out, func(l listed) bool { return l.key == key }) {
			return
		}
		l := listed{key: key, name: name}
		if slug != nil {
			l.slug = *slug
		}
		out = append(out, l)
	}
	for i := range p.Blocks {
		b := &p.Blocks[i]
		if b.Product != nil {
			add(b.Product.Product, b.Product.Name, b.Product.Slug)
		}
		if b.Comparison != nil {
			for _, c := range b.Comparison.Products {
				add(c.Product, c.Name, c.Slug)
			}
		}
	}
	return out
}

func (b *schemaBuilder) itemList(p *domain.Page) domain.Schema {
	list := products(p)
	if len(list) < 2 {
		return nil
	}
	items := make([]domain.Schema, 0, len(list))
	for i, l := range list {
		item := domain.Schema{"position": i + 1, "name": l.name}
		if l.slug != "" {
			item["url"] = b.base + domain.PathOf(l.slug)
		}
		items = append(items, part("ListItem", item))
	}
	return root("ItemList", domain.Schema{"numberOfItems": len(items), "itemListElement": items})
}

// product describes the product of a product page with the offer that the page
// shows. Without a visible price there is nothing to say that search engines use.
func (b *schemaBuilder) product(p *domain.Page) domain.Schema {
	if len(p.Products) == 0 {
		return nil
	}
	name, shown := firstOf(p.Heading, p.Title), pricedSlots(p, p.Products[0])
	var offers []domain.Schema
	seen := map[string]bool{}
	for _, o := range p.Offers {
		printed, ok := shown[o.Slot]
		if !ok || o.Price == nil || o.PriceText == "" || o.PriceAt == nil || seen[o.RowKey] {
			continue
		}
		name = firstOf(printed, name)
		seen[o.RowKey] = true
		offer := domain.Schema{"price": o.Price.Decimal(), "priceCurrency": o.Price.Currency, "url": b.url(p)}
		if o.MerchantName != "" {
			offer["seller"] = part("Organization", domain.Schema{"name": o.MerchantName})
		}
		offers = append(offers, part("Offer", offer))
	}
	if len(offers) == 0 {
		return nil
	}
	return root("Product", domain.Schema{"name": name, "url": b.url(p), "offers": offers})
}

// pricedSlots returns, with the name that stands there, the slots of a product in
// which the theme prints the price: those of cards, calls to action and
// comparisons, not those of table rows.
func pricedSlots(p *domain.Page, product string) map[string]string {
	out := map[string]string{}
	for i := range p.Blocks {
		b := &p.Blocks[i]
		if b.Product != nil && b.Product.Product == product {
			out[b.Product.Slot] = b.Product.Name
		}
		if b.CTA != nil && b.CTA.Product == product {
			out[b.CTA.Slot] = b.CTA.Name
		}
		if b.Comparison != nil {
			for _, c := range b.Comparison.Products {
				if c.Product == product {
					out[c.Slot] = c.Name
				}
			}
		}
	}
	return out
}

func (b *schemaBuilder) faq(p *domain.Page) domain.Schema {
	var questions []domain.Schema
	for i := range p.Blocks {
		if p.Blocks[i].FAQ == nil {
			continue
		}
		for _, qa := range p.Blocks[i].FAQ.Items {
			answer := make([]string, 0, len(qa.Answer))
			for _, s := range qa.Answer {
				answer = append(answer, strings.TrimSpace(s.Text))
			}
			text := strings.TrimSpace(strings.Join(answer, " "))
			if qa.Question.Text == "" || text == "" {
				continue
			}
			questions = append(questions, part("Question", domain.Schema{
				"name": qa.Question.Text, "acceptedAnswer": part("Answer", domain.Schema{"text": text}),
			}))
		}
	}
	if len(questions) == 0 {
		return nil
	}
	return root("FAQPage", domain.Schema{"mainEntity": questions})
}

// schemaChanges notes on which pages the structured data is new.
func (e *editor) schemaChanges(before []domain.Page) {
	for i := range e.draft.Pages {
		p := &e.draft.Pages[i]
		was, err1 := json.Marshal(before[i].Schema)
		is, err2 := json.Marshal(p.Schema)
		if err1 != nil || err2 != nil || string(was) == string(is) {
			continue
		}
		e.change(p, "schema", types(before[i].Schema), types(p.Schema), "structured data that matches the page")
	}
}

func types(list []domain.Schema) string {
	var out []string
	for _, s := range list {
		out = append(out, fmt.Sprint(s["@type"]))
	}
	return strings.Join(out, ", ")
}
