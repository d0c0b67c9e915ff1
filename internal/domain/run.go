package domain

import (
	"encoding/json"
	"time"
)

// RunState is the state of a run or a step.
type RunState string

// The states. A step may also be skipped.
const (
	StateQueued    RunState = "queued"
	StateRunning   RunState = "running"
	StateWaiting   RunState = "waiting" // for an approval
	StateCompleted RunState = "completed"
	StateFailed    RunState = "failed"
	StateCancelled RunState = "cancelled"
	StateSkipped   RunState = "skipped"
)

// Ended reports whether the state is final.
func (s RunState) Ended() bool {
	return s == StateCompleted || s == StateFailed || s == StateCancelled || s == StateSkipped
}

// Run is one execution of a pipeline. It is rows in the store: whatever process
// picks up its next job continues it.
type Run struct {
	ID         RunID           `json:"id"`
	Pipeline   string          `json:"pipeline"` // launch_website, or "inline"
	Version    int             `json:"version"`
	State      RunState        `json:"state"`
	Params     json.RawMessage `json:"params"`
	WebsiteID  WebsiteID       `json:"website_id,omitempty"`
	Tenant     TenantID        `json:"tenant"`
	OwnerID    UserID          `json:"owner_id"`
	Stages     []Stage         `json:"stages,omitempty"` // inline runs only
	Priority   RunPriority     `json:"priority"`
	ParentRun  RunID           `json:"parent_run,omitempty"`  // the run that started this one as a step
	ParentStep StepID          `json:"parent_step,omitempty"` // that step; it waits for the end of this run
	Depth      int             `json:"depth,omitempty"`       // how many runs are above this one
	Error      *RunError       `json:"error,omitempty"`
	CreatedAt  time.Time       `json:"created_at"`
	StartedAt  *time.Time      `json:"started_at"`
	FinishedAt *time.Time      `json:"finished_at"`
	Steps      []Step          `json:"steps,omitempty"`
}

// RunError says why a run failed.
type RunError struct {
	Step    string `json:"failed_stage"`
	Code    Code   `json:"code"`
	Message string `json:"message"`
}

// Stage is one stage of an inline pipeline.
type Stage struct {
	Name  string   `json:"name"`
	Agent AgentID  `json:"agent"`
	Task  TaskSpec `json:"task"`
	// After names the stages that must have ended before; nil means the stage before
	// this one, and an empty list means that it starts at once.
	After   []string     `json:"after,omitzero"`
	When    string       `json:"when,omitempty"` // condition; a stage whose condition is false is skipped
	Timeout Duration     `json:"timeout,omitempty"`
	Retry   *RetryPolicy `json:"retry,omitempty"`
	Limits  []Limit      `json:"limits,omitempty"`
}

// TaskSpec is what an agent is asked to do.
type TaskSpec struct {
	Type   string          `json:"type"`
	Params json.RawMessage `json:"params,omitempty"`
	// Timeout is of one attempt by an agent outside this program, MaxAttempts after
	// how many beginnings the task counts as poison; 0: the usual ones.
	Timeout     time.Duration `json:"timeout,omitempty"`
	MaxAttempts int           `json:"max_attempts,omitempty"`
}

// Step is one step of a run.
type Step struct {
	ID         StepID          `json:"id"`
	RunID      RunID           `json:"run_id"`
	Name       string          `json:"name"`
	Position   int             `json:"position"` // from 0
	Agent      AgentID         `json:"agent,omitempty"`
	Task       string          `json:"task,omitempty"`
	State      RunState        `json:"state"`
	Attempt    int             `json:"attempt"` // of the current or last attempt, from 1
	Result     json.RawMessage `json:"result,omitempty"`
	Error      *RunError       `json:"error,omitempty"`
	Done       int             `json:"done"`  // progress
	Total      int             `json:"total"` // 0: unknown
	Message    string          `json:"message,omitempty"`
	StartedAt  *time.Time      `json:"started_at"`
	FinishedAt *time.Time      `json:"finished_at"`
	// ReadyAt is when all that the step comes after had ended; nil before.
	ReadyAt *time.Time `json:"ready_at"`
	// BlockedOn says which limit holds a ready step back; it is read for people only.
	BlockedOn string `json:"blocked_on,omitempty"`
	// Undo is how far the compensation of the step is; empty if there is none to do.
	Undo        RunState  `json:"undo,omitempty"` // queued, running, completed, failed
	UndoAttempt int       `json:"undo_attempt,omitempty"`
	UndoError   *RunError `json:"undo_error,omitempty"`
}

// WorkerLost is the Error of an attempt whose process went away.
const WorkerLost = "worker lost"

// Attempt is one try of a step.
type Attempt struct {
	StepID     StepID     `json:"step_id"`
	Number     int        `json:"number"` // from 1
	Worker     string     `json:"worker"`
	State      RunState   `json:"state"` // running, completed, failed, cancelled
	Error      string     `json:"error,omitempty"`
	Code       Code       `json:"code,omitempty"` // of a failed one
	StartedAt  time.Time  `json:"started_at"`
	FinishedAt *time.Time `json:"finished_at"`
}

// RunEvent is one line of a run's history. Tenant and Pipeline are those of the
// run; they are told to listeners and not stored again.
type RunEvent struct {
	RunID RunID           `json:"run_id"`
	Seq   int64           `json:"seq"`
	Type  string          `json:"type"` // run.created, step.started, step.completed, step.failed, run.waiting, …
	Step  string          `json:"step,omitempty"`
	Data  json.RawMessage `json:"data,omitempty"`
	At    time.Time       `json:"at"`

	Tenant   TenantID `json:"tenant,omitempty"`
	Pipeline string   `json:"pipeline,omitempty"`
}

// RunHour says how many runs were begun in an hour, and how many of those have failed.
type RunHour struct {
	Hour   int64 // since 1970, see HoursSince1970
	Begun  int
	Failed int
}

// ApprovalState is the state of an approval.
type ApprovalState string

// The states of an approval.
const (
	ApprovalPending  ApprovalState = "pending"
	ApprovalApproved ApprovalState = "approved"
	ApprovalRejected ApprovalState = "rejected"
	ApprovalVoid     ApprovalState = "void"    // the payload changed, or the run ended
	ApprovalExpired  ApprovalState = "expired" // nobody decided in time
)

// Approval is a question that only a person may answer. PayloadHash is over
// exactly what is approved; a changed payload voids the approval.
type Approval struct {
	ID          ApprovalID      `json:"id"`
	Tenant      TenantID        `json:"tenant"`
	RunID       RunID           `json:"run_id"`
	Step        string          `json:"step"`
	WebsiteID   WebsiteID       `json:"website_id,omitempty"`
	Kind        string          `json:"kind"` // ApprovePublish, …
	Title       string          `json:"title"`
	Payload     json.RawMessage `json:"payload"`
	PayloadHash string          `json:"payload_hash"` // SHA-256 of Payload, hex
	State       ApprovalState   `json:"state"`
	ActorID     UserID          `json:"actor_id,omitempty"`
	Reason      string          `json:"reason,omitempty"`
	// RequesterID is who started the run. With FourEyes somebody else decides.
	RequesterID UserID     `json:"requester_id,omitempty"`
	FourEyes    bool       `json:"four_eyes"`
	CreatedAt   time.Time  `json:"created_at"`
	ExpiresAt   *time.Time `json:"expires_at"` // nil: never
	DecidedAt   *time.Time `json:"decided_at"` // when it left the state pending
	// Hash is that of the entry of the log that ended the approval. Empty while
	// pending.
	Hash string `json:"hash,omitempty"`
	// PreviewURL is where the site that is asked about can be looked at. It is not
	// stored, and empty if there is no such place.
	PreviewURL string `json:"preview_url,omitempty"`
}

// AuditEntry records one change of state.
// Before and After are SHA-256 hashes of the object's state as JSON, in hex; empty
// where there was none.
type AuditEntry struct {
	Seq       int64     `json:"seq"`
	At        time.Time `json:"at"`
	Tenant    TenantID  `json:"tenant"`
	ActorID   UserID    `json:"actor_id"`
	Action    string    `json:"action"` // website.created, release.published, …
	Object    string    `json:"object"` // id
	Detail    string    `json:"detail,omitempty"`
	Before    string    `json:"before,omitempty"`
	After     string    `json:"after,omitempty"`
	RequestID string    `json:"request_id,omitempty"`
}

// RunForecast is an estimate of when a run asks for approval.
type RunForecast struct {
	At     *time.Time // nil: there is no estimate
	Runs   int        // that it rests on
	Reason string     // why there is none
}
