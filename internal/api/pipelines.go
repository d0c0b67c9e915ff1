package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"empire/internal/domain"
)

type runService interface {
	runStarter
	runReader
	runControl
}

type runStarter interface {
	Start(ctx context.Context, p domain.StartParams) (*domain.Run, error)
}

type pipelineService interface {
	List(ctx context.Context) ([]domain.PipelineInfo, error)
	Get(ctx context.Context, name string) (*domain.PipelineInfo, error)
	Put(ctx context.Context, name, definition string) (*domain.PipelineInfo, error)
	Delete(ctx context.Context, name string) error
	Validate(ctx context.Context, definition string) (string, []domain.Fault, error)
}

type pipelineBody struct {
	Name        string             `json:"name"`
	Version     int                `json:"version"`
	Origin      string             `json:"origin" enum:"shipped,operator" doc:"shipped comes with the program, operator is one's own"`
	Description string             `json:"description"`
	Steps       []pipelineStepBody `json:"steps"`
	Definition  string             `json:"definition,omitempty" doc:"YAML or JSON of an own pipeline; not in lists"`
	UpdatedAt   *time.Time         `json:"updated_at" doc:"When this version of an own pipeline was stored"`
}

type pipelineStepBody struct {
	Name  string         `json:"name"`
	Agent domain.AgentID `json:"agent" doc:"Empty for a step that no agent does"`
	Task  string         `json:"task"`
	After []string       `json:"after" doc:"The steps that must have ended before"`
}

type (
	pipelineInput struct {
		Name string `path:"name" maxLength:"63"`
	}
	definitionBody struct {
		Definition string `json:"definition" minLength:"1" maxLength:"262144" doc:"YAML or JSON text"`
	}
	putPipelineInput struct {
		Name string `path:"name" maxLength:"63"`
		Body definitionBody
	}
	validateInput     struct{ Body definitionBody }
	pipelineOutput    struct{ Body pipelineBody }
	definitionVerdict struct {
		Valid  bool                  `json:"valid"`
		Name   string                `json:"name" doc:"Of the pipeline; empty with faults"`
		Faults []definitionFaultBody `json:"faults"`
	}
	definitionFaultBody struct {
		Path    string `json:"path" doc:"Where: steps[1].when"`
		Line    int    `json:"line" doc:"From 1; 0: unknown"`
		Column  int    `json:"column" doc:"From 1; 0: unknown"`
		Message string `json:"message"`
	}
	verdictOutput      struct{ Body definitionVerdict }
	listPipelinesInput struct{ Window }
)

const exampleDefinition = `name: weekly_check
parameters:
  - {name: website_id, required: true}
steps:
  - name: audit
    agent: seo_optimization_agent
    task: audit
    params: {website_id: "${params.website_id}"}
  - name: rest
    when: steps.audit.score < 80
    wait: 1h
`

var examplePipeline = pipelineBody{
	Name: "weekly_check", Version: 1, Origin: domain.OriginOperator, Definition: exampleDefinition, UpdatedAt: &exampleTime,
	Steps: []pipelineStepBody{{"audit", "seo_optimization_agent", "audit", []string{}}, {Name: "rest", After: []string{"audit"}}},
}

func registerPipelines(a *API, pipelines pipelineService) {
	handle(a, operation{
		id: "list-pipelines", method: http.MethodGet, path: "/pipelines", tag: "pipelines", permission: domain.AgentsRead,
		summary: "List pipelines that can be run by name", text: "Those that come with the program, and one's own.",
		response: []pipelineBody{{
			Name: "launch_website", Version: 1, Origin: domain.OriginShipped,
			Steps: []pipelineStepBody{{"scan", "opportunity_scanner", "market_scan", []string{}}, {Name: "approve", After: []string{"scan"}}},
		}},
	}, func(ctx context.Context, in *listPipelinesInput) (*listOutput[pipelineBody], error) {
		all, err := pipelines.List(ctx)
		if err != nil {
			return nil, err
		}
		return cut(&in.Window, all, toPipeline), nil
	})
	handle(a, operation{
		id: "get-pipeline", method: http.MethodGet, path: "/pipelines/{name}", tag: "pipelines", permission: domain.AgentsRead,
		summary: "Show a pipeline with its definition", response: examplePipeline,
	}, func(ctx context.Context, in *pipelineInput) (*pipelineOutput, error) {
		p, err := pipelines.Get(ctx, in.Name)
		if err != nil {
			return nil, err
		}
		return &pipelineOutput{toPipeline(p)}, nil
	})
	handle(a, operation{
		id: "put-pipeline", method: http.MethodPut, path: "/pipelines/{name}", tag: "pipelines", permission: domain.AgentsManage,
		summary: "Store an own pipeline",
		text: "The definition is the text of a YAML or JSON document; its `name` is that of the path. Every call stores a new version: new runs use it, " +
			"live ones end on theirs. A definition with faults is refused with all of them: `location` is `body.definition:LINE:COLUMN PATH`.",
		problems: []int{http.StatusConflict}, request: definitionBody{exampleDefinition}, response: examplePipeline,
	}, func(ctx context.Context, in *putPipelineInput) (*pipelineOutput, error) {
		p, err := pipelines.Put(ctx, in.Name, in.Body.Definition)
		if err != nil {
			return nil, err
		}
		return &pipelineOutput{toPipeline(p)}, nil
	})
	handle(a, operation{
		id: "delete-pipeline", method: http.MethodDelete, path: "/pipelines/{name}", tag: "pipelines", permission: domain.AgentsManage,
		summary: "Delete an own pipeline", text: "No run of it can be started any more; live ones end.", status: http.StatusNoContent,
		problems: []int{http.StatusConflict},
	}, func(ctx context.Context, in *pipelineInput) (*struct{}, error) {
		return nil, pipelines.Delete(ctx, in.Name)
	})
	handle(a, operation{
		id: "validate-pipeline", method: http.MethodPost, path: "/pipelines/validate", tag: "pipelines", permission: domain.AgentsRead,
		summary: "Find the faults of a definition", text: "All of them at once. Nothing is stored.",
		request: definitionBody{exampleDefinition},
		response: definitionVerdict{Faults: []definitionFaultBody{
			{Path: "steps[0].agent", Line: 5, Column: 5, Message: `Agent "seo" does not exist.`},
		}},
	}, func(ctx context.Context, in *validateInput) (*verdictOutput, error) {
		name, faults, err := pipelines.Validate(ctx, in.Body.Definition)
		if err != nil {
			return nil, err
		}
		out := &verdictOutput{definitionVerdict{Valid: len(faults) == 0, Name: name, Faults: []definitionFaultBody{}}}
		for _, f := range faults {
			out.Body.Faults = append(out.Body.Faults, definitionFaultBody{f.Path, f.Line, f.Column, f.Message})
		}
		return out, nil
	})
}

func toPipeline(p *domain.PipelineInfo) pipelineBody {
	b := pipelineBody{
		Name: p.Name, Version: p.Version, Origin: p.Origin, Description: p.Description, Steps: []pipelineStepBody{}, Definition: p.Definition,
		UpdatedAt: utc(p.UpdatedAt),
	}
	for _, s := range p.Steps {
		b.Steps = append(b.Steps, pipelineStepBody{s.Name, s.Agent, s.Task, list(s.After)})
	}
	return b
}

type stageBody struct {
	Name    string         `json:"name" minLength:"1" maxLength:"63" doc:"Unique within the run"`
	Agent   domain.AgentID `json:"agent" minLength:"1" maxLength:"100"`
	Task    TaskSpecBody   `json:"task"`
	After   *[]string      `json:"after,omitempty" maxItems:"100" doc:"Stages that must have ended before; without it the stage before, [] for none"`
	When    string         `json:"when,omitempty" maxLength:"1000" doc:"Condition such as steps.look.score > 0.5; if it is false the stage is skipped"`
	Timeout string         `json:"timeout,omitempty" maxLength:"20" doc:"Of one attempt: 90s, 10m" example:"10m"`
	Retry   *retryPolicy   `json:"retry,omitempty"`
	Limits  []limitBody    `json:"limits,omitempty" maxItems:"10"`
}

type retryPolicy struct {
	Attempts   int           `json:"attempts,omitempty" minimum:"1" maximum:"100" doc:"At most this many, the first included"`
	Backoff    string        `json:"backoff,omitempty" maxLength:"20" doc:"Before the second attempt" example:"10s"`
	Factor     float64       `json:"factor,omitempty" minimum:"1" maximum:"10" doc:"By which the backoff grows; 2 if it is not given"`
	MaxBackoff string        `json:"max_backoff,omitempty" maxLength:"20" doc:"At most; one hour if it is not given" example:"5m"`
	Jitter     float64       `json:"jitter,omitempty" minimum:"0" maximum:"1" doc:"Share of the backoff that is left to chance"`
	Codes      []domain.Code `json:"codes,omitempty" maxItems:"30" doc:"Failures that are repeated; without them those that could go better a second time"`
}

type limitBody struct {
	Key         string `json:"key" minLength:"1" maxLength:"200" doc:"Steps with an equal key are bounded together; {website_id}, {tenant}, {pipeline}, {agent} and {params.NAME} are filled in"`
	Concurrency int    `json:"concurrency,omitempty" minimum:"0" maximum:"100000" doc:"At most this many at the same time"`
	PerMinute   int    `json:"per_minute,omitempty" minimum:"0" maximum:"1000000" doc:"At most this many are let in within a minute"`
}

type (
	startInput struct {
		Body struct {
			Pipeline string             `json:"pipeline,omitempty" maxLength:"100" doc:"Name of a pipeline; or give stages"`
			Params   object             `json:"params,omitempty" doc:"What the pipeline takes"`
			Stages   []stageBody        `json:"stages,omitempty" maxItems:"100" doc:"Inline stages; the results of earlier ones are in task.context"`
			Priority domain.RunPriority `json:"priority,omitempty" enum:"high,normal,low" doc:"A head start: five minutes for high, one for normal, none for low"`
		}
	}
	startedOutput struct {
		Location string `header:"Location" doc:"Where the run is"`
		Body     runBody
	}
)

func registerStart(a *API, runs runStarter) {
	handle(a, operation{
		id: "start-run", method: http.MethodPost, path: "/pipelines/runs", tag: "pipelines", permission: domain.AgentsManage,
		summary: "Start a run", text: "Runs a pipeline by name, or stages given inline.", status: http.StatusAccepted,
		problems: []int{http.StatusConflict, http.StatusNotFound}, response: exampleQueuedRun,
		request: map[string]any{"stages": []any{map[string]any{
			"name": "look", "agent": "opportunity_scanner",
			"task":  map[string]any{"type": "market_scan", "params": map[string]any{"topic": "mechanical keyboards"}},
			"retry": map[string]any{"attempts": 3, "backoff": "2s"}, "limits": []any{map[string]any{"key": "provider:openai", "concurrency": 2, "per_minute": 60}},
		}}},
	}, func(ctx context.Context, in *startInput) (*startedOutput, error) {
		p := domain.StartParams{Pipeline: in.Body.Pipeline, Params: json.RawMessage(in.Body.Params), Priority: in.Body.Priority}
		for i, s := range in.Body.Stages {
			stage, err := s.domain(fmt.Sprintf("stages[%d]", i))
			if err != nil {
				return nil, err
			}
			p.Stages = append(p.Stages, stage)
		}
		run, err := runs.Start(ctx, p)
		if err != nil {
			return nil, err
		}
		return &startedOutput{Base + "/runs/" + string(run.ID), toRun(run)}, nil
	})
}

func (b *stageBody) domain(field string) (domain.Stage, error) {
	s := domain.Stage{Name: b.Name, Agent: b.Agent, Task: b.Task.domain(), When: b.When}
	var err error
	if s.Timeout, err = duration(field+".timeout", b.Timeout); err != nil {
		return s, err
	}
	if b.After != nil {
		s.After = list(*b.After)
	}
	if r := b.Retry; r != nil {
		s.Retry = &domain.RetryPolicy{Attempts: r.Attempts, Factor: r.Factor, Jitter: r.Jitter, Codes: r.Codes}
		if s.Retry.Backoff, err = duration(field+".retry.backoff", r.Backoff); err != nil {
			return s, err
		}
		if s.Retry.MaxBackoff, err = duration(field+".retry.max_backoff", r.MaxBackoff); err != nil {
			return s, err
		}
	}
	for _, l := range b.Limits {
		s.Limits = append(s.Limits, domain.Limit{Key: l.Key, Concurrency: l.Concurrency, PerMinute: l.PerMinute})
	}
	return s, nil
}

// duration reads a duration of a body; empty is 0.
func duration(field, text string) (domain.Duration, error) {
	var d domain.Duration
	if text == "" {
		return 0, nil
	}
	if err := d.UnmarshalText([]byte(text)); err != nil {
		return 0, domain.Invalid(field, "A duration such as 90s, 10m or 1h30m is expected, not %q.", text)
	}
	return d, nil
}
