package store

import (
	"context"

	"empire/internal/domain"
)

// FreezeNew stores a freeze unless there is one of the same, and reports whether it did.
func (s *Fleet) FreezeNew(ctx context.Context, f domain.FleetFreeze) (bool, error) {
	const query = `INSERT INTO fleet_freezes (` + freezeColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (tenant, website_id) DO NOTHING`
	n, err := s.db.exec(ctx, query, s.freezeArgs(f)...)
	return n > 0, s.db.fail(err, "store freeze")
}

// Lift notes at which level of visits a freeze by itself was ended; a later one takes
// the place of an earlier one.
func (s *Fleet) Lift(ctx context.Context, l domain.FleetLift) error {
	const query = `INSERT INTO fleet_lifts (website_id, at, fell_from, share) VALUES ($1, $2, $3, $4)
		ON CONFLICT (website_id) DO UPDATE SET at = excluded.at, fell_from = excluded.fell_from, share = excluded.share`
	_, err := s.db.exec(ctx, query, l.WebsiteID, s.db.time(l.At), l.From, l.Share)
	return s.db.fail(err, "note end of freeze of website %s", l.WebsiteID)
}

// Lifts returns what Lift noted, by website.
func (s *Fleet) Lifts(ctx context.Context) (map[domain.WebsiteID]domain.FleetLift, error) {
	out := map[domain.WebsiteID]domain.FleetLift{}
	err := s.db.eachRead(ctx, `SELECT website_id, at, fell_from, share FROM fleet_lifts`, nil, func(r row) error {
		var l domain.FleetLift
		if err := r.Scan(&l.WebsiteID, asTime(&l.At), &l.From, &l.Share); err != nil {
			return err
		}
		out[l.WebsiteID] = l
		return nil
	})
	return out, s.db.fail(err, "list ends of freezes")
}

// Visits returns the people who visited live websites of all tenants by day, from a day
// on and before another one, in days since 1970 (UTC), by website and day. A day with
// hits of bots alone has 0 visitors, one without any hit is left out. With ids only
// these websites.
func (s *Fleet) Visits(ctx context.Context, ids []domain.WebsiteID, from, to int64) ([]domain.DayVisitors, error) {
	// CROSS JOIN begins with the websites, as in ofTenant.
	f := filter{
		conds: []string{"t.website_id = w.id", "t.grain = 24", "t.start >= $1", "t.start < $2", "w.state = 'live'"}, args: []any{from * grainDay, to * grainDay},
	}
	if ids != nil {
		in(&f, s.db.d, "w.id", ids)
	}
	query := `SELECT w.tenant, w.id, w.domain, t.start, sum(CASE WHEN t.class = 'person' THEN t.visitors ELSE 0 END)
		FROM websites w CROSS JOIN traffic_sums t` + f.where() + ` GROUP BY w.tenant, w.id, w.domain, t.start ORDER BY w.id, t.start`
	list, err := getAll(ctx, s.db, func(r row) (v domain.DayVisitors, err error) {
		err = r.Scan(&v.Tenant, &v.WebsiteID, &v.Domain, &v.Day, &v.Visitors)
		v.Day /= grainDay
		return v, err
	}, query, f.args...)
	return list, s.db.fail(err, "list visits by day")
}

const freezeColumns = `tenant, website_id, reason, actor_id, at, cause, evidence`

func (s *Fleet) freezeArgs(f domain.FleetFreeze) []any {
	return []any{f.Tenant, f.WebsiteID, f.Reason, f.ActorID, s.db.time(f.At), f.Cause, jsonValue{f.Evidence}}
}
