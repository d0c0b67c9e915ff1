package service

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"empire/internal/domain"
)

// alertLease is for how long a process is the one that evaluates; each pass renews it.
const alertLease = 40 * time.Second

// seenPause is how old the time of an alert that goes on may be in the store.
const seenPause = time.Minute

// ruleKey names a rule among those of all tenants, alertKey an open alert.
type (
	ruleKey struct {
		tenant domain.TenantID
		id     domain.AlertRuleID
	}
	alertKey struct {
		ruleKey
		subject string
	}
)

func ruleKeyOf(r *domain.AlertRule) ruleKey { return ruleKey{r.Tenant, r.ID} }

// alertLook is what one look at everything has found.
type alertLook struct {
	breaches map[ruleKey][]domain.AlertObservation
	blind    map[ruleKey]bool // what they watch could not be measured: their alerts stay as they are
	err      error
}

// Evaluate holds what is measured against all rules, raises and clears alerts, and
// queues what is to be delivered. It returns how many were raised or cleared. Of
// several processes that call it one does the work. It needs no principal.
func (s *Alerts) Evaluate(ctx context.Context) (int, error) {
	now := s.journal.stamp()
	mine, err := s.cfg.Store.Claim(ctx, s.cfg.Instance, now, now.Add(alertLease))
	if err != nil || !mine {
		return 0, err
	}
	rules, err := s.allRules(ctx)
	if err != nil {
		return 0, err
	}
	look := s.look(ctx, rules, now)
	var p *alertPass
	err = s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		p = &alertPass{s: s, now: now, rules: rules, look: look}
		return p.apply(ctx)
	})
	if err != nil {
		return 0, errors.Join(err, look.err)
	}
	for _, a := range p.moved {
		s.emit(ctx, a)
	}
	return len(p.moved), look.err
}

// allRules returns the rules of all tenants.
func (s *Alerts) allRules(ctx context.Context) (map[ruleKey]*domain.AlertRule, error) {
	tenants, err := s.cfg.Store.Tenants(ctx)
	if err != nil {
		return nil, err
	}
	stored, err := s.cfg.Rules.List(ctx, "")
	if err != nil {
		return nil, err
	}
	byTenant := map[domain.TenantID][]domain.AlertRule{domain.DefaultTenant: nil}
	for _, t := range tenants {
		byTenant[t.OrDefault()] = nil
	}
	for _, r := range stored {
		byTenant[r.Tenant] = append(byTenant[r.Tenant], r)
	}
	out := map[ruleKey]*domain.AlertRule{}
	for tenant, own := range byTenant {
		list := mergeRules(tenant, own)
		for i := range list {
			out[ruleKeyOf(&list[i])] = &list[i]
		}
	}
	return out, nil
}

// look measures once for each kind and window, whatever the number of rules.
func (s *Alerts) look(ctx context.Context, rules map[ruleKey]*domain.AlertRule, now time.Time) *alertLook {
	type measure struct {
		kind   domain.AlertKind
		window time.Duration
	}
	type measured struct {
		list []domain.AlertObservation
		err  error
	}
	found := map[measure]measured{}
	out := &alertLook{breaches: map[ruleKey][]domain.AlertObservation{}, blind: map[ruleKey]bool{}}
	for key, r := range rules {
		source := s.cfg.Sources[r.Kind]
		if !r.Enabled || source == nil {
			continue
		}
		at := measure{r.Kind, r.Window}
		m, ok := found[at]
		if !ok {
			m.list, m.err = source(ctx, r.Window, now)
			if m.err != nil {
				out.err = errors.Join(out.err, fmt.Errorf("measure %s: %w", r.Kind, m.err))
			}
			found[at] = m
		}
		if m.err != nil {
			out.blind[key] = true
			continue
		}
		out.breaches[key] = breachesOf(r, m.list)
	}
	return out
}

// breachesOf returns what breaches a rule, in the order of subjects.
func breachesOf(r *domain.AlertRule, list []domain.AlertObservation) []domain.AlertObservation {
	info, _ := domain.InfoOf(r.Kind)
	var out []domain.AlertObservation
	for _, o := range list {
		o.Value = math.Round(o.Value*100) / 100
		if o.Tenant.OrDefault() == r.Tenant && (r.WebsiteID == "" || r.WebsiteID == o.WebsiteID) && info.Breached(o.Value, r.Threshold) {
			out = append(out, o)
		}
	}
	slices.SortFunc(out, func(a, b domain.AlertObservation) int {
		if a.Subject < b.Subject {
			return -1
		}
		return 1
	})
	return slices.CompactFunc(out, func(a, b domain.AlertObservation) bool { return a.Subject == b.Subject })
}

// alertPass changes alerts in one transaction.
type alertPass struct {
	s     *Alerts
	now   time.Time
	rules map[ruleKey]*domain.AlertRule
	look  *alertLook
	open  map[alertKey]*domain.Alert
	told  []*domain.Alert // whose news may have to be delivered
	moved []*domain.Alert // raised or cleared
}

func (p *alertPass) apply(ctx context.Context) error {
	pending, err := p.s.cfg.Store.HoldPending(ctx)
	if err != nil {
		return err
	}
	p.open = map[alertKey]*domain.Alert{}
	for i := range pending {
		a := &pending[i]
		p.told = append(p.told, a)
		if a.Open() {
			p.open[alertKey{ruleKey{a.Tenant, a.RuleID}, a.Subject}] = a
		}
	}
	breached := map[alertKey]bool{}
	for _, key := range sortedRules(p.rules) {
		for _, o := range p.look.breaches[key] {
			at := alertKey{key, o.Subject}
			breached[at] = true
			if err := p.breach(ctx, p.rules[key], p.open[at], &o); err != nil {
				return err
			}
		}
	}
	for i := range pending {
		a := &pending[i]
		key := ruleKey{a.Tenant, a.RuleID}
		if a.Open() && !breached[alertKey{key, a.Subject}] {
			if err := p.calm(ctx, p.rules[key], a, p.look.blind[key]); err != nil {
				return err
			}
		}
	}
	return p.tell(ctx)
}

func sortedRules(rules map[ruleKey]*domain.AlertRule) []ruleKey {
	keys := make([]ruleKey, 0, len(rules))
	for k := range rules {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b ruleKey) int {
		if a.tenant < b.tenant || a.tenant == b.tenant && a.id < b.id {
			return -1
		}
		return 1
	})
	return keys
}

// breach raises an alert, or notes that one goes on.
func (p *alertPass) breach(ctx context.Context, r *domain.AlertRule, a *domain.Alert, o *domain.AlertObservation) error {
	info, _ := domain.InfoOf(r.Kind)
	text := p.s.cfg.Hide(o.Text)
	if a == nil {
		a = &domain.Alert{
			ID: domain.AlertID(domain.NewID("alert")), Tenant: r.Tenant, RuleID: r.ID, Kind: r.Kind, Severity: r.Severity, Subject: o.Subject,
			Title: alertTitle(r, o), Text: text, Action: info.Action, WebsiteID: o.WebsiteID, State: domain.AlertFiring, Value: o.Value,
			Threshold: r.Threshold, Unit: info.Unit, Since: p.now, LastSeen: p.now, Count: 1,
		}
		p.told, p.moved = append(p.told, a), append(p.moved, a)
		if err := p.s.cfg.Store.Insert(ctx, a); err != nil {
			return err
		}
		return p.s.journal.changed(ctx, "alert.raised", string(a.ID), a.Title, nil, a)
	}
	again := a.QuietSince != nil
	if !again && a.Value == o.Value && a.Text == text && a.Severity == r.Severity && p.now.Sub(a.LastSeen) < seenPause {
		return nil
	}
	if again {
		a.Count++
		a.QuietSince = nil
	}
	a.Value, a.Text, a.Threshold, a.Severity, a.LastSeen = o.Value, text, r.Threshold, r.Severity, p.now
	return p.s.cfg.Store.Update(ctx, a)
}

// calm notes that nothing is wrong, and clears an alert that was quiet for long enough,
// or whose rule is gone.
func (p *alertPass) calm(ctx context.Context, r *domain.AlertRule, a *domain.Alert, blind bool) error {
	gone := r == nil || !r.Enabled
	if blind && !gone {
		return nil
	}
	before := *a
	if a.QuietSince == nil {
		now := p.now
		a.QuietSince = &now
	}
	if !gone && p.now.Sub(*a.QuietSince) < r.Quiet {
		if before.QuietSince != nil {
			return nil
		}
		return p.s.cfg.Store.Update(ctx, a)
	}
	now := p.now
	a.State, a.ClearedAt = domain.AlertCleared, &now
	p.moved = append(p.moved, a)
	if err := p.s.cfg.Store.Update(ctx, a); err != nil {
		return err
	}
	return p.s.journal.changed(ctx, "alert.cleared", string(a.ID), a.Title, &before, a)
}
