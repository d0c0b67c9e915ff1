package graph

import (
	"empire/internal/domain"
)

// CommunityParams tune the search for communities. Zero values mean the defaults.
type CommunityParams struct {
	Resolution float64 // above 1 favors smaller communities; 0 is 1
	Seed       uint64  // orders in which Louvain looks at nodes
	// Tries is how many orders Louvain tries, to return the best result. 0 is 10, but
	// fewer in a graph of more than 100,000 edges and 1 from a million on.
	Tries int
}

func (p *CommunityParams) complete(size int) error {
	if p.Tries == 0 {
		p.Tries = min(10, max(1, 1_000_000/max(size, 1)))
	}
	if p.Tries < 0 {
		return domain.Invalid("tries", "The number of tries must be at least 0, not %d.", p.Tries)
	}
	if p.Resolution == 0 {
		p.Resolution = 1
	}
	if !(p.Resolution > 0) {
		return domain.Invalid("resolution", "The resolution must be above 0, not %g.", p.Resolution)
	}
	return nil
}

// Modularity returns how much more weight lies inside the groups than chance would put
// there (Newman, 2004; networkx.community.modularity):
//
//	Q = Σ over groups of  inside/m - resolution·(weight at it / 2m)²
//
// where m is the weight of all edges; in a directed graph the square is the product of
// the outgoing and the incoming share (Leicht and Newman, 2008). The groups must hold
// every node once, otherwise it is CodeInvalid. Without edges it is 0.
func (c *CSR) Modularity(parts [][]int, resolution float64) (float64, error) {
	label := make([]int32, c.n)
	for v := range label {
		label[v] = -1
	}
	placed := 0
	for i, part := range parts {
		for _, v := range part {
			if err := c.checkNode("groups", v); err != nil {
				return 0, err
			}
			if label[v] >= 0 {
				return 0, domain.Invalid("groups", "Node %d is in two groups.", v)
			}
			label[v] = int32(i)
			placed++
		}
	}
	if placed != c.n {
		return 0, domain.Invalid("groups", "The groups hold %d of %d nodes.", placed, c.n)
	}
	return c.modularity(label, len(parts), resolution), nil
}

// modularity is Modularity of labels 0..k-1.
func (c *CSR) modularity(label []int32, k int, resolution float64) float64 {
	inside, outs, ins := make([]float64, k), make([]float64, k), make([]float64, k)
	all := 0.0
	for v := range c.n {
		to, w := c.out.of(v)
		for i, u := range to {
			x := w[i]
			if !c.directed && int(u) == v {
				x *= 2 // both ends of a self loop
			}
			all += x
			outs[label[v]] += x
			ins[label[u]] += x
			if label[v] == label[u] {
				inside[label[v]] += x
			}
		}
	}
	if all == 0 {
		return 0
	}
	q := 0.0
	for i := range inside {
		q += inside[i]/all - resolution*outs[i]*ins[i]/(all*all)
	}
	return q
}
