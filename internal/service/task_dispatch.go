package service

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"empire/internal/domain"
	"empire/internal/sqltx"
)

// Connect makes a connection the one of an external agent: the principal must be
// its owner, or an administrator of its tenant. While another instance is connected
// and alive it is CodeConflict; the same instance takes its own place. Tasks that
// the agent had and has not answered are handed out again: by the same instance
// without counting an attempt.
func (s *Agents) Connect(ctx context.Context, id domain.AgentID, instance string) (*domain.AgentLink, error) {
	principal := domain.PrincipalFrom(ctx)
	if principal == nil {
		return nil, domain.Errorf(domain.CodeUnauthenticated, "Sign in first.")
	}
	if spec, ours := s.spec(id); ours {
		return nil, domain.Errorf(domain.CodeForbidden, "Agent %s works within this program; nobody can connect as it.", spec.ID)
	}
	if instance == "" {
		instance = domain.NewID("inst")
	}
	if len(instance) > 100 {
		return nil, domain.Invalid("instance", "The instance is longer than 100 bytes.")
	}
	var link *domain.AgentLink
	var unanswered []domain.Task
	err := s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		r, err := s.held(ctx, id)
		if err != nil {
			return err
		}
		if !principal.Can(domain.AgentsManage) || r.OwnerID != principal.UserID && !principal.Can(domain.AdminFull) {
			return domain.Errorf(domain.CodeForbidden, "This credential is not one of agent %s: its owner's is needed, with the permission %s.", id, domain.AgentsManage)
		}
		if s.alive(r) && r.LinkedBy != instance {
			return domain.Errorf(domain.CodeConflict, "Agent %s is connected already, by another instance.", id)
		}
		config, err := s.opened(r)
		if err != nil {
			return err
		}
		link = &domain.AgentLink{Agent: id, ID: domain.NewID("link"), Instance: instance, Tenant: r.Tenant, Config: config, Resumed: r.LinkedBy == instance}
		if err := s.cfg.Agents.Link(ctx, id, link.ID, instance, s.cfg.Process, s.cfg.Now().UTC()); err != nil {
			return err
		}
		if link.Resumed {
			return s.cfg.Tasks.Pass(ctx, id, link.ID)
		}
		unanswered, err = s.cfg.Tasks.Handed(ctx, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	for i := range unanswered {
		detail := fmt.Sprintf("The agent went away %d times with the task unanswered.", unanswered[i].Attempts)
		if err := s.takeBack(ctx, &unanswered[i], detail); err != nil {
			return nil, err
		}
	}
	s.cfg.Log.InfoContext(ctx, "agent connected", slog.String("agent_id", string(id)), slog.Bool("resumed", link.Resumed))
	s.nudge(ctx, id) // an older connection elsewhere learns that it is the one no more
	return link, s.Settle(ctx)
}

// Disconnect ends a connection. What the agent has not answered stays its own until
// it is back or the answer is overdue.
func (s *Agents) Disconnect(ctx context.Context, link *domain.AgentLink) error {
	ok, err := s.cfg.Agents.Unlink(ctx, link.Agent, link.ID)
	if err != nil || !ok {
		return err
	}
	s.cfg.Log.InfoContext(ctx, "agent disconnected", slog.String("agent_id", string(link.Agent)))
	return s.Settle(ctx)
}

// Beat notes that the agents that are connected to this process live, and returns
// the connections that count.
func (s *Agents) Beat(ctx context.Context) (map[domain.AgentID]string, error) {
	return s.cfg.Agents.Beat(ctx, s.cfg.Process, s.cfg.Now().UTC())
}

// Holds reports whether a connection is still the one of its agent.
func (s *Agents) Holds(ctx context.Context, link *domain.AgentLink) (bool, error) {
	return s.cfg.Agents.Linked(ctx, link.Agent, link.ID)
}

// Unanswered returns the tasks that a resumed agent has and has not answered; they
// are sent again.
func (s *Agents) Unanswered(ctx context.Context, link *domain.AgentLink) ([]domain.Task, error) {
	return s.cfg.Tasks.Handed(ctx, link.Agent)
}

// Take hands out tasks that wait for an agent, as many as it may have at a time.
func (s *Agents) Take(ctx context.Context, link *domain.AgentLink) ([]domain.Task, error) {
	s.taking.Lock()
	defer s.taking.Unlock()
	r, err := s.cfg.Agents.Get(ctx, link.Agent)
	if err != nil || r.Link != link.ID || r.State == domain.AgentDeleted {
		return nil, ignoreMissing(err)
	}
	out := []domain.Task{}
	for {
		_, running, err := s.cfg.Tasks.Open(ctx, link.Agent)
		if err != nil || running >= r.MaxConcurrency {
			return out, err
		}
		waiting, err := s.cfg.Tasks.Queued(ctx, link.Agent, r.MaxConcurrency-running)
		if err != nil || len(waiting) == 0 {
			return out, err
		}
		for i := range waiting {
			t, err := s.hand(ctx, link, &waiting[i])
			if err != nil {
				return out, err
			}
			if t != nil {
				out = append(out, *t)
			}
		}
	}
}

// hand gives one task to a connection; nil means that the task was not there for it.
func (s *Agents) hand(ctx context.Context, link *domain.AgentLink, t *domain.Task) (*domain.Task, error) {
	if t.Attempts >= t.MaxAttempts {
		return nil, s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
			return s.bury(ctx, t, domain.DeadTooManyAttempts, fmt.Sprintf("The task was handed out %d times and never answered.", t.Attempts))
		})
	}
	now := s.cfg.Now().UTC()
	ok, err := s.cfg.Tasks.Dispatch(ctx, t.ID, link.ID, now, now.Add(t.Timeout))
	if err != nil || !ok {
		return nil, err
	}
	s.taskEvent(ctx, t, domain.StateRunning, nil)
	return s.cfg.Tasks.Get(ctx, t.ID)
}

// Wanted returns those of the agents that tasks wait for.
func (s *Agents) Wanted(ctx context.Context, agents []domain.AgentID) ([]domain.AgentID, error) {
	if len(agents) == 0 {
		return nil, nil
	}
	return s.cfg.Tasks.Wanted(ctx, agents)
}

// Answer ends a task with what its agent brings. A task that ended before stays as
// it is; the state that it has is returned in any case. A task of another agent does
// not exist.
func (s *Agents) Answer(ctx context.Context, link *domain.AgentLink, r domain.TaskResult) (domain.RunState, error) {
	t, err := s.taskOf(ctx, link, r.TaskID)
	if err != nil {
		return "", err
	}
	if t.State.Ended() {
		return t.State, nil
	}
	state := domain.StateCompleted
	var cause *domain.RunError
	result := r.Result
	switch {
	case r.Error != nil:
		state, result = domain.StateFailed, nil
		cause = &domain.RunError{Step: t.Step, Code: r.Error.Code, Message: r.Error.Message}
		if cause.Code == "" {
			cause.Code = domain.CodeInternal
		}
		if cause.Message == "" {
			cause.Message = "The agent gave no reason."
		}
	case len(result) == 0:
		return "", domain.Invalid("result", "A task is answered with a result or an error.")
	}
	ended, err := s.finish(ctx, t, state, result, cause)
	if err != nil {
		return "", err
	}
	if !ended { // by somebody else meanwhile
		if t, err = s.cfg.Tasks.Get(ctx, t.ID); err != nil {
			return "", err
		}
		return t.State, nil
	}
	return state, nil
}

// Progress tells watchers how far the work on a task is.
func (s *Agents) Progress(ctx context.Context, link *domain.AgentLink, p domain.TaskProgress) error {
	t, err := s.taskOf(ctx, link, p.TaskID)
	if err != nil {
		return err
	}
	if t.State.Ended() {
		return domain.Errorf(domain.CodeConflict, "Task %s has already %s.", t.ID, t.State)
	}
	if p.Done < 0 || p.Total < 0 || len(p.Message) > 500 {
		return domain.Invalid("done", "Progress is counted from 0, with a message of up to 500 bytes.")
	}
	s.emit(ctx, "task.progress", t.Tenant.OrDefault(), string(t.ID), map[string]any{
		"task_id": t.ID, "agent_id": t.AgentID, "done": p.Done, "total": p.Total, "message": p.Message,
	})
	return nil
}

func (s *Agents) taskOf(ctx context.Context, link *domain.AgentLink, id domain.TaskID) (*domain.Task, error) {
	t, err := s.cfg.Tasks.Get(ctx, id)
	if err == nil && t.AgentID != link.Agent {
		return nil, domain.Errorf(domain.CodeNotFound, "Task %s does not exist.", id)
	}
	return t, err
}

// Check implements pipeline.Dispatcher for all agents.
func (s *Agents) Check(id domain.AgentID, taskType string) error {
	if _, ours := s.spec(id); ours {
		return s.cfg.Runtime.Check(id, taskType)
	}
	r, err := s.outside(context.Background(), id)
	if err != nil {
		return err
	}
	if !slices.Contains(r.TaskTypes, taskType) {
		return unsupported(&r.Agent, taskType)
	}
	return nil
}

// Do implements pipeline.Dispatcher for agents of this program.
func (s *Agents) Do(ctx context.Context, id domain.AgentID, task domain.TaskSpec, results map[string]json.RawMessage) (json.RawMessage, error) {
	if _, ours := s.spec(id); !ours {
		return nil, domain.Errorf(domain.CodeConflict, "Agent %s works outside this program and is handed tasks.", id)
	}
	return s.cfg.Runtime.Do(ctx, id, task, results)
}

// External reports whether an agent works outside this program.
func (s *Agents) External(id domain.AgentID) bool {
	if _, ours := s.spec(id); ours {
		return false
	}
	_, err := s.outside(context.Background(), id)
	return err == nil
}

func (s *Agents) outside(ctx context.Context, id domain.AgentID) (*domain.AgentRecord, error) {
	ctx, cancel := context.WithTimeout(ctx, lookUp)
	defer cancel()
	r, err := s.cfg.Agents.Get(ctx, id)
	if err == nil && (!r.External() || r.State == domain.AgentDeleted) {
		return nil, domain.Errorf(domain.CodeNotFound, "Agent %q does not exist.", id)
	}
	return r, err
}

// Hand stores a task for an external agent in the transaction of ctx: the step of
// the run waits until it has ended. The agent may be offline; the task waits too.
func (s *Agents) Hand(ctx context.Context, run *domain.Run, step *domain.Step, id domain.AgentID, spec domain.TaskSpec, results map[string]json.RawMessage) error {
	r, err := s.cfg.Agents.Get(ctx, id)
	if err == nil && (!r.External() || r.State == domain.AgentDeleted || r.Tenant != run.Tenant.OrDefault()) {
		err = domain.Errorf(domain.CodeNotFound, "Agent %q does not exist.", id)
	}
	if err != nil {
		return err
	}
	if r.State != domain.AgentActive {
		return domain.Errorf(domain.CodeConflict, "Agent %s takes no new tasks: it is %s.", id, r.State)
	}
	if !slices.Contains(r.TaskTypes, spec.Type) {
		return unsupported(&r.Agent, spec.Type)
	}
	if len(spec.Params) == 0 {
		spec.Params = json.RawMessage(`{}`)
	}
	earlier, err := json.Marshal(results)
	if err != nil {
		return fmt.Errorf("encode earlier results for %s: %w", strings.Join([]string{string(run.ID), step.Name}, "/"), err)
	}
	if len(results) == 0 {
		earlier = nil
	}
	task := &domain.Task{
		ID: domain.TaskID(domain.NewID("task")), Tenant: run.Tenant, AgentID: id, Type: spec.Type, Params: spec.Params, State: domain.StateQueued,
		OwnerID: run.OwnerID, CreatedAt: s.journal.stamp(), RunID: run.ID, StepID: step.ID, Step: step.Name, Context: earlier,
		Timeout: spec.Timeout, MaxAttempts: spec.MaxAttempts,
	}
	if err := s.cfg.Tasks.Insert(ctx, task); err != nil {
		return err
	}
	sqltx.AfterCommit(ctx, func() {
		s.taskEvent(ctx, task, domain.StateQueued, nil)
		s.nudge(ctx, id)
	})
	return nil
}
