package store

import (
	"context"
	"database/sql"
	"errors"

	"empire/internal/domain"
)

// Language returns the commonest language of a feed's rows, or "" for a feed
// without one.
func (s *Products) Language(ctx context.Context, feed domain.FeedID) (string, error) {
	const query = `SELECT language FROM products WHERE feed_id = $1 AND language <> '' GROUP BY language ORDER BY count(*) DESC, language LIMIT 1`
	var language string
	err := s.db.r(ctx).QueryRowContext(ctx, query, feed).Scan(&language)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return language, s.db.fail(err, "find language of feed %s", feed)
}

// Categories counts the rows of the feeds (all feeds if none is named) by category
// path.
func (s *Products) Categories(ctx context.Context, feeds []domain.FeedID) (map[string]int, error) {
	var f filter
	if len(feeds) > 0 {
		in(&f, s.db.d, "feed_id", feeds)
	}
	rows, err := s.db.r(ctx).QueryContext(ctx, `SELECT category_path, count(*) FROM products`+f.where()+` GROUP BY category_path`, f.args...)
	if err != nil {
		return nil, s.db.fail(err, "count categories")
	}
	defer rows.Close()
	out := map[string]int{}
	for rows.Next() {
		var path string
		var n int
		if err := rows.Scan(&path, &n); err != nil {
			return nil, s.db.fail(err, "count categories")
		}
		out[path] = n
	}
	return out, s.db.fail(rows.Err(), "count categories")
}
