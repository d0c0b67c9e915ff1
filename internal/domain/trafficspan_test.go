package domain_test

import (
	"testing"
	"time"

	"empire/internal/domain"
)

func TestTrafficSpan(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 14, 12, 30, 0, 0, time.UTC)
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 3, day, hour, minute, 0, 0, time.UTC) }
	for _, tt := range []struct {
		name     string
		q        domain.TrafficQuery
		from, to time.Time // zero: refused
		step     int64
		period   string
	}{
		{"nothing", domain.TrafficQuery{}, at(8, 0, 0), at(15, 0, 0), 24, "7d"},
		{"24h", domain.TrafficQuery{Period: "24h"}, at(13, 13, 0), at(14, 13, 0), 1, "24h"},
		{"12m", domain.TrafficQuery{Period: "12m"}, at(15, 0, 0).AddDate(0, 0, -365), at(15, 0, 0), 24, "12m"},
		{"a few hours", domain.TrafficQuery{From: at(14, 9, 10), To: at(14, 11, 0)}, at(14, 9, 0), at(14, 11, 0), 1, ""},
		{"until now", domain.TrafficQuery{From: at(14, 9, 10)}, at(14, 9, 0), at(14, 13, 0), 1, ""},
		{"hours that are days now", domain.TrafficQuery{From: at(2, 9, 10), To: at(2, 11, 0)}, at(2, 0, 0), at(3, 0, 0), 24, ""},
		{"days", domain.TrafficQuery{From: at(2, 9, 10), To: at(5, 0, 0)}, at(2, 0, 0), at(5, 0, 0), 24, ""},
		{"odd period", domain.TrafficQuery{Period: "7x"}, time.Time{}, time.Time{}, 0, ""},
		{"no days", domain.TrafficQuery{Period: "0d"}, time.Time{}, time.Time{}, 0, ""},
		{"many days", domain.TrafficQuery{Period: "9999d"}, time.Time{}, time.Time{}, 0, ""},
		{"reversed", domain.TrafficQuery{From: at(5, 0, 0), To: at(2, 0, 0)}, time.Time{}, time.Time{}, 0, ""},
		{"empty", domain.TrafficQuery{From: at(5, 0, 0), To: at(5, 0, 0)}, time.Time{}, time.Time{}, 0, ""},
		{"both", domain.TrafficQuery{Period: "7d", From: at(5, 0, 0)}, time.Time{}, time.Time{}, 0, ""},
		{"to alone", domain.TrafficQuery{To: at(5, 0, 0)}, time.Time{}, time.Time{}, 0, ""},
		{"future", domain.TrafficQuery{From: at(15, 0, 0), To: at(16, 0, 0)}, time.Time{}, time.Time{}, 0, ""},
		{"too long", domain.TrafficQuery{From: at(1, 0, 0).AddDate(-3, 0, 0), To: at(5, 0, 0)}, time.Time{}, time.Time{}, 0, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			span, period, err := tt.q.Span(now)
			if tt.from.IsZero() {
				if domain.CodeOf(err) != domain.CodeInvalid {
					t.Errorf("got %+v, %v; want it refused", span, err)
				}
				return
			}
			from, to := span.Times()
			if err != nil || !from.Equal(tt.from) || !to.Equal(tt.to) || span.Step != tt.step || period != tt.period {
				t.Errorf("got %s to %s in steps of %d, %q, %v", from, to, span.Step, period, err)
			}
			if b := span.Before(); b.To != span.From || b.To-b.From != span.To-span.From {
				t.Errorf("before is %+v", b)
			}
		})
	}
}

func TestChange(t *testing.T) {
	t.Parallel()
	c := domain.TrafficCount{Views: 12, Clicks: 3}.Since(&domain.TrafficCount{Views: 10})
	if c.Views.Absolute != 2 || *c.Views.Share != 0.2 || c.Clicks.Absolute != 3 || c.Clicks.Share != nil {
		t.Errorf("change = %+v", c)
	}
	if (domain.TrafficCount{Views: 1}).Since(nil) != nil || (domain.TrafficCount{}).ClickRate() != nil {
		t.Error("what is not known has a value")
	}
}
