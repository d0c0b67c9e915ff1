package domain

import (
	"encoding/json"
	"time"
)

// Defaults of a task.
const (
	TaskAttempts = 5         // beginnings after which a task counts as poison
	TaskTimeout  = time.Hour // of one attempt by an agent outside this program
)

// Task is one piece of work for an agent: asked for over the API, or a stage of a
// run.
type Task struct {
	ID             TaskID          `json:"id"`
	AgentID        AgentID         `json:"agent_id"`
	Type           string          `json:"type"`
	Params         json.RawMessage `json:"params"`
	State          RunState        `json:"state"`
	Result         json.RawMessage `json:"result,omitempty"`
	Error          *RunError       `json:"error,omitempty"`
	Tenant         TenantID        `json:"tenant"`
	OwnerID        UserID          `json:"owner_id"`
	IdempotencyKey string          `json:"-"`
	RequestHash    string          `json:"-"`
	CreatedAt      time.Time       `json:"created_at"`
	StartedAt      *time.Time      `json:"started_at"`
	FinishedAt     *time.Time      `json:"finished_at"`

	// RunID, StepID and Step name the step of a run that waits for the task; empty
	// for one that a client asked for.
	RunID  RunID  `json:"run_id,omitempty"`
	StepID StepID `json:"step_id,omitempty"`
	Step   string `json:"step,omitempty"`
	// Context holds the results of the stages before it by name, as an object.
	Context json.RawMessage `json:"context,omitempty"`

	Attempts    int           `json:"attempts"` // how often it was begun
	MaxAttempts int           `json:"max_attempts"`
	Timeout     time.Duration `json:"timeout"` // of one attempt by an agent outside this program
	// Holder is the connection that the task was handed to, DispatchedAt when, and
	// Deadline until when the answer is waited for; empty for agents within this
	// program.
	Holder       string     `json:"-"`
	DispatchedAt *time.Time `json:"dispatched_at,omitempty"`
	Deadline     *time.Time `json:"deadline,omitempty"`
}

// TaskResult is what an agent outside this program answers a task with: a result,
// or why there is none.
type TaskResult struct {
	TaskID TaskID          `json:"task_id"`
	Result json.RawMessage `json:"result,omitempty"`
	Error  *TaskFault      `json:"error,omitempty"`
}

// TaskFault is why a task has no result.
type TaskFault struct {
	Code    Code   `json:"code,omitempty"`
	Message string `json:"message"`
}

// TaskProgress is how far the work on a task is.
type TaskProgress struct {
	TaskID  TaskID `json:"task_id"`
	Done    int    `json:"done"`
	Total   int    `json:"total"` // 0: unknown
	Message string `json:"message,omitempty"`
}

// DeadTaskPayload is the payload of the dead letter of a task.
type DeadTaskPayload struct {
	TaskID TaskID `json:"task_id"`
}
