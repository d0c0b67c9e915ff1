package service_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"empire/internal/auth"
	"empire/internal/domain"
	"empire/internal/service"
	"empire/internal/store"
	"empire/internal/testkit"
)

// yard is a service of agents with a clock that the test moves, and everything
// that it tells written down.
type yard struct {
	*digging
	st      *store.Store
	mu      sync.Mutex
	now     time.Time
	dead    []domain.DeadLetter
	events  []domain.Event
	nudged  []domain.AgentID
	dropped []domain.TaskID
	signals []string
	refuse  error // of signals
	log     strings.Builder
}

func newYard(t *testing.T, st *store.Store) *yard {
	t.Helper()
	vault, err := auth.LoadOrCreateVault(t.TempDir() + "/seal.key")
	if err != nil {
		t.Fatal(err)
	}
	y := &yard{digging: newDigging(st), st: st, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	note := func(fn func()) {
		y.mu.Lock()
		defer y.mu.Unlock()
		fn()
	}
	y.agents = service.NewAgents(service.AgentsConfig{
		Tx: st, Tasks: st.Tasks, Agents: st.Agents, Websites: st.Websites, Audit: st.Audit, Runtime: y.worker, Vault: vault, Process: "p1",
		Specs: []domain.Agent{{ID: "digger", Aliases: []domain.AgentID{"mole"}, TaskTypes: []string{"dig"}, Capabilities: []string{"digging"}}},
		Now: func() time.Time {
			y.mu.Lock()
			defer y.mu.Unlock()
			return y.now
		},
		Log: slog.New(slog.NewTextHandler(&lockedWriter{mu: &y.mu, w: &y.log}, nil)),
		Enqueue: func(_ context.Context, _ string, args any, _ time.Time) error {
			raw, err := json.Marshal(args)
			y.digging.mu.Lock()
			y.jobs = append(y.jobs, raw)
			y.digging.mu.Unlock()
			return err
		},
		Emit:    func(_ context.Context, ev domain.Event) { note(func() { y.events = append(y.events, ev) }) },
		Nudge:   func(_ context.Context, id domain.AgentID) { note(func() { y.nudged = append(y.nudged, id) }) },
		Dropped: func(_ context.Context, task *domain.Task) { note(func() { y.dropped = append(y.dropped, task.ID) }) },
		Dead: func(_ context.Context, d domain.DeadLetter) error {
			note(func() { y.dead = append(y.dead, d) })
			return nil
		},
		Signal: func(_ context.Context, run domain.RunID, step string, result any, cause *domain.RunError) error {
			raw, err := json.Marshal(result)
			note(func() { y.signals = append(y.signals, fmt.Sprintf("%s/%s %s %v", run, step, raw, cause != nil)) })
			if err == nil {
				err = y.refuse
			}
			return err
		},
	})
	return y
}

type lockedWriter struct {
	mu *sync.Mutex
	w  *strings.Builder
}

func (l *lockedWriter) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}

func (y *yard) pass(d time.Duration) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.now = y.now.Add(d)
}

// topics returns the topics of all events since the last call that begin with an
// area, agents' statuses with what they became.
func (y *yard) topics(area string) []string {
	y.mu.Lock()
	defer y.mu.Unlock()
	out := []string{}
	for _, ev := range y.events {
		if ev.Topic == "agent.status" && area == "status" {
			var d struct {
				Status string `json:"status"`
			}
			_ = json.Unmarshal(ev.Data, &d)
			out = append(out, ev.Object+" "+d.Status)
		} else if ev.Area() == area {
			out = append(out, ev.Topic)
		}
	}
	y.events = nil
	return out
}

func (y *yard) register(ctx context.Context, t *testing.T, p domain.AgentParams) *domain.Agent {
	t.Helper()
	if p.ID == "" {
		p.ID = "helper"
	}
	if p.TaskTypes == nil {
		p.TaskTypes, p.Capabilities = []string{"research"}, []string{"web_research"}
	}
	a, err := y.agents.Register(ctx, p)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (y *yard) connect(ctx context.Context, t *testing.T, id domain.AgentID, instance string) *domain.AgentLink {
	t.Helper()
	l, err := y.agents.Connect(ctx, id, instance)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func (y *yard) ask(ctx context.Context, t *testing.T, spec domain.TaskSpec) *domain.Task {
	t.Helper()
	if spec.Type == "" {
		spec.Type = "research"
	}
	task, err := y.agents.CreateTask(ctx, "helper", spec, "")
	if err != nil {
		t.Fatal(err)
	}
	return task
}

func (y *yard) take(ctx context.Context, t *testing.T, l *domain.AgentLink) []domain.TaskID {
	t.Helper()
	list, err := y.agents.Take(ctx, l)
	if err != nil {
		t.Fatal(err)
	}
	out := []domain.TaskID{}
	for _, task := range list {
		out = append(out, task.ID)
	}
	return out
}

func (y *yard) state(ctx context.Context, t *testing.T, id domain.TaskID) domain.RunState {
	t.Helper()
	task, err := y.agents.Task(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	return task.State
}

const knobs = `{"type":"object","required":["depth"],"properties":{"depth":{"type":"integer","minimum":1,"maximum":5},
	"lang":{"type":"string","enum":["de","en"],"default":"en"},"token":{"type":"string","secret":true}}}`

func schemaOf(t *testing.T, raw string) *domain.ConfigSchema {
	t.Helper()
	s, err := domain.ParseConfigSchema(json.RawMessage(raw))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestAgentRegistry: an agent is registered, shown with its secrets masked, changed,
// and its name taken by nobody else.
func TestAgentRegistry(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		ctx := asAda(t.Context())
		y := newYard(t, st)
		p := domain.AgentParams{Instance: "i1", ConfigSchema: schemaOf(t, knobs), Config: json.RawMessage(`{"depth":2,"token":"s3cret"}`)}
		a := y.register(ctx, t, p)
		if a.Status != domain.AgentOffline || a.MaxConcurrency != 1 || string(a.Config) != `{"depth":2,"lang":"en","token":"***"}` || a.Version != 1 {
			t.Errorf("registered: %+v with %s", a, a.Config)
		}
		if n := strings.Count(y.log.String(), "agent registered"); n != 1 || !strings.Contains(y.log.String(), "web_research") || strings.Contains(y.log.String(), "s3cret") {
			t.Errorf("%d lines tell of the registration:\n%s", n, y.log.String())
		}
		raw, err := st.Agents.Get(ctx, "helper")
		if err != nil || strings.Contains(string(raw.Config), "s3cret") || strings.Contains(string(raw.Secrets["token"]), "s3cret") {
			t.Errorf("the secret is stored openly: %s, %v", raw.Config, err)
		}
		for name, again := range map[string]domain.AgentParams{
			"no instance": {ID: "helper", TaskTypes: []string{"x"}}, "another instance": {ID: "helper", Instance: "i2", TaskTypes: []string{"x"}},
			"of this program": {ID: "digger", TaskTypes: []string{"x"}}, "an alias": {ID: "mole", TaskTypes: []string{"x"}},
		} {
			_, err := y.agents.Register(ctx, again)
			wantCode(t, name, err, domain.CodeConflict)
		}
		for name, bad := range map[string]domain.AgentParams{
			"no types": {ID: "other"}, "odd id": {ID: "../x", TaskTypes: []string{"x"}}, "odd capability": {ID: "other", TaskTypes: []string{"x"}, Capabilities: []string{"No Such"}},
			"config without schema": {ID: "other", TaskTypes: []string{"x"}, Config: json.RawMessage(`{"a":1}`)},
			"config against schema": {ID: "other", TaskTypes: []string{"x"}, ConfigSchema: schemaOf(t, knobs), Config: json.RawMessage(`{"depth":9,"token":7}`)},
		} {
			_, err := y.agents.Register(ctx, bad)
			wantCode(t, name, err, domain.CodeInvalid)
		}
		p.Config = json.RawMessage(`{"depth":3,"token":"***"}`)
		if a = y.register(ctx, t, p); a.Version != 2 || string(a.Config) != `{"depth":3,"lang":"en","token":"***"}` {
			t.Errorf("registered again by the same instance: version %d, %s", a.Version, a.Config)
		}
		a, err = y.agents.Update(ctx, "helper", domain.AgentPatch{Config: json.RawMessage(`{"lang":"de"}`), Name: new("Helper"), Version: 2})
		if err != nil || string(a.Config) != `{"depth":3,"lang":"de","token":"***"}` || a.Name != "Helper" {
			t.Errorf("update: %+v, %v", a, err)
		}
		_, err = y.agents.Update(ctx, "helper", domain.AgentPatch{Name: new("x"), Version: 2})
		wantCode(t, "stale version", err, domain.CodePrecondition)
		_, err = y.agents.Update(ctx, "helper", domain.AgentPatch{Config: json.RawMessage(`{"depth":null}`)})
		wantCode(t, "required value removed", err, domain.CodeInvalid)
		if l := y.connect(ctx, t, "helper", "i1"); string(l.Config) != `{"depth":3,"lang":"de","token":"s3cret"}` {
			t.Errorf("the agent itself gets %s", l.Config)
		}
		b, err := y.agents.Update(ctx, "mole", domain.AgentPatch{Config: json.RawMessage(`{"timeout_seconds":60}`)})
		if err != nil || string(b.Config) != `{"timeout_seconds":60}` || b.Kind != domain.AgentBuiltin {
			t.Errorf("update of an agent of the program: %+v, %v", b, err)
		}
		_, err = y.agents.Update(ctx, "digger", domain.AgentPatch{TaskTypes: &[]string{"fly"}})
		wantCode(t, "task types of an agent of the program", err, domain.CodeConflict)
		_, err = y.agents.Delete(ctx, "digger", true)
		wantCode(t, "delete an agent of the program", err, domain.CodeConflict)
		for filter, want := range map[domain.AgentFilter]string{
			{}: "digger helper", {Capability: "web_research"}: "helper", {Kind: "builtin"}: "digger", {Status: "idle"}: "digger helper", {Status: "offline"}: "",
		} {
			list, err := y.agents.List(ctx, filter)
			ids := []string{}
			for _, a := range list {
				ids = append(ids, string(a.ID))
			}
			if got := strings.Join(ids, " "); got != want || err != nil {
				t.Errorf("list of %+v = %q, %v, want %q", filter, got, err, want)
			}
		}
		for _, odd := range []domain.AgentFilter{{Capability: "flying"}, {Status: "asleep"}, {Kind: "robot"}} {
			_, err := y.agents.List(ctx, odd)
			wantCode(t, fmt.Sprint(odd), err, domain.CodeInvalid)
		}
		for id, want := range map[domain.AgentID]domain.AgentID{"mole": "digger", "digger": "digger", "helper": "helper", "nobody": ""} {
			if got, ok := y.agents.Resolve(ctx, id); got != want || ok != (want != "") {
				t.Errorf("Resolve(%s) = %s, %v", id, got, ok)
			}
		}
	})
}

// TestExternalTask: a task waits for its agent, goes to its connection, ends with its
// answer once, and counts.
func TestExternalTask(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		ctx := asAda(t.Context())
		y := newYard(t, st)
		y.register(ctx, t, domain.AgentParams{MaxConcurrency: 2})
		_, err := y.agents.CreateTask(ctx, "helper", domain.TaskSpec{Type: "research"}, "")
		wantCode(t, "task for an agent that is offline", err, domain.CodeConflict)
		l := y.connect(ctx, t, "helper", "i1")
		_, err = y.agents.CreateTask(ctx, "helper", domain.TaskSpec{Type: "fly"}, "")
		wantCode(t, "unknown type", err, domain.CodeUnsupportedTaskType)
		tasks := []domain.TaskID{}
		for range 3 {
			tasks = append(tasks, y.ask(ctx, t, domain.TaskSpec{}).ID)
		}
		if len(y.jobs) != 0 {
			t.Errorf("%d jobs for an external agent: it blocks workers", len(y.jobs))
		}
		if got := y.take(ctx, t, l); !slices.Equal(got, tasks[:2]) {
			t.Errorf("took %v, want the first two of %v", got, tasks)
		}
		if a, err := y.agents.Get(ctx, "helper"); err != nil || a.Status != domain.AgentWorking || a.Metrics.Running != 2 {
			t.Errorf("agent = %+v, %v, want working on 2", a, err)
		}
		if got := y.take(ctx, t, l); len(got) != 0 {
			t.Errorf("took %v beyond what it may have", got)
		}
		y.pass(2 * time.Second)
		answer := func(r domain.TaskResult, want domain.RunState) {
			t.Helper()
			if state, err := y.agents.Answer(ctx, l, r); state != want || err != nil {
				t.Errorf("answer to %s: %s, %v, want %s", r.TaskID, state, err, want)
			}
		}
		answer(domain.TaskResult{TaskID: tasks[0], Result: json.RawMessage(`{"n":1}`)}, domain.StateCompleted)
		answer(domain.TaskResult{TaskID: tasks[0], Result: json.RawMessage(`{"n":2}`)}, domain.StateCompleted) // ignored
		answer(domain.TaskResult{TaskID: tasks[1], Error: &domain.TaskFault{Code: domain.CodeNotEnoughData, Message: "Nothing found."}}, domain.StateFailed)
		_, err = y.agents.Answer(ctx, l, domain.TaskResult{TaskID: tasks[2]})
		wantCode(t, "neither result nor error", err, domain.CodeInvalid)
		_, err = y.agents.Answer(ctx, &domain.AgentLink{Agent: "digger"}, domain.TaskResult{TaskID: tasks[2], Result: json.RawMessage(`1`)})
		wantCode(t, "answer of another agent", err, domain.CodeNotFound)
		done, err := y.agents.Task(ctx, tasks[0])
		if err != nil || string(done.Result) != `{"n":1}` || done.Attempts != 1 {
			t.Errorf("task = %+v, %v, want the first result after one attempt", done, err)
		}
		a, err := y.agents.Get(ctx, "helper")
		if err != nil || a.Metrics.TasksCompleted != 2 || a.Metrics.TasksFailed != 1 || a.Metrics.AverageResponseTime != 2 || a.Status != domain.AgentError {
			t.Errorf("agent = %+v, %v", a, err)
		}
		if got := y.take(ctx, t, l); !slices.Equal(got, tasks[2:]) {
			t.Errorf("took %v, want %v", got, tasks[2:])
		}
		if _, err := y.agents.CancelTask(ctx, tasks[2]); err != nil || !slices.Contains(y.dropped, tasks[2]) {
			t.Errorf("cancel: %v, told of %v", err, y.dropped)
		}
		answer(domain.TaskResult{TaskID: tasks[2], Result: json.RawMessage(`1`)}, domain.StateCancelled)
		want := "task.queued task.queued task.queued task.running task.running task.completed task.failed task.running task.cancelled"
		if got := strings.Join(y.topics("task"), " "); got != want {
			t.Errorf("events = %s, want %s", got, want)
		}
	})
}

// TestUnansweredTasks: what an agent has not answered comes again: to the same
// instance in the same attempt, to another in the next, and after too many it is a
// dead letter that can be replayed.
func TestUnansweredTasks(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		ctx := asAda(t.Context())
		y := newYard(t, st)
		y.register(ctx, t, domain.AgentParams{})
		l := y.connect(ctx, t, "helper", "i1")
		task := y.ask(ctx, t, domain.TaskSpec{MaxAttempts: 2, Timeout: time.Hour})
		y.take(ctx, t, l)
		_, err := y.agents.Connect(ctx, "helper", "i2")
		wantCode(t, "another instance while the first lives", err, domain.CodeConflict)
		if err := y.agents.Disconnect(ctx, l); err != nil {
			t.Fatal(err)
		}
		back := y.connect(ctx, t, "helper", "i1")
		if list, err := y.agents.Unanswered(ctx, back); err != nil || !back.Resumed || len(list) != 1 || list[0].ID != task.ID || list[0].Attempts != 1 {
			t.Errorf("unanswered = %+v, %v, resumed %v", list, err, back.Resumed)
		}
		y.pass(31 * time.Second) // three heartbeats were missed
		if a, err := y.agents.Get(ctx, "helper"); err != nil || a.Status != domain.AgentOffline {
			t.Errorf("agent without a heartbeat = %+v, %v", a, err)
		}
		other := y.connect(ctx, t, "helper", "i2")
		if ok, err := y.agents.Holds(ctx, back); ok || err != nil {
			t.Errorf("the old connection holds: %v, %v", ok, err)
		}
		if got := y.take(ctx, t, back); len(got) != 0 {
			t.Errorf("the old connection took %v", got)
		}
		if got := y.take(ctx, t, other); !slices.Equal(got, []domain.TaskID{task.ID}) {
			t.Errorf("the other instance took %v", got)
		}
		y.pass(time.Hour + time.Second) // the second attempt is overdue
		if err := y.agents.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		if got := y.state(ctx, t, task.ID); got != domain.StateFailed {
			t.Errorf("task is %s after its last attempt", got)
		}
		if len(y.dead) != 1 || y.dead[0].Reason != domain.DeadTooManyAttempts || y.dead[0].AgentID != "helper" || y.dead[0].Kind != domain.DeadTask {
			t.Fatalf("dead letters = %+v", y.dead)
		}
		if err := y.agents.ReplayTask(ctx, y.dead[0].Payload); err != nil {
			t.Fatal(err)
		}
		wantCode(t, "replay twice", y.agents.ReplayTask(ctx, y.dead[0].Payload), domain.CodeConflict)
		last := y.connect(ctx, t, "helper", "i2")
		if got := y.take(ctx, t, last); !slices.Equal(got, []domain.TaskID{task.ID}) {
			t.Errorf("took %v after the replay", got)
		}
		late := y.ask(ctx, t, domain.TaskSpec{Timeout: time.Minute})
		if _, err := y.agents.Answer(ctx, last, domain.TaskResult{TaskID: task.ID, Result: json.RawMessage(`1`)}); err != nil {
			t.Fatal(err)
		}
		y.take(ctx, t, last)
		y.pass(2 * time.Minute)
		if err := y.agents.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		if got := y.state(ctx, t, late.ID); got != domain.StateQueued {
			t.Errorf("an overdue task is %s, want queued", got)
		}
		if state, err := y.agents.Answer(ctx, last, domain.TaskResult{TaskID: late.ID, Result: json.RawMessage(`1`)}); state != domain.StateCompleted || err != nil {
			t.Errorf("a late answer: %s, %v", state, err)
		}
	})
}

// TestPoisonTask: a task that takes its process with it each time becomes a dead
// letter; one whose job was stopped does not count the attempt.
func TestPoisonTask(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		ctx := asAda(t.Context())
		y := newYard(t, st)
		task, err := y.agents.CreateTask(ctx, "digger", domain.TaskSpec{Type: "dig", MaxAttempts: 3}, "")
		if err != nil {
			t.Fatal(err)
		}
		job := y.jobs[0]
		stopped, stop := context.WithCancel(t.Context())
		go func() {
			<-y.worker.started
			stop()
		}()
		if err := y.agents.Work(stopped, job); err == nil {
			t.Error("a stopped job has succeeded")
		}
		for range 3 { // the process dies at work
			if ok, err := st.Tasks.Begin(ctx, task.ID, time.Now()); !ok || err != nil {
				t.Fatalf("begin: %v, %v", ok, err)
			}
		}
		if err := y.agents.Work(t.Context(), job); err != nil {
			t.Fatal(err)
		}
		if got := y.state(ctx, t, task.ID); got != domain.StateFailed || len(y.dead) != 1 || y.dead[0].Reason != domain.DeadTooManyAttempts {
			t.Errorf("task is %s with dead letters %+v", got, y.dead)
		}
		if err := y.agents.ReplayTask(ctx, y.dead[0].Payload); err != nil || len(y.jobs) != 2 {
			t.Errorf("replay: %v, %d jobs", err, len(y.jobs))
		}
	})
}

// TestRunTasks: a task of a run ends its step, in any way; that of a run that ended is
// cancelled, and that of one that waits no more ends all the same.
func TestRunTasks(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		ctx := asAda(t.Context())
		y := newYard(t, st)
		y.register(ctx, t, domain.AgentParams{MaxConcurrency: 9})
		if !y.agents.External("helper") || y.agents.External("mole") || y.agents.External("nobody") {
			t.Error("External is wrong")
		}
		wantCode(t, "check of a type", y.agents.Check("helper", "fly"), domain.CodeUnsupportedTaskType)
		wantCode(t, "check of an agent", y.agents.Check("nobody", "fly"), domain.CodeNotFound)
		if err := y.agents.Check("helper", "research"); err != nil {
			t.Error(err)
		}
		step := &domain.Step{ID: "step_1", Name: "look"}
		hand := func(run domain.RunID, tenant domain.TenantID) error {
			return st.InTx(t.Context(), func(ctx context.Context) error {
				return y.agents.Hand(ctx, &domain.Run{ID: run, Tenant: tenant}, step, "helper", domain.TaskSpec{Type: "research"}, map[string]json.RawMessage{"scan": json.RawMessage(`{"a":1}`)})
			})
		}
		wantCode(t, "run of another tenant", hand("run_0", "other"), domain.CodeNotFound)
		for _, run := range []domain.RunID{"run_1", "run_2", "run_3", "run_4"} {
			if err := hand(run, "main"); err != nil {
				t.Fatal(err)
			}
		}
		l := y.connect(ctx, t, "helper", "i1")
		got := y.take(ctx, t, l)
		if len(got) != 4 {
			t.Fatalf("took %v", got)
		}
		task, err := y.agents.Task(ctx, got[0])
		if err != nil || task.RunID != "run_1" || string(task.Context) != `{"scan":{"a":1}}` {
			t.Errorf("task of the run = %+v, %v", task, err)
		}
		_, err = y.agents.CancelTask(ctx, got[0])
		wantCode(t, "cancel a task that a run waits for", err, domain.CodeConflict)
		answer := func(r domain.TaskResult) {
			t.Helper()
			if _, err := y.agents.Answer(ctx, l, r); err != nil {
				t.Fatal(err)
			}
		}
		answer(domain.TaskResult{TaskID: got[0], Result: json.RawMessage(`{"x":1}`)})
		answer(domain.TaskResult{TaskID: got[0], Result: json.RawMessage(`{"x":2}`)})
		answer(domain.TaskResult{TaskID: got[1], Error: &domain.TaskFault{Message: "No."}})
		if err := st.InTx(ctx, func(ctx context.Context) error { return y.agents.CancelRunTasks(ctx, "run_3") }); err != nil {
			t.Fatal(err)
		}
		if s := y.state(ctx, t, got[2]); s != domain.StateCancelled || !slices.Contains(y.dropped, got[2]) {
			t.Errorf("task of an ended run is %s, told of %v", s, y.dropped)
		}
		want := []string{`run_1/look {"x":1} false`, `run_2/look null true`}
		if !slices.Equal(y.signals, want) {
			t.Errorf("signals = %q, want %q", y.signals, want)
		}
		y.refuse = domain.Errorf(domain.CodeConflict, "The step does not wait.")
		answer(domain.TaskResult{TaskID: got[3], Result: json.RawMessage(`1`)})
		if s := y.state(ctx, t, got[3]); s != domain.StateCompleted {
			t.Errorf("task of a run that does not wait is %s", s)
		}
	})
}

// TestDrain: an agent with running tasks is not deleted, unless it may finish them;
// meanwhile it takes no new ones.
func TestDrain(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		ctx := asAda(t.Context())
		y := newYard(t, st)
		y.register(ctx, t, domain.AgentParams{})
		l := y.connect(ctx, t, "helper", "i1")
		first, second := y.ask(ctx, t, domain.TaskSpec{}), y.ask(ctx, t, domain.TaskSpec{})
		y.take(ctx, t, l)
		_, err := y.agents.Delete(ctx, "helper", false)
		wantCode(t, "delete with running tasks", err, domain.CodeConflict)
		if gone, err := y.agents.Delete(ctx, "helper", true); gone || err != nil {
			t.Errorf("drain: %v, %v", gone, err)
		}
		_, err = y.agents.CreateTask(ctx, "helper", domain.TaskSpec{Type: "research"}, "")
		wantCode(t, "new task while it drains", err, domain.CodeConflict)
		for _, id := range []domain.TaskID{first.ID, second.ID} {
			if _, err := y.agents.Get(ctx, "helper"); err != nil {
				t.Errorf("the agent is gone before its last task: %v", err)
			}
			if _, err := y.agents.Answer(ctx, l, domain.TaskResult{TaskID: id, Result: json.RawMessage(`1`)}); err != nil {
				t.Fatal(err)
			}
			y.take(ctx, t, l)
		}
		_, err = y.agents.Get(ctx, "helper")
		wantCode(t, "after the last task", err, domain.CodeNotFound)
		if ok, err := y.agents.Holds(ctx, l); ok || err != nil {
			t.Errorf("the connection of a deleted agent holds: %v, %v", ok, err)
		}

		again := y.register(ctx, t, domain.AgentParams{}) // the name is free
		if again.Metrics.TasksCompleted != 0 || again.State != domain.AgentActive {
			t.Errorf("registered again: %+v", again)
		}
		l = y.connect(ctx, t, "helper", "i9")
		waiting := y.ask(ctx, t, domain.TaskSpec{})
		if err := y.agents.Disconnect(ctx, l); err != nil {
			t.Fatal(err)
		}
		if gone, err := y.agents.Delete(ctx, "helper", true); !gone || err != nil {
			t.Errorf("delete of one that is offline: %v, %v", gone, err)
		}
		if s := y.state(ctx, t, waiting.ID); s != domain.StateFailed || len(y.dead) != 1 || y.dead[0].Reason != domain.DeadAgentDeleted {
			t.Errorf("its task is %s with dead letters %+v", s, y.dead)
		}
	})
}

// TestDispatchByCapability: a task goes to the least busy holder that is there.
func TestDispatchByCapability(t *testing.T) {
	t.Parallel()
	y := newYard(t, testkit.DB(t))
	ctx := asAda(t.Context())
	for _, id := range []domain.AgentID{"one", "two", "off"} {
		y.register(ctx, t, domain.AgentParams{ID: id})
	}
	dispatch := func(capability, kind, key string) (*domain.Task, error) {
		return y.agents.Dispatch(ctx, capability, domain.TaskSpec{Type: kind}, key)
	}
	_, err := dispatch("web_research", "research", "")
	wantCode(t, "nobody is there", err, domain.CodeConflict)
	y.connect(ctx, t, "one", "i")
	y.connect(ctx, t, "two", "i")
	count := map[domain.AgentID]int{}
	for range 6 {
		task, err := dispatch("web_research", "research", "")
		if err != nil {
			t.Fatal(err)
		}
		count[task.AgentID]++
	}
	if count["one"] != 3 || count["two"] != 3 {
		t.Errorf("tasks by agent = %v, want three each", count)
	}
	_, err = dispatch("web_research", "fly", "")
	wantCode(t, "unknown type", err, domain.CodeUnsupportedTaskType)
	_, err = dispatch("flying", "research", "")
	wantCode(t, "unknown capability", err, domain.CodeInvalid)
	if task, err := dispatch("digging", "dig", "k"); err != nil || task.AgentID != "digger" || len(y.jobs) != 1 {
		t.Errorf("task for an agent of the program: %+v, %v", task, err)
	}
	again, err := dispatch("digging", "dig", "k")
	if err != nil || len(y.jobs) != 1 {
		t.Errorf("repeat with the key: %+v, %v, %d jobs", again, err, len(y.jobs))
	}
}

// TestStatusGoesLegalWays: watchers see every legal step between two states, each
// once, whoever looks.
func TestStatusGoesLegalWays(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		ctx := asAda(t.Context())
		y := newYard(t, st)
		y.register(ctx, t, domain.AgentParams{})
		l := y.connect(ctx, t, "helper", "i1")
		task := y.ask(ctx, t, domain.TaskSpec{})
		y.take(ctx, t, l)
		if _, err := y.agents.Answer(ctx, l, domain.TaskResult{TaskID: task.ID, Error: &domain.TaskFault{Message: "No."}}); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := y.agents.Settle(ctx); err != nil {
				t.Fatal(err)
			}
		}
		if err := y.agents.Disconnect(ctx, l); err != nil {
			t.Fatal(err)
		}
		want := "helper idle, helper working, helper error, helper offline"
		if got := strings.Join(y.topics("status"), ", "); got != want {
			t.Errorf("statuses = %s, want %s", got, want)
		}
	})
}

// TestConnectNeedsTheOwner: only the owner, and an administrator of its tenant, may
// connect as an agent.
func TestConnectNeedsTheOwner(t *testing.T) {
	t.Parallel()
	y := newYard(t, testkit.DB(t))
	y.register(asAda(t.Context()), t, domain.AgentParams{})
	as := func(user domain.UserID, tenant domain.TenantID, rights ...domain.Permission) context.Context {
		return domain.WithPrincipal(t.Context(), &domain.Principal{UserID: user, Tenant: tenant, Permissions: rights})
	}
	for name, tt := range map[string]struct {
		ctx  context.Context
		id   domain.AgentID
		want domain.Code
	}{
		"nobody":                      {t.Context(), "helper", domain.CodeUnauthenticated},
		"another user":                {as("user_bo", "main", domain.AgentsManage), "helper", domain.CodeForbidden},
		"owner without the right":     {as("user_ada", "main", domain.AgentsRead), "helper", domain.CodeForbidden},
		"administrator of another":    {as("user_bo", "other", domain.AdminFull), "helper", domain.CodeNotFound},
		"unknown agent":               {as("user_ada", "main", domain.AgentsManage), "nobody", domain.CodeNotFound},
		"agent of the program":        {as("user_ada", "main", domain.AdminFull), "mole", domain.CodeForbidden},
		"owner":                       {as("user_ada", "main", domain.AgentsManage), "helper", ""},
		"administrator of its tenant": {as("user_cy", "main", domain.AdminFull), "helper", ""},
	} {
		_, err := y.agents.Connect(tt.ctx, tt.id, "i1")
		wantCode(t, name, err, tt.want)
	}
}
