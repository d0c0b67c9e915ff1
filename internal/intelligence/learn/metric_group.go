package learn

import (
	"math"

	"empire/internal/domain"
)

// table counts the rows of each pair of groups.
func table(a, b []int) (cells map[[2]int]float64, rows, cols map[int]float64, err error) {
	if err := pairs(len(a), len(b)); err != nil {
		return nil, nil, nil, err
	}
	cells, rows, cols = map[[2]int]float64{}, map[int]float64{}, map[int]float64{}
	for i := range a {
		cells[[2]int{a[i], b[i]}]++
		rows[a[i]]++
		cols[b[i]]++
	}
	return cells, rows, cols, nil
}

// AdjustedRand returns how alike two groupings of the same rows are: 1 is the same, 0
// is chance (Hubert and Arabie, 1985).
func AdjustedRand(a, b []int) (float64, error) {
	cells, rows, cols, err := table(a, b)
	if err != nil {
		return 0, err
	}
	choose := func(n float64) float64 { return n * (n - 1) / 2 } // whole numbers: any order of the sum is exact
	both, inA, inB := 0.0, 0.0, 0.0
	for _, n := range cells {
		both += choose(n)
	}
	for _, n := range rows {
		inA += choose(n)
	}
	for _, n := range cols {
		inB += choose(n)
	}
	all := choose(float64(len(a)))
	if all == 0 || inA == inB && (inA == 0 || inA == all) {
		return 1, nil // one row, or nothing to group
	}
	chance := inA * inB / all
	return (both - chance) / ((inA+inB)/2 - chance), nil
}

// NormalizedMutualInformation returns the shared information of two groupings over the
// mean of their own: 1 is the same, 0 is independent.
func NormalizedMutualInformation(a, b []int) (float64, error) {
	cells, rows, cols, err := table(a, b)
	if err != nil {
		return 0, err
	}
	n := float64(len(a))
	entropy := func(sizes map[int]float64) float64 {
		h := sorted{}
		for _, s := range sizes {
			h.add(-s / n * math.Log(s/n))
		}
		return h.sum()
	}
	ha, hb := entropy(rows), entropy(cols)
	if len(rows) == 1 && len(cols) == 1 {
		return 1, nil
	}
	shared := sorted{}
	for pair, s := range cells {
		shared.add(s / n * math.Log(s*n/(rows[pair[0]]*cols[pair[1]])))
	}
	if shared.sum() <= 0 {
		return 0, nil
	}
	return shared.sum() / ((ha + hb) / 2), nil
}

// GroupScores measure groups of rows without knowing the truth.
type GroupScores struct {
	Silhouette       float64 // mean of (b-a)/max(a,b): nearness to the own group and the next; -1 to 1, higher is better (Rousseeuw, 1987)
	DaviesBouldin    float64 // mean over groups of the worst ratio of spread to distance; lower is better
	CalinskiHarabasz float64 // spread between groups over spread within; higher is better
}

// MeasureGroups measures groups, numbered from 0, by Euclidean distance. It compares
// every row with every other. Two groups and more rows than groups are needed
// (CodeNotEnoughData); a group without rows is CodeInvalid.
func MeasureGroups(m *Matrix, labels []int) (GroupScores, error) {
	if err := sameLength(m, len(labels)); err != nil {
		return GroupScores{}, err
	}
	k := 0
	for _, l := range labels {
		if l < 0 || l >= len(labels) {
			return GroupScores{}, domain.Invalid("labels", "The groups must be numbered from 0; there is a group %d.", l)
		}
		k = max(k, l+1)
	}
	if k < 2 {
		return GroupScores{}, domain.Errorf(domain.CodeNotEnoughData, "Measuring groups needs at least 2 groups.")
	}
	if err := needRows("Measuring groups", m.Rows(), k+1); err != nil {
		return GroupScores{}, err
	}
	size := make([]float64, k)
	for _, l := range labels {
		size[l]++
	}
	for c, n := range size {
		if n == 0 {
			return GroupScores{}, domain.Invalid("labels", "The group %d has no rows.", c)
		}
	}
	g := GroupScores{Silhouette: silhouette(m, labels, size)}
	g.DaviesBouldin, g.CalinskiHarabasz = spreads(m, labels, size)
	return g, nil
}

// silhouette returns the mean over the rows; a row alone in its group has 0.
func silhouette(m *Matrix, labels []int, size []float64) float64 {
	squares := make([]float64, m.Rows())
	for i := range squares {
		_, v := m.Row(i)
		squares[i] = dot(v, v)
	}
	total := 0.0
	sums := make([]float64, len(size))
	for i, own := range labels {
		clear(sums)
		row := m.Full(i)
		for j, other := range labels {
			if i != j {
				sums[other] += math.Sqrt(max(0, squares[i]+squares[j]-2*m.Dot(j, row)))
			}
		}
		if size[own] == 1 {
			continue
		}
		inner, outer := sums[own]/(size[own]-1), math.Inf(1)
		for c := range sums {
			if c != own {
				outer = min(outer, sums[c]/size[c])
			}
		}
		if widest := max(inner, outer); widest > 0 {
			total += (outer - inner) / widest
		}
	}
	return total / float64(len(labels))
}

// spreads returns the Davies-Bouldin and the Calinski-Harabasz index.
func spreads(m *Matrix, labels []int, size []float64) (daviesBouldin, calinskiHarabasz float64) {
	k, n := len(size), float64(len(labels))
	centers := make([][]float64, k)
	for c := range centers {
		centers[c] = make([]float64, m.Cols())
	}
	for i, l := range labels {
		m.addRow(i, 1/size[l], centers[l])
	}
	middle := m.means()
	within, between, scatter := 0.0, 0.0, make([]float64, k)
	for i, l := range labels {
		d := exactDistance(m, i, centers[l])
		within += d
		scatter[l] += math.Sqrt(d) / size[l]
	}
	for c := range centers {
		between += size[c] * distance2(centers[c], middle)
		worst := 0.0
		for other := range centers {
			if d := distance2(centers[c], centers[other]); other != c && d > 0 {
				worst = max(worst, (scatter[c]+scatter[other])/math.Sqrt(d))
			}
		}
		daviesBouldin += worst / float64(k)
	}
	if within == 0 {
		return daviesBouldin, 1
	}
	return daviesBouldin, between * (n - float64(k)) / (within * float64(k-1))
}

func distance2(a, b []float64) float64 {
	s := 0.0
	for j := range a {
		s += (a[j] - b[j]) * (a[j] - b[j])
	}
	return s
}
