package service

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"empire/internal/domain"
	"empire/internal/pipeline"
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
	Finish(ctx context.Context, id domain.TaskID, state domain.RunState, result json.RawMessage, e *domain.RunError, at time.Time) (bool, error)
}

type figureStore interface {
	Record(ctx context.Context, id domain.AgentID, ok bool, d time.Duration, at time.Time) error
	Metrics(ctx context.Context) (map[domain.AgentID]domain.AgentFigures, error)
}

// AgentsConfig is what Agents needs.
type AgentsConfig struct {
	Tx       transactor
	Tasks    taskStore
	Figures  figureStore
	Websites websiteGetter
	Specs    []domain.Agent // the registered agents without figures
	Runtime  pipeline.Dispatcher
	Enqueue  func(ctx context.Context, kind string, args any, at time.Time) error
	Audit    auditStore
	Now      func() time.Time
}

// Agents lists agents and gives them tasks. The agents belong to the installation,
// their tasks to the tenant that asked for them.
type Agents struct {
	cfg     AgentsConfig
	journal journal

	mu      sync.Mutex
	running map[domain.TaskID]context.CancelCauseFunc // in this process
}

// NewAgents returns the service.
func NewAgents(cfg AgentsConfig) *Agents {
	return &Agents{cfg: cfg, journal: journal{cfg.Audit, cfg.Now}, running: map[domain.TaskID]context.CancelCauseFunc{}}
}

// List returns the agents, or those with a capability. An unknown capability is
// CodeInvalid.
func (s *Agents) List(ctx context.Context, capability string) ([]domain.Agent, error) {
	if _, err := domain.Require(ctx, domain.AgentsRead); err != nil {
		return nil, err
	}
	figures, err := s.cfg.Figures.Metrics(ctx)
	if err != nil {
		return nil, err
	}
	out := []domain.Agent{}
	for _, a := range s.cfg.Specs {
		if capability == "" || slices.Contains(a.Capabilities, capability) {
			out = append(out, withFigures(a, figures[a.ID]))
		}
	}
	if len(out) == 0 && capability != "" {
		return nil, domain.Invalid("capability", "No agent has the capability %q.", capability)
	}
	return out, nil
}

func withFigures(a domain.Agent, f domain.AgentFigures) domain.Agent {
	a.LastActivity = f.LastActivity
	a.Metrics = domain.AgentMetrics{TasksCompleted: f.Completed, TasksFailed: f.Failed, SuccessRate: 1, Running: f.Running}
	if f.Completed > 0 {
		a.Metrics.AverageResponseTime = f.Total.Seconds() / float64(f.Completed)
		a.Metrics.SuccessRate = float64(f.Completed-f.Failed) / float64(f.Completed)
	}
	switch {
	case f.Running > 0:
		a.Status = domain.AgentWorking
	case f.LastFailed:
		a.Status = domain.AgentError
	default:
		a.Status = domain.AgentIdle
	}
	return a
}

// Get returns one agent by its id or an alias.
func (s *Agents) Get(ctx context.Context, id domain.AgentID) (*domain.Agent, error) {
	list, err := s.List(ctx, "")
	if err != nil {
		return nil, err
	}
	for i := range list {
		if list[i].ID == id || slices.Contains(list[i].Aliases, id) {
			return &list[i], nil
		}
	}
	return nil, domain.Errorf(domain.CodeNotFound, "Agent %q does not exist.", id)
}

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
	if agent.Status == domain.AgentOffline {
		return nil, domain.Errorf(domain.CodeConflict, "Agent %s is offline.", agent.ID)
	}
	if err := s.cfg.Runtime.Check(agent.ID, spec.Type); err != nil {
		return nil, err
	}
	if err := checkNamed(ctx, s.cfg.Websites, spec.Params); err != nil {
		return nil, err
	}
	if len(spec.Params) == 0 {
		spec.Params = json.RawMessage(`{}`)
	}
	task := &domain.Task{
		ID: domain.TaskID(domain.NewID("task")), Tenant: scope(ctx), AgentID: agent.ID, Type: spec.Type, Params: spec.Params,
		State: domain.StateQueued, OwnerID: principal.UserID, IdempotencyKey: key, RequestHash: requestHash(agent.ID, spec), CreatedAt: s.journal.stamp(),
	}
	if held, err := s.held(ctx, task); domain.CodeOf(err) != domain.CodeNotFound {
		return held, err
	}
	err = s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		if err := s.cfg.Tasks.Insert(ctx, task); err != nil {
			return err
		}
		if err := s.cfg.Enqueue(ctx, JobTask, taskArgs{task.ID}, task.CreatedAt); err != nil {
			return err
		}
		return s.journal.changed(ctx, "task.created", string(task.ID), string(agent.ID)+" "+spec.Type, nil, task)
	})
	if domain.CodeOf(err) == domain.CodeConflict {
		// A request with the same key came first after we had looked.
		if held, errHeld := s.held(ctx, task); domain.CodeOf(errHeld) != domain.CodeNotFound {
			return held, errHeld
		}
	}
	if err != nil {
		return nil, err
	}
	return task, nil
}

// held returns the task that was stored under the key of the new one, or
// CodeNotFound. A key that was used for another request is a CodeConflict.
func (s *Agents) held(ctx context.Context, task *domain.Task) (*domain.Task, error) {
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

func requestHash(agent domain.AgentID, spec domain.TaskSpec) string {
	h := sha256.New()
	h.Write([]byte(string(agent) + "\x00" + spec.Type + "\x00"))
	h.Write(spec.Params)
	return hex.EncodeToString(h.Sum(nil))
}
