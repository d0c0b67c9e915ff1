package eval

import (
	"context"
	"fmt"
	"strings"

	"empire/internal/intelligence/nlp"
)

type reviewRow struct {
	Product, Text, Label string
	Topic                *string
	Type                 *int
	Aspects              []aspectRow
}

// aspectsTask measures three things: on rows {"product","text","aspects"} which terms
// sentences judge (exact, by stem) and how, on rows {"text","label","type"} whether
// sentences compare.
func aspectsTask(_ context.Context, dir string, progress Progress) ([]Dataset, error) {
	fits := func(r reviewRow) bool { return r.Product != "" && r.Aspects != nil || r.Type != nil }
	return eachLines(dir, fits, func(name string, rows []reviewRow) ([]Dataset, error) {
		progress(fmt.Sprintf("%s: %d sentences", name, len(rows)))
		run := aspectMetrics
		if rows[0].Type != nil {
			run = comparisonMetrics
		}
		set, err := measured(name, len(rows), func() (map[string]float64, error) { return run(rows), nil })
		return []Dataset{set}, err
	})
}

// aspectMetrics learns the terms of each product from its sentences, without their
// annotations, and compares what it finds with these.
func aspectMetrics(rows []reviewRow) map[string]float64 {
	texts := map[string][]string{}
	for _, r := range rows {
		texts[r.Product] = append(texts[r.Product], r.Text)
	}
	models := map[string]*nlp.Aspects{}
	for product, t := range texts {
		models[product] = nlp.NewAspects(nlp.English, t)
	}
	var made, right, wanted, opinions, opinionsRight, partly int
	var sentences, sentencesRight int
	for _, r := range rows {
		want := map[string]bool{}
		for _, a := range r.Aspects {
			want[stems(a.Aspect)] = true
			if a.Score != 0 {
				opinions++
				if p := models[r.Product].Polarity(r.Text, a.Aspect); p*a.Score > 0 {
					opinionsRight++
				}
			}
		}
		wanted += len(want)
		got := map[string]bool{}
		for _, a := range models[r.Product].Find(r.Text) {
			got[stems(a.Term)] = true
		}
		made += len(got)
		for t := range got {
			if want[t] {
				right++
			}
			if overlaps(t, want) {
				partly++
			}
		}
		if positive, ok := binary(r.Label); ok {
			sentences++
			if (nlp.Sentiment(nlp.English, r.Text).Score >= 0) == positive {
				sentencesRight++
			}
		}
	}
	m := scores(right, made, wanted)
	m["precision_shared_word"] = float64(partly) / float64(max(1, made))
	m["aspect_polarity_accuracy"] = float64(opinionsRight) / float64(max(1, opinions))
	m["sentence_polarity_accuracy"] = float64(sentencesRight) / float64(max(1, sentences))
	return m
}

func stems(term string) string {
	var out []string
	for _, w := range nlp.Words(term) {
		out = append(out, nlp.Stem(nlp.English, w))
	}
	return strings.Join(out, " ")
}

// overlaps reports whether a term shares a word with one of the others.
func overlaps(term string, others map[string]bool) bool {
	for _, w := range strings.Fields(term) {
		for o := range others {
			for _, v := range strings.Fields(o) {
				if v == w {
					return true
				}
			}
		}
	}
	return false
}

// comparisonMetrics measures which sentences compare and, of those, how.
func comparisonMetrics(rows []reviewRow) map[string]float64 {
	kinds := map[int]nlp.Comparison{1: nlp.Graded, 2: nlp.Equal, 3: nlp.Superlative, 4: nlp.Difference}
	made, right, wanted, kindRight := 0, 0, 0, 0
	for _, r := range rows {
		got := nlp.Compare(nlp.English, r.Text)
		compares := kinds[*r.Type] != nlp.NotComparing
		wanted += bit(compares)
		made += bit(got != nlp.NotComparing)
		right += bit(compares && got != nlp.NotComparing)
		kindRight += bit(compares && got == kinds[*r.Type])
	}
	m := scores(right, made, wanted)
	m["kind_accuracy"] = float64(kindRight) / float64(max(1, wanted))
	return m
}
