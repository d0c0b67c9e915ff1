package store

import (
	"context"
	"database/sql"
	"errors"

	"empire/internal/domain"
)

// Goals returns what is measured on a website; nothing at all if nothing was set.
func (s *Traffic) Goals(ctx context.Context, id domain.WebsiteID) (*domain.GoalSet, error) {
	set := &domain.GoalSet{WebsiteID: id, Goals: []domain.Goal{}, Funnels: []domain.Funnel{}}
	err := s.db.r(ctx).QueryRowContext(ctx, `SELECT doc FROM traffic_goals WHERE website_id = $1`, id).Scan(jsonValue{set})
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return set, s.db.fail(err, "get goals of website %s", id)
}

// PutGoals stores what is measured on a website in the place of what was.
func (s *Traffic) PutGoals(ctx context.Context, set *domain.GoalSet) error {
	const query = `INSERT INTO traffic_goals (website_id, doc) VALUES ($1, $2) ON CONFLICT (website_id) DO UPDATE SET doc = excluded.doc`
	_, err := s.db.exec(ctx, query, set.WebsiteID, jsonValue{set})
	return s.db.fail(err, "store goals of website %s", set.WebsiteID)
}

// GoalCounts returns how often pages were shown to people and links of slots followed,
// by page and slot: what goals are counted from.
func (s *Traffic) GoalCounts(ctx context.Context, id domain.WebsiteID, span domain.TrafficSpan, fn func(path, slot string, views, clicks int)) error {
	const query = `SELECT path, slot, sum(views), sum(clicks)` + inHours + ` AND class = 'person' GROUP BY path, slot`
	err := s.db.eachRead(ctx, query, spanArgs(id, span), func(r row) error {
		var path, slot string
		var views, clicks int
		if err := r.Scan(&path, &slot, &views, &clicks); err != nil {
			return err
		}
		fn(path, slot, views, clicks)
		return nil
	})
	return s.db.fail(err, "count goals of website %s", id)
}

// SessionHits calls fn for the kept hits of people that belong to a session, one session
// after the other, each in the order of time.
func (s *Traffic) SessionHits(ctx context.Context, id domain.WebsiteID, span domain.TrafficSpan, fn func(session int64, kind domain.HitKind, path, slot string)) error {
	const query = `SELECT session, kind, path, slot FROM traffic_events
		WHERE website_id = $1 AND at >= $2 AND at < $3 AND class = 'person' AND session <> 0 ORDER BY session, at`
	from, to := span.Times()
	err := s.db.eachRead(ctx, query, []any{id, s.db.time(from), s.db.time(to)}, func(r row) error {
		var session int64
		var kind domain.HitKind
		var path, slot string
		if err := r.Scan(&session, &kind, &path, &slot); err != nil {
			return err
		}
		fn(session, kind, path, slot)
		return nil
	})
	return s.db.fail(err, "read sessions of website %s", id)
}
