package nlp

import "strings"

// Readability returns the reading ease of text: Reading.Ease of ReadingOf.
func Readability(language, text string) float64 { return ReadingOf(language, text).Ease() }

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
