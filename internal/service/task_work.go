package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"empire/internal/domain"
)

// errTaskCancelled ends the work on a task that was cancelled.
var errTaskCancelled = errors.New("the task was cancelled")

type taskArgs struct {
	TaskID domain.TaskID `json:"task_id"`
}

// Work runs one task of an agent of this program. It is the handler of JobTask. A
// task that was begun too often without an end, because it takes its process with
// it each time, becomes a dead letter.
func (s *Agents) Work(ctx context.Context, args json.RawMessage) error {
	var a taskArgs
	if err := json.Unmarshal(args, &a); err != nil {
		return domain.Errorf(domain.CodeInvalid, "The job's arguments are not a task.")
	}
	task, err := s.cfg.Tasks.Get(ctx, a.TaskID)
	if err != nil || task.State.Ended() {
		return err
	}
	if task.Attempts >= task.MaxAttempts {
		return s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
			return s.bury(ctx, task, domain.DeadTooManyAttempts, fmt.Sprintf("The task was begun %d times and never came to an end.", task.Attempts))
		})
	}
	workCtx, done := s.workContext(ctx, task.ID)
	defer done()
	started := s.cfg.Now().UTC()
	ok, err := s.cfg.Tasks.Begin(ctx, task.ID, started)
	if err != nil || !ok {
		return err
	}
	if task.StartedAt == nil {
		task.StartedAt = &started
	}
	s.taskEvent(ctx, task, domain.StateRunning, nil)
	limit := s.timeout(ctx, task.AgentID)
	limited, cancel := context.WithTimeout(workCtx, limit)
	defer cancel()
	result, fault := s.cfg.Runtime.Do(domain.WithScope(limited, domain.WorkScope{
		Tenant: task.Tenant, TaskID: task.ID, AgentID: task.AgentID, Attempt: task.Attempts + 1,
	}), task.AgentID, domain.TaskSpec{Type: task.Type, Params: task.Params}, nil)
	if errors.Is(context.Cause(workCtx), errTaskCancelled) {
		return nil // CancelTask has ended it
	}
	if fault != nil && ctx.Err() != nil {
		return s.release(ctx, task.ID) // stopped, not failed: the job runs again
	}
	if fault != nil && limited.Err() != nil {
		fault = domain.Errorf(domain.CodeTimeout, "The task took longer than %s.", limit)
	}
	state := domain.StateCompleted
	var cause *domain.RunError
	if fault != nil {
		state, result = domain.StateFailed, nil
		cause = &domain.RunError{Step: task.Step, Code: domain.CodeOf(fault), Message: domain.MessageOf(fault)}
	}
	_, err = s.finish(ctx, task, state, result, cause)
	return err
}

// release gives a task back whose job was stopped; the attempt does not count. It
// returns why the job stopped, so that it runs again.
func (s *Agents) release(ctx context.Context, id domain.TaskID) error {
	stopped := ctx.Err()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	_, err := s.cfg.Tasks.Release(ctx, id)
	return errors.Join(stopped, err)
}

// workContext returns a context that also ends when the task is cancelled. It is
// there before the task begins, so that no cancellation misses it.
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

// Stop ends the work that this process does on a task that another cancelled.
func (s *Agents) Stop(id domain.TaskID) { s.stop(id) }

// Sweep does what falls due: it stops work on tasks that were cancelled elsewhere
// (if that news was missed), takes back tasks that were not answered in time, buries
// those that wait for deleted agents, deletes agents that have drained, and tells
// watchers of changed agents. Processes may do so at the same time.
func (s *Agents) Sweep(ctx context.Context) error {
	return errors.Join(s.sweepRunning(ctx), s.sweepOverdue(ctx), s.sweepOrphans(ctx), s.sweepDraining(ctx), s.Settle(ctx))
}

func (s *Agents) sweepRunning(ctx context.Context) error {
	s.mu.Lock()
	ids := make([]domain.TaskID, 0, len(s.running))
	for id := range s.running {
		ids = append(ids, id)
	}
	s.mu.Unlock()
	if len(ids) == 0 {
		return nil
	}
	ended, err := s.cfg.Tasks.Stopped(ctx, ids)
	for _, id := range ended {
		s.stop(id)
	}
	return err
}

func (s *Agents) sweepOverdue(ctx context.Context) error {
	late, err := s.cfg.Tasks.Overdue(ctx, s.cfg.Now().UTC(), 100)
	if err != nil {
		return err
	}
	var faults []error
	for i := range late {
		faults = append(faults, s.takeBack(ctx, &late[i], fmt.Sprintf("The agent did not answer within %s, %d times.", late[i].Timeout, late[i].Attempts)))
	}
	return errors.Join(faults...)
}

// takeBack queues a task again that an agent did not answer; after too many attempts
// it becomes a dead letter.
func (s *Agents) takeBack(ctx context.Context, t *domain.Task, detail string) error {
	if t.Attempts >= t.MaxAttempts {
		return s.cfg.Tx.InTx(ctx, func(ctx context.Context) error { return s.bury(ctx, t, domain.DeadTooManyAttempts, detail) })
	}
	ok, err := s.cfg.Tasks.TakeBack(ctx, t.ID, t.Holder)
	if err == nil && ok {
		s.taskEvent(ctx, t, domain.StateQueued, nil)
		s.nudge(ctx, t.AgentID)
	}
	return err
}

func (s *Agents) sweepOrphans(ctx context.Context) error {
	orphans, err := s.cfg.Tasks.Orphans(ctx, 100)
	if err != nil {
		return err
	}
	var faults []error
	for i := range orphans {
		faults = append(faults, s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
			return s.bury(ctx, &orphans[i], domain.DeadAgentDeleted, "The agent was deleted before it took the task.")
		}))
	}
	return errors.Join(faults...)
}

func (s *Agents) sweepDraining(ctx context.Context) error {
	list, err := s.cfg.Agents.List(ctx)
	if err != nil {
		return err
	}
	var faults []error
	for _, r := range list {
		if r.State == domain.AgentDraining {
			faults = append(faults, s.cfg.Tx.InTx(ctx, func(ctx context.Context) error { return s.drained(ctx, r.ID) }))
		}
	}
	return errors.Join(faults...)
}
