package pipeline_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"empire/internal/blob"
	"empire/internal/domain"
	"empire/internal/pipeline"
	"empire/internal/sqltx"
	"empire/internal/store"
	"empire/internal/testkit"
)

// onEach runs a test on both databases.
func onEach(t *testing.T, fn func(t *testing.T, s *store.Store)) {
	t.Helper()
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		fn(t, testkit.DB(t))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		fn(t, testkit.PostgresDB(t))
	})
}

// crew is an engine whose jobs several workers do, the earliest first, as soon as
// the transaction that enqueued them has committed. The clock of the engine goes to
// the time of a job that lies ahead.
type crew struct {
	t      *testing.T
	store  *store.Store
	engine *pipeline.Engine
	events []domain.RunEvent

	mu   sync.Mutex
	now  time.Time
	jobs []job
	busy int
}

func newCrew(t *testing.T, s *store.Store, change func(*pipeline.Config), defs ...pipeline.Definition) *crew {
	t.Helper()
	blobs, err := blob.NewDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	c := &crew{t: t, store: s, now: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)}
	cfg := pipeline.Config{
		Runs: s.Runs, Steps: s.Steps, Slots: s.Slots, Custom: s.Pipelines, Events: s.Events, Agents: s.Agents, Tx: s, Blobs: blobs,
		Enqueue: c.enqueue, Agent: echoAgents{}, Worker: "w1", Now: c.clock, Log: slog.New(slog.DiscardHandler), Poll: time.Millisecond,
		Publish: func(ev domain.RunEvent) { c.mu.Lock(); defer c.mu.Unlock(); c.events = append(c.events, ev) },
	}
	if change != nil {
		change(&cfg)
	}
	c.engine = pipeline.New(cfg)
	for _, d := range defs {
		if err := c.engine.Register(d); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func (c *crew) clock() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Millisecond)
	return c.now
}

func (c *crew) enqueue(ctx context.Context, kind string, args any, at time.Time) error {
	raw, err := json.Marshal(args)
	sqltx.AfterCommit(ctx, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.jobs = append(c.jobs, job{kind, raw, at})
	})
	return err
}

// take returns the earliest job; done says that nobody has any and none is left.
func (c *crew) take() (j job, ok, done bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.jobs) == 0 {
		return job{}, false, c.busy == 0
	}
	slices.SortStableFunc(c.jobs, func(a, b job) int { return cmp.Compare(a.at.UnixNano(), b.at.UnixNano()) })
	if c.jobs[0].at.After(c.now) {
		if c.busy > 0 {
			return job{}, false, false
		}
		c.now = c.jobs[0].at
	}
	j, c.jobs = c.jobs[0], c.jobs[1:]
	c.busy++
	return j, true, false
}

// work lets some workers do all jobs.
func (c *crew) work(workers int) {
	c.t.Helper()
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for {
				j, ok, done := c.take()
				if done {
					return
				}
				if !ok {
					time.Sleep(100 * time.Microsecond)
					continue
				}
				err := c.engine.Handlers()[j.kind](c.t.Context(), j.args)
				c.mu.Lock()
				if c.busy--; err != nil {
					c.jobs = append(c.jobs, job{j.kind, j.args, c.now})
				}
				c.mu.Unlock()
				if err != nil && domain.CodeOf(err) != domain.CodeUnavailable {
					c.t.Errorf("job %s %s: %v", j.kind, j.args, err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func (c *crew) start(p pipeline.StartParams) domain.RunID {
	c.t.Helper()
	run, err := c.engine.Start(c.t.Context(), p)
	if err != nil {
		c.t.Fatalf("start: %v", err)
	}
	return run.ID
}

func (c *crew) run(id domain.RunID) *domain.Run {
	c.t.Helper()
	run, err := c.store.Runs.Show(c.t.Context(), id)
	if err != nil {
		c.t.Fatal(err)
	}
	return run
}

// brief is a run's state and those of its steps: "completed a:completed b:skipped".
func (c *crew) brief(id domain.RunID) string {
	run := c.run(id)
	out := string(run.State)
	for _, s := range run.Steps {
		out += " " + s.Name + ":" + string(s.State)
	}
	return out
}

func (c *crew) wantBrief(id domain.RunID, want string) {
	c.t.Helper()
	if got := c.brief(id); got != want {
		c.t.Errorf("run is %s\nwant   %s", got, want)
	}
}

// after gives a step what it comes after.
func after(s pipeline.StepDef, names ...string) pipeline.StepDef {
	s.After = append([]string{}, names...)
	return s
}

// counter counts how often each step of each run ran.
type counter struct {
	mu sync.Mutex
	n  map[string]int
}

func (c *counter) fn(result func(in *pipeline.Input) (pipeline.Output, error)) pipeline.Func {
	return func(_ context.Context, in *pipeline.Input) (pipeline.Output, error) {
		c.mu.Lock()
		if c.n == nil {
			c.n = map[string]int{}
		}
		c.n[fmt.Sprint(in.Run.ID, " ", in.Step.Name)]++
		c.mu.Unlock()
		if result == nil {
			return pipeline.Output{Result: in.Step.Name}, nil
		}
		return result(in)
	}
}

func failing(code domain.Code) pipeline.Func {
	return func(context.Context, *pipeline.Input) (pipeline.Output, error) {
		return pipeline.Output{}, domain.Errorf(code, "No luck.")
	}
}

var errBroken = errors.New("broken")
