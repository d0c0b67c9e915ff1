package graph

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"

	"empire/internal/domain"
)

const graphML = "GraphML"

// maxDepth bounds how deep elements may lie in each other.
const maxDepth = 64

// ReadGraphML reads GraphML (graphml.graphdrawing.org, version 1.0), as NetworkX,
// igraph, Gephi and yEd write it: one graph, keys of the types boolean, int, long,
// float, double and string with their defaults, which are given to every node and edge
// that has no value. The number named "weight" is the weight of an edge. The graph is a
// multigraph if the file has parallel edges, which are told apart by their ids;
// otherwise the id of an edge becomes its attribute "id", as in NetworkX. Ports and
// drawings are left out and counted. Hyperedges, nested graphs and edges whose
// direction is not that of the graph are refused. Faults are reported as by
// ReadNodeLink.
func ReadGraphML(r io.Reader, o ReadOptions) (*Graph, Report, error) {
	o.complete()
	m := &mlReader{options: o, g: NewMulti(false), keys: map[string]*mlKey{}}
	m.src = &source{r: r, limits: o.Limits}
	m.dec = xml.NewDecoder(newByteSource(m.src))
	if err := m.read(); err != nil {
		return nil, Report{}, err
	}
	if err := m.finish(); err != nil {
		return nil, Report{}, err
	}
	return m.g, m.report, nil
}

// mlReader is the state of ReadGraphML.
type mlReader struct {
	options ReadOptions
	src     *source
	dec     *xml.Decoder
	g       *Graph
	report  Report

	keys   map[string]*mlKey // by id
	begun  bool              // a graph was found
	listed []bool            // nodes that have an element of their own
	depth  int
	edges  int // elements
}

// read reads the document.
func (m *mlReader) read() error {
	root, err := m.next()
	for err == nil {
		if start, ok := root.(xml.StartElement); ok {
			if start.Name.Local != "graphml" {
				return m.fault("", fmt.Errorf("the first element is <%s>, not <graphml>", start.Name.Local))
			}
			break
		}
		root, err = m.next()
	}
	if err != nil {
		return m.fault("", err)
	}
	err = m.children(func(e xml.StartElement) error {
		switch e.Name.Local {
		case "key":
			return m.key(e)
		case "graph":
			return m.graph(e)
		case "desc", "data":
			m.report.Skipped++
			return m.skip()
		}
		return m.fault("", fmt.Errorf("<%s> cannot be read", e.Name.Local))
	})
	if err != nil {
		return err
	}
	if !m.begun {
		return m.fault("", errors.New("it holds no graph"))
	}
	for {
		t, err := m.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return m.fault("", err)
		}
		if _, more := t.(xml.StartElement); more {
			return m.fault("", errors.New("something follows the graph"))
		}
	}
}

// graph reads the one graph.
func (m *mlReader) graph(e xml.StartElement) error {
	if m.begun {
		return m.fault("", errors.New("there is more than one graph"))
	}
	m.begun = true
	switch d := attr(e, "edgedefault"); d {
	case "directed":
		m.g.Directed = true
	case "undirected", "": // NetworkX takes what does not say so as undirected
	default:
		return m.fault("", fmt.Errorf("edgedefault is %q, not directed or undirected", d))
	}
	nodes := 0
	attrs := Attrs{}
	err := m.children(func(e xml.StartElement) error {
		switch e.Name.Local {
		case "node":
			nodes++
			return m.node(e, nodes-1)
		case "edge":
			m.edges++
			return m.edge(e, m.edges-1)
		case "data":
			return m.data(e, "graph", attrs)
		case "hyperedge":
			return m.fault("", errors.New("hyperedges are not supported"))
		}
		m.report.Skipped++
		return m.skip()
	})
	if err == nil && len(attrs) > 0 {
		m.g.Attrs = attrs
	}
	return err
}

// node reads one node.
func (m *mlReader) node(e xml.StartElement, i int) error {
	id, ok := find(e, "id")
	if !ok {
		return m.fault("", fmt.Errorf("node %d has no id", i))
	}
	at, known := m.g.Index(id)
	if known && m.listed[at] {
		return m.fault("", fmt.Errorf("the id %q of node %d is taken", id, i))
	}
	attrs := Attrs{}
	err := m.children(func(e xml.StartElement) error {
		switch e.Name.Local {
		case "data":
			return m.data(e, "node", attrs)
		case "graph":
			return m.fault("", fmt.Errorf("node %q holds a graph; nested graphs are not supported", id))
		}
		m.report.Skipped++
		return m.skip()
	})
	if err != nil {
		return err
	}
	m.defaults("node", attrs)
	at = m.g.AddNode(id, attrs)
	m.grow()
	m.listed[at] = true
	return m.options.Limits.checkSize(m.g)
}

// edge reads one edge.
func (m *mlReader) edge(e xml.StartElement, i int) error {
	from, ok := find(e, "source")
	to, ok2 := find(e, "target")
	if !ok || !ok2 {
		return m.fault("", fmt.Errorf("edge %d has no source or no target", i))
	}
	if d, ok := find(e, "directed"); ok && (d == "true") != m.g.Directed {
		return m.fault("", fmt.Errorf("edge %d is directed=%q in a graph of the other kind", i, d))
	}
	attrs := Attrs{}
	err := m.children(func(e xml.StartElement) error {
		if e.Name.Local == "data" {
			return m.data(e, "edge", attrs)
		}
		m.report.Skipped++
		return m.skip()
	})
	if err != nil {
		return err
	}
	m.defaults("edge", attrs)
	edge := Edge{From: m.g.AddNode(from, nil), To: m.g.AddNode(to, nil), Key: attr(e, "id")}
	m.grow()
	if w, ok := attrs["weight"]; ok {
		switch w := w.(type) {
		case int64:
			edge.Weight = float64(w)
		case float64:
			edge.Weight = w
		default:
			return m.fault("", fmt.Errorf("the weight of edge %d is not a number", i))
		}
		if math.IsNaN(edge.Weight) || math.IsInf(edge.Weight, 0) {
			return m.fault("", fmt.Errorf("the weight of edge %d is not finite", i))
		}
		edge.Weighted = true
		delete(attrs, "weight")
	}
	edge.Attrs = attrs
	m.g.addEdge(edge)
	return m.options.Limits.checkSize(m.g)
}

// grow keeps listed as long as the nodes.
func (m *mlReader) grow() {
	for len(m.listed) < m.g.Len() {
		m.listed = append(m.listed, false)
	}
}

// finish counts and gives the graph its final kind.
func (m *mlReader) finish() error {
	g := m.g
	for i, e := range g.All() {
		if e.From == e.To {
			m.report.SelfLoops++
		}
		if m.listed[e.From] && m.listed[e.To] {
			continue
		}
		m.report.Dangling++
		if m.options.Strict {
			return domain.Errorf(domain.CodeMalformed, "The %s has the edge %d from %q to %q, of which one is not among the nodes.", graphML, i, g.ID(e.From), g.ID(e.To))
		}
	}
	repeats := g.repeats()
	m.report.Nodes, m.report.Edges, m.report.Parallel = g.Len(), g.Size(), repeats+m.edges-g.Size()
	if repeats > 0 {
		return nil
	}
	g.Multi, g.byKey = false, nil
	g.byEnds = make(map[uint64]int32, g.Size())
	for i, e := range g.All() {
		g.byEnds[g.ends(e.From, e.To)] = int32(i)
		if e.Key == "" {
			continue
		}
		if _, taken := e.Attrs["id"]; !taken {
			if g.edges == nil {
				g.edges = make([]Attrs, g.Size())
			}
			g.edges[i] = merge(g.edges[i], Attrs{"id": e.Key})
		}
	}
	g.keys = nil
	return nil
}
