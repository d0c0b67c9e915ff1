package storetest

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/store"
)

// recountHits makes hits of three days and three websites, as a collector gives them.
func recountHits(sites []domain.WebsiteID, first int64) (batches []*domain.TrafficBatch) {
	r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same in every run
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	for day := range int64(3) {
		for range 4 {
			b := &domain.TrafficBatch{Keep: true, Day: first + day}
			for i := range 100 {
				e := domain.TrafficEvent{
					At: domain.HourTime((first+day)*24 + int64(r.IntN(24))).Add(time.Duration(r.IntN(3600)) * time.Second), WebsiteID: sites[r.IntN(len(sites))], Kind: domain.HitView,
					Class: domain.ClassPerson, Source: domain.SourceScript, Path: pick("/", "/guide/", "/best/"), Referrer: pick("", "www.search.example"), Channel: domain.ChannelSearch,
					Device: domain.Device(pick("mobile", "desktop")), Campaign: domain.Campaign{Source: pick("", "news")},
				}
				switch r.IntN(6) {
				case 0:
					e.Kind, e.Channel, e.Referrer, e.Campaign, e.Slot, e.SubID, e.Program = domain.HitClick, "", "", domain.Campaign{}, pick("top", "end"), "s", pick("awin:7", "awin:8")
				case 1:
					e.Class, e.Channel, e.Device = domain.ClassBot, "", ""
				}
				if e.Class == domain.ClassPerson && e.Kind == domain.HitView {
					b.Visits = append(b.Visits, visitOf(e.WebsiteID, int64(r.IntN(20)), r.Int64N(1<<60)+1, e.At, i))
					e.Visit = len(b.Visits)
				}
				b.Events = append(b.Events, e)
			}
			batches = append(batches, b)
		}
	}
	return batches
}

// testTrafficRecount: all figures equal those that plain SQL counts from single events,
// before and after sums by hour became sums by day.
func testTrafficRecount(t *testing.T, s *store.Store) {
	ctx := t.Context()
	sites := []domain.WebsiteID{insertWebsite(t, s, "one").ID, insertWebsite(t, s, "two").ID, insertWebsite(t, s, "three").ID}
	first := domain.HoursSince1970(day) / 24
	for _, b := range recountHits(sites, first) {
		must(t, s.Traffic.Insert(ctx, b))
	}
	span := domain.TrafficSpan{From: first * 24, To: first*24 + 72, Step: 24}
	for range 2 {
		for _, site := range sites {
			wantReport(t, s, site, span)
		}
		wantHours(t, s, sites[0], first)
		if n := value(s.Traffic.CountEvents(ctx))(t); n != 1200 {
			t.Fatalf("%d events, want 1200", n)
		}
		// Hours of the first two days go; wantHours looks at the third.
		value(s.Traffic.Sweep(ctx, store.TrafficLimits{Events: day.Add(-48 * time.Hour), Sums: day.Add(-48 * time.Hour), Hours: domain.HourTime(first*24 + 48)}))(t)
	}
}

const counted = `sum(CASE WHEN kind = 'view' THEN 1 ELSE 0 END), sum(CASE WHEN entry = 2 THEN 1 ELSE 0 END),
	count(DISTINCT CASE WHEN session <> 0 THEN session END), sum(CASE WHEN kind = 'click' THEN 1 ELSE 0 END)`

// recount counts the events of a website by an expression.
func recount(t *testing.T, s *store.Store, by, where string, args ...any) map[string]domain.TrafficCount {
	t.Helper()
	rows, err := s.DB().Readers().QueryContext(t.Context(), `SELECT `+by+`, `+counted+` FROM traffic_events WHERE website_id = $1 AND class = 'person' `+where+` GROUP BY 1`, args...)
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

// dayOfEvent is SQL for the day of an event, since 1970 in UTC.
func dayOfEvent(s *store.Store) string {
	if s.DB().Dialect() == "postgres" {
		return `CAST(floor(extract(epoch FROM at) / 86400) AS text)`
	}
	return `CAST(at / 86400000000 AS text)`
}

func wantReport(t *testing.T, s *store.Store, site domain.WebsiteID, span domain.TrafficSpan) {
	t.Helper()
	r := value(s.Traffic.Report(t.Context(), site, span))(t)
	wantEqual(t, map[string]domain.TrafficCount{"all": r.People}, recount(t, s, `'all'`, ``, site))
	series := map[string]domain.TrafficCount{}
	for _, p := range r.Series {
		series[fmt.Sprint(domain.HoursSince1970(p.At)/24)] = p.TrafficCount
	}
	wantEqual(t, series, recount(t, s, dayOfEvent(s), ``, site))
	facets := map[domain.FacetKind]map[string]domain.TrafficCount{}
	for _, f := range r.Facets {
		if facets[f.Kind] == nil {
			facets[f.Kind] = map[string]domain.TrafficCount{}
		}
		f.Sessions = 0 // those that began so: below
		facets[f.Kind][f.Value] = f.TrafficCount
	}
	for kind, column := range map[domain.FacetKind]string{
		domain.FacetChannel: "channel", domain.FacetReferrer: "referrer", domain.FacetDevice: "device", domain.FacetSource: "utm_source", domain.FacetProgram: "program",
	} {
		want := recount(t, s, column, `AND `+column+` <> ''`, site)
		for value, c := range want {
			c.Sessions = 0
			want[value] = c
		}
		wantEqual(t, facets[kind], want)
	}
	pages := map[string]int{}
	for _, p := range r.Pages {
		pages[p.Path] = p.Views
	}
	for path, c := range recount(t, s, "path", ``, site) {
		if pages[path] != c.Views {
			t.Errorf("%d views of %s, want %d", pages[path], path, c.Views)
		}
	}
	var entries int
	must(t, s.DB().Readers().QueryRowContext(t.Context(), `SELECT count(*) FROM traffic_events WHERE website_id = $1 AND entry > 0 AND channel = 'search'`, site).Scan(&entries))
	for _, f := range r.Facets {
		if f.Kind == domain.FacetChannel && f.Sessions != entries {
			t.Errorf("%d sessions came from searches, want %d", f.Sessions, entries)
		}
	}
}

// wantHours compares the sums by hour of the third day.
func wantHours(t *testing.T, s *store.Store, site domain.WebsiteID, first int64) {
	t.Helper()
	span := domain.TrafficSpan{From: (first + 2) * 24, To: (first + 3) * 24, Step: 1}
	var sum domain.TrafficCount
	r := value(s.Traffic.Report(t.Context(), site, span))(t)
	for _, p := range r.Series {
		sum.Add(p.TrafficCount)
	}
	want := recount(t, s, dayOfEvent(s), `AND `+dayOfEvent(s)+` = $2`, site, fmt.Sprint(first+2))[fmt.Sprint(first+2)]
	wantEqual(t, sum, want)
	wantEqual(t, r.People, want)
	if len(r.Series) != 24 || sum.Views == 0 {
		t.Errorf("%d points with %d views", len(r.Series), sum.Views)
	}
}
