package pipeline_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/pipeline"
	"empire/internal/store"
)

// TestBudgetPausesAStep: a call that a budget refuses is no failure of the step. It
// waits, costs no attempt, and runs again when the budget was raised, when its period
// has ended, or not at all when a person says no.
func TestBudgetPausesAStep(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		until bool // the budget's period ends
		then  func(t *testing.T, c *crew, id domain.RunID)
		want  string
	}{
		{"raised", false, func(t *testing.T, c *crew, id domain.RunID) {
			t.Helper()
			if err := c.engine.Resume(t.Context(), id, "pay"); err != nil {
				t.Error(err)
			}
			if err := c.engine.Resume(t.Context(), id, "pay"); domain.CodeOf(err) != domain.CodeConflict {
				t.Errorf("second resume = %v, want conflict", err)
			}
		}, "completed pay:completed after:completed"},
		{"period ended", true, func(*testing.T, *crew, domain.RunID) {}, "completed pay:completed after:completed"},
		{"refused", false, func(t *testing.T, c *crew, id domain.RunID) {
			t.Helper()
			cause := &domain.RunError{Step: "pay", Code: domain.CodeBudgetExhausted, Message: "No more money."}
			if err := c.engine.Signal(t.Context(), id, "pay", nil, cause); err != nil {
				t.Error(err)
			}
		}, "failed pay:failed after:skipped"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			calls := 0
			var asked []string
			until := time.Time{}
			pay := func(context.Context, *pipeline.Input) (pipeline.Output, error) {
				if calls++; calls == 1 {
					spent := &domain.Exhausted{Budget: "bud_1", Until: until}
					return pipeline.Output{}, &domain.Error{Code: domain.CodeBudgetExhausted, Message: "The budget is spent.", Err: spent}
				}
				return pipeline.Output{Result: "paid"}, nil
			}
			c := newCrew(t, newBench(t).store, func(cfg *pipeline.Config) {
				cfg.Exhausted = func(_ context.Context, run *domain.Run, step string, cause *domain.Exhausted) error {
					asked = append(asked, string(cause.Budget)+" "+step+" "+run.Pipeline)
					return nil
				}
			}, def("p", step("pay", 1, pay), step("after", 1, ok(1))))
			if tt.until {
				until = c.now.Add(time.Hour)
			}
			id := c.start(pipeline.StartParams{Pipeline: "p"})
			if !tt.until {
				c.work(1)
				c.wantBrief(id, "waiting pay:waiting after:queued")
			}
			tt.then(t, c, id)
			c.work(1)
			c.wantBrief(id, tt.want)
			if strings.Join(asked, ",") != "bud_1 pay p" {
				t.Errorf("asked %q", asked)
			}
			attempts, err := c.store.Steps.Attempts(t.Context(), id)
			if err != nil || attempts[0].State != domain.StateFailed || attempts[0].Error != "The budget is spent." {
				t.Errorf("attempts = %+v, %v", attempts, err)
			}
		})
	}
}

// faraway is an agent outside of this program.
type faraway struct {
	echoAgents
	handed *[]string
	fail   error
}

func (faraway) External(id domain.AgentID) bool { return id == "echo" }

func (f faraway) Hand(_ context.Context, run *domain.Run, step *domain.Step, agent domain.AgentID, task domain.TaskSpec, results map[string]json.RawMessage) error {
	*f.handed = append(*f.handed, strings.Join([]string{run.Pipeline, step.Name, string(agent), task.Type, string(results["one"])}, " "))
	return f.fail
}

func TestExternalAgents(t *testing.T) {
	t.Parallel()
	var handed []string
	c := newCrew(t, newBench(t).store, func(cfg *pipeline.Config) { cfg.Agent = faraway{handed: &handed} })
	say := domain.TaskSpec{Type: "say"}
	id := c.start(pipeline.StartParams{Stages: []domain.Stage{{Name: "one", Agent: "echo", Task: say}, {Name: "two", Agent: "echo", Task: say}}})
	c.work(1)
	c.wantBrief(id, "waiting one:waiting two:queued")
	if err := c.engine.Signal(t.Context(), id, "one", json.RawMessage(`{"n":1}`), nil); err != nil {
		t.Fatal(err)
	}
	c.work(1)
	if err := c.engine.Signal(t.Context(), id, "two", nil, &domain.RunError{Step: "two", Code: domain.CodeConflict, Message: "No."}); err != nil {
		t.Fatal(err)
	}
	c.wantBrief(id, "failed one:completed two:failed")
	want := []string{"inline one echo say ", `inline two echo say {"n":1}`}
	if !slices.Equal(handed, want) {
		t.Errorf("handed %q, want %q", handed, want)
	}
}

// TestRetryFrom: what comes after the named step runs again, the rest does not.
func TestRetryFrom(t *testing.T) {
	onEach(t, func(t *testing.T, s *store.Store) {
		var runs counter
		c := newCrew(t, s, nil, def("p", step("a", 1, runs.fn(nil)), after(step("b", 1, runs.fn(nil)), "a"), after(step("c", 1, runs.fn(nil)), "a"),
			after(step("d", 1, runs.fn(nil)), "b"), after(step("e", 1, runs.fn(nil)), "c", "d")))
		id := c.start(pipeline.StartParams{Pipeline: "p"})
		if _, err := c.engine.Retry(t.Context(), id, "b"); domain.CodeOf(err) != domain.CodeConflict {
			t.Errorf("retry of a live run = %v, want conflict", err)
		}
		c.work(2)
		for from, want := range map[string]domain.Code{"": domain.CodeConflict, "x": domain.CodeInvalid} {
			if _, err := c.engine.Retry(t.Context(), id, from); domain.CodeOf(err) != want {
				t.Errorf("retry of a completed run from %q = %v, want %s", from, err, want)
			}
		}
		run, err := c.engine.Retry(t.Context(), id, "b")
		if err != nil {
			t.Fatal(err)
		}
		if run.State != domain.StateRunning || len(run.Steps[2].Result) == 0 || len(run.Steps[4].Result) != 0 || run.FinishedAt != nil {
			t.Errorf("run = %s, results c %s, e %s", run.State, run.Steps[2].Result, run.Steps[4].Result)
		}
		c.work(2)
		c.wantBrief(id, "completed a:completed b:completed c:completed d:completed e:completed")
		for name, want := range map[string]int{"a": 1, "b": 2, "c": 1, "d": 2, "e": 2} {
			if got := runs.n[string(id)+" "+name]; got != want {
				t.Errorf("step %s ran %d times, want %d", name, got, want)
			}
		}
	})
}

// TestOldJobsAfterRetry: a job that was left by a cancelled run does not run its step
// a second time.
func TestOldJobsAfterRetry(t *testing.T) {
	t.Parallel()
	var runs counter
	c := newCrew(t, newBench(t).store, nil, def("p", step("a", 1, runs.fn(nil))))
	id := c.start(pipeline.StartParams{Pipeline: "p"})
	if _, err := c.engine.Cancel(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if _, err := c.engine.Retry(t.Context(), id, ""); err != nil {
		t.Fatal(err)
	}
	if len(c.jobs) != 2 {
		t.Fatalf("%d jobs, want the old and the new one", len(c.jobs))
	}
	c.work(2)
	if run := c.run(id); run.State != domain.StateCompleted || run.Steps[0].Attempt != 1 {
		t.Errorf("state %s after %d attempts, want completed after 1", run.State, run.Steps[0].Attempt)
	}
}

func TestRetryPolicies(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		retry pipeline.Retry
		want  []time.Duration // pauses, to the second
	}{
		{"doubles", pipeline.Retry{Attempts: 4, Backoff: 10 * time.Second}, []time.Duration{10, 20, 40}},
		{"factor", pipeline.Retry{Attempts: 4, Backoff: 10 * time.Second, Factor: 3}, []time.Duration{10, 30, 90}},
		{"constant", pipeline.Retry{Attempts: 3, Backoff: 10 * time.Second, Factor: 1}, []time.Duration{10, 10}},
		{"bounded", pipeline.Retry{Attempts: 4, Backoff: 10 * time.Second, MaxBackoff: 15 * time.Second}, []time.Duration{10, 15, 15}},
		{"these codes", pipeline.Retry{Attempts: 2, Backoff: time.Second, Codes: []domain.Code{domain.CodeConflict}}, []time.Duration{1}},
		{"other codes", pipeline.Retry{Attempts: 4, Backoff: time.Second, Codes: []domain.Code{domain.CodeTimeout}}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			code := domain.CodeUnavailable
			if len(tt.retry.Codes) > 0 {
				code = domain.CodeConflict
			}
			var at []time.Time
			c := newCrew(t, newBench(t).store, nil)
			s := step("a", 1, func(ctx context.Context, in *pipeline.Input) (pipeline.Output, error) {
				at = append(at, c.clock())
				return failing(code)(ctx, in)
			})
			s.Retry = tt.retry
			if err := c.engine.Register(def("p", s)); err != nil {
				t.Fatal(err)
			}
			id := c.start(pipeline.StartParams{Pipeline: "p"})
			c.work(1)
			var got []time.Duration
			for i := 1; i < len(at); i++ {
				got = append(got, at[i].Sub(at[i-1]).Round(time.Second)/time.Second)
			}
			if !slices.Equal(got, tt.want) || c.run(id).State != domain.StateFailed {
				t.Errorf("pauses %v, want %v; run is %s", got, tt.want, c.run(id).State)
			}
		})
	}
}

func TestJitterShortensPauses(t *testing.T) {
	t.Parallel()
	c := newCrew(t, newBench(t).store, nil)
	s := step("a", 1, failing(domain.CodeUnavailable))
	s.Retry = pipeline.Retry{Attempts: 30, Backoff: time.Minute, Factor: 1, Jitter: 0.5}
	if err := c.engine.Register(def("p", s)); err != nil {
		t.Fatal(err)
	}
	began := c.now
	c.start(pipeline.StartParams{Pipeline: "p"})
	c.work(1)
	if took := c.now.Sub(began); took < 29*30*time.Second || took > 28*time.Minute {
		t.Errorf("29 pauses took %s, want between half a minute and a minute each", took)
	}
}

// TestCancelReachesOtherProcesses: the attempt of a run that another engine cancels
// is interrupted, though nobody tells this process.
func TestCancelReachesOtherProcesses(t *testing.T) {
	onEach(t, func(t *testing.T, s *store.Store) {
		begun, ended := make(chan struct{}), make(chan error, 1)
		d := def("p", step("a", 3, func(ctx context.Context, _ *pipeline.Input) (pipeline.Output, error) {
			close(begun)
			<-ctx.Done()
			ended <- context.Cause(ctx)
			return pipeline.Output{}, ctx.Err()
		}))
		here, there := newCrew(t, s, nil, d), newCrew(t, s, nil, d)
		id := here.start(pipeline.StartParams{Pipeline: "p"})
		cancelled := make(chan error, 1)
		go func() {
			<-begun
			_, err := there.engine.Cancel(t.Context(), id)
			cancelled <- err
		}()
		here.work(1)
		if err := <-cancelled; err != nil {
			t.Error(err)
		}
		if err := <-ended; err == nil || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("cause = %v", err)
		}
		here.wantBrief(id, "cancelled a:cancelled")
	})
}

// TestStopOfALiveRun: an attempt that is stopped though it is wanted runs again.
func TestStopOfALiveRun(t *testing.T) {
	t.Parallel()
	var c *crew
	c = newCrew(t, newBench(t).store, nil, def("p", step("a", 1, func(ctx context.Context, in *pipeline.Input) (pipeline.Output, error) {
		if in.Attempt == 1 {
			c.engine.Stop(in.Run.ID)
			<-ctx.Done()
			return pipeline.Output{}, ctx.Err()
		}
		return pipeline.Output{}, nil
	})))
	id := c.start(pipeline.StartParams{Pipeline: "p"})
	c.work(1)
	c.wantBrief(id, "completed a:completed")
}
