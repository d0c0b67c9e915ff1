package store

import (
	"context"

	"empire/internal/domain"
)

// Blast counts what rests on a source, without changing anything: the nodes and
// relations that it names, which of them no other source that the tenant sees names, and
// the first nodes in order.
func (s *Graph) Blast(ctx context.Context, tenant domain.TenantID, src *domain.GraphSource, sample int) (*domain.GraphBlast, error) {
	b := &domain.GraphBlast{Source: *src, Contributions: src.Rows, ByType: map[string]int{}, Sample: []domain.GraphResting{}, Pages: []domain.GraphRest{}}
	const nodes = `SELECT n.type, n.id, NOT EXISTS (SELECT 1 FROM graph_contributions o WHERE o.node_id = n.id AND o.node_type = n.type AND o.tenant IN ('', $1)
		AND NOT (o.tenant = $2 AND o.source = $3)) AND NOT EXISTS (SELECT 1 FROM graph_contributions o WHERE o.relation <> '' AND o.to_id = n.id AND o.to_type = n.type
		AND o.tenant IN ('', $1) AND NOT (o.tenant = $2 AND o.source = $3))
		FROM (SELECT node_type AS type, node_id AS id FROM graph_contributions WHERE tenant = $2 AND source = $3
		UNION SELECT to_type, to_id FROM graph_contributions WHERE tenant = $2 AND source = $3 AND relation <> '') AS n ORDER BY n.type, n.id`
	args := []any{tenant, src.Tenant, src.ID}
	err := s.db.eachRead(ctx, nodes, args, func(r row) error {
		var n domain.GraphResting
		if err := r.Scan(&n.Type, &n.ID, &n.Alone); err != nil {
			return err
		}
		b.Nodes++
		b.ByType[string(n.Type)]++
		if n.Alone {
			b.NodesAlone++
		}
		if len(b.Sample) < sample {
			b.Sample = append(b.Sample, n)
		}
		return nil
	})
	if err != nil {
		return nil, s.db.fail(err, "read what rests on %s", src.ID)
	}
	// One walk over all relations: to look each up would walk along all of a merchant's for each of its products.
	const relations = `SELECT max(CASE WHEN tenant = $2 AND source = $3 THEN 0 ELSE 1 END) = 0 FROM graph_contributions
		WHERE relation <> '' AND tenant IN ('', $1) GROUP BY ` + elementColumns + ` HAVING max(CASE WHEN tenant = $2 AND source = $3 THEN 1 ELSE 0 END) = 1`
	err = s.db.eachRead(ctx, relations, args, func(r row) error {
		alone, err := scanOne[bool](r)
		b.Relations++
		if alone {
			b.RelsAlone++
		}
		return err
	})
	if err != nil {
		return nil, s.db.fail(err, "read what rests on %s", src.ID)
	}
	b.Pages, b.Evidence, err = s.Rests(ctx, tenant, src.ID)
	return b, err
}

func scanRest(r row) (p domain.GraphRest, err error) {
	err = r.Scan(&p.Tenant, &p.WebsiteID, &p.PageID, &p.Source)
	return p, err
}

// Rests returns the pages of a tenant (GraphShared: of all) that rest on a source, in
// order, and how many pieces of evidence of theirs come from it.
func (s *Graph) Rests(ctx context.Context, tenant domain.TenantID, source string) ([]domain.GraphRest, int, error) {
	var f filter
	f.eq("source", source)
	f.eq("tenant", string(tenant))
	pages, err := getAll(ctx, s.db, scanRest, `SELECT tenant, website_id, page_id, source FROM graph_rests`+f.where()+` ORDER BY website_id, page_id`, f.args...)
	if err != nil {
		return nil, 0, s.db.fail(err, "list pages that rest on %s", source)
	}
	evidence, err := s.db.count(ctx, `SELECT coalesce(sum(evidence), 0) FROM graph_rests`+f.where(), f.args...)
	return pages, evidence, err
}

var (
	restBulk  = bulk{into: "graph_rests (tenant, website_id, page_id, source, evidence)", columns: 5}
	staleBulk = bulk{
		into: "graph_stale (tenant, website_id, page_id, source, reason, at)", columns: 6,
		after: "ON CONFLICT (website_id, page_id, source) DO UPDATE SET reason = excluded.reason, at = excluded.at",
	}
)

// SetRests stores what the pages of a website, all as they are published now, rest on:
// by page and source how many pieces of evidence. None of them is stale any more.
func (s *Graph) SetRests(ctx context.Context, site *domain.Website, rests map[domain.GraphRest]int) error {
	list := make([]domain.GraphRest, 0, len(rests))
	for r := range rests {
		list = append(list, r)
	}
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		for _, table := range []string{"graph_rests", "graph_stale"} {
			if _, err := s.db.exec(ctx, `DELETE FROM `+table+` WHERE website_id = $1`, site.ID); err != nil {
				return err
			}
		}
		return restBulk.write(ctx, s.db, len(list), func(args []any, i int) []any {
			return append(args, site.Tenant.OrDefault(), list[i].WebsiteID, list[i].PageID, list[i].Source, rests[list[i]])
		})
	})
	return s.db.fail(err, "store what website %s rests on", site.ID)
}

// MarkStale notes pages whose grounds changed. Whose website is gone are left out.
func (s *Graph) MarkStale(ctx context.Context, list []domain.GraphStale) error {
	err := staleBulk.write(ctx, s.db, len(list), func(args []any, i int) []any {
		p := &list[i]
		return append(args, p.Tenant.OrDefault(), p.WebsiteID, p.PageID, p.Source, p.Reason, s.db.time(p.At))
	})
	return s.db.fail(err, "mark stale pages")
}

// Stale returns the stale pages of a tenant, ordered by website, page and source, and
// how many there are. A source narrows the list.
func (s *Graph) Stale(ctx context.Context, tenant domain.TenantID, source string, w domain.Window) ([]domain.GraphStale, int, error) {
	var f filter
	f.eq("tenant", string(tenant))
	f.eq("source", source)
	total, err := s.db.count(ctx, `SELECT count(*) FROM graph_stale`+f.where(), f.args...)
	if err != nil {
		return nil, 0, err
	}
	page, args := f.page(w)
	list, err := getAll(ctx, s.db, scanStale, staleColumns+f.where()+` ORDER BY website_id, page_id, source`+page, args...)
	return list, total, s.db.fail(err, "list stale pages")
}

// StaleOf returns the stale pages of a website, ordered by page and source.
func (s *Graph) StaleOf(ctx context.Context, id domain.WebsiteID) ([]domain.GraphStale, error) {
	list, err := getAll(ctx, s.db, scanStale, staleColumns+` WHERE website_id = $1 ORDER BY page_id, source`, id)
	return list, s.db.fail(err, "list stale pages of %s", id)
}

const staleColumns = `SELECT tenant, website_id, page_id, source, reason, at FROM graph_stale`

func scanStale(r row) (p domain.GraphStale, err error) {
	err = r.Scan(&p.Tenant, &p.WebsiteID, &p.PageID, &p.Source, &p.Reason, asTime(&p.At))
	return p, err
}

// FeedDiff returns up to limit products of a feed, by key after a key, of which the
// graph does not hold what they say now.
func (s *Graph) FeedDiff(ctx context.Context, feed domain.FeedID, after string, limit int) ([]domain.Product, error) {
	const query = `SELECT p.doc FROM products p LEFT JOIN graph_parts g ON g.tenant = '' AND g.source = $1 AND g.part = p.key
		WHERE p.feed_id = $2 AND p.key > $3 AND (g.hash IS NULL OR g.hash <> p.hash) ORDER BY p.key LIMIT $4`
	list, err := getAll(ctx, s.db, scanProduct, query, domain.GraphSourceID(domain.GraphFeed, string(feed)), feed, after, limit)
	return list, s.db.fail(err, "compare feed %s with the graph", feed)
}

// FeedChanged returns the parts of a feed whose products say something else now.
func (s *Graph) FeedChanged(ctx context.Context, feed domain.FeedID) ([]string, error) {
	const query = `SELECT g.part FROM graph_parts g JOIN products p ON p.feed_id = $2 AND p.key = g.part
		WHERE g.tenant = '' AND g.source = $1 AND g.hash <> p.hash ORDER BY g.part`
	list, err := getAll(ctx, s.db, scanOne[string], query, domain.GraphSourceID(domain.GraphFeed, string(feed)), feed)
	return list, s.db.fail(err, "compare feed %s with the graph", feed)
}

// Parts returns the hashes of the parts of a source.
func (s *Graph) Parts(ctx context.Context, tenant domain.TenantID, source string) (map[string]string, error) {
	out := map[string]string{}
	err := s.db.eachRead(ctx, `SELECT part, hash FROM graph_parts WHERE tenant = $1 AND source = $2`, []any{tenant, source}, func(r row) error {
		var part, hash string
		err := r.Scan(&part, &hash)
		out[part] = hash
		return err
	})
	return out, s.db.fail(err, "list parts of %s", source)
}

// FeedGone returns the parts of a feed whose products are gone.
func (s *Graph) FeedGone(ctx context.Context, feed domain.FeedID) ([]string, error) {
	const query = `SELECT g.part FROM graph_parts g WHERE g.tenant = '' AND g.source = $1 AND g.part <> ''
		AND NOT EXISTS (SELECT 1 FROM products p WHERE p.feed_id = $2 AND p.key = g.part) ORDER BY g.part`
	list, err := getAll(ctx, s.db, scanOne[string], query, domain.GraphSourceID(domain.GraphFeed, string(feed)), feed)
	return list, s.db.fail(err, "compare feed %s with the graph", feed)
}

// FeedMerchants returns the merchants of a feed with one name for each.
func (s *Graph) FeedMerchants(ctx context.Context, feed domain.FeedID) (map[string]string, error) {
	out := map[string]string{}
	const query = `SELECT merchant_id, min(merchant_name) FROM products WHERE feed_id = $1 AND merchant_id <> '' AND merchant_name <> '' GROUP BY merchant_id`
	err := s.db.eachRead(ctx, query, []any{feed}, func(r row) error {
		var id, name string
		err := r.Scan(&id, &name)
		out[id] = name
		return err
	})
	return out, s.db.fail(err, "list merchants of feed %s", feed)
}
