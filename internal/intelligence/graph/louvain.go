package graph

import (
	"math"
	"math/rand/v2"
)

// Louvain returns communities of high modularity (Blondel and others, 2008): single
// nodes move to the community of a neighbor that gains most, until none gains; then
// each community becomes a node and the same begins again. When no level gains any
// more, single nodes get another chance to leave their community, and so on until
// nothing moves. Nodes whose surroundings did not change are not looked at again. A
// directed graph is divided by directed modularity; Graph.Undirected gives the other.
// Groups are ordered as Components, a node without edges is a group of its own, and the
// same seed gives the same groups. Of several tries the first with the highest modularity
// counts. It refuses negative weights with CodeInvalid.
func (c *CSR) Louvain(p CommunityParams) ([][]int, error) {
	if err := p.complete(c.size); err != nil {
		return nil, err
	}
	if err := c.refuseNegative("Louvain"); err != nil {
		return nil, err
	}
	rng := rand.New(rand.NewPCG(p.Seed, 0))
	base := c.level()
	var best []int32
	bestK, highest := 0, math.Inf(-1)
	for range p.Tries {
		label, k := base.louvain(p.Resolution, rng)
		if q := c.modularity(label, k, p.Resolution); q > highest {
			best, bestK, highest = label, k, q
		}
	}
	return groups(best, bestK), nil
}

// louvain is one try. It returns labels 0..k-1.
func (lv *level) louvain(resolution float64, rng *rand.Rand) (label []int32, k int) {
	label = singles(lv.n)
	for {
		moved, k := lv.move(label, resolution, rng)
		upper, up := lv.join(label, k), singles(k)
		for {
			more, fewer := upper.move(up, resolution, rng)
			if !more {
				break
			}
			for v := range label {
				label[v] = up[label[v]]
			}
			upper, up, moved, k = upper.join(up, fewer), singles(fewer), true, fewer
		}
		if !moved {
			return label, k
		}
	}
}

// singles puts each of n nodes into a community of its own.
func singles(n int) []int32 {
	label := make([]int32, n)
	for v := range label {
		label[v] = int32(v)
	}
	return label
}

// level is a graph whose nodes are communities of the level below. Weights are those
// of both directions together; self loops only count in out and in. For an undirected
// graph both directions weigh the same, so one formula serves both.
type level struct {
	n       int
	off     []int
	to      []int32
	weight  []float64
	out, in []float64 // weight of the edges that begin and that end in a node
	all     float64   // sum of out
}

// level returns the lowest level.
func (c *CSR) level() *level {
	lv := &level{n: c.n, off: make([]int, c.n+1), out: make([]float64, c.n), in: make([]float64, c.n)}
	add := func(v int, to []int32, w []float64, times float64) {
		for i, u := range to {
			if int(u) != v {
				lv.to, lv.weight = append(lv.to, u), append(lv.weight, w[i]*times)
			}
		}
	}
	for v := range c.n {
		to, w := c.out.of(v)
		if c.directed {
			add(v, to, w, 1)
			from, x := c.in.of(v)
			add(v, from, x, 1)
		} else {
			add(v, to, w, 2)
		}
		lv.off[v+1] = len(lv.to)
		for i, u := range to {
			x := w[i]
			if !c.directed && int(u) == v {
				x *= 2
			}
			lv.out[v] += x
			lv.in[u] += x
			lv.all += x
		}
	}
	return lv
}

// move puts each node into the neighboring community that gains most, until no node
// gains. It begins with the communities in label, each of which has a number below n,
// and numbers those that result 0..k-1 by their first node. It reports whether any node
// moved.
func (lv *level) move(label []int32, resolution float64, rng *rand.Rand) (moved bool, k int) {
	m := newMover(lv, label, resolution)
	queue := make([]int32, lv.n) // a ring: a node is in it at most once
	waits := make([]bool, lv.n)
	for i, v := range rng.Perm(lv.n) {
		queue[i], waits[v] = int32(v), true
	}
	for head, size := 0, lv.n; size > 0; {
		v := queue[head]
		head, size = (head+1)%lv.n, size-1
		waits[v] = false
		if !m.moves(v) {
			continue
		}
		moved = true
		for i := lv.off[v]; i < lv.off[v+1]; i++ {
			u := lv.to[i]
			if !waits[u] && label[u] != label[v] {
				waits[u] = true
				queue[(head+size)%lv.n] = u
				size++
			}
		}
	}
	dense, k := renumber(label)
	copy(label, dense)
	return moved, k
}

// mover is the state of one level while nodes move.
type mover struct {
	lv         *level
	resolution float64
	label      []int32
	out, in    []float64 // sums of communities
	near       []float64 // weight from the node in hand to each community
	touched    []int32   // communities with an entry in near
}

func newMover(lv *level, label []int32, resolution float64) *mover {
	m := &mover{lv: lv, resolution: resolution, label: label, near: make([]float64, lv.n)}
	m.out, m.in = make([]float64, lv.n), make([]float64, lv.n)
	for v, l := range label {
		m.out[l] += lv.out[v]
		m.in[l] += lv.in[v]
	}
	return m
}

// moves puts a node where it gains most and reports whether that is elsewhere. Of
// equal gains the first found wins, staying before any; a gain must exceed rounding.
func (m *mover) moves(v int32) bool {
	const slack = 1e-12
	lv, old := m.lv, m.label[v]
	m.touched = append(m.touched[:0], old)
	for i := lv.off[v]; i < lv.off[v+1]; i++ {
		l := m.label[lv.to[i]]
		if m.near[l] == 0 && l != old {
			m.touched = append(m.touched, l)
		}
		m.near[l] += lv.weight[i]
	}
	m.out[old] -= lv.out[v]
	m.in[old] -= lv.in[v]
	best, bestGain := old, 0.0
	for i, l := range m.touched {
		gain := m.near[l] - m.resolution*(lv.out[v]*m.in[l]+lv.in[v]*m.out[l])/lv.all
		m.near[l] = 0
		if i == 0 {
			bestGain = gain + slack*lv.all
		} else if gain > bestGain {
			best, bestGain = l, gain
		}
	}
	m.out[best] += lv.out[v]
	m.in[best] += lv.in[v]
	m.label[v] = best
	return best != old
}

// renumber makes labels dense, in the order of their first node.
func renumber(label []int32) (dense []int32, k int) {
	number := make([]int32, len(label))
	dense = make([]int32, len(label))
	for v, l := range label {
		if number[l] == 0 {
			k++
			number[l] = int32(k)
		}
		dense[v] = number[l] - 1
	}
	return dense, k
}

// join returns the level above, in which each community is a node.
func (lv *level) join(community []int32, k int) *level {
	up := &level{n: k, off: make([]int, k+1), out: make([]float64, k), in: make([]float64, k), all: lv.all}
	members := make([][]int32, k)
	for v, l := range community {
		members[l] = append(members[l], int32(v))
		up.out[l] += lv.out[v]
		up.in[l] += lv.in[v]
	}
	near := make([]float64, k)
	var touched []int32
	for l, vs := range members {
		touched = touched[:0]
		for _, v := range vs {
			for i := lv.off[v]; i < lv.off[v+1]; i++ {
				to := community[lv.to[i]]
				if int(to) == l || lv.weight[i] == 0 {
					continue
				}
				if near[to] == 0 {
					touched = append(touched, to)
				}
				near[to] += lv.weight[i]
			}
		}
		for _, to := range touched {
			up.to, up.weight = append(up.to, to), append(up.weight, near[to])
			near[to] = 0
		}
		up.off[l+1] = len(up.to)
	}
	return up
}
