package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"empire/internal/domain"
	"empire/internal/pipeline/spec"
)

// inlineName is the pipeline of runs that were started with stages.
const inlineName = "inline"

// Limits of an inline pipeline.
const (
	maxStages     = 50
	inlineTimeout = 10 * time.Minute
)

// inlineRetry is how stages are repeated unless they say otherwise.
var inlineRetry = Retry{Attempts: 2, Backoff: time.Second}

// inline builds a definition from stages that a client sent.
func (e *Engine) inline(stages []domain.Stage) (Definition, error) {
	if len(stages) == 0 {
		return Definition{}, domain.Invalid("stages", "A pipeline needs at least one stage.")
	}
	if len(stages) > maxStages {
		return Definition{}, domain.Invalid("stages", "A pipeline has at most %d stages.", maxStages)
	}
	def := Definition{Name: inlineName, Version: 1}
	seen := map[string]bool{}
	for i, s := range stages {
		field := fmt.Sprintf("stages[%d]", i)
		if s.Name == "" || len(s.Name) > 64 {
			return Definition{}, domain.Invalid(field+".name", "A stage needs a name of 1 to 64 characters.")
		}
		if seen[s.Name] {
			return Definition{}, domain.Invalid(field+".name", "Stage name %q is used twice.", s.Name)
		}
		seen[s.Name] = true
		sd, err := e.inlineStep(s, field)
		if err != nil {
			return Definition{}, err
		}
		def.Steps = append(def.Steps, sd)
	}
	if err := def.prepare(); err != nil {
		return Definition{}, domain.Invalid("stages", "The stages have no order: %s.", err)
	}
	for i, s := range stages {
		if err := def.checkWhen(i, s.When); err != nil {
			return Definition{}, domain.Invalid(fmt.Sprintf("stages[%d].when", i), "The condition of stage %s cannot be used: %s.", s.Name, err)
		}
	}
	return def, nil
}

func (e *Engine) inlineStep(s domain.Stage, field string) (StepDef, error) {
	if err := e.cfg.Agent.Check(s.Agent, s.Task.Type); err != nil {
		return StepDef{}, &domain.Error{Code: domain.CodeInvalid, Field: field, Message: domain.MessageOf(err), Err: err}
	}
	sd := StepDef{
		Name: s.Name, Agent: s.Agent, Task: s.Task.Type, Timeout: inlineTimeout, Retry: retryOf(s.Retry, inlineRetry), After: s.After,
		Run: e.stage(s.Agent, func(*Input) (domain.TaskSpec, error) { return s.Task, nil }), Limits: ofTenant(s.Limits),
	}
	if s.Timeout < 0 || time.Duration(s.Timeout) > domain.MaxTimeout {
		return StepDef{}, domain.Invalid(field+".timeout", "The timeout must be between 0 and %s.", domain.Duration(domain.MaxTimeout))
	}
	if s.Timeout > 0 {
		sd.Timeout = time.Duration(s.Timeout)
	}
	if s.Retry != nil {
		if err := s.Retry.Validate(); err != nil {
			return StepDef{}, within(field+".retry", err)
		}
	}
	for i, l := range s.Limits {
		if err := l.Validate(); err != nil {
			return StepDef{}, within(fmt.Sprintf("%s.limits[%d]", field, i), err)
		}
	}
	if s.When != "" {
		cond, err := spec.ParseExpr(s.When)
		if err != nil {
			return StepDef{}, domain.Invalid(field+".when", "The condition cannot be read: %s.", err)
		}
		sd.When = condition(cond)
	}
	return sd, nil
}

// within says where the field of a fault is.
func within(field string, err error) error {
	if e, ok := errors.AsType[*domain.Error](err); ok && e.Field != "" {
		field += "." + e.Field
	}
	return domain.Invalid(field, "%s", domain.MessageOf(err))
}

// checkWhen refuses a condition about steps that may not have ended.
func (d *Definition) checkWhen(step int, when string) error {
	if when == "" {
		return nil
	}
	cond, err := spec.ParseExpr(when)
	if err != nil {
		return err
	}
	for _, ref := range cond.Refs() {
		if ref[0] == "steps" && !d.isBefore(ref[1], step) {
			return fmt.Errorf("%s is about a stage that does not come before", ref)
		}
	}
	return nil
}

func (d *Definition) isBefore(name string, step int) bool {
	for i, is := range d.graph.ancestors[step] {
		if is && d.Steps[i].Name == name {
			return true
		}
	}
	return false
}

// condition asks an expression about the run.
func condition(cond *spec.Expr) func(in *Input) (bool, error) {
	return func(in *Input) (bool, error) {
		env, err := in.env()
		if err != nil {
			return false, err
		}
		ok, err := cond.Eval(env)
		if err != nil {
			return false, domain.Errorf(domain.CodeInvalid, "The condition of step %s cannot be told: %s.", in.Step.Name, err)
		}
		return ok, nil
	}
}

// env is what expressions and references may name.
func (in *Input) env() (spec.Env, error) {
	env := spec.Env{Params: map[string]any{}, Steps: map[string]any{}}
	if err := json.Unmarshal(in.Run.Params, &env.Params); err != nil {
		return env, fmt.Errorf("decode parameters of run %s: %w", in.Run.ID, err)
	}
	for name, raw := range in.results {
		var v any
		if len(raw) > 0 {
			if err := json.Unmarshal(raw, &v); err != nil {
				return env, fmt.Errorf("decode result of step %s: %w", name, err)
			}
		}
		env.Steps[name] = v
	}
	return env, nil
}

// stage hands a task to its agent. A result that holds an error stops the run.
func (e *Engine) stage(agent domain.AgentID, task func(in *Input) (domain.TaskSpec, error)) Func {
	return func(ctx context.Context, in *Input) (Output, error) {
		t, err := task(in)
		if err != nil {
			return Output{}, err
		}
		if e.cfg.Agent.External(agent) {
			results := in.Results()
			return Output{Wait: true, Apply: func(ctx context.Context) error {
				return e.cfg.Agent.Hand(ctx, in.Run, in.Step, agent, t, results)
			}}, nil
		}
		result, err := e.cfg.Agent.Do(ctx, agent, t, in.Results())
		if err != nil {
			return Output{}, err
		}
		var fault struct {
			Error json.RawMessage `json:"error"`
		}
		if json.Unmarshal(result, &fault) == nil && len(fault.Error) > 0 && string(fault.Error) != "null" {
			return Output{}, domain.Errorf(domain.CodeConflict, "The agent reported an error: %.300s", fault.Error)
		}
		return Output{Result: result}, nil
	}
}
