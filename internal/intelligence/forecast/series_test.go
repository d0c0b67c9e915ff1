package forecast_test

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"empire/internal/domain"
	"empire/internal/intelligence/forecast"
)

func day(d int) time.Time { return time.Date(2024, 1, d, 12, 0, 0, 0, time.UTC) }

func TestNewSeries(t *testing.T) {
	t.Parallel()
	s, err := forecast.NewSeries([]forecast.Point{{day(5), 50}, {day(1), 10}, {day(2), 20}, {day(2), 40}}, forecast.StepDay)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Values) != 5 || s.Values[0] != 10 || s.Values[1] != 30 || !math.IsNaN(s.Values[2]) || s.Values[4] != 50 {
		t.Errorf("values %v, want 10, 30 (the mean of a day), two gaps, 50", s.Values)
	}
	if diff := cmp.Diff([]forecast.Gap{{First: 2, Length: 2}}, s.Gaps()); diff != "" || s.Observed() != 3 {
		t.Errorf("observed %d, gaps (-want +got):\n%s", s.Observed(), diff)
	}
	for i, want := range []float64{10, 30, 30 + 20.0/3, 30 + 40.0/3, 50} {
		if got := s.Filled(1)[i]; math.Abs(got-want) > 1e-9 {
			t.Errorf("filled step %d with %g, want %g", i, got, want)
		}
	}
	if got := s.Time(6); !got.Equal(time.Date(2024, 1, 7, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("Time(6) = %s", got)
	}
}

func TestNewSeriesCalendar(t *testing.T) {
	t.Parallel()
	at := func(s string) time.Time {
		v, err := time.Parse(time.DateOnly, s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, tt := range []struct {
		step  forecast.Step
		dates []string
		n     int
	}{
		{forecast.StepMonth, []string{"2023-11-30", "2024-01-01", "2024-02-29"}, 4},
		{forecast.StepQuarter, []string{"2023-12-31", "2024-01-01", "2024-07-01"}, 4},
		{forecast.StepYear, []string{"2020-02-29", "2024-12-31"}, 5},
		{forecast.StepWeek, []string{"2024-02-26", "2024-03-04", "2024-03-18"}, 4},
	} {
		var points []forecast.Point
		for _, d := range tt.dates {
			points = append(points, forecast.Point{Time: at(d), Value: 1})
		}
		s, err := forecast.NewSeries(points, tt.step)
		if err != nil || len(s.Values) != tt.n {
			t.Errorf("%s: got %d steps, %v; want %d", tt.step, len(s.Values), err, tt.n)
		}
		if got, err := forecast.GuessStep(points); tt.step != forecast.StepQuarter && tt.step != forecast.StepYear && (err != nil || got != tt.step) {
			t.Errorf("GuessStep = %s, %v; want %s", got, err, tt.step)
		}
	}
}

func TestNewSeriesRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		points []forecast.Point
		step   forecast.Step
		code   domain.Code
	}{
		{"no points", nil, forecast.StepDay, domain.CodeNotEnoughData},
		{"unknown step", []forecast.Point{{day(1), 1}}, "fortnight", domain.CodeInvalid},
		{"not a number", []forecast.Point{{day(1), math.NaN()}}, forecast.StepDay, domain.CodeInvalid},
		{"too long", []forecast.Point{{day(1), 1}, {day(1).AddDate(100, 0, 0), 1}}, forecast.StepMinute, domain.CodeInvalid},
	} {
		if _, err := forecast.NewSeries(tt.points, tt.step); domain.CodeOf(err) != tt.code {
			t.Errorf("%s: got %v, want %s", tt.name, err, tt.code)
		}
	}
}

// TestFilledSeason says that a gap in a seasonal series is filled with its season.
func TestFilledSeason(t *testing.T) {
	t.Parallel()
	x := make([]float64, 48)
	for i := range x {
		x[i] = 100 + float64(i) + 10*math.Sin(2*math.Pi*float64(i)/12)
	}
	want := x[20]
	x[20], x[21] = math.NaN(), math.NaN()
	if got := forecast.Plain(x).Filled(12)[20]; math.Abs(got-want) > 1.5 {
		t.Errorf("filled with %.2f, want about %.2f", got, want)
	}
}
