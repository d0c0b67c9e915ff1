package store

import (
	"context"
	"time"

	"empire/internal/domain"
)

// Fleet is what brakes the publishing of a portfolio: releases that were published,
// and freezes.
type Fleet struct{ db *DB }

// Record notes a release that was published.
func (s *Fleet) Record(ctx context.Context, m domain.FleetMove) error {
	const query = `INSERT INTO fleet_moves (release_id, at, website_id, tenant, new_pages) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (release_id, at) DO NOTHING`
	_, err := s.db.exec(ctx, query, m.ReleaseID, s.db.time(m.At), m.WebsiteID, m.Tenant, m.NewPages)
	return s.db.fail(err, "note release %s", m.ReleaseID)
}

// Moves returns what a website published after a time, the oldest first.
func (s *Fleet) Moves(ctx context.Context, id domain.WebsiteID, after time.Time) ([]domain.FleetMove, error) {
	const query = `SELECT release_id, website_id, tenant, new_pages, at FROM fleet_moves WHERE website_id = $1 AND at > $2 ORDER BY at, release_id`
	list, err := getAll(ctx, s.db, func(r row) (m domain.FleetMove, err error) {
		err = r.Scan(&m.ReleaseID, &m.WebsiteID, &m.Tenant, &m.NewPages, asTime(&m.At))
		return m, err
	}, query, id, s.db.time(after))
	return list, s.db.fail(err, "list releases of website %s", id)
}

// Releases returns how many releases a tenant published after a time.
func (s *Fleet) Releases(ctx context.Context, tenant domain.TenantID, after time.Time) (int, error) {
	return s.db.count(ctx, `SELECT count(*) FROM fleet_moves WHERE tenant = $1 AND at > $2`, tenant, s.db.time(after))
}

// Newest returns when the nth newest release of a tenant was published, counted from
// 1; the zero time if there are fewer.
func (s *Fleet) Newest(ctx context.Context, tenant domain.TenantID, n int) (at time.Time, err error) {
	const query = `SELECT at FROM fleet_moves WHERE tenant = $1 ORDER BY at DESC LIMIT 1 OFFSET $2`
	err = s.db.eachRead(ctx, query, []any{tenant, n - 1}, func(r row) error { return r.Scan(asTime(&at)) })
	return at, s.db.fail(err, "find release %d of a tenant", n)
}

// Fastest returns the websites of a tenant with most new pages after a time.
func (s *Fleet) Fastest(ctx context.Context, tenant domain.TenantID, after time.Time, limit int) ([]domain.FleetPace, error) {
	const query = `SELECT website_id, sum(new_pages) FROM fleet_moves WHERE tenant = $1 AND at > $2
		GROUP BY website_id HAVING sum(new_pages) > 0 ORDER BY 2 DESC, 1 LIMIT $3`
	list, err := getAll(ctx, s.db, func(r row) (p domain.FleetPace, err error) {
		err = r.Scan(&p.WebsiteID, &p.NewPages)
		return p, err
	}, query, tenant, s.db.time(after), limit)
	return list, s.db.fail(err, "list fastest websites")
}

// Freeze stores a freeze; a second one of the same takes its place.
func (s *Fleet) Freeze(ctx context.Context, f domain.FleetFreeze) error {
	const query = `INSERT INTO fleet_freezes (` + freezeColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (tenant, website_id)
		DO UPDATE SET reason = excluded.reason, actor_id = excluded.actor_id, at = excluded.at, cause = excluded.cause, evidence = excluded.evidence`
	_, err := s.db.exec(ctx, query, s.freezeArgs(f)...)
	return s.db.fail(err, "store freeze")
}

// Unfreeze removes a freeze and reports whether there was one.
func (s *Fleet) Unfreeze(ctx context.Context, tenant domain.TenantID, id domain.WebsiteID) (bool, error) {
	n, err := s.db.exec(ctx, `DELETE FROM fleet_freezes WHERE tenant = $1 AND website_id = $2`, tenant, id)
	return n > 0, s.db.fail(err, "remove freeze")
}

// Freezes returns the freezes of a tenant, that of all websites first; without a tenant
// those of all.
func (s *Fleet) Freezes(ctx context.Context, tenant domain.TenantID) ([]domain.FleetFreeze, error) {
	const query = `SELECT ` + freezeColumns + ` FROM fleet_freezes WHERE tenant = $1 OR $1 = '' ORDER BY tenant, website_id`
	list, err := getAll(ctx, s.db, func(r row) (f domain.FleetFreeze, err error) {
		err = r.Scan(&f.Tenant, &f.WebsiteID, &f.Reason, &f.ActorID, asTime(&f.At), &f.Cause, jsonValue{&f.Evidence})
		return f, err
	}, query, string(tenant))
	return list, s.db.fail(err, "list freezes")
}
