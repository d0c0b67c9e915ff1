package graph_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"empire/internal/domain"
	"empire/internal/intelligence/graph"
)

// lengths returns all distances by Floyd and Warshall.
func lengths(g *graph.Graph, weighted bool) [][]float64 {
	n := g.Len()
	d := make([][]float64, n)
	for v := range d {
		d[v] = slices.Repeat([]float64{math.Inf(1)}, n)
		d[v][v] = 0
	}
	for _, e := range g.All() {
		w := e.Weight
		if !weighted {
			w = 1
		}
		d[e.From][e.To] = min(d[e.From][e.To], w)
		if !g.Directed {
			d[e.To][e.From] = min(d[e.To][e.From], w)
		}
	}
	for k := range n {
		for i := range n {
			for j := range n {
				d[i][j] = min(d[i][j], d[i][k]+d[k][j])
			}
		}
	}
	return d
}

// eachKind runs a test on random graphs of every kind.
func eachKind(t *testing.T, run func(t *testing.T, g *graph.Graph, weighted bool)) {
	t.Parallel()
	for seed := range uint64(24) {
		directed, multi, weighted := seed%2 == 0, seed%3 == 0, seed%4 < 2
		t.Run(fmt.Sprintf("seed %d directed %v multi %v weighted %v", seed, directed, multi, weighted), func(t *testing.T) {
			t.Parallel()
			run(t, random(seed, 14, 24, directed, multi), weighted)
		})
	}
}

func TestDistances(t *testing.T) {
	eachKind(t, func(t *testing.T, g *graph.Graph, weighted bool) {
		c, want := g.CSR(weighted), lengths(g, weighted)
		for v := range g.Len() {
			got, err := c.Distances(v)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want[v], got); diff != "" {
				t.Fatalf("distances from %d (-want +got):\n%s", v, diff)
			}
			for u := range g.Len() {
				checkPath(t, c, want, v, u)
			}
		}
	})
}

// checkPath checks a shortest way: its ends, its length, and that each step is an edge.
func checkPath(t *testing.T, c *graph.CSR, want [][]float64, from, to int) {
	t.Helper()
	p, err := c.ShortestPath(from, to)
	if math.IsInf(want[from][to], 1) {
		if domain.CodeOf(err) != domain.CodeNotFound {
			t.Fatalf("a way from %d to %d: %v, %v, want not found", from, to, p, err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	length := 0.0
	for i := 1; i < len(p.Nodes); i++ {
		length += want[p.Nodes[i-1]][p.Nodes[i]]
	}
	if p.Nodes[0] != from || p.Nodes[len(p.Nodes)-1] != to || p.Length != want[from][to] || length != p.Length {
		t.Fatalf("the way from %d to %d is %v, want length %v", from, to, p, want[from][to])
	}
}

func TestShortestPathByName(t *testing.T) {
	t.Parallel()
	g := graph.New(false)
	g.AddWeighted("a", "b", 1, nil)
	g.AddWeighted("b", "c", 1, nil)
	g.AddWeighted("a", "c", 5, nil)
	g.AddNode("d", nil)
	for _, tt := range []struct {
		from, to string
		weighted bool
		nodes    []int
		length   float64
		code     domain.Code
	}{
		{"a", "c", false, []int{0, 2}, 1, ""},
		{"a", "c", true, []int{0, 1, 2}, 2, ""},
		{"a", "a", true, []int{0}, 0, ""},
		{"a", "d", true, nil, 0, domain.CodeNotFound},
		{"a", "x", true, nil, 0, domain.CodeNotFound},
		{"x", "a", true, nil, 0, domain.CodeNotFound},
	} {
		p, err := g.ShortestPath(tt.from, tt.to, tt.weighted)
		if domain.CodeOf(err) != tt.code || !slices.Equal(p.Nodes, tt.nodes) || p.Length != tt.length {
			t.Errorf("way %s to %s (weighted %v) = %v, %v", tt.from, tt.to, tt.weighted, p, err)
		}
	}
}

func TestCloseness(t *testing.T) {
	eachKind(t, func(t *testing.T, g *graph.Graph, weighted bool) {
		d := lengths(g, weighted)
		want := make([]float64, g.Len())
		for v := range want {
			reached, total := 0.0, 0.0
			for u := range want {
				if u != v && !math.IsInf(d[u][v], 1) {
					reached++
					total += d[u][v]
				}
			}
			if total > 0 {
				want[v] = reached / total * reached / float64(g.Len()-1)
			}
		}
		got, err := g.CSR(weighted).Closeness(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, near); diff != "" {
			t.Errorf("closeness (-want +got):\n%s", diff)
		}
	})
}

// TestBetweenness counts shortest ways by the products of their parts: a node lies on
// σ(s,v)·σ(v,t) of σ(s,t) ways if d(s,v)+d(v,t) = d(s,t).
func TestBetweenness(t *testing.T) {
	eachKind(t, func(t *testing.T, g *graph.Graph, weighted bool) {
		n, d := g.Len(), lengths(g, weighted)
		ways := countWays(g, d, weighted)
		want := make([]float64, n)
		for v := range n {
			for s := range n {
				for u := range n {
					if s != u && v != s && v != u && ways[s][u] > 0 && d[s][v]+d[v][u] == d[s][u] {
						want[v] += ways[s][v] * ways[v][u] / ways[s][u]
					}
				}
			}
			want[v] /= float64((n - 1) * (n - 2))
		}
		got, err := g.CSR(weighted).Betweenness(t.Context(), graph.BetweennessParams{Normalized: true})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, near); diff != "" {
			t.Errorf("betweenness (-want +got):\n%s", diff)
		}
	})
}

// countWays counts the shortest ways between all nodes, nearest targets first.
func countWays(g *graph.Graph, d [][]float64, weighted bool) [][]float64 {
	n := g.Len()
	step := make([][]float64, n)
	for v := range step {
		step[v] = slices.Repeat([]float64{math.Inf(1)}, n)
	}
	for _, e := range g.All() {
		w := e.Weight
		if !weighted {
			w = 1
		}
		step[e.From][e.To] = min(step[e.From][e.To], w)
		if !g.Directed {
			step[e.To][e.From] = min(step[e.To][e.From], w)
		}
	}
	ways := make([][]float64, n)
	for s := range ways {
		ways[s] = make([]float64, n)
		ways[s][s] = 1
		order := make([]int, n)
		for v := range order {
			order[v] = v
		}
		slices.SortStableFunc(order, func(a, b int) int {
			switch {
			case d[s][a] < d[s][b]:
				return -1
			case d[s][a] > d[s][b]:
				return 1
			}
			return 0
		})
		for _, v := range order {
			for u := range n {
				if u != v && v != s && !math.IsInf(d[s][v], 1) && d[s][u]+step[u][v] == d[s][v] {
					ways[s][v] += ways[s][u]
				}
			}
		}
	}
	return ways
}

func TestBetweennessRaw(t *testing.T) {
	t.Parallel()
	got, err := build(false, false, "ab", "bc").CSR(false).Betweenness(t.Context(), graph.BetweennessParams{})
	if err != nil || cmp.Diff([]float64{0, 1, 0}, got) != "" {
		t.Errorf("raw betweenness of a chain = %v, %v, want 0 1 0", got, err)
	}
}

// TestBetweennessSamples: samples are scaled up, so that on average they are right,
// and all nodes as samples are exact.
func TestBetweennessSamples(t *testing.T) {
	t.Parallel()
	c := random(3, 40, 90, false, false).CSR(false)
	measure := func(p graph.BetweennessParams) []float64 {
		got, err := c.Betweenness(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	exact := measure(graph.BetweennessParams{Normalized: true})
	if diff := cmp.Diff(exact, measure(graph.BetweennessParams{Normalized: true, Samples: 40})); diff != "" {
		t.Errorf("all nodes as samples differ from exact values:\n%s", diff)
	}
	mean := make([]float64, len(exact))
	for seed := range uint64(400) {
		for v, x := range measure(graph.BetweennessParams{Normalized: true, Samples: 10, Seed: seed}) {
			mean[v] += x / 400
		}
	}
	for v := range exact {
		if math.Abs(mean[v]-exact[v]) > 0.15*exact[v]+0.003 {
			t.Errorf("node %d: samples give %v on average, want %v", v, mean[v], exact[v])
		}
	}
	a, b := measure(graph.BetweennessParams{Samples: 10, Seed: 7}), measure(graph.BetweennessParams{Samples: 10, Seed: 7})
	if diff := cmp.Diff(a, b); diff != "" {
		t.Errorf("the same seed gives other values:\n%s", diff)
	}
}

func TestSearchesEnd(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c := random(1, 50, 100, false, false).CSR(false)
	if _, err := c.Betweenness(ctx, graph.BetweennessParams{}); err == nil {
		t.Error("betweenness went on after its context ended")
	}
	if _, err := c.Closeness(ctx); err == nil {
		t.Error("closeness went on after its context ended")
	}
}

func TestComponents(t *testing.T) {
	eachKind(t, func(t *testing.T, g *graph.Graph, _ bool) {
		c, d := g.CSR(false), lengths(g, false)
		both := lengths(g.Undirected(), false)
		check := func(name string, parts [][]int, together func(a, b int) bool) {
			part := make([]int, g.Len())
			seen := 0
			for i, p := range parts {
				if i > 0 && len(p) > len(parts[i-1]) {
					t.Errorf("%s: part %d is larger than the one before", name, i)
				}
				for _, v := range p {
					part[v] = i
					seen++
				}
			}
			if seen != g.Len() {
				t.Errorf("%s: %d nodes are in parts, want %d", name, seen, g.Len())
			}
			for a := range part {
				for b := range part {
					if (part[a] == part[b]) != together(a, b) {
						t.Fatalf("%s: nodes %d and %d in one part: %v", name, a, b, part[a] == part[b])
					}
				}
			}
		}
		check("weak", c.Components(), func(a, b int) bool { return !math.IsInf(both[a][b], 1) })
		check("strong", c.StrongComponents(), func(a, b int) bool {
			return !math.IsInf(d[a][b], 1) && !math.IsInf(d[b][a], 1)
		})
	})
}
