package store

import (
	"context"
	"time"

	"empire/internal/domain"
)

// TrafficLimits are the times before which Sweep removes or shrinks what there is.
type TrafficLimits struct {
	Events time.Time // single events
	Sums   time.Time // all sums
	Hours  time.Time // sums by hour, of which those by day remain
}

// Sweep removes what is too old or belongs to a website that is gone, and returns how
// many rows that were. It goes by website, each in a short transaction of its own, so
// that it never reads what may stay.
func (s *Traffic) Sweep(ctx context.Context, l TrafficLimits) (removed int, err error) {
	for _, table := range sweptTables {
		list, err := s.holders(ctx, table.name)
		if err != nil {
			return removed, s.db.fail(err, "find websites with visits")
		}
		for _, h := range list {
			n, err := s.sweepTable(ctx, table, h, l)
			removed += n
			if err != nil {
				return removed, s.db.fail(err, "sweep visits of website %s", h.website)
			}
		}
	}
	n, err := s.sweepImports(ctx, l.Sums)
	removed += n
	if err != nil {
		return removed, err
	}
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		if _, err := s.db.exec(ctx, `DELETE FROM traffic_days WHERE start < $1`, domain.HoursSince1970(l.Sums)); err != nil {
			return err
		}
		if err := s.shrinkServed(ctx, domain.HoursSince1970(l.Hours)/grainDay*grainDay); err != nil {
			return err
		}
		return s.shrink(ctx, domain.HoursSince1970(l.Hours)/grainDay*grainDay)
	})
	return removed, s.db.fail(err, "sweep events of websites")
}

// sweptTable is a table whose rows have a website and an age. old are the conditions,
// each with one argument beside the website.
type sweptTable struct {
	name string
	old  func(db *DB, l TrafficLimits) []condition
}

type condition struct {
	text string
	arg  any
}

var sweptTables = []sweptTable{
	{"traffic_events", func(db *DB, l TrafficLimits) []condition { return []condition{{`at < $2`, db.time(l.Events)}} }},
	{"traffic_hours", beforeSums},
	{"traffic_served", beforeSums},
	{"traffic_sums", func(_ *DB, l TrafficLimits) []condition {
		return []condition{
			{`grain = 1 AND start < $2`, domain.HoursSince1970(l.Hours)}, {`grain = 24 AND start < $2`, domain.HoursSince1970(l.Sums)},
		}
	}},
	{"traffic_facets", func(_ *DB, l TrafficLimits) []condition {
		var out []condition
		for _, kind := range domain.FacetKinds() {
			of := `kind = '` + string(kind) + `' AND `
			out = append(out, condition{of + `grain = 1 AND start < $2`, domain.HoursSince1970(l.Hours)}, condition{of + `grain = 24 AND start < $2`, domain.HoursSince1970(l.Sums)})
		}
		return out
	}},
}

func beforeSums(_ *DB, l TrafficLimits) []condition {
	return []condition{{`hour < $2`, domain.HoursSince1970(l.Sums)}}
}

// holder is a website that a table has rows of.
type holder struct {
	website domain.WebsiteID
	there   bool // the website still is
}

// holders lists the websites that a table has rows of, one step in its index for each.
func (s *Traffic) holders(ctx context.Context, table string) ([]holder, error) {
	query := `WITH RECURSIVE w(id) AS (
			SELECT min(website_id) FROM ` + table + `
			UNION ALL SELECT (SELECT min(t.website_id) FROM ` + table + ` t WHERE t.website_id > w.id) FROM w WHERE w.id IS NOT NULL)
		SELECT id, EXISTS (SELECT 1 FROM websites WHERE websites.id = w.id) FROM w WHERE id IS NOT NULL`
	return getAll(ctx, s.db, func(r row) (h holder, err error) {
		err = r.Scan(&h.website, &h.there)
		return h, err
	}, query)
}

func (s *Traffic) sweepTable(ctx context.Context, table sweptTable, h holder, l TrafficLimits) (removed int, err error) {
	if !h.there {
		n, err := s.db.exec(ctx, `DELETE FROM `+table.name+` WHERE website_id = $1`, h.website)
		return int(n), err
	}
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		removed = 0
		for _, c := range table.old(s.db, l) {
			n, err := s.db.exec(ctx, `DELETE FROM `+table.name+` WHERE website_id = $1 AND `+c.text, h.website, c.arg)
			if err != nil {
				return err
			}
			removed += int(n)
		}
		return nil
	})
	return removed, err
}

func (s *Traffic) sweepImports(ctx context.Context, before time.Time) (int, error) {
	n, err := s.db.exec(ctx, `DELETE FROM traffic_imports WHERE imported_at < $1 OR NOT EXISTS (SELECT 1 FROM websites w WHERE w.id = website_id)`, s.db.time(before))
	return int(n), s.db.fail(err, "sweep imports of access logs")
}

// shrink makes sums by day of those by hour before an hour, which begins a day.
func (s *Traffic) shrink(ctx context.Context, before int64) error {
	add := `INSERT INTO traffic_hours (` + hourColumns + figures + `)
		SELECT website_id, hour / 24 * 24, path, slot, sub_id, class, sum(views), sum(visitors), sum(sessions), sum(clicks) FROM traffic_hours
		WHERE hour < $1 AND hour % 24 <> 0 GROUP BY website_id, hour / 24 * 24, path, slot, sub_id, class ` + onTop("traffic_hours", hourColumns)
	if _, err := s.db.exec(ctx, add, before); err != nil {
		return err
	}
	_, err := s.db.exec(ctx, `DELETE FROM traffic_hours WHERE hour < $1 AND hour % 24 <> 0`, before)
	return err
}
