package service_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/service"
	"empire/internal/store"
	"empire/internal/testkit"
)

// revised is an estate with revisions and planned releases.
type revised struct {
	*estate
	revisions *service.Revisions
	planned   *service.Planned
	clock     time.Time
	fleet     *service.Fleet
}

func newRevised(t *testing.T, st *store.Store) *revised {
	t.Helper()
	e := &revised{estate: newEstate(t, st), clock: time.Now().Truncate(time.Second)}
	now := func() time.Time { return e.clock }
	e.sites.Retirements = st.Retirements
	w := watch(t, st, domain.FleetLimits{}) // for its fleet
	e.fleet = w.fleet
	e.sites.Twins, e.sites.Fleet = w.duplicates, w.fleet
	e.websites = service.NewWebsites(e.sites)
	e.batches = e.newBatches()
	e.revisions = service.NewRevisions(service.RevisionsConfig{Tx: st, Store: st.Retirements, Websites: e.websites, Runs: st.Runs, Audit: st.Audit, Now: now})
	e.planned = service.NewPlanned(service.PlannedConfig{Tx: st, Store: st.Planned, Websites: e.websites, Users: st.Users, Audit: st.Audit, Now: now})
	edit := e.launch()
	edit.Name = "edit_website"
	if err := e.engine.Register(edit); err != nil {
		t.Fatal(err)
	}
	return e
}

// keeper stores a user of a tenant who may change websites, and returns who acts.
func (e *revised) keeper(t *testing.T, tenant domain.TenantID) context.Context {
	t.Helper()
	u := &domain.User{
		ID: domain.UserID("user_" + tenant), Tenant: tenant, Email: string(tenant) + "@shop.example", Name: "Keeper", PasswordHash: "x", Permissions: []domain.Permission{domain.AdminFull},
		CreatedAt: e.clock.UTC(), UpdatedAt: e.clock.UTC(),
	}
	if err := e.st.Users.Insert(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	return in(t.Context(), tenant)
}

// TestPlannedReleases: a release goes live at its time, late if nobody looked, and not
// while something forbids it; what became of it is kept.
func TestPlannedReleases(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		e := newRevised(t, st)
		ada := e.keeper(t, "acme")
		site := e.publish(ada, t, e.register(ada, t, "a.example").ID)
		first := site.LiveRelease
		second := e.publish(ada, t, site.ID).LiveRelease
		_, err := e.planned.Plan(ada, site.ID, first, e.clock.Add(-time.Minute))
		wantCode(t, "in the past", err, domain.CodeInvalid)
		_, err = e.planned.Plan(ada, site.ID, "rel_0", e.clock.Add(time.Hour))
		wantCode(t, "no such release", err, domain.CodeNotFound)
		plan := func(r domain.ReleaseID) domain.PlannedReleaseID {
			t.Helper()
			p, err := e.planned.Plan(ada, site.ID, r, e.clock.Add(time.Hour))
			if err != nil {
				t.Fatal(err)
			}
			return p.ID
		}
		fire := func(after time.Duration, want int) {
			t.Helper()
			e.clock = e.clock.Add(after)
			if n, err := e.planned.Fire(t.Context()); n != want || err != nil {
				t.Fatalf("%d settled, %v, want %d", n, err, want)
			}
		}
		expect := func(id domain.PlannedReleaseID, state domain.PlannedState, detail string, live domain.ReleaseID) {
			t.Helper()
			p, err := st.Planned.Get(ada, id)
			if err != nil || p.State != state || !strings.Contains(p.Detail, detail) || detail == "" && p.Detail != "" || p.EndedAt == nil {
				t.Errorf("plan = %+v, %v, want %s with %q", p, err, state, detail)
			}
			if got, err := e.websites.Get(ada, site.ID); err != nil || got.LiveRelease != live {
				t.Errorf("live is %s, %v, want %s", got.LiveRelease, err, live)
			}
		}
		on := plan(first)
		fire(59*time.Minute, 0)
		fire(time.Minute, 1)
		expect(on, domain.PlannedPublished, "", first)

		late := plan(second)
		fire(3*time.Hour, 1) // as after a restart
		expect(late, domain.PlannedPublished, "2h0m0s late", second)

		frozen := plan(first)
		if _, err := e.fleet.Freeze(ada, domain.FleetFreezeParams{WebsiteID: site.ID, Reason: "Visits fell"}); err != nil {
			t.Fatal(err)
		}
		fire(time.Hour, 1)
		expect(frozen, domain.PlannedRefused, "Visits fell", second)
		if err := e.fleet.Unfreeze(ada, site.ID); err != nil {
			t.Fatal(err)
		}

		off := plan(first)
		if p, err := e.planned.Cancel(ada, off); err != nil || p.State != domain.PlannedCancelled {
			t.Errorf("cancelled = %+v, %v", p, err)
		}
		_, err = e.planned.Cancel(ada, off)
		wantCode(t, "cancel twice", err, domain.CodeConflict)
		fire(time.Hour, 0)
		expect(off, domain.PlannedCancelled, "", second)

		left := plan(first) // who planned it loses the right meanwhile
		u, err := st.Users.Get(ada, "user_acme")
		if err != nil {
			t.Fatal(err)
		}
		u.Permissions = []domain.Permission{domain.WebsitesRead}
		if err := st.Users.Update(ada, u); err != nil {
			t.Fatal(err)
		}
		fire(time.Hour, 1)
		expect(left, domain.PlannedRefused, "may not publish any more", second)
		list, total, err := e.planned.List(ada, site.ID, []domain.PlannedState{domain.PlannedRefused}, domain.Window{Limit: 10})
		if err != nil || total != 2 || len(list) != 2 {
			t.Errorf("list = %+v of %d, %v", list, total, err)
		}
	})
}

// brittle is users of which some cannot be read.
type brittle struct {
	*store.Users
	errs map[domain.UserID]error
}

func (b brittle) Get(ctx context.Context, id domain.UserID) (*domain.User, error) {
	if err := b.errs[id]; err != nil {
		return nil, err
	}
	return b.Users.Get(ctx, id)
}

// TestPlannedFaults: a planned release that cannot be settled waits without holding up
// those after it, and a fault of ours ends in a refusal whose cause is told.
func TestPlannedFaults(t *testing.T) {
	t.Parallel()
	st := testkit.DB(t)
	e := newRevised(t, st)
	down, torn := domain.Errorf(domain.CodeUnavailable, "Down."), errors.New("torn page")
	planned := service.NewPlanned(service.PlannedConfig{
		Tx: st, Store: st.Planned, Websites: e.websites, Audit: st.Audit, Now: func() time.Time { return e.clock },
		Users: brittle{st.Users, map[domain.UserID]error{"user_down": down, "user_torn": torn}},
	})
	plans := map[domain.TenantID]domain.PlannedReleaseID{}
	for i, tenant := range []domain.TenantID{"down", "torn", "good"} {
		ctx := e.keeper(t, tenant)
		site := e.publish(ctx, t, e.register(ctx, t, hostOf(i)).ID)
		p, err := planned.Plan(ctx, site.ID, site.LiveRelease, e.clock.Add(time.Duration(i+1)*time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		plans[tenant] = p.ID
	}
	e.clock = e.clock.Add(time.Hour)
	n, err := planned.Fire(t.Context())
	if n != 2 || !errors.Is(err, down) || !errors.Is(err, torn) {
		t.Errorf("%d settled, %v, want two and both causes", n, err)
	}
	for tenant, want := range map[domain.TenantID]domain.PlannedState{"down": domain.PlannedWaiting, "torn": domain.PlannedRefused, "good": domain.PlannedPublished} {
		p, err := st.Planned.Get(t.Context(), plans[tenant])
		if err != nil || p.State != want || strings.Contains(p.Detail, "torn page") {
			t.Errorf("%s: %+v, %v, want %s", tenant, p, err, want)
		}
	}
}

// TestRevisionTenants: pages and times of a website are its tenant's alone, and need
// the right to change websites.
func TestRevisionTenants(t *testing.T) {
	t.Parallel()
	e := newRevised(t, testkit.DB(t))
	ada, bob := e.keeper(t, "acme"), e.keeper(t, "other")
	site := e.publish(ada, t, e.register(ada, t, "a.example").ID)
	first := site.LiveRelease
	e.publish(ada, t, site.ID)
	p, err := e.planned.Plan(ada, site.ID, first, e.clock.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	reader := domain.WithPrincipal(t.Context(), &domain.Principal{UserID: "user_r", Tenant: "acme", Permissions: []domain.Permission{domain.WebsitesRead}})
	for name, call := range map[string]func(ctx context.Context) error{
		"restore": func(ctx context.Context) error { _, err := e.revisions.Restore(ctx, site.ID, "/", first); return err },
		"retire": func(ctx context.Context) error {
			_, err := e.revisions.Retire(ctx, site.ID, "", "", "weak")
			return err
		},
		"page": func(ctx context.Context) error {
			_, err := e.revisions.Retire(ctx, site.ID, "/guide/", "", "weak")
			return err
		},
		"take back": func(ctx context.Context) error { return e.revisions.TakeBack(ctx, site.ID, "") },
		"plan": func(ctx context.Context) error {
			_, err := e.planned.Plan(ctx, site.ID, first, e.clock.Add(time.Hour))
			return err
		},
		"cancel": func(ctx context.Context) error { _, err := e.planned.Cancel(ctx, p.ID); return err },
	} {
		wantCode(t, name+" by another tenant", call(bob), domain.CodeNotFound)
		wantCode(t, name+" by a reader", call(reader), domain.CodeForbidden)
	}
	_, err = e.revisions.List(bob, site.ID)
	wantCode(t, "list", err, domain.CodeNotFound)
	_, _, err = e.planned.List(bob, site.ID, nil, domain.Window{})
	wantCode(t, "list plans of a website", err, domain.CodeNotFound)
	if _, total, err := e.planned.List(bob, "", nil, domain.Window{}); total != 0 || err != nil {
		t.Errorf("another tenant sees %d plans, %v", total, err)
	}
	own := e.publish(bob, t, e.register(bob, t, "b.example").ID)
	_, err = e.revisions.Retire(ada, site.ID, "", string(own.ID), "merge")
	wantCode(t, "merge into another tenant's", err, domain.CodeInvalid)
}

// TestRetireRefuses: what a website cannot be without stays, and a retired website is
// neither built nor published until it is rolled back.
func TestRetireRefuses(t *testing.T) {
	t.Parallel()
	e := newRevised(t, testkit.DB(t))
	ada := e.keeper(t, "acme")
	site := e.publish(ada, t, e.register(ada, t, "a.example").ID)
	first := site.LiveRelease
	site = e.publish(ada, t, site.ID)
	for name, tt := range map[string]struct {
		path, target, reason string
		want                 domain.Code
	}{
		"no reason": {"/guide/", "", " ", domain.CodeInvalid}, "no such page": {"/none/", "", "weak", domain.CodeInvalid},
		"of every website": {"/guide/", "", "weak", domain.CodeInvalid}, "into itself": {"", string(site.ID), "weak", domain.CodeInvalid}, "into none": {"", "site_0", "weak", domain.CodeInvalid},
	} {
		_, err := e.revisions.Retire(ada, site.ID, tt.path, tt.target, tt.reason)
		wantCode(t, name, err, tt.want)
	}
	_, err := e.revisions.Restore(ada, site.ID, "/none/", first)
	wantCode(t, "restore a page that never was", err, domain.CodeInvalid)
	_, err = e.revisions.Restore(ada, site.ID, "/", site.LiveRelease)
	wantCode(t, "restore from the live release", err, domain.CodeConflict)

	edited := func(id, into domain.WebsiteID) error {
		run := &domain.Run{ID: "run_1", WebsiteID: id, Tenant: "acme", OwnerID: "user_acme"}
		return e.st.InTx(t.Context(), func(ctx context.Context) error {
			return e.revisions.Edited(ctx, run, domain.EditParams{WebsiteID: id, Kind: domain.EditRetire, Into: into, Reason: "weak"})
		})
	}
	if err := edited(site.ID, ""); err != nil {
		t.Fatal(err)
	}
	other := e.publish(ada, t, e.register(ada, t, "b.example").ID) // its approval came after that of the first
	wantCode(t, "lead visitors to a website that is retired meanwhile", edited(other.ID, site.ID), domain.CodeConflict)
	if _, err := e.websites.Rebuild(ada, other.ID); err != nil {
		t.Errorf("a website that was not retired: %v", err)
	}
	_, err = e.websites.Rebuild(ada, site.ID)
	if domain.CodeOf(err) != domain.CodeConflict || !strings.Contains(domain.MessageOf(err), "is retired since") {
		t.Errorf("rebuild of a retired website: %v", err)
	}
	_, err = e.revisions.Retire(ada, site.ID, "", "", "again")
	wantCode(t, "retire a retired website", err, domain.CodeConflict)
	_, err = e.revisions.Restore(ada, site.ID, "/guide/", first)
	wantCode(t, "restore a page of a retired website", err, domain.CodeConflict)
	_, list, err := e.batches.Start(ada, domain.BatchParams{Action: domain.BulkRebuild, Filter: domain.WebsiteFilter{Text: "a.example"}, DryRun: true})
	if err != nil || len(list) != 1 || list[0].State != domain.BatchSiteSkipped || !strings.Contains(list[0].Detail, "is retired since") {
		t.Errorf("a dry run of a rebuild says %+v, %v, want the retired website skipped", list, err)
	}
	_, err = e.websites.Publish(ada, site.ID, first)
	wantCode(t, "publish of a retired website", err, domain.CodeConflict)
	if _, err := e.websites.Rollback(ada, site.ID, first); err != nil {
		t.Fatal(err)
	}
	if list, err := e.revisions.List(ada, site.ID); err != nil || len(list) != 0 {
		t.Errorf("after a rollback: %+v, %v", list, err)
	}
	if entries, _, err := e.audit.List(ada, domain.AuditFilter{Action: "website.revived"}, domain.Window{}); err != nil || len(entries) != 1 {
		t.Errorf("audit = %+v, %v", entries, err)
	}
}
