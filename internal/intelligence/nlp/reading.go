package nlp

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Reading counts what the formulas for how easy a text reads are made of.
type Reading struct {
	Language    string
	Sentences   int
	Words       int // with a letter in them
	Syllables   int
	Letters     int // and digits
	LongWords   int // of more than six letters
	ManySyllabs int // words of three syllables or more
	OneSyllable int
}

// ReadingOf counts the sentences, words, syllables and letters of a text in English
// or German.
func ReadingOf(language, text string) Reading {
	r := Reading{Language: language, Sentences: len(Sentences(text))}
	for _, w := range Words(text) {
		if strings.IndexFunc(w, unicode.IsLetter) < 0 {
			continue // figures have no syllables to count
		}
		n := Syllables(language, w)
		r.Words++
		r.Syllables += n
		letters := utf8.RuneCountInString(w)
		r.Letters += letters
		if letters > 6 {
			r.LongWords++
		}
		if n >= 3 {
			r.ManySyllabs++
		}
		if n == 1 {
			r.OneSyllable++
		}
	}
	return r
}

// empty reports whether there is nothing to compute with.
func (r Reading) empty() bool { return r.Words == 0 || r.Sentences == 0 }

func (r Reading) sentenceLength() float64 { return float64(r.Words) / float64(r.Sentences) }

func (r Reading) share(n int) float64 { return 100 * float64(n) / float64(r.Words) }

// Ease is the reading ease: the Flesch formula for English (R. Flesch, "A new
// readability yardstick", 1948), Amstad's version for German (T. Amstad, "Wie
// verständlich sind unsere Zeitungen?", 1978). 100 is very easy, 0 very hard; values
// outside are possible. It is 0 without words, as the others are.
func (r Reading) Ease() float64 {
	if r.empty() {
		return 0
	}
	syllables := float64(r.Syllables) / float64(r.Words)
	if r.Language == German {
		return 180 - r.sentenceLength() - 58.5*syllables
	}
	return 206.835 - 1.015*r.sentenceLength() - 84.6*syllables
}

// FleschKincaid is the school grade in the United States that English text suits (J.
// Kincaid et al., "Derivation of new readability formulas for Navy enlisted
// personnel", 1975).
func (r Reading) FleschKincaid() float64 {
	if r.empty() {
		return 0
	}
	return 0.39*r.sentenceLength() + 11.8*float64(r.Syllables)/float64(r.Words) - 15.59
}

// Wiener is one of the four Wiener Sachtextformeln, 1 to 4, the school grade that
// German text suits, about 4 to 15 (R. Bamberger, E. Vanecek, "Lesen – Verstehen –
// Lernen – Schreiben", 1984). Another number gives 0.
func (r Reading) Wiener(formula int) float64 {
	if r.empty() {
		return 0
	}
	many, length, long, one := r.share(r.ManySyllabs), r.sentenceLength(), r.share(r.LongWords), r.share(r.OneSyllable)
	switch formula {
	case 1:
		return 0.1935*many + 0.1672*length + 0.1297*long - 0.0327*one - 0.875
	case 2:
		return 0.2007*many + 0.1682*length + 0.1373*long - 2.779
	case 3:
		return 0.2963*many + 0.1905*length - 1.1144
	case 4:
		return 0.2744*many + 0.2656*length - 1.693
	}
	return 0
}

// LIX is the läsbarhetsindex, for any language that writes long words for hard
// things: below 30 children's books, above 60 specialist texts (C. Björnsson,
// "Läsbarhet", 1968).
func (r Reading) LIX() float64 {
	if r.empty() {
		return 0
	}
	return r.sentenceLength() + r.share(r.LongWords)
}
