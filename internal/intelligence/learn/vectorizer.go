package learn

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode"

	"empire/internal/domain"
)

// Norms of rows.
const (
	NormL2   = "l2"   // root of the sum of squares is 1
	NormL1   = "l1"   // sum of absolute values is 1
	NormNone = "none" // as they are
)

// VectorizerParams say how texts become rows. The zero value is TfidfVectorizer of
// scikit-learn with its defaults; Counts gives CountVectorizer.
type VectorizerParams struct {
	Counts      bool    `json:"counts,omitempty"`       // no weights and no norm: plain counts
	KeepCase    bool    `json:"keep_case,omitempty"`    // do not lower the case
	NGramMin    int     `json:"ngram_min,omitempty"`    // fewest words of a term; 0 is 1
	NGramMax    int     `json:"ngram_max,omitempty"`    // most words of a term; 0 is NGramMin
	MinDF       int     `json:"min_df,omitempty"`       // documents that a term must be in; 0 is 1
	MinShare    float64 `json:"min_share,omitempty"`    // the same as a share of all documents
	MaxDF       int     `json:"max_df,omitempty"`       // documents that a term may be in; 0 is all
	MaxShare    float64 `json:"max_share,omitempty"`    // the same as a share; 0 is all
	MaxFeatures int     `json:"max_features,omitempty"` // the most frequent terms only; 0 is all
	Binary      bool    `json:"binary,omitempty"`       // count each term once for each document
	Sublinear   bool    `json:"sublinear,omitempty"`    // 1+ln(count) instead of the count
	NoIDF       bool    `json:"no_idf,omitempty"`       // do not weigh by rarity
	NoSmooth    bool    `json:"no_smooth,omitempty"`    // do not pretend one document with every term
	Norm        string  `json:"norm,omitempty"`         // NormL2 if empty
}

func (p *VectorizerParams) complete() error {
	if p.NGramMin == 0 {
		p.NGramMin = 1
	}
	if p.NGramMax == 0 {
		p.NGramMax = p.NGramMin
	}
	if p.Norm == "" {
		p.Norm = NormL2
	}
	if p.NGramMin < 1 || p.NGramMax < p.NGramMin {
		return domain.Invalid("ngram", "The terms must have from 1 to some words, not %d to %d.", p.NGramMin, p.NGramMax)
	}
	if !slices.Contains([]string{NormL2, NormL1, NormNone}, p.Norm) {
		return domain.Invalid("norm", "There is no norm %q; there are l2, l1 and none.", p.Norm)
	}
	if p.MinDF < 0 || p.MaxDF < 0 || p.MaxFeatures < 0 || p.MinShare < 0 || p.MinShare > 1 || p.MaxShare < 0 || p.MaxShare > 1 {
		return domain.Invalid("min_df", "The limits of terms must be counts of at least 0 or shares from 0 to 1.")
	}
	return nil
}

// Vectorizer turns texts into rows with a column for each term.
type Vectorizer struct {
	Params VectorizerParams `json:"params"`
	Terms  []string         `json:"terms"`         // in order of code points
	IDF    []float64        `json:"idf,omitempty"` // weight of each term; empty if Params say so

	columns map[string]int32
}

// Tokens returns the words of a text as scikit-learn finds them by default: runs of
// two or more letters, digits and underscores (the pattern (?u)\b\w\w+\b).
func Tokens(text string) []string {
	var out []string
	begin, runes := -1, 0
	for i, r := range text {
		if r == '_' || unicode.IsLetter(r) || unicode.IsNumber(r) {
			if begin < 0 {
				begin, runes = i, 0
			}
			runes++
			continue
		}
		if begin >= 0 && runes > 1 {
			out = append(out, text[begin:i])
		}
		begin = -1
	}
	if begin >= 0 && runes > 1 {
		out = append(out, text[begin:])
	}
	return out
}

// FitVectorizer learns terms and their weights from documents:
//
//	idf = ln((1+n)/(1+df)) + 1, without smoothing ln(n/df) + 1
//
// where n is the number of documents and df that of the documents with the term. It
// needs two documents, and a term that is within the limits (CodeNotEnoughData).
func FitVectorizer(documents []string, p VectorizerParams) (*Vectorizer, error) {
	if err := p.complete(); err != nil {
		return nil, err
	}
	if err := needRows("A vocabulary", len(documents), 2); err != nil {
		return nil, err
	}
	v := &Vectorizer{Params: p}
	df, tf := map[string]int{}, map[string]int{}
	for _, d := range documents {
		for term, n := range v.count(d) {
			df[term]++
			tf[term] += n
		}
	}
	n := float64(len(documents))
	low, high := max(float64(p.MinDF), p.MinShare*n), n
	if p.MaxDF > 0 {
		high = float64(p.MaxDF)
	}
	if p.MaxShare > 0 {
		high = min(high, p.MaxShare*n)
	}
	for term, d := range df {
		if float64(d) >= low && float64(d) <= high {
			v.Terms = append(v.Terms, term)
		}
	}
	if len(v.Terms) == 0 {
		return nil, domain.Errorf(domain.CodeNotEnoughData, "No term of the %d documents is within the limits.", len(documents))
	}
	v.limit(tf)
	slices.Sort(v.Terms)
	if !p.Counts && !p.NoIDF {
		for _, term := range v.Terms {
			d := float64(df[term])
			if p.NoSmooth {
				v.IDF = append(v.IDF, math.Log(n/d)+1)
			} else {
				v.IDF = append(v.IDF, math.Log((1+n)/(1+d))+1)
			}
		}
	}
	return v, v.Ready()
}

// limit keeps the most frequent terms; of equally frequent ones the first.
func (v *Vectorizer) limit(tf map[string]int) {
	if v.Params.MaxFeatures == 0 || len(v.Terms) <= v.Params.MaxFeatures {
		return
	}
	slices.SortFunc(v.Terms, func(a, b string) int { return cmp.Or(cmp.Compare(tf[b], tf[a]), cmp.Compare(a, b)) })
	v.Terms = v.Terms[:v.Params.MaxFeatures]
}

// Ready prepares a vectorizer that was read from JSON for use, and refuses one that
// does not hold together.
func (v *Vectorizer) Ready() error {
	p := v.Params
	if err := p.complete(); err != nil {
		return err
	}
	if p != v.Params {
		return domain.Invalid("params", "The settings of the vectorizer are not complete.")
	}
	if len(v.IDF) != 0 && len(v.IDF) != len(v.Terms) {
		return domain.Invalid("idf", "The vectorizer has %d weights for %d terms.", len(v.IDF), len(v.Terms))
	}
	if len(v.columns) == len(v.Terms) && len(v.Terms) > 0 {
		return nil // ready, and maybe in use
	}
	v.columns = make(map[string]int32, len(v.Terms))
	for i, term := range v.Terms {
		v.columns[term] = int32(i)
	}
	if len(v.columns) != len(v.Terms) {
		return domain.Invalid("terms", "A term of the vectorizer is there twice.")
	}
	return nil
}

// count returns the terms of a document with their frequencies.
func (v *Vectorizer) count(document string) map[string]int {
	if !v.Params.KeepCase {
		document = lower(document)
	}
	words := Tokens(document)
	out := make(map[string]int, len(words))
	for n := v.Params.NGramMin; n <= v.Params.NGramMax; n++ {
		for i := 0; i+n <= len(words); i++ {
			term := words[i]
			if n > 1 {
				term = strings.Join(words[i:i+n], " ")
			}
			out[term]++
		}
	}
	return out
}

// lower lowers the case as Python does: the dotted capital I keeps its dot.
func lower(text string) string {
	return strings.ToLower(strings.ReplaceAll(text, "\u0130", "i\u0307"))
}

// Transform turns documents into rows. Terms that were not learned are left out.
func (v *Vectorizer) Transform(documents []string) *Matrix {
	m := NewMatrix(len(v.Terms))
	for _, d := range documents {
		counts := v.count(d)
		row := make(map[int32]float64, len(counts))
		for term, n := range counts {
			if j, known := v.columns[term]; known {
				row[j] = v.weigh(j, n)
			}
		}
		index := slices.Sorted(maps.Keys(row))
		value := make([]float64, len(index))
		for k, j := range index {
			value[k] = row[j]
		}
		if !v.Params.Counts {
			normalize(value, v.Params.Norm)
		}
		m.Add(index, value)
	}
	return m
}

// weigh is the value of a term before the norm.
func (v *Vectorizer) weigh(j int32, count int) float64 {
	x := float64(count)
	if v.Params.Binary {
		x = 1
	}
	if v.Params.Counts {
		return x
	}
	if v.Params.Sublinear {
		x = 1 + math.Log(x)
	}
	if len(v.IDF) > 0 {
		x *= v.IDF[j]
	}
	return x
}

func normalize(value []float64, norm string) {
	s := 0.0
	for _, x := range value {
		switch norm {
		case NormL2:
			s += x * x
		case NormL1:
			s += math.Abs(x)
		}
	}
	if norm == NormL2 {
		s = math.Sqrt(s)
	}
	if s == 0 {
		return
	}
	for i := range value {
		value[i] /= s
	}
}
