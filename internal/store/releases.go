package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"empire/internal/domain"
)

// Releases are the immutable versions of websites.
type Releases struct{ db *DB }

const releaseColumns = `id, website_id, number, manifest, run_id, draft, files, pages, bytes, gates, seo_score, created_at, published_at, built_with`

func scanRelease(r row) (rel domain.Release, err error) {
	err = r.Scan(&rel.ID, &rel.WebsiteID, &rel.Number, &rel.Manifest, &rel.RunID, &rel.Draft, &rel.Files, &rel.Pages, &rel.Bytes,
		jsonValue{&rel.Gates}, &rel.SEOScore, asTime(&rel.CreatedAt), asTimePtr(&rel.PublishedAt), jsonValue{&rel.BuiltWith})
	return rel, err
}

func noRelease(id domain.ReleaseID) *domain.Error {
	return domain.Errorf(domain.CodeNotFound, "Release %s does not exist.", id)
}

// Insert stores a release and sets its Number to the next one of the website. The
// website's row counts releases, so that two at once get different numbers.
func (s *Releases) Insert(ctx context.Context, r *domain.Release) error {
	const number = `UPDATE websites SET release_number = release_number + 1 WHERE id = $1 RETURNING release_number`
	const insert = `INSERT INTO releases (` + releaseColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`
	var n int
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		err := s.db.w(ctx).QueryRowContext(ctx, number, r.WebsiteID).Scan(&n)
		if errors.Is(err, sql.ErrNoRows) {
			return noWebsite(string(r.WebsiteID))
		}
		if err != nil {
			return err
		}
		_, err = s.db.exec(ctx, insert, r.ID, r.WebsiteID, n, r.Manifest, r.RunID, r.Draft, r.Files, r.Pages, r.Bytes, jsonValue{r.Gates},
			r.SEOScore, s.db.time(r.CreatedAt), s.db.timePtr(r.PublishedAt), jsonValue{r.BuiltWith})
		return err
	})
	if err != nil {
		return s.db.fail(err, "insert release %s", r.ID)
	}
	r.Number = n
	return nil
}

// Get returns one release, or CodeNotFound.
func (s *Releases) Get(ctx context.Context, id domain.ReleaseID) (*domain.Release, error) {
	const query = `SELECT ` + releaseColumns + ` FROM releases WHERE id = $1`
	r, err := getOne(ctx, s.db, noRelease(id), scanRelease, query, id)
	return r, s.db.fail(err, "get release %s", id)
}

// List returns releases of a website, the newest first, and how many there are.
func (s *Releases) List(ctx context.Context, website domain.WebsiteID, w domain.Window) ([]domain.Release, int, error) {
	const query = `SELECT ` + releaseColumns + ` FROM releases WHERE website_id = $1 ORDER BY number DESC LIMIT $2 OFFSET $3`
	total, err := s.db.count(ctx, `SELECT count(*) FROM releases WHERE website_id = $1`, website)
	if err != nil {
		return nil, 0, err
	}
	limit, offset := limitOffset(w)
	list, err := getAll(ctx, s.db, scanRelease, query, website, limit, offset)
	return list, total, s.db.fail(err, "list releases of website %s", website)
}

// MarkPublished notes when a release became the live one.
func (s *Releases) MarkPublished(ctx context.Context, id domain.ReleaseID, at time.Time) error {
	const query = `UPDATE releases SET published_at = $2 WHERE id = $1`
	return s.db.fail(s.db.execOne(ctx, noRelease(id), query, id, s.db.time(at)), "mark release %s published", id)
}
