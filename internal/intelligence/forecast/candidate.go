package forecast

import (
	"fmt"
	"math"
	"slices"
)

// plan is what is decided about a series before any method runs.
type plan struct {
	periods  []int   // ascending; empty for none
	logs     bool    // try the methods on logarithms too
	offset   float64 // added before the logarithm
	low, top float64 // no forecast leaves these bounds
}

// newPlan looks at the training values only.
func newPlan(y []float64, periods []int) plan {
	p := plan{periods: slices.Clone(periods)}
	slices.Sort(p.periods)
	lo, hi := slices.Min(y), slices.Max(y)
	p.low, p.top = lo-(hi-lo), hi+(hi-lo)
	if lo < 0 {
		return p
	}
	p.low = 0
	if hi == lo {
		return p
	}
	p.logs = true
	if lo > 0 && lo > hi*1e-4 {
		return p
	}
	// Zeros: the offset is the smallest value that is not one.
	p.offset = hi
	for _, v := range y {
		if v > 0 {
			p.offset = math.Min(p.offset, v)
		}
	}
	return p
}

func (p plan) forward(y []float64) []float64 {
	out := make([]float64, len(y))
	for i, v := range y {
		out[i] = math.Log(v + p.offset)
	}
	return out
}

// bounded brings forecasts back to the scale of the series and within its bounds.
func (p plan) bounded(f []float64, logs bool) []float64 {
	for i, v := range f {
		if logs {
			v = math.Exp(v) - p.offset
		}
		if math.IsNaN(v) {
			return nil
		}
		f[i] = math.Max(p.low, math.Min(p.top, v))
	}
	return f
}

// run forecasts h values after y with every method; methods that do not fit y are
// missing. The names are the same for every length of y.
func (p plan) run(y []float64, h int) map[string][]float64 {
	out := map[string][]float64{}
	put := func(name string, f []float64, logs bool) {
		if f = p.bounded(f, logs); f != nil {
			out[name] = f
		}
	}
	for _, m := range append([]int{1}, p.periods...) {
		put(fmt.Sprintf("seasonal-naive(%d)", m), seasonalNaive(y, m, h), false)
	}
	p.runScale(y, h, "", func(name string, f []float64) { put(name, f, false) })
	if p.logs {
		p.runScale(p.forward(y), h, "log ", func(name string, f []float64) { put(name, f, true) })
	}
	return out
}

func (p plan) runScale(y []float64, h int, prefix string, put func(string, []float64)) {
	type treatment struct {
		name string
		p    pattern
	}
	treatments := []treatment{{"", noPattern(len(y))}}
	if len(p.periods) > 0 {
		treatments = append(treatments,
			treatment{"fixed season ", meanPattern(y, p.periods, 1)},
			treatment{"moving season ", meanPattern(y, p.periods, 0.6)},
			treatment{"waves ", harmonicPattern(y, p.periods)})
		if m := p.periods[0]; m <= 24 {
			if f := holtWinters(y, m, h); f != nil {
				put(prefix+"holt-winters", f)
			}
		}
	}
	for _, t := range treatments {
		rest := make([]float64, len(y))
		for i, v := range y {
			rest[i] = v - t.p.past[i]
		}
		for _, base := range baseMethods() {
			f := base.run(rest, h)
			if f == nil {
				continue
			}
			for i := range f {
				f[i] += t.p.ahead(i)
			}
			put(prefix+t.name+base.name, f)
		}
	}
}
