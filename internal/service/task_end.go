package service

import (
	"context"
	"encoding/json"
	"errors"

	"empire/internal/domain"
	"empire/internal/sqltx"
)

// CancelTask ends a task that has not ended. Whoever works on it is told to stop,
// and whatever still comes is dropped. A task that is cancelled already stays as it
// is; one that ended otherwise is CodeConflict, and so is one that a run waits for.
func (s *Agents) CancelTask(ctx context.Context, id domain.TaskID) (*domain.Task, error) {
	if _, err := domain.Require(ctx, domain.AgentsManage); err != nil {
		return nil, err
	}
	var after *domain.Task
	err := s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		before, err := s.cfg.Tasks.Hold(ctx, id)
		if before, err = visible(ctx, before, err, "Task", string(id)); err != nil {
			return err
		}
		if after = before; before.State == domain.StateCancelled {
			return nil
		}
		if before.State.Ended() {
			return domain.Errorf(domain.CodeConflict, "Task %s has already %s.", id, before.State)
		}
		if before.RunID != "" {
			return domain.Errorf(domain.CodeConflict, "Run %s waits for task %s. Cancel the run.", before.RunID, id)
		}
		after, err = s.cancel(ctx, before)
		return err
	})
	return after, err
}

// cancel ends an open task in the transaction of ctx.
func (s *Agents) cancel(ctx context.Context, before *domain.Task) (*domain.Task, error) {
	if _, err := s.cfg.Tasks.Finish(ctx, before.ID, domain.StateCancelled, nil, nil, s.journal.stamp()); err != nil {
		return nil, err
	}
	after, err := s.cfg.Tasks.Get(ctx, before.ID)
	if err != nil {
		return nil, err
	}
	sqltx.AfterCommit(ctx, func() {
		s.stop(after.ID)
		if s.cfg.Dropped != nil {
			s.cfg.Dropped(context.WithoutCancel(ctx), after)
		}
		s.taskEvent(ctx, after, domain.StateCancelled, nil)
	})
	if err := s.drained(ctx, after.AgentID); err != nil {
		return nil, err
	}
	return after, s.journal.changed(ctx, "task.cancelled", string(after.ID), string(after.AgentID)+" "+after.Type, before, after)
}

// CancelRunTasks cancels the tasks that a run waits for, in the transaction that
// ends the run.
func (s *Agents) CancelRunTasks(ctx context.Context, run domain.RunID) error {
	open, err := s.cfg.Tasks.OfRun(ctx, run)
	if err != nil {
		return err
	}
	for i := range open {
		if _, err := s.cancel(ctx, &open[i]); err != nil {
			return err
		}
	}
	return nil
}

// bury ends a task that nobody will do any more and keeps it as a dead letter. If it
// belongs to a run, its step fails.
func (s *Agents) bury(ctx context.Context, t *domain.Task, reason, detail string) error {
	code := domain.CodeUnavailable
	if reason == domain.DeadAgentDeleted {
		code = domain.CodeAgentNotFound
	}
	cause := &domain.RunError{Step: t.Step, Code: code, Message: detail}
	ended, err := s.finish(ctx, t, domain.StateFailed, nil, cause)
	if err != nil || !ended || s.cfg.Dead == nil {
		return err
	}
	payload, err := json.Marshal(domain.DeadTaskPayload{TaskID: t.ID})
	if err != nil {
		return err
	}
	return s.cfg.Dead(ctx, domain.DeadLetter{
		Tenant: t.Tenant.OrDefault(), Kind: domain.DeadTask, AgentID: t.AgentID, Reason: reason, Detail: detail, Payload: payload, CreatedAt: s.journal.stamp(),
	})
}

// ReplayTask queues a task again that became a dead letter. One that belonged to a
// run is CodeConflict: the run has ended without it, and is retried itself.
func (s *Agents) ReplayTask(ctx context.Context, payload json.RawMessage) error {
	var p domain.DeadTaskPayload
	if err := json.Unmarshal(payload, &p); err != nil || p.TaskID == "" {
		return domain.Invalid("payload", "The dead letter names no task.")
	}
	return s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		t, err := s.cfg.Tasks.Get(ctx, p.TaskID)
		if t, err = visible(ctx, t, err, "Task", string(p.TaskID)); err != nil {
			return err
		}
		if t.RunID != "" {
			return domain.Errorf(domain.CodeConflict, "Task %s belonged to run %s. Retry the run.", t.ID, t.RunID)
		}
		agent, err := s.find(ctx, t.AgentID)
		if err != nil {
			return err
		}
		ok, err := s.cfg.Tasks.Reopen(ctx, t.ID)
		if err != nil {
			return err
		}
		if !ok {
			return domain.Errorf(domain.CodeConflict, "Task %s is %s; only a failed task is replayed.", t.ID, t.State)
		}
		if !agent.External() {
			if err := s.cfg.Enqueue(ctx, JobTask, taskArgs{t.ID}, s.journal.stamp()); err != nil {
				return err
			}
		}
		sqltx.AfterCommit(ctx, func() {
			s.taskEvent(ctx, t, domain.StateQueued, nil)
			s.nudge(ctx, t.AgentID)
		})
		return nil
	})
}

// errNotOpen undoes what belongs to the end of a task that had ended before.
var errNotOpen = errors.New("the task has ended")

// finish ends a task and, if a step of a run waits for it, that step, in one
// transaction. It reports false if the task had ended before. A run is locked
// before its tasks, so it is told first; nothing of that stays if the task had ended.
func (s *Agents) finish(ctx context.Context, t *domain.Task, state domain.RunState, result json.RawMessage, cause *domain.RunError) (bool, error) {
	now := s.cfg.Now().UTC()
	signal := t.RunID != "" && s.cfg.Signal != nil
	end := func(ctx context.Context) error {
		if signal {
			var value any
			if cause == nil {
				value = result
			}
			if err := s.cfg.Signal(ctx, t.RunID, t.Step, value, cause); err != nil {
				return err
			}
		}
		ended, err := s.cfg.Tasks.Finish(ctx, t.ID, state, result, cause, now)
		if err != nil {
			return err
		}
		if !ended {
			return errNotOpen
		}
		if err := s.drained(ctx, t.AgentID); err != nil {
			return err
		}
		if t.StartedAt != nil {
			if err := s.cfg.Agents.Record(ctx, t.AgentID, cause == nil, now.Sub(*t.StartedAt), now); err != nil {
				return err
			}
		}
		sqltx.AfterCommit(ctx, func() { s.taskEvent(ctx, t, state, cause) })
		return nil
	}
	err := s.cfg.Tx.InTx(ctx, end)
	if code := domain.CodeOf(err); signal && (code == domain.CodeConflict || code == domain.CodeNotFound) {
		signal = false // the run waits no more; the task ends all the same
		err = s.cfg.Tx.InTx(ctx, end)
	}
	if errors.Is(err, errNotOpen) {
		return false, nil
	}
	return err == nil, err
}
