package seo_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"empire/internal/agent/seo"
	audit "empire/internal/audit/seo"
	"empire/internal/domain"
	"empire/internal/sitegen"
)

func sentence(text string, claims ...domain.ClaimID) domain.Sentence {
	return domain.Sentence{Text: text, Claims: claims, Opinion: len(claims) == 0}
}

func paragraph(list ...domain.Sentence) domain.Block {
	return domain.Block{Type: domain.BlockParagraph, Paragraph: &domain.Paragraph{Sentences: list}}
}

func card(product, name, slug string) domain.Block {
	return domain.Block{Type: domain.BlockProduct, Product: &domain.ProductCard{Product: product, Name: name, Slug: &slug, Slot: "card-" + product}}
}

// page builds an indexable page with a title and a description of good length.
func page(kind domain.PageKind, slug, name string, blocks ...domain.Block) domain.Page {
	return domain.Page{
		Kind: kind, Slug: slug, Language: "en", Indexable: true, NavLabel: name, Heading: "All about " + name,
		Title: name + " – what to know before you buy", UpdatedAt: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC),
		Description: "What there is to know about " + name + ", how the products differ, and which one suits which reader.",
		Summary:     "What there is to know about " + name + ".", Blocks: blocks,
	}
}

// lamps is a small site: home, guide, two best-for pages, a comparison, four
// products, FAQ, method and legal pages.
func lamps() *domain.Draft {
	names := []string{"Aura Desk Lamp", "Beam Reading Lamp", "Clip Lamp", "Dome Floor Lamp"}
	d := &domain.Draft{
		Website: domain.Website{ID: "site_1", Domain: "lamps.example", Language: "en"},
		Plan: domain.SitePlan{
			Title: "Lampwise", Niche: "lamps", Language: "en", Noun: domain.NicheNoun{Singular: "lamp", Plural: "lamps"},
			Pages: []domain.PlanPage{
				{Slug: "best-desk", Keyword: "desk lamps"}, {Slug: "best-floor", Keyword: "floor lamps"},
			},
		},
		BuiltAt: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC),
	}
	link := func(i int) domain.Block { return card(fmt.Sprint("p", i), names[i], fmt.Sprint("product-", i)) }
	d.Pages = []domain.Page{
		page(domain.PageHome, "", "Home", paragraph(sentence("Start with the buying guide to see how lamps differ."))),
		page(domain.PageGuide, "guide", "Buying guide", paragraph(sentence("Some readers want desk lamps for late work."), sentence("Others want the Clip Lamp."))),
		page(domain.PageBest, "best-desk", "Desk lamps", paragraph(sentence("These lamps stand on a desk.")), link(0), link(1)),
		page(domain.PageBest, "best-floor", "Floor lamps", paragraph(sentence("These stand on the floor.")), link(3)),
		page(domain.PageComparison, "aura-or-beam", "Aura or Beam", link(0), link(1)),
	}
	d.Pages[2].Products, d.Pages[3].Products, d.Pages[4].Products = []string{"p0", "p1"}, []string{"p3"}, []string{"p0", "p1"}
	for i, name := range names {
		p := page(domain.PageProduct, fmt.Sprint("product-", i), name, paragraph(sentence("A lamp for those who like it.")),
			domain.Block{Type: domain.BlockCTA, CTA: &domain.CTA{Product: fmt.Sprint("p", i), Name: name, Slot: "cta"}})
		p.Products = []string{fmt.Sprint("p", i)}
		d.Pages = append(d.Pages, p)
	}
	faq := page(domain.PageFAQ, "faq", "Questions", domain.Block{Type: domain.BlockFAQ, FAQ: &domain.FAQ{Items: []domain.QA{
		{Anchor: "q1", Question: sentence("Which lamp is for reading?"), Answer: []domain.Sentence{sentence("One with a narrow beam."), sentence("See the desk lamps.")}},
	}}})
	imprint := page(domain.PageImprint, "imprint", "Legal notice")
	imprint.Indexable = false
	d.Pages = append(d.Pages, faq, page(domain.PageMethod, "method", "Method", paragraph(sentence("How the figures are made."))), imprint)
	return d
}

func render(d *domain.Draft) ([]domain.File, error) { return sitegen.Render(d, sitegen.Options{}) }

func optimize(t *testing.T, d *domain.Draft, keywords ...domain.Keyword) seo.OptimizeResult {
	t.Helper()
	res, err := seo.New().Run(t.Context(), seo.OptimizeInput{Draft: d, Render: render, Keywords: keywords})
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func find(pages []domain.Page, slug string) *domain.Page {
	for i := range pages {
		if pages[i].Slug == slug {
			return &pages[i]
		}
	}
	return nil
}

func TestOptimizerKeepsDraftAndFacts(t *testing.T) {
	t.Parallel()
	d, want := lamps(), lamps()
	res := optimize(t, d)
	if !reflect.DeepEqual(d, want) {
		t.Error("the draft was changed")
	}
	if res.After <= res.Before {
		t.Errorf("score went from %v to %v", res.Before, res.After)
	}
	for i := range res.Pages {
		if !reflect.DeepEqual(texts(&res.Pages[i]), texts(&d.Pages[i])) {
			t.Errorf("sentences of %s changed", res.Pages[i].Path())
		}
	}
	again := optimize(t, lamps())
	if !reflect.DeepEqual(res, again) {
		t.Error("the same draft gave another result")
	}
}

func texts(p *domain.Page) []string {
	var out []string
	for _, b := range p.Blocks {
		if b.Paragraph != nil {
			for _, s := range b.Paragraph.Sentences {
				out = append(out, s.Text)
			}
		}
	}
	return out
}

func TestOptimizerSecondRunChangesNothing(t *testing.T) {
	t.Parallel()
	d := lamps()
	d.Pages[2].Title = strings.Repeat("A very long title about desk lamps ", 4)
	res := optimize(t, d)
	d.Pages = res.Pages
	again := optimize(t, d)
	if len(again.Changes) != 0 {
		t.Errorf("a second run changed %+v", again.Changes)
	}
}

func TestOptimizerTexts(t *testing.T) {
	t.Parallel()
	claim := func(text string) domain.Claim {
		return domain.Claim{ID: "c1", Text: text, Evidence: []domain.EvidenceID{"ev_1"}}
	}
	for _, tt := range []struct {
		name   string
		change func(*domain.Draft, *domain.Page)
		field  func(*domain.Page) string
		want   string
	}{
		{"long title loses its last part", func(_ *domain.Draft, p *domain.Page) {
			p.Title = "Desk lamps for late work, reading and drawing – all that matters before you buy – Lampwise"
		}, title, "Desk lamps for late work, reading and drawing"},
		{"long title without parts is cut at a word", func(_ *domain.Draft, p *domain.Page) {
			p.Title, p.Heading, p.NavLabel = strings.Repeat("lamp ", 20)+"end", strings.Repeat("lamp ", 20)+"end", ""
		}, title, strings.TrimSpace(strings.Repeat("lamp ", 13))},
		{"missing title", func(_ *domain.Draft, p *domain.Page) { p.Title = "" }, title, "All about Desk lamps – Lampwise"},
		{"equal title", func(d *domain.Draft, p *domain.Page) { p.Title = d.Pages[1].Title }, title, "Buying guide"},
		{"figures stay whole", func(_ *domain.Draft, p *domain.Page) {
			p.Claims = []domain.Claim{claim("27 in")}
			p.Title, p.Heading, p.NavLabel = strings.Repeat("wide ", 14)+"27 in", "Lamps with 27 in", "27 things"
		}, title, "Lamps with 27 in – Lampwise"},
		{"figure without claim is not taken", func(_ *domain.Draft, p *domain.Page) {
			p.Title, p.Heading = "", "The 99 lamps"
		}, title, "Desk lamps – Lampwise"},
		{"long description keeps whole sentences", func(_ *domain.Draft, p *domain.Page) {
			p.Description = "The first sentence says what the page is about, in full. " + strings.Repeat("More and more words follow here", 6) + "."
		}, description, "The first sentence says what the page is about, in full."},
		{"missing description", func(_ *domain.Draft, p *domain.Page) { p.Description = "" }, description,
			"What there is to know about Desk lamps. These lamps stand on a desk."},
		{"missing heading", func(_ *domain.Draft, p *domain.Page) { p.Heading = "" }, heading, "Desk lamps – what to know before you buy"},
		{"equal heading", func(d *domain.Draft, p *domain.Page) { p.Heading = d.Pages[1].Heading }, heading, "Desk lamps – what to know before you buy"},
		{"good texts stay", func(*domain.Draft, *domain.Page) {}, title, "Desk lamps – what to know before you buy"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := lamps()
			tt.change(d, &d.Pages[2])
			res := optimize(t, d)
			got := tt.field(&res.Pages[2])
			if tt.name == "equal title" {
				if got == d.Pages[1].Title || got == "" {
					t.Errorf("got %q, want a title of its own", got)
				}
			} else if got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
			if !reflect.DeepEqual(res.Pages[2].Claims[:len(d.Pages[2].Claims)], d.Pages[2].Claims) {
				t.Error("claims changed")
			}
		})
	}
}

func title(p *domain.Page) string       { return p.Title }
func description(p *domain.Page) string { return p.Description }
func heading(p *domain.Page) string     { return p.Heading }

func TestOptimizerInlineLinks(t *testing.T) {
	t.Parallel()
	res := optimize(t, lamps())
	guide := find(res.Pages, "guide").Blocks[0].Paragraph.Sentences
	if want := []domain.InlineLink{{Phrase: "desk lamps", Slug: "best-desk"}}; !reflect.DeepEqual(guide[0].Links, want) {
		t.Errorf("links = %+v, want %+v", guide[0].Links, want)
	}
	if want := []domain.InlineLink{{Phrase: "Clip Lamp", Slug: "product-2"}}; !reflect.DeepEqual(guide[1].Links, want) {
		t.Errorf("links = %+v, want %+v", guide[1].Links, want)
	}
	if l := find(res.Pages, "product-2").Blocks[0].Paragraph.Sentences[0].Links; len(l) != 0 {
		t.Errorf("the noun in a short word links to %+v", l)
	}
	for _, p := range res.Pages {
		seen := map[string]bool{p.Slug: true}
		for _, b := range p.Blocks {
			if b.Paragraph == nil {
				continue
			}
			for _, s := range b.Paragraph.Sentences {
				for _, l := range s.Links {
					if seen[l.Slug] || !strings.Contains(s.Text, l.Phrase) || find(res.Pages, l.Slug) == nil {
						t.Errorf("%s: link %+v in %q is wrong or repeated", p.Path(), l, s.Text)
					}
					seen[l.Slug] = true
				}
			}
		}
	}
}

func TestOptimizerRelated(t *testing.T) {
	t.Parallel()
	d := lamps()
	d.Pages[2].Related = []domain.PageRef{{Slug: "faq", Label: "Questions"}, {Slug: "faq"}, {Slug: "best-desk"}, {Slug: "nowhere"}}
	res := optimize(t, d)
	for _, p := range res.Pages {
		seen := map[string]bool{p.Slug: true}
		for _, r := range p.Related {
			if seen[r.Slug] || find(res.Pages, r.Slug) == nil || r.Label == "" {
				t.Errorf("%s: related %+v is wrong or repeated", p.Path(), r)
			}
			seen[r.Slug] = true
		}
		n := len(p.Related)
		if p.Kind.Legal() || p.Kind == domain.PageHome {
			if n != 0 {
				t.Errorf("%s has %d related pages, want none", p.Path(), n)
			}
		} else if n < 3 || n > 8 {
			t.Errorf("%s has %d related pages, want 3 to 8", p.Path(), n)
		}
	}
	if first := find(res.Pages, "best-desk").Related[0]; first.Slug != "faq" {
		t.Errorf("first related page is %+v, want the writer's choice", first)
	}
	for _, slug := range []string{"best-desk", "aura-or-beam"} {
		if !slices.ContainsFunc(find(res.Pages, "product-0").Related, func(r domain.PageRef) bool { return r.Slug == slug }) {
			t.Errorf("product 0 is not related to %s, which names it", slug)
		}
	}
}

func TestOptimizerTakesInOrphans(t *testing.T) {
	t.Parallel()
	d := lamps()
	d.Pages[1].Blocks = nil // the only link to product 2
	for _, p := range d.Pages[1:] {
		for _, slug := range []string{"guide", "best-desk", "best-floor", "aura-or-beam", "faq", "method"} {
			if p.Slug != slug && !p.Kind.Legal() {
				q := find(d.Pages, p.Slug)
				q.Related = append(q.Related, domain.PageRef{Slug: slug, Label: slug})
			}
		}
	}
	res := optimize(t, d)
	for _, p := range res.Pages {
		if slices.ContainsFunc(p.Related, func(r domain.PageRef) bool { return r.Slug == "product-2" }) {
			return
		}
	}
	t.Error("no page links to the product that no list names")
}

func TestOptimizerLabelsBringTheirClaims(t *testing.T) {
	t.Parallel()
	d := lamps()
	d.Pages[2].NavLabel = "Under $50"
	d.Pages[2].Claims = []domain.Claim{{ID: "c1", Text: "$50", Evidence: []domain.EvidenceID{"ev_50"}}}
	res := optimize(t, d)
	shown := 0
	for _, p := range res.Pages {
		if !slices.ContainsFunc(p.Related, func(r domain.PageRef) bool { return r.Label == "Under $50" }) {
			continue
		}
		shown++
		if !slices.ContainsFunc(p.Claims, func(c domain.Claim) bool { return c.Text == "$50" && c.Evidence[0] == "ev_50" }) {
			t.Errorf("%s shows the label without its claim", p.Path())
		}
	}
	if shown == 0 {
		t.Error("no page is related to the one under $50")
	}
}

func keyword(phrase string, n int) domain.Keyword {
	return domain.Keyword{Phrase: phrase, Language: "en", MonthlySearches: &n}
}

func TestKeywordMap(t *testing.T) {
	t.Parallel()
	got := seo.KeywordMap(lamps(), []domain.Keyword{
		keyword("lamps", 900), keyword("best desk lamp", 500), keyword("Desk  Lamps", 400), keyword("floor lamp", 300),
		keyword("aura desk lamp", 50), keyword("garden chair", 10), keyword("desk lamps", 1), {Phrase: "leselampen", Language: "de"},
	})
	want := []string{"lamps /", "best desk lamp /best-desk/", "desk lamps /best-desk/", "floor lamp /best-floor/", "aura desk lamp /product-0/", "garden chair "}
	var have []string
	for _, a := range got {
		have = append(have, a.Keyword+" "+a.Path)
	}
	if !slices.Equal(have, want) {
		t.Errorf("got  %q\nwant %q", have, want)
	}
}

func TestOptimizerKeywordsDoNotCompete(t *testing.T) {
	t.Parallel()
	d := lamps()
	d.Plan.Pages[1].Keyword = "desk lamps"
	res := optimize(t, d, keyword("desk lamps", 10), keyword("floor lamps", 10))
	owner := map[string]string{}
	for _, p := range res.Pages {
		for _, k := range p.Keywords {
			if owner[k] != "" {
				t.Errorf("%s and %s share %q", owner[k], p.Path(), k)
			}
			owner[k] = p.Path()
		}
	}
	if owner["desk lamps"] != "/best-desk/" || owner["floor lamps"] != "/best-floor/" {
		t.Errorf("owners = %v", owner)
	}
	if !slices.ContainsFunc(res.Findings, func(f domain.Finding) bool { return f.Rule == "SEO-CANNIBAL" && f.Page == "/best-floor/" }) {
		t.Errorf("findings = %+v, want SEO-CANNIBAL", res.Findings)
	}
}

func schemaTypes(p *domain.Page) []string {
	var out []string
	for _, s := range p.Schema {
		out = append(out, fmt.Sprint(s["@type"]))
	}
	return out
}

func TestStructuredDataTypes(t *testing.T) {
	t.Parallel()
	d := lamps()
	priced := func(slot string) domain.Offer {
		at := d.BuiltAt
		return domain.Offer{
			Slot: slot, Product: "p1", RowKey: "k", URL: "https://www.awin1.com/pclick.php?p=1", MerchantName: "Lampshop",
			Price: &domain.Money{Minor: 129900, Currency: "EUR"}, PriceText: "€1,299.00", PriceAt: &at,
		}
	}
	stale := priced("cta")
	stale.Price, stale.PriceText, stale.PriceAt = nil, "", nil
	find(d.Pages, "product-1").Offers = []domain.Offer{priced("cta")}
	find(d.Pages, "product-2").Offers = []domain.Offer{stale}
	find(d.Pages, "product-3").Offers = []domain.Offer{priced("table-row")}
	d.Pages = seo.StructuredData(d)
	for slug, want := range map[string][]string{
		"": {"WebSite", "Organization"}, "guide": {"BreadcrumbList", "Article"}, "best-desk": {"BreadcrumbList", "Article", "ItemList"},
		"best-floor": {"BreadcrumbList", "Article"}, "aura-or-beam": {"BreadcrumbList", "Article", "ItemList"},
		"product-0": {"BreadcrumbList"}, "product-1": {"BreadcrumbList", "Product"}, "product-2": {"BreadcrumbList"}, "product-3": {"BreadcrumbList"},
		"faq": {"BreadcrumbList", "FAQPage"}, "imprint": {"BreadcrumbList"},
	} {
		if got := schemaTypes(find(d.Pages, slug)); !slices.Equal(got, want) {
			t.Errorf("/%s/: %v, want %v", slug, got, want)
		}
	}
	b, err := json.Marshal(find(d.Pages, "product-1").Schema[1])
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"@context":"https://schema.org","@type":"Product","name":"Beam Reading Lamp","offers":[{"@type":"Offer","price":"1299.00",` +
		`"priceCurrency":"EUR","seller":{"@type":"Organization","name":"Lampshop"},"url":"https://lamps.example/product-1/"}],"url":"https://lamps.example/product-1/"}`
	if string(b) != want {
		t.Errorf("product:\n got %s\nwant %s", b, want)
	}
}

// TestStructuredDataOnBuiltPages builds the site: the audit finds no fault in the
// structured data, neither before nor after offers are placed.
func TestStructuredDataOnBuiltPages(t *testing.T) {
	t.Parallel()
	d := lamps()
	d.Pages = optimize(t, d).Pages
	at := d.BuiltAt
	find(d.Pages, "product-1").Offers = []domain.Offer{{
		Slot: "cta", Product: "p1", RowKey: "k", URL: "https://www.awin1.com/pclick.php?p=1&clickref=x", MerchantName: "Lampshop",
		Price: &domain.Money{Minor: 129900, Currency: "EUR"}, PriceText: "€1,299.00", PriceAt: &at,
	}}
	for range 2 {
		d.Pages = seo.StructuredData(d)
		files, err := render(d)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range audit.AuditSite(d, files).Findings {
			if strings.HasPrefix(f.Rule, "SEO-JSONLD") || f.Severity == domain.GateFail {
				t.Errorf("%s on %s: %s", f.Rule, f.Page, f.Message)
			}
		}
	}
}

// TestOptimizerMendsWhatItMay plants faults that the optimizer may mend: the audit
// finds them before and not after.
func TestOptimizerMendsWhatItMay(t *testing.T) {
	t.Parallel()
	d := lamps()
	d.Pages[1].Title = strings.Repeat("Buying guide for lamps of all kinds ", 4)
	d.Pages[2].Title = ""
	d.Pages[3].Title = d.Pages[4].Title
	d.Pages[4].Description = ""
	d.Pages[5].Description = d.Pages[6].Description
	d.Pages[7].Description = "Short."
	d.Pages[8].Heading = d.Pages[7].Heading
	before, err := render(d)
	if err != nil {
		t.Fatal(err)
	}
	report := audit.AuditSite(d, before)
	mended := []string{
		"SEO-TITLE-MISSING", "SEO-TITLE-LENGTH", "SEO-TITLE-DUPLICATE", "SEO-DESC-MISSING", "SEO-DESC-LENGTH", "SEO-DESC-DUPLICATE", "SEO-H1-DUPLICATE",
	}
	has := func(list []domain.Finding, rule string) bool {
		return slices.ContainsFunc(list, func(f domain.Finding) bool { return f.Rule == rule })
	}
	res := optimize(t, d)
	for _, rule := range mended {
		if !has(report.Findings, rule) {
			t.Errorf("%s was not planted", rule)
		}
		if has(res.Findings, rule) {
			t.Errorf("%s is still there", rule)
		}
	}
	if res.Before != report.Score || res.After <= res.Before {
		t.Errorf("score %v → %v, want from %v upwards", res.Before, res.After, report.Score)
	}
}

func TestScore(t *testing.T) {
	t.Parallel()
	d := lamps()
	files, err := render(d)
	if err != nil {
		t.Fatal(err)
	}
	want := audit.AuditSite(d, files)
	if score, findings := seo.Score(d, files); score != want.Score || !reflect.DeepEqual(findings, want.Findings) {
		t.Errorf("score %v with %d findings, want %v with %d", score, len(findings), want.Score, len(want.Findings))
	}
}

func TestOptimizerRefuses(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]seo.OptimizeInput{"no draft": {Render: render}, "no render": {Draft: lamps()}} {
		if _, err := seo.New().Run(t.Context(), in); domain.CodeOf(err) != domain.CodeInvalid {
			t.Errorf("%s: %v, want invalid", name, err)
		}
	}
}
