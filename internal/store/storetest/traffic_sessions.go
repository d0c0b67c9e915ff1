package storetest

import (
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/store"
)

// testTrafficSessions: a session goes on within half an hour, whichever process sees the
// visitor, and another begins after it.
func testTrafficSessions(t *testing.T, s *store.Store) {
	ctx := t.Context()
	site := insertWebsite(t, s, "one").ID
	at := domain.HourTime(2400)
	view := func(d time.Duration, session int64) domain.TrafficEvent {
		t.Helper()
		e := trafficEvent(site, at.Add(d), domain.HitView, domain.ClassPerson, "/", "")
		e.Visit = 1
		b := &domain.TrafficBatch{Keep: true, Day: 100, Events: []domain.TrafficEvent{e}, Visits: []domain.TrafficVisit{visitOf(site, 7, session, at.Add(d), 0)}}
		must(t, s.Traffic.Insert(ctx, b))
		if b.Visits[0].Session != b.Events[0].Session {
			t.Errorf("visit in session %d, event in %d", b.Visits[0].Session, b.Events[0].Session)
		}
		return b.Events[0]
	}
	for _, step := range []struct {
		after   time.Duration
		session int64
		want    int64
		entry   domain.TrafficEntry
	}{
		{0, 1, 1, domain.EntryVisitor},
		{30 * time.Minute, 2, 1, domain.EntryNone},
		{60 * time.Minute, 3, 1, domain.EntryNone},
		{90*time.Minute + time.Second, 4, 4, domain.EntrySession},
		{80 * time.Minute, 5, 4, domain.EntryNone}, // late
	} {
		if e := view(step.after, step.session); e.Session != step.want || e.Entry != step.entry {
			t.Errorf("view after %s: session %d, entry %d; want %d, %d", step.after, e.Session, e.Entry, step.want, step.entry)
		}
	}
	// One who is noted to be still here, twice in a batch; then away for too long.
	b := &domain.TrafficBatch{
		Day: 100, Events: []domain.TrafficEvent{trafficEvent(site, at.Add(3*time.Hour), domain.HitView, domain.ClassPerson, "/", "")},
		Visits: []domain.TrafficVisit{
			{WebsiteID: site, Visitor: 7, Session: 4, Since: at.Add(91 * time.Minute).Unix(), Last: at.Add(2 * time.Hour).Unix(), Event: -1},
			visitOf(site, 7, 9, at.Add(3*time.Hour), 0),
		},
	}
	must(t, s.Traffic.Insert(ctx, b))
	if b.Events[0].Entry != domain.EntrySession || b.Visits[0].Session != 4 || b.Visits[1].Session != 9 {
		t.Errorf("got %+v of %+v", b.Events, b.Visits)
	}
	r := value(s.Traffic.Report(ctx, site, domain.TrafficSpan{From: 2400, To: 2424, Step: 24}))(t)
	wantEqual(t, r.People, domain.TrafficCount{Views: 6, Visitors: 1, Sessions: 3})
}
