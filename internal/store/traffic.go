package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"empire/internal/domain"
)

// Traffic is what visitors do on websites: sums by hour, and single events for a
// while. Websites are not referred to, so that an event of one that was deleted
// meanwhile does no harm; Sweep removes what is left of such.
type Traffic struct{ db *DB }

// hourKey is what is counted for itself.
type hourKey struct {
	website           domain.WebsiteID
	hour              int64
	path, slot, subID string
	class             domain.HitClass
}

func (k hourKey) compare(o hourKey) int {
	return cmp.Or(cmp.Compare(k.website, o.website), cmp.Compare(k.hour, o.hour), cmp.Compare(k.path, o.path),
		cmp.Compare(k.slot, o.slot), cmp.Compare(k.subID, o.subID), cmp.Compare(k.class, o.class))
}

type hourCount struct{ views, visitors, clicks int }

// Insert stores a batch in one transaction. A visitor who was stored on that day
// before is not counted again.
func (s *Traffic) Insert(ctx context.Context, b *domain.TrafficBatch) error {
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		if b.Keep {
			if err := s.insertEvents(ctx, b.Events); err != nil {
				return err
			}
		}
		sums := sumHours(b.Events)
		if err := s.countVisits(ctx, b, sums); err != nil {
			return err
		}
		return s.addHours(ctx, sums)
	})
	return s.db.fail(err, "insert %d events of websites", len(b.Events))
}

func (s *Traffic) insertEvents(ctx context.Context, events []domain.TrafficEvent) error {
	rows := bulk{into: `traffic_events (website_id, at, kind, class, source, path, referrer, slot, sub_id)`, columns: 9}
	return rows.write(ctx, s.db, len(events), func(args []any, i int) []any {
		e := &events[i]
		return append(args, e.WebsiteID, s.db.time(e.At), e.Kind, e.Class, e.Source, e.Path, e.Referrer, e.Slot, e.SubID)
	})
}

func sumHours(events []domain.TrafficEvent) map[hourKey]hourCount {
	sums := map[hourKey]hourCount{}
	for i := range events {
		e := &events[i]
		k := hourKey{e.WebsiteID, domain.HoursSince1970(e.At), e.Path, e.Slot, e.SubID, e.Class}
		c := sums[k]
		if e.Kind == domain.HitClick {
			c.clicks++
		} else {
			c.views++
		}
		sums[k] = c
	}
	return sums
}

// countVisits stores the visitors of the day and adds those that are new to sums. They
// go in order, so that two processes cannot wait for each other.
func (s *Traffic) countVisits(ctx context.Context, b *domain.TrafficBatch, sums map[hourKey]hourCount) error {
	type who struct {
		website domain.WebsiteID
		visitor int64
	}
	visits := slices.Clone(b.Visits)
	slices.SortFunc(visits, func(x, y domain.TrafficVisit) int {
		return cmp.Or(cmp.Compare(x.WebsiteID, y.WebsiteID), cmp.Compare(x.Visitor, y.Visitor))
	})
	size := s.db.d.rowsPerStatement(3)
	for chunk := range slices.Chunk(visits, size) {
		at := make(map[who]hourKey, len(chunk))
		args := make([]any, 0, 3*len(chunk))
		for _, v := range chunk {
			at[who{v.WebsiteID, v.Visitor}] = hourKey{website: v.WebsiteID, hour: v.Hour, path: v.Path, class: domain.ClassPerson}
			args = append(args, b.Day, v.WebsiteID, v.Visitor)
		}
		rows := bulk{into: `traffic_visitors (day, website_id, visitor)`, columns: 3, after: `ON CONFLICT DO NOTHING RETURNING website_id, visitor`}
		err := s.db.each(ctx, rows.statement(len(chunk)), args, func(r row) error {
			var w who
			if err := r.Scan(&w.website, &w.visitor); err != nil {
				return err
			}
			c := sums[at[w]]
			c.visitors++
			sums[at[w]] = c
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Traffic) addHours(ctx context.Context, sums map[hourKey]hourCount) error {
	keys := make([]hourKey, 0, len(sums))
	for k := range sums {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, hourKey.compare)
	rows := bulk{
		into: `traffic_hours (website_id, hour, path, slot, sub_id, class, views, visitors, clicks)`, columns: 9,
		after: `ON CONFLICT (website_id, hour, path, slot, sub_id, class) DO UPDATE SET views = traffic_hours.views + excluded.views,
			visitors = traffic_hours.visitors + excluded.visitors, clicks = traffic_hours.clicks + excluded.clicks`,
	}
	return rows.write(ctx, s.db, len(keys), func(args []any, i int) []any {
		k := keys[i]
		c := sums[k]
		return append(args, k.website, k.hour, k.path, k.slot, k.subID, k.class, c.views, c.visitors, c.clicks)
	})
}

// Salt returns the salt of a day, in UTC since 1970: that which was stored first.
func (s *Traffic) Salt(ctx context.Context, day int64, fresh []byte) (salt []byte, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		if _, err := s.db.exec(ctx, `INSERT INTO traffic_salts (day, salt) VALUES ($1, $2) ON CONFLICT (day) DO NOTHING`, day, fresh); err != nil {
			return err
		}
		return s.db.w(ctx).QueryRowContext(ctx, `SELECT salt FROM traffic_salts WHERE day = $1`, day).Scan(&salt)
	})
	return salt, s.db.fail(err, "get salt of visitors")
}

// Forget removes the salts and visitors of the days before one. Who came on them cannot
// be recognized from then on, and nobody can find out who it was.
func (s *Traffic) Forget(ctx context.Context, before int64) error {
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		if _, err := s.db.exec(ctx, `DELETE FROM traffic_salts WHERE day < $1`, before); err != nil {
			return err
		}
		_, err := s.db.exec(ctx, `DELETE FROM traffic_visitors WHERE day < $1`, before)
		return err
	})
	return s.db.fail(err, "forget visitors")
}

// TrafficLimits are the times before which Sweep removes or shrinks what there is.
type TrafficLimits struct {
	Events time.Time // single events
	Sums   time.Time // all sums
	Hours  time.Time // sums by hour, which become sums by day
}

// Sweep removes what is too old or belongs to a website that is gone, and returns how
// many rows that were.
func (s *Traffic) Sweep(ctx context.Context, l TrafficLimits) (removed int, err error) {
	gone := ` OR NOT EXISTS (SELECT 1 FROM websites w WHERE w.id = website_id)`
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		removed = 0
		for _, del := range []struct {
			query string
			arg   any
		}{
			{`DELETE FROM traffic_events WHERE at < $1` + gone, s.db.time(l.Events)},
			{`DELETE FROM traffic_hours WHERE hour < $1` + gone, domain.HoursSince1970(l.Sums)},
			{`DELETE FROM traffic_served WHERE hour < $1` + gone, domain.HoursSince1970(l.Sums)},
			{`DELETE FROM traffic_imports WHERE imported_at < $1` + gone, s.db.time(l.Sums)},
		} {
			n, err := s.db.exec(ctx, del.query, del.arg)
			if err != nil {
				return err
			}
			removed += int(n)
		}
		if err := s.shrinkServed(ctx, domain.HoursSince1970(l.Hours)/24*24); err != nil {
			return err
		}
		return s.shrink(ctx, domain.HoursSince1970(l.Hours)/24*24)
	})
	return removed, s.db.fail(err, "sweep events of websites")
}

// shrink makes sums by day of those by hour before an hour, which begins a day.
func (s *Traffic) shrink(ctx context.Context, before int64) error {
	const add = `INSERT INTO traffic_hours (website_id, hour, path, slot, sub_id, class, views, visitors, clicks)
		SELECT website_id, hour / 24 * 24, path, slot, sub_id, class, sum(views), sum(visitors), sum(clicks) FROM traffic_hours
		WHERE hour < $1 AND hour % 24 <> 0 GROUP BY website_id, hour / 24 * 24, path, slot, sub_id, class
		ON CONFLICT (website_id, hour, path, slot, sub_id, class) DO UPDATE SET views = traffic_hours.views + excluded.views,
			visitors = traffic_hours.visitors + excluded.visitors, clicks = traffic_hours.clicks + excluded.clicks`
	if _, err := s.db.exec(ctx, add, before); err != nil {
		return err
	}
	_, err := s.db.exec(ctx, `DELETE FROM traffic_hours WHERE hour < $1 AND hour % 24 <> 0`, before)
	return err
}
