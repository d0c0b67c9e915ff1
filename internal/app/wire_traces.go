package app

import (
	"context"
	"encoding/json"

	"empire/internal/domain"
	"empire/internal/pipeline"
	"empire/internal/telemetry"
)

// newTraces builds what sends traces; nil if the configuration wants none.
func (a *App) newTraces() *telemetry.Traces {
	headers := map[string]string{}
	if h := string(a.cfg.Traces.Authorization); h != "" {
		headers["Authorization"] = h
	}
	return telemetry.NewTraces(telemetry.TraceConfig{
		URL: a.cfg.Traces.URL, Headers: headers, Sample: a.cfg.Traces.Sample, Service: "empire", Version: version(), Instance: a.instance, Log: a.log,
	})
}

// tracedAgents are agents whose tasks are spans.
type tracedAgents struct {
	pipeline.Dispatcher
	traces *telemetry.Traces
}

// Do implements pipeline.Dispatcher.
func (t tracedAgents) Do(ctx context.Context, agent domain.AgentID, task domain.TaskSpec, results map[string]json.RawMessage) (json.RawMessage, error) {
	ctx, end := t.traces.Agent(ctx, telemetry.Work{Agent: string(agent), Task: task.Type})
	result, err := t.Dispatcher.Do(ctx, agent, task, results)
	end(string(domain.CodeOf(err)))
	return result, err
}

// workStep runs the job of a step as a span with the step's name. What became of the
// step is read afterwards, because a failed step is no error of its job.
func (a *App) workStep(ctx context.Context, args json.RawMessage) error {
	var of struct {
		RunID  domain.RunID  `json:"run_id"`
		StepID domain.StepID `json:"step_id"`
	}
	if a.traces == nil || json.Unmarshal(args, &of) != nil {
		return a.engine.Work(ctx, args)
	}
	step, err := a.store.Steps.Get(ctx, of.StepID)
	if err != nil {
		return a.engine.Work(ctx, args) // it says what is wrong
	}
	ctx, end := a.traces.Step(ctx, telemetry.Work{
		Run: string(of.RunID), Step: step.Name, Attempt: step.Attempt + 1, Agent: string(step.Agent), Task: step.Task,
	})
	err = a.engine.Work(ctx, args)
	code := domain.CodeOf(err)
	if after, e := a.store.Steps.Get(context.WithoutCancel(ctx), of.StepID); e == nil && err == nil && after.State == domain.StateFailed && after.Error != nil {
		code = after.Error.Code
	}
	end(string(code))
	return err
}
