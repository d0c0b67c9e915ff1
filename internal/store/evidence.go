package store

import (
	"context"

	"empire/internal/domain"
)

// Evidence is what the claims of websites rest on. It is never changed.
type Evidence struct{ db *DB }

func scanEvidence(r row) (e domain.Evidence, err error) {
	err = r.Scan(jsonValue{&e})
	return e, err
}

var evidenceBulk = bulk{
	into: "evidence (website_id, id, kind, doc)", columns: 4,
	after: "ON CONFLICT (website_id, id) DO NOTHING",
}

// InsertAll stores evidence for a website, and which snapshots it rests on. What it
// already has is left alone.
func (s *Evidence) InsertAll(ctx context.Context, website domain.WebsiteID, list []domain.Evidence) error {
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		err := evidenceBulk.write(ctx, s.db, len(list), func(args []any, i int) []any {
			return append(args, website, list[i].ID, list[i].Kind, jsonValue{&list[i]})
		})
		if err != nil {
			return err
		}
		return (&Snapshots{s.db}).Cite(ctx, string(website), list)
	})
	return s.db.fail(err, "insert evidence of website %s", website)
}

// Get returns one piece of evidence of a website, or CodeNotFound.
func (s *Evidence) Get(ctx context.Context, website domain.WebsiteID, id domain.EvidenceID) (*domain.Evidence, error) {
	const query = `SELECT doc FROM evidence WHERE website_id = $1 AND id = $2`
	missing := domain.Errorf(domain.CodeNotFound, "Website %s has no evidence %s.", website, id)
	e, err := getOne(ctx, s.db, missing, scanEvidence, query, website, id)
	return e, s.db.fail(err, "get evidence %s of website %s", id, website)
}

// List returns the evidence of a website with these ids, ordered by id. Unknown
// ids are left out.
func (s *Evidence) List(ctx context.Context, website domain.WebsiteID, ids []domain.EvidenceID) ([]domain.Evidence, error) {
	f := filter{conds: []string{"website_id = $1"}, args: []any{website}}
	in(&f, s.db.d, "id", ids)
	list, err := getAll(ctx, s.db, scanEvidence, `SELECT doc FROM evidence`+f.where()+` ORDER BY id`, f.args...)
	return list, s.db.fail(err, "list evidence of website %s", website)
}

// Count returns how many pieces of evidence a website has.
func (s *Evidence) Count(ctx context.Context, website domain.WebsiteID) (int, error) {
	return s.db.count(ctx, `SELECT count(*) FROM evidence WHERE website_id = $1`, website)
}

// Walk returns at most limit pieces of evidence of a website whose ID comes after one,
// in the order of their IDs.
func (s *Evidence) Walk(ctx context.Context, website domain.WebsiteID, after domain.EvidenceID, limit int) ([]domain.Evidence, error) {
	const query = `SELECT doc FROM evidence WHERE website_id = $1 AND id > $2 ORDER BY id LIMIT $3`
	list, err := getAll(ctx, s.db, scanEvidence, query, website, after, limit)
	return list, s.db.fail(err, "walk evidence of website %s", website)
}
