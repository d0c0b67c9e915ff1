package graph_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"empire/internal/domain"
	"empire/internal/intelligence/graph"
)

// near compares numbers to ten digits.
var near = cmpopts.EquateApprox(0, 1e-10)

// build makes a graph of edges given as pairs of letters.
func build(directed, multi bool, edges ...string) *graph.Graph {
	g := graph.New(directed)
	if multi {
		g = graph.NewMulti(directed)
	}
	for _, e := range edges {
		g.AddEdge(e[:1], e[1:2], nil)
	}
	return g
}

// random returns a graph of n nodes and m edges, with weights from 1 to 4.
func random(seed uint64, n, m int, directed, multi bool) *graph.Graph {
	rng := rand.New(rand.NewPCG(seed, 1))
	g := graph.New(directed)
	if multi {
		g = graph.NewMulti(directed)
	}
	for v := range n {
		g.AddNode(fmt.Sprint(v), nil)
	}
	for range m {
		g.AddWeighted(fmt.Sprint(rng.IntN(n)), fmt.Sprint(rng.IntN(n)), float64(1+rng.IntN(4)), nil)
	}
	return g
}

func TestSimpleGraphReplaces(t *testing.T) {
	t.Parallel()
	g := graph.New(false)
	g.AddNode("a", graph.Attrs{"x": int64(1)})
	g.AddWeighted("a", "b", 2, graph.Attrs{"kind": "old", "kept": true})
	if at := g.AddWeighted("b", "a", 3, graph.Attrs{"kind": "new"}); at != 0 || g.Size() != 1 {
		t.Errorf("the edge back is edge %d of %d, want 0 of 1", at, g.Size())
	}
	g.AddEdge("b", "c", nil)
	want := []graph.Edge{
		{From: 0, To: 1, Weight: 3, Weighted: true, Attrs: graph.Attrs{"kind": "new", "kept": true}},
		{From: 1, To: 2, Weight: 1},
	}
	var got []graph.Edge
	for _, e := range g.All() {
		got = append(got, e)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("edges (-want +got):\n%s", diff)
	}
	g.AddNode("a", graph.Attrs{"y": "z"})
	if diff := cmp.Diff(graph.Attrs{"x": int64(1), "y": "z"}, g.Node(0)); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
	if _, ok := g.Index("d"); ok {
		t.Error("an unknown node has a position")
	}
}

// TestDegrees has a self loop and parallel edges: values by hand, as NetworkX has them.
func TestDegrees(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name         string
		g            *graph.Graph
		all, in, out []float64
		central      []float64
		density      float64
	}{
		{"simple", build(false, false, "ab", "ba", "bc", "cc"), []float64{1, 2, 3}, []float64{1, 2, 3}, []float64{1, 2, 3}, []float64{0.5, 1, 1.5}, 1},
		{"multi", build(false, true, "ab", "ba", "bc", "cc"), []float64{2, 3, 3}, []float64{2, 3, 3}, []float64{2, 3, 3}, []float64{1, 1.5, 1.5}, 4.0 / 3},
		{"directed", build(true, false, "ab", "ba", "bc", "cc"), []float64{2, 3, 3}, []float64{1, 1, 2}, []float64{1, 2, 1}, []float64{1, 1.5, 1.5}, 4.0 / 6},
		{"directed multi", build(true, true, "ab", "ab", "bc"), []float64{2, 3, 1}, []float64{0, 2, 1}, []float64{2, 1, 0}, []float64{1, 1.5, 0.5}, 0.5},
	} {
		c := tt.g.CSR(true)
		if diff := cmp.Diff(tt.all, c.Degree()); diff != "" {
			t.Errorf("%s: degree (-want +got):\n%s", tt.name, diff)
		}
		if diff := cmp.Diff(tt.in, c.InDegree()); diff != "" {
			t.Errorf("%s: in-degree (-want +got):\n%s", tt.name, diff)
		}
		if diff := cmp.Diff(tt.out, c.OutDegree()); diff != "" {
			t.Errorf("%s: out-degree (-want +got):\n%s", tt.name, diff)
		}
		if diff := cmp.Diff(tt.central, c.DegreeCentrality(), near); diff != "" {
			t.Errorf("%s: degree centrality (-want +got):\n%s", tt.name, diff)
		}
		if got := c.Density(); math.Abs(got-tt.density) > 1e-12 {
			t.Errorf("%s: density = %v, want %v", tt.name, got, tt.density)
		}
	}
}

func TestClustering(t *testing.T) {
	t.Parallel()
	// A triangle with a tail, a self loop and an edge both ways, which do not matter.
	g := build(true, false, "ab", "ba", "bc", "ca", "cd", "cc")
	c := g.CSR(false)
	if diff := cmp.Diff([]float64{1, 1, 1.0 / 3, 0}, c.Clustering(), near); diff != "" {
		t.Errorf("clustering (-want +got):\n%s", diff)
	}
	if got := c.Transitivity(); math.Abs(got-3.0/5) > 1e-12 {
		t.Errorf("transitivity = %v, want 3/5", got)
	}
	if got := build(false, false, "ab").CSR(false).Transitivity(); got != 0 {
		t.Errorf("transitivity without triads = %v, want 0", got)
	}
}

// TestClusteringEqualsDefinition counts pairs of neighbors one by one.
func TestClusteringEqualsDefinition(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		g := random(seed, 12, 30, seed%2 == 0, seed%3 == 0)
		joined := map[[2]int]bool{}
		for _, e := range g.All() {
			if e.From != e.To {
				joined[[2]int{e.From, e.To}], joined[[2]int{e.To, e.From}] = true, true
			}
		}
		want := make([]float64, g.Len())
		for v := range want {
			pairs, closed := 0.0, 0.0
			for a := range g.Len() {
				for b := range a {
					if joined[[2]int{v, a}] && joined[[2]int{v, b}] {
						pairs++
						if joined[[2]int{a, b}] {
							closed++
						}
					}
				}
			}
			if pairs > 0 {
				want[v] = closed / pairs
			}
		}
		if diff := cmp.Diff(want, g.CSR(true).Clustering(), near); diff != "" {
			t.Fatalf("seed %d: clustering (-want +got):\n%s", seed, diff)
		}
	}
}

func TestPageRank(t *testing.T) {
	t.Parallel()
	// a → b → c, c has no way on. With s = share of a jump, b = s + 0.85 a, and so on.
	got, err := build(true, false, "ab", "bc").CSR(false).PageRank(graph.PageRankParams{})
	if err != nil {
		t.Fatal(err)
	}
	if want := []float64{0.18441678, 0.34117105, 0.47441217}; cmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-8)) != "" {
		t.Errorf("PageRank of a chain = %v, want %v", got, want)
	}
	if got[0]*1.85 < got[1]-1e-9 || got[0]*1.85 > got[1]+1e-9 {
		t.Errorf("b has %v, want s + 0.85·a = 1.85·a = %v", got[1], got[0]*1.85)
	}
	got, err = build(true, false, "ab", "bc").CSR(false).PageRank(graph.PageRankParams{Teleport: []float64{0, 0, 2}})
	if err != nil || cmp.Diff([]float64{0, 0, 1}, got, near) != "" {
		t.Errorf("PageRank with all jumps to c = %v, %v, want all rank at c", got, err)
	}
	if got, err := graph.New(true).CSR(false).PageRank(graph.PageRankParams{}); len(got) != 0 || err != nil {
		t.Errorf("PageRank of nothing = %v, %v", got, err)
	}
}

// TestPageRankSolvesItsEquation checks the fixed point on random graphs, with self
// loops, parallel edges, weights and nodes without edges.
func TestPageRankSolvesItsEquation(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		g := random(seed, 15, 25, seed%2 == 0, seed%3 == 0)
		rank, err := g.CSR(true).PageRank(graph.PageRankParams{Alpha: 0.7, Tolerance: 1e-14})
		if err != nil {
			t.Fatal(err)
		}
		n := g.Len()
		matrix, outs := make([][]float64, n), make([]float64, n)
		for v := range matrix {
			matrix[v] = make([]float64, n)
		}
		for _, e := range g.All() {
			matrix[e.From][e.To] += e.Weight
			outs[e.From] += e.Weight
			if !g.Directed && e.From != e.To {
				matrix[e.To][e.From] += e.Weight
				outs[e.To] += e.Weight
			}
		}
		total := 0.0
		for v := range n {
			want := 0.3 / float64(n)
			for u := range n {
				if outs[u] == 0 {
					want += 0.7 * rank[u] / float64(n)
				} else {
					want += 0.7 * rank[u] * matrix[u][v] / outs[u]
				}
			}
			if math.Abs(want-rank[v]) > 1e-10 {
				t.Fatalf("seed %d: node %d has %v, its equation %v", seed, v, rank[v], want)
			}
			total += rank[v]
		}
		if math.Abs(total-1) > 1e-10 {
			t.Fatalf("seed %d: the ranks sum to %v", seed, total)
		}
	}
}

func TestMeasuresRefuse(t *testing.T) {
	t.Parallel()
	g := graph.New(true)
	g.AddWeighted("a", "b", -1, nil)
	c := g.CSR(true)
	fine := build(true, false, "ab").CSR(false)
	for name, run := range map[string]func() error{
		"pagerank":       func() error { _, err := c.PageRank(graph.PageRankParams{}); return err },
		"hits":           func() error { _, _, err := c.HITS(); return err },
		"path":           func() error { _, err := c.ShortestPath(0, 1); return err },
		"distances":      func() error { _, err := c.Distances(0); return err },
		"closeness":      func() error { _, err := c.Closeness(t.Context()); return err },
		"betweenness":    func() error { _, err := c.Betweenness(t.Context(), graph.BetweennessParams{}); return err },
		"louvain":        func() error { _, err := c.Louvain(graph.CommunityParams{}); return err },
		"greedy":         func() error { _, err := c.GreedyModularity(graph.CommunityParams{}); return err },
		"alpha":          func() error { _, err := fine.PageRank(graph.PageRankParams{Alpha: 1}); return err },
		"teleport":       func() error { _, err := fine.PageRank(graph.PageRankParams{Teleport: []float64{1}}); return err },
		"negative jump":  func() error { _, err := fine.PageRank(graph.PageRankParams{Teleport: []float64{1, -1}}); return err },
		"no jump":        func() error { _, err := fine.PageRank(graph.PageRankParams{Teleport: []float64{0, 0}}); return err },
		"too few rounds": func() error { _, err := fine.PageRank(graph.PageRankParams{MaxIterations: 1}); return err },
		"no such node":   func() error { _, err := fine.ShortestPath(0, 2); return err },
		"samples": func() error {
			_, err := fine.Betweenness(t.Context(), graph.BetweennessParams{Samples: -1})
			return err
		},
		"resolution":       func() error { _, err := fine.Louvain(graph.CommunityParams{Resolution: -1}); return err },
		"tries":            func() error { _, err := fine.Louvain(graph.CommunityParams{Tries: -1}); return err },
		"missing from":     func() error { _, err := fine.Modularity([][]int{{0}}, 1); return err },
		"in two groups":    func() error { _, err := fine.Modularity([][]int{{0, 1}, {1}}, 1); return err },
		"outside of graph": func() error { _, err := fine.Modularity([][]int{{0, 1, 2}}, 1); return err },
	} {
		if got := domain.CodeOf(run()); got != domain.CodeInvalid {
			t.Errorf("%s: code = %q, want invalid", name, got)
		}
	}
}

func TestHITS(t *testing.T) {
	t.Parallel()
	// Two hubs point at c, one of them at d too: the golden ratio rules.
	hubs, authorities, err := build(true, false, "ac", "bc", "bd").CSR(false).HITS()
	if err != nil {
		t.Fatal(err)
	}
	phi := (1 + math.Sqrt(5)) / 2
	if diff := cmp.Diff([]float64{1 / (1 + phi), 0, phi / (1 + phi), 0}, hubs, near); diff != "" {
		t.Errorf("hubs (-want +got), nodes a c b d:\n%s", diff)
	}
	if diff := cmp.Diff([]float64{0, phi / (1 + phi), 0, 1 / (1 + phi)}, authorities, near); diff != "" {
		t.Errorf("authorities (-want +got), nodes a c b d:\n%s", diff)
	}
	g := graph.New(true)
	g.AddNode("a", nil)
	if hubs, _, err := g.CSR(false).HITS(); err != nil || hubs[0] != 0 {
		t.Errorf("hubs without edges = %v, %v, want 0", hubs, err)
	}
}

func TestUndirected(t *testing.T) {
	t.Parallel()
	g := graph.NewMulti(true)
	g.AddNode("a", graph.Attrs{"x": true})
	g.AddWeighted("a", "b", 2, graph.Attrs{"p": int64(1)})
	g.AddWeighted("b", "a", 5, graph.Attrs{"q": int64(2)})
	u := g.Undirected()
	want := graph.Edge{From: 0, To: 1, Weight: 5, Weighted: true, Attrs: graph.Attrs{"p": int64(1), "q": int64(2)}}
	if diff := cmp.Diff(want, u.Edge(0)); diff != "" || u.Size() != 1 || u.Directed {
		t.Errorf("undirected has %d edges, the first (-want +got):\n%s", u.Size(), diff)
	}
	if len(g.Edge(0).Attrs) != 1 {
		t.Error("the copy changed the attributes of the original")
	}
}
