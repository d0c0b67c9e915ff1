package graph

import (
	"iter"
	"maps"
	"slices"

	"empire/internal/domain"
)

// MaxNodes is the highest number of nodes or of edges in one graph: positions are 32
// bits wide.
const MaxNodes = 1<<31 - 1

// Attrs are the attributes of a graph, node or edge. Values are nil, bool, string,
// int64, float64, []any or map[string]any of these.
type Attrs map[string]any

// Graph is a directed or undirected graph with attributes. Its nodes are named by
// strings and numbered from 0 in the order in which they were added; edges likewise.
// The zero value is not ready; use New or NewMulti.
type Graph struct {
	Directed bool
	Multi    bool // parallel edges are kept; otherwise the last one replaces the earlier
	Attrs    Attrs

	ids     []string
	numeric []bool // the id was a number in the file; nil if none was
	index   map[string]int32
	nodes   []Attrs // nil until a node has one

	from, to []int32
	weights  []float64        // nil until an edge has one: then NaN is none
	keys     []string         // keys of parallel edges; nil until an edge has one
	edges    []Attrs          // nil until an edge has one
	byEnds   map[uint64]int32 // edges of a simple graph; nil until the first
	byKey    map[keyed]int32  // edges of a multigraph that have keys
}

// keyed names an edge among parallel ones.
type keyed struct {
	ends uint64
	key  string
}

// Edge is one edge. From and To are positions of nodes.
type Edge struct {
	From, To int
	Weight   float64 // 1 if the edge has none of its own
	Weighted bool    // the edge has a weight of its own
	Key      string  // tells parallel edges apart; empty is none
	Attrs    Attrs   // without the weight; shared with the graph
}

// New returns an empty graph in which two nodes have at most one edge (in a directed
// graph: one each way).
func New(directed bool) *Graph {
	return &Graph{Directed: directed, index: map[string]int32{}}
}

// NewMulti returns an empty graph that keeps parallel edges, unless their keys are the
// same.
func NewMulti(directed bool) *Graph {
	return &Graph{Directed: directed, Multi: true, index: map[string]int32{}}
}

// Len returns the number of nodes.
func (g *Graph) Len() int { return len(g.ids) }

// Size returns the number of edges.
func (g *Graph) Size() int { return len(g.from) }

// ID returns the name of a node.
func (g *Graph) ID(node int) string { return g.ids[node] }

// Index returns the position of the node with this name.
func (g *Graph) Index(id string) (int, bool) {
	i, ok := g.index[id]
	return int(i), ok
}

// Node returns the attributes of a node, which may be nil and are shared with the
// graph.
func (g *Graph) Node(node int) Attrs {
	if g.nodes == nil {
		return nil
	}
	return g.nodes[node]
}

// AddNode adds a node if there is none of this name, merges the attributes into it and
// returns its position.
func (g *Graph) AddNode(id string, attrs Attrs) int {
	i, ok := g.index[id]
	if !ok {
		i = int32(len(g.ids))
		g.ids = append(g.ids, id)
		g.index[id] = i
		if g.nodes != nil {
			g.nodes = append(g.nodes, nil)
		}
		if g.numeric != nil {
			g.numeric = append(g.numeric, false)
		}
	}
	if len(attrs) > 0 {
		if g.nodes == nil {
			g.nodes = make([]Attrs, len(g.ids))
		}
		g.nodes[i] = merge(g.nodes[i], attrs)
	}
	return int(i)
}

// AddEdge adds an edge without a weight of its own between two nodes, which are added
// if they are missing, and returns its position. In a graph without parallel edges an
// edge that is there already gets the new attributes merged into its own.
func (g *Graph) AddEdge(from, to string, attrs Attrs) int {
	return g.addEdge(Edge{From: g.AddNode(from, nil), To: g.AddNode(to, nil), Attrs: attrs})
}

// AddWeighted is AddEdge with a weight, which must be a finite number. In a graph
// without parallel edges it replaces the weight of an edge that is there already.
func (g *Graph) AddWeighted(from, to string, weight float64, attrs Attrs) int {
	return g.addEdge(Edge{From: g.AddNode(from, nil), To: g.AddNode(to, nil), Weight: weight, Weighted: true, Attrs: attrs})
}

// addEdge adds an edge between nodes that exist, or updates the one that is there.
func (g *Graph) addEdge(e Edge) int {
	at := g.place(e)
	if at == len(g.from) {
		g.grow(e.From, e.To)
	}
	if e.Weighted {
		if g.weights == nil {
			g.weights = make([]float64, len(g.from))
			for i := range g.weights {
				g.weights[i] = none
			}
		}
		g.weights[at] = e.Weight
	}
	if e.Key != "" {
		if g.keys == nil {
			g.keys = make([]string, len(g.from))
		}
		g.keys[at] = e.Key
	}
	if len(e.Attrs) > 0 {
		if g.edges == nil {
			g.edges = make([]Attrs, len(g.from))
		}
		g.edges[at] = merge(g.edges[at], e.Attrs)
	}
	return at
}

// place returns the position of the edge that a new one replaces, or the next one.
func (g *Graph) place(e Edge) int {
	at, ends := int32(len(g.from)), g.ends(e.From, e.To)
	switch {
	case !g.Multi:
		if old, ok := g.byEnds[ends]; ok {
			return int(old)
		}
		if g.byEnds == nil {
			g.byEnds = map[uint64]int32{}
		}
		g.byEnds[ends] = at
	case e.Key != "":
		if old, ok := g.byKey[keyed{ends, e.Key}]; ok {
			return int(old)
		}
		if g.byKey == nil {
			g.byKey = map[keyed]int32{}
		}
		g.byKey[keyed{ends, e.Key}] = at
	}
	return int(at)
}

// grow appends a bare edge.
func (g *Graph) grow(from, to int) {
	g.from, g.to = append(g.from, int32(from)), append(g.to, int32(to))
	if g.weights != nil {
		g.weights = append(g.weights, none)
	}
	if g.keys != nil {
		g.keys = append(g.keys, "")
	}
	if g.edges != nil {
		g.edges = append(g.edges, nil)
	}
}

// ends is the key of the edge between two nodes.
func (g *Graph) ends(from, to int) uint64 {
	if !g.Directed && from > to {
		from, to = to, from
	}
	return uint64(from)<<32 | uint64(to)
}

// Edge returns an edge by its position.
func (g *Graph) Edge(i int) Edge {
	e := Edge{From: int(g.from[i]), To: int(g.to[i]), Weight: 1}
	if g.weights != nil && g.weights[i] == g.weights[i] { // not NaN
		e.Weight, e.Weighted = g.weights[i], true
	}
	if g.keys != nil {
		e.Key = g.keys[i]
	}
	if g.edges != nil {
		e.Attrs = g.edges[i]
	}
	return e
}

// All yields the edges in order.
func (g *Graph) All() iter.Seq2[int, Edge] {
	return func(yield func(int, Edge) bool) {
		for i := range g.from {
			if !yield(i, g.Edge(i)) {
				return
			}
		}
	}
}

// Undirected returns a copy in which direction is dropped. Edges both ways become one
// edge, as in NetworkX: the later one's weight and attributes win. A graph that is
// undirected is returned as it is.
func (g *Graph) Undirected() *Graph {
	if !g.Directed {
		return g
	}
	u := New(false)
	u.Attrs = maps.Clone(g.Attrs)
	for i, id := range g.ids {
		u.AddNode(id, g.Node(i))
	}
	u.numeric = slices.Clone(g.numeric)
	for _, e := range g.All() {
		u.addEdge(e)
	}
	return u
}

// repeats returns how many edges join two nodes that an earlier edge joins.
func (g *Graph) repeats() int {
	all := make([]uint64, len(g.from))
	for i := range all {
		all[i] = g.ends(int(g.from[i]), int(g.to[i]))
	}
	slices.Sort(all)
	return len(all) - len(slices.Compact(all))
}

// position checks the name of a node that a user gave.
func (g *Graph) position(field, id string) (int, error) {
	i, ok := g.index[id]
	if !ok {
		return 0, domain.Errorf(domain.CodeNotFound, "The graph has no node %q (%s).", id, field)
	}
	return int(i), nil
}

// merge puts attributes over old ones. The map that it returns is the graph's own.
func merge(old, add Attrs) Attrs {
	if old == nil {
		return maps.Clone(add)
	}
	maps.Copy(old, add)
	return old
}
