package forecast

import (
	"context"
	"math"
	"slices"
	"sort"

	"empire/internal/domain"
)

// PredictParams says what to forecast.
type PredictParams struct {
	Horizon int     // steps after the last value, 1 to MaxHorizon
	Periods []int   // hints, as Periods takes them; none: those that the step suggests
	Level   float64 // share of the values that the interval holds; 0 means 0.9
}

// MaxHorizon bounds a forecast.
const MaxHorizon = 1000

// minValues is the fewest values that a forecast is made from.
const minValues = 8

// MethodScore is how one method did in the backtest.
type MethodScore struct {
	Method string  `json:"method"`
	SMAPE  float64 `json:"smape"` // mean over the origins, in percent
	Share  float64 `json:"share"` // weight in the forecast; 0: not used
}

// Forecast is the expected values after a series, with an interval for each, the
// methods it was made by and the error they had in the past.
type Forecast struct {
	Values []float64 `json:"values"`
	Low    []float64 `json:"low"`
	High   []float64 `json:"high"`
	Level  float64   `json:"level"` // nominal share of values within Low and High
	// Periods are the seasonal periods that the methods knew.
	Periods []int `json:"periods,omitempty"`
	// SMAPE is the backtest's error of the forecast, in percent; Naive that of repeating
	// the last cycle.
	SMAPE   float64       `json:"smape"`
	Naive   float64       `json:"naive_smape"`
	Origins int           `json:"origins"` // how many pasts were forecast
	Methods []MethodScore `json:"methods"` // the best first, at most ten
}

// Predict forecasts a series. Every method forecasts from several origins in the past;
// the forecast is the mean of the best few, and the interval comes from the errors
// that this very combination made in the past. Gaps are filled first. Fewer than eight
// values are CodeNotEnoughData.
func (s Series) Predict(ctx context.Context, p PredictParams) (*Forecast, error) {
	if p.Horizon < 1 || p.Horizon > MaxHorizon {
		return nil, domain.Invalid("horizon", "The horizon must be from 1 to %d steps.", MaxHorizon)
	}
	if p.Level == 0 {
		p.Level = 0.9
	}
	if p.Level <= 0 || p.Level >= 1 {
		return nil, domain.Invalid("level", "The level of the interval must lie between 0 and 1.")
	}
	if n := s.Observed(); n < minValues {
		return nil, domain.Errorf(domain.CodeNotEnoughData, "A forecast needs at least %d values; the series has %d.", minValues, n)
	}
	hints := p.Periods
	if hints == nil {
		hints = Natural(s.Step)
	}
	periods := s.seasons(hints)
	fill := 1
	if len(periods) > 0 {
		fill = periods[0]
	}
	y := s.Filled(fill)
	b := newBacktest(y, periods, p.Horizon)
	if err := b.run(ctx); err != nil {
		return nil, err
	}
	out := b.forecast(p.Horizon)
	out.Level, out.Periods = p.Level, periods
	b.intervals(out)
	return out, nil
}

// seasons returns the periods that the methods are given: those found, and the first
// hint even if it was not found, because the backtest can tell better than a test
// whether a weak pattern helps.
func (s Series) seasons(hints []int) []int {
	var out []int
	for _, found := range s.Periods(hints...) {
		out = append(out, found.Length)
	}
	if len(hints) > 0 && hints[0] > 1 && len(s.Values) >= 2*hints[0] && !slices.Contains(out, hints[0]) {
		out = append(out, hints[0])
	}
	slices.Sort(out)
	return out
}

// backtest holds what every method would have said at several origins.
type backtest struct {
	y       []float64
	plan    plan
	horizon int
	origins []int                  // lengths of the past
	said    []map[string][]float64 // by origin
	weights map[string]float64
	scores  []MethodScore
}

func newBacktest(y []float64, periods []int, h int) *backtest {
	b := &backtest{y: y, plan: newPlan(y, periods), horizon: h}
	need := minValues
	if len(periods) > 0 {
		need = max(need, 2*periods[0]+2)
	}
	step := max(1, h/2)
	for o := len(y) - h; o >= need && len(b.origins) < maxOrigins; o -= step {
		b.origins = append(b.origins, o)
	}
	// A series too short for whole horizons is tested on shorter ones.
	for o := len(y) - 1; len(b.origins) < 3 && o >= min(need, len(y)-1) && o > 1; o-- {
		if !slices.Contains(b.origins, o) {
			b.origins = append(b.origins, o)
		}
	}
	return b
}

// maxOrigins is how many pasts are forecast at most.
const maxOrigins = 12

func (b *backtest) run(ctx context.Context) error {
	b.said = make([]map[string][]float64, len(b.origins))
	for i, o := range b.origins {
		if err := ctx.Err(); err != nil {
			return err
		}
		b.said[i] = b.plan.run(b.y[:o], min(b.horizon, len(b.y)-o))
	}
	b.choose()
	return nil
}

// smape is the error measure: 100/h · Σ 2|y-f|/(|y|+|f|), 0 where both are 0.
func smape(actual, said []float64) float64 {
	var s float64
	for i, f := range said {
		if d := math.Abs(actual[i]) + math.Abs(f); d > 0 {
			s += 2 * math.Abs(actual[i]-f) / d
		}
	}
	return 100 * s / float64(len(said))
}

// choose scores every method relative to the others at the same origin, so that an
// origin which is hard for all does not decide, and weighs the best ones.
func (b *backtest) choose() {
	type total struct{ relative, smape, n float64 }
	totals := map[string]*total{}
	for i, o := range b.origins {
		errs := map[string]float64{}
		var all []float64
		for name, f := range b.said[i] {
			errs[name] = smape(b.y[o:], f)
			all = append(all, errs[name])
		}
		reference := median(all)
		for name, e := range errs {
			t := totals[name]
			if t == nil {
				t = &total{}
				totals[name] = t
			}
			t.relative += (e + 1e-9) / (reference + 1e-9)
			t.smape += e
			t.n++
		}
	}
	type ranked struct {
		MethodScore
		relative float64
	}
	var list []ranked
	for name, t := range totals {
		list = append(list, ranked{MethodScore{Method: name, SMAPE: t.smape / t.n}, (t.relative + 1) / (t.n + 1)})
	}
	sort.Slice(list, func(i, j int) bool {
		if list[i].relative != list[j].relative {
			return list[i].relative < list[j].relative
		}
		return list[i].Method < list[j].Method
	})
	b.weights = map[string]float64{}
	var sum float64
	for i, r := range list[:min(len(list), combined)] {
		w := math.Pow(list[0].relative/r.relative, sharpness)
		list[i].Share = w
		sum += w
	}
	for i := range list {
		list[i].Share /= sum
		if list[i].Share > 0 {
			b.weights[list[i].Method] = list[i].Share
		}
		b.scores = append(b.scores, list[i].MethodScore)
	}
}

// combined is how many methods at most make up a forecast, and sharpness how fast a
// method's weight falls with its error: the mean of many fair methods is better than
// the luckiest one (Makridakis et al. 2020, the M4 competition).
const (
	combined  = 16
	sharpness = 6
)

// mix is the weighted mean of what the chosen methods said.
func (b *backtest) mix(said map[string][]float64, h int) []float64 {
	out := make([]float64, h)
	var sum float64
	for _, s := range b.scores {
		f, ok := said[s.Method]
		if !ok || s.Share == 0 {
			continue
		}
		sum += s.Share
		for i := range out {
			out[i] += s.Share * f[i]
		}
	}
	if sum == 0 {
		return constant(b.y[len(b.y)-1], h)
	}
	for i := range out {
		out[i] /= sum
	}
	return out
}

func (b *backtest) forecast(h int) *Forecast {
	out := &Forecast{Values: b.mix(b.plan.run(b.y, h), h), Origins: len(b.origins)}
	naive := 1
	if len(b.plan.periods) > 0 {
		naive = b.plan.periods[0]
	}
	for i, o := range b.origins {
		size := min(h, len(b.y)-o)
		out.SMAPE += smape(b.y[o:], b.mix(b.said[i], size)) / float64(len(b.origins))
		if f := seasonalNaive(b.y[:o], naive, size); f != nil {
			out.Naive += smape(b.y[o:], f) / float64(len(b.origins))
		}
	}
	out.Methods = b.scores[:min(10, len(b.scores))]
	return out
}
