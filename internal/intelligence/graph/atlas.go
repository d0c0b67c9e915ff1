package graph

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"

	"empire/internal/domain"
)

// MaxFacts bounds the nodes and relations of an Atlas.
const MaxFacts = 5_000_000

// Atlas is one state of a tenant's knowledge graph, ready to be asked. It never
// changes; measures are computed once, when first asked for, and kept. It may be used
// by many goroutines.
type Atlas struct {
	refs    []Ref // ordered by type and id
	index   map[Ref]int32
	names   []string
	demand  []int64 // monthly searches of keywords; -1: unknown
	sources []int32
	in, out []int32
	edges   []atlasEdge
	ways    *CSR // undirected, steps
	sum     domain.GraphSummary

	mu     sync.Mutex
	ranks  map[domain.GraphMeasure]*measured
	topics *domain.GraphTopics
}

type atlasEdge struct {
	from, to int32
	relation Relation
	weight   float64
}

type measured struct {
	values  []float64
	samples int
	order   []int32 // highest first
}

// Survey builds an atlas of the facts that walk yields: each node and relation once.
// Nodes that only follow from relations need not be among them. A graph of more than
// MaxFacts is CodeTooLarge.
func Survey(walk func(fn func(f *domain.GraphFact) error) error) (*Atlas, error) {
	a := &Atlas{index: map[Ref]int32{}, ranks: map[domain.GraphMeasure]*measured{}}
	type raw struct {
		from, to Ref
		relation Relation
		weight   float64
	}
	var edges []raw
	facts := 0
	err := walk(func(f *domain.GraphFact) error {
		if facts++; facts > MaxFacts {
			return domain.Errorf(domain.CodeTooLarge, "The knowledge graph has more than %d nodes and relations; withdraw a source.", MaxFacts)
		}
		from := a.node(f.Node)
		a.span(f)
		if f.Relation != "" {
			a.node(f.To)
			edges = append(edges, raw{f.Node, f.To, f.Relation, f.Weight.Float()})
			return nil
		}
		a.names[from] = f.Attributes["name"]
		a.demand[from] = number(f.Attributes["monthly_searches"])
		a.sources[from] = int32(f.Sources)
		return nil
	})
	if err != nil {
		return nil, err
	}
	a.sort()
	a.in, a.out = make([]int32, len(a.refs)), make([]int32, len(a.refs))
	a.edges = make([]atlasEdge, len(edges))
	for i, e := range edges {
		a.edges[i] = atlasEdge{a.index[e.from], a.index[e.to], e.relation, e.weight}
		a.out[a.edges[i].from]++
		a.in[a.edges[i].to]++
	}
	a.summarize()
	return a, nil
}

// number reads a count; -1 if there is none.
func number(s string) int64 {
	n := int64(0)
	for _, c := range []byte(s) {
		if c < '0' || c > '9' || n > 1<<50 {
			return -1
		}
		n = n*10 + int64(c-'0')
	}
	if s == "" {
		return -1
	}
	return n
}

// node returns the position of a node and adds it if it is new.
func (a *Atlas) node(r Ref) int32 {
	i, ok := a.index[r]
	if !ok {
		i = int32(len(a.refs))
		a.index[r] = i
		a.refs, a.names, a.demand, a.sources = append(a.refs, r), append(a.names, ""), append(a.demand, -1), append(a.sources, 0)
	}
	return i
}

// span keeps the time of the latest word about the oldest and the newest fact.
func (a *Atlas) span(f *domain.GraphFact) {
	if f.Latest.IsZero() {
		return
	}
	if a.sum.Oldest == nil || f.Latest.Before(*a.sum.Oldest) {
		a.sum.Oldest = &f.Latest
	}
	if a.sum.Newest == nil || f.Latest.After(*a.sum.Newest) {
		a.sum.Newest = &f.Latest
	}
}

// sort brings the nodes into the order of types and ids, in which lists show them.
func (a *Atlas) sort() {
	order := make([]int32, len(a.refs))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(x, y int32) int { return compareRefs(a.refs[x], a.refs[y]) })
	a.refs, a.names, a.demand, a.sources = pick(a.refs, order), pick(a.names, order), pick(a.demand, order), pick(a.sources, order)
	for i, r := range a.refs {
		a.index[r] = int32(i)
	}
}

func compareRefs(a, b Ref) int {
	return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.ID, b.ID))
}

func pick[T any](list []T, order []int32) []T {
	out := make([]T, len(order))
	for i, at := range order {
		out[i] = list[at]
	}
	return out
}

// summarize counts, and builds the rows in which ways are looked for.
func (a *Atlas) summarize() {
	s := &a.sum
	s.ByType, s.ByRelation = map[domain.NodeType]int{}, map[domain.Relation]int{}
	s.Nodes, s.Relations = len(a.refs), len(a.edges)
	for _, r := range a.refs {
		s.ByType[r.Type]++
	}
	for _, e := range a.edges {
		s.ByRelation[e.relation]++
	}
	a.ways = a.graph(false, nil).CSR(false)
	for _, part := range a.ways.Components() {
		s.Components++
		s.Largest = max(s.Largest, len(part))
	}
	if n := float64(s.Nodes); n > 1 {
		s.Density = float64(s.Relations) / (n * (n - 1))
	}
}

// graph returns the nodes that keep takes (nil: all) and the relations between them, by
// their positions as names. Relations between the same nodes become one, whose weight is
// their sum.
func (a *Atlas) graph(directed bool, keep func(int32) bool) *Graph {
	g := New(directed)
	for i := range a.refs {
		if keep == nil || keep(int32(i)) {
			g.AddNode(position(int32(i)), nil)
		}
	}
	merged := make([]atlasEdge, 0, len(a.edges))
	for _, e := range a.edges {
		if keep != nil && (!keep(e.from) || !keep(e.to)) {
			continue
		}
		if !directed && e.from > e.to {
			e.from, e.to = e.to, e.from
		}
		merged = append(merged, e)
	}
	slices.SortStableFunc(merged, func(x, y atlasEdge) int { return cmp.Or(cmp.Compare(x.from, y.from), cmp.Compare(x.to, y.to)) })
	for i := 0; i < len(merged); {
		e, weight := merged[i], 0.0
		for ; i < len(merged) && merged[i].from == e.from && merged[i].to == e.to; i++ {
			weight += merged[i].weight
		}
		g.AddWeighted(position(e.from), position(e.to), weight, nil)
	}
	return g
}

// position names a node of a.graph: four bytes that sort as the number does.
func position(i int32) string {
	return string([]byte{byte(i >> 24), byte(i >> 16), byte(i >> 8), byte(i)})
}

func positionOf(id string) int32 {
	return int32(id[0])<<24 | int32(id[1])<<16 | int32(id[2])<<8 | int32(id[3])
}

// Summary returns the figures that the graph itself has.
func (a *Atlas) Summary() domain.GraphSummary { return a.sum }

func (a *Atlas) shown(i int32) domain.GraphNode {
	return domain.GraphNode{GraphRef: a.refs[i], Name: a.names[i], In: int(a.in[i]), Out: int(a.out[i]), Sources: int(a.sources[i])}
}

// Node returns one node; false if there is none.
func (a *Atlas) Node(r domain.GraphRef) (domain.GraphNode, bool) {
	i, ok := a.index[r]
	if !ok {
		return domain.GraphNode{}, false
	}
	return a.shown(i), true
}

// Nodes returns a window of the nodes that a filter selects, in order, and how many
// there are.
func (a *Atlas) Nodes(f domain.GraphNodeFilter, w domain.Window) ([]domain.GraphNode, int) {
	fits := a.filter(f)
	out, total := []domain.GraphNode{}, 0
	for i := range a.refs {
		if !fits(int32(i)) {
			continue
		}
		if total >= w.Offset && len(out) < w.Limit {
			out = append(out, a.shown(int32(i)))
		}
		total++
	}
	return out, total
}

func (a *Atlas) filter(f domain.GraphNodeFilter) func(i int32) bool {
	query := strings.ToLower(f.Query)
	return func(i int32) bool {
		if f.Type != "" && a.refs[i].Type != f.Type {
			return false
		}
		return query == "" || strings.Contains(strings.ToLower(a.refs[i].ID), query) || strings.Contains(strings.ToLower(a.names[i]), query)
	}
}

// Path returns a shortest way between two nodes, with directions left out. A node that
// is not there and no way are CodeNotFound.
func (a *Atlas) Path(from, to domain.GraphRef) (*domain.GraphPath, error) {
	var ends [2]int
	for i, r := range []Ref{from, to} {
		at, ok := a.index[r]
		if !ok {
			return nil, domain.Errorf(domain.CodeNotFound, "The knowledge graph has no node %s.", r)
		}
		ends[i] = int(at)
	}
	way, err := a.ways.ShortestPath(ends[0], ends[1])
	if domain.CodeOf(err) == domain.CodeNotFound {
		return nil, domain.Errorf(domain.CodeNotFound, "No way leads from %s to %s.", from, to)
	}
	if err != nil {
		return nil, err
	}
	p := &domain.GraphPath{Length: len(way.Nodes) - 1}
	for _, v := range way.Nodes {
		p.Nodes = append(p.Nodes, a.shown(int32(v)))
	}
	return p, nil
}

// Rank returns a window of the nodes that a filter selects, the highest values first.
func (a *Atlas) Rank(ctx context.Context, by domain.GraphMeasure, f domain.GraphNodeFilter, w domain.Window) (*domain.GraphRanking, error) {
	m, err := a.measure(ctx, by)
	if err != nil {
		return nil, err
	}
	fits := a.filter(f)
	r := &domain.GraphRanking{By: by, Samples: m.samples, Nodes: []domain.GraphRanked{}}
	for _, i := range m.order {
		if !fits(i) {
			continue
		}
		if r.Total >= w.Offset && len(r.Nodes) < w.Limit {
			r.Nodes = append(r.Nodes, domain.GraphRanked{GraphNode: a.shown(i), Value: m.values[i]})
		}
		r.Total++
	}
	return r, nil
}
