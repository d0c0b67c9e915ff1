package graph_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"empire/internal/intelligence/graph"
)

// million is a graph of 100,000 nodes and 1,000,000 edges, of which some nodes have
// many: the ends are drawn with squares.
var million = sync.OnceValue(func() *graph.Graph {
	const nodes, edges = 100_000, 1_000_000
	rng := rand.New(rand.NewPCG(1, 1))
	g := graph.NewMulti(false)
	names := make([]string, nodes)
	for v := range names {
		names[v] = fmt.Sprint("n", v)
		g.AddNode(names[v], nil)
	}
	draw := func() string { x := rng.Float64(); return names[int(x*x*nodes)] }
	for range edges {
		g.AddWeighted(draw(), draw(), 1+rng.Float64(), nil)
	}
	return g
})

func BenchmarkMillion(b *testing.B) {
	g := million()
	c := g.CSR(true)
	for name, run := range map[string]func() error{
		"CSR":         func() error { g.CSR(true); return nil },
		"PageRank":    func() error { _, err := c.PageRank(graph.PageRankParams{Tolerance: 1e-8}); return err },
		"Louvain":     func() error { _, err := c.Louvain(graph.CommunityParams{}); return err },
		"Components":  func() error { c.Components(); return nil },
		"Clustering":  func() error { c.Clustering(); return nil },
		"Dijkstra":    func() error { _, err := c.Distances(0); return err },
		"Betweenness": func() error { _, err := c.Betweenness(b.Context(), graph.BetweennessParams{Samples: 16}); return err },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := run(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkMillionFiles(b *testing.B) {
	var json, ml bytes.Buffer
	if err := graph.WriteNodeLink(&json, million()); err != nil {
		b.Fatal(err)
	}
	if err := graph.WriteGraphML(&ml, million()); err != nil {
		b.Fatal(err)
	}
	for name, run := range map[string]func() error{
		"NodeLink": func() error {
			_, _, err := graph.ReadNodeLink(bytes.NewReader(json.Bytes()), graph.ReadOptions{})
			return err
		},
		"GraphML": func() error {
			_, _, err := graph.ReadGraphML(bytes.NewReader(ml.Bytes()), graph.ReadOptions{})
			return err
		},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := run(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// document i says 20 things: ten products of a niche, half of them known before.
func document(i int) graph.Document {
	niche := graph.Ref{Type: graph.NodeNiche, ID: fmt.Sprint("niche ", i%5)}
	d := graph.Document{Source: fmt.Sprint("doc ", i), At: time.Unix(int64(1_700_000_000+i), 0)}
	for j := range 10 {
		product := graph.Ref{Type: graph.NodeProduct, ID: fmt.Sprint("product ", i*5+j)}
		d.Contributions = append(d.Contributions,
			graph.Contribution{Node: product, Attribute: "name", Value: product.ID, Weight: graph.One},
			graph.Contribution{Node: product, Relation: graph.RelationPartOf, To: niche, Weight: graph.One})
	}
	return d
}

func filled(tb testing.TB, documents int) *graph.Knowledge {
	k := graph.NewKnowledge()
	for i := range documents {
		if _, err := k.Put(document(i)); err != nil {
			tb.Fatal(err)
		}
	}
	return k
}

// BenchmarkPut adds, replaces and withdraws one document of 20 contributions in graphs
// of growing size. Its time must not grow with them.
func BenchmarkPut(b *testing.B) {
	for _, documents := range []int{100, 1_000, 10_000, 50_000} {
		k := filled(b, documents)
		d := document(documents / 2)
		d.Source = "one more"
		b.Run(fmt.Sprintf("%d_contributions", documents*20), func(b *testing.B) {
			for b.Loop() {
				if _, err := k.Put(d); err != nil {
					b.Fatal(err)
				}
				if _, err := k.Put(d); err != nil {
					b.Fatal(err)
				}
				if _, err := k.Withdraw(d.Source); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
