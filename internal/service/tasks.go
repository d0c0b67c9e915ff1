package service

import (
	"context"
	"encoding/json"
	"errors"

	"empire/internal/domain"
	"empire/internal/sqltx"
)

// errTaskCancelled ends the work on a task that was cancelled.
var errTaskCancelled = errors.New("the task was cancelled")

type taskArgs struct {
	TaskID domain.TaskID `json:"task_id"`
}

// Work runs one task. It is the handler of JobTask.
func (s *Agents) Work(ctx context.Context, args json.RawMessage) error {
	var a taskArgs
	if err := json.Unmarshal(args, &a); err != nil {
		return domain.Errorf(domain.CodeInvalid, "The job's arguments are not a task.")
	}
	task, err := s.cfg.Tasks.Get(ctx, a.TaskID)
	if err != nil {
		return err
	}
	workCtx, done := s.workContext(ctx, task.ID)
	defer done()
	started := s.cfg.Now().UTC()
	ok, err := s.cfg.Tasks.Begin(ctx, task.ID, started)
	if err != nil || !ok {
		return err
	}
	result, fault := s.cfg.Runtime.Do(workCtx, task.AgentID, domain.TaskSpec{Type: task.Type, Params: task.Params}, nil)
	if errors.Is(context.Cause(workCtx), errTaskCancelled) {
		return nil // CancelTask has ended it
	}
	if fault != nil && ctx.Err() != nil {
		return ctx.Err() // stopped, not failed: the job runs again
	}
	state := domain.StateCompleted
	var cause *domain.RunError
	if fault != nil {
		state, result = domain.StateFailed, nil
		cause = &domain.RunError{Code: domain.CodeOf(fault), Message: domain.MessageOf(fault)}
	}
	return s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		now := s.cfg.Now().UTC()
		ended, err := s.cfg.Tasks.Finish(ctx, task.ID, state, result, cause, now)
		if err != nil || !ended {
			return err
		}
		return s.cfg.Figures.Record(ctx, task.AgentID, fault == nil, now.Sub(started), now)
	})
}

// workContext returns a context that also ends when the task is cancelled in this
// process. It is there before the task begins, so that no cancellation misses it.
func (s *Agents) workContext(ctx context.Context, id domain.TaskID) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	s.mu.Lock()
	s.running[id] = cancel
	s.mu.Unlock()
	return ctx, func() {
		s.mu.Lock()
		delete(s.running, id)
		s.mu.Unlock()
		cancel(nil)
	}
}

// stop ends the work on a cancelled task if it is done in this process.
func (s *Agents) stop(id domain.TaskID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if cancel, ok := s.running[id]; ok {
		cancel(errTaskCancelled)
	}
}

// CancelTask ends a task that has not ended. One that runs in this process is
// stopped; whatever a worker elsewhere still brings is dropped. A task that is
// cancelled already stays as it is; one that ended otherwise is CodeConflict.
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
		if _, err := s.cfg.Tasks.Finish(ctx, id, domain.StateCancelled, nil, nil, s.journal.stamp()); err != nil {
			return err
		}
		if after, err = s.cfg.Tasks.Get(ctx, id); err != nil {
			return err
		}
		sqltx.AfterCommit(ctx, func() { s.stop(id) })
		return s.journal.changed(ctx, "task.cancelled", string(id), string(after.AgentID)+" "+after.Type, before, after)
	})
	return after, err
}

// Task returns one task.
func (s *Agents) Task(ctx context.Context, id domain.TaskID) (*domain.Task, error) {
	if _, err := domain.Require(ctx, domain.AgentsRead); err != nil {
		return nil, err
	}
	task, err := s.cfg.Tasks.Get(ctx, id)
	return visible(ctx, task, err, "Task", string(id))
}

// Tasks returns a window of the tasks, newest first.
func (s *Agents) Tasks(ctx context.Context, agent domain.AgentID, state domain.RunState, w domain.Window) ([]domain.Task, int, error) {
	if _, err := domain.Require(ctx, domain.AgentsRead); err != nil {
		return nil, 0, err
	}
	return s.cfg.Tasks.List(ctx, domain.TaskFilter{Tenant: scope(ctx), AgentID: agent, State: state}, w)
}
