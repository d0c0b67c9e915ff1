package service_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"empire/internal/domain"
	"empire/internal/service"
	"empire/internal/store"
	"empire/internal/testkit"
)

// visitors is a service of visits with a clock and a store to put hits into.
type visitors struct {
	*service.Traffic
	e   *estate
	st  *store.Store
	now time.Time
}

func newVisitors(t *testing.T) *visitors {
	t.Helper()
	st := testkit.DB(t)
	v := &visitors{e: newEstate(t, st), st: st, now: time.Now().UTC().Truncate(24 * time.Hour).Add(20*24*time.Hour + 12*time.Hour)}
	v.Traffic = service.NewTraffic(service.TrafficConfig{
		Websites: v.e.websites, Store: st.Traffic, Tx: st, Audit: st.Audit, Programs: st.Programs, Keep: 400 * 24 * time.Hour, KeepEvents: 30 * 24 * time.Hour, Now: func() time.Time { return v.now },
	})
	return v
}

// hit stores hits of people, the time before now.
func (v *visitors) hit(t *testing.T, id domain.WebsiteID, before time.Duration, hits ...domain.TrafficEvent) {
	t.Helper()
	for i := range hits {
		hits[i].WebsiteID, hits[i].At, hits[i].Class = id, v.now.Add(-before), domain.ClassPerson
		if hits[i].Kind == "" {
			hits[i].Kind = domain.HitView
		}
	}
	if err := v.st.Traffic.Insert(t.Context(), &domain.TrafficBatch{Keep: true, Day: domain.HoursSince1970(v.now) / 24, Events: hits}); err != nil {
		t.Fatal(err)
	}
}

func views(n int) []domain.TrafficEvent {
	out := make([]domain.TrafficEvent, n)
	for i := range out {
		out[i].Path = "/"
	}
	return out
}

const day = 24 * time.Hour

// TestPortfolioOfTenants: a tenant sees the sums of its websites with the time before,
// the present ones at once, and nothing of another.
func TestPortfolioOfTenants(t *testing.T) {
	t.Parallel()
	v := newVisitors(t)
	acme, other := in(t.Context(), "acme"), in(t.Context(), "other")
	tea, coffee, foreign := v.e.register(acme, t, "tea.example"), v.e.register(acme, t, "coffee.example"), v.e.register(other, t, "foreign.example")
	v.hit(t, tea.ID, 8*day, views(10)...)
	v.hit(t, tea.ID, 3*day, views(4)...)
	v.hit(t, coffee.ID, 0, views(2)...)
	click := domain.TrafficEvent{Kind: domain.HitClick, Path: "/", Slot: "top", Program: "awin:7"}
	v.hit(t, coffee.ID, 0, click)
	v.hit(t, foreign.ID, 0, append(views(100), click)...)
	report := func(ctx context.Context) *domain.PortfolioTraffic {
		t.Helper()
		r, err := v.Portfolio(ctx, domain.TrafficQuery{})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	r := report(acme)
	if r.Websites != 2 || r.Visited != 2 || r.People != (domain.TrafficCount{Views: 6, Clicks: 1}) || r.Before == nil || r.Before.Views != 10 || len(r.Series) != 7 || r.Period != "7d" {
		t.Errorf("report = %+v", r)
	}
	if r.Series[6].Views != 2 || r.Series[3].Views != 4 {
		t.Errorf("series = %+v", r.Series)
	}
	if len(r.Top) != 2 || r.Top[0].WebsiteID != tea.ID || len(r.Falling) != 1 || r.Falling[0].Lost() != 6 {
		t.Errorf("top = %+v, falling = %+v", r.Top, r.Falling)
	}
	v.hit(t, coffee.ID, 0, views(3)...) // what is past comes from memory; this must not
	if r = report(acme); r.People.Views != 9 || r.Series[6].Views != 5 || r.Top[0].Domain != "coffee.example" {
		t.Errorf("after three more views: %+v", r)
	}
	if r := report(other); r.Websites != 1 || r.People.Views != 100 {
		t.Errorf("the other tenant sees %+v", r)
	}
	programs, total, err := v.Programs(acme, domain.TrafficQuery{}, domain.Window{Limit: 5})
	zero := 0
	if d := cmp.Diff([]domain.ProgramTraffic{{Network: "awin", AdvertiserID: "7", Clicks: 1, Before: &zero, Websites: 1}}, programs); err != nil || total != 1 || d != "" {
		t.Errorf("programs: %v, %s", err, d)
	}
	if _, err := v.Portfolio(t.Context(), domain.TrafficQuery{}); domain.CodeOf(err) != domain.CodeUnauthenticated {
		t.Errorf("without a principal: %v", err)
	}
	nobody := domain.WithPrincipal(t.Context(), &domain.Principal{UserID: "user_n", Tenant: "acme", Permissions: []domain.Permission{domain.AgentsRead}})
	if _, _, err := v.Websites(nobody, domain.TrafficQuery{}, "", domain.Window{}); domain.CodeOf(err) != domain.CodeForbidden {
		t.Errorf("without the right: %v", err)
	}
}

// TestBeforeIsUnknown: a website is not compared with a time when it was not there.
func TestBeforeIsUnknown(t *testing.T) {
	t.Parallel()
	v := newVisitors(t)
	acme := in(t.Context(), "acme")
	site := v.e.register(acme, t, "tea.example")
	v.hit(t, site.ID, 0, views(2)...)
	for period, known := range map[string]bool{"24h": true, "7d": true, "30d": false, "12m": false} {
		r, err := v.Report(acme, site.ID, period)
		if err != nil {
			t.Fatal(err)
		}
		if (r.Before != nil) != known || r.People.Views != 2 {
			t.Errorf("%s: before %v, %d views; want it known: %t", period, r.Before, r.People.Views, known)
		}
	}
}

// TestPagesOfAll: pages of all websites come once each, whatever the window.
func TestPagesOfAll(t *testing.T) {
	t.Parallel()
	v := newVisitors(t)
	acme := in(t.Context(), "acme")
	want := map[string]bool{}
	for _, host := range []string{"tea.example", "coffee.example", "empty.example"} {
		site := v.e.register(acme, t, host)
		for _, path := range []string{"/", "/a/", "/b/"} {
			if host != "empty.example" {
				v.hit(t, site.ID, 0, domain.TrafficEvent{Path: path})
				want[string(site.ID)+path] = true
			}
		}
	}
	for limit := 1; limit < 8; limit++ {
		got := map[string]bool{}
		for after, n := (domain.PageCursor{}), 0; n < 20; n++ {
			list, next, err := v.Pages(acme, "", domain.TrafficQuery{}, after, limit)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range list {
				if key := string(p.WebsiteID) + p.Path; got[key] {
					t.Errorf("limit %d: %s came twice", limit, key)
				} else {
					got[key] = true
				}
			}
			if after, err = domain.ParsePageCursor(next.String()); err != nil {
				t.Fatal(err)
			}
			if next == (domain.PageCursor{}) {
				break
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("limit %d: %s", limit, d)
		}
	}
}

// TestConversions: goals are counted from hits, funnels from sessions that reach the
// steps in their order.
func TestConversions(t *testing.T) {
	t.Parallel()
	v := newVisitors(t)
	acme := in(t.Context(), "acme")
	site := v.e.register(acme, t, "tea.example")
	set := &domain.GoalSet{
		WebsiteID: site.ID, Goals: []domain.Goal{{Name: "Guide", Kind: domain.GoalPath, Target: "/guide/"}, {Name: "Any offer", Kind: domain.GoalClick}, {Name: "End", Kind: domain.GoalClick, Target: "end"}},
		Funnels: []domain.Funnel{{Name: "Way", Steps: []string{"Guide", "Any offer"}}, {Name: "Twice", Steps: []string{"Any offer", "Any offer"}}},
	}
	if _, err := v.SetGoals(acme, set); err != nil {
		t.Fatal(err)
	}
	at := func(session int64, minute int, kind domain.HitKind, path, slot string) {
		v.hit(t, site.ID, time.Hour-time.Duration(minute)*time.Minute, domain.TrafficEvent{Session: session, Kind: kind, Path: path, Slot: slot})
	}
	at(1, 0, domain.HitView, "/guide/", "")
	at(1, 1, domain.HitClick, "/guide/", "top")
	at(1, 2, domain.HitClick, "/guide/", "end")
	at(2, 0, domain.HitClick, "/", "top") // the wrong way round
	at(2, 1, domain.HitView, "/guide/", "")
	at(3, 0, domain.HitView, "/", "")
	at(0, 0, domain.HitClick, "/", "end") // of no session
	r, err := v.Conversions(acme, site.ID, domain.TrafficQuery{Period: "24h"})
	if err != nil {
		t.Fatal(err)
	}
	want := &domain.GoalReport{
		WebsiteID: site.ID, Period: "24h", From: r.From, To: r.To, EventsFrom: v.now.Add(-30 * day), Sessions: 3,
		Goals:   []domain.GoalResult{{Goal: set.Goals[0], Completions: 2, Sessions: 2}, {Goal: set.Goals[1], Completions: 4, Sessions: 2}, {Goal: set.Goals[2], Completions: 2, Sessions: 1}},
		Funnels: []domain.FunnelResult{{Name: "Way", Steps: []domain.FunnelStep{{Goal: "Guide", Sessions: 2}, {Goal: "Any offer", Sessions: 1}}}, {Name: "Twice", Steps: []domain.FunnelStep{{Goal: "Any offer", Sessions: 2}, {Goal: "Any offer", Sessions: 1}}}},
	}
	if d := cmp.Diff(want, r); d != "" {
		t.Errorf("conversions (-want +got):\n%s", d)
	}
	entries, _, err := v.st.Audit.List(t.Context(), domain.AuditFilter{Tenant: "acme", Action: "website.goals_set"}, domain.Window{Limit: 10})
	if err != nil || len(entries) != 1 {
		t.Errorf("%d audit entries, %v; want 1", len(entries), err)
	}
	reader := domain.WithPrincipal(t.Context(), &domain.Principal{UserID: "user_r", Tenant: "acme", Permissions: []domain.Permission{domain.WebsitesRead}, Human: true})
	if _, err := v.SetGoals(reader, set); domain.CodeOf(err) != domain.CodeForbidden {
		t.Errorf("by a reader: %v, want forbidden", err)
	}
	if _, err := v.SetGoals(acme, &domain.GoalSet{WebsiteID: site.ID, Goals: []domain.Goal{{Name: "x", Kind: "jump"}}}); domain.CodeOf(err) != domain.CodeInvalid {
		t.Errorf("unknown kind: %v", err)
	}
}
