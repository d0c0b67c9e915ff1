package store_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/store"
)

// TestOldDecisions: decisions that an earlier program made are verified after the
// migration that brings the log, and the log goes on after them.
func TestOldDecisions(t *testing.T) {
	t.Parallel()
	configs(t, func(t *testing.T, cfg store.Config) {
		ctx := t.Context()
		db := openDB(t, cfg)
		if err := db.Migrate(ctx); err != nil {
			t.Fatal(err)
		}
		st := store.New(db)
		at := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)
		run := &domain.Run{ID: "run_a", Pipeline: "p", State: domain.StateRunning, OwnerID: "user_o", CreatedAt: at}
		if err := st.Runs.Insert(ctx, run); err != nil {
			t.Fatal(err)
		}
		for applied := true; applied; { // down to before the log
			if err := db.MigrateDown(ctx); err != nil {
				t.Fatal(err)
			}
			status, err := db.MigrationStatus(ctx)
			if err != nil {
				t.Fatal(err)
			}
			applied = false
			for _, m := range status {
				applied = applied || m.AppliedAt != nil && strings.Contains(m.Name, "approvals")
			}
		}
		insertOldApprovals(t, db, at)
		if err := db.Migrate(ctx); err != nil {
			t.Fatal(err)
		}
		sound(t, st, 2, 4)
		waiting, err := st.Approvals.Get(ctx, "appr_3")
		if err != nil || waiting.RequesterID != "user_o" || waiting.FourEyes || waiting.ExpiresAt != nil {
			t.Fatalf("an old approval: %+v, %v", waiting, err)
		}
		if ok, err := st.Approvals.Intact(ctx, waiting); !ok || err != nil {
			t.Errorf("an old approval is not intact, %v", err)
		}
		if _, err := st.Approvals.Decide(ctx, "appr_3", domain.ApprovalApproved, "user_a", "", at); err != nil {
			t.Fatal(err)
		}
		a := &domain.Approval{ID: "appr_4", RunID: "run_a", Payload: json.RawMessage(`{}`), State: domain.ApprovalPending, CreatedAt: at}
		if err := st.Approvals.Insert(ctx, a); err != nil {
			t.Fatal(err)
		}
		sound(t, st, 4, 5)
		entries, err := st.Approvals.Log(ctx, 0, 10)
		if err != nil || len(entries) != 4 {
			t.Fatalf("log: %+v, %v", entries, err)
		}
		previous := ""
		for _, e := range entries {
			if got, ok := e.Previous(); !ok || got != previous {
				t.Errorf("entry %d does not follow", e.Seq)
			}
			previous = e.Hash
		}
		for _, tamper := range []string{
			`UPDATE approvals SET reason = 'x' WHERE id = 'appr_0'`, `UPDATE approvals SET hash = 'x' WHERE id = 'appr_1'`, `DELETE FROM approvals WHERE id = 'appr_2'`,
			`DELETE FROM approvals WHERE id = 'appr_0'`,
		} {
			if _, err := db.Writer().ExecContext(ctx, tamper); err != nil {
				t.Fatal(err)
			}
			report, err := st.Approvals.VerifyLog(ctx)
			if err != nil || len(report.Faults) == 0 {
				t.Errorf("%s: %+v, %v", tamper, report, err)
			}
		}
	})
}

// insertOldApprovals stores an approved and a rejected one as the program did before
// the log, one that was voided, which it did not chain, and one that waits.
func insertOldApprovals(t *testing.T, db *store.DB, at time.Time) {
	t.Helper()
	when := any(at)
	if db.Dialect() == "sqlite" {
		when = at.UnixMicro()
	}
	payload := sha256.Sum256([]byte(`{}`))
	previous := ""
	for i, state := range []string{"approved", "rejected", "void", "pending"} {
		id, actor, reason, hash, seq, decided := fmt.Sprintf("appr_%d", i), "user_a", "ok", "", any(i+1), when
		switch state {
		case "approved", "rejected":
			list, err := json.Marshal([]string{previous, id, state, hex.EncodeToString(payload[:]), actor, reason, at.Format(time.RFC3339Nano)})
			if err != nil {
				t.Fatal(err)
			}
			sum := sha256.Sum256(list)
			hash = hex.EncodeToString(sum[:])
			previous = hash
		case "void":
			actor, reason, seq = "", "", nil
		default:
			actor, reason, seq, decided = "", "", nil, nil
		}
		_, err := db.Writer().ExecContext(t.Context(), `INSERT INTO approvals (id, tenant, run_id, step, website_id, kind, title, payload, payload_hash, state, actor_id,
			reason, created_at, decided_at, hash, chain_seq) VALUES ($1, 'main', 'run_a', 's', '', 'k', 't', '{}', $2, $3, $4, $5, $6, $7, $8, $9)`,
			id, hex.EncodeToString(payload[:]), state, actor, reason, when, decided, hash, seq)
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.Writer().ExecContext(t.Context(), `UPDATE counters SET value = 2 WHERE name = 'approval'`); err != nil {
		t.Fatal(err)
	}
}

func sound(t *testing.T, st *store.Store, entries int64, approvals int) {
	t.Helper()
	report, err := st.Approvals.VerifyLog(t.Context())
	if err != nil || len(report.Faults) != 0 || report.Entries != entries || report.Approvals != approvals {
		t.Errorf("report %+v, %v, want %d entries, %d approvals and no fault", report, err, entries, approvals)
	}
}
