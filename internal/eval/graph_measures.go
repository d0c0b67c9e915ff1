package eval

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"

	"empire/internal/intelligence/graph"
)

// counts compares sizes, degrees and what direction does not matter for.
func (c *graphCheck) counts(g *graph.Graph) error {
	csr, flat := g.CSR(false), g.Undirected().CSR(false)
	parts := flat.Components()
	largest := 0.0
	if len(parts) > 0 {
		largest = float64(len(parts[0]))
	}
	numbers := []struct {
		name string
		got  float64
	}{
		{"n", float64(g.Len())},
		{"m", float64(g.Size())},
		{"connected_components", float64(len(parts))},
		{"largest_component", largest},
		{"strongly_connected_components", float64(len(csr.StrongComponents()))},
		{"transitivity", flat.Transitivity()},
		{"density", csr.Density()},
	}
	for _, n := range numbers {
		if err := c.number(n.name, c.nodeTol, n.got); err != nil {
			return err
		}
	}
	if err := c.list("degree_centrality", "degree", plain(csr.DegreeCentrality)); err != nil {
		return err
	}
	return c.list("clustering_unweighted", "clustering", plain(flat.Clustering))
}

func plain(f func() []float64) func() ([]float64, error) {
	return func() ([]float64, error) { return f(), nil }
}

// ranks compares PageRank and HITS.
func (c *graphCheck) ranks(g *graph.Graph) error {
	csr, weighted := g.CSR(false), g.CSR(true)
	rank := func(csr *graph.CSR) func() ([]float64, error) {
		return func() ([]float64, error) { return csr.PageRank(graph.PageRankParams{Alpha: 0.85, Tolerance: 1e-12}) }
	}
	if err := c.list("pagerank_unweighted_alpha085", "pagerank", rank(csr)); err != nil {
		return err
	}
	if err := c.list("pagerank_weighted_alpha085", "pagerank", rank(weighted)); err != nil {
		return err
	}
	var want []float64
	if ok, err := c.take("hits_hubs", &want); !ok || err != nil {
		return err
	}
	hubs, authorities, err := weighted.HITS() // NetworkX takes the weights that are there
	if err != nil {
		return err
	}
	if err := c.normalized("hits_hubs", hubs); err != nil {
		return err
	}
	return c.normalized("hits_authorities", authorities)
}

// normalized compares HITS after both sides were scaled to sum 1 in absolute terms,
// because their sign and scale are free.
func (c *graphCheck) normalized(name string, got []float64) error {
	var want []float64
	ok, err := c.take(name, &want)
	if !ok || err != nil {
		return err
	}
	total := func(x []float64) float64 {
		s := 0.0
		for _, v := range x {
			s += math.Abs(v)
		}
		return max(s, math.SmallestNonzeroFloat64)
	}
	a, b, worst := total(got), total(want), 0.0
	for i := range want {
		diff := math.Abs(got[i]/a - math.Abs(want[i])/b)
		worst = max(worst, diff)
		c.judge(diff, c.nodeTol)
	}
	c.metrics["hits_max_error"] = max(c.metrics["hits_max_error"], worst)
	return nil
}

// paths compares betweenness and closeness.
func (c *graphCheck) paths(ctx context.Context, g *graph.Graph) error {
	csr := g.CSR(false)
	err := c.list("betweenness_normalized", "betweenness", func() ([]float64, error) {
		return csr.Betweenness(ctx, graph.BetweennessParams{Normalized: true})
	})
	if err != nil {
		return err
	}
	return c.list("closeness_wf_improved", "closeness", func() ([]float64, error) { return csr.Closeness(ctx) })
}

// communities compares the modularity of the communities with that of the reference.
// Its Louvain values are weighted, its greedy values not; both ignore direction.
func (c *graphCheck) communities(g *graph.Graph) error {
	flat := g.Undirected()
	plain, weighted := flat.CSR(false), flat.CSR(true)
	if err := c.louvain(weighted); err != nil {
		return err
	}
	var want float64
	ok, err := c.take("greedy_modularity_value_unweighted", &want)
	if !ok || err != nil {
		return err
	}
	ordered := c.byName(flat).CSR(false) // NetworkX breaks ties by the names of nodes
	parts, err := ordered.GreedyModularity(graph.CommunityParams{})
	if err != nil {
		return err
	}
	got, err := ordered.Modularity(parts, 1)
	if err != nil {
		return err
	}
	c.metrics["greedy_modularity"], c.metrics["greedy_modularity_error"] = got, math.Abs(got-want)
	c.judge(max(0, want-got), c.modTol)

	var theirs [][]int
	if ok, err := c.take("greedy_modularity_communities", &theirs); !ok || err != nil {
		return err
	}
	return c.formula(plain, theirs, want)
}

// byName returns the graph with its nodes in the order of their names: as numbers, if
// all are whole numbers.
func (c *graphCheck) byName(g *graph.Graph) *graph.Graph {
	names, numbers := make([]string, g.Len()), map[string]int{}
	for v := range names {
		names[v] = g.ID(v)
		if n, err := strconv.Atoi(names[v]); err == nil {
			numbers[names[v]] = n
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		if len(numbers) == len(names) {
			return cmp.Compare(numbers[a], numbers[b])
		}
		return cmp.Compare(a, b)
	})
	out := graph.New(g.Directed)
	for _, name := range names {
		out.AddNode(name, nil)
	}
	for _, e := range g.All() {
		out.AddEdge(g.ID(e.From), g.ID(e.To), nil)
	}
	return out
}

// louvain compares our communities of the seeds 0-4 with those of the reference.
func (c *graphCheck) louvain(csr *graph.CSR) error {
	var bySeed map[string]struct {
		K          int
		Modularity float64
	}
	ok, err := c.take("louvain_by_seed", &bySeed)
	if !ok || err != nil || len(bySeed) == 0 {
		return err
	}
	lowest, mean := math.Inf(1), 0.0
	for _, s := range bySeed {
		lowest = min(lowest, s.Modularity)
		mean += s.Modularity / float64(len(bySeed))
	}
	ours, sum := math.Inf(1), 0.0
	for seed := range uint64(5) {
		parts, err := csr.Louvain(graph.CommunityParams{Seed: seed})
		if err != nil {
			return err
		}
		q, err := csr.Modularity(parts, 1)
		if err != nil {
			return err
		}
		ours = min(ours, q)
		sum += q
		c.judge(max(0, lowest-q), c.modTol)
	}
	c.metrics["louvain_modularity_min"], c.metrics["louvain_modularity"] = ours, sum/5
	if mean > 0 {
		c.metrics["louvain_modularity_ratio"] = sum / 5 / mean
	}

	var theirs [][]int
	if ok, err := c.take("louvain_seed0_partition", &theirs); !ok || err != nil {
		return err
	}
	return c.formula(csr, theirs, bySeed["0"].Modularity)
}

// formula compares the modularity that we compute for groups of the reference with
// the one that it states.
func (c *graphCheck) formula(csr *graph.CSR, theirs [][]int, want float64) error {
	got, err := csr.Modularity(slices.Clone(theirs), 1)
	if err != nil {
		return err
	}
	diff := math.Abs(got - want)
	c.metrics["modularity_max_error"] = max(c.metrics["modularity_max_error"], diff)
	c.judge(diff, c.nodeTol)
	return nil
}
