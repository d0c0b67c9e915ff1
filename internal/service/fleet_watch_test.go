package service_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/sqltx"
	"empire/internal/store"
	"empire/internal/testkit"
)

// fleetYear is a portfolio of which each day is counted, watched and swept.
type fleetYear struct {
	*watched
	st    *store.Store
	sites []*domain.Website
	mean  []float64
	fall  []float64 // by what visits of a website count
	r     *rand.Rand
	start time.Time
}

// visit counts the visitors of a day on all websites and looks at them in the first
// hour of the next.
func (y *fleetYear) visit(t *testing.T, day int) int {
	t.Helper()
	date := y.start.AddDate(0, 0, day)
	season := (1 + 0.3*math.Sin(2*math.Pi*float64(day)/365)) * []float64{1.1, 1.1, 1.1, 1, 0.9, 0.8, 1}[day%7]
	if day%91 == 90 { // a holiday
		season *= 0.4
	}
	err := y.st.InTx(t.Context(), func(ctx context.Context) error {
		for i, w := range y.sites {
			n := max(0, math.Round(y.mean[i]*season*y.fall[i]*math.Exp(0.12*y.r.NormFloat64())))
			const add = `INSERT INTO traffic_sums (website_id, grain, start, class, views, visitors, sessions, clicks) VALUES ($1, 24, $2, 'person', $3, $3, $3, 0)`
			if _, err := sqltx.From(ctx).Tx.ExecContext(ctx, add, w.ID, date.Unix()/3600, int(n)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	y.pass(date.Add(25 * time.Hour).Sub(y.clock()))
	n, err := y.fleet.Watch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := y.fleet.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	return n
}

// ask returns what a query says in one text.
func (y *fleetYear) ask(t *testing.T, query string, args ...any) (out string) {
	t.Helper()
	err := y.st.InTx(t.Context(), func(ctx context.Context) error {
		return sqltx.From(ctx).Tx.QueryRowContext(ctx, query, args...).Scan(&out)
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestFleetYear: a year of visits. Nothing freezes in the noise of its seasons; a cliff
// of the canary group stops the change there; a cliff of a single website freezes it
// alone; a person lifts that, and it stays lifted.
func TestFleetYear(t *testing.T) {
	t.Parallel()
	st := testkit.DB(t)
	y := &fleetYear{watched: watch(t, st, domain.FleetLimits{}), st: st, r: rand.New(rand.NewPCG(5, 5)), start: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	y.pass(y.start.Sub(y.clock()))
	ctx := in(t.Context(), "acme")
	for i := range 9 {
		y.sites = append(y.sites, y.site(ctx, t, hostOf(i), prose(fmt.Sprintf("site%dword", i))))
		y.mean, y.fall = append(y.mean, []float64{15, 80, 300}[i%3]), append(y.fall, 1) // the first of three has too few for itself
	}
	day := 0
	calm := func(until int) {
		t.Helper()
		for ; day < until; day++ {
			if n := y.visit(t, day); n != 0 {
				t.Fatalf("%d websites froze on day %d", n, day)
			}
		}
	}
	calm(200)
	c, err := y.fleet.StartChange(ctx, domain.FleetChangeParams{Action: domain.FleetRebuild, Reason: "theme 2", Canary: 3})
	if err != nil {
		t.Fatal(err)
	}
	if n := y.decideAll(ctx, t, true); n != 3 {
		t.Fatalf("%d websites were built", n)
	}
	y.changed(ctx, t, c.ID, domain.FleetWaiting)
	calm(203)
	y.fall[0], y.fall[3], y.fall[6] = 0.2, 0.2, 0.2 // what the change began with
	frozen, began := 0, day
	for ; frozen == 0 && day < began+12; day++ {
		frozen = y.visit(t, day)
	}
	if frozen != 3 || day-began > 5 {
		t.Fatalf("%d websites froze within %d days, want the canary group within five", frozen, day-began)
	}
	c = y.changed(ctx, t, c.ID, domain.FleetStopped)
	if c.Published != 3 || !strings.Contains(c.Detail, "Visits of the canary group of "+string(c.ID)+" (3 websites) fell by") {
		t.Errorf("change = %+v", c)
	}
	_, err = y.fleet.ContinueChange(ctx, c.ID)
	wantCode(t, "continue", err, domain.CodeConflict)
	if why := y.websitesRefuse(ctx, y.sites[0].ID); !strings.Contains(why, "fell by") {
		t.Errorf("a frozen website is refused with %q", why)
	}
	// The log says it in this order, of these websites, and of no other.
	log := y.ask(t, `SELECT group_concat(action || ' ' || object, ', ') FROM (SELECT action, object FROM audit WHERE seq >= (SELECT seq FROM audit WHERE action = 'fleet.change_started')
		AND (action LIKE 'fleet.%' OR action LIKE 'release.published') ORDER BY seq)`)
	releases := y.ask(t, `SELECT count(DISTINCT website_id) FROM fleet_moves WHERE at >= (SELECT at FROM audit WHERE action = 'fleet.change_started')`)
	id := string(c.ID)
	for _, want := range []string{
		"fleet.change_started " + id, "fleet.change_waiting " + id, "fleet.frozen " + string(y.sites[0].ID), "fleet.frozen " + string(y.sites[3].ID),
		"fleet.frozen " + string(y.sites[6].ID), "fleet.change_stopped " + id,
	} {
		_, rest, ok := strings.Cut(log, want)
		if !ok {
			t.Fatalf("log = %q, want %q next", log, want)
		}
		log = rest
	}
	if log != "" || releases != "3" {
		t.Errorf("log goes on with %q; %s websites were published since the change began, want 3", log, releases)
	}
	if n := y.ask(t, `SELECT count(*) FROM audit WHERE action = 'fleet.frozen' AND actor_id = '' AND detail LIKE '%were expected by the same weekdays before%'`); n != "3" {
		t.Errorf("%s entries with figures by nobody, want 3", n)
	}

	// Lifted at this level they stay lifted, and the other websites are calm.
	for _, i := range []int{0, 3, 6} {
		if err := y.fleet.Unfreeze(ctx, y.sites[i].ID); err != nil {
			t.Fatal(err)
		}
	}
	calm(300)
	y.fall[1] = 0.3
	frozen, began = 0, day
	for ; frozen == 0 && day < began+12; day++ {
		frozen = y.visit(t, day)
	}
	s, err := y.fleet.Status(ctx)
	if err != nil || frozen != 1 || len(s.Freezes) != 1 || s.Freezes[0].WebsiteID != y.sites[1].ID || s.Freezes[0].Cause != domain.FleetByTraffic {
		t.Fatalf("%d froze: %+v, %v", frozen, s, err)
	}
	if e := s.Freezes[0].Evidence; e == nil || e.Share > 0.5 || e.Expected < domain.CliffVisitors || e.Websites != 1 || e.To != y.start.AddDate(0, 0, day-1).Format(time.DateOnly) {
		t.Errorf("evidence = %+v", e)
	}
	if err := y.fleet.Unfreeze(ctx, y.sites[1].ID); err != nil {
		t.Fatal(err)
	}
	calm(365)
	if n := y.ask(t, `SELECT count(*) FROM audit WHERE action = 'fleet.frozen'`); n != "4" {
		t.Errorf("%s freezes in the year, want 4", n)
	}
}

// websitesRefuse says why a website is not built.
func (y *fleetYear) websitesRefuse(ctx context.Context, id domain.WebsiteID) string {
	_, err := y.websites.Rebuild(ctx, id)
	return domain.MessageOf(err)
}

// TestFleetNotice: what a person was told freezes as well, and stops a change.
func TestFleetNotice(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		w := watch(t, st, domain.FleetLimits{})
		ctx := in(t.Context(), "acme")
		for i := range 3 {
			w.site(ctx, t, hostOf(i), prose(fmt.Sprintf("site%dword", i)))
		}
		c, err := w.fleet.StartChange(ctx, domain.FleetChangeParams{Action: domain.FleetRebuild, Reason: "x", Canary: 1})
		if err != nil {
			t.Fatal(err)
		}
		w.decideAll(ctx, t, true)
		w.changed(ctx, t, c.ID, domain.FleetWaiting)
		if _, err := w.fleet.ContinueChange(ctx, c.ID); err != nil {
			t.Fatal(err)
		}
		_, list, err := w.fleet.Change(ctx, c.ID, domain.Window{Limit: 1})
		if err != nil {
			t.Fatal(err)
		}
		f, err := w.fleet.Freeze(ctx, domain.FleetFreezeParams{WebsiteID: list[0].WebsiteID, Cause: domain.FleetByNotice, Reason: "Scaled content abuse"})
		if err != nil || f.Cause != domain.FleetByNotice {
			t.Fatalf("freeze = %+v, %v", f, err)
		}
		w.changed(ctx, t, c.ID, domain.FleetStopped) // though it went on already
		_, err = w.fleet.Freeze(ctx, domain.FleetFreezeParams{Cause: domain.FleetByTraffic, Reason: "x"})
		wantCode(t, "a cause of the program", err, domain.CodeInvalid)
		if n, err := w.fleet.Watch(t.Context()); n != 0 || err != nil {
			t.Errorf("without visits %d froze, %v", n, err)
		}
	})
}
