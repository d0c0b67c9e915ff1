package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"empire/internal/domain"
)

type runReader interface {
	List(ctx context.Context, state domain.RunState, websiteID domain.WebsiteID, w domain.Window) ([]domain.Run, int, error)
	Get(ctx context.Context, id domain.RunID) (*domain.Run, error)
	Events(ctx context.Context, id domain.RunID, after int64, limit int) ([]domain.RunEvent, error)
}

type runControl interface {
	Cancel(ctx context.Context, id domain.RunID) (*domain.Run, error)
	Retry(ctx context.Context, id domain.RunID, from string) (*domain.Run, error)
}

// runBody shows a run. Once it has ended it also has the fields of an ended run:
// results and execution_time, or failed_stage, error and partial_results.
type runBody struct {
	ID             domain.RunID               `json:"id"`
	PipelineID     domain.RunID               `json:"pipeline_id" doc:"The same as id"`
	Pipeline       string                     `json:"pipeline" doc:"Name of the pipeline, or inline"`
	Version        int                        `json:"version"`
	Status         domain.RunState            `json:"status" enum:"queued,running,waiting,completed,failed,cancelled"`
	Params         json.RawMessage            `json:"params"`
	WebsiteID      *domain.WebsiteID          `json:"website_id"`
	Steps          []stepBody                 `json:"steps" doc:"Empty in lists"`
	Results        map[string]json.RawMessage `json:"results,omitempty" doc:"By stage name; of a completed run"`
	ExecutionTime  *float64                   `json:"execution_time,omitempty" doc:"Seconds from start to end"`
	FailedStage    string                     `json:"failed_stage,omitempty"`
	Error          string                     `json:"error,omitempty" doc:"Why the run failed"`
	ErrorCode      domain.Code                `json:"error_code,omitempty"`
	PartialResults map[string]json.RawMessage `json:"partial_results,omitempty" doc:"Of the stages before the end of a failed or cancelled run"`
	Priority       domain.RunPriority         `json:"priority" enum:"high,normal,low"`
	ParentRun      *domain.RunID              `json:"parent_run" doc:"The run that started this one as a step"`
	CreatedAt      time.Time                  `json:"created_at"`
	StartedAt      *time.Time                 `json:"started_at"`
	FinishedAt     *time.Time                 `json:"finished_at"`
}

type retryBody struct {
	From string `json:"from,omitempty" maxLength:"64" doc:"Name of the step from which it runs again; without it the first that did not complete"`
}

type stepBody struct {
	Name       string           `json:"name"`
	Agent      domain.AgentID   `json:"agent"`
	Task       string           `json:"task"`
	Status     domain.RunState  `json:"status" enum:"queued,running,waiting,completed,failed,cancelled,skipped"`
	Attempt    int              `json:"attempt" doc:"Of the current or last attempt, from 1"`
	Done       int              `json:"done"`
	Total      int              `json:"total" doc:"0: unknown"`
	Message    string           `json:"message"`
	BlockedOn  string           `json:"blocked_on,omitempty" doc:"The limit that holds a ready step back"`
	Undo       domain.RunState  `json:"undo,omitempty" enum:"queued,running,completed,failed" doc:"How far the compensation of the step is, if it has one to do"`
	UndoError  *domain.RunError `json:"undo_error,omitempty" doc:"Why the compensation failed last"`
	Error      *domain.RunError `json:"error,omitempty"`
	StartedAt  *time.Time       `json:"started_at"`
	FinishedAt *time.Time       `json:"finished_at"`
}

type eventBody struct {
	Seq  int64           `json:"seq"`
	Type string          `json:"type"`
	Step string          `json:"step"`
	Data json.RawMessage `json:"data,omitempty"`
	At   time.Time       `json:"at"`
}

type (
	runInput struct {
		ID domain.RunID `path:"run_id"`
	}
	retryInput struct {
		ID   domain.RunID `path:"run_id"`
		Body *retryBody
	}
	listRunsInput struct {
		Window
		Status    domain.RunState  `query:"status" enum:"queued,running,waiting,completed,failed,cancelled" doc:"Only runs in this state"`
		WebsiteID domain.WebsiteID `query:"website_id" maxLength:"100" doc:"Only runs of this website"`
	}
	eventsInput struct {
		ID    domain.RunID `path:"run_id"`
		After int64        `query:"after" minimum:"0" default:"0" doc:"Only events with a greater seq"`
		Limit int          `query:"limit" minimum:"1" maximum:"1000" default:"50" doc:"At most this many"`
	}
	runOutput    struct{ Body runBody }
	eventsOutput struct{ Body []eventBody }
)

var (
	exampleSite      = domain.WebsiteID("site_01k2ja")
	exampleSeconds   = 7.25
	exampleQueuedRun = runBody{
		ID: exampleRun, PipelineID: exampleRun, Pipeline: "inline", Version: 1, Priority: domain.RunNormal, Status: domain.StateQueued, Params: json.RawMessage(`{}`),
		Steps: []stepBody{{Name: "look", Agent: "opportunity_scanner", Task: "market_scan", Status: domain.StateQueued}}, CreatedAt: exampleTime,
	}
	exampleEndedRun = runBody{
		ID: exampleRun, PipelineID: exampleRun, Pipeline: "launch_website", Version: 1, Priority: domain.RunNormal, Status: domain.StateCompleted,
		Params: json.RawMessage(`{"niche":"mechanical keyboards"}`), WebsiteID: &exampleSite, CreatedAt: exampleTime,
		Steps: []stepBody{{
			Name: "scan", Agent: "opportunity_scanner", Task: "market_scan", Status: domain.StateCompleted, Attempt: 1, Done: 824, Total: 824,
			StartedAt: &exampleTime, FinishedAt: &exampleTime,
		}},
		Results: map[string]json.RawMessage{"scan": json.RawMessage(`{"confidence_score":0.71}`)}, ExecutionTime: &exampleSeconds,
		StartedAt: &exampleTime, FinishedAt: &exampleTime,
	}
)

func registerRuns(a *API, runs interface {
	runReader
	runControl
}) {
	handle(a, operation{
		id: "list-runs", method: http.MethodGet, path: "/runs", tag: "pipelines", permission: domain.AgentsRead,
		summary: "List runs", text: "Newest first.", response: []runBody{exampleQueuedRun},
	}, func(ctx context.Context, in *listRunsInput) (*listOutput[runBody], error) {
		items, total, err := runs.List(ctx, in.Status, in.WebsiteID, in.domain())
		if err != nil {
			return nil, err
		}
		return windowOf(&in.Window, items, total, toRun), nil
	})
	handle(a, operation{
		id: "get-run", method: http.MethodGet, path: "/runs/{run_id}", tag: "pipelines", permission: domain.AgentsRead,
		summary: "Show a run with its steps and results", response: exampleEndedRun,
	}, oneRun(runs.Get))
	handle(a, operation{
		id: "list-run-events", method: http.MethodGet, path: "/runs/{run_id}/events", tag: "pipelines", permission: domain.AgentsRead,
		summary: "List what happened in a run", text: "Oldest first. Ask again with `after` set to the last seq.",
		response: []eventBody{{Seq: 1, Type: "run.created", At: exampleTime}},
	}, func(ctx context.Context, in *eventsInput) (*eventsOutput, error) {
		events, err := runs.Events(ctx, in.ID, in.After, in.Limit)
		if err != nil {
			return nil, err
		}
		out := &eventsOutput{Body: []eventBody{}}
		for _, e := range events {
			out.Body = append(out.Body, eventBody{e.Seq, e.Type, e.Step, e.Data, e.At.UTC()})
		}
		return out, nil
	})
	handle(a, operation{
		id: "cancel-run", method: http.MethodPost, path: "/runs/{run_id}/cancel", tag: "pipelines", permission: domain.AgentsManage,
		summary: "Cancel a run", text: "Cancelling twice changes nothing; a run that has completed or failed cannot be cancelled.",
		problems: []int{http.StatusConflict}, response: exampleQueuedRun,
	}, oneRun(runs.Cancel))
	handle(a, operation{
		id: "retry-run", method: http.MethodPost, path: "/runs/{run_id}/retry", tag: "pipelines", permission: domain.AgentsManage,
		summary: "Go on with a run that has ended",
		text: "A failed or cancelled run goes on with what did not complete; completed steps are not repeated. With `from`, that step and all that come " +
			"after it run again, of a completed run, too. A run that is still being cleaned up is a conflict.",
		problems: []int{http.StatusConflict}, request: map[string]any{"from": "write"}, response: exampleQueuedRun,
	}, func(ctx context.Context, in *retryInput) (*runOutput, error) {
		from := ""
		if in.Body != nil {
			from = in.Body.From
		}
		run, err := runs.Retry(ctx, in.ID, from)
		if err != nil {
			return nil, err
		}
		return &runOutput{toRun(run)}, nil
	})
}

func oneRun(do func(context.Context, domain.RunID) (*domain.Run, error)) func(context.Context, *runInput) (*runOutput, error) {
	return func(ctx context.Context, in *runInput) (*runOutput, error) {
		run, err := do(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return &runOutput{toRun(run)}, nil
	}
}

func toRun(r *domain.Run) runBody {
	b := runBody{
		ID: r.ID, PipelineID: r.ID, Pipeline: r.Pipeline, Version: r.Version, Status: r.State, Params: r.Params, Steps: []stepBody{},
		CreatedAt: r.CreatedAt.UTC(), StartedAt: utc(r.StartedAt), FinishedAt: utc(r.FinishedAt), Priority: r.Priority.OrNormal(),
	}
	if r.ParentRun != "" {
		b.ParentRun = &r.ParentRun
	}
	if len(b.Params) == 0 {
		b.Params = json.RawMessage("{}")
	}
	if r.WebsiteID != "" {
		b.WebsiteID = &r.WebsiteID
	}
	results := map[string]json.RawMessage{}
	for _, s := range r.Steps {
		b.Steps = append(b.Steps, toStep(&s))
		if s.State == domain.StateCompleted && len(s.Result) > 0 {
			results[s.Name] = s.Result
		}
	}
	b.end(r, results)
	return b
}

// end adds what only an ended run has.
func (b *runBody) end(r *domain.Run, results map[string]json.RawMessage) {
	if !r.State.Ended() {
		return
	}
	if r.StartedAt != nil && r.FinishedAt != nil {
		seconds := r.FinishedAt.Sub(*r.StartedAt).Seconds()
		b.ExecutionTime = &seconds
	}
	if r.State == domain.StateCompleted {
		b.Results = results
	} else {
		b.PartialResults = results
	}
	if r.Error != nil {
		b.FailedStage, b.Error, b.ErrorCode = r.Error.Step, r.Error.Message, r.Error.Code
	}
}

func toStep(s *domain.Step) stepBody {
	return stepBody{
		Name: s.Name, Agent: s.Agent, Task: s.Task, Status: s.State, Attempt: s.Attempt, Done: s.Done, Total: s.Total, Message: s.Message,
		BlockedOn: s.BlockedOn, Undo: s.Undo, UndoError: s.UndoError, Error: s.Error, StartedAt: utc(s.StartedAt), FinishedAt: utc(s.FinishedAt),
	}
}
