package chroma

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"empire/internal/domain"
)

// A dump is JSON Lines: a dumpHead, then for each collection a dumpCollection and its
// records, and a dumpEnd, so that every cut is noticed.
const (
	dumpFormat  = "chroma-dump"
	dumpVersion = 1
)

type dumpHead struct {
	Format      string `json:"format"`
	Version     int    `json:"version"`
	Server      string `json:"server,omitempty"` // what the server calls its API's version
	Collections int    `json:"collections"`
}

type dumpCollection struct {
	Collection string         `json:"collection"`
	Space      string         `json:"space"`
	Dimension  int            `json:"dimension"` // 0: it never had a record
	Metadata   map[string]any `json:"metadata,omitempty"`
	Records    int            `json:"records"`
}

type dumpRecord struct {
	ID        string         `json:"id"`
	Embedding []float32      `json:"embedding"`
	Document  *string        `json:"document,omitempty"`
	Metadata  map[string]any `json:"metadata,omitempty"`
	URI       *string        `json:"uri,omitempty"`
}

type dumpEnd struct {
	End     bool `json:"end"`
	Records int  `json:"records"` // of all collections
}

// Dump writes all collections of the database to w, the form that Import reads. The
// server must not be written to meanwhile: a collection whose size changes is
// CodeConflict.
func (c *Client) Dump(ctx context.Context, w io.Writer) error {
	list, err := c.All(ctx)
	if err != nil {
		return err
	}
	version, err := c.Version(ctx)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(w, 1<<20)
	lines := json.NewEncoder(out)
	lines.SetEscapeHTML(false)
	if err := lines.Encode(dumpHead{dumpFormat, dumpVersion, version, len(list)}); err != nil {
		return err
	}
	total := 0
	for i := range list {
		n, err := c.dumpCollection(ctx, lines, &list[i])
		if err != nil {
			return fmt.Errorf("dump collection %s: %w", list[i].Name, err)
		}
		total += n
	}
	if err := lines.Encode(dumpEnd{true, total}); err != nil {
		return err
	}
	return out.Flush()
}

func (c *Client) dumpCollection(ctx context.Context, lines *json.Encoder, raw *RawCollection) (n int, err error) {
	count, err := c.CountRaw(ctx, raw.ID)
	if err != nil {
		return 0, err
	}
	head := dumpCollection{Collection: raw.Name, Space: string(raw.Space()), Metadata: raw.Metadata, Records: count}
	if raw.Dimension != nil {
		head.Dimension = *raw.Dimension
	}
	if err := lines.Encode(head); err != nil {
		return 0, err
	}
	page, err := c.maxBatch(ctx, max(head.Dimension, 1))
	if err != nil {
		return 0, err
	}
	page = min(page, 1000)
	for n < count {
		r, err := c.Page(ctx, raw.ID, n, page)
		if err != nil {
			return n, err
		}
		for i, id := range r.IDs {
			line := dumpRecord{ID: id, Embedding: r.Embeddings[i], Document: r.Documents[i], Metadata: r.Metadatas[i]}
			if len(r.URIs) == len(r.IDs) {
				line.URI = r.URIs[i]
			}
			if err := lines.Encode(line); err != nil {
				return n, err
			}
		}
		if n += len(r.IDs); len(r.IDs) == 0 || n > count {
			return n, domain.Errorf(domain.CodeConflict, "Collection %s changed while it was read: it has %d records, not %d.", raw.Name, n, count)
		}
	}
	return n, nil
}
