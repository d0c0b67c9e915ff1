package graph

import (
	"cmp"
	"slices"
	"time"
)

// View says which contributions count. The zero value counts all.
type View struct {
	At    time.Time // what is true at that time; zero is whenever
	Known time.Time // what was said up to that time; zero is all
}

// counts reports whether a contribution counts.
func (v View) counts(c *Contribution) bool {
	if !v.Known.IsZero() && c.At.After(v.Known) {
		return false
	}
	if v.At.IsZero() {
		return true
	}
	return !v.At.Before(c.From) && (c.Until.IsZero() || v.At.Before(c.Until))
}

// Fact is a node (without Relation and To) or a relation, as the sources have it in
// sum.
type Fact struct {
	Node     Ref      `json:"node"`
	Relation Relation `json:"relation,omitempty"`
	To       Ref      `json:"to,omitzero"`
	// Weight is the sum of the weights of the contributions that say that it exists;
	// 0 if it only follows from relations or attributes.
	Weight Weight `json:"weight"`
	// Attributes have the value that the most weight says; of equal ones the latest,
	// then the first in the alphabet.
	Attributes map[string]string `json:"attributes,omitempty"`
	// Sources is how many sources say that it exists or describe it.
	Sources int `json:"sources"`
}

// Snapshot is a state of the knowledge graph, in order of types and ids.
type Snapshot struct {
	Nodes []Fact `json:"nodes"`
	Edges []Fact `json:"edges"`
}

// Snapshot returns the nodes and relations that count in a view.
func (k *Knowledge) Snapshot(v View) *Snapshot {
	k.mu.RLock()
	defer k.mu.RUnlock()
	s := &Snapshot{}
	needed := map[Ref]bool{}
	for _, e := range k.edges {
		if f, ok := e.fact(v); ok {
			s.Edges = append(s.Edges, f)
			needed[f.Node], needed[f.To] = true, true
		}
	}
	for r, n := range k.nodes {
		f, ok := n.sum(v)
		if ok || needed[r] {
			f.Node = r
			s.Nodes = append(s.Nodes, f)
		}
	}
	slices.SortFunc(s.Nodes, compareFacts)
	slices.SortFunc(s.Edges, compareFacts)
	return s
}

func compareFacts(a, b Fact) int {
	return compareElements(Element{Node: a.Node, Relation: a.Relation, To: a.To}, Element{Node: b.Node, Relation: b.Relation, To: b.To})
}

// Node returns one node with its relations, outgoing and incoming, as they count in a
// view. It is false if the node does not count.
func (k *Knowledge) Node(r Ref, v View) (node Fact, relations []Fact, ok bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	n := k.nodes[r]
	if n == nil {
		return Fact{}, nil, false
	}
	node, ok = n.sum(v)
	node.Node = r
	for _, side := range []map[kEdgeRef]*kEdge{n.out, n.in} {
		for ref, e := range side {
			if ref.from == ref.to && len(relations) > 0 && slices.ContainsFunc(relations, func(f Fact) bool {
				return f.Node == ref.from && f.Relation == ref.relation && f.To == ref.to
			}) {
				continue // a relation to itself is on both sides
			}
			if f, counts := e.fact(v); counts {
				relations = append(relations, f)
			}
		}
	}
	slices.SortFunc(relations, compareFacts)
	return node, relations, ok || len(relations) > 0
}

func (e *kEdge) fact(v View) (Fact, bool) {
	f, ok := e.sum(v)
	f.Node, f.Relation, f.To = e.ref.from, e.ref.relation, e.ref.to
	return f, ok
}

// sum adds up what counts in a view. It is false if nothing does.
func (b *backing) sum(v View) (Fact, bool) {
	var f Fact
	sources := map[string]bool{}
	for _, s := range b.own {
		if v.counts(&s.Contribution) {
			f.Weight += s.Weight
			sources[s.Source] = true
		}
	}
	for name, list := range b.attrs {
		value, ok := choose(list, v)
		if !ok {
			continue
		}
		if f.Attributes == nil {
			f.Attributes = map[string]string{}
		}
		f.Attributes[name] = value
		for _, s := range list {
			if v.counts(&s.Contribution) {
				sources[s.Source] = true
			}
		}
	}
	f.Sources = len(sources)
	return f, len(sources) > 0
}

// choose returns the value of an attribute that the most weight says.
func choose(list []*stored, v View) (string, bool) {
	type candidate struct {
		weight Weight
		last   time.Time
	}
	values := map[string]candidate{}
	for _, s := range list {
		if !v.counts(&s.Contribution) {
			continue
		}
		c := values[s.Value]
		c.weight += s.Weight
		if s.At.After(c.last) {
			c.last = s.At
		}
		values[s.Value] = c
	}
	best, found := "", false
	for value, c := range values {
		b := values[best]
		if !found || cmp.Or(cmp.Compare(c.weight, b.weight), c.last.Compare(b.last), cmp.Compare(best, value)) > 0 {
			best, found = value, true
		}
	}
	return best, found
}

// Resting is an element that rests on a source.
type Resting struct {
	Element
	Alone bool `json:"alone"` // no other source backs it: it goes when the source goes
}

// RestsOn returns what rests on a source, in order, without changing anything: what it
// says and the nodes that it brings with it. It is empty if the source said nothing.
func (k *Knowledge) RestsOn(source string) []Resting {
	k.mu.RLock()
	defer k.mu.RUnlock()
	var out []Resting
	for e := range k.watch(k.sources[source], nil) {
		out = append(out, Resting{Element: e, Alone: k.alone(e, source)})
	}
	slices.SortFunc(out, func(a, b Resting) int { return compareElements(a.Element, b.Element) })
	return out
}

// Sources returns the sources that back an element, in order: those that say that it
// exists, describe it, or bring it with a relation.
func (k *Knowledge) Sources(e Element) []string {
	k.mu.RLock()
	defer k.mu.RUnlock()
	found := map[string]bool{}
	k.backers(e, func(source string) bool { found[source] = true; return true })
	out := make([]string, 0, len(found))
	for s := range found {
		out = append(out, s)
	}
	slices.Sort(out)
	return out
}

// alone reports whether only one source backs an element. It stops at the second.
func (k *Knowledge) alone(e Element, source string) bool {
	return k.backers(e, func(s string) bool { return s == source })
}

// backers yields the source of every contribution that backs an element, until yield
// is false; then it is false.
func (k *Knowledge) backers(e Element, yield func(source string) bool) bool {
	all := func(b *backing) bool {
		for _, s := range b.own {
			if !yield(s.Source) {
				return false
			}
		}
		for _, list := range b.attrs {
			for _, s := range list {
				if !yield(s.Source) {
					return false
				}
			}
		}
		return true
	}
	attribute := func(b *backing) bool {
		for _, s := range b.attrs[e.Attribute] {
			if !yield(s.Source) {
				return false
			}
		}
		return true
	}
	n, edge := k.nodes[e.Node], k.edges[kEdgeRef{e.Node, e.Relation, e.To}]
	switch {
	case e.Relation != "" && edge == nil, e.Relation == "" && n == nil:
		return true
	case e.Relation != "" && e.Attribute != "":
		return attribute(&edge.backing)
	case e.Relation != "":
		return all(&edge.backing)
	case e.Attribute != "":
		return attribute(&n.backing)
	}
	if !all(&n.backing) {
		return false
	}
	for _, side := range []map[kEdgeRef]*kEdge{n.out, n.in} {
		for _, edge := range side {
			if !all(&edge.backing) {
				return false
			}
		}
	}
	return true
}

// Size returns the number of nodes, relations, contributions and sources.
func (k *Knowledge) Size() (nodes, edges, rows, sources int) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return len(k.nodes), len(k.edges), k.rows, len(k.sources)
}

// Graph returns the snapshot as a directed multigraph for algorithms. Nodes are named
// "type:id" and have their type and attributes; edges weigh the sum of what was
// contributed and have their relation as key and attribute.
func (s *Snapshot) Graph() *Graph {
	g := NewMulti(true)
	for _, n := range s.Nodes {
		attrs := Attrs{}
		for name, v := range n.Attributes {
			attrs[name] = v
		}
		attrs["type"] = string(n.Node.Type)
		g.AddNode(n.Node.String(), attrs)
	}
	for _, e := range s.Edges {
		attrs := Attrs{}
		for name, v := range e.Attributes {
			attrs[name] = v
		}
		attrs["relation"] = string(e.Relation)
		g.addEdge(Edge{From: g.AddNode(e.Node.String(), nil), To: g.AddNode(e.To.String(), nil),
			Weight: e.Weight.Float(), Weighted: true, Key: string(e.Relation), Attrs: attrs})
	}
	return g
}
