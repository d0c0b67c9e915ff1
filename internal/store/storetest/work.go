package storetest

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/store"
)

func testTasks(t *testing.T, s *store.Store) {
	ctx := t.Context()
	first := &domain.Task{
		ID: "task_1", Tenant: "main", AgentID: "seo", Type: "audit", Params: json.RawMessage(`{"b": 1,"a":2}`), State: domain.StateQueued, OwnerID: "user_a",
		IdempotencyKey: "k1", RequestHash: "h1", CreatedAt: day,
	}
	must(t, s.Tasks.Insert(ctx, first))
	for i, agent := range []domain.AgentID{"seo", "content"} {
		id := domain.TaskID(fmt.Sprintf("task_%d", i+2))
		must(t, s.Tasks.Insert(ctx, &domain.Task{ID: id, AgentID: agent, State: domain.StateQueued, OwnerID: "user_a", CreatedAt: day.Add(time.Second)}))
	}
	wantEqual(t, value(s.Tasks.Get(ctx, "task_1"))(t), first)
	wantEqual(t, value(s.Tasks.GetByIdempotencyKey(ctx, "user_a", "k1"))(t), first)
	again := *first
	again.ID = "task_9"
	wantCode(t, s.Tasks.Insert(ctx, &again), domain.CodeConflict)
	again.OwnerID = "user_b"
	must(t, s.Tasks.Insert(ctx, &again))
	for _, key := range []string{"k2", ""} {
		_, err := s.Tasks.GetByIdempotencyKey(ctx, "user_a", key)
		wantCode(t, err, domain.CodeNotFound)
	}
	list, total, err := s.Tasks.List(ctx, domain.TaskFilter{AgentID: "seo", State: domain.StateQueued}, window(2, 0))
	must(t, err)
	if total != 3 || len(list) != 2 || list[0].ID != "task_2" || list[1].ID != "task_9" {
		t.Errorf("list = %+v of %d, want task_2 and task_9 of 3", list, total)
	}

	begun := func(want bool) {
		t.Helper()
		if ok := value(s.Tasks.Begin(ctx, "task_1", day.Add(time.Minute)))(t); ok != want {
			t.Errorf("Begin = %v, want %v", ok, want)
		}
	}
	begun(true)
	begun(true) // the worker was lost
	failure := &domain.RunError{Code: domain.CodeInvalid, Message: "No."}
	finished := func(want bool) {
		t.Helper()
		ok := value(s.Tasks.Finish(ctx, "task_1", domain.StateFailed, json.RawMessage(`{"x": 1}`), failure, day.Add(time.Hour)))(t)
		if ok != want {
			t.Errorf("Finish = %v, want %v", ok, want)
		}
	}
	finished(true)
	finished(false)
	begun(false)
	first.State, first.Result, first.Error = domain.StateFailed, json.RawMessage(`{"x": 1}`), failure
	first.StartedAt, first.FinishedAt, first.Attempts = ptr(day.Add(time.Minute)), ptr(day.Add(time.Hour)), 2
	wantEqual(t, value(s.Tasks.Get(ctx, "task_1"))(t), first)

	_, err = s.Tasks.Begin(ctx, "task_x", day)
	wantCode(t, err, domain.CodeNotFound)
	_, err = s.Tasks.Finish(ctx, "task_x", domain.StateFailed, nil, nil, day)
	wantCode(t, err, domain.CodeNotFound)
	_, err = s.Tasks.Finish(ctx, "task_2", domain.StateRunning, nil, nil, day)
	wantCode(t, err, domain.CodeInvalid)
	_, err = s.Tasks.Get(ctx, "task_x")
	wantCode(t, err, domain.CodeNotFound)
}

func testAgents(t *testing.T, s *store.Store) {
	ctx := t.Context()
	must(t, s.Agents.Touch(ctx, "idle", day))
	must(t, s.Agents.Record(ctx, "seo", true, 1500*time.Millisecond, day))
	must(t, s.Agents.Record(ctx, "seo", false, 500*time.Millisecond, day.Add(time.Second)))
	run := insertRun(t, s, "a", day)
	begin(t, s, run.Steps[0].ID, "w1", day, 1)
	for _, id := range []domain.TaskID{"task_1", "task_2"} {
		must(t, s.Tasks.Insert(ctx, &domain.Task{ID: id, AgentID: "opportunity_scanner", State: domain.StateQueued, CreatedAt: day}))
	}
	value(s.Tasks.Begin(ctx, "task_1", day))(t)
	wantEqual(t, value(s.Agents.Metrics(ctx))(t), map[domain.AgentID]domain.AgentFigures{
		"idle":                {LastActivity: ptr(day)},
		"seo":                 {Completed: 2, Failed: 1, Total: 2 * time.Second, LastActivity: ptr(day.Add(time.Second)), LastFailed: true},
		"opportunity_scanner": {Running: 2},
	})
	must(t, s.Agents.Record(ctx, "seo", true, 0, day))
	if value(s.Agents.Metrics(ctx))(t)["seo"].LastFailed {
		t.Error("LastFailed after a success, want false")
	}
}

func testMeta(t *testing.T, s *store.Store) {
	ctx := t.Context()
	if _, ok, err := s.Meta.Get(ctx, "k"); ok || err != nil {
		t.Errorf("unknown key: %v, %v, want false", ok, err)
	}
	for _, v := range []string{"one", "", "zwö"} {
		must(t, s.Meta.Set(ctx, "k", v))
		if got, ok, err := s.Meta.Get(ctx, "k"); got != v || !ok || err != nil {
			t.Errorf("got %q, %v, %v, want %q", got, ok, err, v)
		}
	}
}

func testWorkers(t *testing.T, s *store.Store) {
	ctx := t.Context()
	must(t, s.Workers.Beat(ctx, "w1", day))
	must(t, s.Workers.Beat(ctx, "w2", day))
	must(t, s.Workers.Beat(ctx, "w2", day.Add(time.Minute)))
	limit := day.Add(time.Minute)
	wantEqual(t, value(s.Workers.Expired(ctx, limit))(t), []string{"w1"})
	wantEqual(t, value(s.Workers.Live(ctx, limit))(t), []string{"w2"})
	must(t, s.Workers.Remove(ctx, "w1"))
	must(t, s.Workers.Remove(ctx, "w1"))
	wantEqual(t, value(s.Workers.Expired(ctx, limit))(t), []string{})
}
