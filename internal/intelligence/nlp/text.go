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

// Sentences splits text after a full stop, question mark, exclamation mark or
// ellipsis that is followed by white space and something that can start a
// sentence. A full stop after a digit or a known abbreviation does not end one.
func Sentences(text string) []string {
	var out []string
	runes := []rune(text)
	start := 0
	for i, r := range runes {
		if r == '\n' || endsSentence(runes, i) {
			if s := strings.TrimSpace(string(runes[start : i+1])); s != "" {
				out = append(out, s)
			}
			start = i + 1
		}
	}
	if s := strings.TrimSpace(string(runes[start:])); s != "" {
		out = append(out, s)
	}
	return out
}

var abbreviations = map[string]bool{
	"z.b": true, "d.h": true, "u.a": true, "bzw": true, "ca": true, "inkl": true, "zzgl": true, "nr": true, "abs": true, "art": true,
	"e.g": true, "i.e": true, "etc": true, "vs": true, "approx": true, "no": true, "incl": true, "mr": true, "mrs": true, "dr": true,
}

func endsSentence(runes []rune, i int) bool {
	if !strings.ContainsRune(".!?…", runes[i]) || i+1 < len(runes) && !unicode.IsSpace(runes[i+1]) {
		return false
	}
	if i+2 < len(runes) && unicode.IsLower(runes[i+2]) {
		return false
	}
	if runes[i] != '.' {
		return true
	}
	from := i
	for from > 0 && !unicode.IsSpace(runes[from-1]) {
		from--
	}
	word := strings.ToLower(string(runes[from:i]))
	if abbreviations[word] {
		return false
	}
	ordinal := word != "" && strings.Trim(word, "0123456789") == "" && len(word) <= 2 && i+1 < len(runes)
	return !ordinal
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
