package store

import (
	"context"
	"time"

	"empire/internal/domain"
)

// Census counts what tenants have, for those who watch.
type Census struct{ db *DB }

// Websites counts the websites of a tenant by state.
func (s *Census) Websites(ctx context.Context, tenant domain.TenantID) (map[string]int, error) {
	out, err := s.by(ctx, `SELECT state, count(*) FROM websites WHERE tenant = $1 GROUP BY state`, tenant)
	return out, s.db.fail(err, "count websites by state")
}

// Runs counts the runs of a tenant by state: those that have not ended, and those
// that were created since a time.
func (s *Census) Runs(ctx context.Context, tenant domain.TenantID, since time.Time) (map[string]int, error) {
	const query = `SELECT state, count(*) FROM runs WHERE tenant = $1 AND (state IN ('queued', 'running', 'waiting') OR created_at >= $2) GROUP BY state`
	out, err := s.by(ctx, query, tenant, s.db.time(since))
	return out, s.db.fail(err, "count runs by state")
}

func (s *Census) by(ctx context.Context, query string, args ...any) (map[string]int, error) {
	out := map[string]int{}
	_, err := getAll(ctx, s.db, func(r row) (struct{}, error) {
		var name string
		var n int
		err := r.Scan(&name, &n)
		out[name] = n
		return struct{}{}, err
	}, query, args...)
	return out, err
}
