package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"empire/internal/domain"
	"empire/internal/store"
)

// testTenants: what is stored for a tenant is listed and counted for it alone, and
// for nobody in particular all of it is.
func testTenants(t *testing.T, s *store.Store) {
	ctx := t.Context()
	for i, tenant := range []domain.TenantID{"", "acme", "acme"} {
		name := fmt.Sprint(i)
		must(t, s.Websites.Insert(ctx, &domain.Website{
			ID: domain.WebsiteID("site_" + name), Tenant: tenant, Name: name, Domain: name + ".example", CreatedAt: day, UpdatedAt: day,
		}))
		run := &domain.Run{ID: domain.RunID("run_" + name), Tenant: tenant, State: domain.StateQueued, CreatedAt: day}
		must(t, s.Runs.Insert(ctx, run))
		must(t, s.Tasks.Insert(ctx, &domain.Task{ID: domain.TaskID("task_" + name), Tenant: tenant, State: domain.StateQueued, CreatedAt: day}))
		must(t, s.Approvals.Insert(ctx, &domain.Approval{
			ID: domain.ApprovalID("appr_" + name), Tenant: tenant, RunID: run.ID, State: domain.ApprovalPending, CreatedAt: day,
		}))
		must(t, s.Audit.Append(ctx, domain.AuditEntry{At: day, Tenant: tenant, Action: "website.created", Object: "site_" + name}))
	}
	for tenant, want := range map[domain.TenantID]int{"": 3, "main": 1, "acme": 2, "none": 0} {
		for kind, list := range map[string]func() ([]domain.TenantID, int, error){
			"websites": func() ([]domain.TenantID, int, error) {
				list, n, err := s.Websites.List(ctx, tenant, window(10, 0))
				return tenants(list, func(w domain.Website) domain.TenantID { return w.Tenant }), n, err
			},
			"runs": func() ([]domain.TenantID, int, error) {
				list, n, err := s.Runs.List(ctx, domain.RunFilter{Tenant: tenant, State: domain.StateQueued}, window(10, 0))
				return tenants(list, func(r domain.Run) domain.TenantID { return r.Tenant }), n, err
			},
			"tasks": func() ([]domain.TenantID, int, error) {
				list, n, err := s.Tasks.List(ctx, domain.TaskFilter{Tenant: tenant}, window(10, 0))
				return tenants(list, func(t domain.Task) domain.TenantID { return t.Tenant }), n, err
			},
			"approvals": func() ([]domain.TenantID, int, error) {
				list, n, err := s.Approvals.List(ctx, domain.ApprovalFilter{Tenant: tenant, State: domain.ApprovalPending}, window(10, 0))
				return tenants(list, func(a domain.Approval) domain.TenantID { return a.Tenant }), n, err
			},
			"audit": func() ([]domain.TenantID, int, error) {
				list, n, err := s.Audit.List(ctx, domain.AuditFilter{Tenant: tenant}, window(10, 0))
				return tenants(list, func(e domain.AuditEntry) domain.TenantID { return e.Tenant }), n, err
			},
		} {
			got, total, err := list()
			must(t, err)
			if len(got) != want || total != want {
				t.Errorf("%s of %q: %d of %d, want %d", kind, tenant, len(got), total, want)
			}
			for _, owner := range got {
				if tenant != "" && owner != tenant || owner == "" {
					t.Errorf("%s of %q: one belongs to %q", kind, tenant, owner)
				}
			}
		}
	}
	moved := value(s.Websites.Get(ctx, "site_1"))(t)
	moved.Tenant = "main"
	must(t, s.Websites.Update(ctx, moved))
	if got := value(s.Websites.Get(ctx, "site_1"))(t).Tenant; got != "acme" {
		t.Errorf("Update moved a website to tenant %q", got)
	}
}

func tenants[T any](list []T, of func(T) domain.TenantID) []domain.TenantID {
	var out []domain.TenantID
	for _, v := range list {
		out = append(out, of(v))
	}
	return out
}

// testTenantWalk: a walk by id meets every website of its tenant that is there all
// the time exactly once, whatever is added and deleted around it.
func testTenantWalk(t *testing.T, s *store.Store) {
	ctx := t.Context()
	add := func(tenant domain.TenantID, n int) domain.WebsiteID {
		name := fmt.Sprintf("%03d", n)
		must(t, s.Websites.Insert(ctx, &domain.Website{
			ID: domain.WebsiteID("site_" + name), Tenant: tenant, Name: name, Domain: name + ".example", CreatedAt: day, UpdatedAt: day,
		}))
		return domain.WebsiteID("site_" + name)
	}
	var want []domain.WebsiteID
	for i := range 30 {
		tenant := domain.TenantID("main")
		if i%3 == 0 {
			tenant = "acme"
		}
		if id := add(tenant, 10*i+5); tenant == "acme" {
			want = append(want, id)
		}
	}
	var got []domain.WebsiteID
	after, extra := domain.WebsiteID(""), 0
	for {
		list := value(s.Websites.After(ctx, "acme", after, 4))(t)
		if len(list) == 0 {
			break
		}
		for _, w := range list {
			if w.Tenant != "acme" {
				t.Errorf("%s belongs to %s", w.ID, w.Tenant)
			}
			got = append(got, w.ID)
		}
		after = list[len(list)-1].ID
		add("acme", extra) // before what was seen
		extra++
		must(t, s.Websites.Delete(ctx, got[0])) // so that offsets would slip
		got, want = got[1:], want[1:]
	}
	wantEqual(t, got, want)
	if all := value(s.Websites.After(ctx, "", "site_2", 0))(t); len(all) == 0 || all[0].ID != "site_205" {
		t.Errorf("after site_2 comes %+v, want site_205", all)
	}
}

// testWebsiteLocks lets a publication and a new website meet half-way: each has what
// it takes first, and neither waits for the other in a circle.
func testWebsiteLocks(t *testing.T, s *store.Store) {
	if s.DB().Dialect() == "sqlite" {
		return // one transaction writes at a time
	}
	w := insertWebsite(t, s, "keys")
	halfway := make(chan struct{}, 2)
	goOn := make(chan struct{})
	meet := func(first, second func(ctx context.Context) error) error {
		return s.InTx(t.Context(), func(ctx context.Context) error {
			err := first(ctx)
			halfway <- struct{}{}
			if err != nil {
				return err
			}
			<-goOn
			return second(ctx)
		})
	}
	var group errgroup.Group
	group.Go(func() error {
		return meet(func(ctx context.Context) error {
			return s.Releases.Insert(ctx, &domain.Release{ID: "rel_1", WebsiteID: w.ID, CreatedAt: day})
		}, func(ctx context.Context) error { return s.Websites.SetLive(ctx, w.ID, "rel_1", day) })
	})
	<-halfway
	group.Go(func() error {
		return meet(s.Websites.InOrder, func(ctx context.Context) error {
			return s.Websites.Insert(ctx, &domain.Website{ID: "site_n", Name: "n", Domain: "n.example", CreatedAt: day, UpdatedAt: day})
		})
	})
	<-halfway
	close(goOn)
	must(t, group.Wait())
}

func testAudit(t *testing.T, s *store.Store) {
	ctx := t.Context()
	for i := range 3 {
		must(t, s.Audit.Append(ctx, domain.AuditEntry{
			At: day, ActorID: "user_a", Action: "website.created", Object: fmt.Sprint("site_", i), Detail: "d", Before: "b", After: "a", RequestID: "r",
		}))
	}
	list, total, err := s.Audit.List(ctx, domain.AuditFilter{}, window(2, 0))
	must(t, err)
	if total != 3 || len(list) != 2 || list[0].Seq <= list[1].Seq {
		t.Fatalf("list = %+v of %d, want the newest 2 of 3", list, total)
	}
	before := value(s.Audit.Before(ctx, domain.AuditFilter{}, 0, 2))(t)
	wantEqual(t, before, list)
	if rest := value(s.Audit.Before(ctx, domain.AuditFilter{}, list[1].Seq, 2))(t); len(rest) != 1 || rest[0].Object != "site_0" {
		t.Errorf("before the second: %+v, want site_0", rest)
	}
	list[0].Seq = 0
	wantEqual(t, list[0], domain.AuditEntry{
		At: day, Tenant: "main", ActorID: "user_a", Action: "website.created", Object: "site_2", Detail: "d", Before: "b", After: "a", RequestID: "r",
	})
}

func testAuditFilters(t *testing.T, s *store.Store) {
	ctx := t.Context()
	for i, action := range []string{"website", "website.created", "website.updated", "websites.read", "website-x.made", "Website.created", "run.started"} {
		must(t, s.Audit.Append(ctx, domain.AuditEntry{
			At: day.Add(time.Duration(i) * time.Hour), ActorID: domain.UserID(fmt.Sprint("user_", i%2)), Action: action, Object: fmt.Sprint("o", i),
		}))
	}
	for name, tt := range map[string]struct {
		filter domain.AuditFilter
		want   []string // objects
	}{
		"first part":   {domain.AuditFilter{Action: "website"}, []string{"o2", "o1", "o0"}},
		"whole action": {domain.AuditFilter{Action: "website.created"}, []string{"o1"}},
		"half a part":  {domain.AuditFilter{Action: "webs"}, nil},
		"hostile":      {domain.AuditFilter{Action: "%' OR 1=1 --"}, nil},
		"actor":        {domain.AuditFilter{Actor: "user_1"}, []string{"o5", "o3", "o1"}},
		"object":       {domain.AuditFilter{Object: "o3"}, []string{"o3"}},
		"since":        {domain.AuditFilter{Since: day.Add(5 * time.Hour)}, []string{"o6", "o5"}},
		"until":        {domain.AuditFilter{Until: day.Add(time.Hour)}, []string{"o0"}},
		"all of them":  {domain.AuditFilter{Tenant: "main", Actor: "user_1", Action: "website", Since: day, Until: day.Add(2 * time.Hour)}, []string{"o1"}},
	} {
		list, total, err := s.Audit.List(ctx, tt.filter, window(10, 0))
		must(t, err)
		for _, got := range [][]domain.AuditEntry{list, value(s.Audit.Before(ctx, tt.filter, 0, 10))(t)} {
			var objects []string
			for _, e := range got {
				objects = append(objects, e.Object)
			}
			t.Logf("%s: %v", name, objects)
			wantEqual(t, objects, tt.want)
		}
		if total != len(tt.want) {
			t.Errorf("%s: total = %d, want %d", name, total, len(tt.want))
		}
	}
}
