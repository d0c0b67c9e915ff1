package nlp

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"empire/internal/domain"
)

// EntityKind says what a name names.
type EntityKind string

// The kinds of entity that are looked for.
const (
	EntityProduct      EntityKind = "product"
	EntityBrand        EntityKind = "brand"
	EntityOrganization EntityKind = "organization"
	EntityLaw          EntityKind = "law" // a paragraph or an act, in German
)

// Gazetteer is a list of names to look for, such as the brands and products of a
// feed. The zero value is empty; it is safe for concurrent use once it is filled.
type Gazetteer struct {
	first map[string][]entry // by the first token in lower case, longest first by length
}

type entry struct {
	tokens  []string // in lower case
	kind    EntityKind
	anyCase bool // counts in small letters, too
}

// FeedGazetteer lists the brands and the product names of a feed.
func FeedGazetteer(products []domain.Product) *Gazetteer {
	g := &Gazetteer{}
	seen := map[string]bool{}
	for i := range products {
		p := &products[i]
		for _, n := range []struct {
			kind EntityKind
			name string
		}{{EntityBrand, p.Brand}, {EntityProduct, p.Name}} {
			if key := string(n.kind) + strings.ToLower(n.name); n.name != "" && !seen[key] {
				seen[key] = true
				g.Add(n.kind, n.name)
			}
		}
	}
	return g
}

// Add puts a name on the list. A name of one ordinary word is found only where it is
// written with a capital: "Visa" is a brand, "visa" is not.
func (g *Gazetteer) Add(kind EntityKind, name string) {
	tokens := Tokens(name)
	distinctive := len(tokens) > 1 || strings.IndexFunc(name, unicode.IsDigit) >= 0
	g.add(kind, name, distinctive)
}

func (g *Gazetteer) add(kind EntityKind, name string, anyCase bool) {
	e := entry{kind: kind, anyCase: anyCase}
	for _, t := range Tokens(name) {
		e.tokens = append(e.tokens, strings.ToLower(t.Text))
	}
	if len(e.tokens) == 0 || utf8.RuneCountInString(name) < 2 {
		return
	}
	if g.first == nil {
		g.first = map[string][]entry{}
	}
	g.first[e.tokens[0]] = append(g.first[e.tokens[0]], e)
}

// match returns the longest name that begins at token i, and how many tokens it has.
func (g *Gazetteer) match(tokens []Token, i int) (entry, int) {
	var best entry
	if g == nil {
		return best, 0
	}
	for _, e := range g.first[strings.ToLower(tokens[i].Text)] {
		n := len(e.tokens)
		if n <= len(best.tokens) || i+n > len(tokens) || !e.anyCase && !capital(tokens[i].Text) {
			continue
		}
		same := true
		for k := 1; k < n && same; k++ {
			same = strings.ToLower(tokens[i+k].Text) == e.tokens[k]
		}
		if same {
			best = e
		}
	}
	return best, len(best.tokens)
}

func capital(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.IsUpper(r)
}

// wellKnown are the names that ship with the program.
var wellKnown = sync.OnceValue(func() *Gazetteer {
	g := &Gazetteer{}
	for _, line := range lexiconLines("names.txt") {
		kind, names, _ := strings.Cut(line, ":")
		for _, name := range strings.Fields(names) {
			rest, anyCase := strings.CutPrefix(name, "~")
			g.add(EntityKind(kind), strings.ReplaceAll(rest, "_", " "), anyCase)
		}
	}
	return g
})
