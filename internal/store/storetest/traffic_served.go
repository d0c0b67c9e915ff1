package storetest

import (
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/store"
)

// testTrafficServed: counts of pages add up, stand apart by source, become those of days
// and vanish with their website; an access log is known by its content.
func testTrafficServed(t *testing.T, s *store.Store) {
	ctx := t.Context()
	site := insertWebsite(t, s, "one").ID
	hour := domain.HoursSince1970(day)/24*24 + 24 + 5 // on the next day
	count := func(id domain.WebsiteID, at int64, path string, class domain.HitClass, source domain.HitSource, n int) domain.ServedCount {
		return domain.ServedCount{WebsiteID: id, Hour: at, Path: path, Class: class, Source: source, Views: n}
	}
	for range 2 {
		must(t, s.Traffic.AddServed(ctx, []domain.ServedCount{
			count(site, hour, "/", domain.ClassPerson, domain.SourceServer, 2), count(site, hour+1, "/guide/", domain.ClassPerson, domain.SourceServer, 1),
			count(site, hour, "/", domain.ClassBot, domain.SourceServer, 5), count(site, hour, "/", domain.ClassOwn, domain.SourceServer, 1),
			count(site, hour, "/", domain.ClassPerson, domain.SourceLog, 7), count(site, hour, "/", domain.ClassBot, domain.SourceLog, 4),
			count("site_gone", hour, "/", domain.ClassPerson, domain.SourceServer, 1),
		}))
	}
	must(t, s.Traffic.AddServed(ctx, nil))
	want := domain.ServedReport{People: 6, Bots: 10, Own: 2, Imported: domain.ServedImported{People: 14, Bots: 8}}
	span := domain.TrafficSpan{From: hour / 24 * 24, To: hour/24*24 + 24, Step: 24}
	r := value(s.Traffic.Report(ctx, site, span))(t)
	wantEqual(t, r.Served, want)
	if r.People.Views != 0 {
		t.Errorf("%d views, want what a script reports alone", r.People.Views)
	}
	wantEqual(t, value(s.Traffic.Report(ctx, site, domain.TrafficSpan{From: hour + 1, To: hour + 2, Step: 1}))(t).Served, domain.ServedReport{People: 2})
	one := &domain.AccessImport{WebsiteID: site, SHA256: "5a", Name: "access.log", ImportedAt: day}
	if at := value(s.Traffic.Imported(ctx, site, "5a"))(t); !at.IsZero() {
		t.Errorf("imported at %s before it was", at)
	}
	must(t, s.Traffic.AddImport(ctx, one))
	wantCode(t, s.Traffic.AddImport(ctx, one), domain.CodeConflict)
	if at := value(s.Traffic.Imported(ctx, site, "5a"))(t); !at.Equal(day) {
		t.Errorf("imported at %s, want %s", at, day)
	}
	for range 2 {
		value(s.Traffic.Sweep(ctx, store.TrafficLimits{Events: day, Sums: day, Hours: day.Add(72 * time.Hour)}))(t)
	}
	wantEqual(t, value(s.Traffic.Report(ctx, site, span))(t).Served, want)
	if n := value(s.Traffic.Sweep(ctx, store.TrafficLimits{Events: day, Sums: day.Add(72 * time.Hour), Hours: day}))(t); n != 7 {
		t.Errorf("%d rows removed, want 6 counts and 1 import", n)
	}
}
