package graph

import (
	"errors"
	"fmt"
	"slices"

	"empire/internal/domain"
)

// stored is a contribution in the list of what it is about, at a known place, so that
// it can be taken out at once.
type stored struct {
	Contribution
	at int
}

// backing is what sources say about a node or a relation.
type backing struct {
	own   []*stored            // that it exists
	attrs map[string][]*stored // its attributes
}

type kNode struct {
	backing
	ref     Ref
	out, in map[kEdgeRef]*kEdge
}

type kEdgeRef struct {
	from     Ref
	relation Relation
	to       Ref
}

type kEdge struct {
	backing
	ref kEdgeRef
}

func (b *backing) empty() bool { return len(b.own) == 0 && len(b.attrs) == 0 }

// add enters a contribution in the list for its attribute.
func (b *backing) add(s *stored) {
	if s.Attribute == "" {
		s.at = len(b.own)
		b.own = append(b.own, s)
		return
	}
	if b.attrs == nil {
		b.attrs = map[string][]*stored{}
	}
	s.at = len(b.attrs[s.Attribute])
	b.attrs[s.Attribute] = append(b.attrs[s.Attribute], s)
}

// remove takes a contribution out: the last one of its list gets its place.
func (b *backing) remove(s *stored) {
	list := b.own
	if s.Attribute != "" {
		list = b.attrs[s.Attribute]
	}
	last := len(list) - 1
	list[s.at] = list[last]
	list[s.at].at = s.at
	list[last] = nil
	list = list[:last]
	switch {
	case s.Attribute == "":
		b.own = list
	case len(list) == 0:
		delete(b.attrs, s.Attribute)
	default:
		b.attrs[s.Attribute] = list
	}
}

// insert adds checked rows.
func (k *Knowledge) insert(rows []Contribution) {
	all := make([]stored, len(rows)) // one piece of memory for a document
	for i := range rows {
		s := &all[i]
		s.Contribution = rows[i]
		k.sources[s.Source] = append(k.sources[s.Source], s)
		k.rows++
		if s.Relation == "" {
			k.node(s.Node).add(s)
		} else {
			k.edge(kEdgeRef{s.Node, s.Relation, s.To}).add(s)
		}
	}
}

// node returns a node, which it makes if there is none.
func (k *Knowledge) node(r Ref) *kNode {
	n := k.nodes[r]
	if n == nil {
		n = &kNode{ref: r}
		k.nodes[r] = n
	}
	return n
}

// edge returns a relation, which it makes with its nodes if there is none.
func (k *Knowledge) edge(r kEdgeRef) *kEdge {
	e := k.edges[r]
	if e != nil {
		return e
	}
	e = &kEdge{ref: r}
	k.edges[r] = e
	from, to := k.node(r.from), k.node(r.to)
	if from.out == nil {
		from.out = map[kEdgeRef]*kEdge{}
	}
	if to.in == nil {
		to.in = map[kEdgeRef]*kEdge{}
	}
	from.out[r], to.in[r] = e, e
	return e
}

// drop removes what a source said, and what nothing backs any more.
func (k *Knowledge) drop(source string) {
	for _, s := range k.sources[source] {
		k.rows--
		if s.Relation == "" {
			k.nodes[s.Node].remove(s)
			k.sweep(s.Node)
			continue
		}
		r := kEdgeRef{s.Node, s.Relation, s.To}
		e := k.edges[r]
		e.remove(s)
		if e.empty() {
			delete(k.edges, r)
			delete(k.nodes[r.from].out, r)
			delete(k.nodes[r.to].in, r)
			k.sweep(r.from)
			k.sweep(r.to)
		}
	}
	delete(k.sources, source)
}

// sweep removes a node that nothing backs.
func (k *Knowledge) sweep(r Ref) {
	if n := k.nodes[r]; n != nil && n.empty() && len(n.out) == 0 && len(n.in) == 0 {
		delete(k.nodes, r)
	}
}

// has reports whether an element is in the graph.
func (k *Knowledge) has(e Element) bool {
	var b *backing
	if e.Relation == "" {
		n := k.nodes[e.Node]
		if n == nil {
			return false
		}
		b = &n.backing
	} else {
		edge := k.edges[kEdgeRef{e.Node, e.Relation, e.To}]
		if edge == nil {
			return false
		}
		b = &edge.backing
	}
	return e.Attribute == "" || len(b.attrs[e.Attribute]) > 0
}

// watched are the elements that a change may concern, with whether they were there.
type watched map[Element]bool

// watch notes the elements of rows that go and rows that come.
func (k *Knowledge) watch(before []*stored, after []Contribution) watched {
	w := watched{}
	for _, s := range before {
		k.note(w, &s.Contribution)
	}
	for i := range after {
		k.note(w, &after[i])
	}
	return w
}

// note enters what a contribution is about and what it brings with it.
func (k *Knowledge) note(w watched, c *Contribution) {
	about := []Element{c.Element(), {Node: c.Node}}
	if c.Relation != "" {
		about = append(about, Element{Node: c.To}, Element{Node: c.Node, Relation: c.Relation, To: c.To})
	}
	for _, e := range about {
		if _, known := w[e]; !known {
			w[e] = k.has(e)
		}
	}
}

// effect compares what was there with what is there now.
func (w watched) effect(k *Knowledge) Effect {
	var out Effect
	for e, before := range w {
		switch after := k.has(e); {
		case before && after:
			out.Kept = append(out.Kept, e)
		case before:
			out.Removed = append(out.Removed, e)
		case after:
			out.Added = append(out.Added, e)
		}
	}
	for _, list := range [][]Element{out.Added, out.Removed, out.Kept} {
		slices.SortFunc(list, compareElements)
	}
	return out
}

// atRow names the row in the field of an error.
func atRow(i int, err error) error {
	if e, ok := errors.AsType[*domain.Error](err); ok {
		e.Field = fmt.Sprintf("contributions.%d.%s", i, e.Field)
	}
	return err
}
