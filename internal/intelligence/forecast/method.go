package forecast

import "math"

// baseMethod forecasts h values of a series without season. It returns nil if y is
// too short for it.
type baseMethod struct {
	name string
	run  func(y []float64, h int) []float64
}

// baseMethods are the methods for the deseasonalised series, from plain to rich.
func baseMethods() []baseMethod {
	return []baseMethod{
		{"last", lastValue},
		{"drift", drift},
		{"ses", simpleSmoothing},
		{"holt", dampedHolt},
		{"theta", theta},
		{"median", recentMedian},
		{"ar", func(y []float64, h int) []float64 { return autoregression(y, h, false) }},
		{"ari", func(y []float64, h int) []float64 { return autoregression(y, h, true) }},
	}
}

func constant(v float64, h int) []float64 {
	out := make([]float64, h)
	for i := range out {
		out[i] = v
	}
	return out
}

func lastValue(y []float64, h int) []float64 { return constant(y[len(y)-1], h) }

// drift continues the line from the first to the last value.
func drift(y []float64, h int) []float64 {
	n := len(y)
	if n < 3 {
		return nil
	}
	slope := (y[n-1] - y[0]) / float64(n-1)
	out := make([]float64, h)
	for i := range out {
		out[i] = y[n-1] + slope*float64(i+1)
	}
	return out
}

// recentMedian is the median of the last values, at most as many as the horizon is
// long, at least eight: it ignores single peaks.
func recentMedian(y []float64, h int) []float64 {
	return constant(median(y[max(0, len(y)-max(8, h)):]), h)
}

// simpleSmoothing is simple exponential smoothing; the weight has the smallest squared
// one-step error of a grid.
func simpleSmoothing(y []float64, h int) []float64 {
	level, _ := bestSmoothing(y)
	return constant(level, h)
}

func bestSmoothing(y []float64) (level, alpha float64) {
	best := math.Inf(1)
	for a := 0.02; a < 1; a += 0.07 {
		l, sse := smooth(y, a)
		if sse < best {
			best, level, alpha = sse, l, a
		}
	}
	return level, alpha
}

func smooth(y []float64, alpha float64) (level, sse float64) {
	level = mean(y[:min(len(y), 4)])
	for _, v := range y {
		e := v - level
		sse += e * e
		level += alpha * e
	}
	return level, sse
}

// theta is the method of Assimakopoulos and Nikolopoulos (2000) in the form of Hyndman
// and Billah (2003): simple smoothing with half the slope of the line of best fit.
func theta(y []float64, h int) []float64 {
	if len(y) < 5 {
		return nil
	}
	_, slope := fitLine(y)
	level, alpha := bestSmoothing(y)
	out := make([]float64, h)
	n := float64(len(y))
	for i := range out {
		out[i] = level + slope/2*(float64(i)+(1-math.Pow(1-alpha, n))/alpha)
	}
	return out
}

// unit maps any number into (lo, hi), for searches without bounds.
func unit(x, lo, hi float64) float64 { return lo + (hi-lo)/(1+math.Exp(-x)) }

// dampedHolt is Holt's linear smoothing with a damped trend (Gardner and McKenzie
// 1985); the three parameters have the smallest squared one-step error.
func dampedHolt(y []float64, h int) []float64 {
	if len(y) < 6 {
		return nil
	}
	run := func(p []float64) (level, trend, phi, sse float64) {
		alpha, phi := unit(p[0], 0.01, 0.99), unit(p[2], 0.8, 0.98)
		beta := unit(p[1], 0.001, 0.5) * alpha
		k := min(len(y), 8)
		level, trend = fitLine(y[:k])
		level -= trend
		for _, v := range y {
			e := v - level - phi*trend
			sse += e * e
			level, trend = level+phi*trend+alpha*e, phi*trend+beta*e
		}
		return level, trend, phi, sse
	}
	p := minimize(func(p []float64) float64 { _, _, _, sse := run(p); return sse }, []float64{-0.5, -2, 1}, 1, 60)
	level, trend, phi, _ := run(p)
	out := make([]float64, h)
	for i := range out {
		trend *= phi
		level += trend
		out[i] = level
	}
	return out
}

// autoregression is an AR model, on differences if differenced, fitted by Burg's
// method (1975); the order has the smallest AICc of up to ten.
func autoregression(y []float64, h int, differenced bool) []float64 {
	x, mu := y, 0.0
	if differenced {
		x = diff(y, 1)
	} else {
		mu = mean(y)
	}
	limit := min(10, (len(x)-4)/4)
	if limit < 1 {
		return nil
	}
	c := make([]float64, len(x), len(x)+h)
	for i, v := range x {
		c[i] = v - mu
	}
	w := burg(c, limit)
	out := make([]float64, h)
	level := y[len(y)-1]
	for i := range out {
		var next float64
		for k, v := range w {
			next += v * c[len(c)-1-k]
		}
		c = append(c, next)
		if differenced {
			level += next
			out[i] = level
		} else {
			out[i] = next + mu
		}
	}
	return out
}

// burg returns the weights of the AR model of c of the best order up to limit, none
// for white noise: w[0] is the weight of the value before.
func burg(c []float64, limit int) []float64 {
	n := len(c)
	forward, backward := append([]float64(nil), c...), append([]float64(nil), c...)
	var power float64
	for _, v := range c {
		power += v * v / float64(n)
	}
	w := make([]float64, 0, limit)
	best, bestScore := []float64(nil), float64(n)*math.Log(power+1e-300)
	for order := 1; order <= limit && power > 0; order++ {
		var above, below float64
		for i := order; i < n; i++ {
			above += forward[i] * backward[i-1]
			below += forward[i]*forward[i] + backward[i-1]*backward[i-1]
		}
		if below == 0 {
			break
		}
		k := 2 * above / below
		next := make([]float64, order)
		for i := range w {
			next[i] = w[i] - k*w[order-2-i]
		}
		next[order-1] = k
		w = next
		for i := n - 1; i >= order; i-- {
			f, b := forward[i], backward[i-1]
			forward[i], backward[i] = f-k*b, b-k*f
		}
		power *= 1 - k*k
		p := float64(order + 1)
		score := float64(n)*math.Log(power+1e-300) + 2*p + 2*p*(p+1)/math.Max(1, float64(n)-p-1)
		if score < bestScore {
			best, bestScore = w, score
		}
	}
	return best
}

// holtWinters is additive Holt-Winters with a damped trend for a period m; with
// logarithms before it, it is the multiplicative one. Parameters by search.
func holtWinters(y []float64, m, h int) []float64 {
	if m < 2 || len(y) < 3*m {
		return nil
	}
	start := seasonalMeans(detrended(y[:2*m]), m)
	run := func(p []float64) (level, trend, phi float64, season []float64, sse float64) {
		alpha, phi := unit(p[0], 0.01, 0.99), unit(p[2], 0.8, 0.98)
		beta, gamma := unit(p[1], 0.0001, 0.3)*alpha, unit(p[3], 0.001, 0.6)*(1-alpha)
		season = append([]float64(nil), start...)
		level, trend = mean(y[:m]), (mean(y[m:2*m])-mean(y[:m]))/float64(m)
		for i, v := range y {
			k := i % m
			e := v - level - phi*trend - season[k]
			if i >= m {
				sse += e * e
			}
			level, trend = level+phi*trend+alpha*e, phi*trend+beta*e
			season[k] += gamma * e
		}
		return level, trend, phi, season, sse
	}
	p := minimize(func(p []float64) float64 { _, _, _, _, sse := run(p); return sse }, []float64{-0.5, -3, 1, -1}, 1, 90)
	level, trend, phi, season, _ := run(p)
	out := make([]float64, h)
	for i := range out {
		trend *= phi
		level += trend
		out[i] = level + season[(len(y)+i)%m]
	}
	return out
}

// seasonalNaive repeats the last cycle of length m; m = 1 is the last value.
func seasonalNaive(y []float64, m, h int) []float64 {
	if m < 1 || len(y) < m {
		return nil
	}
	out := make([]float64, h)
	for i := range out {
		out[i] = y[len(y)-m+i%m]
	}
	return out
}
