package graph

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"

	"empire/internal/domain"
)

const nodeLink = "node-link JSON"

// ReadNodeLink reads the node-link JSON of NetworkX and d3: an object with "directed",
// "multigraph", "graph", "nodes" and "links" (or "edges"), in any order. Without the
// flags it is an undirected multigraph, as NetworkX reads it. Nodes are named by "id",
// text or number; edges name them in "source" and "target", parallel ones are told
// apart by "key"; a number named "weight" is the weight; everything else is kept as
// attributes. What is malformed is refused as a whole, with CodeMalformed and the byte
// or the record at fault; what exceeds the limits with CodeTooLarge.
func ReadNodeLink(r io.Reader, o ReadOptions) (*Graph, Report, error) {
	o.complete()
	n := &linkReader{options: o, g: NewMulti(false)}
	n.src = &source{r: r, limits: o.Limits}
	n.dec = json.NewDecoder(n.src)
	n.dec.UseNumber()
	if err := n.read(); err != nil {
		return nil, Report{}, err
	}
	for i, e := range n.pending {
		if err := n.addLink(i, e); err != nil {
			return nil, Report{}, err
		}
	}
	n.report.Nodes, n.report.Edges = n.g.Len(), n.g.Size()
	if n.g.Multi {
		n.report.Parallel += n.g.repeats()
	}
	return n.g, n.report, nil
}

// place is where in a file something is: a record of a list, the attributes of the
// graph, or the file as such.
type place struct {
	kind string
	i    int
}

// String returns the place as the end of a sentence.
func (p place) String() string {
	switch p.kind {
	case "":
		return ""
	case "graph":
		return ", in the attributes of the graph"
	}
	return fmt.Sprintf(", in %s %d", p.kind, p.i)
}

// linkReader is the state of ReadNodeLink.
type linkReader struct {
	options ReadOptions
	src     *source
	dec     *json.Decoder
	g       *Graph
	report  Report

	seen    map[string]bool  // members of the object
	pending []map[string]any // edges that came before the flags or nodes
}

// read reads the object. Edges go into the graph at once if all that concerns them
// came before, as in files of NetworkX.
func (n *linkReader) read() error {
	n.seen = map[string]bool{}
	if err := n.delim('{'); err != nil {
		return err
	}
	for n.dec.More() {
		t, err := n.dec.Token()
		if err != nil {
			return n.fault(place{}, err)
		}
		name, _ := t.(string)
		if name == "edges" {
			name = "links"
		}
		if n.seen[name] {
			return n.fault(place{}, fmt.Errorf("%q is there twice", name))
		}
		if err := n.member(name); err != nil {
			return err
		}
		n.seen[name] = true
	}
	if err := n.delim('}'); err != nil {
		return err
	}
	if _, err := n.dec.Token(); !errors.Is(err, io.EOF) {
		if err == nil {
			err = errors.New("something follows the graph")
		}
		return n.fault(place{}, err)
	}
	for _, name := range []string{"nodes", "links"} {
		if !n.seen[name] {
			return domain.Errorf(domain.CodeMalformed, "The %s has no list %q: it is of another kind or version.", nodeLink, name)
		}
	}
	return nil
}

// member reads one member of the object.
func (n *linkReader) member(name string) error {
	n.src.record = n.dec.InputOffset()
	switch name {
	case "directed":
		return n.decode(place{}, &n.g.Directed)
	case "multigraph":
		return n.decode(place{}, &n.g.Multi)
	case "graph":
		return n.graphAttrs()
	case "nodes":
		return n.list("node", n.addNode)
	case "links":
		return n.list("edge", func(i int, e map[string]any) error {
			if n.seen["directed"] && n.seen["multigraph"] && n.seen["nodes"] {
				return n.addLink(i, e)
			}
			n.pending = append(n.pending, e)
			return nil
		})
	}
	var skipped json.RawMessage
	n.report.Skipped++
	return n.decode(place{}, &skipped)
}

// list reads a list of objects.
func (n *linkReader) list(kind string, add func(int, map[string]any) error) error {
	if err := n.delim('['); err != nil {
		return err
	}
	for i := 0; n.dec.More(); i++ {
		n.src.record = n.dec.InputOffset()
		if i >= n.options.Limits.Edges && i >= n.options.Limits.Nodes {
			return domain.Errorf(domain.CodeTooLarge, "The graph has more than %d records.", i)
		}
		var record map[string]any
		where := place{kind, i}
		if err := n.decode(where, &record); err != nil {
			return err
		}
		if record == nil {
			return n.fault(where, errors.New("it is null"))
		}
		if err := add(i, record); err != nil {
			return err
		}
	}
	return n.delim(']')
}

// graphAttrs reads the attributes of the graph: an object, or a list of pairs in files
// of NetworkX 1.
func (n *linkReader) graphAttrs() error {
	var v any
	if err := n.decode(place{kind: "graph"}, &v); err != nil {
		return err
	}
	attrs := map[string]any{}
	switch v := v.(type) {
	case nil:
	case map[string]any:
		attrs = v
	case []any:
		for _, pair := range v {
			p, _ := pair.([]any)
			if len(p) != 2 {
				return n.fault(place{}, errors.New("the attributes of the graph are neither an object nor pairs"))
			}
			name, ok := p[0].(string)
			if !ok {
				return n.fault(place{}, errors.New("an attribute of the graph has no name"))
			}
			attrs[name] = p[1]
		}
	default:
		return n.fault(place{}, errors.New("the attributes of the graph are neither an object nor pairs"))
	}
	var err error
	n.g.Attrs, err = plainAttrs(attrs)
	if err != nil {
		return n.fault(place{kind: "graph"}, err)
	}
	return nil
}

// addNode adds one record of the nodes.
func (n *linkReader) addNode(i int, record map[string]any) error {
	where := place{"node", i}
	at := n.g.Len()
	node, err := n.name(record["id"])
	if err != nil {
		return n.fault(where, fmt.Errorf("its id %w", err))
	}
	if node < at {
		return n.fault(where, fmt.Errorf("its id %q is taken", n.g.ID(node)))
	}
	delete(record, "id")
	attrs, err := plainAttrs(record)
	if err != nil {
		return n.fault(where, err)
	}
	n.g.AddNode(n.g.ID(node), attrs)
	return n.options.Limits.checkSize(n.g)
}

// addLink adds one record of the edges.
func (n *linkReader) addLink(i int, record map[string]any) error {
	where := place{"edge", i}
	var e Edge
	known, added := n.g.Len(), false
	for _, end := range []struct {
		name string
		at   *int
	}{{"source", &e.From}, {"target", &e.To}} {
		node, err := n.name(record[end.name])
		if err != nil {
			return n.fault(where, fmt.Errorf("its %s %w", end.name, err))
		}
		if *end.at = node; node >= known {
			added = true
			if n.options.Strict {
				return n.fault(where, fmt.Errorf("its %s %q is not among the nodes", end.name, n.g.ID(node)))
			}
		}
		delete(record, end.name)
	}
	if err := n.weigh(&e, record); err != nil {
		return n.fault(where, err)
	}
	size := n.g.Size()
	if n.g.addEdge(e) < size {
		n.report.Parallel++
	} else if e.From == e.To {
		n.report.SelfLoops++
	}
	if added {
		n.report.Dangling++
	}
	return n.options.Limits.checkSize(n.g)
}

// weigh takes the weight, the key and the attributes of an edge from its record.
func (n *linkReader) weigh(e *Edge, record map[string]any) error {
	if w, ok := record["weight"]; ok {
		number, ok := w.(json.Number)
		if !ok {
			return errors.New("its weight is not a number")
		}
		f, err := number.Float64()
		if err != nil || math.IsInf(f, 0) {
			return fmt.Errorf("its weight %s is too large", number)
		}
		e.Weight, e.Weighted = f, true
		delete(record, "weight")
	}
	if key, ok := record["key"]; ok && n.g.Multi {
		switch k := key.(type) {
		case string:
			e.Key = k
		case json.Number:
			e.Key = k.String()
		case nil:
		default:
			return errors.New("its key is neither text nor a number")
		}
		delete(record, "key")
	}
	var err error
	e.Attrs, err = plainAttrs(record)
	return err
}

// name returns the node of an id, which it adds if it is new. A number and a text that
// look the same would be one node here and two in NetworkX: that is refused.
func (n *linkReader) name(v any) (int, error) {
	var id string
	number, numeric := v.(json.Number)
	switch v := v.(type) {
	case string:
		id = v
	case json.Number:
		id = plainNumber(number)
	case nil:
		return 0, errors.New("is missing")
	default:
		return 0, fmt.Errorf("is neither text nor a number but %T", v)
	}
	if i, ok := n.g.Index(id); ok {
		if numeric != (n.g.numeric != nil && n.g.numeric[i]) {
			return 0, fmt.Errorf("%q is a number in one place and text in another", id)
		}
		return i, nil
	}
	i := n.g.AddNode(id, nil)
	if numeric {
		n.g.markNumeric(i)
	}
	return i, nil
}

// plainNumber writes whole numbers without a fraction: in NetworkX 1 and 1.0 are one
// node.
func plainNumber(n json.Number) string {
	if i, err := n.Int64(); err == nil {
		return strconv.FormatInt(i, 10)
	}
	f, err := n.Float64()
	if err == nil && f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return strconv.FormatInt(int64(f), 10)
	}
	return n.String()
}

func (n *linkReader) decode(where place, into any) error {
	err := n.dec.Decode(into)
	if err == nil {
		return nil
	}
	// The decoder counts only some of the bytes before a syntax error. What it has not
	// consumed begins with the value at fault: the error in there is at the right place.
	if _, ok := errors.AsType[*json.SyntaxError](err); ok {
		rest, _ := io.ReadAll(n.dec.Buffered()) // from memory
		if s, ok := errors.AsType[*json.SyntaxError](json.Unmarshal(rest, new(any))); ok {
			return malformed(nodeLink, where.String(), n.dec.InputOffset()+s.Offset, err)
		}
	}
	return n.fault(where, err)
}

func (n *linkReader) delim(want json.Delim) error {
	t, err := n.dec.Token()
	if err != nil {
		return n.fault(place{}, err)
	}
	if t != want {
		return n.fault(place{}, fmt.Errorf("there is %v instead of %v", t, want))
	}
	return nil
}

// fault names the place of an error.
func (n *linkReader) fault(where place, err error) error {
	offset := n.dec.InputOffset()
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		offset = n.src.read
	}
	return malformed(nodeLink, where.String(), offset, err)
}
