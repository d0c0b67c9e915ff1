package service

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"empire/internal/domain"
)

// mergeRules returns the built-in rules of a tenant with what is stored in their place,
// and those that people added, in the order of their making.
func mergeRules(tenant domain.TenantID, stored []domain.AlertRule) []domain.AlertRule {
	list := domain.DefaultAlertRules(tenant)
	for _, r := range stored {
		i := slices.IndexFunc(list, func(b domain.AlertRule) bool { return b.ID == r.ID })
		if r.BuiltIn = i >= 0; r.BuiltIn {
			r.Changed = true
			list[i] = r
			continue
		}
		list = append(list, r)
	}
	return list
}

func (s *Alerts) rules(ctx context.Context, tenant domain.TenantID) ([]domain.AlertRule, error) {
	stored, err := s.cfg.Rules.List(ctx, tenant)
	return mergeRules(tenant, stored), err
}

func (s *Alerts) rule(ctx context.Context, id domain.AlertRuleID) (*domain.AlertRule, error) {
	list, err := s.rules(ctx, scope(ctx).OrDefault())
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(list, func(r domain.AlertRule) bool { return r.ID == id })
	if i < 0 {
		return nil, domain.Errorf(domain.CodeNotFound, "Alert rule %s does not exist.", id)
	}
	return &list[i], nil
}

// Rules returns the rules of the tenant: the built-in ones first.
func (s *Alerts) Rules(ctx context.Context) ([]domain.AlertRule, error) {
	if _, err := domain.Require(ctx, domain.AgentsRead); err != nil {
		return nil, err
	}
	return s.rules(ctx, scope(ctx).OrDefault())
}

// Rule returns one rule.
func (s *Alerts) Rule(ctx context.Context, id domain.AlertRuleID) (*domain.AlertRule, error) {
	if _, err := domain.Require(ctx, domain.AgentsRead); err != nil {
		return nil, err
	}
	return s.rule(ctx, id)
}

// CreateRule adds a rule to the built-in ones, such as one for a single website.
func (s *Alerts) CreateRule(ctx context.Context, p domain.AlertRuleParams) (*domain.AlertRule, error) {
	if _, err := domain.Require(ctx, domain.AdminFull); err != nil {
		return nil, err
	}
	tenant := scope(ctx).OrDefault()
	r, err := newRule(tenant, p)
	if err != nil {
		return nil, err
	}
	if p.WebsiteID != "" {
		site, err := s.cfg.Websites.Get(ctx, p.WebsiteID)
		if _, err := visible(ctx, site, err, "Website", string(p.WebsiteID)); err != nil {
			return nil, err
		}
	}
	r.ID, r.UpdatedAt = domain.AlertRuleID(domain.NewID("rule")), s.journal.stamp()
	err = s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		stored, err := s.cfg.Rules.List(ctx, tenant)
		if err != nil {
			return err
		}
		if len(stored) >= domain.MaxAlertRules {
			return domain.Errorf(domain.CodeConflict, "There are %d rules already; delete one first.", len(stored))
		}
		if err := s.cfg.Rules.Put(ctx, r); err != nil {
			return err
		}
		return s.journal.changed(ctx, "alert_rule.created", string(r.ID), r.Name, nil, r)
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// newRule fills what is not given from the built-in rule of the kind.
func newRule(tenant domain.TenantID, p domain.AlertRuleParams) (*domain.AlertRule, error) {
	defaults := domain.DefaultAlertRules(tenant)
	i := slices.IndexFunc(defaults, func(r domain.AlertRule) bool { return r.Kind == p.Kind })
	if i < 0 {
		return nil, domain.Invalid("kind", "Kind %.40q is not one of those that can be watched here.", p.Kind)
	}
	r := &defaults[i]
	r.BuiltIn = false
	r.Name, r.WebsiteID = cmp.Or(strings.TrimSpace(p.Name), r.Name), p.WebsiteID
	r.Threshold, r.Window, r.Severity = cmp.Or(p.Threshold, r.Threshold), cmp.Or(p.Window, r.Window), cmp.Or(p.Severity, r.Severity)
	set(&r.Quiet, p.Quiet)
	if p.Channels != nil {
		r.Channels = p.Channels
	}
	return r, r.Validate()
}

// UpdateRule changes a rule. Alerts that do not breach it any more end as others do.
func (s *Alerts) UpdateRule(ctx context.Context, id domain.AlertRuleID, p domain.AlertRulePatch) (*domain.AlertRule, error) {
	return s.changeRule(ctx, id, "alert_rule.updated", func(r *domain.AlertRule) error {
		set(&r.Name, p.Name)
		r.Name = strings.TrimSpace(r.Name)
		set(&r.Threshold, p.Threshold)
		set(&r.Window, p.Window)
		set(&r.Quiet, p.Quiet)
		set(&r.Severity, p.Severity)
		set(&r.Channels, p.Channels)
		set(&r.Enabled, p.Enabled)
		return r.Validate()
	})
}

// maxSilence is how far ahead a rule may be silenced.
const maxSilence = 90 * 24 * time.Hour

// Silence keeps alerts of a rule from being delivered until a time; they are raised and
// shown all the same, and those that still fire then are delivered. nil ends a silence.
func (s *Alerts) Silence(ctx context.Context, id domain.AlertRuleID, until *time.Time) (*domain.AlertRule, error) {
	return s.changeRule(ctx, id, "alert_rule.silenced", func(r *domain.AlertRule) error {
		if until == nil {
			r.SilencedUntil = nil
			return nil
		}
		at, now := until.UTC().Truncate(time.Microsecond), s.cfg.Now()
		if !at.After(now) || at.After(now.Add(maxSilence)) {
			return domain.Invalid("until", "A silence ends in the future, within 90 days.")
		}
		r.SilencedUntil = &at
		return nil
	})
}

func (s *Alerts) changeRule(ctx context.Context, id domain.AlertRuleID, action string, change func(*domain.AlertRule) error) (*domain.AlertRule, error) {
	if _, err := domain.Require(ctx, domain.AdminFull); err != nil {
		return nil, err
	}
	var r *domain.AlertRule
	err := s.cfg.Tx.InTx(ctx, func(ctx context.Context) (err error) {
		if r, err = s.rule(ctx, id); err != nil {
			return err
		}
		before := *r
		before.Channels = slices.Clone(r.Channels)
		if err := change(r); err != nil {
			return err
		}
		r.Changed, r.UpdatedAt = r.BuiltIn, s.journal.stamp()
		if err := s.cfg.Rules.Put(ctx, r); err != nil {
			return err
		}
		return s.journal.changed(ctx, action, string(id), r.Name, &before, r)
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// ResetRule makes a built-in rule what it was at first. Another rule is CodeConflict.
func (s *Alerts) ResetRule(ctx context.Context, id domain.AlertRuleID) (*domain.AlertRule, error) {
	if err := s.dropRule(ctx, id, "alert_rule.reset", true); err != nil {
		return nil, err
	}
	return s.rule(ctx, id)
}

// DeleteRule removes a rule that was added; its open alerts are cleared. A built-in one
// is CodeConflict: it can be disabled.
func (s *Alerts) DeleteRule(ctx context.Context, id domain.AlertRuleID) error {
	return s.dropRule(ctx, id, "alert_rule.deleted", false)
}

func (s *Alerts) dropRule(ctx context.Context, id domain.AlertRuleID, action string, builtIn bool) error {
	if _, err := domain.Require(ctx, domain.AdminFull); err != nil {
		return err
	}
	return s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		r, err := s.rule(ctx, id)
		switch {
		case err != nil:
			return err
		case r.BuiltIn && !builtIn:
			return domain.Errorf(domain.CodeConflict, "Rule %s is built in: disable it instead.", id)
		case !r.BuiltIn && builtIn:
			return domain.Errorf(domain.CodeConflict, "Rule %s is not built in: it has nothing to go back to.", id)
		case builtIn && !r.Changed:
			return nil
		}
		if err := s.cfg.Rules.Delete(ctx, r.Tenant, id); err != nil {
			return err
		}
		return s.journal.changed(ctx, action, string(id), r.Name, r, nil)
	})
}
