package nlp

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Phrase is a run of words that tells what a text is about.
type Phrase struct {
	Text  string // as the text has it first, in lower case
	Count int
	Score float64 // comparable within one text
}

// maxPhraseWords is how many words a key phrase has at most: longer runs are
// sentences without stop words.
const maxPhraseWords = 4

// KeyPhrases returns up to limit key phrases of an English or German text, best
// first. Candidates are the runs of words between stop words and signs; a word scores
// by how many words it stands with for each time it occurs, a phrase by its words
// (RAKE: S. Rose et al., "Automatic keyword extraction from individual documents",
// 2010), times 1 + ln of how often it occurs. Inflected forms count together, and a
// phrase that is part of a better one is left out.
func KeyPhrases(language, text string, limit int) []Phrase {
	runs := phraseRuns(language, text)
	degree, frequency := map[string]int{}, map[string]int{}
	for _, run := range runs {
		for _, w := range run {
			s := Stem(language, w)
			frequency[s]++
			degree[s] += len(run)
		}
	}
	byKey := map[string]*Phrase{}
	var order []string
	for _, run := range runs {
		key, score := "", 0.0
		for _, w := range run {
			s := Stem(language, w)
			key += s + " "
			score += float64(degree[s]) / float64(frequency[s])
		}
		p := byKey[key]
		if p == nil {
			p = &Phrase{Text: strings.Join(run, " "), Score: score}
			byKey[key] = p
			order = append(order, key)
		}
		p.Count++
	}
	all := make([]Phrase, 0, len(order))
	for _, key := range order {
		p := *byKey[key]
		p.Score *= 1 + math.Log(float64(p.Count))
		all = append(all, p)
	}
	slices.SortStableFunc(all, func(x, y Phrase) int { return cmp.Compare(y.Score, x.Score) })
	var out []Phrase
	for _, p := range all {
		if len(out) >= limit {
			break
		}
		if !slices.ContainsFunc(out, func(q Phrase) bool { return strings.Contains(" "+q.Text+" ", " "+p.Text+" ") }) {
			out = append(out, p)
		}
	}
	return out
}

// phraseRuns cuts a text at stop words, signs, numbers and ends of sentences.
func phraseRuns(language, text string) [][]string {
	var out [][]string
	var run []string
	flush := func() {
		if len(run) > 0 && len(run) <= maxPhraseWords {
			out = append(out, run)
		}
		run = nil
	}
	for _, sentence := range Sentences(text) {
		end := 0
		for _, t := range Tokens(sentence) {
			w := strings.ToLower(t.Text)
			r, _ := utf8.DecodeRuneInString(w)
			if strings.ContainsRune(sentence[end:t.Start], '\n') || !unicode.IsLetter(r) || StopWord(language, w) || utf8.RuneCountInString(w) < 2 {
				flush()
			} else {
				run = append(run, w)
			}
			end = t.End
		}
		flush()
	}
	return out
}
