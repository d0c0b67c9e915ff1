package store

import (
	"cmp"
	"context"
	"time"

	"empire/internal/domain"
)

// Version returns a number that changes whenever the graph that a tenant sees does.
func (s *Graph) Version(ctx context.Context, tenant domain.TenantID) (int64, error) {
	var n int64
	const query = `SELECT coalesce(sum(value), 0) FROM graph_versions WHERE tenant IN ('', $1)`
	err := s.db.r(ctx).QueryRowContext(ctx, query, tenant).Scan(&n)
	return n, s.db.fail(err, "read version of the graph")
}

// Sources returns the sources that a tenant sees, ordered by id, and how many there
// are.
func (s *Graph) Sources(ctx context.Context, tenant domain.TenantID, w domain.Window) ([]domain.GraphSource, int, error) {
	total, err := s.db.count(ctx, `SELECT count(*) FROM graph_sources WHERE tenant IN ('', $1)`, tenant)
	if err != nil {
		return nil, 0, err
	}
	limit, offset := limitOffset(w)
	list, err := getAll(ctx, s.db, scanGraphSource,
		`SELECT `+graphSourceColumns+` FROM graph_sources WHERE tenant IN ('', $1) ORDER BY id, tenant LIMIT $2 OFFSET $3`, tenant, limit, offset)
	return list, total, s.db.fail(err, "list sources of the graph")
}

// Source returns a source that a tenant sees, or CodeNotFound.
func (s *Graph) Source(ctx context.Context, tenant domain.TenantID, id string) (*domain.GraphSource, error) {
	const query = `SELECT ` + graphSourceColumns + ` FROM graph_sources WHERE tenant IN ('', $1) AND id = $2 ORDER BY tenant DESC LIMIT 1`
	src, err := getOne(ctx, s.db, noGraphSource(id), scanGraphSource, query, tenant, id)
	return src, s.db.fail(err, "get source %s of the graph", id)
}

const elementColumns = `node_type, node_id, relation, to_type, to_id`

// seen is the condition of what a tenant sees and what is true at a time; zero is
// whenever.
func (s *Graph) seen(tenant domain.TenantID, at time.Time) filter {
	f := filter{conds: []string{"tenant IN ('', $1)"}, args: []any{tenant}}
	if !at.IsZero() {
		f.args = append(f.args, s.db.time(at))
		f.conds = append(f.conds, "(valid_from IS NULL OR valid_from <= $2)", "(valid_until IS NULL OR valid_until > $2)")
	}
	return f
}

// Walk calls fn with the nodes and relations that a tenant sees, each once, ordered by
// ends: what the sources say in sum that is true at a time (zero: whenever). Nodes that
// only follow from relations are left out. Attributes are those named; none: all. fn
// must not use the database.
func (s *Graph) Walk(ctx context.Context, tenant domain.TenantID, at time.Time, names []string, fn func(f *domain.GraphFact) error) error {
	f := s.seen(tenant, at)
	attrs, err := s.attributes(ctx, tenant, at, names)
	if err != nil {
		return err
	}
	query := `SELECT ` + elementColumns + `, sum(CASE WHEN attribute = '' THEN weight ELSE 0 END), count(DISTINCT source), max(said_at)
		FROM graph_contributions` + f.where() + ` GROUP BY ` + elementColumns + ` ORDER BY ` + elementColumns
	err = s.db.eachRead(ctx, query, f.args, func(r row) error {
		fact, err := scanFact(r)
		if err != nil {
			return err
		}
		fact.Attributes = attrs[domain.GraphElement{Node: fact.Node, Relation: fact.Relation, To: fact.To}]
		return fn(&fact)
	})
	return s.db.fail(err, "read the graph")
}

func scanFact(r row) (f domain.GraphFact, err error) {
	err = r.Scan(&f.Node.Type, &f.Node.ID, &f.Relation, &f.To.Type, &f.To.ID, &f.Weight, &f.Sources, asTime(&f.Latest))
	return f, err
}

// attributes returns the values that count.
func (s *Graph) attributes(ctx context.Context, tenant domain.TenantID, at time.Time, names []string) (map[domain.GraphElement]map[string]string, error) {
	f := s.seen(tenant, at)
	if len(names) > 0 {
		in(&f, s.db.d, "attribute", names)
	} else {
		f.conds = append(f.conds, "attribute <> ''")
	}
	return s.chosen(ctx, f)
}

// chosen returns for each attribute of a selection the value that the most weight says;
// of equal ones the latest, then the first in the alphabet.
func (s *Graph) chosen(ctx context.Context, f filter) (map[domain.GraphElement]map[string]string, error) {
	type candidate struct {
		value  string
		weight int64
		last   time.Time
	}
	best := map[domain.GraphElement]candidate{}
	query := `SELECT ` + elementColumns + `, attribute, value, sum(weight), max(said_at) FROM graph_contributions` + f.where() +
		` GROUP BY ` + elementColumns + `, attribute, value`
	err := s.db.eachRead(ctx, query, f.args, func(r row) error {
		var e domain.GraphElement
		var c candidate
		if err := r.Scan(&e.Node.Type, &e.Node.ID, &e.Relation, &e.To.Type, &e.To.ID, &e.Attribute, &c.value, &c.weight, asTime(&c.last)); err != nil {
			return err
		}
		b, known := best[e]
		if !known || cmp.Or(cmp.Compare(c.weight, b.weight), c.last.Compare(b.last), cmp.Compare(b.value, c.value)) > 0 {
			best[e] = c
		}
		return nil
	})
	out := map[domain.GraphElement]map[string]string{}
	for e, c := range best {
		name := e.Attribute
		e.Attribute = ""
		if out[e] == nil {
			out[e] = map[string]string{}
		}
		out[e][name] = c.value
	}
	return out, err
}

// About returns what a tenant's sources say about a node and its relations: the facts,
// the first contributions, and how many there are. It takes time in proportion to
// that, whatever the size of the graph.
func (s *Graph) About(ctx context.Context, tenant domain.TenantID, ref domain.GraphRef, at time.Time, limit int) ([]domain.GraphFact, []domain.GraphContribution, int, error) {
	f := s.seen(tenant, at)
	n := len(f.args)
	f.args = append(f.args, ref.ID, ref.Type)
	end := func(id, kind string) string { return id + " = " + s.nth(n+1) + " AND " + kind + " = " + s.nth(n+2) }
	// A union, because PostgreSQL and SQLite then use one index for each side.
	from := ` FROM (SELECT * FROM graph_contributions WHERE ` + end("node_id", "node_type") + ` UNION ALL SELECT * FROM graph_contributions WHERE relation <> '' AND ` +
		end("to_id", "to_type") + ` AND NOT (` + end("node_id", "node_type") + `)) AS c`
	total, err := s.db.count(ctx, `SELECT count(*)`+from+f.where(), f.args...)
	if err != nil {
		return nil, nil, 0, err
	}
	facts, err := getAll(ctx, s.db, scanFact, `SELECT `+elementColumns+`, sum(CASE WHEN attribute = '' THEN weight ELSE 0 END), count(DISTINCT source), max(said_at)`+
		from+f.where()+` GROUP BY `+elementColumns+` ORDER BY `+elementColumns+` LIMIT `+s.nth(n+3), append(f.args[:n+2:n+2], limit)...)
	if err != nil {
		return nil, nil, 0, s.db.fail(err, "read the node %s", ref)
	}
	rows, err := getAll(ctx, s.db, scanContribution, `SELECT source, seq, said_at, `+contributionColumns+from+f.where()+
		` ORDER BY source, part, seq LIMIT `+s.nth(n+3), append(f.args[:n+2:n+2], limit)...)
	return facts, rows, total, s.db.fail(err, "read the node %s", ref)
}

func (*Graph) nth(n int) string { return placeholders(n, 1) }

func scanContribution(r row) (c domain.GraphContribution, err error) {
	var from, until *time.Time
	err = r.Scan(&c.Source, &c.Seq, asTime(&c.At), &c.Node.Type, &c.Node.ID, &c.Relation, &c.To.Type, &c.To.ID, &c.Attribute, &c.Value, &c.Weight,
		asTimePtr(&from), asTimePtr(&until))
	if from != nil {
		c.From = *from
	}
	if until != nil {
		c.Until = *until
	}
	return c, err
}

// Attributes returns the attributes of a node that count.
func (s *Graph) Attributes(ctx context.Context, tenant domain.TenantID, ref domain.GraphRef, at time.Time) (map[string]string, error) {
	f := s.seen(tenant, at)
	f.conds = append(f.conds, "attribute <> ''", "relation = ''")
	f.eq("node_id", ref.ID)
	f.eq("node_type", string(ref.Type))
	all, err := s.chosen(ctx, f)
	return all[domain.GraphElement{Node: ref}], s.db.fail(err, "read attributes of %s", ref)
}

// Contributions calls fn with everything that a source says, by part and position.
func (s *Graph) Contributions(ctx context.Context, tenant domain.TenantID, source string, fn func(c *domain.GraphContribution) error) error {
	query := `SELECT source, seq, said_at, ` + contributionColumns + ` FROM graph_contributions WHERE tenant = $1 AND source = $2 ORDER BY part, seq`
	err := s.db.eachRead(ctx, query, []any{tenant, source}, func(r row) error {
		c, err := scanContribution(r)
		if err != nil {
			return err
		}
		return fn(&c)
	})
	return s.db.fail(err, "read contributions of %s", source)
}
