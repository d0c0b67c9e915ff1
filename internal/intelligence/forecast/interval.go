package forecast

import (
	"math"
	"slices"
)

// intervals sets Low and High from the absolute errors that the combination made in
// the backtest (split conformal prediction, Vovk et al. 2005), in the scale of the
// logarithm where the series takes it. The errors are divided by their typical size at
// their distance from the origin, which may only grow with the distance, pooled over
// all distances, and the quantile is corrected for their number.
func (b *backtest) intervals(out *Forecast) {
	h := len(out.Values)
	scale := func(v float64) float64 { return v }
	back := scale
	if b.plan.logs {
		c := b.plan.offset + 1e-9
		scale = func(v float64) float64 { return math.Log(math.Max(v, 0) + c) }
		back = func(v float64) float64 { return math.Max(0, math.Exp(v)-c) }
	}
	sums, counts := make([]float64, h), make([]float64, h)
	var errs []float64
	var at []int
	for i, o := range b.origins {
		size := min(h, len(b.y)-o)
		for k, f := range b.mix(b.said[i], size) {
			e := math.Abs(scale(b.y[o+k]) - scale(f))
			sums[k] += e
			counts[k]++
			errs, at = append(errs, e), append(at, k)
		}
	}
	typical := growing(sums, counts)
	for i, k := range at {
		errs[i] /= typical[k]
	}
	// Errors of one origin hang together: about two independent ones each.
	effective := 2 * float64(len(b.origins))
	p := math.Min(1, out.Level*(1+1/effective))
	q := quantile(errs, p)
	out.Low, out.High = make([]float64, h), make([]float64, h)
	for k, v := range out.Values {
		// Rounding on the way to logarithms and back must not put the value outside.
		out.Low[k] = math.Min(v, back(scale(v)-q*typical[k]))
		out.High[k] = math.Max(v, back(scale(v)+q*typical[k]))
	}
}

// growing returns the mean error at every distance, made to grow with the distance by
// pooling neighbors that do not (isotonic regression), never zero.
func growing(sums, counts []float64) []float64 {
	type block struct {
		sum, n float64
		length int
	}
	var blocks []block
	for i := range sums {
		blocks = append(blocks, block{sums[i], counts[i], 1})
		for len(blocks) > 1 {
			a, z := blocks[len(blocks)-2], blocks[len(blocks)-1]
			if z.n > 0 && a.n > 0 && a.sum/a.n < z.sum/z.n {
				break
			}
			blocks = append(blocks[:len(blocks)-2], block{a.sum + z.sum, a.n + z.n, a.length + z.length})
		}
	}
	var out []float64
	for _, b := range blocks {
		v := 1e-9
		if b.n > 0 {
			v = math.Max(v, b.sum/b.n)
		}
		out = append(out, slices.Repeat([]float64{v}, b.length)...)
	}
	return out
}
