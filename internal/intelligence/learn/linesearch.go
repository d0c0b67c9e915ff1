package learn

import "math"

// point is a step with the value of the function there and its slope.
type point struct{ step, value, slope float64 }

// lineSearch finds a step along a direction that lowers a function enough and flattens
// its slope enough (Moré and Thuente, 1994; dcsrch of MINPACK-2 with the settings of
// L-BFGS-B). at returns value and slope at a step; value and slope are those at 0. It
// is false if there is no such step; the last call of at was at the step that it found.
func lineSearch(at func(step float64) (value, slope float64), value, slope, first float64) (float64, bool) {
	const (
		enough = 1e-3 // of the decrease that the slope promises
		flat   = 0.9  // of the slope
		narrow = 0.1
		most   = 1e10
		tries  = 20
	)
	if !(slope < 0) {
		return value, false
	}
	s := search{start: point{0, value, slope}, test: enough * slope, width: most, before: 2 * most, high: first + 4*first}
	s.x, s.y = s.start, s.start
	step := first
	for range tries {
		v, g := at(step)
		if math.IsNaN(v) || math.IsInf(v, 0) { // beyond where the function has values
			step /= 10
			s.high = 5 * step
			continue
		}
		limit := value + step*s.test
		if s.late = s.late || v <= limit && g >= 0; v <= limit && math.Abs(g) <= -flat*slope {
			return v, true
		}
		if s.bracketed && (step <= s.low || step >= s.high || s.high-s.low <= narrow*s.high) || step == most && v <= limit && g <= s.test {
			return v, v <= limit // rounding lets it come no closer
		}
		step = s.next(point{step, v, g}, limit)
		step = min(max(step, 0), most)
		if s.bracketed && (step <= s.low || step >= s.high || s.high-s.low <= narrow*s.high) {
			step = s.x.step
		}
	}
	return value, false
}

// search is the interval in which the step lies.
type search struct {
	start         point
	x, y          point   // best end and other end
	test          float64 // slope of the line that values must lie below
	low, high     float64
	width, before float64
	bracketed     bool
	late          bool // a point was low enough with a rising slope
}

// next returns the next step to try, given the last one.
func (s *search) next(p point, limit float64) float64 {
	var step float64
	if !s.late && p.value <= s.x.value && p.value > limit { // work on the function less the line
		less := func(q point, sign float64) point {
			return point{q.step, q.value - sign*q.step*s.test, q.slope - sign*s.test}
		}
		s.x, s.y = less(s.x, 1), less(s.y, 1)
		step = s.narrow(less(p, 1))
		s.x, s.y = less(s.x, -1), less(s.y, -1)
	} else {
		step = s.narrow(p)
	}
	if s.bracketed {
		if math.Abs(s.y.step-s.x.step) >= 0.66*s.before {
			step = s.x.step + 0.5*(s.y.step-s.x.step)
		}
		s.before, s.width = s.width, math.Abs(s.y.step-s.x.step)
		s.low, s.high = min(s.x.step, s.y.step), max(s.x.step, s.y.step)
	} else {
		s.low, s.high = step+1.1*(step-s.x.step), step+4*(step-s.x.step)
	}
	return step
}

// narrow is dcstep of MINPACK-2: it returns a step from cubic and quadratic
// interpolation and moves the ends of the interval.
func (s *search) narrow(p point) float64 {
	x, y := s.x, s.y
	opposite := p.slope*math.Copysign(1, x.slope) < 0
	var step float64
	switch {
	case p.value > x.value: // higher: the minimum is between
		cubic := x.step + cubicShare(x, p, false)*(p.step-x.step)
		square := x.step + x.slope/((x.value-p.value)/(p.step-x.step)+x.slope)/2*(p.step-x.step)
		step = cubic
		if math.Abs(cubic-x.step) >= math.Abs(square-x.step) {
			step = cubic + (square-cubic)/2
		}
		s.bracketed = true
	case opposite: // lower, and the slope has turned
		cubic := p.step + cubicShare(p, x, false)*(x.step-p.step)
		square := p.step + p.slope/(p.slope-x.slope)*(x.step-p.step)
		step = square
		if math.Abs(cubic-p.step) > math.Abs(square-p.step) {
			step = cubic
		}
		s.bracketed = true
	case math.Abs(p.slope) < math.Abs(x.slope): // lower and flatter
		step = s.flatter(p)
	case s.bracketed: // lower and steeper
		step = p.step + cubicShare(p, y, false)*(y.step-p.step)
	case p.step > x.step:
		step = s.high
	default:
		step = s.low
	}
	if p.value > x.value {
		s.y = p
	} else {
		if opposite {
			s.y = x
		}
		s.x = p
	}
	return step
}

// flatter is the case in which the value fell and the slope became smaller.
func (s *search) flatter(p point) float64 {
	x, y := s.x, s.y
	share := cubicShare(p, x, true)
	cubic := s.low
	switch {
	case share < 0 && !math.IsNaN(share):
		cubic = p.step + share*(x.step-p.step)
	case p.step > x.step:
		cubic = s.high
	}
	square := p.step + p.slope/(p.slope-x.slope)*(x.step-p.step)
	nearer, farther := cubic, square
	if math.Abs(cubic-p.step) >= math.Abs(square-p.step) {
		nearer, farther = square, cubic
	}
	if !s.bracketed {
		return max(s.low, min(s.high, farther))
	}
	if p.step > x.step {
		return min(p.step+0.66*(y.step-p.step), nearer)
	}
	return max(p.step+0.66*(y.step-p.step), nearer)
}

// cubicShare returns where between two points the minimum of the cubic through both
// lies, as a share of the way from a to b. With far the minimum may lie beyond, or be
// missing: then it is NaN.
func cubicShare(a, b point, far bool) float64 {
	theta := 3*(a.value-b.value)/(b.step-a.step) + a.slope + b.slope
	scale := max(math.Abs(theta), math.Abs(a.slope), math.Abs(b.slope))
	square := theta/scale*(theta/scale) - a.slope/scale*(b.slope/scale)
	if far {
		square = max(0, square)
	}
	gamma := scale * math.Sqrt(square)
	if b.step < a.step {
		gamma = -gamma
	}
	if far && gamma == 0 {
		return math.NaN()
	}
	return (gamma - a.slope + theta) / (gamma - a.slope + gamma + b.slope)
}
