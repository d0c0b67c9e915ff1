package domain

import "time"

// RunFilter selects runs. Empty fields select all.
type RunFilter struct {
	Tenant    TenantID
	State     RunState
	WebsiteID WebsiteID
}

// TaskFilter selects tasks. Empty fields select all.
type TaskFilter struct {
	Tenant  TenantID
	AgentID AgentID
	State   RunState
	RunID   RunID
}

// ProductFilter selects products. Empty fields select all.
type ProductFilter struct {
	FeedID FeedID
	Query  string // words that must all be in the name, category path or keywords
}

// AgentFigures are the stored figures of one agent.
type AgentFigures struct {
	Completed    int           // ended, with or without success
	Failed       int           // ended without success
	Total        time.Duration // time spent on all that ended
	LastActivity *time.Time
	LastFailed   bool // the last that ended did so without success
	Running      int  // tasks and steps that run now
}

// AuditFilter selects audit entries. Empty fields select all.
type AuditFilter struct {
	Tenant TenantID
	Actor  UserID
	Action string // whole action, or its first part: "website"
	Object string
	Since  time.Time
	Until  time.Time // not included
}

// ApprovalFilter selects approvals. Empty fields select all.
type ApprovalFilter struct {
	Tenant    TenantID
	State     ApprovalState
	Kind      string
	RunID     RunID
	WebsiteID WebsiteID
}
