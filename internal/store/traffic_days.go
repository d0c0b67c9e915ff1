package store

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"

	"empire/internal/domain"
)

// A day sheet holds the figures of all websites of all tenants on a day: one byte for its
// version, then for each website, in the order of ids, the length of its id and the id, a
// byte that says which classes follow, and of each the views, visitors, sessions and clicks.
// Numbers are unsigned varints (encoding/binary).
const sheetVersion = 1

// sheetClasses are the classes of hits by their bit.
var sheetClasses = [...]domain.HitClass{domain.ClassPerson, domain.ClassBot, domain.ClassOwn}

var errSheet = errors.New("the figures of a day cannot be read")

// counts are the figures of a website by class, in the order of sheetClasses.
type counts [len(sheetClasses)]domain.TrafficCount

// daySheet is the sheet of the day that begins at an hour.
type daySheet struct {
	start int64
	raw   []byte
}

// each calls fn with the figures of each website. The bytes of the id are those of the
// sheet: fn must not keep them.
func (d daySheet) each(fn func(id []byte, c *counts)) error {
	b := d.raw
	if len(b) == 0 || b[0] != sheetVersion {
		return errSheet
	}
	b = b[1:]
	for len(b) > 0 {
		n, k := binary.Uvarint(b)
		if k <= 0 || n >= uint64(len(b)-k) { //nolint:gosec // not negative
			return errSheet
		}
		end := k + int(n) //nolint:gosec // less than len(b)
		id, held := b[k:end], b[end]
		b = b[end+1:]
		var c counts
		for class := range c {
			if held&(1<<class) == 0 {
				continue
			}
			for _, to := range [...]*int{&c[class].Views, &c[class].Visitors, &c[class].Sessions, &c[class].Clicks} {
				v, k := binary.Uvarint(b)
				if k <= 0 {
					return errSheet
				}
				*to, b = int(v), b[k:] //nolint:gosec // it was an int
			}
		}
		fn(id, &c)
	}
	return nil
}

// appendSheet adds the figures of a website to a sheet.
func appendSheet(b []byte, id domain.WebsiteID, c *counts) []byte {
	b = binary.AppendUvarint(b, uint64(len(id)))
	b = append(b, id...)
	at := len(b)
	b = append(b, 0)
	for class, count := range c {
		if count == (domain.TrafficCount{}) {
			continue
		}
		b[at] |= 1 << class
		for _, v := range [...]int{count.Views, count.Visitors, count.Sessions, count.Clicks} {
			b = binary.AppendUvarint(b, uint64(max(v, 0))) //nolint:gosec // not negative
		}
	}
	return b
}

// SumDays makes the sheets of the days before an hour that have none, from the oldest day
// that there are sums of, and returns how many it made. The hour begins a day.
func (s *Traffic) SumDays(ctx context.Context, before int64) (made int, err error) {
	days, err := s.daysWithout(ctx, before)
	if err != nil {
		return 0, s.db.fail(err, "find days without sums")
	}
	for _, day := range days {
		if err := s.db.InTx(ctx, func(ctx context.Context) error { return s.sumDay(ctx, day) }); err != nil {
			return made, s.db.fail(err, "sum up the day of hour %d", day)
		}
		made++
	}
	return made, nil
}

// daysWithout returns the days before an hour that have no sheet.
func (s *Traffic) daysWithout(ctx context.Context, before int64) ([]int64, error) {
	oldest, found := before, false
	holders, err := s.holders(ctx, "traffic_sums")
	if err != nil {
		return nil, err
	}
	for _, h := range holders {
		const query = `SELECT min(start) FROM traffic_sums WHERE website_id = $1 AND grain = 24`
		err := s.db.eachRead(ctx, query, []any{h.website}, func(r row) error {
			var first *int64
			if err := r.Scan(&first); err != nil || first == nil {
				return err
			}
			oldest, found = min(oldest, *first), true
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	if !found {
		return nil, nil
	}
	known, err := getAll(ctx, s.db, scanOne[int64], `SELECT start FROM traffic_days WHERE start >= $1 AND start < $2 ORDER BY start`, oldest, before)
	if err != nil {
		return nil, err
	}
	var out []int64
	for day := oldest; day < before; day += grainDay {
		if _, ok := slices.BinarySearch(known, day); !ok {
			out = append(out, day)
		}
	}
	return out, nil
}

// sumDay makes the sheet of a day. Nobody adds to the sums meanwhile: who adds to a day
// that has a sheet removes that afterwards, in the same transaction.
func (s *Traffic) sumDay(ctx context.Context, day int64) error {
	if err := s.db.lockTable(ctx, "traffic_sums"); err != nil {
		return err
	}
	const query = `SELECT w.id, t.class, t.views, t.visitors, t.sessions, t.clicks FROM websites w CROSS JOIN traffic_sums t
		WHERE t.website_id = w.id AND t.grain = 24 AND t.start = $1 ORDER BY w.id`
	sheet := []byte{sheetVersion}
	var id domain.WebsiteID
	var c counts
	err := s.db.each(ctx, query, []any{day}, func(r row) error {
		var next domain.WebsiteID
		var class domain.HitClass
		var count domain.TrafficCount
		if err := r.Scan(append([]any{&next, &class}, countInto(&count)...)...); err != nil {
			return err
		}
		if next != id && id != "" {
			sheet, c = appendSheet(sheet, id, &c), counts{}
		}
		id = next
		if i := slices.Index(sheetClasses[:], class); i >= 0 {
			c[i] = count
		}
		return nil
	})
	if err != nil {
		return err
	}
	if id != "" {
		sheet = appendSheet(sheet, id, &c)
	}
	_, err = s.db.exec(ctx, `INSERT INTO traffic_days (start, sheet) VALUES ($1, $2) ON CONFLICT (start) DO UPDATE SET sheet = excluded.sheet`, day, sheet)
	return err
}

// forgetDays removes the sheets of days that hits were added to. It comes after the sums in
// a transaction, which sumDay keeps out meanwhile.
func (s *Traffic) forgetDays(ctx context.Context, events []domain.TrafficEvent) error {
	var days []int64
	for i := range events {
		if day := domain.HoursSince1970(events[i].At) / grainDay * grainDay; !slices.Contains(days, day) {
			days = append(days, day)
		}
	}
	slices.Sort(days)
	for _, day := range days {
		if _, err := s.db.exec(ctx, `DELETE FROM traffic_days WHERE start = $1`, day); err != nil {
			return err
		}
	}
	return nil
}

// sheets returns the sheets of a span, and the parts of it that have none.
func (s *Traffic) sheets(ctx context.Context, span domain.TrafficSpan) (list []daySheet, rest []domain.TrafficSpan, err error) {
	if span.Step == grainDay && span.From%grainDay == 0 && span.To%grainDay == 0 {
		list, err = getAll(ctx, s.db, func(r row) (d daySheet, err error) {
			err = r.Scan(&d.start, &d.raw)
			return d, err
		}, `SELECT start, sheet FROM traffic_days WHERE start >= $1 AND start < $2 ORDER BY start`, span.From, span.To)
		if err != nil {
			return nil, nil, err
		}
	}
	from := span.From
	for i := range list {
		if list[i].start > from {
			rest = append(rest, domain.TrafficSpan{From: from, To: list[i].start, Step: span.Step})
		}
		from = list[i].start + grainDay
	}
	if from < span.To {
		rest = append(rest, domain.TrafficSpan{From: from, To: span.To, Step: span.Step})
	}
	return list, rest, nil
}
