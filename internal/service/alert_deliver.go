package service

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"time"

	"empire/internal/domain"
)

// JobAlert delivers a message about alerts.
const JobAlert = "alert.deliver"

// How often a delivery is tried: after 30 s, 1, 2, 4, 8, 16 and 32 minutes and 1 hour.
const (
	maxAlertTries   = 9
	alertBackoff    = 30 * time.Second
	maxAlertBackoff = time.Hour
	testTimeout     = 30 * time.Second
)

// tell queues messages about what began and ended: one for each tenant and channel,
// whatever the number of alerts.
func (p *alertPass) tell(ctx context.Context) error {
	news := map[domain.TenantID][]*domain.Alert{}
	for _, a := range p.told {
		due, err := p.due(ctx, a)
		if err != nil {
			return err
		}
		if due {
			news[a.Tenant] = append(news[a.Tenant], a)
		}
	}
	tenants := make([]domain.TenantID, 0, len(news))
	for t := range news {
		tenants = append(tenants, t)
	}
	slices.Sort(tenants)
	for _, t := range tenants {
		if err := p.tellTenant(ctx, t, news[t]); err != nil {
			return err
		}
	}
	return nil
}

// due reports whether there is news of an alert to deliver. What nobody is to be told
// counts as told.
func (p *alertPass) due(ctx context.Context, a *domain.Alert) (bool, error) {
	r := p.rules[ruleKey{a.Tenant, a.RuleID}]
	switch {
	case a.State == domain.AlertFiring && a.NotifiedAt == nil:
		if r == nil || r.Silent(p.now) {
			return false, nil // later, if it still fires then
		}
	case a.State == domain.AlertCleared && a.NotifiedAt != nil && a.EndNotifiedAt == nil:
		if r != nil && r.Silent(p.now) {
			return false, p.mark(ctx, a)
		}
	default:
		return false, nil
	}
	if len(p.channels(a)) == 0 {
		return false, p.mark(ctx, a)
	}
	return true, nil
}

// channels returns those that news of an alert goes to: of its rule, and configured. If
// the rule is gone, all that are configured.
func (p *alertPass) channels(a *domain.Alert) []domain.AlertChannel {
	wanted := []domain.AlertChannel{domain.ChannelMail, domain.ChannelWebhook}
	if r := p.rules[ruleKey{a.Tenant, a.RuleID}]; r != nil {
		wanted = r.Channels
	}
	return slices.DeleteFunc(slices.Clone(wanted), func(c domain.AlertChannel) bool { return p.s.cfg.Senders[c] == nil })
}

// mark notes that the begin or the end of an alert was handed on.
func (p *alertPass) mark(ctx context.Context, a *domain.Alert) error {
	now := p.now
	if a.State == domain.AlertCleared {
		a.EndNotifiedAt = &now
	} else {
		a.NotifiedAt = &now
	}
	return p.s.cfg.Store.Update(ctx, a)
}

func (p *alertPass) tellTenant(ctx context.Context, tenant domain.TenantID, list []*domain.Alert) error {
	urgent := slices.ContainsFunc(list, func(a *domain.Alert) bool {
		return a.State == domain.AlertFiring && a.Severity == domain.SeverityCritical
	})
	last, err := p.s.cfg.Deliveries.Last(ctx, tenant)
	if err != nil || !urgent && p.now.Sub(last) < p.s.cfg.Digest {
		return err // what is held back comes with the next
	}
	for _, c := range []domain.AlertChannel{domain.ChannelMail, domain.ChannelWebhook} {
		d := &domain.AlertDelivery{
			ID: domain.AlertDeliveryID(domain.NewID("adel")), Tenant: tenant, Channel: c, State: domain.DeliveryPending,
			CreatedAt: p.now, UpdatedAt: p.now, Fired: []domain.AlertNews{}, Cleared: []domain.AlertNews{},
		}
		for _, a := range list {
			if slices.Contains(p.channels(a), c) {
				p.add(d, a)
			}
		}
		if len(d.Fired)+len(d.Cleared) == 0 {
			continue
		}
		if err := p.s.cfg.Deliveries.Insert(ctx, d); err != nil {
			return err
		}
		if err := p.s.cfg.Enqueue(ctx, JobAlert, alertArgs{d.ID}, time.Time{}); err != nil {
			return err
		}
	}
	for _, a := range list {
		if err := p.mark(ctx, a); err != nil {
			return err
		}
	}
	return nil
}

func (p *alertPass) add(d *domain.AlertDelivery, a *domain.Alert) {
	n := domain.AlertNews{
		ID: a.ID, RuleID: a.RuleID, Rule: string(a.RuleID), Severity: a.Severity, Subject: a.Subject, Title: a.Title, Text: a.Text, Action: a.Action,
		WebsiteID: a.WebsiteID, Count: a.Count, Since: a.Since, ClearedAt: a.ClearedAt,
	}
	if r := p.rules[ruleKey{a.Tenant, a.RuleID}]; r != nil {
		n.Rule = r.Name
	}
	if a.State == domain.AlertCleared {
		d.Cleared = append(d.Cleared, n)
		return
	}
	d.Fired = append(d.Fired, n)
}

type alertArgs struct {
	ID domain.AlertDeliveryID `json:"delivery_id"`
}

// Work tries a delivery. It is the handler of JobAlert. What passes is tried again with
// a pause that grows; at the end the delivery is failed, which operators see.
func (s *Alerts) Work(ctx context.Context, args json.RawMessage) error {
	var a alertArgs
	if err := json.Unmarshal(args, &a); err != nil {
		return domain.Invalid("args", "The arguments of the job cannot be read.")
	}
	d, err := s.cfg.Deliveries.Get(ctx, a.ID)
	if err != nil || d.State != domain.DeliveryPending {
		return err
	}
	err = s.send(ctx, d)
	if ctx.Err() != nil {
		return ctx.Err() // stopped, not refused
	}
	pause := s.tried(d, err)
	if err := s.storeTry(ctx, d); err != nil {
		return err
	}
	if d.State == domain.DeliveryPending {
		return &domain.Error{Code: domain.CodeRateLimited, Message: d.Error, RetryAfter: pause}
	}
	return nil
}

// storeTry stores what became of a try; that nothing more is tried, with an entry in the audit log.
func (s *Alerts) storeTry(ctx context.Context, d *domain.AlertDelivery) error {
	return s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		if err := s.cfg.Deliveries.Update(ctx, d); err != nil || d.State != domain.DeliveryFailed {
			return err
		}
		s.cfg.Log.ErrorContext(ctx, "alerts not delivered", slog.String("delivery_id", string(d.ID)), slog.String("channel", string(d.Channel)), slog.String("err", d.Error))
		return s.journal.changed(ctx, "alert.delivery_failed", string(d.ID), string(d.Channel)+": "+d.Error, nil, d)
	})
}

// tried notes what became of a try, and returns when to try again.
func (s *Alerts) tried(d *domain.AlertDelivery, err error) time.Duration {
	d.Attempts++
	d.UpdatedAt, d.Error = s.journal.stamp(), ""
	switch {
	case err == nil:
		d.State = domain.DeliverySent
	case d.Test || d.Attempts >= maxAlertTries || domain.CodeOf(err) == domain.CodeInvalid:
		d.State = domain.DeliveryFailed
	}
	if err != nil {
		d.Error = s.cfg.Hide(domain.MessageOf(err))
	}
	return min(alertBackoff<<(d.Attempts-1), maxAlertBackoff)
}

// send makes the message of a delivery and hands it to its channel.
func (s *Alerts) send(ctx context.Context, d *domain.AlertDelivery) error {
	sender := s.cfg.Senders[d.Channel]
	if sender == nil {
		return domain.Invalid("channel", "Channel %s is not configured any more.", d.Channel)
	}
	m := domain.AlertMessage{Delivery: d, Subject: s.cfg.Hide(messageSubject(d)), Text: s.cfg.Hide(messageText(d))}
	if d.Channel == domain.ChannelMail {
		var err error
		if m.To, err = s.cfg.Recipients(ctx, d.Tenant); err != nil {
			return err
		}
		if len(m.To) == 0 {
			return domain.Invalid("to", "There is nobody to write to.")
		}
	}
	return sender.Send(ctx, m)
}

// Test sends a message over a channel and returns what became of it: sent, or failed
// with the reason. A channel that is not configured is CodeConflict.
func (s *Alerts) Test(ctx context.Context, channel domain.AlertChannel) (*domain.AlertDelivery, error) {
	if _, err := domain.Require(ctx, domain.AdminFull); err != nil {
		return nil, err
	}
	if !channel.Valid() {
		return nil, domain.Invalid("channel", "Channel %.20q is not one of mail, webhook.", channel)
	}
	if s.cfg.Senders[channel] == nil {
		return nil, domain.Errorf(domain.CodeConflict, "Channel %s is not configured: set %s.", channel, channelSetting[channel])
	}
	now := s.journal.stamp()
	d := &domain.AlertDelivery{
		ID: domain.AlertDeliveryID(domain.NewID("adel")), Tenant: scope(ctx).OrDefault(), Channel: channel, State: domain.DeliveryPending, Test: true,
		CreatedAt: now, UpdatedAt: now, Fired: []domain.AlertNews{}, Cleared: []domain.AlertNews{},
	}
	limited, cancel := context.WithTimeout(ctx, testTimeout)
	defer cancel()
	s.tried(d, s.send(limited, d))
	err := s.cfg.Tx.InTx(context.WithoutCancel(ctx), func(ctx context.Context) error {
		if err := s.cfg.Deliveries.Insert(ctx, d); err != nil {
			return err
		}
		return s.journal.changed(ctx, "alert.tested", string(d.ID), string(channel)+" "+string(d.State), nil, d)
	})
	if err != nil {
		return nil, err
	}
	return d, nil
}

var channelSetting = map[domain.AlertChannel]string{domain.ChannelMail: "alerts.mail.host", domain.ChannelWebhook: "alerts.webhook.url"}

// Deliveries returns a window of the messages about alerts of the tenant, the newest
// first, and how many there are.
func (s *Alerts) Deliveries(ctx context.Context, f domain.DeliveryFilter, w domain.Window) ([]domain.AlertDelivery, int, error) {
	if _, err := domain.Require(ctx, domain.AgentsRead); err != nil {
		return nil, 0, err
	}
	f.Tenant = scope(ctx).OrDefault()
	return s.cfg.Deliveries.List(ctx, f, w)
}

// Channels returns all channels with their state.
func (s *Alerts) Channels(ctx context.Context) ([]domain.AlertChannelState, error) {
	p, err := domain.Require(ctx, domain.AgentsRead)
	if err != nil {
		return nil, err
	}
	var out []domain.AlertChannelState
	for _, c := range []domain.AlertChannel{domain.ChannelMail, domain.ChannelWebhook} {
		state := domain.AlertChannelState{Channel: c, Setting: channelSetting[c]}
		if sender := s.cfg.Senders[c]; sender != nil {
			state.Configured = true
			if p.Can(domain.AdminFull) {
				state.Target = sender.Target()
			}
		}
		if err := s.lastOf(ctx, &state); err != nil {
			return nil, err
		}
		out = append(out, state)
	}
	return out, nil
}

// lastOf adds what became of the last deliveries.
func (s *Alerts) lastOf(ctx context.Context, state *domain.AlertChannelState) error {
	f := domain.DeliveryFilter{Tenant: scope(ctx).OrDefault(), Channel: state.Channel, State: domain.DeliverySent}
	sent, _, err := s.cfg.Deliveries.List(ctx, f, domain.Window{Limit: 1})
	if err != nil {
		return err
	}
	f.State = domain.DeliveryFailed
	failed, _, err := s.cfg.Deliveries.List(ctx, f, domain.Window{Limit: 1})
	if err != nil {
		return err
	}
	if len(sent) > 0 {
		state.LastSent = &sent[0].UpdatedAt
	}
	if len(failed) > 0 && (len(sent) == 0 || failed[0].UpdatedAt.After(sent[0].UpdatedAt)) {
		state.LastError = failed[0].Error
	}
	return nil
}
