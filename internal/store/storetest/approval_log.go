package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/store"
)

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
