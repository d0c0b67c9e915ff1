package learn

import (
	"math"
	"slices"
)

// objective returns the value of a function at x and sets its gradient.
type objective func(x, gradient []float64) float64

// minimize finds the minimum of a smooth convex function with L-BFGS (Liu and Nocedal,
// 1989), from x, which it sets. It is done when no slope exceeds the tolerance, or when
// rounding lets no step gain any more and the slopes are within a thousand tolerances.
func minimize(f objective, x []float64, tolerance float64, iterations int) bool {
	n := len(x)
	gradient, next, nextGradient := make([]float64, n), make([]float64, n), make([]float64, n)
	value := f(x, gradient)
	var memory history
	for range iterations {
		if maxAbs(gradient) <= tolerance {
			return true
		}
		direction := memory.direction(gradient)
		slope := dot(direction, gradient)
		if slope >= 0 { // rounding: begin anew, downhill
			memory = history{}
			direction = memory.direction(gradient)
			slope = dot(direction, gradient)
		}
		step := 1.0
		if len(memory.s) == 0 {
			step = min(1, 1/maxAbs(gradient))
		}
		nextValue := math.Inf(1)
		for range 60 {
			for i := range x {
				next[i] = x[i] + step*direction[i]
			}
			nextValue = f(next, nextGradient)
			if nextValue <= value+1e-4*step*slope {
				break
			}
			step /= 2
		}
		if !(nextValue < value) && maxAbs(nextGradient) >= maxAbs(gradient) {
			return maxAbs(gradient) <= 1000*tolerance
		}
		memory.add(x, next, gradient, nextGradient)
		copy(x, next)
		value, gradient, nextGradient = nextValue, nextGradient, gradient
	}
	return maxAbs(gradient) <= tolerance
}

// history keeps the last steps and changes of the gradient.
type history struct {
	s, y [][]float64
	rho  []float64
}

func (h *history) add(x, next, gradient, nextGradient []float64) {
	const kept = 20
	s, y := make([]float64, len(x)), make([]float64, len(x))
	for i := range x {
		s[i], y[i] = next[i]-x[i], nextGradient[i]-gradient[i]
	}
	if sy := dot(s, y); sy > 1e-300 {
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
