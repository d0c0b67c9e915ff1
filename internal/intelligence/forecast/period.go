package forecast

import (
	"math"
	"math/bits"
	"slices"
)

// Period is a length after which a series repeats itself.
type Period struct {
	Length int `json:"length"` // steps
	// Strength is the share of the detrended variance that the repeated pattern
	// explains, from 0 to 1 (Wang, Smith and Hyndman 2006).
	Strength float64 `json:"strength"`
	// P is the chance of so strong a line in the spectrum of red noise, corrected for
	// the number of frequencies looked at. It is 1 for a hint that only the
	// autocorrelation supports.
	P float64 `json:"p"`
}

// periodLevel is the rate at which Periods may report a period of a series that has
// none; minStrength is the weakest pattern worth modeling.
const (
	periodLevel = 0.01
	minStrength = 0.08
	maxPeriods  = 3
)

// Natural returns the periods that the calendar suggests for a step: 24 and 168 for
// hours, 7 and 365 for days, 52 for weeks, 12 for months, 4 for quarters.
func Natural(step Step) []int {
	switch step {
	case StepMinute:
		return []int{60, 1440}
	case StepHour:
		return []int{24, 168}
	case StepDay:
		return []int{7, 365}
	case StepWeek:
		return []int{52}
	case StepMonth:
		return []int{12}
	case StepQuarter:
		return []int{4}
	}
	return nil
}

// Periods returns up to three periods of the series, the strongest first. A period is
// reported if a line of the spectrum stands out of the red noise (AR(1)) fitted to the
// series at the level 0.01, after Bonferroni (Torrence and Compo 1998), or if it is
// one of the hints; if the autocorrelation at its length passes the seasonality test
// of the M4 competition (90 % limits); and if its pattern explains a share of the
// variance. Each next period is looked for in what the former ones leave. Gaps are
// interpolated. At least two whole periods must be there.
func (s Series) Periods(hints ...int) []Period {
	x := interpolate(s.Values)
	if s.Observed() < 8 || spread(x) == 0 && variance(x) == 0 {
		return nil
	}
	rest := detrended(x)
	var out []Period
	for len(out) < maxPeriods {
		best := strongest(rest, hints, out)
		if best.Length == 0 {
			break
		}
		out = append(out, best)
		pattern := seasonalMeans(rest, best.Length)
		for i := range rest {
			rest[i] -= pattern[i%best.Length]
		}
	}
	slices.SortStableFunc(out, func(a, b Period) int {
		if a.Strength > b.Strength {
			return -1
		}
		return 1
	})
	return out
}

// strongest returns the candidate that explains most of x, or a zero Period.
func strongest(x []float64, hints []int, known []Period) Period {
	limit := len(x) / 2
	var best Period
	acf := autocorrelation(x, len(x)-1)
	for _, c := range append(spectralLines(x, acf, limit, hints), hinted(hints)...) {
		if c.Length < 2 || c.Length > limit || slices.ContainsFunc(known, func(k Period) bool { return k.Length%c.Length == 0 }) {
			continue
		}
		if !seasonal(acf, c.Length, len(x)) {
			continue
		}
		c.Strength = strength(x, c.Length)
		// A multiple of a period explains a little more by chance: prefer the shorter.
		if c.Strength >= minStrength && (best.Length == 0 || c.Strength > best.Strength*1.1 ||
			c.Length < best.Length && c.Strength > best.Strength*0.9) {
			best = c
		}
	}
	return best
}

func hinted(hints []int) []Period {
	out := make([]Period, len(hints))
	for i, h := range hints {
		out[i] = Period{Length: h, P: 1}
	}
	return out
}

// spectralLines returns the periods of the lines that stand out of red noise, at most
// eight, moved to the nearest peak of the autocorrelation.
func spectralLines(x, acf []float64, limit int, hints []int) []Period {
	size := 2 << bits.Len(uint(len(x)-1)) // padded: a line between two frequencies is seen
	re, im := make([]float64, size), make([]float64, size)
	for i, v := range x {
		w := math.Sin(math.Pi * (float64(i) + 0.5) / float64(len(x))) // sine taper against leakage
		re[i] = v * w
	}
	fft(re, im)
	half := size / 2
	power := make([]float64, half)
	var total float64
	for k := 1; k < half; k++ {
		power[k] = re[k]*re[k] + im[k]*im[k]
		total += power[k]
	}
	if total == 0 {
		return nil
	}
	r := math.Max(0, math.Min(0.97, acf[1]))
	var noise float64
	red := make([]float64, half)
	for k := 1; k < half; k++ {
		red[k] = (1 - r*r) / (1 + r*r - 2*r*math.Cos(2*math.Pi*float64(k)/float64(size)))
		noise += red[k]
	}
	var out []Period
	tests := float64(len(x)) / 2
	for k := 2; k < half; k++ {
		if power[k] < power[k-1] || k+1 < half && power[k] < power[k+1] {
			continue
		}
		p := tests * math.Exp(-power[k]/total*noise/red[k])
		if p < periodLevel {
			length := snap(peakNear(acf, float64(size)/float64(k), len(x), limit), hints)
			out = append(out, Period{Length: length, P: math.Min(1, p)})
		}
	}
	slices.SortStableFunc(out, func(a, b Period) int {
		if a.P < b.P {
			return -1
		}
		return 1
	})
	return out[:min(len(out), 8)]
}

// peakNear returns the lag with the highest autocorrelation, at itself and at its
// multiples, near a period that the spectrum gives only within its resolution.
func peakNear(acf []float64, period float64, n, limit int) int {
	width := math.Max(1, period*period/float64(n))
	lo, hi := max(2, int(period-width)), min(limit, int(math.Ceil(period+width)))
	best, most := int(math.Round(period)), math.Inf(-1)
	for lag := lo; lag <= hi; lag++ {
		var sum float64
		for k := 1; k <= 4 && k*lag < len(acf)*3/4; k++ {
			sum += acf[k*lag]
		}
		if sum > most {
			best, most = lag, sum
		}
	}
	return best
}

// snap returns the hint that a period differs from by at most 4 % or one step, or the
// period itself: a calendar knows its lengths better than a spectrum.
func snap(period int, hints []int) int {
	for _, h := range hints {
		if d := max(period-h, h-period); d <= 1 && h > 4 || float64(d) <= 0.04*float64(h) {
			return h
		}
	}
	return period
}

// seasonal is the test of the M4 competition: |r_m| above the 90 % limit that the
// autocorrelations of shorter lags give.
func seasonal(acf []float64, m, n int) bool {
	if m >= len(acf) {
		return false
	}
	sum := 1.0
	for _, r := range acf[1:m] {
		sum += 2 * r * r
	}
	return acf[m] > 1.645*math.Sqrt(sum/float64(n)) || acf[m] > 0.5
}

// strength returns the share of variance that the pattern of a period explains, each
// cycle judged by the pattern of the other cycles, so that noise explains nothing.
func strength(x []float64, m int) float64 {
	sums, counts := make([]float64, m), make([]float64, m)
	for i, v := range x {
		sums[i%m] += v
		counts[i%m]++
	}
	var rest, all float64
	mu := mean(x)
	for i, v := range x {
		k := i % m
		if counts[k] < 2 {
			continue
		}
		others := (sums[k] - v) / (counts[k] - 1)
		rest += (v - others) * (v - others)
		all += (v - mu) * (v - mu)
	}
	if all == 0 {
		return 0
	}
	return math.Max(0, 1-rest/all)
}

// seasonalMeans returns the mean of every phase, centered to sum to zero.
func seasonalMeans(x []float64, m int) []float64 {
	out, counts := make([]float64, m), make([]float64, m)
	for i, v := range x {
		out[i%m] += v
		counts[i%m]++
	}
	for k := range out {
		if counts[k] > 0 {
			out[k] /= counts[k]
		}
	}
	mu := mean(out)
	for k := range out {
		out[k] -= mu
	}
	return out
}
