package service_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/service"
	"empire/internal/sqltx"
	"empire/internal/store"
	"empire/internal/testkit"
)

// stepper ends waiting steps of the real store and does no more: what an engine does
// for a run whose steps wait side by side.
type stepper struct {
	st       *store.Store
	mu       sync.Mutex
	signaled []string // steps, in order
}

func (e *stepper) Signal(ctx context.Context, id domain.RunID, name string, result any, cause *domain.RunError) error {
	run, err := e.st.Runs.Get(ctx, id)
	if err != nil {
		return err
	}
	raw, err := json.Marshal(result)
	if err != nil {
		return err
	}
	state := domain.StateCompleted
	if cause != nil {
		state = domain.StateFailed
	}
	for _, s := range run.Steps {
		if s.Name != name {
			continue
		}
		ok, err := e.st.Steps.Resume(ctx, s.ID, state, raw, cause, time.Now())
		if err != nil {
			return err
		}
		if !ok {
			return domain.Errorf(domain.CodeConflict, "Step %s of run %s is not waiting.", name, id)
		}
		e.mu.Lock()
		e.signaled = append(e.signaled, name)
		e.mu.Unlock()
		return nil
	}
	return domain.Errorf(domain.CodeNotFound, "Run %s has no step %s.", id, name)
}

// inbox is the service over a real store with a clock that the test moves.
type inbox struct {
	*service.Approvals
	st     *store.Store
	engine *stepper
	now    time.Time
	events []string
}

func newInbox(t *testing.T, st *store.Store, change func(*service.ApprovalsConfig)) *inbox {
	t.Helper()
	i := &inbox{st: st, engine: &stepper{st: st}, now: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)}
	cfg := service.ApprovalsConfig{
		Tx: st, Approvals: st.Approvals, Engine: i.engine, Audit: st.Audit, Now: func() time.Time { return i.now },
		Emit: func(_ context.Context, ev domain.Event) {
			i.engine.mu.Lock()
			defer i.engine.mu.Unlock()
			i.events = append(i.events, ev.Topic+" "+string(ev.Tenant))
		},
	}
	if change != nil {
		change(&cfg)
	}
	i.Approvals = service.NewApprovals(cfg)
	return i
}

// run stores a run with n steps that all wait, each for its own approval.
func (i *inbox) run(t *testing.T, n int, ask func(step int) domain.Question) (*domain.Run, []domain.Approval) {
	t.Helper()
	ctx := t.Context()
	run := &domain.Run{
		ID: domain.RunID(domain.NewID("run")), Pipeline: "p", Version: 1, State: domain.StateRunning, Tenant: "acme", OwnerID: "user_owner", CreatedAt: i.now,
	}
	for s := range n {
		run.Steps = append(run.Steps, domain.Step{ID: domain.StepID(domain.NewID("step")), RunID: run.ID, Name: fmt.Sprintf("ask%d", s), Position: s, State: domain.StateQueued})
	}
	if err := i.st.Runs.Insert(ctx, run); err != nil {
		t.Fatal(err)
	}
	for s := range n {
		if _, ok, err := i.st.Steps.Begin(ctx, run.Steps[s].ID, "w", i.now); !ok || err != nil {
			t.Fatal(ok, err)
		}
		err := i.st.InTx(ctx, func(ctx context.Context) error {
			if ok, err := i.st.Steps.Wait(ctx, run.Steps[s].ID, 1, i.now); !ok || err != nil {
				return fmt.Errorf("wait: %v, %w", ok, err)
			}
			return i.Open(ctx, run, run.Steps[s].Name, ask(s))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	list, total, err := i.List(in(ctx, "acme"), domain.ApprovalFilter{RunID: run.ID}, domain.Window{Limit: 100})
	if err != nil || total != n {
		t.Fatalf("%d approvals of the run, %v, want %d", total, err, n)
	}
	slices.SortFunc(list, func(a, b domain.Approval) int { return strings.Compare(a.Step, b.Step) })
	return run, list
}

func stepQuestion(step int) domain.Question {
	return domain.Question{Kind: domain.ApproveStep, Title: fmt.Sprintf("Go on %d?", step), Payload: map[string]int{"step": step}}
}

func (i *inbox) wantSound(t *testing.T) {
	t.Helper()
	report, err := i.VerifyLog(in(t.Context(), "acme"))
	if err != nil || len(report.Faults) != 0 {
		t.Errorf("the log: %+v, %v", report, err)
	}
}

// execSQL changes the database behind the program's back.
func execSQL(t *testing.T, st *store.Store, query string, args ...any) {
	t.Helper()
	err := st.InTx(t.Context(), func(ctx context.Context) error {
		_, err := sqltx.From(ctx).Tx.ExecContext(ctx, query, args...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// orders returns all orders of the numbers below n.
func orders(n int) [][]int {
	if n == 0 {
		return [][]int{nil}
	}
	var out [][]int
	for _, rest := range orders(n - 1) {
		for at := range n {
			out = append(out, slices.Insert(slices.Clone(rest), at, n-1))
		}
	}
	return out
}

// TestFiveApprovalsInAllOrders: five approvals of one run are open at once and are
// answered in any order; each resumes the step that waits for it and no other.
func TestFiveApprovalsInAllOrders(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		i := newInbox(t, st, nil)
		all := orders(5)
		if len(all) != 120 {
			t.Fatalf("%d orders, want 120", len(all))
		}
		for n, order := range all {
			if n%10 != 0 && (strings.Contains(t.Name(), "postgres") || testing.Short()) {
				continue
			}
			run, open := i.run(t, 5, stepQuestion)
			done := map[string]bool{}
			for at, k := range order {
				approve := k != 3 // one of them is rejected
				d := domain.Decision{Approve: approve, PayloadHash: open[k].PayloadHash, Reason: "looked at it"}
				a, err := i.Decide(in(t.Context(), "acme"), open[k].ID, d)
				if err != nil || a.ActorID != "user_acme" {
					t.Fatalf("order %v, answer %d: %+v, %v", order, at, a, err)
				}
				done[open[k].Step] = true
				got, err := st.Runs.Get(t.Context(), run.ID)
				if err != nil {
					t.Fatal(err)
				}
				for s, step := range got.Steps {
					want := domain.StateWaiting
					if done[step.Name] {
						want = domain.StateCompleted
						if s == 3 {
							want = domain.StateFailed
						}
					}
					if step.State != want {
						t.Fatalf("order %v after %d answers: step %s is %s, want %s", order, at+1, step.Name, step.State, want)
					}
					if want == domain.StateCompleted && !strings.Contains(string(step.Result), string(open[s].ID)) {
						t.Fatalf("order %v: the result of step %s is %s", order, step.Name, step.Result)
					}
				}
			}
		}
		i.wantSound(t)
	})
}

// TestApprovalsExpire: nobody may decide after the end, whoever is faster; the
// waiting step fails with a cause, once, however many processes look.
func TestApprovalsExpire(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		i := newInbox(t, st, func(c *service.ApprovalsConfig) { c.ExpireAfter = 2 * time.Hour })
		run, open := i.run(t, 3, func(step int) domain.Question {
			q := stepQuestion(step)
			q.ExpiresIn = []time.Duration{time.Hour, 0, 72 * time.Hour}[step]
			return q
		})
		for s, want := range []time.Duration{time.Hour, 2 * time.Hour, 72 * time.Hour} {
			if open[s].ExpiresAt == nil || !open[s].ExpiresAt.Equal(i.now.Add(want)) {
				t.Errorf("approval %d expires at %v, want in %s", s, open[s].ExpiresAt, want)
			}
		}
		ctx := in(t.Context(), "acme")
		i.now = i.now.Add(2 * time.Hour)
		_, err := i.Decide(ctx, open[0].ID, domain.Decision{Approve: true})
		wantCode(t, "decide after the end", err, domain.CodeConflict)
		if a, err := i.Get(ctx, open[0].ID); err != nil || a.State != domain.ApprovalPending {
			t.Errorf("before the sweep: %+v, %v", a, err)
		}
		var wg sync.WaitGroup
		counts := make([]int, 4)
		for k := range counts {
			wg.Go(func() {
				n, err := i.Expire(t.Context())
				if err != nil {
					t.Error(err)
				}
				counts[k] = n
			})
		}
		wg.Wait()
		if counts[0]+counts[1]+counts[2]+counts[3] != 2 {
			t.Errorf("%v approvals expired, want 2 in all", counts)
		}
		got, err := st.Runs.Get(t.Context(), run.ID)
		if err != nil {
			t.Fatal(err)
		}
		for s, want := range []domain.RunState{domain.StateFailed, domain.StateFailed, domain.StateWaiting} {
			step := got.Steps[s]
			if step.State != want || want == domain.StateFailed && (step.Error.Code != domain.CodeTimeout || !strings.Contains(step.Error.Message, "Nobody decided")) {
				t.Errorf("step %s is %s, %+v, want %s", step.Name, step.State, step.Error, want)
			}
		}
		_, err = i.Decide(ctx, open[1].ID, domain.Decision{Approve: true})
		wantCode(t, "decide an expired one", err, domain.CodeConflict)
		if counts, err := i.Summary(ctx); err != nil || counts[domain.ApprovalExpired] != 2 || counts[domain.ApprovalPending] != 1 || len(counts) != 5 {
			t.Errorf("summary %v, %v", counts, err)
		}
		// A run that is over does not keep its approvals from expiring.
		if ok, err := st.Steps.Resume(t.Context(), run.Steps[2].ID, domain.StateCancelled, nil, nil, i.now); !ok || err != nil {
			t.Fatal(ok, err)
		}
		i.now = i.now.Add(100 * time.Hour)
		if n, err := i.Expire(t.Context()); n != 1 || err != nil {
			t.Errorf("%d expired, %v", n, err)
		}
		if !slices.Contains(i.events, "approval.expired acme") || !slices.Contains(i.events, "approval.opened acme") {
			t.Errorf("told %v", i.events)
		}
		i.wantSound(t)
	})
}

// TestApprovalsFourEyes: whoever started the run decides neither way.
func TestApprovalsFourEyes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name       string
		all, asked bool
		owner      domain.Code
	}{{"nobody wants it", false, false, ""}, {"the question", false, true, domain.CodeForbidden}, {"the configuration", true, false, domain.CodeForbidden}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			i := newInbox(t, testkit.DB(t), func(c *service.ApprovalsConfig) { c.FourEyes = tt.all })
			_, open := i.run(t, 2, func(step int) domain.Question {
				q := stepQuestion(step)
				q.FourEyes = tt.asked
				return q
			})
			owner := &domain.Principal{UserID: "user_owner", Tenant: "acme", Permissions: []domain.Permission{domain.AdminFull}, Human: true}
			for k, approve := range []bool{true, false} {
				if open[k].FourEyes != (tt.all || tt.asked) || open[k].RequesterID != "user_owner" {
					t.Errorf("opened: %+v", open[k])
				}
				d := domain.Decision{Approve: approve, Reason: "mine"}
				_, err := i.Decide(domain.WithPrincipal(t.Context(), owner), open[k].ID, d)
				wantCode(t, fmt.Sprintf("the owner decides %v", approve), err, tt.owner)
				if tt.owner == "" {
					continue
				}
				if len(i.engine.signaled) != k {
					t.Errorf("steps %v were told", i.engine.signaled)
				}
				if _, err := i.Decide(in(t.Context(), "acme"), open[k].ID, d); err != nil {
					t.Errorf("somebody else: %v", err)
				}
			}
			i.wantSound(t)
		})
	}
}

// TestApprovalsOfChangedRows: a row that was changed behind the program's back is
// void, and its step fails; the change of the state stays although the caller gets
// an error.
func TestApprovalsOfChangedRows(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		i := newInbox(t, st, nil)
		run, open := i.run(t, 2, stepQuestion)
		execSQL(t, st, `UPDATE approvals SET payload = '{"step":7}' WHERE id = $1`, open[0].ID)
		ctx := in(t.Context(), "acme")
		for range 2 {
			_, err := i.Decide(ctx, open[0].ID, domain.Decision{Approve: true, PayloadHash: open[0].PayloadHash})
			wantCode(t, "decide a changed one", err, domain.CodeConflict)
		}
		a, err := i.Get(ctx, open[0].ID)
		if err != nil || a.State != domain.ApprovalVoid || a.Reason == "" || a.ActorID != "" {
			t.Errorf("the approval: %+v, %v", a, err)
		}
		got, err := st.Runs.Get(t.Context(), run.ID)
		if err != nil || got.Steps[0].State != domain.StateFailed || got.Steps[0].Error.Code != domain.CodeConflict || got.Steps[1].State != domain.StateWaiting {
			t.Errorf("the run: %+v, %v", got, err)
		}
		entries, _, err := st.Audit.List(ctx, domain.AuditFilter{Object: string(open[0].ID)}, domain.Window{Limit: 10})
		if err != nil || len(entries) != 2 || entries[0].Action != "approval.voided" || entries[0].ActorID != "user_acme" {
			t.Errorf("audit: %+v, %v", entries, err)
		}
		report, err := i.VerifyLog(ctx)
		if err != nil || len(report.Faults) == 0 || report.Faults[0].ApprovalID != open[0].ID {
			t.Errorf("the log: %+v, %v, want a fault of %s", report, err, open[0].ID)
		}
	})
}

// TestApprovalEffects: a kind's effect decides whether the step is told.
func TestApprovalEffects(t *testing.T) {
	t.Parallel()
	var seen []string
	fail := error(nil)
	i := newInbox(t, testkit.DB(t), func(c *service.ApprovalsConfig) {
		c.Effects = map[string]service.Effect{domain.ApproveBudget: func(_ context.Context, a *domain.Approval, d domain.Decision, approve bool) (bool, error) {
			seen = append(seen, fmt.Sprintf("%s %v %v", a.State, d.Approve, approve))
			return approve, fail
		}}
	})
	_, open := i.run(t, 4, func(int) domain.Question {
		return domain.Question{Kind: domain.ApproveBudget, Title: "  More\nmoney?  " + strings.Repeat("é", 400), Payload: map[string]any{"budget_id": "bud_1", "needed_micros": 5}, ExpiresIn: time.Hour}
	})
	if open[0].Title[:12] != "More money? " || len(open[0].Title) > 300 || !strings.HasSuffix(open[0].Title, "…") {
		t.Errorf("title %q", open[0].Title)
	}
	ctx := in(t.Context(), "acme")
	fail = domain.Errorf(domain.CodeUnavailable, "No.")
	_, err := i.Decide(ctx, open[0].ID, domain.Decision{Approve: true})
	wantCode(t, "an effect that fails", err, domain.CodeUnavailable)
	fail = nil
	for k, approve := range []bool{true, false} {
		if _, err := i.Decide(ctx, open[k].ID, domain.Decision{Approve: approve, Reason: "r"}); err != nil {
			t.Fatal(err)
		}
	}
	i.now = i.now.Add(time.Hour)
	if n, err := i.Expire(ctx); n != 2 || err != nil {
		t.Fatal(n, err)
	}
	want := []string{"approved true true", "approved true true", "rejected false false", "expired false false", "expired false false"}
	if !slices.Equal(seen, want) {
		t.Errorf("effects %v, want %v", seen, want)
	}
	if slices.Sort(i.engine.signaled); !slices.Equal(i.engine.signaled, []string{"ask1", "ask2", "ask3"}) {
		t.Errorf("steps %v were told, want all but the one that its effect handled", i.engine.signaled)
	}
	i.wantSound(t)
}

// TestRunEndedVoids: the open approvals of a run end with it.
func TestRunEndedVoids(t *testing.T) {
	t.Parallel()
	i := newInbox(t, testkit.DB(t), nil)
	run, open := i.run(t, 3, stepQuestion)
	ctx := in(t.Context(), "acme")
	if _, err := i.Decide(ctx, open[1].ID, domain.Decision{Approve: true}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := i.RunEnded(ctx, run.ID); err != nil {
			t.Fatal(err)
		}
	}
	if counts, err := i.Summary(ctx); err != nil || counts[domain.ApprovalVoid] != 2 || counts[domain.ApprovalApproved] != 1 {
		t.Errorf("summary %v, %v", counts, err)
	}
	_, err := i.Decide(ctx, open[0].ID, domain.Decision{Approve: true})
	wantCode(t, "decide a void one", err, domain.CodeConflict)
	if err := i.Open(ctx, run, "ask0", domain.Question{}); domain.CodeOf(err) != domain.CodeInvalid {
		t.Errorf("a question without a kind: %v", err)
	}
	i.wantSound(t)
}

// TestApprovalLogTenants: who looks at the log sees the entries of its own tenant
// and of others nothing but hashes, so that the chain can be followed.
func TestApprovalLogTenants(t *testing.T) {
	t.Parallel()
	e := newEstate(t, testkit.DB(t))
	acme, other := in(t.Context(), "acme"), in(t.Context(), "other")
	mine, theirs := settle(acme, t, e), settle(other, t, e)
	entries, err := e.approvals.Log(acme, 0, 100)
	if err != nil || len(entries) != 6 {
		t.Fatalf("%d entries, %v, want 6", len(entries), err)
	}
	own, previous := 0, ""
	for _, entry := range entries {
		if entry.Entry != "" {
			own++
			if before, ok := entry.Previous(); !ok || before != previous {
				t.Errorf("entry %d does not follow", entry.Seq)
			}
		}
		if strings.Contains(entry.Entry, "other") || entry.Tenant == "other" || entry.ApprovalID == theirs.approval || len(entry.Hash) != 64 {
			t.Errorf("the log tells of another tenant: %+v", entry)
		}
		previous = entry.Hash
	}
	if own != 3 {
		t.Errorf("%d own entries, want 3", own)
	}
	execSQL(t, e.st, `UPDATE approvals SET title = 'x' WHERE id = $1 OR id = $2`, mine.approval, theirs.approval)
	report, err := e.approvals.VerifyLog(acme)
	if err != nil || len(report.Faults) != 2 {
		t.Fatalf("report %+v, %v, want two faults", report, err)
	}
	for _, f := range report.Faults {
		if strings.Contains(f.Problem, string(theirs.approval)) || f.ApprovalID == theirs.approval {
			t.Errorf("a fault tells of another tenant: %+v", f)
		}
	}
	reader := &domain.Principal{UserID: "user_r", Tenant: "acme", Permissions: []domain.Permission{domain.WebsitesManage, domain.AgentsManage}, Human: true}
	_, err1 := e.approvals.Log(domain.WithPrincipal(t.Context(), reader), 0, 1)
	_, err2 := e.approvals.VerifyLog(domain.WithPrincipal(t.Context(), reader))
	wantCode(t, "read the log without the right", err1, domain.CodeForbidden)
	wantCode(t, "verify the log without the right", err2, domain.CodeForbidden)
}

// TestLogWithSHA256Sum follows the documented recipe: the real sha256sum over the
// exported lines gives the chain.
func TestLogWithSHA256Sum(t *testing.T) {
	t.Parallel()
	program := testkit.Look(t, "sha256sum")
	i := newInbox(t, testkit.DB(t), nil)
	_, open := i.run(t, 3, func(step int) domain.Question {
		q := stepQuestion(step)
		q.Title = "Ünï “quotes” \\ <tag> & " + q.Title
		return q
	})
	if _, err := i.Decide(in(t.Context(), "acme"), open[0].ID, domain.Decision{Reason: "no \"way\"\nback\t\\"}); err != nil {
		t.Fatal(err)
	}
	entries, err := i.Log(in(t.Context(), "acme"), 0, 100)
	if err != nil || len(entries) != 4 {
		t.Fatal(len(entries), err)
	}
	previous := ""
	for _, e := range entries {
		if strings.ContainsAny(e.Entry, "\r\n") || !strings.HasPrefix(e.Entry, `["`+previous+`",`) {
			t.Errorf("entry %d is %s, want one line that begins with %q", e.Seq, e.Entry, previous)
		}
		cmd := exec.CommandContext(t.Context(), program)
		cmd.Stdin = strings.NewReader(e.Entry)
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		if sum, _, _ := strings.Cut(string(out), " "); sum != e.Hash {
			t.Errorf("sha256sum of entry %d is %s, the log says %s", e.Seq, sum, e.Hash)
		}
		previous = e.Hash
	}
}
