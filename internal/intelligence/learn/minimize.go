package learn

import (
	"math"
	"slices"
)

// objective returns the value of a function at x and sets its gradient.
type objective func(x, gradient []float64) float64

// stopping says when a search is done.
type stopping struct {
	slope      float64 // no slope is larger
	gain       float64 // a step gained less, as a share of the value or of 1; 0 is never
	iterations int
}

// minimize finds the minimum of a smooth function with L-BFGS (Liu and Nocedal, 1989)
// from x, which it sets. Steps, line search and stopping are those of L-BFGS-B without
// bounds (Zhu and others, 1997), which scikit-learn uses, so that a search that stops
// early stops at the same place. It is false if the iterations do not suffice or no step
// leads down any more.
func minimize(f objective, x []float64, stop stopping) bool {
	n := len(x)
	gradient, next, nextGradient := make([]float64, n), make([]float64, n), make([]float64, n)
	value := f(x, gradient)
	var memory history
	for range stop.iterations {
		if maxAbs(gradient) <= stop.slope {
			return true
		}
		direction := memory.direction(gradient)
		first := 1.0
		if len(memory.s) == 0 {
			first = 1 / math.Sqrt(dot(direction, direction))
		}
		nextValue, ok := lineSearch(func(step float64) (float64, float64) {
			for i := range x {
				next[i] = x[i] + step*direction[i]
			}
			v := f(next, nextGradient)
			return v, dot(nextGradient, direction)
		}, value, dot(gradient, direction), first)
		if !ok {
			if len(memory.s) == 0 {
				return maxAbs(gradient) <= 1000*stop.slope // nothing but rounding is left to gain
			}
			memory = history{}
			continue
		}
		memory.add(x, next, gradient, nextGradient)
		copy(x, next)
		gained := value - nextValue
		small := stop.gain * max(math.Abs(value), math.Abs(nextValue), 1)
		value, gradient, nextGradient = nextValue, nextGradient, gradient
		if stop.gain > 0 && gained <= small {
			return true
		}
	}
	return maxAbs(gradient) <= stop.slope
}

// history keeps the last steps and changes of the gradient.
type history struct {
	s, y [][]float64
	rho  []float64
}

func (h *history) add(x, next, gradient, nextGradient []float64) {
	const kept = 10
	s, y := make([]float64, len(x)), make([]float64, len(x))
	for i := range x {
		s[i], y[i] = next[i]-x[i], nextGradient[i]-gradient[i]
	}
	if sy := dot(s, y); sy > -0x1p-52*dot(s, gradient) {
		h.s, h.y, h.rho = append(h.s, s), append(h.y, y), append(h.rho, 1/sy)
	}
	if len(h.s) > kept {
		h.s, h.y, h.rho = slices.Delete(h.s, 0, 1), slices.Delete(h.y, 0, 1), slices.Delete(h.rho, 0, 1)
	}
}

// direction returns less the gradient times the approximate inverse of the Hessian.
func (h *history) direction(gradient []float64) []float64 {
	d := make([]float64, len(gradient))
	for i, g := range gradient {
		d[i] = -g
	}
	a := make([]float64, len(h.s))
	for k := len(h.s) - 1; k >= 0; k-- {
		a[k] = h.rho[k] * dot(h.s[k], d)
		for i := range d {
			d[i] -= a[k] * h.y[k][i]
		}
	}
	if last := len(h.s) - 1; last >= 0 {
		scale := 1 / (h.rho[last] * dot(h.y[last], h.y[last]))
		for i := range d {
			d[i] *= scale
		}
	}
	for k := range h.s {
		b := h.rho[k] * dot(h.y[k], d)
		for i := range d {
			d[i] += (a[k] - b) * h.s[k][i]
		}
	}
	return d
}

func dot(a, b []float64) float64 {
	s := 0.0
	for i := range a {
		s += a[i] * b[i]
	}
	return s
}

func maxAbs(a []float64) float64 {
	m := 0.0
	for _, v := range a {
		m = max(m, math.Abs(v))
	}
	return m
}
