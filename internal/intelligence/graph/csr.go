package graph

import (
	"cmp"
	"math"
	"slices"
)

// none marks an edge that has no weight of its own.
var none = math.NaN()

// CSR is a graph in compressed sparse rows: the neighbors of node v are
// to[off[v]:off[v+1]] in ascending order, without repetition. It takes 16 bytes for
// each direction of an edge and 8 for each node. In an undirected graph in and out are
// the same rows.
type CSR struct {
	directed bool
	weighted bool
	n        int
	size     int // edges with repetitions

	out, in rows
	degrees []float64 // number of edge ends; a self loop of an undirected graph has two
	ins     []float64 // the same, incoming only; nil if undirected
}

// rows are the neighbors of all nodes, in one direction.
type rows struct {
	off    []int
	to     []int32
	weight []float64 // summed over parallel edges
	least  []float64 // lightest of parallel edges; the same slice as weight if there are none
}

// of returns the neighbors of a node and the weights towards them.
func (r *rows) of(v int) ([]int32, []float64) {
	return r.to[r.off[v]:r.off[v+1]], r.weight[r.off[v]:r.off[v+1]]
}

// CSR returns the edges in compressed rows. With weighted false every edge weighs 1
// and paths are counted in steps. An edge without a weight of its own weighs 1.
func (g *Graph) CSR(weighted bool) *CSR {
	c := &CSR{directed: g.Directed, weighted: weighted, n: len(g.ids), size: len(g.from)}
	c.degrees = make([]float64, c.n)
	weight := func(i int) float64 {
		if !weighted || g.weights == nil || math.IsNaN(g.weights[i]) {
			return 1
		}
		return g.weights[i]
	}
	c.out = pack(c.n, g.from, g.to, weight, !g.Directed)
	c.in = c.out
	if g.Directed {
		c.in = pack(c.n, g.to, g.from, weight, false)
		c.ins = make([]float64, c.n)
	}
	for i := range g.from {
		c.degrees[g.from[i]]++
		c.degrees[g.to[i]]++
		if g.Directed {
			c.ins[g.to[i]]++
		}
	}
	return c
}

// pack sorts edges into rows. With both an edge is entered in the rows of both its
// ends (a self loop once).
func pack(n int, from, to []int32, weight func(int) float64, both bool) rows {
	off := make([]int, n+1)
	for i := range from {
		off[from[i]+1]++
		if both && from[i] != to[i] {
			off[to[i]+1]++
		}
	}
	for v := range n {
		off[v+1] += off[v]
	}
	r := rows{off: off, to: make([]int32, off[n]), weight: make([]float64, off[n])}
	next := slices.Clone(off[:n])
	enter := func(a, b int32, w float64) {
		r.to[next[a]], r.weight[next[a]] = b, w
		next[a]++
	}
	for i := range from {
		enter(from[i], to[i], weight(i))
		if both && from[i] != to[i] {
			enter(to[i], from[i], weight(i))
		}
	}
	r.order(n)
	return r
}

// order sorts each row by neighbor and joins parallel edges.
func (r *rows) order(n int) {
	r.least = r.weight
	type entry struct {
		to int32
		w  float64
	}
	var row []entry
	repeated := false
	for v := range n {
		a, b := r.off[v], r.off[v+1]
		if slices.IsSorted(r.to[a:b]) {
			repeated = repeated || hasRepeats(r.to[a:b])
			continue
		}
		row = row[:0]
		for i := a; i < b; i++ {
			row = append(row, entry{r.to[i], r.weight[i]})
		}
		slices.SortStableFunc(row, func(x, y entry) int { return cmp.Compare(x.to, y.to) })
		for i, e := range row {
			r.to[a+i], r.weight[a+i] = e.to, e.w
		}
		repeated = repeated || hasRepeats(r.to[a:b])
	}
	if repeated {
		r.join(n)
	}
}

// join makes one entry of the entries of parallel edges, in place.
func (r *rows) join(n int) {
	r.least = slices.Clone(r.weight)
	kept := 0
	for v, a := 0, 0; v < n; v++ {
		b, begin := r.off[v+1], kept
		for i := a; i < b; i++ {
			if kept > begin && r.to[kept-1] == r.to[i] {
				r.weight[kept-1] += r.weight[i]
				r.least[kept-1] = min(r.least[kept-1], r.least[i])
				continue
			}
			r.to[kept], r.weight[kept], r.least[kept] = r.to[i], r.weight[i], r.least[i]
			kept++
		}
		a, r.off[v+1] = b, kept
	}
	r.to, r.weight, r.least = r.to[:kept], r.weight[:kept], r.least[:kept]
}

// hasRepeats reports whether a sorted row names a neighbor twice.
func hasRepeats(row []int32) bool {
	for i := 1; i < len(row); i++ {
		if row[i] == row[i-1] {
			return true
		}
	}
	return false
}

// Len returns the number of nodes.
func (c *CSR) Len() int { return c.n }

// Size returns the number of edges, parallel ones counted each.
func (c *CSR) Size() int { return c.size }

// Degree returns for each node the number of edges at it, a self loop counted twice.
func (c *CSR) Degree() []float64 { return slices.Clone(c.degrees) }

// InDegree returns for each node the number of edges that end in it: all, if the
// graph is undirected.
func (c *CSR) InDegree() []float64 {
	if !c.directed {
		return c.Degree()
	}
	return slices.Clone(c.ins)
}

// OutDegree returns for each node the number of edges that begin in it: all, if the
// graph is undirected.
func (c *CSR) OutDegree() []float64 {
	d := c.Degree()
	for v := range c.ins {
		d[v] -= c.ins[v]
	}
	return d
}

// DegreeCentrality returns Degree divided by n-1, the highest degree of a node in a
// graph without self loops and parallel edges. A graph of one node has 1, as in
// NetworkX.
func (c *CSR) DegreeCentrality() []float64 {
	d := c.Degree()
	for v := range d {
		if c.n <= 1 {
			d[v] = 1
		} else {
			d[v] /= float64(c.n - 1)
		}
	}
	return d
}

// Density returns the share of the possible edges that exist: m/(n(n-1)), twice that
// if undirected. Self loops and parallel edges count, so it may exceed 1. It is 0 for
// fewer than two nodes.
func (c *CSR) Density() float64 {
	if c.n < 2 {
		return 0
	}
	d := float64(c.size) / float64(c.n) / float64(c.n-1)
	if !c.directed {
		d *= 2
	}
	return d
}
