package store

import (
	"context"
	"encoding/json"
	"time"

	"empire/internal/domain"
)

// Ready notes that all that a queued step comes after has ended. It reports false
// if that was noted before, or if the step is in another state.
func (s *Steps) Ready(ctx context.Context, id domain.StepID, at time.Time) (bool, error) {
	const query = `UPDATE steps SET ready_at = $2 WHERE id = $1 AND state = 'queued' AND ready_at IS NULL`
	n, err := s.db.exec(ctx, query, id, s.db.time(at))
	return n > 0, s.db.fail(err, "note that step %s is ready", id)
}

// Reset makes an ended step as it was when its run began, but for the count of its
// attempts. It reports false for a step that has not ended.
func (s *Steps) Reset(ctx context.Context, id domain.StepID) (bool, error) {
	const query = `UPDATE steps SET state = 'queued', error = NULL, result = NULL, done = 0, total = 0, message = '', started_at = NULL,
		finished_at = NULL, ready_at = NULL, undo = '', undo_error = NULL WHERE id = $1`
	done := false
	err := s.change(ctx, id, func(ctx context.Context, h stepHead) error {
		if !h.state.Ended() {
			return nil
		}
		done = true
		_, err := s.db.exec(ctx, query, id)
		return err
	})
	return done && err == nil, s.db.fail(err, "reset step %s", id)
}

// Pause ends an attempt as failed and leaves its step waiting for Wake. It reports
// false if the step is not running this attempt.
func (s *Steps) Pause(ctx context.Context, id domain.StepID, attempt int, e *domain.RunError, at time.Time) (bool, error) {
	const query = `UPDATE steps SET state = 'waiting', error = $2, ready_at = NULL WHERE id = $1`
	done := false
	err := s.change(ctx, id, func(ctx context.Context, h stepHead) error {
		if h.state != domain.StateRunning || h.attempt != attempt {
			return nil
		}
		if err := s.closeAttempt(ctx, id, attempt, domain.StateFailed, e, at); err != nil {
			return err
		}
		done = true
		_, err := s.db.exec(ctx, query, id, optJSON(e))
		return err
	})
	return done && err == nil, s.db.fail(err, "pause step %s", id)
}

// Wake puts a waiting step back in the queue. It reports false if the step does not
// wait.
func (s *Steps) Wake(ctx context.Context, id domain.StepID) (bool, error) {
	const query = `UPDATE steps SET state = 'queued', error = NULL, ready_at = NULL WHERE id = $1 AND state = 'waiting'`
	n, err := s.db.exec(ctx, query, id)
	return n > 0, s.db.fail(err, "wake step %s", id)
}

// Current returns the state of a step and the number of its last attempt.
func (s *Steps) Current(ctx context.Context, id domain.StepID) (domain.RunState, int, error) {
	h, err := getOne(ctx, s.db, noStep(id), func(r row) (h stepHead, err error) {
		err = r.Scan(&h.state, &h.attempt)
		return h, err
	}, `SELECT state, attempt FROM steps WHERE id = $1`, id)
	if err != nil {
		return "", 0, s.db.fail(err, "get state of step %s", id)
	}
	return h.state, h.attempt, nil
}

// Results returns the results of the completed steps of a run as they are stored,
// by the names of the steps.
func (s *Steps) Results(ctx context.Context, run domain.RunID) (map[string]json.RawMessage, error) {
	const query = `SELECT name, result FROM steps WHERE run_id = $1 AND state = 'completed'`
	list, err := getAll(ctx, s.db, func(r row) (st domain.Step, err error) {
		err = r.Scan(&st.Name, rawScan{&st.Result})
		return st, err
	}, query, run)
	if err != nil {
		return nil, s.db.fail(err, "list results of run %s", run)
	}
	out := make(map[string]json.RawMessage, len(list))
	for _, st := range list {
		out[st.Name] = st.Result
	}
	return out, nil
}

// QueueUndo notes that a completed step is to be compensated:
//
//	queued ─BeginUndo▶ running ─EndUndo▶ completed │ failed │ queued (another try)
func (s *Steps) QueueUndo(ctx context.Context, id domain.StepID) (bool, error) {
	const query = `UPDATE steps SET undo = 'queued', undo_error = NULL WHERE id = $1 AND state = 'completed' AND undo = ''`
	n, err := s.db.exec(ctx, query, id)
	return n > 0, s.db.fail(err, "queue compensation of step %s", id)
}

// BeginUndo opens the next attempt to compensate a step, of which the number is
// returned, or 0 if there is nothing to do.
func (s *Steps) BeginUndo(ctx context.Context, id domain.StepID) (attempt int, err error) {
	const query = `UPDATE steps SET undo = 'running', undo_attempt = undo_attempt + 1 WHERE id = $1`
	err = s.change(ctx, id, func(ctx context.Context, _ stepHead) error {
		var undo domain.RunState
		var n int
		if err := s.db.w(ctx).QueryRowContext(ctx, `SELECT undo, undo_attempt FROM steps WHERE id = $1`, id).Scan(&undo, &n); err != nil {
			return err
		}
		if undo != domain.StateQueued && undo != domain.StateRunning {
			return nil
		}
		attempt = n + 1
		_, err := s.db.exec(ctx, query, id)
		return err
	})
	if err != nil {
		return 0, s.db.fail(err, "begin compensation of step %s", id)
	}
	return attempt, nil
}

// EndUndo ends an attempt to compensate a step. It reports false if another one has
// begun meanwhile.
func (s *Steps) EndUndo(ctx context.Context, id domain.StepID, attempt int, state domain.RunState, e *domain.RunError) (bool, error) {
	const query = `UPDATE steps SET undo = $3, undo_error = $4 WHERE id = $1 AND undo = 'running' AND undo_attempt = $2`
	n, err := s.db.exec(ctx, query, id, attempt, state, optJSON(e))
	return n > 0, s.db.fail(err, "end compensation of step %s", id)
}
