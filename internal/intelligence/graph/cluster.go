package graph

// Clustering returns for each node the share of the pairs of its neighbors that are
// neighbors themselves (Watts and Strogatz, 1998; networkx.clustering). Direction,
// weights, self loops and parallel edges do not matter; fewer than two neighbors give 0.
func (c *CSR) Clustering() []float64 {
	triangles, pairs := c.triangles()
	out := make([]float64, c.n)
	for v := range out {
		if triangles[v] > 0 {
			out[v] = float64(triangles[v]) / float64(pairs[v])
		}
	}
	return out
}

// Transitivity returns the share of paths of two steps whose ends are neighbors:
// three times the triangles over the triads. It is 0 without triads.
func (c *CSR) Transitivity() float64 {
	triangles, pairs := c.triangles()
	closed, all := 0, 0
	for v := range triangles {
		closed += triangles[v]
		all += pairs[v]
	}
	if all == 0 {
		return 0
	}
	return float64(closed) / float64(all)
}

// triangles counts for each node the triangles at it and the pairs of its neighbors.
// Each triangle is found once, from its node of lowest rank by number of neighbors, so
// that hubs cost little: O(m·sqrt(m)) in all.
func (c *CSR) triangles() (triangles, pairs []int) {
	near := c.neighbors()
	triangles, pairs = make([]int, c.n), make([]int, c.n)
	above := make([][]int32, c.n) // neighbors of higher rank
	for v, ns := range near {
		pairs[v] = len(ns) * (len(ns) - 1) / 2
		for _, u := range ns {
			if len(near[u]) > len(ns) || len(near[u]) == len(ns) && int(u) > v {
				above[v] = append(above[v], u)
			}
		}
	}
	mark := make([]int32, c.n)
	for v := range above {
		stamp := int32(v) + 1
		for _, u := range above[v] {
			mark[u] = stamp
		}
		for _, u := range above[v] {
			for _, w := range above[u] {
				if mark[w] == stamp {
					triangles[v]++
					triangles[u]++
					triangles[w]++
				}
			}
		}
	}
	return triangles, pairs
}

// neighbors returns for each node the other nodes that it shares an edge with, sorted.
func (c *CSR) neighbors() [][]int32 {
	near := make([][]int32, c.n)
	for v := range near {
		out, _ := c.out.of(v)
		in := out[:0]
		if c.directed {
			in, _ = c.in.of(v)
		}
		joined := make([]int32, 0, len(out)+len(in))
		for len(out)+len(in) > 0 {
			var u int32
			switch {
			case len(in) == 0 || len(out) > 0 && out[0] < in[0]:
				u, out = out[0], out[1:]
			case len(out) == 0 || in[0] < out[0]:
				u, in = in[0], in[1:]
			default:
				u, out, in = out[0], out[1:], in[1:]
			}
			if int(u) != v {
				joined = append(joined, u)
			}
		}
		near[v] = joined
	}
	return near
}
