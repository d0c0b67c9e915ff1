package forecast

import "math"

// pattern is the seasonal part of a series: one value for each step of the past and,
// through ahead, for each step after it.
type pattern struct {
	past  []float64
	ahead func(i int) float64 // i steps after the last value, from 0
}

// noPattern is the pattern of a series without season.
func noPattern(n int) pattern {
	return pattern{past: make([]float64, n), ahead: func(int) float64 { return 0 }}
}

// meanPattern decomposes y additively by the means of each phase, one period after
// the other, the shortest first. keep is the weight of a cycle relative to the next
// nearer one: 1 gives one pattern for all time, less lets the pattern change. The
// pattern is shrunk by the share of it that noise explains (James and Stein 1961).
// Periods of which fewer than two cycles are there are left out.
func meanPattern(y []float64, periods []int, keep float64) pattern {
	out := noPattern(len(y))
	for _, m := range periods {
		if len(y) < 2*m {
			continue
		}
		rest := make([]float64, len(y))
		for i, v := range y {
			rest[i] = v - out.past[i]
		}
		level := movingMean(rest, m)
		for i := range rest {
			rest[i] -= level[i]
		}
		cycles := cyclePatterns(rest, m, keep)
		for i := range out.past {
			out.past[i] += cycles[i/m][i%m]
		}
		before, n := out.ahead, len(y)
		last := cycles[len(cycles)-1]
		out.ahead = func(i int) float64 { return before(i) + last[(n+i)%m] }
	}
	return out
}

// cyclePatterns returns the pattern of every cycle of x.
func cyclePatterns(x []float64, m int, keep float64) [][]float64 {
	count := (len(x) + m - 1) / m
	if keep == 1 {
		p := shrink(x, seasonalMeans(x, m))
		out := make([][]float64, count)
		for c := range out {
			out[c] = p
		}
		return out
	}
	// Exponential weights from both sides: two passes, forward and backward.
	out := make([][]float64, count)
	sums, weights := make([]float64, len(x)), make([]float64, len(x))
	for i := range x {
		sums[i], weights[i] = x[i], 1
		if i >= m {
			sums[i] += keep * sums[i-m]
			weights[i] += keep * weights[i-m]
		}
	}
	backSum, backWeight := make([]float64, len(x)+m), make([]float64, len(x)+m)
	for i := len(x) - 1; i >= 0; i-- {
		backSum[i] = keep * backSum[i+m]
		backWeight[i] = keep * backWeight[i+m]
		sums[i] += backSum[i]
		weights[i] += backWeight[i]
		backSum[i] += x[i]
		backWeight[i]++
	}
	for c := range out {
		out[c] = make([]float64, m)
		for k := range m {
			i := c*m + k
			if i >= len(x) {
				i -= m // the last cycle is cut: its phase of the cycle before
			}
			out[c][k] = sums[i] / weights[i]
		}
		mu := mean(out[c])
		for k := range out[c] {
			out[c][k] -= mu
		}
	}
	return out
}

// shrink scales a pattern by the share of its variance that is not noise.
func shrink(x, p []float64) []float64 {
	m := len(p)
	rest := make([]float64, len(x))
	for i, v := range x {
		rest[i] = v - p[i%m]
	}
	noise := variance(rest) * float64(m) / float64(len(x))
	v := variance(p)
	if v == 0 {
		return p
	}
	f := math.Max(0, 1-noise/v)
	out := make([]float64, m)
	for k := range p {
		out[k] = f * p[k]
	}
	return out
}

// harmonicPattern fits sines and cosines of every period beside a trend of straight
// pieces, all at once, with a small ridge on the waves. It suits long periods: a year
// of days is described by 20 numbers instead of 365.
func harmonicPattern(y []float64, periods []int) pattern {
	n := len(y)
	waves := wavesOf(periods, n)
	if len(waves) == 0 {
		return noPattern(n)
	}
	knots := min(10, n/40)
	at := func(i int, row []float64) {
		for w, wave := range waves {
			row[2*w], row[2*w+1] = math.Sincos(2 * math.Pi * wave[1] * float64(i) / wave[0])
		}
	}
	p := 2*len(waves) + 2 + knots
	rows, penalty := make([][]float64, n), make([]float64, p)
	for i := range rows {
		row := make([]float64, p)
		at(i, row)
		row[2*len(waves)] = 1
		t := float64(i) / float64(n)
		row[2*len(waves)+1] = t
		for k := range knots {
			row[2*len(waves)+2+k] = math.Max(0, t-float64(k+1)/float64(knots+1))
		}
		rows[i] = row
	}
	for i := range penalty {
		penalty[i] = 1e-6
		if i < 2*len(waves) {
			penalty[i] = 1
		}
	}
	w := solveRidge(rows, y, penalty)
	if w == nil {
		return noPattern(n)
	}
	value := func(i int) float64 {
		row := make([]float64, 2*len(waves))
		at(i, row)
		var s float64
		for k, v := range row {
			s += v * w[k]
		}
		return s
	}
	out := pattern{past: make([]float64, n), ahead: func(i int) float64 { return value(n + i) }}
	for i := range out.past {
		out.past[i] = value(i)
	}
	return out
}

// wavesOf returns period and harmonic of every wave for n values.
func wavesOf(periods []int, n int) [][2]float64 {
	var out [][2]float64
	for _, m := range periods {
		if n < 2*m {
			continue
		}
		length := float64(m)
		if m == 365 {
			length = 365.2425
		}
		for k := 1; k <= harmonics(m) && 2*k <= m; k++ {
			out = append(out, [2]float64{length, float64(k)})
		}
	}
	return out
}

// harmonics returns how many waves describe a period.
func harmonics(m int) int {
	switch {
	case m <= 14:
		return m / 2
	case m <= 60:
		return 6
	}
	return 10
}
