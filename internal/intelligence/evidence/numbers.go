package evidence

import (
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Numbers returns the figures in text as they stand there: runs of digits with
// single dots, commas or signs of grouping between them ("1,299.00", "27",
// "1’299"), with a decimal point before them (".5"), with a fraction after them
// ("2½"), and fractions and numerals that are one character ("½", "Ⅷ", "①").
// Digits of all scripts count, and so do digits inside words: "K552" holds 552. A
// raised or lowered digit after a letter belongs to a unit or a formula ("m²",
// "CO₂") and is none.
func Numbers(text string) []string { return slices.Collect(figures(text)) }

// figures yields the figures of Numbers one by one.
func figures(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		if strings.IndexFunc(text, isNumeric) < 0 {
			return
		}
		r := []rune(text)
		for i := 0; i < len(r); {
			j := figureEnd(r, i)
			if j == i {
				i++
			} else if !yield(string(r[i:j])) {
				return
			} else {
				i = j
			}
		}
	}
}

// isNumeric reports whether r alone says a number in any script.
func isNumeric(r rune) bool {
	if r < 0x80 {
		return r >= '0' && r <= '9'
	}
	return unicode.IsNumber(r)
}

// figureEnd returns where the figure ends that begins at i, or i if none does.
func figureEnd(r []rune, i int) int {
	switch {
	case unicode.IsDigit(r[i]):
	case r[i] == '.' && i+1 < len(r) && unicode.IsDigit(r[i+1]) && (i == 0 || !unicode.IsLetter(r[i-1]) && !isNumeric(r[i-1]) && r[i-1] != '.'):
		i++
	case !isNumeric(r[i]), isScript(r[i]) && i > 0 && unicode.IsLetter(r[i-1]):
		return i
	default:
		return i + 1
	}
	j, group := i, 0 // group counts the digits since the last separator
	for j < len(r) {
		switch {
		case unicode.IsDigit(r[j]):
			group++
		case (r[j] == '.' || r[j] == ',') && j+1 < len(r) && unicode.IsDigit(r[j+1]):
			group = 0
		case strings.ContainsRune(groupSigns, r[j]) && group > 0 && group <= 3 && digitsAt(r, j+1) == 3:
			group = 0
		case r[j] >= 0x80 && fractions[r[j]] != [2]float64{}:
			return j + 1
		default:
			return j
		}
		j++
	}
	return j
}

// groupSigns stand only between groups of three digits: apostrophes (Swiss), and
// spaces that do not break (DIN 5008, ISO 80000-1).
const groupSigns = "'’\u00a0\u202f\u2009"

// digitsAt counts the digits from i on, up to four.
func digitsAt(r []rune, i int) int {
	n := 0
	for i+n < len(r) && n < 4 && unicode.IsDigit(r[i+n]) {
		n++
	}
	return n
}

// isScript reports whether r is a superscript or subscript digit.
func isScript(r rune) bool {
	return r == '¹' || r == '²' || r == '³' || r == '⁰' || r >= '⁴' && r <= '⁹' || r >= '₀' && r <= '₉'
}

var fractions = map[rune][2]float64{
	'½': {1, 2}, '⅓': {1, 3}, '⅔': {2, 3}, '¼': {1, 4}, '¾': {3, 4}, '⅕': {1, 5}, '⅖': {2, 5}, '⅗': {3, 5}, '⅘': {4, 5},
	'⅙': {1, 6}, '⅚': {5, 6}, '⅐': {1, 7}, '⅛': {1, 8}, '⅜': {3, 8}, '⅝': {5, 8}, '⅞': {7, 8}, '⅑': {1, 9}, '⅒': {1, 10},
}

// ascii writes digits of all scripts as 0 to 9 and leaves out signs of grouping.
func ascii(token string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r < 0x80 && r != '\'':
			return r
		case strings.ContainsRune(groupSigns, r):
			return -1
		case unicode.IsDigit(r):
			return '0' + digitValue(r)
		default:
			return r
		}
	}, token)
}

// digitValue returns the value of a decimal digit. Unicode keeps the ten digits of
// a script next to each other, in order (section 4.6 of the standard).
func digitValue(r rune) rune {
	for _, t := range unicode.Nd.R16 {
		if r >= rune(t.Lo) && r <= rune(t.Hi) {
			return (r - rune(t.Lo)) % 10
		}
	}
	for _, t := range unicode.Nd.R32 {
		if r >= rune(t.Lo) && r <= rune(t.Hi) {
			return (r - rune(t.Lo)) % 10
		}
	}
	return 0
}

// reading is one way to read a figure: its value and how many decimals it shows.
type reading struct {
	value    float64
	decimals int
}

// readings returns the ways in which a reader of language can read a figure.
// "1,299" is 1299 in English and 1.299 in German; in a text of unknown language
// ("") it may be either. What can only be read in the other way, such as "37,99"
// in English, is read so.
func readings(token, language string) []reading {
	t := ascii(token)
	fraction := 0.0
	for r, f := range fractions {
		if rest, ok := strings.CutSuffix(t, string(r)); ok {
			t, fraction = rest, f[0]/f[1]
			if t == "" {
				return []reading{{fraction, 3}}
			}
		}
	}
	var out []reading
	for _, s := range spellings(t, language) {
		v, err := strconv.ParseFloat(s, 64)
		if err != nil || math.IsInf(v, 0) {
			continue
		}
		_, frac, _ := strings.Cut(s, ".")
		if fraction > 0 {
			frac = "000"
		}
		out = append(out, reading{v + fraction, len(frac)})
	}
	return out
}

// spellings returns a figure as a plain decimal number, once for each reading.
func spellings(t, language string) []string {
	dot, comma := strings.Count(t, "."), strings.Count(t, ",")
	switch {
	case dot == 0 && comma == 0:
		return []string{t}
	case dot > 0 && comma > 0:
		group, point := ",", "."
		if strings.LastIndexByte(t, ',') > strings.LastIndexByte(t, '.') {
			group, point = ".", ","
		}
		whole, frac, _ := strings.Cut(t, point)
		if !grouped(whole, group) || strings.ContainsAny(frac, ".,") {
			return nil
		}
		return []string{strings.ReplaceAll(whole, group, "") + "." + frac}
	}
	sep, own := ".", "en"
	if comma > 0 {
		sep, own = ",", "de"
	}
	var out []string
	isGroup := grouped(t, sep)
	if dot+comma == 1 && (!isGroup || language == own || language != "en" && language != "de") {
		out = append(out, strings.Replace(t, sep, ".", 1))
	}
	if isGroup && language != own {
		out = append(out, strings.ReplaceAll(t, sep, ""))
	}
	return out
}

// grouped reports whether sep stands between groups of three digits and nowhere
// else. A number that starts with zero is not grouped: "0.299".
func grouped(t, sep string) bool {
	parts := strings.Split(t, sep)
	if n := len(parts[0]); n == 0 || n > 3 || parts[0][0] == '0' {
		return false
	}
	for _, p := range parts[1:] {
		if len(p) != 3 {
			return false
		}
	}
	return true
}

// source is what verbatim text says in figures.
type source struct {
	tokens []string
	values []float64
}

// read adds the figures of verbatim text from a feed column. Its language is
// unknown, so a figure has all its values. In specifications, commas separate
// lists: "600,800" is two figures, too. A price is never a list; other columns hold
// one only where the commas cannot be signs of grouping, as in "1920,1080".
func (s *source) read(column, text string) {
	for _, token := range Numbers(text) {
		s.tokens = append(s.tokens, token)
		found := readings(token, "")
		for _, r := range found {
			s.values = append(s.values, r.value)
		}
		t := ascii(token)
		commas := strings.Contains(t, ",") && !strings.Contains(t, ".")
		if len(found) == 0 || commas && (column == listColumn || !grouped(t, ",") && !strings.Contains(column, "price")) {
			s.split(t)
		}
	}
}

// listColumn is the feed column that holds lists of values.
const listColumn = "specifications"

// split reads a list of figures, such as "2.4,5" or the parts of "22.11.2026".
func (s *source) split(t string) {
	for part := range strings.SplitSeq(t, ",") {
		if v, err := strconv.ParseFloat(part, 64); err == nil {
			s.values = append(s.values, v)
			continue
		}
		for run := range strings.SplitSeq(part, ".") {
			if v, err := strconv.ParseFloat(run, 64); err == nil {
				s.values = append(s.values, v)
			}
		}
	}
}

func (s *source) holds(v float64) bool {
	return slices.ContainsFunc(s.values, func(x float64) bool { return math.Abs(x-v) <= 1e-9*max(1, math.Abs(x)) })
}

// carried reports whether a figure of a claim is written so in the verbatim text,
// has one of its values, or is a correct rounding of a computed value, whose sign
// may be told in words.
func carried(token, language string, verbatim *source, computed []float64) bool {
	if slices.Contains(verbatim.tokens, token) {
		return true
	}
	for _, r := range readings(token, language) {
		if verbatim.holds(r.value) {
			return true
		}
		half := 0.5*math.Pow10(-r.decimals) + 1e-9
		if slices.ContainsFunc(computed, func(x float64) bool { return math.Abs(math.Abs(x)-r.value) <= half }) {
			return true
		}
	}
	return false
}
