package graph_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"empire/internal/intelligence/graph"
)

// world draws documents over few nodes, so that sources overlap.
type world struct{ rng *rand.Rand }

func (w world) ref(kind graph.NodeType) graph.Ref {
	return graph.Ref{Type: kind, ID: fmt.Sprint(w.rng.IntN(4))}
}

func (w world) contribution() graph.Contribution {
	relations := graph.Relations()
	r := relations[w.rng.IntN(len(relations))]
	ends := graph.Joins(r)[w.rng.IntN(len(graph.Joins(r)))]
	c := graph.Contribution{Node: w.ref(ends[0]), Weight: graph.Weight(1 + w.rng.IntN(3_000_000))}
	if w.rng.IntN(3) > 0 {
		c.Relation, c.To = r, w.ref(ends[1])
	}
	if w.rng.IntN(3) == 0 {
		c.Attribute, c.Value = fmt.Sprint("a", w.rng.IntN(2)), fmt.Sprint(w.rng.IntN(3))
	}
	if w.rng.IntN(3) == 0 {
		c.From = day.AddDate(0, 0, w.rng.IntN(20))
	}
	if w.rng.IntN(3) == 0 {
		c.Until = day.AddDate(0, 0, 20+w.rng.IntN(20))
	}
	return c
}

func (w world) document(source int) graph.Document {
	d := graph.Document{Source: fmt.Sprint("s", source), At: day.AddDate(0, 0, w.rng.IntN(10))}
	for range 1 + w.rng.IntN(8) {
		d.Contributions = append(d.Contributions, w.contribution())
	}
	return d
}

// TestKnowledgeForgetsExactly is differentiator D14: after any ingests, updates and
// withdrawals the graph equals one that saw only what is left, at every time; and what
// a withdrawal reports equals the difference.
func TestKnowledgeForgetsExactly(t *testing.T) {
	t.Parallel()
	for seed := range uint64(15) {
		w := world{rand.New(rand.NewPCG(seed, 9))}
		k, left := graph.NewKnowledge(), map[string]graph.Document{}
		for range 40 {
			source := w.rng.IntN(10)
			if name := fmt.Sprint("s", source); w.rng.IntN(3) == 0 && left[name].Source != "" {
				checkWithdrawal(t, k, name)
				delete(left, name)
				continue
			}
			d := w.document(source)
			if _, err := k.Put(d); err != nil {
				t.Fatal(err)
			}
			left[d.Source] = d
		}
		fresh := graph.NewKnowledge()
		for _, d := range left { // in any order
			if _, err := fresh.Put(d); err != nil {
				t.Fatal(err)
			}
		}
		sameKnowledge(t, fmt.Sprint("seed ", seed), fresh, k)
		stored := graph.NewKnowledge()
		rows := k.Rows()
		w.rng.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		if err := stored.Load(rows); err != nil {
			t.Fatal(err)
		}
		sameKnowledge(t, fmt.Sprint("stored, seed ", seed), fresh, stored)
	}
}

// checkWithdrawal withdraws a source and compares its effect with what was foretold
// and with what is there before and after.
func checkWithdrawal(t *testing.T, k *graph.Knowledge, source string) {
	t.Helper()
	before, rests := elements(k), k.RestsOn(source)
	effect, err := k.Withdraw(source)
	if err != nil {
		t.Fatal(err)
	}
	var removed, kept []graph.Element
	for _, r := range rests {
		if r.Alone {
			removed = append(removed, r.Element)
		} else {
			kept = append(kept, r.Element)
		}
	}
	if diff := cmp.Diff(graph.Effect{Removed: removed, Kept: kept}, effect); diff != "" {
		t.Fatalf("foretold and real effect of %s (-want +got):\n%s", source, diff)
	}
	for _, e := range removed {
		delete(before, e)
	}
	if diff := cmp.Diff(before, elements(k)); diff != "" {
		t.Fatalf("elements after %s (-want +got):\n%s", source, diff)
	}
}

// elements lists the graph.
func elements(k *graph.Knowledge) map[graph.Element]bool {
	all := map[graph.Element]bool{}
	s := k.Snapshot(graph.View{})
	for _, f := range append(s.Nodes, s.Edges...) {
		all[graph.Element{Node: f.Node, Relation: f.Relation, To: f.To}] = true
		for name := range f.Attributes {
			all[graph.Element{Node: f.Node, Relation: f.Relation, To: f.To, Attribute: name}] = true
		}
	}
	return all
}

func sameKnowledge(t *testing.T, name string, want, got *graph.Knowledge) {
	t.Helper()
	views := []graph.View{{}, {Known: day.AddDate(0, 0, 5)}}
	for d := range 15 {
		views = append(views, graph.View{At: day.AddDate(0, 0, 3*d)})
	}
	for _, v := range views {
		if diff := cmp.Diff(want.Snapshot(v), got.Snapshot(v)); diff != "" {
			t.Fatalf("%s: snapshot of %+v (-want +got):\n%s", name, v, diff)
		}
	}
	if diff := cmp.Diff(want.Rows(), got.Rows()); diff != "" {
		t.Fatalf("%s: rows (-want +got):\n%s", name, diff)
	}
	if a, b := want.Snapshot(graph.View{}).Graph().Digest(), got.Snapshot(graph.View{}).Graph().Digest(); a != b {
		t.Fatalf("%s: the graphs for algorithms differ", name)
	}
	a, b, c, d := want.Size()
	e, f, g, h := got.Size()
	if diff := cmp.Diff([]int{a, b, c, d}, []int{e, f, g, h}); diff != "" {
		t.Fatalf("%s: sizes (-want +got):\n%s", name, diff)
	}
}
