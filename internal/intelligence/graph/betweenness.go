package graph

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"empire/internal/domain"
)

// BetweennessParams tune Betweenness. The zero value asks for exact values, raw.
type BetweennessParams struct {
	// Normalized divides by the number of pairs of other nodes.
	Normalized bool
	// Samples is how many nodes to search from, drawn without repetition by Seed; the
	// sums are scaled up. 0, or at least the number of nodes, is all: exact.
	Samples int
	Seed    uint64
}

// Betweenness returns for each node the share of shortest ways between other nodes
// that lead through it, summed over all pairs (Freeman, 1977; algorithm of Brandes,
// 2001; values as networkx.betweenness_centrality). Self loops and parallel edges do
// not matter. In weighted rows ways are measured by weight, which must be above 0 then
// (CodeInvalid). It takes one search for each node or sample, and ends early with ctx.
func (c *CSR) Betweenness(ctx context.Context, p BetweennessParams) ([]float64, error) {
	if err := c.checkBetweenness(p); err != nil {
		return nil, err
	}
	sources := c.sources(p)
	parts := make([][]float64, shards)
	err := spread(ctx, len(sources), func(ctx context.Context, shard, begin, end int) error {
		parts[shard] = make([]float64, c.n)
		b := &brandes{search: newSearch(c), sigma: make([]float64, c.n), delta: make([]float64, c.n)}
		for _, v := range sources[begin:end] {
			if err := ctx.Err(); err != nil {
				return err
			}
			b.add(v, parts[shard])
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := make([]float64, c.n)
	for _, part := range parts { // in order: the same sums each time
		for v, x := range part {
			out[v] += x
		}
	}
	scale := c.betweennessScale(p, len(sources))
	for v := range out {
		out[v] *= scale
	}
	return out, nil
}

func (c *CSR) checkBetweenness(p BetweennessParams) error {
	if p.Samples < 0 {
		return domain.Invalid("samples", "The number of samples must be at least 0, not %d.", p.Samples)
	}
	if !c.weighted {
		return nil
	}
	for v := range c.n {
		to, w := c.out.of(v)
		for i, x := range w {
			if !(x > 0) && int(to[i]) != v {
				return domain.Invalid("weight", "Betweenness needs weights above 0; the edge between nodes %d and %d weighs %g.", v, to[i], x)
			}
		}
	}
	return nil
}

// sources are the nodes to search from, in ascending order.
func (c *CSR) sources(p BetweennessParams) []int {
	all := make([]int, c.n)
	for v := range all {
		all[v] = v
	}
	if p.Samples == 0 || p.Samples >= c.n {
		return all
	}
	rng := rand.New(rand.NewPCG(p.Seed, 0))
	for i := range p.Samples {
		j := i + rng.IntN(c.n-i)
		all[i], all[j] = all[j], all[i]
	}
	all = all[:p.Samples]
	slices.Sort(all)
	return all
}

// betweennessScale is the factor of NetworkX: every pair of an undirected graph was
// seen from both of its ends.
func (c *CSR) betweennessScale(p BetweennessParams, sources int) float64 {
	scale := 1.0
	switch {
	case p.Normalized && c.n > 2:
		scale = 1 / (float64(c.n-1) * float64(c.n-2))
	case !p.Normalized && !c.directed:
		scale = 0.5
	}
	if sources > 0 {
		scale *= float64(c.n) / float64(sources)
	}
	return scale
}

// brandes is the state of one worker.
type brandes struct {
	search *search
	sigma  []float64 // number of shortest ways from the source
	delta  []float64 // dependency of the source on the node
}

// add adds to sum what the shortest ways from one node give to every other.
func (b *brandes) add(source int, sum []float64) {
	s, c := b.search, b.search.c
	s.from(source, -1)
	for _, v := range s.order {
		b.sigma[v], b.delta[v] = 0, 0
	}
	b.sigma[source] = 1
	for _, v := range s.order {
		for i := c.in.off[v]; i < c.in.off[v+1]; i++ {
			if u := c.in.to[i]; b.precedes(u, v, i) {
				b.sigma[v] += b.sigma[u]
			}
		}
	}
	for at := len(s.order) - 1; at > 0; at-- {
		v := s.order[at]
		share := (1 + b.delta[v]) / b.sigma[v]
		for i := c.in.off[v]; i < c.in.off[v+1]; i++ {
			if u := c.in.to[i]; b.precedes(u, v, i) {
				b.delta[u] += b.sigma[u] * share
			}
		}
		sum[v] += b.delta[v]
	}
}

// precedes reports whether u is the node before v on a shortest way. The edge from u
// to v is entry i of the incoming rows. The sum is the one that the search took, so
// it can be compared exactly.
func (b *brandes) precedes(u, v int32, i int) bool {
	d := b.search.dist[u]
	if !b.search.c.weighted {
		return d+1 == b.search.dist[v]
	}
	return u != v && !math.IsInf(d, 1) && d+b.search.c.in.least[i] == b.search.dist[v]
}
