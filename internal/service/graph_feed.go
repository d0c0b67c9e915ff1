package service

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"empire/internal/domain"
)

// JobGraph brings the graph up to a feed that was imported.
const JobGraph = "graph"

type graphArgs struct {
	FeedID domain.FeedID `json:"feed_id"`
}

// graphBatch is how many products are written in one transaction.
const graphBatch = 250

// FeedChanged queues the work that an import of a feed makes necessary, in the
// transaction of ctx.
func (s *Graph) FeedChanged(ctx context.Context, feed domain.FeedID) error {
	return s.cfg.Enqueue(ctx, JobGraph, graphArgs{feed}, time.Time{})
}

// Work brings the graph up to a feed. It is the handler of JobGraph.
func (s *Graph) Work(ctx context.Context, args json.RawMessage) error {
	var a graphArgs
	if err := json.Unmarshal(args, &a); err != nil {
		return domain.Errorf(domain.CodeInvalid, "The job's arguments name no feed.")
	}
	feed, err := s.cfg.Feeds.Get(ctx, a.FeedID)
	if domain.CodeOf(err) == domain.CodeNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	return s.syncFeed(ctx, feed)
}

// CatchUp brings the graph up to all feeds that were imported since it was, for
// programs that have no worker. It returns how many those were.
func (s *Graph) CatchUp(ctx context.Context) (int, error) {
	if _, err := domain.Require(ctx, domain.IntelligenceUse); err != nil {
		return 0, err
	}
	n := 0
	for offset := 0; ; {
		feeds, total, err := s.cfg.Feeds.List(ctx, domain.Window{Limit: 1000, Offset: offset})
		if err != nil {
			return n, err
		}
		for i := range feeds {
			src, err := s.feedSource(ctx, &feeds[i])
			if err != nil {
				return n, err
			}
			if src == nil || feeds[i].LastState == "" {
				continue
			}
			if err := s.syncFeed(ctx, &feeds[i]); err != nil {
				return n, err
			}
			n++
		}
		if offset += len(feeds); len(feeds) == 0 || offset >= total {
			return n, nil
		}
	}
}

// feedMeta says up to which import a feed's source is.
type feedMeta struct {
	Import time.Time `json:"import"`
}

// feedSource returns the source of a feed to write, or nil if it needs no writing: it is
// up to date, or was withdrawn since the last import.
func (s *Graph) feedSource(ctx context.Context, feed *domain.Feed) (*domain.GraphSource, error) {
	id := domain.GraphSourceID(domain.GraphFeed, string(feed.ID))
	src := &domain.GraphSource{ID: id, Tenant: domain.GraphShared, Kind: domain.GraphFeed, Name: feed.Name, At: feed.UpdatedAt, UpdatedAt: s.journal.stamp()}
	held, err := s.cfg.Store.Source(ctx, domain.GraphShared, id)
	if domain.CodeOf(err) == domain.CodeNotFound {
		return src, nil
	}
	if err != nil {
		return nil, err
	}
	var m feedMeta
	if len(held.Meta) > 0 {
		if err := json.Unmarshal(held.Meta, &m); err != nil {
			return nil, fmt.Errorf("read source %s: %w", id, err)
		}
	}
	if held.WithdrawnAt != nil && !feed.UpdatedAt.After(*held.WithdrawnAt) || held.WithdrawnAt == nil && m.Import.Equal(feed.UpdatedAt) {
		return nil, nil //nolint:nilnil // nothing to write
	}
	src.Meta = held.Meta
	return src, nil
}

// syncFeed brings the graph up to a feed: what changed is found by the hashes of its
// rows, so it takes time in proportion to the feed and not to the graph, and may be
// repeated. Pages are marked before the graph changes: whenever it breaks off, the next
// one marks them again.
func (s *Graph) syncFeed(ctx context.Context, feed *domain.Feed) error {
	src, err := s.feedSource(ctx, feed)
	if err != nil || src == nil {
		return err
	}
	gone, err := s.cfg.Store.FeedGone(ctx, feed.ID)
	if err != nil {
		return err
	}
	if err := s.markFeed(ctx, feed, src, gone); err != nil {
		return err
	}
	for after := ""; ; {
		products, err := s.cfg.Store.FeedDiff(ctx, feed.ID, after, graphBatch)
		if err != nil {
			return err
		}
		if len(products) == 0 {
			break
		}
		parts := make([]domain.GraphPart, len(products))
		for i := range products {
			parts[i] = domain.GraphPart{Part: products[i].Key, Hash: products[i].Hash, Rows: s.cfg.Say.Product(&products[i])}
		}
		if _, _, err := s.cfg.Store.Put(ctx, src, parts); err != nil {
			return err
		}
		after = products[len(products)-1].Key
	}
	if len(gone) > 0 {
		if err := s.cfg.Store.Remove(ctx, src.Tenant, src.ID, gone); err != nil {
			return err
		}
	}
	names, err := s.cfg.Store.FeedMerchants(ctx, feed.ID)
	if err != nil {
		return err
	}
	rows := s.cfg.Say.Merchants(names)
	hash, err := stateHash(rows)
	if err != nil {
		return err
	}
	if src.Meta, err = json.Marshal(feedMeta{feed.UpdatedAt.UTC()}); err != nil {
		return err
	}
	_, _, err = s.cfg.Store.Put(ctx, src, []domain.GraphPart{{Hash: hash, Rows: rows}})
	return err
}

// markFeed notes the pages that cite rows of a feed which changed or are gone.
func (s *Graph) markFeed(ctx context.Context, feed *domain.Feed, src *domain.GraphSource, gone []string) error {
	changed, err := s.cfg.Store.FeedChanged(ctx, feed.ID)
	if err != nil {
		return err
	}
	var marks []domain.GraphStale
	for _, m := range []struct {
		reason string
		keys   []string
	}{{domain.StaleChanged, changed}, {domain.StaleGone, gone}} { // gone says more and comes last
		if len(m.keys) == 0 {
			continue
		}
		list, err := s.staleOf(ctx, src, m.reason, feed.UpdatedAt, s.citing(feed.ID, m.keys))
		if err != nil {
			return err
		}
		marks = append(marks, list...)
	}
	return s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		for i := range marks { // one page may be there for both reasons
			if err := s.cfg.Store.MarkStale(ctx, marks[i:i+1]); err != nil {
				return err
			}
		}
		return nil
	})
}

// staleOf returns the pages that rest on a source and that hit finds.
func (s *Graph) staleOf(ctx context.Context, src *domain.GraphSource, reason string, at time.Time, hit func(context.Context, domain.GraphRest) (bool, error)) ([]domain.GraphStale, error) {
	pages, _, err := s.cfg.Store.Rests(ctx, src.Tenant, src.ID)
	if err != nil {
		return nil, err
	}
	var out []domain.GraphStale
	for _, p := range pages {
		yes, err := hit(ctx, p)
		if err != nil {
			return nil, err
		}
		if yes {
			out = append(out, domain.GraphStale{GraphRest: p, Reason: reason, At: at})
		}
	}
	return out, nil
}

// citing finds pages with evidence from one of the rows of a feed, also through
// computations.
func (s *Graph) citing(feed domain.FeedID, keys []string) func(context.Context, domain.GraphRest) (bool, error) {
	known := make(map[string]bool, len(keys))
	for _, k := range keys {
		known[k] = true
	}
	return func(ctx context.Context, r domain.GraphRest) (bool, error) {
		page, err := s.cfg.Pages.Get(ctx, r.WebsiteID, r.PageID)
		if domain.CodeOf(err) == domain.CodeNotFound {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		seen := map[domain.EvidenceID]bool{}
		for ids := evidenceOf(page); len(ids) > 0; {
			list, err := s.cfg.Evidence.List(ctx, r.WebsiteID, ids)
			if err != nil {
				return false, err
			}
			ids = nil
			for i := range list {
				e := &list[i]
				if e.FeedID == feed && rests(e, known) {
					return true, nil
				}
				for _, in := range e.Inputs {
					if !seen[in] {
						seen[in] = true
						ids = append(ids, in)
					}
				}
			}
		}
		return false, nil
	}
}

// rests reports whether evidence comes from one of these rows.
func rests(e *domain.Evidence, keys map[string]bool) bool {
	if keys[e.RowKey] {
		return true
	}
	for _, row := range e.Rows {
		if keys[row] {
			return true
		}
	}
	return false
}

// evidenceOf returns the evidence that the claims of a page name, each once.
func evidenceOf(p *domain.Page) []domain.EvidenceID {
	var out []domain.EvidenceID
	seen := map[domain.EvidenceID]bool{}
	for _, c := range p.Claims {
		for _, id := range c.Evidence {
			if !seen[id] {
				seen[id] = true
				out = append(out, id)
			}
		}
	}
	return out
}
