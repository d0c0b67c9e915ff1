package store

import (
	"cmp"
	"context"
	"slices"

	"empire/internal/domain"
)

// Traffic is what visitors do on websites: sums by hour and by day, and single events
// for a while. Websites are not referred to, so that an event of one that was deleted
// meanwhile does no harm; Sweep removes what is left of such.
//
//	traffic_events  single hits, which nothing else needs: the sums can be counted again from them
//	traffic_sums    whole websites, by hour for a few days and by day
//	traffic_facets  the same, of people by where they came from, device and program
//	traffic_hours   pages and slots, by hour, later by day
//	traffic_days    all websites on a day that is over, in one row: made from traffic_sums
type Traffic struct{ db *DB }

// Insert stores a batch in one transaction and sets in it which sessions and visitors
// begin. A visitor who was stored on that day before is not counted again.
func (s *Traffic) Insert(ctx context.Context, b *domain.TrafficBatch) error {
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		if err := s.seat(ctx, b); err != nil {
			return err
		}
		if b.Keep {
			if err := s.insertEvents(ctx, b.Events); err != nil {
				return err
			}
		}
		if err := s.addHours(ctx, sumHours(b.Events)); err != nil {
			return err
		}
		if err := s.addSums(ctx, sumWebsites(b.Events)); err != nil {
			return err
		}
		if err := s.addFacets(ctx, sumFacets(b.Events)); err != nil {
			return err
		}
		return s.forgetDays(ctx, b.Events)
	})
	return s.db.fail(err, "insert %d events of websites", len(b.Events))
}

const eventColumns = `website_id, at, kind, class, source, path, referrer, channel, utm_source, utm_medium, utm_campaign, device, slot, sub_id, program, session, entry`

func (s *Traffic) insertEvents(ctx context.Context, events []domain.TrafficEvent) error {
	rows := bulk{into: `traffic_events (` + eventColumns + `)`, columns: 17}
	return rows.write(ctx, s.db, len(events), func(args []any, i int) []any {
		e := &events[i]
		return append(args, e.WebsiteID, s.db.time(e.At), e.Kind, e.Class, e.Source, e.Path, e.Referrer, e.Channel, e.Campaign.Source, e.Campaign.Medium,
			e.Campaign.Name, e.Device, e.Slot, e.SubID, e.Program, e.Session, e.Entry)
	})
}

// seat finds the sessions of the visits of a batch, and sets what begins with its
// events.
func (s *Traffic) seat(ctx context.Context, b *domain.TrafficBatch) error {
	for _, round := range rounds(b.Visits) {
		for chunk := range slices.Chunk(round, s.db.d.rowsPerStatement(6)) {
			if err := s.seatChunk(ctx, b, chunk); err != nil {
				return err
			}
		}
	}
	for i := range b.Events {
		if v := b.Events[i].Visit; v > 0 {
			b.Events[i].Session = b.Visits[v-1].Session
		}
	}
	return nil
}

type visitorKey struct {
	website domain.WebsiteID
	visitor int64
}

func keyOf(v *domain.TrafficVisit) visitorKey { return visitorKey{v.WebsiteID, v.Visitor} }

// rounds divides visits so that no visitor is twice in a round, which a statement could
// not write. Those of a round go in order, so that two processes cannot wait for each
// other.
func rounds(visits []domain.TrafficVisit) (out [][]*domain.TrafficVisit) {
	nth := map[visitorKey]int{}
	for i := range visits {
		v := &visits[i]
		n := nth[keyOf(v)]
		nth[keyOf(v)]++
		if n == len(out) {
			out = append(out, nil)
		}
		out[n] = append(out[n], v)
	}
	for _, round := range out {
		slices.SortFunc(round, func(x, y *domain.TrafficVisit) int {
			return cmp.Or(cmp.Compare(x.WebsiteID, y.WebsiteID), cmp.Compare(x.Visitor, y.Visitor))
		})
	}
	return out
}

// seatChunk stores visits of different visitors. The session that a row has afterwards
// is the new one exactly if the visitor was not known or away for too long.
func (s *Traffic) seatChunk(ctx context.Context, b *domain.TrafficBatch, visits []*domain.TrafficVisit) error {
	const after = `ON CONFLICT (day, website_id, visitor) DO UPDATE SET
		session = CASE WHEN excluded.since - traffic_visitors.last > 1800 THEN excluded.session ELSE traffic_visitors.session END,
		sessions = CASE WHEN excluded.since - traffic_visitors.last > 1800 THEN traffic_visitors.sessions + 1 ELSE traffic_visitors.sessions END,
		last = CASE WHEN excluded.last > traffic_visitors.last THEN excluded.last ELSE traffic_visitors.last END
		RETURNING website_id, visitor, session, sessions`
	at := make(map[visitorKey]*domain.TrafficVisit, len(visits))
	args := make([]any, 0, 6*len(visits))
	for _, v := range visits {
		at[keyOf(v)] = v
		args = append(args, b.Day, v.WebsiteID, v.Visitor, v.Session, v.Since, v.Last)
	}
	rows := bulk{into: `traffic_visitors (day, website_id, visitor, session, since, last)`, columns: 6, after: after}
	return s.db.each(ctx, rows.statement(len(visits)), args, func(r row) error {
		var k visitorKey
		var session int64
		var sessions int
		if err := r.Scan(&k.website, &k.visitor, &session, &sessions); err != nil {
			return err
		}
		v := at[k]
		if session == v.Session && v.Event >= 0 {
			b.Events[v.Event].Entry = domain.EntrySession
			if sessions == 1 {
				b.Events[v.Event].Entry = domain.EntryVisitor
			}
		}
		v.Session = session
		return nil
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
