package forecast

import (
	"math"
	"slices"
	"sort"

	"empire/internal/domain"
)

// Trend is the answer of TestTrend.
type Trend struct {
	// Direction is +1 or -1 if there is a trend at the level of the test, else 0.
	Direction int `json:"direction"`
	// P is the chance of so clear a trend in a series without one.
	P float64 `json:"p"`
	// Tau is Kendall's rank correlation with time, from -1 to 1.
	Tau float64 `json:"tau"`
	// Slope is Sen's slope: the median change per step, in the unit of the series.
	Slope float64 `json:"slope"`
	// Effective is the number of independent values that the test counted.
	Effective float64 `json:"effective"`
	// Level is the stated rate of false alarms.
	Level float64 `json:"level"`
	N     int     `json:"n"`
}

// DefaultTrendLevel is the rate of false alarms that TestTrend states by default.
const DefaultTrendLevel = 0.05

// minTrendValues is the fewest values that a trend is tested on.
const minTrendValues = 10

// TestTrend tests for a monotone trend with Mann and Kendall's test, level being the
// rate of false alarms, 0 for DefaultTrendLevel. With a period above 1 the repeated
// pattern is removed first. The variance is that of ranks with ties, inflated for
// autocorrelation: by the larger of the factor of Hamed and Rao (1998) and the factor
// of an AR(1) whose coefficient is corrected for its bias (Kendall 1954); the
// statistic is then judged by Student's t with the effective number of values. Gaps are
// skipped. Fewer than ten values, or fewer than two periods, are CodeNotEnoughData.
func (s Series) TestTrend(period int, level float64) (Trend, error) {
	if level == 0 {
		level = DefaultTrendLevel
	}
	if level < 0 || level >= 1 {
		return Trend{}, domain.Invalid("level", "The rate of false alarms must lie between 0 and 1.")
	}
	n := s.Observed()
	if n < minTrendValues || period > 1 && len(s.Values) < 2*period {
		return Trend{}, domain.Errorf(domain.CodeNotEnoughData,
			"A trend test needs at least %d values and two whole periods; the series has %d values.", minTrendValues, n)
	}
	values := slices.Clone(s.Values)
	if period > 1 {
		removeSeason(values, s.Filled(period), period)
	}
	var at, x []float64
	for i, v := range values {
		if !math.IsNaN(v) {
			at, x = append(at, float64(i)), append(x, v)
		}
	}
	out := Trend{P: 1, Level: level, N: n, Slope: senSlope(at, x)}
	score, variance := kendall(x)
	if variance == 0 {
		return out, nil
	}
	rest := make([]float64, n)
	for i, v := range x {
		rest[i] = v - out.Slope*at[i]
	}
	factor := inflation(rest)
	if period > 1 { // the pattern took one value of each phase
		factor *= float64(n) / math.Max(2, float64(n-period+1))
	}
	out.Tau = 2 * score / (float64(n) * float64(n-1))
	out.Effective = float64(n) / factor
	z := (math.Abs(score) - 1) / math.Sqrt(variance*factor)
	if z > 0 && out.Effective > 4 {
		out.P = studentTail(z, out.Effective-2)
	}
	if out.P < level {
		out.Direction = 1
		if score < 0 {
			out.Direction = -1
		}
	}
	return out, nil
}

// removeSeason subtracts the pattern of a period that a line through it leaves.
func removeSeason(values, filled []float64, period int) {
	p := seasonalMeans(detrended(filled), period)
	for i := range values {
		values[i] -= p[i%period]
	}
}

// kendall returns Kendall's score of x against time, concordant less discordant pairs,
// and its variance for independent values with ties, in O(n log n).
func kendall(x []float64) (score, variance float64) {
	n := len(x)
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(a, b int) bool { return x[order[a]] < x[order[b]] })
	rank := make([]int, n)
	f := float64(n)
	variance = f * (f - 1) * (2*f + 5)
	groups := 0
	for i := 0; i < n; {
		j := i
		for ; j < n && x[order[j]] == x[order[i]]; j++ {
			rank[order[j]] = groups
		}
		t := float64(j - i)
		variance -= t * (t - 1) * (2*t + 5)
		groups++
		i = j
	}
	tree := make([]int, groups+1) // Fenwick tree over ranks
	count := func(r int) (sum int) {
		for ; r > 0; r -= r & -r {
			sum += tree[r]
		}
		return sum
	}
	for i, r := range rank {
		below, upTo := count(r), count(r+1)
		score += float64(below - (i - upTo))
		for k := r + 1; k <= groups; k += k & -k {
			tree[k]++
		}
	}
	return score, math.Max(0, variance/18)
}

// maxSlopes bounds the pairs that Sen's slope is the median of.
const maxSlopes = 20_000

// senSlope returns the median slope of pairs; for long series of pairs at a few
// hundred fixed distances.
func senSlope(at, x []float64) float64 {
	n := len(x)
	stride := 1
	for n/stride*n > 2*maxSlopes {
		stride++
	}
	var slopes []float64
	for lag := 1; lag < n; lag += stride {
		for i := 0; i+lag < n; i++ {
			slopes = append(slopes, (x[i+lag]-x[i])/(at[i+lag]-at[i]))
		}
	}
	return median(slopes)
}

// inflation returns by how much autocorrelation inflates the variance of Kendall's
// score of x, a series without trend: at least 1.
func inflation(x []float64) float64 {
	n := float64(len(x))
	acf := autocorrelation(ranks(x), len(x)-1)
	limit := 1.96 / math.Sqrt(n)
	var sum float64
	for k := 1; k < len(x)/2; k++ {
		if f, r := float64(k), acf[k]; math.Abs(r) > limit {
			sum += (n - f) * (n - f - 1) * (n - f - 2) * 2 / math.Pi * math.Asin(r/2) * 3
		}
	}
	hamedRao := 1 + 2/(n*(n-1)*(n-2))*sum
	rho := math.Min((acf[1]+2/n)/(1-4/n), 0.99)
	return math.Max(math.Max(1, hamedRao), (1+rho)/(1-rho))
}

// ranks returns the rank of every value; equal values share their mean rank.
func ranks(x []float64) []float64 {
	order := make([]int, len(x))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(a, b int) bool { return x[order[a]] < x[order[b]] })
	out := make([]float64, len(x))
	for i := 0; i < len(x); {
		j := i
		for ; j < len(x) && x[order[j]] == x[order[i]]; j++ {
		}
		for _, k := range order[i:j] {
			out[k] = float64(i+j-1) / 2
		}
		i = j
	}
	return out
}

// studentTail returns about the chance of |t| > z with f degrees of freedom, by
// Wallace's (1959) normal approximation.
func studentTail(z, f float64) float64 {
	f = math.Max(1, f)
	return normalTail((8*f + 1) / (8*f + 3) * math.Sqrt(f*math.Log1p(z*z/f)))
}
