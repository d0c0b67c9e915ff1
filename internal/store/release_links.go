package store

import (
	"context"

	"empire/internal/domain"
)

// ReleaseLinks keeps where the pages of releases lead, which is read from them once.
type ReleaseLinks struct{ db *DB }

// Put keeps the links of a release.
func (s *ReleaseLinks) Put(ctx context.Context, id domain.ReleaseID, links *domain.ReleaseLinks) error {
	const query = `INSERT INTO release_links (release_id, doc) VALUES ($1, $2) ON CONFLICT (release_id) DO UPDATE SET doc = excluded.doc`
	_, err := s.db.exec(ctx, query, id, jsonValue{links})
	return s.db.fail(err, "keep links of release %s", id)
}

// Of returns the links that are kept of releases.
func (s *ReleaseLinks) Of(ctx context.Context, ids []domain.ReleaseID) (map[domain.ReleaseID]domain.ReleaseLinks, error) {
	out := make(map[domain.ReleaseID]domain.ReleaseLinks, len(ids))
	query := `SELECT release_id, doc FROM release_links WHERE ` + s.db.d.inList("release_id", 1)
	err := s.db.eachRead(ctx, query, []any{listArg(s.db.d, ids)}, func(r row) error {
		var id domain.ReleaseID
		var links domain.ReleaseLinks
		err := r.Scan(&id, jsonValue{&links})
		out[id] = links
		return err
	})
	return out, s.db.fail(err, "get links of releases")
}

// Pending returns up to limit live releases that nothing is kept of.
func (s *ReleaseLinks) Pending(ctx context.Context, limit int) ([]domain.ReleaseID, error) {
	const query = `SELECT live_release FROM websites w WHERE state = 'live' AND live_release <> ''
		AND NOT EXISTS (SELECT 1 FROM release_links l WHERE l.release_id = w.live_release) ORDER BY id LIMIT $1`
	list, err := getAll(ctx, s.db, scanOne[domain.ReleaseID], query, limit)
	return list, s.db.fail(err, "list releases without links")
}
