package nlp

import (
	"math"
	"strconv"
	"strings"
	"sync"
)

// Opinion is how a text judges.
type Opinion struct {
	Score    float64 // -1 (very negative) to 1 (very positive), 0 when neither
	Positive int     // words that praise, negation taken into account
	Negative int     // words that blame
}

// Label returns pos, neg or neutral.
func (o Opinion) Label() string {
	switch {
	case o.Score > 0:
		return "pos"
	case o.Score < 0:
		return "neg"
	}
	return "neutral"
}

// Lexicon holds opinion words of one language with their strength from -3 to 3. The
// zero value has none. It is safe for concurrent use once it is filled.
type Lexicon struct {
	language string
	words    map[string]float64
	stems    map[string]float64
}

// NewLexicon makes a lexicon of lists of words, each with strength 1.
func NewLexicon(language string, positive, negative []string) *Lexicon {
	l := &Lexicon{language, map[string]float64{}, map[string]float64{}}
	for _, w := range positive {
		l.add(strings.ToLower(w), 1)
	}
	for _, w := range negative {
		l.add(strings.ToLower(w), -1)
	}
	return l
}

// add keeps the first strength of a word; a stem of words that disagree says nothing.
func (l *Lexicon) add(word string, strength float64) {
	if _, ok := l.words[word]; !ok {
		l.words[word] = strength
	}
	stem := Stem(l.language, word)
	if before, ok := l.stems[stem]; ok && before*strength < 0 {
		l.stems[stem] = 0
	} else if !ok {
		l.stems[stem] = strength
	}
}

// strength looks a word up, then its stem.
func (l *Lexicon) strength(word string) float64 {
	if v, ok := l.words[word]; ok {
		return v
	}
	return l.stems[Stem(l.language, word)]
}

// OpinionWords returns the lexicon that ships with the program, of English or
// German; nil for other languages.
func OpinionWords(language string) *Lexicon { return opinionWords()[language] }

var opinionWords = sync.OnceValue(func() map[string]*Lexicon {
	out := map[string]*Lexicon{}
	for _, language := range []string{English, German} {
		l := NewLexicon(language, nil, nil)
		for _, line := range lexiconLines("opinion_" + language + ".txt") {
			value, words, _ := strings.Cut(line, ":")
			strength, err := strconv.ParseFloat(value, 64)
			if err != nil {
				panic("nlp: a line of an embedded list has no strength: " + value)
			}
			for _, w := range strings.Fields(words) {
				l.add(w, strength)
			}
		}
		out[language] = l
	}
	return out
})

// degrees are the factors of words like "very", by language.
var degrees = sync.OnceValue(func() map[string]map[string]float64 {
	out := map[string]map[string]float64{English: {}, German: {}}
	for _, line := range lexiconLines("degree.txt") {
		head, words, _ := strings.Cut(line, ":")
		language, value, _ := strings.Cut(head, " ")
		factor, err := strconv.ParseFloat(value, 64)
		if err != nil {
			panic("nlp: a line of an embedded list has no factor: " + head)
		}
		for _, w := range strings.Fields(words) {
			out[language][w] = factor
		}
	}
	return out
})

// Sentiment judges a text by its opinion words with the lexicon that ships with the
// program. Languages that have none give an Opinion of zero.
func Sentiment(language, text string) Opinion { return OpinionWords(language).Judge(text) }

// Judge adds up the strengths of the opinion words of a text. A negation within the
// three words before one turns it around and takes off a quarter, an adverb of degree
// multiplies it; what follows a "but" counts half as much again and what stands before
// it or after an "although" half (the rules and the final x/√(x²+15) are those of C.
// Hutto, E. Gilbert, "VADER: a parsimonious rule-based model for sentiment analysis of
// social media text", 2014, with own words and factors). A text without opinion words
// that negates or wishes something is slightly negative.
func (l *Lexicon) Judge(text string) Opinion {
	var out Opinion
	if l == nil {
		return out
	}
	sum := 0.0
	for _, s := range Sentences(text) {
		for _, c := range clauses(l.language, opinionTokens(s)) {
			v := l.clause(c.words)
			sum += c.weight * v.sum
			out.Positive += v.positive
			out.Negative += v.negative
		}
	}
	out.Score = sum / math.Sqrt(sum*sum+15)
	return out
}

// opinionTokens are the words of a sentence and the signs that end a clause. "n't"
// of texts that were cut into tokens stays a word of its own.
func opinionTokens(sentence string) []string {
	var out []string
	for _, field := range strings.Fields(strings.ToLower(strings.ReplaceAll(sentence, "’", "'"))) {
		out = append(out, splitAfter(field)...)
	}
	return out
}

// splitAfter cuts the signs at both ends off a word.
func splitAfter(field string) []string {
	const signs = ".,;:!?()[]\"„“”…-–—/"
	core := strings.Trim(field, signs)
	if core == "" {
		return []string{field}
	}
	var out []string
	at := strings.Index(field, core)
	if at > 0 {
		out = append(out, field[:at])
	}
	out = append(out, core)
	if rest := field[at+len(core):]; rest != "" {
		out = append(out, rest)
	}
	return out
}

// clausePart is a run of words with what it counts.
type clausePart struct {
	words  []string
	weight float64
}

var (
	butWords      = map[string]map[string]bool{English: wordSet(`but however yet nevertheless nonetheless`), German: wordSet(`aber jedoch allerdings dennoch trotzdem nur`)}
	althoughWords = map[string]map[string]bool{English: wordSet(`although though despite while whereas albeit notwithstanding`), German: wordSet(`obwohl obgleich trotz wenngleich obschon zwar`)}
)

// clauses cuts tokens at commas, semicolons and contrasting words.
func clauses(language string, tokens []string) []clausePart {
	var out []clausePart
	part := clausePart{weight: 1}
	flush := func() {
		if len(part.words) > 0 {
			out = append(out, part)
		}
		part = clausePart{weight: 1}
	}
	for _, t := range tokens {
		switch {
		case butWords[language][t]:
			flush()
			for i := range out {
				out[i].weight *= 0.5
			}
			part.weight = 1.5
		case althoughWords[language][t]:
			flush()
			part.weight = 0.5
		case strings.ContainsAny(t, ",;:()") && strings.Trim(t, ".,;:!?()-–—\"") == "":
			w := part.weight
			flush()
			if w > 1 {
				part.weight = w // a list after "but" is all of it
			}
		default:
			part.words = append(part.words, t)
		}
	}
	flush()
	return out
}

// verdict is what one clause adds.
type verdict struct {
	sum                float64
	positive, negative int
}

func (l *Lexicon) clause(words []string) verdict {
	var out verdict
	hits, mood := 0, 0.0
	for i, w := range words {
		if negations[l.language][w] {
			mood -= 0.3
		}
		if wishes[l.language][w] {
			mood -= 0.3
		}
		v := l.strength(w)
		if v == 0 || negations[l.language][w] || degrees()[l.language][w] != 0 && i+1 < len(words) && l.strength(words[i+1]) != 0 {
			continue // of "pretty bad" only bad judges
		}
		v = l.modified(words, i, v)
		hits++
		out.sum += v
		if v > 0 {
			out.positive++
		} else {
			out.negative++
		}
	}
	if hits == 0 {
		out.sum = mood
	}
	for _, w := range words {
		if strings.HasPrefix(w, "!") && out.sum != 0 {
			out.sum += math.Copysign(0.3, out.sum)
			break
		}
	}
	return out
}

// wishes tell that something is not as it should be.
var wishes = map[string]map[string]bool{
	English: wordSet(`should would could ought wish instead supposed needs only except unless too ?`),
	German:  wordSet(`sollte sollten könnte könnten müsste müssten hätte wäre würde stattdessen lediglich eigentlich ?`),
}

// negationReach is how many words before an opinion word a negation can stand.
const negationReach = 3

// modified applies what stands before the opinion word at i.
func (l *Lexicon) modified(words []string, i int, v float64) float64 {
	negative := false
	for k := i - 1; k >= 0 && k >= i-negationReach; k-- {
		if f := degrees()[l.language][words[k]]; f != 0 && k == i-1 {
			v *= f
		}
		if negations[l.language][words[k]] || strings.HasSuffix(words[k], "n't") || reversers[l.language][words[k]] {
			negative = !negative
		}
	}
	if l.language == German && l.negatedAfter(words[i+1:]) {
		negative = !negative
	}
	if negative {
		return -0.75 * v
	}
	return v
}

// negatedAfter reports whether German puts its "nicht" behind: "gefällt mir nicht".
func (l *Lexicon) negatedAfter(rest []string) bool {
	for k, w := range rest[:min(len(rest), negationReach)] {
		if negations[German][w] {
			return k+1 == len(rest) || strings.Trim(rest[k+1], ".!?…") == ""
		}
		if l.strength(w) > 0 {
			return false
		}
	}
	return false
}

// reversers turn a following opinion around as a negation does.
var reversers = map[string]map[string]bool{
	English: wordSet(`lack lacks lacking lacked fails fail failed avoid avoids free less least nothing far neither eliminates prevents reduces n't without`),
	German:  wordSet(`ohne mangelt fehlt weniger wenig verhindert reduziert`),
}
