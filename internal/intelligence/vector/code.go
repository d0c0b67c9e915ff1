package vector

import (
	"math"
	"math/bits"
	"math/rand/v2"
)

// coder makes the binary codes of a Set of directions.
//
// A vector of length 1 is centered on the mean of the set, its signs are flipped at
// fixed random places, and a Walsh–Hadamard transform spreads it over a power of two
// of values: after that no value stands out, also of sparse vectors, and the signs of
// the values are a good short code (Gao and Long, RaBitQ, SIGMOD 2024, who rotate by a
// random orthogonal matrix; the transform does in n·log n what that does in n²).
//
// Two codes are compared by the number of different bits; a vector is compared with a
// code by the sum of its values with the signs of the code, times a factor of the
// code that makes the estimate of the inner product unbiased.
type coder struct {
	width int       // values after the transform, a power of two, at least 64
	mean  []float32 // of the set when the coder was made
	flip  []float32 // −1 or 1
}

func newCoder(dimension int, mean []float32) *coder {
	c := &coder{width: 64, mean: mean, flip: make([]float32, dimension)}
	for c.width < dimension {
		c.width *= 2
	}
	r := rand.New(rand.NewPCG(0x766563746f72, uint64(dimension))) //nolint:gosec // the same signs every time
	for i := range c.flip {
		c.flip[i] = 1 - 2*float32(r.IntN(2))
	}
	return c
}

// words returns how many words of 64 bits a code has.
func (c *coder) words() int { return c.width / 64 }

// spread writes the transform of scale·v, or of scale·v − mean, to out, which has the
// coder's width. Lengths are kept.
func (c *coder) spread(v []float32, scale float32, centered bool, out []float32) {
	clear(out)
	for i, x := range v {
		x *= scale
		if centered {
			x -= c.mean[i]
		}
		out[i] = x * c.flip[i]
	}
	for h := 1; h < len(out); h *= 2 {
		for i := 0; i < len(out); i += 2 * h {
			low, high := out[i:i+h], out[i+h:i+2*h]
			high = high[:len(low)]
			for j, a := range low {
				b := high[j]
				low[j], high[j] = a+b, a-b
			}
		}
	}
	f := float32(1 / math.Sqrt(float64(len(out))))
	for i := range out {
		out[i] *= f
	}
}

// encode writes the signs of what spread made to code and returns its factor.
func encode(spread []float32, code []uint64) float32 {
	clear(code)
	var abs, sum float32
	for i, x := range spread {
		sum += x * x
		if x > 0 {
			code[i/64] |= 1 << (i % 64)
			abs += x
		} else {
			abs -= x
		}
	}
	if abs == 0 {
		return 0
	}
	return sum / abs
}

// table holds, for each byte of a code and each of its values, the sum of the query's
// values with the signs that the byte stands for.
type table [][256]float32

func (t table) fill(spread []float32) {
	for b := range t {
		l, q := &t[b], spread[b*8:b*8+8]
		l[0] = 0
		for _, x := range q {
			l[0] -= x
		}
		for x := 1; x < 256; x++ {
			l[x] = l[x&(x-1)] + 2*q[bits.TrailingZeros8(uint8(x))]
		}
	}
}

// sum estimates the inner product of the query and a code, up to the code's factor.
func (t table) sum(code []uint64) float32 {
	var s0, s1 float32
	for _, w := range code {
		l := t[:8]
		s0 += l[0][byte(w)] + l[1][byte(w>>8)] + l[2][byte(w>>16)] + l[3][byte(w>>24)]
		s1 += l[4][byte(w>>32)] + l[5][byte(w>>40)] + l[6][byte(w>>48)] + l[7][byte(w>>56)]
		t = t[8:]
	}
	return s0 + s1
}

// hamming writes the number of bits in which each code differs from q, and counts
// them. codes holds len(out) codes.
func hamming(codes, q []uint64, out []uint16, count []int) {
	if len(q) == 8 { // 257 to 512 values: the sizes of most embeddings
		hamming8(codes, (*[8]uint64)(q), out, count)
		return
	}
	w := len(q)
	for i := range out {
		d := 0
		for j, x := range codes[i*w : i*w+w] {
			d += bits.OnesCount64(x ^ q[j])
		}
		out[i] = uint16(d) //nolint:gosec // at most MaxDimension
		count[d]++
	}
}

func hamming8(codes []uint64, q *[8]uint64, out []uint16, count []int) {
	for i := range out {
		c := (*[8]uint64)(codes[i*8:])
		d := bits.OnesCount64(c[0]^q[0]) + bits.OnesCount64(c[1]^q[1]) + bits.OnesCount64(c[2]^q[2]) + bits.OnesCount64(c[3]^q[3]) +
			bits.OnesCount64(c[4]^q[4]) + bits.OnesCount64(c[5]^q[5]) + bits.OnesCount64(c[6]^q[6]) + bits.OnesCount64(c[7]^q[7])
		out[i] = uint16(d) //nolint:gosec // at most 512
		count[d]++
	}
}
