package domain

import (
	"encoding/json"
	"time"
)

// Session is a successful sign-in: the token to present from now on.
type Session struct {
	Token     string
	ExpiresAt time.Time
	User      *User
}

// GenerateParams asks for a new website.
type GenerateParams struct {
	Niche    string
	Domain   string
	Language string   // en or de
	Feeds    []FeedID // empty: all feeds
	// ForceKeywords plans pages for keywords that pages of other websites of the tenant
	// are for.
	ForceKeywords bool
	// Operator answers for the website; nil: the one of the configuration.
	Operator *Operator
}

// StartParams asks for a run of a named pipeline, or of the inline Stages when
// Pipeline is empty.
type StartParams struct {
	Pipeline string
	Params   json.RawMessage
	Stages   []Stage
	Priority RunPriority // empty: normal
}

// Decision is a person's answer to an approval. PayloadHash repeats the hash of
// what the person saw; another hash than the stored one is a conflict.
type Decision struct {
	Approve     bool
	Reason      string
	PayloadHash string
}

// PipelineInfo describes a pipeline that can be run by name.
type PipelineInfo struct {
	Name        string
	Version     int
	Origin      string // OriginShipped or OriginOperator
	Description string
	Steps       []PipelineStep
	// Definition is the text of an operator's own pipeline; empty in lists.
	Definition string
	UpdatedAt  *time.Time // of an operator's own pipeline
}

// Where a pipeline comes from.
const (
	OriginShipped  = "shipped"
	OriginOperator = "operator"
)

// PipelineStep is one step of a PipelineInfo. Agent and Task are empty for steps
// that no agent does.
type PipelineStep struct {
	Name  string
	Agent AgentID
	Task  string
	After []string // the steps that must have ended before
}

// Component is one part of the system with its state.
type Component struct {
	Name  string
	Layer string // gateway, orchestration, intelligence, data, integration
	State string // ok, degraded, down
	Error string // why it is not ok
	// Configured is false for a part that this installation does not use.
	Configured bool
	// LastError is the error that was seen last, at LastErrorAt; a part that is ok
	// again keeps it.
	LastError   string
	LastErrorAt *time.Time
}
