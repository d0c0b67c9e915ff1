package chroma

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"empire/internal/domain"
	"empire/internal/intelligence/vector"
)

// importBatch is how many records are written at once.
const importBatch = 500

// Import reads a dump into collections of a tenant, each of which then equals the
// dump's: what is new or different is stored, what is not in the dump is removed. The
// whole dump is checked before anything is written. Afterwards every collection is
// read again and its hash compared with the dump's; exact says that the index gives
// vectors back to the bit, else they are left out of that comparison.
func Import(ctx context.Context, x vector.Index, exact bool, tenant domain.TenantID, dump io.ReadSeeker) (*domain.VectorImport, error) {
	hashes, err := check(dump, exact)
	if err != nil {
		return nil, err
	}
	if _, err := dump.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("read dump again: %w", err)
	}
	im := &importing{ctx: ctx, x: x, exact: exact, tenant: tenant, hashes: hashes, report: &domain.VectorImport{}}
	err = readDump(dump, visitor{im.begin, im.record, im.done})
	return im.report, err
}

// check reads a dump to its end and returns the hashes of its collections.
func check(dump io.Reader, exact bool) (map[string]string, error) {
	out := map[string]string{}
	var rows []string
	err := readDump(dump, visitor{
		collection: func(*dumpCollection) error { rows = rows[:0]; return nil },
		record:     func(_ *dumpCollection, r *vector.Record) error { rows = append(rows, rowHash(r, exact)); return nil },
		done:       func(c *dumpCollection) error { out[c.Collection] = hashOf(rows); return nil },
	})
	return out, err
}

type importing struct {
	ctx    context.Context //nolint:containedctx // of one call of Import
	x      vector.Index
	exact  bool
	tenant domain.TenantID
	hashes map[string]string
	report *domain.VectorImport

	ref   vector.Ref
	held  map[string]string // hashes of rows that are there, by ID, until the dump has them
	batch []vector.Record
	now   *domain.ImportedCollection
}

func (im *importing) begin(c *dumpCollection) error {
	im.report.Collections = append(im.report.Collections, domain.ImportedCollection{
		Name: c.Collection, Dimension: c.Dimension, Space: c.Space, Records: c.Records, SHA256: im.hashes[c.Collection],
	})
	im.now = &im.report.Collections[len(im.report.Collections)-1]
	im.report.Records += c.Records
	im.held, im.batch = map[string]string{}, nil
	if c.Dimension == 0 {
		return nil
	}
	im.ref = vector.Ref{Tenant: im.tenant, Name: targetName(c.Collection)}
	im.now.Target = im.ref.Name
	_, err := im.x.Collection(im.ctx, im.ref)
	if domain.CodeOf(err) == domain.CodeNotFound {
		im.report.Changed = true
	}
	if err := im.x.Create(im.ctx, vector.Collection{Ref: im.ref, Dimension: c.Dimension, Space: vector.Space(c.Space)}); err != nil {
		return err
	}
	return walk(im.ctx, im.x, im.ref, func(r *vector.Record) { im.held[r.ID] = rowHash(r, im.exact) })
}

func walk(ctx context.Context, x vector.Index, ref vector.Ref, fn func(r *vector.Record)) error {
	for cursor := ""; ; {
		list, next, err := x.List(ctx, ref, cursor, importBatch)
		if err != nil {
			return err
		}
		for i := range list {
			fn(&list[i])
		}
		if next == "" {
			return nil
		}
		cursor = next
	}
}

func (im *importing) record(_ *dumpCollection, r *vector.Record) error {
	hash, known := im.held[r.ID]
	delete(im.held, r.ID)
	if known && hash == rowHash(r, im.exact) {
		return nil
	}
	im.batch = append(im.batch, *r)
	if len(im.batch) < importBatch {
		return nil
	}
	return im.flush()
}

func (im *importing) flush() error {
	if len(im.batch) == 0 {
		return nil
	}
	if err := im.x.Upsert(im.ctx, im.ref, im.batch); err != nil {
		return err
	}
	im.now.Stored += len(im.batch)
	im.batch = im.batch[:0]
	im.report.Changed = true
	return nil
}

// done writes the rest, removes what the dump does not have, and compares.
func (im *importing) done(c *dumpCollection) error {
	if c.Dimension == 0 {
		return nil
	}
	if err := im.flush(); err != nil {
		return err
	}
	if len(im.held) > 0 {
		gone := make([]string, 0, len(im.held))
		for id := range im.held {
			gone = append(gone, id)
		}
		slices.Sort(gone)
		n, err := im.x.Delete(im.ctx, im.ref, gone)
		if err != nil {
			return err
		}
		im.now.Removed, im.report.Changed = n, true
	}
	var rows []string
	if err := walk(im.ctx, im.x, im.ref, func(r *vector.Record) { rows = append(rows, rowHash(r, im.exact)) }); err != nil {
		return err
	}
	if got := hashOf(rows); got != im.now.SHA256 || len(rows) != c.Records {
		return domain.Errorf(domain.CodeInternal, "Collection %s has %d records with SHA-256 %s after the import; the dump has %d with %s.",
			c.Collection, len(rows), got, c.Records, im.now.SHA256)
	}
	return nil
}

// rowHash is the SHA-256 of a record in canonical form: a JSON object with the keys
// document, id, metadata (its keys in order, whole numbers without a fraction), source
// and vector (float32, little-endian, hexadecimal; left out unless exact).
func rowHash(r *vector.Record, exact bool) string {
	row := map[string]any{"id": r.ID, "document": r.Document, "source": r.Source, "metadata": r.Metadata}
	if len(r.Metadata) == 0 {
		row["metadata"] = map[string]any{}
	}
	if exact {
		raw := make([]byte, 0, 4*len(r.Vector))
		for _, x := range r.Vector {
			raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(x))
		}
		row["vector"] = hex.EncodeToString(raw)
	}
	raw, _ := json.Marshal(row) // of strings, numbers and truth values: cannot fail
	sum := sha256.Sum256(raw)
	return r.ID + "\x00" + hex.EncodeToString(sum[:])
}

// hashOf is the SHA-256 over the hashes of all rows, one a line, in the order of IDs.
func hashOf(rows []string) string {
	slices.Sort(rows)
	h := sha256.New()
	for _, row := range rows {
		_, hash, _ := strings.Cut(row, "\x00")
		h.Write([]byte(hash + "\n"))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// targetName is what a collection of a dump is called here: its name in lower case, if
// that is possible, with a hash of the name if it had to be changed.
func targetName(name string) string {
	const most = 80
	slug := strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '.', r == '_', r == '-':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, name[:min(len(name), most)]), "._-")
	if slug == name {
		return "chroma." + name
	}
	sum := sha256.Sum256([]byte(name))
	return "chroma." + strings.TrimLeft(slug+"."+hex.EncodeToString(sum[:6]), ".")
}
