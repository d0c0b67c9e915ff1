package pipeline

import (
	"context"
	"encoding/json"
	"fmt"

	"empire/internal/domain"
)

// StartParams describe a new run: a named pipeline, or inline stages.
type StartParams struct {
	Pipeline  string
	Params    json.RawMessage
	Stages    []domain.Stage
	WebsiteID domain.WebsiteID
	Tenant    domain.TenantID // empty: the default one
	OwnerID   domain.UserID
	Priority  domain.RunPriority // empty: the pipeline's own, else normal

	parent *domain.Run // that starts this run as a step
	step   domain.StepID
}

// Start stores a run with its steps and enqueues those that are ready, in the
// transaction of ctx if there is one.
func (e *Engine) Start(ctx context.Context, p StartParams) (run *domain.Run, err error) {
	err = e.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		var def Definition
		if run, def, err = e.newRun(ctx, p); err != nil {
			return err
		}
		if err := e.cfg.Runs.Insert(ctx, run); err != nil {
			return err
		}
		data, _ := json.Marshal(map[string]any{"pipeline": run.Pipeline, "version": run.Version})
		e.publish(ctx, domain.RunEvent{RunID: run.ID, Seq: 1, Type: "run.created", Data: data, At: run.CreatedAt, Tenant: run.Tenant, Pipeline: run.Pipeline})
		return e.advance(ctx, run, &def)
	})
	if err != nil {
		name := p.Pipeline
		if name == "" {
			name = inlineName
		}
		return nil, fmt.Errorf("start pipeline %s: %w", name, err)
	}
	return run, nil
}

func (e *Engine) newRun(ctx context.Context, p StartParams) (*domain.Run, Definition, error) {
	run := &domain.Run{
		ID: domain.RunID(domain.NewID("run")), Pipeline: p.Pipeline, Version: 1, State: domain.StateQueued, Params: p.Params,
		WebsiteID: p.WebsiteID, Tenant: p.Tenant.OrDefault(), OwnerID: p.OwnerID, Stages: p.Stages, CreatedAt: e.now(), Priority: p.Priority,
	}
	if len(run.Params) == 0 {
		run.Params = json.RawMessage(`{}`)
	}
	if p.parent != nil {
		run.ParentRun, run.ParentStep, run.Depth = p.parent.ID, p.step, p.parent.Depth+1
		if run.Depth > maxDepth {
			return nil, Definition{}, domain.Errorf(domain.CodeConflict, "Pipelines may start each other at most %d deep.", maxDepth)
		}
	}
	def, err := e.choose(ctx, p, run)
	if err != nil {
		return nil, Definition{}, err
	}
	if run.Priority == "" {
		run.Priority = def.priority.OrNormal()
	}
	if !run.Priority.Valid() {
		return nil, Definition{}, domain.Invalid("priority", "The priority is high, normal or low, not %q.", run.Priority)
	}
	for i, s := range def.Steps {
		run.Steps = append(run.Steps, domain.Step{
			ID: domain.StepID(domain.NewID("step")), RunID: run.ID, Name: s.Name, Position: i, Agent: s.Agent, Task: s.Task, State: domain.StateQueued,
		})
	}
	return run, def, nil
}

// choose returns the definition of a new run and completes the run with it.
func (e *Engine) choose(ctx context.Context, p StartParams, run *domain.Run) (Definition, error) {
	if p.Pipeline != "" && len(p.Stages) > 0 {
		return Definition{}, domain.Invalid("stages", "Give either a pipeline name or stages, not both.")
	}
	if p.Pipeline == "" {
		run.Pipeline = inlineName
		return e.inline(p.Stages)
	}
	def, ok := e.latest(p.Pipeline)
	if !ok {
		var err error
		if def, err = e.newestCustom(ctx, run.Tenant, p.Pipeline); err != nil {
			return Definition{}, err
		}
		if run.Params, err = def.spec.Fill(run.Params); err != nil {
			return Definition{}, err
		}
	}
	run.Version = def.Version
	return def, nil
}

// definition returns the version that the run was started with.
func (e *Engine) definition(ctx context.Context, run *domain.Run) (*Definition, error) {
	if len(run.Stages) > 0 {
		def, err := e.inline(run.Stages)
		return &def, err
	}
	def, ok := e.defs[run.Pipeline][run.Version]
	if !ok && e.defs[run.Pipeline] == nil {
		var err error
		if def, err = e.customVersion(ctx, run.Tenant, run.Pipeline, run.Version); err != nil {
			return nil, err
		}
		ok = true
	}
	if !ok || len(def.Steps) != len(run.Steps) {
		return nil, domain.Errorf(domain.CodeUnavailable, "This program does not know version %d of pipeline %s.", run.Version, run.Pipeline)
	}
	return &def, nil
}
