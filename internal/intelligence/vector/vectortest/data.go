package vectortest

import (
	"math"
	"math/rand/v2"
)

// Random returns n directions of no structure: the hardest case, in which the nearest
// vector is hardly nearer than any other.
func Random(r *rand.Rand, n, dimension int) [][]float32 {
	return vectors(r, n, dimension, nil)
}

// Clustered returns n directions around centers, as texts lie around topics.
func Clustered(r *rand.Rand, n, dimension, centers int) [][]float32 {
	return vectors(r, n, dimension, vectors(r, centers, dimension, nil))
}

func vectors(r *rand.Rand, n, dimension int, centers [][]float32) [][]float32 {
	out := make([][]float32, n)
	for i := range out {
		v := make([]float32, dimension)
		var sum float64
		var center []float32
		if centers != nil {
			center = centers[r.IntN(len(centers))]
		}
		for d := range v {
			v[d] = float32(r.NormFloat64())
			if center != nil {
				v[d] = center[d] + v[d]*float32(0.6/math.Sqrt(float64(dimension)))
			}
			sum += float64(v[d]) * float64(v[d])
		}
		scale := float32(1 / math.Sqrt(sum))
		for d := range v {
			v[d] *= scale
		}
		out[i] = v
	}
	return out
}
