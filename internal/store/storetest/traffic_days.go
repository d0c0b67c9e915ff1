package storetest

import (
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/store"
)

// testTrafficDays: figures that are read from the sheets of days are those that plain SQL
// counts from single events, also after hits that came late, and of a tenant alone.
func testTrafficDays(t *testing.T, s *store.Store) {
	ctx := t.Context()
	one, two, other := insertWebsite(t, s, "one").ID, insertWebsite(t, s, "two").ID, insertWebsite(t, s, "three").ID
	_, err := s.DB().Writer().ExecContext(ctx, `UPDATE websites SET tenant = 'acme' WHERE id = $1`, other)
	must(t, err)
	first := domain.HoursSince1970(day) / 24
	for _, b := range recountHits([]domain.WebsiteID{one, two, other}, first) {
		must(t, s.Traffic.Insert(ctx, b))
	}
	span := domain.TrafficSpan{From: (first - 1) * 24, To: (first + 4) * 24, Step: 24}
	wantSheets := func(want int) {
		t.Helper()
		var n int
		must(t, s.DB().Readers().QueryRowContext(ctx, `SELECT count(*) FROM traffic_days`).Scan(&n))
		if n != want {
			t.Errorf("%d sheets, want %d", n, want)
		}
	}
	wantFigures(t, s, span)
	if made := value(s.Traffic.SumDays(ctx, (first+2)*24))(t); made != 2 {
		t.Errorf("%d sheets made, want 2", made)
	}
	if made := value(s.Traffic.SumDays(ctx, (first+2)*24))(t); made != 0 {
		t.Errorf("%d sheets made again", made)
	}
	wantSheets(2)
	wantFigures(t, s, span)

	// A hit that comes late: its day is counted again, the other not.
	late := &domain.TrafficBatch{Keep: true, Day: first, Events: []domain.TrafficEvent{trafficEvent(one, domain.HourTime(first*24).Add(time.Hour), domain.HitView, domain.ClassPerson, "/", "")}}
	must(t, s.Traffic.Insert(ctx, late))
	wantSheets(1)
	wantFigures(t, s, span)
	value(s.Traffic.SumDays(ctx, (first+2)*24))(t)
	wantSheets(2)
	wantFigures(t, s, span)

	// Sheets are what is read: the sums below them are not looked at.
	_, err = s.DB().Writer().ExecContext(ctx, `UPDATE traffic_sums SET views = views + 1000 WHERE start < $1`, (first+2)*24)
	must(t, err)
	wantFigures(t, s, span)

	// A website that is gone is in no figures; days that are too old go.
	_, err = s.DB().Writer().ExecContext(ctx, `DELETE FROM websites WHERE id = $1`, two)
	must(t, err)
	wantFigures(t, s, span)
	value(s.Traffic.Sweep(ctx, store.TrafficLimits{Events: day.Add(-48 * time.Hour), Sums: domain.HourTime((first + 1) * 24), Hours: day.Add(-48 * time.Hour)}))(t)
	wantSheets(1)
}

// wantFigures compares the figures of both tenants with single events.
func wantFigures(t *testing.T, s *store.Store, span domain.TrafficSpan) {
	t.Helper()
	for _, tenant := range []domain.TenantID{"main", "acme", ""} {
		got := value(s.Traffic.Figures(t.Context(), tenant, span))(t)
		sums := map[string]domain.TrafficCount{}
		for _, c := range got.Sums {
			sums[string(c.WebsiteID)+" "+string(c.Class)] = c.TrafficCount
		}
		wantEqual(t, sums, countFigures(t, s, tenant, `e.website_id || ' ' || e.class`, ``))
		series := map[string]domain.TrafficCount{}
		for _, p := range got.Series {
			if p.TrafficCount != (domain.TrafficCount{}) {
				series[p.At.Format(time.DateOnly)] = p.TrafficCount
			}
		}
		want := map[string]domain.TrafficCount{}
		for key, c := range countFigures(t, s, tenant, dayOfEvent(s), `AND e.class = 'person'`) {
			at, err := time.ParseDuration(key + "h")
			must(t, err)
			want[time.Unix(0, 0).UTC().Add(24*at).Format(time.DateOnly)] = c
		}
		wantEqual(t, series, want)
		if len(got.Series) != int((span.To-span.From)/span.Step) {
			t.Errorf("%d points", len(got.Series))
		}
	}
}

// countFigures counts the single events of a tenant by an expression.
func countFigures(t *testing.T, s *store.Store, tenant domain.TenantID, by, where string) map[string]domain.TrafficCount {
	t.Helper()
	rows, err := s.DB().Readers().QueryContext(t.Context(), `SELECT `+by+`, sum(CASE WHEN kind = 'view' THEN 1 ELSE 0 END), sum(CASE WHEN entry = 2 THEN 1 ELSE 0 END),
		sum(CASE WHEN entry > 0 THEN 1 ELSE 0 END), sum(CASE WHEN kind = 'click' THEN 1 ELSE 0 END)
		FROM traffic_events e JOIN websites w ON w.id = e.website_id WHERE (w.tenant = $1 OR $1 = '') `+where+` GROUP BY 1`, string(tenant))
	must(t, err)
	defer rows.Close()
	out := map[string]domain.TrafficCount{}
	for rows.Next() {
		var key string
		var c domain.TrafficCount
		must(t, rows.Scan(&key, &c.Views, &c.Visitors, &c.Sessions, &c.Clicks))
		out[key] = c
	}
	must(t, rows.Err())
	return out
}
