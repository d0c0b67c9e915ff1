package storetest

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/store"
)

func testRuns(t *testing.T, s *store.Store) {
	ctx := t.Context()
	w := insertWebsite(t, s, "keys")
	run := insertRun(t, s, "a", day)
	wantEqual(t, value(s.Runs.Get(ctx, run.ID))(t), run)
	events := value(s.Events.List(ctx, run.ID, 0, 10))(t)
	if len(events) != 1 || events[0].Type != "run.created" || events[0].Seq != 1 || !events[0].At.Equal(day) {
		t.Errorf("events = %+v, want run.created", events)
	}
	inline := &domain.Run{
		ID: "run_i", Tenant: "acme", Priority: domain.RunHigh, Pipeline: "inline", Version: 1, State: domain.StateQueued, WebsiteID: w.ID, CreatedAt: day,
		Stages: []domain.Stage{{Name: "s", Agent: "a", Task: domain.TaskSpec{Type: "x", Params: json.RawMessage(`{"a":1}`)}}},
	}
	must(t, s.Runs.Insert(ctx, inline))
	wantEqual(t, value(s.Runs.Get(ctx, "run_i"))(t), inline)

	queued, running := []domain.RunState{domain.StateQueued}, []domain.RunState{domain.StateRunning, domain.StateWaiting}
	set := func(from []domain.RunState, to domain.RunState, e *domain.RunError, at time.Time, want bool) {
		t.Helper()
		if ok := value(s.Runs.SetState(ctx, run.ID, from, to, e, at))(t); ok != want {
			t.Errorf("SetState to %s = %v, want %v", to, ok, want)
		}
	}
	failure := &domain.RunError{Step: "scan", Code: domain.CodeTimeout, Message: "It took too long."}
	set(running, domain.StateCompleted, nil, day, false)
	set(queued, domain.StateRunning, nil, day.Add(time.Second), true)
	set(running, domain.StateWaiting, nil, day.Add(2*time.Second), true)
	set(running, domain.StateRunning, nil, day.Add(3*time.Second), true)
	set(running, domain.StateFailed, failure, day.Add(4*time.Second), true)
	got := value(s.Runs.Get(ctx, run.ID))(t)
	run.State, run.Error, run.StartedAt, run.FinishedAt = domain.StateFailed, failure, ptr(day.Add(time.Second)), ptr(day.Add(4*time.Second))
	wantEqual(t, got, run)
	set([]domain.RunState{domain.StateFailed}, domain.StateRunning, nil, day.Add(5*time.Second), true)
	run.State, run.Error, run.FinishedAt = domain.StateRunning, nil, nil
	wantEqual(t, value(s.Runs.Get(ctx, run.ID))(t), run)
	set(nil, domain.StateFailed, nil, day, false)

	must(t, s.Runs.SetWebsite(ctx, run.ID, w.ID))
	if got := value(s.Runs.Get(ctx, run.ID))(t).WebsiteID; got != w.ID {
		t.Errorf("website = %q, want %q", got, w.ID)
	}
	wantCode(t, s.Runs.SetWebsite(ctx, run.ID, "site_x"), domain.CodeConflict)
	must(t, s.Websites.Delete(ctx, w.ID))
	if got := value(s.Runs.Get(ctx, run.ID))(t).WebsiteID; got != "" {
		t.Errorf("website = %q after it was deleted, want none", got)
	}
	wantCode(t, s.Runs.SetWebsite(ctx, "run_x", ""), domain.CodeNotFound)
	_, err := s.Runs.SetState(ctx, "run_x", queued, domain.StateRunning, nil, day)
	wantCode(t, err, domain.CodeNotFound)
	_, err = s.Runs.Get(ctx, "run_x")
	wantCode(t, err, domain.CodeNotFound)
}

func testRunList(t *testing.T, s *store.Store) {
	ctx := t.Context()
	w := insertWebsite(t, s, "keys")
	for i, name := range []string{"a", "b", "c", "d"} {
		run := insertRun(t, s, name, day.Add(time.Duration(i)*time.Microsecond))
		step := run.Steps[0].ID
		attempt, _, err := s.Steps.Begin(ctx, step, "w1", day)
		must(t, err)
		value(s.Steps.Finish(ctx, step, attempt, domain.StateCompleted, json.RawMessage(`{"big": true}`), nil, day))(t)
	}
	value(s.Runs.SetState(ctx, "run_b", []domain.RunState{domain.StateQueued}, domain.StateCancelled, nil, day))(t)
	must(t, s.Runs.SetWebsite(ctx, "run_c", w.ID))
	must(t, s.Runs.SetWebsite(ctx, "run_b", w.ID))
	for _, tt := range []struct {
		name   string
		filter domain.RunFilter
		window domain.Window
		want   []domain.RunID
		total  int
	}{
		{"all", domain.RunFilter{}, window(10, 0), []domain.RunID{"run_d", "run_c", "run_b", "run_a"}, 4},
		{"window", domain.RunFilter{}, window(2, 1), []domain.RunID{"run_c", "run_b"}, 4},
		{"state", domain.RunFilter{State: domain.StateCancelled}, window(10, 0), []domain.RunID{"run_b"}, 1},
		{"website", domain.RunFilter{WebsiteID: w.ID}, window(10, 0), []domain.RunID{"run_c", "run_b"}, 2},
		{"both", domain.RunFilter{WebsiteID: w.ID, State: domain.StateQueued}, window(10, 0), []domain.RunID{"run_c"}, 1},
		{"none", domain.RunFilter{State: domain.StateFailed}, window(10, 0), nil, 0},
	} {
		runs, total, err := s.Runs.List(ctx, tt.filter, tt.window)
		must(t, err)
		var ids []domain.RunID
		for _, r := range runs {
			ids = append(ids, r.ID)
			if len(r.Steps) != 3 || r.Steps[0].Name != "scan" || r.Steps[0].State != domain.StateCompleted || r.Steps[0].Result != nil {
				t.Errorf("%s: run %s has steps %+v", tt.name, r.ID, r.Steps)
			}
		}
		wantEqual(t, ids, tt.want)
		if total != tt.total {
			t.Errorf("%s: total = %d, want %d", tt.name, total, tt.total)
		}
	}
	wantEqual(t, value(s.Runs.Unfinished(ctx))(t), []domain.RunID{"run_a", "run_c", "run_d"})

	insertRun(t, s, "e", day.Add(3*time.Hour))
	value(s.Runs.SetState(ctx, "run_d", []domain.RunState{domain.StateQueued}, domain.StateFailed, &domain.RunError{Message: "no"}, day))(t)
	first := domain.HoursSince1970(day)
	hours := []domain.RunHour{{Hour: first, Begun: 4, Failed: 1}, {Hour: first + 3, Begun: 1}}
	wantEqual(t, value(s.Runs.Hours(ctx, "", day))(t), hours)
	wantEqual(t, value(s.Runs.Hours(ctx, domain.DefaultTenant, day.Add(-time.Hour)))(t), hours)
	wantEqual(t, value(s.Runs.Hours(ctx, domain.DefaultTenant, day.Add(time.Hour)))(t), hours[1:])
	wantEqual(t, value(s.Runs.Hours(ctx, "acme", day))(t), []domain.RunHour{})
}

// begin opens an attempt that must have this number.
func begin(t *testing.T, s *store.Store, id domain.StepID, worker string, at time.Time, want int) {
	t.Helper()
	attempt, ok, err := s.Steps.Begin(t.Context(), id, worker, at)
	if err != nil || !ok || attempt != want {
		t.Fatalf("Begin = %d, %v, %v, want %d, true", attempt, ok, err, want)
	}
}

func testSteps(t *testing.T, s *store.Store) {
	ctx := t.Context()
	run := insertRun(t, s, "a", day)
	id := run.Steps[0].ID
	begin(t, s, id, "w1", day.Add(time.Second), 1)
	must(t, s.Steps.Progress(ctx, id, 1, 3, 10, "reading"))
	must(t, s.Steps.Progress(ctx, id, 2, 9, 10, "of another attempt"))
	want := run.Steps[0]
	want.State, want.Attempt, want.Done, want.Total, want.Message, want.StartedAt = domain.StateRunning, 1, 3, 10, "reading", ptr(day.Add(time.Second))
	want.ReadyAt = want.StartedAt
	wantEqual(t, value(s.Steps.Get(ctx, id))(t), &want)

	result := json.RawMessage("{\"z\": 1,  \"a\": \"ü\\u00e9 <&>\",\n\"n\": 1.50}")
	if ok := value(s.Steps.Finish(ctx, id, 1, domain.StateCompleted, result, nil, day.Add(2*time.Second)))(t); !ok {
		t.Error("Finish = false, want true")
	}
	got := value(s.Steps.Get(ctx, id))(t)
	if string(got.Result) != string(result) {
		t.Errorf("result = %q, want the bytes %q", got.Result, result)
	}
	want.State, want.Result, want.FinishedAt = domain.StateCompleted, result, ptr(day.Add(2*time.Second))
	wantEqual(t, got, &want)
	if r := value(s.Runs.Get(ctx, run.ID))(t).Steps[0]; string(r.Result) != string(result) {
		t.Errorf("result in the run = %q, want %q", r.Result, result)
	}

	for _, state := range []domain.RunState{domain.StateCompleted, domain.StateWaiting} {
		if _, ok, err := s.Steps.Begin(ctx, id, "w1", day); ok || err != nil {
			t.Errorf("Begin of a %s step = %v, %v, want false", state, ok, err)
		}
	}
	move := func(from []domain.RunState, to domain.RunState, want bool) {
		t.Helper()
		if ok := value(s.Steps.SetState(ctx, run.Steps[1].ID, from, to, day))(t); ok != want {
			t.Errorf("SetState to %s = %v, want %v", to, ok, want)
		}
	}
	move([]domain.RunState{domain.StateRunning}, domain.StateCancelled, false)
	move([]domain.RunState{domain.StateRunning, domain.StateQueued}, domain.StateSkipped, true)
	skipped := value(s.Steps.Get(ctx, run.Steps[1].ID))(t)
	if skipped.State != domain.StateSkipped || skipped.FinishedAt == nil {
		t.Errorf("skipped step = %+v", skipped)
	}
	_, err := s.Steps.Get(ctx, "step_x")
	wantCode(t, err, domain.CodeNotFound)
	_, _, err = s.Steps.Begin(ctx, "step_x", "w1", day)
	wantCode(t, err, domain.CodeNotFound)
	_, err = s.Steps.Finish(ctx, id, 1, domain.StateQueued, nil, nil, day)
	wantCode(t, err, "") // not running: nothing happens
	begin(t, s, run.Steps[2].ID, "w1", day, 1)
	_, err = s.Steps.Finish(ctx, run.Steps[2].ID, 1, domain.StateQueued, nil, nil, day)
	wantCode(t, err, domain.CodeInvalid)
}

func testStepFencing(t *testing.T, s *store.Store) {
	ctx := t.Context()
	run := insertRun(t, s, "a", day)
	id := run.Steps[0].ID
	begin(t, s, id, "w1", day, 1)
	begin(t, s, id, "w2", day.Add(time.Minute), 2)
	if ok := value(s.Steps.Finish(ctx, id, 1, domain.StateCompleted, json.RawMessage(`"old"`), nil, day))(t); ok {
		t.Error("the lost worker's Finish = true, want false")
	}
	if ok := value(s.Steps.Wait(ctx, id, 1, day))(t); ok {
		t.Error("the lost worker's Wait = true, want false")
	}
	failure := &domain.RunError{Step: "scan", Code: domain.CodeUnavailable, Message: "It is down."}
	if ok := value(s.Steps.Finish(ctx, id, 2, domain.StateFailed, nil, failure, day.Add(2*time.Minute)))(t); !ok {
		t.Error("Finish = false, want true")
	}
	if ok := value(s.Steps.Finish(ctx, id, 2, domain.StateCompleted, nil, nil, day))(t); ok {
		t.Error("second Finish = true, want false")
	}
	got := value(s.Steps.Get(ctx, id))(t)
	if got.State != domain.StateFailed || got.Result != nil || got.Attempt != 2 || !got.StartedAt.Equal(day) {
		t.Errorf("step = %+v", got)
	}
	wantEqual(t, got.Error, failure)
	begin(t, s, run.Steps[1].ID, "w3", day, 1)
	wantEqual(t, value(s.Steps.Attempts(ctx, run.ID))(t), []domain.Attempt{
		{StepID: id, Number: 1, Worker: "w1", State: domain.StateFailed, Error: domain.WorkerLost, StartedAt: day, FinishedAt: ptr(day.Add(time.Minute))},
		{
			StepID: id, Number: 2, Worker: "w2", State: domain.StateFailed, Error: "It is down.", Code: domain.CodeUnavailable, StartedAt: day.Add(time.Minute),
			FinishedAt: ptr(day.Add(2 * time.Minute)),
		},
		{StepID: run.Steps[1].ID, Number: 1, Worker: "w3", State: domain.StateRunning, StartedAt: day},
	})
}

func testStepWaiting(t *testing.T, s *store.Store) {
	ctx := t.Context()
	run := insertRun(t, s, "a", day)
	id := run.Steps[0].ID
	resume := func(want bool) {
		t.Helper()
		ok := value(s.Steps.Resume(ctx, id, domain.StateCompleted, json.RawMessage(`{"approved":true}`), nil, day.Add(time.Hour)))(t)
		if ok != want {
			t.Errorf("Resume = %v, want %v", ok, want)
		}
	}
	begin(t, s, id, "w1", day, 1)
	resume(false)
	if ok := value(s.Steps.Wait(ctx, id, 1, day.Add(time.Second)))(t); !ok {
		t.Error("Wait = false, want true")
	}
	got := value(s.Steps.Get(ctx, id))(t)
	if got.State != domain.StateWaiting || got.FinishedAt != nil {
		t.Errorf("waiting step = %+v", got)
	}
	if a := value(s.Steps.Attempts(ctx, run.ID))(t); len(a) != 1 || a[0].State != domain.StateCompleted || !a[0].FinishedAt.Equal(day.Add(time.Second)) {
		t.Errorf("attempts = %+v, want one completed", a)
	}
	if _, ok, err := s.Steps.Begin(ctx, id, "w2", day); ok || err != nil {
		t.Errorf("Begin of a waiting step = %v, %v, want false", ok, err)
	}
	resume(true)
	resume(false)
	got = value(s.Steps.Get(ctx, id))(t)
	if got.State != domain.StateCompleted || string(got.Result) != `{"approved":true}` || !got.FinishedAt.Equal(day.Add(time.Hour)) {
		t.Errorf("resumed step = %+v", got)
	}
}

func testStepRequeue(t *testing.T, s *store.Store) {
	ctx := t.Context()
	run := insertRun(t, s, "a", day)
	id := run.Steps[0].ID
	requeue := func(want bool) {
		t.Helper()
		if ok := value(s.Steps.Requeue(ctx, id, day.Add(time.Hour)))(t); ok != want {
			t.Errorf("Requeue = %v, want %v", ok, want)
		}
	}
	requeue(false)
	begin(t, s, id, "w1", day, 1)
	must(t, s.Steps.Progress(ctx, id, 1, 1, 2, "half"))
	value(s.Steps.Finish(ctx, id, 1, domain.StateFailed, nil, &domain.RunError{Message: "no"}, day))(t)
	requeue(true)
	want := run.Steps[0]
	want.Attempt, want.ReadyAt = 1, ptr(day)
	wantEqual(t, value(s.Steps.Get(ctx, id))(t), &want)
	begin(t, s, id, "w1", day, 2)
	requeue(true)
	begin(t, s, id, "w1", day, 3)
	if ok := value(s.Steps.SetState(ctx, id, []domain.RunState{domain.StateRunning}, domain.StateCancelled, day))(t); !ok {
		t.Error("SetState = false, want true")
	}
	requeue(true)
	var states []string
	for _, a := range value(s.Steps.Attempts(ctx, run.ID))(t) {
		states = append(states, fmt.Sprint(a.State, " ", a.Error))
	}
	wantEqual(t, states, []string{"failed no", "failed " + domain.WorkerLost, "cancelled "})
	begin(t, s, id, "w1", day, 4)
	value(s.Steps.Finish(ctx, id, 4, domain.StateCompleted, nil, nil, day))(t)
	requeue(false)
}

// testConcurrentRun: cancelling a run while its steps are worked on neither blocks
// for good nor lets two workers finish the same attempt.
func testConcurrentRun(t *testing.T, s *store.Store) {
	active := []domain.RunState{domain.StateQueued, domain.StateRunning}
	for round := range 5 {
		run := insertRun(t, s, fmt.Sprint(round), day)
		id := run.Steps[0].ID
		begin(t, s, id, "w", day, 1)
		var mu sync.Mutex
		ended := 0
		var wg sync.WaitGroup
		finish := func(ctx context.Context) (bool, error) {
			ok, err := s.Steps.Finish(ctx, id, 1, domain.StateCompleted, json.RawMessage(`1`), nil, day)
			if err != nil || !ok {
				return false, err
			}
			return true, s.Events.Append(ctx, domain.RunEvent{RunID: run.ID, Type: "step.completed", At: day})
		}
		cancel := func(ctx context.Context) (bool, error) {
			if _, err := s.Runs.SetState(ctx, run.ID, active, domain.StateCancelled, nil, day); err != nil {
				return false, err
			}
			return s.Steps.SetState(ctx, id, active, domain.StateCancelled, day)
		}
		for _, work := range []func(context.Context) (bool, error){finish, cancel, finish, cancel} {
			wg.Go(func() {
				var ok bool
				err := s.InTx(t.Context(), func(ctx context.Context) (err error) {
					ok, err = work(ctx)
					return err
				})
				if err != nil {
					t.Errorf("round %d: %v", round, err)
				}
				mu.Lock()
				defer mu.Unlock()
				if ok {
					ended++
				}
			})
		}
		wg.Wait()
		if ended != 1 {
			t.Errorf("round %d: the step was ended %d times, want once", round, ended)
		}
	}
}

func testEvents(t *testing.T, s *store.Store) {
	ctx := t.Context()
	a, b := insertRun(t, s, "a", day), insertRun(t, s, "b", day)
	e := domain.RunEvent{RunID: a.ID, Type: "step.started", Step: "scan", Data: json.RawMessage(`{"b": 1}`), At: day}
	must(t, s.Events.Append(ctx, e))
	must(t, s.Events.Append(ctx, domain.RunEvent{RunID: a.ID, Type: "step.completed", At: day}))
	must(t, s.Events.Append(ctx, domain.RunEvent{RunID: b.ID, Type: "step.started", At: day}))
	e.Seq = 2
	wantEqual(t, value(s.Events.List(ctx, a.ID, 1, 1))(t), []domain.RunEvent{e})
	if got := value(s.Events.List(ctx, a.ID, 0, 0))(t); len(got) != 3 {
		t.Errorf("got %d events, want 3", len(got))
	}
	if got := value(s.Events.List(ctx, b.ID, 1, 10))(t); len(got) != 1 || got[0].Seq != 2 {
		t.Errorf("events of the other run = %+v, want one with seq 2", got)
	}
	wantCode(t, s.Events.Append(ctx, domain.RunEvent{RunID: "run_x", At: day}), domain.CodeNotFound)
}
