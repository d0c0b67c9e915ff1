package storetest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/store"
)

func trafficEvent(site domain.WebsiteID, at time.Time, kind domain.HitKind, class domain.HitClass, path, slot string) domain.TrafficEvent {
	e := domain.TrafficEvent{At: at, WebsiteID: site, Kind: kind, Class: class, Source: domain.SourceScript, Path: path, Slot: slot}
	if slot != "" {
		e.SubID, e.Program = "sub-"+slot, "awin:7"
	}
	return e
}

// visitOf is a visit of a visitor that begins with an event at a time, if the visitor was
// not there in the half hour before.
func visitOf(site domain.WebsiteID, visitor, session int64, at time.Time, event int) domain.TrafficVisit {
	return domain.TrafficVisit{WebsiteID: site, Visitor: visitor, Session: session, Since: at.Unix(), Last: at.Unix(), Event: event}
}

func testTraffic(t *testing.T, s *store.Store) {
	ctx := t.Context()
	a, b := insertWebsite(t, s, "one").ID, insertWebsite(t, s, "two").ID
	at := day.Add(13*time.Hour + 5*time.Minute)
	hour := domain.HoursSince1970(at)
	batch := &domain.TrafficBatch{
		Keep: true, Day: hour / 24,
		Events: []domain.TrafficEvent{
			trafficEvent(a, at.Add(-time.Minute), domain.HitView, domain.ClassPerson, "/", ""),
			trafficEvent(a, at, domain.HitView, domain.ClassPerson, "/", ""),
			trafficEvent(a, at.Add(time.Hour), domain.HitView, domain.ClassPerson, "/guide/", ""),
			trafficEvent(a, at.Add(time.Hour), domain.HitClick, domain.ClassPerson, "/guide/", "top"),
			trafficEvent(a, at, domain.HitView, domain.ClassBot, "/", ""),
			trafficEvent(a, at, domain.HitClick, domain.ClassOwn, "/", "top"),
			trafficEvent(b, at, domain.HitView, domain.ClassPerson, "/", ""),
		},
		Visits: []domain.TrafficVisit{
			visitOf(a, 1, 11, at, 0), visitOf(a, -2, 12, at.Add(time.Hour), 2), visitOf(b, 1, 13, at, 6),
		},
	}
	must(t, s.Traffic.Insert(ctx, batch))
	// The same visitors again: they are known, what they do counts.
	must(t, s.Traffic.Insert(ctx, &domain.TrafficBatch{
		Day: hour / 24, Events: []domain.TrafficEvent{trafficEvent(a, at, domain.HitView, domain.ClassPerson, "/", "")},
		Visits: []domain.TrafficVisit{visitOf(a, 1, 14, at, 0)},
	}))
	span := domain.TrafficSpan{From: hour - 1, To: hour + 2, Step: 1}
	want := &domain.TrafficReport{
		WebsiteID: a, From: domain.HourTime(hour - 1), To: domain.HourTime(hour + 2), Step: time.Hour,
		People: domain.TrafficCount{Views: 4, Visitors: 2, Sessions: 2, Clicks: 1}, Bots: domain.TrafficCount{Views: 1}, Own: domain.TrafficCount{Clicks: 1},
		Pages: []domain.TrafficPage{{Path: "/", Views: 3, Entries: 1, Sessions: 1}, {Path: "/guide/", Views: 1, Entries: 1, Sessions: 1, Clicks: 1}}, PageCount: 2,
		Slots: []domain.TrafficSlot{{Path: "/guide/", Slot: "top", SubID: "sub-top", Clicks: 1}}, SlotCount: 1,
		Facets: []domain.TrafficFacet{{Kind: domain.FacetProgram, Value: "awin:7", TrafficCount: domain.TrafficCount{Clicks: 1}}},
		Series: []domain.TrafficPoint{
			{At: domain.HourTime(hour - 1)}, {At: domain.HourTime(hour), TrafficCount: domain.TrafficCount{Views: 3, Visitors: 1, Sessions: 1}},
			{At: domain.HourTime(hour + 1), TrafficCount: domain.TrafficCount{Views: 1, Visitors: 1, Sessions: 1, Clicks: 1}},
		},
	}
	wantEqual(t, value(s.Traffic.Report(ctx, a, span))(t), want)
	if events := value(s.Traffic.Events(ctx, a, 100))(t); len(events) != 6 || events[0] != batch.Events[0] {
		t.Errorf("%d single events, the first %+v; want 6, those that were to be kept", len(events), events[:min(1, len(events))])
	}
	// Days later: hours become days, and nothing is lost or counted twice.
	for range 2 {
		value(s.Traffic.Sweep(ctx, store.TrafficLimits{Events: day, Sums: day, Hours: day.Add(72 * time.Hour)}))(t)
	}
	got := value(s.Traffic.Report(ctx, a, domain.TrafficSpan{From: hour / 24 * 24, To: hour/24*24 + 24, Step: 24}))(t)
	wantEqual(t, got.Series, []domain.TrafficPoint{{At: domain.HourTime(hour / 24 * 24), TrafficCount: want.People}})
	wantEqual(t, got.Pages, want.Pages)
}

func testTrafficForgets(t *testing.T, s *store.Store) {
	ctx := t.Context()
	first := value(s.Traffic.Salt(ctx, 100, []byte("first")))(t)
	if second := value(s.Traffic.Salt(ctx, 100, []byte("second")))(t); string(first) != "first" || string(second) != "first" {
		t.Errorf("salts = %q, %q; want that which came first", first, second)
	}
	site := insertWebsite(t, s, "one").ID
	visit := func() *domain.TrafficBatch {
		at := domain.HourTime(2400)
		return &domain.TrafficBatch{
			Day: 100, Events: []domain.TrafficEvent{trafficEvent(site, at, domain.HitView, domain.ClassPerson, "/", "")}, Visits: []domain.TrafficVisit{visitOf(site, 7, 1, at, 0)},
		}
	}
	must(t, s.Traffic.Insert(ctx, visit()))
	must(t, s.Traffic.Forget(ctx, 100))
	if again := value(s.Traffic.Salt(ctx, 100, []byte("third")))(t); string(again) != "first" {
		t.Errorf("salt of the present day = %q, want it kept", again)
	}
	must(t, s.Traffic.Forget(ctx, 101))
	if after := value(s.Traffic.Salt(ctx, 100, []byte("third")))(t); string(after) != "third" {
		t.Errorf("salt of a past day = %q, want it forgotten", after)
	}
	must(t, s.Traffic.Insert(ctx, visit())) // nobody is recognized any more
	r := value(s.Traffic.Report(ctx, site, domain.TrafficSpan{From: 2400, To: 2424, Step: 24}))(t)
	if r.People.Visitors != 2 {
		t.Errorf("%d visitors, want the second counted anew", r.People.Visitors)
	}
}

func testTrafficSweep(t *testing.T, s *store.Store) {
	ctx := t.Context()
	site := insertWebsite(t, s, "one").ID
	event := func(id domain.WebsiteID, at time.Time) domain.TrafficEvent {
		return trafficEvent(id, at, domain.HitView, domain.ClassPerson, "/", "")
	}
	must(t, s.Traffic.Insert(ctx, &domain.TrafficBatch{
		Keep: true, Events: []domain.TrafficEvent{event(site, day), event(site, day.Add(48*time.Hour)), event("site_gone", day.Add(48*time.Hour))},
	}))
	limits := store.TrafficLimits{Events: day.Add(time.Hour), Sums: day.Add(24 * time.Hour), Hours: day}
	if n := value(s.Traffic.Sweep(ctx, limits))(t); n != 7 {
		t.Errorf("%d rows removed, want the old ones and those of the website that is gone: 2 of events, 2 of pages, 3 of sums", n)
	}
	if left := value(s.Traffic.Events(ctx, site, 10))(t); len(left) != 1 {
		t.Errorf("%d events left, want 1", len(left))
	}
}

// testConcurrentTraffic: batches of many processes at once lose nothing and count
// nobody twice.
func testConcurrentTraffic(t *testing.T, s *store.Store) {
	site := insertWebsite(t, s, "one").ID
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			b := &domain.TrafficBatch{Keep: true, Day: 100}
			for j := range 20 {
				b.Events = append(b.Events, trafficEvent(site, domain.HourTime(2400), domain.HitView, domain.ClassPerson, fmt.Sprint("/", (j*7+i)%10), ""))
				b.Visits = append(b.Visits, visitOf(site, int64((j*11+i)%20), int64(100*i+j+1), domain.HourTime(2400), j))
			}
			if err := s.Traffic.Insert(t.Context(), b); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	r := value(s.Traffic.Report(t.Context(), site, domain.TrafficSpan{From: 2400, To: 2424, Step: 24}))(t)
	if r.People.Views != 160 || r.People.Visitors != 20 || r.People.Sessions != 20 {
		t.Errorf("got %+v, want 160 views of 20 visitors in as many sessions", r.People)
	}
}
