package store

import (
	"context"

	"empire/internal/domain"
)

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
