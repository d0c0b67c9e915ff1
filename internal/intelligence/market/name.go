package market

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// ShortName cuts a product name to at most limit characters at a word boundary. The
// result is a verbatim beginning of the name, so that it can be cited.
func ShortName(name string, limit int) string {
	name = strings.TrimSpace(name)
	for _, stop := range []string{" (", " | ", " – ", " - ", ", ", " / "} {
		if i := strings.Index(name, stop); i >= 10 && utf8.RuneCountInString(name) > limit {
			name = name[:i]
		}
	}
	if utf8.RuneCountInString(name) <= limit {
		return name
	}
	r := []rune(name)[:limit+1]
	cut := limit
	for i := limit; i > limit/2; i-- {
		if unicode.IsSpace(r[i]) {
			cut = i
			break
		}
	}
	return strings.TrimRight(string(r[:cut]), " ,;:-–/|&(+")
}

// Name returns the item's name, cut to what reads well in a sentence.
func (it *Item) Name() string { return ShortName(it.Family.Name, 44) }

var slugLetters = strings.NewReplacer(
	"ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss", "é", "e", "è", "e", "ê", "e", "à", "a", "á", "a", "â", "a", "ç", "c",
	"ñ", "n", "ó", "o", "ô", "o", "ú", "u", "û", "u", "í", "i", "î", "i", "ø", "o", "å", "a", "æ", "ae", "œ", "oe",
	"+", " plus ", "&", " and ", "€", " euro ", "'", "", "’", "",
)

// Slug turns text into a path segment of at most limit characters: lower case
// letters, digits and single hyphens.
func Slug(text string, limit int) string {
	var b strings.Builder
	gap := false
	for _, r := range slugLetters.Replace(strings.ToLower(text)) {
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
