package nlp

import (
	"cmp"
	"embed"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
)

//go:embed lexicon/*.txt
var lexiconFiles embed.FS

// Similarity compares texts of one language without a model. Words weigh by how rare
// they are in the texts that it was made from. It is safe for concurrent use.
type Similarity struct {
	language string
	docs     float64
	stems    map[string]float64 // document frequency of stems
	grams    map[string]float64 // document frequency of character n-grams
}

// NewSimilarity counts the words of texts: the more of the kind that is compared,
// the better. Without texts all words weigh the same, but for the commonest ones,
// which weigh nothing.
func NewSimilarity(language string, texts []string) *Similarity {
	s := &Similarity{language: language, docs: float64(len(texts)), stems: map[string]float64{}, grams: map[string]float64{}}
	for _, text := range texts {
		seen := map[string]bool{}
		for _, w := range s.words(text) {
			if !seen[w.stem] {
				seen[w.stem] = true
				s.stems[w.stem]++
			}
		}
		for g := range charGrams(text) {
			s.grams[g]++
		}
	}
	return s
}

// simWord is a word in the forms in which it is compared.
type simWord struct {
	text, stem string
	stop       bool
}

func (s *Similarity) words(text string) []simWord {
	var out []simWord
	for _, w := range Words(text) {
		for _, part := range strings.FieldsFunc(w, func(r rune) bool { return r == '-' || r == '\'' || r == '’' }) {
			if n, ok := numberWords[s.language][part]; ok {
				part = n
			}
			out = append(out, simWord{part, Stem(s.language, part), StopWord(s.language, part)})
		}
	}
	return out
}

// weight is the inverse document frequency of a stem, ln(1 + N/df); a common word of
// the language counts a fifth of that, because two texts agree on it by accident.
func (s *Similarity) weight(w simWord) float64 {
	idf := math.Log(1 + (s.docs+1)/(s.stems[w.stem]+1))
	if w.stop {
		return idf / 5
	}
	return idf
}

// Compare returns how much two texts say the same, from 0 to 1: the mean of the
// share of words that can be aligned (after M. Sultan et al., "Back to basics for
// monolingual alignment", 2014) and of the cosine of character n-grams by TF-IDF,
// lowered where numbers or negation contradict each other.
func (s *Similarity) Compare(a, b string) float64 {
	if a > b {
		a, b = b, a // so that both orders give the same
	}
	wa, wb := s.words(a), s.words(b)
	if len(wa) == 0 || len(wb) == 0 {
		return 0
	}
	score := alignShare*s.aligned(wa, wb) + (1-alignShare)*s.gramCosine(a, b)
	if numbersDiffer(wa, wb) {
		score *= numberFactor
	}
	if negated(s.language, wa) != negated(s.language, wb) {
		score *= negationFactor
	}
	return max(0, min(1, score))
}

const (
	alignShare     = 0.7
	numberFactor   = 0.9
	negationFactor = 0.9
)

// aligned pairs every word with the most similar free one of the other text and
// returns the weight of what is paired as a part of all weight.
func (s *Similarity) aligned(a, b []simWord) float64 {
	type link struct {
		i, j int
		near float64
	}
	var links []link
	for i := range a {
		for j := range b {
			if n := s.near(a[i], b[j]); n > 0 {
				links = append(links, link{i, j, n})
			}
		}
	}
	slices.SortStableFunc(links, func(x, y link) int {
		dx, dy := math.Abs(float64(x.i)/float64(len(a))-float64(x.j)/float64(len(b))), math.Abs(float64(y.i)/float64(len(a))-float64(y.j)/float64(len(b)))
		return cmp.Or(cmp.Compare(y.near, x.near), cmp.Compare(dx, dy))
	})
	usedA, usedB := make([]bool, len(a)), make([]bool, len(b))
	got, all := 0.0, 0.0
	for _, l := range links {
		if usedA[l.i] || usedB[l.j] {
			continue
		}
		usedA[l.i], usedB[l.j] = true, true
		got += l.near * (s.weight(a[l.i]) + s.weight(b[l.j]))
	}
	for _, w := range a {
		all += s.weight(w)
	}
	for _, w := range b {
		all += s.weight(w)
	}
	return got / all
}

// near says how much two words mean the same: 1 for one stem, 0.9 for synonyms, 0.5
// for a kind of the same, less for words that share most letters.
func (s *Similarity) near(x, y simWord) float64 {
	if x.text == y.text || x.stem == y.stem {
		return 1
	}
	if x.stop || y.stop {
		return 0
	}
	if n := synonyms()[s.language].near(x.stem, y.stem); n > 0 {
		return n
	}
	return sharedLetters(x.text, y.text)
}

// sharedLetters compares words by their longest common beginning or end: compounds
// and derived words share most of their letters.
func sharedLetters(x, y string) float64 {
	n := min(len(x), len(y))
	if n < 4 {
		return 0
	}
	p := 0
	for p < n && x[p] == y[p] {
		p++
	}
	q := 0
	for q < n && x[len(x)-1-q] == y[len(y)-1-q] {
		q++
	}
	best := max(p, q)
	if best < 4 || float64(best) < 0.6*float64(n) {
		return 0
	}
	return 0.8 * float64(best) / float64(max(len(x), len(y)))
}

// charGrams returns the character n-grams of two to five within words with their
// counts.
func charGrams(text string) map[string]float64 {
	out := map[string]float64{}
	for _, w := range Words(text) {
		r := []rune(" " + w + " ")
		for n := 2; n <= 5; n++ {
			for i := 0; i+n <= len(r); i++ {
				out[string(r[i:i+n])]++
			}
		}
	}
	return out
}

func (s *Similarity) gramCosine(a, b string) float64 {
	ga, gb := charGrams(a), charGrams(b)
	idf := func(g string) float64 { return math.Log(1 + (s.docs+1)/(s.grams[g]+1)) }
	dot, na, nb := 0.0, 0.0, 0.0
	for _, g := range slices.Sorted(maps.Keys(ga)) {
		w := (1 + math.Log(ga[g])) * idf(g)
		na += w * w
		if n := gb[g]; n > 0 {
			dot += w * (1 + math.Log(n)) * idf(g)
		}
	}
	for _, g := range slices.Sorted(maps.Keys(gb)) {
		w := (1 + math.Log(gb[g])) * idf(g)
		nb += w * w
	}
	if na == 0 || nb == 0 {
		return 0
	}
	return dot / math.Sqrt(na*nb)
}

// numberWords are the numbers that texts write as words.
var numberWords = map[string]map[string]string{
	English: {"two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9", "ten": "10"},
	German:  {"zwei": "2", "drei": "3", "vier": "4", "fünf": "5", "sechs": "6", "sieben": "7", "acht": "8", "neun": "9", "zehn": "10"},
}

// numbersDiffer reports whether both texts have numbers and none in common.
func numbersDiffer(a, b []simWord) bool {
	in := map[string]bool{}
	for _, w := range a {
		if w.text[0] >= '0' && w.text[0] <= '9' {
			in[w.text] = true
		}
	}
	seen := false
	for _, w := range b {
		if w.text[0] >= '0' && w.text[0] <= '9' {
			if in[w.text] {
				return false
			}
			seen = true
		}
	}
	return seen && len(in) > 0
}

func negated(language string, words []simWord) bool {
	return slices.ContainsFunc(words, func(w simWord) bool { return negations[language][w.text] })
}

// thesaurus holds the groups of words that can stand for each other, by stem.
type thesaurus struct{ same, kind map[string][]int }

func (t *thesaurus) near(x, y string) float64 {
	if t == nil {
		return 0
	}
	if intersects(t.same[x], t.same[y]) {
		return 0.9
	}
	if intersects(t.kind[x], t.kind[y]) {
		return 0.5
	}
	return 0
}

func intersects(a, b []int) bool {
	return slices.ContainsFunc(a, func(x int) bool { return slices.Contains(b, x) })
}

var synonyms = sync.OnceValue(func() map[string]*thesaurus {
	out := map[string]*thesaurus{}
	for i, line := range lexiconLines("synonyms.txt") {
		words := strings.Fields(line)
		language, kind := words[0][:2], words[0][2:]
		t := out[language]
		if t == nil {
			t = &thesaurus{map[string][]int{}, map[string][]int{}}
			out[language] = t
		}
		groups := t.same
		if kind == "~" {
			groups = t.kind
		}
		for _, w := range words[1:] {
			stem := Stem(language, w)
			groups[stem] = append(groups[stem], i)
		}
	}
	return out
})

// lexiconLines returns the lines of an embedded list that are not empty and no
// comments.
func lexiconLines(name string) []string {
	data, err := lexiconFiles.ReadFile("lexicon/" + name)
	if err != nil {
		panic("nlp: an embedded list is missing: " + err.Error())
	}
	var out []string
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			out = append(out, line)
		}
	}
	return out
}
