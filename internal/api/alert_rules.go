package api

import (
	"context"
	"net/http"
	"time"

	"empire/internal/domain"
)

// AlertRuleBody says when an alert is raised, and whom it is told.
type AlertRuleBody struct {
	ID            domain.AlertRuleID    `json:"id"`
	Kind          domain.AlertKind      `json:"kind" doc:"What is watched"`
	Name          string                `json:"name"`
	WebsiteID     *domain.WebsiteID     `json:"website_id" doc:"null: the whole tenant"`
	Threshold     float64               `json:"threshold" doc:"In the unit"`
	Unit          string                `json:"unit" doc:"percent, ms, count, days, hours or level (1 degraded, 2 down)"`
	Below         bool                  `json:"below" doc:"A value at or below the threshold breaches it, not one at or above"`
	Window        string                `json:"window" doc:"How far back is looked; 0s: it does not matter"`
	Quiet         string                `json:"quiet" doc:"How long nothing may be wrong until an alert is cleared; what comes back before is the same alert"`
	Severity      domain.AlertSeverity  `json:"severity" enum:"critical,warning,info"`
	Channels      []domain.AlertChannel `json:"channels" doc:"mail and webhook; none: alerts are only shown"`
	Enabled       bool                  `json:"enabled"`
	SilencedUntil *time.Time            `json:"silenced_until" doc:"Until when alerts are raised but not delivered"`
	BuiltIn       bool                  `json:"built_in"`
	Changed       bool                  `json:"changed" doc:"It is built in and differs from what it was at first"`
	Action        string                `json:"action" doc:"What its alerts say is to be done"`
}

type (
	listAlertRulesInput struct {
		Window
	}
	alertRuleInput struct {
		ID domain.AlertRuleID `path:"rule_id"`
	}
	createAlertRuleInput struct {
		Body struct {
			Kind      domain.AlertKind      `json:"kind" enum:"error_rate,latency,failed_runs,dead_letters,budget,traffic_cliff,certificate,stale_feed,dead_links,component,frozen"`
			Name      string                `json:"name,omitempty" maxLength:"200" doc:"Without it that of the built-in rule"`
			WebsiteID domain.WebsiteID      `json:"website_id,omitempty" maxLength:"100" doc:"Only about this website"`
			Threshold float64               `json:"threshold,omitempty" minimum:"0" maximum:"1000000000"`
			Window    string                `json:"window,omitempty" maxLength:"30"`
			Quiet     *string               `json:"quiet,omitempty" maxLength:"30"`
			Severity  domain.AlertSeverity  `json:"severity,omitempty" enum:"critical,warning,info"`
			Channels  []domain.AlertChannel `json:"channels,omitempty" maxItems:"2" doc:"Without it, those of the built-in rule"`
		}
	}
	updateAlertRuleInput struct {
		ID   domain.AlertRuleID `path:"rule_id"`
		Body struct {
			Name      *string                `json:"name,omitempty" maxLength:"200"`
			Threshold *float64               `json:"threshold,omitempty" minimum:"0" maximum:"1000000000"`
			Window    *string                `json:"window,omitempty" maxLength:"30"`
			Quiet     *string                `json:"quiet,omitempty" maxLength:"30"`
			Severity  *domain.AlertSeverity  `json:"severity,omitempty" enum:"critical,warning,info"`
			Channels  *[]domain.AlertChannel `json:"channels,omitempty" maxItems:"2"`
			Enabled   *bool                  `json:"enabled,omitempty"`
		}
	}
	silenceInput struct {
		ID   domain.AlertRuleID `path:"rule_id"`
		Body struct {
			Until *time.Time `json:"until" doc:"Within 90 days; null ends a silence"`
		}
	}
	alertRuleOutput        struct{ Body AlertRuleBody }
	createdAlertRuleOutput struct {
		Location string `header:"Location"`
		Body     AlertRuleBody
	}
)

var exampleAlertRule = AlertRuleBody{
	ID: "stale_feed", Kind: domain.AlertStaleFeed, Name: "Stale feed", Threshold: 72, Unit: "hours", Window: "0s", Quiet: "5m", Severity: domain.SeverityWarning,
	Channels: []domain.AlertChannel{domain.ChannelMail, domain.ChannelWebhook}, Enabled: true, BuiltIn: true, Action: exampleAlert.Action,
}

func registerAlertRules(a *API, alerts alertService) {
	handle(a, operation{
		id: "list-alert-rules", method: http.MethodGet, path: "/alert-rules", tag: "alerts", permission: domain.AgentsRead, summary: "List alert rules",
		text: "The built-in ones first.", response: []AlertRuleBody{exampleAlertRule},
	}, func(ctx context.Context, in *listAlertRulesInput) (*listOutput[AlertRuleBody], error) {
		all, err := alerts.Rules(ctx)
		if err != nil {
			return nil, err
		}
		return cut(&in.Window, all, toAlertRule), nil
	})
	handle(a, operation{
		id: "create-alert-rule", method: http.MethodPost, path: "/alert-rules", tag: "alerts", permission: domain.AdminFull, summary: "Add an alert rule",
		text: "What is not given is that of the built-in rule of the kind.", status: http.StatusCreated, problems: []int{http.StatusConflict, http.StatusNotFound},
		request: map[string]any{"kind": "traffic_cliff", "name": "Main site", "website_id": "site_01k2ja", "threshold": 30}, response: exampleAlertRule,
	}, func(ctx context.Context, in *createAlertRuleInput) (*createdAlertRuleOutput, error) {
		p, err := in.params()
		if err != nil {
			return nil, err
		}
		r, err := alerts.CreateRule(ctx, p)
		if err != nil {
			return nil, err
		}
		return &createdAlertRuleOutput{Base + "/alert-rules/" + string(r.ID), toAlertRule(r)}, nil
	})
	handle(a, operation{
		id: "get-alert-rule", method: http.MethodGet, path: "/alert-rules/{rule_id}", tag: "alerts", permission: domain.AgentsRead, summary: "Show an alert rule", response: exampleAlertRule,
	}, func(ctx context.Context, in *alertRuleInput) (*alertRuleOutput, error) {
		return alertRuleAnswer(alerts.Rule(ctx, in.ID))
	})
	registerRuleChanges(a, alerts)
}

func registerRuleChanges(a *API, alerts alertService) {
	handle(a, operation{
		id: "update-alert-rule", method: http.MethodPatch, path: "/alert-rules/{rule_id}", tag: "alerts", permission: domain.AdminFull, summary: "Change an alert rule",
		text: "What is not given stays. Alerts of a rule that is disabled are cleared.", request: map[string]any{"threshold": 48}, response: exampleAlertRule,
	}, func(ctx context.Context, in *updateAlertRuleInput) (*alertRuleOutput, error) {
		p, err := in.patch()
		if err != nil {
			return nil, err
		}
		return alertRuleAnswer(alerts.UpdateRule(ctx, in.ID, p))
	})
	handle(a, operation{
		id: "silence-alert-rule", method: http.MethodPost, path: "/alert-rules/{rule_id}/silence", tag: "alerts", permission: domain.AdminFull, summary: "Deliver no alerts of a rule until a time",
		text:    "They are raised and shown all the same; those that still fire then are delivered.",
		request: map[string]any{"until": "2026-03-02T08:00:00Z"}, response: exampleAlertRule,
	}, func(ctx context.Context, in *silenceInput) (*alertRuleOutput, error) {
		return alertRuleAnswer(alerts.Silence(ctx, in.ID, in.Body.Until))
	})
	handle(a, operation{
		id: "reset-alert-rule", method: http.MethodPost, path: "/alert-rules/{rule_id}/reset", tag: "alerts", permission: domain.AdminFull, summary: "Make a built-in alert rule what it was at first",
		text: "A rule that was added is a conflict.", problems: []int{http.StatusConflict}, response: exampleAlertRule,
	}, func(ctx context.Context, in *alertRuleInput) (*alertRuleOutput, error) {
		return alertRuleAnswer(alerts.ResetRule(ctx, in.ID))
	})
	handle(a, operation{
		id: "delete-alert-rule", method: http.MethodDelete, path: "/alert-rules/{rule_id}", tag: "alerts", permission: domain.AdminFull, summary: "Delete an alert rule that was added",
		text: "Its open alerts are cleared. A built-in rule is a conflict: disable it instead.", problems: []int{http.StatusConflict}, status: http.StatusNoContent,
	}, func(ctx context.Context, in *alertRuleInput) (*struct{}, error) {
		return nil, alerts.DeleteRule(ctx, in.ID)
	})
}

func (in *createAlertRuleInput) params() (domain.AlertRuleParams, error) {
	b := &in.Body
	p := domain.AlertRuleParams{Kind: b.Kind, Name: b.Name, WebsiteID: b.WebsiteID, Threshold: b.Threshold, Severity: b.Severity, Channels: b.Channels}
	window, err := duration("window", b.Window)
	if err != nil {
		return p, err
	}
	p.Window = time.Duration(window)
	p.Quiet, err = optionalDuration("quiet", b.Quiet)
	return p, err
}

func (in *updateAlertRuleInput) patch() (domain.AlertRulePatch, error) {
	b := &in.Body
	p := domain.AlertRulePatch{Name: b.Name, Threshold: b.Threshold, Severity: b.Severity, Channels: b.Channels, Enabled: b.Enabled}
	var err error
	if p.Window, err = optionalDuration("window", b.Window); err != nil {
		return p, err
	}
	p.Quiet, err = optionalDuration("quiet", b.Quiet)
	return p, err
}

// optionalDuration is duration of what may not be given.
func optionalDuration(field string, text *string) (*time.Duration, error) {
	if text == nil {
		return nil, nil
	}
	d, err := duration(field, *text)
	if err != nil {
		return nil, err
	}
	out := time.Duration(d)
	return &out, nil
}

func alertRuleAnswer(r *domain.AlertRule, err error) (*alertRuleOutput, error) {
	if err != nil {
		return nil, err
	}
	return &alertRuleOutput{toAlertRule(r)}, nil
}

func toAlertRule(r *domain.AlertRule) AlertRuleBody {
	info, _ := domain.InfoOf(r.Kind)
	b := AlertRuleBody{
		ID: r.ID, Kind: r.Kind, Name: r.Name, Threshold: r.Threshold, Unit: info.Unit, Below: info.Below, Window: domain.Duration(r.Window).String(),
		Quiet: domain.Duration(r.Quiet).String(), Severity: r.Severity, Channels: list(r.Channels), Enabled: r.Enabled, SilencedUntil: utc(r.SilencedUntil),
		BuiltIn: r.BuiltIn, Changed: r.Changed, Action: info.Action,
	}
	if r.WebsiteID != "" {
		b.WebsiteID = &r.WebsiteID
	}
	return b
}
