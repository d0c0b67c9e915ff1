package domain

import (
	"encoding/json"
	"slices"
	"time"
)

// AgentStatus is what an agent is doing. It follows from facts (its connection, its
// running work, how the last work ended) and changes only along the arrows:
//
//	offline ─▶ idle
//	idle    ─▶ working, offline
//	working ─▶ idle, error, offline
//	error   ─▶ idle, working, offline
//
// In words: who comes back is idle first, nothing fails that did not work before,
// and any agent may go offline.
type AgentStatus string

// The states of an agent.
const (
	AgentIdle    AgentStatus = "idle"
	AgentWorking AgentStatus = "working"
	AgentError   AgentStatus = "error" // its last task failed
	AgentOffline AgentStatus = "offline"
)

// AgentStatuses returns all states in order.
func AgentStatuses() []AgentStatus {
	return []AgentStatus{AgentIdle, AgentWorking, AgentError, AgentOffline}
}

// agentMoves are the legal changes of status.
var agentMoves = map[AgentStatus][]AgentStatus{
	AgentOffline: {AgentIdle},
	AgentIdle:    {AgentWorking, AgentOffline},
	AgentWorking: {AgentIdle, AgentError, AgentOffline},
	AgentError:   {AgentIdle, AgentWorking, AgentOffline},
}

// MayBecome reports whether an agent in this state may go into the next.
func (s AgentStatus) MayBecome(next AgentStatus) bool { return slices.Contains(agentMoves[s], next) }

// Path returns the legal changes that lead from one state to another, the last of
// them being that state; none for the same state, and for one that is none.
func (s AgentStatus) Path(to AgentStatus) []AgentStatus {
	switch {
	case s == to || agentMoves[s] == nil || agentMoves[to] == nil:
		return nil
	case s.MayBecome(to):
		return []AgentStatus{to}
	case s == AgentIdle: // to error
		return []AgentStatus{AgentWorking, to}
	}
	return append([]AgentStatus{AgentIdle}, AgentIdle.Path(to)...) // from offline
}

// Kinds of agents.
const (
	AgentBuiltin  = "builtin"  // works within this program
	AgentExternal = "external" // works outside and connects over a WebSocket
)

// AgentState says whether an agent is there for new work.
type AgentState string

// The states of a registration.
const (
	AgentActive   AgentState = "active"
	AgentDraining AgentState = "draining" // takes no new tasks; deleted when the last ends
	AgentDeleted  AgentState = "deleted"
)

// SecretMask stands for a value that is not shown.
const SecretMask = "***"

// Agent is a registered agent with its figures.
type Agent struct {
	ID             AgentID         `json:"id"`
	Aliases        []AgentID       `json:"aliases"`
	Kind           string          `json:"kind"` // builtin or external
	Tenant         TenantID        `json:"tenant,omitempty"`
	OwnerID        UserID          `json:"owner_id,omitempty"` // who may connect as it
	Name           string          `json:"name"`
	Description    string          `json:"description,omitempty"`
	TaskTypes      []string        `json:"task_types"`
	Capabilities   []string        `json:"capabilities"`
	ConfigSchema   *ConfigSchema   `json:"config_schema,omitempty"`
	Config         json.RawMessage `json:"config,omitempty"` // secrets are SecretMask where it is shown
	MaxConcurrency int             `json:"max_concurrency"`  // tasks that an external agent has at a time
	State          AgentState      `json:"state"`
	Version        int64           `json:"version"`
	CreatedAt      *time.Time      `json:"created_at"` // nil for built-in ones
	UpdatedAt      *time.Time      `json:"updated_at"` // nil: never changed
	// Instance names the program that registered an external agent, so that it may do
	// so again; empty: nobody may.
	Instance     string       `json:"instance,omitempty"`
	Status       AgentStatus  `json:"status"`
	LastActivity *time.Time   `json:"last_activity"`
	Heartbeat    *time.Time   `json:"heartbeat"` // last sign of life of an external agent
	Metrics      AgentMetrics `json:"metrics"`
}

// External reports whether the agent works outside this program.
func (a *Agent) External() bool { return a.Kind == AgentExternal }

// AgentMetrics are counted over all tasks and steps of an agent; they survive a
// restart. SuccessRate is 1 before the first task.
type AgentMetrics struct {
	TasksCompleted      int     `json:"tasks_completed"` // ended, with or without success
	TasksFailed         int     `json:"tasks_failed"`
	AverageResponseTime float64 `json:"average_response_time"` // seconds
	SuccessRate         float64 `json:"success_rate"`          // 0 to 1
	Running             int     `json:"running"`
}

// AgentRecord is what the store keeps of an agent.
type AgentRecord struct {
	Agent
	// Secrets are the sealed values of the configuration by name.
	Secrets map[string][]byte
	// Connection of an external agent; Link is empty while it has none.
	Link     string // names the connection
	LinkedBy string // instance that the agent said it is
	Process  string // that holds the connection
	Shown    AgentStatus
}

// AgentFilter selects agents. Empty fields select all.
type AgentFilter struct {
	Capability string
	Status     AgentStatus
	Kind       string
}

// AgentParams is what a client declares about an external agent.
type AgentParams struct {
	ID             AgentID
	Instance       string
	Name           string
	Description    string
	TaskTypes      []string
	Capabilities   []string
	ConfigSchema   *ConfigSchema
	Config         json.RawMessage
	MaxConcurrency int // 0: 1
}

// AgentPatch changes an agent; nil fields stay. Config is merged: null removes a
// value and SecretMask keeps a secret.
type AgentPatch struct {
	Name           *string
	Description    *string
	TaskTypes      *[]string
	Capabilities   *[]string
	Config         json.RawMessage
	MaxConcurrency *int
	Version        int64 // that the change is based on; 0: any
}

// AgentLink is a connection of an external agent.
type AgentLink struct {
	Agent    AgentID
	ID       string // names this connection among all
	Instance string
	Tenant   TenantID
	Config   json.RawMessage // with its secrets
	// Resumed is true when the same instance was connected before.
	Resumed bool
}
