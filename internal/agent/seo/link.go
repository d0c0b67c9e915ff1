package seo

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"empire/internal/domain"
	"empire/internal/intelligence/evidence"
)

// The limits of internal links.
const (
	minRelated = 3
	maxRelated = 6  // up to which related pages are added
	mostKept   = 8  // of the writer's choice, and on pages that take in an orphan
	maxInline  = 10 // links in the text of one page
	minPhrase  = 5  // characters of a phrase that becomes a link
	// minWord is the same for a phrase of one word: shorter ones ("white") often mean
	// something else where they stand.
	minWord = 9
)

// links adds links in the text, related pages, and a way to pages that nothing
// links to.
func (e *editor) links() {
	phrases := e.phrases()
	for i := range e.draft.Pages {
		if p := &e.draft.Pages[i]; !p.Kind.Legal() {
			e.inline(p, phrases)
		}
	}
	m := e.kinship()
	for i := range e.draft.Pages {
		e.related(i, m)
	}
	e.orphans(m)
}

// phrase is text that may link to a page.
type phrase struct {
	lower string
	slug  string
}

// phrases lists what may link to which page: labels, keywords and, for the guide,
// the niche's noun. The longest come first; a phrase for two pages is for none.
func (e *editor) phrases() []phrase {
	owner := map[string]string{}
	twice := map[string]bool{}
	add := func(text, slug string) {
		k := phraseOf(text)
		least := minPhrase
		if !strings.Contains(k, " ") {
			least = minWord
		}
		if utf8.RuneCountInString(k) < least || !strings.ContainsFunc(k, unicode.IsLetter) {
			return
		}
		if have, ok := owner[k]; ok && have != slug {
			twice[k] = true
		}
		owner[k] = slug
	}
	guide := ""
	for i := range e.draft.Pages {
		p := &e.draft.Pages[i]
		if !p.Indexable || p.Kind.Legal() || p.Kind == domain.PageHome {
			continue
		}
		if p.Kind == domain.PageGuide && guide == "" {
			guide = p.Slug
		}
		add(p.NavLabel, p.Slug)
		for _, k := range p.Keywords {
			add(k, p.Slug)
		}
	}
	if noun := e.draft.Plan.Noun; guide != "" {
		for _, n := range []string{noun.Plural, noun.Singular} {
			if _, taken := owner[phraseOf(n)]; !taken {
				add(n, guide)
			}
		}
	}
	var out []phrase
	for k, slug := range owner {
		if !twice[k] {
			out = append(out, phrase{k, slug})
		}
	}
	slices.SortFunc(out, func(a, b phrase) int {
		return cmp.Or(cmp.Compare(len(b.lower), len(a.lower)), cmp.Compare(a.lower, b.lower))
	})
	return out
}

// inline links phrases in the sentences of a page: each target once, one new link
// for a sentence.
func (e *editor) inline(p *domain.Page, phrases []phrase) {
	linked := map[string]bool{p.Slug: true}
	count := 0
	for s := range sentences(p) {
		for _, l := range s.Links {
			linked[l.Slug] = true
			count++
		}
	}
	var added []string
	for s := range sentences(p) {
		if count >= maxInline {
			break
		}
		if len(s.Links) > 0 {
			continue
		}
		for _, ph := range phrases {
			if linked[ph.slug] {
				continue
			}
			if text, ok := find(s.Text, ph.lower); ok && !insideFact(p, s, text) {
				s.Links = append(s.Links, domain.InlineLink{Phrase: text, Slug: ph.slug})
				linked[ph.slug] = true
				added = append(added, fmt.Sprintf("%s → %s", text, domain.PathOf(ph.slug)))
				count++
				break
			}
		}
	}
	if len(added) > 0 {
		e.change(p, "links", "", strings.Join(added, "; "), "phrases name other pages")
	}
}

// insideFact reports whether the phrase is a part of a longer fact of the sentence,
// such as the last words of a product's name: a link would tear it apart.
func insideFact(p *domain.Page, s *domain.Sentence, text string) bool {
	for _, id := range s.Claims {
		i := slices.IndexFunc(p.Claims, func(c domain.Claim) bool { return c.ID == id })
		if i >= 0 && len(p.Claims[i].Text) > len(text) && strings.Contains(p.Claims[i].Text, text) {
			return true
		}
	}
	return false
}

// sentences yields the sentences of a page that can hold links.
func sentences(p *domain.Page) iter.Seq[*domain.Sentence] {
	return func(yield func(*domain.Sentence) bool) {
		for i := range p.Blocks {
			for _, list := range sentenceLists(&p.Blocks[i]) {
				for j := range list {
					if !yield(&list[j]) {
						return
					}
				}
			}
		}
	}
}

func sentenceLists(b *domain.Block) [][]domain.Sentence {
	var out [][]domain.Sentence
	if b.Paragraph != nil {
		out = append(out, b.Paragraph.Sentences)
	}
	if b.List != nil {
		for i := range b.List.Items {
			out = append(out, b.List.Items[i].Sentences)
		}
	}
	if b.Product != nil {
		out = append(out, b.Product.Text)
	}
	if b.ProsCons != nil {
		out = append(out, b.ProsCons.Pros, b.ProsCons.Cons)
	}
	if b.FAQ != nil {
		for i := range b.FAQ.Items {
			out = append(out, b.FAQ.Items[i].Answer)
		}
	}
	return out
}

// find returns the phrase as the text spells it, if its first occurrence stands
// between word boundaries.
func find(text, lower string) (string, bool) {
	folded := strings.ToLower(text)
	if len(folded) != len(text) { // a letter whose cases differ in length: offsets would be wrong
		return "", false
	}
	i := strings.Index(folded, lower)
	if i < 0 {
		return "", false
	}
	j := i + len(lower)
	before, _ := utf8.DecodeLastRuneInString(text[:i])
	after, _ := utf8.DecodeRuneInString(text[j:])
	if i > 0 && isWord(before) || j < len(text) && isWord(after) || strings.Index(text, text[i:j]) != i {
		return "", false
	}
	return text[i:j], true
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' }

// addRelated links page p to q below the text. A label with figures brings along
// the claims that carry them.
func addRelated(p, q *domain.Page) {
	text := label(q)
	p.Related = append(p.Related, domain.PageRef{Slug: q.Slug, Label: text})
	figures := evidence.Numbers(text)
	if len(figures) == 0 {
		return
	}
	claims := evidence.NewClaims(p.Claims...)
	for _, c := range q.Claims {
		if slices.ContainsFunc(evidence.Numbers(c.Text), func(n string) bool { return slices.Contains(figures, n) }) && strings.Contains(text, c.Text) {
			claims.Add(c.Text, c.Evidence...)
		}
	}
	p.Claims = claims.All()
}

// related fills up the related pages of a page to at least minRelated if the site
// has them, by kinship. What the writer chose comes first.
func (e *editor) related(i int, m kinship) {
	p := &e.draft.Pages[i]
	before := refs(p.Related)
	e.cleanRelated(p)
	if !p.Kind.Legal() && p.Kind != domain.PageHome && p.Indexable {
		for _, j := range m.order(i) {
			strong := m.score[i][j] >= strongKin
			if len(p.Related) >= maxRelated || len(p.Related) >= minRelated && !strong {
				break
			}
			q := &e.draft.Pages[j]
			if !slices.ContainsFunc(p.Related, func(r domain.PageRef) bool { return r.Slug == q.Slug }) {
				addRelated(p, q)
			}
		}
	}
	if after := refs(p.Related); after != before {
		e.change(p, "related", before, after, "pages about the same products or properties")
	}
}

// cleanRelated drops references to the page itself, to unknown pages and repeats.
func (e *editor) cleanRelated(p *domain.Page) {
	var out []domain.PageRef
	for _, r := range p.Related {
		known := e.page(r.Slug) != nil && r.Slug != p.Slug
		if known && len(out) < mostKept && !slices.ContainsFunc(out, func(o domain.PageRef) bool { return o.Slug == r.Slug }) {
			out = append(out, r)
		}
	}
	p.Related = out
}

func refs(list []domain.PageRef) string {
	var out []string
	for _, r := range list {
		out = append(out, domain.PathOf(r.Slug))
	}
	return strings.Join(out, " ")
}

// orphans gives each indexable page that no other page links to a place among the
// related pages of its nearest kin.
func (e *editor) orphans(m kinship) {
	inbound := e.inbound()
	for i := range e.draft.Pages {
		q := &e.draft.Pages[i]
		if !q.Indexable || q.Kind == domain.PageHome || q.Kind.Legal() || inbound[q.Slug] {
			continue
		}
		for _, j := range m.order(i) {
			p := &e.draft.Pages[j]
			if len(p.Related) >= mostKept {
				continue
			}
			before := refs(p.Related)
			addRelated(p, q)
			e.change(p, "related", before, refs(p.Related), "no other page linked to "+q.Path())
			inbound[q.Slug] = true
			break
		}
	}
}

// inbound tells to which pages another page links.
func (e *editor) inbound() map[string]bool {
	out := map[string]bool{}
	for i := range e.draft.Pages {
		p := &e.draft.Pages[i]
		for _, slug := range outbound(p) {
			if slug != p.Slug {
				out[slug] = true
			}
		}
	}
	return out
}

// outbound lists the pages that a page links to.
func outbound(p *domain.Page) []string {
	var out []string
	add := func(slug *string) {
		if slug != nil {
			out = append(out, *slug)
		}
	}
	cells := func(list []domain.Cell) {
		for i := range list {
			add(list[i].Slug)
		}
	}
	for s := range sentences(p) {
		for _, l := range s.Links {
			out = append(out, l.Slug)
		}
	}
	for _, r := range p.Related {
		out = append(out, r.Slug)
	}
	for i := range p.Blocks {
		b := &p.Blocks[i]
		if b.Product != nil {
			add(b.Product.Slug)
			for _, f := range b.Product.Facts {
				add(f.Value.Slug)
			}
		}
		if b.Table != nil {
			for _, r := range b.Table.Rows {
				cells(r.Cells)
			}
		}
		if b.Comparison != nil {
			for _, c := range b.Comparison.Products {
				add(c.Slug)
			}
			for _, r := range b.Comparison.Rows {
				cells(r.Cells)
			}
		}
	}
	return out
}
