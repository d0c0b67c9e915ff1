package demand_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/intelligence/demand"
	"empire/internal/intelligence/forecast"
)

var begin = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func daily(n int, f func(i int) float64) []forecast.Point {
	var out []forecast.Point
	for i := range n {
		if v := f(i); !math.IsNaN(v) {
			out = append(out, forecast.Point{Time: begin.AddDate(0, 0, i), Value: v})
		}
	}
	return out
}

func analyze(t *testing.T, points []forecast.Point, period time.Duration) domain.TrendSeries {
	t.Helper()
	s, err := demand.Analyze(t.Context(), points, demand.AnalyzeParams{
		Name: "lamps", Unit: "index", Period: period, Now: points[len(points)-1].Time.Add(time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const month = 30 * 24 * time.Hour

func TestAnalyzePlantedTrend(t *testing.T) {
	t.Parallel()
	for name, slope := range map[string]float64{"up": 0.8, "down": -0.8} {
		r := rand.New(rand.NewPCG(1, 2))
		s := analyze(t, daily(60, func(i int) float64 { return 100 + slope*float64(i) + 3*r.NormFloat64() }), month)
		if s.Direction == nil || s.Direction.Direction != name || !s.Direction.Significant || math.Abs(s.Direction.Slope-slope) > 0.3 {
			t.Errorf("planted slope %v: %+v", slope, s.Direction)
		}
		if len(s.Points) != 31 || s.Step != "day" || s.Unit != "index" || s.Method == "" {
			t.Errorf("%s: %d points of a %s in %q", name, len(s.Points), s.Step, s.Unit)
		}
		for _, p := range s.Points {
			if p.Low > p.Level || p.High < p.Level || p.At.IsZero() {
				t.Errorf("band of %+v", p)
			}
		}
		f := s.Forecast
		if f == nil || len(f.Points) == 0 || !f.Points[0].At.Equal(s.AsOf.AddDate(0, 0, 1)) || f.Points[0].Low > f.Points[0].Value || f.Points[0].High < f.Points[0].Value {
			t.Errorf("forecast = %+v", f)
		}
	}
}

// TestAnalyzeNoise: on white noise the rate of trends is at most about the stated one.
func TestAnalyzeNoise(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	alarms, shifts, trials := 0, 0, 200
	for range trials {
		points := daily(40, func(int) float64 { return 50 + 5*r.NormFloat64() })
		s, err := demand.Analyze(t.Context(), points, demand.AnalyzeParams{Period: month, Now: begin.AddDate(0, 0, 40)})
		if err != nil {
			t.Fatal(err)
		}
		if s.Direction.Significant {
			alarms++
		}
		shifts += len(s.Shifts)
	}
	// 5 % of 200 is 10; more than 18 has a chance below 1 %.
	if alarms > 18 || shifts > 6 {
		t.Errorf("%d trends and %d shifts in %d series of noise", alarms, shifts, trials)
	}
}

func TestAnalyzeSeasonShiftAndGaps(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	s := analyze(t, daily(140, func(i int) float64 {
		if i >= 100 && i < 104 || i == 120 {
			return math.NaN()
		}
		v := 100 + 20*math.Sin(2*math.Pi*float64(i)/7) + 2*r.NormFloat64()
		if i >= 70 {
			v += 60
		}
		return v
	}), 139*24*time.Hour)
	if len(s.Seasonality) == 0 || s.Seasonality[0].Steps != 7 {
		t.Errorf("seasonality = %+v, want 7 days", s.Seasonality)
	}
	if len(s.Shifts) != 1 || math.Abs(s.Shifts[0].At.Sub(begin.AddDate(0, 0, 70)).Hours()) > 48 || s.Shifts[0].After < s.Shifts[0].Before+40 {
		t.Errorf("shifts = %+v, want one of 60 at day 70", s.Shifts)
	}
	if len(s.Gaps) != 2 || s.Gaps[0].Steps != 4 || s.Gaps[1].Steps != 1 || s.Observed != 135 {
		t.Errorf("gaps = %+v of %d values", s.Gaps, s.Observed)
	}
	if p := s.Points[101]; !p.Gap || p.Value != nil || p.Level == 0 {
		t.Errorf("a step of a gap = %+v", p)
	}
}

// TestAnalyzeShort: what too few values do not carry is left out and said.
func TestAnalyzeShort(t *testing.T) {
	t.Parallel()
	s := analyze(t, daily(4, func(i int) float64 { return float64(i) }), month)
	if s.Direction != nil || s.Forecast != nil || len(s.Notes) < 3 {
		t.Errorf("four values carry %+v, %+v; notes %q", s.Direction, s.Forecast, s.Notes)
	}
	monthly := make([]forecast.Point, 30)
	for i := range monthly {
		monthly[i] = forecast.Point{Time: begin.AddDate(0, i, 0), Value: 10 + 2*float64(i)}
	}
	s = analyze(t, monthly, month)
	if s.Step != "month" || len(s.Points) != 24 || s.Direction.Direction != "up" {
		t.Errorf("a period shorter than the test: %d points of a %s, %+v", len(s.Points), s.Step, s.Direction)
	}
	if _, err := demand.Analyze(t.Context(), nil, demand.AnalyzeParams{Period: month, Now: begin}); domain.CodeOf(err) != domain.CodeNotEnoughData {
		t.Errorf("no points: %v", err)
	}
}
