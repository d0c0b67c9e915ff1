package main

import (
	"context"
	"time"

	"empire/client"
	"empire/internal/domain"
)

// Alerts implements portfolio.
func (r *remote) Alerts(ctx context.Context, f domain.AlertFilter, w domain.Window) ([]alertView, int, error) {
	state := string(f.State)
	if f.Open {
		state = "open"
	}
	list, err := r.api.ListAlerts(ctx, client.ListAlertsParams{
		Limit: w.Limit, Offset: w.Offset, State: state, Severity: string(f.Severity), RuleID: string(f.RuleID), WebsiteID: string(f.WebsiteID),
	})
	return window[alertView](r, list, err)
}

// Alert implements portfolio.
func (r *remote) Alert(ctx context.Context, id domain.AlertID) (*alertView, error) {
	answer, err := r.api.GetAlert(ctx, string(id))
	return shown[alertView](r, answer, err)
}

// AcknowledgeAlert implements portfolio.
func (r *remote) AcknowledgeAlert(ctx context.Context, id domain.AlertID, note string) (*alertView, error) {
	answer, err := r.api.AcknowledgeAlert(ctx, string(id), client.AcknowledgeInput{Note: note})
	return shown[alertView](r, answer, err)
}

// AlertRules implements portfolio.
func (r *remote) AlertRules(ctx context.Context, w domain.Window) ([]alertRuleView, int, error) {
	list, err := r.api.ListAlertRules(ctx, client.ListAlertRulesParams{Limit: w.Limit, Offset: w.Offset})
	return window[alertRuleView](r, list, err)
}

// AlertRule implements portfolio.
func (r *remote) AlertRule(ctx context.Context, id domain.AlertRuleID) (*alertRuleView, error) {
	answer, err := r.api.GetAlertRule(ctx, string(id))
	return shown[alertRuleView](r, answer, err)
}

// CreateAlertRule implements portfolio.
func (r *remote) CreateAlertRule(ctx context.Context, p domain.AlertRuleParams) (*alertRuleView, error) {
	in := client.CreateAlertRuleInput{
		Kind: client.CreateAlertRuleInputKind(p.Kind), Name: p.Name, WebsiteID: string(p.WebsiteID), Severity: client.CreateAlertRuleInputSeverity(p.Severity), Channels: channelNames(p.Channels),
	}
	if p.Threshold != 0 {
		in.Threshold = &p.Threshold
	}
	if p.Quiet != nil {
		in.Quiet = p.Quiet.String()
	}
	if p.Window > 0 {
		in.Window = p.Window.String()
	}
	answer, err := r.api.CreateAlertRule(ctx, in)
	if err == nil && p.Channels != nil && len(p.Channels) == 0 { // the client leaves empty lists out
		answer, err = r.api.UpdateAlertRule(ctx, answer.ID, client.UpdateAlertRuleInput{Channels: &[]string{}})
	}
	return shown[alertRuleView](r, answer, err)
}

// UpdateAlertRule implements portfolio.
func (r *remote) UpdateAlertRule(ctx context.Context, id domain.AlertRuleID, p domain.AlertRulePatch) (*alertRuleView, error) {
	in := client.UpdateAlertRuleInput{
		Name: p.Name, Threshold: p.Threshold, Window: durationText(p.Window), Quiet: durationText(p.Quiet), Enabled: p.Enabled,
		Severity: (*client.UpdateAlertRuleInputSeverity)(p.Severity),
	}
	if p.Channels != nil {
		names := channelNames(*p.Channels)
		in.Channels = &names
	}
	answer, err := r.api.UpdateAlertRule(ctx, string(id), in)
	return shown[alertRuleView](r, answer, err)
}

func durationText(d *time.Duration) *string {
	if d == nil {
		return nil
	}
	text := d.String()
	return &text
}

// channelNames keeps nil apart from none.
func channelNames(list []domain.AlertChannel) []string {
	if list == nil {
		return nil
	}
	out := make([]string, len(list))
	for i, c := range list {
		out[i] = string(c)
	}
	return out
}

// SilenceAlertRule implements portfolio.
func (r *remote) SilenceAlertRule(ctx context.Context, id domain.AlertRuleID, until *time.Time) (*alertRuleView, error) {
	answer, err := r.api.SilenceAlertRule(ctx, string(id), client.SilenceInput{Until: until})
	return shown[alertRuleView](r, answer, err)
}

// ResetAlertRule implements portfolio.
func (r *remote) ResetAlertRule(ctx context.Context, id domain.AlertRuleID) (*alertRuleView, error) {
	answer, err := r.api.ResetAlertRule(ctx, string(id))
	return shown[alertRuleView](r, answer, err)
}

// DeleteAlertRule implements portfolio.
func (r *remote) DeleteAlertRule(ctx context.Context, id domain.AlertRuleID) error {
	return r.done(r.api.DeleteAlertRule(ctx, string(id)))
}

// AlertDeliveries implements portfolio.
func (r *remote) AlertDeliveries(ctx context.Context, f domain.DeliveryFilter, w domain.Window) ([]alertDeliveryView, int, error) {
	list, err := r.api.ListAlertDeliveries(ctx, client.ListAlertDeliveriesParams{Limit: w.Limit, Offset: w.Offset, Channel: string(f.Channel), State: string(f.State)})
	return window[alertDeliveryView](r, list, err)
}

// TestAlerts implements portfolio.
func (r *remote) TestAlerts(ctx context.Context, channel domain.AlertChannel) (*alertDeliveryView, error) {
	answer, err := r.api.TestAlertChannel(ctx, string(channel))
	return shown[alertDeliveryView](r, answer, err)
}
