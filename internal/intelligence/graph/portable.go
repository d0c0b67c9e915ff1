package graph

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"empire/internal/domain"
)

// record is the attribute that keeps an imported node or edge as node-link JSON, so
// that nothing of it is lost.
const record = "record"

// Open reads a graph of another program, node-link JSON or GraphML, into contributions
// that keep it whole: Restore makes the same graph of them. A node whose attribute type
// (or kind, or node_type) is a type of ours gets it, others are entities; an edge whose
// attribute relation (or type, or label) may join its ends is that relation, others are
// related_to. A file that is neither, is cut off or holds a fault is an error that says
// where.
func Open(r io.Reader, o ReadOptions) (*domain.GraphFile, error) {
	in := bufio.NewReaderSize(r, chunk)
	file := &domain.GraphFile{Format: domain.FormatNodeLink}
	first, err := firstByte(in)
	if err != nil {
		return nil, err
	}
	read := ReadNodeLink
	switch first {
	case '{':
	case '<':
		read, file.Format = ReadGraphML, domain.FormatGraphML
	default:
		return nil, domain.Errorf(domain.CodeMalformed, "The file is neither node-link JSON nor GraphML: it begins with %q.", string(rune(first)))
	}
	g, report, err := read(in, o)
	if err != nil {
		return nil, err
	}
	if g, err = numbered(g); err != nil {
		return nil, err
	}
	file.Nodes, file.Edges, file.Dangling, file.SHA256 = g.Len(), g.Size(), report.Dangling, g.Digest()
	file.Meta, file.Rows, err = disassemble(g)
	return file, err
}

// numbered gives the edges of a multigraph keys if some have one and others have not,
// as NetworkX does when it reads the file.
func numbered(g *Graph) (*Graph, error) {
	if newKeys(g).used == nil {
		return g, nil
	}
	var text bytes.Buffer
	if err := WriteNodeLink(&text, g); err != nil {
		return nil, err
	}
	again, _, err := ReadNodeLink(&text, ReadOptions{Limits: Limits{Bytes: math.MaxInt64}})
	return again, err
}

// firstByte returns the first byte that is not white space, without reading it. A byte
// order mark is skipped.
func firstByte(in *bufio.Reader) (byte, error) {
	if mark, err := in.Peek(3); err == nil && bytes.Equal(mark, []byte("\xEF\xBB\xBF")) {
		_, _ = in.Discard(3)
	}
	for {
		b, err := in.ReadByte()
		if errors.Is(err, io.EOF) {
			return 0, domain.Errorf(domain.CodeMalformed, "The file is empty: it ends at byte 0.")
		}
		if err != nil {
			return 0, fmt.Errorf("read graph: %w", err)
		}
		if b != ' ' && b != '\t' && b != '\r' && b != '\n' {
			return b, in.UnreadByte()
		}
	}
}

// linkFile is node-link JSON with its records unread.
type linkFile struct {
	Directed   bool              `json:"directed"`
	Multigraph bool              `json:"multigraph"`
	Graph      json.RawMessage   `json:"graph"`
	Nodes      []json.RawMessage `json:"nodes"`
	Links      []json.RawMessage `json:"links"`
}

// disassemble turns a graph into contributions and what belongs to the graph as a whole.
func disassemble(g *Graph) (json.RawMessage, []Contribution, error) {
	var text bytes.Buffer
	if err := WriteNodeLink(&text, g); err != nil {
		return nil, nil, err
	}
	var f linkFile
	if err := json.Unmarshal(text.Bytes(), &f); err != nil {
		return nil, nil, fmt.Errorf("take graph apart: %w", err)
	}
	rules := schema(relationEnds())
	refs := refsOf(g)
	rows := make([]Contribution, 0, len(f.Nodes)+2*len(f.Links))
	for i, raw := range f.Nodes {
		rows = append(rows, Contribution{Node: refs[i], Attribute: record, Value: string(raw), Weight: One})
	}
	for i, raw := range f.Links {
		e := g.Edge(i)
		c := Contribution{Node: refs[e.From], Relation: relationOf(e, refs, rules), To: refs[e.To], Weight: weightOf(e)}
		detail := c
		detail.Attribute, detail.Value = record, string(raw)
		rows = append(rows, c, detail)
	}
	for i := range rows {
		if err := rules.check(&rows[i]); err != nil {
			return nil, nil, atRow(i, err)
		}
	}
	f.Nodes, f.Links = nil, nil
	meta, err := json.Marshal(f)
	return meta, rows, err
}

// may reports whether a relation may join two types.
func (s schema) may(r Relation, from, to NodeType) bool {
	return slices.Contains(s[r], [2]NodeType{from, to})
}

// refsOf names the nodes of a graph in ours. Two nodes never get the same name.
func refsOf(g *Graph) []Ref {
	out := make([]Ref, g.Len())
	taken := make(map[Ref]bool, g.Len())
	for i := range out {
		id := g.ID(i)
		r := Ref{Type: domain.NodeEntity, ID: id}
		for _, name := range []string{"type", "kind", "node_type"} {
			if t, ok := g.Node(i)[name].(string); ok && slices.Contains(NodeTypes(), NodeType(strings.ToLower(t))) {
				r.Type = NodeType(strings.ToLower(t))
				break
			}
		}
		if rest, ok := strings.CutPrefix(id, string(r.Type)+":"); ok && rest != "" { // as we export it
			r.ID = rest
		}
		if r.ID == "" || strings.TrimSpace(r.ID) != r.ID || taken[r] {
			r.ID = strconv.Quote(id)
		}
		taken[r] = true
		out[i] = r
	}
	return out
}

func relationOf(e Edge, refs []Ref, rules schema) Relation {
	from, to := refs[e.From].Type, refs[e.To].Type
	for _, name := range []string{"relation", "type", "label", "relationship"} {
		if text, ok := e.Attrs[name].(string); ok {
			if r := Relation(strings.ToLower(text)); rules.may(r, from, to) {
				return r
			}
		}
	}
	if r := Relation(e.Key); rules.may(r, from, to) {
		return r
	}
	return domain.RelationRelatedTo
}

// weightOf is the weight of an edge within our bounds; its own is kept in the record.
func weightOf(e Edge) Weight {
	if math.IsNaN(e.Weight) || e.Weight <= 0 {
		return 1
	}
	return max(1, Weight(min(e.Weight, MaxWeight.Float())*float64(One)))
}

// Restore makes the graph that Open read of its contributions, in their order.
func Restore(meta json.RawMessage, each func(fn func(c *Contribution) error) error) (*Graph, error) {
	var f linkFile
	if err := json.Unmarshal(meta, &f); err != nil {
		return nil, domain.Errorf(domain.CodeMalformed, "The source was not imported from a graph.")
	}
	f.Nodes, f.Links = []json.RawMessage{}, []json.RawMessage{}
	err := each(func(c *Contribution) error {
		switch {
		case c.Attribute != record:
		case c.Relation == "":
			f.Nodes = append(f.Nodes, json.RawMessage(c.Value))
		default:
			f.Links = append(f.Links, json.RawMessage(c.Value))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(f)
	if err != nil {
		return nil, fmt.Errorf("put graph together: %w", err)
	}
	g, _, err := ReadNodeLink(bytes.NewReader(text), ReadOptions{Limits: Limits{Bytes: math.MaxInt64}})
	return g, err
}

// Write writes the facts that walk yields as a file of another program. Nodes are named
// "type:id" and have their type and attributes; edges have their relation as key and
// attribute and the sum of the contributions as weight.
func Write(w io.Writer, format domain.GraphFormat, walk func(fn func(f *domain.GraphFact) error) error) error {
	g := NewMulti(true)
	err := walk(func(f *domain.GraphFact) error {
		attrs := Attrs{}
		for name, v := range f.Attributes {
			attrs[name] = v
		}
		if f.Relation == "" {
			attrs["type"] = string(f.Node.Type)
			g.AddNode(f.Node.String(), attrs)
			return nil
		}
		attrs["relation"] = string(f.Relation)
		ends := [2]int{}
		for i, r := range []Ref{f.Node, f.To} {
			ends[i] = g.AddNode(r.String(), Attrs{"type": string(r.Type)})
		}
		g.addEdge(Edge{From: ends[0], To: ends[1], Weight: f.Weight.Float(), Weighted: true, Key: string(f.Relation), Attrs: attrs})
		return nil
	})
	if err != nil {
		return err
	}
	if format == domain.FormatGraphML {
		return WriteGraphML(w, g)
	}
	return WriteNodeLink(w, g)
}
