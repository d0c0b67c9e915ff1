package forecast_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"empire/internal/domain"
	"empire/internal/intelligence/forecast"
	"empire/internal/testkit"
)

// noise returns n values of an AR(1) with unit variance.
func noise(r *rand.Rand, n int, rho float64) []float64 {
	x := make([]float64, n)
	before := r.NormFloat64()
	for i := range x {
		before = rho*before + math.Sqrt(1-rho*rho)*r.NormFloat64()
		x[i] = before
	}
	return x
}

// TestTrendFalseAlarms holds the stated rate on noise of several kinds. The bound is
// the rate plus three standard errors of a count in so many trials.
func TestTrendFalseAlarms(t *testing.T) {
	testkit.Unraced(t)
	t.Parallel()
	const trials = 300
	bound := 0.05 + 3*math.Sqrt(0.05*0.95/trials)
	for _, n := range []int{20, 60, 200} {
		for _, rho := range []float64{0, 0.3, 0.6} {
			r := rand.New(rand.NewPCG(uint64(n), uint64(rho*10)))
			alarms := 0
			for range trials {
				got, err := forecast.Plain(noise(r, n, rho)).TestTrend(1, 0.05)
				if err != nil {
					t.Fatal(err)
				}
				if got.Direction != 0 {
					alarms++
				}
			}
			if rate := float64(alarms) / trials; rate > bound {
				t.Errorf("n %d, autocorrelation %.1f: %.3f false alarms, want at most %.3f", n, rho, rate, bound)
			}
		}
	}
}

func TestTrend(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for _, slope := range []float64{0.05, -0.05} {
		x := noise(r, 120, 0.3)
		for i := range x {
			x[i] += slope*float64(i) + 3*math.Sin(2*math.Pi*float64(i)/12)
		}
		x[50], x[70] = math.NaN(), 1000 // a gap and a wild value change nothing
		got, err := forecast.Plain(x).TestTrend(12, 0)
		if err != nil {
			t.Fatal(err)
		}
		if float64(got.Direction)*slope <= 0 || math.Abs(got.Slope-slope) > 0.02 || got.N != 119 {
			t.Errorf("planted %.2f: got %+v", slope, got)
		}
	}
	constant, err := forecast.Plain(make([]float64, 30)).TestTrend(1, 0)
	if err != nil || constant.Direction != 0 || constant.P != 1 {
		t.Errorf("a constant: got %+v, %v", constant, err)
	}
	if _, err := forecast.Plain(make([]float64, 9)).TestTrend(1, 0); domain.CodeOf(err) != domain.CodeNotEnoughData {
		t.Errorf("nine values: got %v", err)
	}
	if _, err := forecast.Plain(make([]float64, 20)).TestTrend(12, 0); domain.CodeOf(err) != domain.CodeNotEnoughData {
		t.Errorf("less than two periods: got %v", err)
	}
	if _, err := forecast.Plain(make([]float64, 20)).TestTrend(1, 1.5); domain.CodeOf(err) != domain.CodeInvalid {
		t.Errorf("a level above 1: got %v", err)
	}
}

func TestPeriods(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	for _, tt := range []struct {
		n     int
		hints []int
		want  []int
	}{{240, nil, []int{12}}, {600, nil, []int{24}}, {400, []int{52}, []int{52}}} {
		x := noise(r, tt.n, 0.3)
		for i := range x {
			x[i] += 2*math.Sin(2*math.Pi*float64(i)/float64(tt.want[0])) + 0.01*float64(i)
		}
		got := forecast.Plain(x).Periods(tt.hints...)
		if len(got) == 0 || got[0].Length != tt.want[0] || got[0].Strength < 0.3 || got[0].P > 0.01 {
			t.Errorf("planted %v: got %+v", tt.want, got)
		}
	}
	alarms := 0
	for range 300 {
		if len(forecast.Plain(noise(r, 150, 0.5)).Periods()) > 0 {
			alarms++
		}
	}
	if alarms > 9 {
		t.Errorf("%d of 300 noises have a period, want at most 9", alarms)
	}
	if got := forecast.Plain(make([]float64, 100)).Periods(7); got != nil {
		t.Errorf("a constant: got %+v", got)
	}
}

func TestShifts(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	x := noise(r, 200, 0)
	for i := range x {
		if i >= 70 {
			x[i] += 4
		}
		if i >= 140 {
			x[i] -= 6
		}
	}
	x[20], x[100] = 50, -50
	got, err := forecast.Plain(x).Shifts(1, 0)
	if err != nil || len(got) != 2 || got[0].At < 68 || got[0].At > 72 || got[1].At < 138 || got[1].At > 142 {
		t.Fatalf("got %+v, %v; want shifts at 70 and 140", got, err)
	}
	if math.Abs(got[0].Before) > 0.6 || math.Abs(got[0].After-4) > 0.6 || got[0].P > 0.01 {
		t.Errorf("got %+v, want from 0 to 4", got[0])
	}
	alarms := 0
	for range 200 {
		if s, err := forecast.Plain(noise(r, 150, 0.3)).Shifts(1, 0); err != nil || len(s) > 0 {
			alarms++
		}
	}
	if alarms > 6 {
		t.Errorf("%d of 200 noises have a shift, want at most 6", alarms)
	}
	line := noise(r, 200, 0)
	for i := range line {
		line[i] += 0.05 * float64(i)
	}
	if s, err := forecast.Plain(line).Shifts(1, 0); err != nil || len(s) > 0 {
		t.Errorf("a slow trend: got %+v, %v; want none", s, err)
	}
	if _, err := forecast.Plain(make([]float64, 19)).Shifts(1, 5); domain.CodeOf(err) != domain.CodeNotEnoughData {
		t.Errorf("too short: got %v", err)
	}
}

func TestAnomalies(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 8))
	x := noise(r, 24*40, 0.2)
	for i := range x {
		x[i] += 100 + 10*math.Sin(2*math.Pi*float64(i)/24)
	}
	x[300] += 15
	for i := 600; i < 630; i++ {
		x[i] -= 8 // within the range of the season: no fixed threshold sees it
	}
	x[10] = math.NaN()
	got, err := forecast.Plain(x).Anomalies(forecast.AnomalyParams{Periods: []int{24}})
	if err != nil {
		t.Fatal(err)
	}
	hit := func(from, to int) bool {
		for _, w := range got.Windows {
			if w.First <= to && w.Last >= from {
				return true
			}
		}
		return false
	}
	if !hit(300, 300) || !hit(600, 629) || len(got.Windows) > 3 || got.Period != 24 || got.Scores[10] != 0 {
		t.Errorf("period %d, threshold %.1f, windows %+v; want 300 and 600 to 629", got.Period, got.Threshold, got.Windows)
	}
	if _, err := forecast.Plain(x[:20]).Anomalies(forecast.AnomalyParams{}); domain.CodeOf(err) != domain.CodeNotEnoughData {
		t.Errorf("20 values: got %v", err)
	}
	flat, err := forecast.Plain(make([]float64, 100)).Anomalies(forecast.AnomalyParams{})
	if err != nil || len(flat.Points) > 0 {
		t.Errorf("a constant: got %+v, %v", flat, err)
	}
}

// FuzzDetect gives every function any values: none may fail in another way than by
// saying that the data do not suffice, and what is found lies within the series.
func FuzzDetect(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 250, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31}, uint8(7))
	f.Add(make([]byte, 64), uint8(0))
	f.Fuzz(func(t *testing.T, data []byte, period uint8) {
		x := make([]float64, len(data))
		for i, b := range data {
			x[i] = float64(b)
			if b == 255 {
				x[i] = math.NaN()
			}
		}
		s := forecast.Plain(x)
		check := func(what string, err error) {
			if c := domain.CodeOf(err); err != nil && c != domain.CodeNotEnoughData && c != domain.CodeInvalid {
				t.Errorf("%s: %v", what, err)
			}
		}
		trend, err := s.TestTrend(int(period), 0)
		check("trend", err)
		if trend.P < 0 || trend.P > 1 || math.IsNaN(trend.P) {
			t.Errorf("trend %+v", trend)
		}
		shifts, err := s.Shifts(int(period), 0)
		check("shifts", err)
		for _, sh := range shifts {
			if sh.At <= 0 || sh.At >= len(x) {
				t.Errorf("shift at %d of %d", sh.At, len(x))
			}
		}
		report, err := s.Anomalies(forecast.AnomalyParams{Periods: []int{int(period)}})
		check("anomalies", err)
		if report != nil && len(report.Scores) != len(x) {
			t.Errorf("%d scores of %d values", len(report.Scores), len(x))
		}
		got, err := s.Predict(t.Context(), forecast.PredictParams{Horizon: 1 + int(period)%20, Periods: []int{int(period)}})
		check("forecast", err)
		if got != nil {
			for i, v := range got.Values {
				if math.IsNaN(v) || math.IsInf(v, 0) || got.Low[i] > v || got.High[i] < v {
					t.Fatalf("step %d: %g in [%g, %g]", i, v, got.Low[i], got.High[i])
				}
			}
		}
	})
}
