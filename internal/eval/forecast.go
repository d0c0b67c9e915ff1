package eval

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"empire/internal/intelligence/forecast"
)

// forecastTask forecasts the test part of every series from its training part.
func forecastTask(ctx context.Context, dir string, progress Progress) ([]Dataset, error) {
	all, err := forecastFiles(dir)
	if err != nil {
		return nil, err
	}
	var out []Dataset
	var relative []float64
	below := 0
	for _, f := range all {
		d, err := measured(label(f.path), len(f.series), func() (map[string]float64, error) {
			return forecastFile(ctx, f, progress)
		})
		if err != nil {
			return nil, err
		}
		out = append(out, d)
		relative = append(relative, d.Metrics["relative"])
		if d.Metrics["relative"] < 1 {
			below++
		}
	}
	if len(out) > 0 {
		out = append(out, Dataset{Name: "all files", N: len(out), Metrics: map[string]float64{
			"relative_median": middle(relative), "files_below_baseline": float64(below),
		}})
	}
	return out, nil
}

// forecastFile returns the figures of one file: sMAPE as BASELINES.json defines it,
// that of the seasonal-naive and of the last value, and the share of test values in
// the 90 % interval.
func forecastFile(ctx context.Context, f seriesFile, progress Progress) (map[string]float64, error) {
	type result struct{ smape, naive, last, inside, values, width float64 }
	results := make([]result, len(f.series))
	var mu sync.Mutex
	done := 0
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, s := range f.series {
		if len(s.test) == 0 {
			continue
		}
		g.Go(func() error {
			got, err := forecast.Plain(s.train).Predict(ctx, forecast.PredictParams{Horizon: len(s.test), Periods: f.hints})
			if err != nil {
				return fmt.Errorf("forecast %s of %s: %w", s.id, filepath.Base(f.path), err)
			}
			r := &results[i]
			r.smape = smape(s.test, got.Values)
			r.naive = smape(s.test, cycle(s.train, f.season, len(s.test)))
			r.last = smape(s.test, cycle(s.train, 1, len(s.test)))
			for k, v := range s.test {
				r.values++
				if v >= got.Low[k] && v <= got.High[k] {
					r.inside++
				}
				r.width += got.High[k] - got.Low[k]
			}
			mu.Lock()
			defer mu.Unlock()
			if done++; done%10 == 0 {
				progress(fmt.Sprintf("%s: %d of %d series", filepath.Base(f.path), done, len(f.series)))
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	var sum result
	n := float64(len(results))
	for _, r := range results {
		sum.smape += r.smape / n
		sum.naive += r.naive / n
		sum.last += r.last / n
		sum.inside += r.inside
		sum.values += r.values
	}
	return map[string]float64{
		"smape": sum.smape, "smape_seasonal_naive": sum.naive, "smape_last_value": sum.last,
		"relative": sum.smape / sum.naive, "coverage_90": sum.inside / sum.values, "season": float64(f.season),
	}, nil
}

// smape is 100/h · Σ 2|y-f|/(|y|+|f|), 0 where both are 0.
func smape(actual, said []float64) float64 {
	var s float64
	for i, y := range actual {
		if d := math.Abs(y) + math.Abs(said[i]); d > 0 {
			s += 2 * math.Abs(y-said[i]) / d
		}
	}
	return 100 * s / float64(len(actual))
}

// cycle repeats the last values of a series.
func cycle(train []float64, season, h int) []float64 {
	season = min(season, len(train))
	out := make([]float64, h)
	for i := range out {
		out[i] = train[len(train)-season+i%season]
	}
	return out
}

// middle returns the median.
func middle(x []float64) float64 {
	s := slices.Sorted(slices.Values(x))
	if len(s)%2 == 1 {
		return s[len(s)/2]
	}
	return (s[len(s)/2-1] + s[len(s)/2]) / 2
}
