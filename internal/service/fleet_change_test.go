package service_test

import (
	"context"
	"fmt"
	"testing"

	"empire/internal/domain"
	"empire/internal/store"
)

// decideAll approves or rejects all open questions and works what follows.
func (w *watched) decideAll(ctx context.Context, t *testing.T, approve bool) int {
	t.Helper()
	w.workAll(t)
	open, _, err := w.approvals.List(ctx, domain.ApprovalFilter{State: domain.ApprovalPending}, domain.Window{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range open {
		if _, err := w.approvals.Decide(ctx, a.ID, domain.Decision{Approve: approve, Reason: "No.", PayloadHash: a.PayloadHash}); err != nil {
			t.Fatal(err)
		}
	}
	w.workAll(t)
	return len(open)
}

// changed sweeps and returns the change.
func (w *watched) changed(ctx context.Context, t *testing.T, id domain.FleetChangeID, want domain.FleetState) *domain.FleetChange {
	t.Helper()
	if err := w.fleet.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	c, _, err := w.fleet.Change(ctx, id, domain.Window{Limit: 10})
	if err != nil || c.State != want {
		t.Fatalf("change = %+v, %v, want it %s", c, err, want)
	}
	return c
}

// TestFleetChange: a change begins with its canary group, waits for a person when that
// is published, and only then goes on.
func TestFleetChange(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		w := watch(t, st, domain.FleetLimits{})
		ctx := in(t.Context(), "acme")
		for i := range 6 {
			w.site(ctx, t, hostOf(i), prose(fmt.Sprintf("site%dword", i)))
		}
		w.register(ctx, t, "draft.example") // not live, so not of the fleet
		start := func(canary int) *domain.FleetChange {
			t.Helper()
			c, err := w.fleet.StartChange(ctx, domain.FleetChangeParams{Action: domain.FleetRebuild, Reason: "theme 2", Filter: domain.FleetFilter{Niche: "TEA"}, Canary: canary})
			if err != nil || c.State != domain.FleetCanary || c.Total != 6 {
				t.Fatalf("started: %+v, %v", c, err)
			}
			return c
		}
		c := start(2)
		_, err := w.fleet.ContinueChange(ctx, c.ID)
		wantCode(t, "continue too early", err, domain.CodeConflict)
		w.changed(ctx, t, c.ID, domain.FleetCanary)
		if n := w.decideAll(ctx, t, true); n != 2 {
			t.Errorf("%d websites were built, want the canary group", n)
		}
		if c = w.changed(ctx, t, c.ID, domain.FleetWaiting); c.Published != 2 {
			t.Errorf("change = %+v", c)
		}
		if n := w.decideAll(ctx, t, true); n != 0 {
			t.Errorf("%d websites were built while it waits", n)
		}
		if _, err := w.fleet.ContinueChange(ctx, c.ID); err != nil {
			t.Fatal(err)
		}
		if n := w.decideAll(ctx, t, true); n != 4 {
			t.Errorf("%d websites were built, want the others", n)
		}
		if c = w.changed(ctx, t, c.ID, domain.FleetDone); c.Published != 6 || c.Failed != 0 {
			t.Errorf("change = %+v", c)
		}

		// A failure in the canary group stops it, and nothing else is built.
		failing := start(2)
		w.decideAll(ctx, t, false)
		if c = w.changed(ctx, t, failing.ID, domain.FleetStopped); c.Failed == 0 || c.Detail == "" {
			t.Errorf("change = %+v", c)
		}
		_, err = w.fleet.ContinueChange(ctx, c.ID)
		wantCode(t, "continue a stopped one", err, domain.CodeConflict)

		// So does a freeze of one of its websites while a person thinks.
		frozen := start(1)
		w.decideAll(ctx, t, true)
		w.changed(ctx, t, frozen.ID, domain.FleetWaiting)
		_, list, err := w.fleet.Change(ctx, frozen.ID, domain.Window{Limit: 1})
		if err != nil || len(list) != 1 || !list[0].Canary || list[0].State != domain.FleetSitePublished {
			t.Fatalf("websites = %+v, %v", list, err)
		}
		if _, err := w.fleet.Freeze(ctx, domain.FleetFreezeParams{WebsiteID: list[0].WebsiteID, Reason: "Visits fell."}); err != nil {
			t.Fatal(err)
		}
		w.changed(ctx, t, frozen.ID, domain.FleetStopped)
		if err := w.fleet.Unfreeze(ctx, list[0].WebsiteID); err != nil {
			t.Fatal(err)
		}

		stopped := start(1)
		if c, err := w.fleet.StopChange(ctx, stopped.ID, "Too wide."); err != nil || c.State != domain.FleetStopped || c.Detail != "Too wide." {
			t.Errorf("stopped: %+v, %v", c, err)
		}
		w.decideAll(ctx, t, true)
		w.changed(ctx, t, stopped.ID, domain.FleetStopped)
		_, err = w.fleet.StopChange(ctx, stopped.ID, "Again.")
		wantCode(t, "stop twice", err, domain.CodeConflict)
		for name, p := range map[string]domain.FleetChangeParams{
			"action":  {Action: "burn", Reason: "x", Canary: 1},
			"reason":  {Action: domain.FleetRebuild, Canary: 1},
			"canary":  {Action: domain.FleetRebuild, Reason: "x"},
			"nothing": {Action: domain.FleetRebuild, Reason: "x", Canary: 1, Filter: domain.FleetFilter{Niche: "coffee"}},
			"feed":    {Action: domain.FleetRebuild, Reason: "x", Canary: 1, Filter: domain.FleetFilter{Feed: "feed_x"}},
		} {
			_, err := w.fleet.StartChange(ctx, p)
			wantCode(t, name, err, domain.CodeInvalid)
		}
	})
}

// TestFleetTenants: freezes, changes, limits and duplicates of one tenant do not exist
// for another, and each method needs its right.
func TestFleetTenants(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		w := watch(t, st, domain.FleetLimits{ReleasesPerDay: 100})
		acme, other := in(t.Context(), "acme"), in(t.Context(), "other")
		a := w.site(acme, t, "a.example", prose("alpha"))
		if _, err := w.fleet.Freeze(acme, domain.FleetFreezeParams{Reason: "x"}); err != nil {
			t.Fatal(err)
		}
		w.site(other, t, "o.example", prose("omega")) // not frozen
		if err := w.fleet.Unfreeze(acme, ""); err != nil {
			t.Fatal(err)
		}
		c, err := w.fleet.StartChange(acme, domain.FleetChangeParams{Action: domain.FleetRebuild, Reason: "x", Canary: 1})
		if err != nil || c.Total != 1 {
			t.Fatalf("change = %+v, %v", c, err)
		}
		for name, call := range map[string]func(ctx context.Context) error{
			"Freeze": func(ctx context.Context) error {
				_, err := w.fleet.Freeze(ctx, domain.FleetFreezeParams{WebsiteID: a.ID, Reason: "x"})
				return err
			},
			"Unfreeze":       func(ctx context.Context) error { return w.fleet.Unfreeze(ctx, a.ID) },
			"Change":         func(ctx context.Context) error { _, _, err := w.fleet.Change(ctx, c.ID, domain.Window{}); return err },
			"ContinueChange": func(ctx context.Context) error { _, err := w.fleet.ContinueChange(ctx, c.ID); return err },
			"StopChange":     func(ctx context.Context) error { _, err := w.fleet.StopChange(ctx, c.ID, "x"); return err },
		} {
			wantCode(t, name+" of another", call(other), domain.CodeNotFound)
			wantCode(t, name+" of nobody", call(domain.WithPrincipal(t.Context(), &domain.Principal{Tenant: "acme"})), domain.CodeForbidden)
		}
		list, total, err := w.fleet.Changes(other, domain.Window{Limit: 10})
		if err != nil || len(list) != 0 || total != 0 {
			t.Errorf("another tenant sees changes %+v of %d, %v", list, total, err)
		}
		s, err := w.fleet.Status(other)
		if err != nil || s.Releases != 1 || len(s.Changes) != 0 || len(s.Freezes) != 0 || len(s.Fastest) != 1 || s.Fastest[0].WebsiteID == a.ID {
			t.Errorf("another tenant's status = %+v, %v", s, err)
		}
		r, err := w.duplicates.List(other, 0, domain.Window{})
		if err != nil || r.Websites != 1 || r.Pages != 1 {
			t.Errorf("another tenant's report = %+v, %v", r, err)
		}
		nobody := domain.WithPrincipal(t.Context(), &domain.Principal{Tenant: "acme"})
		_, err1 := w.duplicates.List(nobody, 0, domain.Window{})
		_, err2 := w.fleet.Status(nobody)
		_, _, err3 := w.fleet.Changes(nobody, domain.Window{})
		_, err4 := w.fleet.StartChange(nobody, domain.FleetChangeParams{})
		for i, err := range []error{err1, err2, err3, err4} {
			wantCode(t, fmt.Sprint("without a right ", i), err, domain.CodeForbidden)
		}
	})
}
