package graph

import (
	"bufio"
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"

	"empire/internal/domain"
)

// WriteGraphML writes a graph as GraphML that NetworkX, igraph and Gephi read. An
// attribute is declared once for each type that its values have, as NetworkX does it;
// nil, lists and objects, and characters that XML forbids, cannot be written: that is
// CodeInvalid, and what was written is of no use.
func WriteGraphML(w io.Writer, g *Graph) error {
	m := &mlWriter{out: bufio.NewWriterSize(w, 1<<16), ids: map[declared]string{}}
	if err := m.declare(g); err != nil {
		return err
	}
	direction := "undirected"
	if g.Directed {
		direction = "directed"
	}
	m.put("  <graph edgedefault=\"", direction, "\">\n")
	for name, v := range ordered(g.Attrs) {
		m.value("    ", "graph", name, v)
	}
	for i := range g.Len() {
		m.put("    <node id=\"")
		m.text(g.ID(i))
		m.body("node", g.Node(i), nil)
	}
	for _, e := range g.All() {
		m.put("    <edge source=\"")
		m.text(g.ID(e.From))
		m.put("\" target=\"")
		m.text(g.ID(e.To))
		if e.Key != "" && g.Multi {
			m.put("\" id=\"")
			m.text(e.Key)
		}
		var weight *float64
		if e.Weighted {
			weight = &e.Weight
		}
		if _, taken := e.Attrs["weight"]; taken {
			return reserved("edge", g.ID(e.From)+" - "+g.ID(e.To), "weight")
		}
		m.body("edge", e.Attrs, weight)
	}
	m.put("  </graph>\n</graphml>\n")
	if m.err != nil {
		return m.err
	}
	return m.out.Flush()
}

// declared is an attribute with one type.
type declared struct{ on, name, kind string }

// mlWriter keeps the first error of many small writes.
type mlWriter struct {
	out *bufio.Writer
	ids map[declared]string
	err error

	weight string // type of the weights: long if all are whole numbers
}

func (m *mlWriter) put(parts ...string) {
	for _, p := range parts {
		if m.err == nil {
			_, m.err = m.out.WriteString(p)
		}
	}
}

// text writes escaped text and refuses what XML 1.0 §2.2 forbids.
func (m *mlWriter) text(s string) {
	for i, r := range s {
		allowed := r == '\t' || r == '\n' || r == '\r' || r >= 0x20 && r != 0xFFFE && r != 0xFFFF
		if r == utf8.RuneError {
			_, size := utf8.DecodeRuneInString(s[i:])
			allowed = size > 1
		}
		if !allowed && m.err == nil {
			m.err = domain.Invalid("attributes", "The text %q has a character at byte %d that %s cannot hold.", s, i, graphML)
		}
	}
	if m.err == nil {
		m.err = xml.EscapeText(m.out, []byte(s))
	}
}

// declare writes the head with the keys of all attributes.
func (m *mlWriter) declare(g *Graph) error {
	found := map[declared]bool{}
	note := func(on string, attrs Attrs) error {
		for name, v := range attrs {
			kind := kindOf(v)
			if kind == "" {
				return domain.Invalid("attributes", "The attribute %q of a %s holds a value of type %T, which %s cannot hold.", name, on, v, graphML)
			}
			found[declared{on, name, kind}] = true
		}
		return nil
	}
	m.weight = "long"
	if err := note("graph", g.Attrs); err != nil {
		return err
	}
	for i := range g.Len() {
		if err := note("node", g.Node(i)); err != nil {
			return err
		}
	}
	for _, e := range g.All() {
		if err := note("edge", e.Attrs); err != nil {
			return err
		}
		if e.Weighted && (e.Weight != math.Trunc(e.Weight) || math.Abs(e.Weight) >= 1<<53) {
			m.weight = "double"
		}
	}
	if g.weights != nil {
		found[declared{"edge", "weight", m.weight}] = true
	}
	m.put(xml.Header, `<graphml xmlns="http://graphml.graphdrawing.org/xmlns">`, "\n")
	keys := slices.SortedFunc(maps.Keys(found), func(a, b declared) int {
		return cmp.Or(cmp.Compare(a.on, b.on), cmp.Compare(a.name, b.name), cmp.Compare(a.kind, b.kind))
	})
	for i, k := range keys {
		m.ids[k] = "d" + strconv.Itoa(i)
		m.put("  <key id=\"", m.ids[k], "\" for=\"", k.on, "\" attr.name=\"")
		m.text(k.name)
		m.put("\" attr.type=\"", k.kind, "\"/>\n")
	}
	return nil
}

// body writes what is inside a node or an edge and ends it.
func (m *mlWriter) body(on string, attrs Attrs, weight *float64) {
	if len(attrs) == 0 && weight == nil {
		m.put("\"/>\n")
		return
	}
	m.put("\">\n")
	if weight != nil && m.weight == "long" {
		m.value("      ", on, "weight", int64(*weight))
	} else if weight != nil {
		m.value("      ", on, "weight", *weight)
	}
	for name, v := range ordered(attrs) {
		m.value("      ", on, name, v)
	}
	m.put("    </", on, ">\n")
}

func (m *mlWriter) value(indent, on, name string, v any) {
	m.put(indent, "<data key=\"", m.ids[declared{on, name, kindOf(v)}], "\">")
	switch v := v.(type) {
	case float64:
		m.put(formatFloat(v))
	default:
		m.text(fmt.Sprint(v))
	}
	m.put("</data>\n")
}

// kindOf names the type of a value in GraphML, empty if it has none.
func kindOf(v any) string {
	switch v.(type) {
	case bool:
		return "boolean"
	case int, int64:
		return "long"
	case float64:
		return "double"
	case string:
		return "string"
	}
	return ""
}

// ordered yields attributes in the order of their names.
func ordered(a Attrs) func(yield func(string, any) bool) {
	return func(yield func(string, any) bool) {
		for _, name := range slices.Sorted(maps.Keys(a)) {
			if !yield(name, a[name]) {
				return
			}
		}
	}
}
