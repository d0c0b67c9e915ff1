package store

import (
	"context"
	"slices"
	"strings"
	"time"

	"empire/internal/domain"
)

// Graph is what sources say about niches, products, brands, merchants, programs,
// keywords, pages and sites, one row for each thing that is said. Its nodes and
// relations are sums over those rows, so a source that is taken back leaves the graph
// that never saw it. A write takes time in proportion to what is written.
type Graph struct{ db *DB }

var (
	graphPartBulk = bulk{
		into: "graph_parts (tenant, source, part, hash)", columns: 4,
		after: "ON CONFLICT (tenant, source, part) DO UPDATE SET hash = excluded.hash",
	}
	contributionBulk = bulk{into: "graph_contributions (tenant, source, part, seq, said_at, " + contributionColumns + ")", columns: 15}
)

const (
	graphSourceColumns  = `tenant, id, kind, name, said_at, row_count, meta, withdrawn_at, created_at, updated_at`
	contributionColumns = `node_type, node_id, relation, to_type, to_id, attribute, value, weight, valid_from, valid_until`
)

func scanGraphSource(r row) (s domain.GraphSource, err error) {
	err = r.Scan(&s.Tenant, &s.ID, &s.Kind, &s.Name, asTime(&s.At), &s.Rows, rawScan{&s.Meta}, asTimePtr(&s.WithdrawnAt), asTime(&s.CreatedAt), asTime(&s.UpdatedAt))
	return s, err
}

func noGraphSource(id string) *domain.Error {
	return domain.Errorf(domain.CodeNotFound, "The knowledge graph has no source %s.", id)
}

// hold writes the row of a source, which locks it until the transaction ends, and
// makes one count that was withdrawn.
func (s *Graph) hold(ctx context.Context, src *domain.GraphSource) error {
	const query = `INSERT INTO graph_sources (` + graphSourceColumns + `) VALUES ($1, $2, $3, $4, $5, 0, $6, NULL, $7, $7)
		ON CONFLICT (tenant, id) DO UPDATE SET kind = excluded.kind, name = excluded.name, said_at = excluded.said_at, meta = excluded.meta,
		withdrawn_at = NULL, updated_at = excluded.updated_at`
	_, err := s.db.exec(ctx, query, src.Tenant, src.ID, src.Kind, src.Name, s.db.time(src.At), rawArg(src.Meta), s.db.time(src.UpdatedAt))
	return err
}

// Put stores what parts of a source say, each in place of what it said before; other
// parts stay. Parts whose hash is stored already are left alone. It returns which parts
// were new and which changed. Source, Seq and At of the rows are not looked at. The source's
// CreatedAt and Rows are kept by the store.
func (s *Graph) Put(ctx context.Context, src *domain.GraphSource, parts []domain.GraphPart) (added, changed []string, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		if err := s.hold(ctx, src); err != nil {
			return err
		}
		held, err := s.hashes(ctx, src, parts)
		if err != nil {
			return err
		}
		var fresh []domain.GraphPart
		for i := range parts {
			hash, known := held[parts[i].Part]
			switch {
			case !known:
				added = append(added, parts[i].Part)
			case hash == parts[i].Hash:
				continue
			default:
				changed = append(changed, parts[i].Part)
			}
			fresh = append(fresh, parts[i])
		}
		if len(fresh) == 0 {
			return nil
		}
		removed, err := s.clear(ctx, src.Tenant, src.ID, changed)
		if err != nil {
			return err
		}
		return s.insert(ctx, src, fresh, removed)
	})
	return added, changed, s.db.fail(err, "store contributions of %s", src.ID)
}

// hashes returns the stored hashes of parts.
func (s *Graph) hashes(ctx context.Context, src *domain.GraphSource, parts []domain.GraphPart) (map[string]string, error) {
	names := make([]string, len(parts))
	for i := range parts {
		names[i] = parts[i].Part
	}
	f := filter{conds: []string{"tenant = $1", "source = $2"}, args: []any{src.Tenant, src.ID}}
	in(&f, s.db.d, "part", names)
	out := map[string]string{}
	err := s.db.each(ctx, `SELECT part, hash FROM graph_parts`+f.where(), f.args, func(r row) error {
		var part, hash string
		err := r.Scan(&part, &hash)
		out[part] = hash
		return err
	})
	return out, err
}

// clear deletes the contributions of parts and returns how many those were.
func (s *Graph) clear(ctx context.Context, tenant domain.TenantID, source string, parts []string) (int64, error) {
	removed := int64(0)
	for chunk := range slices.Chunk(parts, 1000) {
		f := filter{conds: []string{"tenant = $1", "source = $2"}, args: []any{tenant, source}}
		in(&f, s.db.d, "part", chunk)
		n, err := s.db.exec(ctx, `DELETE FROM graph_contributions`+f.where(), f.args...)
		if err != nil {
			return 0, err
		}
		removed += n
	}
	return removed, nil
}

// insert writes parts whose contributions are not there.
func (s *Graph) insert(ctx context.Context, src *domain.GraphSource, parts []domain.GraphPart, removed int64) error {
	slices.SortFunc(parts, func(a, b domain.GraphPart) int { return strings.Compare(a.Part, b.Part) })
	err := graphPartBulk.write(ctx, s.db, len(parts), func(args []any, i int) []any {
		return append(args, src.Tenant, src.ID, parts[i].Part, parts[i].Hash)
	})
	if err != nil {
		return err
	}
	type place struct{ part, seq int }
	var rows []place
	for p := range parts {
		for seq := range parts[p].Rows {
			rows = append(rows, place{p, seq})
		}
	}
	err = contributionBulk.write(ctx, s.db, len(rows), func(args []any, i int) []any {
		at := rows[i]
		c := &parts[at.part].Rows[at.seq]
		return append(args, src.Tenant, src.ID, parts[at.part].Part, at.seq, s.db.time(src.At), c.Node.Type, c.Node.ID, c.Relation, c.To.Type, c.To.ID,
			c.Attribute, c.Value, int64(c.Weight), s.orNull(c.From), s.orNull(c.Until))
	})
	if err != nil {
		return err
	}
	return s.counted(ctx, src.Tenant, src.ID, int64(len(rows))-removed)
}

func (s *Graph) orNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return s.db.time(t)
}

// counted adds to the rows of a source and moves the version of its tenant. The version
// is locked last, as counters are.
func (s *Graph) counted(ctx context.Context, tenant domain.TenantID, source string, rows int64) error {
	if _, err := s.db.exec(ctx, `UPDATE graph_sources SET row_count = row_count + $3 WHERE tenant = $1 AND id = $2`, tenant, source, rows); err != nil {
		return err
	}
	const query = `INSERT INTO graph_versions (tenant, value) VALUES ($1, 1) ON CONFLICT (tenant) DO UPDATE SET value = graph_versions.value + 1`
	_, err := s.db.exec(ctx, query, tenant)
	return err
}

// Remove takes back what parts of a source say. Unknown parts are left out.
func (s *Graph) Remove(ctx context.Context, tenant domain.TenantID, source string, parts []string) error {
	if len(parts) == 0 {
		return nil
	}
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		// Written, though nothing changes: that locks the source until the transaction ends.
		const query = `UPDATE graph_sources SET row_count = row_count WHERE tenant = $1 AND id = $2`
		if err := s.db.execOne(ctx, noGraphSource(source), query, tenant, source); err != nil {
			return err
		}
		removed, err := s.clear(ctx, tenant, source, parts)
		if err != nil {
			return err
		}
		for chunk := range slices.Chunk(parts, 1000) {
			f := filter{conds: []string{"tenant = $1", "source = $2"}, args: []any{tenant, source}}
			in(&f, s.db.d, "part", chunk)
			if _, err := s.db.exec(ctx, `DELETE FROM graph_parts`+f.where(), f.args...); err != nil {
				return err
			}
		}
		return s.counted(ctx, tenant, source, -removed)
	})
	return s.db.fail(err, "remove parts of %s", source)
}

// Withdraw takes back everything that a source says. The source stays in the list, as
// withdrawn, until it says something again. It is CodeNotFound if there is none.
func (s *Graph) Withdraw(ctx context.Context, tenant domain.TenantID, source string, at time.Time) error {
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		const query = `UPDATE graph_sources SET withdrawn_at = $3, updated_at = $3 WHERE tenant = $1 AND id = $2`
		if err := s.db.execOne(ctx, noGraphSource(source), query, tenant, source, s.db.time(at)); err != nil {
			return err
		}
		removed, err := s.db.exec(ctx, `DELETE FROM graph_contributions WHERE tenant = $1 AND source = $2`, tenant, source)
		if err != nil {
			return err
		}
		if _, err := s.db.exec(ctx, `DELETE FROM graph_parts WHERE tenant = $1 AND source = $2`, tenant, source); err != nil {
			return err
		}
		return s.counted(ctx, tenant, source, -removed)
	})
	return s.db.fail(err, "withdraw %s", source)
}
