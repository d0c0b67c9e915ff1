package content

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"empire/internal/intelligence/evidence"
	"empire/internal/intelligence/nlp"
)

// vocabulary is what the site speaks of: names of its products and brands, labels of
// what is stated, and the words of its phrases and pages. Names and labels stand between
// blanks, in lower case, the longest first.
type vocabulary struct {
	language                 string
	products, brands, labels []string
	words                    map[string]bool
}

func newVocabulary(s *siteWriter) *vocabulary {
	v := &vocabulary{language: s.lang, words: map[string]bool{}}
	for _, list := range s.bank {
		for _, t := range list {
			for _, p := range t.parts {
				v.learn(p.text)
			}
		}
	}
	v.learn(s.in.Plan.Noun.Plural + " " + s.in.Plan.Noun.Singular)
	for _, it := range s.view.Items {
		v.products = append(v.products, padded(it.Name()))
		if b := it.Family.Brand; utf8.RuneCountInString(b) > 2 {
			v.brands = append(v.brands, padded(b))
		}
	}
	for i := range s.view.Stats {
		v.labels = append(v.labels, padded(s.view.Stats[i].Term.Low(s.lang)))
	}
	v.labels = append(v.labels, padded("median"))
	common := func(n string) bool { return len(n) <= 4 || v.words[strings.TrimSpace(n)] }
	v.products, v.brands = slices.DeleteFunc(v.products, common), slices.DeleteFunc(v.brands, common)
	for _, list := range []*[]string{&v.products, &v.brands, &v.labels} {
		slices.SortFunc(*list, func(a, b string) int { // the longest of two that begin alike
			if len(a) != len(b) {
				return len(b) - len(a)
			}
			return strings.Compare(a, b)
		})
		*list = slices.Compact(*list)
	}
	return v
}

func (v *vocabulary) learn(text string) {
	for _, w := range nlp.Words(text) {
		v.words[w] = true
	}
}

// padded returns the words of a text between blanks, so that whole words can be found.
func padded(text string) string { return " " + strings.Join(nlp.Words(text), " ") + " " }

// stranger returns a name in a sentence that its facts do not hold: that of another
// product of the market, or a word with a capital that the site does not use.
func (v *vocabulary) stranger(text, source string) string {
	low, told := padded(text), padded(source)
	for _, list := range [][]string{v.products, v.brands} {
		for _, n := range list {
			if strings.Contains(low, n) && !strings.Contains(told, n) {
				return strings.TrimSpace(n)
			}
		}
	}
	for _, w := range strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' }) {
		first, _ := utf8.DecodeRuneInString(w)
		key := strings.ToLower(strings.Trim(w, "-"))
		if !unicode.IsUpper(first) || strings.Contains(told, " "+key+" ") || v.words[key] || strings.Contains(strings.ToLower(source), key) {
			continue
		}
		if len([]rune(w)) > 1 {
			return w
		}
	}
	return ""
}

// exchanged reports whether products, brands and figures of a sentence, or labels and
// figures, stand in another order than in its facts. What is said of two products, or
// with two figures, is turned around by exchanging them, and each of them stands in the
// facts then.
func (v *vocabulary) exchanged(text, source string) bool {
	said, told := v.marks(text), v.marks(source)
	said = slices.DeleteFunc(said, func(m string) bool { return m[0] == labelMark && !slices.Contains(told, m) }) // other words for what the facts say
	if !v.within(said, told, nameMark) {
		return true
	}
	names, labels := count(said, nameMark), count(said, labelMark)
	if len(said)-names-labels < 2 {
		return false
	}
	return !v.within(said, told, 0) || names > 1 && !v.within(said, told, nameMark, 0) || labels > 1 && !v.within(said, told, labelMark, 0)
}

// within reports whether the marks of some kinds that a sentence has are left of those
// of its facts when some of them are taken away. A brand may stand for its product.
func (v *vocabulary) within(said, told []string, kinds ...byte) bool {
	for _, m := range said {
		if !slices.Contains(kinds, kind(m)) {
			continue
		}
		i := slices.IndexFunc(told, func(t string) bool {
			return t == m || m[0] == nameMark && strings.HasPrefix(t, m+"_") && slices.Contains(v.brands, " "+m[1:]+" ")
		})
		if i < 0 {
			return false
		}
		told = told[i+1:]
	}
	return true
}

// kind is the sign of a mark; 0 for a figure.
func kind(mark string) byte {
	if mark[0] == nameMark || mark[0] == labelMark {
		return mark[0]
	}
	return 0
}

func count(marks []string, sign byte) int {
	n := 0
	for _, m := range marks {
		if m[0] == sign {
			n++
		}
	}
	return n
}

// The signs that names and labels begin with among the marks of a text.
const nameMark, labelMark = '~', '^'

// amount is what a statement refers to, wherever it stands in a sentence.
var amount = regexp.MustCompile(`\b(?:je|pro|per) 100 (?:g|ml)\b`)

// marks returns the names, labels and figures of a text in their order, each once in a
// row. Of two names at one place it takes the longer.
func (v *vocabulary) marks(text string) []string {
	text = amount.ReplaceAllString(padded(text), "")
	for _, list := range []struct {
		sign  byte
		names []string
	}{{nameMark, v.products}, {nameMark, v.brands}, {labelMark, v.labels}} {
		for _, n := range list.names {
			mark := " " + string(rune(list.sign)) + strings.ReplaceAll(strings.TrimSpace(n), " ", "_") + " "
			for strings.Contains(text, n) {
				text = strings.Replace(text, n, mark, 1)
			}
		}
	}
	var out []string
	for w := range strings.FieldsSeq(text) {
		if kind(w) != 0 {
			out = append(out, w)
		} else {
			out = append(out, evidence.Numbers(w)...)
		}
	}
	return slices.Compact(out)
}
