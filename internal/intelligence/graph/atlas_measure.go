package graph

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"empire/internal/domain"
)

// searchBudget is how many steps along edges all searches of one measure may take
// together: some seconds of one processor. A graph for which searches from all nodes
// take more is measured from samples.
const searchBudget = 20_000_000

// samples returns how many nodes searches begin from; 0: all.
func (a *Atlas) samples() int {
	n, steps := len(a.refs), 2*len(a.edges)+len(a.refs)
	if n*steps <= searchBudget {
		return 0
	}
	return max(searchBudget/max(steps, 1), 16)
}

// measure returns the values of a measure, which are computed once.
func (a *Atlas) measure(ctx context.Context, by domain.GraphMeasure) (*measured, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if m := a.ranks[by]; m != nil {
		return m, nil
	}
	m := &measured{}
	var err error
	switch by {
	case domain.MeasureDegree:
		m.values = make([]float64, len(a.refs))
		for i := range m.values {
			m.values[i] = float64(a.in[i] + a.out[i])
		}
	case domain.MeasurePageRank:
		m.values, err = a.graph(true, nil).CSR(true).PageRank(PageRankParams{})
	case domain.MeasureBetweenness:
		m.samples = a.samples()
		m.values, err = a.ways.Betweenness(ctx, BetweennessParams{Normalized: true, Samples: m.samples, Seed: 1})
	case domain.MeasureCloseness:
		if m.samples = a.samples(); m.samples == 0 {
			m.values, err = a.ways.Closeness(ctx)
		} else {
			m.values, err = a.ways.ClosenessSampled(ctx, m.samples, 1)
		}
	default:
		return nil, domain.Invalid("by", "There is no measure %q.", by)
	}
	if err != nil {
		return nil, err
	}
	m.order = make([]int32, len(a.refs))
	for i := range m.order {
		m.order[i] = int32(i)
	}
	slices.SortStableFunc(m.order, func(x, y int32) int { return cmp.Compare(m.values[y], m.values[x]) })
	a.ranks[by] = m
	return m, nil
}

// ClosenessSampled estimates Closeness of an undirected graph from searches that begin
// at samples nodes, drawn without repetition by seed: the mean distance to the sample
// stands for that to all (Eppstein and Wang, 2004). A node that no sample reaches gets
// 0. It ends early with ctx.
func (c *CSR) ClosenessSampled(ctx context.Context, samples int, seed uint64) ([]float64, error) {
	if c.directed {
		return nil, domain.Invalid("graph", "Closeness is sampled on undirected graphs only.")
	}
	size := make([]int, c.n)
	for _, part := range c.Components() {
		for _, v := range part {
			size[v] = len(part)
		}
	}
	total, reached := make([]float64, c.n), make([]int, c.n)
	s := newSearch(c)
	order := rand.New(rand.NewPCG(seed, 1)).Perm(c.n)
	for _, v := range order[:min(samples, c.n)] {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		s.from(v, -1)
		for _, u := range s.order {
			if int(u) != v {
				total[u] += s.dist[u]
				reached[u]++
			}
		}
	}
	out := make([]float64, c.n)
	for v := range out {
		if reached[v] > 0 && total[v] > 0 && !math.IsInf(total[v], 1) {
			out[v] = float64(reached[v]) / total[v] * float64(size[v]-1) / float64(c.n-1)
		}
	}
	return out, nil
}
