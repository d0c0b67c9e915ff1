package ws

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"empire/internal/domain"
)

// Types of frames.
const (
	TypeHello           = "hello"
	TypeTask            = "task"
	TypeTaskResult      = "task_result"
	TypeProgress        = "progress"
	TypeMessage         = "message"
	TypeMessageReceived = "message_received"
	TypeServiceRequest  = "service_request"
	TypeServiceResponse = "service_response"
	TypeSubscribe       = "subscribe"
	TypeEvent           = "event"
	TypePing            = "ping"
	TypeError           = "error"
	TypeMetrics         = "metrics" // to dashboards only
)

// Frame is what travels in both directions.
type Frame struct {
	Type string          `json:"type"`
	ID   string          `json:"id,omitempty"` // chosen by whoever sends it; an answer has that of the question
	Data json.RawMessage `json:"data,omitempty"`
}

// Hello is the first frame that a client gets, and the answer to its own hello.
type Hello struct {
	ClientID  string           `json:"client_id"`
	AgentID   domain.AgentID   `json:"agent_id,omitempty"`
	Instance  string           `json:"instance,omitempty"`
	Heartbeat float64          `json:"heartbeat_seconds"`
	Recovered bool             `json:"recovered"` // all that was missed since the client's offset follows
	Offset    string           `json:"last_offset"`
	Topics    []string         `json:"topics"`
	Config    *json.RawMessage `json:"config,omitempty"` // of the agent
}

// Fault is the data of an error frame.
type Fault struct {
	Code    int         `json:"code"` // as the HTTP status of such a fault
	Error   domain.Code `json:"error"`
	Message string      `json:"message"`
	Cycle   []string    `json:"cycle,omitempty"` // of service requests that wait for each other
}

// TaskFrame is the data of a task frame. Task id and attempt are the same as often
// as it is sent for the same attempt.
type TaskFrame struct {
	TaskID   domain.TaskID   `json:"task_id"`
	Type     string          `json:"type"`
	Params   json.RawMessage `json:"params"`
	Context  json.RawMessage `json:"context,omitempty"` // results of earlier stages by name
	Attempt  int             `json:"attempt"`
	Deadline string          `json:"deadline,omitempty"`
	RunID    domain.RunID    `json:"run_id,omitempty"`
	Step     string          `json:"step,omitempty"`
}

// TaskEnd is the data of the answer to a task_result.
type TaskEnd struct {
	TaskID domain.TaskID   `json:"task_id"`
	Status domain.RunState `json:"status"` // that the task has now, whoever ended it
}

// Received is the data of a message_received frame. To the recipient of a message it
// says from whom one comes; to its sender, that it was taken on; from the
// recipient, that it was handled.
type Received struct {
	From      domain.AgentID `json:"from,omitempty"`
	To        domain.AgentID `json:"to,omitempty"`
	MessageID string         `json:"message_id"`
}

// Ask is the data of a service_request that an agent sends.
type Ask struct {
	Target         domain.AgentID  `json:"target"`
	Request        json.RawMessage `json:"request"`
	TimeoutSeconds float64         `json:"timeout_seconds,omitempty"` // 0: 30 s
	InReplyTo      string          `json:"in_reply_to,omitempty"`     // the request that it is made for
}

// Reply is the data of a service_response.
type Reply struct {
	RequestID string            `json:"request_id,omitempty"`
	Response  json.RawMessage   `json:"response,omitempty"`
	Error     *domain.TaskFault `json:"error,omitempty"` // why there is none
}

// Subscription is the data of a subscribe frame: topics to add and to remove. The
// answer holds all that there are then.
type Subscription struct {
	Topics []string `json:"topics"`
	Remove []string `json:"remove,omitempty"`
}

// Offer is the data of a client's hello.
type Offer struct {
	LastOffset string   `json:"last_offset,omitempty"`
	Topics     []string `json:"topics,omitempty"`
}

// encode returns a frame as JSON.
func encode(kind, id string, data any) []byte {
	raw, err := json.Marshal(data)
	if err != nil {
		raw = []byte("null") // the types above cannot fail but for raw JSON that is none
	}
	out, err := json.Marshal(Frame{Type: kind, ID: id, Data: raw})
	if err != nil {
		return []byte(`{"type":"error"}`)
	}
	return out
}

// decode reads the data of a frame strictly.
func decode(f Frame, v any) error {
	if len(f.Data) == 0 {
		return domain.Invalid("data", "A frame of type %s needs data.", f.Type)
	}
	d := json.NewDecoder(bytes.NewReader(f.Data))
	d.DisallowUnknownFields()
	err := d.Decode(v)
	if err == nil {
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("there is more than one value")
		}
	}
	if err != nil {
		return domain.Invalid("data", "The data of the frame does not fit %s: %s.", f.Type, strings.TrimPrefix(err.Error(), "json: "))
	}
	return nil
}
