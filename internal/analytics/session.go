package analytics

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"

	"empire/internal/domain"
)

const (
	// maxKnown bounds how many visitors of the day are remembered, so that the database
	// is not asked again for each of their views.
	maxKnown = 200_000
	// noteEvery is how long it takes at most, in seconds, until the database knows that
	// a visitor is still here: so much may another process be wrong by.
	noteEvery  = 60
	gapSeconds = int64(domain.SessionGap / 1e9)
)

type visitor struct {
	website domain.WebsiteID
	number  int64
}

// seat is what is known of a visitor of the day. Times are in seconds since 1970.
type seat struct {
	session int64
	last    int64 // hit
	noted   int64 // last hit that the database knows of
	visit   int   // number from 1 of the visit in the batch that is made up; 0: none
}

// seating finds the sessions of the hits of a batch. What it learns counts once the
// batch is stored.
type seating struct {
	known map[visitor]seat // not changed
	moved map[visitor]seat
	salt  []byte
	batch *domain.TrafficBatch
}

// sit gives event i, which is hit h of a person, its session. One begins with a view:
// a click of a visitor who is not known belongs to none.
func (s *seating) sit(i int, h *domain.Hit) error {
	v := visitor{h.WebsiteID, number(s.salt, h)}
	at := h.At.Unix()
	place, known := s.moved[v]
	if !known {
		place, known = s.known[v]
	}
	switch {
	case !known || at-place.last > gapSeconds:
		if h.Kind != domain.HitView {
			return nil
		}
		session, err := newSession()
		if err != nil {
			return err
		}
		place = seat{session: session, last: at, noted: at, visit: s.visit(v, at, at, session, i)}
	case at-place.noted >= noteEvery:
		place.noted, place.visit = at, s.visit(v, place.last, at, place.session, -1)
	}
	place.last = max(place.last, at)
	s.moved[v] = place
	e := &s.batch.Events[i]
	e.Session, e.Visit = place.session, place.visit
	return nil
}

func (s *seating) visit(v visitor, since, last, session int64, event int) int {
	s.batch.Visits = append(s.batch.Visits, domain.TrafficVisit{WebsiteID: v.website, Visitor: v.number, Since: since, Last: last, Session: session, Event: event})
	return len(s.batch.Visits)
}

// keep remembers what the batch, which is stored, says of visitors.
func (s *seating) keep(known map[visitor]seat) {
	for v, place := range s.moved {
		if place.visit > 0 {
			place.session, place.visit = s.batch.Visits[place.visit-1].Session, 0
		}
		if _, has := known[v]; has || len(known) < maxKnown {
			known[v] = place
		}
	}
}

// newSession returns a random number that is not 0.
func newSession() (int64, error) {
	var b [8]byte
	if _, err := rand.Read(b[:]); err != nil {
		return 0, fmt.Errorf("make a session: %w", err)
	}
	return int64(binary.BigEndian.Uint64(b[:])>>1) | 1, nil
}
