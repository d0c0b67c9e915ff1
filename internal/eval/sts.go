package eval

import (
	"context"
	"fmt"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"empire/internal/intelligence/nlp"
)

type stsRow struct {
	Score *float64
	A, B  string
}

// stsTask measures the similarity of sentences without a model on rows
// {"score","a","b"} with scores of people: the correlation by Pearson and by
// Spearman. The language is that of the sentences; words are weighed by all
// sentences of the file, scores unseen.
func stsTask(_ context.Context, dir string, progress Progress) ([]Dataset, error) {
	return eachLines(dir, func(r stsRow) bool { return r.Score != nil && r.A != "" && r.B != "" }, func(name string, rows []stsRow) ([]Dataset, error) {
		progress(fmt.Sprintf("%s: %d pairs", name, len(rows)))
		set, err := measured(name, len(rows), func() (map[string]float64, error) {
			var texts []string
			var want, got []float64
			for _, r := range rows {
				texts = append(texts, r.A, r.B)
				want = append(want, *r.Score)
			}
			language := nlp.DetectLanguage(strings.Join(texts[:min(len(texts), 20)], " ")).Language
			s := nlp.NewSimilarity(language, texts)
			for _, r := range rows {
				got = append(got, s.Compare(r.A, r.B))
			}
			return map[string]float64{
				"pearson": pearson(got, want), "spearman": spearman(got, want), "pearson_plain_tfidf": pearson(plainTFIDF(rows), want),
			}, nil
		})
		return []Dataset{set}, err
	})
}

// plainTFIDF is the baseline: the cosine of the words of each pair, weighed as
// scikit-learn's TfidfVectorizer does by default (words of two characters and more,
// ln((1+n)/(1+df)) + 1).
func plainTFIDF(rows []stsRow) []float64 {
	df := map[string]float64{}
	bags := make([][2]map[string]float64, len(rows))
	for i, r := range rows {
		for side, text := range [2]string{r.A, r.B} {
			bag := map[string]float64{}
			for _, w := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' }) {
				if utf8.RuneCountInString(w) > 1 {
					bag[w]++
				}
			}
			for w := range bag {
				df[w]++
			}
			bags[i][side] = bag
		}
	}
	out := make([]float64, len(rows))
	for i, b := range bags {
		dot, na, nb := 0.0, 0.0, 0.0
		weight := func(w string) float64 { return math.Log((1+2*float64(len(rows)))/(1+df[w])) + 1 }
		for _, w := range sortedKeys(b[0]) {
			v := b[0][w] * weight(w)
			na += v * v
			dot += v * b[1][w] * weight(w)
		}
		for _, w := range sortedKeys(b[1]) {
			v := b[1][w] * weight(w)
			nb += v * v
		}
		if na > 0 && nb > 0 {
			out[i] = dot / math.Sqrt(na*nb)
		}
	}
	return out
}
