// Package embedded keeps vector collections in the program's own database and searches
// them in memory.
//
// The database holds the truth: a write is a transaction, or joins the caller's, and
// nothing else has to survive. Each process reads a collection into a vector.Set when
// it is first searched, and before each search what has changed since. So several
// processes on one database see each other's writes, and a killed one loses nothing.
package embedded

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"time"

	"empire/internal/domain"
	"empire/internal/intelligence/vector"
	"empire/internal/sqltx"
)

// DefaultMemory is how many bytes the sets of a process take at most: about 600,000
// vectors of dimension 384.
const DefaultMemory = 1 << 30

type rowStore interface {
	Insert(ctx context.Context, c *domain.VectorCollection) error
	Get(ctx context.Context, tenant domain.TenantID, name string) (*domain.VectorCollection, error)
	List(ctx context.Context, tenant domain.TenantID) ([]domain.VectorCollection, error)
	Delete(ctx context.Context, tenant domain.TenantID, name string) error
	Upsert(ctx context.Context, collection string, rows []domain.VectorRow) error
	Remove(ctx context.Context, collection string, ids []string) (int, error)
	RemoveSource(ctx context.Context, collection, source string) (int, error)
	Rows(ctx context.Context, collection string, ids []string) ([]domain.VectorRow, error)
	Walk(ctx context.Context, collection, after string, limit int) ([]domain.VectorRow, error)
	Changes(ctx context.Context, collection string, after int64, fn func(*domain.VectorRow) error) error
	Count(ctx context.Context, collection string) (int, error)
	Prune(ctx context.Context, collection string, keep int) error
}

// Config is what New needs.
type Config struct {
	Rows   rowStore
	Memory int64 // bytes that sets may take in this process; 0: DefaultMemory
	Now    func() time.Time
}

// Index implements vector.Index.
type Index struct {
	cfg Config

	mu   sync.Mutex
	held map[string]*held // by id of the collection
	tick int64
}

// held is a collection in memory.
type held struct {
	mu   sync.Mutex // while it is brought up to date
	set  *vector.Set
	seq  int64
	used int64 // guarded by Index.mu, as need
	need int64 // bytes that it was let in with
}

// keepGone is how many removed records a collection remembers for other processes.
const keepGone = 10_000

// New returns the index on a database.
func New(cfg Config) *Index {
	if cfg.Memory <= 0 {
		cfg.Memory = DefaultMemory
	}
	return &Index{cfg: cfg, held: map[string]*held{}}
}

var _ vector.Index = (*Index)(nil)

// Create implements vector.Index.
func (x *Index) Create(ctx context.Context, c vector.Collection) error {
	if err := c.Validate(); err != nil {
		return err
	}
	got, err := x.cfg.Rows.Get(ctx, c.Tenant, c.Name)
	if domain.CodeOf(err) == domain.CodeNotFound {
		err = x.cfg.Rows.Insert(ctx, &domain.VectorCollection{
			ID: domain.NewID("vec"), Tenant: c.Tenant, Name: c.Name, Dimension: c.Dimension, Space: string(c.Space), CreatedAt: x.cfg.Now().UTC(),
		})
		if domain.CodeOf(err) != domain.CodeConflict || sqltx.From(ctx) != nil {
			return err
		}
		got, err = x.cfg.Rows.Get(ctx, c.Tenant, c.Name) // another process was faster
	}
	if err != nil {
		return err
	}
	if held := collection(got); held != c {
		return vector.OtherShape(held, c)
	}
	return nil
}

func collection(c *domain.VectorCollection) vector.Collection {
	return vector.Collection{Ref: vector.Ref{Tenant: c.Tenant, Name: c.Name}, Dimension: c.Dimension, Space: vector.Space(c.Space)}
}

// find returns a collection as the database has it and as it is.
func (x *Index) find(ctx context.Context, ref vector.Ref) (*domain.VectorCollection, vector.Collection, error) {
	got, err := x.cfg.Rows.Get(ctx, ref.Tenant, ref.Name)
	if err != nil {
		return nil, vector.Collection{}, err
	}
	return got, collection(got), nil
}

// Collection implements vector.Index.
func (x *Index) Collection(ctx context.Context, ref vector.Ref) (*vector.Collection, error) {
	_, c, err := x.find(ctx, ref)
	if err != nil {
		return nil, err
	}
	return &c, nil
}

// Collections implements vector.Index.
func (x *Index) Collections(ctx context.Context, tenant domain.TenantID) ([]vector.Collection, error) {
	list, err := x.cfg.Rows.List(ctx, tenant)
	if err != nil {
		return nil, err
	}
	var out []vector.Collection
	for i := range list {
		if list[i].Dimension > 0 { // others hold texts alone
			out = append(out, collection(&list[i]))
		}
	}
	return out, nil
}

// Drop implements vector.Index.
func (x *Index) Drop(ctx context.Context, ref vector.Ref) error {
	return x.cfg.Rows.Delete(ctx, ref.Tenant, ref.Name)
}

// Upsert implements vector.Index. It joins the transaction of ctx.
func (x *Index) Upsert(ctx context.Context, ref vector.Ref, records []vector.Record) error {
	got, c, err := x.find(ctx, ref)
	if err != nil {
		return err
	}
	records = append([]vector.Record(nil), records...) // the caller's metadata stays
	if err := vector.CheckRecords(&c, records); err != nil {
		return err
	}
	if len(records) == 0 {
		return nil
	}
	last := make(map[string]int, len(records))
	for i := range records {
		last[records[i].ID] = i
	}
	rows := make([]domain.VectorRow, 0, len(last))
	for i := range records {
		if last[records[i].ID] != i {
			continue
		}
		row, err := encode(&records[i])
		if err != nil {
			return err
		}
		rows = append(rows, row)
	}
	return x.cfg.Rows.Upsert(ctx, got.ID, rows)
}

// Delete implements vector.Index. It joins the transaction of ctx.
func (x *Index) Delete(ctx context.Context, ref vector.Ref, ids []string) (int, error) {
	got, _, err := x.find(ctx, ref)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	n, err := x.cfg.Rows.Remove(ctx, got.ID, ids)
	return n, errors.Join(err, x.prune(ctx, got.ID, n))
}

// DeleteSource implements vector.Index. It joins the transaction of ctx.
func (x *Index) DeleteSource(ctx context.Context, ref vector.Ref, source string) (int, error) {
	got, _, err := x.find(ctx, ref)
	if err != nil {
		return 0, err
	}
	n, err := x.cfg.Rows.RemoveSource(ctx, got.ID, source)
	return n, errors.Join(err, x.prune(ctx, got.ID, n))
}

func (x *Index) prune(ctx context.Context, id string, removed int) error {
	if removed == 0 {
		return nil
	}
	return x.cfg.Rows.Prune(ctx, id, keepGone)
}

// Get implements vector.Index.
func (x *Index) Get(ctx context.Context, ref vector.Ref, ids []string) ([]vector.Record, error) {
	got, _, err := x.find(ctx, ref)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	rows, err := x.cfg.Rows.Rows(ctx, got.ID, ids)
	if err != nil {
		return nil, err
	}
	by := make(map[string]*domain.VectorRow, len(rows))
	for i := range rows {
		by[rows[i].ID] = &rows[i]
	}
	var out []vector.Record
	for _, id := range ids {
		row, ok := by[id]
		if !ok {
			continue
		}
		delete(by, id) // an ID that is asked for twice is answered once
		r, err := decode(row)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// Count implements vector.Index.
func (x *Index) Count(ctx context.Context, ref vector.Ref) (int, error) {
	got, _, err := x.find(ctx, ref)
	if err != nil {
		return 0, err
	}
	return x.cfg.Rows.Count(ctx, got.ID)
}

// List implements vector.Index; records come by ID.
func (x *Index) List(ctx context.Context, ref vector.Ref, cursor string, limit int) ([]vector.Record, string, error) {
	got, _, err := x.find(ctx, ref)
	if err != nil {
		return nil, "", err
	}
	after, ok := strings.CutPrefix(cursor, "id:")
	if limit < 1 || cursor != "" && !ok {
		return nil, "", domain.Invalid("cursor", "The cursor or the limit of the list is not valid.")
	}
	rows, err := x.cfg.Rows.Walk(ctx, got.ID, after, limit)
	if err != nil {
		return nil, "", err
	}
	out := make([]vector.Record, 0, len(rows))
	for i := range rows {
		r, err := decode(&rows[i])
		if err != nil {
			return nil, "", err
		}
		out = append(out, r)
	}
	if len(rows) < limit {
		return out, "", nil
	}
	return out, "id:" + rows[len(rows)-1].ID, nil
}

// Ping implements vector.Index.
func (x *Index) Ping(ctx context.Context) error {
	_, err := x.cfg.Rows.List(ctx, "")
	return err
}

// encode makes a row of a record.
func encode(r *vector.Record) (domain.VectorRow, error) {
	row := domain.VectorRow{ID: r.ID, Source: r.Source, Document: r.Document, Vector: make([]byte, 0, 4*len(r.Vector))}
	for _, x := range r.Vector {
		row.Vector = binary.LittleEndian.AppendUint32(row.Vector, math.Float32bits(x))
	}
	if len(r.Metadata) > 0 {
		raw, err := json.Marshal(r.Metadata)
		if err != nil {
			return row, fmt.Errorf("encode metadata of %s: %w", r.ID, err)
		}
		row.Metadata = string(raw)
	}
	return row, nil
}

func decode(row *domain.VectorRow) (vector.Record, error) {
	r := vector.Record{ID: row.ID, Source: row.Source, Document: row.Document, Vector: floats(row.Vector)}
	var err error
	r.Metadata, err = metadata(row)
	return r, err
}

func floats(raw []byte) []float32 {
	v := make([]float32, len(raw)/4)
	for i := range v {
		v[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	return v
}

func metadata(row *domain.VectorRow) (map[string]any, error) {
	if row.Metadata == "" {
		return nil, nil //nolint:nilnil // no metadata is nil
	}
	d := json.NewDecoder(strings.NewReader(row.Metadata))
	d.UseNumber()
	var m map[string]any
	if err := d.Decode(&m); err != nil {
		return nil, fmt.Errorf("metadata of vector %s: %w", row.ID, err)
	}
	return vector.Normalize(m)
}
