package research

import (
	"slices"
	"strings"

	"empire/internal/intelligence/nlp"
)

// topic is what research is about, in the forms in which texts are compared with it.
type topic struct {
	text     string
	language string
	stems    []string // of its content words, each once
}

func newTopic(text, language string) *topic {
	t := &topic{text: text, language: language}
	for _, w := range nlp.Words(text) {
		if s := nlp.Stem(language, w); !nlp.StopWord(language, w) && !slices.Contains(t.stems, s) {
			t.stems = append(t.stems, s)
		}
	}
	if len(t.stems) == 0 { // "The Who"
		for _, w := range nlp.Words(text) {
			t.stems = append(t.stems, nlp.Stem(language, w))
		}
	}
	return t
}

// coverage returns which share of the topic's words a text has, 0 to 1. Compounds
// count: "Espressomaschine" has "Espresso".
func (t *topic) coverage(text string) float64 {
	return t.coverageOf(stemSet(t.language, text))
}

func (t *topic) coverageOf(stems map[string]bool) float64 {
	if len(t.stems) == 0 {
		return 0
	}
	n := 0.0
	for _, s := range t.stems {
		switch {
		case stems[s]:
			n++
		case len(s) >= 5 && anyHas(stems, s):
			n += 0.8
		}
	}
	return n / float64(len(t.stems))
}

func anyHas(stems map[string]bool, part string) bool {
	for s := range stems {
		if strings.Contains(s, part) {
			return true
		}
	}
	return false
}

// stemSet returns the stems of the content words of a text, with the parts of words
// that hyphens join.
func stemSet(language, text string) map[string]bool {
	out := map[string]bool{}
	for _, w := range nlp.Words(text) {
		if !nlp.StopWord(language, w) {
			out[nlp.Stem(language, w)] = true
		}
		if strings.Contains(w, "-") {
			for part := range strings.SplitSeq(w, "-") {
				if part != "" && !nlp.StopWord(language, part) {
					out[nlp.Stem(language, part)] = true
				}
			}
		}
	}
	return out
}

// jaccard returns how much two sets have in common, 0 to 1.
func jaccard(a, b map[string]bool) float64 {
	both := 0
	for k := range a {
		if b[k] {
			both++
		}
	}
	if all := len(a) + len(b) - both; all > 0 {
		return float64(both) / float64(all)
	}
	return 0
}

// About reports whether a text has at least half of the words of a topic.
func About(topic, language, text string) bool {
	return newTopic(topic, language).coverage(text) >= minCoverage
}
