package storetest

import (
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/store"
)

// testTrafficPortfolio: the figures of websites, pages and programs are those of a
// tenant alone.
func testTrafficPortfolio(t *testing.T, s *store.Store) {
	ctx := t.Context()
	a, b, other := insertWebsite(t, s, "one"), insertWebsite(t, s, "two"), insertWebsite(t, s, "three")
	other.Tenant = "acme"
	_, err := s.DB().Writer().ExecContext(ctx, `UPDATE websites SET tenant = 'acme' WHERE id = $1`, other.ID)
	must(t, err)
	at := domain.HourTime(domain.HoursSince1970(day) / 24 * 24).Add(5 * time.Hour)
	batch := &domain.TrafficBatch{Day: domain.HoursSince1970(at) / 24, Events: []domain.TrafficEvent{
		trafficEvent(a.ID, at, domain.HitView, domain.ClassPerson, "/", ""), trafficEvent(a.ID, at, domain.HitView, domain.ClassPerson, "/guide/", ""),
		trafficEvent(a.ID, at, domain.HitClick, domain.ClassPerson, "/guide/", "top"), trafficEvent(b.ID, at.Add(24*time.Hour), domain.HitView, domain.ClassPerson, "/", ""),
		trafficEvent(b.ID, at, domain.HitClick, domain.ClassPerson, "/", "top"), trafficEvent(b.ID, at, domain.HitView, domain.ClassBot, "/", ""),
		trafficEvent(other.ID, at, domain.HitClick, domain.ClassPerson, "/", "top"),
	}}
	must(t, s.Traffic.Insert(ctx, batch))
	hour := domain.HoursSince1970(at) / 24 * 24
	span := domain.TrafficSpan{From: hour, To: hour + 48, Step: 24}
	names := value(s.Traffic.Names(ctx, "main"))(t)
	if len(names) != 2 || names[0].WebsiteID != a.ID || names[0].Domain != a.Domain || !names[0].CreatedAt.Equal(a.CreatedAt) {
		t.Errorf("names = %+v", names)
	}
	if all := value(s.Traffic.Names(ctx, ""))(t); len(all) != 3 {
		t.Errorf("%d websites of all tenants, want 3", len(all))
	}
	sums := map[domain.WebsiteID]map[domain.HitClass]domain.TrafficCount{}
	figures := value(s.Traffic.Figures(ctx, "main", span))(t)
	for _, c := range figures.Sums {
		if sums[c.WebsiteID] == nil {
			sums[c.WebsiteID] = map[domain.HitClass]domain.TrafficCount{}
		}
		sums[c.WebsiteID][c.Class] = c.TrafficCount
	}
	wantEqual(t, sums, map[domain.WebsiteID]map[domain.HitClass]domain.TrafficCount{
		a.ID: {domain.ClassPerson: {Views: 2, Clicks: 1}}, b.ID: {domain.ClassPerson: {Views: 1, Clicks: 1}, domain.ClassBot: {Views: 1}},
	})
	wantEqual(t, figures.Series, []domain.TrafficPoint{
		{At: domain.HourTime(hour), TrafficCount: domain.TrafficCount{Views: 2, Clicks: 2}}, {At: domain.HourTime(hour + 24), TrafficCount: domain.TrafficCount{Views: 1}},
	})
	wantEqual(t, value(s.Traffic.Programs(ctx, "main", span))(t), []domain.ProgramTraffic{{Network: "awin", AdvertiserID: "7", Clicks: 2, Websites: 2}})
	wantEqual(t, value(s.Traffic.Pages(ctx, a.ID, span, "", 1))(t), []domain.TrafficPage{{Path: "/", Views: 1}})
	wantEqual(t, value(s.Traffic.Pages(ctx, a.ID, span, "/", 5))(t), []domain.TrafficPage{{Path: "/guide/", Views: 1, Clicks: 1}})
	wantEqual(t, value(s.Traffic.People(ctx, a.ID, span))(t), domain.TrafficCount{Views: 2, Clicks: 1})
	wantEqual(t, value(s.Traffic.Facets(ctx, a.ID, domain.FacetProgram, span))(t), []domain.TrafficFacet{
		{Kind: domain.FacetProgram, Value: "awin:7", TrafficCount: domain.TrafficCount{Clicks: 1}},
	})
}

// testTrafficGoals: what is measured is kept with its website, and counted from sums and
// from the hits of sessions.
func testTrafficGoals(t *testing.T, s *store.Store) {
	ctx := t.Context()
	site := insertWebsite(t, s, "one").ID
	wantEqual(t, value(s.Traffic.Goals(ctx, site))(t), &domain.GoalSet{WebsiteID: site})
	set := &domain.GoalSet{
		WebsiteID: site, Goals: []domain.Goal{{Name: "Guide", Kind: domain.GoalPath, Target: "/guide/"}, {Name: "Offer", Kind: domain.GoalClick}},
		Funnels: []domain.Funnel{{Name: "Way", Steps: []string{"Guide", "Offer"}}},
	}
	for range 2 {
		must(t, s.Traffic.PutGoals(ctx, set))
	}
	wantEqual(t, value(s.Traffic.Goals(ctx, site))(t), set)
	at := domain.HourTime(2400)
	batch := &domain.TrafficBatch{Keep: true, Day: 100}
	add := func(session int64, after time.Duration, kind domain.HitKind, path, slot string) {
		e := trafficEvent(site, at.Add(after), kind, domain.ClassPerson, path, slot)
		e.Session = session
		batch.Events = append(batch.Events, e)
	}
	add(2, 2*time.Minute, domain.HitClick, "/guide/", "top")
	add(1, time.Minute, domain.HitView, "/", "")
	add(2, time.Minute, domain.HitView, "/guide/", "")
	add(0, time.Minute, domain.HitView, "/guide/", "") // of no session
	must(t, s.Traffic.Insert(ctx, batch))
	span := domain.TrafficSpan{From: 2400, To: 2424, Step: 24}
	var hits []string
	must(t, s.Traffic.SessionHits(ctx, site, span, func(session int64, kind domain.HitKind, path, _ string) {
		hits = append(hits, string(rune('0'+session))+string(kind)+path)
	}))
	wantEqual(t, hits, []string{"1view/", "2view/guide/", "2click/guide/"})
	views, clicks := map[string]int{}, map[string]int{}
	must(t, s.Traffic.GoalCounts(ctx, site, span, func(path, slot string, v, c int) {
		views[path] += v
		clicks[slot] += c
	}))
	if views["/guide/"] != 2 || clicks["top"] != 1 {
		t.Errorf("views %v, clicks %v", views, clicks)
	}
}
