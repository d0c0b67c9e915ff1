package store

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"empire/internal/domain"
)

// Market is demand over time and what happened to products between imports. It
// belongs to the installation.
type Market struct{ db *DB }

// Merge stores a series with its points, in one transaction. One with the same kind,
// keyword, region and language keeps its ID, which is set, and the points that the new
// one does not have; of two values for one time the later import counts.
func (s *Market) Merge(ctx context.Context, m *domain.MarketSeries) error {
	const query = `INSERT INTO market_series (id, kind, keyword_lower, region, language, imported_at, doc) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (kind, keyword_lower, region, language) DO UPDATE SET imported_at = excluded.imported_at, doc = excluded.doc RETURNING id`
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		head := *m
		head.Points = nil
		err := s.db.w(ctx).QueryRowContext(ctx, query, m.ID, m.Kind, strings.ToLower(m.Keyword), m.Region, m.Language, s.db.time(m.ImportedAt),
			jsonValue{&head}).Scan(&m.ID)
		if err != nil {
			return err
		}
		return pointBulk.write(ctx, s.db, len(m.Points), func(args []any, i int) []any {
			var v any
			if p := m.Points[i].Value; p != nil {
				v = *p
			}
			return append(args, m.ID, s.db.time(m.Points[i].At), v)
		})
	})
	return s.db.fail(err, "store series of %q", m.Keyword)
}

var pointBulk = bulk{
	into: "market_points (series_id, at, value)", columns: 3,
	after: "ON CONFLICT (series_id, at) DO UPDATE SET value = excluded.value",
}

func scanSeries(r row) (m domain.MarketSeries, err error) {
	var id domain.SeriesID
	err = r.Scan(&id, jsonValue{&m})
	m.ID = id
	return m, err
}

// Find returns the series whose keyword holds every word, with their points in order
// of time, the shortest keyword first. No words match nothing.
func (s *Market) Find(ctx context.Context, words []string, limit int) ([]domain.MarketSeries, error) {
	if len(words) == 0 {
		return []domain.MarketSeries{}, nil
	}
	var f filter
	for _, w := range words {
		f.containsAny("keyword_lower", []string{w})
	}
	page, args := f.page(domain.Window{Limit: limit})
	list, err := getAll(ctx, s.db, scanSeries, `SELECT id, doc FROM market_series`+f.where()+` ORDER BY length(keyword_lower), keyword_lower, kind, region, id`+page, args...)
	if err != nil {
		return nil, s.db.fail(err, "find series")
	}
	for i := range list {
		if list[i].Points, err = s.points(ctx, list[i].ID); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (s *Market) points(ctx context.Context, id domain.SeriesID) ([]domain.SeriesPoint, error) {
	list, err := getAll(ctx, s.db, func(r row) (p domain.SeriesPoint, err error) {
		var v sql.NullFloat64
		err = r.Scan(asTime(&p.At), &v)
		if v.Valid {
			p.Value = &v.Float64
		}
		return p, err
	}, `SELECT at, value FROM market_points WHERE series_id = $1 ORDER BY at`, id)
	return list, s.db.fail(err, "read points of series %s", id)
}

// Count returns how many series there are.
func (s *Market) Count(ctx context.Context) (int, error) {
	return s.db.count(ctx, `SELECT count(*) FROM market_series`)
}

var changeBulk = bulk{
	into: "product_changes (feed_id, key, at, category, doc)", columns: 5,
	after: "ON CONFLICT (feed_id, key, at) DO NOTHING",
}

// Record stores changes of products. What an import has already told is left alone.
func (s *Market) Record(ctx context.Context, list []domain.ProductChange) error {
	err := changeBulk.write(ctx, s.db, len(list), func(args []any, i int) []any {
		c := &list[i]
		return append(args, c.FeedID, c.Key, s.db.time(c.At), c.Category, jsonValue{c})
	})
	return s.db.fail(err, "record changes of products")
}

// Changes returns the changes of products of these feeds since a time, in the order
// of time, feed and key; no feeds mean all.
func (s *Market) Changes(ctx context.Context, feeds []domain.FeedID, since time.Time) ([]domain.ProductChange, error) {
	var f filter
	f.since("at", s.db.time(since))
	if len(feeds) > 0 {
		in(&f, s.db.d, "feed_id", feeds)
	}
	list, err := getAll(ctx, s.db, func(r row) (c domain.ProductChange, err error) {
		err = r.Scan(jsonValue{&c})
		return c, err
	}, `SELECT doc FROM product_changes`+f.where()+` ORDER BY at, feed_id, key`, f.args...)
	return list, s.db.fail(err, "read changes of products")
}

// History returns the changes of one product in the order of time.
func (s *Market) History(ctx context.Context, feed domain.FeedID, key string) ([]domain.ProductChange, error) {
	list, err := getAll(ctx, s.db, func(r row) (c domain.ProductChange, err error) {
		err = r.Scan(jsonValue{&c})
		return c, err
	}, `SELECT doc FROM product_changes WHERE feed_id = $1 AND key = $2 ORDER BY at`, feed, key)
	return list, s.db.fail(err, "read history of product %s", key)
}

// Histories returns the changes of products of a feed by key, each in the order of
// time. Products without any are left out.
func (s *Market) Histories(ctx context.Context, feed domain.FeedID, keys []string) (map[string][]domain.ProductChange, error) {
	out := map[string][]domain.ProductChange{}
	for part := range slices.Chunk(keys, 1000) {
		f := filter{conds: []string{"feed_id = $1"}, args: []any{feed}}
		in(&f, s.db.d, "key", part)
		err := s.db.eachRead(ctx, `SELECT doc FROM product_changes`+f.where()+` ORDER BY key, at`, f.args, func(r row) error {
			var c domain.ProductChange
			if err := r.Scan(jsonValue{&c}); err != nil {
				return err
			}
			out[c.Key] = append(out[c.Key], c)
			return nil
		})
		if err != nil {
			return nil, s.db.fail(err, "read histories of feed %s", feed)
		}
	}
	return out, nil
}

// SweepChanges removes changes of products from before a time, and returns how many
// those were.
func (s *Market) SweepChanges(ctx context.Context, before time.Time) (int64, error) {
	n, err := s.db.exec(ctx, `DELETE FROM product_changes WHERE at < $1`, s.db.time(before))
	return n, s.db.fail(err, "remove old changes of products")
}
