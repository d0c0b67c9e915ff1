package service_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/service"
)

// signals are measurements that a test makes up.
type signals struct {
	samples  []domain.ProcessSample
	runs     []domain.RunFailures
	letters  []domain.OpenDeadLetters
	budgets  []domain.BudgetState
	visitors []domain.DayVisitors
	feeds    []domain.Feed
	since    time.Time
	days     []int64
}

func (s *signals) Samples(_ context.Context, since time.Time) ([]domain.ProcessSample, error) {
	s.since = since
	return slices.DeleteFunc(slices.Clone(s.samples), func(p domain.ProcessSample) bool { return !p.At.After(since) }), nil
}

func (s *signals) FailedRuns(_ context.Context, since time.Time) ([]domain.RunFailures, error) {
	s.since = since
	return s.runs, nil
}

func (s *signals) DeadLetters(_ context.Context, since time.Time) ([]domain.OpenDeadLetters, error) {
	s.since = since
	return s.letters, nil
}

func (s *signals) Budgets(context.Context, time.Time) ([]domain.BudgetState, error) {
	return s.budgets, nil
}

func (s *signals) Visitors(_ context.Context, days []int64) ([]domain.DayVisitors, error) {
	s.days = days
	return s.visitors, nil
}

func (s *signals) List(_ context.Context, w domain.Window) ([]domain.Feed, int, error) {
	return s.feeds[w.Offset:min(w.Offset+w.Limit, len(s.feeds))], len(s.feeds), nil
}

func (s *signals) GetByHost(_ context.Context, host string) (*domain.Website, error) {
	if host == "gone.example" {
		return nil, domain.Errorf(domain.CodeNotFound, "There is none.")
	}
	return &domain.Website{ID: "site_1", Tenant: "acme", Domain: host}, nil
}

func (s *signals) Freezes(context.Context, domain.TenantID) ([]domain.FleetFreeze, error) {
	at := time.Date(2026, 3, 8, 1, 0, 0, 0, time.UTC)
	return []domain.FleetFreeze{
		{Tenant: "acme", WebsiteID: "site_1", Cause: domain.FleetByTraffic, Reason: "Visits fell.", At: at}, {Tenant: "acme", WebsiteID: "site_2", Cause: domain.FleetByPerson},
		{Tenant: "acme", Cause: domain.FleetByNotice, Reason: "Told", At: at},
	}, nil
}

const week = 7 * 24 * time.Hour

func TestAlertSources(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 9, 0, 0, 30, 0, time.UTC) // a Monday: yesterday was a Sunday
	yesterday := now.Unix()/86400 - 1
	ago := func(d time.Duration) *time.Time { return new(now.Add(-d)) }
	sample := func(instance string, before time.Duration, l domain.ListenerSample, parts map[string]domain.ComponentSample) domain.ProcessSample {
		return domain.ProcessSample{Instance: instance, At: now.Add(-before), Listeners: map[string]domain.ListenerSample{"api": l}, Components: parts}
	}
	day := func(site string, back int64, n int) domain.DayVisitors {
		return domain.DayVisitors{Tenant: "acme", WebsiteID: domain.WebsiteID(site), Domain: site + ".example", Day: yesterday - back, Visitors: n}
	}
	down := map[string]domain.ComponentSample{"redis": {State: "down", Error: "refused"}}
	s := &signals{
		samples: []domain.ProcessSample{
			sample("a", 10*time.Minute, domain.ListenerSample{Requests: 1000, Errors: 1000}, nil),
			sample("b", time.Minute, domain.ListenerSample{}, down), // over: it said nothing of it since
			sample("a", 20*time.Second, domain.ListenerSample{Requests: 60, Errors: 3, Within: map[int]int{100: 50, 500: 60, 1000: 60}}, map[string]domain.ComponentSample{"search": {State: "degraded", Error: "slow"}}),
			sample("b", 10*time.Second, domain.ListenerSample{Requests: 40, Errors: 1, Within: map[int]int{100: 20, 500: 30, 1000: 40}}, map[string]domain.ComponentSample{"search": {State: "down", Error: "gone"}}),
		},
		runs:    []domain.RunFailures{{Tenant: "acme", Pipeline: "weekly", Count: 2, Last: "run_2"}, {Tenant: "acme", Pipeline: "weekly", WebsiteID: "site_1", Domain: "keys.example", Count: 1, Last: "run_3"}},
		letters: []domain.OpenDeadLetters{{Tenant: "acme", AgentID: "digger", Count: 3}},
		budgets: []domain.BudgetState{
			{Budget: domain.Budget{ID: "bud_1", Tenant: "acme", Name: "all", Limit: domain.Money{Minor: 500, Currency: "EUR"}}, Count: domain.BudgetCount{Raised: 5_000_000, Spent: 7_000_000, Reserved: 1_500_000}},
			{Budget: domain.Budget{ID: "bud_2", Tenant: "acme", Name: "none", Limit: domain.Money{Currency: "EUR"}}},
		},
		visitors: []domain.DayVisitors{
			day("fell", 0, 30), day("fell", 7, 100), day("fell", 14, 90), day("fell", 21, 120), day("gone", 7, 50), day("gone", 14, 50), day("rose", 0, 90), day("rose", 7, 60), day("rose", 14, 60),
			day("new", 7, 900), day("small", 0, 1), day("small", 7, 19), day("small", 14, 19),
		},
		feeds: []domain.Feed{{ID: "feed_1", Name: "keys", CreatedAt: *ago(100 * time.Hour), ReadAt: ago(73 * time.Hour)}, {ID: "feed_2", Name: "never", CreatedAt: *ago(2 * time.Hour)}},
	}
	sources := service.NewAlertSources(service.AlertSourcesConfig{
		Store: s, Feeds: s, Websites: s, Freezes: s, Every: 15 * time.Second,
		Certificates: func() (map[string]domain.HostCertificate, error) {
			return map[string]domain.HostCertificate{
				"keys.example": {ValidUntil: now.Add(13*24*time.Hour + time.Hour)}, "gone.example": {ValidUntil: now}, "fine.example": {ValidUntil: now.Add(60 * 24 * time.Hour)}, "none.example": {},
			}, nil
		},
	})
	for _, tt := range []struct {
		kind   domain.AlertKind
		window time.Duration
		want   map[string]float64 // values by subject
		text   string             // in the text of the first
	}{
		{domain.AlertErrorRate, 5 * time.Minute, map[string]float64{"api": 4}, "4 of 100 requests within 5m"},
		{domain.AlertErrorRate, 5 * time.Second, map[string]float64{}, ""},                               // too few
		{domain.AlertLatency, 5 * time.Minute, map[string]float64{"api": 750}, "was about 750 ms"},       // 95 of 100: the middle of 90 and 100
		{domain.AlertComponent, 0, map[string]float64{"search": domain.ComponentDown}, "search is down"}, // the worst of two processes
		{domain.AlertFailedRuns, time.Hour, map[string]float64{"weekly": 2, "weekly site_1": 1}, "the last is run_2"},
		{domain.AlertDeadLetters, time.Hour, map[string]float64{"digger": 3}, "3 messages or tasks for digger"},
		{domain.AlertBudget, 0, map[string]float64{"bud_1": 85, "bud_2": 100}, "8.50 EUR of 10.00 EUR"},
		{domain.AlertTrafficCliff, 4 * week, map[string]float64{"fell": 70, "gone": 100, "rose": 0}, "fell.example had 30 visitors on 2026-03-08; the median of the same weekdays before is 100"},
		{domain.AlertCertificate, 0, map[string]float64{"keys.example": 13}, "keys.example is valid until 2026-03-22"},
		{domain.AlertFrozen, 0, map[string]float64{"fleet": 1, "site_1": 1}, "Frozen since 2026-03-08 01:00 UTC: Told."},
		{domain.AlertStaleFeed, 0, map[string]float64{"feed_1": 73, "feed_2": 2}, "read last at 2026-03-05 23:00"},
	} {
		list, err := sources[tt.kind](t.Context(), tt.window, now)
		if err != nil {
			t.Fatal(err)
		}
		slices.SortFunc(list, func(a, b domain.AlertObservation) int { return strings.Compare(a.Subject, b.Subject) })
		got := map[string]float64{}
		for _, o := range list {
			got[o.Subject] = o.Value
		}
		for subject, v := range tt.want {
			if d := got[subject] - v; d > 1e-9 || d < -1e-9 {
				t.Errorf("%s of %s = %v, want %v", tt.kind, subject, got[subject], v)
			}
		}
		if len(got) != len(tt.want) || len(list) > 0 && !strings.Contains(list[0].Text, tt.text) {
			t.Errorf("%s = %+v, want %v and %q", tt.kind, list, tt.want, tt.text)
		}
	}
	if want := []int64{yesterday, yesterday - 7, yesterday - 14, yesterday - 21, yesterday - 28}; !slices.Equal(s.days, want) {
		t.Errorf("days = %v, want %v", s.days, want)
	}
	s.days = nil
	for _, later := range []time.Duration{time.Minute, 20 * time.Minute} {
		if _, err := sources[domain.AlertTrafficCliff](t.Context(), 4*week, now.Add(later)); err != nil {
			t.Fatal(err)
		}
		if asked := s.days != nil; asked != (later > 15*time.Minute) {
			t.Errorf("after %s the visitors were counted again: %t", later, asked)
		}
	}
}
