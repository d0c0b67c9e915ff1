package service_test

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/service"
	"empire/internal/store"
	"empire/internal/testkit"
)

var sum = regexp.MustCompile(`^[0-9a-f]{64}$`)

// TestAuditTellsEveryChange: a website's life is in the log without a gap: the state
// after each entry is the state before the next one.
func TestAuditTellsEveryChange(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		e := newEstate(t, st)
		ada := in(t.Context(), "acme")
		id := e.register(ada, t, "tea.example").ID
		if _, err := e.websites.Update(ada, id, domain.WebsitePatch{Title: ptr("Tea")}); err != nil {
			t.Fatal(err)
		}
		e.publish(ada, t, id)
		e.publish(ada, t, id)
		if _, err := e.websites.Rollback(ada, id, ""); err != nil {
			t.Fatal(err)
		}
		run, approval := e.build(ada, t, id)
		for range 2 { // the second time nothing happens
			if _, err := e.runs.Cancel(ada, run.ID); err != nil {
				t.Fatal(err)
			}
		}
		archived := domain.WebsiteArchived
		for range 2 {
			if _, err := e.websites.Update(ada, id, domain.WebsitePatch{State: &archived}); err != nil {
				t.Fatal(err)
			}
		}
		if err := e.websites.Delete(ada, id); err != nil {
			t.Fatal(err)
		}
		log := entriesOf(ada, t, e, string(id))
		var actions []string
		last := ""
		for i, entry := range log {
			actions = append(actions, entry.Action)
			if entry.Before == "" && entry.After == "" {
				continue // a run was started, the website is the same
			}
			if entry.Before != last {
				t.Errorf("entry %d, %s: the state before is not the state after the one before", i, entry.Action)
			}
			if last = entry.After; last != "" && !sum.MatchString(last) {
				t.Errorf("entry %d: hash %q", i, last)
			}
		}
		build := []string{"website.rebuild", "website.titled"}
		want := slices.Concat([]string{"website.created", "website.updated"}, build, []string{"release.published"}, build, []string{"release.published", "release.rolled_back"},
			build, []string{"website.archived", "website.deleted"})
		if !slices.Equal(actions, want) || last != "" {
			t.Errorf("actions = %v, want %v", actions, want)
		}
		if got := actionsOf(entriesOf(ada, t, e, string(run.ID))); !slices.Equal(got, []string{"run.started", "run.cancelled"}) {
			t.Errorf("of the run: %v", got)
		}
		of := entriesOf(ada, t, e, string(approval.ID))
		if got := actionsOf(of); !slices.Equal(got, []string{"approval.opened", "approval.voided"}) || of[0].After != of[1].Before || of[1].After == of[1].Before {
			t.Errorf("of the approval: %+v", of)
		}
		if first := log[0]; first.ActorID != "user_acme" || first.RequestID != "req_acme" || first.Detail != "tea.example" {
			t.Errorf("the first entry: %+v", first)
		}
	})
}

// entriesOf returns what the log says of an object, oldest first.
func entriesOf(ctx context.Context, t *testing.T, e *estate, object string) []domain.AuditEntry {
	t.Helper()
	list, _, err := e.audit.List(ctx, domain.AuditFilter{Object: object}, domain.Window{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(list)
	return list
}

func actionsOf(list []domain.AuditEntry) []string {
	var out []string
	for _, e := range list {
		out = append(out, e.Action)
	}
	return out
}

// TestAuditOfDecisionsAndTasks: decisions, retries and tasks are there with their
// states, and what was refused is not.
func TestAuditOfDecisionsAndTasks(t *testing.T) {
	t.Parallel()
	e := newEstate(t, testkit.DB(t))
	ada := in(t.Context(), "acme")
	id := e.register(ada, t, "tea.example").ID
	run, a := e.build(ada, t, id)
	_, err := e.approvals.Decide(ada, a.ID, domain.Decision{Approve: true, PayloadHash: strings.Repeat("0", 64)})
	wantCode(t, "another payload", err, domain.CodeConflict)
	if _, err := e.approvals.Decide(ada, a.ID, domain.Decision{Reason: "No."}); err != nil {
		t.Fatal(err)
	}
	if _, err := e.runs.Retry(ada, run.ID, ""); err != nil {
		t.Fatal(err)
	}
	of := entriesOf(ada, t, e, string(a.ID))
	if got := actionsOf(of); !slices.Equal(got, []string{"approval.opened", "approval.rejected"}) || of[0].After != of[1].Before || of[1].Detail != "No." {
		t.Errorf("of the approval: %+v", of)
	}
	if got := actionsOf(entriesOf(ada, t, e, string(run.ID))); !slices.Equal(got, []string{"run.started", "run.retried"}) {
		t.Errorf("of the run: %v", got)
	}
	task, err := e.agents.CreateTask(ada, "digger", domain.TaskSpec{Type: "dig"}, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.agents.CancelTask(ada, task.ID); err != nil {
		t.Fatal(err)
	}
	of = entriesOf(ada, t, e, string(task.ID))
	if got := actionsOf(of); !slices.Equal(got, []string{"task.created", "task.cancelled"}) || of[0].After != of[1].Before {
		t.Errorf("of the task: %+v", of)
	}
}

// TestAuditExport: every entry of the tenant once, newest first, a part at a time,
// and nothing of what is written meanwhile.
func TestAuditExport(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		e := newEstate(t, st)
		ctx := t.Context()
		const n = 2100
		err := st.InTx(ctx, func(ctx context.Context) error {
			for i := range n {
				tenant := domain.TenantID("acme")
				if i%3 == 0 {
					tenant = "other"
				}
				if err := st.Audit.Append(ctx, domain.AuditEntry{At: time.Now(), Tenant: tenant, Action: "website.updated", Object: "site_1"}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		parts, seen, last := 0, 0, int64(1<<62)
		err = e.audit.Export(in(ctx, "acme"), domain.AuditFilter{Tenant: "other", Action: "website"}, func(list []domain.AuditEntry) error {
			parts++
			for _, entry := range list {
				if entry.Seq >= last || entry.Tenant != "acme" {
					t.Fatalf("entry %d of %s after %d", entry.Seq, entry.Tenant, last)
				}
				last = entry.Seq
				seen++
			}
			return st.Audit.Append(ctx, domain.AuditEntry{At: time.Now(), Tenant: "acme", Action: "website.updated"})
		})
		if err != nil || seen != n-n/3 || parts != 2 {
			t.Errorf("%d entries in %d parts, %v, want %d in 2", seen, parts, err, n-n/3)
		}
	})
}

func TestAuditRefuses(t *testing.T) {
	t.Parallel()
	audit := service.NewAudit(testkit.DB(t).Audit)
	most := domain.Permissions()
	most = slices.DeleteFunc(most, func(p domain.Permission) bool { return p == domain.AdminFull })
	editor := domain.WithPrincipal(t.Context(), &domain.Principal{UserID: "user_e", Permissions: most})
	now := time.Now()
	for _, tt := range []struct {
		name   string
		ctx    context.Context
		filter domain.AuditFilter
		want   domain.Code
	}{
		{"nobody", t.Context(), domain.AuditFilter{}, domain.CodeUnauthenticated},
		{"without the right", editor, domain.AuditFilter{}, domain.CodeForbidden},
		{"reversed", in(t.Context(), "acme"), domain.AuditFilter{Since: now, Until: now}, domain.CodeInvalid},
	} {
		_, _, err1 := audit.List(tt.ctx, tt.filter, domain.Window{Limit: 1})
		_, err2 := audit.Before(tt.ctx, tt.filter, 0, 1)
		err3 := audit.Export(tt.ctx, tt.filter, func([]domain.AuditEntry) error { return nil })
		for _, err := range []error{err1, err2, err3} {
			wantCode(t, tt.name, err, tt.want)
		}
	}
}

// TestCancelTask: a task that waits never begins, one that runs is stopped and what
// it still brings is dropped, one that has ended stays.
func TestCancelTask(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		ctx := in(t.Context(), "acme")
		d := newDigging(st)
		create := func() (domain.TaskID, json.RawMessage) {
			t.Helper()
			task, err := d.agents.CreateTask(ctx, "digger", domain.TaskSpec{Type: "dig"}, "")
			if err != nil {
				t.Fatal(err)
			}
			return task.ID, d.jobs[len(d.jobs)-1]
		}
		cancel := func(id domain.TaskID, want domain.Code) {
			t.Helper()
			task, err := d.agents.CancelTask(ctx, id)
			wantCode(t, "cancel", err, want)
			if err == nil && (task.State != domain.StateCancelled || task.FinishedAt == nil) {
				t.Errorf("cancelled task = %+v", task)
			}
		}
		waiting, job := create()
		cancel(waiting, "")
		cancel(waiting, "")
		if err := d.agents.Work(t.Context(), job); err != nil || len(d.worker.started) != 0 {
			t.Errorf("the job of a cancelled task: %v, begun %d times", err, len(d.worker.started))
		}
		running, job := create()
		done := make(chan error, 1)
		go func() { done <- d.agents.Work(t.Context(), job) }()
		<-d.worker.started
		cancel(running, "")
		if err := <-done; err != nil { // it stops without being told to finish
			t.Errorf("the work on a cancelled task: %v", err)
		}
		elsewhere, job := create() // a worker in another process
		other := newDigging(st)
		go func() { done <- other.agents.Work(t.Context(), job) }()
		<-other.worker.started
		cancel(elsewhere, "")
		other.worker.finish <- nil
		if err := <-done; err != nil {
			t.Errorf("the work elsewhere: %v", err)
		}
		if task, err := d.agents.Task(ctx, elsewhere); err != nil || task.State != domain.StateCancelled || task.Result != nil {
			t.Errorf("task = %+v, %v, want it cancelled without a result", task, err)
		}
		if a, err := d.agents.Get(ctx, "digger"); err != nil || a.Metrics.TasksCompleted != 0 || a.Metrics.Running != 0 {
			t.Errorf("figures = %+v, %v, want none", a.Metrics, err)
		}
		d.jobs = nil
		ended, _ := create()
		d.work(t, nil)
		cancel(ended, domain.CodeConflict)
		reader := domain.WithPrincipal(t.Context(), &domain.Principal{UserID: "user_r", Tenant: "acme", Permissions: []domain.Permission{domain.AgentsRead}})
		_, err := d.agents.CancelTask(reader, ended)
		wantCode(t, "without the right", err, domain.CodeForbidden)
	})
}
