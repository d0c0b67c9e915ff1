package store

import (
	"context"
	"time"
)

// Workers are the processes that work on jobs, with their last sign of life.
type Workers struct{ db *DB }

// Beat notes a sign of life.
func (s *Workers) Beat(ctx context.Context, id string, at time.Time) error {
	const query = `INSERT INTO workers (id, beat_at) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET beat_at = excluded.beat_at`
	_, err := s.db.exec(ctx, query, id, s.db.time(at))
	return s.db.fail(err, "beat of worker %s", id)
}

// Remove forgets a worker. An unknown one is no error.
func (s *Workers) Remove(ctx context.Context, id string) error {
	_, err := s.db.exec(ctx, `DELETE FROM workers WHERE id = $1`, id)
	return s.db.fail(err, "remove worker %s", id)
}

// Expired returns the workers whose last sign of life is from before a time.
func (s *Workers) Expired(ctx context.Context, before time.Time) ([]string, error) {
	ids, err := getAll(ctx, s.db, scanOne[string], `SELECT id FROM workers WHERE beat_at < $1 ORDER BY id`, s.db.time(before))
	return ids, s.db.fail(err, "list expired workers")
}

// Live returns the workers with a sign of life since a time.
func (s *Workers) Live(ctx context.Context, since time.Time) ([]string, error) {
	ids, err := getAll(ctx, s.db, scanOne[string], `SELECT id FROM workers WHERE beat_at >= $1 ORDER BY id`, s.db.time(since))
	return ids, s.db.fail(err, "list live workers")
}
