package ws

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"empire/internal/domain"
)

const (
	maxCalls       = 64 // service requests that an agent makes at a time
	requestTimeout = 30 * time.Second
	maxRequestTime = 10 * time.Minute
	progressPause  = 100 * time.Millisecond // between two reports that watchers see
	maxNotified    = 4096
)

// agentState is what a connection remembers of what is under way.
type agentState struct {
	mu       sync.Mutex
	handled  map[string]chan struct{} // messages that wait for the agent, by id
	notified map[string]bool          // messages that it was told of
	serving  map[string]*serving      // service requests that it answers, by id
	progress time.Time                // of the last report that was passed on
}

// serving is a service request that the agent answers.
type serving struct {
	ctx    context.Context //nolint:containedctx // requests made for it inherit from it
	answer chan Reply
}

func newAgentState() agentState {
	return agentState{handled: map[string]chan struct{}{}, notified: map[string]bool{}, serving: map[string]*serving{}}
}

// frame answers a frame of an agent. What may take long is done by group.
func (a *agentConn) frame(group *sync.WaitGroup, f Frame) {
	var err error
	switch f.Type {
	case TypeTaskResult:
		err = a.taskResult(f)
	case TypeProgress:
		err = a.taskProgress(f)
	case TypeMessage:
		err = a.message(f)
	case TypeMessageReceived:
		err = a.received(f)
	case TypeServiceRequest:
		err = a.request(group, f)
	case TypeServiceResponse:
		err = a.response(f)
	default:
		err = a.common(f, a.hello())
	}
	if err != nil {
		a.fail(f.ID, err)
	}
}

func (a *agentConn) taskResult(f Frame) error {
	var r domain.TaskResult
	if err := decode(f, &r); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(a.ctx, callLimit)
	defer cancel()
	state, err := a.h.c.Agents.Answer(ctx, a.link, r)
	if err != nil {
		return err
	}
	a.send(encode(TypeTaskResult, f.ID, TaskEnd{TaskID: r.TaskID, Status: state}))
	a.nudge()
	return nil
}

// taskProgress passes a report on, unless the last one was just before: then it is
// dropped, as the next will say more.
func (a *agentConn) taskProgress(f Frame) error {
	var p domain.TaskProgress
	if err := decode(f, &p); err != nil {
		return err
	}
	a.state.mu.Lock()
	now := a.h.c.Now()
	early := now.Sub(a.state.progress) < progressPause && (p.Total == 0 || p.Done < p.Total)
	if !early {
		a.state.progress = now
	}
	a.state.mu.Unlock()
	if early {
		return nil
	}
	ctx, cancel := context.WithTimeout(a.ctx, callLimit)
	defer cancel()
	return a.h.c.Agents.Progress(ctx, a.link, p)
}

// message sends a message of the agent, as nobody but itself.
func (a *agentConn) message(f Frame) error {
	var claim struct {
		From *domain.AgentID `json:"from"`
	}
	if len(f.Data) == 0 || json.Unmarshal(f.Data, &claim) != nil {
		return domain.Invalid("data", "The data of the frame is not a message.")
	}
	if claim.From != nil && *claim.From != a.link.Agent {
		return domain.Errorf(domain.CodeForbidden, "Agent %s cannot send messages as %.100q.", a.link.Agent, string(*claim.From))
	}
	if a.h.c.Mail == nil {
		return domain.Errorf(domain.CodeUnavailable, "Messages cannot be sent here.")
	}
	ctx, cancel := context.WithTimeout(a.ctx, callLimit)
	defer cancel()
	m, err := a.h.c.Mail.HandleAgentMessage(ctx, a.link.Agent, f.Data)
	if err != nil {
		return err
	}
	if f.ID != "" {
		a.send(encode(TypeMessageReceived, f.ID, Received{To: m.To, MessageID: m.ID}))
	}
	return nil
}

// Deliver implements Recipient: the agent is told of the message, gets it, and says
// that it has handled it.
func (a *agentConn) Deliver(ctx context.Context, m domain.Message) error {
	done := make(chan struct{}, 1)
	a.state.mu.Lock()
	told := a.state.notified[m.ID]
	if len(a.state.notified) >= maxNotified {
		clear(a.state.notified)
	}
	a.state.notified[m.ID] = true
	a.state.handled[m.ID] = done
	a.state.mu.Unlock()
	defer func() {
		a.state.mu.Lock()
		delete(a.state.handled, m.ID)
		a.state.mu.Unlock()
	}()
	if !told {
		a.send(encode(TypeMessageReceived, "", Received{From: m.From, MessageID: m.ID}))
	}
	if !a.send(encode(TypeMessage, m.ID, m)) {
		return domain.Errorf(domain.CodeUnavailable, "Agent %s is not connected.", a.link.Agent)
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-a.ctx.Done():
		return domain.Errorf(domain.CodeUnavailable, "Agent %s went away.", a.link.Agent)
	}
}

// received notes that the agent has handled a message. One that nobody waits for was
// acknowledged before.
func (a *agentConn) received(f Frame) error {
	var r Received
	if err := decode(f, &r); err != nil {
		return err
	}
	a.state.mu.Lock()
	defer a.state.mu.Unlock()
	if done := a.state.handled[r.MessageID]; done != nil {
		select {
		case done <- struct{}{}:
		default:
		}
	}
	return nil
}

// Serve implements Recipient: the agent answers a service request.
func (a *agentConn) Serve(ctx context.Context, r domain.ServiceRequest) (json.RawMessage, error) {
	s := &serving{ctx, make(chan Reply, 1)}
	a.state.mu.Lock()
	a.state.serving[r.ID] = s
	a.state.mu.Unlock()
	defer func() {
		a.state.mu.Lock()
		delete(a.state.serving, r.ID)
		a.state.mu.Unlock()
	}()
	if !a.send(encode(TypeServiceRequest, r.ID, r)) {
		return nil, domain.Errorf(domain.CodeUnavailable, "Agent %s is not connected.", a.link.Agent)
	}
	select {
	case reply := <-s.answer:
		if reply.Error != nil {
			code := reply.Error.Code
			if code == "" {
				code = domain.CodeInternal
			}
			return nil, &domain.Error{Code: code, Message: reply.Error.Message}
		}
		return reply.Response, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-a.ctx.Done():
		return nil, domain.Errorf(domain.CodeUnavailable, "Agent %s went away.", a.link.Agent)
	}
}

// response hands an answer of the agent to whoever asked. Too late is no error: the
// answer is dropped.
func (a *agentConn) response(f Frame) error {
	var r Reply
	if err := decode(f, &r); err != nil {
		return err
	}
	if r.RequestID == "" {
		r.RequestID = f.ID
	}
	if (r.Error == nil) == (len(r.Response) == 0) {
		return domain.Invalid("data", "A service request is answered with a response or an error.")
	}
	a.state.mu.Lock()
	defer a.state.mu.Unlock()
	if s := a.state.serving[r.RequestID]; s != nil {
		select {
		case s.answer <- r:
		default: // answered twice
		}
	}
	return nil
}

// request asks another agent for this one.
func (a *agentConn) request(group *sync.WaitGroup, f Frame) error {
	var ask Ask
	if err := decode(f, &ask); err != nil {
		return err
	}
	timeout := time.Duration(ask.TimeoutSeconds * float64(time.Second))
	switch {
	case f.ID == "":
		return domain.Invalid("id", "A service request needs an id: its answer has the same.")
	case ask.Target == "" || len(ask.Request) == 0:
		return domain.Invalid("data", "A service request names its target and what it asks for.")
	case ask.TimeoutSeconds < 0 || timeout > maxRequestTime:
		return domain.Invalid("timeout_seconds", "A service request waits up to %d seconds.", int(maxRequestTime/time.Second))
	case a.h.c.Mail == nil:
		return domain.Errorf(domain.CodeUnavailable, "Service requests cannot be sent here.")
	case timeout == 0:
		timeout = requestTimeout
	}
	ctx := a.ctx
	if ask.InReplyTo != "" {
		a.state.mu.Lock()
		s := a.state.serving[ask.InReplyTo]
		a.state.mu.Unlock()
		if s == nil {
			return domain.Invalid("in_reply_to", "The agent does not serve a request %.100q now.", ask.InReplyTo)
		}
		ctx = domain.WithPrincipal(s.ctx, a.who.Load())
	}
	select {
	case a.calls <- struct{}{}:
	default:
		return domain.Errorf(domain.CodeRateLimited, "The agent waits for %d service requests already.", maxCalls)
	}
	group.Go(func() {
		defer func() { <-a.calls }()
		a.ask(ctx, f.ID, ask, timeout)
	})
	return nil
}

// ask waits for the answer of another agent and passes it on.
func (a *agentConn) ask(ctx context.Context, id string, ask Ask, timeout time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, timeout+callLimit)
	defer cancel()
	stop := context.AfterFunc(a.ctx, cancel)
	defer stop()
	answer, err := a.h.c.Mail.Request(ctx, a.link.Agent, ask.Target, ask.Request, timeout)
	late := domain.CodeOf(err) == domain.CodeTimeout || errors.Is(err, context.DeadlineExceeded)
	switch {
	case late || err == nil && isTimeout(answer):
		a.send(encode(TypeServiceResponse, id, map[string]string{"error": "timeout", "request_id": id}))
	case err != nil:
		a.fail(id, err)
	default:
		a.send(encode(TypeServiceResponse, id, Reply{RequestID: id, Response: answer}))
	}
}

// isTimeout reports whether an answer is the object that says that none came.
func isTimeout(answer json.RawMessage) bool {
	var o struct {
		Error     any    `json:"error"`
		RequestID string `json:"request_id"`
	}
	return json.Unmarshal(answer, &o) == nil && o.Error == "timeout" && o.RequestID != ""
}
