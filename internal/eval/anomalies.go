package eval

import (
	"context"
	"math"
	"slices"
	"strconv"
	"time"

	"empire/internal/intelligence/forecast"
)

// watched is a series with hand-labeled windows of anomalies.
type watched struct {
	id     string
	times  []time.Time
	values []float64
	inside []bool
}

// anomaliesTask looks for anomalies in every series of the folder trends with the
// columns series_id, timestamp, value and in_anomaly_window.
func anomaliesTask(ctx context.Context, dir string, progress Progress) ([]Dataset, error) {
	paths, err := files(dir, "trends", "*.csv")
	if err != nil {
		return nil, err
	}
	var out []Dataset
	for _, path := range paths {
		list, err := readWatched(path)
		if err != nil {
			return nil, err
		}
		if len(list) == 0 {
			continue
		}
		ours, sigma := &alarmCount{}, &alarmCount{}
		began := time.Now()
		points := 0
		for _, w := range list {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			progress(w.id)
			a, b := &alarmCount{}, &alarmCount{}
			d, err := measured(w.id, len(w.values), func() (map[string]float64, error) { return w.measure(a, b) })
			if err != nil {
				return nil, err
			}
			ours.add(a)
			sigma.add(b)
			points += d.N
			out = append(out, d)
		}
		out = append(out, Dataset{Name: label(path), N: points, Metrics: bothMetrics(ours, sigma), Seconds: time.Since(began).Seconds()})
	}
	return out, nil
}

func readWatched(path string) ([]*watched, error) {
	var out []*watched
	byID := map[string]*watched{}
	_, err := rows(path, []string{"series_id", "timestamp", "value", "in_anomaly_window"}, func(get func(string) string) {
		w := byID[get("series_id")]
		if w == nil {
			w = &watched{id: get("series_id")}
			byID[w.id] = w
			out = append(out, w)
		}
		v, err := strconv.ParseFloat(get("value"), 64)
		if err != nil {
			v = math.NaN()
		}
		t, _ := time.Parse("2006-01-02 15:04:05", get("timestamp"))
		w.times, w.values, w.inside = append(w.times, t), append(w.values, v), append(w.inside, get("in_anomaly_window") == "1")
	})
	return out, err
}

// hints returns the lengths of a day and of a week in steps.
func (w *watched) hints() []int {
	var steps []float64
	for i := 1; i < len(w.times); i++ {
		steps = append(steps, w.times[i].Sub(w.times[i-1]).Seconds())
	}
	if step := middle(steps); step > 0 {
		return []int{int(math.Round(86400 / step)), int(math.Round(7 * 86400 / step))}
	}
	return []int{}
}

// measure counts the alarms of the detector and of a fixed threshold of three standard
// deviations around the mean, both joined to windows in the same way.
func (w *watched) measure(ours, sigma *alarmCount) (map[string]float64, error) {
	report, err := forecast.Plain(w.values).Anomalies(forecast.AnomalyParams{Periods: w.hints()})
	if err != nil {
		return nil, err
	}
	merge := max(2, len(w.values)/100)
	ours.count(w.inside, report.Points, merge)
	sigma.count(w.inside, threeSigma(w.values), merge)
	return bothMetrics(ours, sigma), nil
}

func threeSigma(x []float64) []int {
	var sum, square, n float64
	for _, v := range x {
		if !math.IsNaN(v) {
			sum, square, n = sum+v, square+v*v, n+1
		}
	}
	mu := sum / n
	sd := math.Sqrt(math.Max(0, square/n-mu*mu))
	var out []int
	for i, v := range x {
		if math.Abs(v-mu) > 3*sd {
			out = append(out, i)
		}
	}
	return out
}

// alarmCount counts points, labeled windows and alarms, which are runs of points.
type alarmCount struct {
	steps, flagged, hits, labeled        float64
	windows, found, alarms, rightlyAlarm float64
}

func (c *alarmCount) add(o *alarmCount) {
	c.steps += o.steps
	c.flagged += o.flagged
	c.hits += o.hits
	c.labeled += o.labeled
	c.windows += o.windows
	c.found += o.found
	c.alarms += o.alarms
	c.rightlyAlarm += o.rightlyAlarm
}

// count compares the points with the labels. Points at most 2·merge steps apart are
// one alarm, right if one of its points lies in a labeled window.
func (c *alarmCount) count(inside []bool, points []int, merge int) {
	c.steps, c.flagged = float64(len(inside)), float64(len(points))
	for i, in := range inside {
		if !in {
			continue
		}
		c.labeled++
		if i == 0 || !inside[i-1] {
			c.windows++
			end := i
			for end < len(inside) && inside[end] {
				end++
			}
			if slices.ContainsFunc(points, func(p int) bool { return p >= i && p < end }) {
				c.found++
			}
		}
	}
	right, last := false, math.MinInt
	for k, p := range points {
		if inside[p] {
			c.hits++
		}
		if k == 0 || p-last > 2*merge {
			c.alarms++
			right = false
		}
		if inside[p] && !right {
			c.rightlyAlarm++
			right = true
		}
		last = p
	}
}

func (c *alarmCount) metrics(prefix string, into map[string]float64) {
	p, r := ratio(c.hits, c.flagged), ratio(c.hits, c.labeled)
	into[prefix+"point_precision"], into[prefix+"point_recall"], into[prefix+"point_f1"] = p, r, harmonic(p, r)
	p, r = ratio(c.rightlyAlarm, c.alarms), ratio(c.found, c.windows)
	into[prefix+"window_precision"], into[prefix+"window_recall"], into[prefix+"window_f1"] = p, r, harmonic(p, r)
	into[prefix+"false_alarms_per_1000"] = 1000 * ratio(c.alarms-c.rightlyAlarm, c.steps)
}

func bothMetrics(ours, sigma *alarmCount) map[string]float64 {
	out := map[string]float64{}
	ours.metrics("", out)
	sigma.metrics("sigma3_", out)
	return out
}

// ratio is a/b, 0 for 0/0.
func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

// harmonic is the F1 of precision and recall.
func harmonic(p, r float64) float64 { return ratio(2*p*r, p+r) }
