package seo

import (
	"maps"
	"slices"
	"strings"

	"empire/internal/domain"
	"empire/internal/intelligence/nlp"
)

// KeywordKey returns what a keyword means for a search engine, more or less: the stems
// of its words in order, without those that say little. "best desk lamps" and "desk
// lamp" have one key. It is empty for a phrase of such words alone.
func KeywordKey(language, phrase string) string {
	return strings.Join(slices.Sorted(maps.Keys((&mapper{language: language}).stems(phrase))), " ")
}

// KeywordPages says what the pages of a draft that may rank are for: the keyword that
// they were planned for, else their first. WebsiteID, Domain and Language are those of
// the draft's website; Since is left out. By path.
func KeywordPages(d *domain.Draft) []domain.KeywordPage {
	planned := map[string]*domain.PlanPage{}
	for i := range d.Plan.Pages {
		planned[d.Plan.Pages[i].Slug] = &d.Plan.Pages[i]
	}
	var out []domain.KeywordPage
	for i := range d.Pages {
		p := &d.Pages[i]
		if !p.Indexable || p.Kind.Legal() {
			continue
		}
		k := domain.KeywordPage{
			WebsiteID: d.Website.ID, Domain: d.Website.Domain, PageID: p.ID, Path: p.Path(), Kind: p.Kind, Title: p.Title, Intent: domain.IntentOf(p.Kind),
			Language: d.Website.Language, Evidence: evidenceOf(p), Others: []string{},
		}
		if plan := planned[p.Slug]; plan != nil {
			k.Keyword, k.Question = phraseOf(plan.Keyword), plan.Intent
		}
		for _, word := range p.Keywords {
			if word = phraseOf(word); k.Keyword == "" {
				k.Keyword = word
			} else if word != k.Keyword {
				k.Others = append(k.Others, word)
			}
		}
		k.Key = KeywordKey(k.Language, k.Keyword)
		out = append(out, k)
	}
	slices.SortFunc(out, func(a, b domain.KeywordPage) int { return strings.Compare(a.Path, b.Path) })
	return out
}

// evidenceOf counts the different pieces of evidence that a page rests on.
func evidenceOf(p *domain.Page) int {
	seen := map[domain.EvidenceID]bool{}
	for _, c := range p.Claims {
		for _, e := range c.Evidence {
			seen[e] = true
		}
	}
	return len(seen)
}

// takenBy returns who has a keyword, of those that the plan knows of other websites.
func takenBy(d *domain.Draft) func(phrase string) string {
	if len(d.Plan.Taken) == 0 {
		return func(string) string { return "" }
	}
	owner := make(map[string]string, len(d.Plan.Taken))
	for _, k := range d.Plan.Taken {
		owner[k.Key] = "https://" + k.Domain + k.Path
	}
	return func(phrase string) string { return owner[KeywordKey(d.Website.Language, phrase)] }
}

// Coverage returns the share of the words of a keyword, without those that say little,
// whose stems a text has: 0 to 1.
func Coverage(language, keyword, text string) float64 {
	m := &mapper{language: language}
	want, have := m.stems(keyword), map[string]bool{}
	for _, w := range nlp.Words(text) {
		have[nlp.Stem(language, w)] = true
	}
	if len(want) == 0 {
		return 0
	}
	n := 0
	for s := range want {
		if have[s] {
			n++
		}
	}
	return float64(n) / float64(len(want))
}
