package eval_test

import (
	"testing"

	"empire/internal/eval"
	"empire/internal/testkit"
)

// TestOpportunityRanking: on the PC parts the order of niches is stable under
// resampling, with at least the rank correlation that the scan promises.
func TestOpportunityRanking(t *testing.T) {
	t.Parallel()
	testkit.BigData(t, "products/feed_pcparts_en_usd.csv.gz")
	report, err := eval.Run(t.Context(), "opportunity", testkit.Data(t, ""), func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, d := range report.Datasets {
		t.Logf("%s: %d niches, Spearman %.3f, tau %.3f, scores %.3f to %.3f", d.Name, int(d.Metrics["niches"]), d.Metrics["spearman_mean"], d.Metrics["kendall_tau_b_mean"],
			d.Metrics["score_min"], d.Metrics["score_max"])
		if d.Metrics["sum_error_max"] > 1e-9 {
			t.Errorf("%s: parts miss the score by %g", d.Name, d.Metrics["sum_error_max"])
		}
		if d.Name != "feed_pcparts_en_usd" {
			continue
		}
		found = true
		if d.Metrics["spearman_mean"] < 0.8 || d.Metrics["niches"] < 10 {
			t.Errorf("rank correlation %.3f over %v niches, want at least 0.8 over 10", d.Metrics["spearman_mean"], d.Metrics["niches"])
		}
	}
	if !found {
		t.Error("the PC parts were not ranked")
	}
}
