package storetest

import (
	"context"
	"slices"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/store"
)

func newAlert(id, rule, subject string) *domain.Alert {
	return &domain.Alert{
		ID: domain.AlertID(id), Tenant: "main", RuleID: domain.AlertRuleID(rule), Kind: domain.AlertStaleFeed, Severity: domain.SeverityWarning, Subject: subject,
		Title: "Stale feed: " + subject, State: domain.AlertFiring, Value: 73.25, Threshold: 72, Unit: "hours", Since: day, LastSeen: day, Count: 1,
	}
}

func alertIDs(list []domain.Alert) []domain.AlertID {
	out := []domain.AlertID{}
	for i := range list {
		out = append(out, list[i].ID)
	}
	return out
}

func testAlerts(t *testing.T, s *store.Store) {
	ctx := t.Context()
	first, second, third := newAlert("alert_1", "stale_feed", "feed_1"), newAlert("alert_2", "stale_feed", "feed_2"), newAlert("alert_3", "latency", "api")
	third.Kind, third.Severity, third.Tenant = domain.AlertLatency, domain.SeverityCritical, "other"
	second.WebsiteID = "site_1"
	for _, a := range []*domain.Alert{first, second, third} {
		must(t, s.Alerts.Insert(ctx, a))
	}
	wantCode(t, s.Alerts.Insert(ctx, newAlert("alert_4", "stale_feed", "feed_1")), domain.CodeConflict)
	wantEqual(t, value(s.Alerts.Get(ctx, "alert_1"))(t), first)
	_, err := s.Alerts.Hold(ctx, "alert_9")
	wantCode(t, err, domain.CodeNotFound)
	wantCode(t, s.Alerts.Update(ctx, newAlert("alert_9", "x", "y")), domain.CodeNotFound)

	over := day.Add(time.Hour)
	first.State, first.ClearedAt, first.NotifiedAt = domain.AlertCleared, &over, &day
	must(t, s.Alerts.Update(ctx, first))
	must(t, s.InTx(ctx, func(ctx context.Context) error {
		pending, err := s.Alerts.HoldPending(ctx)
		wantEqual(t, alertIDs(pending), []domain.AlertID{"alert_1", "alert_2", "alert_3"})
		return err
	}))
	first.EndNotifiedAt = &over
	must(t, s.Alerts.Update(ctx, first))
	must(t, s.Alerts.Insert(ctx, newAlert("alert_4", "stale_feed", "feed_1"))) // the other one is cleared
	must(t, s.InTx(ctx, func(ctx context.Context) error {
		pending, err := s.Alerts.HoldPending(ctx)
		wantEqual(t, alertIDs(pending), []domain.AlertID{"alert_2", "alert_3", "alert_4"})
		return err
	}))
	for _, tt := range []struct {
		f    domain.AlertFilter
		want []domain.AlertID
	}{
		{domain.AlertFilter{}, []domain.AlertID{"alert_4", "alert_3", "alert_2", "alert_1"}},
		{domain.AlertFilter{Tenant: "main"}, []domain.AlertID{"alert_4", "alert_2", "alert_1"}},
		{domain.AlertFilter{Tenant: "main", Open: true}, []domain.AlertID{"alert_4", "alert_2"}},
		{domain.AlertFilter{State: domain.AlertCleared}, []domain.AlertID{"alert_1"}},
		{domain.AlertFilter{Severity: domain.SeverityCritical}, []domain.AlertID{"alert_3"}},
		{domain.AlertFilter{RuleID: "latency", Kind: domain.AlertLatency}, []domain.AlertID{"alert_3"}},
		{domain.AlertFilter{WebsiteID: "site_1"}, []domain.AlertID{"alert_2"}},
	} {
		list, total, err := s.Alerts.List(ctx, tt.f, domain.Window{})
		must(t, err)
		wantEqual(t, alertIDs(list), tt.want)
		if total != len(tt.want) {
			t.Errorf("%+v: total %d, want %d", tt.f, total, len(tt.want))
		}
	}
	list, total, err := s.Alerts.List(ctx, domain.AlertFilter{Tenant: "main", Before: "alert_4"}, domain.Window{Limit: 1})
	must(t, err)
	if wantEqual(t, alertIDs(list), []domain.AlertID{"alert_2"}); total != 3 {
		t.Errorf("a walk counts %d, want all 3", total)
	}
	wantEqual(t, value(s.Alerts.Counts(ctx, "main"))(t), map[domain.AlertState]map[domain.AlertSeverity]int{domain.AlertFiring: {domain.SeverityWarning: 2}})
	if n := value(s.Alerts.Sweep(ctx, over))(t); n != 0 {
		t.Errorf("swept %d that are not older", n)
	}
	if n := value(s.Alerts.Sweep(ctx, over.Add(time.Second)))(t); n != 1 {
		t.Errorf("swept %d, want the one that was cleared", n)
	}
}

func testAlertRules(t *testing.T, s *store.Store) {
	ctx := t.Context()
	rules := domain.DefaultAlertRules("main")
	at := func(kind domain.AlertKind) domain.AlertRule {
		return rules[slices.IndexFunc(rules, func(r domain.AlertRule) bool { return r.Kind == kind })]
	}
	latency, feed := at(domain.AlertLatency), at(domain.AlertStaleFeed)
	latency.SilencedUntil, latency.UpdatedAt = &day, day
	other := latency
	other.Tenant, other.Channels = "other", []domain.AlertChannel{}
	for _, r := range []domain.AlertRule{latency, feed, other} {
		must(t, s.AlertRules.Put(ctx, &r))
	}
	latency.Threshold = 800
	must(t, s.AlertRules.Put(ctx, &latency))
	wantEqual(t, value(s.AlertRules.List(ctx, "main"))(t), []domain.AlertRule{latency, feed})
	wantEqual(t, value(s.AlertRules.List(ctx, ""))(t), []domain.AlertRule{latency, feed, other})
	must(t, s.AlertRules.Delete(ctx, "main", latency.ID))
	wantCode(t, s.AlertRules.Delete(ctx, "main", latency.ID), domain.CodeNotFound)
	wantEqual(t, value(s.AlertRules.List(ctx, "other"))(t), []domain.AlertRule{other})
}

func testAlertDeliveries(t *testing.T, s *store.Store) {
	ctx := t.Context()
	delivery := func(id string, channel domain.AlertChannel, at time.Time) *domain.AlertDelivery {
		return &domain.AlertDelivery{
			ID: domain.AlertDeliveryID(id), Tenant: "main", Channel: channel, State: domain.DeliveryPending, CreatedAt: at, UpdatedAt: at,
			Fired: []domain.AlertNews{{ID: "alert_1", Title: "x", Since: day}}, Cleared: []domain.AlertNews{},
		}
	}
	if at := value(s.AlertDeliveries.Last(ctx, "main"))(t); !at.IsZero() {
		t.Errorf("last = %v before there was any", at)
	}
	mail, hook, test := delivery("adel_1", domain.ChannelMail, day), delivery("adel_2", domain.ChannelWebhook, day.Add(time.Minute)), delivery("adel_3", domain.ChannelMail, day.Add(time.Hour))
	test.Test, test.State = true, domain.DeliveryFailed
	for _, d := range []*domain.AlertDelivery{mail, hook, test} {
		must(t, s.AlertDeliveries.Insert(ctx, d))
	}
	mail.State, mail.Attempts, mail.Error = domain.DeliverySent, 2, "x"
	must(t, s.AlertDeliveries.Update(ctx, mail))
	wantEqual(t, value(s.AlertDeliveries.Get(ctx, "adel_1"))(t), mail)
	wantCode(t, s.AlertDeliveries.Update(ctx, delivery("adel_9", domain.ChannelMail, day)), domain.CodeNotFound)
	if at := value(s.AlertDeliveries.Last(ctx, "main"))(t); !at.Equal(day.Add(time.Minute)) {
		t.Errorf("last = %v, want that of the webhook: tests do not count", at)
	}
	list, total, err := s.AlertDeliveries.List(ctx, domain.DeliveryFilter{Tenant: "main", Channel: domain.ChannelMail}, domain.Window{Limit: 1})
	must(t, err)
	if wantEqual(t, list, []domain.AlertDelivery{*test}); total != 2 {
		t.Errorf("total = %d, want 2", total)
	}
	list, _, err = s.AlertDeliveries.List(ctx, domain.DeliveryFilter{State: domain.DeliveryPending}, domain.Window{})
	must(t, err)
	wantEqual(t, list, []domain.AlertDelivery{*hook})
}

// testAlertLease: one process evaluates at a time, and another one once its time is over.
func testAlertLease(t *testing.T, s *store.Store) {
	ctx := t.Context()
	claim := func(holder string, after time.Duration, want bool) {
		t.Helper()
		now := day.Add(after)
		if got := value(s.Alerts.Claim(ctx, holder, now, now.Add(40*time.Second)))(t); got != want {
			t.Errorf("after %s %s may evaluate: %t, want %t", after, holder, got, want)
		}
	}
	if at := value(s.Alerts.Evaluated(ctx))(t); !at.IsZero() {
		t.Errorf("evaluated at %v before anybody did", at)
	}
	claim("a", 0, true)
	claim("b", 15*time.Second, false)
	claim("a", 15*time.Second, true)
	claim("b", 54*time.Second, false)
	claim("b", 55*time.Second, true)
	claim("a", 60*time.Second, false)
	if at := value(s.Alerts.Evaluated(ctx))(t); !at.Equal(day.Add(55 * time.Second)) {
		t.Errorf("evaluated at %v", at)
	}
	must(t, s.Alerts.Release(ctx, "a")) // it holds nothing
	claim("a", 61*time.Second, false)
	must(t, s.Alerts.Release(ctx, "b"))
	claim("a", 62*time.Second, true)
}

func testAlertSignals(t *testing.T, s *store.Store) {
	ctx := t.Context()
	sample := func(instance string, at time.Time) domain.ProcessSample {
		return domain.ProcessSample{Instance: instance, At: at, Listeners: map[string]domain.ListenerSample{"api": {Requests: 3, Errors: 1, Within: map[int]int{1: 2, 500: 3}}}}
	}
	old, a, b := sample("a", day.Add(-26*time.Hour)), sample("a", day), sample("b", day)
	for _, p := range []domain.ProcessSample{old, a, b} {
		must(t, s.AlertSignals.AddSample(ctx, &p))
	}
	wantEqual(t, value(s.AlertSignals.Samples(ctx, day.Add(-30*time.Hour)))(t), []domain.ProcessSample{a, b})
	wantEqual(t, value(s.AlertSignals.Samples(ctx, day))(t), []domain.ProcessSample{})

	site := insertWebsite(t, s, "keys")
	for i, state := range []domain.RunState{domain.StateFailed, domain.StateFailed, domain.StateCompleted} {
		run := &domain.Run{ID: domain.RunID("run_" + string(rune('1'+i))), Tenant: "main", Pipeline: "weekly", State: domain.StateRunning, CreatedAt: day, OwnerID: "user_1"}
		if i == 1 {
			run.WebsiteID = site.ID
		}
		must(t, s.Runs.Insert(ctx, run))
		value(s.Runs.SetState(ctx, run.ID, []domain.RunState{domain.StateRunning}, state, nil, day.Add(time.Duration(i)*time.Hour)))(t)
	}
	wantEqual(t, value(s.AlertSignals.FailedRuns(ctx, day))(t), []domain.RunFailures{
		{Tenant: "main", Pipeline: "weekly", Count: 1, Last: "run_1"}, {Tenant: "main", Pipeline: "weekly", WebsiteID: site.ID, Domain: site.Domain, Count: 1, Last: "run_2"},
	})
	wantEqual(t, len(value(s.AlertSignals.FailedRuns(ctx, day.Add(time.Minute)))(t)), 1)

	for i := range 3 {
		must(t, s.DeadLetters.Insert(ctx, &domain.DeadLetter{
			ID: domain.DeadLetterID("dead_" + string(rune('1'+i))), Tenant: "main", Kind: domain.DeadTask, AgentID: "digger", Reason: domain.DeadRefused, Payload: []byte(`{}`), CreatedAt: day.Add(time.Duration(i) * time.Hour),
		}))
	}
	value(s.DeadLetters.MarkReplayed(ctx, "dead_2", "user_1", day))(t)
	wantEqual(t, value(s.AlertSignals.DeadLetters(ctx, day))(t), []domain.OpenDeadLetters{{Tenant: "main", AgentID: "digger", Count: 2}})
	wantEqual(t, value(s.AlertSignals.DeadLetters(ctx, day.Add(time.Hour)))(t), []domain.OpenDeadLetters{{Tenant: "main", AgentID: "digger", Count: 1}})

	b1 := &domain.Budget{ID: "bud_1", Tenant: "main", Name: "all", Period: domain.PeriodDay, Limit: domain.Money{Minor: 500, Currency: "EUR"}, OnLimit: domain.LimitPause, CreatedAt: day, UpdatedAt: day}
	must(t, s.Budgets.Insert(ctx, b1))
	wantEqual(t, len(value(s.AlertSignals.Budgets(ctx, day))(t)), 0)
	start, end := b1.PeriodAt(day)
	must(t, s.InTx(ctx, func(ctx context.Context) error {
		_, err := s.Budgets.HoldCount(ctx, b1.ID, start, end)
		return err
	}))
	list := value(s.AlertSignals.Budgets(ctx, day))(t)
	if len(list) != 1 || list[0].Budget != *b1 || !list[0].Count.Start.Equal(start) || !list[0].Count.End.Equal(end) {
		t.Errorf("budgets = %+v", list)
	}
	wantEqual(t, len(value(s.AlertSignals.Budgets(ctx, end))(t)), 0)
	wantEqual(t, value(s.Alerts.Tenants(ctx))(t), []domain.TenantID{"main"})
}

func testAlertVisitors(t *testing.T, s *store.Store) {
	ctx := t.Context()
	live, draft := insertWebsite(t, s, "one"), insertWebsite(t, s, "two").ID
	live.State = domain.WebsiteLive
	must(t, s.Websites.Update(ctx, live))
	at := day.Truncate(24 * time.Hour)
	today := at.Unix() / 86400
	for _, site := range []domain.WebsiteID{live.ID, draft} {
		for _, day := range []int64{today, today - 1, today - 7} {
			b := &domain.TrafficBatch{Day: day}
			for i := range day % 5 { // the first hours of the day
				hour := day*24 + i
				b.Visits = append(b.Visits, visitOf(site, i, i+1, domain.HourTime(hour), int(i)))
				b.Events = append(b.Events, trafficEvent(site, domain.HourTime(hour), domain.HitView, domain.ClassPerson, "/", ""))
			}
			must(t, s.Traffic.Insert(ctx, b))
		}
	}
	want := []domain.DayVisitors{}
	for _, day := range []int64{today, today - 7} {
		if n := int(day % 5); n > 0 {
			want = append(want, domain.DayVisitors{Tenant: "main", WebsiteID: live.ID, Domain: live.Domain, Day: day, Visitors: n})
		}
	}
	wantEqual(t, value(s.AlertSignals.Visitors(ctx, []int64{today, today - 7, today - 14}))(t), want)
}
