package pipeline_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/pipeline"
	"empire/internal/store"
)

// TestBranchesJoinOnce: of many runs with branches that end at the same time, every
// join runs once, after all of its branches, with their results.
func TestBranchesJoinOnce(t *testing.T) {
	onEach(t, func(t *testing.T, s *store.Store) {
		var runs counter
		join := runs.fn(func(in *pipeline.Input) (pipeline.Output, error) {
			names := slices.Sorted(maps.Keys(in.Results()))
			return pipeline.Output{Result: strings.Join(names, "+")}, nil
		})
		steps := []pipeline.StepDef{step("root", 1, runs.fn(nil))}
		for i := range 4 {
			steps = append(steps, after(step(fmt.Sprintf("b%d", i), 1, runs.fn(nil)), "root"))
		}
		steps = append(steps, after(step("join", 1, join), "b0", "b1", "b2", "b3"), step("last", 1, runs.fn(nil)))
		c := newCrew(t, s, nil, def("p", steps...))
		var ids []domain.RunID
		for range 15 {
			ids = append(ids, c.start(pipeline.StartParams{Pipeline: "p"}))
		}
		c.work(6)
		for _, id := range ids {
			run := c.run(id)
			if run.State != domain.StateCompleted || string(run.Steps[5].Result) != `"b0+b1+b2+b3+root"` {
				t.Errorf("run %s: %s, joined %s", id, c.brief(id), run.Steps[5].Result)
			}
		}
		if len(runs.n) != 15*7 {
			t.Errorf("%d steps ran, want %d", len(runs.n), 15*7)
		}
		for name, n := range runs.n {
			if n != 1 {
				t.Errorf("step %s ran %d times, want once", name, n)
			}
		}
	})
}

func TestConditions(t *testing.T) {
	t.Parallel()
	when := func(s pipeline.StepDef, fn func(in *pipeline.Input) (bool, error)) pipeline.StepDef {
		s.When = fn
		return s
	}
	no := func(*pipeline.Input) (bool, error) { return false, nil }
	large := func(in *pipeline.Input) (bool, error) {
		var n int
		return n > 10, in.Result("a", &n)
	}
	c := newCrew(t, newBench(t).store, nil,
		def("skips", step("a", 1, ok(7)), when(step("b", 1, failing(domain.CodeInvalid)), large), step("c", 1, ok(1))),
		def("all", when(step("a", 1, ok(1)), no), when(step("b", 1, ok(1)), no)),
		def("broken", step("a", 1, ok("text")), when(step("b", 1, ok(1)), large), step("c", 1, ok(1))),
	)
	skips, all, broken := c.start(pipeline.StartParams{Pipeline: "skips"}), c.start(pipeline.StartParams{Pipeline: "all"}), c.start(pipeline.StartParams{Pipeline: "broken"})
	c.work(2)
	c.wantBrief(skips, "completed a:completed b:skipped c:completed")
	c.wantBrief(all, "completed a:skipped b:skipped")
	c.wantBrief(broken, "failed a:completed b:failed c:skipped")
}

// TestFailureStopsSiblings: the branch that fails decides the run; the one at work
// is interrupted, and what did not begin is skipped.
func TestFailureStopsSiblings(t *testing.T) {
	onEach(t, func(t *testing.T, s *store.Store) {
		begun := make(chan struct{})
		slow := func(ctx context.Context, _ *pipeline.Input) (pipeline.Output, error) {
			close(begun)
			<-ctx.Done()
			return pipeline.Output{}, ctx.Err()
		}
		bad := func(ctx context.Context, in *pipeline.Input) (pipeline.Output, error) {
			<-begun
			return failing(domain.CodeConflict)(ctx, in)
		}
		c := newCrew(t, s, nil, def("p", step("a", 1, ok(1)), after(step("slow", 1, slow), "a"), after(step("bad", 1, bad), "a"), after(step("join", 1, ok(1)), "slow", "bad")))
		id := c.start(pipeline.StartParams{Pipeline: "p"})
		c.work(3)
		c.wantBrief(id, "failed a:completed slow:cancelled bad:failed join:skipped")
		if run := c.run(id); run.Error == nil || run.Error.Step != "bad" || run.Error.Code != domain.CodeConflict {
			t.Errorf("error = %+v, want that of bad", run.Error)
		}
	})
}

// TestWaitingBranches: several branches wait at the same time, are answered in any
// order, and each answer continues only what waits for it.
func TestWaitingBranches(t *testing.T) {
	t.Parallel()
	ask := func(context.Context, *pipeline.Input) (pipeline.Output, error) {
		return pipeline.Output{Wait: true}, nil
	}
	c := newCrew(t, newBench(t).store, nil, def("p",
		after(step("ask1", 1, ask)), step("do1", 1, ok(1)), after(step("ask2", 1, ask)), step("do2", 1, ok(1)), after(step("join", 1, ok(1)), "do1", "do2")))
	for _, order := range [][]string{{"ask1", "ask2"}, {"ask2", "ask1"}} {
		id := c.start(pipeline.StartParams{Pipeline: "p"})
		c.work(2)
		c.wantBrief(id, "waiting ask1:waiting do1:queued ask2:waiting do2:queued join:queued")
		if err := c.engine.Signal(t.Context(), id, order[0], "yes", nil); err != nil {
			t.Fatal(err)
		}
		if got := c.run(id).State; got != domain.StateRunning {
			t.Errorf("state after one answer = %s, want running", got)
		}
		c.work(2)
		if run := c.run(id); run.State != domain.StateWaiting || run.Steps[4].State != domain.StateQueued {
			t.Errorf("after one answer: %s", c.brief(id))
		}
		if err := c.engine.Signal(t.Context(), id, order[1], "yes", nil); err != nil {
			t.Fatal(err)
		}
		c.work(2)
		c.wantBrief(id, "completed ask1:completed do1:completed ask2:completed do2:completed join:completed")
	}
}

func TestRegisterRefuses(t *testing.T) {
	t.Parallel()
	for name, steps := range map[string][]pipeline.StepDef{
		"circle":     {after(step("a", 1, ok(1)), "b"), after(step("b", 1, ok(1)), "a")},
		"itself":     {after(step("a", 1, ok(1)), "a")},
		"unknown":    {after(step("a", 1, ok(1)), "x")},
		"twice":      {step("a", 1, ok(1)), step("a", 1, ok(1))},
		"no steps":   {},
		"no timeout": {{Name: "a", Retry: pipeline.Retry{Attempts: 1}, Run: ok(1)}},
	} {
		if err := newBench(t).engine.Register(def("p", steps...)); err == nil {
			t.Errorf("%s: registered", name)
		}
	}
}

// randomDefinition makes a graph of steps that fail now and then.
func randomDefinition(r *rand.Rand, name string, runs *counter) pipeline.Definition {
	var steps []pipeline.StepDef
	for i := range 2 + r.IntN(8) {
		var names []string
		for _, s := range steps {
			if r.IntN(3) == 0 {
				names = append(names, s.Name)
			}
		}
		fate, seed := r.IntN(12), r.IntN(2)
		s := after(step(fmt.Sprintf("s%d", i), 2, runs.fn(func(in *pipeline.Input) (pipeline.Output, error) {
			switch {
			case fate == 0:
				return pipeline.Output{}, domain.Errorf(domain.CodeConflict, "Never.")
			case fate < 3 && in.Attempt == 1:
				return pipeline.Output{}, errBroken
			}
			return pipeline.Output{Result: in.Step.Name}, nil
		})), names...)
		if fate > 9 {
			s.When = func(*pipeline.Input) (bool, error) { return seed == 0, nil }
		}
		steps = append(steps, s)
	}
	return def(name, steps...)
}

// TestRandomGraphs: whatever the graph and whatever fails, every run ends, a step
// completed only after all before it had ended, nothing completed runs again, and a
// run fails exactly if a step did.
func TestRandomGraphs(t *testing.T) {
	onEach(t, func(t *testing.T, s *store.Store) {
		r := rand.New(rand.NewPCG(4, 2))
		var runs counter
		c := newCrew(t, s, nil)
		defs := map[domain.RunID]pipeline.Definition{}
		for i := range 40 {
			name := fmt.Sprintf("p%d", i)
			d := randomDefinition(r, name, &runs)
			if err := c.engine.Register(d); err != nil {
				t.Fatal(err)
			}
			defs[c.start(pipeline.StartParams{Pipeline: name})] = d
		}
		c.work(5)
		for id, d := range defs {
			checkEnded(t, c.run(id), d)
		}
		for name, n := range runs.n {
			if n > 2 {
				t.Errorf("step %s ran %d times, want 2 at most", name, n)
			}
		}
	})
}

func checkEnded(t *testing.T, run *domain.Run, d pipeline.Definition) {
	t.Helper()
	at, failed := map[string]domain.Step{}, 0
	for _, s := range run.Steps {
		if at[s.Name] = s; s.State == domain.StateFailed {
			failed++
		}
		if !s.State.Ended() {
			t.Errorf("run %s: step %s is left %s", run.ID, s.Name, s.State)
		}
	}
	if (failed > 0) != (run.State == domain.StateFailed) || failed > 1 || run.State == domain.StateCancelled || !run.State.Ended() {
		t.Errorf("run %s is %s with %d failed steps", run.ID, run.State, failed)
	}
	for i, s := range run.Steps {
		if s.State != domain.StateCompleted {
			continue
		}
		for _, name := range d.Steps[i].After {
			before := at[name]
			if before.State != domain.StateCompleted && before.State != domain.StateSkipped || before.FinishedAt.After(*s.StartedAt) {
				t.Errorf("run %s: step %s completed although %s before it is %s", run.ID, s.Name, name, before.State)
			}
		}
	}
}

// TestScope: an attempt knows on whose behalf it works.
func TestScope(t *testing.T) {
	t.Parallel()
	var got domain.WorkScope
	c := newCrew(t, newBench(t).store, nil, def("p", step("a", 1, func(ctx context.Context, _ *pipeline.Input) (pipeline.Output, error) {
		got, _ = domain.ScopeFrom(ctx)
		return pipeline.Output{}, nil
	})))
	id := c.start(pipeline.StartParams{Pipeline: "p", Tenant: "acme"})
	c.work(1)
	run := c.run(id)
	want := fmt.Sprint("acme p ", id, run.Steps[0].ID, " a 1 opportunity_scanner")
	if is := fmt.Sprint(got.Tenant, " ", got.Pipeline, " ", got.RunID, got.StepID, " ", got.Step, " ", got.Attempt, " ", got.AgentID); is != want {
		t.Errorf("scope = %s, want %s", is, want)
	}
	for _, ev := range c.events {
		if ev.Tenant != "acme" || ev.Pipeline != "p" {
			t.Errorf("event %+v lacks tenant or pipeline", ev)
		}
	}
}

// TestRunFailedShape: a panic leaves what completed before.
func TestRunFailedShape(t *testing.T) {
	t.Parallel()
	c := newCrew(t, newBench(t).store, nil)
	stages := []domain.Stage{{Name: "one", Agent: "echo", Task: domain.TaskSpec{Type: "say"}}, {Name: "two", Agent: "echo", Task: domain.TaskSpec{Type: "panic"}}}
	id := c.start(pipeline.StartParams{Stages: stages})
	c.work(1)
	run := c.run(id)
	if run.Error == nil || run.Error.Step != "two" || !json.Valid(run.Steps[0].Result) || run.Steps[1].Result != nil {
		t.Errorf("run = %+v", run)
	}
	if run.FinishedAt.Sub(*run.StartedAt) <= 0 || time.Since(*run.StartedAt) == 0 {
		t.Errorf("the run took %s", run.FinishedAt.Sub(*run.StartedAt))
	}
}
