package chroma

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"empire/internal/domain"
	"empire/internal/integration/rest"
	"empire/internal/intelligence/vector"
)

// Keys of ours in Chroma's metadata.
const (
	keyTenant    = "empire_tenant"
	keyName      = "empire_name"
	keyDimension = "empire_dimension"
	keySource    = "empire_source"
)

var _ vector.Index = (*Client)(nil)

// serverName returns what a collection is called on the server.
func serverName(ref vector.Ref) string {
	sum := sha256.Sum256([]byte(ref.Tenant))
	return "empire-" + hex.EncodeToString(sum[:8]) + "." + ref.Name
}

// collection returns what a raw collection of ours is, or false.
func (c *RawCollection) collection() (vector.Collection, bool) {
	tenant, ok1 := c.Metadata[keyTenant].(string)
	name, ok2 := c.Metadata[keyName].(string)
	dimension, ok3 := c.Metadata[keyDimension].(float64)
	out := vector.Collection{Ref: vector.Ref{Tenant: domain.TenantID(tenant), Name: name}, Dimension: int(dimension), Space: c.Space()}
	return out, ok1 && ok2 && ok3 && serverName(out.Ref) == c.Name
}

// Create implements vector.Index.
func (c *Client) Create(ctx context.Context, col vector.Collection) error {
	if err := col.Validate(); err != nil {
		return err
	}
	in := map[string]any{
		"name": serverName(col.Ref), "get_or_create": true, "configuration": map[string]any{"hnsw": map[string]any{"space": col.Space}},
		"metadata": map[string]any{keyTenant: col.Tenant, keyName: col.Name, keyDimension: col.Dimension},
	}
	var raw RawCollection
	if err := c.post(ctx, "", in, &raw); err != nil {
		return err
	}
	held, ok := raw.collection()
	if !ok || held.Ref != col.Ref {
		return domain.Errorf(domain.CodeConflict, "Chroma has a collection %s that is not of this program.", raw.Name)
	}
	if held != col {
		return vector.OtherShape(held, col)
	}
	return nil
}

// find returns a collection and the path of its records. What it knows may be gone:
// see again.
func (c *Client) find(ctx context.Context, ref vector.Ref) (path string, col vector.Collection, err error) {
	c.mu.Lock()
	raw := c.known[ref]
	c.mu.Unlock()
	if raw == nil {
		raw = &RawCollection{}
		_, err := c.rest.Do(ctx, rest.Call{Method: http.MethodGet, Path: c.base + "/" + url.PathEscape(serverName(ref)), Out: raw})
		if domain.CodeOf(err) == domain.CodeNotFound {
			return "", col, vector.NoCollection(ref)
		}
		if err != nil {
			return "", col, explain(err)
		}
	}
	col, ok := raw.collection()
	if !ok || col.Ref != ref {
		return "", col, vector.NoCollection(ref)
	}
	c.mu.Lock()
	c.known[ref] = raw
	c.mu.Unlock()
	return "/" + url.PathEscape(raw.ID), col, nil
}

// again runs fn on a collection, and once more if the collection was made anew since.
func (c *Client) again(ctx context.Context, ref vector.Ref, fn func(path string, col *vector.Collection) error) error {
	for try := 0; ; try++ {
		path, col, err := c.find(ctx, ref)
		if err != nil {
			return err
		}
		if err = fn(path, &col); domain.CodeOf(err) != domain.CodeNotFound {
			return err
		}
		c.forget(ref)
		if try > 0 {
			return vector.NoCollection(ref)
		}
	}
}

func (c *Client) forget(ref vector.Ref) {
	c.mu.Lock()
	delete(c.known, ref)
	c.mu.Unlock()
}

// Collection implements vector.Index.
func (c *Client) Collection(ctx context.Context, ref vector.Ref) (*vector.Collection, error) {
	c.forget(ref) // the server is asked
	_, col, err := c.find(ctx, ref)
	if err != nil {
		return nil, err
	}
	return &col, nil
}

// Collections implements vector.Index.
func (c *Client) Collections(ctx context.Context, tenant domain.TenantID) ([]vector.Collection, error) {
	all, err := c.All(ctx)
	if err != nil {
		return nil, err
	}
	var out []vector.Collection
	for i := range all {
		if col, ok := all[i].collection(); ok && col.Tenant == tenant {
			out = append(out, col)
		}
	}
	slices.SortFunc(out, func(a, b vector.Collection) int { return cmp.Compare(a.Name, b.Name) })
	return out, nil
}

// Drop implements vector.Index.
func (c *Client) Drop(ctx context.Context, ref vector.Ref) error {
	c.forget(ref)
	err := c.rest.JSON(ctx, http.MethodDelete, c.base+"/"+url.PathEscape(serverName(ref)), nil, nil)
	if domain.CodeOf(err) == domain.CodeNotFound {
		return vector.NoCollection(ref)
	}
	return explain(err)
}

// Upsert implements vector.Index. A batch is stored whole; of several, those before a
// failure stay: to repeat it does no harm.
func (c *Client) Upsert(ctx context.Context, ref vector.Ref, records []vector.Record) error {
	return c.again(ctx, ref, func(path string, col *vector.Collection) error {
		list := slices.Clone(records)
		if err := vector.CheckRecords(col, list); err != nil {
			return err
		}
		n, err := c.maxBatch(ctx, col.Dimension)
		if err != nil {
			return err
		}
		for part := range slices.Chunk(distinct(list), n) {
			if err := c.upsert(ctx, path, part); err != nil {
				return err
			}
		}
		return nil
	})
}

// distinct leaves out records that a later one with the same ID replaces.
func distinct(list []vector.Record) []vector.Record {
	last := make(map[string]int, len(list))
	for i := range list {
		last[list[i].ID] = i
	}
	out := list[:0]
	for i := range list {
		if last[list[i].ID] == i {
			out = append(out, list[i])
		}
	}
	return out
}

// upsert stores one batch. The server merges metadata, so what a record does not have
// any more is sent as null.
func (c *Client) upsert(ctx context.Context, path string, part []vector.Record) error {
	ids := make([]string, len(part))
	for i := range part {
		ids[i] = part[i].ID
	}
	var held Records
	if err := c.post(ctx, path+"/get", map[string]any{"ids": ids, "include": []string{"metadatas"}}, &held); err != nil {
		return err
	}
	stale := make(map[string]map[string]any, len(held.IDs))
	for i, id := range held.IDs {
		if i < len(held.Metadatas) {
			stale[id] = held.Metadatas[i]
		}
	}
	vectors, documents, metadatas := make([][]float32, len(part)), make([]string, len(part)), make([]map[string]any, len(part))
	for i := range part {
		r := &part[i]
		m := map[string]any{keySource: r.Source}
		maps.Copy(m, r.Metadata)
		for k := range stale[r.ID] {
			if _, ok := m[k]; !ok {
				m[k] = nil
			}
		}
		vectors[i], documents[i], metadatas[i] = r.Vector, r.Document, m
	}
	return c.post(ctx, path+"/upsert", map[string]any{"ids": ids, "embeddings": vectors, "documents": documents, "metadatas": metadatas}, nil)
}

// Delete implements vector.Index.
func (c *Client) Delete(ctx context.Context, ref vector.Ref, ids []string) (n int, err error) {
	if len(ids) == 0 {
		_, _, err = c.find(ctx, ref)
		return 0, err
	}
	err = c.again(ctx, ref, func(path string, _ *vector.Collection) error {
		n = 0
		for part := range slices.Chunk(ids, 1000) {
			var held Records // the server counts IDs that it does not have, too
			if err := c.post(ctx, path+"/get", map[string]any{"ids": part, "include": []string{}}, &held); err != nil {
				return err
			}
			if len(held.IDs) == 0 {
				continue
			}
			if err := c.post(ctx, path+"/delete", map[string]any{"ids": held.IDs}, nil); err != nil {
				return err
			}
			n += len(held.IDs)
		}
		return nil
	})
	return n, err
}

// DeleteSource implements vector.Index.
func (c *Client) DeleteSource(ctx context.Context, ref vector.Ref, source string) (n int, err error) {
	err = c.again(ctx, ref, func(path string, _ *vector.Collection) error {
		if n = 0; source == "" {
			return nil
		}
		var answer struct {
			Deleted int `json:"deleted"`
		}
		where := map[string]any{keySource: map[string]any{"$eq": source}}
		err := c.post(ctx, path+"/delete", map[string]any{"where": where}, &answer)
		n = answer.Deleted
		return err
	})
	return n, err
}

// Count implements vector.Index.
func (c *Client) Count(ctx context.Context, ref vector.Ref) (n int, err error) {
	err = c.again(ctx, ref, func(path string, _ *vector.Collection) error {
		n, err = c.CountRaw(ctx, strings.TrimPrefix(path, "/"))
		return err
	})
	return n, err
}

var wholeRecord = []string{"documents", "embeddings", "metadatas"}

// Get implements vector.Index.
func (c *Client) Get(ctx context.Context, ref vector.Ref, ids []string) (out []vector.Record, err error) {
	err = c.again(ctx, ref, func(path string, _ *vector.Collection) error {
		by := map[string]vector.Record{}
		for part := range slices.Chunk(ids, 1000) {
			var held Records
			if err := c.post(ctx, path+"/get", map[string]any{"ids": part, "include": wholeRecord}, &held); err != nil {
				return err
			}
			list, err := held.records()
			if err != nil {
				return err
			}
			for _, r := range list {
				by[r.ID] = r
			}
		}
		out = nil
		for _, id := range ids {
			if r, ok := by[id]; ok {
				out = append(out, r)
				delete(by, id)
			}
		}
		return nil
	})
	return out, err
}

// List implements vector.Index; records come in the server's order.
func (c *Client) List(ctx context.Context, ref vector.Ref, cursor string, limit int) (out []vector.Record, next string, err error) {
	offset := 0
	if cursor != "" {
		n, ok := strings.CutPrefix(cursor, "at:")
		if offset, err = strconv.Atoi(n); err != nil || !ok || offset < 0 {
			return nil, "", domain.Invalid("cursor", "The cursor of the list is not valid.")
		}
	}
	if limit < 1 {
		return nil, "", domain.Invalid("limit", "Limit %d is less than 1.", limit)
	}
	err = c.again(ctx, ref, func(path string, _ *vector.Collection) error {
		var held Records
		if err := c.post(ctx, path+"/get", map[string]any{"offset": offset, "limit": limit, "include": wholeRecord}, &held); err != nil {
			return err
		}
		out, err = held.records()
		return err
	})
	if len(out) == limit {
		next = "at:" + strconv.Itoa(offset+limit)
	}
	return out, next, err
}

// records returns what an answer holds.
func (r *Records) records() ([]vector.Record, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	out := make([]vector.Record, len(r.IDs))
	for i, id := range r.IDs {
		rec, err := record(id, r.Documents[i], r.Metadatas[i])
		if err != nil {
			return nil, err
		}
		rec.Vector = r.Embeddings[i]
		out[i] = rec
	}
	return out, nil
}

func record(id string, document *string, metadata map[string]any) (vector.Record, error) {
	r := vector.Record{ID: id}
	if document != nil {
		r.Document = *document
	}
	r.Source, _ = metadata[keySource].(string)
	m := maps.Clone(metadata)
	delete(m, keySource)
	var err error
	if r.Metadata, err = vector.Normalize(m); err != nil {
		return r, fmt.Errorf("metadata of %s: %w", id, err)
	}
	return r, nil
}
