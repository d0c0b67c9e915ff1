package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"empire/internal/domain"
)

// Headers of a request on the bus.
const (
	headerChain   = "Empire-Chain"      // the agents that wait for each other, joined by commas
	headerTimeout = "Empire-Timeout-Ms" // how long the asker waits
	headerScope   = "Empire-Scope"      // on whose behalf, as JSON
)

// openRequest is a request that an agent of this process serves now.
type openRequest struct {
	agent domain.AgentID
	chain []domain.AgentID // who waits, the agent itself at the end
}

type chainKey struct{}

// calls are the requests of this process that wait for an answer.
type calls struct {
	mu      sync.Mutex
	pending map[string]chan *domain.ServiceResponse // by id of the request; nil: nobody responds
	late    map[string]bool                         // ids of requests that nobody waits for any more
	order   []string                                // of late
	address string                                  // of the inbox; "" without one
	close   func()

	opening sync.Mutex
}

const lateMemory = 4096

func newCalls() *calls {
	return &calls{pending: map[string]chan *domain.ServiceResponse{}, late: map[string]bool{}}
}

func (c *calls) begin(id string) <-chan *domain.ServiceResponse {
	ch := make(chan *domain.ServiceResponse, 1)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pending[id] = ch
	return ch
}

// end forgets a request; whatever still comes for it is late.
func (c *calls) end(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, waits := c.pending[id]; !waits {
		return
	}
	delete(c.pending, id)
	c.late[id], c.order = true, append(c.order, id)
	if len(c.order) > lateMemory {
		delete(c.late, c.order[0])
		c.order = c.order[1:]
	}
}

// answer gives a response to who waits for it, and says what it was otherwise.
func (c *calls) answer(id string, r *domain.ServiceResponse) (dropped string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	ch, ok := c.pending[id]
	switch {
	case !ok && c.late[id]:
		return "response_late"
	case !ok, r != nil && r.RequestID != id:
		return "response_unknown"
	}
	delete(c.pending, id)
	ch <- r
	return ""
}

// openInbox opens the place for answers, unless there is one.
func (s *Messages) openInbox() error {
	s.calls.opening.Lock()
	defer s.calls.opening.Unlock()
	if s.cfg.Bus == nil || s.inbox() != "" || !s.cfg.Bus.Connected() {
		return nil
	}
	address, end, err := s.cfg.Bus.Inbox(func(id string, data []byte) {
		var r *domain.ServiceResponse
		if data != nil {
			r = &domain.ServiceResponse{}
			if err := json.Unmarshal(data, r); err != nil || r.Type != domain.TypeServiceResponse {
				s.cfg.Count("response_unknown")
				return
			}
		}
		s.answered(id, r)
	})
	if err != nil {
		return err
	}
	s.calls.mu.Lock()
	s.calls.address, s.calls.close = address, end
	s.calls.mu.Unlock()
	return nil
}

func (s *Messages) closeInbox() {
	s.calls.mu.Lock()
	end := s.calls.close
	s.calls.close, s.calls.address = nil, ""
	s.calls.mu.Unlock()
	if end != nil {
		end()
	}
}

func (s *Messages) inbox() string {
	s.calls.mu.Lock()
	defer s.calls.mu.Unlock()
	return s.calls.address
}

func (s *Messages) answered(id string, r *domain.ServiceResponse) {
	if dropped := s.calls.answer(id, r); dropped != "" {
		s.cfg.Count(dropped)
	}
}

// Request asks an agent for a service and waits for the answer. After timeout, which
// is at most five minutes, the answer is {"error":"timeout","request_id":…} and what
// the agent still says is dropped. An unknown agent is CodeAgentNotFound, one that
// nobody hosts CodeConflict, and CodeUnavailable says that the bus is down.
//
// An agent that asks while it serves, with the context of Serve, extends the chain
// of those that wait for each other; asking one of them, or itself, is CodeConflict.
// From outside of Serve it counts as asking for all that it serves now.
func (s *Messages) Request(ctx context.Context, from, to domain.AgentID, request json.RawMessage, timeout time.Duration) (json.RawMessage, error) {
	chain, serves := ctx.Value(chainKey{}).([]domain.AgentID)
	if !serves {
		return s.RequestFor(ctx, from, to, request, timeout, "")
	}
	return s.request(ctx, from, to, request, timeout, chain)
}

// RequestFor is Request for an agent that asks from outside of Serve. inReplyTo is
// the id of the request for which it asks; without one it counts as asking for all
// that it serves now.
func (s *Messages) RequestFor(ctx context.Context, from, to domain.AgentID, request json.RawMessage, timeout time.Duration, inReplyTo string) (json.RawMessage, error) {
	chain, err := s.chain(from, inReplyTo)
	if err != nil {
		return nil, err
	}
	return s.request(ctx, from, to, request, timeout, chain)
}

func (s *Messages) request(ctx context.Context, from, to domain.AgentID, request json.RawMessage, timeout time.Duration, chain []domain.AgentID) (json.RawMessage, error) {
	switch {
	case timeout <= 0 || timeout > domain.MaxRequestTimeout:
		return nil, domain.Invalid("timeout", "A request waits longer than nothing and at most %s.", domain.MaxRequestTimeout)
	case from == "":
		return nil, domain.Invalid("from", "A request needs an asker.")
	case len(request) > domain.MaxMessageBytes:
		return nil, &domain.Error{Code: domain.CodeTooLarge, Field: "request", Message: fmt.Sprintf("A request has at most %d bytes.", domain.MaxMessageBytes)}
	case !json.Valid(request):
		return nil, domain.Invalid("request", "A request is a JSON value.")
	}
	agent, ok := s.resolve(ctx, to)
	if !ok {
		s.cfg.Count(domain.DeadAgentNotFound)
		return nil, agentNotFound(to)
	}
	chain = append(slices.DeleteFunc(slices.Clone(chain), func(id domain.AgentID) bool { return id == from }), from)
	if i := slices.Index(chain, agent); i >= 0 {
		s.cfg.Count("cycle")
		names := make([]string, 0, len(chain)-i+1)
		for _, id := range append(slices.Clone(chain[i:]), agent) {
			names = append(names, string(id))
		}
		return nil, domain.Errorf(domain.CodeConflict, "The request would wait for itself: %s.", strings.Join(names, " → "))
	}
	return s.ask(ctx, from, agent, request, timeout, chain)
}

// chain returns the agents that wait for what an agent of this process serves: the
// request that inReplyTo names, or all of them.
func (s *Messages) chain(agent domain.AgentID, inReplyTo string) ([]domain.AgentID, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if inReplyTo != "" {
		open, ok := s.open[inReplyTo]
		if !ok || open.agent != agent {
			return nil, domain.Invalid("in_reply_to", "Agent %s serves no request %.40s now.", agent, inReplyTo)
		}
		return open.chain, nil
	}
	var chain []domain.AgentID
	for _, id := range slices.Sorted(maps.Keys(s.open)) {
		if s.open[id].agent != agent {
			continue
		}
		for _, waits := range s.open[id].chain {
			if !slices.Contains(chain, waits) {
				chain = append(chain, waits)
			}
		}
	}
	return chain, nil
}

// ask sends the request, over the bus if it is there, and waits.
func (s *Messages) ask(ctx context.Context, from, to domain.AgentID, request json.RawMessage, timeout time.Duration, chain []domain.AgentID) (json.RawMessage, error) {
	started := time.Now()
	now := s.cfg.Now().UTC().Truncate(time.Microsecond)
	r := domain.ServiceRequest{ID: domain.NewUUID(), Type: domain.TypeServiceRequest, From: from, Request: request, RequiresResponse: true, Timestamp: now}
	body, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("encode request: %w", err)
	}
	m := domain.Message{
		ID: r.ID, From: from, To: to, Message: body, Priority: domain.PriorityHigh, Timestamp: now, TTL: now.Add(domain.MessageTTL), RequiresResponse: true,
	}
	record := s.record(ctx, m)
	record.Kind, record.State, record.HandledAt = domain.TypeServiceRequest, domain.MessageHandled, &now
	s.cfg.Count("request")
	s.notes.record(record)
	answer := s.calls.begin(r.ID)
	defer s.calls.end(r.ID)
	if err := s.post(ctx, m, r, timeout, chain); err != nil {
		return nil, err
	}
	timer := time.NewTimer(timeout - time.Since(started))
	defer timer.Stop()
	select {
	case response := <-answer:
		if response == nil {
			s.cfg.Count("offline")
			return nil, domain.Errorf(domain.CodeConflict, "Agent %s is offline.", to)
		}
		s.noteAnswer(record, response)
		if response.Error != nil {
			return nil, domain.Errorf(response.Error.Code, "%s", response.Error.Message)
		}
		return response.Response, nil
	case <-timer.C:
		s.cfg.Count("timeout")
		out := json.RawMessage(`{"error":"timeout","request_id":"` + r.ID + `"}`)
		s.noteAnswer(record, &domain.ServiceResponse{
			ID: domain.NewUUID(), Type: domain.TypeServiceResponse, RequestID: r.ID, From: to, Timestamp: s.cfg.Now().UTC(),
			Error: &domain.ServiceError{Code: domain.CodeTimeout, Message: "The agent did not answer in time."},
		})
		return out, nil
	case <-ctx.Done():
		return nil, domain.Errorf(domain.CodeCancelled, "The request was given up.")
	}
}

// post brings a request to who hosts the agent: over the bus, or within this process
// while that is down.
func (s *Messages) post(ctx context.Context, m domain.Message, r domain.ServiceRequest, timeout time.Duration, chain []domain.AgentID) error {
	work, _ := domain.ScopeFrom(ctx)
	if work.Tenant == "" {
		work.Tenant = scope(ctx).OrDefault()
	}
	address := s.inbox()
	if s.cfg.Bus == nil || address == "" || !s.cfg.Bus.Connected() {
		h := s.host(m.To)
		switch {
		case h != nil:
			h.begin(r, chain, work, timeout, func(response *domain.ServiceResponse) { s.answered(r.ID, response) })
			return nil
		case s.cfg.Bus == nil:
			s.cfg.Count("offline")
			return domain.Errorf(domain.CodeConflict, "Agent %s is offline.", m.To)
		default:
			return &domain.Error{Code: domain.CodeUnavailable, Message: "The message bus is down.", RetryAfter: time.Second}
		}
	}
	envelope, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("encode request: %w", err)
	}
	behalf, err := json.Marshal(work)
	if err != nil {
		return fmt.Errorf("encode scope: %w", err)
	}
	names := make([]string, len(chain))
	for i, id := range chain {
		names[i] = string(id)
	}
	if err := s.cfg.Bus.Request(ctx, requestSubject(m.To), address, r.ID, envelope, map[string]string{
		headerChain: strings.Join(names, ","), headerTimeout: strconv.FormatInt(max(timeout.Milliseconds(), 1), 10), headerScope: string(behalf),
	}); err != nil {
		return &domain.Error{Code: domain.CodeUnavailable, Message: "The message bus does not take the request.", RetryAfter: time.Second, Err: err}
	}
	return nil
}

// asked takes a request from the bus.
func (h *host) asked(data []byte, header map[string]string, answer func([]byte) error) {
	var m domain.Message
	var r domain.ServiceRequest
	err := json.Unmarshal(data, &m)
	if err == nil {
		err = json.Unmarshal(m.Message, &r)
	}
	if err != nil || r.Type != domain.TypeServiceRequest || r.ID == "" {
		h.s.cfg.Count("request_malformed")
		return
	}
	timeout := domain.RequestTimeout
	if ms, err := strconv.ParseInt(header[headerTimeout], 10, 64); err == nil && ms > 0 && ms <= domain.MaxRequestTimeout.Milliseconds() {
		timeout = time.Duration(ms) * time.Millisecond
	}
	var chain []domain.AgentID
	for _, name := range strings.Split(header[headerChain], ",") {
		if name != "" {
			chain = append(chain, domain.AgentID(name))
		}
	}
	var work domain.WorkScope
	_ = json.Unmarshal([]byte(header[headerScope]), &work) // of a client that is none of ours there is none
	h.begin(r, chain, work, timeout, func(response *domain.ServiceResponse) {
		raw, err := json.Marshal(response)
		if err == nil {
			err = answer(raw)
		}
		if err != nil {
			h.s.cfg.Log.Warn("answer not sent", slog.String("agent_id", string(h.agent)), slog.String("request_id", r.ID), slog.Any("err", err))
		}
	})
}

// begin serves a request in a goroutine that ends with its timeout at the latest if
// the recipient heeds its context.
func (h *host) begin(r domain.ServiceRequest, chain []domain.AgentID, work domain.WorkScope, timeout time.Duration, answer func(*domain.ServiceResponse)) {
	chain = append(slices.Clone(chain), h.agent)
	s := h.s
	s.mu.Lock()
	s.open[r.ID] = openRequest{h.agent, chain}
	s.active[h.agent] = s.cfg.Now().UTC()
	s.mu.Unlock()
	go func() {
		ctx, cancel := context.WithTimeout(context.WithValue(context.Background(), chainKey{}, chain), timeout)
		defer cancel()
		work.AgentID = h.agent
		ctx = domain.WithScope(ctx, work)
		raw, err := h.serve(ctx, r)
		s.mu.Lock()
		delete(s.open, r.ID)
		s.mu.Unlock()
		response := &domain.ServiceResponse{
			ID: domain.NewUUID(), Type: domain.TypeServiceResponse, RequestID: r.ID, From: h.agent, Timestamp: s.cfg.Now().UTC(), Response: raw,
		}
		switch {
		case err != nil:
			response.Response, response.Error = nil, h.fault(ctx, r, err)
		case !json.Valid(raw):
			response.Response, response.Error = nil, &domain.ServiceError{Code: domain.CodeInternal, Message: fmt.Sprintf("Agent %s did not answer with JSON.", h.agent)}
		}
		s.cfg.Count("served")
		answer(response)
	}()
}

// fault says to the asker why a request was not served.
func (h *host) fault(ctx context.Context, r domain.ServiceRequest, err error) *domain.ServiceError {
	if domain.CodeOf(err) == domain.CodeInternal && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) {
		h.s.cfg.Log.WarnContext(ctx, "request not served", slog.String("agent_id", string(h.agent)), slog.String("request_id", r.ID), slog.Any("err", err))
	}
	return &domain.ServiceError{Code: domain.CodeOf(err), Message: domain.MessageOf(err)}
}

// noteAnswer logs the answer to a request.
func (s *Messages) noteAnswer(request domain.MessageRecord, response *domain.ServiceResponse) {
	raw, err := json.Marshal(response)
	if err != nil {
		return // it came as JSON
	}
	now := s.cfg.Now().UTC().Truncate(time.Microsecond)
	r := request
	r.Message = domain.Message{
		ID: domain.NewUUID(), From: request.To, To: request.From, Message: raw, Priority: domain.PriorityHigh, Timestamp: now, TTL: now.Add(domain.MessageTTL),
	}
	r.Kind, r.InReplyTo, r.HandledAt = domain.TypeServiceResponse, request.ID, &now
	s.notes.record(r)
}

func sortedAgents[V any](m map[domain.AgentID]V) []domain.AgentID { return slices.Sorted(maps.Keys(m)) }
