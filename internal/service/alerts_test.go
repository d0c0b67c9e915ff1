package service_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/service"
	"empire/internal/store"
	"empire/internal/testkit"
)

// bell is the service of alerts with a clock, a measurement and channels of its own.
type bell struct {
	*service.Alerts
	st     *store.Store
	now    time.Time
	wrong  []domain.AlertObservation // feeds that are stale
	blind  error                     // of the measurement
	refuse error                     // of the channels
	queued []json.RawMessage
	sent   []domain.AlertMessage
	by     []domain.AlertChannel // of sent
}

type bellSender struct {
	b       *bell
	channel domain.AlertChannel
}

func (s bellSender) Target() string { return "host" }

func (s bellSender) Send(_ context.Context, m domain.AlertMessage) error {
	if s.b.refuse != nil {
		return s.b.refuse
	}
	s.b.sent, s.b.by = append(s.b.sent, m), append(s.b.by, s.channel)
	return nil
}

func newBell(t *testing.T, st *store.Store, instance string) *bell {
	t.Helper()
	b := &bell{st: st, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	b.Alerts = service.NewAlerts(service.AlertsConfig{
		Tx: st, Store: st.Alerts, Rules: st.AlertRules, Deliveries: st.AlertDeliveries, Websites: st.Websites, Audit: st.Audit, Instance: instance,
		Sources: map[domain.AlertKind]service.AlertSource{
			domain.AlertStaleFeed: func(context.Context, time.Duration, time.Time) ([]domain.AlertObservation, error) {
				return slices.Clone(b.wrong), b.blind
			},
		},
		Senders:    map[domain.AlertChannel]service.AlertSender{domain.ChannelMail: bellSender{b, domain.ChannelMail}, domain.ChannelWebhook: bellSender{b, domain.ChannelWebhook}},
		Recipients: func(context.Context, domain.TenantID) ([]string, error) { return []string{"ada@example.com"}, nil },
		Hide:       func(s string) string { return strings.ReplaceAll(s, "hunter22", "***") },
		Enqueue: func(_ context.Context, kind string, args any, _ time.Time) error {
			raw, err := json.Marshal(args)
			if kind != service.JobAlert {
				return fmt.Errorf("queued a job of the kind %s", kind)
			}
			b.queued = append(b.queued, raw)
			return err
		},
		Digest: 5 * time.Minute, Now: func() time.Time { return b.now }, Log: slog.New(slog.DiscardHandler),
	})
	return b
}

func stale(names ...string) []domain.AlertObservation {
	var out []domain.AlertObservation
	for _, n := range names {
		out = append(out, domain.AlertObservation{Subject: "feed_" + n, Name: n, Value: 80, Text: "Feed " + n + " is old."})
	}
	return out
}

// after lets time pass and looks again.
func (b *bell) after(t *testing.T, d time.Duration) {
	t.Helper()
	b.now = b.now.Add(d)
	if _, err := b.Evaluate(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// deliver works the queued deliveries.
func (b *bell) deliver(t *testing.T) {
	t.Helper()
	queued := b.queued
	b.queued = nil
	for _, args := range queued {
		if err := b.Work(t.Context(), args); err != nil {
			t.Fatal(err)
		}
	}
}

func (b *bell) open(ctx context.Context, t *testing.T) []domain.Alert {
	t.Helper()
	list, _, err := b.List(ctx, domain.AlertFilter{Open: true}, domain.Window{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestAlertLife: one alert for a subject however long it lasts and however often it
// comes and goes; it is over once nothing was wrong for the quiet time.
func TestAlertLife(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		b, ctx := newBell(t, st, "a"), in(t.Context(), "main")
		b.after(t, 0)
		if got := b.open(ctx, t); len(got) != 0 {
			t.Fatalf("alerts without a breach: %+v", got)
		}
		b.wrong = stale("a")
		b.after(t, 15*time.Second)
		first := b.open(ctx, t)
		if len(first) != 1 || first[0].Title != "Stale feed: a" || first[0].Value != 80 || first[0].State != domain.AlertFiring || !first[0].Since.Equal(b.now) || first[0].Action == "" {
			t.Fatalf("alerts = %+v", first)
		}
		for range 3 { // it comes and goes
			b.wrong = nil
			b.after(t, time.Minute)
			b.after(t, 3*time.Minute)
			b.wrong = stale("a")
			b.after(t, time.Minute-time.Second)
		}
		got := b.open(ctx, t)
		if len(got) != 1 || got[0].ID != first[0].ID || got[0].Count != 4 || got[0].QuietSince != nil || !got[0].LastSeen.Equal(b.now) {
			t.Fatalf("after flapping: %+v", got)
		}
		b.blind, b.wrong = errors.New("no database"), nil
		b.now = b.now.Add(time.Hour)
		if _, err := b.Evaluate(t.Context()); err == nil {
			t.Error("a measurement that failed is no error")
		}
		if got := b.open(ctx, t); len(got) != 1 || got[0].QuietSince != nil {
			t.Errorf("without a measurement: %+v, want the alert as it was", got)
		}
		b.blind = nil
		b.after(t, time.Second)
		b.after(t, 5*time.Minute-time.Second)
		if len(b.open(ctx, t)) != 1 {
			t.Error("cleared before the quiet time was over")
		}
		b.after(t, time.Second)
		over, err := b.Get(ctx, first[0].ID)
		if err != nil || over.State != domain.AlertCleared || !over.ClearedAt.Equal(b.now) {
			t.Errorf("after the quiet time: %+v, %v", over, err)
		}
		b.wrong = stale("a")
		b.after(t, time.Second)
		if got := b.open(ctx, t); len(got) != 1 || got[0].ID == first[0].ID {
			t.Errorf("a new breach: %+v, want another alert", got)
		}
		if s, err := b.Summary(ctx); err != nil || s.Firing != 1 || s.Warning != 1 || !s.EvaluatedAt.Equal(b.now) {
			t.Errorf("summary = %+v, %v", s, err)
		}
		entries, _, err := st.Audit.List(t.Context(), domain.AuditFilter{Tenant: "main", Action: "alert"}, domain.Window{Limit: 10})
		var actions []string
		for _, e := range entries {
			actions = append(actions, e.Action)
		}
		if want := []string{"alert.raised", "alert.cleared", "alert.raised"}; err != nil || !slices.Equal(actions, want) {
			t.Errorf("audit = %v, %v, want %v", actions, err, want)
		}
	})
}

// TestAlertOneEvaluator: of two processes one evaluates, and the other once it is gone.
func TestAlertOneEvaluator(t *testing.T) {
	t.Parallel()
	st := testkit.DB(t)
	a, b, ctx := newBell(t, st, "a"), newBell(t, st, "b"), in(t.Context(), "main")
	a.after(t, 0)
	b.wrong = stale("x")
	b.after(t, 15*time.Second)
	if got := b.open(ctx, t); len(got) != 0 {
		t.Fatalf("both evaluate: %+v", got)
	}
	b.after(t, 30*time.Second) // 45 s after the first: its time is over
	if got := b.open(ctx, t); len(got) != 1 {
		t.Fatalf("nobody evaluates: %+v", got)
	}
	if err := b.Release(t.Context(), "b"); err != nil {
		t.Fatal(err)
	}
	a.now = b.now
	a.after(t, time.Second)
	if got := a.open(ctx, t); len(got) != 1 || got[0].QuietSince == nil {
		t.Errorf("after a release: %+v, want that the other looks", got)
	}
}

// TestAlertDelivery: many subjects come in one message for each channel, what follows
// soon comes with the next, what is critical at once, and the end is told, too.
func TestAlertDelivery(t *testing.T) {
	t.Parallel()
	b, ctx := newBell(t, testkit.DB(t), "a"), in(t.Context(), "main")
	b.wrong = stale("a", "b", "c")
	b.wrong[0].Text = "It says hunter22.\r\nSubject: forged"
	b.after(t, 0)
	b.deliver(t)
	if len(b.sent) != 2 || b.by[0] != domain.ChannelMail || b.by[1] != domain.ChannelWebhook {
		t.Fatalf("%d messages over %v, want one for each channel", len(b.sent), b.by)
	}
	m := b.sent[0]
	if m.Subject != "[empire] 3 alerts, warning: Stale feed: a" || len(m.Delivery.Fired) != 3 || strings.Count(m.Text, "What to do: Import the feed again") != 1 || !slices.Equal(m.To, []string{"ada@example.com"}) {
		t.Errorf("message = %q, %v\n%s", m.Subject, m.To, m.Text)
	}
	if strings.Contains(m.Text, "hunter22") || strings.Contains(m.Text, "\r") || strings.Contains(m.Text, "\nSubject") || strings.Contains(fmt.Sprint(m.Delivery), "hunter22") {
		t.Errorf("the message holds a secret, or a line of others:\n%s", m.Text)
	}
	b.after(t, 15*time.Second)
	if len(b.queued) != 0 {
		t.Errorf("%d more messages about the same", len(b.queued))
	}
	b.wrong = append(b.wrong, stale("d")...)
	b.after(t, time.Minute)
	b.wrong = append(b.wrong, stale("e")...)
	b.after(t, time.Minute)
	if len(b.queued) != 0 {
		t.Errorf("%d messages within the time of the digest", len(b.queued))
	}
	b.after(t, 3*time.Minute)
	b.deliver(t)
	if len(b.sent) != 4 || len(b.sent[2].Delivery.Fired) != 2 {
		t.Fatalf("the digest = %+v", b.sent[2:])
	}
	if _, err := b.UpdateRule(ctx, "stale_feed", domain.AlertRulePatch{Severity: new(domain.SeverityCritical), Channels: &[]domain.AlertChannel{domain.ChannelWebhook}}); err != nil {
		t.Fatal(err)
	}
	b.wrong = append(b.wrong, stale("f")...)
	b.after(t, time.Second)
	b.deliver(t)
	if len(b.sent) != 5 || b.by[4] != domain.ChannelWebhook || len(b.sent[4].Delivery.Fired) != 1 {
		t.Fatalf("a critical one = %+v", b.sent[4:])
	}
	b.wrong = nil
	b.after(t, 10*time.Minute)
	b.after(t, 5*time.Minute)
	b.deliver(t)
	if len(b.sent) != 6 || len(b.sent[5].Delivery.Cleared) != 6 || !strings.Contains(b.sent[5].Text, "6 alerts are over") {
		t.Fatalf("the end = %+v", b.sent[5:])
	}
}

// TestAlertSilence: what is silenced is shown and not delivered, until the silence ends.
func TestAlertSilence(t *testing.T) {
	t.Parallel()
	b, ctx := newBell(t, testkit.DB(t), "a"), in(t.Context(), "main")
	for _, bad := range []time.Duration{-time.Second, 0, 91 * 24 * time.Hour} {
		_, err := b.Silence(ctx, "stale_feed", new(b.now.Add(bad)))
		wantCode(t, bad.String(), err, domain.CodeInvalid)
	}
	if r, err := b.Silence(ctx, "stale_feed", new(b.now.Add(time.Hour))); err != nil || !r.Changed || r.SilencedUntil == nil {
		t.Fatalf("silenced: %+v, %v", r, err)
	}
	b.wrong = stale("a", "b")
	b.after(t, time.Second)
	b.wrong = stale("a")
	b.after(t, 30*time.Minute)
	b.after(t, 6*time.Minute)
	if got := b.open(ctx, t); len(got) != 1 || len(b.queued) != 0 {
		t.Fatalf("while silent: %d open, %d queued, want 1 and none", len(got), len(b.queued))
	}
	b.after(t, time.Hour)
	b.deliver(t)
	if len(b.sent) != 2 || len(b.sent[0].Delivery.Fired) != 1 || len(b.sent[0].Delivery.Cleared) != 0 {
		t.Errorf("after the silence: %+v, want what still fires", b.sent)
	}
	if r, err := b.Silence(ctx, "stale_feed", nil); err != nil || r.SilencedUntil != nil {
		t.Errorf("silence ended: %+v, %v", r, err)
	}
}

// TestAlertAcknowledge: who acknowledges is noted; nothing more is delivered until the end.
func TestAlertAcknowledge(t *testing.T) {
	t.Parallel()
	b, ctx := newBell(t, testkit.DB(t), "a"), in(t.Context(), "main")
	b.wrong = stale("a")
	b.after(t, 0)
	b.deliver(t)
	id := b.open(ctx, t)[0].ID
	_, err := b.Acknowledge(ctx, id, strings.Repeat("x", domain.MaxAlertNote+1))
	wantCode(t, "a long note", err, domain.CodeInvalid)
	a, err := b.Acknowledge(ctx, id, " I look at it ")
	if err != nil || a.State != domain.AlertAcknowledged || a.Note != "I look at it" || a.AcknowledgedBy != "user_main" || !a.AcknowledgedAt.Equal(b.now) {
		t.Fatalf("acknowledged: %+v, %v", a, err)
	}
	b.after(t, 10*time.Minute)
	if s, err := b.Summary(ctx); err != nil || s.Firing != 0 || s.Acknowledged != 1 || len(b.queued) != 0 {
		t.Errorf("summary = %+v, %v; %d queued", s, err, len(b.queued))
	}
	b.wrong = nil
	b.after(t, time.Minute)
	b.after(t, 5*time.Minute)
	b.deliver(t)
	if len(b.sent) != 4 || len(b.sent[3].Delivery.Cleared) != 1 {
		t.Errorf("the end = %+v", b.sent)
	}
	_, err = b.Acknowledge(ctx, id, "")
	wantCode(t, "a cleared one", err, domain.CodeConflict)
}

// TestAlertRetries: what a channel refuses for now is tried again with a growing pause,
// and given up in the end; what it refuses for good is given up at once.
func TestAlertRetries(t *testing.T) {
	t.Parallel()
	b, ctx := newBell(t, testkit.DB(t), "a"), in(t.Context(), "main")
	b.refuse = domain.Errorf(domain.CodeUnavailable, "The mail server is away: hunter22.")
	b.wrong = stale("a")
	b.after(t, 0)
	args := b.queued[0]
	var pauses []time.Duration
	for range 8 {
		var e *domain.Error
		if err := b.Work(t.Context(), args); !errors.As(err, &e) || e.Code != domain.CodeRateLimited {
			t.Fatalf("a refused delivery: %v", err)
		}
		pauses = append(pauses, e.RetryAfter)
	}
	if want := []time.Duration{
		30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 16 * time.Minute, 32 * time.Minute, time.Hour,
	}; !slices.Equal(pauses, want) {
		t.Errorf("pauses = %v, want %v", pauses, want)
	}
	if err := b.Work(t.Context(), args); err != nil {
		t.Fatalf("the last try: %v", err)
	}
	failed, n, err := b.Deliveries(ctx, domain.DeliveryFilter{State: domain.DeliveryFailed}, domain.Window{Limit: 10})
	if err != nil || n != 1 || failed[0].Attempts != 9 || failed[0].Error != "The mail server is away: ***." {
		t.Errorf("given up: %+v, %v", failed, err)
	}
	channels, err := b.Channels(ctx)
	if err != nil || len(channels) != 2 || channels[0].LastError != failed[0].Error || channels[1].LastError != "" || channels[0].Target != "host" {
		t.Errorf("channels = %+v, %v", channels, err)
	}
	b.refuse = domain.Errorf(domain.CodeInvalid, "No such mailbox.")
	if err := b.Work(t.Context(), b.queued[1]); err != nil {
		t.Fatal(err)
	}
	if _, n, _ := b.Deliveries(ctx, domain.DeliveryFilter{State: domain.DeliveryFailed}, domain.Window{Limit: 10}); n != 2 {
		t.Errorf("%d given up, want what was refused for good, too", n)
	}
	for _, bad := range []string{`{"delivery_id":"adel_0"}`, `x`} {
		if err := b.Work(t.Context(), []byte(bad)); err == nil {
			t.Errorf("job %s was done", bad)
		}
	}
}

// TestAlertTest: a test says at once what became of it.
func TestAlertTest(t *testing.T) {
	t.Parallel()
	b, ctx := newBell(t, testkit.DB(t), "a"), in(t.Context(), "main")
	if d, err := b.Test(ctx, domain.ChannelMail); err != nil || d.State != domain.DeliverySent || !d.Test || len(b.sent) != 1 || b.sent[0].Subject != "[empire] Test of the alerts" {
		t.Errorf("test = %+v, %v", d, err)
	}
	b.refuse = domain.Errorf(domain.CodeUnavailable, "Away.")
	if d, err := b.Test(ctx, domain.ChannelWebhook); err != nil || d.State != domain.DeliveryFailed || d.Error != "Away." || d.Attempts != 1 {
		t.Errorf("refused test = %+v, %v", d, err)
	}
	_, err := b.Test(ctx, "pigeon")
	wantCode(t, "a channel that is none", err, domain.CodeInvalid)
	none := service.NewAlerts(service.AlertsConfig{Now: time.Now})
	_, err = none.Test(ctx, domain.ChannelMail)
	wantCode(t, "a channel that is not configured", err, domain.CodeConflict)
	b.wrong = stale("a")
	b.after(t, time.Second) // a test does not hold back what is real
	if len(b.queued) != 2 {
		t.Errorf("%d queued after a test, want 2", len(b.queued))
	}
}
