package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"empire/internal/domain"
)

type timelineService interface {
	Get(ctx context.Context, run domain.RunID, after string, limit int) (*domain.Timeline, error)
}

type timelineBody struct {
	RunID   domain.RunID        `json:"run_id"`
	Steps   []timelineStepBody  `json:"steps" doc:"What every step took, in the order of the pipeline"`
	Entries []timelineEntryBody `json:"entries" doc:"Everything that happened, oldest first"`
	Next    *string             `json:"next" doc:"Send it as after to get what follows; null at the end"`
}

type timelineEntryBody struct {
	At      time.Time       `json:"at"`
	Kind    string          `json:"kind" enum:"event,attempt,message,cost,artifact,approval,task"`
	Step    string          `json:"step" doc:"Empty: of the run as a whole"`
	ID      string          `json:"id" doc:"Unique within its kind"`
	Summary string          `json:"summary" doc:"A few words for a person"`
	Data    json.RawMessage `json:"data,omitempty"`
}

type timelineStepBody struct {
	Name         string                `json:"name"`
	Agent        domain.AgentID        `json:"agent"`
	Status       domain.RunState       `json:"status" enum:"queued,running,waiting,completed,failed,cancelled,skipped"`
	Attempts     []timelineAttemptBody `json:"attempts"`
	Seconds      float64               `json:"seconds" doc:"Of all attempts together"`
	Calls        int                   `json:"calls" doc:"Paid calls of models"`
	InputTokens  int                   `json:"input_tokens"`
	OutputTokens int                   `json:"output_tokens"`
	CostMicros   domain.Micros         `json:"cost_micros" doc:"Millionths of the currency"`
	Currency     *string               `json:"currency" doc:"ISO 4217; null if nothing was paid"`
	Messages     int                   `json:"messages"`
	Artifacts    []timelineBlobBody    `json:"artifacts" doc:"Blobs that the result names"`
	Approvals    []domain.ApprovalID   `json:"approvals"`
}

type timelineAttemptBody struct {
	Number     int             `json:"number" doc:"From 1"`
	Worker     string          `json:"worker"`
	Status     domain.RunState `json:"status" enum:"running,completed,failed,cancelled,waiting"`
	Error      string          `json:"error"`
	StartedAt  time.Time       `json:"started_at"`
	FinishedAt *time.Time      `json:"finished_at"`
	Seconds    float64         `json:"seconds" doc:"Until now while it runs"`
}

type timelineBlobBody struct {
	Kind string `json:"kind" doc:"market, draft, manifest, or result: the result itself"`
	Hash string `json:"hash" doc:"SHA-256, in hex"`
	Size *int64 `json:"size" doc:"Bytes; null if the blob is not here"`
}

type (
	timelineInput struct {
		ID    domain.RunID `path:"run_id"`
		After string       `query:"after" maxLength:"400" doc:"The next of an earlier answer; empty for the begin"`
		Limit int          `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"At most this many entries"`
	}
	timelineOutput struct{ Body timelineBody }
)

func registerTimeline(a *API, timelines timelineService) {
	size := int64(48_210)
	handle(a, operation{
		id: "get-run-timeline", method: http.MethodGet, path: "/runs/{run_id}/timeline", tag: "pipelines", permission: domain.AgentsRead,
		summary: "Show everything that happened in a run", text: "Events, attempts, messages, costs, artifacts, approvals and tasks in one order, with a summary of every step.",
		response: timelineBody{
			RunID: exampleRun,
			Steps: []timelineStepBody{{
				Name: "scan", Agent: "opportunity_scanner", Status: domain.StateCompleted, Seconds: 1.25, Approvals: []domain.ApprovalID{},
				Attempts:  []timelineAttemptBody{{Number: 1, Worker: "host-1-01k2ja", Status: domain.StateCompleted, StartedAt: exampleTime, FinishedAt: &exampleTime, Seconds: 1.25}},
				Artifacts: []timelineBlobBody{{"market", exampleHash, &size}},
			}},
			Entries: []timelineEntryBody{{At: exampleTime, Kind: domain.TimelineEvent, Step: "scan", ID: "000000002", Summary: "step.started"}},
		},
	}, func(ctx context.Context, in *timelineInput) (*timelineOutput, error) {
		t, err := timelines.Get(ctx, in.ID, in.After, in.Limit)
		if err != nil {
			return nil, err
		}
		return &timelineOutput{toTimeline(t)}, nil
	})
}

func toTimeline(t *domain.Timeline) timelineBody {
	b := timelineBody{RunID: t.RunID, Steps: []timelineStepBody{}, Entries: []timelineEntryBody{}}
	if t.Next != "" {
		b.Next = &t.Next
	}
	for i := range t.Steps {
		b.Steps = append(b.Steps, toTimelineStep(&t.Steps[i]))
	}
	for _, e := range t.Entries {
		b.Entries = append(b.Entries, timelineEntryBody{e.At.UTC(), e.Kind, e.Step, e.ID, e.Summary, e.Data})
	}
	return b
}

func toTimelineStep(s *domain.StepSummary) timelineStepBody {
	b := timelineStepBody{
		Name: s.Name, Agent: s.Agent, Status: s.State, Attempts: []timelineAttemptBody{}, Seconds: s.Seconds, Calls: s.Calls, InputTokens: s.InputTokens,
		OutputTokens: s.OutputTokens, CostMicros: s.Cost, Messages: s.Messages, Artifacts: []timelineBlobBody{}, Approvals: append([]domain.ApprovalID{}, s.Approvals...),
	}
	if s.Currency != "" {
		b.Currency = &s.Currency
	}
	for _, a := range s.Attempts {
		b.Attempts = append(b.Attempts, timelineAttemptBody{a.Number, a.Worker, a.State, a.Error, a.StartedAt.UTC(), utc(a.FinishedAt), a.Seconds})
	}
	for _, a := range s.Artifacts {
		blob := timelineBlobBody{Kind: a.Kind, Hash: a.Hash}
		if a.Size >= 0 {
			blob.Size = &a.Size
		}
		b.Artifacts = append(b.Artifacts, blob)
	}
	return b
}
