package service

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
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
	if err := s.fits(agent, spec); err != nil {
		return nil, err
	}
	return s.store(ctx, agent, task)
}

// paramChecker knows which parameters the tasks of the agents within this program take.
type paramChecker interface {
	CheckParams(id domain.AgentID, spec domain.TaskSpec) error
}

// fits refuses a task whose parameters its agent could only refuse later.
func (s *Agents) fits(agent *domain.Agent, spec domain.TaskSpec) error {
	if c, ok := s.cfg.Runtime.(paramChecker); ok && !agent.External() {
		return c.CheckParams(agent.ID, spec)
	}
	return nil
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
	if err := s.fits(agent, spec); err != nil {
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
