package web_test

import (
	"context"
	"fmt"
	"time"

	"empire/internal/domain"
)

func (o accounts) List(ctx context.Context, _ domain.Window) ([]domain.User, int, error) {
	if _, err := domain.Require(ctx, domain.AdminFull); err != nil {
		return nil, 0, err
	}
	l := []domain.User{{ID: "user_1", Email: "ed@example.com", Permissions: []domain.Permission{domain.AdminFull}, CreatedAt: noon}, {ID: "user_2", Email: "ro@example.com", CreatedAt: noon}}
	l = many(o.office, l, 9, func(i int, u *domain.User) {
		u.ID, u.Email, u.Permissions = domain.UserID(fmt.Sprint("user_", i+1)), fmt.Sprint("colleague.with.a.long.name.", i, "@department.example.com"), domain.Permissions()[:1+i%4]
	})
	return l, len(l), nil
}
func (accounts) Get(_ context.Context, id domain.UserID) (*domain.User, error) {
	if id == "user_9" {
		return nil, missing("User", id)
	}
	return &domain.User{ID: id, Email: "ro@example.com", Permissions: []domain.Permission{domain.WebsitesRead}}, nil
}
func (o accounts) Create(ctx context.Context, p domain.UserParams) (*domain.User, error) {
	if len(p.Password) < 12 {
		return nil, domain.Invalid("password", "A password has at least 12 characters.")
	}
	return &domain.User{}, o.note(ctx, domain.AdminFull, "add "+p.Email)
}
func (o accounts) Update(ctx context.Context, id domain.UserID, p domain.UserPatch) (*domain.User, error) {
	if id == "user_1" && len(*p.Permissions) == 0 {
		return nil, domain.Errorf(domain.CodeConflict, "Somebody has to be an administrator.")
	}
	return &domain.User{}, o.note(ctx, domain.AdminFull, "update "+string(id)+" "+string(append(*p.Permissions, "none")[0]))
}
func (o accounts) Delete(ctx context.Context, id domain.UserID) error {
	return o.note(ctx, domain.AdminFull, "delete "+string(id))
}

func (o keys) Create(_ context.Context, user domain.UserID, p domain.APIKeyParams) (*domain.NewAPIKey, error) {
	if len(p.Scope) == 0 {
		return nil, domain.Invalid("scope", "A key needs a scope.")
	}
	o.did = "key of " + string(user)
	return &domain.NewAPIKey{APIKey: domain.APIKey{ID: "key_2", Name: p.Name}, Secret: "emp_the-secret"}, nil
}
func (o keys) List(context.Context, domain.UserID, domain.Window) ([]domain.APIKey, int, error) {
	l := some(o.office, domain.APIKey{ID: "key_1", Name: "backup", Prefix: "emp_12345678", Scope: []domain.Permission{domain.WebsitesRead}, ExpiresAt: noon.Add(time.Hour)}, domain.APIKey{ID: "key_0", Name: "old", ExpiresAt: noon.Add(-time.Hour)})
	l = many(o.office, l, 8, func(i int, k *domain.APIKey) {
		k.ID, k.Name, k.Scope, k.LastUsedAt = domain.APIKeyID(fmt.Sprint("key_", i+5)), "reports of department "+fmt.Sprint(i), domain.Permissions()[:1+i%5], ptr(before(i*900))
		k.ExpiresAt = noon.Add(time.Duration(i) * 300 * time.Hour)
	})
	return l, len(l), nil
}
func (o keys) Revoke(_ context.Context, _ domain.UserID, id domain.APIKeyID) error {
	o.did = "revoke " + string(id)
	return nil
}

func event() domain.WebhookEvent {
	return domain.WebhookEvent{ID: "hook_1", Provider: "awin", EventID: "t-1", Type: "transaction", State: domain.WebhookFailed, Attempts: 3, Error: "Store is down.", ReceivedAt: noon}
}
func (o hooks) List(ctx context.Context, _ domain.WebhookFilter, _ domain.Window) ([]domain.WebhookEvent, int, error) {
	if _, err := domain.Require(ctx, domain.AdminFull); err != nil {
		return nil, 0, err
	}
	l := many(o.office, some(o.office, event()), 27, func(i int, e *domain.WebhookEvent) {
		e.ID, e.EventID, e.ReceivedAt = domain.WebhookEventID(fmt.Sprint("hook_", i+1)), fmt.Sprint("t-", i), before(i*55)
		if e.State = domain.WebhookProcessed; i%5 == 2 {
			e.State = domain.WebhookIgnored
		}
		e.Error = ""
	})
	return l, len(l), nil
}
func (hooks) Get(_ context.Context, id domain.WebhookEventID) (*domain.WebhookEvent, *domain.WebhookDelivery, error) {
	if id != "hook_1" {
		return nil, nil, missing("Webhook", id)
	}
	return ptr(event()), &domain.WebhookDelivery{Body: []byte("<script>alert(1)</script>"), Size: 25}, nil
}
func (o hooks) Replay(ctx context.Context, id domain.WebhookEventID, _ bool) (*domain.WebhookEvent, error) {
	return ptr(event()), o.note(ctx, domain.AdminFull, "replay "+string(id))
}

func (o workHealth) Ready(context.Context) ([]domain.Component, bool) {
	if o.rich {
		return richParts, false
	}
	return []domain.Component{{Name: "database", Layer: "data", State: "ok", Configured: true}, {Name: "vector_store", Layer: "data", State: "down", Error: "No answer.", Configured: true, LastErrorAt: &noon, LastError: "refused"}, {Name: "redis", State: "ok"}}, false
}

func oneBudget() domain.BudgetState {
	return domain.BudgetState{Budget: domain.Budget{ID: "bud_1", Name: "all", Period: domain.PeriodMonth, Limit: domain.Money{Minor: 2000, Currency: "EUR"}, OnLimit: domain.LimitAsk}, Count: domain.BudgetCount{Spent: 17_000_000}}
}
func (o workBudgets) List(context.Context, domain.Window) ([]domain.BudgetState, int, error) {
	l := many(o.office, some(o.office, oneBudget()), 11, func(i int, b *domain.BudgetState) {
		b.ID, b.Name, b.Scope.WebsiteID, b.Count.Spent = domain.BudgetID(fmt.Sprint("bud_", i+1)), richDomain(i), domain.WebsiteID(fmt.Sprint("site_", i+1)), domain.Micros(1_970_000*i)
	})
	return l, len(l), nil
}
func (workBudgets) Get(_ context.Context, id domain.BudgetID) (*domain.BudgetState, error) {
	if id != "bud_1" {
		return nil, missing("Budget", id)
	}
	return ptr(oneBudget()), nil
}
func (o workBudgets) Create(ctx context.Context, b domain.Budget) (*domain.BudgetState, error) {
	if b.Name == "" {
		return nil, domain.Invalid("name", "A budget needs a name.")
	}
	return ptr(oneBudget()), o.note(ctx, domain.AdminFull, "budget "+b.Name+" "+b.Limit.Decimal()+" for "+string(b.Scope.WebsiteID))
}
func (workBudgets) Update(context.Context, domain.BudgetID, domain.BudgetPatch) (*domain.BudgetState, error) {
	return ptr(oneBudget()), nil
}
func (o workBudgets) Delete(ctx context.Context, id domain.BudgetID) error {
	return o.note(ctx, domain.AdminFull, "delete "+string(id))
}
func (o workBudgets) Raise(ctx context.Context, id domain.BudgetID, p domain.RaiseParams) (*domain.BudgetState, error) {
	return ptr(oneBudget()), o.note(ctx, domain.AdminFull, "raise "+string(id)+" by "+domain.Money{Minor: p.Minor, Currency: "EUR"}.Decimal())
}
func (o workBudgets) Spending(context.Context, domain.SpendingBy, domain.CallFilter, domain.Window) ([]domain.Spending, int, error) {
	l := some(o.office, domain.Spending{Key: "small", Currency: "EUR", Calls: 31, Spent: 17_000_000})
	l = many(o.office, l, 6, func(i int, s *domain.Spending) {
		s.Key, s.Calls, s.Spent, s.Input, s.Output = fmt.Sprint("model-", i), 9000/(i+1), domain.Micros(91_000_000/(i+1)), 4_200_000, 812_000
	})
	return l, len(l), nil
}

func (o audit) List(ctx context.Context, f domain.AuditFilter, _ domain.Window) ([]domain.AuditEntry, int, error) {
	if _, err := domain.Require(ctx, domain.AdminFull); err != nil {
		return nil, 0, err
	}
	if f.Action == "link" {
		return nil, 0, nil
	}
	l := some(o.office, domain.AuditEntry{Seq: 1, At: noon, ActorID: "user_1", Action: "website.generate", Object: "site_1", Detail: "run run_1"}, domain.AuditEntry{Seq: 2, At: noon, Action: "release.created", Object: "rel_1"})
	l = many(o.office, l, 50, func(i int, e *domain.AuditEntry) {
		e.Seq, e.At, e.RequestID, e.Object = int64(i), before(i*43), fmt.Sprintf("req_01JZ8%06d", i*7919), fmt.Sprintf("site_01JZ8%06d", i*104729%999999)
		e.Action = []string{"website.updated", "approval.approved", "link.paused", "feed.imported"}[i%4]
	})
	return l, len(l), nil
}

var alertCliff = domain.Alert{
	ID: "alert_1", RuleID: "traffic_cliff", Kind: domain.AlertTrafficCliff, Severity: domain.SeverityWarning, Title: "Visits of keyboards.example fell by 70 %", Text: "Yesterday 30 people came, 100 are usual.",
	Action: "Look at its last release.", WebsiteID: "site_1", State: domain.AlertFiring, Value: 70, Threshold: 50, Unit: "percent", Since: noon, LastSeen: noon, Count: 2,
}

func (o alerts) Summary(context.Context) (domain.AlertSummary, error) {
	if o.none {
		return domain.AlertSummary{}, nil
	}
	return domain.AlertSummary{Firing: 1, Warning: 1, EvaluatedAt: noon}, nil
}

func (o alerts) List(_ context.Context, f domain.AlertFilter, _ domain.Window) ([]domain.Alert, int, error) {
	if o.none || f.State == domain.AlertCleared {
		return nil, 0, nil
	}
	l := many(o.office, []domain.Alert{alertCliff}, 19, func(i int, a *domain.Alert) {
		a.ID, a.Title, a.Since, a.Count = domain.AlertID(fmt.Sprint("alert_", i+1)), richAlerts[i%len(richAlerts)]+" "+richDomain(i), before(i*210), 1+i%4
		a.Severity = []domain.AlertSeverity{domain.SeverityCritical, domain.SeverityWarning, domain.SeverityInfo}[i%3]
	})
	return l, len(l), nil
}

func (alerts) Get(_ context.Context, id domain.AlertID) (*domain.Alert, error) {
	if id != alertCliff.ID {
		return nil, missing("Alert", id)
	}
	a := alertCliff
	return &a, nil
}

func (o alerts) Acknowledge(ctx context.Context, id domain.AlertID, note string) (*domain.Alert, error) {
	if len(note) > 20 {
		return nil, domain.Invalid("note", "The note is too long.")
	}
	return nil, o.note(ctx, domain.AgentsManage, "acknowledge "+string(id)+" "+note)
}

func (alerts) Rules(context.Context) ([]domain.AlertRule, error) {
	list := domain.DefaultAlertRules("")
	list[1].Enabled, list[1].Changed = false, true
	return list, nil
}

func (o alerts) Rule(ctx context.Context, id domain.AlertRuleID) (*domain.AlertRule, error) {
	list, _ := o.Rules(ctx)
	for i := range list {
		if list[i].ID == id {
			return &list[i], nil
		}
	}
	return nil, missing("Rule", id)
}

func (o alerts) UpdateRule(ctx context.Context, id domain.AlertRuleID, p domain.AlertRulePatch) (*domain.AlertRule, error) {
	if *p.Threshold <= 0 {
		return nil, domain.Invalid("threshold", "A threshold is greater than 0.")
	}
	return nil, o.note(ctx, domain.AdminFull, fmt.Sprint("change ", id, " ", *p.Threshold, " ", *p.Window, " ", *p.Enabled, " ", *p.Channels))
}

func (o alerts) Silence(ctx context.Context, id domain.AlertRuleID, until *time.Time) (*domain.AlertRule, error) {
	return nil, o.note(ctx, domain.AdminFull, fmt.Sprint("silence ", id, " ", until != nil))
}

func (o alerts) ResetRule(ctx context.Context, id domain.AlertRuleID) (*domain.AlertRule, error) {
	return nil, o.note(ctx, domain.AdminFull, "reset "+string(id))
}

func (alerts) Channels(context.Context) ([]domain.AlertChannelState, error) {
	return []domain.AlertChannelState{{Channel: domain.ChannelMail, Configured: true, Target: "ops@example.com", LastSent: &noon}, {Channel: domain.ChannelWebhook, Setting: "alerts.webhook.url"}}, nil
}

func (o alerts) Test(ctx context.Context, c domain.AlertChannel) (*domain.AlertDelivery, error) {
	if c != domain.ChannelMail {
		return nil, domain.Errorf(domain.CodeConflict, "Channel %s is not configured.", c)
	}
	return &domain.AlertDelivery{State: domain.DeliverySent}, o.note(ctx, domain.AdminFull, "test "+string(c))
}
