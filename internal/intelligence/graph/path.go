package graph

import (
	"context"
	"math"
	"slices"

	"empire/internal/domain"
)

// Path is a way through a graph.
type Path struct {
	Nodes  []int
	Length float64 // number of steps, or sum of the weights
}

// ShortestPath returns a shortest way between two nodes: in steps (breadth first), or
// by weight (Dijkstra, 1959) if the rows are weighted. Of ways of equal length it takes
// the same one each time. No way is CodeNotFound, a negative weight CodeInvalid.
func (c *CSR) ShortestPath(from, to int) (Path, error) {
	if err := c.checkNode("from", from); err != nil {
		return Path{}, err
	}
	if err := c.checkNode("to", to); err != nil {
		return Path{}, err
	}
	if c.weighted {
		if err := c.refuseNegative("A shortest path"); err != nil {
			return Path{}, err
		}
	}
	s := newSearch(c)
	s.parent = make([]int32, c.n)
	s.from(from, to)
	if math.IsInf(s.dist[to], 1) {
		return Path{}, domain.Errorf(domain.CodeNotFound, "No way leads from node %d to node %d.", from, to)
	}
	return Path{Nodes: s.back(from, to), Length: s.dist[to]}, nil
}

// ShortestPath is CSR.ShortestPath between nodes given by name. The rows are built
// for each call; who asks often keeps a CSR.
func (g *Graph) ShortestPath(from, to string, weighted bool) (Path, error) {
	a, err := g.position("from", from)
	if err != nil {
		return Path{}, err
	}
	b, err := g.position("to", to)
	if err != nil {
		return Path{}, err
	}
	p, err := g.CSR(weighted).ShortestPath(a, b)
	if domain.CodeOf(err) == domain.CodeNotFound {
		return Path{}, domain.Errorf(domain.CodeNotFound, "No way leads from %q to %q.", from, to)
	}
	return p, err
}

// Distances returns the length of the shortest way from a node to every node,
// infinite where there is none.
func (c *CSR) Distances(from int) ([]float64, error) {
	if err := c.checkNode("from", from); err != nil {
		return nil, err
	}
	if c.weighted {
		if err := c.refuseNegative("A shortest path"); err != nil {
			return nil, err
		}
	}
	s := newSearch(c)
	s.from(from, -1)
	return s.dist, nil
}

// Closeness returns for each node how near the others are to it: the inverse of the
// mean distance from the nodes that reach it, times their share of all other nodes
// (Wasserman and Faust, 1994, as networkx.closeness_centrality). A node that none
// reaches has 0. It takes one search for each node, and ends early with ctx.
func (c *CSR) Closeness(ctx context.Context) ([]float64, error) {
	if c.weighted {
		if err := c.refuseNegative("Closeness"); err != nil {
			return nil, err
		}
	}
	back := *c // distances towards a node are distances from it against the edges
	back.out, back.in = c.in, c.out
	out := make([]float64, c.n)
	err := spread(ctx, c.n, func(ctx context.Context, _, begin, end int) error {
		s := newSearch(&back)
		for v := begin; v < end; v++ {
			if err := ctx.Err(); err != nil {
				return err
			}
			s.from(v, -1)
			total := 0.0
			for _, u := range s.order {
				total += s.dist[u]
			}
			if reached := float64(len(s.order) - 1); total > 0 {
				out[v] = reached / total * reached / float64(c.n-1)
			}
		}
		return nil
	})
	return out, err
}

// checkNode refuses a position outside the graph.
func (c *CSR) checkNode(field string, v int) error {
	if v < 0 || v >= c.n {
		return domain.Invalid(field, "Node %d does not exist; the graph has %d nodes.", v, c.n)
	}
	return nil
}

// search finds distances from one node, again and again with the same memory: 24
// bytes for each node.
type search struct {
	c     *CSR
	dist  []float64 // infinite if not reached
	order []int32   // nodes reached, nearest first
	queue frontier
	done  []bool // settled, if weighted
	// parent is the node before each one that was reached, if it is not nil.
	parent []int32
}

func newSearch(c *CSR) *search {
	s := &search{c: c, dist: make([]float64, c.n), order: make([]int32, 0, c.n)}
	for v := range s.dist {
		s.dist[v] = math.Inf(1)
	}
	if c.weighted {
		s.done = make([]bool, c.n)
	}
	return s
}

// from finds the distances from a node, and stops once it knows that of target.
func (s *search) from(v, target int) {
	for _, u := range s.order {
		s.dist[u] = math.Inf(1)
	}
	for _, e := range s.queue { // left over by a search that stopped early
		s.dist[e.node] = math.Inf(1)
	}
	if s.done != nil {
		clear(s.done)
	}
	s.order, s.queue = s.order[:0], s.queue[:0]
	s.dist[v] = 0
	if s.c.weighted {
		s.settle(v, target)
		return
	}
	s.order = append(s.order, int32(v))
	for at := 0; at < len(s.order); at++ {
		u := s.order[at]
		if int(u) == target {
			return
		}
		next := s.dist[u] + 1
		to, _ := s.c.out.of(int(u))
		for _, x := range to {
			if math.IsInf(s.dist[x], 1) {
				s.dist[x] = next
				s.step(u, x)
				s.order = append(s.order, x)
			}
		}
	}
}

// settle is the search by weight.
func (s *search) settle(v, target int) {
	s.queue.push(0, int32(v))
	for len(s.queue) > 0 {
		e := s.queue.pop()
		u := int(e.node)
		if s.done[u] {
			continue
		}
		s.done[u] = true
		s.order = append(s.order, e.node)
		if u == target {
			return
		}
		r := &s.c.out
		for i := r.off[u]; i < r.off[u+1]; i++ {
			x := r.to[i]
			if d := e.dist + r.least[i]; d < s.dist[x] {
				s.dist[x] = d
				s.step(e.node, x)
				s.queue.push(d, x)
			}
		}
	}
}

// step notes how a node was reached.
func (s *search) step(from, to int32) {
	if s.parent != nil {
		s.parent[to] = from
	}
}

// back walks from the end of a way to its beginning.
func (s *search) back(from, to int) []int {
	nodes := []int{to}
	for v := to; v != from; {
		v = int(s.parent[v])
		nodes = append(nodes, v)
	}
	slices.Reverse(nodes)
	return nodes
}
