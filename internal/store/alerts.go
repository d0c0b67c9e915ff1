package store

import (
	"context"
	"time"

	"empire/internal/domain"
)

// Alerts are what breached rules, and which process looks for that. The columns serve
// searches; doc is the whole alert. pending says that the end was not reached or not
// told yet.
type Alerts struct{ db *DB }

func scanAlert(r row) (a domain.Alert, err error) {
	err = r.Scan(jsonValue{&a})
	return a, err
}

func noAlert(id domain.AlertID) *domain.Error {
	return domain.Errorf(domain.CodeNotFound, "Alert %s does not exist.", id)
}

func pendingAlert(a *domain.Alert) bool {
	return a.Open() || a.NotifiedAt != nil && a.EndNotifiedAt == nil
}

// Insert stores an alert. One that is open for the same rule and subject is
// CodeConflict.
func (s *Alerts) Insert(ctx context.Context, a *domain.Alert) error {
	const query = `INSERT INTO alerts (id, tenant, rule_id, kind, subject, website_id, severity, state, pending, cleared_at, doc)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`
	_, err := s.db.exec(ctx, query, a.ID, a.Tenant.OrDefault(), a.RuleID, a.Kind, a.Subject, a.WebsiteID, a.Severity, a.State, pendingAlert(a),
		s.db.timePtr(a.ClearedAt), jsonValue{a})
	return s.db.fail(err, "insert alert %s", a.ID)
}

// Update stores how an alert goes on, or is CodeNotFound.
func (s *Alerts) Update(ctx context.Context, a *domain.Alert) error {
	const query = `UPDATE alerts SET severity = $2, state = $3, pending = $4, cleared_at = $5, doc = $6 WHERE id = $1`
	err := s.db.execOne(ctx, noAlert(a.ID), query, a.ID, a.Severity, a.State, pendingAlert(a), s.db.timePtr(a.ClearedAt), jsonValue{a})
	return s.db.fail(err, "update alert %s", a.ID)
}

// Get returns an alert, or CodeNotFound.
func (s *Alerts) Get(ctx context.Context, id domain.AlertID) (*domain.Alert, error) {
	a, err := getOne(ctx, s.db, noAlert(id), scanAlert, `SELECT doc FROM alerts WHERE id = $1`, id)
	return a, s.db.fail(err, "get alert %s", id)
}

// Hold is Get of an alert that no other transaction changes until that of ctx ends.
func (s *Alerts) Hold(ctx context.Context, id domain.AlertID) (*domain.Alert, error) {
	if err := s.db.lock(ctx, noAlert(id), `SELECT id FROM alerts WHERE id = $1`, id); err != nil {
		return nil, s.db.fail(err, "hold alert %s", id)
	}
	return s.Get(ctx, id)
}

// HoldPending returns the alerts of all tenants that are open, or whose end was not
// told, in the order of their begin. No other transaction changes them until that of
// ctx ends.
func (s *Alerts) HoldPending(ctx context.Context) ([]domain.Alert, error) {
	var out []domain.Alert
	err := s.db.each(ctx, `SELECT doc FROM alerts WHERE pending ORDER BY id`+s.db.d.lockRow(), nil, func(r row) error {
		a, err := scanAlert(r)
		out = append(out, a)
		return err
	})
	return out, s.db.fail(err, "hold pending alerts")
}

// List returns a window of the alerts that a filter selects, the newest first, and how
// many there are.
func (s *Alerts) List(ctx context.Context, af domain.AlertFilter, w domain.Window) ([]domain.Alert, int, error) {
	var f filter
	f.eq("tenant", string(af.Tenant))
	f.eq("state", string(af.State))
	f.eq("severity", string(af.Severity))
	f.eq("rule_id", string(af.RuleID))
	f.eq("kind", string(af.Kind))
	f.eq("website_id", string(af.WebsiteID))
	if af.Open {
		in(&f, s.db.d, "state", []domain.AlertState{domain.AlertFiring, domain.AlertAcknowledged})
	}
	total, err := s.db.count(ctx, `SELECT count(*) FROM alerts`+f.where(), f.args...)
	if err != nil {
		return nil, 0, s.db.fail(err, "count alerts")
	}
	if af.Before != "" {
		f.before("id", string(af.Before))
	}
	page, args := f.page(w)
	list, err := getAll(ctx, s.db, scanAlert, `SELECT doc FROM alerts`+f.where()+` ORDER BY id DESC`+page, args...)
	return list, total, s.db.fail(err, "list alerts")
}

// Counts counts the open alerts of a tenant by state and severity.
func (s *Alerts) Counts(ctx context.Context, tenant domain.TenantID) (map[domain.AlertState]map[domain.AlertSeverity]int, error) {
	const query = `SELECT state, severity, count(*) FROM alerts WHERE tenant = $1 AND state <> 'cleared' GROUP BY state, severity`
	out := map[domain.AlertState]map[domain.AlertSeverity]int{}
	err := s.db.eachRead(ctx, query, []any{tenant}, func(r row) error {
		var state domain.AlertState
		var severity domain.AlertSeverity
		var n int
		if err := r.Scan(&state, &severity, &n); err != nil {
			return err
		}
		if out[state] == nil {
			out[state] = map[domain.AlertSeverity]int{}
		}
		out[state][severity] = n
		return nil
	})
	return out, s.db.fail(err, "count open alerts")
}

// Claim makes a process the one that evaluates until a time, and reports whether it is:
// another holds that until its own time is over.
func (s *Alerts) Claim(ctx context.Context, holder string, now, until time.Time) (bool, error) {
	const query = `INSERT INTO alert_lease (id, holder, until, evaluated_at) VALUES (1, $1, $3, $2)
		ON CONFLICT (id) DO UPDATE SET holder = excluded.holder, until = excluded.until, evaluated_at = excluded.evaluated_at
		WHERE alert_lease.holder = excluded.holder OR alert_lease.until <= excluded.evaluated_at`
	n, err := s.db.exec(ctx, query, holder, s.db.time(now), s.db.time(until))
	return n > 0, s.db.fail(err, "claim the evaluation of alerts")
}

// Release ends what Claim gave to a process.
func (s *Alerts) Release(ctx context.Context, holder string) error {
	_, err := s.db.exec(ctx, `UPDATE alert_lease SET until = evaluated_at WHERE holder = $1`, holder)
	return s.db.fail(err, "release the evaluation of alerts")
}

// Evaluated returns when the rules were looked at last; zero: never.
func (s *Alerts) Evaluated(ctx context.Context) (at time.Time, err error) {
	err = s.db.eachRead(ctx, `SELECT evaluated_at FROM alert_lease`, nil, func(r row) error { return r.Scan(asTime(&at)) })
	return at, s.db.fail(err, "read when alerts were evaluated")
}

// Tenants returns those that have users or websites.
func (s *Alerts) Tenants(ctx context.Context) ([]domain.TenantID, error) {
	list, err := getAll(ctx, s.db, scanOne[domain.TenantID], `SELECT tenant FROM users UNION SELECT tenant FROM websites ORDER BY 1`)
	return list, s.db.fail(err, "list tenants")
}

// Sweep removes alerts that were cleared, and deliveries that were made, before a time.
// It returns how many.
func (s *Alerts) Sweep(ctx context.Context, before time.Time) (removed int, err error) {
	for _, query := range []string{
		`DELETE FROM alerts WHERE cleared_at < $1`, `DELETE FROM alert_deliveries WHERE created_at < $1 AND state <> 'pending'`,
	} {
		n, err := s.db.exec(ctx, query, s.db.time(before))
		if err != nil {
			return removed, s.db.fail(err, "sweep alerts")
		}
		removed += int(n)
	}
	return removed, nil
}
