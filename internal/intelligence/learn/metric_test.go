package learn_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"empire/internal/intelligence/learn"
)

// is compares the result of a metric.
func is(t *testing.T, name string, want float64) func(got float64, err error) {
	t.Helper()
	return func(got float64, err error) {
		t.Helper()
		if err != nil || math.Abs(got-want) > 1e-9 {
			t.Errorf("%s = %v, %v, want %v", name, got, err, want)
		}
	}
}

// TestClassMetrics: three classes by hand, one of which is never predicted.
func TestClassMetrics(t *testing.T) {
	t.Parallel()
	truth := []int{0, 0, 0, 1, 1, 2}
	predicted := []int{0, 0, 1, 1, 0, 1}
	is(t, "accuracy", 0.5)(learn.Accuracy(truth, predicted))
	classes, counts, err := learn.Confusion(truth, predicted)
	if diff := cmp.Diff([]any{[]int{0, 1, 2}, [][]int{{2, 1, 0}, {1, 1, 0}, {0, 1, 0}}}, []any{classes, counts}); err != nil || diff != "" {
		t.Errorf("confusion: %v (-want +got):\n%s", err, diff)
	}
	s, err := learn.ClassScores(truth, predicted)
	if err != nil {
		t.Fatal(err)
	}
	want := &learn.Scores{
		Classes: []int{0, 1, 2},
		ByClass: []learn.PRF{{Precision: 2.0 / 3, Recall: 2.0 / 3, F1: 2.0 / 3, Support: 3}, {Precision: 1.0 / 3, Recall: 0.5, F1: 0.4, Support: 2}, {Support: 1}},
		Macro:   learn.PRF{Precision: 1.0 / 3, Recall: 7.0 / 18, F1: 16.0 / 45, Support: 6},
		Micro:   learn.PRF{Precision: 0.5, Recall: 0.5, F1: 0.5, Support: 6},
	}
	if diff := cmp.Diff(want, s, near); diff != "" {
		t.Errorf("scores (-want +got):\n%s", diff)
	}
	if s.Of(1) != s.ByClass[1] || s.Of(9) != (learn.PRF{}) {
		t.Errorf("scores of classes 1 and 9: %+v, %+v", s.Of(1), s.Of(9))
	}
}

func TestProbabilityMetrics(t *testing.T) {
	t.Parallel()
	happened, p := []bool{true, false, true, false}, []float64{0.9, 0.2, 0.4, 0}
	is(t, "log loss", -(math.Log(0.9)+math.Log(0.8)+math.Log(0.4))/4)(learn.LogLoss(happened, p))
	is(t, "log loss of a certain error", -math.Log(1e-15))(learn.LogLoss([]bool{true}, []float64{0}))
	is(t, "Brier", (0.01+0.04+0.36)/4)(learn.Brier(happened, p))
	// Two bins: below ½ the sum of probabilities is 0.6 and one happened, above 0.9 and one.
	is(t, "calibration error", (0.4+0.1)/4)(learn.CalibrationError(happened, p, 2))
	is(t, "calibration error at 1", 0)(learn.CalibrationError([]bool{true}, []float64{1}, 10))
	is(t, "AUC", 1)(learn.AUC(happened, p))
	is(t, "AUC of a tie", 0.5)(learn.AUC([]bool{true, false}, []float64{3, 3}))
	is(t, "average precision", 1)(learn.AveragePrecision(happened, p))
	is(t, "average precision with a tie", 0.5*2/3+0.5*2/3)(learn.AveragePrecision([]bool{true, false, true, false}, []float64{3, 3, 3, 1}))
}

// TestRankMetrics compares with the definitions: pairs for the AUC, the sum over
// thresholds for the average precision.
func TestRankMetrics(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 5))
		happened, score := make([]bool, 25), make([]float64, 25)
		for i := range score {
			happened[i], score[i] = i == 0 || i > 1 && rng.IntN(2) == 0, float64(rng.IntN(8))
		}
		wins, pairs, precision, before := 0.0, 0.0, 0.0, 0.0
		for i := range score {
			for j := range score {
				if happened[i] && !happened[j] {
					pairs++
					if score[i] > score[j] {
						wins++
					} else if score[i] == score[j] {
						wins += 0.5
					}
				}
			}
		}
		for threshold := 8.0; threshold >= 0; threshold-- {
			hits, seen, all := 0.0, 0.0, 0.0
			for i := range score {
				if happened[i] {
					all++
				}
				if score[i] >= threshold {
					seen++
					if happened[i] {
						hits++
					}
				}
			}
			if seen > 0 {
				precision += (hits/all - before) * hits / seen
				before = hits / all
			}
		}
		is(t, "AUC", wins/pairs)(learn.AUC(happened, score))
		is(t, "average precision", precision)(learn.AveragePrecision(happened, score))
	}
}

func TestRegressionErrors(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		truth, predicted []float64
		want             learn.Errors
	}{
		{[]float64{1, 2, 3}, []float64{1, 2, 6}, learn.Errors{MSE: 3, RMSE: math.Sqrt(3), MAE: 1, R2: -3.5}},
		{[]float64{2, 2}, []float64{2, 2}, learn.Errors{R2: 1}},
		{[]float64{2, 2}, []float64{2, 3}, learn.Errors{MSE: 0.5, RMSE: math.Sqrt(0.5), MAE: 0.5}},
	} {
		got, err := learn.RegressionErrors(tt.truth, tt.predicted)
		if diff := cmp.Diff(tt.want, got, near); err != nil || diff != "" {
			t.Errorf("errors of %v: %v (-want +got):\n%s", tt.predicted, err, diff)
		}
	}
}

// TestGroupingMetrics: known values of the adjusted Rand index and of the normalized
// mutual information.
func TestGroupingMetrics(t *testing.T) {
	t.Parallel()
	a := []int{0, 0, 1, 1}
	is(t, "Rand index of other names", 1)(learn.AdjustedRand(a, []int{7, 7, 3, 3}))
	is(t, "Rand index", 4.0/7)(learn.AdjustedRand(a, []int{0, 0, 1, 2}))
	is(t, "Rand index of opposites", -0.5)(learn.AdjustedRand(a, []int{0, 1, 0, 1}))
	is(t, "Rand index of one group", 1)(learn.AdjustedRand([]int{1, 1}, []int{2, 2}))
	is(t, "Rand index of single rows", 1)(learn.AdjustedRand([]int{1, 2}, []int{4, 3}))
	is(t, "information of other names", 1)(learn.NormalizedMutualInformation(a, []int{7, 7, 3, 3}))
	is(t, "information", 0.8)(learn.NormalizedMutualInformation(a, []int{0, 0, 1, 2}))
	is(t, "information of opposites", 0)(learn.NormalizedMutualInformation(a, []int{0, 1, 0, 1}))
	is(t, "information of one group", 1)(learn.NormalizedMutualInformation([]int{1, 1}, []int{2, 2}))
}

// TestMeasureGroups: four points on a line by hand, one of them alone.
func TestMeasureGroups(t *testing.T) {
	t.Parallel()
	m := dense(t, []float64{0}, []float64{2}, []float64{6}, []float64{20})
	got, err := learn.MeasureGroups(m, []int{0, 0, 0, 1})
	if err != nil {
		t.Fatal(err)
	}
	want := learn.GroupScores{
		// Distances to the own group: 4, 3, 5; to the other 20, 18, 14.
		Silhouette: (16.0/20 + 15.0/18 + 9.0/14 + 0) / 4,
		// Centers 8/3 and 20; the first has a spread of (8/3 + 2/3 + 10/3)/3.
		DaviesBouldin: (20.0 / 9) / (52.0 / 3),
		// Within 56/3, between 3·(7-8/3)² + 13² = 676/3.
		CalinskiHarabasz: (676.0 / 3) * 2 / (56.0 / 3),
	}
	if diff := cmp.Diff(want, got, near); diff != "" {
		t.Errorf("measures (-want +got):\n%s", diff)
	}
}
