package main

import (
	"encoding/json"
	"time"

	"empire/internal/domain"
)

// The views are what commands print with --json. They have the fields of the REST
// API, so that a script reads the same wherever the command got them from.

type siteView struct {
	ID          domain.WebsiteID    `json:"id"`
	Name        string              `json:"name"`
	Domain      string              `json:"domain"`
	Niche       string              `json:"niche"`
	Language    string              `json:"language"`
	Title       string              `json:"title"`
	State       domain.WebsiteState `json:"state"`
	FeedIDs     []domain.FeedID     `json:"feed_ids"`
	LiveRelease *domain.ReleaseID   `json:"live_release"`
	CreatedAt   time.Time           `json:"created_at"`
	UpdatedAt   time.Time           `json:"updated_at"`
}

type releaseView struct {
	ID          domain.ReleaseID `json:"id"`
	WebsiteID   domain.WebsiteID `json:"website_id"`
	Number      int              `json:"number"`
	Manifest    string           `json:"manifest"`
	RunID       *domain.RunID    `json:"run_id"`
	Files       int              `json:"files"`
	Pages       int              `json:"pages"`
	SizeBytes   int64            `json:"size_bytes"`
	SEOScore    float64          `json:"seo_score"`
	Gates       []domain.Gate    `json:"gates"`
	BuiltWith   domain.BuiltWith `json:"built_with"`
	CreatedAt   time.Time        `json:"created_at"`
	PublishedAt *time.Time       `json:"published_at"`
}

type auditView struct {
	WebsiteID domain.WebsiteID `json:"website_id"`
	Verdict   domain.GateState `json:"verdict"`
	Gates     []domain.Gate    `json:"gates"`
}

type runView struct {
	ID             domain.RunID               `json:"id"`
	PipelineID     domain.RunID               `json:"pipeline_id"`
	Pipeline       string                     `json:"pipeline"`
	Version        int                        `json:"version"`
	Status         domain.RunState            `json:"status"`
	Params         json.RawMessage            `json:"params"`
	WebsiteID      *domain.WebsiteID          `json:"website_id"`
	Steps          []stepView                 `json:"steps"`
	Results        map[string]json.RawMessage `json:"results,omitempty"`
	ExecutionTime  *float64                   `json:"execution_time,omitempty"`
	FailedStage    string                     `json:"failed_stage,omitempty"`
	Error          string                     `json:"error,omitempty"`
	ErrorCode      domain.Code                `json:"error_code,omitempty"`
	PartialResults map[string]json.RawMessage `json:"partial_results,omitempty"`
	Priority       domain.RunPriority         `json:"priority"`
	ParentRun      *domain.RunID              `json:"parent_run"`
	CreatedAt      time.Time                  `json:"created_at"`
	StartedAt      *time.Time                 `json:"started_at"`
	FinishedAt     *time.Time                 `json:"finished_at"`
}

type stepView struct {
	Name       string           `json:"name"`
	Agent      domain.AgentID   `json:"agent"`
	Task       string           `json:"task"`
	Status     domain.RunState  `json:"status"`
	Attempt    int              `json:"attempt"`
	Done       int              `json:"done"`
	Total      int              `json:"total"`
	Message    string           `json:"message"`
	BlockedOn  string           `json:"blocked_on,omitempty"`
	Undo       domain.RunState  `json:"undo,omitempty"`
	UndoError  *domain.RunError `json:"undo_error,omitempty"`
	Error      *domain.RunError `json:"error,omitempty"`
	StartedAt  *time.Time       `json:"started_at"`
	FinishedAt *time.Time       `json:"finished_at"`
}

type approvalView struct {
	ID          domain.ApprovalID    `json:"id"`
	RunID       domain.RunID         `json:"run_id"`
	Step        string               `json:"step"`
	WebsiteID   *domain.WebsiteID    `json:"website_id"`
	Kind        string               `json:"kind"`
	Title       string               `json:"title"`
	Payload     json.RawMessage      `json:"payload"`
	PayloadHash string               `json:"payload_hash"`
	State       domain.ApprovalState `json:"state"`
	ActorID     *domain.UserID       `json:"actor_id"`
	Reason      string               `json:"reason"`
	RequesterID *domain.UserID       `json:"requester_id"`
	FourEyes    bool                 `json:"four_eyes"`
	Hash        string               `json:"hash"`
	CreatedAt   time.Time            `json:"created_at"`
	ExpiresAt   *time.Time           `json:"expires_at"`
	DecidedAt   *time.Time           `json:"decided_at"`
}

type approvalEntryView struct {
	Seq        int64              `json:"seq"`
	ApprovalID *domain.ApprovalID `json:"approval_id"`
	Entry      *string            `json:"entry"`
	Hash       string             `json:"hash"`
}

type approvalReportView struct {
	OK        bool                   `json:"ok"`
	Entries   int64                  `json:"entries"`
	Approvals int                    `json:"approvals"`
	Releases  int                    `json:"releases"`
	Head      string                 `json:"head"`
	Faults    []domain.ApprovalFault `json:"faults"`
}

type agentView struct {
	ID           domain.AgentID      `json:"id"`
	Aliases      []domain.AgentID    `json:"aliases"`
	Kind         string              `json:"kind"`
	Name         string              `json:"name"`
	State        domain.AgentState   `json:"state"`
	Config       json.RawMessage     `json:"config"`
	Status       domain.AgentStatus  `json:"status"`
	TaskTypes    []string            `json:"task_types"`
	Capabilities []string            `json:"capabilities"`
	LastActivity *time.Time          `json:"last_activity"`
	Metrics      domain.AgentMetrics `json:"metrics"`
}

type taskView struct {
	ID         domain.TaskID    `json:"id"`
	AgentID    domain.AgentID   `json:"agent_id"`
	Type       string           `json:"type"`
	Status     domain.RunState  `json:"status"`
	StatusURL  string           `json:"status_url"`
	Params     json.RawMessage  `json:"params"`
	Result     json.RawMessage  `json:"result,omitempty"`
	Error      *domain.RunError `json:"error,omitempty"`
	CreatedAt  time.Time        `json:"created_at"`
	StartedAt  *time.Time       `json:"started_at"`
	FinishedAt *time.Time       `json:"finished_at"`
}

type feedView struct {
	ID   domain.FeedID `json:"id"`
	Name string        `json:"name"`
	Rows int           `json:"rows"`
}
