package market

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// ShortName cuts a product name to at most limit characters at a word boundary. The
// result is a verbatim beginning of the name, so that it can be cited; a first word
// that is longer is kept whole, because half a model number is another one.
func ShortName(name string, limit int) string {
	name = strings.TrimSpace(name)
	for _, stop := range []string{" (", " | ", " – ", " - ", ", ", " / "} {
		if i := strings.LastIndex(name, stop); i >= 10 && utf8.RuneCountInString(name) > limit {
			name = name[:i]
		}
	}
	if utf8.RuneCountInString(name) <= limit {
		return name
	}
	r := []rune(name)
	cut := limit
	for cut > 0 && !unicode.IsSpace(r[cut]) {
		cut--
	}
	if cut == 0 {
		first, _, _ := strings.Cut(name, " ")
		return first
	}
	return unhang(strings.TrimRight(string(r[:cut]), " ,;:-–/|&(+"))
}

// hanging are words that a name cannot end with: what they lead to was cut off.
var hanging = wordsOf(`mit und in im aus ohne für von vom zum zur auf an am bei oder nach der die das dem den ein eine einem einer plus
	with and in of for from without the a an to on by or at`)

func wordsOf(s string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(s) {
		out[w] = true
	}
	return out
}

// unhang takes off the end of a name that was cut what leads to nothing: "mit", "mit
// gesalzenen", "with 23%". At least one word stays.
func unhang(name string) string {
	for {
		words := strings.Fields(name)
		n := len(words)
		if n < 2 {
			return name
		}
		last, before := words[n-1], strings.ToLower(words[n-2])
		first, _ := utf8.DecodeRuneInString(last)
		loose := hanging[before] && (unicode.IsLower(first) || strings.Trim(last, "0123456789.,%") == "")
		if !hanging[strings.ToLower(last)] && !loose {
			return name
		}
		name = strings.TrimRight(strings.TrimSuffix(name, last), " ,;:-–/|&(+")
	}
}

// Name returns the item's name, cut to what reads well in a sentence, without the
// noun of the niche at its end.
func (it *Item) Name() string { return ShortName(it.name, 56) }

// Short returns at most limit characters of the name.
func (it *Item) Short(limit int) string { return ShortName(it.name, limit) }

// maxNameWords keeps a name shorter than the runs of words that may not be shared
// with a merchant's description.
const maxNameWords = 7

// plainName cuts the noun of the niche off the end of a name, if at least two words
// are left: every name of the site would end with it.
func plainName(name, noun string) string {
	words, end := strings.Fields(name), strings.Fields(noun)
	if len(words) > maxNameWords && !strings.Contains(name, " (") {
		// Descriptions often begin with the whole name; a long one would quote them.
		name = unhang(strings.TrimRight(strings.Join(words[:maxNameWords], " "), " ,;:-–/|&(+"))
		words = strings.Fields(name)
	}
	if len(end) == 0 || len(words) < len(end)+2 {
		return name
	}
	tail := strings.Join(words[len(words)-len(end):], " ")
	if !strings.EqualFold(tail, noun) {
		return name
	}
	return strings.TrimRight(name[:len(name)-len(tail)], " ,-–|")
}

var slugLetters = strings.NewReplacer(
	"ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss", "é", "e", "è", "e", "ê", "e", "à", "a", "á", "a", "â", "a", "ç", "c",
	"ñ", "n", "ó", "o", "ô", "o", "ú", "u", "û", "u", "í", "i", "î", "i", "ø", "o", "å", "a", "æ", "ae", "œ", "oe",
	"+", " plus ", "€", " ", "'", "", "’", "",
)

// groupSign reports whether the sign at i stands before a group of three digits:
// "1,000".
func groupSign(r []rune, i int) bool {
	if i == 0 || !unicode.IsDigit(r[i-1]) {
		return false
	}
	n := 0
	for j := i + 1; j < len(r) && unicode.IsDigit(r[j]); j++ {
		n++
	}
	return n == 3
}

// Slug turns text into a path segment of at most limit characters: lower case
// letters, digits and single hyphens.
func Slug(text string, limit int) string {
	var b strings.Builder
	gap := false
	runes := []rune(slugLetters.Replace(strings.ToLower(text)))
	for i, r := range runes {
		if (r == ',' || r == '.') && groupSign(runes, i) {
			continue
		}
		if r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			if gap && b.Len() > 0 {
				b.WriteByte('-')
			}
			b.WriteRune(r)
			gap = false
			continue
		}
		gap = true
	}
	s := b.String()
	if len(s) > limit {
		s = s[:limit]
		if i := strings.LastIndexByte(s, '-'); i > limit/2 {
			s = s[:i]
		}
	}
	return strings.Trim(s, "-")
}
