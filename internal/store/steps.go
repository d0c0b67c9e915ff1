package store

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"empire/internal/domain"
)

// Steps are the steps of runs with their attempts.
//
//	queued ─Begin▶ running ─Finish▶ completed │ failed │ cancelled
//	                │    ▲ Begin (the worker was lost)
//	                └─Wait▶ waiting ─Resume▶ completed │ failed │ cancelled
//	failed │ cancelled │ running ─Requeue▶ queued
//	running ─Pause▶ waiting ─Wake▶ queued
//	every ended state ─Reset▶ queued
//
// A queued step is not worked before Ready has noted the time; Pause, Wake and Reset
// clear that again. The compensation of a completed step has states of its own, see
// QueueUndo.
//
// An attempt is fenced by its number: once another one has begun, what the old one
// reports changes nothing.
type Steps struct{ db *DB }

const stepColumns = `id, run_id, name, position, agent, task, state, attempt, error, done, total, message, started_at, finished_at,
	ready_at, undo, undo_attempt, undo_error`

func stepFields(st *domain.Step) []any {
	return []any{
		&st.ID, &st.RunID, &st.Name, &st.Position, &st.Agent, &st.Task, &st.State, &st.Attempt, jsonValue{&st.Error}, &st.Done, &st.Total,
		&st.Message, asTimePtr(&st.StartedAt), asTimePtr(&st.FinishedAt), asTimePtr(&st.ReadyAt), &st.Undo, &st.UndoAttempt, jsonValue{&st.UndoError},
	}
}

func scanStep(r row) (st domain.Step, err error) {
	err = r.Scan(stepFields(&st)...)
	return st, err
}

func scanStepResult(r row) (st domain.Step, err error) {
	err = r.Scan(append(stepFields(&st), rawScan{&st.Result})...)
	return st, err
}

func noStep(id domain.StepID) *domain.Error {
	return domain.Errorf(domain.CodeNotFound, "Step %s does not exist.", id)
}

// Get returns one step with its result, or CodeNotFound.
func (s *Steps) Get(ctx context.Context, id domain.StepID) (*domain.Step, error) {
	const query = `SELECT ` + stepColumns + `, result FROM steps WHERE id = $1`
	st, err := getOne(ctx, s.db, noStep(id), scanStepResult, query, id)
	return st, s.db.fail(err, "get step %s", id)
}

// stepHead is what decides a change of state.
type stepHead struct {
	state   domain.RunState
	attempt int
}

// change runs fn in a transaction that holds the step and its run.
func (s *Steps) change(ctx context.Context, id domain.StepID, fn func(ctx context.Context, h stepHead) error) error {
	const run = `SELECT id FROM runs WHERE id = (SELECT run_id FROM steps WHERE id = $1)`
	return s.db.InTx(ctx, func(ctx context.Context) error {
		if err := s.db.lock(ctx, noStep(id), run, id); err != nil {
			return err
		}
		var h stepHead
		err := s.db.w(ctx).QueryRowContext(ctx, `SELECT state, attempt FROM steps WHERE id = $1`, id).Scan(&h.state, &h.attempt)
		if err != nil {
			return err
		}
		return fn(ctx, h)
	})
}

// closeAttempt ends an attempt that is still running.
func (s *Steps) closeAttempt(ctx context.Context, id domain.StepID, attempt int, state domain.RunState, e *domain.RunError, at time.Time) error {
	const query = `UPDATE attempts SET state = $3, error = $4, finished_at = $5, code = $6 WHERE step_id = $1 AND number = $2 AND state = 'running'`
	if e == nil {
		e = &domain.RunError{}
	}
	_, err := s.db.exec(ctx, query, id, attempt, state, e.Message, s.db.time(at), e.Code)
	return err
}

// lost is why an attempt failed whose process went away.
var lost = &domain.RunError{Message: domain.WorkerLost}

// Begin opens the next attempt of a step that is queued, or running on a worker
// that was lost; that worker's attempt ends as failed. It returns ok = false for a
// step in another state.
func (s *Steps) Begin(ctx context.Context, id domain.StepID, worker string, at time.Time) (attempt int, ok bool, err error) {
	const update = `UPDATE steps SET state = 'running', attempt = $2, error = NULL, started_at = COALESCE(started_at, $3), finished_at = NULL,
		ready_at = COALESCE(ready_at, $3) WHERE id = $1`
	const insert = `INSERT INTO attempts (step_id, number, worker, state, error, started_at) VALUES ($1, $2, $3, 'running', '', $4)`
	err = s.change(ctx, id, func(ctx context.Context, h stepHead) error {
		if h.state != domain.StateQueued && h.state != domain.StateRunning {
			return nil
		}
		if err := s.closeAttempt(ctx, id, h.attempt, domain.StateFailed, lost, at); err != nil {
			return err
		}
		if _, err := s.db.exec(ctx, update, id, h.attempt+1, s.db.time(at)); err != nil {
			return err
		}
		if _, err := s.db.exec(ctx, insert, id, h.attempt+1, worker, s.db.time(at)); err != nil {
			return err
		}
		attempt, ok = h.attempt+1, true
		return nil
	})
	if err != nil {
		return 0, false, s.db.fail(err, "begin step %s", id)
	}
	return attempt, ok, nil
}

// Finish ends an attempt and its step with a result or an error. It reports false,
// and changes nothing, if the step is not running this attempt.
func (s *Steps) Finish(ctx context.Context, id domain.StepID, attempt int, state domain.RunState, result json.RawMessage, e *domain.RunError, at time.Time) (bool, error) {
	done := false
	err := s.change(ctx, id, func(ctx context.Context, h stepHead) error {
		if h.state != domain.StateRunning || h.attempt != attempt {
			return nil
		}
		if err := s.closeAttempt(ctx, id, attempt, state, e, at); err != nil {
			return err
		}
		done = true
		return s.end(ctx, id, state, result, e, at)
	})
	return done && err == nil, s.db.fail(err, "finish step %s", id)
}

func (s *Steps) end(ctx context.Context, id domain.StepID, state domain.RunState, result json.RawMessage, e *domain.RunError, at time.Time) error {
	const query = `UPDATE steps SET state = $2, result = $3, error = $4, finished_at = $5 WHERE id = $1`
	if !state.Ended() {
		return domain.Errorf(domain.CodeInvalid, "State %s does not end a step.", state)
	}
	_, err := s.db.exec(ctx, query, id, state, rawArg(result), optJSON(e), s.db.time(at))
	return err
}

// Wait ends an attempt as completed and leaves its step waiting for a signal. It
// reports false if the step is not running this attempt.
func (s *Steps) Wait(ctx context.Context, id domain.StepID, attempt int, at time.Time) (bool, error) {
	done := false
	err := s.change(ctx, id, func(ctx context.Context, h stepHead) error {
		if h.state != domain.StateRunning || h.attempt != attempt {
			return nil
		}
		if err := s.closeAttempt(ctx, id, attempt, domain.StateCompleted, nil, at); err != nil {
			return err
		}
		done = true
		_, err := s.db.exec(ctx, `UPDATE steps SET state = 'waiting' WHERE id = $1`, id)
		return err
	})
	return done && err == nil, s.db.fail(err, "let step %s wait", id)
}

// Resume ends a waiting step. It reports false if the step does not wait.
func (s *Steps) Resume(ctx context.Context, id domain.StepID, state domain.RunState, result json.RawMessage, e *domain.RunError, at time.Time) (bool, error) {
	done := false
	err := s.change(ctx, id, func(ctx context.Context, h stepHead) error {
		if h.state != domain.StateWaiting {
			return nil
		}
		done = true
		return s.end(ctx, id, state, result, e, at)
	})
	return done && err == nil, s.db.fail(err, "resume step %s", id)
}

// Requeue puts a failed, cancelled or running step back in the queue and clears
// its error, result, progress and times; the count of attempts goes on. It reports
// false for a step in another state.
func (s *Steps) Requeue(ctx context.Context, id domain.StepID, at time.Time) (bool, error) {
	const query = `UPDATE steps SET state = 'queued', error = NULL, result = NULL, done = 0, total = 0, message = '', started_at = NULL,
		finished_at = NULL WHERE id = $1`
	done := false
	err := s.change(ctx, id, func(ctx context.Context, h stepHead) error {
		if h.state != domain.StateFailed && h.state != domain.StateCancelled && h.state != domain.StateRunning {
			return nil
		}
		if err := s.closeAttempt(ctx, id, h.attempt, domain.StateFailed, lost, at); err != nil {
			return err
		}
		done = true
		_, err := s.db.exec(ctx, query, id)
		return err
	})
	return done && err == nil, s.db.fail(err, "requeue step %s", id)
}

// SetState moves a step from one of several states to another, without a result.
// It reports false if the step is in no state of from. An attempt that was running
// ends as cancelled.
func (s *Steps) SetState(ctx context.Context, id domain.StepID, from []domain.RunState, to domain.RunState, at time.Time) (bool, error) {
	const query = `UPDATE steps SET state = $2, finished_at = $3 WHERE id = $1`
	done := false
	err := s.change(ctx, id, func(ctx context.Context, h stepHead) error {
		if !slices.Contains(from, h.state) {
			return nil
		}
		if to != domain.StateRunning {
			if err := s.closeAttempt(ctx, id, h.attempt, domain.StateCancelled, nil, at); err != nil {
				return err
			}
		}
		var finished any
		if to.Ended() {
			finished = s.db.time(at)
		}
		done = true
		_, err := s.db.exec(ctx, query, id, to, finished)
		return err
	})
	return done && err == nil, s.db.fail(err, "set state of step %s", id)
}

// Progress notes how far an attempt has come. A report of an attempt that is no
// longer the current one is dropped.
func (s *Steps) Progress(ctx context.Context, id domain.StepID, attempt, done, total int, message string) error {
	const query = `UPDATE steps SET done = $3, total = $4, message = $5 WHERE id = $1 AND attempt = $2 AND state = 'running'`
	_, err := s.db.exec(ctx, query, id, attempt, done, total, message)
	return s.db.fail(err, "store progress of step %s", id)
}

func scanAttempt(r row) (a domain.Attempt, err error) {
	err = r.Scan(&a.StepID, &a.Number, &a.Worker, &a.State, &a.Error, &a.Code, asTime(&a.StartedAt), asTimePtr(&a.FinishedAt))
	return a, err
}

// Attempts returns all attempts of a run in the order of its steps.
func (s *Steps) Attempts(ctx context.Context, run domain.RunID) ([]domain.Attempt, error) {
	const query = `SELECT a.step_id, a.number, a.worker, a.state, a.error, a.code, a.started_at, a.finished_at
		FROM attempts a JOIN steps s ON s.id = a.step_id WHERE s.run_id = $1 ORDER BY s.position, a.number`
	list, err := getAll(ctx, s.db, scanAttempt, query, run)
	return list, s.db.fail(err, "list attempts of run %s", run)
}
