package domain

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"time"
)

// NewUUID returns a random UUID of version 7 (RFC 9562 §5.7): 48 bits of
// milliseconds and 74 random bits, so that identifiers sort roughly by the time at
// which they were made.
func NewUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[6:]) // crypto/rand.Read never fails since Go 1.24
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(time.Now().UnixMilli())<<16)
	copy(b[:6], ms[:6])
	b[6] = b[6]&0x0f | 0x70
	b[8] = b[8]&0x3f | 0x80
	var out [36]byte
	hex.Encode(out[:8], b[:4])
	hex.Encode(out[9:13], b[4:6])
	hex.Encode(out[14:18], b[6:8])
	hex.Encode(out[19:23], b[8:10])
	hex.Encode(out[24:], b[10:])
	out[8], out[13], out[18], out[23] = '-', '-', '-', '-'
	return string(out[:])
}

// ValidUUID reports whether s is a UUID in its usual form: lower-case hexadecimal
// digits and four hyphens.
func ValidUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return false
			}
		} else if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// MessageState is the state of a message.
type MessageState string

// The states of a message. Requests for services and their answers are in the log
// as handled: they wait in no mailbox.
const (
	MessageQueued  MessageState = "queued"
	MessageHandled MessageState = "handled"
	MessageDead    MessageState = "dead"
)

// KindMessage is the kind of a plain message; the others are TypeServiceRequest and
// TypeServiceResponse.
const KindMessage = "message"

// Limits of messages and requests.
const (
	MaxMessageBytes    = 256 << 10        // of the message in an envelope
	RequestTimeout     = 30 * time.Second // of a request unless it says otherwise
	MaxRequestTimeout  = 300 * time.Second
	MaxMessageTTL      = 30 * 24 * time.Hour
	DefaultMailboxSize = 10_000
)

// MessageRecord is a message with what became of it.
type MessageRecord struct {
	Message
	Seq       int64
	Tenant    TenantID
	Kind      string // message, service_request or service_response
	InReplyTo string // of a service response: the id of the request
	State     MessageState
	Attempts  int        // deliveries that have ended
	HandledAt *time.Time // when it was handled, or died
	RunID     RunID      // on whose behalf it was sent; see WorkScope
	StepID    StepID
	TaskID    TaskID
}

// MessageFilter selects messages. Empty fields select all.
type MessageFilter struct {
	Tenant  TenantID
	AgentID AgentID // the recipient
	State   MessageState
	RunID   RunID
}

// MailPage is how many messages of a priority are read from a mailbox at once.
const MailPage = 32

// MailCursor says how far the queued messages of a mailbox were read, by priority.
type MailCursor struct {
	High, Normal int64 // sequence numbers
}

// DeadLetterFilter selects dead letters. Empty fields select all.
type DeadLetterFilter struct {
	Tenant   TenantID
	Kind     string
	AgentID  AgentID
	Reason   string
	Replayed *bool
}

// ServiceResponse answers a ServiceRequest. Error is set, and Response is not, if
// the agent could not serve it.
type ServiceResponse struct {
	ID        string          `json:"id"`   // UUID
	Type      string          `json:"type"` // service_response
	RequestID string          `json:"request_id"`
	From      AgentID         `json:"from"`
	Response  json.RawMessage `json:"response,omitempty"`
	Error     *ServiceError   `json:"error,omitempty"`
	Timestamp time.Time       `json:"timestamp"` // UTC
}

// ServiceError is why a request was not served.
type ServiceError struct {
	Code    Code   `json:"code"`
	Message string `json:"message"`
}

// MessageCount is how many messages are in a state with a priority.
type MessageCount struct {
	State    MessageState
	Priority Priority
	Count    int
}

// OrchestratorCounts is what waits and works in the installation, as far as one
// tenant sees it. They are counts of rows.
type OrchestratorCounts struct {
	Messages    []MessageCount
	DeadOpen    int // dead letters that were not replayed
	DeadTotal   int
	ActiveTasks map[RunState]int // queued, running, waiting
	Runs        map[RunState]int
}

// Orchestrator is OrchestratorCounts with the agents.
type Orchestrator struct {
	OrchestratorCounts
	Agents map[AgentStatus]int
}
