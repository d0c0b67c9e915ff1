package graph

import (
	"bufio"
	"io"
	"math"
	"slices"
	"strconv"

	"empire/internal/domain"
)

// WriteNodeLink writes a graph as node-link JSON that NetworkX reads, one record on
// each line. Ids that were numbers are numbers again, and so are the keys of parallel
// edges that look like one. A graph with an attribute that has the name of a field
// ("id"; "source", "target", "weight", and in a multigraph "key") or a value that JSON
// cannot hold is CodeInvalid; then what was written is of no use.
func WriteNodeLink(w io.Writer, g *Graph) error {
	out := bufio.NewWriterSize(w, 1<<16)
	b := append(appendHead(nil, g), `"graph": {`...)
	b, err := appendMembers(b, g.Attrs)
	if err != nil {
		return err
	}
	b = append(b, "},\n\"nodes\": ["...)
	for i := range g.Len() {
		b = append(b, separator(i)...)
		if b, err = appendNode(b, g, i); err != nil {
			return err
		}
		if b, err = flush(out, b); err != nil {
			return err
		}
	}
	b = append(b, "\n],\n\"links\": ["...)
	keys := newKeys(g)
	for i, e := range g.All() {
		b = append(b, separator(i)...)
		if b, err = appendLink(b, g, e, keys.of(i, e)); err != nil {
			return err
		}
		if b, err = flush(out, b); err != nil {
			return err
		}
	}
	if _, err = flush(out, append(b, "\n]}\n"...)); err != nil {
		return err
	}
	return out.Flush()
}

func appendHead(b []byte, g *Graph) []byte {
	b = strconv.AppendBool(append(b, `{"directed": `...), g.Directed)
	b = strconv.AppendBool(append(b, `, "multigraph": `...), g.Multi)
	return append(b, ",\n"...)
}

func separator(i int) string {
	if i > 0 {
		return ",\n"
	}
	return "\n"
}

// flush writes what was built and returns the memory for more.
func flush(w io.Writer, b []byte) ([]byte, error) {
	_, err := w.Write(b)
	return b[:0], err
}

func appendNode(b []byte, g *Graph, i int) ([]byte, error) {
	attrs := g.Node(i)
	if _, taken := attrs["id"]; taken {
		return nil, reserved("node", g.ID(i), "id")
	}
	b = append(b, `{"id":`...)
	b = appendID(b, g, i)
	b, err := appendMembers(b, attrs)
	return append(b, '}'), err
}

func appendLink(b []byte, g *Graph, e Edge, key string) ([]byte, error) {
	for _, name := range []string{"source", "target", "weight", "key"} {
		if _, taken := e.Attrs[name]; taken && (name != "key" || g.Multi) {
			return nil, reserved("edge", g.ID(e.From)+" - "+g.ID(e.To), name)
		}
	}
	b = appendID(append(b, `{"source":`...), g, e.From)
	b = appendID(append(b, `,"target":`...), g, e.To)
	if e.Weighted {
		b = append(b, `,"weight":`...)
		if e.Weight == math.Trunc(e.Weight) && math.Abs(e.Weight) < 1<<53 {
			b = strconv.AppendInt(b, int64(e.Weight), 10)
		} else {
			b = strconv.AppendFloat(b, e.Weight, 'g', -1, 64)
		}
	}
	if key != "" {
		b = append(b, `,"key":`...)
		if n, err := strconv.ParseUint(key, 10, 63); err == nil && strconv.FormatUint(n, 10) == key {
			b = append(b, key...)
		} else {
			b = appendText(b, key)
		}
	}
	b, err := appendMembers(b, e.Attrs)
	return append(b, '}'), err
}

func appendID(b []byte, g *Graph, i int) []byte {
	if g.numeric != nil && g.numeric[i] {
		return append(b, g.ids[i]...)
	}
	return appendText(b, g.ids[i])
}

func reserved(kind, name, attr string) error {
	return domain.Invalid("attributes", "The attribute %q of %s %q has the name of a field of %s.", attr, kind, name, nodeLink)
}

// edgeKeys gives the keys of a multigraph. Where only some edges have one, NetworkX
// would number the others over them; so those get a number that no edge has.
type edgeKeys struct {
	multi bool
	used  map[string]bool // nil if no edge or every edge has a key
}

func newKeys(g *Graph) *edgeKeys {
	k := &edgeKeys{multi: g.Multi}
	if g.keys != nil && slices.Contains(g.keys, "") {
		k.used = map[string]bool{}
		for _, key := range g.keys {
			k.used[key] = true
		}
	}
	return k
}

func (k *edgeKeys) of(i int, e Edge) string {
	if !k.multi {
		return ""
	}
	if k.used == nil || e.Key != "" {
		return e.Key
	}
	for n := i; ; n++ {
		if key := strconv.Itoa(n); !k.used[key] {
			k.used[key] = true
			return key
		}
	}
}

// markNumeric notes that the id of a node was a number.
func (g *Graph) markNumeric(node int) {
	if g.numeric == nil {
		g.numeric = make([]bool, len(g.ids))
	}
	g.numeric[node] = true
}
