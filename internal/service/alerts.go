package service

import (
	"context"
	"log/slog"
	"strings"
	"time"
	"unicode/utf8"

	"empire/internal/domain"
)

type alertStore interface {
	Insert(ctx context.Context, a *domain.Alert) error
	Update(ctx context.Context, a *domain.Alert) error
	Get(ctx context.Context, id domain.AlertID) (*domain.Alert, error)
	Hold(ctx context.Context, id domain.AlertID) (*domain.Alert, error)
	List(ctx context.Context, f domain.AlertFilter, w domain.Window) ([]domain.Alert, int, error)
	// HoldPending returns all alerts that are not cleared, or whose end was not told.
	HoldPending(ctx context.Context) ([]domain.Alert, error)
	Counts(ctx context.Context, tenant domain.TenantID) (map[domain.AlertState]map[domain.AlertSeverity]int, error)
	Claim(ctx context.Context, holder string, now, until time.Time) (bool, error)
	Release(ctx context.Context, holder string) error
	Evaluated(ctx context.Context) (time.Time, error)
	Tenants(ctx context.Context) ([]domain.TenantID, error)
	Sweep(ctx context.Context, before time.Time) (int, error)
}

type alertRuleStore interface {
	List(ctx context.Context, tenant domain.TenantID) ([]domain.AlertRule, error)
	Put(ctx context.Context, r *domain.AlertRule) error
	Delete(ctx context.Context, tenant domain.TenantID, id domain.AlertRuleID) error
}

type alertDeliveryStore interface {
	Insert(ctx context.Context, d *domain.AlertDelivery) error
	Update(ctx context.Context, d *domain.AlertDelivery) error
	Get(ctx context.Context, id domain.AlertDeliveryID) (*domain.AlertDelivery, error)
	List(ctx context.Context, f domain.DeliveryFilter, w domain.Window) ([]domain.AlertDelivery, int, error)
	// Last returns when alerts of a tenant were told last; zero: never.
	Last(ctx context.Context, tenant domain.TenantID) (time.Time, error)
}

// AlertSender delivers messages over one channel. Invalid errors are final, all others
// are tried again.
type AlertSender interface {
	Send(ctx context.Context, m domain.AlertMessage) error
	// Target says whom it reaches, without secrets.
	Target() string
}

// AlertSource measures what rules of one kind are held against, for all tenants.
type AlertSource func(ctx context.Context, window time.Duration, now time.Time) ([]domain.AlertObservation, error)

// AlertsConfig is what Alerts needs.
type AlertsConfig struct {
	Tx         transactor
	Store      alertStore
	Rules      alertRuleStore
	Deliveries alertDeliveryStore
	Websites   websiteGetter
	Sources    map[domain.AlertKind]AlertSource // kinds without one are not evaluated
	Senders    map[domain.AlertChannel]AlertSender
	// Recipients returns whom mails about a tenant are for.
	Recipients func(ctx context.Context, tenant domain.TenantID) ([]string, error)
	Hide       func(text string) string // takes secrets out of texts of others
	Enqueue    func(ctx context.Context, kind string, args any, at time.Time) error
	Emit       func(ctx context.Context, ev domain.Event) // tells who watches; nil: nobody
	Audit      auditStore
	Instance   string        // names this process among others
	Digest     time.Duration // between two messages to a tenant about what is not critical
	Now        func() time.Time
	Log        *slog.Logger
}

// Alerts holds what is measured against rules, and tells people.
type Alerts struct {
	cfg     AlertsConfig
	journal journal
}

// NewAlerts returns the service.
func NewAlerts(cfg AlertsConfig) *Alerts {
	if cfg.Emit == nil {
		cfg.Emit = func(context.Context, domain.Event) {}
	}
	if cfg.Hide == nil {
		cfg.Hide = func(s string) string { return s }
	}
	return &Alerts{cfg, journal{cfg.Audit, cfg.Now}}
}

// Summary counts the open alerts of the tenant.
func (s *Alerts) Summary(ctx context.Context) (domain.AlertSummary, error) {
	var out domain.AlertSummary
	if _, err := domain.Require(ctx, domain.AgentsRead); err != nil {
		return out, err
	}
	counts, err := s.cfg.Store.Counts(ctx, scope(ctx).OrDefault())
	if err != nil {
		return out, err
	}
	firing := counts[domain.AlertFiring]
	out.Critical, out.Warning, out.Info = firing[domain.SeverityCritical], firing[domain.SeverityWarning], firing[domain.SeverityInfo]
	out.Firing = out.Critical + out.Warning + out.Info
	for _, n := range counts[domain.AlertAcknowledged] {
		out.Acknowledged += n
	}
	out.EvaluatedAt, err = s.cfg.Store.Evaluated(ctx)
	return out, err
}

// List returns a window of the alerts of the tenant, the newest first, and how many
// there are. For a walk that nobody's changes disturb set Before to the last one seen.
func (s *Alerts) List(ctx context.Context, f domain.AlertFilter, w domain.Window) ([]domain.Alert, int, error) {
	if _, err := domain.Require(ctx, domain.AgentsRead); err != nil {
		return nil, 0, err
	}
	if f.State != "" && !f.State.Valid() {
		return nil, 0, domain.Invalid("state", "State %.20q is not one of firing, acknowledged, cleared.", f.State)
	}
	f.Tenant = scope(ctx).OrDefault()
	return s.cfg.Store.List(ctx, f, w)
}

// Get returns one alert.
func (s *Alerts) Get(ctx context.Context, id domain.AlertID) (*domain.Alert, error) {
	if _, err := domain.Require(ctx, domain.AgentsRead); err != nil {
		return nil, err
	}
	a, err := s.cfg.Store.Get(ctx, id)
	return visible(ctx, a, err, "Alert", string(id))
}

// Acknowledge notes that the caller knows of an alert and cares: it stays open until it
// is over, but nothing more is delivered until then. One that is cleared is
// CodeConflict; a second time replaces the note.
func (s *Alerts) Acknowledge(ctx context.Context, id domain.AlertID, note string) (*domain.Alert, error) {
	p, err := domain.Require(ctx, domain.AgentsManage)
	if err != nil {
		return nil, err
	}
	note = strings.TrimSpace(note)
	if len(note) > domain.MaxAlertNote || !utf8.ValidString(note) {
		return nil, domain.Invalid("note", "A note has at most %d bytes.", domain.MaxAlertNote)
	}
	var a *domain.Alert
	err = s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		held, err := s.cfg.Store.Hold(ctx, id)
		if a, err = visible(ctx, held, err, "Alert", string(id)); err != nil {
			return err
		}
		if !a.Open() {
			return domain.Errorf(domain.CodeConflict, "Alert %s is cleared.", id)
		}
		before, now := *a, s.journal.stamp()
		a.State, a.AcknowledgedBy, a.AcknowledgedAt, a.Note = domain.AlertAcknowledged, p.UserID, &now, note
		if err := s.cfg.Store.Update(ctx, a); err != nil {
			return err
		}
		return s.journal.changed(ctx, "alert.acknowledged", string(id), a.Title, &before, a)
	})
	if err != nil {
		return nil, err
	}
	s.emit(ctx, a)
	return a, nil
}

// emit tells who watches that an alert came to another state.
func (s *Alerts) emit(ctx context.Context, a *domain.Alert) {
	s.cfg.Emit(context.WithoutCancel(ctx), domain.Event{Topic: domain.EventSystem + ".alert." + string(a.State), Tenant: a.Tenant, Object: string(a.ID)})
}

// Release lets another process evaluate at once, in the place of one that has ended. It
// needs no principal.
func (s *Alerts) Release(ctx context.Context, instance string) error {
	return s.cfg.Store.Release(ctx, instance)
}

// keepAlerts is how long alerts that are cleared, and deliveries, are kept.
const keepAlerts = 180 * 24 * time.Hour

// Sweep removes what is too old, and returns how much. It needs no principal.
func (s *Alerts) Sweep(ctx context.Context) (int, error) {
	return s.cfg.Store.Sweep(ctx, s.cfg.Now().UTC().Add(-keepAlerts))
}
