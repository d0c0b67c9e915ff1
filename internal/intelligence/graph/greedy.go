package graph

import (
	"container/heap"
)

// GreedyModularity returns communities of high modularity by joining, from single
// nodes on, the two groups whose union gains most, until none gains (Clauset, Newman
// and Moore, 2004). It has no order to draw, so no seed, and is slower and mostly a
// little worse than Louvain. Direction does not matter here: edges both ways are added
// up. Equal gains are taken in the order of the nodes, and sums in the order of NetworkX,
// so that ties fall as there if nodes are in the order of their names. It refuses negative weights with
// CodeInvalid.
func (c *CSR) GreedyModularity(p CommunityParams) ([][]int, error) {
	if err := p.complete(c.size); err != nil {
		return nil, err
	}
	if err := c.refuseNegative("Greedy modularity"); err != nil {
		return nil, err
	}
	g := newGreedy(c, p.Resolution)
	for g.queue.Len() > 0 {
		top := heap.Pop(&g.queue).(union)
		if now, ok := g.gains[top.a][top.b]; !ok || now != top.gain {
			continue // the groups or their gain have changed since
		}
		if top.gain < 0 {
			break
		}
		g.unite(top.a, top.b)
	}
	label := make([]int32, c.n)
	for v := range label {
		label[v] = g.find(int32(v))
	}
	dense, k := renumber(label)
	return groups(dense, k), nil
}

// greedy is the state of the search: for each group the gains of its unions.
type greedy struct {
	resolution float64
	parent     []int32
	share      []float64 // of all weight that is at the group
	gains      []map[int32]float64
	queue      unions
}

// union is a pair of groups, a < b, with what joining them gained when it was entered.
type union struct {
	gain float64
	a, b int32
}

type unions []union

func (u unions) Len() int { return len(u) }
func (u unions) Less(i, j int) bool {
	x, y := u[i], u[j]
	if x.gain != y.gain {
		return x.gain > y.gain
	}
	return x.a < y.a || x.a == y.a && x.b < y.b
}
func (u unions) Swap(i, j int) { u[i], u[j] = u[j], u[i] }
func (u *unions) Push(x any)   { *u = append(*u, x.(union)) }
func (u *unions) Pop() any {
	last := len(*u) - 1
	x := (*u)[last]
	*u = (*u)[:last]
	return x
}

func newGreedy(c *CSR, resolution float64) *greedy {
	g := &greedy{resolution: resolution, parent: make([]int32, c.n), share: make([]float64, c.n), gains: make([]map[int32]float64, c.n)}
	lv := c.level() // an undirected edge counts twice in it
	once := 1.0
	if !c.directed {
		once = 0.5
	}
	scale := 0.0 // 1/m
	if lv.all > 0 {
		scale = 1 / (lv.all * once)
	}
	for v := range g.parent {
		g.parent[v], g.gains[v] = int32(v), map[int32]float64{}
		g.share[v] = (lv.out[v] + lv.in[v]) * once * scale * 0.5
	}
	for v := range c.n {
		for i := lv.off[v]; i < lv.off[v+1]; i++ {
			g.gains[v][lv.to[i]] += lv.weight[i] * once
		}
	}
	for v, row := range g.gains {
		for u, w := range row {
			gain := scale*w - 2*resolution*g.share[v]*g.share[u]
			row[u] = gain
			if int(u) > v {
				g.queue = append(g.queue, union{gain, int32(v), u})
			}
		}
	}
	heap.Init(&g.queue) // the order out of the heap does not depend on that into it
	return g
}

// unite joins a group into a later one.
func (g *greedy) unite(b, a int32) {
	delete(g.gains[a], b)
	delete(g.gains[b], a)
	for k, gain := range g.gains[b] {
		if other, both := g.gains[a][k]; both {
			gain = other + gain
		} else {
			gain -= 2 * g.resolution * g.share[a] * g.share[k]
		}
		delete(g.gains[k], b)
		g.set(a, k, gain)
	}
	for k, gain := range g.gains[a] {
		if _, both := g.gains[b][k]; !both {
			g.set(a, k, gain-2*g.resolution*g.share[b]*g.share[k])
		}
	}
	g.share[a] += g.share[b]
	g.gains[b] = nil
	g.parent[b] = a
}

func (g *greedy) set(a, k int32, gain float64) {
	g.gains[a][k], g.gains[k][a] = gain, gain
	heap.Push(&g.queue, union{gain, min(a, k), max(a, k)})
}

// find returns the group of a node.
func (g *greedy) find(v int32) int32 {
	for g.parent[v] != v {
		g.parent[v] = g.parent[g.parent[v]]
		v = g.parent[v]
	}
	return v
}
