package graph_test

import (
	"bytes"
	"errors"
	"fmt"
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

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, text, says string
	}{
		{"empty", ``, "byte 0"},
		{"cut", nodeLink28[:250], "byte 250, in edge 1"},
		{"syntax", `{"nodes": [{"id": 1}, {"id" 2}]}`, "byte 29, in node 1"},
		{"list", `[1]`, "instead of {"},
		{"no nodes", `{"links": []}`, `no list "nodes"`},
		{"no links", `{"nodes": [{"id": 1}], "adjacency": [[]]}`, `no list "links"`},
		{"links twice", `{"nodes": [], "links": [], "edges": []}`, "twice"},
		{"no id", `{"nodes": [{"x": 1}], "links": []}`, "node 0: its id is missing"},
		{"id true", `{"nodes": [{"id": true}], "links": []}`, "node 0: its id is neither"},
		{"id twice", `{"nodes": [{"id": 1}, {"id": 1.0}], "links": []}`, `node 1: its id "1" is taken`},
		{"text and number", `{"nodes": [{"id": 1}, {"id": "1"}], "links": []}`, "node 1: its id"},
		{"null node", `{"nodes": [null], "links": []}`, "node 0: it is null"},
		{"number as node", `{"nodes": [3], "links": []}`, "node 0"},
		{"no target", `{"nodes": [], "links": [{"source": 1}]}`, "edge 0: its target is missing"},
		{"weight text", `{"nodes": [], "links": [{"source": 1, "target": 2, "weight": "3"}]}`, "edge 0: its weight is not a number"},
		{"weight huge", `{"nodes": [], "links": [{"source": 1, "target": 2, "weight": 1e999}]}`, "too large"},
		{"attribute huge", `{"nodes": [{"id": 1, "x": [{"y": 1e999}]}], "links": []}`, `its attribute "x"`},
		{"key list", `{"nodes": [], "links": [{"source": 1, "target": 2, "key": []}]}`, "its key"},
		{"graph text", `{"nodes": [], "links": [], "graph": "x"}`, "attributes of the graph"},
		{"graph pairs", `{"nodes": [], "links": [], "graph": [[1, 2]]}`, "has no name"},
		{"directed text", `{"directed": "yes", "nodes": [], "links": []}`, "byte"},
		{"tail", nodeLink28 + ` x`, "byte"},
		{"two", nodeLink28 + nodeLink28, "something follows"},
		{"NaN", `{"nodes": [{"id": 1, "x": NaN}], "links": []}`, "byte 27, in node 0"},
	} {
		g, report, err := graph.ReadNodeLink(strings.NewReader(tt.text), graph.ReadOptions{})
		checkRefusal(t, tt.name, tt.says, g, report, err)
	}
}

// checkRefusal: malformed, the place is named, and nothing is read.
func checkRefusal(t *testing.T, name, says string, g *graph.Graph, report graph.Report, err error) {
	t.Helper()
	if domain.CodeOf(err) != domain.CodeMalformed || !strings.Contains(domain.MessageOf(err), says) {
		t.Errorf("%s: %v, want malformed with %q", name, err, says)
	}
	if g != nil || report != (graph.Report{}) {
		t.Errorf("%s: something was read all the same", name)
	}
}

func TestReadGraphMLRefuses(t *testing.T) {
	t.Parallel()
	doc := func(keys, inside string) string {
		return `<graphml>` + keys + `<graph edgedefault="directed">` + inside + `</graph></graphml>`
	}
	key := `<key id="k" for="node" attr.name="x" attr.type="int"/>`
	for _, tt := range []struct {
		name, text, says string
	}{
		{"empty", ``, "ends early, at byte 0"},
		{"cut", graphML28[:1100], "ends early, at byte 1100"},
		{"tags cross", doc("", `<node id="a"></edge>`), "byte 59"},
		{"other root", `<gexf/>`, "<gexf>, not <graphml>"},
		{"no graph", `<graphml></graphml>`, "no graph"},
		{"two graphs", `<graphml><graph/><graph/></graphml>`, "more than one graph"},
		{"tail", `<graphml><graph/></graphml><x/>`, "something follows"},
		{"other element", `<graphml><thing/></graphml>`, "<thing>"},
		{"edgedefault", `<graphml><graph edgedefault="both"/></graphml>`, "both"},
		{"no id", doc("", `<node/>`), "node 0 has no id"},
		{"id twice", doc("", `<node id="a"/><node id="a"/>`), `"a" of node 1 is taken`},
		{"no source", doc("", `<edge target="a"/>`), "edge 0"},
		{"direction", doc("", `<edge source="a" target="b" directed="false"/>`), "other kind"},
		{"hyperedge", doc("", `<hyperedge/>`), "hyperedges"},
		{"nested", doc("", `<node id="a"><graph/></node>`), "nested"},
		{"no key", doc("", `<node id="a"><data key="z">1</data></node>`), `"z"`},
		{"key of edges", doc(`<key id="k" for="edge"/>`, `<node id="a"><data key="k">1</data></node>`), "for edge"},
		{"key without id", doc(`<key for="node"/>`, ``), "no id"},
		{"key twice", doc(key+key, ``), "twice"},
		{"type", doc(`<key id="k" attr.type="date"/>`, ``), "date"},
		{"default", doc(`<key id="k" attr.type="int"><default>x</default></key>`, ``), "default"},
		{"int", doc(key, `<node id="a"><data key="k">1.5</data></node>`), `"1.5", not a whole number`},
		{"overflow", doc(key, `<node id="a"><data key="k">9223372036854775808</data></node>`), "64 bits"},
		{"boolean", doc(`<key id="k" attr.type="boolean"/>`, `<node id="a"><data key="k">yes</data></node>`), "true or false"},
		{"float", doc(`<key id="k" attr.type="float"/>`, `<node id="a"><data key="k">0x1p-2</data></node>`), "not a number"},
		{"weight text", doc(`<key id="k" attr.name="weight"/>`, `<edge source="a" target="b"><data key="k">1</data></edge>`), "weight of edge 0"},
		{"weight NaN", doc(`<key id="k" attr.name="weight" attr.type="double"/>`, `<edge source="a" target="b"><data key="k">NaN</data></edge>`), "not finite"},
		{"deep", doc("", strings.Repeat("<a>", 100)), "deep"},
		{"entity", doc("", `<node id="&lol;"/>`), "byte"},
	} {
		g, report, err := graph.ReadGraphML(strings.NewReader(tt.text), graph.ReadOptions{})
		checkRefusal(t, tt.name, tt.says, g, report, err)
	}
}

// TestReadLimits: what is too large is refused while it is read, not after.
func TestReadLimits(t *testing.T) {
	t.Parallel()
	nodes := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `,{"id":%d}`, i)
		}
		return `{"directed":true,"multigraph":true,"nodes":[` + strings.TrimPrefix(b.String(), ",") + `],"links":[{"source":0,"target":1},{"source":1,"target":2}]}`
	}
	var elements strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&elements, `<node id="%d"/>`, i)
	}
	long := strings.Repeat("x", 200<<10)
	for _, tt := range []struct {
		name   string
		read   reader
		text   string
		limits graph.Limits
	}{
		{"bytes", graph.ReadNodeLink, nodes(20_000), graph.Limits{Bytes: 100 << 10}},
		{"nodes", graph.ReadNodeLink, nodes(50), graph.Limits{Nodes: 49}},
		{"edges", graph.ReadNodeLink, nodes(50), graph.Limits{Edges: 1}},
		{"record", graph.ReadNodeLink, `{"nodes":[{"id":"` + long + `"}],"links":[]}`, graph.Limits{Record: 100 << 10}},
		{"GraphML bytes", graph.ReadGraphML, `<graphml><graph>` + elements.String(), graph.Limits{Bytes: 100 << 10}},
		{"GraphML nodes", graph.ReadGraphML, `<graphml><graph><node id="a"/><node id="b"/></graph></graphml>`, graph.Limits{Nodes: 1}},
		{"GraphML edges", graph.ReadGraphML, `<graphml><graph><edge source="a" target="b"/><edge source="a" target="b"/></graph></graphml>`, graph.Limits{Edges: 1}},
		{"GraphML record", graph.ReadGraphML, `<graphml><graph><node id="` + long + `"/></graph></graphml>`, graph.Limits{Record: 100 << 10}},
		{"GraphML comment", graph.ReadGraphML, `<graphml><!--` + long + `--><graph/></graphml>`, graph.Limits{Record: 100 << 10}},
	} {
		in := &counting{r: strings.NewReader(tt.text)}
		g, _, err := tt.read(in, graph.ReadOptions{Limits: tt.limits})
		if domain.CodeOf(err) != domain.CodeTooLarge || g != nil {
			t.Errorf("%s: %v, want too large", tt.name, err)
		}
		if limit := int64(200 << 10); tt.limits.Record+tt.limits.Bytes > 0 && in.n > limit {
			t.Errorf("%s: %d bytes were read, want at most %d", tt.name, in.n, limit)
		}
	}
}

type counting struct {
	r io.Reader
	n int64
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
