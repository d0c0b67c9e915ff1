package service

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"

	"empire/internal/domain"
	"empire/internal/sqltx"
)

var (
	agentName   = regexp.MustCompile(`^[a-z][a-z0-9_-]{1,62}$`)
	abilityName = regexp.MustCompile(`^[a-z][a-z0-9_.-]{0,62}$`)
)

const (
	maxAbilities   = 100
	maxConcurrency = 1000
)

// Register makes an external agent known. An id that is taken is CodeConflict
// unless the same instance of the same owner registers again: then what it declares
// takes the place of what it declared before.
func (s *Agents) Register(ctx context.Context, p domain.AgentParams) (*domain.Agent, error) {
	principal, err := domain.Require(ctx, domain.AgentsManage)
	if err != nil {
		return nil, err
	}
	r, err := s.declared(principal, p)
	if err != nil {
		return nil, err
	}
	config, err := objectOf("config", p.Config)
	if err != nil {
		return nil, err
	}
	err = s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		before, err := s.cfg.Agents.Hold(ctx, r.ID)
		switch {
		case domain.CodeOf(err) == domain.CodeNotFound:
			before = nil
		case err != nil:
			return err
		case before.State == domain.AgentDeleted: // the name is free again
			r.Version = before.Version + 1
			before = nil
		case !before.External() || before.Tenant != r.Tenant || before.OwnerID != r.OwnerID || p.Instance == "" || before.Instance != p.Instance:
			return domain.Errorf(domain.CodeConflict, "There is already an agent with the id %s.", r.ID)
		}
		var secrets map[string][]byte
		if before != nil {
			r.Version, r.CreatedAt, secrets = before.Version+1, before.CreatedAt, before.Secrets
		}
		if err := s.configure(r, config, secrets); err != nil {
			return err
		}
		if err := s.cfg.Agents.Save(ctx, r); err != nil {
			return err
		}
		if before == nil {
			if err := s.cfg.Agents.Reset(ctx, r.ID); err != nil {
				return err
			}
		}
		sqltx.AfterCommit(ctx, func() { s.registered(ctx, r) })
		return s.journal.changedFor(ctx, r.Tenant, "agent.registered", string(r.ID), strings.Join(r.Capabilities, ","), beforeOf(before), shown(r))
	})
	if err != nil {
		return nil, err
	}
	return s.Get(ctx, r.ID)
}

// registered tells about a new agent.
func (s *Agents) registered(ctx context.Context, r *domain.AgentRecord) {
	s.cfg.Log.InfoContext(ctx, "agent registered", slog.String("agent_id", string(r.ID)), slog.Any("capabilities", r.Capabilities),
		slog.Any("task_types", r.TaskTypes), slog.String("kind", r.Kind))
	s.emit(ctx, "agent.created", r.Tenant, string(r.ID), map[string]any{"agent_id": r.ID, "capabilities": r.Capabilities, "task_types": r.TaskTypes})
}

// shown is what audit entries hash of an agent: no secret, no connection.
func shown(r *domain.AgentRecord) any {
	a := masked(*r).Agent
	a.Status, a.LastActivity, a.Heartbeat, a.Metrics = "", nil, nil, domain.AgentMetrics{}
	return a
}

func beforeOf(r *domain.AgentRecord) any {
	if r == nil {
		return nil
	}
	return shown(r)
}

// declared checks what a client declares; all faults come at once.
func (s *Agents) declared(principal *domain.Principal, p domain.AgentParams) (*domain.AgentRecord, error) {
	now := s.journal.stamp()
	if p.MaxConcurrency == 0 {
		p.MaxConcurrency = 1
	}
	if p.Name == "" {
		p.Name = string(p.ID)
	}
	r := &domain.AgentRecord{Agent: domain.Agent{
		ID: p.ID, Kind: domain.AgentExternal, Tenant: principal.Tenant.OrDefault(), OwnerID: principal.UserID, Name: p.Name, Description: p.Description,
		TaskTypes: p.TaskTypes, Capabilities: p.Capabilities, ConfigSchema: p.ConfigSchema, MaxConcurrency: p.MaxConcurrency,
		State: domain.AgentActive, Version: 1, CreatedAt: &now, UpdatedAt: &now, Instance: p.Instance,
	}, Shown: domain.AgentOffline}
	var f domain.Faults
	if !agentName.MatchString(string(p.ID)) {
		f.Add("id", "The id %.70q is not a name of 2 to 63 lower-case letters, digits, hyphens and underscores.", string(p.ID))
	}
	checkDeclared(&f, &r.Agent)
	if err := f.Err(); err != nil {
		return nil, err
	}
	if _, taken := s.spec(p.ID); taken {
		return nil, domain.Errorf(domain.CodeConflict, "The id %s belongs to an agent of this program.", p.ID)
	}
	return r, nil
}

// checkDeclared finds faults of what can be declared and changed.
func checkDeclared(f *domain.Faults, a *domain.Agent) {
	if len(a.Name) > 200 || len(a.Description) > 2000 {
		f.Add("name", "The name is longer than 200 bytes or the description longer than 2,000.")
	}
	if len(a.TaskTypes) == 0 {
		f.Add("task_types", "An agent takes at least one type of task.")
	}
	for field, list := range map[string][]string{"task_types": a.TaskTypes, "capabilities": a.Capabilities} {
		if len(list) > maxAbilities {
			f.Add(field, "There are more than %d %s.", maxAbilities, strings.ReplaceAll(field, "_", " "))
		}
		for i, name := range list {
			if !abilityName.MatchString(name) {
				f.Add(fmt.Sprintf("%s[%d]", field, i), "%.70q is not a name of lower-case letters, digits, hyphens, dots and underscores.", name)
			} else if slices.Index(list, name) != i {
				f.Add(fmt.Sprintf("%s[%d]", field, i), "%q is there twice.", name)
			}
		}
	}
	if a.MaxConcurrency < 1 || a.MaxConcurrency > maxConcurrency {
		f.Add("max_concurrency", "%d is not between 1 and %d.", a.MaxConcurrency, maxConcurrency)
	}
}

// Update changes an agent. Of one of this program only name, description and
// configuration can be changed, by an administrator: it serves all tenants.
func (s *Agents) Update(ctx context.Context, id domain.AgentID, p domain.AgentPatch) (*domain.Agent, error) {
	if _, err := domain.Require(ctx, domain.AgentsManage); err != nil {
		return nil, err
	}
	patch, err := objectOf("config", p.Config)
	if err != nil {
		return nil, err
	}
	err = s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		r, err := s.held(ctx, id)
		if err != nil {
			return err
		}
		if !r.External() {
			if _, err := domain.Require(ctx, domain.AdminFull); err != nil {
				return err
			}
		}
		before := *r
		if p.Version != 0 && p.Version != r.Version {
			return domain.Errorf(domain.CodePrecondition, "Agent %s has changed meanwhile; read it again.", r.ID)
		}
		if err := s.patch(r, p, patch); err != nil {
			return err
		}
		now := s.journal.stamp()
		r.Version, r.UpdatedAt = r.Version+1, &now
		if err := s.cfg.Agents.Save(ctx, r); err != nil {
			return err
		}
		id = r.ID
		sqltx.AfterCommit(ctx, func() {
			s.emit(ctx, "agent.updated", eventTenant(&r.Agent), string(r.ID), map[string]any{"agent_id": r.ID, "version": r.Version})
			s.nudge(ctx, r.ID)
		})
		return s.journal.changedFor(ctx, r.Tenant, "agent.updated", string(r.ID), "", shown(&before), shown(r))
	})
	if err != nil {
		return nil, err
	}
	return s.Get(ctx, id)
}

// held returns the record of an agent that the principal sees, held until the
// transaction ends. One of this program gets its first.
func (s *Agents) held(ctx context.Context, id domain.AgentID) (*domain.AgentRecord, error) {
	spec, ours := s.spec(id)
	if ours {
		id = spec.ID
	}
	r, err := s.cfg.Agents.Hold(ctx, id)
	switch {
	case ours && domain.CodeOf(err) == domain.CodeNotFound:
		r = &domain.AgentRecord{}
	case err != nil:
		return nil, err
	}
	if ours {
		b := builtin(spec, *r)
		return &b, nil
	}
	if tenant := scope(ctx); !r.External() || r.State == domain.AgentDeleted || tenant != "" && r.Tenant != tenant {
		return nil, domain.Errorf(domain.CodeNotFound, "Agent %q does not exist.", id)
	}
	return r, nil
}

// patch changes r as p says.
func (s *Agents) patch(r *domain.AgentRecord, p domain.AgentPatch, config map[string]json.RawMessage) error {
	if !r.External() && (p.TaskTypes != nil || p.Capabilities != nil || p.MaxConcurrency != nil) {
		return domain.Errorf(domain.CodeConflict, "What agent %s can do is part of this program; only its name, description and configuration can be changed.", r.ID)
	}
	set(&r.Name, p.Name)
	set(&r.Description, p.Description)
	set(&r.TaskTypes, p.TaskTypes)
	set(&r.Capabilities, p.Capabilities)
	set(&r.MaxConcurrency, p.MaxConcurrency)
	if r.External() {
		var f domain.Faults
		checkDeclared(&f, &r.Agent)
		if err := f.Err(); err != nil {
			return err
		}
	}
	if len(p.Config) == 0 {
		return nil
	}
	whole, err := objectOf("config", r.Config)
	if err != nil {
		return err
	}
	secrets := map[string][]byte{}
	for name, sealed := range r.Secrets {
		secrets[name] = sealed
	}
	for name, v := range config {
		if string(v) == "null" {
			delete(whole, name)
			delete(secrets, name)
			continue
		}
		whole[name] = v
	}
	return s.configure(r, whole, secrets)
}

func set[T any](to *T, v *T) {
	if v != nil {
		*to = *v
	}
}

// Delete removes an external agent. One with running tasks is CodeConflict; with
// drain it takes no new tasks and is deleted when the last has ended. Tasks that
// wait for an agent that is gone become dead letters. It reports whether the agent
// is gone already.
func (s *Agents) Delete(ctx context.Context, id domain.AgentID, drain bool) (bool, error) {
	if _, err := domain.Require(ctx, domain.AgentsManage); err != nil {
		return false, err
	}
	if spec, ours := s.spec(id); ours {
		return false, domain.Errorf(domain.CodeConflict, "Agent %s is part of this program and cannot be deleted.", spec.ID)
	}
	gone := false
	err := s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		seen, err := s.find(ctx, id)
		if err != nil {
			return err
		}
		queued, running, err := s.cfg.Tasks.Open(ctx, id)
		if err != nil {
			return err
		}
		if running > 0 && !drain {
			return domain.Errorf(domain.CodeConflict, "Agent %s has %d running tasks. Drain it, and it is deleted when the last has ended.", id, running)
		}
		if running > 0 || drain && queued > 0 && seen.Status != domain.AgentOffline {
			return s.drain(ctx, id)
		}
		gone = true
		return s.remove(ctx, id)
	})
	return gone, err
}

// drain lets an agent finish what it was given.
func (s *Agents) drain(ctx context.Context, id domain.AgentID) error {
	r, err := s.held(ctx, id)
	if err != nil || r.State == domain.AgentDraining {
		return err
	}
	before := *r
	now := s.journal.stamp()
	r.State, r.Version, r.UpdatedAt = domain.AgentDraining, r.Version+1, &now
	if err := s.cfg.Agents.Save(ctx, r); err != nil {
		return err
	}
	sqltx.AfterCommit(ctx, func() {
		s.emit(ctx, "agent.draining", r.Tenant, string(r.ID), map[string]any{"agent_id": r.ID})
	})
	return s.journal.changedFor(ctx, r.Tenant, "agent.draining", string(id), "", shown(&before), shown(r))
}

// remove deletes an agent without running tasks, in the transaction of ctx.
func (s *Agents) remove(ctx context.Context, id domain.AgentID) error {
	for {
		waiting, err := s.cfg.Tasks.Queued(ctx, id, 100)
		if err != nil {
			return err
		}
		for i := range waiting {
			if err := s.bury(ctx, &waiting[i], domain.DeadAgentDeleted, "The agent was deleted before it took the task."); err != nil {
				return err
			}
		}
		if len(waiting) < 100 {
			break
		}
	}
	if s.cfg.Removed != nil {
		if err := s.cfg.Removed(ctx, id); err != nil {
			return err
		}
	}
	r, err := s.held(ctx, id)
	if err != nil {
		return err
	}
	if _, err := s.cfg.Agents.Unlink(ctx, id, r.Link); err != nil {
		return err
	}
	before := *r
	now := s.journal.stamp()
	r.State, r.Version, r.UpdatedAt, r.Config, r.Secrets = domain.AgentDeleted, r.Version+1, &now, nil, nil
	if err := s.cfg.Agents.Save(ctx, r); err != nil {
		return err
	}
	sqltx.AfterCommit(ctx, func() {
		s.cfg.Log.InfoContext(ctx, "agent deleted", slog.String("agent_id", string(id)))
		s.emit(ctx, "agent.deleted", r.Tenant, string(id), map[string]any{"agent_id": id})
		s.nudge(ctx, id)
	})
	return s.journal.changedFor(ctx, r.Tenant, "agent.deleted", string(id), "", shown(&before), nil)
}

// drained deletes an agent that drains once it has nothing left to do.
func (s *Agents) drained(ctx context.Context, id domain.AgentID) error {
	r, err := s.cfg.Agents.Get(ctx, id)
	if err != nil || r.State != domain.AgentDraining {
		return ignoreMissing(err)
	}
	queued, running, err := s.cfg.Tasks.Open(ctx, id)
	if err != nil || running > 0 || queued > 0 && s.alive(r) {
		return err
	}
	return s.remove(ctx, id)
}

func ignoreMissing(err error) error {
	if domain.CodeOf(err) == domain.CodeNotFound {
		return nil
	}
	return err
}
