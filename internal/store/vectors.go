package store

import (
	"context"
	"errors"

	"empire/internal/domain"
)

// Vectors are collections of vectors with their texts. Every change of a collection
// has a number, and changes become visible in the order of their numbers: who keeps a
// copy in memory reads what came after the last one it has.
type Vectors struct{ db *DB }

const vectorCollectionColumns = `id, tenant, name, dimension, space, seq, floor, created_at`

func scanVectorCollection(r row) (c domain.VectorCollection, err error) {
	err = r.Scan(&c.ID, &c.Tenant, &c.Name, &c.Dimension, &c.Space, &c.Seq, &c.Floor, asTime(&c.CreatedAt))
	return c, err
}

func noVectorCollection(name string) *domain.Error {
	return domain.Errorf(domain.CodeNotFound, "Vector collection %s does not exist.", name)
}

// Insert stores a new collection. A taken name is CodeConflict.
func (s *Vectors) Insert(ctx context.Context, c *domain.VectorCollection) error {
	const query = `INSERT INTO vector_collections (` + vectorCollectionColumns + `) VALUES ($1, $2, $3, $4, $5, 0, 0, $6)`
	_, err := s.db.exec(ctx, query, c.ID, c.Tenant, c.Name, c.Dimension, c.Space, s.db.time(c.CreatedAt))
	return s.db.fail(err, "insert vector collection %s", c.Name)
}

// Get returns a collection by name, or CodeNotFound.
func (s *Vectors) Get(ctx context.Context, tenant domain.TenantID, name string) (*domain.VectorCollection, error) {
	const query = `SELECT ` + vectorCollectionColumns + ` FROM vector_collections WHERE tenant = $1 AND name = $2`
	c, err := getOne(ctx, s.db, noVectorCollection(name), scanVectorCollection, query, tenant, name)
	return c, s.db.fail(err, "get vector collection %s", name)
}

// List returns the collections of a tenant by name.
func (s *Vectors) List(ctx context.Context, tenant domain.TenantID) ([]domain.VectorCollection, error) {
	const query = `SELECT ` + vectorCollectionColumns + ` FROM vector_collections WHERE tenant = $1 ORDER BY name`
	list, err := getAll(ctx, s.db, scanVectorCollection, query, tenant)
	return list, s.db.fail(err, "list vector collections")
}

// All returns the collections of all tenants.
func (s *Vectors) All(ctx context.Context) ([]domain.VectorCollection, error) {
	list, err := getAll(ctx, s.db, scanVectorCollection, `SELECT `+vectorCollectionColumns+` FROM vector_collections ORDER BY tenant, name`)
	return list, s.db.fail(err, "list all vector collections")
}

// Delete removes a collection with its rows, or returns CodeNotFound.
func (s *Vectors) Delete(ctx context.Context, tenant domain.TenantID, name string) error {
	err := s.db.execOne(ctx, noVectorCollection(name), `DELETE FROM vector_collections WHERE tenant = $1 AND name = $2`, tenant, name)
	return s.db.fail(err, "delete vector collection %s", name)
}

// change numbers a change of a collection and holds it until the transaction ends, so
// that changes become visible in order.
func (s *Vectors) change(ctx context.Context, collection string) (seq int64, err error) {
	const query = `UPDATE vector_collections SET seq = seq + 1 WHERE id = $1 RETURNING seq`
	err = s.db.each(ctx, query, []any{collection}, func(r row) error { return r.Scan(&seq) })
	if err == nil && seq == 0 {
		err = noVectorCollection(collection)
	}
	return seq, err
}

var vectorBulk = bulk{
	into: "vector_rows (collection, id, source, document, metadata, vector, seq, gone)", columns: 8,
	after: `ON CONFLICT (collection, id) DO UPDATE SET source = excluded.source, document = excluded.document, metadata = excluded.metadata,
		vector = excluded.vector, seq = excluded.seq, gone = excluded.gone`,
}

// Upsert stores rows, all or none; each ID must be there once.
func (s *Vectors) Upsert(ctx context.Context, collection string, rows []domain.VectorRow) error {
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		seq, err := s.change(ctx, collection)
		if err != nil {
			return err
		}
		return vectorBulk.write(ctx, s.db, len(rows), func(args []any, i int) []any {
			r := &rows[i]
			return append(args, collection, r.ID, r.Source, r.Document, r.Metadata, r.Vector, seq, false)
		})
	})
	return s.db.fail(err, "store vectors")
}

// Remove removes rows by ID and returns how many there were.
func (s *Vectors) Remove(ctx context.Context, collection string, ids []string) (int, error) {
	return s.remove(ctx, collection, func(f *filter) { in(f, s.db.d, "id", ids) })
}

// RemoveSource removes all rows of a source and returns how many there were.
func (s *Vectors) RemoveSource(ctx context.Context, collection, source string) (int, error) {
	if source == "" {
		return 0, nil
	}
	return s.remove(ctx, collection, func(f *filter) { f.eq("source", source) })
}

func (s *Vectors) remove(ctx context.Context, collection string, which func(*filter)) (removed int, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		seq, err := s.change(ctx, collection)
		if err != nil {
			return err
		}
		f := filter{conds: []string{"collection = $1", "gone = $3"}, args: []any{collection, seq, false, true}}
		which(&f)
		n, err := s.db.exec(ctx, `UPDATE vector_rows SET source = '', document = '', metadata = '', vector = NULL, seq = $2, gone = $4`+f.where(), f.args...)
		removed = int(n)
		return err
	})
	return removed, s.db.fail(err, "remove vectors")
}

const vectorColumns = `id, source, document, metadata, vector, seq, gone`

func scanVectorRow(r row) (v domain.VectorRow, err error) {
	err = r.Scan(&v.ID, &v.Source, &v.Document, &v.Metadata, &v.Vector, &v.Seq, &v.Gone)
	return v, err
}

// Rows returns rows by ID, ordered by ID; unknown ones are left out.
func (s *Vectors) Rows(ctx context.Context, collection string, ids []string) ([]domain.VectorRow, error) {
	f := filter{conds: []string{"collection = $1", "gone = $2"}, args: []any{collection, false}}
	in(&f, s.db.d, "id", ids)
	list, err := getAll(ctx, s.db, scanVectorRow, `SELECT `+vectorColumns+` FROM vector_rows`+f.where()+` ORDER BY id`, f.args...)
	return list, s.db.fail(err, "read vectors")
}

// Source returns the rows of a source by ID, without their vectors.
func (s *Vectors) Source(ctx context.Context, collection, source string) ([]domain.VectorRow, error) {
	const query = `SELECT id, source, document, metadata, NULL, seq, gone FROM vector_rows
		WHERE collection = $1 AND source = $2 AND source <> '' AND gone = $3 ORDER BY id`
	list, err := getAll(ctx, s.db, scanVectorRow, query, collection, source, false)
	return list, s.db.fail(err, "read vectors of a source")
}

// Walk returns at most limit rows whose ID comes after one, ordered by ID.
func (s *Vectors) Walk(ctx context.Context, collection, after string, limit int) ([]domain.VectorRow, error) {
	const query = `SELECT ` + vectorColumns + ` FROM vector_rows WHERE collection = $1 AND id > $2 AND gone = $3 ORDER BY id LIMIT $4`
	list, err := getAll(ctx, s.db, scanVectorRow, query, collection, after, false, limit)
	return list, s.db.fail(err, "walk vectors")
}

// Count returns how many rows there are.
func (s *Vectors) Count(ctx context.Context, collection string) (int, error) {
	return s.db.count(ctx, `SELECT count(*) FROM vector_rows WHERE collection = $1 AND gone = $2`, collection, false)
}

// Changes calls fn with every row that changed after a number, in the order of the
// changes, also those that are gone. fn may keep the row's values. An error of fn ends
// the walk. It reads outside of a transaction of ctx's caller only.
func (s *Vectors) Changes(ctx context.Context, collection string, after int64, fn func(*domain.VectorRow) error) error {
	const query = `SELECT ` + vectorColumns + ` FROM vector_rows WHERE collection = $1 AND seq > $2 ORDER BY seq, id`
	var stop error
	err := s.db.eachRead(ctx, query, []any{collection, after}, func(r row) error {
		v, err := scanVectorRow(r)
		if err != nil {
			return err
		}
		stop = fn(&v)
		return stop
	})
	if stop != nil && errors.Is(err, stop) {
		return stop
	}
	return s.db.fail(err, "read changed vectors")
}

// Prune forgets which rows are gone once there are more than keep of them. Processes
// that have not heard of them read the collection again.
func (s *Vectors) Prune(ctx context.Context, collection string, keep int) error {
	gone, err := s.db.count(ctx, `SELECT count(*) FROM vector_rows WHERE collection = $1 AND gone = $2`, collection, true)
	if err != nil || gone <= keep {
		return err
	}
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		seq, err := s.change(ctx, collection)
		if err != nil {
			return err
		}
		if _, err := s.db.exec(ctx, `DELETE FROM vector_rows WHERE collection = $1 AND gone = $2`, collection, true); err != nil {
			return err
		}
		_, err = s.db.exec(ctx, `UPDATE vector_collections SET floor = $2 WHERE id = $1`, collection, seq)
		return err
	})
	return s.db.fail(err, "prune vectors")
}
