// Package chroma keeps vector collections on a Chroma server, over its REST API v2.
//
// One collection of ours is one of Chroma's; its name begins with a hash of the
// tenant, and every lookup checks the tenant in its metadata again. What Chroma does
// differently is hidden here: it merges metadata on upsert, counts the IDs asked for
// on delete, and does not know the dimension before the first record.
package chroma

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"empire/internal/domain"
	"empire/internal/integration/rest"
	"empire/internal/intelligence/vector"
)

// Config says which server.
type Config struct {
	URL      string        // http://host:8000, without /api/v2
	Tenant   string        // of the server; empty: default_tenant
	Database string        // of the server; empty: default_database
	Token    string        // for x-chroma-token and Authorization; empty: none
	Timeout  time.Duration // of one request; 0: 30 s
	HTTP     *http.Client  // nil: its own
}

// Client speaks to one database of a server. It is safe for concurrent use.
type Client struct {
	rest *rest.Client
	base string // path of the collections

	mu    sync.Mutex
	batch int                           // records in one request, once the server was asked
	known map[vector.Ref]*RawCollection // by what they are called here
}

// maxAnswer bounds answers: a page of records of the greatest dimension.
const maxAnswer = 256 << 20

// New returns a client, or CodeInvalid for an address that is none.
func New(cfg Config) (*Client, error) {
	if cfg.Tenant == "" {
		cfg.Tenant = "default_tenant"
	}
	if cfg.Database == "" {
		cfg.Database = "default_database"
	}
	rc := rest.Config{Vendor: "Chroma", BaseURL: cfg.URL, HTTP: cfg.HTTP, Timeout: cfg.Timeout, MaxBytes: maxAnswer}
	if cfg.Token != "" {
		rc.Header = http.Header{"X-Chroma-Token": {cfg.Token}, "Authorization": {"Bearer " + cfg.Token}}
		rc.Secrets = []string{cfg.Token}
	}
	c, err := rest.New(rc)
	if err != nil {
		return nil, err
	}
	base := "/api/v2/tenants/" + url.PathEscape(cfg.Tenant) + "/databases/" + url.PathEscape(cfg.Database) + "/collections"
	return &Client{rest: c, base: base, known: map[vector.Ref]*RawCollection{}}, nil
}

// RawCollection is a collection as the server describes it.
type RawCollection struct {
	ID            string         `json:"id"`
	Name          string         `json:"name"`
	Dimension     *int           `json:"dimension"` // nil before the first record
	Metadata      map[string]any `json:"metadata"`
	Configuration struct {
		HNSW *struct {
			Space string `json:"space"`
		} `json:"hnsw"`
		SPANN *struct {
			Space string `json:"space"`
		} `json:"spann"`
	} `json:"configuration_json"`
}

// Space returns how the collection compares; l2 is the server's default.
func (c *RawCollection) Space() vector.Space {
	switch {
	case c.Configuration.HNSW != nil && c.Configuration.HNSW.Space != "":
		return vector.Space(c.Configuration.HNSW.Space)
	case c.Configuration.SPANN != nil && c.Configuration.SPANN.Space != "":
		return vector.Space(c.Configuration.SPANN.Space)
	}
	if s, ok := c.Metadata["hnsw:space"].(string); ok {
		return vector.Space(s)
	}
	return vector.L2
}

// Records are what get returns: lists of the same length.
type Records struct {
	IDs        []string         `json:"ids"`
	Embeddings [][]float32      `json:"embeddings"`
	Documents  []*string        `json:"documents"`
	Metadatas  []map[string]any `json:"metadatas"`
	URIs       []*string        `json:"uris"`
}

// post sends a request that does no harm twice.
func (c *Client) post(ctx context.Context, path string, in, out any) error {
	_, err := c.rest.Do(ctx, rest.Call{Method: http.MethodPost, Path: c.base + path, In: in, Out: out, Repeatable: true})
	return explain(err)
}

// explain adds what the server said to a refusal: it names what is wrong.
func explain(err error) error {
	refused, ok := errors.AsType[*rest.Error](err)
	if !ok || refused.Status == 0 || len(refused.Body) == 0 {
		return err
	}
	out := *must(errors.AsType[*domain.Error](err))
	out.Message += " It says: " + string(refused.Body[:min(len(refused.Body), 300)])
	return &out
}

func must[T any](v T, _ bool) T { return v }

// Version returns what the server says its API's version is.
func (c *Client) Version(ctx context.Context) (v string, err error) {
	err = c.rest.JSON(ctx, http.MethodGet, "/api/v2/version", nil, &v)
	return v, err
}

// Ping implements vector.Index: the server answers and has the database.
func (c *Client) Ping(ctx context.Context) error {
	return explain(c.rest.JSON(ctx, http.MethodGet, strings.TrimSuffix(c.base, "/collections"), nil, nil))
}

// maxBatch returns how many records of a dimension one request may hold: what the
// server advises, and at most about 16 MB.
func (c *Client) maxBatch(ctx context.Context, dimension int) (int, error) {
	c.mu.Lock()
	n := c.batch
	c.mu.Unlock()
	if n == 0 {
		var limits struct {
			MaxBatchSize int `json:"max_batch_size"`
		}
		if err := c.rest.JSON(ctx, http.MethodGet, "/api/v2/pre-flight-checks", nil, &limits); err != nil {
			return 0, err
		}
		if n = limits.MaxBatchSize; n < 1 {
			n = 100
		}
		c.mu.Lock()
		c.batch = n
		c.mu.Unlock()
	}
	return max(min(n, (16<<20)/(16*dimension+2048)), 1), nil
}

// All returns all collections of the database, ours and others.
func (c *Client) All(ctx context.Context) ([]RawCollection, error) {
	const page = 100
	var out []RawCollection
	for {
		var list []RawCollection
		q := url.Values{"limit": {strconv.Itoa(page)}, "offset": {strconv.Itoa(len(out))}}
		if _, err := c.rest.Do(ctx, rest.Call{Method: http.MethodGet, Path: c.base, Query: q, Out: &list}); err != nil {
			return nil, explain(err)
		}
		out = append(out, list...)
		if len(list) < page {
			return out, nil
		}
	}
}

// CountRaw returns how many records a collection has, by the server's ID.
func (c *Client) CountRaw(ctx context.Context, id string) (n int, err error) {
	err = c.rest.JSON(ctx, http.MethodGet, c.base+"/"+url.PathEscape(id)+"/count", nil, &n)
	return n, explain(err)
}

// Page returns records of a collection in the server's order.
func (c *Client) Page(ctx context.Context, id string, offset, limit int) (*Records, error) {
	in := map[string]any{"offset": offset, "limit": limit, "include": []string{"documents", "embeddings", "metadatas", "uris"}}
	var out Records
	if err := c.post(ctx, "/"+url.PathEscape(id)+"/get", in, &out); err != nil {
		return nil, err
	}
	return &out, out.check()
}

// check refuses an answer whose lists do not fit.
func (r *Records) check() error {
	n := len(r.IDs)
	for _, m := range []int{len(r.Embeddings), len(r.Documents), len(r.Metadatas)} {
		if m != n {
			return domain.Errorf(domain.CodeUnavailable, "Chroma answered with %d records and %d of their parts.", n, m)
		}
	}
	return nil
}
