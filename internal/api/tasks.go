package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"empire/internal/domain"
)

type taskService interface {
	Dispatch(ctx context.Context, capability string, spec domain.TaskSpec, idempotencyKey string) (*domain.Task, error)
	CreateTask(ctx context.Context, agentID domain.AgentID, spec domain.TaskSpec, idempotencyKey string) (*domain.Task, error)
	CancelTask(ctx context.Context, id domain.TaskID) (*domain.Task, error)
	Task(ctx context.Context, id domain.TaskID) (*domain.Task, error)
	Tasks(ctx context.Context, agentID domain.AgentID, state domain.RunState, w domain.Window) ([]domain.Task, int, error)
}

// TaskSpecBody is what an agent is asked to do.
type TaskSpecBody struct {
	Type           string `json:"type" minLength:"1" maxLength:"100" doc:"One of the agent's task types"`
	Params         object `json:"params,omitempty" doc:"What the task type takes"`
	TimeoutSeconds int    `json:"timeout_seconds,omitempty" minimum:"1" maximum:"604800" doc:"How long an external agent may take for one attempt; by default 3600"`
	MaxAttempts    int    `json:"max_attempts,omitempty" minimum:"1" maximum:"100" doc:"After how many beginnings without an end the task becomes a dead letter; by default 5"`
}

type capabilityTaskBody struct {
	Capability string `json:"capability" minLength:"1" maxLength:"100" doc:"What the agent must be able to do"`
	TaskSpecBody
}

func (b TaskSpecBody) domain() domain.TaskSpec {
	return domain.TaskSpec{
		Type: b.Type, Params: json.RawMessage(b.Params), Timeout: time.Duration(b.TimeoutSeconds) * time.Second, MaxAttempts: b.MaxAttempts,
	}
}

type taskBody struct {
	ID         domain.TaskID    `json:"id"`
	AgentID    domain.AgentID   `json:"agent_id"`
	Type       string           `json:"type"`
	Status     domain.RunState  `json:"status" enum:"queued,running,waiting,completed,failed,cancelled"`
	StatusURL  string           `json:"status_url" doc:"Where the result will be"`
	Params     json.RawMessage  `json:"params"`
	Result     json.RawMessage  `json:"result,omitempty"`
	Error      *domain.RunError `json:"error,omitempty"`
	RunID      domain.RunID     `json:"run_id,omitempty" doc:"The run that waits for the task"`
	Step       string           `json:"step,omitempty" doc:"The step of that run"`
	Attempts   int              `json:"attempts" doc:"How often it was begun"`
	Deadline   *time.Time       `json:"deadline,omitempty" doc:"Until when an external agent may answer"`
	CreatedAt  time.Time        `json:"created_at"`
	StartedAt  *time.Time       `json:"started_at"`
	FinishedAt *time.Time       `json:"finished_at"`
}

type (
	createTaskInput struct {
		ID             domain.AgentID `path:"agent_id" doc:"Agent id or alias"`
		IdempotencyKey string         `header:"Idempotency-Key" maxLength:"200" doc:"Repeats with the same key return the same task"`
		Body           TaskSpecBody
	}
	dispatchTaskInput struct {
		IdempotencyKey string `header:"Idempotency-Key" maxLength:"200" doc:"Repeats with the same key return the same task"`
		Body           capabilityTaskBody
	}
	taskInput struct {
		ID domain.TaskID `path:"task_id"`
	}
	listTasksInput struct {
		Window
		AgentID domain.AgentID  `query:"agent_id" maxLength:"100" doc:"Only tasks of this agent"`
		Status  domain.RunState `query:"status" enum:"queued,running,completed,failed,cancelled" doc:"Only tasks in this state"`
	}
	taskOutput     struct{ Body taskBody }
	acceptedOutput struct {
		Location string `header:"Location" doc:"Where the task is"`
		Body     taskBody
	}
)

var exampleTask = taskBody{
	ID: "task_01k2ja", AgentID: "opportunity_scanner", Type: "market_scan", Status: domain.StateQueued,
	StatusURL: Base + "/tasks/task_01k2ja", Params: json.RawMessage(`{"topic":"mechanical keyboards"}`), CreatedAt: exampleTime,
}

var exampleCancelledTask = func() taskBody {
	t := exampleTask
	t.Status, t.FinishedAt = domain.StateCancelled, &exampleTime
	return t
}()

func registerTasks(a *API, tasks taskService) {
	handle(a, operation{
		id: "create-task", method: http.MethodPost, path: "/agents/{agent_id}/tasks", tag: "agents", permission: domain.AgentsManage,
		summary: "Give an agent a task", text: "The answer comes at once; the result later at status_url.",
		status: http.StatusAccepted, problems: []int{http.StatusConflict}, response: exampleTask,
		request: map[string]any{"type": "market_scan", "params": map[string]any{"topic": "mechanical keyboards"}},
	}, func(ctx context.Context, in *createTaskInput) (*acceptedOutput, error) {
		t, err := tasks.CreateTask(ctx, in.ID, in.Body.domain(), in.IdempotencyKey)
		if err != nil {
			return nil, err
		}
		body := toTask(t)
		return &acceptedOutput{body.StatusURL, body}, nil
	})
	handle(a, operation{
		id: "dispatch-task", method: http.MethodPost, path: "/tasks", tag: "agents", permission: domain.AgentsManage,
		summary: "Give a task to whichever agent can do it",
		text:    "The task goes to the least busy agent that has the capability, takes the type and is not offline.",
		status:  http.StatusAccepted, problems: []int{http.StatusConflict}, response: exampleTask,
		request: map[string]any{"capability": "market_analysis", "type": "market_scan", "params": map[string]any{"topic": "mechanical keyboards"}},
	}, func(ctx context.Context, in *dispatchTaskInput) (*acceptedOutput, error) {
		t, err := tasks.Dispatch(ctx, in.Body.Capability, in.Body.domain(), in.IdempotencyKey)
		if err != nil {
			return nil, err
		}
		body := toTask(t)
		return &acceptedOutput{body.StatusURL, body}, nil
	})
	handle(a, operation{
		id: "list-tasks", method: http.MethodGet, path: "/tasks", tag: "agents", permission: domain.AgentsRead,
		summary: "List tasks", response: []taskBody{exampleTask},
	}, func(ctx context.Context, in *listTasksInput) (*listOutput[taskBody], error) {
		items, total, err := tasks.Tasks(ctx, in.AgentID, in.Status, in.domain())
		if err != nil {
			return nil, err
		}
		return windowOf(&in.Window, items, total, toTask), nil
	})
	handle(a, operation{
		id: "get-task", method: http.MethodGet, path: "/tasks/{task_id}", tag: "agents", permission: domain.AgentsRead,
		summary: "Show a task and its result", response: exampleTask,
	}, oneTask(func(ctx context.Context, id domain.TaskID) (*domain.Task, error) { return tasks.Task(ctx, id) }))
	handle(a, operation{
		id: "cancel-task", method: http.MethodPost, path: "/tasks/{task_id}/cancel", tag: "agents", permission: domain.AgentsManage,
		summary: "Cancel a task", problems: []int{http.StatusConflict}, response: exampleCancelledTask,
		text: "A task that waits never begins; the result of one that runs is dropped. Cancelling twice changes nothing; " +
			"a task that has completed or failed cannot be cancelled.",
	}, oneTask(func(ctx context.Context, id domain.TaskID) (*domain.Task, error) { return tasks.CancelTask(ctx, id) }))
}

func oneTask(do func(context.Context, domain.TaskID) (*domain.Task, error)) func(context.Context, *taskInput) (*taskOutput, error) {
	return func(ctx context.Context, in *taskInput) (*taskOutput, error) {
		t, err := do(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return &taskOutput{toTask(t)}, nil
	}
}

func toTask(t *domain.Task) taskBody {
	params := t.Params
	if len(params) == 0 {
		params = json.RawMessage("{}")
	}
	return taskBody{
		ID: t.ID, AgentID: t.AgentID, Type: t.Type, Status: t.State, StatusURL: Base + "/tasks/" + string(t.ID), Params: params,
		Result: t.Result, Error: t.Error, RunID: t.RunID, Step: t.Step, Attempts: t.Attempts, Deadline: utc(t.Deadline), CreatedAt: t.CreatedAt.UTC(), StartedAt: utc(t.StartedAt), FinishedAt: utc(t.FinishedAt),
	}
}
