package store

import (
	"context"

	"empire/internal/domain"
)

// Feeds are the sources of products.
type Feeds struct{ db *DB }

const feedColumns = `id, name, source, language, row_count, read_at, last_state, created_at, updated_at`

func scanFeed(r row) (f domain.Feed, err error) {
	err = r.Scan(&f.ID, &f.Name, &f.Source, &f.Language, &f.Rows, asTimePtr(&f.ReadAt), &f.LastState, asTime(&f.CreatedAt), asTime(&f.UpdatedAt))
	return f, err
}

func noFeed(name string) *domain.Error {
	return domain.Errorf(domain.CodeNotFound, "Feed %s does not exist.", name)
}

func feedTaken(err error, f *domain.Feed) error {
	return taken(err, "name", "name", "Name %s already belongs to a feed.", f.Name)
}

// Get returns one feed, or CodeNotFound.
func (s *Feeds) Get(ctx context.Context, id domain.FeedID) (*domain.Feed, error) {
	const query = `SELECT ` + feedColumns + ` FROM feeds WHERE id = $1`
	f, err := getOne(ctx, s.db, noFeed(string(id)), scanFeed, query, id)
	return f, s.db.fail(err, "get feed %s", id)
}

// GetByName returns the feed with this name, or CodeNotFound.
func (s *Feeds) GetByName(ctx context.Context, name string) (*domain.Feed, error) {
	const query = `SELECT ` + feedColumns + ` FROM feeds WHERE name = $1`
	f, err := getOne(ctx, s.db, noFeed(name), scanFeed, query, name)
	return f, s.db.fail(err, "get feed %s", name)
}

// List returns feeds ordered by name, and how many there are.
func (s *Feeds) List(ctx context.Context, w domain.Window) ([]domain.Feed, int, error) {
	const query = `SELECT ` + feedColumns + ` FROM feeds ORDER BY name LIMIT $1 OFFSET $2`
	total, err := s.db.count(ctx, `SELECT count(*) FROM feeds`)
	if err != nil {
		return nil, 0, err
	}
	limit, offset := limitOffset(w)
	feeds, err := getAll(ctx, s.db, scanFeed, query, limit, offset)
	return feeds, total, s.db.fail(err, "list feeds")
}

// Insert stores a new feed. A taken name is CodeConflict.
func (s *Feeds) Insert(ctx context.Context, f *domain.Feed) error {
	const query = `INSERT INTO feeds (` + feedColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
	_, err := s.db.exec(ctx, query, f.ID, f.Name, f.Source, f.Language, f.Rows, s.db.timePtr(f.ReadAt), f.LastState,
		s.db.time(f.CreatedAt), s.db.time(f.UpdatedAt))
	return s.db.fail(feedTaken(err, f), "insert feed %s", f.ID)
}

// Update stores all fields of a feed except CreatedAt.
func (s *Feeds) Update(ctx context.Context, f *domain.Feed) error {
	const query = `UPDATE feeds SET name = $2, source = $3, language = $4, row_count = $5, read_at = $6, last_state = $7, updated_at = $8 WHERE id = $1`
	err := s.db.execOne(ctx, noFeed(string(f.ID)), query, f.ID, f.Name, f.Source, f.Language, f.Rows, s.db.timePtr(f.ReadAt), f.LastState,
		s.db.time(f.UpdatedAt))
	return s.db.fail(feedTaken(err, f), "update feed %s", f.ID)
}

// Delete removes a feed with its products.
func (s *Feeds) Delete(ctx context.Context, id domain.FeedID) error {
	err := s.db.execOne(ctx, noFeed(string(id)), `DELETE FROM feeds WHERE id = $1`, id)
	return s.db.fail(err, "delete feed %s", id)
}
