package graph_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"empire/internal/domain"
	"empire/internal/intelligence/graph"
)

// checkRead: either nothing was read and the error has a code that blames the file, or
// the report fits the graph and its edges join nodes that exist.
func checkRead(t *testing.T, g *graph.Graph, report graph.Report, err error) bool {
	t.Helper()
	if err != nil {
		if code := domain.CodeOf(err); g != nil || code != domain.CodeMalformed && code != domain.CodeTooLarge {
			t.Errorf("graph %v, code %q of %v", g != nil, code, err)
		}
		return false
	}
	if report.Nodes != g.Len() || report.Edges != g.Size() {
		t.Errorf("the report %+v is of another graph: %d nodes, %d edges", report, g.Len(), g.Size())
	}
	for i, e := range g.All() {
		if e.From < 0 || e.From >= g.Len() || e.To < 0 || e.To >= g.Len() {
			t.Errorf("edge %d joins %d and %d of %d nodes", i, e.From, e.To, g.Len())
		}
	}
	return true
}

var small = graph.ReadOptions{Limits: graph.Limits{Bytes: 1 << 20, Record: 1 << 16, Nodes: 1000, Edges: 1000}}

// FuzzReadNodeLink: what was read and can be written is read back as the same graph.
func FuzzReadNodeLink(f *testing.F) {
	for _, seed := range []string{
		nodeLink28, nodeLink34, `{"nodes":[{"id":1.0},{"id":-0}],"links":[{"source":1,"target":"z","weight":1e3}]}`,
		`{"multigraph":false,"nodes":[{"id":"a","x":[1,{"y":null}]}],"links":[{"source":"a","target":"a","key":[1.50]}],"graph":[["a",2]]}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		g, report, err := graph.ReadNodeLink(strings.NewReader(text), small)
		if !checkRead(t, g, report, err) {
			return
		}
		var b bytes.Buffer
		if err := graph.WriteNodeLink(&b, g); err != nil {
			if domain.CodeOf(err) != domain.CodeInvalid {
				t.Errorf("write: %v", err)
			}
			return
		}
		again, _, err := graph.ReadNodeLink(bytes.NewReader(b.Bytes()), graph.ReadOptions{Strict: true})
		if err != nil {
			t.Fatalf("what was written cannot be read: %v\n%s", err, b.String())
		}
		if g.Len() != again.Len() || g.Size() != again.Size() {
			t.Errorf("came back with %d nodes and %d edges, want %d and %d", again.Len(), again.Size(), g.Len(), g.Size())
		}
		var twice bytes.Buffer
		if err := graph.WriteNodeLink(&twice, again); err != nil || twice.String() != b.String() {
			t.Errorf("the second writing differs (%v):\n%s\n%s", err, b.String(), twice.String())
		}
	})
}

// FuzzReadGraphML: what was read is written and read back as the same graph.
func FuzzReadGraphML(f *testing.F) {
	f.Add(graphML28)
	f.Add(`<graphml><key id="w" attr.name="weight" attr.type="int"><default>7</default></key><graph edgedefault="undirected"><edge source="a" target="b"/><edge source="b" target="a" id="x"/></graph></graphml>`)
	f.Add(`<graphml><key id="w" for="node" attr.type="double"/><graph><node id="&#10;"><data key="w">-INF</data></node><node id=""/></graph></graphml>`)
	f.Fuzz(func(t *testing.T, text string) {
		g, report, err := graph.ReadGraphML(strings.NewReader(text), small)
		if !checkRead(t, g, report, err) {
			return
		}
		var b bytes.Buffer
		if err := graph.WriteGraphML(&b, g); err != nil {
			if domain.CodeOf(err) != domain.CodeInvalid { // a graph with an edge attribute that is named like the weight
				t.Errorf("write: %v", err)
			}
			return
		}
		again, _, err := graph.ReadGraphML(bytes.NewReader(b.Bytes()), graph.ReadOptions{Strict: true})
		if err != nil {
			t.Fatalf("what was written cannot be read: %v\n%s", err, b.String())
		}
		if diff := cmp.Diff(contentOf(g), contentOf(again), cmpopts.EquateNaNs(), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("came back changed (-want +got):\n%s\n%s", diff, b.String())
		}
	})
}
