package seo

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"empire/internal/domain"
	"empire/internal/intelligence/nlp"
)

// maxKeywords is how many keywords a page keeps.
const maxKeywords = 8

// minCover is the share of a keyword's words that a page must name to get it.
const minCover = 0.6

// Assignment gives a keyword to one page, so that no two pages of a site compete
// for it.
type Assignment struct {
	Keyword         string  `json:"keyword"`
	MonthlySearches *int    `json:"monthly_searches"`
	Path            string  `json:"path,omitempty"` // empty: no page answers it
	Score           float64 `json:"score"`          // 0 to 1: how well the page's names fit
}

// KeywordMap assigns each keyword of the site's language to the page whose title,
// heading, label and planned keyword name it best, or to none. A keyword that is
// only the niche's noun belongs to the home page. The most searched come first.
func KeywordMap(d *domain.Draft, keywords []domain.Keyword) []Assignment {
	m := newMapper(d)
	seen := map[string]bool{}
	var out []Assignment
	for _, k := range keywords {
		phrase := phraseOf(k.Phrase)
		if phrase == "" || seen[phrase] || k.Language != "" && k.Language != d.Website.Language {
			continue
		}
		seen[phrase] = true
		a := Assignment{Keyword: phrase, MonthlySearches: k.MonthlySearches}
		if p, score := m.best(phrase); p != nil {
			a.Path, a.Score = p.Path(), score
		}
		out = append(out, a)
	}
	slices.SortFunc(out, func(a, b Assignment) int {
		return cmp.Or(cmp.Compare(demand(b), demand(a)), cmp.Compare(a.Keyword, b.Keyword))
	})
	return out
}

func demand(a Assignment) int {
	if a.MonthlySearches == nil {
		return -1
	}
	return *a.MonthlySearches
}

func phraseOf(s string) string { return strings.Join(strings.Fields(strings.ToLower(s)), " ") }

// mapper compares keywords with the names of pages by their stems.
type mapper struct {
	language string
	pages    []*domain.Page
	names    []map[string]bool // stems of each page's names
	planned  []string          // planned keyword of each page
	noun     map[string]bool
}

func newMapper(d *domain.Draft) *mapper {
	m := &mapper{language: d.Website.Language}
	m.noun = m.stems(d.Plan.Noun.Singular + " " + d.Plan.Noun.Plural + " " + d.Plan.Niche)
	planned := map[string]string{}
	for _, p := range d.Plan.Pages {
		planned[p.Slug] = phraseOf(p.Keyword)
	}
	for i := range d.Pages {
		p := &d.Pages[i]
		if !p.Indexable || p.Kind.Legal() {
			continue
		}
		m.pages = append(m.pages, p)
		m.planned = append(m.planned, planned[p.Slug])
		m.names = append(m.names, m.stems(strings.Join([]string{p.Title, p.Heading, p.NavLabel, planned[p.Slug]}, " ")))
	}
	return m
}

// empty words say nothing about which page answers a question.
var emptyWords = map[string]bool{
	"a": true, "an": true, "the": true, "of": true, "for": true, "with": true, "and": true, "or": true, "in": true, "to": true, "on": true,
	"best": true, "top": true, "good": true, "buy": true, "cheap": true, "which": true, "what": true, "is": true, "are": true,
	"der": true, "die": true, "das": true, "ein": true, "eine": true, "für": true, "mit": true, "und": true, "oder": true, "im": true,
	"zu": true, "zum": true, "beste": true, "besten": true, "gute": true, "guter": true, "kaufen": true, "welche": true, "was": true,
}

func (m *mapper) stems(text string) map[string]bool {
	out := map[string]bool{}
	for _, w := range nlp.Words(text) {
		if !emptyWords[w] {
			out[nlp.Stem(m.language, w)] = true
		}
	}
	return out
}

// best returns the page for a keyword and how well it fits.
func (m *mapper) best(phrase string) (*domain.Page, float64) {
	want := m.stems(phrase)
	special := 0
	for s := range want {
		if !m.noun[s] {
			special++
		}
	}
	var page *domain.Page
	top := 0.0
	for i, p := range m.pages {
		score := m.fit(want, m.names[i], special)
		switch {
		case m.planned[i] == phrase:
			score = 1
		case special == 0 && p.Kind == domain.PageHome:
			score = max(score, 0.95)
		case p.Kind == domain.PageProduct:
			score *= 0.9 // a list answers a search better than one product, unless it names it
		}
		if score > top {
			page, top = p, score
		}
	}
	return page, top
}

// fit is 0.7 × the share of the keyword's stems that the page names + 0.3 × the
// share of the page's stems that are in the keyword; 0 below minCover or if only
// the niche's noun is shared.
func (m *mapper) fit(want, names map[string]bool, special int) float64 {
	shared, own := 0, 0
	for s := range want {
		if names[s] {
			shared++
			if !m.noun[s] {
				own++
			}
		}
	}
	if len(want) == 0 || special > 0 && own == 0 {
		return 0
	}
	cover := float64(shared) / float64(len(want))
	if cover < minCover {
		return 0
	}
	return 0.7*cover + 0.3*float64(shared)/float64(max(1, len(names)))
}

// keywords sets the keywords of the pages. Of two pages that were planned for one
// keyword, the first keeps it.
func (e *editor) keywords(given []domain.Keyword) []Assignment {
	assigned := KeywordMap(e.draft, given)
	owner := map[string]string{}
	taken := takenBy(e.draft)
	for i, a := range assigned {
		if taken(a.Keyword) != "" {
			assigned[i].Path, assigned[i].Score = "", 0
			continue
		}
		if a.Path != "" {
			owner[a.Keyword] = a.Path
		}
	}
	planned := map[string]string{}
	for _, p := range e.draft.Plan.Pages {
		planned[p.Slug] = phraseOf(p.Keyword)
	}
	for i := range e.draft.Pages {
		p := &e.draft.Pages[i]
		if !p.Indexable || p.Kind.Legal() {
			continue
		}
		before := slices.Clone(p.Keywords)
		p.Keywords = slices.DeleteFunc(e.keywordsOf(p, planned[p.Slug], assigned, owner), func(k string) bool { return taken(k) != "" })
		if !slices.Equal(before, p.Keywords) {
			e.change(p, "keywords", strings.Join(before, ", "), strings.Join(p.Keywords, ", "), "each keyword belongs to one page")
		}
	}
	return assigned
}

// keywordsOf lists the planned keyword, what the writer chose and what was
// assigned, as far as no other page has it.
func (e *editor) keywordsOf(p *domain.Page, planned string, assigned []Assignment, owner map[string]string) []string {
	var out []string
	take := func(phrase string) {
		if phrase == "" || slices.Contains(out, phrase) || len(out) >= maxKeywords {
			return
		}
		switch owner[phrase] {
		case "":
			owner[phrase] = p.Path()
		case p.Path():
		default:
			if phrase == planned {
				e.findings = append(e.findings, domain.Finding{
					Rule: "SEO-CANNIBAL", Severity: domain.GateWarn, Page: p.Path(),
					Message: fmt.Sprintf("Keyword %q is planned for this page and for %s.", phrase, owner[phrase]),
					Fix:     "Plan another keyword, or merge the pages.",
				})
			}
			return
		}
		out = append(out, phrase)
	}
	take(planned)
	for _, k := range p.Keywords {
		take(phraseOf(k))
	}
	for _, a := range assigned {
		if a.Path == p.Path() {
			take(a.Keyword)
		}
	}
	return out
}
