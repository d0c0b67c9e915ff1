package catalog

import (
	"slices"
	"strings"
	"unicode"

	"empire/internal/domain"
)

// categoryLeaf is one of the nouns that the most specific category joins:
// "Hoodies & Sweatshirts" has two.
type categoryLeaf struct {
	words []string // lemmas, the head last
}

func (l categoryLeaf) head() string { return l.words[len(l.words)-1] }

// productText is what a product says about itself, as lemmas.
type productText struct {
	leaves    []categoryLeaf
	ancestors []categoryLeaf // of the categories above
	path      []string       // all words of the category path
	above     []string       // words of the path above the leaf
	name      []string       // all words of the name
	noun      []string       // the noun phrase of the name, its head last
	set       bool           // the name joins several things: keyboard and mouse
	facts     [][]string     // what specifications, attributes and colour state
}

// readProduct collects what p says about itself. The facts and the description
// are read when they are asked for.
func readProduct(p *domain.Product, language string) productText {
	t := productText{name: lemmas(p.Name, language)}
	t.noun, t.set = nounPhrase(p.Name, language)
	segments := categorySegments(p)
	for i, s := range segments {
		leaves := categoryLeaves(s, language)
		if i == len(segments)-1 {
			t.leaves = leaves
		} else {
			t.ancestors = append(t.ancestors, leaves...)
			t.above = append(t.above, lemmas(s, language)...)
		}
		t.path = append(t.path, lemmas(s, language)...)
	}
	return t
}

// categorySegments splits the category path, or takes the category when there is
// no path.
func categorySegments(p *domain.Product) []string {
	path := p.CategoryPath
	if strings.TrimSpace(path) == "" {
		path = p.Category
	}
	var out []string
	for s := range strings.FieldsFuncSeq(path, func(r rune) bool { return r == '>' || r == '|' || r == '»' || r == '›' }) {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// audienceWords follow the noun in category names such as "Jacken Herren".
var audienceWords = wordSet("men women children unisex herren damen kinder")

// categoryLeaves splits the name of a category into the nouns that it joins.
func categoryLeaves(segment, language string) []categoryLeaf {
	var out []categoryLeaf
	for _, part := range splitCategory(segment) {
		words, _ := cutAtLink(part, language)
		l := lemmas(strings.Join(words, " "), language)
		for len(l) > 1 && audienceWords[l[len(l)-1]] {
			l = l[:len(l)-1]
		}
		if len(l) > 0 {
			out = append(out, categoryLeaf{words: l})
		}
	}
	return out
}

func splitCategory(segment string) [][]string {
	segment = strings.NewReplacer("&", " & ", "/", " & ", "+", " & ").Replace(segment)
	return splitJoined(segment)
}

// nameCuts end the noun phrase of a product name.
var nameCuts = []string{" - ", " – ", " — ", ",", "(", "[", ";", ":", " | ", " w/", " inkl", " including ", " featuring ", " compatible "}

// nounPhrase returns the lemmas of the noun phrase of a product name, head last:
// "Sony Turntable - PSLX350H" gives sony, turntable. set reports a name that joins
// several things. The phrase is empty when no noun can be told.
func nounPhrase(name, language string) (phrase []string, set bool) {
	segments := nameSegments(name)
	for i, s := range segments {
		if i > 1 {
			break
		}
		words, link := cutName(strings.FieldsFunc(s, isNameBreak), language)
		kept := dropTrailing(words, language)
		if len(kept) == 0 && !link {
			continue
		}
		for _, w := range kept {
			set = set || nicheJoins[strings.ToLower(w)]
		}
		phrase = lemmas(strings.Join(kept, " "), language)
		modelOnly := i == 0 && len(segments) > 1 && len(kept) < len(words) && len(kept) <= 2 && hasDigit(words[len(words)-1])
		if !modelOnly || len(lemmas(segments[1], language)) == 0 {
			return phrase, set
		}
		// "Logitech K120 - Keyboard": the noun follows the model.
		if second, ok := nounPhrase(segments[1], language); len(second) > 0 {
			return append(phrase, second...), set || ok
		}
		return phrase, set
	}
	return phrase, set
}

func nameSegments(name string) []string {
	for _, cut := range nameCuts {
		name = strings.ReplaceAll(name, cut, "\x00")
	}
	var out []string
	for s := range strings.SplitSeq(name, "\x00") {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

func isNameBreak(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("'’&+.®™", r)
}

// cutName cuts the words of a name at a preposition. "in" cuts before a color only,
// so that in ear stays.
func cutName(words []string, language string) ([]string, bool) {
	for i, w := range words {
		low := strings.ToLower(w)
		if i == 0 || !nicheLinks[language][low] {
			continue
		}
		if low == "in" && (i+1 >= len(words) || !trailingWords[strings.ToLower(words[i+1])]) {
			continue
		}
		return words[:i], true
	}
	return words, false
}

// dropTrailing drops model numbers, colors, sizes and what else follows the noun.
// German nouns have a capital, so words without one are dropped as well.
func dropTrailing(words []string, language string) []string {
	for n := len(words); n > 0; n-- {
		w := strings.Trim(words[n-1], ".'’&+®™")
		low := strings.ToLower(w)
		lowerGerman := language == "de" && w == low && !hasDigit(w) && anyUpperStart(words[:n-1])
		if w != "" && !hasDigit(w) && !trailingWords[low] && !lowerGerman && !nicheJoins[low] {
			return words[:n]
		}
	}
	return nil
}

func hasDigit(s string) bool { return strings.IndexFunc(s, unicode.IsDigit) >= 0 }

// readFacts collects what specifications, attributes and colour state. A flag
// that is false states nothing.
func (t *productText) readFacts(p *domain.Product, language string) {
	if t.facts != nil {
		return
	}
	t.facts = [][]string{lemmas(p.Colour, language), lemmas(p.Brand, language)}
	for key, value := range specPairs(p.Fields["specifications"]) {
		t.facts = append(t.facts, factWords(key, value, language)...)
	}
	for _, a := range p.Attributes {
		key := strings.ReplaceAll(a.Name, "_", " ")
		switch a.Kind {
		case domain.AttributeFlag:
			if a.Flag {
				t.facts = append(t.facts, lemmas(key, language))
			}
		case domain.AttributeText:
			t.facts = append(t.facts, lemmas(a.Text, language))
		case domain.AttributeList:
			for _, item := range a.List {
				t.facts = append(t.facts, lemmas(item, language))
			}
		}
	}
}

// factWords returns what one specification states: its key when the value is yes,
// nothing when it is no, else the value and a key that describes.
func factWords(key, value, language string) [][]string {
	switch strings.ToLower(value) {
	case "true", "yes", "ja", "y":
		return [][]string{lemmas(key, language)}
	case "", "false", "no", "nein", "none", "n", "0", "n/a":
		return nil
	}
	if strings.IndexFunc(value, unicode.IsLetter) < 0 {
		return nil
	}
	if strings.EqualFold(key, "switches") && !isDomeSwitch(value) {
		return [][]string{lemmas(value, language), {"mechanical"}}
	}
	out := [][]string{lemmas(value, language)}
	if k := lemmas(key, language); len(k) == 1 && isAdjective(k[0]) {
		out = append(out, k) // backlit: RGB, modular: Full
	}
	return out
}

// isDomeSwitch reports whether a keyboard switch is a rubber dome or a scissor.
func isDomeSwitch(value string) bool {
	low := strings.ToLower(value)
	return slices.ContainsFunc([]string{"membrane", "dome", "scissor", "topre", "cherry sx", "chiclet"}, func(s string) bool {
		return strings.Contains(low, s)
	})
}

// specPairs yields key and value of "key: value; key: value" and of
// "key=value,key=value".
func specPairs(specs string) func(yield func(key, value string) bool) {
	return func(yield func(key, value string) bool) {
		sep, eq := ";", ":"
		if strings.Contains(specs, "=") && !strings.Contains(specs, ": ") {
			sep, eq = ",", "="
		}
		for pair := range strings.SplitSeq(specs, sep) {
			key, value, ok := strings.Cut(pair, eq)
			if ok && !yield(strings.ReplaceAll(strings.TrimSpace(key), "_", " "), strings.TrimSpace(value)) {
				return
			}
		}
	}
}
