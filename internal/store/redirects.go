package store

import (
	"context"

	"empire/internal/domain"
)

// Redirects are where operators lead visitors of addresses that a website once had.
type Redirects struct{ db *DB }

const redirectColumns = `website_id, path, target, created_at`

func scanRedirect(r row) (d domain.Redirect, err error) {
	err = r.Scan(&d.WebsiteID, &d.Path, &d.Target, asTime(&d.CreatedAt))
	return d, err
}

func noRedirect(path string) *domain.Error {
	return domain.Errorf(domain.CodeNotFound, "There is no redirect of %s.", path)
}

// Upsert stores a redirect in the place of the one that its path had.
func (s *Redirects) Upsert(ctx context.Context, r *domain.Redirect) error {
	const query = `INSERT INTO redirects (` + redirectColumns + `) VALUES ($1, $2, $3, $4)
		ON CONFLICT (website_id, path) DO UPDATE SET target = excluded.target, created_at = excluded.created_at`
	_, err := s.db.exec(ctx, query, r.WebsiteID, r.Path, r.Target, s.db.time(r.CreatedAt))
	return s.db.fail(err, "store redirect of %s", r.WebsiteID)
}

// Get returns the redirect of one path, or CodeNotFound.
func (s *Redirects) Get(ctx context.Context, id domain.WebsiteID, path string) (*domain.Redirect, error) {
	const query = `SELECT ` + redirectColumns + ` FROM redirects WHERE website_id = $1 AND path = $2`
	r, err := getOne(ctx, s.db, noRedirect(path), scanRedirect, query, id, path)
	return r, s.db.fail(err, "get redirect of %s", id)
}

// List returns all redirects of a website by path; there are at most
// domain.MaxRedirects.
func (s *Redirects) List(ctx context.Context, id domain.WebsiteID) ([]domain.Redirect, error) {
	const query = `SELECT ` + redirectColumns + ` FROM redirects WHERE website_id = $1 ORDER BY path`
	list, err := getAll(ctx, s.db, scanRedirect, query, id)
	return list, s.db.fail(err, "list redirects of %s", id)
}

// Delete removes the redirect of one path, or is CodeNotFound.
func (s *Redirects) Delete(ctx context.Context, id domain.WebsiteID, path string) error {
	const query = `DELETE FROM redirects WHERE website_id = $1 AND path = $2`
	return s.db.fail(s.db.execOne(ctx, noRedirect(path), query, id, path), "delete redirect of %s", id)
}
