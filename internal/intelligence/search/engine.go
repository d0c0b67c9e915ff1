// Package search finds documents by words and by vectors at once.
//
//	documents ─▶ Words (BM25) ──┐
//	          └▶ vector.Index ──┴▶ reciprocal rank fusion ─▶ hits with their reasons
//
// The documents of a tenant lie in a collection without vectors in the program's
// database; it is the truth. Their vectors lie in a collection of the configured
// index, whose name holds the embedder's name: two spaces never mix. Documents of the
// tenant "" are shared by all tenants.
package search

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"empire/internal/domain"
	"empire/internal/intelligence/embed"
	"empire/internal/intelligence/vector"
)

type rowStore interface {
	Insert(ctx context.Context, c *domain.VectorCollection) error
	Get(ctx context.Context, tenant domain.TenantID, name string) (*domain.VectorCollection, error)
	All(ctx context.Context) ([]domain.VectorCollection, error)
	Upsert(ctx context.Context, collection string, rows []domain.VectorRow) error
	Remove(ctx context.Context, collection string, ids []string) (int, error)
	Source(ctx context.Context, collection, source string) ([]domain.VectorRow, error)
	Rows(ctx context.Context, collection string, ids []string) ([]domain.VectorRow, error)
	Walk(ctx context.Context, collection, after string, limit int) ([]domain.VectorRow, error)
	Changes(ctx context.Context, collection string, after int64, fn func(*domain.VectorRow) error) error
	Prune(ctx context.Context, collection string, keep int) error
}

type transactor interface {
	InTx(ctx context.Context, fn func(ctx context.Context) error) error
}

// Config is what New needs.
type Config struct {
	Rows     rowStore
	Tx       transactor
	Index    vector.Index
	Joins    bool // writes to Index join the transaction of their context
	Embedder embed.Embedder
	Now      func() time.Time
}

// Engine keeps documents and finds them. It is safe for concurrent use.
type Engine struct {
	cfg   Config
	space string // name of the collections of vectors

	writes sync.Mutex // a document and its vector are written by one at a time
	mu     sync.Mutex
	held   map[string]*held // by id of the collection of documents
}

const (
	documentsName = "search.documents"
	spacePrefix   = "search.vectors."
	batch         = 200 // documents in one transaction
	keepGone      = 10_000
)

// New returns the engine.
func New(cfg Config) *Engine {
	return &Engine{cfg: cfg, space: spacePrefix + embed.Slug(cfg.Embedder.Name()), held: map[string]*held{}}
}

// Embedder returns the name of the embedder.
func (e *Engine) Embedder() string { return e.cfg.Embedder.Name() }

// properties are what a row of documents holds beside its text.
type properties struct {
	Kind     domain.SearchKind `json:"kind"`
	Website  domain.WebsiteID  `json:"website,omitempty"`
	Feed     domain.FeedID     `json:"feed,omitempty"`
	Ref      string            `json:"ref,omitempty"`
	Title    string            `json:"title,omitempty"`
	Language string            `json:"language,omitempty"`
	Hash     string            `json:"hash"` // of the document
}

func row(d *domain.SearchDocument) (domain.VectorRow, error) {
	raw, err := json.Marshal(d)
	if err != nil {
		return domain.VectorRow{}, fmt.Errorf("encode document %s: %w", d.ID, err)
	}
	sum := sha256.Sum256(raw)
	p := properties{d.Kind, d.WebsiteID, d.FeedID, d.Ref, d.Title, d.Language, hex.EncodeToString(sum[:12])}
	if raw, err = json.Marshal(p); err != nil {
		return domain.VectorRow{}, fmt.Errorf("encode document %s: %w", d.ID, err)
	}
	return domain.VectorRow{ID: d.ID, Source: d.Source, Document: d.Text, Metadata: string(raw)}, nil
}

func read(r *domain.VectorRow) (domain.SearchDocument, properties, error) {
	var p properties
	if err := json.Unmarshal([]byte(r.Metadata), &p); err != nil {
		return domain.SearchDocument{}, p, fmt.Errorf("document %s: %w", r.ID, err)
	}
	return domain.SearchDocument{
		ID: r.ID, Kind: p.Kind, Source: r.Source, WebsiteID: p.Website, FeedID: p.Feed, Ref: p.Ref, Title: p.Title, Text: r.Document, Language: p.Language,
	}, p, nil
}

// documents returns the collection of a tenant's documents, which it makes if need be.
func (e *Engine) documents(ctx context.Context, tenant domain.TenantID) (*domain.VectorCollection, error) {
	c, err := e.cfg.Rows.Get(ctx, tenant, documentsName)
	if domain.CodeOf(err) != domain.CodeNotFound {
		return c, err
	}
	c = &domain.VectorCollection{ID: domain.NewID("vec"), Tenant: tenant, Name: documentsName, Space: string(vector.Cosine), CreatedAt: e.cfg.Now().UTC()}
	if err := e.cfg.Rows.Insert(ctx, c); err != nil && domain.CodeOf(err) != domain.CodeConflict {
		return nil, err
	}
	return e.cfg.Rows.Get(ctx, tenant, documentsName) // of whoever was first
}

func (e *Engine) vectors(tenant domain.TenantID) vector.Ref {
	return vector.Ref{Tenant: tenant, Name: e.space}
}

func (e *Engine) createVectors(ctx context.Context, tenant domain.TenantID) error {
	return e.cfg.Index.Create(ctx, vector.Collection{Ref: e.vectors(tenant), Dimension: e.cfg.Embedder.Dimension(), Space: vector.Cosine})
}

// Replace makes docs all documents of a source: what is new or different is stored
// with its vector, what is not among them any more is removed, the rest is not
// touched. It goes batch by batch: after a failure, it can be repeated.
func (e *Engine) Replace(ctx context.Context, tenant domain.TenantID, source string, docs []domain.SearchDocument) (domain.SearchChange, error) {
	var done domain.SearchChange
	if source == "" {
		return done, domain.Invalid("source", "Documents need a source.")
	}
	c, err := e.documents(ctx, tenant)
	if err == nil {
		err = e.createVectors(ctx, tenant)
	}
	if err != nil {
		return done, err
	}
	e.writes.Lock()
	defer e.writes.Unlock()
	old, err := e.cfg.Rows.Source(ctx, c.ID, source)
	if err != nil {
		return done, err
	}
	gone := make(map[string]string, len(old)) // hashes by ID
	for i := range old {
		_, p, err := read(&old[i])
		if err != nil {
			return done, err
		}
		gone[old[i].ID] = p.Hash
	}
	var changed []domain.VectorRow
	for _, d := range docs { // a copy: the caller's documents stay as they are
		d.Source = source
		r, err := row(&d)
		if err != nil {
			return done, err
		}
		_, p, err := read(&r)
		if err != nil {
			return done, err
		}
		hash, known := gone[r.ID]
		delete(gone, r.ID)
		if known && hash == p.Hash {
			done.Kept++
			continue
		}
		changed = append(changed, r)
	}
	for part := range slices.Chunk(changed, batch) {
		if err := e.store(ctx, c, part); err != nil {
			return done, err
		}
		done.Stored += len(part)
	}
	ids := make([]string, 0, len(gone))
	for id := range gone {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	done.Removed, err = e.remove(ctx, c, ids)
	return done, err
}

// Forget removes all documents of a source with their vectors and returns how many
// there were.
func (e *Engine) Forget(ctx context.Context, tenant domain.TenantID, source string) (int, error) {
	c, err := e.cfg.Rows.Get(ctx, tenant, documentsName)
	if domain.CodeOf(err) == domain.CodeNotFound {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	e.writes.Lock()
	defer e.writes.Unlock()
	old, err := e.cfg.Rows.Source(ctx, c.ID, source)
	if err != nil {
		return 0, err
	}
	ids := make([]string, len(old))
	for i := range old {
		ids[i] = old[i].ID
	}
	return e.remove(ctx, c, ids)
}

// store embeds and stores documents. Where the index does not join the transaction,
// the vectors are first: a document that is stored has its vector.
func (e *Engine) store(ctx context.Context, c *domain.VectorCollection, rows []domain.VectorRow) error {
	records, empty, err := e.embed(ctx, rows)
	if err != nil {
		return err
	}
	write := func(ctx context.Context) error {
		ref := e.vectors(c.Tenant)
		if err := e.cfg.Index.Upsert(ctx, ref, records); err != nil {
			return err
		}
		if _, err := e.cfg.Index.Delete(ctx, ref, empty); err != nil {
			return err
		}
		if e.cfg.Joins {
			return e.cfg.Rows.Upsert(ctx, c.ID, rows)
		}
		return nil
	}
	if e.cfg.Joins {
		return e.cfg.Tx.InTx(ctx, write)
	}
	if err := write(ctx); err != nil {
		return err
	}
	return e.cfg.Rows.Upsert(ctx, c.ID, rows)
}

// embed returns the vectors of documents, and the IDs of those without any.
func (e *Engine) embed(ctx context.Context, rows []domain.VectorRow) (records []vector.Record, empty []string, err error) {
	texts := make([]string, len(rows))
	props := make([]properties, len(rows))
	for i := range rows {
		d, p, err := read(&rows[i])
		if err != nil {
			return nil, nil, err
		}
		texts[i], props[i] = strings.TrimSpace(d.Title+"\n"+d.Text), p
	}
	list, err := e.cfg.Embedder.Embed(ctx, texts)
	if err != nil {
		return nil, nil, err
	}
	if len(list) != len(rows) {
		return nil, nil, fmt.Errorf("embedder %s returned %d vectors for %d texts", e.Embedder(), len(list), len(rows))
	}
	for i, v := range list {
		if embed.Empty(v) {
			empty = append(empty, rows[i].ID)
			continue
		}
		m := map[string]any{"kind": string(props[i].Kind)}
		if props[i].Website != "" {
			m["website"] = string(props[i].Website)
		}
		records = append(records, vector.Record{ID: rows[i].ID, Source: rows[i].Source, Vector: v, Metadata: m})
	}
	return records, empty, nil
}

func (e *Engine) remove(ctx context.Context, c *domain.VectorCollection, ids []string) (removed int, err error) {
	for part := range slices.Chunk(ids, 1000) {
		n := 0
		do := func(ctx context.Context) error {
			if _, err := e.cfg.Index.Delete(ctx, e.vectors(c.Tenant), part); err != nil && domain.CodeOf(err) != domain.CodeNotFound {
				return err
			}
			n, err = e.cfg.Rows.Remove(ctx, c.ID, part)
			return err
		}
		if e.cfg.Joins {
			err = e.cfg.Tx.InTx(ctx, do)
		} else {
			err = do(ctx)
		}
		if err != nil {
			return removed, err
		}
		removed += n
	}
	if removed == 0 {
		return 0, nil
	}
	return removed, e.cfg.Rows.Prune(ctx, c.ID, keepGone)
}

// Rebuild embeds all documents again for an embedder or an index that has not seen
// them, and then drops the vectors of other embedders.
func (e *Engine) Rebuild(ctx context.Context) (n int, err error) {
	all, err := e.cfg.Rows.All(ctx)
	if err != nil {
		return 0, err
	}
	for i := range all {
		if all[i].Name != documentsName {
			continue
		}
		m, err := e.rebuild(ctx, &all[i])
		if n += m; err != nil {
			return n, err
		}
	}
	return n, nil
}

func (e *Engine) rebuild(ctx context.Context, c *domain.VectorCollection) (n int, err error) {
	if err := e.createVectors(ctx, c.Tenant); err != nil {
		return 0, err
	}
	for after := ""; ; {
		rows, err := e.rebuildBatch(ctx, c, after)
		if err != nil {
			return n, err
		}
		if len(rows) == 0 {
			break
		}
		n, after = n+len(rows), rows[len(rows)-1].ID
	}
	spaces, err := e.cfg.Index.Collections(ctx, c.Tenant)
	if err != nil {
		return n, err
	}
	for _, other := range spaces {
		if strings.HasPrefix(other.Name, spacePrefix) && other.Name != e.space {
			if err := e.cfg.Index.Drop(ctx, other.Ref); err != nil && domain.CodeOf(err) != domain.CodeNotFound {
				return n, err
			}
		}
	}
	return n, nil
}

func (e *Engine) rebuildBatch(ctx context.Context, c *domain.VectorCollection, after string) ([]domain.VectorRow, error) {
	e.writes.Lock()
	defer e.writes.Unlock()
	rows, err := e.cfg.Rows.Walk(ctx, c.ID, after, batch)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	records, _, err := e.embed(ctx, rows)
	if err != nil {
		return nil, err
	}
	return rows, e.cfg.Index.Upsert(ctx, e.vectors(c.Tenant), records)
}
