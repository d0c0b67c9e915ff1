package catalog

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"empire/internal/domain"
)

// How a product was recognized as the noun of the niche, from strong to weak.
type nicheRank int

const (
	rankNone      nicheRank = iota
	rankName                // the name's noun
	rankUndecided           // a category that joins nouns, and a name with none of them
	rankCategory            // the category
)

// nicheSelection is the result of matching with what is needed to explain it.
type nicheSelection struct {
	products   []domain.Product
	match      domain.NicheMatch
	heads      int      // products that are the noun
	missing    []string // modifiers that no product that is the noun supports
	otherWords int      // rows in another language
}

// Match selects the products that are exactly what the niche names and says how.
// It is conservative: a product whose category or name does not say that it is one,
// and a modifier that nothing in its row states, leave it out. Products keep their
// order.
func (n Niche) Match(products []domain.Product) ([]domain.Product, domain.NicheMatch) {
	s := n.selectFrom(products)
	return s.products, s.match
}

func (n Niche) selectFrom(products []domain.Product) nicheSelection {
	texts := make([]*productText, len(products))
	chosen := make([]bool, len(products))
	out := nicheSelection{match: domain.NicheMatch{Head: n.Head, Modifiers: slices.Clone(n.Modifiers)}}
	byCategory, notes := false, []string(nil)
	terms := n.SearchTerms()
	for i := range products {
		if !mentions(&products[i], terms) {
			continue
		}
		if otherLanguage(products[i].Language, n.Language) {
			out.otherWords++
			continue
		}
		t := readProduct(&products[i], n.Language)
		texts[i] = &t
	}
	for _, p := range n.phrases {
		m := phraseMatcher{phrase: p, language: n.Language, products: products, texts: texts}
		m.run(chosen)
		out.heads += m.heads
		out.missing = append(out.missing, m.missing...)
		byCategory = byCategory || m.byCategory
		if len(n.phrases) == 1 {
			notes = m.notes()
		}
	}
	categories := map[string]bool{}
	for i, ok := range chosen {
		if ok {
			out.products = append(out.products, products[i])
			categories[strings.Join(categorySegments(&products[i]), " > ")] = true
		}
	}
	for c := range categories {
		if c != "" {
			out.match.Categories = append(out.match.Categories, c)
		}
	}
	slices.Sort(out.match.Categories)
	out.match.Method = "name"
	if byCategory {
		out.match.Method = "category"
	}
	if out.otherWords > 0 {
		notes = append(notes, fmt.Sprintf("%s left out: in another language than the site.", rowsOf(out.otherWords)))
	}
	out.match.Notes = notes
	return out
}

// mentions reports whether one of the search terms occurs in a product's name or
// category.
func mentions(p *domain.Product, terms []string) bool {
	for _, text := range []string{p.Name, p.CategoryPath, p.Category} {
		low := strings.ToLower(text)
		if slices.ContainsFunc(terms, func(t string) bool { return strings.Contains(low, t) }) {
			return true
		}
	}
	return false
}

// otherLanguage reports whether the language of a row is known and not the niche's.
func otherLanguage(row, niche string) bool {
	row = strings.ToLower(row)
	switch {
	case len(row) < 2, strings.HasPrefix(row, niche):
		return false
	case niche == "de" && (strings.HasPrefix(row, "german") || strings.HasPrefix(row, "deutsch")):
		return false
	}
	return true
}

// phraseMatcher matches one noun with its modifiers.
type phraseMatcher struct {
	phrase   nichePhrase
	language string
	products []domain.Product
	texts    []*productText

	heads      int
	byCategory bool
	undecided  int // left out: the name says none of the category's nouns
	accessory  int // left out: the name is of something that goes with the product
	others     int // left out: the name says another of the category's nouns
	missing    []string
}

// run marks the products that match in chosen.
func (m *phraseMatcher) run(chosen []bool) {
	ranks := make([]nicheRank, len(m.products))
	categoryFeeds := map[domain.FeedID]bool{}
	for i, t := range m.texts {
		if t == nil {
			continue
		}
		ranks[i] = m.rank(&m.products[i], t)
		if ranks[i] >= rankUndecided {
			categoryFeeds[m.products[i].FeedID] = true
		}
	}
	supported := make([]bool, len(m.phrase.modifiers))
	for i, t := range m.texts {
		byCategory := categoryFeeds[m.products[i].FeedID]
		if ranks[i] == rankNone || byCategory && ranks[i] == rankName {
			continue
		}
		if ranks[i] == rankUndecided {
			m.undecided++
			continue
		}
		m.heads++
		all := true
		for k, mod := range m.phrase.modifiers {
			ok := m.supports(&m.products[i], t, mod, ranks[i])
			supported[k] = supported[k] || ok
			all = all && ok
		}
		if all {
			chosen[i] = true
			m.byCategory = m.byCategory || byCategory
		}
	}
	if m.heads == 0 {
		return
	}
	for k, ok := range supported {
		if !ok {
			m.missing = append(m.missing, m.phrase.modifiers[k].text)
		}
	}
}

// rank says whether a product is the noun of the phrase, and how that is known.
func (m *phraseMatcher) rank(p *domain.Product, t *productText) nicheRank {
	head := m.phrase.head
	nameIs := !t.set && len(t.noun) > 0 && isHead(t.noun[len(t.noun)-1], head, m.language)
	matched, joined := 0, len(t.leaves) > 1
	for _, l := range t.leaves {
		if m.leafMatches(l, t) {
			matched++
		}
	}
	switch {
	case matched == 0:
		return m.rankByName(t, nameIs)
	case m.isAccessory(t):
		m.accessory++
		return rankNone
	case !joined || matched == len(t.leaves) || nameIs:
		return rankCategory
	default:
		return m.rankJoined(p, t)
	}
}

// leafMatches reports whether a category is the noun. A category with another
// compound (office supply for power supply) is it only for a name that says so.
func (m *phraseMatcher) leafMatches(l categoryLeaf, t *productText) bool {
	if !isHead(l.head(), m.phrase.head, m.language) {
		return false
	}
	for _, mod := range m.phrase.modifiers {
		if !mod.beside || len(l.words) == 1 {
			continue
		}
		own := l.words[len(l.words)-2]
		if containsRun(l.words, mod.lemmas) || isAdjective(own) || m.isModifier(own) {
			continue
		}
		if !containsRun(t.name, append(slices.Clone(mod.lemmas), m.phrase.head)) {
			return false
		}
	}
	return true
}

func (m *phraseMatcher) isModifier(w string) bool {
	return slices.ContainsFunc(m.phrase.modifiers, func(mod nicheModifier) bool { return slices.Contains(mod.lemmas, w) })
}

// rankByName decides for a product whose category is not the noun: its name must
// be, and its category must not be one of the modifiers, because what is in
// category Monitor is a monitor, whatever its name ends with.
func (m *phraseMatcher) rankByName(t *productText, nameIs bool) nicheRank {
	if !nameIs {
		return rankNone
	}
	for _, l := range t.leaves {
		if m.isModifier(l.head()) {
			return rankNone
		}
	}
	for _, a := range t.ancestors {
		if isHead(a.head(), m.phrase.head, m.language) {
			return rankCategory
		}
	}
	return rankName
}

// rankJoined decides for a product in a category that joins several nouns, whose
// name does not end with the noun.
func (m *phraseMatcher) rankJoined(p *domain.Product, t *productText) nicheRank {
	for _, l := range t.leaves {
		if !isHead(l.head(), m.phrase.head, m.language) && slices.Contains(t.name, l.head()) {
			m.others++
			return rankNone
		}
	}
	if t.set {
		return rankNone
	}
	description := lemmas(p.Description, m.language)
	says := slices.ContainsFunc(description, func(w string) bool { return isHead(w, m.phrase.head, m.language) })
	for _, l := range t.leaves {
		if !isHead(l.head(), m.phrase.head, m.language) && slices.Contains(description, l.head()) {
			says = false
		}
	}
	if says {
		return rankCategory
	}
	return rankUndecided
}

// isAccessory reports whether the name is of something that goes with the product:
// "Keyboard Wrist Rest".
func (m *phraseMatcher) isAccessory(t *productText) bool {
	n := len(t.noun)
	if n < 2 || !accessoryWords[t.noun[n-1]] || isHead(t.noun[n-1], m.phrase.head, m.language) {
		return false
	}
	return slices.ContainsFunc(t.noun[:n-1], func(w string) bool { return isHead(w, m.phrase.head, m.language) })
}

// supports reports whether the row of a product states a modifier.
func (m *phraseMatcher) supports(p *domain.Product, t *productText, mod nicheModifier, rank nicheRank) bool {
	path := t.path
	if rank == rankName {
		path = t.above
	}
	if containsRun(path, mod.lemmas) {
		return true
	}
	if len(mod.lemmas) == 1 {
		if not := antonyms[mod.lemmas[0]]; not != "" && slices.Contains(path, not) {
			return false
		}
	}
	if containsRun(t.name, mod.lemmas) {
		return true
	}
	if value, unit, ok := parseQuantity(mod.text); ok {
		return slices.ContainsFunc(p.Attributes, func(a domain.Attribute) bool {
			return a.Kind == domain.AttributeNumber && a.Number == value && quantityUnits[strings.ToLower(a.Unit)] == unit
		})
	}
	t.readFacts(p, m.language)
	return slices.ContainsFunc(t.facts, func(words []string) bool { return m.containsWords(words, mod.lemmas) })
}

func (m *phraseMatcher) containsWords(words, run []string) bool {
	if m.language != "de" || len(run) != 1 {
		return containsRun(words, run)
	}
	return slices.ContainsFunc(words, func(w string) bool { return sameWord(w, run[0], m.language) })
}

// notes says what was left out and why.
func (m *phraseMatcher) notes() []string {
	var out []string
	for _, c := range []struct {
		count int
		why   string
	}{
		{m.others, "category joins several kinds, name says another kind"},
		{m.undecided, "category joins several kinds, nothing says which"},
		{m.accessory, "named as something that goes with the product"},
	} {
		if c.count > 0 {
			out = append(out, fmt.Sprintf("%s left out: %s.", rowsOf(c.count), c.why))
		}
	}
	return out
}

// containsRun reports whether words holds run without a gap.
func containsRun(words, run []string) bool {
	if len(run) == 0 {
		return false
	}
	for i := 0; i+len(run) <= len(words); i++ {
		if slices.Equal(words[i:i+len(run)], run) {
			return true
		}
	}
	return false
}

// quantityUnits maps spellings of units in a niche and in attributes to one.
var quantityUnits = map[string]string{
	"inch": "in", "inches": "in", "in": "in", "zoll": "in", "w": "w", "watt": "w", "watts": "w", "hz": "hz",
	"gb": "gb", "tb": "tb", "mm": "mm", "cm": "cm", "l": "l", "liter": "l", "litre": "l", "liters": "l", "bar": "bar",
}

// parseQuantity reads "27 inch", "27-inch" and "850w".
func parseQuantity(s string) (value float64, unit string, ok bool) {
	s = strings.ToLower(s)
	i := strings.IndexFunc(s, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
	if i <= 0 {
		return 0, "", false
	}
	value, err := strconv.ParseFloat(s[:i], 64)
	unit = quantityUnits[strings.Trim(s[i:], " -")]
	return value, unit, err == nil && unit != ""
}
