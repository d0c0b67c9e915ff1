package domain

import (
	"encoding/json"
	"time"
)

// Priority orders the messages of a mailbox.
type Priority string

// The priorities of messages.
const (
	PriorityNormal Priority = "normal"
	PriorityHigh   Priority = "high"
)

// MessageTTL is how long a message waits for its recipient unless it says otherwise.
const MessageTTL = 5 * time.Minute

// Message is the envelope in which agents talk: these eight fields, on the bus, in
// frames and in the API.
type Message struct {
	ID               string          `json:"id"` // UUID
	From             AgentID         `json:"from"`
	To               AgentID         `json:"to"`
	Message          json.RawMessage `json:"message"`
	Priority         Priority        `json:"priority"`
	Timestamp        time.Time       `json:"timestamp"` // UTC
	TTL              time.Time       `json:"ttl"`       // not delivered from this time on
	RequiresResponse bool            `json:"requires_response"`
}

// ServiceRequest is what an agent asks of another and waits for. On the bus it is
// the message of a high-priority envelope.
type ServiceRequest struct {
	ID               string          `json:"id"` // UUID
	Type             string          `json:"type"`
	From             AgentID         `json:"from"`
	Request          json.RawMessage `json:"request"`
	RequiresResponse bool            `json:"requires_response"` // true
	Timestamp        time.Time       `json:"timestamp"`         // UTC
}

// Types of a ServiceRequest and of its answer.
const (
	TypeServiceRequest  = "service_request"
	TypeServiceResponse = "service_response"
)

// DeadLetterID identifies a dead letter: dead_….
type DeadLetterID string

// Kinds of dead letters.
const (
	DeadMessage = "message" // Payload is a Message
	DeadTask    = "task"    // Payload is {"task_id": …}
)

// DeadLetter is a message or task that nobody will handle any more, with the
// reason. A person may replay it once the reason is gone.
type DeadLetter struct {
	ID         DeadLetterID    `json:"id"`
	Tenant     TenantID        `json:"tenant"`
	Kind       string          `json:"kind"`
	AgentID    AgentID         `json:"agent_id"` // for whom it was
	From       AgentID         `json:"from,omitempty"`
	Reason     string          `json:"reason"` // expired, agent_not_found, agent_deleted, too_many_attempts, refused
	Detail     string          `json:"detail,omitempty"`
	Payload    json.RawMessage `json:"payload"`
	CreatedAt  time.Time       `json:"created_at"`
	ReplayedAt *time.Time      `json:"replayed_at"`
	ReplayedBy UserID          `json:"replayed_by,omitempty"`
}

// Reasons of dead letters.
const (
	DeadExpired         = "expired"
	DeadAgentNotFound   = "agent_not_found"
	DeadAgentDeleted    = "agent_deleted"
	DeadTooManyAttempts = "too_many_attempts"
	DeadRefused         = "refused" // the recipient said that it cannot handle it
)
