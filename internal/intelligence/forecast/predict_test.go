package forecast_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"empire/internal/domain"
	"empire/internal/intelligence/forecast"
)

func TestPredictSeason(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 1))
	x := make([]float64, 96)
	truth := func(i int) float64 { return (100 + float64(i)) * (1 + 0.3*math.Sin(2*math.Pi*float64(i)/12)) }
	for i := range x {
		x[i] = truth(i) * (1 + 0.02*r.NormFloat64())
	}
	got, err := forecast.Plain(x).Predict(t.Context(), forecast.PredictParams{Horizon: 12, Periods: []int{12}})
	if err != nil {
		t.Fatal(err)
	}
	inside := 0
	for i, v := range got.Values {
		want := truth(len(x) + i)
		if math.Abs(v-want) > 0.1*want {
			t.Errorf("step %d: %.1f, want about %.1f", i, v, want)
		}
		if got.Low[i] <= want && want <= got.High[i] {
			inside++
		}
	}
	if inside < 10 || got.SMAPE >= got.Naive || got.Origins < 3 || len(got.Methods) == 0 {
		t.Errorf("%d of 12 inside, error %.2f against %.2f, origins %d", inside, got.SMAPE, got.Naive, got.Origins)
	}
	again, err := forecast.Plain(x).Predict(t.Context(), forecast.PredictParams{Horizon: 12, Periods: []int{12}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(got, again); diff != "" {
		t.Errorf("a second run differs:\n%s", diff)
	}
}

// TestPredictCoverage counts how often the next values of random walks and of noise
// lie in the interval of 90 %.
func TestPredictCoverage(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(2, 2))
	var inside, all float64
	for k := range 60 {
		x := make([]float64, 90)
		level := 100.0
		for i := range x {
			if k%2 == 0 {
				level += r.NormFloat64()
				x[i] = level
			} else {
				x[i] = level + 3*r.NormFloat64()
			}
		}
		got, err := forecast.Plain(x[:84]).Predict(t.Context(), forecast.PredictParams{Horizon: 6, Periods: []int{}})
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range x[84:] {
			all++
			if got.Low[i] <= v && v <= got.High[i] {
				inside++
			}
		}
	}
	if share := inside / all; share < 0.82 || share > 0.98 {
		t.Errorf("%.3f of the values in the interval of 0.9", share)
	}
}

func TestPredictEdges(t *testing.T) {
	t.Parallel()
	flat := make([]float64, 20)
	for i := range flat {
		flat[i] = 7
	}
	got, err := forecast.Plain(flat).Predict(t.Context(), forecast.PredictParams{Horizon: 3})
	if err != nil || math.Abs(got.Values[2]-7) > 1e-6 {
		t.Errorf("a constant: got %+v, %v", got, err)
	}
	zeros, err := forecast.Plain(make([]float64, 30)).Predict(t.Context(), forecast.PredictParams{Horizon: 3})
	if err != nil || zeros.Values[0] != 0 || zeros.Low[0] < 0 {
		t.Errorf("zeros: got %+v, %v", zeros, err)
	}
	gaps := append([]float64{math.NaN()}, flat...)
	gaps[5] = math.NaN()
	if got, err := forecast.Plain(gaps).Predict(t.Context(), forecast.PredictParams{Horizon: 2}); err != nil || math.Abs(got.Values[0]-7) > 1e-6 {
		t.Errorf("with gaps: got %+v, %v", got, err)
	}
	for _, tt := range []struct {
		name   string
		values []float64
		params forecast.PredictParams
		code   domain.Code
	}{
		{"no horizon", flat, forecast.PredictParams{}, domain.CodeInvalid},
		{"far horizon", flat, forecast.PredictParams{Horizon: forecast.MaxHorizon + 1}, domain.CodeInvalid},
		{"bad level", flat, forecast.PredictParams{Horizon: 1, Level: 1}, domain.CodeInvalid},
		{"seven values", flat[:7], forecast.PredictParams{Horizon: 1}, domain.CodeNotEnoughData},
		{"gaps only", []float64{math.NaN(), math.NaN()}, forecast.PredictParams{Horizon: 1}, domain.CodeNotEnoughData},
	} {
		if _, err := forecast.Plain(tt.values).Predict(t.Context(), tt.params); domain.CodeOf(err) != tt.code {
			t.Errorf("%s: got %v, want %s", tt.name, err, tt.code)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := forecast.Plain(flat).Predict(ctx, forecast.PredictParams{Horizon: 1}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v", err)
	}
}

func BenchmarkPredict(b *testing.B) {
	r := rand.New(rand.NewPCG(3, 3))
	x := make([]float64, 416)
	for i := range x {
		x[i] = 100 + 10*math.Sin(2*math.Pi*float64(i)/52) + r.NormFloat64()
	}
	for b.Loop() {
		if _, err := forecast.Plain(x).Predict(b.Context(), forecast.PredictParams{Horizon: 13, Periods: []int{52}}); err != nil {
			b.Fatal(err)
		}
	}
}
