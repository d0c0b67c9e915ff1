package eval

import (
	"context"
	"fmt"
	"strings"

	"empire/internal/intelligence/nlp"
)

type levelRow struct{ Article, Level, Text string }

// duplicatesTask measures near-duplicates on rows {"article","level","text"}, the
// same article rewritten for several levels, in two ways: against the exact Jaccard
// similarity of all pairs, and as a finder of the rewritten article. It then plants a
// changed copy of every text and looks for it.
func duplicatesTask(ctx context.Context, dir string, progress Progress) ([]Dataset, error) {
	return eachLines(dir, func(r levelRow) bool { return r.Article != "" && r.Level != "" && r.Text != "" }, func(name string, rows []levelRow) ([]Dataset, error) {
		var out []Dataset
		for _, cfg := range []nlp.DuplicateConfig{{Words: 3, Threshold: 0.2}, {Words: 5, Threshold: 0.3}, {Words: 5, Threshold: 0.5}} {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			progress(fmt.Sprintf("%s: %d texts, shingles of %d words, threshold %.1f", name, len(rows), cfg.Words, cfg.Threshold))
			set, err := measured(fmt.Sprintf("%s levels, %d words, threshold %.1f", name, cfg.Words, cfg.Threshold), len(rows), func() (map[string]float64, error) {
				return levelMetrics(rows, cfg), nil
			})
			if err != nil {
				return nil, err
			}
			out = append(out, set)
		}
		set, err := measured(name+" planted copies", len(rows), func() (map[string]float64, error) { return plantedMetrics(rows), nil })
		return append(out, set), err
	})
}

// levelMetrics compares what the index finds with all pairs at the threshold, and
// with the pairs of one article.
func levelMetrics(rows []levelRow, cfg nlp.DuplicateConfig) map[string]float64 {
	index := nlp.NewDuplicates(cfg)
	found := map[[2]int]bool{}
	for i, r := range rows {
		for _, d := range index.Add(r.Text) {
			found[[2]int{d.ID, i}] = true
		}
	}
	similar := allJaccard(rows, cfg.Words)
	due, dueFound, same, sameFound := 0, 0, 0, 0
	for j := range rows {
		for i := range j {
			hit := found[[2]int{i, j}]
			if rows[i].Article == rows[j].Article {
				same++
				if hit {
					sameFound++
				}
			}
			if similar[[2]int{i, j}] >= cfg.Threshold {
				due++
				if hit {
					dueFound++
				}
			}
		}
	}
	m := map[string]float64{"pairs_at_threshold": float64(due), "recall_at_threshold": 1}
	if due > 0 {
		m["recall_at_threshold"] = float64(dueFound) / float64(due)
	}
	articles := scores(sameFound, len(found), same)
	m["same_article_precision"], m["same_article_recall"] = articles["precision"], articles["recall"]
	return m
}

// allJaccard returns the exact Jaccard similarity of the sets of n-word shingles of
// every pair of rows that share one.
func allJaccard(rows []levelRow, n int) map[[2]int]float64 {
	shared := map[[2]int]int{}
	holders := map[uint64][]int{}
	sizes := make([]int, len(rows))
	for j, r := range rows {
		set := nlp.Shingles(r.Text, n)
		sizes[j] = len(set)
		for k := range set {
			for _, i := range holders[k] {
				shared[[2]int{i, j}]++
			}
			holders[k] = append(holders[k], j)
		}
	}
	out := make(map[[2]int]float64, len(shared))
	for pair, both := range shared {
		out[pair] = float64(both) / float64(sizes[pair[0]]+sizes[pair[1]]-both)
	}
	return out
}

// plantedMetrics adds every text, then a copy in which every twentieth word is
// another one and the second half comes first, and looks for its origin.
func plantedMetrics(rows []levelRow) map[string]float64 {
	index := nlp.NewDuplicates(nlp.DuplicateConfig{})
	for _, r := range rows {
		index.Add(r.Text)
	}
	due, found := 0, 0
	for i, r := range rows {
		copied := changedCopy(r.Text)
		if nlp.Resemblance(r.Text, copied, 5) < 0.5 {
			continue
		}
		due++
		for _, d := range index.Add(copied) {
			if d.ID == i {
				found++
			}
		}
	}
	return map[string]float64{"planted": float64(due), "recall": float64(found) / float64(max(1, due))}
}

func changedCopy(text string) string {
	words := strings.Fields(text)
	for i := 10; i < len(words); i += 20 {
		words[i] = "something"
	}
	half := len(words) / 2
	return strings.Join(append(append([]string(nil), words[half:]...), words[:half]...), " ")
}
