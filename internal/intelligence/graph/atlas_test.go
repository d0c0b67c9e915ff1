package graph_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"empire/internal/domain"
	"empire/internal/intelligence/graph"
	"empire/internal/testkit"
)

func ref(kind domain.NodeType, id string) domain.GraphRef {
	return domain.GraphRef{Type: kind, ID: id}
}

// survey builds an atlas of relations "type:id relation type:id" and named nodes.
func survey(t testing.TB, facts []domain.GraphFact) *graph.Atlas {
	t.Helper()
	a, err := graph.Survey(func(fn func(f *domain.GraphFact) error) error {
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
	return a
}

func edge(from domain.GraphRef, r domain.Relation, to domain.GraphRef) domain.GraphFact {
	return domain.GraphFact{Node: from, Relation: r, To: to, Weight: domain.GraphOne, Sources: 1, Latest: day}
}

// topicWorld has two niches with keywords and products; pages of two sites are about
// the first, nobody is about the second.
func topicWorld() []domain.GraphFact {
	var facts []domain.GraphFact
	for _, niche := range []string{"lamp", "chair"} {
		n := ref(domain.NodeNiche, niche)
		for i := range 4 {
			k := ref(domain.NodeKeyword, fmt.Sprint("en:", niche, i))
			facts = append(facts, edge(k, domain.RelationServes, n), edge(ref(domain.NodeProduct, fmt.Sprint(niche, i)), domain.RelationPartOf, n),
				domain.GraphFact{Node: k, Attributes: map[string]string{"name": fmt.Sprint(niche, i), "monthly_searches": fmt.Sprint(100 * (i + 1))}, Sources: 1, Latest: day})
			facts = append(facts, edge(ref(domain.NodeMerchant, "m"), domain.RelationSells, ref(domain.NodeProduct, fmt.Sprint(niche, i))))
		}
	}
	for _, site := range []string{"s1", "s2"} {
		p := ref(domain.NodePage, "page_"+site)
		facts = append(facts, edge(p, domain.RelationPartOf, ref(domain.NodeSite, site)), edge(p, domain.RelationTargets, ref(domain.NodeKeyword, "en:lamp0")),
			edge(p, domain.RelationServes, ref(domain.NodeNiche, "lamp")))
	}
	return facts
}

// TestTopics: communities, gaps and conflicts of a world whose answer is known.
func TestTopics(t *testing.T) {
	t.Parallel()
	a := survey(t, topicWorld())
	topics, err := a.Topics(domain.Window{Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	if topics.Total != 2 || topics.Gaps != 1 || len(topics.Communities) != 2 || topics.Modularity < 0.4 {
		t.Fatalf("topics = %+v", topics)
	}
	lamp, chair := topics.Communities[0], topics.Communities[1]
	if lamp.Label != "lamp" || lamp.Gap || len(lamp.Pages) != 2 || !cmp.Equal(lamp.Sites, []domain.WebsiteID{"s1", "s2"}) || lamp.Demand != 1000 {
		t.Errorf("the first community is %+v", lamp)
	}
	if chair.Label != "chair" || !chair.Gap || len(chair.Products) != 4 || chair.Keywords[0].Phrase != "chair3" || *chair.Keywords[0].Demand != 400 || chair.Keywords[0].Covered {
		t.Errorf("the second community is %+v", chair)
	}
	if len(topics.Conflicts) != 1 || topics.Conflicts[0].Keyword != "lamp0" || len(topics.Conflicts[0].Pages) != 2 || len(topics.Conflicts[0].Sites) != 2 {
		t.Errorf("conflicts = %+v", topics.Conflicts)
	}
	if second, err := a.Topics(domain.Window{Limit: 1, Offset: 1}); err != nil || len(second.Communities) != 1 || second.Communities[0].Label != "chair" || second.Total != 2 {
		t.Errorf("the second window is %+v, %v", second, err)
	}
}

// TestAtlas: counts, lists, ways and measures.
func TestAtlas(t *testing.T) {
	t.Parallel()
	a := survey(t, topicWorld())
	sum := a.Summary()
	if sum.Nodes != 23 || sum.Relations != 30 || sum.Components != 1 || sum.Largest != 23 || sum.ByType[domain.NodeKeyword] != 8 || sum.ByRelation[domain.RelationSells] != 8 {
		t.Errorf("summary = %+v", sum)
	}
	if math.Abs(sum.Density-30.0/(23*22)) > 1e-12 || !sum.Oldest.Equal(day) {
		t.Errorf("density %v, oldest %v", sum.Density, sum.Oldest)
	}
	nodes, total := a.Nodes(domain.GraphNodeFilter{Type: domain.NodeKeyword, Query: "LAMP"}, domain.Window{Limit: 2, Offset: 1})
	if total != 4 || len(nodes) != 2 || nodes[0].ID != "en:lamp1" || nodes[0].Out != 1 || nodes[0].In != 0 {
		t.Errorf("nodes = %+v of %d", nodes, total)
	}
	p, err := a.Path(ref(domain.NodeKeyword, "en:lamp1"), ref(domain.NodeKeyword, "en:chair1"))
	if err != nil || p.Length != 6 || len(p.Nodes) != 7 || p.Nodes[3].GraphRef != ref(domain.NodeMerchant, "m") {
		t.Errorf("path = %+v, %v", p, err)
	}
	if _, err := a.Path(ref(domain.NodeKeyword, "none"), ref(domain.NodeNiche, "lamp")); domain.CodeOf(err) != domain.CodeNotFound {
		t.Errorf("from nowhere: %v", err)
	}
	for by, first := range map[domain.GraphMeasure]domain.GraphRef{
		domain.MeasureDegree: ref(domain.NodeNiche, "lamp"), domain.MeasurePageRank: ref(domain.NodeNiche, "lamp"),
		domain.MeasureBetweenness: ref(domain.NodeNiche, "lamp"), domain.MeasureCloseness: ref(domain.NodeMerchant, "m"),
	} {
		r, err := a.Rank(t.Context(), by, domain.GraphNodeFilter{}, domain.Window{Limit: 3})
		if err != nil || r.Samples != 0 || r.Total != 23 || len(r.Nodes) != 3 || r.Nodes[0].GraphRef != first || r.Nodes[0].Value < r.Nodes[1].Value {
			t.Errorf("by %s: %+v, %v", by, r, err)
		}
	}
	if _, err := a.Rank(t.Context(), "size", domain.GraphNodeFilter{}, domain.Window{Limit: 3}); domain.CodeOf(err) != domain.CodeInvalid {
		t.Errorf("an unknown measure: %v", err)
	}
}

// TestAtlasOdd: an empty graph, self loops, and relations both ways have defined results.
func TestAtlasOdd(t *testing.T) {
	t.Parallel()
	empty := survey(t, nil)
	if s := empty.Summary(); s.Nodes != 0 || s.Components != 0 || s.Density != 0 {
		t.Errorf("summary of nothing = %+v", s)
	}
	if topics, err := empty.Topics(domain.Window{Limit: 5}); err != nil || topics.Total != 0 {
		t.Errorf("topics of nothing = %+v, %v", topics, err)
	}
	x, y := ref(domain.NodeNiche, "x"), ref(domain.NodeNiche, "y")
	odd := survey(t, []domain.GraphFact{edge(x, domain.RelationPartOf, x), edge(x, domain.RelationSimilarTo, y), edge(y, domain.RelationSimilarTo, x)})
	for _, by := range domain.GraphMeasures() {
		if r, err := odd.Rank(t.Context(), by, domain.GraphNodeFilter{}, domain.Window{Limit: 5}); err != nil || len(r.Nodes) != 2 || math.IsNaN(r.Nodes[0].Value) {
			t.Errorf("%s = %+v, %v", by, r, err)
		}
	}
}

// TestAtlasLarge: a graph of a million relations has a defined result within bounds:
// measures that need searches come from samples and say so.
func TestAtlasLarge(t *testing.T) {
	testkit.Unraced(t)
	t.Parallel()
	const products, niches = 250_000, 500
	a, err := graph.Survey(func(fn func(f *domain.GraphFact) error) error {
		for i := range products {
			p := ref(domain.NodeProduct, fmt.Sprint(i))
			for _, e := range []domain.GraphFact{
				edge(p, domain.RelationPartOf, ref(domain.NodeNiche, fmt.Sprint(i%niches))), edge(ref(domain.NodeBrand, fmt.Sprint(i%5000)), domain.RelationMakes, p),
				edge(ref(domain.NodeMerchant, fmt.Sprint(i%40)), domain.RelationSells, p), edge(ref(domain.NodeKeyword, fmt.Sprint("k", i%20_000)), domain.RelationFinds, p),
			} {
				if err := fn(&e); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if s := a.Summary(); s.Relations != 4*products || s.Components < 1 {
		t.Errorf("summary = %+v", s)
	}
	for _, by := range domain.GraphMeasures() {
		r, err := a.Rank(t.Context(), by, domain.GraphNodeFilter{}, domain.Window{Limit: 1})
		if err != nil || len(r.Nodes) != 1 || r.Nodes[0].Value <= 0 {
			t.Fatalf("%s: %+v, %v", by, r, err)
		}
		if sampled := by == domain.MeasureBetweenness || by == domain.MeasureCloseness; sampled != (r.Samples > 0) {
			t.Errorf("%s has %d samples", by, r.Samples)
		}
	}
}

// TestClosenessSampled: samples of all nodes give the exact values, some give values near
// them.
func TestClosenessSampled(t *testing.T) {
	t.Parallel()
	g := graph.New(false)
	for i := range 400 {
		g.AddEdge(fmt.Sprint(i), fmt.Sprint((i+1)%400), nil)
		g.AddEdge(fmt.Sprint(i), fmt.Sprint((i*7)%400), nil)
	}
	c := g.CSR(false)
	want, err := c.Closeness(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	all, err := c.ClosenessSampled(t.Context(), 400, 1)
	if diff := cmp.Diff(want, all, cmpopts.EquateApprox(1e-9, 0)); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	some, err := c.ClosenessSampled(t.Context(), 100, 1)
	if err != nil {
		t.Fatal(err)
	}
	for v := range some {
		if math.Abs(some[v]-want[v]) > 0.1*want[v] {
			t.Fatalf("node %d: %v, want about %v", v, some[v], want[v])
		}
	}
}
