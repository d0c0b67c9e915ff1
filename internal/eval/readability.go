package eval

import (
	"context"
	"fmt"
	"strings"

	"empire/internal/intelligence/nlp"
)

// readRow is a text with what people said about it: one of the three.
type readRow struct {
	Text       string
	Easiness   *float64 `json:"bt_easiness"`
	Complexity *float64 `json:"mos_complexity"`
	Level      string
	Flesch     *float64 `json:"flesch_reading_ease"` // as published, for comparison
	Kincaid    *float64 `json:"flesch_kincaid_grade"`
	DaleChall  *float64 `json:"new_dale_chall"`
}

var levelRanks = map[string]float64{"elementary": 1, "beginner": 1, "easy": 1, "intermediate": 2, "medium": 2, "advanced": 3, "hard": 3}

// difficulty returns how hard people find the text.
func (r readRow) difficulty() (float64, bool) {
	switch {
	case r.Easiness != nil:
		return -*r.Easiness, true
	case r.Complexity != nil:
		return *r.Complexity, true
	}
	rank, ok := levelRanks[strings.ToLower(r.Level)]
	return rank, ok
}

// readabilityTask measures the formulas on rows with bt_easiness, mos_complexity or
// level: Spearman's correlation of each with how hard people find the text, positive
// when the formula agrees with them.
func readabilityTask(_ context.Context, dir string, progress Progress) ([]Dataset, error) {
	fits := func(r readRow) bool { _, ok := r.difficulty(); return ok && r.Text != "" }
	return eachLines(dir, fits, func(name string, rows []readRow) ([]Dataset, error) {
		progress(fmt.Sprintf("%s: %d texts", name, len(rows)))
		set, err := measured(name, len(rows), func() (map[string]float64, error) { return readabilityMetrics(rows), nil })
		return []Dataset{set}, err
	})
}

func readabilityMetrics(rows []readRow) map[string]float64 {
	var sample strings.Builder
	for _, r := range rows[:min(len(rows), 10)] {
		sample.WriteString(r.Text + " ")
	}
	language := nlp.DetectLanguage(sample.String()).Language
	var truth []float64
	values := map[string][]float64{}
	put := func(name string, v float64) { values[name] = append(values[name], v) }
	published := func(name string, v *float64, sign float64) {
		if v != nil {
			put("published_"+name, sign**v)
		}
	}
	for _, r := range rows {
		want, ok := r.difficulty()
		if !ok {
			continue
		}
		truth = append(truth, want)
		reading := nlp.ReadingOf(language, r.Text)
		put("lix", reading.LIX())
		if language == nlp.German {
			put("amstad", -reading.Ease())
			for i := 1; i <= 4; i++ {
				put(fmt.Sprintf("wiener_%d", i), reading.Wiener(i))
			}
		} else {
			put("flesch", -reading.Ease())
			put("flesch_kincaid", reading.FleschKincaid())
		}
		published("flesch", r.Flesch, -1)
		published("flesch_kincaid", r.Kincaid, 1)
		published("new_dale_chall", r.DaleChall, 1)
	}
	m := map[string]float64{}
	for name, v := range values {
		if len(v) == len(truth) {
			m["spearman_"+name] = spearman(v, truth)
		}
	}
	return m
}
