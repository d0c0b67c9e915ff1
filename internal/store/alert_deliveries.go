package store

import (
	"context"
	"time"

	"empire/internal/domain"
)

// AlertDeliveries are messages about alerts and what became of them.
type AlertDeliveries struct{ db *DB }

func scanAlertDelivery(r row) (d domain.AlertDelivery, err error) {
	err = r.Scan(jsonValue{&d})
	return d, err
}

func noAlertDelivery(id domain.AlertDeliveryID) *domain.Error {
	return domain.Errorf(domain.CodeNotFound, "Alert delivery %s does not exist.", id)
}

// Insert stores a delivery.
func (s *AlertDeliveries) Insert(ctx context.Context, d *domain.AlertDelivery) error {
	const query = `INSERT INTO alert_deliveries (id, tenant, channel, state, test, created_at, doc) VALUES ($1, $2, $3, $4, $5, $6, $7)`
	_, err := s.db.exec(ctx, query, d.ID, d.Tenant.OrDefault(), d.Channel, d.State, d.Test, s.db.time(d.CreatedAt), jsonValue{d})
	return s.db.fail(err, "insert alert delivery %s", d.ID)
}

// Update stores what became of a delivery, or is CodeNotFound.
func (s *AlertDeliveries) Update(ctx context.Context, d *domain.AlertDelivery) error {
	err := s.db.execOne(ctx, noAlertDelivery(d.ID), `UPDATE alert_deliveries SET state = $2, doc = $3 WHERE id = $1`, d.ID, d.State, jsonValue{d})
	return s.db.fail(err, "update alert delivery %s", d.ID)
}

// Get returns a delivery, or CodeNotFound.
func (s *AlertDeliveries) Get(ctx context.Context, id domain.AlertDeliveryID) (*domain.AlertDelivery, error) {
	d, err := getOne(ctx, s.db, noAlertDelivery(id), scanAlertDelivery, `SELECT doc FROM alert_deliveries WHERE id = $1`, id)
	return d, s.db.fail(err, "get alert delivery %s", id)
}

// List returns a window of the deliveries that a filter selects, the newest first, and
// how many there are.
func (s *AlertDeliveries) List(ctx context.Context, df domain.DeliveryFilter, w domain.Window) ([]domain.AlertDelivery, int, error) {
	var f filter
	f.eq("tenant", string(df.Tenant))
	f.eq("channel", string(df.Channel))
	f.eq("state", string(df.State))
	total, err := s.db.count(ctx, `SELECT count(*) FROM alert_deliveries`+f.where(), f.args...)
	if err != nil {
		return nil, 0, s.db.fail(err, "count alert deliveries")
	}
	page, args := f.page(w)
	list, err := getAll(ctx, s.db, scanAlertDelivery, `SELECT doc FROM alert_deliveries`+f.where()+` ORDER BY id DESC`+page, args...)
	return list, total, s.db.fail(err, "list alert deliveries")
}

// Last returns when a message about alerts of a tenant was queued last, tests left out;
// zero: never.
func (s *AlertDeliveries) Last(ctx context.Context, tenant domain.TenantID) (at time.Time, err error) {
	const query = `SELECT created_at FROM alert_deliveries WHERE tenant = $1 AND NOT test ORDER BY id DESC LIMIT 1`
	err = s.db.eachRead(ctx, query, []any{tenant}, func(r row) error { return r.Scan(asTime(&at)) })
	return at, s.db.fail(err, "read the last alert delivery")
}
