package graph_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"empire/internal/domain"
	"empire/internal/intelligence/graph"
)

func open(t *testing.T, text string) *domain.GraphFile {
	t.Helper()
	f, err := graph.Open(strings.NewReader(text), graph.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// restored is the digest of what a file's contributions make.
func restored(t *testing.T, f *domain.GraphFile) string {
	t.Helper()
	g, err := graph.Restore(f.Meta, func(fn func(c *domain.GraphContribution) error) error {
		for i := range f.Rows {
			if err := fn(&f.Rows[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return g.Digest()
}

const oldLinks = `{"directed": true, "multigraph": true, "graph": {"name": "Märkte"}, "nodes": [
 {"id": 1, "type": "niche", "size": 2.5, "tags": ["a", null, {"b": true}]}, {"id": "x ", "kind": "Product"}, {"id": "page:7", "type": "page"}, {"id": "", "type": "odd"}],
 "links": [{"source": 1, "target": "x ", "key": 0, "weight": -3.25, "relation": "part_of"}, {"source": 1, "target": "x ", "key": 1},
 {"source": "x ", "target": 1, "key": 0, "relation": "part_of", "weight": 2}, {"source": 1, "target": 1, "key": 0}, {"source": 1, "target": "new", "key": 0}]}`

// TestOpenKeepsAll: whatever a file holds, its contributions make the same graph again;
// types and relations that are ours are found.
func TestOpenKeepsAll(t *testing.T) {
	t.Parallel()
	newer := strings.Replace(oldLinks, `"links"`, `"edges"`, 1)
	ml := `<?xml version="1.0"?><graphml xmlns="http://graphml.graphdrawing.org/xmlns"><key id="d0" for="node" attr.name="type" attr.type="string"/>
<key id="d1" for="edge" attr.name="weight" attr.type="double"/><graph edgedefault="undirected"><node id="a"><data key="d0">brand</data></node><node id="b"/>
<edge source="a" target="b"><data key="d1">0.5</data></edge></graph></graphml>`
	partly := `{"directed": false, "multigraph": true, "graph": {}, "nodes": [{"id": "a"}, {"id": "b"}], "links": [{"source": "a", "target": "b", "key": "k"}, {"source": "a", "target": "b"}]}`
	for name, text := range map[string]string{"links": oldLinks, "edges": newer, "graphml": ml, "partly keyed": partly, "byte order mark": "\xEF\xBB\xBF" + oldLinks, "nothing": `{"nodes": [], "links": []}`} {
		f := open(t, text)
		if got := restored(t, f); got != f.SHA256 {
			t.Errorf("%s: the digest is %s, of the file %s", name, got, f.SHA256)
		}
	}
	f := open(t, oldLinks)
	if f.Nodes != 5 || f.Edges != 5 || f.Dangling != 1 || f.Format != domain.FormatNodeLink || open(t, newer).SHA256 != f.SHA256 {
		t.Errorf("file = %d nodes, %d edges, %d dangling, %s", f.Nodes, f.Edges, f.Dangling, f.Format)
	}
	refs, relations := map[string]bool{}, map[domain.Relation]int{}
	for _, c := range f.Rows {
		refs[c.Node.String()] = true
		if c.Relation != "" && c.Attribute == "" {
			relations[c.Relation]++
			if c.Weight <= 0 {
				t.Errorf("%v weighs %v", c.Element(), c.Weight)
			}
		}
	}
	for _, want := range []string{"niche:1", `product:"x "`, "page:7", `entity:""`, "entity:new"} {
		if !refs[want] {
			t.Errorf("there is no %s among %v", want, refs)
		}
	}
	if relations[domain.RelationPartOf] != 1 || relations[domain.RelationRelatedTo] != 4 {
		t.Errorf("relations = %v: product to niche is part_of, the other way is not", relations)
	}
}

// TestOpenRefuses: a file that is cut off, of another kind or at fault is refused, with
// the byte or the record.
func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"empty": "  \n", "other": "SQLite format 3", "cut off": oldLinks[:len(oldLinks)-30], "no list": `{"nodes": 7}`, "bad edge": `{"nodes": [{"id": 1}], "links": [{"source": 1}]}`,
		"xml cut off": `<graphml><graph edgedefault="directed"><node id="a"/>`, "other xml": `<gexf version="1.2"/>`,
	} {
		_, err := graph.Open(strings.NewReader(text), graph.ReadOptions{})
		if code := domain.CodeOf(err); code != domain.CodeMalformed && code != domain.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
		message := strings.ToLower(fmt.Sprint(err))
		if !strings.Contains(message, "byte") && !strings.Contains(message, "link 1") && !strings.Contains(message, "edge 1") && !strings.Contains(message, "gexf") && !strings.Contains(message, "begins with") {
			t.Errorf("%s: %q does not say where", name, message)
		}
	}
}

// TestWriteReads: what is exported is read again with the same nodes and edges.
func TestWriteReads(t *testing.T) {
	t.Parallel()
	facts := topicWorld()
	for _, format := range []domain.GraphFormat{domain.FormatNodeLink, domain.FormatGraphML} {
		var b bytes.Buffer
		err := graph.Write(&b, format, func(fn func(f *domain.GraphFact) error) error {
			for i := range facts {
				if err := fn(&facts[i]); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		f := open(t, b.String())
		if f.Nodes != 23 || f.Edges != 30 || f.Format != format {
			t.Errorf("%s: %d nodes and %d edges", format, f.Nodes, f.Edges)
		}
		kinds := map[domain.Relation]int{}
		for _, c := range f.Rows {
			if c.Attribute == "" {
				kinds[c.Relation]++
			}
			if c.Node.Type == domain.NodeEntity {
				t.Fatalf("%s: %s lost its type", format, c.Node)
			}
		}
		if kinds[domain.RelationSells] != 8 || kinds[domain.RelationRelatedTo] != 0 {
			t.Errorf("%s: relations %v", format, kinds)
		}
	}
}
