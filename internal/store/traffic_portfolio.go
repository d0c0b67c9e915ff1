package store

import (
	"context"
	"slices"

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

// Figures returns what was done on each website of a tenant in a span, and what people did
// on all of them step by step. Days that are over are read from their sheets, all else from
// the sums of websites.
func (s *Traffic) Figures(ctx context.Context, tenant domain.TenantID, span domain.TrafficSpan) (domain.TrafficFigures, error) {
	out := domain.TrafficFigures{Series: points(span)}
	sheets, rest, err := s.sheets(ctx, span)
	if err != nil {
		return out, s.db.fail(err, "read figures of days")
	}
	sums := map[domain.WebsiteID]*counts{}
	if len(sheets) > 0 {
		ids, err := getAll(ctx, s.db, scanOne[domain.WebsiteID], `SELECT id FROM websites WHERE tenant = $1 OR $1 = '' ORDER BY id`, string(tenant))
		if err != nil {
			return out, s.db.fail(err, "list websites of a report")
		}
		room := make([]counts, len(ids))
		for i, id := range ids {
			sums[id] = &room[i]
		}
	}
	for _, sheet := range sheets {
		point := &out.Series[(sheet.start-span.From)/span.Step].TrafficCount
		err := sheet.each(func(id []byte, c *counts) {
			sum := sums[domain.WebsiteID(id)]
			if sum == nil {
				return // of another tenant, or gone
			}
			for class := range c {
				sum[class].Add(c[class])
			}
			point.Add(c[0])
		})
		if err != nil {
			return out, s.db.fail(err, "figures of the day of hour %d", sheet.start)
		}
	}
	for _, part := range rest {
		if err := s.addPart(ctx, tenant, part, span, sums, out.Series); err != nil {
			return out, s.db.fail(err, "sum visits of websites")
		}
	}
	out.Sums = make([]domain.TrafficSum, 0, 2*len(sums))
	for id, c := range sums {
		for class := range c {
			if c[class] != (domain.TrafficCount{}) {
				out.Sums = append(out.Sums, domain.TrafficSum{WebsiteID: id, Class: sheetClasses[class], TrafficCount: c[class]})
			}
		}
	}
	return out, nil
}

// addPart adds what there is in a part of a span that has no sheets. Single rows of a few
// steps are read once; of more the database makes sums.
func (s *Traffic) addPart(ctx context.Context, tenant domain.TenantID, part, span domain.TrafficSpan, sums map[domain.WebsiteID]*counts, series []domain.TrafficPoint) error {
	const few = 3
	const rows = `SELECT w.id, t.class, t.start, t.views, t.visitors, t.sessions, t.clicks` + ofTenant
	const bySite = `SELECT w.id, t.class, 0, sum(t.views), sum(t.visitors), sum(t.sessions), sum(t.clicks)` + ofTenant + ` GROUP BY w.id, t.class`
	const byStep = `SELECT '', t.class, t.start, sum(t.views), sum(t.visitors), sum(t.sessions), sum(t.clicks)` + ofTenant + ` AND t.class = 'person' GROUP BY t.class, t.start`
	read := func(query string, sites, steps bool) error {
		var id domain.WebsiteID
		var class domain.HitClass
		var start int64
		var c domain.TrafficCount
		into := append([]any{&id, &class, &start}, countInto(&c)...)
		return s.db.eachRead(ctx, query, []any{string(tenant), part.Step, part.From, part.To}, func(r row) error {
			if err := r.Scan(into...); err != nil {
				return err
			}
			i := slices.Index(sheetClasses[:], class)
			if i < 0 {
				return nil
			}
			if sites {
				if sums[id] == nil {
					sums[id] = &counts{}
				}
				sums[id][i].Add(c)
			}
			if steps && i == 0 {
				series[(start-span.From)/span.Step].Add(c)
			}
			return nil
		})
	}
	if part.To-part.From <= few*part.Step {
		return read(rows, true, true)
	}
	if err := read(bySite, true, false); err != nil {
		return err
	}
	return read(byStep, false, true)
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
