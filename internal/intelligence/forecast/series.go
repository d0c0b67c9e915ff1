package forecast

import (
	"cmp"
	"math"
	"slices"
	"time"

	"empire/internal/domain"
)

// Point is one observation.
type Point struct {
	Time  time.Time `json:"time"`
	Value float64   `json:"value"`
}

// Step is the distance between two values of a series.
type Step string

// The steps. A series without times has the step StepNone: its values follow each
// other, and nothing is known about the calendar.
const (
	StepNone    Step = ""
	StepMinute  Step = "minute"
	StepHour    Step = "hour"
	StepDay     Step = "day"
	StepWeek    Step = "week"
	StepMonth   Step = "month"
	StepQuarter Step = "quarter"
	StepYear    Step = "year"
)

// MaxValues bounds the length of a series.
const MaxValues = 1 << 20

// Gap is a run of steps without a value.
type Gap struct {
	First  int `json:"first"`
	Length int `json:"length"`
}

// Series is values at even steps. A step without a value holds NaN: it is a gap, and
// every function of this package says what it does with gaps.
type Series struct {
	Start  time.Time
	Step   Step
	Values []float64
}

// Plain returns a series without times. NaN and infinite values are gaps.
func Plain(values []float64) Series {
	out := make([]float64, len(values))
	for i, v := range values {
		if math.IsInf(v, 0) {
			v = math.NaN()
		}
		out[i] = v
	}
	return Series{Values: out}
}

// NewSeries puts points, in any order, on even steps from the first to the last.
// Several points in one step become their mean; a step without one is a gap. Points
// without a number and more than MaxValues steps are CodeInvalid.
func NewSeries(points []Point, step Step) (Series, error) {
	if len(points) == 0 {
		return Series{}, domain.Errorf(domain.CodeNotEnoughData, "A time series needs at least one observation.")
	}
	if _, ok := stepSeconds[step]; !ok {
		return Series{}, domain.Invalid("step", "Step %q is not one of minute, hour, day, week, month, quarter and year.", string(step))
	}
	sorted := slices.Clone(points)
	slices.SortStableFunc(sorted, func(a, b Point) int { return a.Time.Compare(b.Time) })
	start := truncate(sorted[0].Time, step)
	n := stepsBetween(start, sorted[len(sorted)-1].Time, step) + 1
	if n > MaxValues {
		return Series{}, domain.Invalid("points", "The observations span %d steps of a %s; at most %d are taken.", n, step, MaxValues)
	}
	s := Series{Start: start, Step: step, Values: make([]float64, n)}
	counts := make([]int, n)
	for _, p := range sorted {
		if math.IsNaN(p.Value) || math.IsInf(p.Value, 0) {
			return Series{}, domain.Invalid("points", "The observation of %s has no finite value.", p.Time.UTC().Format(time.RFC3339))
		}
		i := stepsBetween(start, p.Time, step)
		s.Values[i] += p.Value
		counts[i]++
	}
	for i, c := range counts {
		s.Values[i] /= float64(c) // 0/0 is NaN: a gap
	}
	return s, nil
}

var stepSeconds = map[Step]float64{
	StepMinute: 60, StepHour: 3600, StepDay: 86400, StepWeek: 7 * 86400,
	StepMonth: 365.2425 / 12 * 86400, StepQuarter: 365.2425 / 4 * 86400, StepYear: 365.2425 * 86400,
}

// GuessStep returns the step nearest to the median distance of the points, on a
// logarithmic scale. Fewer than two different times are CodeNotEnoughData.
func GuessStep(points []Point) (Step, error) {
	times := make([]float64, len(points))
	for i, p := range points {
		times[i] = float64(p.Time.Unix())
	}
	slices.Sort(times)
	var gaps []float64
	for i := 1; i < len(times); i++ {
		if d := times[i] - times[i-1]; d > 0 {
			gaps = append(gaps, d)
		}
	}
	if len(gaps) == 0 {
		return StepNone, domain.Errorf(domain.CodeNotEnoughData, "The step of a time series needs two observations of different times.")
	}
	middle := median(gaps)
	steps := []Step{StepMinute, StepHour, StepDay, StepWeek, StepMonth, StepQuarter, StepYear}
	return slices.MinFunc(steps, func(a, b Step) int {
		return cmp.Compare(math.Abs(math.Log(middle/stepSeconds[a])), math.Abs(math.Log(middle/stepSeconds[b])))
	}), nil
}

// truncate returns the begin of the step that t is in. Weeks begin on the weekday of
// the first observation, so they are cut to days only.
func truncate(t time.Time, step Step) time.Time {
	t = t.UTC()
	switch step {
	case StepMinute:
		return t.Truncate(time.Minute)
	case StepHour:
		return t.Truncate(time.Hour)
	case StepMonth:
		return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)
	case StepQuarter:
		return time.Date(t.Year(), (t.Month()-1)/3*3+1, 1, 0, 0, 0, 0, time.UTC)
	case StepYear:
		return time.Date(t.Year(), 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}

// stepsBetween returns the number of the step that t is in, counted from start.
func stepsBetween(start, t time.Time, step Step) int {
	t = t.UTC()
	months := (t.Year()-start.Year())*12 + int(t.Month()) - int(start.Month())
	switch step {
	case StepMonth:
		return months
	case StepQuarter:
		return months / 3
	case StepYear:
		return t.Year() - start.Year()
	}
	return int(float64(t.Unix()-start.Unix()) / stepSeconds[step])
}

// Time returns when step i of the series begins; i may lie after the last value. It
// is the zero time for a series without times.
func (s Series) Time(i int) time.Time {
	switch s.Step {
	case StepNone:
		return time.Time{}
	case StepMonth:
		return s.Start.AddDate(0, i, 0)
	case StepQuarter:
		return s.Start.AddDate(0, 3*i, 0)
	case StepYear:
		return s.Start.AddDate(i, 0, 0)
	}
	return s.Start.Add(time.Duration(i) * time.Duration(stepSeconds[s.Step]) * time.Second)
}

// Gaps returns the runs of steps without a value, in order.
func (s Series) Gaps() []Gap {
	var out []Gap
	for i, v := range s.Values {
		if !math.IsNaN(v) {
			continue
		}
		if k := len(out) - 1; k >= 0 && out[k].First+out[k].Length == i {
			out[k].Length++
		} else {
			out = append(out, Gap{First: i, Length: 1})
		}
	}
	return out
}

// Observed returns the number of steps that have a value.
func (s Series) Observed() int {
	n := 0
	for _, v := range s.Values {
		if !math.IsNaN(v) {
			n++
		}
	}
	return n
}

// Filled returns the values with every gap filled. With a period above 1 a gap takes
// the nearest values of the same phase, moved to the level around it; otherwise, and
// where no such value exists, it lies on the line between its neighbors. Gaps at the
// ends take the nearest value. A series without any value stays as it is.
func (s Series) Filled(period int) []float64 {
	line := interpolate(s.Values)
	if period < 2 || len(line) < 2*period || s.Observed() == len(line) {
		return line
	}
	level := movingMean(line, period)
	out := slices.Clone(line)
	for i, v := range s.Values {
		if !math.IsNaN(v) {
			continue
		}
		var sum, n float64
		for k := i % period; k < len(line); k += period {
			if !math.IsNaN(s.Values[k]) {
				w := 1 / math.Abs(float64(k-i)/float64(period))
				sum += w * (line[k] - level[k])
				n += w
			}
		}
		if n > 0 {
			out[i] = level[i] + sum/n
		}
	}
	return out
}

// interpolate returns the values with gaps filled by straight lines.
func interpolate(values []float64) []float64 {
	out := slices.Clone(values)
	last := -1
	for i, v := range values {
		if math.IsNaN(v) {
			continue
		}
		for k := last + 1; k < i; k++ {
			if last < 0 {
				out[k] = v
			} else {
				f := float64(k-last) / float64(i-last)
				out[k] = values[last]*(1-f) + v*f
			}
		}
		last = i
	}
	if last >= 0 {
		for k := last + 1; k < len(out); k++ {
			out[k] = values[last]
		}
	}
	return out
}
