package service

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"empire/internal/domain"
)

// incoming is the envelope as an agent may write it.
type incoming struct {
	ID               *string         `json:"id"`
	From             *domain.AgentID `json:"from"`
	To               domain.AgentID  `json:"to"`
	Message          json.RawMessage `json:"message"`
	Priority         *string         `json:"priority"`
	Timestamp        *time.Time      `json:"timestamp"`
	TTL              *time.Time      `json:"ttl"`
	RequiresResponse bool            `json:"requires_response"`
}

// HandleAgentMessage sends what an agent wrote: an envelope of which only to and
// message must be there. The sender is the agent, whatever the envelope says; one
// that names another is CodeForbidden. The timestamp is ours.
func (s *Messages) HandleAgentMessage(ctx context.Context, agent domain.AgentID, data json.RawMessage) (*domain.Message, error) {
	var in incoming
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		return nil, envelopeFault(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, domain.Errorf(domain.CodeMalformed, "There is something after the message.")
	}
	if in.From != nil && *in.From != agent {
		return nil, &domain.Error{Code: domain.CodeForbidden, Field: "from", Message: fmt.Sprintf("Agent %s cannot send for another.", agent)}
	}
	if len(in.Message) == 0 {
		return nil, domain.Invalid("message", "A message needs a message.")
	}
	m := domain.Message{From: agent, To: in.To, Message: in.Message, RequiresResponse: in.RequiresResponse}
	if in.ID != nil {
		if m.ID = *in.ID; !domain.ValidUUID(m.ID) {
			return nil, domain.Invalid("id", "A message's id is a UUID in lower case.")
		}
	}
	if in.Priority != nil {
		if m.Priority = domain.Priority(*in.Priority); m.Priority == "" {
			return nil, domain.Invalid("priority", "The priority is normal or high.")
		}
	}
	if in.TTL != nil {
		m.TTL = *in.TTL
	}
	return s.Send(ctx, m)
}

// envelopeFault says what is wrong with an envelope without words of Go.
func envelopeFault(err error) error {
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return domain.Invalid(strings.Trim(name, `"`), "A message has no field %s.", name)
	}
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return domain.Invalid(e.Field, "A %s does not fit there.", e.Value)
	}
	if e, ok := errors.AsType[*time.ParseError](err); ok {
		return domain.Invalid("", "%.60s is not a time as in RFC 3339.", e.Value)
	}
	return domain.Errorf(domain.CodeMalformed, "The message is not JSON.")
}

// Post sends a message of the principal in ctx, who needs AgentsManage. It waits for
// ttl, or five minutes if that is zero.
func (s *Messages) Post(ctx context.Context, m domain.Message, ttl time.Duration) (*domain.Message, error) {
	p, err := domain.Require(ctx, domain.AgentsManage)
	if err != nil {
		return nil, err
	}
	m.From = domain.AgentID(p.UserID)
	return s.send(ctx, m, ttl, true)
}

// List returns a window of the messages of an agent, the newest first: those of the
// tenant of whoever asks. An empty state means all.
func (s *Messages) List(ctx context.Context, agent domain.AgentID, state domain.MessageState, w domain.Window) ([]domain.MessageRecord, int, error) {
	if _, err := domain.Require(ctx, domain.AgentsRead); err != nil {
		return nil, 0, err
	}
	id, ok := s.resolve(ctx, agent)
	if !ok {
		return nil, 0, domain.Errorf(domain.CodeNotFound, "Agent %.110q does not exist.", string(agent))
	}
	return s.cfg.Store.List(ctx, domain.MessageFilter{Tenant: scope(ctx), AgentID: id, State: state}, w)
}
