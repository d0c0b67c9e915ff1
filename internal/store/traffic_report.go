package store

import (
	"context"
	"time"

	"empire/internal/domain"
)

// Report sums what happened on a website in a span. Pages and slots come with the most
// views and clicks first, domain.MaxTrafficRows of each at most, with how many there are
// in all; the series has a point for every step. Before is not filled in.
func (s *Traffic) Report(ctx context.Context, id domain.WebsiteID, span domain.TrafficSpan) (*domain.TrafficReport, error) {
	r := &domain.TrafficReport{WebsiteID: id, Step: time.Duration(span.Step) * time.Hour, Pages: []domain.TrafficPage{}, Slots: []domain.TrafficSlot{}}
	r.From, r.To = span.Times()
	for _, read := range []func(context.Context, *domain.TrafficReport, domain.TrafficSpan) error{s.totals, s.pages, s.slots, s.facets, s.series, s.served} {
		if err := read(ctx, r, span); err != nil {
			return nil, s.db.fail(err, "report on website %s", id)
		}
	}
	return r, nil
}

// People sums what people did on a website in a span.
func (s *Traffic) People(ctx context.Context, id domain.WebsiteID, span domain.TrafficSpan) (domain.TrafficCount, error) {
	var r domain.TrafficReport
	r.WebsiteID = id
	err := s.totals(ctx, &r, span)
	return r.People, s.db.fail(err, "sum visits of website %s", id)
}

const (
	inHours = ` FROM traffic_hours WHERE website_id = $1 AND hour >= $2 AND hour < $3`
	inSums  = ` FROM traffic_sums WHERE website_id = $1 AND grain = $4 AND start >= $2 AND start < $3`
	summed  = `sum(views), sum(visitors), sum(sessions), sum(clicks)`
)

func spanArgs(id domain.WebsiteID, span domain.TrafficSpan, more ...any) []any {
	return append([]any{id, span.From, span.To}, more...)
}

// countInto are the places for what summed selects.
func countInto(c *domain.TrafficCount) []any {
	return []any{&c.Views, &c.Visitors, &c.Sessions, &c.Clicks}
}

func (s *Traffic) totals(ctx context.Context, r *domain.TrafficReport, span domain.TrafficSpan) error {
	const query = `SELECT class, ` + summed + inSums + ` GROUP BY class`
	return s.db.eachRead(ctx, query, spanArgs(r.WebsiteID, span, span.Step), func(row row) error {
		var class domain.HitClass
		var c domain.TrafficCount
		if err := row.Scan(append([]any{&class}, countInto(&c)...)...); err != nil {
			return err
		}
		switch class {
		case domain.ClassPerson:
			r.People = c
		case domain.ClassBot:
			r.Bots = c
		case domain.ClassOwn:
			r.Own = c
		}
		return nil
	})
}

func scanPageTraffic(r row) (p domain.TrafficPage, err error) {
	err = r.Scan(&p.Path, &p.Views, &p.Entries, &p.Sessions, &p.Clicks)
	return p, err
}

func (s *Traffic) pages(ctx context.Context, r *domain.TrafficReport, span domain.TrafficSpan) (err error) {
	const query = `SELECT path, sum(views) AS v, sum(visitors), sum(sessions), sum(clicks)` + inHours + ` AND class = 'person'
		GROUP BY path ORDER BY v DESC, path LIMIT $4`
	r.Pages, err = getAll(ctx, s.db, scanPageTraffic, query, spanArgs(r.WebsiteID, span, domain.MaxTrafficRows)...)
	r.PageCount = len(r.Pages)
	if err != nil || len(r.Pages) < domain.MaxTrafficRows {
		return err
	}
	r.PageCount, err = s.db.count(ctx, `SELECT count(DISTINCT path)`+inHours+` AND class = 'person'`, spanArgs(r.WebsiteID, span)...)
	return err
}

func (s *Traffic) slots(ctx context.Context, r *domain.TrafficReport, span domain.TrafficSpan) (err error) {
	const of = inHours + ` AND class = 'person' AND clicks > 0 GROUP BY path, slot, sub_id`
	const query = `SELECT path, slot, sub_id, sum(clicks) AS c` + of + ` ORDER BY c DESC, path, slot, sub_id LIMIT $4`
	r.Slots, err = getAll(ctx, s.db, func(row row) (p domain.TrafficSlot, err error) {
		err = row.Scan(&p.Path, &p.Slot, &p.SubID, &p.Clicks)
		return p, err
	}, query, spanArgs(r.WebsiteID, span, domain.MaxTrafficRows)...)
	r.SlotCount = len(r.Slots)
	if err != nil || len(r.Slots) < domain.MaxTrafficRows {
		return err
	}
	r.SlotCount, err = s.db.count(ctx, `SELECT count(*) FROM (SELECT path`+of+`) AS slots`, spanArgs(r.WebsiteID, span)...)
	return err
}

// facets reads the figures of all facets, in the order of kinds and then of figures.
func (s *Traffic) facets(ctx context.Context, r *domain.TrafficReport, span domain.TrafficSpan) error {
	r.Facets = []domain.TrafficFacet{}
	for _, kind := range domain.FacetKinds() {
		list, err := s.facetList(ctx, r.WebsiteID, kind, span, domain.MaxFacets)
		if err != nil {
			return err
		}
		r.Facets = append(r.Facets, list...)
	}
	return nil
}

// Facets returns the figures of one facet of a website, those with the most views and
// clicks first.
func (s *Traffic) Facets(ctx context.Context, id domain.WebsiteID, kind domain.FacetKind, span domain.TrafficSpan) ([]domain.TrafficFacet, error) {
	list, err := s.facetList(ctx, id, kind, span, maxAllFacets)
	return list, s.db.fail(err, "list facets of website %s", id)
}

// maxAllFacets is more than the collector lets a website have in the time of a report.
const maxAllFacets = 1_000_000

func (s *Traffic) facetList(ctx context.Context, id domain.WebsiteID, kind domain.FacetKind, span domain.TrafficSpan, limit int) ([]domain.TrafficFacet, error) {
	const query = `SELECT value, ` + summed + ` FROM traffic_facets WHERE website_id = $1 AND kind = $5 AND grain = $4 AND start >= $2 AND start < $3
		GROUP BY value ORDER BY sum(views) DESC, sum(clicks) DESC, value LIMIT $6`
	return getAll(ctx, s.db, func(row row) (domain.TrafficFacet, error) {
		f := domain.TrafficFacet{Kind: kind}
		err := row.Scan(append([]any{&f.Value}, countInto(&f.TrafficCount)...)...)
		return f, err
	}, query, spanArgs(id, span, span.Step, kind, limit)...)
}

// points returns a series without figures.
func points(span domain.TrafficSpan) []domain.TrafficPoint {
	out := make([]domain.TrafficPoint, (span.To-span.From)/span.Step)
	for i := range out {
		out[i].At = domain.HourTime(span.From + int64(i)*span.Step)
	}
	return out
}

func (s *Traffic) series(ctx context.Context, r *domain.TrafficReport, span domain.TrafficSpan) error {
	r.Series = points(span)
	const query = `SELECT start, ` + summed + inSums + ` AND class = 'person' GROUP BY start`
	return s.db.eachRead(ctx, query, spanArgs(r.WebsiteID, span, span.Step), func(row row) error {
		return scanPoint(row, r.Series, span)
	})
}

func scanPoint(r row, series []domain.TrafficPoint, span domain.TrafficSpan) error {
	var start int64
	var c domain.TrafficCount
	if err := r.Scan(append([]any{&start}, countInto(&c)...)...); err != nil {
		return err
	}
	series[(start-span.From)/span.Step].TrafficCount = c
	return nil
}

// Events returns up to limit single events of a website, the oldest
// first.
func (s *Traffic) Events(ctx context.Context, id domain.WebsiteID, limit int) ([]domain.TrafficEvent, error) {
	const query = `SELECT ` + eventColumns + ` FROM traffic_events WHERE website_id = $1 ORDER BY at LIMIT $2`
	list, err := getAll(ctx, s.db, func(r row) (e domain.TrafficEvent, err error) {
		err = r.Scan(&e.WebsiteID, asTime(&e.At), &e.Kind, &e.Class, &e.Source, &e.Path, &e.Referrer, &e.Channel, &e.Campaign.Source, &e.Campaign.Medium,
			&e.Campaign.Name, &e.Device, &e.Slot, &e.SubID, &e.Program, &e.Session, &e.Entry)
		return e, err
	}, query, id, limit)
	return list, s.db.fail(err, "list events of website %s", id)
}

// CountEvents returns how many single events there are of all websites.
func (s *Traffic) CountEvents(ctx context.Context) (int, error) {
	return s.db.count(ctx, `SELECT count(*) FROM traffic_events`)
}
