package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"empire/internal/domain"
	"empire/internal/pipeline/spec"
)

// customKey names a version of an operator's own pipeline.
type customKey struct {
	tenant  domain.TenantID
	name    string
	version int
}

// newestCustom returns the definition that new runs of a tenant use.
func (e *Engine) newestCustom(ctx context.Context, tenant domain.TenantID, name string) (Definition, error) {
	unknown := domain.Invalid("pipeline", "Pipeline %q does not exist.", name)
	if e.cfg.Custom == nil {
		return Definition{}, unknown
	}
	stored, err := e.cfg.Custom.Get(ctx, tenant, name, 0)
	if domain.CodeOf(err) == domain.CodeNotFound {
		return Definition{}, unknown
	}
	if err != nil {
		return Definition{}, err
	}
	return e.compiled(stored)
}

// customVersion returns the definition of a run that was started.
func (e *Engine) customVersion(ctx context.Context, tenant domain.TenantID, name string, version int) (Definition, error) {
	if kept, ok := e.custom.Load(customKey{tenant, name, version}); ok {
		return kept.(Definition), nil //nolint:forcetypeassert // see compiled
	}
	if e.cfg.Custom == nil {
		return Definition{}, domain.Errorf(domain.CodeUnavailable, "This program does not know version %d of pipeline %s.", version, name)
	}
	stored, err := e.cfg.Custom.Get(ctx, tenant, name, version)
	if err != nil {
		return Definition{}, err
	}
	return e.compiled(stored)
}

// compiled makes a definition of a stored version, once.
func (e *Engine) compiled(stored *domain.CustomPipeline) (Definition, error) {
	key := customKey{stored.Tenant, stored.Name, stored.Version}
	if kept, ok := e.custom.Load(key); ok {
		return kept.(Definition), nil //nolint:forcetypeassert // see below
	}
	p, faults := spec.Parse(stored.Source, nil)
	if len(faults) > 0 {
		return Definition{}, fmt.Errorf("version %d of pipeline %s is stored with a fault: %s", stored.Version, stored.Name, faults[0].Message)
	}
	def, err := e.compile(p, stored.Version)
	if err == nil {
		e.custom.Store(key, def)
	}
	return def, err
}

// Check reads the text of an operator's own pipeline and returns it, or all its
// faults: unknown agents, task types and pipelines included.
func (e *Engine) Check(ctx context.Context, tenant domain.TenantID, source string) (*spec.Pipeline, []domain.Fault, error) {
	var broken error // the store, not the definition
	p, faults := spec.Parse(source, &spec.World{
		Agent: e.cfg.Agent.Check,
		Undo:  e.undoable,
		Pipeline: func(name string) error {
			err := e.Startable(ctx, tenant, name)
			if domain.CodeOf(err) != domain.CodeInvalid {
				broken = err
			}
			return err
		},
		Uses: e.usable,
	})
	if broken != nil {
		return nil, nil, broken
	}
	if p != nil {
		if _, taken := e.latest(p.Name); taken || p.Name == inlineName {
			return nil, []domain.Fault{{Path: "name", Message: fmt.Sprintf("The name %s belongs to a pipeline of the program.", p.Name)}}, nil
		}
	}
	return p, faults, nil
}

// Startable returns why a tenant cannot start a pipeline by name: there is none
// (CodeInvalid), or the program starts it where more is to be done.
func (e *Engine) Startable(ctx context.Context, tenant domain.TenantID, name string) error {
	if def, ok := e.latest(name); ok {
		if def.Private {
			return domain.Invalid("pipeline", "Pipeline %s cannot be started by its name.", name)
		}
		return nil
	}
	_, err := e.newestCustom(ctx, tenant.OrDefault(), name)
	return err
}

// Described is what there is to tell about an operator's own pipeline.
func (e *Engine) Described(stored *domain.CustomPipeline) (*domain.PipelineInfo, error) {
	def, err := e.compiled(stored)
	if err != nil {
		return nil, err
	}
	info := def.Info()
	info.Origin, info.Definition, info.UpdatedAt = domain.OriginOperator, stored.Source, &stored.CreatedAt
	return info, nil
}

// Info is what there is to tell about a definition.
func (d *Definition) Info() *domain.PipelineInfo {
	info := &domain.PipelineInfo{Name: d.Name, Version: d.Version, Origin: domain.OriginShipped}
	if d.spec != nil {
		info.Description = d.spec.Description
	}
	for i, s := range d.Steps {
		info.Steps = append(info.Steps, domain.PipelineStep{Name: s.Name, Agent: s.Agent, Task: s.Task, After: d.After(i)})
	}
	return info
}

func (e *Engine) usable(kind string) error {
	if kind == "model" && e.cfg.Complete == nil {
		return domain.Errorf(domain.CodeInvalid, "No model is configured.")
	}
	if kind == "approval" && e.cfg.Ask == nil {
		return domain.Errorf(domain.CodeInvalid, "Approvals are not available.")
	}
	return nil
}

// undoable returns why a task cannot undo a step. An agent outside may take days, and
// its answer would have no step to go to.
func (e *Engine) undoable(agent domain.AgentID, task string) error {
	if err := e.cfg.Agent.Check(agent, task); err != nil {
		return err
	}
	if e.cfg.Agent.External(agent) {
		return domain.Errorf(domain.CodeInvalid, "Agent %s works outside the program and cannot undo a step.", agent)
	}
	return nil
}

// compile turns the text's steps into functions.
func (e *Engine) compile(p *spec.Pipeline, version int) (Definition, error) {
	def := Definition{Name: p.Name, Version: version, priority: p.Priority, spec: p}
	for i := range p.Steps {
		s := &p.Steps[i]
		sd := StepDef{
			Name: s.Name, Agent: s.Agent, Task: s.Task, Timeout: inlineTimeout, Retry: retryOf(s.Retry, inlineRetry), After: s.After,
			Limits: ofTenant(s.Limits), Run: e.customStep(p, s),
		}
		if s.Undo != nil {
			sd.Compensate = e.task(s.Undo.Agent, s.Undo.Task, s.Undo.Params)
		}
		if s.Timeout > 0 {
			sd.Timeout = time.Duration(s.Timeout)
		}
		if s.When != nil {
			sd.When = condition(s.When)
		}
		def.Steps = append(def.Steps, sd)
	}
	return def, def.prepare()
}

// ofTenant keeps the limits of one tenant from those of others.
func ofTenant(limits []domain.Limit) []domain.Limit {
	var out []domain.Limit
	for _, l := range limits {
		l.Key = "{tenant}/" + l.Key
		out = append(out, l)
	}
	return out
}

func (e *Engine) customStep(p *spec.Pipeline, s *spec.Step) Func {
	switch {
	case s.Model != nil:
		return e.askModel(s)
	case s.Approval != nil:
		return e.askPerson(p, s)
	case s.Pipeline != "":
		return startOther(s)
	case s.Wait > 0:
		return func(context.Context, *Input) (Output, error) {
			return Output{Wait: true, WakeAt: e.now().Add(time.Duration(s.Wait))}, nil
		}
	default:
		return e.task(s.Agent, s.Task, s.Params)
	}
}

// task gives an agent a task whose parameters have references.
func (e *Engine) task(agent domain.AgentID, kind string, params map[string]any) Func {
	return e.stage(agent, func(in *Input) (domain.TaskSpec, error) {
		filled, err := in.fill(params)
		return domain.TaskSpec{Type: kind, Params: filled}, err
	})
}

// fill returns params with their references replaced, as JSON.
func (in *Input) fill(params map[string]any) (json.RawMessage, error) {
	env, err := in.env()
	if err != nil {
		return nil, err
	}
	if params == nil {
		params = map[string]any{}
	}
	filled, err := spec.Fill(params, env)
	if err != nil {
		return nil, err
	}
	return json.Marshal(filled)
}

func (e *Engine) askModel(s *spec.Step) Func {
	return func(ctx context.Context, in *Input) (Output, error) {
		if err := e.usable("model"); err != nil {
			return Output{}, err
		}
		env, err := in.env()
		if err != nil {
			return Output{}, err
		}
		p := domain.ModelPrompt{Model: s.Model.Model, MaxTokens: s.Model.MaxTokens}
		if p.System, err = spec.FillText(s.Model.System, env); err != nil {
			return Output{}, err
		}
		if p.Prompt, err = spec.FillText(s.Model.Prompt, env); err != nil {
			return Output{}, err
		}
		answer, err := e.cfg.Complete(ctx, p)
		if err != nil {
			return Output{}, err
		}
		return Output{Result: answer}, nil
	}
}

// approvalPayload is what a person approves: where the run is, with what.
type approvalPayload struct {
	Pipeline string                     `json:"pipeline"`
	Version  int                        `json:"version"`
	RunID    domain.RunID               `json:"run_id"`
	Step     string                     `json:"step"`
	Params   json.RawMessage            `json:"params"`
	Results  map[string]json.RawMessage `json:"results"` // of the steps before, by name
}

func (e *Engine) askPerson(p *spec.Pipeline, s *spec.Step) Func {
	return func(_ context.Context, in *Input) (Output, error) {
		if err := e.usable("approval"); err != nil {
			return Output{}, err
		}
		env, err := in.env()
		if err != nil {
			return Output{}, err
		}
		title, err := spec.FillText(s.Approval.Title, env)
		if err != nil {
			return Output{}, err
		}
		q := domain.Question{
			Kind: "approve_step", Title: title, ExpiresIn: time.Duration(s.Approval.ExpiresIn), FourEyes: s.Approval.FourEyes,
			Payload: approvalPayload{p.Name, in.Run.Version, in.Run.ID, s.Name, in.Run.Params, in.Results()},
		}
		return Output{Wait: true, Apply: func(ctx context.Context) error { return e.cfg.Ask(ctx, in.Run, s.Name, q) }}, nil
	}
}

func startOther(s *spec.Step) Func {
	return func(_ context.Context, in *Input) (Output, error) {
		params, err := in.fill(s.Params)
		if err != nil {
			return Output{}, err
		}
		return Output{Wait: true, Start: &StartParams{Pipeline: s.Pipeline, Params: params}}, nil
	}
}
