package store

import (
	"context"

	"empire/internal/domain"
)

// Tags are words by which operators group websites.
type Tags struct{ db *DB }

// Replace stores the tags of a website in the place of those that it had.
func (s *Tags) Replace(ctx context.Context, id domain.WebsiteID, tags []string) error {
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		if _, err := s.db.exec(ctx, `DELETE FROM website_tags WHERE website_id = $1`, id); err != nil {
			return err
		}
		insert := bulk{into: "website_tags (website_id, tag)", columns: 2}
		return insert.write(ctx, s.db, len(tags), func(args []any, i int) []any { return append(args, id, tags[i]) })
	})
	return s.db.fail(err, "store tags of website %s", id)
}

// Of returns the tags of a website in their order.
func (s *Tags) Of(ctx context.Context, id domain.WebsiteID) ([]string, error) {
	list, err := getAll(ctx, s.db, scanOne[string], `SELECT tag FROM website_tags WHERE website_id = $1 ORDER BY tag`, id)
	return list, s.db.fail(err, "list tags of website %s", id)
}

// All returns the tags of all websites of a tenant that have any.
func (s *Tags) All(ctx context.Context, tenant domain.TenantID) (map[domain.WebsiteID][]string, error) {
	const query = `SELECT t.website_id, t.tag FROM website_tags t JOIN websites w ON w.id = t.website_id WHERE w.tenant = $1 ORDER BY t.website_id, t.tag`
	out := map[domain.WebsiteID][]string{}
	err := s.db.eachRead(ctx, query, []any{tenant}, func(r row) error {
		var id domain.WebsiteID
		var tag string
		err := r.Scan(&id, &tag)
		out[id] = append(out[id], tag)
		return err
	})
	return out, s.db.fail(err, "list tags")
}

// Batches are things that are done to many websites.
type Batches struct{ db *DB }

func scanBatch(r row) (b domain.Batch, err error) {
	err = r.Scan(jsonValue{&b})
	return b, err
}

func noBatch(id domain.BatchID) *domain.Error {
	return domain.Errorf(domain.CodeNotFound, "Batch %s does not exist.", id)
}

var batchSiteBulk = bulk{into: "batch_sites (batch_id, position, website_id, state, release_id, run_id, code, detail)", columns: 8}

// Insert stores a new batch with its websites.
func (s *Batches) Insert(ctx context.Context, b *domain.Batch, sites []domain.BatchSite) error {
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		const query = `INSERT INTO batches (id, tenant, state, created_at, doc) VALUES ($1, $2, $3, $4, $5)`
		if _, err := s.db.exec(ctx, query, b.ID, b.Tenant, b.State, s.db.time(b.CreatedAt), jsonValue{b}); err != nil {
			return err
		}
		return batchSiteBulk.write(ctx, s.db, len(sites), func(args []any, i int) []any {
			w := &sites[i]
			return append(args, b.ID, w.Position, w.WebsiteID, w.State, w.ReleaseID, w.RunID, w.Code, w.Detail)
		})
	})
	return s.db.fail(err, "insert batch %s", b.ID)
}

// Get returns a batch with its counts, or CodeNotFound.
func (s *Batches) Get(ctx context.Context, id domain.BatchID) (*domain.Batch, error) {
	b, err := getOne(ctx, s.db, noBatch(id), scanBatch, `SELECT doc FROM batches WHERE id = $1`, id)
	if err == nil {
		b.Counts, err = s.counts(ctx, id)
	}
	return b, s.db.fail(err, "get batch %s", id)
}

// Hold returns a batch that no other transaction changes until that of ctx ends.
func (s *Batches) Hold(ctx context.Context, id domain.BatchID) (*domain.Batch, error) {
	if err := s.db.lock(ctx, noBatch(id), `SELECT id FROM batches WHERE id = $1`, id); err != nil {
		return nil, s.db.fail(err, "hold batch %s", id)
	}
	return s.Get(ctx, id)
}

// List returns batches of a tenant, the newest first, with their counts, and how many
// there are.
func (s *Batches) List(ctx context.Context, tenant domain.TenantID, w domain.Window) ([]domain.Batch, int, error) {
	total, err := s.db.count(ctx, `SELECT count(*) FROM batches WHERE tenant = $1`, tenant)
	if err != nil || total == 0 {
		return []domain.Batch{}, total, err
	}
	limit, offset := limitOffset(w)
	list, err := getAll(ctx, s.db, scanBatch, `SELECT doc FROM batches WHERE tenant = $1 ORDER BY id DESC LIMIT $2 OFFSET $3`, tenant, limit, offset)
	for i := range list {
		if err == nil {
			list[i].Counts, err = s.counts(ctx, list[i].ID)
		}
	}
	return list, total, s.db.fail(err, "list batches")
}

// Update stores the state of a batch.
func (s *Batches) Update(ctx context.Context, b *domain.Batch) error {
	err := s.db.execOne(ctx, noBatch(b.ID), `UPDATE batches SET state = $2, doc = $3 WHERE id = $1`, b.ID, b.State, jsonValue{b})
	return s.db.fail(err, "update batch %s", b.ID)
}

// Sites returns websites of a batch in their order; with states only those.
func (s *Batches) Sites(ctx context.Context, id domain.BatchID, states []domain.BatchSiteState, w domain.Window) ([]domain.BatchSite, error) {
	f := filter{conds: []string{"b.batch_id = $1"}, args: []any{id}}
	if len(states) > 0 {
		in(&f, s.db.d, "b.state", states)
	}
	page, args := f.page(w)
	list, err := getAll(ctx, s.db, func(r row) (w domain.BatchSite, err error) {
		err = r.Scan(&w.WebsiteID, &w.Domain, &w.Position, &w.State, &w.ReleaseID, &w.RunID, &w.Code, &w.Detail)
		return w, err
	}, `SELECT b.website_id, coalesce(w.domain, ''), b.position, b.state, b.release_id, b.run_id, b.code, b.detail
		FROM batch_sites b LEFT JOIN websites w ON w.id = b.website_id`+f.where()+` ORDER BY b.position`+page, args...)
	return list, s.db.fail(err, "list websites of batch %s", id)
}

// Settle stores how it went with a website, once: if that is known already it is
// CodeConflict.
func (s *Batches) Settle(ctx context.Context, id domain.BatchID, w *domain.BatchSite) error {
	const query = `UPDATE batch_sites SET state = $4, release_id = $5, run_id = $6, code = $7, detail = $8
		WHERE batch_id = $1 AND position = $2 AND state = $3`
	missing := domain.Errorf(domain.CodeConflict, "Website %s of batch %s is settled already.", w.WebsiteID, id)
	err := s.db.execOne(ctx, missing, query, id, w.Position, domain.BatchSiteQueued, w.State, w.ReleaseID, w.RunID, w.Code, w.Detail)
	return s.db.fail(err, "settle website %s of batch %s", w.WebsiteID, id)
}

// Drop settles all websites that are not, as skipped.
func (s *Batches) Drop(ctx context.Context, id domain.BatchID, detail string) error {
	const query = `UPDATE batch_sites SET state = $3, detail = $4 WHERE batch_id = $1 AND state = $2`
	_, err := s.db.exec(ctx, query, id, domain.BatchSiteQueued, domain.BatchSiteSkipped, detail)
	return s.db.fail(err, "drop websites of batch %s", id)
}

func (s *Batches) counts(ctx context.Context, id domain.BatchID) (map[domain.BatchSiteState]int, error) {
	out := map[domain.BatchSiteState]int{}
	err := s.db.eachRead(ctx, `SELECT state, count(*) FROM batch_sites WHERE batch_id = $1 GROUP BY state`, []any{id}, func(r row) error {
		var state domain.BatchSiteState
		var n int
		err := r.Scan(&state, &n)
		out[state] = n
		return err
	})
	return out, err
}
