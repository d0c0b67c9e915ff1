package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
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

func insertApproval(t *testing.T, s *store.Store, run *domain.Run, id domain.ApprovalID, at time.Time) *domain.Approval {
	t.Helper()
	a := &domain.Approval{
		ID: id, Tenant: "main", RunID: run.ID, Step: "approve", WebsiteID: "site_a", Kind: "publish_release", Title: "Publish?",
		Payload: json.RawMessage(`{"release": "` + string(id) + `"}`), State: domain.ApprovalPending, CreatedAt: at,
	}
	must(t, s.Approvals.Insert(t.Context(), a))
	return a
}

func testApprovals(t *testing.T, s *store.Store) {
	ctx := t.Context()
	run, other := insertRun(t, s, "a", day), insertRun(t, s, "b", day)
	a := insertApproval(t, s, run, "appr_1", day)
	if len(a.PayloadHash) != 64 {
		t.Errorf("payload hash = %q, want 64 digits", a.PayloadHash)
	}
	wantEqual(t, value(s.Approvals.Get(ctx, "appr_1"))(t), a)
	forged := *a
	forged.ID, forged.PayloadHash = "appr_x", strings.Repeat("0", 64)
	wantCode(t, s.Approvals.Insert(ctx, &forged), domain.CodeInvalid)
	forged.PayloadHash, forged.State = "", domain.ApprovalApproved
	wantCode(t, s.Approvals.Insert(ctx, &forged), domain.CodeInvalid)
	forged.State, forged.RunID = domain.ApprovalPending, "run_x"
	wantCode(t, s.Approvals.Insert(ctx, &forged), domain.CodeConflict)
	insertApproval(t, s, run, "appr_2", day.Add(time.Second))
	insertApproval(t, s, other, "appr_3", day.Add(2*time.Second))

	at := day.Add(time.Hour)
	decided := value(s.Approvals.Decide(ctx, "appr_1", domain.ApprovalApproved, "user_a", "fine", at))(t)
	a.State, a.ActorID, a.Reason, a.DecidedAt, a.Hash = domain.ApprovalApproved, "user_a", "fine", &at, decided.Hash
	wantEqual(t, decided, a)
	wantEqual(t, value(s.Approvals.Get(ctx, "appr_1"))(t), a)
	_, err := s.Approvals.Decide(ctx, "appr_1", domain.ApprovalRejected, "user_b", "no", at)
	wantCode(t, err, domain.CodeConflict)
	wantEqual(t, value(s.Approvals.Get(ctx, "appr_1"))(t), a)

	voided := value(s.Approvals.VoidByRun(ctx, run.ID, at))(t)
	if len(voided) != 1 || voided[0].ID != "appr_2" {
		t.Fatalf("voided %+v, want appr_2", voided)
	}
	wantEqual(t, value(s.Approvals.Get(ctx, "appr_2"))(t), &voided[0])
	if again := value(s.Approvals.VoidByRun(ctx, run.ID, at))(t); len(again) != 0 {
		t.Errorf("voided %+v again", again)
	}
	_, err = s.Approvals.VoidByRun(ctx, "run_x", at)
	wantCode(t, err, domain.CodeNotFound)
	_, err = s.Approvals.Decide(ctx, "appr_2", domain.ApprovalApproved, "user_a", "", at)
	wantCode(t, err, domain.CodeConflict)
	_, err = s.Approvals.Decide(ctx, "appr_3", domain.ApprovalVoid, "user_a", "", at)
	wantCode(t, err, domain.CodeInvalid)
	_, err = s.Approvals.Decide(ctx, "appr_3", domain.ApprovalApproved, "", "", at)
	wantCode(t, err, domain.CodeInvalid)
	_, err = s.Approvals.Decide(ctx, "appr_x", domain.ApprovalApproved, "user_a", "", at)
	wantCode(t, err, domain.CodeNotFound)
	for state, want := range map[domain.ApprovalState][]domain.ApprovalID{
		"": {"appr_3", "appr_2", "appr_1"}, domain.ApprovalPending: {"appr_3"}, domain.ApprovalVoid: {"appr_2"},
		domain.ApprovalApproved: {"appr_1"}, domain.ApprovalRejected: {},
	} {
		list, total, err := s.Approvals.List(ctx, domain.ApprovalFilter{State: state}, window(10, 0))
		must(t, err)
		ids := []domain.ApprovalID{}
		for _, a := range list {
			ids = append(ids, a.ID)
		}
		wantEqual(t, ids, want)
		if total != len(want) {
			t.Errorf("%d approvals are %q, want %d", total, state, len(want))
		}
	}
	must(t, s.Approvals.VerifyLog(ctx))
}

// testApprovalLog: whatever is changed behind the store's back is found.
func testApprovalLog(t *testing.T, s *store.Store) {
	ctx := t.Context()
	run := insertRun(t, s, "a", day)
	must(t, s.Approvals.VerifyLog(ctx))
	for i, state := range []domain.ApprovalState{domain.ApprovalRejected, domain.ApprovalApproved, domain.ApprovalApproved} {
		a := insertApproval(t, s, run, domain.ApprovalID(fmt.Sprintf("appr_%d", 3-i)), day)
		value(s.Approvals.Decide(ctx, a.ID, state, "user_a", "ok", day.Add(time.Duration(i)*time.Second+999)))(t)
	}
	var order []domain.ApprovalID
	for _, a := range value(s.Approvals.Log(ctx))(t) {
		order = append(order, a.ID)
	}
	wantEqual(t, order, []domain.ApprovalID{"appr_3", "appr_2", "appr_1"})
	must(t, s.Approvals.VerifyLog(ctx))

	undo := errors.New("undo")
	for name, tamper := range map[string]string{
		"state":        `UPDATE approvals SET state = 'approved' WHERE id = 'appr_3'`,
		"actor":        `UPDATE approvals SET actor_id = 'user_b' WHERE id = 'appr_2'`,
		"reason":       `UPDATE approvals SET reason = '' WHERE id = 'appr_1'`,
		"payload":      `UPDATE approvals SET payload = '{}' WHERE id = 'appr_2'`,
		"time":         `UPDATE approvals SET decided_at = created_at WHERE id = 'appr_1'`,
		"hash":         `UPDATE approvals SET hash = payload_hash WHERE id = 'appr_1'`,
		"first_gone":   `DELETE FROM approvals WHERE id = 'appr_3'`,
		"middle_gone":  `DELETE FROM approvals WHERE id = 'appr_2'`,
		"last_gone":    `DELETE FROM approvals WHERE id = 'appr_1'`,
		"undecided":    `UPDATE approvals SET state = 'pending', chain_seq = NULL WHERE id = 'appr_1'`,
		"other_number": `UPDATE approvals SET chain_seq = 7 WHERE id = 'appr_1'`,
	} {
		err := s.InTx(ctx, func(ctx context.Context) error {
			if err := execIn(ctx, tamper); err != nil {
				return err
			}
			if got := domain.CodeOf(s.Approvals.VerifyLog(ctx)); got != domain.CodeConflict {
				t.Errorf("%s: VerifyLog = %q, want %q", name, got, domain.CodeConflict)
			}
			return undo
		})
		if !errors.Is(err, undo) {
			t.Errorf("%s: %v", name, err)
		}
	}
	must(t, s.Approvals.VerifyLog(ctx))
}

func testConcurrentDecisions(t *testing.T, s *store.Store) {
	run := insertRun(t, s, "a", day)
	const n = 12
	for i := range n {
		insertApproval(t, s, run, domain.ApprovalID(fmt.Sprintf("appr_%d", i)), day)
	}
	var mu sync.Mutex
	made := 0
	var wg sync.WaitGroup
	for i := range 2 * n { // each is decided twice
		wg.Go(func() {
			_, err := s.Approvals.Decide(t.Context(), domain.ApprovalID(fmt.Sprintf("appr_%d", i%n)), domain.ApprovalApproved, "user_a", "", day)
			if code := domain.CodeOf(err); code != "" && code != domain.CodeConflict {
				t.Errorf("decision %d: %v", i, err)
			}
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				made++
			}
		})
	}
	wg.Wait()
	if made != n || len(value(s.Approvals.Log(t.Context()))(t)) != n {
		t.Errorf("%d decisions were made, want %d", made, n)
	}
	must(t, s.Approvals.VerifyLog(t.Context()))
}

// testConcurrentApproval: a decision that resumes the run and a cancellation that
// voids the approval meet; one of them wins, whole.
func testConcurrentApproval(t *testing.T, s *store.Store) {
	active := []domain.RunState{domain.StateQueued, domain.StateRunning, domain.StateWaiting}
	for round := range 8 {
		run := insertRun(t, s, fmt.Sprint(round), day)
		step := run.Steps[0].ID
		begin(t, s, step, "w", day, 1)
		value(s.Steps.Wait(t.Context(), step, 1, day))(t)
		a := insertApproval(t, s, run, domain.ApprovalID(fmt.Sprint("appr_", round)), day)
		var wg sync.WaitGroup
		wg.Go(func() {
			err := s.InTx(t.Context(), func(ctx context.Context) error {
				if _, err := s.Approvals.Decide(ctx, a.ID, domain.ApprovalApproved, "user_a", "", day); err != nil {
					return err
				}
				_, err := s.Steps.Resume(ctx, step, domain.StateCompleted, nil, nil, day)
				return err
			})
			if code := domain.CodeOf(err); code != "" && code != domain.CodeConflict {
				t.Errorf("round %d: decision: %v", round, err)
			}
		})
		wg.Go(func() {
			err := s.InTx(t.Context(), func(ctx context.Context) error {
				if _, err := s.Runs.SetState(ctx, run.ID, active, domain.StateCancelled, nil, day); err != nil {
					return err
				}
				if _, err := s.Steps.SetState(ctx, step, active, domain.StateCancelled, day); err != nil {
					return err
				}
				_, err := s.Approvals.VoidByRun(ctx, run.ID, day)
				return err
			})
			if err != nil {
				t.Errorf("round %d: cancellation: %v", round, err)
			}
		})
		wg.Wait()
		want := map[domain.ApprovalState]domain.RunState{domain.ApprovalApproved: domain.StateCompleted, domain.ApprovalVoid: domain.StateCancelled}
		approval, got := value(s.Approvals.Get(t.Context(), a.ID))(t).State, value(s.Steps.Get(t.Context(), step))(t).State
		if want[approval] != got {
			t.Errorf("round %d: approval is %s and step %s", round, approval, got)
		}
	}
	must(t, s.Approvals.VerifyLog(t.Context()))
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
