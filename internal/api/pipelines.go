package api

import (
	"context"
	"encoding/json"
	"net/http"

	"empire/internal/domain"
)

type runService interface {
	pipelineService
	runReader
	runControl
}

type pipelineService interface {
	Pipelines(ctx context.Context) ([]domain.PipelineInfo, error)
	Start(ctx context.Context, p domain.StartParams) (*domain.Run, error)
}

type pipelineBody struct {
	Name    string             `json:"name"`
	Version int                `json:"version"`
	Steps   []pipelineStepBody `json:"steps" doc:"In the order in which they run"`
}

type pipelineStepBody struct {
	Name  string         `json:"name"`
	Agent domain.AgentID `json:"agent" doc:"Empty for a step that no agent does"`
	Task  string         `json:"task"`
}

type stageBody struct {
	Name  string         `json:"name" minLength:"1" maxLength:"63" doc:"Unique within the run"`
	Agent domain.AgentID `json:"agent" minLength:"1" maxLength:"100"`
	Task  TaskSpecBody   `json:"task"`
}

type (
	listPipelinesInput struct{ Window }
	startInput         struct {
		Body struct {
			Pipeline string      `json:"pipeline,omitempty" maxLength:"100" doc:"Name of a pipeline; or give stages"`
			Params   object      `json:"params,omitempty" doc:"What the pipeline takes"`
			Stages   []stageBody `json:"stages,omitempty" maxItems:"100" doc:"Inline stages, run in order; the results of earlier ones are in task.context"`
		}
	}
	startedOutput struct {
		Location string `header:"Location" doc:"Where the run is"`
		Body     runBody
	}
)

func registerPipelines(a *API, runs pipelineService) {
	handle(a, operation{
		id: "list-pipelines", method: http.MethodGet, path: "/pipelines", tag: "pipelines", permission: domain.AgentsRead,
		summary: "List pipelines that can be run by name",
		response: []pipelineBody{{"launch_website", 1, []pipelineStepBody{
			{"scan", "opportunity_scanner", "market_scan"}, {Name: "approve"},
		}}},
	}, func(ctx context.Context, in *listPipelinesInput) (*listOutput[pipelineBody], error) {
		all, err := runs.Pipelines(ctx)
		if err != nil {
			return nil, err
		}
		return cut(&in.Window, all, toPipeline), nil
	})
	handle(a, operation{
		id: "start-run", method: http.MethodPost, path: "/pipelines/runs", tag: "pipelines", permission: domain.AgentsManage,
		summary: "Start a run", text: "Runs a pipeline by name, or stages given inline.", status: http.StatusAccepted,
		problems: []int{http.StatusConflict, http.StatusNotFound}, response: exampleQueuedRun,
		request: map[string]any{"stages": []any{map[string]any{
			"name": "look", "agent": "opportunity_scanner",
			"task": map[string]any{"type": "market_scan", "params": map[string]any{"topic": "mechanical keyboards"}},
		}}},
	}, func(ctx context.Context, in *startInput) (*startedOutput, error) {
		p := domain.StartParams{Pipeline: in.Body.Pipeline, Params: json.RawMessage(in.Body.Params)}
		for _, s := range in.Body.Stages {
			p.Stages = append(p.Stages, domain.Stage{Name: s.Name, Agent: s.Agent, Task: s.Task.domain()})
		}
		run, err := runs.Start(ctx, p)
		if err != nil {
			return nil, err
		}
		return &startedOutput{Base + "/runs/" + string(run.ID), toRun(run)}, nil
	})
}

func toPipeline(p *domain.PipelineInfo) pipelineBody {
	b := pipelineBody{Name: p.Name, Version: p.Version, Steps: []pipelineStepBody{}}
	for _, s := range p.Steps {
		b.Steps = append(b.Steps, pipelineStepBody{s.Name, s.Agent, s.Task})
	}
	return b
}
