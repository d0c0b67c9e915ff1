package graph

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Digest returns the SHA-256, in hexadecimal, over the canonical rows of a graph: its
// kind and attributes, then the nodes by id, then the edges by ends, key, weight and
// attributes. Two graphs have the same digest if they hold the same, in whatever order
// it arrived.
func (g *Graph) Digest() string {
	h := sha256.New()
	b := appendHead(nil, g)
	b = append(b, '{')
	b = appendRow(b, g.Attrs)
	writeRow(h, b)
	order := make([]int, g.Len())
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return strings.Compare(g.ids[a], g.ids[b]) })
	for _, i := range order {
		b = append(appendID(b[:0], g, i), '{')
		writeRow(h, appendRow(b, g.Node(i)))
	}
	rows := make([]string, 0, g.Size())
	for _, e := range g.All() {
		from, to := e.From, e.To
		if !g.Directed && g.ids[from] > g.ids[to] {
			from, to = to, from
		}
		b = append(appendID(b[:0], g, from), ' ')
		b = append(appendID(b, g, to), ' ')
		b = append(appendText(b, e.Key), ' ')
		if e.Weighted {
			b = strconv.AppendFloat(b, e.Weight, 'g', -1, 64)
		}
		b = append(b, '{')
		rows = append(rows, string(appendRow(b, e.Attrs)))
	}
	slices.Sort(rows)
	for _, row := range rows {
		writeRow(h, []byte(row))
	}
	return hex.EncodeToString(h.Sum(nil))
}

func writeRow(h hash.Hash, b []byte) { _, _ = h.Write(append(b, '\n')) }

// appendRow appends attributes in the order of their names. Numbers that JSON does not
// have are written by name, so that every graph has a digest.
func appendRow(b []byte, attrs Attrs) []byte {
	for name, v := range ordered(attrs) {
		b = append(appendText(b, name), ':')
		if f, ok := v.(float64); ok && (math.IsNaN(f) || math.IsInf(f, 0)) {
			b = append(b, formatFloat(f)...)
		} else if next, err := appendValue(b, v); err == nil {
			b = next
		}
		b = append(b, ';')
	}
	return b
}
