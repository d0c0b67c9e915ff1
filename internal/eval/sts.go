package eval

import (
	"context"
	"fmt"
	"strings"

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
			return map[string]float64{"pearson": pearson(got, want), "spearman": spearman(got, want)}, nil
		})
		return []Dataset{set}, err
	})
}
