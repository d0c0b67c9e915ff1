package eval

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"

	"empire/internal/intelligence/forecast"
)

// trendsTask plants trends, seasons and level shifts in noise, and shuffles the series
// of the folder trends: whatever trend they had, a shuffled series has none.
func trendsTask(ctx context.Context, dir string, progress Progress) ([]Dataset, error) {
	all, err := forecastFiles(dir)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	var out []Dataset
	for _, set := range []struct {
		name string
		run  func() (map[string]float64, error)
	}{{"planted trends", plantedTrends}, {"planted seasons", plantedSeasons}, {"planted shifts", plantedShifts}} {
		progress(set.name)
		d, err := measured(set.name, plantings, set.run)
		if err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	for _, f := range all {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		progress("shuffling " + filepath.Base(f.path))
		times := max(1, 1000/len(f.series))
		d, err := measured("shuffled "+label(f.path), times*len(f.series), func() (map[string]float64, error) {
			return shuffled(f, times)
		})
		if err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, nil
}

// shuffled returns the rate of trends reported on shuffled series, and the share of
// the series as they are that have one.
func shuffled(f seriesFile, times int) (map[string]float64, error) {
	r := rand.New(rand.NewPCG(1, uint64(len(f.series))))
	alarms, trials, real := 0, 0, 0
	for _, s := range f.series {
		t, err := forecast.Plain(s.train).TestTrend(period(s, f.season), 0)
		if err != nil {
			return nil, fmt.Errorf("test %s: %w", s.id, err)
		}
		if t.Direction != 0 {
			real++
		}
		x := append([]float64(nil), s.train...)
		for range times {
			r.Shuffle(len(x), func(i, k int) { x[i], x[k] = x[k], x[i] })
			t, err := forecast.Plain(x).TestTrend(1, 0)
			if err != nil {
				return nil, fmt.Errorf("test %s: %w", s.id, err)
			}
			trials++
			if t.Direction != 0 {
				alarms++
			}
		}
	}
	return map[string]float64{
		"false_alarm_rate": float64(alarms) / float64(trials), "stated_rate": forecast.DefaultTrendLevel,
		"with_trend": float64(real) / float64(len(f.series)),
	}, nil
}

// period returns the season for a series that is long enough for it.
func period(s *labeled, season int) int {
	if len(s.train) < 2*season {
		return 1
	}
	return season
}

// plantings is how many series each planted set has.
const plantings = 900

// plant returns noise of one of nine kinds: three lengths, and white, AR(0.5) or with
// a season of 12 steps.
func plant(r *rand.Rand, k int) (x []float64, season int) {
	n := []int{40, 100, 250}[k%3]
	kind := k / 3 % 3
	x = make([]float64, n)
	before := 0.0
	for i := range x {
		v := r.NormFloat64()
		if kind == 1 {
			v = 0.5*before + v*math.Sqrt(0.75)
			before = v
		}
		if kind == 2 {
			v += 2 * math.Sin(2*math.Pi*float64(i)/12)
		}
		x[i] = v
	}
	if kind == 2 {
		return x, 12
	}
	return x, 1
}

// plantedTrends plants lines that rise or fall by three standard deviations of the
// noise from begin to end, and nothing in as many other series.
func plantedTrends() (map[string]float64, error) {
	r := rand.New(rand.NewPCG(2, 3))
	found, right, alarms := 0, 0, 0
	for k := range plantings {
		x, season := plant(r, k)
		t, err := forecast.Plain(x).TestTrend(season, 0)
		if err != nil {
			return nil, err
		}
		if t.Direction != 0 {
			alarms++
		}
		sign := 1 - 2*(k/9%2)
		for i := range x {
			x[i] += float64(sign) * 3 * float64(i) / float64(len(x))
		}
		if t, err = forecast.Plain(x).TestTrend(season, 0); err != nil {
			return nil, err
		}
		if t.Direction != 0 {
			found++
			if t.Direction == sign {
				right++
			}
		}
	}
	return map[string]float64{
		"found": float64(found) / plantings, "sign_accuracy": float64(right) / math.Max(1, float64(found)),
		"false_alarm_rate": float64(alarms) / plantings, "stated_rate": forecast.DefaultTrendLevel,
	}, nil
}

// plantedSeasons plants a season with the amplitude of the noise.
func plantedSeasons() (map[string]float64, error) {
	r := rand.New(rand.NewPCG(4, 5))
	found, alarms := 0, 0
	for k := range plantings {
		length := []int{7, 12, 24}[k%3]
		x := make([]float64, 10*length)
		before := 0.0
		for i := range x {
			before = 0.3*before + r.NormFloat64()
			x[i] = before
		}
		if len(forecast.Plain(x).Periods()) > 0 {
			alarms++
		}
		for i := range x {
			x[i] += 1.5 * math.Sin(2*math.Pi*float64(i)/float64(length))
		}
		if p := forecast.Plain(x).Periods(); len(p) > 0 && p[0].Length == length {
			found++
		}
	}
	return map[string]float64{"found": float64(found) / plantings, "false_alarm_rate": float64(alarms) / plantings}, nil
}

// plantedShifts plants a step of two standard deviations, beside two wild values.
func plantedShifts() (map[string]float64, error) {
	r := rand.New(rand.NewPCG(6, 7))
	found, extra, alarms := 0, 0, 0
	for range plantings {
		x := make([]float64, 160)
		for i := range x {
			x[i] = r.NormFloat64()
		}
		x[r.IntN(160)] += 15
		x[r.IntN(160)] -= 15
		none, err := forecast.Plain(x).Shifts(1, 0)
		if err != nil {
			return nil, err
		}
		if len(none) > 0 {
			alarms++
		}
		at := 40 + r.IntN(80)
		for i := at; i < len(x); i++ {
			x[i] += 2
		}
		shifts, err := forecast.Plain(x).Shifts(1, 0)
		if err != nil {
			return nil, err
		}
		for _, s := range shifts {
			if s.At >= at-4 && s.At <= at+4 {
				found++
			} else {
				extra++
			}
		}
	}
	return map[string]float64{
		"found": float64(found) / plantings, "misplaced": float64(extra) / plantings, "false_alarm_rate": float64(alarms) / plantings,
	}, nil
}
