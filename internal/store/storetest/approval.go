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

// wantSound checks that the log of approvals has no fault.
func wantSound(t *testing.T, s *store.Store) *domain.ApprovalReport {
	t.Helper()
	report := value(s.Approvals.VerifyLog(t.Context()))(t)
	if len(report.Faults) != 0 {
		t.Errorf("the log of approvals has faults: %+v", report.Faults)
	}
	return report
}

// entriesOf returns the whole log, read in small parts.
func entriesOf(t *testing.T, s *store.Store) []domain.ApprovalEntry {
	t.Helper()
	var out []domain.ApprovalEntry
	for after := int64(0); ; {
		page := value(s.Approvals.Log(t.Context(), after, 3))(t)
		out = append(out, page...)
		if len(page) < 3 {
			return out
		}
		after = page[2].Seq
	}
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

// changeEntries gives the log entries of all kinds: approval 1 was approved, 2
// rejected, 3 expired, 4 voided; 5 waits.
func changeEntries(t *testing.T, s *store.Store) {
	t.Helper()
	ctx := t.Context()
	run := insertRun(t, s, "a", day)
	for i := range 5 {
		a := insertApproval(t, s, run, domain.ApprovalID(fmt.Sprintf("appr_%d", i+1)), day.Add(time.Duration(i)*time.Second+999))
		at := day.Add(time.Duration(i)*time.Minute + 999)
		switch i {
		case 0:
			value(s.Approvals.Decide(ctx, a.ID, domain.ApprovalApproved, "user_a", "ok", at))(t)
		case 1:
			value(s.Approvals.Decide(ctx, a.ID, domain.ApprovalRejected, "user_a", "no\nway \"<é>\"", at))(t)
		case 2:
			value(s.Approvals.Expire(ctx, a.ID, at))(t)
		case 3:
			value(s.Approvals.Void(ctx, a.ID, "changed", at))(t)
		}
	}
}

// tampering are changes behind the store's back.
func tampering() map[string]string {
	out := map[string]string{
		"inserted":           `INSERT INTO approvals (id, tenant, run_id, step, website_id, kind, title, payload, payload_hash, state, actor_id, reason, created_at, hash, chain_seq) SELECT 'appr_9', tenant, run_id, step, website_id, kind, title, payload, payload_hash, state, actor_id, reason, created_at, hash, 99 FROM approvals WHERE id = 'appr_1'`,
		"pending inserted":   `INSERT INTO approvals (id, tenant, run_id, step, website_id, kind, title, payload, payload_hash, state, actor_id, reason, created_at, hash) SELECT 'appr_9', tenant, run_id, step, website_id, kind, title, payload, payload_hash, state, actor_id, reason, created_at, hash FROM approvals WHERE id = 'appr_5'`,
		"entry inserted":     `INSERT INTO approval_log (seq, approval_id, tenant, entry, hash) SELECT 99, approval_id, tenant, entry, hash FROM approval_log WHERE seq = 2`,
		"entry in front":     `INSERT INTO approval_log (seq, approval_id, tenant, entry, hash) SELECT 0, approval_id, tenant, entry, hash FROM approval_log WHERE seq = 2`,
		"undecided":          `UPDATE approvals SET state = 'pending', chain_seq = NULL, actor_id = '', reason = '', decided_at = NULL, hash = '' WHERE id = 'appr_1'`,
		"decided":            `UPDATE approvals SET state = 'approved', actor_id = 'user_a' WHERE id = 'appr_5'`,
		"decided as another": `UPDATE approvals SET state = 'approved', actor_id = 'user_a', chain_seq = 1 WHERE id = 'appr_5'`,
		"counter back":       `UPDATE counters SET value = value - 1 WHERE name = 'approval'`,
		"counter ahead":      `UPDATE counters SET value = value + 1 WHERE name = 'approval'`,
		"older log":          `UPDATE counters SET value = 2 WHERE name = 'approval_v1'`,
		"other legacy":       `UPDATE counters SET value = 2 WHERE name = 'approval_legacy'`,
		"all gone":           `DELETE FROM approval_log`,
		"approvals swapped":  `UPDATE approvals SET state = CASE state WHEN 'approved' THEN 'rejected' ELSE 'approved' END WHERE id IN ('appr_1', 'appr_2')`,
	}
	for i := range 5 {
		out[fmt.Sprintf("approval %d gone", i+1)] = fmt.Sprintf(`DELETE FROM approvals WHERE id = 'appr_%d'`, i+1)
	}
	for i := range 9 {
		out[fmt.Sprintf("entry %d gone", i+1)] = fmt.Sprintf(`DELETE FROM approval_log WHERE seq = %d`, i+1)
		out[fmt.Sprintf("entry %d elsewhere", i+1)] = fmt.Sprintf(`UPDATE approval_log SET seq = %d WHERE seq = %d`, 50+i, i+1)
		if i < 8 {
			out[fmt.Sprintf("entries %d and %d swapped", i+1, i+2)] = fmt.Sprintf(`UPDATE approval_log SET entry = CASE seq WHEN %[1]d THEN (SELECT entry FROM approval_log WHERE seq = %[2]d) ELSE (SELECT entry FROM approval_log WHERE seq = %[1]d) END,
				hash = CASE seq WHEN %[1]d THEN (SELECT hash FROM approval_log WHERE seq = %[2]d) ELSE (SELECT hash FROM approval_log WHERE seq = %[1]d) END WHERE seq IN (%[1]d, %[2]d)`, i+1, i+2)
		}
	}
	flip := func(column string) string { // the first character becomes another
		return fmt.Sprintf(`%[1]s = CASE WHEN %[1]s LIKE 'x%%' THEN 'y' ELSE 'x' END || substr(%[1]s, 2)`, column)
	}
	for _, column := range []string{"tenant", "step", "website_id", "kind", "title", "payload", "payload_hash", "state", "actor_id", "reason", "requester_id", "hash"} {
		out["approval's "+column] = `UPDATE approvals SET ` + flip(column) + ` WHERE id = 'appr_2'`
		if column != "state" {
			out["waiting approval's "+column] = `UPDATE approvals SET ` + flip(column) + ` WHERE id = 'appr_5'`
		}
	}
	for _, column := range []string{"approval_id", "tenant", "entry", "hash"} {
		out["entry's "+column] = `UPDATE approval_log SET ` + flip(column) + ` WHERE seq = 4`
		out["last entry's "+column] = `UPDATE approval_log SET ` + flip(column) + ` WHERE seq = 9`
	}
	out["one byte within an entry"] = `UPDATE approval_log SET entry = replace(entry, 'user_a', 'user_b') WHERE seq = 2`
	for column, v := range map[string]string{
		"run_id": "'run_b'", "four_eyes": "NOT four_eyes", "created_at": "decided_at", "expires_at": "created_at", "decided_at": "created_at", "opened_seq": "opened_seq + 1",
		"chain_seq": "chain_seq + 100",
	} {
		out["approval's "+column] = `UPDATE approvals SET ` + column + ` = ` + v + ` WHERE id = 'appr_2'`
	}
	out["waiting approval's expires_at"] = `UPDATE approvals SET expires_at = created_at WHERE id = 'appr_5'`
	return out
}

// testApprovalLog: whatever is changed behind the store's back is found.
func testApprovalLog(t *testing.T, s *store.Store) {
	ctx := t.Context()
	if report := wantSound(t, s); report.Entries != 0 || report.Head != "" {
		t.Errorf("of an empty log: %+v", report)
	}
	changeEntries(t, s)
	insertRun(t, s, "b", day)
	entries := entriesOf(t, s)
	report := wantSound(t, s)
	if len(entries) != 9 || report.Entries != 9 || report.Approvals != 5 || report.Head != entries[8].Hash {
		t.Fatalf("%d entries, report %+v, want 9 of 5 approvals", len(entries), report)
	}
	previous := ""
	for i, e := range entries {
		if got, ok := e.Previous(); !ok || got != previous || e.Seq != int64(i+1) {
			t.Errorf("entry %d: follows %q, %v, want %q", e.Seq, got, ok, previous)
		}
		previous = e.Hash
	}
	undo := errors.New("undo")
	for name, tamper := range tampering() {
		err := s.InTx(ctx, func(ctx context.Context) error {
			if err := execIn(ctx, tamper); err != nil {
				return err
			}
			report, err := s.Approvals.VerifyLog(ctx)
			if err != nil || len(report.Faults) == 0 {
				t.Errorf("%s: report %+v, %v, want faults", name, report, err)
				return undo
			}
			for _, f := range report.Faults {
				if f.Problem == "" || !strings.HasSuffix(f.Problem, ".") {
					t.Errorf("%s: the fault %+v is no sentence", name, f)
				}
			}
			return undo
		})
		if !errors.Is(err, undo) {
			t.Errorf("%s: %v", name, err)
		}
	}
	wantSound(t, s)
}

// testApprovalIntact: a pending approval that was changed behind the store's back is
// not what was asked.
func testApprovalIntact(t *testing.T, s *store.Store) {
	ctx := t.Context()
	changeEntries(t, s)
	insertRun(t, s, "b", day)
	intact := func(ctx context.Context) bool {
		return value(s.Approvals.Intact(ctx, value(s.Approvals.Get(ctx, "appr_5"))(t)))(t)
	}
	if !intact(ctx) {
		t.Error("an approval that nobody touched is not intact")
	}
	undo := errors.New("undo")
	for _, set := range []string{
		`payload = '{}'`, `payload = '{}', payload_hash = '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a'`, `title = 'other'`,
		`step = 'other'`, `run_id = 'run_b'`, `kind = 'approve_step'`, `opened_seq = 8`, `opened_seq = 99`, `tenant = 'other'`,
	} {
		err := s.InTx(ctx, func(ctx context.Context) error {
			if err := execIn(ctx, `UPDATE approvals SET `+set+` WHERE id = 'appr_5'`); err != nil {
				return err
			}
			if a, err := s.Approvals.Get(ctx, "appr_5"); err != nil {
				t.Error(err)
			} else if ok, err := s.Approvals.Intact(ctx, a); ok && err == nil {
				t.Errorf("%s: intact", set)
			}
			return undo
		})
		if !errors.Is(err, undo) {
			t.Errorf("%s: %v", set, err)
		}
	}
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
