package store

import (
	"context"

	"empire/internal/domain"
)

// Names returns the websites of a tenant without figures, ordered by id; an empty tenant
// is all.
func (s *Traffic) Names(ctx context.Context, tenant domain.TenantID) ([]domain.WebsiteTraffic, error) {
	const query = `SELECT id, domain, title, state, created_at FROM websites WHERE tenant = $1 OR $1 = '' ORDER BY id`
	list, err := getAll(ctx, s.db, func(r row) (w domain.WebsiteTraffic, err error) {
		err = r.Scan(&w.WebsiteID, &w.Domain, &w.Title, &w.State, asTime(&w.CreatedAt))
		return w, err
	}, query, string(tenant))
	return list, s.db.fail(err, "list websites of a report")
}

// ofTenant joins the sums of the websites of a tenant ($1), a range of the index for
// each of them: CROSS JOIN is how SQLite is told to begin with the websites
// (https://www.sqlite.org/optoverview.html#manual_control_of_query_plans_using_cross_join).
const ofTenant = ` FROM websites w CROSS JOIN traffic_sums t
	WHERE t.website_id = w.id AND t.grain = $2 AND t.start >= $3 AND t.start < $4 AND (w.tenant = $1 OR $1 = '')`

const summedT = `sum(t.views), sum(t.visitors), sum(t.sessions), sum(t.clicks)`

// Sums returns what was done on each website of a tenant in a span, by class.
func (s *Traffic) Sums(ctx context.Context, tenant domain.TenantID, span domain.TrafficSpan) ([]domain.TrafficSum, error) {
	const query = `SELECT w.id, t.class, ` + summedT + ofTenant + ` GROUP BY w.id, t.class`
	list, err := getAll(ctx, s.db, func(r row) (c domain.TrafficSum, err error) {
		err = r.Scan(append([]any{&c.WebsiteID, &c.Class}, countInto(&c.TrafficCount)...)...)
		return c, err
	}, query, string(tenant), span.Step, span.From, span.To)
	return list, s.db.fail(err, "sum visits of websites")
}

// Series returns what people did on all websites of a tenant, with a point for every
// step of a span.
func (s *Traffic) Series(ctx context.Context, tenant domain.TenantID, span domain.TrafficSpan) ([]domain.TrafficPoint, error) {
	const query = `SELECT t.start, ` + summedT + ofTenant + ` AND t.class = 'person' GROUP BY t.start`
	out := points(span)
	err := s.db.eachRead(ctx, query, []any{string(tenant), span.Step, span.From, span.To}, func(r row) error { return scanPoint(r, out, span) })
	return out, s.db.fail(err, "sum visits of websites by time")
}

// Pages returns up to limit pages of a website after a path, in the order of paths.
func (s *Traffic) Pages(ctx context.Context, id domain.WebsiteID, span domain.TrafficSpan, after string, limit int) ([]domain.TrafficPage, error) {
	const query = `SELECT path, sum(views), sum(visitors), sum(sessions), sum(clicks)` + inHours + ` AND class = 'person' AND path > $4
		GROUP BY path ORDER BY path LIMIT $5`
	list, err := getAll(ctx, s.db, scanPageTraffic, query, spanArgs(id, span, after, limit)...)
	return list, s.db.fail(err, "list pages of website %s", id)
}

// Programs returns how often people followed links of each program on the websites of a
// tenant, the most first.
func (s *Traffic) Programs(ctx context.Context, tenant domain.TenantID, span domain.TrafficSpan) ([]domain.ProgramTraffic, error) {
	const query = `SELECT f.value, sum(f.clicks) AS c, count(DISTINCT f.website_id) FROM websites w CROSS JOIN traffic_facets f
		WHERE f.website_id = w.id AND f.kind = 'program' AND f.grain = $2 AND f.start >= $3 AND f.start < $4 AND (w.tenant = $1 OR $1 = '') GROUP BY f.value ORDER BY c DESC, f.value`
	list, err := getAll(ctx, s.db, func(r row) (p domain.ProgramTraffic, err error) {
		var key string
		err = r.Scan(&key, &p.Clicks, &p.Websites)
		p.Network, p.AdvertiserID = domain.SplitProgramKey(key)
		return p, err
	}, query, string(tenant), span.Step, span.From, span.To)
	return list, s.db.fail(err, "sum clicks of programs")
}
