package graph_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"empire/internal/domain"
	"empire/internal/intelligence/graph"
)

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
