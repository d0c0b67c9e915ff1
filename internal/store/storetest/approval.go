package storetest

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/store"
)

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
	wantSound(t, s)
}

// testApprovalTimes: an approval is due when its time is over and expires once.
func testApprovalTimes(t *testing.T, s *store.Store) {
	ctx := t.Context()
	run := insertRun(t, s, "a", day)
	for i, id := range []domain.ApprovalID{"appr_2", "appr_1", "appr_never", "appr_decided"} {
		a := &domain.Approval{
			ID: id, RunID: run.ID, Step: "approve", Kind: domain.ApproveStep, Title: "Go on?", Payload: json.RawMessage(`{}`), State: domain.ApprovalPending,
			RequesterID: "user_a", FourEyes: i%2 == 0, CreatedAt: day,
		}
		if id != "appr_never" {
			a.ExpiresAt = ptr(day.Add(time.Duration(2-i%2) * time.Hour))
		}
		must(t, s.Approvals.Insert(ctx, a))
		a.Tenant = domain.DefaultTenant
		wantEqual(t, value(s.Approvals.Get(ctx, id))(t), a)
	}
	value(s.Approvals.Decide(ctx, "appr_decided", domain.ApprovalApproved, "user_b", "", day))(t)
	for after, want := range map[time.Duration][]domain.ApprovalID{
		time.Hour - time.Microsecond: {}, time.Hour: {"appr_1"}, 3 * time.Hour: {"appr_1", "appr_2"},
	} {
		wantEqual(t, value(s.Approvals.Due(ctx, day.Add(after), 10))(t), want)
	}
	wantEqual(t, value(s.Approvals.Due(ctx, day.Add(3*time.Hour), 1))(t), []domain.ApprovalID{"appr_1"})

	at := day.Add(time.Hour + time.Nanosecond)
	expired := value(s.Approvals.Expire(ctx, "appr_1", at))(t)
	if expired.State != domain.ApprovalExpired || !expired.DecidedAt.Equal(day.Add(time.Hour)) || len(expired.Hash) != 64 {
		t.Errorf("expired: %+v", expired)
	}
	wantEqual(t, value(s.Approvals.Get(ctx, "appr_1"))(t), expired)
	for _, id := range []domain.ApprovalID{"appr_1", "appr_decided"} {
		_, err := s.Approvals.Expire(ctx, id, at)
		wantCode(t, err, domain.CodeConflict)
	}
	_, err := s.Approvals.Decide(ctx, "appr_1", domain.ApprovalApproved, "user_a", "", at)
	wantCode(t, err, domain.CodeConflict)
	_, err = s.Approvals.Expire(ctx, "appr_x", at)
	wantCode(t, err, domain.CodeNotFound)
	voided := value(s.Approvals.Void(ctx, "appr_2", "changed", at))(t)
	if voided.State != domain.ApprovalVoid || voided.Reason != "changed" {
		t.Errorf("void: %+v", voided)
	}
	_, err = s.Approvals.Void(ctx, "appr_2", "changed", at)
	wantCode(t, err, domain.CodeConflict)
	wantEqual(t, value(s.Approvals.Count(ctx, domain.ApprovalFilter{Kind: domain.ApproveStep, RunID: run.ID}))(t), map[domain.ApprovalState]int{
		domain.ApprovalApproved: 1, domain.ApprovalExpired: 1, domain.ApprovalVoid: 1, domain.ApprovalPending: 1,
	})
	for _, f := range []domain.ApprovalFilter{{Kind: "odd"}, {RunID: "run_x"}, {WebsiteID: "site_x"}, {Tenant: "other"}} {
		list, total, err := s.Approvals.List(ctx, f, window(10, 0))
		if err != nil || total != 0 || len(list) != 0 || len(value(s.Approvals.Count(ctx, f))(t)) != 0 {
			t.Errorf("%+v selects %d, %v", f, total, err)
		}
	}
	wantSound(t, s)
}

// testReleasesApproved: a published release whose manifest nobody approved is found.
func testReleasesApproved(t *testing.T, s *store.Store) {
	ctx := t.Context()
	site, run := insertWebsite(t, s, "a"), insertRun(t, s, "a", day)
	publish := func(id domain.ReleaseID, manifest string) {
		must(t, s.Releases.Insert(ctx, &domain.Release{ID: id, WebsiteID: site.ID, Manifest: manifest, RunID: run.ID, CreatedAt: day}))
		must(t, s.Releases.MarkPublished(ctx, id, day))
	}
	for i, state := range []domain.ApprovalState{domain.ApprovalRejected, domain.ApprovalApproved} {
		a := &domain.Approval{
			ID: domain.ApprovalID(fmt.Sprint("appr_", i)), RunID: run.ID, Kind: domain.ApprovePublish, State: domain.ApprovalPending, CreatedAt: day,
			Payload: json.RawMessage(fmt.Sprintf(`{"manifest":"m%d"}`, i)),
		}
		must(t, s.Approvals.Insert(ctx, a))
		value(s.Approvals.Decide(ctx, a.ID, state, "user_a", "", day))(t)
	}
	publish("rel_1", "m1")
	if report := wantSound(t, s); report.Releases != 1 {
		t.Errorf("%d releases were traced, want 1", report.Releases)
	}
	publish("rel_0", "m0")
	report := value(s.Approvals.VerifyLog(ctx))(t)
	if len(report.Faults) != 1 || report.Faults[0].ReleaseID != "rel_0" {
		t.Errorf("faults %+v, want one of rel_0", report.Faults)
	}
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
	if made != n || len(entriesOf(t, s)) != 2*n {
		t.Errorf("%d decisions were made, want %d", made, n)
	}
	wantSound(t, s)
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
	wantSound(t, s)
}
