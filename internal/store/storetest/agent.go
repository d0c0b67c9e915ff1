package storetest

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/store"
)

func outside(id domain.AgentID) *domain.AgentRecord {
	return &domain.AgentRecord{Agent: domain.Agent{
		ID: id, Kind: domain.AgentExternal, Tenant: "acme", OwnerID: "user_a", Name: "Researcher", Description: "Looks things up.",
		TaskTypes: []string{"research"}, Capabilities: []string{"web_research"}, Config: json.RawMessage(`{"depth": 2}`), MaxConcurrency: 3,
		ConfigSchema: &domain.ConfigSchema{Type: "object", Properties: map[string]*domain.ConfigSchema{"depth": {Type: "integer"}}},
		State:        domain.AgentActive, Version: 1, CreatedAt: ptr(day), UpdatedAt: ptr(day), Instance: "i1",
	}, Secrets: map[string][]byte{"key": {1, 2, 0}}, Shown: domain.AgentOffline}
}

func testAgentRecords(t *testing.T, s *store.Store) {
	ctx := t.Context()
	_, err := s.Agents.Get(ctx, "researcher")
	wantCode(t, err, domain.CodeNotFound)
	_, err = s.Agents.Hold(ctx, "researcher")
	wantCode(t, err, domain.CodeNotFound)
	a := outside("researcher")
	must(t, s.Agents.Save(ctx, a))
	wantEqual(t, value(s.Agents.Get(ctx, a.ID))(t), a)
	must(t, s.Agents.Record(ctx, a.ID, false, time.Second, day))
	must(t, s.Agents.Link(ctx, a.ID, "l1", "i1", "p1", day))
	a.Name, a.Version, a.Secrets, a.TaskTypes, a.ConfigSchema = "Other", 2, map[string][]byte{}, []string{}, nil
	must(t, s.Agents.Save(ctx, a))
	a.Link, a.LinkedBy, a.Process, a.Heartbeat = "l1", "i1", "p1", ptr(day)
	wantEqual(t, value(s.Agents.Hold(ctx, a.ID))(t), a) // the connection stays
	if m := value(s.Agents.Metrics(ctx))(t)[a.ID]; m.Failed != 1 || m.LastFailed {
		t.Errorf("figures = %+v, want one failure that counts no more", m)
	}
	must(t, s.Agents.Reset(ctx, a.ID))
	if m := value(s.Agents.Metrics(ctx))(t)[a.ID]; m != (domain.AgentFigures{}) {
		t.Errorf("figures after a reset = %+v", m)
	}
	must(t, s.Agents.Touch(ctx, "builtin", day)) // has a record that declares nothing
	list := value(s.Agents.List(ctx))(t)
	if len(list) != 2 || list[0].ID != "builtin" || list[0].Kind != domain.AgentBuiltin || list[0].State != domain.AgentActive || list[0].Shown != domain.AgentIdle {
		t.Errorf("list = %+v", list)
	}
	a.State = domain.AgentDeleted
	must(t, s.Agents.Save(ctx, a))
	if list := value(s.Agents.List(ctx))(t); len(list) != 1 {
		t.Errorf("%d agents after a deletion, want 1", len(list))
	}
	if got := value(s.Agents.Get(ctx, a.ID))(t); got.State != domain.AgentDeleted {
		t.Errorf("the deleted agent is %s", got.State)
	}
}

func testAgentLinks(t *testing.T, s *store.Store) {
	ctx := t.Context()
	must(t, s.Agents.Save(ctx, outside("a")))
	must(t, s.Agents.Save(ctx, outside("b")))
	wantCode(t, s.Agents.Link(ctx, "x", "l1", "i", "p1", day), domain.CodeNotFound)
	must(t, s.Agents.Link(ctx, "a", "l1", "i", "p1", day))
	must(t, s.Agents.Link(ctx, "b", "l2", "i", "p1", day))
	later := day.Add(time.Minute)
	wantEqual(t, value(s.Agents.Beat(ctx, "p1", later))(t), map[domain.AgentID]string{"a": "l1", "b": "l2"})
	if got := value(s.Agents.Get(ctx, "a"))(t); !got.Heartbeat.Equal(later) {
		t.Errorf("heartbeat = %v, want %v", got.Heartbeat, later)
	}
	must(t, s.Agents.Link(ctx, "a", "l3", "i", "p2", later)) // taken over
	wantEqual(t, value(s.Agents.Beat(ctx, "p1", later))(t), map[domain.AgentID]string{"b": "l2"})
	wantEqual(t, value(s.Agents.Beat(ctx, "", later))(t), map[domain.AgentID]string{})
	for _, tt := range []struct {
		link string
		want bool
	}{{"l1", false}, {"l3", true}} {
		if got := value(s.Agents.Linked(ctx, "a", tt.link))(t); got != tt.want {
			t.Errorf("Linked(%s) = %v", tt.link, got)
		}
		if got := value(s.Agents.Unlink(ctx, "a", tt.link))(t); got != tt.want {
			t.Errorf("Unlink(%s) = %v", tt.link, got)
		}
	}
	for _, tt := range []struct {
		from, to domain.AgentStatus
		want     bool
	}{{domain.AgentIdle, domain.AgentWorking, false}, {domain.AgentOffline, domain.AgentIdle, true}, {domain.AgentOffline, domain.AgentIdle, false}} {
		if got := value(s.Agents.Show(ctx, "a", tt.from, tt.to))(t); got != tt.want {
			t.Errorf("Show from %s = %v, want %v", tt.from, got, tt.want)
		}
	}
}

func taskIDs(list []domain.Task) []string {
	out := []string{}
	for _, task := range list {
		out = append(out, string(task.ID))
	}
	return out
}

func testTaskDispatch(t *testing.T, s *store.Store) {
	ctx := t.Context()
	must(t, s.Agents.Save(ctx, outside("a")))
	must(t, s.Agents.Link(ctx, "a", "l1", "i", "p1", day))
	for i, id := range []domain.TaskID{"task_1", "task_2", "task_3"} {
		task := &domain.Task{ID: id, AgentID: "a", Type: "research", State: domain.StateQueued, CreatedAt: day.Add(time.Duration(i) * time.Second), Timeout: time.Minute}
		if i == 0 {
			task.RunID, task.StepID, task.Step, task.Context = "run_1", "step_1", "look", json.RawMessage(`{"scan": {}}`)
		}
		must(t, s.Tasks.Insert(ctx, task))
		wantEqual(t, value(s.Tasks.Get(ctx, id))(t).Context, task.Context)
	}
	wantEqual(t, taskIDs(value(s.Tasks.Queued(ctx, "a", 2))(t)), []string{"task_1", "task_2"})
	wantEqual(t, value(s.Tasks.Wanted(ctx, []domain.AgentID{"a", "b"}))(t), []domain.AgentID{"a"})
	dispatch := func(id domain.TaskID, link string, want bool) {
		t.Helper()
		if ok := value(s.Tasks.Dispatch(ctx, id, link, day, day.Add(time.Minute)))(t); ok != want {
			t.Errorf("Dispatch(%s, %s) = %v, want %v", id, link, ok, want)
		}
	}
	dispatch("task_1", "l0", false) // no connection of the agent
	dispatch("task_1", "l1", true)
	dispatch("task_1", "l1", false) // it has it already
	dispatch("task_2", "l1", true)
	got := value(s.Tasks.Get(ctx, "task_1"))(t)
	if got.State != domain.StateRunning || got.Attempts != 1 || got.MaxAttempts != domain.TaskAttempts || got.Holder != "l1" || !got.Deadline.Equal(day.Add(time.Minute)) || got.RunID != "run_1" || got.Step != "look" {
		t.Errorf("dispatched task = %+v", got)
	}
	if queued, running, err := s.Tasks.Open(ctx, "a"); queued != 1 || running != 2 || err != nil {
		t.Errorf("open = %d, %d, %v, want 1 and 2", queued, running, err)
	}
	wantEqual(t, taskIDs(value(s.Tasks.Overdue(ctx, day.Add(time.Minute), 10))(t)), []string{})
	wantEqual(t, taskIDs(value(s.Tasks.Overdue(ctx, day.Add(2*time.Minute), 10))(t)), []string{"task_1", "task_2"})
	must(t, s.Agents.Link(ctx, "a", "l2", "i", "p1", day))
	must(t, s.Tasks.Pass(ctx, "a", "l2"))
	wantEqual(t, taskIDs(value(s.Tasks.Handed(ctx, "a"))(t)), []string{"task_1", "task_2"})
	for holder, want := range map[string]bool{"l1": false, "l2": true} {
		if ok := value(s.Tasks.TakeBack(ctx, "task_2", holder))(t); ok != want {
			t.Errorf("TakeBack from %s = %v, want %v", holder, ok, want)
		}
	}
	wantEqual(t, taskIDs(value(s.Tasks.OfRun(ctx, "run_1"))(t)), []string{"task_1"})
	wantEqual(t, taskIDs(value(s.Tasks.OfRun(ctx, ""))(t)), []string{})
	value(s.Tasks.Finish(ctx, "task_1", domain.StateCompleted, nil, nil, day))(t)
	wantEqual(t, taskIDs(value(s.Tasks.OfRun(ctx, "run_1"))(t)), []string{})
	wantEqual(t, value(s.Tasks.Stopped(ctx, []domain.TaskID{"task_1", "task_2"}))(t), []domain.TaskID{"task_1"})
	wantEqual(t, taskIDs(value(s.Tasks.Orphans(ctx, 10))(t)), []string{})
	gone := outside("a")
	gone.State = domain.AgentDeleted
	must(t, s.Agents.Save(ctx, gone))
	orphans := taskIDs(value(s.Tasks.Orphans(ctx, 10))(t))
	slices.Sort(orphans)
	wantEqual(t, orphans, []string{"task_2", "task_3"})
}

func testTaskReopen(t *testing.T, s *store.Store) {
	ctx := t.Context()
	must(t, s.Tasks.Insert(ctx, &domain.Task{ID: "task_1", AgentID: "a", State: domain.StateQueued, CreatedAt: day}))
	value(s.Tasks.Begin(ctx, "task_1", day))(t)
	value(s.Tasks.Begin(ctx, "task_1", day))(t)
	if ok := value(s.Tasks.Release(ctx, "task_1"))(t); !ok {
		t.Error("a running task was not released")
	}
	if got := value(s.Tasks.Get(ctx, "task_1"))(t); got.State != domain.StateQueued || got.Attempts != 1 {
		t.Errorf("released task is %s after %d attempts, want queued after 1", got.State, got.Attempts)
	}
	if ok := value(s.Tasks.Release(ctx, "task_1"))(t); ok {
		t.Error("a queued task was released")
	}
	if ok := value(s.Tasks.Reopen(ctx, "task_1"))(t); ok {
		t.Error("a queued task was reopened")
	}
	value(s.Tasks.Finish(ctx, "task_1", domain.StateFailed, nil, &domain.RunError{Code: domain.CodeInternal}, day))(t)
	if ok := value(s.Tasks.Reopen(ctx, "task_1"))(t); !ok {
		t.Error("a failed task was not reopened")
	}
	if got := value(s.Tasks.Get(ctx, "task_1"))(t); got.State != domain.StateQueued || got.Attempts != 0 || got.Error != nil || got.FinishedAt != nil {
		t.Errorf("reopened task = %+v", got)
	}
	_, err := s.Tasks.Reopen(ctx, "task_x")
	wantCode(t, err, domain.CodeNotFound)
}
