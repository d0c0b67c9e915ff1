package store

import (
	"context"
	"database/sql"
	"errors"
)

// Meta holds single values by key.
type Meta struct{ db *DB }

// Get returns a value, and whether there is one.
func (s *Meta) Get(ctx context.Context, key string) (value string, ok bool, err error) {
	err = s.db.r(ctx).QueryRowContext(ctx, `SELECT value FROM meta WHERE key = $1`, key).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	return value, err == nil, s.db.fail(err, "get meta %s", key)
}

// Set stores a value in place of the one before.
func (s *Meta) Set(ctx context.Context, key, value string) error {
	const query = `INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value`
	_, err := s.db.exec(ctx, query, key, value)
	return s.db.fail(err, "set meta %s", key)
}

// Keep stores a value unless there is one, and returns what is there then.
func (s *Meta) Keep(ctx context.Context, key, value string) (string, error) {
	if _, err := s.db.exec(ctx, `INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING`, key, value); err != nil {
		return "", s.db.fail(err, "keep meta %s", key)
	}
	err := s.db.w(ctx).QueryRowContext(ctx, `SELECT value FROM meta WHERE key = $1`, key).Scan(&value)
	return value, s.db.fail(err, "get meta %s", key)
}
