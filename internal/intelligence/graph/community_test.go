package graph_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"empire/internal/intelligence/graph"
)

// planted returns k groups of size nodes: nodes of one group are joined with
// probability in, others with out.
func planted(seed uint64, k, size int, in, out float64, directed bool) (*graph.Graph, [][]int) {
	rng := rand.New(rand.NewPCG(seed, 2))
	g := graph.New(directed)
	groups := make([][]int, k)
	for v := range k * size {
		g.AddNode(fmt.Sprint(v), nil)
		groups[v%k] = append(groups[v%k], v)
	}
	for a := range k * size {
		for b := range a {
			p := out
			if a%k == b%k {
				p = in
			}
			if rng.Float64() < p {
				g.AddEdge(fmt.Sprint(a), fmt.Sprint(b), nil)
			}
		}
	}
	return g, groups
}

// TestModularity: two triangles joined by an edge, by hand; and the definition on
// random graphs with self loops and parallel edges.
func TestModularity(t *testing.T) {
	t.Parallel()
	c := build(false, false, "ab", "bc", "ca", "de", "ef", "fd", "cd").CSR(false)
	q, err := c.Modularity([][]int{{0, 1, 2}, {3, 4, 5}}, 1)
	if want := 6.0/7 - 0.5; err != nil || math.Abs(q-want) > 1e-12 {
		t.Errorf("modularity = %v, %v, want %v", q, err, want)
	}
	q, err = c.Modularity([][]int{{0, 1, 2, 3, 4, 5}}, 1)
	if err != nil || math.Abs(q) > 1e-12 {
		t.Errorf("modularity of one group = %v, %v, want 0", q, err)
	}
	if q, err := graph.New(false).CSR(false).Modularity(nil, 1); q != 0 || err != nil {
		t.Errorf("modularity of nothing = %v, %v", q, err)
	}
	for seed := range uint64(12) {
		g := random(seed, 9, 20, seed%2 == 0, seed%3 == 0)
		parts := [][]int{{0, 1, 2}, {3, 4, 5, 6}, {7, 8}}
		got, err := g.CSR(true).Modularity(parts, 1.3)
		if want := definedModularity(g, parts, 1.3); err != nil || math.Abs(got-want) > 1e-12 {
			t.Errorf("seed %d: modularity = %v, %v, want %v", seed, got, err, want)
		}
	}
}

// definedModularity sums over all pairs: (A - γ·out·in/w) / w within groups.
func definedModularity(g *graph.Graph, parts [][]int, resolution float64) float64 {
	n := g.Len()
	a := make([][]float64, n)
	for v := range a {
		a[v] = make([]float64, n)
	}
	for _, e := range g.All() {
		a[e.From][e.To] += e.Weight
		if !g.Directed {
			a[e.To][e.From] += e.Weight // twice for a self loop
		}
	}
	out, in, all := make([]float64, n), make([]float64, n), 0.0
	for v := range a {
		for u := range a {
			out[v] += a[v][u]
			in[u] += a[v][u]
			all += a[v][u]
		}
	}
	q := 0.0
	for _, p := range parts {
		for _, v := range p {
			for _, u := range p {
				q += (a[v][u] - resolution*out[v]*in[u]/all) / all
			}
		}
	}
	return q
}

// TestCommunitiesFindPlanted: groups that are there are found: by Louvain exactly, by
// the greedy search nearly.
func TestCommunitiesFindPlanted(t *testing.T) {
	t.Parallel()
	for _, directed := range []bool{false, true} {
		for seed := range uint64(5) {
			g, want := planted(seed, 6, 25, 0.5, 0.01, directed)
			c := g.CSR(false)
			louvain, err := c.Louvain(graph.CommunityParams{Seed: seed})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, louvain); diff != "" {
				t.Errorf("Louvain, directed %v, seed %d (-want +got):\n%s", directed, seed, diff)
			}
			greedy, err := c.GreedyModularity(graph.CommunityParams{})
			if err != nil {
				t.Fatal(err)
			}
			q, _ := c.Modularity(greedy, 1)
			if full, _ := c.Modularity(want, 1); q < full-0.02 || len(greedy) != len(want) {
				t.Errorf("greedy, directed %v, seed %d: %d groups of modularity %v, planted were %d of %v", directed, seed, len(greedy), q, len(want), full)
			}
		}
	}
}

// TestCommunitiesNearBest compares with the best of all divisions of small graphs.
func TestCommunitiesNearBest(t *testing.T) {
	t.Parallel()
	for seed := range uint64(12) {
		g := random(seed, 7, 12, seed%2 == 0, seed%3 == 0)
		c := g.CSR(true)
		best := math.Inf(-1)
		eachDivision(g.Len(), func(parts [][]int) {
			q, err := c.Modularity(parts, 1)
			if err != nil {
				t.Fatal(err)
			}
			best = max(best, q)
		})
		parts, err := c.Louvain(graph.CommunityParams{Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		if q, err := c.Modularity(parts, 1); err != nil || q < best-0.02 || q > best+1e-12 {
			t.Errorf("seed %d: Louvain reaches %v, %v, the best is %v", seed, q, err, best)
		}
	}
}

// eachDivision yields every division of 0..n-1 into groups.
func eachDivision(n int, yield func([][]int)) {
	var place func(v int, parts [][]int)
	place = func(v int, parts [][]int) {
		if v == n {
			yield(parts)
			return
		}
		for i := range parts {
			parts[i] = append(parts[i], v)
			place(v+1, parts)
			parts[i] = parts[i][:len(parts[i])-1]
		}
		place(v+1, append(parts, []int{v}))
	}
	place(0, nil)
}

func TestLouvain(t *testing.T) {
	t.Parallel()
	c := random(5, 60, 150, false, false).CSR(true)
	first, err := c.Louvain(graph.CommunityParams{Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	again, _ := c.Louvain(graph.CommunityParams{Seed: 3})
	if diff := cmp.Diff(first, again); diff != "" {
		t.Errorf("the same seed gives other groups:\n%s", diff)
	}
	coarse, _ := c.Louvain(graph.CommunityParams{Resolution: 0.2})
	fine, _ := c.Louvain(graph.CommunityParams{Resolution: 5})
	if len(coarse) >= len(fine) {
		t.Errorf("resolution 0.2 gives %d groups, 5 gives %d: want more", len(coarse), len(fine))
	}
	g := build(false, false, "ab", "cc")
	g.AddNode("d", nil)
	if got, err := g.CSR(false).Louvain(graph.CommunityParams{}); err != nil || cmp.Diff([][]int{{0, 1}, {2}, {3}}, got) != "" {
		t.Errorf("groups = %v, %v, want the pair, the loop and the lone node", got, err)
	}
	for _, empty := range []*graph.Graph{graph.New(false), graph.New(true)} {
		if got, err := empty.CSR(false).Louvain(graph.CommunityParams{}); len(got) != 0 || err != nil {
			t.Errorf("groups of nothing = %v, %v", got, err)
		}
		if got, err := empty.CSR(false).GreedyModularity(graph.CommunityParams{}); len(got) != 0 || err != nil {
			t.Errorf("groups of nothing = %v, %v", got, err)
		}
	}
}

// TestGreedyTies: graphs that are full of equal gains are divided as by NetworkX 2.8.8.
func TestGreedyTies(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, edges string
		want        []string
	}{
		{"ring", "ab ah bc cd de ef fg gh", []string{"abcd", "efgh"}},
		{"grid", "ad ab be bc cf dg de eh ef fi gh hi", []string{"abcef", "dg", "hi"}},
		{"Petersen", "ab ae af bc bg cd ch de di ej fh fi gi gj hj", []string{"ab", "cd", "ej", "fh", "gi"}},
		{"ladder", "ab ag af bc bh cd ci de dj ef ek fl gh gl hi ij jk kl", []string{"abgh", "cdij", "efkl"}},
	} {
		edges := strings.Fields(tt.edges)
		g := graph.New(false)
		for id := 'a'; id <= 'l'; id++ {
			if strings.ContainsRune(tt.edges, id) {
				g.AddNode(string(id), nil)
			}
		}
		for _, e := range edges {
			g.AddEdge(e[:1], e[1:], nil)
		}
		parts, err := g.CSR(false).GreedyModularity(graph.CommunityParams{})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, part := range parts {
			name := ""
			for _, v := range part {
				name += g.ID(v)
			}
			got = append(got, name)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}
