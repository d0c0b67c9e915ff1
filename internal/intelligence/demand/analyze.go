package demand

import (
	"context"
	"fmt"
	"math"
	"time"

	"empire/internal/domain"
	"empire/internal/intelligence/forecast"
)

// AnalyzeParams says what to look at. Period is how much of the end of a series the
// question is about.
type AnalyzeParams struct {
	Name, Kind, Source, Region, Unit string
	Step                             forecast.Step // StepNone: guessed
	Period                           time.Duration
	Now                              time.Time
}

const (
	// trendValues is the fewest values that the direction is tested on: a period that
	// holds fewer is made longer, and a note says so.
	trendValues = 24
	bandZ       = 1.959964 // of the band around the running mean: level 0.95
	bandSteps   = 5        // of the running mean of a series without season
	// horizonSteps bounds a forecast.
	horizonSteps = 26
)

const analyzeMethod = "direction: Mann-Kendall with variance corrected for autocorrelation and season, Sen's slope; seasonality: spectrum against red noise and " +
	"autocorrelation; level shifts: PELT confirmed by ranks; forecast: mean of classical methods weighted by rolling backtest, interval from its errors; " +
	"band: running mean of five steps, or of one season, with 1.96 standard errors (level 0.95)"

// analysis is what is found out about a series.
type analysis struct {
	out    domain.TrendSeries
	s      forecast.Series
	season int // 0: none was found
	first  int // step at which the shown part begins
}

// Analyze says what a series carries: its values with a running mean and its band,
// the direction over the period, seasonality, level shifts and a forecast. What the
// values do not carry is left out, and Notes say why. Gaps are flagged and never filled
// in the values shown. No point at all is CodeNotEnoughData.
func Analyze(ctx context.Context, points []forecast.Point, p AnalyzeParams) (domain.TrendSeries, error) {
	a := analysis{out: domain.TrendSeries{
		Name: p.Name, Kind: p.Kind, Source: p.Source, Region: p.Region, Unit: p.Unit, Method: analyzeMethod,
		Points: []domain.TrendPoint{}, Gaps: []domain.TrendGap{}, Notes: []string{}, Seasonality: []domain.TrendSeason{}, Shifts: []domain.TrendShift{},
	}}
	step := p.Step
	if step == forecast.StepNone {
		var err error
		if step, err = forecast.GuessStep(points); err != nil {
			step = forecast.StepDay
		}
	}
	s, err := forecast.NewSeries(points, step)
	if err != nil {
		return a.out, err
	}
	a.s, a.out.Step = s, string(step)
	a.out.AsOf = s.Time(len(s.Values) - 1)
	a.out.AgeDays = math.Max(0, p.Now.Sub(a.out.AsOf).Hours()/24)
	if a.out.AgeDays > p.Period.Hours()/24 {
		a.note("The last value is of %s, before the period; the period is counted back from it.", a.out.AsOf.Format(time.DateOnly))
	}
	for _, f := range s.Periods(forecast.Natural(step)...) {
		if a.season == 0 {
			a.season = f.Length
		}
		a.out.Seasonality = append(a.out.Seasonality, domain.TrendSeason{Steps: f.Length, Strength: f.Strength, P: f.P})
	}
	a.window(p.Period)
	a.points()
	a.direction()
	a.shifts()
	return a.out, a.predict(ctx, p.Period)
}

func (a *analysis) note(format string, args ...any) {
	a.out.Notes = append(a.out.Notes, fmt.Sprintf(format, args...))
}

// window finds where the shown part begins: the period before the last value, or more
// if that holds too few values for a test.
func (a *analysis) window(period time.Duration) {
	n := len(a.s.Values)
	from := a.out.AsOf.Add(-period)
	a.first = n - 1
	for a.first > 0 && !a.s.Time(a.first-1).Before(from) {
		a.first--
	}
	need := trendValues
	if a.season > 1 {
		need = max(need, 2*a.season)
	}
	seen, begin := 0, n
	for begin > 0 && (begin > a.first || seen < need) {
		begin--
		if !math.IsNaN(a.s.Values[begin]) {
			seen++
		}
	}
	if begin < a.first {
		a.note("The period holds %d steps; the direction is tested on %d, from %s on.", n-a.first, n-begin, a.s.Time(begin).Format(time.DateOnly))
		a.first = begin
	}
}

// points shows the values with the running mean around each.
func (a *analysis) points() {
	width := bandSteps
	if a.season > 1 {
		width = a.season
	}
	for i := a.first; i < len(a.s.Values); i++ {
		p := domain.TrendPoint{At: a.s.Time(i), Gap: math.IsNaN(a.s.Values[i])}
		if !p.Gap {
			v := a.s.Values[i]
			p.Value = &v
			a.out.Observed++
		}
		p.Level, p.Low, p.High = a.level(i, width)
		a.out.Points = append(a.out.Points, p)
	}
	a.out.From, a.out.To = a.s.Time(a.first), a.out.AsOf
	for _, g := range a.s.Gaps() {
		if end := g.First + g.Length - 1; end >= a.first {
			a.out.Gaps = append(a.out.Gaps, domain.TrendGap{From: a.s.Time(g.First), To: a.s.Time(end), Steps: g.Length})
		}
	}
	if len(a.out.Gaps) > 0 {
		a.note("%d gaps; tests skip them, the forecast fills them.", len(a.out.Gaps))
	}
}

// level is the mean of the values within half a width of step i, and its band.
func (a *analysis) level(i, width int) (mean, low, high float64) {
	from, to := max(0, i-width/2), min(len(a.s.Values), i+width/2+1)
	var n, sum, square float64
	for widen := 0; n == 0; widen++ { // in a gap: look further
		n, sum, square = 0, 0, 0
		for _, v := range a.s.Values[max(0, from-widen):min(len(a.s.Values), to+widen)] {
			if !math.IsNaN(v) {
				n, sum, square = n+1, sum+v, square+v*v
			}
		}
	}
	mean = sum / n
	if n > 1 {
		spread := bandZ * math.Sqrt(math.Max(0, square/n-mean*mean)*n/(n-1)/n)
		return mean, mean - spread, mean + spread
	}
	return mean, mean, mean
}

// direction tests the shown part for a trend.
func (a *analysis) direction() {
	w := forecast.Series{Start: a.out.From, Step: a.s.Step, Values: a.s.Values[a.first:]}
	season := a.season
	if len(w.Values) < 2*season {
		season = 0
	}
	t, err := w.TestTrend(season, 0)
	if err != nil {
		a.note("No direction: %s", domain.MessageOf(err))
		return
	}
	d := &domain.TrendDirection{
		Direction: "none", Significant: t.Direction != 0, P: t.P, Level: t.Level, Tau: t.Tau, Slope: t.Slope, N: t.N, Effective: t.Effective,
		Seasonal: season, Confidence: 1 - t.P,
	}
	switch t.Direction {
	case 1:
		d.Direction = "up"
	case -1:
		d.Direction = "down"
	}
	sum := 0.0
	for _, v := range w.Values {
		if !math.IsNaN(v) {
			sum += v
		}
	}
	if mean := sum / float64(t.N); mean != 0 {
		d.PerYear = t.Slope * stepsPerYear[a.s.Step] / math.Abs(mean)
	}
	a.out.Direction = d
}

var stepsPerYear = map[forecast.Step]float64{
	forecast.StepMinute: 525949, forecast.StepHour: 8766, forecast.StepDay: 365.2425, forecast.StepWeek: 365.2425 / 7, forecast.StepMonth: 12, forecast.StepQuarter: 4,
	forecast.StepYear: 1,
}

// shifts looks for level shifts in all values and shows those of the shown part.
func (a *analysis) shifts() {
	list, err := a.s.Shifts(a.season, 0)
	if err != nil {
		a.note("No level shifts: %s", domain.MessageOf(err))
		return
	}
	for _, f := range list {
		if f.At >= a.first {
			a.out.Shifts = append(a.out.Shifts, domain.TrendShift{At: a.s.Time(f.At), Before: f.Before, After: f.After, P: f.P})
		}
	}
}

// predict forecasts as many steps as the period has, within bounds.
func (a *analysis) predict(ctx context.Context, period time.Duration) error {
	steps := 1
	for steps < horizonSteps && !a.s.Time(len(a.s.Values)-1+steps).After(a.out.AsOf.Add(period)) {
		steps++
	}
	f, err := a.s.Predict(ctx, forecast.PredictParams{Horizon: min(steps, max(1, len(a.s.Values)/3))})
	if domain.CodeOf(err) == domain.CodeNotEnoughData {
		a.note("No forecast: %s", domain.MessageOf(err))
		return nil
	}
	if err != nil {
		return err
	}
	out := &domain.TrendForecast{Level: f.Level, SMAPE: f.SMAPE, Naive: f.Naive, Origins: f.Origins, Methods: []string{}, Points: []domain.ForecastPoint{}}
	for _, m := range f.Methods {
		if m.Share > 0 {
			out.Methods = append(out.Methods, fmt.Sprintf("%s (%.2f)", m.Method, m.Share))
		}
	}
	for i, v := range f.Values {
		out.Points = append(out.Points, domain.ForecastPoint{At: a.s.Time(len(a.s.Values) + i), Value: v, Low: f.Low[i], High: f.High[i]})
	}
	a.out.Forecast = out
	return nil
}
