// Package nlp holds the language work that needs no model: words and sentences,
// stems, shingles for near-duplicates, and readability for English and German.
package nlp

import (
	"hash/maphash"
	"strings"
	"unicode"

	"github.com/blevesearch/snowballstem"
	"github.com/blevesearch/snowballstem/english"
	"github.com/blevesearch/snowballstem/german"
)

// Words returns the words of text in lower case: runs of letters and digits, with
// inner apostrophes, hyphens, dots and commas kept between two of them ("1,299.00",
// "full-zip", "don't").
func Words(text string) []string {
	var out []string
	runes := []rune(strings.ToLower(text))
	start := -1
	for i := 0; i <= len(runes); i++ {
		if i < len(runes) && isWordRune(runes, i, start >= 0) {
			if start < 0 {
				start = i
			}
			continue
		}
		if start >= 0 {
			out = append(out, string(runes[start:i]))
			start = -1
		}
	}
	return out
}

func isWordRune(runes []rune, i int, inside bool) bool {
	r := runes[i]
	if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) {
		return true
	}
	if !inside || i+1 >= len(runes) || !strings.ContainsRune("'’-.,", r) {
		return false
	}
	next := runes[i+1]
	return unicode.IsLetter(next) || unicode.IsDigit(next)
}

// WordCount counts words as wc -w does: runs of characters that are not white
// space.
func WordCount(text string) int { return len(strings.Fields(text)) }

// Sentences splits text at line ends and after a full stop, question mark, exclamation
// mark or ellipsis, and the quotes and brackets that close with it, when white space
// and something that can start a sentence follow. A full stop after a number of one or
// two digits, a single letter or a known abbreviation does not end one.
func Sentences(text string) []string {
	var out []string
	runes := []rune(text)
	start := 0
	cut := func(end int) {
		if s := strings.TrimSpace(string(runes[start:end])); s != "" {
			out = append(out, s)
		}
		start = end
	}
	for i, r := range runes {
		if r == '\n' {
			cut(i + 1)
		} else if end := sentenceEnd(runes, i); end > 0 {
			cut(end)
		}
	}
	cut(len(runes))
	return out
}

var abbreviations = wordSet(`z.b d.h u.a bzw ca inkl zzgl vgl ggf evtl bzgl usw sog prof hr fr str tel mio mrd std st mind 
	e.g i.e etc vs approx incl mr mrs ms dr jr sr gen col capt lt sgt rev hon mt ed eds al inc corp ltd co dept est
	jan feb apr jun jul aug sep sept oct okt nov dec dez u.s u.k a.m p.m`)

// numbered are abbreviations only before a number: "No. 5", but "No. Never."
var numbered = wordSet(`nr abs art max min abb bd no fig vol pp nos`)

// closers can stand between the end of a sentence and the white space after it.
const closers = "\"'”“’»›)]"

// sentenceEnd returns where the sentence ends whose last sign may be at i, 0 if none
// ends there.
func sentenceEnd(runes []rune, i int) int {
	if !strings.ContainsRune(".!?…", runes[i]) {
		return 0
	}
	end := i + 1
	for end < len(runes) && strings.ContainsRune(closers, runes[end]) {
		end++
	}
	if end < len(runes) && !unicode.IsSpace(runes[end]) || end+1 < len(runes) && unicode.IsLower(runes[end+1]) {
		return 0
	}
	if runes[i] == '.' && end < len(runes) && shortened(runes, i) {
		return 0
	}
	return end
}

// shortened reports whether the full stop at i belongs to the word before it: an
// abbreviation, an initial or an ordinal number.
func shortened(runes []rune, i int) bool {
	from := i
	for from > 0 && !unicode.IsSpace(runes[from-1]) {
		from--
	}
	word := strings.TrimLeft(string(runes[from:i]), "(['\"„“‚«")
	switch lower := strings.ToLower(word); {
	case word == "":
		return false
	case abbreviations[lower]:
		return true
	case numbered[lower]:
		return i+2 < len(runes) && unicode.IsDigit(runes[i+2])
	}
	letters := []rune(word)
	if len(letters) == 1 && unicode.IsUpper(letters[0]) && letters[0] != 'I' {
		return true
	}
	return strings.Trim(word, "0123456789") == "" && len(word) <= 2
}

// Stem returns the Snowball stem of a lower-case word in language "en" or "de".
// Other languages return the word.
func Stem(language, word string) string {
	env := snowballstem.NewEnv(word)
	switch language {
	case "en":
		english.Stem(env)
	case "de":
		german.Stem(env)
	default:
		return word
	}
	return env.Current()
}

// One seed for the process: shingles are compared within it and never stored.
var shingleSeed = maphash.MakeSeed()

// Shingles returns the set of runs of n words in text, hashed. A text of fewer
// than n words has none.
func Shingles(text string, n int) map[uint64]struct{} {
	words := Words(text)
	out := make(map[uint64]struct{}, len(words))
	for i := 0; i+n <= len(words); i++ {
		var h maphash.Hash
		h.SetSeed(shingleSeed)
		for _, w := range words[i : i+n] {
			_, _ = h.WriteString(w)
			_ = h.WriteByte(0)
		}
		out[h.Sum64()] = struct{}{}
	}
	return out
}

// Overlap returns how much of the smaller set is also in the other one, 0 to 1.
// It is 0 if one is empty.
func Overlap(a, b map[uint64]struct{}) float64 {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(a) == 0 {
		return 0
	}
	shared := 0
	for k := range a {
		if _, ok := b[k]; ok {
			shared++
		}
	}
	return float64(shared) / float64(len(a))
}
