package eval_test

import (
	"path/filepath"
	"strings"
	"testing"

	"empire/internal/eval"
	"empire/internal/testkit"
)

// run measures a task on the shared data and returns the metrics by data set.
func run(t *testing.T, task string) map[string]eval.Dataset {
	t.Helper()
	dir := filepath.Dir(testkit.Data(t, "text"))
	report, err := eval.Run(t.Context(), task, dir, func(string) {})
	if err != nil {
		t.Fatalf("eval %s: %v", task, err)
	}
	out := map[string]eval.Dataset{}
	for _, d := range report.Datasets {
		out[d.Name] = d
	}
	return out
}

// TestLanguageFigures wants the figures that docs/intelligence/language.md and
// match.md state, less a margin.
func TestLanguageFigures(t *testing.T) {
	t.Parallel()
	testkit.Unraced(t)
	figures := map[string]map[string]eval.Dataset{}
	for _, tt := range []struct {
		task, set, metric string
		least             float64
		most              float64
	}{
		{"langid", "language_id sentences", "accuracy_de_en", 0.995, 1},
		{"langid", "language_id sentences", "accuracy", 0.985, 1},
		{"langid", "language_id sentences", "others_taken_for_de_en", 0, 0.01},
		{"sts", "sts_en", "pearson", 0.78, 1},
		{"sts", "sts_de", "pearson", 0.75, 1},
		{"sentiment", "sentiment_sentences_en, own lexicon", "accuracy", 0.65, 1},
		{"sentiment", "pros_cons_en, own lexicon", "accuracy", 0.80, 1},
		{"readability", "readability_clear_en", "spearman_flesch", 0.55, 1},
		{"readability", "readability_textcomplexity_de", "spearman_wiener_4", 0.57, 1},
		{"match", "abtbuy", "f1", 0.93, 1},
		{"match", "amazongp", "f1", 0.72, 1},
		{"ner", "ner_wnut17_en", "f1", 0.31, 1},
		{"ner", "ner_ler_de", "f1", 0.69, 1},
		{"aspects", "comparative_sentences_en", "f1", 0.86, 1},
		{"near-duplicates", "readability_onestop_en levels, 5 words, threshold 0.3", "recall_at_threshold", 0.98, 1},
		{"near-duplicates", "readability_onestop_en planted copies", "recall", 0.98, 1},
	} {
		t.Run(tt.task+"/"+tt.set+"/"+tt.metric, func(t *testing.T) {
			if figures[tt.task] == nil {
				figures[tt.task] = run(t, tt.task)
			}
			got, ok := figures[tt.task][tt.set]
			if !ok {
				t.Skipf("the data directory has no set %s", tt.set)
			}
			if v, ok := got.Metrics[tt.metric]; !ok || v < tt.least || v > tt.most {
				t.Errorf("%s = %v, want from %v to %v", tt.metric, v, tt.least, tt.most)
			}
		})
	}
}

func TestEvalWithoutData(t *testing.T) {
	t.Parallel()
	for _, task := range []string{"langid", "sentiment", "aspects", "ner", "readability", "sts", "near-duplicates", "match"} {
		if _, err := eval.Run(t.Context(), task, t.TempDir(), func(string) {}); err == nil || !strings.Contains(err.Error(), "no data") {
			t.Errorf("%s on an empty directory: %v, want an error that says so", task, err)
		}
	}
}
