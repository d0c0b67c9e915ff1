package graph

import (
	"math"

	"empire/internal/domain"
)

// PageRankParams tune PageRank. Zero values mean the defaults.
type PageRankParams struct {
	Alpha         float64   // share that follows edges; 0 is 0.85
	Tolerance     float64   // largest mean change of a node at the end; 0 is 1e-10
	MaxIterations int       // 0 is 1000
	Teleport      []float64 // weight of each node as target of a jump; nil is all equal
}

// PageRank returns for each node the share of time that a random walk spends there,
// which sums to 1 (Page and others, 1999; networkx.pagerank): with probability Alpha it
// follows an edge, by weight, otherwise it jumps to a node. A node without outgoing
// weight passes its rank on as jumps do. It refuses negative weights and an iteration
// that does not settle, with CodeInvalid.
func (c *CSR) PageRank(p PageRankParams) ([]float64, error) {
	if c.n == 0 {
		return nil, nil
	}
	if err := p.complete(c.n); err != nil {
		return nil, err
	}
	if err := c.refuseNegative("PageRank"); err != nil {
		return nil, err
	}
	outs := make([]float64, c.n) // adjacency rows: a self loop counts once
	for v := range c.n {
		_, w := c.out.of(v)
		for _, x := range w {
			outs[v] += x
		}
	}
	rank, next := make([]float64, c.n), make([]float64, c.n)
	share := make([]float64, c.n) // what a node passes along each unit of weight
	for v := range rank {
		rank[v] = 1 / float64(c.n)
	}
	for range p.MaxIterations {
		lost := 0.0
		for v, r := range rank {
			share[v] = 0
			if outs[v] == 0 {
				lost += r
			} else {
				share[v] = r / outs[v]
			}
		}
		change := 0.0
		for v := range next {
			sum := 0.0
			from, w := c.in.of(v)
			for i, u := range from {
				sum += share[u] * w[i]
			}
			next[v] = p.Alpha*(sum+lost*p.Teleport[v]) + (1-p.Alpha)*p.Teleport[v]
			change += math.Abs(next[v] - rank[v])
		}
		rank, next = next, rank
		if change < float64(c.n)*p.Tolerance {
			return rank, nil
		}
	}
	return nil, domain.Invalid("max_iterations", "PageRank did not settle to %g within %d iterations.", p.Tolerance, p.MaxIterations)
}

// complete fills in defaults and checks what was given.
func (p *PageRankParams) complete(n int) error {
	if p.Alpha == 0 {
		p.Alpha = 0.85
	}
	if p.Tolerance == 0 {
		p.Tolerance = 1e-10
	}
	if p.MaxIterations == 0 {
		p.MaxIterations = 1000
	}
	if !(p.Alpha > 0 && p.Alpha < 1) {
		return domain.Invalid("alpha", "The share of PageRank that follows edges must be between 0 and 1, not %g.", p.Alpha)
	}
	if p.Teleport == nil {
		p.Teleport = make([]float64, n)
		for v := range p.Teleport {
			p.Teleport[v] = 1 / float64(n)
		}
		return nil
	}
	if len(p.Teleport) != n {
		return domain.Invalid("teleport", "PageRank got %d jump weights for %d nodes.", len(p.Teleport), n)
	}
	sum := 0.0
	for _, t := range p.Teleport {
		if !(t >= 0) || math.IsInf(t, 1) {
			return domain.Invalid("teleport", "A jump weight of PageRank must be a number of at least 0, not %g.", t)
		}
		sum += t
	}
	if sum == 0 {
		return domain.Invalid("teleport", "PageRank needs a jump weight above 0.")
	}
	scaled := make([]float64, n)
	for v, t := range p.Teleport {
		scaled[v] = t / sum
	}
	p.Teleport = scaled
	return nil
}

// HITS returns the hub and the authority of each node (Kleinberg, 1999; networkx.hits):
// a good hub points to good authorities, a good authority is pointed to by good hubs.
// Each sums to 1; both are 0 everywhere in a graph without edges. Both come from power
// iteration on the adjacency matrix and its transpose, until no value changes by more
// than 1e-13 of the largest or after 20,000 rounds: where the two largest singular
// values lie close together the result is a mixture that depends on the even start. It
// refuses negative weights with CodeInvalid.
func (c *CSR) HITS() (hubs, authorities []float64, err error) {
	if err := c.refuseNegative("HITS"); err != nil {
		return nil, nil, err
	}
	hubs, authorities = make([]float64, c.n), make([]float64, c.n)
	before := make([]float64, c.n)
	for v := range hubs {
		hubs[v] = 1
	}
	for range 20_000 {
		copy(before, hubs)
		multiply(&c.in, hubs, authorities)
		scaleTo(authorities, largest(authorities))
		multiply(&c.out, authorities, hubs)
		scaleTo(hubs, largest(hubs))
		change := 0.0
		for v := range hubs {
			change = max(change, math.Abs(hubs[v]-before[v]))
		}
		if change < 1e-13 {
			break
		}
	}
	scaleTo(hubs, sum(hubs))
	scaleTo(authorities, sum(authorities))
	return hubs, authorities, nil
}

// multiply sets y to the product of the adjacency rows and x.
func multiply(r *rows, x, y []float64) {
	for v := range y {
		y[v] = 0
		to, w := r.of(v)
		for i, u := range to {
			y[v] += w[i] * x[u]
		}
	}
}

func largest(x []float64) float64 {
	m := 0.0
	for _, v := range x {
		m = max(m, v)
	}
	return m
}

func sum(x []float64) float64 {
	s := 0.0
	for _, v := range x {
		s += v
	}
	return s
}

// scaleTo divides by a number, unless it is 0.
func scaleTo(x []float64, by float64) {
	if by == 0 {
		return
	}
	for i := range x {
		x[i] /= by
	}
}

// refuseNegative refuses weights for which a measure has no meaning.
func (c *CSR) refuseNegative(measure string) error {
	for v := range c.n {
		to, w := c.out.of(v)
		for i, x := range w {
			if x < 0 {
				return domain.Invalid("weight", "%s needs weights of at least 0; the edge between nodes %d and %d weighs %g.", measure, v, to[i], x)
			}
		}
	}
	return nil
}
