package main

import (
	"context"
	"time"

	"empire/internal/domain"
)

type alertKeeper interface {
	Alerts(ctx context.Context, f domain.AlertFilter, w domain.Window) ([]alertView, int, error)
	Alert(ctx context.Context, id domain.AlertID) (*alertView, error)
	AcknowledgeAlert(ctx context.Context, id domain.AlertID, note string) (*alertView, error)
	AlertRules(ctx context.Context, w domain.Window) ([]alertRuleView, int, error)
	AlertRule(ctx context.Context, id domain.AlertRuleID) (*alertRuleView, error)
	CreateAlertRule(ctx context.Context, p domain.AlertRuleParams) (*alertRuleView, error)
	UpdateAlertRule(ctx context.Context, id domain.AlertRuleID, p domain.AlertRulePatch) (*alertRuleView, error)
	// SilenceAlertRule ends a silence without a time.
	SilenceAlertRule(ctx context.Context, id domain.AlertRuleID, until *time.Time) (*alertRuleView, error)
	ResetAlertRule(ctx context.Context, id domain.AlertRuleID) (*alertRuleView, error)
	DeleteAlertRule(ctx context.Context, id domain.AlertRuleID) error
	AlertDeliveries(ctx context.Context, f domain.DeliveryFilter, w domain.Window) ([]alertDeliveryView, int, error)
	TestAlerts(ctx context.Context, channel domain.AlertChannel) (*alertDeliveryView, error)
}

func viewAlert(a *domain.Alert) alertView {
	v := alertView{
		ID: a.ID, RuleID: a.RuleID, Kind: a.Kind, Severity: a.Severity, Subject: a.Subject, Title: a.Title, Text: a.Text, Action: a.Action, State: a.State,
		Value: a.Value, Threshold: a.Threshold, Unit: a.Unit, Since: a.Since.UTC(), LastSeen: a.LastSeen.UTC(), Count: a.Count, ClearedAt: utc(a.ClearedAt),
		AcknowledgedAt: utc(a.AcknowledgedAt), Note: a.Note, NotifiedAt: utc(a.NotifiedAt), WebsiteID: orNil(a.WebsiteID), AcknowledgedBy: orNil(a.AcknowledgedBy),
	}
	return v
}

func viewAlertRule(r *domain.AlertRule) alertRuleView {
	info, _ := domain.InfoOf(r.Kind)
	v := alertRuleView{
		ID: r.ID, Kind: r.Kind, Name: r.Name, Threshold: r.Threshold, Unit: info.Unit, Below: info.Below, Window: domain.Duration(r.Window).String(),
		Quiet: domain.Duration(r.Quiet).String(), Severity: r.Severity, Channels: append([]domain.AlertChannel{}, r.Channels...), Enabled: r.Enabled,
		SilencedUntil: utc(r.SilencedUntil), WebsiteID: orNil(r.WebsiteID), BuiltIn: r.BuiltIn, Changed: r.Changed, Action: info.Action,
	}
	return v
}

func viewAlertDelivery(d *domain.AlertDelivery) alertDeliveryView {
	ids := func(news []domain.AlertNews) []domain.AlertID {
		out := make([]domain.AlertID, len(news))
		for i := range news {
			out[i] = news[i].ID
		}
		return out
	}
	return alertDeliveryView{d.ID, d.Channel, d.State, d.Attempts, d.Error, d.Test, d.CreatedAt.UTC(), d.UpdatedAt.UTC(), ids(d.Fired), ids(d.Cleared)}
}

// Alerts implements portfolio.
func (l local) Alerts(ctx context.Context, f domain.AlertFilter, w domain.Window) ([]alertView, int, error) {
	list, total, err := l.a.Alerts.List(ctx, f, w)
	return views(list, viewAlert), total, err
}

// Alert implements portfolio.
func (l local) Alert(ctx context.Context, id domain.AlertID) (*alertView, error) {
	return view(viewAlert)(l.a.Alerts.Get(ctx, id))
}

// AcknowledgeAlert implements portfolio.
func (l local) AcknowledgeAlert(ctx context.Context, id domain.AlertID, note string) (*alertView, error) {
	return view(viewAlert)(l.a.Alerts.Acknowledge(ctx, id, note))
}

// AlertRules implements portfolio.
func (l local) AlertRules(ctx context.Context, w domain.Window) ([]alertRuleView, int, error) {
	list, err := l.a.Alerts.Rules(ctx)
	if err != nil {
		return nil, 0, err
	}
	from := min(w.Offset, len(list))
	return views(list[from:min(from+w.Limit, len(list))], viewAlertRule), len(list), nil
}

// AlertRule implements portfolio.
func (l local) AlertRule(ctx context.Context, id domain.AlertRuleID) (*alertRuleView, error) {
	return view(viewAlertRule)(l.a.Alerts.Rule(ctx, id))
}

// CreateAlertRule implements portfolio.
func (l local) CreateAlertRule(ctx context.Context, p domain.AlertRuleParams) (*alertRuleView, error) {
	return view(viewAlertRule)(l.a.Alerts.CreateRule(ctx, p))
}

// UpdateAlertRule implements portfolio.
func (l local) UpdateAlertRule(ctx context.Context, id domain.AlertRuleID, p domain.AlertRulePatch) (*alertRuleView, error) {
	return view(viewAlertRule)(l.a.Alerts.UpdateRule(ctx, id, p))
}

// SilenceAlertRule implements portfolio.
func (l local) SilenceAlertRule(ctx context.Context, id domain.AlertRuleID, until *time.Time) (*alertRuleView, error) {
	return view(viewAlertRule)(l.a.Alerts.Silence(ctx, id, until))
}

// ResetAlertRule implements portfolio.
func (l local) ResetAlertRule(ctx context.Context, id domain.AlertRuleID) (*alertRuleView, error) {
	return view(viewAlertRule)(l.a.Alerts.ResetRule(ctx, id))
}

// DeleteAlertRule implements portfolio.
func (l local) DeleteAlertRule(ctx context.Context, id domain.AlertRuleID) error {
	return l.a.Alerts.DeleteRule(ctx, id)
}

// AlertDeliveries implements portfolio.
func (l local) AlertDeliveries(ctx context.Context, f domain.DeliveryFilter, w domain.Window) ([]alertDeliveryView, int, error) {
	list, total, err := l.a.Alerts.Deliveries(ctx, f, w)
	return views(list, viewAlertDelivery), total, err
}

// TestAlerts implements portfolio.
func (l local) TestAlerts(ctx context.Context, channel domain.AlertChannel) (*alertDeliveryView, error) {
	return view(viewAlertDelivery)(l.a.Alerts.Test(ctx, channel))
}
