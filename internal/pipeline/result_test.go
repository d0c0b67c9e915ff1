package pipeline_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"empire/internal/blob"
	"empire/internal/domain"
	"empire/internal/pipeline"
	"empire/internal/testkit"
)

// listeningAgents note the context that each stage was given.
type listeningAgents struct {
	echoAgents
	contexts []map[string]json.RawMessage
}

func (l *listeningAgents) Do(_ context.Context, _ domain.AgentID, task domain.TaskSpec, results map[string]json.RawMessage) (json.RawMessage, error) {
	l.contexts = append(l.contexts, results)
	return task.Params, nil
}

// TestStagesSeeEarlierResultsByName: the context of a stage holds exactly the
// results of the stages before it, whole, under their names.
func TestStagesSeeEarlierResultsByName(t *testing.T) {
	t.Parallel()
	agents := &listeningAgents{}
	b := newBench(t)
	engine := pipeline.New(pipeline.Config{
		Runs: b.store.Runs, Steps: b.store.Steps, Slots: b.store.Slots, Events: b.store.Events, Agents: b.store.Agents, Tx: b.store, Agent: agents, Worker: "w1",
		Enqueue: func(_ context.Context, kind string, args any, at time.Time) error {
			raw, err := json.Marshal(args)
			b.jobs = append(b.jobs, job{kind, raw, at})
			return err
		},
		Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	b.engine = engine
	stage := func(name, params string) domain.Stage {
		return domain.Stage{Name: name, Agent: "echo", Task: domain.TaskSpec{Type: "say", Params: json.RawMessage(params)}}
	}
	b.start(pipeline.StartParams{Stages: []domain.Stage{stage("look", `{"seen":["a",1]}`), stage("think", `"deep"`), stage("act", `3`)}})
	b.work()
	want := []map[string]json.RawMessage{
		{},
		{"look": json.RawMessage(`{"seen":["a",1]}`)},
		{"look": json.RawMessage(`{"seen":["a",1]}`), "think": json.RawMessage(`"deep"`)},
	}
	text := func(m json.RawMessage) string { return string(m) }
	if diff := cmp.Diff(want, agents.contexts, cmp.Transformer("text", text)); diff != "" {
		t.Errorf("contexts (-want +got):\n%s", diff)
	}
}

// TestRunTimeIsWallClock: from start to end a run takes what a stopwatch outside
// says, to 50 ms, and never less than its steps.
func TestRunTimeIsWallClock(t *testing.T) {
	t.Parallel()
	blobs, err := blob.NewDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	st := testkit.DB(t)
	var first, last time.Time
	var jobs []json.RawMessage
	engine := pipeline.New(pipeline.Config{
		Runs: st.Runs, Steps: st.Steps, Events: st.Events, Agents: st.Agents, Tx: st, Blobs: blobs, Agent: echoAgents{}, Worker: "w1",
		Enqueue: func(_ context.Context, _ string, args any, _ time.Time) error {
			raw, err := json.Marshal(args)
			jobs = append(jobs, raw)
			return err
		},
		Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	compute := func(context.Context, *pipeline.Input) (pipeline.Output, error) {
		if first.IsZero() {
			first = time.Now()
		}
		for time.Since(first) < 20*time.Millisecond { // work that takes a while
			last = time.Now()
		}
		last = time.Now()
		return pipeline.Output{Result: 1}, nil
	}
	if err := engine.Register(def("p", step("a", 1, compute), step("b", 1, compute), step("c", 1, compute))); err != nil {
		t.Fatal(err)
	}
	closest := time.Hour
	for range 5 { // on a busy machine a commit may take longer than the 50 ms
		first, jobs = time.Time{}, nil
		began := time.Now()
		run, err := engine.Start(t.Context(), pipeline.StartParams{Pipeline: "p"})
		if err != nil {
			t.Fatal(err)
		}
		for len(jobs) > 0 {
			job := jobs[0]
			jobs = jobs[1:]
			if err := engine.Work(t.Context(), job); err != nil {
				t.Fatal(err)
			}
		}
		outside, inside := time.Since(began), last.Sub(first)
		got, err := st.Runs.Get(t.Context(), run.ID)
		if err != nil || got.StartedAt == nil || got.FinishedAt == nil {
			t.Fatalf("run = %+v, %v", got, err)
		}
		took := got.FinishedAt.Sub(*got.StartedAt)
		if took > outside || took < inside-time.Microsecond {
			t.Errorf("the run took %s, want between %s of its steps and %s of the stopwatch", took, inside, outside)
		}
		closest = min(closest, outside-took)
	}
	if closest > 50*time.Millisecond {
		t.Errorf("the stopwatch is off by %s at least, want at most 50 ms", closest)
	}
}
