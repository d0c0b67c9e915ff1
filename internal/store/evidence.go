package store

import (
	"context"
	"slices"

	"empire/internal/domain"
)

// Evidence is what the claims of websites rest on. It is never changed.
type Evidence struct{ db *DB }

func scanEvidence(r row) (e domain.Evidence, err error) {
	err = r.Scan(jsonValue{&e})
	return e, err
}

var evidenceBulk = bulk{
	into: "evidence (website_id, id, kind, doc)", columns: 4, size: 100,
	after: "ON CONFLICT (website_id, id) DO NOTHING",
}

// InsertAll stores evidence for a website. What it already has is left alone.
func (s *Evidence) InsertAll(ctx context.Context, website domain.WebsiteID, list []domain.Evidence) error {
	err := evidenceBulk.write(ctx, s.db, len(list), func(args []any, i int) []any {
		return append(args, website, list[i].ID, list[i].Kind, jsonValue{&list[i]})
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
	ids = slices.Clone(ids)
	slices.Sort(ids)
	out := []domain.Evidence{}
	for part := range slices.Chunk(slices.Compact(ids), keysPerStatement) {
		f := filter{conds: []string{"website_id = $1"}, args: []any{website}}
		f.in("id", anySlice(part))
		list, err := getAll(ctx, s.db, scanEvidence, `SELECT doc FROM evidence`+f.where()+` ORDER BY id`, f.args...)
		if err != nil {
			return nil, s.db.fail(err, "list evidence of website %s", website)
		}
		out = append(out, list...)
	}
	return out, nil
}

// Count returns how many pieces of evidence a website has.
func (s *Evidence) Count(ctx context.Context, website domain.WebsiteID) (int, error) {
	return s.db.count(ctx, `SELECT count(*) FROM evidence WHERE website_id = $1`, website)
}
