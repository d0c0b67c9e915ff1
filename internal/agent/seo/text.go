package seo

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	audit "empire/internal/audit/seo"
	"empire/internal/domain"
	"empire/internal/intelligence/evidence"
	"empire/internal/intelligence/nlp"
)

// field is one short text of a page with its rules. Texts must be unique among the
// indexable pages.
type field struct {
	name       string
	least      int // characters
	most       int
	get        func(*domain.Page) *string
	candidates func(*editor, *domain.Page) []string // the best first
}

var fields = []field{
	{"heading", 1, 200, func(p *domain.Page) *string { return &p.Heading }, (*editor).headings},
	{"title", audit.MinTitle, audit.MaxTitle, func(p *domain.Page) *string { return &p.Title }, (*editor).titles},
	{"description", audit.MinDescription, audit.MaxDescription, func(p *domain.Page) *string { return &p.Description }, (*editor).descriptions},
}

// texts mends headings, titles and descriptions that are missing, too short, too
// long or not unique. The first of equal texts stays.
func (e *editor) texts() {
	for _, f := range fields {
		used := map[string]bool{}
		var faulty []*domain.Page
		for i := range e.draft.Pages {
			p := &e.draft.Pages[i]
			if !p.Indexable {
				continue
			}
			if k := phraseOf(*f.get(p)); used[k] || !fits(f, *f.get(p)) {
				faulty = append(faulty, p)
			} else {
				used[k] = true
			}
		}
		for _, p := range faulty {
			e.mend(f, p, used)
		}
	}
}

func fits(f field, text string) bool {
	n := utf8.RuneCountInString(text)
	return n >= f.least && n <= f.most
}

// mend takes the first candidate that fits, is unique and is carried by the page's
// claims. If none does, the text stays and the audit reports it.
func (e *editor) mend(f field, p *domain.Page, used map[string]bool) {
	was := *f.get(p)
	for _, c := range f.candidates(e, p) {
		c = strings.Join(strings.Fields(c), " ")
		k := phraseOf(c)
		if k == phraseOf(was) || !fits(f, c) || used[k] || !carried(c, was, p.Claims) {
			continue
		}
		*f.get(p) = c
		used[k] = true
		e.change(p, f.name, was, c, reason(f, was))
		return
	}
	used[phraseOf(was)] = true
}

func reason(f field, was string) string {
	switch n := utf8.RuneCountInString(was); {
	case n == 0:
		return "it was missing"
	case n < f.least:
		return fmt.Sprintf("it had %d characters, fewer than %d", n, f.least)
	case n > f.most:
		return fmt.Sprintf("it had %d characters, more than %d", n, f.most)
	default:
		return "another page has the same"
	}
}

// carried reports whether all figures of a text stand in claims of the page, and
// whether no claim that the old text held whole was torn apart ("27 in" to "27").
func carried(text, was string, claims []domain.Claim) bool {
	whole := map[string]bool{} // figures of claims that the new text holds whole
	known := map[string]bool{}
	for _, c := range claims {
		for _, n := range evidence.Numbers(c.Text) {
			known[n] = true
			if strings.Contains(text, c.Text) {
				whole[n] = true
			}
		}
	}
	torn := map[string]bool{}
	for _, c := range claims {
		if strings.Contains(was, c.Text) && !strings.Contains(text, c.Text) {
			for _, n := range evidence.Numbers(c.Text) {
				torn[n] = true
			}
		}
	}
	return !slices.ContainsFunc(evidence.Numbers(text), func(n string) bool { return !known[n] || torn[n] && !whole[n] })
}

func (e *editor) headings(p *domain.Page) []string {
	return []string{withoutSite(p.Title, siteTitle(e.draft)), p.Title, p.NavLabel, p.Heading + " – " + p.NavLabel}
}

// separators cut a title into parts, the last of which matter least.
var separators = []string{" | ", " – ", " — ", " · ", " - ", ": ", ", ", " ("}

func (e *editor) titles(p *domain.Page) []string {
	site := siteTitle(e.draft)
	out := []string{}
	for t := p.Title; ; {
		cut := -1
		for _, s := range separators {
			cut = max(cut, strings.LastIndex(t, s))
		}
		if cut <= 0 {
			break
		}
		t = t[:cut]
		out = append(out, t)
	}
	for _, base := range []string{p.Heading, p.NavLabel} {
		if base != "" {
			out = append(out, base+" – "+site, base)
		}
	}
	if p.NavLabel != "" {
		out = append(out, withoutSite(p.Title, site)+" – "+p.NavLabel)
	}
	return append(out, cutWords(p.Title, audit.MaxTitle, ""), cutWords(p.Heading, audit.MaxTitle, ""))
}

func withoutSite(title, site string) string {
	for _, s := range separators[:5] {
		if t, ok := strings.CutSuffix(title, s+site); ok {
			return t
		}
	}
	return title
}

func (e *editor) descriptions(p *domain.Page) []string {
	own := nlp.Sentences(p.Description)
	body := opening(p)
	out := []string{
		fill(own), fill(append(slices.Clone(own), p.Summary)), fill(append(slices.Clone(own), body...)),
		fill([]string{p.Summary}), fill(append([]string{p.Summary}, body...)), fill(body),
	}
	for i := range body {
		out = append(out, fill(body[i:]))
	}
	out = append(out, fill([]string{p.Heading + ".", p.Summary}), cutWords(p.Description, audit.MaxDescription, "…"))
	return append(out, cutWords(strings.Join(body, " "), audit.MaxDescription, "…"))
}

// fill joins sentences as long as they fit into a description; a sentence twice is
// taken once.
func fill(sentences []string) string {
	out := ""
	for _, s := range sentences {
		if s = strings.TrimSpace(s); s == "" || strings.Contains(out, s) {
			continue
		}
		next := strings.TrimSpace(out + " " + s)
		if utf8.RuneCountInString(next) > audit.MaxDescription {
			break
		}
		out = next
	}
	return out
}

// opening returns the sentences of the first paragraphs.
func opening(p *domain.Page) []string {
	const enough = 8
	var out []string
	for i := range p.Blocks {
		if para := p.Blocks[i].Paragraph; para != nil {
			for _, s := range para.Sentences {
				if out = append(out, s.Text); len(out) == enough {
					return out
				}
			}
		}
	}
	return out
}

// cutWords shortens text at a space to at most n characters with the ending.
func cutWords(text string, n int, ending string) string {
	r := []rune(text)
	if len(r) <= n {
		return text
	}
	head := string(r[:n-utf8.RuneCountInString(ending)+1])
	cut := strings.LastIndex(head, " ")
	if cut <= 0 {
		return ""
	}
	return strings.TrimRight(head[:cut], " ,;:–—-(&") + ending
}
