package api_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"empire/internal/domain"
)

var alertEndpoints = []endpoint{
	{
		method: "GET", path: "/alerts", query: "?state=open&severity=warning&kind=stale_feed", right: domain.AgentsRead, status: 200,
		bad: append([]string{"?state=odd", "?severity=odd", "?kind=odd", "?cursor=alert_1&offset=5", "?rule_id=" + strings.Repeat("r", 101)}, badWindows...),
	},
	{method: "GET", path: "/alerts/summary", right: domain.AgentsRead, status: 200, bad: []string{"?x=1"}},
	{method: "GET", path: "/alerts/alert_1", right: domain.AgentsRead, status: 200, unknown: "/alerts/alert_2"},
	{
		method: "POST", path: "/alerts/alert_1/acknowledge", right: domain.AgentsManage, status: 200, body: `{"note":"seen"}`, unknown: "/alerts/alert_2/acknowledge",
		bad: []string{`{"note":7}`, `{"x":1}`, `{"note":"` + strings.Repeat("x", 1001) + `"}`},
	},
	{method: "GET", path: "/alert-rules", right: domain.AgentsRead, status: 200, bad: badWindows},
	{method: "GET", path: "/alert-rules/latency", right: domain.AgentsRead, status: 200, unknown: "/alert-rules/rule_2"},
	{
		method: "POST", path: "/alert-rules", right: domain.AdminFull, status: 201, body: `{"kind":"latency","threshold":800,"window":"10m","quiet":"1m","channels":["mail"]}`,
		bad: []string{`{}`, `{"kind":"odd"}`, `{"kind":"latency","threshold":-1}`, `{"kind":"latency","window":"soon"}`, `{"kind":"latency","quiet":"x"}`, `{"kind":"latency","severity":"odd"}`, `{"kind":"latency","channels":"mail"}`},
	},
	{
		method: "PATCH", path: "/alert-rules/latency", right: domain.AdminFull, status: 200, body: `{"enabled":false,"quiet":"0s"}`, unknown: "/alert-rules/rule_2",
		bad: []string{`{"threshold":"x"}`, `{"window":"x"}`, `{"kind":"budget"}`, `{"enabled":1}`},
	},
	{method: "POST", path: "/alert-rules/latency/silence", right: domain.AdminFull, status: 200, body: `{"until":"2026-03-02T00:00:00Z"}`, unknown: "/alert-rules/rule_2/silence", bad: []string{`{"until":"soon"}`, `{"x":1}`}},
	{method: "POST", path: "/alert-rules/latency/reset", right: domain.AdminFull, status: 200, unknown: "/alert-rules/rule_2/reset"},
	{method: "DELETE", path: "/alert-rules/latency", right: domain.AdminFull, status: 204, unknown: "/alert-rules/rule_2"},
	{method: "GET", path: "/alerts/deliveries", right: domain.AgentsRead, status: 200, bad: append([]string{"?state=odd", "?channel=pigeon"}, badWindows...)},
	{method: "GET", path: "/alerts/channels", right: domain.AgentsRead, status: 200, bad: badWindows},
	{method: "POST", path: "/alerts/channels/mail/test", right: domain.AdminFull, status: 200},
}

// alerts knows one alert and one rule.
type alerts struct{ *fakes }

func (f alerts) Summary(context.Context) (domain.AlertSummary, error) {
	return domain.AlertSummary{Firing: 1, Warning: 1, EvaluatedAt: noon}, f.fail
}

func (f alerts) List(_ context.Context, af domain.AlertFilter, w domain.Window) ([]domain.Alert, int, error) {
	f.note(func() { f.window, f.alerts = w, af })
	return []domain.Alert{{ID: "alert_1", State: domain.AlertFiring, Severity: domain.SeverityWarning, Since: noon}}, 1, f.fail
}

func (f alerts) Get(_ context.Context, id domain.AlertID) (*domain.Alert, error) {
	if id != "alert_1" {
		return nil, missing("Alert", string(id))
	}
	return &domain.Alert{ID: id, State: domain.AlertFiring, Severity: domain.SeverityWarning}, f.fail
}

func (f alerts) Acknowledge(ctx context.Context, id domain.AlertID, _ string) (*domain.Alert, error) {
	return f.Get(ctx, id)
}

func (f alerts) Rules(context.Context) ([]domain.AlertRule, error) {
	return domain.DefaultAlertRules("main"), f.fail
}

func (f alerts) Rule(_ context.Context, id domain.AlertRuleID) (*domain.AlertRule, error) {
	if id != "latency" {
		return nil, missing("Alert rule", string(id))
	}
	r := domain.DefaultAlertRules("main")[1]
	return &r, f.fail
}

func (f alerts) CreateRule(ctx context.Context, p domain.AlertRuleParams) (*domain.AlertRule, error) {
	f.note(func() { f.alertRule = p })
	return f.Rule(ctx, "latency")
}

func (f alerts) UpdateRule(ctx context.Context, id domain.AlertRuleID, p domain.AlertRulePatch) (*domain.AlertRule, error) {
	f.note(func() { f.alertPatch = p })
	return f.Rule(ctx, id)
}

func (f alerts) Silence(ctx context.Context, id domain.AlertRuleID, until *time.Time) (*domain.AlertRule, error) {
	r, err := f.Rule(ctx, id)
	if r != nil {
		r.SilencedUntil = until
	}
	return r, err
}

func (f alerts) ResetRule(ctx context.Context, id domain.AlertRuleID) (*domain.AlertRule, error) {
	return f.Rule(ctx, id)
}

func (f alerts) DeleteRule(ctx context.Context, id domain.AlertRuleID) error {
	_, err := f.Rule(ctx, id)
	return err
}

func (f alerts) Deliveries(_ context.Context, _ domain.DeliveryFilter, w domain.Window) ([]domain.AlertDelivery, int, error) {
	f.note(func() { f.window = w })
	return []domain.AlertDelivery{{ID: "adel_1", Channel: domain.ChannelMail, State: domain.DeliverySent, Fired: []domain.AlertNews{{ID: "alert_1"}}}}, 1, f.fail
}

func (f alerts) Channels(context.Context) ([]domain.AlertChannelState, error) {
	return []domain.AlertChannelState{{Channel: domain.ChannelMail, Configured: true, Target: "mail.example:587"}, {Channel: domain.ChannelWebhook}}, f.fail
}

func (f alerts) Test(_ context.Context, c domain.AlertChannel) (*domain.AlertDelivery, error) {
	return &domain.AlertDelivery{ID: "adel_1", Channel: c, State: domain.DeliverySent, Test: true}, f.fail
}

// TestAlertRequests: what is asked for reaches the service as it was meant.
func TestAlertRequests(t *testing.T) {
	t.Parallel()
	f := &fakes{}
	a := newAPI(f)
	res := call(t, a, admin, http.MethodGet, "/api/v1/alerts?state=open&kind=latency&cursor=alert_9&limit=1", "")
	if f.alerts != (domain.AlertFilter{Open: true, Kind: domain.AlertLatency, Before: "alert_9"}) {
		t.Errorf("filter = %+v", f.alerts)
	}
	if link := res.Header().Get("Link"); !strings.Contains(link, "cursor=alert_1") || !strings.Contains(link, `rel="next"`) {
		t.Errorf("link = %q", link)
	}
	call(t, a, admin, http.MethodGet, "/api/v1/alerts?state=cleared", "")
	if f.alerts != (domain.AlertFilter{State: domain.AlertCleared}) {
		t.Errorf("filter = %+v", f.alerts)
	}
	call(t, a, admin, http.MethodPost, "/api/v1/alert-rules", `{"kind":"budget","channels":[],"quiet":"0s"}`)
	if p := f.alertRule; p.Kind != domain.AlertBudget || p.Channels == nil || len(p.Channels) != 0 || p.Quiet == nil || *p.Quiet != 0 {
		t.Errorf("params = %+v", f.alertRule)
	}
	call(t, a, admin, http.MethodPatch, "/api/v1/alert-rules/latency", `{"window":"10m"}`)
	if p := f.alertPatch; p.Window == nil || *p.Window != 10*time.Minute || p.Quiet != nil || p.Channels != nil {
		t.Errorf("patch = %+v", p)
	}
}
