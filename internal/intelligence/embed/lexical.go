package embed

import (
	"context"
	"math"
	"strconv"
	"unicode/utf8"

	"empire/internal/intelligence/nlp"
)

// DefaultDimension is that of the lexical embedder.
const DefaultDimension = 384

const (
	// lexicalVersion is part of the name: it changes with everything that changes a
	// vector.
	lexicalVersion = "1"
	maxWords       = 2000 // of one text; the rest is left out
	minGram        = 3
	maxGram        = 5
	gramShare      = 1.5 // length of the part of a word's n-grams beside that of the word
)

// Lexical embeds texts without a model. Each word and each run of three to five
// characters within a word, with marks at its ends, adds to the place that its hash
// names, with a sign that the hash names too (Weinberger and others, Feature Hashing,
// ICML 2009). Words that share a stem or a part of a compound so lie near each other,
// also with a slip of the pen.
//
// Weights are those of TF-IDF in the form lnc.ltc (Manning, Raghavan and Schütze,
// Introduction to Information Retrieval, §6.4.3): documents count 1 + ln tf, queries
// also the inverse document frequency. So the vector of a document depends on its text
// alone and stays right when others come and go. Equal texts have equal vectors on
// every machine.
type Lexical struct{ dimension int }

// NewLexical returns the embedder; dimension 0 means DefaultDimension.
func NewLexical(dimension int) *Lexical {
	if dimension <= 0 {
		dimension = DefaultDimension
	}
	return &Lexical{dimension}
}

// Name implements Embedder.
func (l *Lexical) Name() string { return "lexical-" + lexicalVersion + "-" + strconv.Itoa(l.dimension) }

// Dimension implements Embedder.
func (l *Lexical) Dimension() int { return l.dimension }

// Embed implements Embedder.
func (l *Lexical) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	out := make([][]float32, len(texts))
	for i, text := range texts {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		out[i] = l.vector(text, nil)
	}
	return out, nil
}

// EmbedQuery implements Querier.
func (l *Lexical) EmbedQuery(_ context.Context, text string, weight func(word string) float64) ([]float32, error) {
	return l.vector(text, weight), nil
}

func (l *Lexical) vector(text string, weight func(word string) float64) []float32 {
	words := nlp.Words(text)
	if len(words) > maxWords {
		words = words[:maxWords]
	}
	count := make(map[string]int, len(words))
	order := words[:0:0] // sums in one order give one result
	for _, w := range words {
		if count[w]++; count[w] == 1 {
			order = append(order, w)
		}
	}
	sum := make([]float64, l.dimension)
	for _, w := range order {
		f := 1 + math.Log(float64(count[w]))
		if weight != nil {
			f *= weight(w)
		} else if nlp.StopWord(nlp.English, w) || nlp.StopWord(nlp.German, w) {
			f *= 0.2
		}
		l.add(sum, w, f)
	}
	return unit(sum)
}

// add adds a word and its n-grams.
func (l *Lexical) add(sum []float64, word string, f float64) {
	l.put(sum, "w", word, f)
	marked := "^" + word + "$"
	starts := make([]int, 0, len(marked)+1)
	for i := range marked {
		starts = append(starts, i)
	}
	starts = append(starts, len(marked))
	n := 0
	for size := minGram; size <= maxGram; size++ {
		n += max(len(starts)-size, 0)
	}
	if n == 0 || utf8.RuneCountInString(word) < minGram {
		return
	}
	each := f * gramShare / math.Sqrt(float64(n))
	for size := minGram; size <= maxGram; size++ {
		for i := 0; i+size < len(starts); i++ {
			l.put(sum, "g", marked[starts[i]:starts[i+size]], each)
		}
	}
}

func (l *Lexical) put(sum []float64, kind, feature string, f float64) {
	h := uint64(14695981039346656037) // FNV-1a
	for i := range len(kind) {
		h = (h ^ uint64(kind[i])) * 1099511628211
	}
	for i := range len(feature) {
		h = (h ^ uint64(feature[i])) * 1099511628211
	}
	h ^= h >> 32 // its low bits alone are weak
	h *= 0x9e3779b97f4a7c15
	if h>>63 == 1 {
		f = -f
	}
	sum[(h>>16)%uint64(len(sum))] += f
}

// unit returns a vector of length 1, or of zeros.
func unit(sum []float64) []float32 {
	var square float64
	for _, x := range sum {
		square += x * x
	}
	out := make([]float32, len(sum))
	if square == 0 {
		return out
	}
	scale := 1 / math.Sqrt(square)
	for i, x := range sum {
		out[i] = float32(x * scale)
	}
	return out
}

// Empty reports whether a vector is all zero: its text had nothing to go by.
func Empty(v []float32) bool {
	for _, x := range v {
		if x != 0 {
			return false
		}
	}
	return true
}
