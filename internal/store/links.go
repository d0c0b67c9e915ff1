package store

import (
	"context"
	"slices"
	"strings"

	"empire/internal/domain"
)

// Links are the targets of affiliate links. The columns serve searches; doc is the
// whole link. Each change takes a number that is greater than all before, so that
// edges can ask for what changed since.
type Links struct{ db *DB }

var linkBulk = bulk{
	into:    "links (id, tenant, website_id, scope, slug, state, network, program_id, search_text, seq, doc)",
	columns: 11,
	after: `ON CONFLICT (id) DO UPDATE SET state = excluded.state, network = excluded.network, program_id = excluded.program_id, search_text = excluded.search_text,
		seq = excluded.seq, doc = excluded.doc`,
}

var linkChangeBulk = bulk{into: "link_history (link_id, seq, field, doc)", columns: 4, after: "ON CONFLICT (link_id, seq, field) DO NOTHING"}

func scanLink(r row) (l domain.Link, err error) {
	err = r.Scan(jsonValue{&l})
	return l, err
}

func noLink(id string) *domain.Error {
	return domain.Errorf(domain.CodeNotFound, "Link %s does not exist.", id)
}

// Put stores links, new or changed, with what is to be kept of the changes, all or
// none, and sets their Seq. Tenant, website and slug of a link that exists stay. A slug
// that another link of the same website has is CodeConflict.
func (s *Links) Put(ctx context.Context, links []domain.Link, changes []domain.LinkChange) error {
	if len(links) == 0 {
		return nil
	}
	slices.SortFunc(links, func(a, b domain.Link) int { return strings.Compare(string(a.ID), string(b.ID)) })
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		last, err := s.advance(ctx, len(links))
		if err != nil {
			return err
		}
		seq := make(map[domain.LinkID]int64, len(links))
		for i := range links {
			links[i].Seq = last - int64(len(links)-1-i)
			seq[links[i].ID] = links[i].Seq
		}
		err = linkBulk.write(ctx, s.db, len(links), func(args []any, i int) []any {
			l := &links[i]
			return append(args, l.ID, l.Tenant.OrDefault(), nullable(string(l.WebsiteID)), l.WebsiteID, l.Slug, l.State, l.Network, l.ProgramID, linkText(l), l.Seq, jsonValue{l})
		})
		if err != nil {
			return taken(err, "tenant,scope,slug", "slug", "There is already a link with this slug.")
		}
		err = linkChangeBulk.write(ctx, s.db, len(changes), func(args []any, i int) []any {
			c := &changes[i]
			return append(args, c.LinkID, seq[c.LinkID], c.Field, jsonValue{c})
		})
		if err != nil {
			return err
		}
		return s.trim(ctx, changes)
	})
	return s.db.fail(err, "store links")
}

// advance takes n numbers and returns the last of them.
func (s *Links) advance(ctx context.Context, n int) (last int64, err error) {
	const query = `UPDATE counters SET value = value + $1 WHERE name = 'links' RETURNING value`
	err = s.db.w(ctx).QueryRowContext(ctx, query, n).Scan(&last)
	return last, err
}

// trim removes what is beyond the bound of the histories of changed links.
func (s *Links) trim(ctx context.Context, changes []domain.LinkChange) error {
	const query = `DELETE FROM link_history WHERE link_id = $1 AND seq <
		(SELECT seq FROM link_history WHERE link_id = $1 ORDER BY seq DESC, field LIMIT 1 OFFSET $2)`
	seen := map[domain.LinkID]bool{}
	for i := range changes {
		if id := changes[i].LinkID; changes[i].Field != "created" && !seen[id] {
			seen[id] = true
			if _, err := s.db.exec(ctx, query, id, domain.MaxLinkHistory-1); err != nil {
				return err
			}
		}
	}
	return nil
}

// linkText is what List looks into.
func linkText(l *domain.Link) string {
	return strings.ToLower(l.Merchant + "\n" + l.Slug + "\n" + l.Destination + "\n" + l.RowKey)
}

// Get returns one link, or CodeNotFound.
func (s *Links) Get(ctx context.Context, id domain.LinkID) (*domain.Link, error) {
	l, err := getOne(ctx, s.db, noLink(string(id)), scanLink, `SELECT doc FROM links WHERE id = $1`, id)
	return l, s.db.fail(err, "get link %s", id)
}

// Hold is Get of a link that no other transaction changes until that of ctx ends.
func (s *Links) Hold(ctx context.Context, id domain.LinkID) (*domain.Link, error) {
	if err := s.db.lock(ctx, noLink(string(id)), `SELECT id FROM links WHERE id = $1`, id); err != nil {
		return nil, s.db.fail(err, "hold link %s", id)
	}
	return s.Get(ctx, id)
}

// GetBySlug returns the link of a tenant with a slug: that of the website, or with an
// empty one that of all websites. Else it is CodeNotFound.
func (s *Links) GetBySlug(ctx context.Context, tenant domain.TenantID, website domain.WebsiteID, slug string) (*domain.Link, error) {
	const query = `SELECT doc FROM links WHERE tenant = $1 AND scope = $2 AND slug = $3`
	l, err := getOne(ctx, s.db, noLink(slug), scanLink, query, tenant.OrDefault(), website, slug)
	return l, s.db.fail(err, "get link by slug")
}

// ByIDs returns those of the links that exist, in any order.
func (s *Links) ByIDs(ctx context.Context, ids []domain.LinkID) ([]domain.Link, error) {
	out := []domain.Link{}
	for part := range slices.Chunk(ids, 1000) {
		var f filter
		in(&f, s.db.d, "id", part)
		list, err := getAll(ctx, s.db, scanLink, `SELECT doc FROM links`+f.where(), f.args...)
		if err != nil {
			return nil, s.db.fail(err, "read links")
		}
		out = append(out, list...)
	}
	return out, nil
}

// List returns the links that a filter selects, the last changed first, and how many
// there are.
func (s *Links) List(ctx context.Context, lf domain.LinkFilter, w domain.Window) ([]domain.Link, int, error) {
	var f filter
	f.eq("tenant", string(lf.Tenant))
	f.eq("state", string(lf.State))
	f.eq("network", lf.Network)
	if lf.WebsiteID != "" {
		in(&f, s.db.d, "scope", []domain.WebsiteID{lf.WebsiteID, ""})
	}
	for word := range strings.FieldsSeq(strings.ToLower(lf.Query)) {
		f.containsAny("search_text", []string{word})
	}
	total, err := s.db.count(ctx, `SELECT count(*) FROM links`+f.where(), f.args...)
	if err != nil {
		return nil, 0, err
	}
	page, args := f.page(w)
	list, err := getAll(ctx, s.db, scanLink, `SELECT doc FROM links`+f.where()+` ORDER BY seq DESC`+page, args...)
	return list, total, s.db.fail(err, "list links")
}

// OfPrograms returns the links of these programs, of all tenants.
func (s *Links) OfPrograms(ctx context.Context, ids []domain.ProgramID) ([]domain.Link, error) {
	var f filter
	in(&f, s.db.d, "program_id", ids)
	list, err := getAll(ctx, s.db, scanLink, `SELECT doc FROM links`+f.where()+` ORDER BY id`, f.args...)
	return list, s.db.fail(err, "list links of programs")
}

// History returns what changed of a link, the last first.
func (s *Links) History(ctx context.Context, id domain.LinkID) ([]domain.LinkChange, error) {
	list, err := getAll(ctx, s.db, func(r row) (c domain.LinkChange, err error) {
		err = r.Scan(jsonValue{&c})
		return c, err
	}, `SELECT doc FROM link_history WHERE link_id = $1 ORDER BY seq DESC, field`, id)
	return list, s.db.fail(err, "read history of link %s", id)
}

// Since returns up to limit links whose Seq is greater than seq, in the order of their
// change. Nothing that is committed later sorts before them.
func (s *Links) Since(ctx context.Context, seq int64, limit int) ([]domain.Link, error) {
	list, err := getAll(ctx, s.db, scanLink, `SELECT doc FROM links WHERE seq > $1 ORDER BY seq LIMIT $2`, seq, limit)
	return list, s.db.fail(err, "list changed links")
}

// Mark returns the number of the last change. One that is less than before says that
// the database was put back to an earlier state.
func (s *Links) Mark(ctx context.Context) (int64, error) {
	n, err := s.db.count(ctx, `SELECT value FROM counters WHERE name = 'links'`)
	return int64(n), err
}
