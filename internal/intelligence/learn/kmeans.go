package learn

import (
	"math"
	"math/rand/v2"

	"empire/internal/domain"
)

// KMeansParams tune k-means. Zero values mean the defaults.
type KMeansParams struct {
	K             int         `json:"k"`              // number of groups
	Seed          uint64      `json:"seed"`           // of the starts
	Starts        int         `json:"starts"`         // tries, of which the best counts; 0 is 10
	MaxIterations int         `json:"max_iterations"` // of each try; 0 is 300
	Tolerance     float64     `json:"tolerance"`      // shift of the centers at the end, as a share of the variance; 0 is 1e-4
	Centers       [][]float64 `json:"-"`              // fixed start: one try
}

// KMeans are groups of rows around centers.
type KMeans struct {
	Params     KMeansParams `json:"params"`
	Centers    [][]float64  `json:"centers"`
	Inertia    float64      `json:"inertia"`    // sum of the squared distances to the centers
	Iterations int          `json:"iterations"` // of the best try
}

// FitKMeans finds groups by the algorithm of Lloyd (1957), with starts drawn far apart
// (k-means++ of Arthur and Vassilvitskii, 2007), as KMeans of scikit-learn. It returns
// the group of each row with the model. It needs as many rows as groups
// (CodeNotEnoughData).
func FitKMeans(m *Matrix, p KMeansParams) (*KMeans, []int, error) {
	if err := p.complete(m); err != nil {
		return nil, nil, err
	}
	squares := make([]float64, m.Rows())
	for i := range squares {
		_, value := m.Row(i)
		squares[i] = dot(value, value)
	}
	tolerance := p.Tolerance * meanVariance(m)
	var best *lloyd
	for start := range p.Starts {
		l := &lloyd{m: m, squares: squares, labels: make([]int, m.Rows())}
		if p.Centers != nil {
			for _, c := range p.Centers {
				l.centers = append(l.centers, append([]float64(nil), c...))
			}
		} else {
			l.spread(p.K, rand.New(rand.NewPCG(p.Seed, uint64(start))))
		}
		l.run(p.MaxIterations, tolerance)
		if best == nil || l.inertia < best.inertia {
			best = l
		}
	}
	model := &KMeans{Params: p, Centers: best.centers, Inertia: best.inertia, Iterations: best.iterations}
	return model, best.labels, nil
}

func (p *KMeansParams) complete(m *Matrix) error {
	if p.Centers != nil {
		p.K, p.Starts = len(p.Centers), 1
		for _, c := range p.Centers {
			if len(c) != m.Cols() {
				return domain.Invalid("centers", "A center has %d values for %d features.", len(c), m.Cols())
			}
		}
	}
	if p.Starts == 0 {
		p.Starts = 10
	}
	if p.MaxIterations == 0 {
		p.MaxIterations = 300
	}
	if p.Tolerance == 0 {
		p.Tolerance = 1e-4
	}
	if p.K < 1 || p.Starts < 1 || p.MaxIterations < 1 || !(p.Tolerance > 0) {
		return domain.Invalid("k", "The numbers of groups, tries and iterations must be at least 1, the tolerance above 0.")
	}
	return needRows("K-means", m.Rows(), p.K)
}

// meanVariance returns the mean of the variances of the columns.
func meanVariance(m *Matrix) float64 {
	_, variances := moments(m)
	return mean(variances)
}

// lloyd is the state of one try.
type lloyd struct {
	m          *Matrix
	squares    []float64 // of the length of each row
	centers    [][]float64
	labels     []int
	inertia    float64
	iterations int
}

// distance returns the squared distance of a row to a center of known square.
func (l *lloyd) distance(i int, center []float64, square float64) float64 {
	return max(0, l.squares[i]-2*l.m.Dot(i, center)+square)
}

// spread draws starts: each row with a probability in proportion to its squared
// distance to the starts so far, the best of a few draws each time.
func (l *lloyd) spread(k int, rng *rand.Rand) {
	n := l.m.Rows()
	l.centers = append(l.centers, l.m.Full(rng.IntN(n)))
	nearest := make([]float64, n)
	total := l.distancesTo(l.centers[0], nil, nearest)
	draws := 2 + int(math.Log(float64(k)))
	candidate, best := make([]float64, n), make([]float64, n)
	for len(l.centers) < k {
		bestRow, bestTotal := -1, math.Inf(1)
		for range draws {
			row := pick(nearest, rng.Float64()*total)
			if t := l.distancesTo(l.m.Full(row), nearest, candidate); t < bestTotal {
				bestRow, bestTotal = row, t
				candidate, best = best, candidate
			}
		}
		l.centers = append(l.centers, l.m.Full(bestRow))
		nearest, best, total = best, nearest, bestTotal
	}
}

// distancesTo sets out to the squared distances to a center, at most those in limit,
// and returns their sum.
func (l *lloyd) distancesTo(center, limit, out []float64) float64 {
	square, total := dot(center, center), 0.0
	for i := range out {
		out[i] = l.distance(i, center, square)
		if limit != nil {
			out[i] = min(out[i], limit[i])
		}
		total += out[i]
	}
	return total
}

// pick returns the row at which the running sum passes a mark.
func pick(weights []float64, mark float64) int {
	for i, w := range weights {
		if mark -= w; mark < 0 {
			return i
		}
	}
	return len(weights) - 1
}

// run moves centers until no row changes its group or they hardly move.
func (l *lloyd) run(iterations int, tolerance float64) {
	before := make([]int, len(l.labels))
	for i := range before {
		before[i] = -1
	}
	settled := false
	for l.iterations < iterations && !settled {
		l.iterations++
		l.assign()
		shift := l.move()
		settled = true
		for i, label := range l.labels {
			settled = settled && label == before[i]
		}
		if !settled && shift <= tolerance {
			break
		}
		copy(before, l.labels)
	}
	if !settled { // the groups are those of the final centers
		l.assign()
	}
	l.inertia = 0
	for i, c := range l.labels {
		l.inertia += exactDistance(l.m, i, l.centers[c])
	}
}

// assign gives each row to its nearest center, of equal ones to the first.
func (l *lloyd) assign() {
	squares := make([]float64, len(l.centers))
	for c, center := range l.centers {
		squares[c] = dot(center, center)
	}
	for i := range l.labels {
		nearest := math.Inf(1)
		for c, center := range l.centers {
			if d := squares[c] - 2*l.m.Dot(i, center); d < nearest {
				nearest, l.labels[i] = d, c
			}
		}
	}
}

// move puts each center into the middle of its rows and returns the sum of the squared
// shifts. A center without rows goes to the row that is farthest from its own.
func (l *lloyd) move() float64 {
	next, size := make([][]float64, len(l.centers)), make([]float64, len(l.centers))
	for c := range next {
		next[c] = make([]float64, l.m.Cols())
	}
	for i, c := range l.labels {
		l.m.addRow(i, 1, next[c])
		size[c]++
	}
	for c := range next {
		if size[c] == 0 {
			l.relocate(next, size, c)
		}
	}
	shift := 0.0
	for c := range next {
		for j := range next[c] {
			if size[c] > 0 {
				next[c][j] /= size[c]
			}
			d := next[c][j] - l.centers[c][j]
			shift += d * d
		}
	}
	l.centers = next
	return shift
}

// relocate takes the farthest row out of its group, for a group that has none.
func (l *lloyd) relocate(next [][]float64, size []float64, empty int) {
	far, farthest := -1, -1.0
	for i, c := range l.labels {
		if size[c] < 2 {
			continue
		}
		if d := exactDistance(l.m, i, l.centers[c]); d > farthest {
			far, farthest = i, d
		}
	}
	if far < 0 {
		copy(next[empty], l.centers[empty])
		size[empty] = 1
		return
	}
	l.m.addRow(far, -1, next[l.labels[far]])
	size[l.labels[far]]--
	l.m.addRow(far, 1, next[empty])
	size[empty] = 1
	l.labels[far] = empty
}

// exactDistance is the squared distance of a row to a center, without cancellation.
func exactDistance(m *Matrix, i int, center []float64) float64 {
	index, value := m.Row(i)
	d, k := 0.0, 0
	for j, c := range center {
		x := 0.0
		if k < len(index) && int(index[k]) == j {
			x = value[k]
			k++
		}
		d += (x - c) * (x - c)
	}
	return d
}

// Predict returns the nearest center of each row.
func (k *KMeans) Predict(m *Matrix) ([]int, error) {
	if err := sameCols(m, len(k.Centers[0])); err != nil {
		return nil, err
	}
	l := &lloyd{m: m, centers: k.Centers, labels: make([]int, m.Rows())}
	l.assign()
	return l.labels, nil
}
