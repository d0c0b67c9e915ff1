package eval

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"regexp"

	"empire/internal/domain"
	"empire/internal/intelligence/graph"
)

// graphReference is a graph with values that another program computed for it.
type graphReference struct {
	Name     string      `json:"name"`
	Directed bool        `json:"directed"`
	Nodes    []string    `json:"nodes"`
	Edges    [][]float64 `json:"edges"` // positions of two nodes, and a weight if there are weights
	Check    string      `json:"how_to_check"`

	values map[string]json.RawMessage
}

// evalGraph compares the measures of graphs with reference values: every file in
// reference that has nodes, edges and values for them.
func evalGraph(ctx context.Context, dir string, progress Progress) ([]Dataset, error) {
	paths, err := files(dir, "reference", "*.json")
	if err != nil {
		return nil, err
	}
	var out []Dataset
	for _, path := range paths {
		ref, err := readGraphReference(path)
		if err != nil {
			return nil, err
		}
		if ref == nil {
			continue
		}
		progress("comparing " + label(path))
		set, err := measured(label(path), len(ref.Nodes), func() (map[string]float64, error) {
			return compareGraph(ctx, ref)
		})
		if err != nil {
			return nil, fmt.Errorf("measure %s: %w", label(path), err)
		}
		out = append(out, set)
	}
	return out, nil
}

// readGraphReference reads a file, or returns nil if it is of another kind.
func readGraphReference(path string) (*graphReference, error) {
	data, err := readAll(path)
	if err != nil {
		return nil, err
	}
	values := map[string]json.RawMessage{}
	if json.Unmarshal(data, &values) != nil || values["nodes"] == nil || values["edges"] == nil {
		return nil, nil //nolint:nilerr // not a file for this task
	}
	ref := &graphReference{values: values}
	if err := json.Unmarshal(data, ref); err != nil {
		return nil, domain.Errorf(domain.CodeMalformed, "File %s is not a graph with reference values: %v.", label(path), err)
	}
	for i, e := range ref.Edges {
		if len(e) < 2 || !inside(e[0], len(ref.Nodes)) || !inside(e[1], len(ref.Nodes)) {
			return nil, domain.Errorf(domain.CodeMalformed, "Edge %d of file %s does not name two nodes by position.", i, label(path))
		}
	}
	return ref, nil
}

func inside(x float64, n int) bool { return x >= 0 && x < float64(n) && x == math.Trunc(x) }

// graph builds the graph of a reference.
func (r *graphReference) graph() *graph.Graph {
	g := graph.New(r.Directed)
	for _, id := range r.Nodes {
		g.AddNode(id, nil)
	}
	for _, e := range r.Edges {
		from, to := r.Nodes[int(e[0])], r.Nodes[int(e[1])]
		if len(e) > 2 {
			g.AddWeighted(from, to, e[2], nil)
		} else {
			g.AddEdge(from, to, nil)
		}
	}
	return g
}

// graphCheck compares a graph with its reference. Tolerances come from the text in the
// file.
type graphCheck struct {
	*reference
	nodeTol float64 // of values of nodes
	modTol  float64 // of modularity
}

var (
	nodeTolerance = regexp.MustCompile(`tol(?:erance)?\s*([0-9.]+e-?[0-9]+|0?\.[0-9]+)`)
	modTolerance  = regexp.MustCompile(`(?:min\([^)]*\)\s*-\s*|within\s+)([0-9.]+(?:e-?[0-9]+)?)`)
)

func newGraphCheck(ref *graphReference) *graphCheck {
	return &graphCheck{
		reference: newReference(ref.Name, ref.values),
		nodeTol:   toleranceIn(ref.Check, nodeTolerance, 1e-6),
		modTol:    toleranceIn(ref.Check, modTolerance, 0.01),
	}
}

// list compares values of nodes.
func (c *graphCheck) list(name, metric string, got func() ([]float64, error)) error {
	var want []float64
	ok, err := c.take(name, &want)
	if !ok || err != nil {
		return err
	}
	have, err := got()
	if err != nil {
		return err
	}
	return c.compare(name, metric+"_max_error", want, have, c.nodeTol)
}

// compareGraph compares everything in a reference and reports the largest error of
// each measure.
func compareGraph(ctx context.Context, ref *graphReference) (map[string]float64, error) {
	c := newGraphCheck(ref)
	g := ref.graph()
	for _, step := range []func() error{
		func() error { return c.counts(g) },
		func() error { return c.ranks(g) },
		func() error { return c.paths(ctx, g) },
		func() error { return c.communities(g) },
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return c.result("name", "source", "versions", "directed", "nodes", "edges", "how_to_check"), nil
}
