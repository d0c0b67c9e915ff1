package pipeline_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"empire/internal/domain"
	"empire/internal/pipeline"
	"empire/internal/store"
)

func starts(name string) pipeline.Func {
	return func(context.Context, *pipeline.Input) (pipeline.Output, error) {
		return pipeline.Output{Wait: true, Start: &pipeline.StartParams{Pipeline: name}}, nil
	}
}

// children returns the runs of a pipeline, the oldest first.
func (c *crew) children(name string) []domain.Run {
	c.t.Helper()
	all, _, err := c.store.Runs.List(c.t.Context(), domain.RunFilter{}, domain.Window{Limit: 1000})
	if err != nil {
		c.t.Fatal(err)
	}
	slices.Reverse(all)
	return slices.DeleteFunc(all, func(r domain.Run) bool { return r.Pipeline != name })
}

// TestSubRuns: a step waits for the run that it started, and gets its results or its
// failure.
func TestSubRuns(t *testing.T) {
	onEach(t, func(t *testing.T, s *store.Store) {
		skip := step("x", 1, ok(1))
		skip.When = func(*pipeline.Input) (bool, error) { return false, nil }
		see := func(_ context.Context, in *pipeline.Input) (pipeline.Output, error) {
			return pipeline.Output{Result: string(in.Results()["sub"])}, nil
		}
		c := newCrew(t, s, nil,
			def("fine", step("x", 1, ok("deep")), step("y", 1, ok(2))), def("bad", step("x", 1, failing(domain.CodeGateRed))), def("empty", skip),
			def("top", step("sub", 1, starts("fine")), step("see", 1, see)), def("topbad", step("sub", 1, starts("bad")), step("see", 1, see)),
			def("topempty", step("sub", 1, starts("empty")), step("see", 1, see)),
		)
		var ids []domain.RunID
		for range 5 {
			ids = append(ids, c.start(pipeline.StartParams{Pipeline: "top", Tenant: "acme", OwnerID: "user_a"}))
		}
		bad, empty := c.start(pipeline.StartParams{Pipeline: "topbad"}), c.start(pipeline.StartParams{Pipeline: "topempty"})
		c.work(5)
		for _, id := range ids {
			c.wantBrief(id, "completed sub:completed see:completed")
			if got := string(c.run(id).Steps[1].Result); !strings.Contains(got, `\"results\":{\"x\":\"deep\",\"y\":2}`) {
				t.Errorf("the step after saw %s", got)
			}
		}
		for _, r := range c.children("fine") {
			if r.Tenant != "acme" || r.OwnerID != "user_a" || !slices.Contains(ids, r.ParentRun) || r.Depth != 1 {
				t.Errorf("child = %+v", r)
			}
		}
		c.wantBrief(bad, "failed sub:failed see:skipped")
		if e := c.run(bad).Error; e.Step != "sub" || e.Code != domain.CodeGateRed || !strings.Contains(e.Message, "failed at x") {
			t.Errorf("error = %+v", e)
		}
		c.wantBrief(empty, "completed sub:completed see:completed")
	})
}

func TestCancelReachesSubRuns(t *testing.T) {
	onEach(t, func(t *testing.T, s *store.Store) {
		wait := func(context.Context, *pipeline.Input) (pipeline.Output, error) {
			return pipeline.Output{Wait: true}, nil
		}
		c := newCrew(t, s, nil, def("low", step("w", 1, wait)), def("mid", step("s", 1, starts("low"))), def("top", step("s", 1, starts("mid"))))
		id := c.start(pipeline.StartParams{Pipeline: "top"})
		c.work(2)
		if _, err := c.engine.Cancel(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"low", "mid", "top"} {
			if got := c.children(name); len(got) != 1 || got[0].State != domain.StateCancelled || got[0].Steps[0].State != domain.StateCancelled {
				t.Errorf("%s = %+v", name, got)
			}
		}
		// The other way round: a sub-run that somebody cancels fails the step.
		again := c.start(pipeline.StartParams{Pipeline: "top"})
		c.work(2)
		if _, err := c.engine.Cancel(t.Context(), c.children("low")[1].ID); err != nil {
			t.Fatal(err)
		}
		c.wantBrief(again, "failed s:failed")
		if e := c.run(again).Error; e.Code != domain.CodeCancelled {
			t.Errorf("error = %+v", e)
		}
	})
}

func TestSubRunsHaveABoundedDepth(t *testing.T) {
	t.Parallel()
	c := newCrew(t, newBench(t).store, nil, def("p", step("s", 1, starts("p"))))
	id := c.start(pipeline.StartParams{Pipeline: "p"})
	c.work(1)
	if runs := c.children("p"); len(runs) != 6 || c.run(id).State != domain.StateFailed {
		t.Errorf("%d runs, the first is %s; want 6 and failed", len(runs), c.run(id).State)
	}
}

// TestSubRunsUnderPressure: sub-runs that end while their parents are cancelled leave
// nothing open on either side.
func TestSubRunsUnderPressure(t *testing.T) {
	onEach(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s, nil, def("low", step("x", 1, ok(1)), step("y", 1, ok(1))),
			def("top", after(step("s1", 1, starts("low"))), after(step("s2", 1, starts("low"))), after(step("join", 1, ok(1)), "s1", "s2")))
		var ids []domain.RunID
		for range 12 {
			ids = append(ids, c.start(pipeline.StartParams{Pipeline: "top"}))
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			for _, id := range ids[:6] {
				if _, err := c.engine.Cancel(t.Context(), id); err != nil && domain.CodeOf(err) != domain.CodeConflict {
					t.Errorf("cancel: %v", err)
				}
			}
		})
		c.work(4)
		wg.Wait()
		c.work(4)
		for _, r := range append(c.children("low"), c.children("top")...) {
			if !r.State.Ended() {
				t.Errorf("run %s of %s is left %s", r.ID, r.Pipeline, r.State)
			}
		}
		for _, id := range ids[6:] {
			c.wantBrief(id, "completed s1:completed s2:completed join:completed")
		}
	})
}

// TestCompensation: what completed is undone, the last first, when the run fails or
// is cancelled; a compensation that fails is repeated and shown.
func TestCompensation(t *testing.T) {
	onEach(t, func(t *testing.T, s *store.Store) {
		var undone []string
		tries := 0
		undo := func(_ context.Context, in *pipeline.Input) (pipeline.Output, error) {
			var own string
			if err := in.Result(in.Step.Name, &own); err != nil {
				return pipeline.Output{}, err
			}
			if tries++; own == "b" && in.Attempt < 3 {
				return pipeline.Output{}, domain.Errorf(domain.CodeUnavailable, "The vendor is down.")
			}
			return pipeline.Output{Apply: func(context.Context) error { undone = append(undone, own); return nil }}, nil
		}
		with := func(s pipeline.StepDef) pipeline.StepDef { s.Compensate = undo; return s }
		c := newCrew(t, s, nil, def("p", with(step("a", 1, ok("a"))), with(step("b", 1, ok("b"))), step("c", 1, ok("c")), with(step("d", 1, failing(domain.CodeConflict)))))
		id := c.start(pipeline.StartParams{Pipeline: "p"})
		for c.run(id).State != domain.StateFailed {
			j, _, _ := c.take()
			c.busy--
			if err := c.engine.Handlers()[j.kind](t.Context(), j.args); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := c.engine.Retry(t.Context(), id, ""); domain.CodeOf(err) != domain.CodeConflict {
			t.Errorf("retry while it is cleaned up = %v, want conflict", err)
		}
		c.work(2)
		run := c.run(id)
		if !slices.Equal(undone, []string{"b", "a"}) || tries != 4 {
			t.Errorf("undone %q in %d tries, want b and a in 4", undone, tries)
		}
		if got := fmt.Sprint(run.Steps[0].Undo, run.Steps[1].Undo, run.Steps[2].Undo, run.Steps[3].Undo, run.Steps[1].UndoAttempt); got != "completedcompleted3" {
			t.Errorf("undo states and tries = %s", got)
		}
		failures := 0
		for _, ev := range c.events {
			if ev.Type == "step.undo_failed" && strings.Contains(string(ev.Data), "The vendor is down.") {
				failures++
			}
		}
		if failures != 2 {
			t.Errorf("%d failures were told, want 2", failures)
		}
		// What was undone runs again, with what came after it.
		if _, err := c.engine.Retry(t.Context(), id, ""); err != nil {
			t.Fatal(err)
		}
		c.work(2)
		if run := c.run(id); run.Steps[0].Attempt != 2 || run.Steps[2].Attempt != 2 {
			t.Errorf("after the retry: %+v", run.Steps)
		}
	})
}

// TestCompensationThatNeverWorks stays failed, for people to see, and does not hold
// up the others.
func TestCompensationThatNeverWorks(t *testing.T) {
	t.Parallel()
	undone := ""
	a, b := step("a", 1, ok("a")), step("b", 1, ok("b"))
	a.Compensate = func(context.Context, *pipeline.Input) (pipeline.Output, error) {
		undone += "a"
		return pipeline.Output{}, nil
	}
	b.Compensate = func(context.Context, *pipeline.Input) (pipeline.Output, error) { panic("boom") }
	wait := step("w", 1, func(context.Context, *pipeline.Input) (pipeline.Output, error) {
		return pipeline.Output{Wait: true}, nil
	})
	c := newCrew(t, newBench(t).store, nil, def("p", a, b, wait))
	id := c.start(pipeline.StartParams{Pipeline: "p"})
	c.work(1)
	for range 2 {
		if run, err := c.engine.Cancel(t.Context(), id); err != nil || run.State != domain.StateCancelled {
			t.Fatalf("cancel = %v, %v", run, err)
		}
	}
	c.work(1)
	run := c.run(id)
	if undone != "a" || run.Steps[1].Undo != domain.StateFailed || run.Steps[1].UndoError == nil || run.Steps[0].Undo != domain.StateCompleted {
		t.Errorf("undone %q, steps %+v", undone, run.Steps[:2])
	}
}
