package nlp

import (
	"strings"
	"unicode"
)

// Readability returns the reading ease of text: the Flesch formula for English
// (R. Flesch, "A new readability yardstick", 1948), Amstad's version for German
// (T. Amstad, "Wie verständlich sind unsere Zeitungen?", 1978). 100 is very easy,
// 0 very hard; values outside that range are possible. It is 0 without words.
func Readability(language, text string) float64 {
	words, syllables := 0, 0
	for _, w := range Words(text) {
		if strings.IndexFunc(w, unicode.IsLetter) < 0 {
			continue // figures have no syllables to count
		}
		words++
		syllables += Syllables(language, w)
	}
	sentences := len(Sentences(text))
	if words == 0 || sentences == 0 {
		return 0
	}
	asl := float64(words) / float64(sentences)
	asw := float64(syllables) / float64(words)
	if language == "de" {
		return 180 - asl - 58.5*asw
	}
	return 206.835 - 1.015*asl - 84.6*asw
}

// Syllables estimates the syllables of a lower-case word by its groups of vowels,
// at least 1.
func Syllables(language, word string) int {
	vowels := "aeiouyäöüáàâéèêíìîóòôúùû"
	n, inside := 0, false
	for _, r := range word {
		v := strings.ContainsRune(vowels, r)
		if v && !inside {
			n++
		}
		inside = v
	}
	if language == "en" && n > 1 {
		switch {
		case strings.HasSuffix(word, "le") && len(word) > 2 && !strings.ContainsRune(vowels, rune(word[len(word)-3])):
		case strings.HasSuffix(word, "es") && !strings.HasSuffix(word, "ses") && !strings.HasSuffix(word, "xes") && !strings.HasSuffix(word, "ches") && !strings.HasSuffix(word, "shes") && !strings.HasSuffix(word, "ges") && !strings.HasSuffix(word, "ces") && !strings.HasSuffix(word, "zes") && !strings.HasSuffix(word, "ies"):
			n--
		case strings.HasSuffix(word, "ed") && !strings.HasSuffix(word, "ted") && !strings.HasSuffix(word, "ded"):
			n--
		case strings.HasSuffix(word, "e") && !strings.HasSuffix(word, "ee") && !strings.HasSuffix(word, "ie"):
			n--
		}
	}
	return max(n, 1)
}

// ReadingMinutes is the time an adult needs at 200 words a minute.
func ReadingMinutes(words int) float64 { return float64(words) / 200 }
