package store

import (
	"context"
	"time"

	"empire/internal/domain"
)

// Load stores hits of the past of which all is known, Session and Entry included, and
// adds them to the sums. Of days before that of hours there are no sums by hour, as Sweep
// leaves them. It is made for many hits of one website at a time, in the order of time.
func (s *Traffic) Load(ctx context.Context, events []domain.TrafficEvent, hours time.Time) error {
	edge := domain.HoursSince1970(hours) / grainDay * grainDay
	days := make([]domain.TrafficEvent, len(events))
	for i := range events {
		days[i] = events[i]
		if h := domain.HoursSince1970(days[i].At); h < edge {
			days[i].At = domain.HourTime(h / grainDay * grainDay)
		}
	}
	sums, facets := sumWebsites(days), sumFacets(days)
	for k := range sums {
		if k.grain == grainHour && k.start < edge {
			delete(sums, k)
		}
	}
	for k := range facets {
		if k.grain == grainHour && k.start < edge {
			delete(facets, k)
		}
	}
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		if err := s.insertEvents(ctx, events); err != nil {
			return err
		}
		if err := s.addHours(ctx, sumHours(days)); err != nil {
			return err
		}
		if err := s.addSums(ctx, sums); err != nil {
			return err
		}
		if err := s.addFacets(ctx, facets); err != nil {
			return err
		}
		return s.forgetDays(ctx, days)
	})
	return s.db.fail(err, "load %d events of websites", len(events))
}
