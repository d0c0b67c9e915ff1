package graph

import (
	"cmp"
	"slices"
)

// Components returns the connected parts of the graph, in which direction does not
// matter: largest first, equal ones by their first node, nodes in ascending order.
func (c *CSR) Components() [][]int {
	label := make([]int32, c.n)
	for v := range label {
		label[v] = -1
	}
	count := int32(0)
	var queue []int32
	for v := range c.n {
		if label[v] >= 0 {
			continue
		}
		label[v] = count
		queue = append(queue[:0], int32(v))
		for at := 0; at < len(queue); at++ {
			out, _ := c.out.of(int(queue[at]))
			in, _ := c.in.of(int(queue[at]))
			for _, next := range [2][]int32{out, in} {
				for _, u := range next {
					if label[u] < 0 {
						label[u] = count
						queue = append(queue, u)
					}
				}
			}
		}
		count++
	}
	return groups(label, int(count))
}

// StrongComponents returns the parts within which every node reaches every other
// along the edges (Tarjan, 1972), in the order of Components.
func (c *CSR) StrongComponents() [][]int {
	const unseen = -1
	t := tarjan{c: c, index: make([]int32, c.n), low: make([]int32, c.n), label: make([]int32, c.n)}
	for v := range t.index {
		t.index[v], t.label[v] = unseen, unseen
	}
	for v := range c.n {
		if t.index[v] == unseen {
			t.visit(int32(v))
		}
	}
	return groups(t.label, int(t.count))
}

// tarjan walks in depth without recursion, so that a long chain needs no deep stack.
type tarjan struct {
	c                 *CSR
	index, low, label []int32
	next, count       int32
	stack             []int32 // nodes whose component is open
	calls             []call
}

// call is one level of the walk: a node and its next edge to look at.
type call struct {
	node int32
	edge int
}

func (t *tarjan) visit(root int32) {
	t.enter(root)
	for len(t.calls) > 0 {
		top := &t.calls[len(t.calls)-1]
		v := top.node
		if top.edge < t.c.out.off[v+1] {
			u := t.c.out.to[top.edge]
			top.edge++
			if t.index[u] < 0 {
				t.enter(u)
			} else if t.label[u] < 0 {
				t.low[v] = min(t.low[v], t.index[u])
			}
			continue
		}
		t.calls = t.calls[:len(t.calls)-1]
		if len(t.calls) > 0 {
			up := t.calls[len(t.calls)-1].node
			t.low[up] = min(t.low[up], t.low[v])
		}
		if t.low[v] == t.index[v] {
			t.close(v)
		}
	}
}

func (t *tarjan) enter(v int32) {
	t.index[v], t.low[v] = t.next, t.next
	t.next++
	t.stack = append(t.stack, v)
	t.calls = append(t.calls, call{v, t.c.out.off[v]})
}

// close takes the component that begins with v off the stack.
func (t *tarjan) close(v int32) {
	for {
		u := t.stack[len(t.stack)-1]
		t.stack = t.stack[:len(t.stack)-1]
		t.label[u] = t.count
		if u == v {
			break
		}
	}
	t.count++
}

// groups turns labels into lists of nodes: largest first, then by first node.
func groups(label []int32, count int) [][]int {
	out := make([][]int, count)
	for v, l := range label {
		out[l] = append(out[l], v)
	}
	slices.SortFunc(out, func(a, b []int) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a[0], b[0]))
	})
	return out
}
