package learn

import (
	"math"
	"testing"
)

// TestMinimize finds known minima of functions that are hard on a line search: a bent
// valley, a flat bottom, a start far out on a slope, and steep walls.
func TestMinimize(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		f     objective
		start []float64
		want  []float64
		near  float64
	}{
		{"valley", func(x, g []float64) float64 {
			a, b := 1-x[0], x[1]-x[0]*x[0]
			g[0], g[1] = -2*a-400*x[0]*b, 200*b
			return a*a + 100*b*b
		}, []float64{-1.2, 1}, []float64{1, 1}, 1e-6},
		{"flat", func(x, g []float64) float64 { g[0] = 4 * math.Pow(x[0]-3, 3); return math.Pow(x[0]-3, 4) }, []float64{-40}, []float64{3}, 0.02},
		{"far", func(x, g []float64) float64 {
			r := math.Sqrt(1 + x[0]*x[0])
			g[0] = x[0] / r
			return r
		}, []float64{5000}, []float64{0}, 1e-6},
		{"walls", func(x, g []float64) float64 {
			g[0] = math.Exp(x[0]) - math.Exp(-3*x[0])*3
			return math.Exp(x[0]) + math.Exp(-3*x[0])
		}, []float64{-12}, []float64{math.Log(3) / 4}, 1e-6},
		{"waves", func(x, g []float64) float64 {
			g[0] = 2*x[0] + 6*math.Cos(3*x[0])
			return x[0]*x[0] + 2*math.Sin(3*x[0])
		}, []float64{-0.9}, []float64{-0.4272}, 0.01},
		{"done", func(x, g []float64) float64 { g[0] = 2 * x[0]; return x[0] * x[0] }, []float64{0}, []float64{0}, 0},
	} {
		x := append([]float64(nil), tt.start...)
		g := make([]float64, len(x))
		before := tt.f(x, g)
		if !minimize(tt.f, x, stopping{slope: 1e-7, iterations: 500}) {
			t.Errorf("%s: the search did not end; it is at %v", tt.name, x)
		}
		if after := tt.f(x, g); after > before {
			t.Errorf("%s: the value rose from %v to %v", tt.name, before, after)
		}
		if tt.name == "waves" { // any of its minima
			if maxAbs(g) > 1e-6 {
				t.Errorf("waves: slope %v at the end", g)
			}
			continue
		}
		for i := range x {
			if math.Abs(x[i]-tt.want[i]) > tt.near {
				t.Errorf("%s: minimum at %v, want %v", tt.name, x, tt.want)
				break
			}
		}
	}
	if minimize(func(x, g []float64) float64 { g[0] = 1; return x[0] }, []float64{0}, stopping{slope: 1e-9, iterations: 30}) {
		t.Error("a function without a minimum was minimized")
	}
	if minimize(func(_, g []float64) float64 { g[0] = 1; return 0 }, []float64{0}, stopping{slope: 1e-9, iterations: 30}) {
		t.Error("a function whose slope is a lie was minimized")
	}
}

// TestLineSearch: every step that is found lowers the value and flattens the slope as
// promised, from first steps of all sizes.
func TestLineSearch(t *testing.T) {
	t.Parallel()
	for name, at := range map[string]func(s float64) (float64, float64){
		"parabola": func(s float64) (float64, float64) { return (s - 1) * (s - 1), 2 * (s - 1) },
		"narrow":   func(s float64) (float64, float64) { return 1e3 * (s - 0.01) * (s - 0.01), 2e3 * (s - 0.01) },
		"wide":     func(s float64) (float64, float64) { return -s / (s*s + 2), (s*s - 2) / ((s*s + 2) * (s*s + 2)) },
		"bumps": func(s float64) (float64, float64) {
			return 0.1*(s-7)*(s-7) + math.Sin(4*s), 0.2*(s-7) + 4*math.Cos(4*s)
		},
		"cliff": func(s float64) (float64, float64) { return math.Exp(3*s) - 30*s, 3*math.Exp(3*s) - 30 },
	} {
		for _, first := range []float64{1e-6, 1e-3, 0.1, 1, 10, 300} {
			value, slope := at(0)
			if slope > 0 {
				slope = -slope // bumps: mirrored below
			}
			last := 0.0
			probe := func(s float64) (float64, float64) { last = s; return at(s) }
			if _, s := at(0); s > 0 {
				probe = func(s float64) (float64, float64) { last = s; v, g := at(-s); return v, -g }
			}
			got, ok := lineSearch(probe, value, slope, first)
			v, g := probe(last)
			if !ok || got != v || v > value+1e-3*last*slope || math.Abs(g) > 0.9*math.Abs(slope)+1e-9 {
				t.Errorf("%s from %v: step %v with value %v and slope %v (found %v), began at %v and %v", name, first, last, v, g, ok, value, slope)
			}
		}
	}
}
