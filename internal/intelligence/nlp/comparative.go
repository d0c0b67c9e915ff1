package nlp

import "strings"

// Comparison is how a sentence compares things.
type Comparison string

// The kinds of comparison (N. Jindal, B. Liu, "Mining comparative sentences and
// relations", 2006).
const (
	NotComparing  Comparison = ""
	Graded        Comparison = "graded"      // one is more of something than the other
	Equal         Comparison = "equal"       // both are alike
	Superlative   Comparison = "superlative" // one is above all others
	Difference    Comparison = "difference"  // they differ, without saying which is better
	minComparable            = 4             // letters of a word with a comparing end
)

var (
	graded      = map[string]map[string]bool{English: wordSet(`more less better worse fewer than outperform outperforms beats prefer preferred preferable superior inferior rather faster slower instead exceed exceeds favor`), German: wordSet(`mehr weniger besser schlechter lieber übertrifft überlegen unterlegen bevorzuge statt anstatt`)}
	equal       = map[string]map[string]bool{English: wordSet(`same similar equal equally alike identical comparable both`), German: wordSet(`gleich gleiche gleichen ähnlich ebenso genauso identisch vergleichbar beide`)}
	superlative = map[string]map[string]bool{English: wordSet(`best worst most least finest ultimate only favorite number-one top`), German: wordSet(`beste besten bester bestes schlechteste schlechtesten meisten wenigsten liebsten`)}
	difference  = map[string]map[string]bool{English: wordSet(`unlike versus vs different differ differs difference differences compared compare comparison whereas`), German: wordSet(`unterschied unterschiede unterscheidet unterscheiden anders verglichen vergleich während`)}
	// notGraded are words that end like a comparative and are none.
	notGraded = map[string]map[string]bool{
		English: wordSet(`other another over under after ever never number player computer her per order power paper water offer cover super either
			neither whether together rather remember consider user owner maker dealer printer router charger adapter speaker receiver monitor paper
			folder buyer reviewer answer matter letter member corner center filter shutter later former further hair their`),
		German: wordSet(`aber oder der einer dieser jeder immer wieder hier sehr unser euer über unter hinter leider wasser nummer kamera`),
	}
)

// Compare tells whether a sentence compares things, by the words that do: than, same,
// best, unlike, … and by the ends of comparatives and superlatives.
func Compare(language, sentence string) Comparison {
	words := opinionTokens(sentence)
	has := map[Comparison]int{}
	for i, w := range words {
		next := ""
		if i+1 < len(words) {
			next = words[i+1]
		}
		switch {
		case graded[language][w], comparativeForm(language, w, next):
			has[Graded]++
		case superlative[language][w], superlativeForm(language, w):
			has[Superlative]++
		case equal[language][w], w == "as" && language == English && asAs(words[i:]), w == "so" && language == German && asAs(words[i:]):
			has[Equal]++
		case difference[language][w]:
			has[Difference]++
		}
	}
	than := "than"
	if language == German {
		than = "als"
	}
	for _, w := range words {
		if w == than && has[Graded] > 0 {
			return Graded
		}
	}
	for _, kind := range []Comparison{Superlative, Graded, Equal, Difference} {
		if has[kind] > 0 {
			return kind
		}
	}
	return NotComparing
}

// comparativeForm knows "faster" and, in German, "schneller als".
func comparativeForm(language, w, next string) bool {
	if len(w) < minComparable || notGraded[language][w] || !strings.HasSuffix(w, "er") && !strings.HasSuffix(w, "ier") {
		return false
	}
	stem := strings.TrimSuffix(w, "er")
	if language == German {
		return next == "als"
	}
	words := OpinionWords(English)
	for _, base := range []string{stem, stem + "e", strings.TrimSuffix(stem, "i") + "y", stem[:len(stem)-1]} {
		if words.words[base] != 0 || base == "small" || base == "large" || base == "big" || base == "high" || base == "low" || base == "short" || base == "young" {
			return true
		}
	}
	return next == "than"
}

func superlativeForm(language, w string) bool {
	if language == German {
		return len(w) > 6 && (strings.HasSuffix(w, "sten") || strings.HasSuffix(w, "ste") || strings.HasSuffix(w, "ster"))
	}
	if len(w) < 6 || !strings.HasSuffix(w, "est") {
		return false
	}
	stem := strings.TrimSuffix(w, "est")
	for _, base := range []string{stem, stem + "e", strings.TrimSuffix(stem, "i") + "y", stem[:len(stem)-1]} {
		if OpinionWords(English).words[base] != 0 || base == "small" || base == "large" || base == "big" || base == "high" || base == "low" || base == "short" || base == "late" {
			return true
		}
	}
	return false
}

// asAs finds the second half of "as good as" and "so gut wie".
func asAs(words []string) bool {
	second := "as"
	if words[0] == "so" {
		second = "wie"
	}
	for _, w := range words[min(2, len(words)):min(5, len(words))] {
		if w == second {
			return true
		}
	}
	return false
}
