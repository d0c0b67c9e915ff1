package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"empire/internal/domain"
)

// AddServed adds counts of pages that were sent.
func (s *Traffic) AddServed(ctx context.Context, counts []domain.ServedCount) error {
	counts = slices.Clone(counts) // in order, so that two processes cannot wait for each other
	slices.SortFunc(counts, func(a, b domain.ServedCount) int {
		return cmp.Or(cmp.Compare(a.WebsiteID, b.WebsiteID), cmp.Compare(a.Hour, b.Hour), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Class, b.Class), cmp.Compare(a.Source, b.Source))
	})
	rows := bulk{
		into: `traffic_served (website_id, hour, path, class, source, views)`, columns: 6,
		after: `ON CONFLICT (website_id, hour, path, class, source) DO UPDATE SET views = traffic_served.views + excluded.views`,
	}
	err := rows.write(ctx, s.db, len(counts), func(args []any, i int) []any {
		c := &counts[i]
		return append(args, c.WebsiteID, c.Hour, c.Path, c.Class, c.Source, c.Views)
	})
	return s.db.fail(err, "add %d counts of pages", len(counts))
}

// AddImport remembers that an access log was counted for a website. The same content
// again is a CodeConflict error.
func (s *Traffic) AddImport(ctx context.Context, i *domain.AccessImport) error {
	const query = `INSERT INTO traffic_imports (website_id, sha256, name, imported_at) VALUES ($1, $2, $3, $4)`
	_, err := s.db.exec(ctx, query, i.WebsiteID, i.SHA256, i.Name, s.db.time(i.ImportedAt))
	return s.db.fail(err, "store import of an access log for website %s", i.WebsiteID)
}

// Imported returns when the access log with a content was counted for a website; zero:
// it was not.
func (s *Traffic) Imported(ctx context.Context, id domain.WebsiteID, sha string) (at time.Time, err error) {
	const query = `SELECT imported_at FROM traffic_imports WHERE website_id = $1 AND sha256 = $2`
	err = s.db.eachRead(ctx, query, []any{id, sha}, func(r row) error { return r.Scan(asTime(&at)) })
	return at, s.db.fail(err, "look for an import for website %s", id)
}

func (s *Traffic) served(ctx context.Context, r *domain.TrafficReport, span domain.TrafficSpan) error {
	const query = `SELECT source, class, sum(views) FROM traffic_served WHERE website_id = $1 AND hour >= $2 AND hour < $3 GROUP BY source, class`
	return s.db.eachRead(ctx, query, []any{r.WebsiteID, span.From, span.To}, func(row row) error {
		var source domain.HitSource
		var class domain.HitClass
		var n int
		if err := row.Scan(&source, &class, &n); err != nil {
			return err
		}
		at := map[domain.HitClass]*int{domain.ClassPerson: &r.Served.People, domain.ClassBot: &r.Served.Bots, domain.ClassOwn: &r.Served.Own}
		if source == domain.SourceLog {
			i := &r.Served.Imported
			at = map[domain.HitClass]*int{domain.ClassPerson: &i.People, domain.ClassBot: &i.Bots, domain.ClassOwn: &i.Own}
		}
		if sum := at[class]; sum != nil {
			*sum += n
		}
		return nil
	})
}

// shrinkServed makes counts by day of those by hour before an hour, which begins a day.
func (s *Traffic) shrinkServed(ctx context.Context, before int64) error {
	const add = `INSERT INTO traffic_served (website_id, hour, path, class, source, views)
		SELECT website_id, hour / 24 * 24, path, class, source, sum(views) FROM traffic_served
		WHERE hour < $1 AND hour % 24 <> 0 GROUP BY website_id, hour / 24 * 24, path, class, source
		ON CONFLICT (website_id, hour, path, class, source) DO UPDATE SET views = traffic_served.views + excluded.views`
	if _, err := s.db.exec(ctx, add, before); err != nil {
		return err
	}
	_, err := s.db.exec(ctx, `DELETE FROM traffic_served WHERE hour < $1 AND hour % 24 <> 0`, before)
	return err
}
