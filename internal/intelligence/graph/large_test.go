package graph_test

import (
	"math"
	"strconv"
	"sync"
	"testing"

	"empire/internal/intelligence/graph"
	"empire/internal/testkit"
)

// TestMillionEdges: a ring of 1,000,000 edges, as deep as a graph can be. What is known
// of it comes out, without a deep stack.
func TestMillionEdges(t *testing.T) {
	testkit.Unraced(t)
	t.Parallel()
	const n = 1_000_000
	g := graph.NewMulti(true)
	for v := range n {
		g.AddNode(strconv.Itoa(v), nil)
	}
	for v := range n {
		g.AddEdge(strconv.Itoa(v), strconv.Itoa((v+1)%n), nil)
	}
	c := g.CSR(false)
	if c.Len() != n || c.Size() != n {
		t.Errorf("size = %d nodes, %d edges", c.Len(), c.Size())
	}
	if parts := c.StrongComponents(); len(parts) != 1 || len(parts[0]) != n {
		t.Errorf("%d strong components, want one of all", len(parts))
	}
	rank, err := c.PageRank(graph.PageRankParams{})
	if err != nil || math.Abs(rank[7]-1.0/n) > 1e-12 {
		t.Errorf("PageRank = %v, %v, want the same for all", rank[7], err)
	}
	p, err := c.ShortestPath(1, 0)
	if err != nil || p.Length != n-1 || len(p.Nodes) != n {
		t.Errorf("the way around has length %v, %v", p.Length, err)
	}
}

// TestKnowledgeAtOnce: writers and readers at the same time end where they would one
// after the other.
func TestKnowledgeAtOnce(t *testing.T) {
	t.Parallel()
	k, want := graph.NewKnowledge(), filled(t, 40)
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			for range 3 {
				if _, err := k.Put(document(i)); err != nil {
					t.Error(err)
				}
				k.RestsOn(document(i).Source)
				k.Snapshot(graph.View{})
			}
		})
	}
	wg.Wait()
	sameKnowledge(t, "at once", want, k)
}
