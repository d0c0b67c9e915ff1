package graph_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"empire/internal/domain"
	"empire/internal/intelligence/graph"
)

var (
	day     = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	chairs  = graph.Ref{Type: graph.NodeNiche, ID: "chairs"}
	product = graph.Ref{Type: graph.NodeProduct, ID: "p1"}
	brand   = graph.Ref{Type: graph.NodeBrand, ID: "acme"}
	page    = graph.Ref{Type: graph.NodePage, ID: "/best"}
)

func put(t *testing.T, k *graph.Knowledge, source string, at time.Time, cs ...graph.Contribution) graph.Effect {
	t.Helper()
	for i := range cs {
		if cs[i].Weight == 0 {
			cs[i].Weight = graph.One
		}
	}
	e, err := k.Put(graph.Document{Source: source, At: at, Contributions: cs})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestKnowledgeForgets: two sources, one shared relation; what rests on which, what
// goes and what stays.
func TestKnowledgeForgets(t *testing.T) {
	t.Parallel()
	k := graph.NewKnowledge()
	partOf := graph.Contribution{Node: product, Relation: graph.RelationPartOf, To: chairs}
	effect := put(t, k, "feed", day, partOf, graph.Contribution{Node: product, Attribute: "name", Value: "Chair"},
		graph.Contribution{Node: brand, Relation: graph.RelationMakes, To: product, Weight: graph.One / 2})
	added := []graph.Element{
		{Node: brand}, {Node: brand, Relation: graph.RelationMakes, To: product}, {Node: chairs},
		{Node: product}, {Node: product, Attribute: "name"}, {Node: product, Relation: graph.RelationPartOf, To: chairs},
	}
	if diff := cmp.Diff(graph.Effect{Added: added}, effect); diff != "" {
		t.Errorf("effect of the feed (-want +got):\n%s", diff)
	}
	put(t, k, "page", day.Add(time.Hour), partOf, graph.Contribution{Node: product, Attribute: "name", Value: "Chair XL", Weight: 2 * graph.One})
	node, relations, ok := k.Node(product, graph.View{})
	wantNode := graph.Fact{Node: product, Attributes: map[string]string{"name": "Chair XL"}, Sources: 2}
	wantRelations := []graph.Fact{
		{Node: brand, Relation: graph.RelationMakes, To: product, Weight: graph.One / 2, Sources: 1},
		{Node: product, Relation: graph.RelationPartOf, To: chairs, Weight: 2 * graph.One, Sources: 2},
	}
	if diff := cmp.Diff([]any{wantNode, wantRelations, true}, []any{node, relations, ok}); diff != "" {
		t.Errorf("product (-want +got):\n%s", diff)
	}
	want := []graph.Resting{
		{Element: graph.Element{Node: brand}, Alone: true},
		{Element: graph.Element{Node: brand, Relation: graph.RelationMakes, To: product}, Alone: true},
		{Element: graph.Element{Node: chairs}},
		{Element: graph.Element{Node: product}},
		{Element: graph.Element{Node: product, Attribute: "name"}},
		{Element: graph.Element{Node: product, Relation: graph.RelationPartOf, To: chairs}},
	}
	if diff := cmp.Diff(want, k.RestsOn("feed")); diff != "" {
		t.Errorf("what rests on the feed (-want +got):\n%s", diff)
	}
	if got := k.Sources(graph.Element{Node: product, Relation: graph.RelationPartOf, To: chairs}); !slices.Equal(got, []string{"feed", "page"}) {
		t.Errorf("sources of the relation = %v", got)
	}
	effect, err := k.Withdraw("feed")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(graph.Effect{Removed: added[:2], Kept: added[2:]}, effect); diff != "" {
		t.Errorf("effect of the withdrawal (-want +got):\n%s", diff)
	}
	if _, _, ok := k.Node(brand, graph.View{}); ok {
		t.Error("the brand is still there")
	}
	if _, err := k.Withdraw("feed"); domain.CodeOf(err) != domain.CodeNotFound {
		t.Errorf("second withdrawal: %v, want not found", err)
	}
	if _, err := k.Withdraw("page"); err != nil {
		t.Fatal(err)
	}
	if n, e, rows, s := k.Size(); n+e+rows+s != 0 {
		t.Errorf("%d nodes, %d relations, %d rows, %d sources are left over", n, e, rows, s)
	}
}

// TestKnowledgeViews: what is true when, and what was known when.
func TestKnowledgeViews(t *testing.T) {
	t.Parallel()
	k := graph.NewKnowledge()
	month := func(n int) time.Time { return day.AddDate(0, n, 0) }
	put(t, k, "a", month(0), graph.Contribution{Node: product, Attribute: "price", Value: "10", Until: month(1)},
		graph.Contribution{Node: product, Attribute: "price", Value: "12", From: month(1)})
	put(t, k, "b", month(2), graph.Contribution{Node: product, Attribute: "price", Value: "11", From: month(1), Until: month(3)})
	put(t, k, "c", month(4), graph.Contribution{Node: page, Relation: graph.RelationMentions, To: product, From: month(2), Until: month(4)})
	for _, tt := range []struct {
		name    string
		view    graph.View
		price   string
		sources int
		edges   int
	}{
		{"before", graph.View{At: month(0)}, "10", 1, 0},
		{"the end is not in it, equal weight: the latest source", graph.View{At: month(1)}, "11", 2, 0},
		{"relation", graph.View{At: month(2)}, "11", 2, 1},
		{"later", graph.View{At: month(5)}, "12", 1, 0},
		{"not known yet", graph.View{At: month(2), Known: month(1)}, "12", 1, 0},
		{"everything", graph.View{}, "11", 2, 1},
	} {
		s := k.Snapshot(tt.view)
		i := slices.IndexFunc(s.Nodes, func(f graph.Fact) bool { return f.Node == product })
		if i < 0 || s.Nodes[i].Attributes["price"] != tt.price || s.Nodes[i].Sources != tt.sources || len(s.Edges) != tt.edges {
			t.Errorf("%s: %+v, want price %s of %d sources and %d relations", tt.name, s, tt.price, tt.sources, tt.edges)
		}
		if want := 1 + tt.edges; len(s.Nodes) != want {
			t.Errorf("%s: %d nodes, want %d: a page is there only with its relation", tt.name, len(s.Nodes), want)
		}
	}
	if s := k.Snapshot(graph.View{Known: day.Add(-time.Hour)}); len(s.Nodes)+len(s.Edges) != 0 {
		t.Errorf("before anything was said there was %+v", s)
	}
}

func TestKnowledgeRefuses(t *testing.T) {
	t.Parallel()
	fine := graph.Contribution{Node: product, Relation: graph.RelationPartOf, To: chairs, Weight: graph.One}
	for _, tt := range []struct {
		name, field string
		change      func(c *graph.Contribution)
	}{
		{"type", "contributions.1.node.type", func(c *graph.Contribution) { c.Node.Type = "robot" }},
		{"no id", "contributions.1.node.id", func(c *graph.Contribution) { c.Node.ID = "" }},
		{"spaces", "contributions.1.to.id", func(c *graph.Contribution) { c.To.ID = " x" }},
		{"relation", "contributions.1.relation", func(c *graph.Contribution) { c.Relation = "loves" }},
		{"ends", "contributions.1.relation", func(c *graph.Contribution) { c.Node, c.To = c.To, c.Node }},
		{"no relation", "contributions.1.relation", func(c *graph.Contribution) { c.Relation = "" }},
		{"value", "contributions.1.value", func(c *graph.Contribution) { c.Value = "x" }},
		{"name", "contributions.1.attribute", func(c *graph.Contribution) { c.Attribute = "weight" }},
		{"long", "contributions.1.attribute", func(c *graph.Contribution) { c.Attribute = strings.Repeat("x", 5000) }},
		{"weight", "contributions.1.weight", func(c *graph.Contribution) { c.Weight = 0 }},
		{"heavy", "contributions.1.weight", func(c *graph.Contribution) { c.Weight = graph.MaxWeight + 1 }},
		{"times", "contributions.1.until", func(c *graph.Contribution) { c.From, c.Until = day, day }},
	} {
		k := graph.NewKnowledge()
		bad := fine
		tt.change(&bad)
		_, err := k.Put(graph.Document{Source: "s", At: day, Contributions: []graph.Contribution{fine, bad}})
		var e *domain.Error
		if domain.CodeOf(err) != domain.CodeInvalid {
			t.Errorf("%s: %v, want invalid", tt.name, err)
			continue
		}
		if e, _ = err.(*domain.Error); e == nil || e.Field != tt.field { //nolint:errorlint // the very error
			t.Errorf("%s: field of %v, want %s", tt.name, err, tt.field)
		}
		if n, _, _, _ := k.Size(); n != 0 {
			t.Errorf("%s: %d nodes were added all the same", tt.name, n)
		}
	}
	k := graph.NewKnowledge()
	for _, d := range []graph.Document{
		{At: day, Contributions: []graph.Contribution{fine}},
		{Source: "s", Contributions: []graph.Contribution{fine}},
		{Source: "s", At: day},
	} {
		if _, err := k.Put(d); domain.CodeOf(err) != domain.CodeInvalid {
			t.Errorf("document %+v: %v, want invalid", d, err)
		}
	}
	for _, r := range graph.Relations() {
		if len(graph.Joins(r)) == 0 {
			t.Errorf("the relation %s joins nothing", r)
		}
	}
}

func TestKnowledgeLoadRefuses(t *testing.T) {
	t.Parallel()
	k := graph.NewKnowledge()
	put(t, k, "a", day, graph.Contribution{Node: product})
	row := k.Rows()[0]
	other := row
	other.Source = "b"
	bad := other
	bad.Weight = -1
	for name, rows := range map[string][]graph.Contribution{
		"held": {row}, "twice": {other, other}, "invalid": {other, bad},
	} {
		if err := k.Load(rows); domain.CodeOf(err) != domain.CodeInvalid {
			t.Errorf("%s: %v, want invalid", name, err)
		}
	}
	if diff := cmp.Diff([]graph.Contribution{row}, k.Rows()); diff != "" {
		t.Errorf("rows after refusals (-want +got):\n%s", diff)
	}
}

// TestContributionsAsJSON: a row that went through JSON is the same row.
func TestContributionsAsJSON(t *testing.T) {
	t.Parallel()
	k := graph.NewKnowledge()
	put(t, k, "a", day.Add(1234567*time.Nanosecond), graph.Contribution{Node: product, Relation: graph.RelationPartOf, To: chairs, Attribute: "note", Value: "ü", From: day, Weight: 7})
	put(t, k, "b", day, graph.Contribution{Node: product})
	b, err := json.Marshal(k.Rows())
	if err != nil {
		t.Fatal(err)
	}
	var rows []graph.Contribution
	if err := json.Unmarshal(b, &rows); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(k.Rows(), rows); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if strings.Contains(string(b), `"relation":""`) || !strings.Contains(string(b), `"seq":0`) {
		t.Errorf("rows as JSON: %s", b)
	}
}

// TestPutDoesNotGrow: adding a document does the same amount of work, counted in
// allocations, in a small graph and in one a hundred times as large.
func TestPutDoesNotGrow(t *testing.T) {
	work := func(documents int) float64 {
		k := filled(t, documents)
		d := document(documents / 2)
		d.Source = "one more"
		return testing.AllocsPerRun(20, func() {
			if _, err := k.Put(d); err != nil {
				t.Fatal(err)
			}
		})
	}
	if small, large := work(15), work(1500); large > small*1.1 {
		t.Errorf("a document costs %v allocations among 15 and %v among 1500", small, large)
	}
}

func TestSnapshotGraph(t *testing.T) {
	t.Parallel()
	k := graph.NewKnowledge()
	put(t, k, "a", day, graph.Contribution{Node: product, Relation: graph.RelationPartOf, To: chairs, Weight: 2 * graph.One},
		graph.Contribution{Node: product, Attribute: "name", Value: "Chair"})
	g := k.Snapshot(graph.View{}).Graph()
	want := content{
		Directed: true, Multi: true, IDs: []string{"niche:chairs", "product:p1"},
		Nodes: []graph.Attrs{{"type": "niche"}, {"type": "product", "name": "Chair"}},
		Edges: []graph.Edge{{From: 1, To: 0, Weight: 2, Weighted: true, Key: "part_of", Attrs: graph.Attrs{"relation": "part_of"}}},
	}
	if diff := cmp.Diff(want, contentOf(g)); diff != "" {
		t.Errorf("graph (-want +got):\n%s", diff)
	}
}
