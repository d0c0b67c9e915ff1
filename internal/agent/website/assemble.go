package website

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"empire/internal/domain"
	"empire/internal/intelligence/market"
)

// words are the fixed names of pages.
type words struct {
	home, guide, guideTitle, faq, faqTitle, method, imprint, privacy, disclosure     string
	guideSlug, faqSlug, methodSlug, imprintSlug, privacySlug, disclosureSlug, versus string
	bestKeyword, reviewKeyword, tagline                                              string
	titles                                                                           []string
}

var english = words{
	home: "Home", guide: "Buying guide", guideTitle: "%s: a buying guide from the data", faq: "Questions", faqTitle: "Questions about %s",
	method: "How this site works", imprint: "Legal notice", privacy: "Privacy", disclosure: "Affiliate disclosure",
	guideSlug: "buying-guide", faqSlug: "questions", methodSlug: "how-this-site-works", imprintSlug: "legal-notice", privacySlug: "privacy",
	disclosureSlug: "affiliate-disclosure", versus: " vs ", bestKeyword: "best ", reviewKeyword: " price and specs",
	tagline: "Prices and specifications of %s, read from merchant feeds and compared",
	titles:  []string{"%s compared", "%s in figures", "%s by price and spec"},
}

var german = words{
	home: "Start", guide: "Kaufberatung", guideTitle: "%s: Kaufberatung aus den Daten", faq: "Fragen", faqTitle: "Fragen zum Thema %s",
	method: "So arbeitet diese Seite", imprint: "Impressum", privacy: "Datenschutz", disclosure: "Werbehinweis",
	guideSlug: "kaufberatung", faqSlug: "fragen", methodSlug: "so-arbeitet-diese-seite", imprintSlug: "impressum", privacySlug: "datenschutz",
	disclosureSlug: "werbehinweis", versus: " oder ", bestKeyword: "beste ", reviewKeyword: " Preis und Daten",
	tagline: "%s: Preise und technische Daten aus Händlerfeeds, gelesen und verglichen",
	titles:  []string{"%s im Vergleich", "%s in Zahlen", "%s nach Preis und Daten"},
}

// assembler gives pages their names and keeps them unique.
type assembler struct {
	p                     *planner
	w                     words
	plan                  domain.SitePlan
	slugs, titles, labels map[string]bool
	keywords              map[string]bool
}

func (p *planner) assemble(best []selection, comparisons []pair, products []*market.Item) domain.SitePlan {
	a := &assembler{
		p: p, w: english, slugs: map[string]bool{}, titles: map[string]bool{}, labels: map[string]bool{}, keywords: map[string]bool{},
	}
	if p.lang == "de" {
		a.w = german
	}
	if p.in.Market.Priceless {
		a.w = a.w.plain(p.lang)
	}
	plural := market.Upper(p.noun.Plural)
	title := p.in.Website.Title
	if title == "" {
		title = fmt.Sprintf(a.w.titles[p.in.Seed%uint64(len(a.w.titles))], plural)
	}
	tagline := p.noun.Plural
	if strings.HasPrefix(a.w.tagline, "%s") {
		tagline = plural
	}
	a.plan = domain.SitePlan{
		Niche: p.in.Market.Niche, Language: p.lang, Angle: p.angle, Title: title, Tagline: fmt.Sprintf(a.w.tagline, tagline), Noun: p.noun,
	}
	for _, reserved := range []string{a.w.guideSlug, a.w.faqSlug, a.w.methodSlug, a.w.imprintSlug, a.w.privacySlug, a.w.disclosureSlug, "go", "e", "404"} {
		a.slugs[reserved] = true
	}
	a.fixed(domain.PageHome, "", plural, a.w.home, p.noun.Plural, a.shown(best, products))
	a.fixed(domain.PageGuide, a.w.guideSlug, fmt.Sprintf(a.w.guideTitle, plural), a.w.guide, "", nil)
	a.best(best)
	a.comparisons(comparisons)
	a.products(products)
	a.fixed(domain.PageFAQ, a.w.faqSlug, fmt.Sprintf(a.w.faqTitle, p.noun.Plural), a.w.faq, "", nil)
	a.fixed(domain.PageMethod, a.w.methodSlug, a.w.method, a.w.method, "", nil)
	a.fixed(domain.PageImprint, a.w.imprintSlug, a.w.imprint, a.w.imprint, "", nil)
	a.fixed(domain.PagePrivacy, a.w.privacySlug, a.w.privacy, a.w.privacy, "", nil)
	if !p.in.Market.Priceless { // nothing can be offered, so there is nothing to disclose
		a.fixed(domain.PageDisclosure, a.w.disclosureSlug, a.w.disclosure, a.w.disclosure, "", nil)
	}
	a.warnings(comparisons, products)
	if !p.in.Force {
		a.plan.Taken = p.in.Taken
	}
	return a.plan
}

// free returns a keyword, or "" for one that a page of another website of the tenant is
// for, unless that is wanted. Either way the plan says so.
func (a *assembler) free(slug, keyword string) string {
	if keyword == "" || len(a.p.in.Taken) == 0 {
		return keyword
	}
	key := a.p.in.Key(a.p.lang, keyword)
	for _, t := range a.p.in.Taken {
		if t.Key == "" || t.Key != key {
			continue
		}
		where := fmt.Sprintf("The keyword %q belongs to https://%s%s", keyword, t.Domain, t.Path)
		if a.p.in.Force {
			a.plan.Warnings = append(a.plan.Warnings, fmt.Sprintf("%s; page %s competes with it, as was wanted.", where, domain.PathOf(slug)))
			return keyword
		}
		a.plan.Warnings = append(a.plan.Warnings, fmt.Sprintf("%s; page %s is planned without it.", where, domain.PathOf(slug)))
		return ""
	}
	return keyword
}

// shown are the products that the home page presents: one from each list, in
// different roles.
func (a *assembler) shown(best []selection, products []*market.Item) []string {
	var out []string
	for i, s := range best {
		picks := a.p.view.Picks(&s.facet, s.matched, 5)
		for k := range picks {
			it := picks[(i+k)%len(picks)].Item // other roles from list to list
			if common([]*market.Item{it}, products) == 1 && !contains(out, it.Family.Key) {
				out = append(out, it.Family.Key)
				break
			}
		}
	}
	return out[:min(len(out), 4)]
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

func (a *assembler) add(page domain.PlanPage) {
	page.Title = a.unique(a.titles, page.Title)
	page.NavLabel = a.unique(a.labels, page.NavLabel)
	if page.Keyword != "" && a.keywords[strings.ToLower(page.Keyword)] {
		page.Keyword = ""
	}
	page.Keyword = a.free(page.Slug, page.Keyword)
	a.keywords[strings.ToLower(page.Keyword)] = true
	a.plan.Pages = append(a.plan.Pages, page)
}

// unique returns text, or text with the site's noun or a letter added if it is
// taken. It never adds a figure, because figures need evidence.
func (a *assembler) unique(taken map[string]bool, text string) string {
	candidate := text
	for i := 0; taken[strings.ToLower(candidate)]; i++ {
		candidate = fmt.Sprintf("%s (%c)", text, 'B'+rune(i%24))
	}
	taken[strings.ToLower(candidate)] = true
	return candidate
}

// shortLabel names a product page in menus: the beginning of its name, or all of it if
// another product's name begins alike.
func (a *assembler) shortLabel(it *market.Item) string {
	short := it.Short(32)
	alike := func(o *market.Item) bool {
		return o != it && (o.Name() == short || strings.HasPrefix(o.Name(), short+" "))
	}
	if a.labels[strings.ToLower(short)] || a.p.in.Market.Priceless && slices.ContainsFunc(a.p.view.Items, alike) {
		return it.Name()
	}
	return short
}

func (a *assembler) slug(text string) string {
	base := market.Slug(text, 60)
	if base == "" {
		base = "page"
	}
	s := base
	for i := 2; a.slugs[s]; i++ {
		s = fmt.Sprintf("%s-%d", base, i)
	}
	a.slugs[s] = true
	return s
}

func (a *assembler) fixed(kind domain.PageKind, slug, title, label, keyword string, products []string) {
	a.add(domain.PlanPage{
		Kind: kind, Slug: slug, Title: title, NavLabel: label, Keyword: keyword, Products: products, Intent: a.intent(kind, a.p.noun.Plural),
	})
}

func (a *assembler) best(list []selection) {
	for _, s := range list {
		phrase := a.p.view.FacetPhrase(&s.facet, a.p.noun.Plural)
		facet := s.facet
		a.add(domain.PlanPage{
			Kind: domain.PageBest, Slug: a.slug(phrase), Title: market.Upper(phrase), NavLabel: market.Upper(facet.Label),
			Intent: a.intent(domain.PageBest, phrase), Keyword: a.keyword(a.w.bestKeyword + phrase), Products: keys(s.listed), Facet: &facet,
		})
	}
}

// keyword returns the searched phrase of the market that says the same, if there
// is one, else the phrase itself.
func (a *assembler) keyword(phrase string) string {
	want := market.Slug(phrase, 200)
	for _, k := range a.p.in.Market.Keywords {
		if market.Slug(k.Phrase, 200) == want {
			return k.Phrase
		}
	}
	return strings.ToLower(phrase)
}

func (a *assembler) comparisons(list []pair) {
	for _, c := range list {
		title := c.a.Name() + a.w.versus + c.b.Name()
		if utf8.RuneCountInString(title) > 60 {
			title = c.a.Short(27) + a.w.versus + c.b.Short(27)
		}
		label := c.a.Short(26) + a.w.versus + c.b.Short(26)
		a.add(domain.PlanPage{
			Kind: domain.PageComparison, Slug: a.slug(title), Title: title, NavLabel: label,
			Intent: a.intent(domain.PageComparison, title), Keyword: strings.ToLower(title), Products: keys([]*market.Item{c.a, c.b}),
		})
	}
}

func (a *assembler) products(list []*market.Item) {
	for _, it := range list {
		name := it.Name()
		a.add(domain.PlanPage{
			Kind: domain.PageProduct, Slug: a.slug(name), Title: name, NavLabel: a.shortLabel(it),
			Intent: a.intent(domain.PageProduct, name), Keyword: strings.ToLower(name + a.w.reviewKeyword), Products: []string{it.Family.Key},
		})
	}
}

func keys(items []*market.Item) []string {
	out := make([]string, len(items))
	for i, it := range items {
		out[i] = it.Family.Key
	}
	return out
}

func (a *assembler) warnings(comparisons []pair, products []*market.Item) {
	p := a.p
	if p.view.Skipped > 0 {
		a.plan.Warnings = append(a.plan.Warnings,
			fmt.Sprintf("%d products are priced in another currency than %s and were left out.", p.view.Skipped, p.view.Currency))
	}
	if len(comparisons) == 0 {
		a.plan.Warnings = append(a.plan.Warnings, "No two products are similar enough for a comparison page.")
	}
	if len(products) < minProducts {
		a.plan.Warnings = append(a.plan.Warnings, fmt.Sprintf("Only %d products state enough facts for a page of their own.", len(products)))
	}
	if n := len(a.plan.Pages); n < 15 {
		a.plan.Warnings = append(a.plan.Warnings, fmt.Sprintf("The market carries %d pages only.", n))
	}
}

// intent returns the question that a page answers.
func (a *assembler) intent(kind domain.PageKind, about string) string {
	en := map[domain.PageKind]string{
		domain.PageHome: "What is on offer among %s, and where should I start?", domain.PageGuide: "What should I look at when I choose among %s?",
		domain.PageBest: "Which %s suit me, and what do they cost?", domain.PageComparison: "%s: which one should I take?",
		domain.PageProduct: "Is the %s worth its price?", domain.PageFAQ: "What do people ask about %s?",
		domain.PageMethod: "Where do the figures on %s come from?", domain.PageImprint: "Who runs the site on %s?",
		domain.PagePrivacy: "Which data does the site on %s process?", domain.PageDisclosure: "How does the site on %s earn money?",
	}
	de := map[domain.PageKind]string{
		domain.PageHome: "Was gibt es zum Thema %s, und wo fange ich an?", domain.PageGuide: "Worauf kommt es an? Thema: %s",
		domain.PageBest: "Was passt zu mir und was kostet es? Thema: %s", domain.PageComparison: "%s: was soll ich nehmen?",
		domain.PageProduct: "Ist das Produkt seinen Preis wert? %s", domain.PageFAQ: "Was wird oft gefragt? Thema: %s",
		domain.PageMethod: "Woher kommen die Zahlen? Thema: %s", domain.PageImprint: "Wer betreibt die Seite? Thema: %s",
		domain.PagePrivacy: "Welche Daten verarbeitet die Seite? Thema: %s", domain.PageDisclosure: "Womit verdient die Seite Geld? Thema: %s",
	}
	if a.p.in.Market.Priceless {
		en[domain.PageBest], de[domain.PageBest] = "Which %s are there, and what is in them?", "Was gibt es, und was steckt drin? Thema: %s"
		en[domain.PageProduct], de[domain.PageProduct] = "What is in %s, compared with others?", "Was steckt drin, verglichen mit anderen? %s"
	}
	if a.p.lang == "de" {
		return fmt.Sprintf(de[kind], about)
	}
	return fmt.Sprintf(en[kind], about)
}
