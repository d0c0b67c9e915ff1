package store

import (
	"context"
	"time"

	"empire/internal/domain"
)

// Slots are the places of ready steps behind their limits.
type Slots struct{ db *DB }

// Insert adds a place. The step's ready_at must be the slot's.
func (s *Slots) Insert(ctx context.Context, sl *domain.Slot) error {
	const query = `INSERT INTO step_slots (id, step_id, run_id, limits, ready_at, order_at, blocked_on) VALUES ($1, $2, $3, $4, $5, $6, $7)`
	_, err := s.db.exec(ctx, query, sl.ID, sl.StepID, sl.RunID, jsonValue{sl.Limits}, s.db.time(sl.ReadyAt), s.db.time(sl.OrderAt), sl.BlockedOn)
	return s.db.fail(err, "insert slot of step %s", sl.StepID)
}

// Lock lets nobody else decide who is let in until the transaction of ctx ends.
func (s *Slots) Lock(ctx context.Context) error {
	_, err := s.db.next(ctx, "step_slots")
	return err
}

func scanSlot(r row) (sl domain.Slot, err error) {
	err = r.Scan(&sl.ID, &sl.StepID, &sl.RunID, jsonValue{&sl.Limits}, asTime(&sl.ReadyAt), asTime(&sl.OrderAt), asTimePtr(&sl.AdmittedAt),
		asTimePtr(&sl.WakeAt), &sl.BlockedOn, &sl.Held, &sl.Live)
	return sl, err
}

// List returns all slots in the order in which they are let in.
func (s *Slots) List(ctx context.Context) ([]domain.Slot, error) {
	const query = `SELECT s.id, s.step_id, s.run_id, s.limits, s.ready_at, s.order_at, s.admitted_at, s.wake_at, s.blocked_on,
		COALESCE(st.ready_at = s.ready_at AND s.admitted_at IS NOT NULL AND st.state IN ('queued', 'running', 'waiting'), FALSE),
		COALESCE(st.ready_at = s.ready_at AND s.admitted_at IS NULL AND st.state = 'queued', FALSE)
		FROM step_slots s JOIN steps st ON st.id = s.step_id ORDER BY s.order_at, s.id`
	list, err := getAll(ctx, s.db, scanSlot, query)
	return list, s.db.fail(err, "list slots")
}

// Admit notes that a step was let in.
func (s *Slots) Admit(ctx context.Context, id string, at time.Time) error {
	const query = `UPDATE step_slots SET admitted_at = $2, wake_at = NULL, blocked_on = '' WHERE id = $1`
	_, err := s.db.exec(ctx, query, id, s.db.time(at))
	return s.db.fail(err, "admit slot %s", id)
}

// Block notes why a step was not let in, and when somebody looks again; nil: when a
// place is free.
func (s *Slots) Block(ctx context.Context, id, reason string, wake *time.Time) error {
	_, err := s.db.exec(ctx, `UPDATE step_slots SET blocked_on = $2, wake_at = $3 WHERE id = $1`, id, reason, s.db.timePtr(wake))
	return s.db.fail(err, "block slot %s", id)
}

// Delete removes slots that count for nothing any more.
func (s *Slots) Delete(ctx context.Context, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	var f filter
	in(&f, s.db.d, "id", ids)
	_, err := s.db.exec(ctx, `DELETE FROM step_slots`+f.where(), f.args...)
	return s.db.fail(err, "delete slots")
}
