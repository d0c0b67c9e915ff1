package analytics_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"empire/internal/analytics"
	"empire/internal/domain"
	"empire/internal/testkit"
)

// TestVisibleSoon: a view and a click are in the report within five seconds, with the
// pause between batches that is usual.
func TestVisibleSoon(t *testing.T) {
	t.Parallel()
	st := testkit.DB(t)
	c, err := analytics.New(analytics.Config{Store: st.Traffic, Logger: slog.New(slog.DiscardHandler), Keep: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Stop(context.WithoutCancel(t.Context())) })
	click := view("192.0.2.1", noon)
	click.Kind, click.Slot = domain.HitClick, "top"
	c.Add(view("192.0.2.1", noon))
	c.Add(click)
	hour := domain.HoursSince1970(noon)
	span := domain.TrafficSpan{From: hour, To: hour + 1, Step: 1}
	want := domain.TrafficCount{Views: 1, Visitors: 1, Sessions: 1, Clicks: 1}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.After(5 * time.Second); ; {
		r, err := st.Traffic.Report(t.Context(), "site_1", span)
		if err != nil {
			t.Fatal(err)
		}
		if r.People == want {
			return
		}
		select {
		case <-end:
			t.Fatalf("after five seconds the report has %+v, want %+v", r.People, want)
		case <-tick.C:
		}
	}
}
