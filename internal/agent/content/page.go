package content

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"empire/internal/domain"
	"empire/internal/intelligence/evidence"
	"empire/internal/intelligence/market"
)

// pageWriter writes one page.
type pageWriter struct {
	s      *siteWriter
	plan   domain.PlanPage
	page   domain.Page
	claims *evidence.Claims
	base   values
	salt   int // other choices among phrases
	trim   int // how many optional parts are left out
	used   map[string]int
	tail   []string // the last words, because runs of words cross sentences
	slots  map[string]bool
	told   *Telling
	named  bool // the last sentence of this paragraph named the product

	openings []string          // how the last sentences begin
	pins     map[string]string // variants that stay the same on this page, by phrase
}

// compose writes the page of a plan. salt makes other choices; trim leaves out
// optional parts.
func (s *siteWriter) compose(plan domain.PlanPage, salt, trim int) *pageWriter {
	w := &pageWriter{
		s: s, plan: plan, claims: evidence.NewClaims(), salt: salt, trim: trim, used: map[string]int{}, slots: map[string]bool{}, pins: map[string]string{},
	}
	w.page = domain.Page{
		Kind: plan.Kind, Slug: plan.Slug, Language: s.lang, NavLabel: plan.NavLabel, Products: slices.Clone(plan.Products),
		Indexable: !plan.Kind.Legal(), Writer: Writer, UpdatedAt: s.readAt,
	}
	if plan.Keyword != "" {
		w.page.Keywords = []string{plan.Keyword}
	}
	w.base = values{
		"models": s.noun(s.in.Plan.Noun.Plural), "model": s.noun(s.in.Plan.Noun.Singular), "n": s.all.count(),
		"modelsdat": s.noun(market.DativePlural(s.in.Plan.Noun.Plural)), "site": s.siteTitle(), "date": s.date(),
	}
	if s.in.Market.Priceless && w.bare() {
		w.page.Claims = w.claims.All()
		return w
	}
	switch plan.Kind {
	case domain.PageHome:
		w.home()
	case domain.PageGuide:
		w.guide()
	case domain.PageBest:
		w.best()
	case domain.PageComparison:
		w.comparison()
	case domain.PageProduct:
		w.product()
	case domain.PageFAQ:
		w.faq()
	case domain.PageMethod:
		w.method()
	default:
		w.legal()
	}
	w.page.Claims = w.claims.All()
	return w
}

func (s *siteWriter) siteTitle() value {
	v := value{text: s.in.Plan.Title, verbatim: true}
	if hasFigure(v.text) {
		v.evidence = []domain.EvidenceID{s.ledger.Setting("site_title", v.text)}
	}
	return v
}

func (w *pageWriter) claim(v value) domain.ClaimID { return w.claims.Add(v.text, v.evidence...) }

// claimIDs claims a value and returns its IDs for a cell; none without evidence.
func (w *pageWriter) claimIDs(v value) []domain.ClaimID {
	if len(v.evidence) == 0 {
		return nil
	}
	return []domain.ClaimID{w.claim(v)}
}

// sentence says a phrase. ok is false if there is no variant for these values.
func (w *pageWriter) sentence(key string, more values) (domain.Sentence, bool) {
	vs := w.base.with(more)
	list := w.choose(key, vs)
	if len(list) == 0 {
		return domain.Sentence{}, false
	}
	c := list[0]
	out := domain.Sentence{Text: c.text, Claims: w.take(c, vs)}
	w.openings = append(w.openings, opening(c.text))
	w.openings = w.openings[max(0, len(w.openings)-lastOpenings):]
	out.Opinion = len(out.Claims) == 0
	for _, name := range c.used {
		v := vs[name]
		if big := market.Upper(v.text); strings.HasPrefix(c.text, big) {
			v.text = big // a value that begins the sentence
		}
		if v.slug == nil || *v.slug == w.plan.Slug && w.plan.Kind != domain.PageHome || !strings.Contains(c.text, v.text) {
			continue
		}
		if !slices.ContainsFunc(out.Links, func(l domain.InlineLink) bool { return l.Slug == *v.slug || l.Phrase == v.text }) {
			out.Links = append(out.Links, domain.InlineLink{Phrase: v.text, Slug: *v.slug})
		}
	}
	return out, true
}

// text says a phrase outside of a sentence: a heading, a caption, a label.
func (w *pageWriter) text(key string, more values) (string, []domain.ClaimID) {
	vs := w.base.with(more)
	list := w.choose(key, vs)
	if len(list) == 0 {
		return "", nil
	}
	return list[0].text, w.take(list[0], vs)
}

// fitting says a phrase that has between least and most characters and is not
// taken on the site. It returns "" if no variant fits.
func (w *pageWriter) fitting(key string, more values, least, most int) string {
	vs := w.base.with(more)
	for _, c := range w.choose(key, vs) {
		n := utf8.RuneCountInString(c.text)
		owner, taken := w.s.titles[strings.ToLower(c.text)]
		if n < least || n > most || taken && owner != w.plan.Slug {
			continue
		}
		w.take(c, vs)
		w.s.titles[strings.ToLower(c.text)] = w.plan.Slug
		return c.text
	}
	return ""
}

// clipped says a phrase and cuts it at a word boundary to at most most characters.
func (w *pageWriter) clipped(key string, more values, most int) string {
	text, _ := w.text(key, more)
	if utf8.RuneCountInString(text) > most {
		text = market.ShortName(text, most-1) + "…"
	}
	w.s.titles[strings.ToLower(text)] = w.plan.Slug
	return text
}

// prosePart collects the sentences of one paragraph.
type prosePart struct {
	w    *pageWriter
	list []domain.Sentence
}

func (w *pageWriter) para() *prosePart {
	w.named = false
	return &prosePart{w: w}
}

// say adds a sentence, if the values allow one. It reports whether they did.
func (p *prosePart) say(key string, more values) bool {
	s, ok := p.w.sentence(key, more)
	if ok {
		p.list = append(p.list, s)
	}
	return ok
}

// end adds the paragraph to the page.
func (p *prosePart) end() {
	if len(p.list) > 0 {
		p.w.add(domain.Block{Type: domain.BlockParagraph, Paragraph: &domain.Paragraph{Sentences: p.list}})
	}
}

// item returns the sentences as an item of a list.
func (p *prosePart) item() domain.Paragraph { return domain.Paragraph{Sentences: p.list} }

// add adds a block. An anchor that the page already has, such as that of a heading
// of the same name, is not set again.
func (w *pageWriter) add(b domain.Block) {
	if slices.ContainsFunc(w.page.Blocks, func(o domain.Block) bool { return o.Anchor == b.Anchor }) {
		b.Anchor = ""
	}
	w.page.Blocks = append(w.page.Blocks, b)
}

func (w *pageWriter) list(items []domain.Paragraph) {
	items = slices.DeleteFunc(items, func(p domain.Paragraph) bool { return len(p.Sentences) == 0 })
	if len(items) > 0 {
		w.add(domain.Block{Type: domain.BlockList, List: &domain.List{Items: items}})
	}
}

// heading adds a section heading with an anchor made from its text.
func (w *pageWriter) heading(level int, key string, more values) {
	text, ids := w.text(key, more)
	if text == "" {
		return
	}
	w.headingText(level, text, ids)
}

func (w *pageWriter) headingText(level int, text string, ids []domain.ClaimID) {
	anchor := market.Slug(text, 40)
	for i := 2; slices.ContainsFunc(w.page.Blocks, func(b domain.Block) bool { return b.Anchor == anchor }); i++ {
		anchor = market.Slug(text, 40) + "-" + strconv.Itoa(i)
	}
	w.add(domain.Block{Type: domain.BlockHeading, Anchor: anchor, Heading: &domain.Heading{Level: level, Text: text, Claims: ids}})
}

// slot returns an offer slot name that is unique on the page.
func (w *pageWriter) slot(name string) string {
	s := name
	for i := 2; w.slots[s]; i++ {
		s = name + "-" + strconv.Itoa(i)
	}
	w.slots[s] = true
	return s
}

// cell shows a value in a table.
func (w *pageWriter) cell(v value) domain.Cell {
	c := domain.Cell{Text: v.text, Claims: w.claimIDs(v)}
	if v.slug != nil && *v.slug != w.plan.Slug {
		c.Slug = v.slug
	}
	return c
}

// number shows a value in a column that is sorted by by.
func (w *pageWriter) number(v value, by float64) domain.Cell {
	c := w.cell(v)
	c.Sort = &by
	return c
}

// cta adds a call to action for a product.
func (w *pageWriter) cta(it *market.Item, slot string) {
	name := w.s.name(it)
	w.claimIDs(name)
	w.add(domain.Block{Type: domain.BlockCTA, CTA: &domain.CTA{Product: it.Family.Key, Name: name.text, Slot: w.slot(slot)}})
}

// priceNote says what the prices of a table mean and when they were read.
func (w *pageWriter) priceNote() string {
	key := "note.price." + w.s.view.Currency
	if len(w.s.bank[key]) == 0 {
		key = "note.price.other"
	}
	text, _ := w.text(key, values{"currency": plain(w.s.view.Currency)})
	return text
}

// head sets title, description, heading and summary. kind is the part of the keys
// that names the page: "head.home".
func (w *pageWriter) head(kind string, vs values) {
	w.tail = nil
	for _, least := range []int{30, 20, 4} { // a longer title says more
		if w.page.Title == "" {
			w.page.Title = w.fitting("title."+kind, vs, least, 60)
		}
	}
	if w.page.Title == "" {
		w.page.Title = w.planTitle(vs)
	}
	w.page.Heading = w.fitting("h1."+kind, vs, 4, 90)
	if w.page.Heading == "" {
		w.page.Heading = w.planTitle(vs)
	}
	w.page.Description = w.fitting("description."+kind, vs, 70, 160)
	if w.page.Description == "" {
		w.page.Description = w.clipped("description."+kind, vs, 160)
	}
	w.page.Summary, _ = w.text("summary."+kind, vs)
	w.tail = nil
}

// planTitle falls back to the title of the plan, with the claims that its figures
// need.
func (w *pageWriter) planTitle(vs values) string {
	for _, k := range slices.Sorted(maps.Keys(vs)) {
		if v := vs[k]; len(v.evidence) > 0 && strings.Contains(w.plan.Title, v.text) {
			w.claim(v)
		}
	}
	text := market.ShortName(w.plan.Title, 60)
	w.s.titles[strings.ToLower(text)] = w.plan.Slug
	return text
}

// related sets the links below the main text and claims the figures of their
// labels.
func (w *pageWriter) related(pages []domain.PlanPage) {
	seen := map[string]bool{w.plan.Slug: true}
	for _, p := range pages {
		if seen[p.Slug] || len(w.page.Related) == 8 {
			continue
		}
		seen[p.Slug] = true
		w.page.Related = append(w.page.Related, domain.PageRef{Slug: p.Slug, Label: p.NavLabel})
		w.claimLabel(p)
	}
}

// claimLabel claims the figures that a page's label holds.
func (w *pageWriter) claimLabel(p domain.PlanPage) {
	if !hasFigure(p.NavLabel) {
		return
	}
	v := value{text: p.NavLabel}
	if p.Facet != nil {
		v = w.s.facetValue(p)
		v.text = p.NavLabel
	}
	for _, key := range p.Products {
		it, ok := w.s.view.Item(key)
		if ok && p.Facet == nil {
			v.evidence = append(v.evidence, w.s.name(it).evidence...)
		}
	}
	w.claimIDs(v)
}
