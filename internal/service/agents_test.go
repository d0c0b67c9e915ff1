package service_test

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/service"
	"empire/internal/store"
	"empire/internal/testkit"
)

// worker is a runtime with one agent that does a task when it is allowed to.
type worker struct {
	started chan struct{} // a task has begun
	finish  chan error    // how it ends
}

func (w *worker) Check(id domain.AgentID, taskType string) error {
	if id != "digger" || taskType != "dig" {
		return domain.Errorf(domain.CodeUnsupportedTaskType, "Agent digger takes dig.")
	}
	return nil
}

func (w *worker) External(domain.AgentID) bool { return false }

func (w *worker) Hand(context.Context, *domain.Run, *domain.Step, domain.AgentID, domain.TaskSpec, map[string]json.RawMessage) error {
	return domain.Errorf(domain.CodeConflict, "The digger is not external.")
}

func (w *worker) Do(ctx context.Context, _ domain.AgentID, task domain.TaskSpec, _ map[string]json.RawMessage) (json.RawMessage, error) {
	w.started <- struct{}{}
	select {
	case err := <-w.finish:
		return task.Params, err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// digging is a service of agents over a real store whose jobs the test works itself.
type digging struct {
	agents *service.Agents
	worker *worker
	mu     sync.Mutex
	jobs   []json.RawMessage
}

func newDigging(st *store.Store) *digging {
	d := &digging{worker: &worker{started: make(chan struct{}, 1), finish: make(chan error, 1)}}
	d.agents = service.NewAgents(service.AgentsConfig{
		Tx: st, Tasks: st.Tasks, Agents: st.Agents, Websites: st.Websites, Audit: st.Audit, Now: time.Now, Runtime: d.worker,
		Specs: []domain.Agent{{ID: "digger", Aliases: []domain.AgentID{"mole"}, TaskTypes: []string{"dig"}, Capabilities: []string{"digging"}}},
		Enqueue: func(_ context.Context, _ string, args any, _ time.Time) error {
			raw, err := json.Marshal(args)
			d.mu.Lock()
			d.jobs = append(d.jobs, raw)
			d.mu.Unlock()
			return err
		},
	})
	return d
}

// work runs the oldest job; the task ends with err.
func (d *digging) work(t *testing.T, err error) {
	t.Helper()
	d.mu.Lock()
	job := d.jobs[0]
	d.jobs = d.jobs[1:]
	d.mu.Unlock()
	d.worker.finish <- err
	if err := d.agents.Work(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	<-d.worker.started
}

func asAda(ctx context.Context) context.Context {
	return domain.WithPrincipal(ctx, &domain.Principal{UserID: "user_ada", Permissions: []domain.Permission{domain.AdminFull}, Human: true})
}

// onBothStores runs a test on SQLite and on PostgreSQL.
func onBothStores(t *testing.T, run func(t *testing.T, st *store.Store)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		run(t, testkit.DB(t))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		run(t, testkit.PostgresDB(t))
	})
}

// TestAgentsWorkWhileATaskRuns: an agent is idle, works exactly as long as its task
// runs, and shows an error after one that failed until the next succeeds.
func TestAgentsWorkWhileATaskRuns(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		ctx := asAda(t.Context())
		d := newDigging(st)
		status := func(want domain.AgentStatus, running int) {
			t.Helper()
			a, err := d.agents.Get(ctx, "mole")
			if err != nil {
				t.Fatal(err)
			}
			if a.ID != "digger" || a.Status != want || a.Metrics.Running != running {
				t.Errorf("agent %s is %s with %d running, want %s with %d", a.ID, a.Status, a.Metrics.Running, want, running)
			}
		}
		dig := func() {
			t.Helper()
			if _, err := d.agents.CreateTask(ctx, "digger", domain.TaskSpec{Type: "dig"}, ""); err != nil {
				t.Fatal(err)
			}
		}
		status(domain.AgentIdle, 0)
		dig()
		status(domain.AgentIdle, 0) // queued is not working
		done := make(chan error, 1)
		go func() { done <- d.agents.Work(ctx, d.jobs[0]) }()
		<-d.worker.started
		status(domain.AgentWorking, 1)
		d.worker.finish <- nil
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		status(domain.AgentIdle, 0)
		d.jobs = nil
		dig()
		d.work(t, domain.Errorf(domain.CodeUnavailable, "The spade broke."))
		status(domain.AgentError, 0)
		dig()
		d.work(t, nil)
		status(domain.AgentIdle, 0)
	})
}

// TestAgentsCountWhatTheyDid: 8 good and 2 failed tasks are 10 with a rate of 0.8,
// and another process over the same database knows it.
func TestAgentsCountWhatTheyDid(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		ctx := asAda(t.Context())
		d := newDigging(st)
		for i := range 10 {
			if _, err := d.agents.CreateTask(ctx, "digger", domain.TaskSpec{Type: "dig"}, ""); err != nil {
				t.Fatal(err)
			}
			var end error
			if i%5 == 4 {
				end = domain.Errorf(domain.CodeUnavailable, "The spade broke.")
			}
			d.work(t, end)
		}
		tasks, total, err := d.agents.Tasks(ctx, "digger", "", domain.Window{Limit: 100})
		if err != nil || total != 10 {
			t.Fatalf("%d tasks, %v", total, err)
		}
		var sum time.Duration
		for _, task := range tasks {
			sum += task.FinishedAt.Sub(*task.StartedAt)
		}
		again, err := newDigging(st).agents.Get(ctx, "digger")
		if err != nil {
			t.Fatal(err)
		}
		m := again.Metrics
		if m.TasksCompleted != 10 || m.TasksFailed != 2 || m.SuccessRate != 0.8 || again.LastActivity == nil {
			t.Errorf("figures = %+v, last activity %v", m, again.LastActivity)
		}
		if mean := sum.Seconds() / 10; m.AverageResponseTime < mean-0.001 || m.AverageResponseTime > mean+0.001 {
			t.Errorf("average response time = %v s, want %v s", m.AverageResponseTime, mean)
		}
	})
}

// TestTasksAreCreatedOnce: requests with one key are one task and one job, however
// many arrive at once; the key of another person is another key.
func TestTasksAreCreatedOnce(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		ctx := asAda(t.Context())
		d := newDigging(st)
		spec := domain.TaskSpec{Type: "dig", Params: json.RawMessage(`{"deep":3}`)}
		ids := make([]domain.TaskID, 8)
		var wg sync.WaitGroup
		for i := range ids {
			wg.Go(func() {
				task, err := d.agents.CreateTask(ctx, "digger", spec, "key-1")
				if err != nil {
					t.Errorf("request %d: %v", i, err)
					return
				}
				ids[i] = task.ID
			})
		}
		wg.Wait()
		for _, id := range ids {
			if id != ids[0] {
				t.Errorf("tasks %s and %s have one key", id, ids[0])
			}
		}
		if _, total, err := d.agents.Tasks(ctx, "", "", domain.Window{Limit: 10}); err != nil || total != 1 {
			t.Errorf("%d tasks, %v, want 1", total, err)
		}
		other := domain.TaskSpec{Type: "dig", Params: json.RawMessage(`{"deep":4}`)}
		if _, err := d.agents.CreateTask(ctx, "digger", other, "key-1"); domain.CodeOf(err) != domain.CodeConflict {
			t.Errorf("another request with the key: %v, want conflict", err)
		}
		bo := domain.WithPrincipal(t.Context(), &domain.Principal{UserID: "user_bo", Permissions: []domain.Permission{domain.AgentsManage, domain.AgentsRead}})
		if task, err := d.agents.CreateTask(bo, "digger", other, "key-1"); err != nil || task.ID == ids[0] {
			t.Errorf("the key of another person: %v, %v", task, err)
		}
	})
}

func TestTasksRefuse(t *testing.T) {
	t.Parallel()
	ctx := asAda(t.Context())
	d := newDigging(testkit.DB(t))
	reader := domain.WithPrincipal(t.Context(), &domain.Principal{UserID: "user_bo", Permissions: []domain.Permission{domain.AgentsRead}})
	for _, tt := range []struct {
		name  string
		ctx   context.Context
		agent domain.AgentID
		kind  string
		want  domain.Code
	}{
		{"unknown agent", ctx, "nobody", "dig", domain.CodeNotFound},
		{"unknown type", ctx, "digger", "fly", domain.CodeUnsupportedTaskType},
		{"without the right", reader, "digger", "dig", domain.CodeForbidden},
		{"not signed in", t.Context(), "digger", "dig", domain.CodeUnauthenticated},
	} {
		_, err := d.agents.CreateTask(tt.ctx, tt.agent, domain.TaskSpec{Type: tt.kind}, "")
		if got := domain.CodeOf(err); got != tt.want {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
		}
		if tt.want == domain.CodeUnsupportedTaskType && !strings.Contains(domain.MessageOf(err), "takes dig") {
			t.Errorf("%s: %q does not list what the agent takes", tt.name, domain.MessageOf(err))
		}
	}
	if len(d.jobs) != 0 {
		t.Errorf("refused tasks left %d jobs", len(d.jobs))
	}
}
