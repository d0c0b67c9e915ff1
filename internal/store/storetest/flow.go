package storetest

import (
	"context"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/store"
)

func testStepFlow(t *testing.T, s *store.Store) {
	ctx := t.Context()
	run := insertRun(t, s, "a", day)
	id := run.Steps[0].ID
	is := func(what string, want bool) func(bool, error) {
		return func(got bool, err error) {
			t.Helper()
			if err != nil || got != want {
				t.Errorf("%s = %v, %v, want %v", what, got, err, want)
			}
		}
	}
	is("Ready", true)(s.Steps.Ready(ctx, id, day))
	is("second Ready", false)(s.Steps.Ready(ctx, id, day.Add(time.Second)))
	is("Wake of a queued step", false)(s.Steps.Wake(ctx, id))
	is("Reset of a queued step", false)(s.Steps.Reset(ctx, id))
	begin(t, s, id, "w1", day, 1)
	broke := &domain.RunError{Step: "scan", Code: domain.CodeBudgetExhausted, Message: "The budget is spent."}
	is("Pause of another attempt", false)(s.Steps.Pause(ctx, id, 2, broke, day))
	is("Pause", true)(s.Steps.Pause(ctx, id, 1, broke, day))
	got := value(s.Steps.Get(ctx, id))(t)
	if got.State != domain.StateWaiting || got.ReadyAt != nil {
		t.Errorf("paused step = %+v", got)
	}
	wantEqual(t, got.Error, broke)
	if a := value(s.Steps.Attempts(ctx, run.ID))(t); len(a) != 1 || a[0].Code != domain.CodeBudgetExhausted || a[0].State != domain.StateFailed {
		t.Errorf("attempts = %+v, want one that failed with the code", a)
	}
	is("Wake", true)(s.Steps.Wake(ctx, id))
	is("Ready after Wake", true)(s.Steps.Ready(ctx, id, day.Add(time.Minute)))
	begin(t, s, id, "w1", day, 2)
	state, attempt, err := s.Steps.Current(ctx, id)
	if err != nil || state != domain.StateRunning || attempt != 2 {
		t.Errorf("Current = %s, %d, %v", state, attempt, err)
	}
	value(s.Steps.Finish(ctx, id, 2, domain.StateCompleted, json.RawMessage(`{"n":1}`), nil, day))(t)
	wantEqual(t, value(s.Steps.Results(ctx, run.ID))(t), map[string]json.RawMessage{"scan": json.RawMessage(`{"n":1}`)})
	is("Reset", true)(s.Steps.Reset(ctx, id))
	want := run.Steps[0]
	want.Attempt = 2
	wantEqual(t, value(s.Steps.Get(ctx, id))(t), &want)
	_, _, err = s.Steps.Current(ctx, "step_x")
	wantCode(t, err, domain.CodeNotFound)
}

func testStepUndo(t *testing.T, s *store.Store) {
	ctx := t.Context()
	run := insertRun(t, s, "a", day)
	id := run.Steps[0].ID
	if value(s.Steps.QueueUndo(ctx, id))(t) {
		t.Error("a step that has not completed is compensated")
	}
	begin(t, s, id, "w1", day, 1)
	value(s.Steps.Finish(ctx, id, 1, domain.StateCompleted, nil, nil, day))(t)
	if n := value(s.Steps.BeginUndo(ctx, id))(t); n != 0 {
		t.Errorf("BeginUndo of what is not queued = %d, want 0", n)
	}
	if !value(s.Steps.QueueUndo(ctx, id))(t) || value(s.Steps.QueueUndo(ctx, id))(t) {
		t.Error("QueueUndo must work once")
	}
	for want := 1; want <= 2; want++ { // the second worker takes over
		if n := value(s.Steps.BeginUndo(ctx, id))(t); n != want {
			t.Errorf("BeginUndo = %d, want %d", n, want)
		}
	}
	failure := &domain.RunError{Step: "scan", Code: domain.CodeUnavailable, Message: "It is down."}
	if value(s.Steps.EndUndo(ctx, id, 1, domain.StateCompleted, nil))(t) {
		t.Error("an overtaken attempt ended the compensation")
	}
	if !value(s.Steps.EndUndo(ctx, id, 2, domain.StateFailed, failure))(t) {
		t.Error("EndUndo = false, want true")
	}
	got := value(s.Steps.Get(ctx, id))(t)
	if got.State != domain.StateCompleted || got.Undo != domain.StateFailed || got.UndoAttempt != 2 {
		t.Errorf("step = %+v", got)
	}
	wantEqual(t, got.UndoError, failure)
}

func testRunFamily(t *testing.T, s *store.Store) {
	ctx := t.Context()
	top := insertRun(t, s, "a", day)
	child := &domain.Run{
		ID: "run_c", Tenant: "main", Pipeline: "p", Version: 1, State: domain.StateQueued, Priority: domain.RunLow, CreatedAt: day,
		ParentRun: top.ID, ParentStep: top.Steps[0].ID, Depth: 1,
	}
	must(t, s.Runs.Insert(ctx, child))
	wantEqual(t, value(s.Runs.Get(ctx, child.ID))(t), child)
	wantEqual(t, value(s.Runs.Parent(ctx, child.ID))(t), top.ID)
	wantEqual(t, value(s.Runs.Parent(ctx, top.ID))(t), domain.RunID(""))
	wantEqual(t, value(s.Runs.Children(ctx, top.ID))(t), []domain.RunID{child.ID})
	value(s.Runs.SetState(ctx, child.ID, []domain.RunState{domain.StateQueued}, domain.StateCompleted, nil, day))(t)
	wantEqual(t, value(s.Runs.Children(ctx, top.ID))(t), []domain.RunID{})
	locked := value(s.Runs.Lock(ctx, top.ID))(t)
	if len(locked.Steps) != 3 || locked.State != domain.StateQueued {
		t.Errorf("locked run = %+v", locked)
	}
	_, err := s.Runs.Lock(ctx, "run_x")
	wantCode(t, err, domain.CodeNotFound)
	_, err = s.Runs.Parent(ctx, "run_x")
	wantCode(t, err, domain.CodeNotFound)
}

func testSlots(t *testing.T, s *store.Store) {
	ctx := t.Context()
	run := insertRun(t, s, "a", day)
	limits := []domain.Limit{{Key: "site:1", Concurrency: 1, PerMinute: 2}}
	for i, name := range []string{"late", "early"} {
		at := day.Add(time.Duration(-i) * time.Minute)
		must(t, s.Slots.Insert(ctx, &domain.Slot{
			ID: "slot_" + name, StepID: run.Steps[i].ID, RunID: run.ID, Limits: limits, ReadyAt: day, OrderAt: at, BlockedOn: "site:1",
		}))
	}
	if list := value(s.Slots.List(ctx))(t); len(list) != 2 || list[0].ID != "slot_early" || list[0].Live || list[0].Held {
		t.Errorf("slots of steps that are not ready = %+v", list)
	}
	value(s.Steps.Ready(ctx, run.Steps[0].ID, day))(t)
	value(s.Steps.Ready(ctx, run.Steps[1].ID, day))(t)
	list := value(s.Slots.List(ctx))(t)
	wantEqual(t, list[0], domain.Slot{
		ID: "slot_early", StepID: run.Steps[1].ID, RunID: run.ID, Limits: limits, ReadyAt: day, OrderAt: day.Add(-time.Minute), BlockedOn: "site:1", Live: true,
	})
	if st := value(s.Runs.Show(ctx, run.ID))(t).Steps; st[0].BlockedOn != "site:1" || st[2].BlockedOn != "" {
		t.Errorf("blocked on %q and %q", st[0].BlockedOn, st[2].BlockedOn)
	}
	must(t, s.InTx(ctx, s.Slots.Lock))
	must(t, s.Slots.Admit(ctx, "slot_early", day.Add(time.Second)))
	must(t, s.Slots.Block(ctx, "slot_late", "site:1 is full", ptr(day.Add(time.Minute))))
	list = value(s.Slots.List(ctx))(t)
	if !list[0].Held || list[0].Live || !list[0].AdmittedAt.Equal(day.Add(time.Second)) || !list[1].WakeAt.Equal(day.Add(time.Minute)) {
		t.Errorf("slots = %+v", list)
	}
	begin(t, s, run.Steps[1].ID, "w", day, 1)
	if !value(s.Slots.List(ctx))(t)[0].Held {
		t.Error("a running step holds nothing")
	}
	value(s.Steps.Finish(ctx, run.Steps[1].ID, 1, domain.StateCompleted, nil, nil, day))(t)
	if value(s.Slots.List(ctx))(t)[0].Held {
		t.Error("a completed step holds its place")
	}
	runs, _, err := s.Runs.List(ctx, domain.RunFilter{}, window(10, 0))
	must(t, err)
	if got := runs[0].Steps[0].BlockedOn; got != "site:1 is full" {
		t.Errorf("blocked on %q in the list", got)
	}
	must(t, s.Slots.Delete(ctx, []string{"slot_early"}))
	must(t, s.Slots.Delete(ctx, nil))
	if n := len(value(s.Slots.List(ctx))(t)); n != 1 {
		t.Errorf("%d slots, want 1", n)
	}
}

func testPipelines(t *testing.T, s *store.Store) {
	ctx := t.Context()
	add := func(tenant domain.TenantID, name, source string) *domain.CustomPipeline {
		t.Helper()
		p := &domain.CustomPipeline{Tenant: tenant, Name: name, Source: source, CreatedBy: "user_a", CreatedAt: day}
		must(t, s.Pipelines.Insert(ctx, p))
		return p
	}
	one, two := add("main", "b", "steps: 1"), add("main", "b", "steps: 2")
	add("acme", "b", "other")
	first := add("main", "a", "x")
	if one.Version != 1 || two.Version != 2 || first.Version != 1 {
		t.Errorf("versions %d, %d, %d", one.Version, two.Version, first.Version)
	}
	wantEqual(t, value(s.Pipelines.Get(ctx, "main", "b", 0))(t), two)
	wantEqual(t, value(s.Pipelines.Get(ctx, "main", "b", 1))(t), one)
	wantEqual(t, value(s.Pipelines.List(ctx, "main"))(t), []domain.CustomPipeline{*first, *two})
	must(t, s.Pipelines.Delete(ctx, "main", "b", day))
	wantCode(t, s.Pipelines.Delete(ctx, "main", "b", day), domain.CodeNotFound)
	_, err := s.Pipelines.Get(ctx, "main", "b", 0)
	wantCode(t, err, domain.CodeNotFound)
	if p := value(s.Pipelines.Get(ctx, "main", "b", 2))(t); p.DeletedAt == nil || p.Source != "steps: 2" {
		t.Errorf("the version of a deleted pipeline = %+v", p)
	}
	wantEqual(t, value(s.Pipelines.List(ctx, "main"))(t), []domain.CustomPipeline{*first})
	if three := add("main", "b", "steps: 3"); three.Version != 3 {
		t.Errorf("version after deletion = %d, want 3", three.Version)
	}
	if p := value(s.Pipelines.Get(ctx, "acme", "b", 0))(t); p.Source != "other" {
		t.Errorf("the other tenant's = %+v", p)
	}
}

func testSchedules(t *testing.T, s *store.Store) {
	ctx := t.Context()
	c := &domain.Schedule{
		ID: "sched_1", Tenant: "main", Name: "nightly", Pipeline: "p", Params: json.RawMessage(`{"a":1}`), Cron: "0 3 * * *", TimeZone: "Europe/Berlin",
		Overlap: domain.OverlapSkip, Priority: domain.RunLow, Enabled: true, OwnerID: "user_a", NextAt: ptr(day), CreatedAt: day, UpdatedAt: day,
	}
	must(t, s.Schedules.Insert(ctx, c))
	wantEqual(t, value(s.Schedules.Get(ctx, c.ID))(t), c)
	twin := *c
	twin.ID = "sched_2"
	wantCode(t, s.Schedules.Insert(ctx, &twin), domain.CodeConflict)
	twin.Name, twin.Cron, twin.Every, twin.NextAt = "often", "", 90*time.Second, ptr(day.Add(time.Hour))
	must(t, s.Schedules.Insert(ctx, &twin))
	wantEqual(t, value(s.Schedules.Due(ctx, day))(t), []domain.ScheduleID{"sched_1"})
	wantEqual(t, value(s.Schedules.Due(ctx, day.Add(-time.Microsecond)))(t), []domain.ScheduleID{})
	twin.Pending, twin.LastAt, twin.LastRun, twin.LastError, twin.Enabled = true, ptr(day), "run_1", "Why not.", false
	must(t, s.Schedules.Update(ctx, &twin))
	wantEqual(t, value(s.Schedules.Hold(ctx, twin.ID))(t), &twin)
	wantEqual(t, value(s.Schedules.Due(ctx, day.Add(-time.Hour)))(t), []domain.ScheduleID{"sched_2"})
	list, total, err := s.Schedules.List(ctx, "main", window(10, 0))
	must(t, err)
	if total != 2 || list[0].Name != "nightly" || list[1].Every != 90*time.Second {
		t.Errorf("list = %+v, %d", list, total)
	}
	twin.Name = "nightly"
	wantCode(t, s.Schedules.Update(ctx, &twin), domain.CodeConflict)
	must(t, s.Schedules.Delete(ctx, twin.ID))
	wantCode(t, s.Schedules.Delete(ctx, twin.ID), domain.CodeNotFound)
	wantCode(t, s.Schedules.Update(ctx, &twin), domain.CodeNotFound)
	_, err = s.Schedules.Get(ctx, twin.ID)
	wantCode(t, err, domain.CodeNotFound)

	// Of several that want to change one, each sees what the others did.
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			err := s.InTx(ctx, func(ctx context.Context) error {
				held, err := s.Schedules.Hold(ctx, c.ID)
				if err != nil {
					return err
				}
				held.LastError += "x"
				return s.Schedules.Update(ctx, held)
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := value(s.Schedules.Get(ctx, c.ID))(t).LastError; got != "xxxxxxxx" {
		t.Errorf("marks = %q, want eight", got)
	}
}
