package domain

import (
	"encoding/json"
	"time"
)

// Kinds of entries of a timeline.
const (
	TimelineEvent    = "event"    // of the run's history
	TimelineAttempt  = "attempt"  // begin of an attempt of a step
	TimelineMessage  = "message"  // between agents, on behalf of the run
	TimelineCost     = "cost"     // a paid call of a model
	TimelineArtifact = "artifact" // a blob that a step left
	TimelineApproval = "approval" // opened, and once more when it ended
	TimelineTask     = "task"     // handed to an agent outside this program
)

// Timeline is everything that happened in a run, in one order.
type Timeline struct {
	RunID   RunID
	Steps   []StepSummary
	Entries []TimelineEntry
	// Next is the cursor after the last entry; empty at the end.
	Next string
}

// TimelineEntry is one thing that happened.
type TimelineEntry struct {
	At      time.Time
	Kind    string // TimelineEvent, …
	Step    string // empty: of the run as a whole
	ID      string // of what it is about, unique within its kind
	Summary string // a few words for a person
	Data    json.RawMessage
}

// StepSummary says what a step took.
type StepSummary struct {
	Name         string
	Agent        AgentID
	State        RunState
	Attempts     []AttemptSummary
	Seconds      float64 // of all attempts together
	Calls        int     // paid calls of models
	InputTokens  int
	OutputTokens int
	Cost         Micros
	Currency     string // empty: nothing was paid
	Messages     int
	Artifacts    []Artifact
	Approvals    []ApprovalID
}

// AttemptSummary is one attempt of a step.
type AttemptSummary struct {
	Number     int
	Worker     string
	State      RunState
	Error      string
	StartedAt  time.Time
	FinishedAt *time.Time
	Seconds    float64 // until now while it runs
}

// Artifact is a blob that a step left.
type Artifact struct {
	Kind string // field of the result that names it: market, draft, manifest; result: the result itself
	Hash string // SHA-256, hex
	Size int64  // bytes; -1: unknown
}

// RunMessage is a message between agents on behalf of a run, without what it says.
type RunMessage struct {
	ID       string
	Step     string
	From     AgentID
	To       AgentID
	Priority Priority
	At       time.Time
}

// RunCall is a paid call of a model on behalf of a run, without what was asked and
// answered.
type RunCall struct {
	ID           string
	Step         string
	Attempt      int
	Provider     string
	Model        string
	InputTokens  int
	OutputTokens int
	Cost         Micros
	Currency     string
	At           time.Time
}
