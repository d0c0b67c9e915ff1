package store

import (
	"context"

	"empire/internal/domain"
)

// Submissions are what search engines were told about releases.
type Submissions struct{ db *DB }

func scanSubmission(r row) (v domain.Submission, err error) {
	err = r.Scan(jsonValue{&v})
	return v, err
}

func noSubmission(id domain.SubmissionID) *domain.Error {
	return domain.Errorf(domain.CodeNotFound, "Submission %s does not exist.", id)
}

// Insert stores a submission.
func (s *Submissions) Insert(ctx context.Context, v *domain.Submission) error {
	const query = `INSERT INTO seo_submissions (id, tenant, website_id, release_id, state, created_at, doc) VALUES ($1, $2, $3, $4, $5, $6, $7)`
	_, err := s.db.exec(ctx, query, v.ID, v.Tenant, v.WebsiteID, v.ReleaseID, v.State, s.db.time(v.CreatedAt), jsonValue{v})
	return s.db.fail(err, "insert submission %s", v.ID)
}

// Update stores how a submission is getting on, or is CodeNotFound.
func (s *Submissions) Update(ctx context.Context, v *domain.Submission) error {
	err := s.db.execOne(ctx, noSubmission(v.ID), `UPDATE seo_submissions SET state = $2, doc = $3 WHERE id = $1`, v.ID, v.State, jsonValue{v})
	return s.db.fail(err, "update submission %s", v.ID)
}

// Get returns a submission, or CodeNotFound.
func (s *Submissions) Get(ctx context.Context, id domain.SubmissionID) (*domain.Submission, error) {
	v, err := getOne(ctx, s.db, noSubmission(id), scanSubmission, `SELECT doc FROM seo_submissions WHERE id = $1`, id)
	return v, s.db.fail(err, "get submission %s", id)
}

// List returns a window of the submissions of a tenant, and of one website if it is
// given, the newest first, and how many there are.
func (s *Submissions) List(ctx context.Context, tenant domain.TenantID, site domain.WebsiteID, w domain.Window) ([]domain.Submission, int, error) {
	var f filter
	f.eq("tenant", string(tenant))
	f.eq("website_id", string(site))
	total, err := s.db.count(ctx, `SELECT count(*) FROM seo_submissions`+f.where(), f.args...)
	if err != nil {
		return nil, 0, s.db.fail(err, "count submissions")
	}
	page, args := f.page(w)
	list, err := getAll(ctx, s.db, scanSubmission, `SELECT doc FROM seo_submissions`+f.where()+` ORDER BY id DESC`+page, args...)
	return list, total, s.db.fail(err, "list submissions")
}
