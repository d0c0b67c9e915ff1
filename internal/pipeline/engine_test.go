package pipeline_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"empire/internal/blob"
	"empire/internal/domain"
	"empire/internal/pipeline"
	"empire/internal/store"
	"empire/internal/testkit"
)

// bench is an engine over a real store whose jobs the test works itself.
type bench struct {
	t      *testing.T
	store  *store.Store
	engine *pipeline.Engine
	now    time.Time

	mu   sync.Mutex
	jobs []job
}

// job is a job that the engine enqueued.
type job struct {
	kind string
	args json.RawMessage
	at   time.Time
}

func newBench(t *testing.T, defs ...pipeline.Definition) *bench {
	t.Helper()
	blobs, err := blob.NewDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, store: testkit.DB(t), now: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)}
	b.engine = pipeline.New(pipeline.Config{
		Runs: b.store.Runs, Steps: b.store.Steps, Slots: b.store.Slots, Custom: b.store.Pipelines, Events: b.store.Events, Agents: b.store.Agents, Tx: b.store, Blobs: blobs,
		Enqueue: func(_ context.Context, kind string, args any, at time.Time) error {
			raw, err := json.Marshal(args)
			b.mu.Lock()
			b.jobs = append(b.jobs, job{kind, raw, at})
			b.mu.Unlock()
			return err
		},
		Agent: echoAgents{}, Worker: "w1", Now: func() time.Time { b.mu.Lock(); defer b.mu.Unlock(); b.now = b.now.Add(time.Millisecond); return b.now },
		Log: slog.New(slog.DiscardHandler),
	})
	for _, d := range defs {
		if err := b.engine.Register(d); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// work delivers queued jobs until none is left, and returns how many there were.
func (b *bench) work() int {
	b.t.Helper()
	n := 0
	for {
		b.mu.Lock()
		if len(b.jobs) == 0 {
			b.mu.Unlock()
			return n
		}
		job := b.jobs[0]
		b.jobs = b.jobs[1:]
		b.mu.Unlock()
		n++
		if err := b.engine.Handlers()[job.kind](b.t.Context(), job.args); err != nil {
			b.t.Fatalf("work: %v", err)
		}
	}
}

func (b *bench) start(p pipeline.StartParams) *domain.Run {
	b.t.Helper()
	run, err := b.engine.Start(b.t.Context(), p)
	if err != nil {
		b.t.Fatalf("start: %v", err)
	}
	return run
}

func (b *bench) run(id domain.RunID) *domain.Run {
	b.t.Helper()
	run, err := b.store.Runs.Get(b.t.Context(), id)
	if err != nil {
		b.t.Fatal(err)
	}
	return run
}

func states(r *domain.Run) []domain.RunState {
	var out []domain.RunState
	for _, s := range r.Steps {
		out = append(out, s.State)
	}
	return out
}

func def(name string, steps ...pipeline.StepDef) pipeline.Definition {
	return pipeline.Definition{Name: name, Version: 1, Steps: steps}
}

func step(name string, attempts int, fn pipeline.Func) pipeline.StepDef {
	return pipeline.StepDef{Name: name, Agent: "opportunity_scanner", Timeout: time.Minute, Retry: pipeline.Retry{Attempts: attempts, Backoff: time.Second}, Run: fn}
}

func ok(result any) pipeline.Func {
	return func(context.Context, *pipeline.Input) (pipeline.Output, error) {
		return pipeline.Output{Result: result}, nil
	}
}

// echoAgents answers with the names of the results that it was shown.
type echoAgents struct{}

func (echoAgents) Check(id domain.AgentID, taskType string) error {
	if id != "echo" {
		return domain.Errorf(domain.CodeNotFound, "Agent %q does not exist.", id)
	}
	if taskType != "say" && taskType != "fail" && taskType != "panic" {
		return domain.Errorf(domain.CodeUnsupportedTaskType, "Agent echo takes say, fail, panic.")
	}
	return nil
}

func (echoAgents) External(domain.AgentID) bool { return false }

func (echoAgents) Hand(context.Context, *domain.Run, *domain.Step, domain.AgentID, domain.TaskSpec, map[string]json.RawMessage) error {
	return errors.New("echo is not external")
}

func (echoAgents) Do(_ context.Context, _ domain.AgentID, task domain.TaskSpec, results map[string]json.RawMessage) (json.RawMessage, error) {
	switch task.Type {
	case "fail":
		return json.RawMessage(`{"error":"no luck"}`), nil
	case "panic":
		panic("boom")
	}
	for name := range results {
		results[name] = json.RawMessage(`"changed"`) // must not reach later stages
	}
	return json.Marshal(map[string]any{"saw": len(results), "params": task.Params})
}

func TestRunCompletesInOrder(t *testing.T) {
	t.Parallel()
	var order []string
	record := func(name string) pipeline.Func {
		return func(_ context.Context, in *pipeline.Input) (pipeline.Output, error) {
			order = append(order, name)
			if name == "c" {
				var a, b string
				if err := errors.Join(in.Result("a", &a), in.Result("b", &b)); err != nil || a+b != "ab" {
					t.Errorf("results = %q %q, %v", a, b, err)
				}
			}
			return pipeline.Output{Result: name}, nil
		}
	}
	b := newBench(t, def("p", step("a", 1, record("a")), step("b", 1, record("b")), step("c", 1, record("c"))))
	run := b.start(pipeline.StartParams{Pipeline: "p"})
	b.work()
	got := b.run(run.ID)
	if got.State != domain.StateCompleted || got.FinishedAt == nil {
		t.Errorf("state = %s, finished %v", got.State, got.FinishedAt)
	}
	if diff := cmp.Diff([]string{"a", "b", "c"}, order); diff != "" {
		t.Error(diff)
	}
	events, err := b.store.Events.List(t.Context(), run.ID, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	if last := events[len(events)-1]; last.Type != "run.completed" {
		t.Errorf("last event = %s", last.Type)
	}
}

func TestFinishedStepIsNotRepeated(t *testing.T) {
	t.Parallel()
	calls := 0
	count := func(context.Context, *pipeline.Input) (pipeline.Output, error) {
		calls++
		return pipeline.Output{}, nil
	}
	b := newBench(t, def("p", step("a", 1, count), step("b", 1, ok("b"))))
	b.start(pipeline.StartParams{Pipeline: "p"})
	first := b.jobs[0]
	b.work()
	if err := b.engine.Work(t.Context(), first.args); err != nil { // delivered twice
		t.Fatal(err)
	}
	if calls != 1 {
		t.Errorf("step ran %d times, want 1", calls)
	}
}

func TestApplyAndNextJobCommitTogether(t *testing.T) {
	t.Parallel()
	applied := 0
	b := newBench(t, def("p", step("a", 3, func(context.Context, *pipeline.Input) (pipeline.Output, error) {
		return pipeline.Output{Result: 1, Apply: func(context.Context) error {
			if applied++; applied == 1 {
				return errors.New("disk hiccup")
			}
			return nil
		}}, nil
	}), step("b", 1, ok("b"))))
	run := b.start(pipeline.StartParams{Pipeline: "p"})
	b.work()
	got := b.run(run.ID)
	if got.State != domain.StateCompleted || got.Steps[0].Attempt != 2 || got.Steps[1].Attempt != 1 {
		t.Errorf("state %s, attempts %d and %d; want completed, 2 and 1", got.State, got.Steps[0].Attempt, got.Steps[1].Attempt)
	}
}

func TestRetryThenFail(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		err      error
		attempts int
		code     domain.Code
	}{
		{"transient", domain.Errorf(domain.CodeUnavailable, "The vendor is down."), 3, domain.CodeUnavailable},
		{"final", domain.Errorf(domain.CodeNotEnoughData, "Nothing there."), 1, domain.CodeNotEnoughData},
		{"unknown", errors.New("private detail"), 3, domain.CodeInternal},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, def("p", step("a", 3, func(context.Context, *pipeline.Input) (pipeline.Output, error) { return pipeline.Output{}, tt.err }), step("b", 1, ok(1))))
			run := b.start(pipeline.StartParams{Pipeline: "p"})
			b.work()
			got := b.run(run.ID)
			if got.State != domain.StateFailed || got.Error == nil || got.Error.Code != tt.code || got.Error.Step != "a" {
				t.Fatalf("state %s, error %+v", got.State, got.Error)
			}
			if strings.Contains(got.Error.Message, "private") {
				t.Errorf("message %q shows private detail", got.Error.Message)
			}
			if got.Steps[0].Attempt != tt.attempts {
				t.Errorf("attempts = %d, want %d", got.Steps[0].Attempt, tt.attempts)
			}
			if diff := cmp.Diff([]domain.RunState{domain.StateFailed, domain.StateSkipped}, states(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPanicFailsTheRun(t *testing.T) {
	t.Parallel()
	b := newBench(t, def("p", step("a", 1, func(context.Context, *pipeline.Input) (pipeline.Output, error) { panic("boom") })))
	run := b.start(pipeline.StartParams{Pipeline: "p"})
	b.work()
	if got := b.run(run.ID); got.State != domain.StateFailed || got.Error.Code != domain.CodeInternal {
		t.Errorf("state %s, error %+v", got.State, got.Error)
	}
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	slow := step("a", 1, func(ctx context.Context, _ *pipeline.Input) (pipeline.Output, error) {
		<-ctx.Done()
		return pipeline.Output{}, ctx.Err()
	})
	slow.Timeout = time.Millisecond
	b := newBench(t, def("p", slow))
	run := b.start(pipeline.StartParams{Pipeline: "p"})
	b.work()
	if got := b.run(run.ID); got.Error == nil || got.Error.Code != domain.CodeTimeout {
		t.Errorf("error = %+v, want timeout", got.Error)
	}
}

func TestLostWorkerIsTakenOver(t *testing.T) {
	t.Parallel()
	b := newBench(t, def("p", step("a", 1, ok("a"))))
	run := b.start(pipeline.StartParams{Pipeline: "p"})
	if n, begun, err := b.store.Steps.Begin(t.Context(), run.Steps[0].ID, "dead", b.now); err != nil || !begun || n != 1 {
		t.Fatalf("begin = %d, %v, %v", n, begun, err)
	}
	b.work()
	got := b.run(run.ID)
	if got.State != domain.StateCompleted || got.Steps[0].Attempt != 2 {
		t.Errorf("state %s, attempt %d; want completed in attempt 2", got.State, got.Steps[0].Attempt)
	}
}

func TestOvertakenAttemptAppliesNothing(t *testing.T) {
	t.Parallel()
	var b *bench
	applied := 0
	b = newBench(t, def("p", step("a", 1, func(ctx context.Context, in *pipeline.Input) (pipeline.Output, error) {
		if in.Attempt == 1 { // another worker takes the step while this one computes
			if _, _, err := b.store.Steps.Begin(ctx, in.Step.ID, "w2", b.now); err != nil {
				return pipeline.Output{}, err
			}
		}
		return pipeline.Output{Apply: func(context.Context) error { applied++; return nil }}, nil
	})))
	b.start(pipeline.StartParams{Pipeline: "p"})
	b.work()
	if applied != 0 {
		t.Errorf("an overtaken attempt was applied")
	}
}

func TestWaitAndSignal(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		cause *domain.RunError
		want  domain.RunState
	}{
		{"approved", nil, domain.StateCompleted},
		{"rejected", &domain.RunError{Step: "ask", Code: domain.CodeForbidden, Message: "No."}, domain.StateFailed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, def("p", step("ask", 1, func(context.Context, *pipeline.Input) (pipeline.Output, error) {
				return pipeline.Output{Wait: true}, nil
			}), step("go", 1, ok(1))))
			run := b.start(pipeline.StartParams{Pipeline: "p"})
			b.work()
			if got := b.run(run.ID); got.State != domain.StateWaiting {
				t.Fatalf("state = %s, want waiting", got.State)
			}
			if err := b.engine.Signal(t.Context(), run.ID, "ask", "yes", tt.cause); err != nil {
				t.Fatal(err)
			}
			if err := b.engine.Signal(t.Context(), run.ID, "ask", "yes", nil); domain.CodeOf(err) != domain.CodeConflict {
				t.Errorf("second signal = %v, want conflict", err)
			}
			b.work()
			if got := b.run(run.ID); got.State != tt.want {
				t.Errorf("state = %s, want %s", got.State, tt.want)
			}
		})
	}
}

func TestCancelAndRetry(t *testing.T) {
	t.Parallel()
	calls := 0
	b := newBench(t, def("p", step("a", 1, ok(1)), step("b", 1, func(context.Context, *pipeline.Input) (pipeline.Output, error) {
		if calls++; calls == 1 {
			return pipeline.Output{}, domain.Errorf(domain.CodeConflict, "Not now.")
		}
		return pipeline.Output{Result: "b"}, nil
	})))
	run := b.start(pipeline.StartParams{Pipeline: "p"})
	cancelled, err := b.engine.Cancel(t.Context(), run.ID)
	if err != nil || cancelled.State != domain.StateCancelled {
		t.Fatalf("cancel = %v, %v", cancelled, err)
	}
	if again, err := b.engine.Cancel(t.Context(), run.ID); err != nil || again.State != domain.StateCancelled {
		t.Errorf("second cancel = %v, %v", again, err)
	}
	b.work()
	if got := b.run(run.ID); got.State != domain.StateCancelled || calls != 0 {
		t.Fatalf("a cancelled run went on: %s, %d calls", got.State, calls)
	}
	if _, err := b.engine.Retry(t.Context(), run.ID, ""); err != nil {
		t.Fatal(err)
	}
	b.work()
	if got := b.run(run.ID); got.State != domain.StateFailed {
		t.Fatalf("state = %s, want failed", got.State)
	}
	if _, err := b.engine.Retry(t.Context(), run.ID, ""); err != nil {
		t.Fatal(err)
	}
	b.work()
	got := b.run(run.ID)
	if got.State != domain.StateCompleted || got.Steps[0].Attempt != 1 {
		t.Errorf("state %s; first step ran %d times, want 1", got.State, got.Steps[0].Attempt)
	}
	if _, err := b.engine.Cancel(t.Context(), run.ID); domain.CodeOf(err) != domain.CodeConflict {
		t.Errorf("cancel of a finished run = %v, want conflict", err)
	}
}

func TestCancelStopsARunningStep(t *testing.T) {
	t.Parallel()
	var b *bench
	b = newBench(t, def("p", step("a", 1, func(ctx context.Context, in *pipeline.Input) (pipeline.Output, error) {
		if _, err := b.engine.Cancel(context.WithoutCancel(ctx), in.Run.ID); err != nil {
			return pipeline.Output{}, err
		}
		<-ctx.Done()
		return pipeline.Output{}, ctx.Err()
	})))
	run := b.start(pipeline.StartParams{Pipeline: "p"})
	b.work()
	if diff := cmp.Diff([]domain.RunState{domain.StateCancelled}, states(b.run(run.ID))); diff != "" {
		t.Error(diff)
	}
}

func TestLargeResultsAreKeptAsBlobs(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("x", 400<<10)
	b := newBench(t, def("p", step("a", 1, ok(large)), step("b", 1, func(_ context.Context, in *pipeline.Input) (pipeline.Output, error) {
		var got string
		if err := in.Result("a", &got); err != nil || got != large {
			return pipeline.Output{}, domain.Errorf(domain.CodeInvalid, "The large result did not come back.")
		}
		return pipeline.Output{}, nil
	})))
	run := b.start(pipeline.StartParams{Pipeline: "p"})
	b.work()
	got := b.run(run.ID)
	if got.State != domain.StateCompleted || len(got.Steps[0].Result) > 200 {
		t.Errorf("state %s, %d bytes in the row", got.State, len(got.Steps[0].Result))
	}
}

func TestInlinePipelines(t *testing.T) {
	t.Parallel()
	say := domain.TaskSpec{Type: "say"}
	b := newBench(t)
	run := b.start(pipeline.StartParams{Stages: []domain.Stage{{Name: "one", Agent: "echo", Task: say}, {Name: "two", Agent: "echo", Task: say}, {Name: "three", Agent: "echo", Task: say}}})
	b.work()
	got := b.run(run.ID)
	if got.State != domain.StateCompleted {
		t.Fatalf("state = %s, %+v", got.State, got.Error)
	}
	if !strings.Contains(string(got.Steps[2].Result), `"saw":2`) || strings.Contains(string(got.Steps[0].Result), "changed") {
		t.Errorf("results = %s and %s", got.Steps[0].Result, got.Steps[2].Result)
	}
}

func TestInlinePipelineFailsWhole(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"fail", "panic"} {
		b := newBench(t)
		run := b.start(pipeline.StartParams{Stages: []domain.Stage{
			{Name: "one", Agent: "echo", Task: domain.TaskSpec{Type: "say"}}, {Name: "two", Agent: "echo", Task: domain.TaskSpec{Type: kind}},
			{Name: "three", Agent: "echo", Task: domain.TaskSpec{Type: "say"}},
		}})
		b.work()
		got := b.run(run.ID)
		if got.State != domain.StateFailed || got.Error.Step != "two" || len(got.Steps[0].Result) == 0 || len(got.Steps[2].Result) != 0 {
			t.Errorf("%s: state %s, error %+v, states %v", kind, got.State, got.Error, states(got))
		}
	}
}

func TestStartRefuses(t *testing.T) {
	t.Parallel()
	say := domain.TaskSpec{Type: "say"}
	for _, tt := range []struct {
		name string
		p    pipeline.StartParams
	}{
		{"no stages", pipeline.StartParams{}},
		{"unknown pipeline", pipeline.StartParams{Pipeline: "nope"}},
		{"both", pipeline.StartParams{Pipeline: "p", Stages: []domain.Stage{{Name: "a", Agent: "echo", Task: say}}}},
		{"duplicate names", pipeline.StartParams{Stages: []domain.Stage{{Name: "a", Agent: "echo", Task: say}, {Name: "a", Agent: "echo", Task: say}}}},
		{"no name", pipeline.StartParams{Stages: []domain.Stage{{Agent: "echo", Task: say}}}},
		{"unknown agent", pipeline.StartParams{Stages: []domain.Stage{{Name: "a", Agent: "who", Task: say}}}},
		{"unknown task type", pipeline.StartParams{Stages: []domain.Stage{{Name: "a", Agent: "echo", Task: domain.TaskSpec{Type: "sing"}}}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, def("p", step("a", 1, ok(1))))
			if _, err := b.engine.Start(t.Context(), tt.p); domain.CodeOf(err) != domain.CodeInvalid {
				t.Errorf("start = %v, want invalid", err)
			}
			if len(b.jobs) != 0 {
				t.Error("a refused run left a job")
			}
		})
	}
}

func TestRunFinishesOnItsOwnVersion(t *testing.T) {
	t.Parallel()
	v1, v2 := def("p", step("a", 1, ok("one"))), def("p", step("a", 1, ok("two")))
	v2.Version = 2
	b := newBench(t, v1)
	run := b.start(pipeline.StartParams{Pipeline: "p"})
	if err := b.engine.Register(v2); err != nil {
		t.Fatal(err)
	}
	b.work()
	if got := b.run(run.ID); string(got.Steps[0].Result) != `"one"` {
		t.Errorf("result = %s, want the first version's", got.Steps[0].Result)
	}
}
