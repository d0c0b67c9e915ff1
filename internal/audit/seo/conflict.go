package seo

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// checkConflicts looks at what pages say about one another: canonical addresses and
// language alternates.
func (a *audit) checkConflicts() {
	for _, p := range a.pages {
		if p.indexable() && len(p.canonicals) == 1 {
			fault := a.canonicalFault(p)
			p.pass("SEO-CANONICAL-CONFLICT", fault == "", fault)
		}
		a.checkPairs(p)
	}
}

// canonicalFault says why the canonical address of a page cannot stand for it, if it
// is another one of the site.
func (a *audit) canonicalFault(p *page) string {
	t, ok := a.resolve(p, p.canonicals[0])
	if !ok || !t.internal || t.path == p.path {
		return "" // SEO-CANONICAL
	}
	if to, moved := a.moved[t.path]; moved {
		return fmt.Sprintf("The canonical address %s is redirected to %s.", clip(t.path, 80), clip(to, 80))
	}
	q := a.byPath[t.path]
	switch {
	case q == nil:
		return fmt.Sprintf("The canonical address %s is no page of the site.", clip(t.path, 80))
	case !q.indexable():
		return fmt.Sprintf("The canonical address %s may not be indexed.", clip(t.path, 80))
	case len(q.canonicals) == 1 && !a.isSelf(q, q.canonicals[0]):
		return fmt.Sprintf("The canonical address %s names %s in turn.", clip(t.path, 80), clip(q.canonicals[0], 80))
	case a.sitemap[p.path]:
		return fmt.Sprintf("The sitemap lists the page, but its canonical address is %s.", clip(t.path, 80))
	}
	return ""
}

// checkPairs wants each language alternate on the same site to name the page back.
// What is on other sites cannot be seen here.
func (a *audit) checkPairs(p *page) {
	var faults []string
	total := 0
	for _, alt := range p.alternates {
		t, ok := a.resolve(p, alt.href)
		if !ok || !t.internal || t.path == p.path {
			continue
		}
		total++
		q := a.byPath[t.path]
		if q == nil {
			faults = append(faults, clip(t.path, 60)+" is no page")
			continue
		}
		if !slices.ContainsFunc(q.alternates, func(back alternate) bool { return a.leadsTo(q, back.href, p.path) }) {
			faults = append(faults, clip(t.path, 60)+" does not name the page back")
		}
		if alt.lang != "x-default" && q.lang != "" && baseLanguage(alt.lang) != baseLanguage(q.lang) {
			faults = append(faults, fmt.Sprintf("%s is in %q, not in %q", clip(t.path, 60), clip(q.lang, 20), clip(alt.lang, 20)))
		}
	}
	p.share("SEO-HREFLANG-PAIR", faults, total, "Language alternates that are no pair")
}

func (a *audit) leadsTo(q *page, href, path string) bool {
	t, ok := a.resolve(q, href)
	return ok && t.internal && t.path == path
}

// From when on two h1 say nearly the same: the share of words that they have in
// common, of all that they have. Words with figures in them must be equal.
const (
	similarHeadings = 0.85
	minHeadingWords = 3
	// maxCompared bounds how many h1 with the same figures are held against each other.
	maxCompared = 2000
)

// checkSimilar finds h1 that say nearly the same in other words or another order.
// Equal ones are SEO-H1-DUPLICATE.
func (a *audit) checkSimilar() {
	type title struct {
		page  *page
		plain string
		words map[string]bool
	}
	groups := map[string][]title{} // by the words with figures
	for _, p := range a.pages {
		if !p.indexable() || p.h1() == "" {
			continue
		}
		words, figures := headingWords(p.h1())
		if len(words) < minHeadingWords {
			p.value("SEO-H1-SIMILAR", 1, "")
			continue
		}
		if len(groups[figures]) < maxCompared {
			groups[figures] = append(groups[figures], title{p, normalize(p.h1()), words})
		}
	}
	for _, list := range groups {
		for i, x := range list {
			twin := ""
			for j, y := range list {
				if i != j && x.plain != y.plain && alike(x.words, y.words) {
					twin = y.page.path
					break
				}
			}
			x.page.pass("SEO-H1-SIMILAR", twin == "", "The h1 says nearly the same as that of "+clip(twin, 80)+".")
		}
	}
}

// headingWords returns the words of a heading, without those that say little and in
// the singular, and those with figures in them as one text.
func headingWords(text string) (words map[string]bool, figures string) {
	words = map[string]bool{}
	var exact []string
	for w := range strings.FieldsFuncSeq(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		switch {
		case fillers[w]:
		case strings.ContainsFunc(w, unicode.IsDigit):
			exact = append(exact, w)
			words[w] = true
		default:
			if len(w) > 4 {
				w = strings.TrimSuffix(w, "s")
			}
			words[w] = true
		}
	}
	slices.Sort(exact)
	return words, strings.Join(exact, " ")
}

var fillers = map[string]bool{
	"a": true, "an": true, "the": true, "of": true, "for": true, "and": true, "or": true, "in": true, "to": true, "on": true, "with": true,
	"vs": true, "der": true, "die": true, "das": true, "und": true, "oder": true, "für": true, "mit": true, "im": true, "zum": true,
}

func alike(x, y map[string]bool) bool {
	shared := 0
	for w := range x {
		if y[w] {
			shared++
		}
	}
	return float64(shared) >= similarHeadings*float64(len(x)+len(y)-shared)
}
