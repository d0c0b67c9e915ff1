package graph_test

import (
	"bytes"
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"empire/internal/domain"
	"empire/internal/intelligence/graph"
)

// nodeLink28 is what NetworkX 2.8 writes for a small multigraph, nodeLink34 what 3.4
// writes: its edges are called "edges".
const (
	nodeLink28 = `{"directed": true, "multigraph": true, "graph": {"name": "m"}, "nodes": [{"label": "a", "x": 1.5, "ok": true, "id": 1}, {"n": 3, "id": "b"}], "links": [{"weight": 2, "kind": "x", "source": 1, "target": "b", "key": 0}, {"weight": 0.5, "source": 1, "target": "b", "key": 1}, {"source": "b", "target": "b", "key": "loop"}]}`
	nodeLink34 = `{"edges": [{"weight": 2, "kind": "x", "source": 1, "target": "b", "key": 0}, {"weight": 0.5, "source": 1, "target": "b", "key": 1}, {"source": "b", "target": "b", "key": "loop"}], "directed": true, "multigraph": true, "graph": {"name": "m"}, "nodes": [{"label": "a", "x": 1.5, "ok": true, "id": 1}, {"n": 3, "id": "b"}]}`
	graphML28  = `<?xml version='1.0' encoding='utf-8'?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://graphml.graphdrawing.org/xmlns http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd">
  <key id="d7" for="edge" attr.name="weight" attr.type="double" />
  <key id="d6" for="edge" attr.name="kind" attr.type="string" />
  <key id="d5" for="edge" attr.name="weight" attr.type="long" />
  <key id="d4" for="node" attr.name="n" attr.type="long" />
  <key id="d3" for="node" attr.name="ok" attr.type="boolean" />
  <key id="d2" for="node" attr.name="x" attr.type="double" />
  <key id="d1" for="node" attr.name="label" attr.type="string" />
  <key id="d0" for="graph" attr.name="name" attr.type="string" />
  <graph edgedefault="directed">
    <node id="1"><data key="d1">a</data><data key="d2">1.5</data><data key="d3">True</data></node>
    <node id="b"><data key="d4">3</data></node>
    <edge source="1" target="b" id="0"><data key="d5">2</data><data key="d6">x</data></edge>
    <edge source="1" target="b" id="1"><data key="d7">0.5</data></edge>
    <edge source="b" target="b" id="loop" />
    <data key="d0">m</data>
  </graph>
</graphml>`
)

// content lists a graph in plain values.
type content struct {
	Directed, Multi bool
	Attrs           graph.Attrs
	IDs             []string
	Nodes           []graph.Attrs
	Edges           []graph.Edge
}

func contentOf(g *graph.Graph) content {
	c := content{Directed: g.Directed, Multi: g.Multi, Attrs: g.Attrs}
	for v := range g.Len() {
		c.IDs, c.Nodes = append(c.IDs, g.ID(v)), append(c.Nodes, g.Node(v))
	}
	for _, e := range g.All() {
		c.Edges = append(c.Edges, e)
	}
	return c
}

func sample() content {
	return content{
		Directed: true, Multi: true, Attrs: graph.Attrs{"name": "m"},
		IDs:   []string{"1", "b"},
		Nodes: []graph.Attrs{{"label": "a", "x": 1.5, "ok": true}, {"n": int64(3)}},
		Edges: []graph.Edge{
			{From: 0, To: 1, Weight: 2, Weighted: true, Key: "0", Attrs: graph.Attrs{"kind": "x"}},
			{From: 0, To: 1, Weight: 0.5, Weighted: true, Key: "1"},
			{From: 1, To: 1, Weight: 1, Key: "loop"},
		},
	}
}

type reader func(io.Reader, graph.ReadOptions) (*graph.Graph, graph.Report, error)

func TestReadFilesOfNetworkX(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		read reader
		text string
	}{
		"node-link 2.8": {graph.ReadNodeLink, nodeLink28},
		"node-link 3.4": {graph.ReadNodeLink, nodeLink34},
		"GraphML":       {graph.ReadGraphML, graphML28},
	} {
		g, report, err := tt.read(strings.NewReader(tt.text), graph.ReadOptions{Strict: true})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(sample(), contentOf(g)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if want := (graph.Report{Nodes: 2, Edges: 3, SelfLoops: 1, Parallel: 1}); report != want {
			t.Errorf("%s: report = %+v, want %+v", name, report, want)
		}
	}
}

// TestWriteIsReadBack: the ids that were numbers are numbers again, and both formats
// give the same graph back.
func TestWriteIsReadBack(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		nodeLink28,
		`{"directed": false, "multigraph": false, "graph": {}, "nodes": [{"id": 3.0}, {"id": "ü<&\"", "s": "a\nb \u00e9", "big": 1e300, "f": 2.0, "neg": -7}], "links": [{"source": 3, "target": "ü<&\"", "weight": 1.25, "key": "plain"}]}`,
		`{"directed": false, "multigraph": true, "graph": [["name", "pairs"]], "nodes": [], "links": [{"source": "a", "target": "b"}, {"source": "a", "target": "b", "key": "k"}]}`,
	} {
		g := read(t, graph.ReadNodeLink, text)
		var json, ml bytes.Buffer
		if err := graph.WriteNodeLink(&json, g); err != nil {
			t.Fatal(err)
		}
		again := read(t, graph.ReadNodeLink, json.String())
		if g.Len() != again.Len() || g.Size() != again.Size() {
			t.Errorf("%s came back as\n%s", text, json.String())
		}
		if !strings.Contains(text, "pairs") && again.Digest() != g.Digest() {
			t.Errorf("%s came back with another digest as\n%s", text, json.String())
		}
		if err := graph.WriteGraphML(&ml, g); err != nil {
			t.Fatal(err)
		}
		third := read(t, graph.ReadGraphML, ml.String())
		if diff := cmp.Diff(contentOf(g), contentOf(third)); diff != "" {
			t.Errorf("GraphML came back changed (-want +got):\n%s\n%s", diff, ml.String())
		}
	}
}

func read(t *testing.T, from reader, text string) *graph.Graph {
	t.Helper()
	g, _, err := from(strings.NewReader(text), graph.ReadOptions{})
	if err != nil {
		t.Fatalf("read %s: %v", text, err)
	}
	return g
}

func TestWriteNodeLinkForm(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := graph.WriteNodeLink(&b, read(t, graph.ReadNodeLink, nodeLink28)); err != nil {
		t.Fatal(err)
	}
	want := `{"directed": true, "multigraph": true,
"graph": {"name":"m"},
"nodes": [
{"id":1,"label":"a","ok":true,"x":1.5},
{"id":"b","n":3}
],
"links": [
{"source":1,"target":"b","weight":2,"key":0,"kind":"x"},
{"source":1,"target":"b","weight":0.5,"key":1},
{"source":"b","target":"b","key":"loop"}
]}
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("node-link JSON (-want +got):\n%s", diff)
	}
}

func TestWriteRefuses(t *testing.T) {
	t.Parallel()
	one := func(attrs graph.Attrs) *graph.Graph {
		g := graph.New(false)
		g.AddNode("a", attrs)
		return g
	}
	edge := graph.New(false)
	edge.AddEdge("a", "b", graph.Attrs{"weight": int64(2)})
	for name, err := range map[string]error{
		"id in JSON":        graph.WriteNodeLink(io.Discard, one(graph.Attrs{"id": "x"})),
		"NaN in JSON":       graph.WriteNodeLink(io.Discard, one(graph.Attrs{"x": math.NaN()})),
		"type in JSON":      graph.WriteNodeLink(io.Discard, one(graph.Attrs{"x": struct{}{}})),
		"weight in JSON":    graph.WriteNodeLink(io.Discard, edge),
		"list in GraphML":   graph.WriteGraphML(io.Discard, one(graph.Attrs{"x": []any{"y"}})),
		"nil in GraphML":    graph.WriteGraphML(io.Discard, one(graph.Attrs{"x": nil})),
		"zero in GraphML":   graph.WriteGraphML(io.Discard, one(graph.Attrs{"x": "a\x00"})),
		"weight in GraphML": graph.WriteGraphML(io.Discard, edge),
	} {
		if domain.CodeOf(err) != domain.CodeInvalid {
			t.Errorf("%s: %v, want invalid", name, err)
		}
	}
	broken := brokenWriter{}
	if err := graph.WriteNodeLink(broken, one(nil)); !errors.Is(err, errBroken) {
		t.Errorf("node-link to a broken writer: %v", err)
	}
	if err := graph.WriteGraphML(broken, one(nil)); !errors.Is(err, errBroken) {
		t.Errorf("GraphML to a broken writer: %v", err)
	}
}

var errBroken = errors.New("broken")

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }

// TestReadOddCases has what the package comment defines.
func TestReadOddCases(t *testing.T) {
	t.Parallel()
	simple := `{"directed":false,"multigraph":false,"nodes":[{"id":"a"},{"id":"b"}],"links":[{"source":"a","target":"b","weight":1,"p":1},{"source":"b","target":"a","weight":4},{"source":"a","target":"x"},{"source":"a","target":"a"}]}`
	g, report, err := graph.ReadNodeLink(strings.NewReader(simple), graph.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if want := (graph.Report{Nodes: 3, Edges: 3, Dangling: 1, SelfLoops: 1, Parallel: 1}); report != want {
		t.Errorf("report = %+v, want %+v", report, want)
	}
	if e := g.Edge(0); e.Weight != 4 || e.Attrs["p"] != int64(1) {
		t.Errorf("the repeated edge is %+v, want the last weight and the first attribute", e)
	}
	ml := `<graphml><key id="w" for="edge" attr.name="weight" attr.type="int"><default>7</default></key>
<key id="c" for="node" attr.name="color"><default>red</default></key><key id="y" for="node" yfiles.type="nodegraphics"/>
<graph edgedefault="undirected"><edge id="e1" source="a" target="b" directed="false"/><node id="a"><data key="c">blue</data><port name="p"/><data key="y"><y:Shape xmlns:y="u"><y:Fill/>x</y:Shape></data></node>
<edge source="a" target="x"><data key="w"> 2 </data></edge><node id="b"/></graph></graphml>`
	g, report, err = graph.ReadGraphML(strings.NewReader(ml), graph.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if want := (graph.Report{Nodes: 3, Edges: 2, Dangling: 1, Skipped: 2}); report != want {
		t.Errorf("report = %+v, want %+v", report, want)
	}
	want := content{IDs: []string{"a", "b", "x"}, Nodes: []graph.Attrs{{"color": "blue"}, {"color": "red"}, nil}, Edges: []graph.Edge{
		{From: 0, To: 1, Weight: 7, Weighted: true, Attrs: graph.Attrs{"id": "e1"}}, {From: 0, To: 2, Weight: 2, Weighted: true},
	}}
	if diff := cmp.Diff(want, contentOf(g)); diff != "" {
		t.Errorf("GraphML with defaults (-want +got):\n%s", diff)
	}
	for name, read := range map[string]func() error{
		"node-link": func() error {
			_, _, err := graph.ReadNodeLink(strings.NewReader(simple), graph.ReadOptions{Strict: true})
			return err
		},
		"GraphML": func() error {
			_, _, err := graph.ReadGraphML(strings.NewReader(ml), graph.ReadOptions{Strict: true})
			return err
		},
	} {
		if err := read(); domain.CodeOf(err) != domain.CodeMalformed || !strings.Contains(err.Error(), `"x"`) {
			t.Errorf("strict %s: %v, want malformed and the name of the node", name, err)
		}
	}
}

// TestDigest: the order of arrival does not matter, everything else does.
func TestDigest(t *testing.T) {
	t.Parallel()
	base := `{"directed":false,"multigraph":true,"graph":{"n":1},"nodes":[{"id":"a","x":1},{"id":"b"}],"links":[{"source":"a","target":"b","weight":1},{"source":"a","target":"a"}]}`
	want := read(t, graph.ReadNodeLink, base).Digest()
	same := `{"directed":false,"multigraph":true,"graph":{"n":1},"nodes":[{"id":"b"},{"x":1,"id":"a"}],"links":[{"source":"a","target":"a"},{"source":"b","target":"a","weight":1.0}]}`
	if got := read(t, graph.ReadNodeLink, same).Digest(); got != want {
		t.Errorf("another order has another digest")
	}
	for _, change := range [][2]string{
		{`"x":1`, `"x":1.0`}, {`"x":1`, `"x":"1"`}, {`"weight":1`, `"weight":2`}, {`,"weight":1`, ``}, {`"n":1`, `"n":2`},
		{`"directed":false`, `"directed":true`}, {`"multigraph":true`, `"multigraph":false`}, {`{"id":"b"}`, `{"id":"b"},{"id":"c"}`},
		{`"weight":1`, `"weight":1,"key":"k"`}, {`"weight":1`, `"weight":1,"z":null`},
	} {
		text := strings.Replace(base, change[0], change[1], 1)
		if text == base || read(t, graph.ReadNodeLink, text).Digest() == want {
			t.Errorf("%s instead of %s has the same digest", change[1], change[0])
		}
	}
}
