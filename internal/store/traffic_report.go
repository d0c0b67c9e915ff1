package store

import (
	"context"

	"empire/internal/domain"
)

// maxTrafficRows bounds the pages and slots of a report.
const maxTrafficRows = 1000

// Report sums what happened on a website in a span. Pages and slots come with the most
// views and clicks first, 1,000 of each at most; the series has a point for every step.
func (s *Traffic) Report(ctx context.Context, id domain.WebsiteID, span domain.TrafficSpan) (*domain.TrafficReport, error) {
	r := &domain.TrafficReport{
		WebsiteID: id, From: domain.HourTime(span.From), To: domain.HourTime(span.To), Pages: []domain.TrafficPage{}, Slots: []domain.TrafficSlot{},
	}
	for _, read := range []func(context.Context, *domain.TrafficReport, domain.TrafficSpan) error{s.totals, s.pages, s.slots, s.series, s.served} {
		if err := read(ctx, r, span); err != nil {
			return nil, s.db.fail(err, "report on website %s", id)
		}
	}
	return r, nil
}

const inSpan = ` FROM traffic_hours WHERE website_id = $1 AND hour >= $2 AND hour < $3`

func (s *Traffic) totals(ctx context.Context, r *domain.TrafficReport, span domain.TrafficSpan) error {
	const query = `SELECT class, sum(views), sum(visitors), sum(clicks)` + inSpan + ` GROUP BY class`
	return s.db.eachRead(ctx, query, []any{r.WebsiteID, span.From, span.To}, func(row row) error {
		var class domain.HitClass
		var c domain.TrafficCount
		if err := row.Scan(&class, &c.Views, &c.Visitors, &c.Clicks); err != nil {
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

func (s *Traffic) pages(ctx context.Context, r *domain.TrafficReport, span domain.TrafficSpan) (err error) {
	const query = `SELECT path, sum(views) AS v, sum(visitors), sum(clicks)` + inSpan + ` AND class = 'person'
		GROUP BY path ORDER BY v DESC, path LIMIT $4`
	r.Pages, err = getAll(ctx, s.db, func(row row) (p domain.TrafficPage, err error) {
		err = row.Scan(&p.Path, &p.Views, &p.Entries, &p.Clicks)
		return p, err
	}, query, r.WebsiteID, span.From, span.To, maxTrafficRows)
	return err
}

func (s *Traffic) slots(ctx context.Context, r *domain.TrafficReport, span domain.TrafficSpan) (err error) {
	const query = `SELECT path, slot, sub_id, sum(clicks) AS c` + inSpan + ` AND class = 'person' AND clicks > 0
		GROUP BY path, slot, sub_id ORDER BY c DESC, path, slot, sub_id LIMIT $4`
	r.Slots, err = getAll(ctx, s.db, func(row row) (p domain.TrafficSlot, err error) {
		err = row.Scan(&p.Path, &p.Slot, &p.SubID, &p.Clicks)
		return p, err
	}, query, r.WebsiteID, span.From, span.To, maxTrafficRows)
	return err
}

func (s *Traffic) series(ctx context.Context, r *domain.TrafficReport, span domain.TrafficSpan) error {
	r.Series = make([]domain.TrafficPoint, (span.To-span.From)/span.Step)
	for i := range r.Series {
		r.Series[i].At = domain.HourTime(span.From + int64(i)*span.Step)
	}
	const query = `SELECT (hour - $2) / $4, sum(views), sum(visitors), sum(clicks)` + inSpan + ` AND class = 'person' GROUP BY 1`
	return s.db.eachRead(ctx, query, []any{r.WebsiteID, span.From, span.To, span.Step}, func(row row) error {
		var i int
		var c domain.TrafficCount
		if err := row.Scan(&i, &c.Views, &c.Visitors, &c.Clicks); err != nil {
			return err
		}
		r.Series[i].TrafficCount = c
		return nil
	})
}

// Events returns up to limit single events of a website, the oldest
// first.
func (s *Traffic) Events(ctx context.Context, id domain.WebsiteID, limit int) ([]domain.TrafficEvent, error) {
	const query = `SELECT website_id, at, kind, class, source, path, referrer, slot, sub_id FROM traffic_events WHERE website_id = $1 ORDER BY at LIMIT $2`
	list, err := getAll(ctx, s.db, func(r row) (e domain.TrafficEvent, err error) {
		err = r.Scan(&e.WebsiteID, asTime(&e.At), &e.Kind, &e.Class, &e.Source, &e.Path, &e.Referrer, &e.Slot, &e.SubID)
		return e, err
	}, query, id, limit)
	return list, s.db.fail(err, "list events of website %s", id)
}

// CountEvents returns how many single events there are of all websites.
func (s *Traffic) CountEvents(ctx context.Context) (int, error) {
	return s.db.count(ctx, `SELECT count(*) FROM traffic_events`)
}
