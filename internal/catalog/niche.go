package catalog

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"empire/internal/domain"
)

// maxNicheRunes bounds the text of a niche.
const maxNicheRunes = 80

// Niche is a parsed niche: what the products of a site must be. Make one with
// ParseNiche.
type Niche struct {
	Text     string // as given, spaces folded
	Language string // en or de
	Noun     domain.NicheNoun
	// Head is the noun that products must be and Modifiers narrow it, as they are
	// compared: lower case, singular. For "hoodies & sweatshirts" they are those of
	// the first noun.
	Head      string
	Modifiers []string

	phrases []nichePhrase // one for each noun that "and" joins
}

// nichePhrase is one noun with the words that narrow it.
type nichePhrase struct {
	head      string
	modifiers []nicheModifier
}

// nicheModifier is a word that narrows a niche.
type nicheModifier struct {
	text   string   // as the user wrote it
	lemmas []string // as it is compared
	// beside is set for a noun that directly precedes the head, as power does in
	// power supply.
	beside bool
}

// ParseNiche reads a niche such as "mechanical keyboards", "women's jackets" or
// "Kaffeemaschinen". The last word of the noun phrase is what the products are, the
// words before it and after "for" or "with" narrow it, and words that only praise
// or sell are left out. A text that names no product is CodeInvalid on field niche.
func ParseNiche(text, language string) (Niche, error) {
	if language == "" {
		language = "en"
	}
	if language != "en" && language != "de" {
		return Niche{}, domain.Invalid("language", "Language %q is not supported; use en or de.", language)
	}
	if err := checkNicheText(text); err != nil {
		return Niche{}, err
	}
	n := Niche{Text: strings.Join(strings.Fields(text), " "), Language: language}
	var display []string
	for i, part := range splitJoined(n.Text) {
		words, after := cutAtLink(part, language)
		words, after = dropStopWords(words), dropStopWords(after)
		if len(words) == 0 {
			continue
		}
		p, ok := newPhrase(words, after, language)
		if !ok {
			return Niche{}, domain.Invalid("niche", "Niche %q does not end with a noun that names a product.", n.Text)
		}
		if len(p.modifiers) == 0 && i > 0 && len(n.phrases) > 0 {
			p.modifiers = slices.Clone(n.phrases[0].modifiers)
		}
		n.phrases = append(n.phrases, p)
		display = append(display, strings.Join(words, " "))
		if len(after) > 0 && i == 0 {
			n.Noun = suffixed(nounForms(words, language), cutText(part, words))
		}
	}
	if len(n.phrases) == 0 {
		return Niche{}, domain.Invalid("niche", "Niche %q names no kind of product; write what the site is about, such as mechanical keyboards.", n.Text)
	}
	if n.Noun.Singular == "" || len(n.phrases) > 1 {
		n.Noun = joinedNouns(display, language)
	}
	n.Head = n.phrases[0].head
	for _, m := range n.phrases[0].modifiers {
		n.Modifiers = append(n.Modifiers, strings.Join(m.lemmas, " "))
	}
	return n, nil
}

func checkNicheText(text string) error {
	if strings.TrimSpace(text) == "" {
		return domain.Invalid("niche", "A niche is needed, such as mechanical keyboards.")
	}
	if !utf8.ValidString(text) {
		return domain.Invalid("niche", "The niche is not valid UTF-8 text.")
	}
	if utf8.RuneCountInString(text) > maxNicheRunes {
		return domain.Invalid("niche", "The niche is longer than %d characters.", maxNicheRunes)
	}
	for _, r := range text {
		if !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) && !strings.ContainsRune(" '’-&+,./\"()", r) {
			return domain.Invalid("niche", "The niche holds the character %q; write words only.", r)
		}
	}
	return nil
}

// inchMark is the sign for inches after a number.
var inchMark = regexp.MustCompile(`([0-9])"`)

// splitJoined splits "hoodies & sweatshirts" and "mice, keyboards" at what joins
// the nouns.
func splitJoined(text string) [][]string {
	var out [][]string
	var part []string
	text = inchMark.ReplaceAllString(text, "$1 inch ")
	for _, w := range strings.Fields(strings.NewReplacer(",", " & ", "(", " ", ")", " ", "\"", " ").Replace(text)) {
		if nicheJoins[strings.ToLower(w)] {
			out = append(out, part)
			part = nil
			continue
		}
		part = append(part, strings.Trim(w, ".+/"))
	}
	return append(out, part)
}

// cutAtLink splits the words of a phrase at the first preposition.
func cutAtLink(words []string, language string) (phrase, after []string) {
	for i, w := range words {
		if i > 0 && nicheLinks[language][strings.ToLower(w)] {
			return words[:i], words[i+1:]
		}
	}
	return words, nil
}

// cutText returns what follows the noun phrase in a part, with its preposition.
func cutText(part, words []string) string {
	last := words[len(words)-1]
	if i := slices.Index(part, last); i >= 0 {
		return strings.Join(part[i+1:], " ")
	}
	return ""
}

func dropStopWords(words []string) []string {
	var out []string
	for _, w := range words {
		low := strings.ToLower(w)
		year := len(low) == 4 && strings.HasPrefix(low, "20") && strings.Trim(low, "0123456789") == ""
		if w != "" && !nicheStopWords[low] && !year {
			out = append(out, w)
		}
	}
	return out
}

func newPhrase(words, after []string, language string) (nichePhrase, bool) {
	last := len(words) - 1
	head := lemmas(words[last], language)
	if len(head) == 0 || quantityUnits[head[len(head)-1]] != "" || strings.IndexFunc(head[len(head)-1], unicode.IsLetter) < 0 || utf8.RuneCountInString(head[len(head)-1]) < 2 {
		return nichePhrase{}, false
	}
	p := nichePhrase{head: head[len(head)-1]}
	lead := words[:last]
	for i, w := range joinQuantities(lead) {
		m := nicheModifier{text: w, lemmas: lemmas(w, language)}
		if len(m.lemmas) == 0 {
			continue
		}
		m.beside = i == len(lead)-1 && len(head) == 1 && len(m.lemmas) == 1 && !isAdjective(m.lemmas[0])
		p.modifiers = append(p.modifiers, m)
	}
	if len(head) > 1 { // psu stands for a compound; an ssd is a drive of whatever category
		m := nicheModifier{text: words[last], lemmas: head[:len(head)-1], beside: head[0] != "ssd"}
		p.modifiers = append(p.modifiers, m)
	}
	for _, w := range joinQuantities(after) {
		if l := lemmas(w, language); len(l) > 0 {
			p.modifiers = append(p.modifiers, nicheModifier{text: w, lemmas: l})
		}
	}
	return p, true
}

// joinQuantities makes one modifier of a number and its unit: 27 inch.
func joinQuantities(words []string) []string {
	var out []string
	for _, w := range words {
		if n := len(out); n > 0 && quantityUnits[strings.ToLower(w)] != "" && strings.Trim(out[n-1], "0123456789.") == "" {
			out[n-1] += " " + w
			continue
		}
		out = append(out, w)
	}
	return out
}

// joinedNouns is the noun of one phrase, or of several that "and" joins.
func joinedNouns(display []string, language string) domain.NicheNoun {
	or, and := " or ", " and "
	if language == "de" {
		or, and = " oder ", " und "
	}
	var out domain.NicheNoun
	for i, d := range display {
		n := nounForms(strings.Fields(d), language)
		switch {
		case i == 0:
			out = n
		case i == len(display)-1:
			out.Singular += or + n.Singular
			out.Plural += and + n.Plural
		default:
			out.Singular += ", " + n.Singular
			out.Plural += ", " + n.Plural
		}
	}
	return out
}

func suffixed(n domain.NicheNoun, suffix string) domain.NicheNoun {
	if suffix == "" {
		return n
	}
	return domain.NicheNoun{Singular: n.Singular + " " + suffix, Plural: n.Plural + " " + suffix}
}

// SearchTerms returns substrings in lower case of which at least one occurs in the
// name, the category or the category path of every product that Match can select,
// after that text was turned to lower case. They hold ASCII only where possible, so that a database
// that folds ASCII alone finds them too.
func (n Niche) SearchTerms() []string {
	var terms []string
	for _, p := range n.phrases {
		for _, form := range surfaceForms(p.head, n.Language) {
			terms = append(terms, longestASCII(strings.ToLower(form)))
		}
	}
	slices.SortFunc(terms, func(a, b string) int {
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		return strings.Compare(a, b)
	})
	var out []string
	for _, t := range terms {
		if t != "" && !slices.ContainsFunc(out, func(shorter string) bool { return strings.Contains(t, shorter) }) {
			out = append(out, t)
		}
	}
	return out
}

// longestASCII returns the longest run of ASCII in s, or s when every run is too
// short to search for.
func longestASCII(s string) string {
	best := ""
	for run := range strings.FieldsFuncSeq(s, func(r rune) bool { return r >= utf8.RuneSelf }) {
		if len(run) > len(best) {
			best = run
		}
	}
	if len(best) < 2 {
		return s
	}
	return best
}
