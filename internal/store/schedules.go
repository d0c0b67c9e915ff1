package store

import (
	"context"
	"database/sql"
	"time"

	"empire/internal/domain"
)

// Schedules start runs of pipelines at set times.
type Schedules struct{ db *DB }

const scheduleColumns = `id, tenant, name, pipeline, params, cron, every_us, time_zone, overlap, priority, enabled, owner_id, next_at, pending, last_at,
	last_run, last_error, created_at, updated_at`

func scanSchedule(r row) (c domain.Schedule, err error) {
	var every int64
	var last sql.NullString
	err = r.Scan(&c.ID, &c.Tenant, &c.Name, &c.Pipeline, rawScan{&c.Params}, &c.Cron, &every, &c.TimeZone, &c.Overlap, &c.Priority, &c.Enabled, &c.OwnerID,
		asTimePtr(&c.NextAt), &c.Pending, asTimePtr(&c.LastAt), &last, &c.LastError, asTime(&c.CreatedAt), asTime(&c.UpdatedAt))
	c.Every, c.LastRun = time.Duration(every)*time.Microsecond, domain.RunID(last.String)
	return c, err
}

func noSchedule(id domain.ScheduleID) *domain.Error {
	return domain.Errorf(domain.CodeNotFound, "Schedule %s does not exist.", id)
}

// Insert stores a schedule. A name that the tenant has is CodeConflict.
func (s *Schedules) Insert(ctx context.Context, c *domain.Schedule) error {
	const query = `INSERT INTO schedules (` + scheduleColumns + `)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)`
	_, err := s.db.exec(ctx, query, c.ID, c.Tenant.OrDefault(), c.Name, c.Pipeline, rawArg(c.Params), c.Cron, c.Every.Microseconds(), c.TimeZone, c.Overlap,
		c.Priority.OrNormal(), c.Enabled, c.OwnerID, s.db.timePtr(c.NextAt), c.Pending, s.db.timePtr(c.LastAt), nullable(string(c.LastRun)), c.LastError,
		s.db.time(c.CreatedAt), s.db.time(c.UpdatedAt))
	return s.db.fail(sameName(err, c), "insert schedule %s", c.ID)
}

func sameName(err error, c *domain.Schedule) error {
	return taken(err, "tenant,name", "name", "There is already a schedule %q.", c.Name)
}

// Get returns one schedule, or CodeNotFound.
func (s *Schedules) Get(ctx context.Context, id domain.ScheduleID) (*domain.Schedule, error) {
	c, err := getOne(ctx, s.db, noSchedule(id), scanSchedule, `SELECT `+scheduleColumns+` FROM schedules WHERE id = $1`, id)
	return c, s.db.fail(err, "get schedule %s", id)
}

// Hold is Get of a schedule that no other transaction changes until that of ctx
// ends.
func (s *Schedules) Hold(ctx context.Context, id domain.ScheduleID) (*domain.Schedule, error) {
	if err := s.db.lock(ctx, noSchedule(id), `SELECT id FROM schedules WHERE id = $1`, id); err != nil {
		return nil, s.db.fail(err, "hold schedule %s", id)
	}
	return s.Get(ctx, id)
}

// List returns a window of the schedules of a tenant by name, and how many there
// are.
func (s *Schedules) List(ctx context.Context, tenant domain.TenantID, w domain.Window) ([]domain.Schedule, int, error) {
	var f filter
	f.eq("tenant", string(tenant))
	total, err := s.db.count(ctx, `SELECT count(*) FROM schedules`+f.where(), f.args...)
	if err != nil {
		return nil, 0, err
	}
	page, args := f.page(w)
	list, err := getAll(ctx, s.db, scanSchedule, `SELECT `+scheduleColumns+` FROM schedules`+f.where()+` ORDER BY name, id`+page, args...)
	return list, total, s.db.fail(err, "list schedules")
}

// Due returns the schedules whose time has come, and those that have a run to start
// when their last has ended.
func (s *Schedules) Due(ctx context.Context, now time.Time) ([]domain.ScheduleID, error) {
	const query = `SELECT id FROM schedules WHERE next_at <= $1 OR pending ORDER BY id`
	ids, err := getAll(ctx, s.db, scanOne[domain.ScheduleID], query, s.db.time(now))
	return ids, s.db.fail(err, "list due schedules")
}

// Update stores all fields of a schedule.
func (s *Schedules) Update(ctx context.Context, c *domain.Schedule) error {
	const query = `UPDATE schedules SET name = $2, pipeline = $3, params = $4, cron = $5, every_us = $6, time_zone = $7, overlap = $8, priority = $9,
		enabled = $10, next_at = $11, pending = $12, last_at = $13, last_run = $14, last_error = $15, updated_at = $16 WHERE id = $1`
	err := s.db.execOne(ctx, noSchedule(c.ID), query, c.ID, c.Name, c.Pipeline, rawArg(c.Params), c.Cron, c.Every.Microseconds(), c.TimeZone, c.Overlap,
		c.Priority.OrNormal(), c.Enabled, s.db.timePtr(c.NextAt), c.Pending, s.db.timePtr(c.LastAt), nullable(string(c.LastRun)), c.LastError,
		s.db.time(c.UpdatedAt))
	return s.db.fail(sameName(err, c), "update schedule %s", c.ID)
}

// Delete removes a schedule, or returns CodeNotFound.
func (s *Schedules) Delete(ctx context.Context, id domain.ScheduleID) error {
	return s.db.fail(s.db.execOne(ctx, noSchedule(id), `DELETE FROM schedules WHERE id = $1`, id), "delete schedule %s", id)
}
