package bench

import (
	"math/bits"
	"time"
)

const (
	precision = 7 // bits: a value is off by less than 1 %
	steps     = 1 << precision
	octaves   = 64 - precision
)

// Histogram counts times with a relative error of less than one percent. The zero
// value is empty. It is not safe for concurrent use.
type Histogram struct {
	counts [octaves * steps]uint32
	n      int
	sum    time.Duration
	most   time.Duration
}

// Add counts one time; a negative one counts as zero.
func (h *Histogram) Add(d time.Duration) {
	d = max(d, 0)
	h.counts[slot(uint64(d))]++
	h.n++
	h.sum += d
	h.most = max(h.most, d)
}

// slot returns where a value is counted: itself below 128, else the octave and its
// seven leading bits after the first.
func slot(v uint64) int {
	if v < steps {
		return int(v)
	}
	shift := bits.Len64(v) - precision - 1
	return shift*steps + int(v>>shift)
}

// top returns the largest value that is counted in a slot.
func top(slot int) time.Duration {
	if slot < steps {
		return time.Duration(slot)
	}
	shift := slot/steps - 1
	return time.Duration((uint64(slot%steps)+steps+1)<<shift - 1)
}

// Count returns how many times were counted.
func (h *Histogram) Count() int { return h.n }

// Mean returns the average, or 0 if there is none.
func (h *Histogram) Mean() time.Duration {
	if h.n == 0 {
		return 0
	}
	return h.sum / time.Duration(h.n)
}

// Max returns the longest time.
func (h *Histogram) Max() time.Duration { return h.most }

// Quantile returns the time that a share q of all, between 0 and 1, does not
// exceed.
func (h *Histogram) Quantile(q float64) time.Duration {
	rank := max(1, int(q*float64(h.n)+0.5))
	seen := 0
	for i, c := range h.counts {
		if seen += int(c); seen >= rank {
			return min(top(i), h.most)
		}
	}
	return h.most
}

// Merge adds what another histogram holds.
func (h *Histogram) Merge(o *Histogram) {
	h.n += o.n
	h.sum += o.sum
	h.most = max(h.most, o.most)
	for i, n := range o.counts {
		h.counts[i] += n
	}
}
