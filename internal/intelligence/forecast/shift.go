package forecast

import (
	"math"
	"slices"

	"empire/internal/domain"
)

// Shift is a lasting change of the level.
type Shift struct {
	At     int     `json:"at"` // the first step of the new level
	Before float64 `json:"before"`
	After  float64 `json:"after"`
	// P is the chance of so clear a difference between the two sides without a shift, by
	// the rank sum test with the effective number of values, times the number of places
	// where one could be.
	P float64 `json:"p"`
}

// shiftLevel is the largest P that is reported; minShift the smallest difference, in
// robust standard deviations of the noise.
const (
	shiftLevel = 0.01
	minShift   = 1.0
)

// Shifts finds lasting changes of the level of at least minSegment steps (0: a
// twentieth of the series, at least five). With a period above 1 the repeated pattern
// is removed first. Values are clipped to three robust standard deviations around
// their running median, so that single peaks are no shift; the best segmentation under
// squared error is found by PELT (Killick et al. 2012) with a penalty that grows with
// the autocorrelation of the noise; and every change is confirmed by the ranks on its
// two sides. A slow trend is not a shift: the trend line of the whole is taken off
// where it explains more than the shifts do. Fewer than four segments' worth of values
// are CodeNotEnoughData.
func (s Series) Shifts(period, minSegment int) ([]Shift, error) {
	n := len(s.Values)
	if minSegment <= 0 {
		minSegment = max(5, n/20)
	}
	if s.Observed() < 4*minSegment {
		return nil, domain.Errorf(domain.CodeNotEnoughData,
			"Level shifts of at least %d steps need %d values; the series has %d.", minSegment, 4*minSegment, s.Observed())
	}
	x := s.Filled(period)
	if period > 1 && n >= 2*period {
		removeSeason(x, x, period)
	}
	clipped := clip(x, 2*minSegment+1)
	cuts := segments(clipped, minSegment)
	if len(cuts) > 0 && trendExplains(clipped, cuts) {
		clipped = detrended(clipped)
		cuts = segments(clipped, minSegment)
	}
	return confirm(x, clipped, cuts, minSegment), nil
}

// noise returns the robust standard deviation of the noise of x, from its first
// differences, and the first autocorrelation of that noise.
func noise(x []float64) (sigma, rho float64) {
	d := diff(x, 1)
	one := spread(d)
	if one == 0 {
		one = math.Sqrt(variance(d))
	}
	two := math.Max(spread(diff(x, 2)), one*0.5)
	// For an AR(1): Var(x_t - x_{t-1}) = 2σ²(1-ρ), Var(x_t - x_{t-2}) = 2σ²(1-ρ²).
	rho = 0
	if one > 0 {
		rho = math.Max(0, math.Min(0.95, two*two/(one*one)-1))
	}
	return one / math.Sqrt(2*(1-rho)), rho
}

// clip returns x with every value at most three noise deviations off the running median.
func clip(x []float64, width int) []float64 {
	level := runningMedian(x, width)
	sigma, _ := noise(x)
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = math.Max(level[i]-3*sigma, math.Min(level[i]+3*sigma, v))
	}
	return out
}

// segments returns the first index of every segment but the first, by PELT.
func segments(x []float64, minSegment int) []int {
	n := len(x)
	sigma, rho := noise(x)
	if sigma == 0 {
		sigma = 1e-9 * (1 + math.Abs(mean(x)))
	}
	penalty := 4 * math.Log(float64(n)) * sigma * sigma * (1 + rho) / (1 - rho)
	sum, square := make([]float64, n+1), make([]float64, n+1)
	mu := mean(x)
	for i, v := range x {
		sum[i+1] = sum[i] + v - mu
		square[i+1] = square[i] + (v-mu)*(v-mu)
	}
	cost := func(a, b int) float64 {
		d := sum[b] - sum[a]
		return square[b] - square[a] - d*d/float64(b-a)
	}
	best, from := make([]float64, n+1), make([]int, n+1)
	best[0] = -penalty
	open := []int{0}
	for end := minSegment; end <= n; end++ {
		best[end] = math.Inf(1)
		for _, a := range open {
			if c := best[a] + cost(a, end) + penalty; end-a >= minSegment && c < best[end] {
				best[end], from[end] = c, a
			}
		}
		open = slices.DeleteFunc(open, func(a int) bool {
			return end-a >= minSegment && best[a]+cost(a, end) > best[end]
		})
		if next := end - minSegment + 1; next >= minSegment { // the first segment may not be shorter either
			open = append(open, next)
		}
	}
	var cuts []int
	for end := from[n]; end > 0; end = from[end] {
		cuts = append([]int{end}, cuts...)
	}
	return cuts
}

// trendExplains reports whether a straight line leaves less variance than the levels.
func trendExplains(x []float64, cuts []int) bool {
	var rest float64
	a := 0
	for _, b := range append(append([]int(nil), cuts...), len(x)) {
		rest += variance(x[a:b]) * float64(b-a)
		a = b
	}
	return variance(detrended(x))*float64(len(x)) < rest*(1+0.1*float64(len(cuts)))
}

// confirm keeps the cuts that the ranks support; x gives the levels that are reported.
func confirm(x, clipped []float64, cuts []int, minSegment int) []Shift {
	sigma, rho := noise(clipped)
	places := float64(len(x)) / float64(minSegment)
	var out []Shift
	for i := 0; i < len(cuts); i++ {
		lo, hi := 0, len(x)
		if i > 0 {
			lo = cuts[i-1]
		}
		if i+1 < len(cuts) {
			hi = cuts[i+1]
		}
		at := cuts[i]
		left, right := clipped[lo:at], clipped[at:hi]
		p := math.Min(1, rankSum(left, right, (1+rho)/(1-rho))*places)
		if p > shiftLevel || math.Abs(median(right)-median(left)) < minShift*sigma {
			cuts = append(cuts[:i], cuts[i+1:]...)
			i--
			continue
		}
		out = append(out, Shift{At: at, Before: median(x[lo:at]), After: median(x[at:hi]), P: p})
	}
	return out
}

// rankSum returns the two-sided p of the test of Mann and Whitney, with the variance
// multiplied by factor for autocorrelation.
func rankSum(a, b []float64, factor float64) float64 {
	r := ranks(append(append([]float64(nil), a...), b...))
	na, nb := float64(len(a)), float64(len(b))
	u := -na * (na - 1) / 2
	for _, v := range r[:len(a)] {
		u += v
	}
	n := na + nb
	v := variance(r) * na * nb / n * (n / math.Max(1, n-1)) * factor
	if v == 0 {
		return 1
	}
	return studentTail((u-na*nb/2)/math.Sqrt(v), math.Max(1, n/factor-2))
}

// runningMedian returns the median of the values around each one; the window is cut
// at the ends.
func runningMedian(x []float64, width int) []float64 {
	half := max(1, width/2)
	out := make([]float64, len(x))
	w := sortedWindow{}
	for i := 0; i < min(half, len(x)); i++ {
		w.add(x[i])
	}
	for i := range x {
		if i+half < len(x) {
			w.add(x[i+half])
		}
		if i-half-1 >= 0 {
			w.remove(x[i-half-1])
		}
		out[i] = sortedQuantile(w.values, 0.5)
	}
	return out
}
