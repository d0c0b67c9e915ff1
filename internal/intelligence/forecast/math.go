package forecast

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
)

func mean(x []float64) float64 {
	var s float64
	for _, v := range x {
		s += v
	}
	return s / float64(len(x))
}

// variance returns the mean squared distance from the mean.
func variance(x []float64) float64 {
	m := mean(x)
	var s float64
	for _, v := range x {
		s += (v - m) * (v - m)
	}
	return s / float64(len(x))
}

func median(x []float64) float64 { return quantile(x, 0.5) }

// quantile returns the p-quantile with linear interpolation, 0 for no values. x is
// not changed.
func quantile(x []float64, p float64) float64 {
	if len(x) == 0 {
		return 0
	}
	s := slices.Clone(x)
	slices.Sort(s)
	return sortedQuantile(s, p)
}

func sortedQuantile(s []float64, p float64) float64 {
	at := p * float64(len(s)-1)
	lo := int(at)
	if lo+1 >= len(s) {
		return s[len(s)-1]
	}
	f := at - float64(lo)
	return s[lo]*(1-f) + s[lo+1]*f
}

// spread returns the median absolute deviation from the median, scaled to the
// standard deviation of a normal distribution.
func spread(x []float64) float64 {
	m := median(x)
	d := make([]float64, len(x))
	for i, v := range x {
		d[i] = math.Abs(v - m)
	}
	return 1.4826 * median(d)
}

// diff returns x[i+lag] - x[i].
func diff(x []float64, lag int) []float64 {
	if len(x) <= lag {
		return nil
	}
	out := make([]float64, len(x)-lag)
	for i := range out {
		out[i] = x[i+lag] - x[i]
	}
	return out
}

// movingMean returns the centered mean over a window of the given period; an even
// period takes half of each end (2×m moving average). At the ends the window is cut.
func movingMean(x []float64, period int) []float64 {
	sums := make([]float64, len(x)+1)
	for i, v := range x {
		sums[i+1] = sums[i] + v
	}
	half := period / 2
	out := make([]float64, len(x))
	for i := range x {
		lo, hi := i-half, i+half
		if lo < 0 || hi >= len(x) {
			lo, hi = max(lo, 0), min(hi, len(x)-1)
			out[i] = (sums[hi+1] - sums[lo]) / float64(hi+1-lo)
			continue
		}
		total := sums[hi+1] - sums[lo]
		if period%2 == 0 {
			total -= (x[lo] + x[hi]) / 2
		}
		out[i] = total / float64(period)
	}
	return out
}

// fitLine returns the least-squares line through x.
func fitLine(x []float64) (level, slope float64) {
	n := float64(len(x))
	if n < 2 {
		return mean(x), 0
	}
	mt, mx := (n-1)/2, mean(x)
	var sxy, sxx float64
	for i, v := range x {
		d := float64(i) - mt
		sxy += d * (v - mx)
		sxx += d * d
	}
	slope = sxy / sxx
	return mx - slope*mt, slope
}

// detrended returns x less its least-squares line.
func detrended(x []float64) []float64 {
	level, slope := fitLine(x)
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = v - level - slope*float64(i)
	}
	return out
}

// autocorrelation returns the autocorrelations of x at the lags 0 to maxLag, by the
// fast Fourier transform of the padded series. A constant has none: all zero.
func autocorrelation(x []float64, maxLag int) []float64 {
	out := make([]float64, maxLag+1)
	if len(x) == 0 {
		return out
	}
	size := 1 << bits.Len(uint(2*len(x)-1))
	re, im := make([]float64, size), make([]float64, size)
	m := mean(x)
	for i, v := range x {
		re[i] = v - m
	}
	fft(re, im)
	for i := range re {
		re[i], im[i] = re[i]*re[i]+im[i]*im[i], 0
	}
	fft(re, im)
	if re[0] < 1e-12*float64(size) {
		return out
	}
	for k := 0; k <= maxLag && k < len(x); k++ {
		out[k] = re[k] / re[0]
	}
	return out
}

// fft transforms in place; the length is a power of two (Cooley-Tukey).
func fft(re, im []float64) {
	n := len(re)
	shift := 64 - uint(bits.Len(uint(n-1)))
	for i := range n {
		if j := int(bits.Reverse64(uint64(i)) >> shift); n > 1 && j > i {
			re[i], re[j] = re[j], re[i]
			im[i], im[j] = im[j], im[i]
		}
	}
	for size := 2; size <= n; size *= 2 {
		half := size / 2
		for k := range half {
			sin, cos := math.Sincos(-2 * math.Pi * float64(k) / float64(size))
			for i := k; i < n; i += size {
				j := i + half
				r, m := re[j]*cos-im[j]*sin, re[j]*sin+im[j]*cos
				re[j], im[j] = re[i]-r, im[i]-m
				re[i], im[i] = re[i]+r, im[i]+m
			}
		}
	}
}

// solveRidge returns w that minimizes |Xw-y|² + Σ penalty·w², by Cholesky. X has rows
// of len(penalty) numbers. It returns nil if the system is singular.
func solveRidge(rows [][]float64, y, penalty []float64) []float64 {
	p := len(penalty)
	a, b := make([][]float64, p), make([]float64, p)
	for i := range a {
		a[i] = make([]float64, p)
	}
	for k, row := range rows {
		for i, v := range row {
			if v == 0 {
				continue
			}
			b[i] += v * y[k]
			ai := a[i]
			for j := 0; j <= i; j++ {
				ai[j] += v * row[j]
			}
		}
	}
	for i := range a {
		a[i][i] += penalty[i]
	}
	for i := range p {
		for j := 0; j <= i; j++ {
			s := a[i][j]
			for k := range j {
				s -= a[i][k] * a[j][k]
			}
			if i != j {
				a[i][j] = s / a[j][j]
			} else if s <= 1e-12*(1+a[i][i]) {
				return nil
			} else {
				a[i][i] = math.Sqrt(s)
			}
		}
	}
	for i := range p {
		for k := range i {
			b[i] -= a[i][k] * b[k]
		}
		b[i] /= a[i][i]
	}
	for i := p - 1; i >= 0; i-- {
		for k := i + 1; k < p; k++ {
			b[i] -= a[k][i] * b[k]
		}
		b[i] /= a[i][i]
	}
	return b
}

// minimize returns the point that the simplex method of Nelder and Mead (1965) finds
// from start with the given number of evaluations.
func minimize(f func([]float64) float64, start []float64, step float64, evaluations int) []float64 {
	n := len(start)
	type vertex struct {
		x []float64
		f float64
	}
	simplex := make([]vertex, n+1)
	for i := range simplex {
		x := slices.Clone(start)
		if i > 0 {
			x[i-1] += step
		}
		simplex[i] = vertex{x, f(x)}
	}
	byValue := func(a, b vertex) int { return cmp.Compare(a.f, b.f) }
	toward := func(center, x []float64, t float64) vertex {
		out := make([]float64, n)
		for i := range out {
			out[i] = center[i] + t*(x[i]-center[i])
		}
		return vertex{out, f(out)}
	}
	for used := n + 1; used < evaluations; {
		slices.SortStableFunc(simplex, byValue)
		worst := simplex[n]
		center := make([]float64, n)
		for _, v := range simplex[:n] {
			for i := range center {
				center[i] += v.x[i] / float64(n)
			}
		}
		next := toward(center, worst.x, -1)
		used++
		switch {
		case next.f < simplex[0].f:
			if far := toward(center, worst.x, -2); far.f < next.f {
				next = far
			}
			used++
		case next.f >= simplex[n-1].f:
			next = toward(center, worst.x, 0.5)
			used++
		}
		if next.f < worst.f {
			simplex[n] = next
			continue
		}
		for i := 1; i <= n; i++ {
			simplex[i] = toward(simplex[0].x, simplex[i].x, 0.5)
		}
		used += n
	}
	return slices.MinFunc(simplex, byValue).x
}

// normalTail returns the probability that a standard normal value lies beyond ±|z|.
func normalTail(z float64) float64 { return math.Erfc(math.Abs(z) / math.Sqrt2) }
