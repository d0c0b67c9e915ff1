package service

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"empire/internal/domain"
	"empire/internal/sqltx"
)

// JobTask is the kind of job that runs one task.
const JobTask = "agent.task"

type taskStore interface {
	Insert(ctx context.Context, t *domain.Task) error
	Get(ctx context.Context, id domain.TaskID) (*domain.Task, error)
	Hold(ctx context.Context, id domain.TaskID) (*domain.Task, error)
	GetByIdempotencyKey(ctx context.Context, owner domain.UserID, key string) (*domain.Task, error)
	List(ctx context.Context, f domain.TaskFilter, w domain.Window) ([]domain.Task, int, error)
	Begin(ctx context.Context, id domain.TaskID, at time.Time) (bool, error)
	Release(ctx context.Context, id domain.TaskID) (bool, error)
	Finish(ctx context.Context, id domain.TaskID, state domain.RunState, result json.RawMessage, e *domain.RunError, at time.Time) (bool, error)
	Reopen(ctx context.Context, id domain.TaskID) (bool, error)
	dispatchStore
}

// dispatchStore is what tasks of agents outside this program need besides.
type dispatchStore interface {
	Queued(ctx context.Context, agent domain.AgentID, limit int) ([]domain.Task, error)
	Dispatch(ctx context.Context, id domain.TaskID, link string, at, deadline time.Time) (bool, error)
	Handed(ctx context.Context, agent domain.AgentID) ([]domain.Task, error)
	Pass(ctx context.Context, agent domain.AgentID, link string) error
	TakeBack(ctx context.Context, id domain.TaskID, holder string) (bool, error)
	Overdue(ctx context.Context, at time.Time, limit int) ([]domain.Task, error)
	Orphans(ctx context.Context, limit int) ([]domain.Task, error)
	OfRun(ctx context.Context, run domain.RunID) ([]domain.Task, error)
	Open(ctx context.Context, agent domain.AgentID) (queued, running int, err error)
	Wanted(ctx context.Context, agents []domain.AgentID) ([]domain.AgentID, error)
	Stopped(ctx context.Context, ids []domain.TaskID) ([]domain.TaskID, error)
}

// Bounds of what a client may say about a task.
const (
	maxTaskTimeout  = 7 * 24 * time.Hour
	maxTaskAttempts = 100
)

// CreateTask stores a task and queues it. The same idempotency key with the same
// request returns the task that exists; with another request it is a CodeConflict.
func (s *Agents) CreateTask(ctx context.Context, id domain.AgentID, spec domain.TaskSpec, key string) (*domain.Task, error) {
	principal, err := domain.Require(ctx, domain.AgentsManage)
	if err != nil {
		return nil, err
	}
	agent, err := s.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	task, err := s.newTask(ctx, principal, spec, key)
	if err != nil {
		return nil, err
	}
	task.AgentID, task.RequestHash = agent.ID, requestHash(string(agent.ID), spec)
	if held, err := s.earlier(ctx, task); domain.CodeOf(err) != domain.CodeNotFound {
		return held, err
	}
	if err := s.takes(agent, spec.Type); err != nil {
		return nil, err
	}
	if err := checkNamed(ctx, s.cfg.Websites, spec.Params); err != nil {
		return nil, err
	}
	return s.store(ctx, agent, task)
}

// Dispatch gives a task to the least busy agent that has a capability, takes the
// type and is not offline.
func (s *Agents) Dispatch(ctx context.Context, capability string, spec domain.TaskSpec, key string) (*domain.Task, error) {
	principal, err := domain.Require(ctx, domain.AgentsManage)
	if err != nil {
		return nil, err
	}
	task, err := s.newTask(ctx, principal, spec, key)
	if err != nil {
		return nil, err
	}
	task.RequestHash = requestHash("any:"+capability, spec)
	if held, err := s.earlier(ctx, task); domain.CodeOf(err) != domain.CodeNotFound {
		return held, err
	}
	holders, err := s.List(ctx, domain.AgentFilter{Capability: capability})
	if err != nil {
		return nil, err
	}
	agent, err := s.leastBusy(ctx, holders, capability, spec.Type)
	if err != nil {
		return nil, err
	}
	if err := checkNamed(ctx, s.cfg.Websites, spec.Params); err != nil {
		return nil, err
	}
	task.AgentID = agent.ID
	return s.store(ctx, agent, task)
}

// leastBusy chooses among the holders of a capability: the one with the fewest tasks
// for each that it may have at a time, and the most successful of several such.
func (s *Agents) leastBusy(ctx context.Context, holders []domain.Agent, capability, kind string) (*domain.Agent, error) {
	var best *domain.Agent
	var load float64
	var types []string
	offline := 0
	for i := range holders {
		a := &holders[i]
		err := s.takes(a, kind)
		switch {
		case domain.CodeOf(err) == domain.CodeUnsupportedTaskType:
			types = append(types, a.TaskTypes...)
			continue
		case err != nil: // offline or draining
			offline++
			continue
		}
		queued, running, err := s.cfg.Tasks.Open(ctx, a.ID)
		if err != nil {
			return nil, err
		}
		busy := float64(queued+max(running, a.Metrics.Running)) / float64(max(a.MaxConcurrency, 1))
		if best == nil || busy < load || busy == load && a.Metrics.SuccessRate > best.Metrics.SuccessRate {
			best, load = a, busy
		}
	}
	switch {
	case best != nil:
		return best, nil
	case offline > 0:
		return nil, domain.Errorf(domain.CodeConflict, "No agent with the capability %s is ready: those that take %s are offline or draining.", capability, kind)
	}
	slices.Sort(types)
	return nil, &domain.Error{Code: domain.CodeUnsupportedTaskType, Field: "type", Message: fmt.Sprintf(
		"No agent with the capability %s takes task type %q; they take %s.", capability, kind, strings.Join(slices.Compact(types), ", "))}
}

// takes reports why an agent takes no task of a type now.
func (s *Agents) takes(agent *domain.Agent, kind string) error {
	if agent.External() {
		if !slices.Contains(agent.TaskTypes, kind) {
			return unsupported(agent, kind)
		}
	} else if err := s.cfg.Runtime.Check(agent.ID, kind); err != nil {
		return err
	}
	if agent.State != domain.AgentActive {
		return domain.Errorf(domain.CodeConflict, "Agent %s takes no new tasks: it is %s.", agent.ID, agent.State)
	}
	if agent.Status == domain.AgentOffline {
		return domain.Errorf(domain.CodeConflict, "Agent %s is offline.", agent.ID)
	}
	return nil
}

func unsupported(a *domain.Agent, kind string) error {
	return &domain.Error{Code: domain.CodeUnsupportedTaskType, Field: "type",
		Message: fmt.Sprintf("Agent %s does not take task type %q; it takes %s.", a.ID, kind, strings.Join(a.TaskTypes, ", "))}
}

// newTask returns a task of the principal for an agent yet to be named.
func (s *Agents) newTask(ctx context.Context, principal *domain.Principal, spec domain.TaskSpec, key string) (*domain.Task, error) {
	if len(spec.Params) == 0 {
		spec.Params = json.RawMessage(`{}`)
	}
	if spec.Timeout < 0 || spec.Timeout > maxTaskTimeout {
		return nil, domain.Invalid("timeout_seconds", "A task may take up to %d seconds.", int(maxTaskTimeout/time.Second))
	}
	if spec.MaxAttempts < 0 || spec.MaxAttempts > maxTaskAttempts {
		return nil, domain.Invalid("max_attempts", "A task is begun up to %d times.", maxTaskAttempts)
	}
	return &domain.Task{
		ID: domain.TaskID(domain.NewID("task")), Tenant: scope(ctx), Type: spec.Type, Params: spec.Params, State: domain.StateQueued,
		OwnerID: principal.UserID, IdempotencyKey: key, CreatedAt: s.journal.stamp(), Timeout: spec.Timeout, MaxAttempts: spec.MaxAttempts,
	}, nil
}

// store keeps a task and makes somebody work it.
func (s *Agents) store(ctx context.Context, agent *domain.Agent, task *domain.Task) (*domain.Task, error) {
	err := s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		if err := s.insert(ctx, agent, task); err != nil {
			return err
		}
		return s.journal.changed(ctx, "task.created", string(task.ID), string(agent.ID)+" "+task.Type, nil, task)
	})
	if domain.CodeOf(err) == domain.CodeConflict {
		// A request with the same key came first after we had looked.
		if held, errHeld := s.earlier(ctx, task); domain.CodeOf(errHeld) != domain.CodeNotFound {
			return held, errHeld
		}
	}
	if err != nil {
		return nil, err
	}
	return task, nil
}

// insert stores a task in the transaction of ctx. One for an agent of this program
// gets a job; the others are taken by whoever has the agent's connection.
func (s *Agents) insert(ctx context.Context, agent *domain.Agent, task *domain.Task) error {
	if err := s.cfg.Tasks.Insert(ctx, task); err != nil {
		return err
	}
	if !agent.External() {
		if err := s.cfg.Enqueue(ctx, JobTask, taskArgs{task.ID}, task.CreatedAt); err != nil {
			return err
		}
	}
	sqltx.AfterCommit(ctx, func() {
		s.taskEvent(ctx, task, domain.StateQueued, nil)
		if agent.External() {
			s.nudge(ctx, agent.ID)
		}
	})
	return nil
}

// taskEvent tells watchers what became of a task.
func (s *Agents) taskEvent(ctx context.Context, t *domain.Task, state domain.RunState, cause *domain.RunError) {
	data := map[string]any{"task_id": t.ID, "agent_id": t.AgentID, "type": t.Type, "status": state}
	if t.RunID != "" {
		data["run_id"], data["step"] = t.RunID, t.Step
	}
	if cause != nil {
		data["error"] = cause
	}
	s.emit(ctx, "task."+string(state), t.Tenant.OrDefault(), string(t.ID), data)
}

// earlier returns the task that was stored under the key of the new one, or
// CodeNotFound. A key that was used for another request is a CodeConflict.
func (s *Agents) earlier(ctx context.Context, task *domain.Task) (*domain.Task, error) {
	if task.IdempotencyKey == "" {
		return nil, domain.Errorf(domain.CodeNotFound, "The request has no idempotency key.")
	}
	held, err := s.cfg.Tasks.GetByIdempotencyKey(ctx, task.OwnerID, task.IdempotencyKey)
	if err != nil {
		return nil, err
	}
	if held.RequestHash != task.RequestHash {
		return nil, domain.Errorf(domain.CodeConflict, "The idempotency key was used for another request.")
	}
	return held, nil
}

func requestHash(agent string, spec domain.TaskSpec) string {
	h := sha256.New()
	h.Write([]byte(agent + "\x00" + spec.Type + "\x00"))
	h.Write(spec.Params)
	if spec.Timeout != 0 || spec.MaxAttempts != 0 {
		fmt.Fprintf(h, "\x00%d\x00%d", spec.Timeout, spec.MaxAttempts)
	}
	return hex.EncodeToString(h.Sum(nil))
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
