package ws

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"

	"empire/internal/domain"
)

// agentService registers connections of agents and gives them tasks.
type agentService interface {
	Connect(ctx context.Context, id domain.AgentID, instance string) (*domain.AgentLink, error)
	Disconnect(ctx context.Context, link *domain.AgentLink) error
	Beat(ctx context.Context) (map[domain.AgentID]string, error)
	Holds(ctx context.Context, link *domain.AgentLink) (bool, error)
	taskService
}

type taskService interface {
	Unanswered(ctx context.Context, link *domain.AgentLink) ([]domain.Task, error)
	Take(ctx context.Context, link *domain.AgentLink) ([]domain.Task, error)
	Wanted(ctx context.Context, agents []domain.AgentID) ([]domain.AgentID, error)
	Answer(ctx context.Context, link *domain.AgentLink, r domain.TaskResult) (domain.RunState, error)
	Progress(ctx context.Context, link *domain.AgentLink, p domain.TaskProgress) error
}

// Recipient takes what comes for an agent: messages in their order, and service
// requests. Deliver returns nil once the agent has handled the message.
type Recipient interface {
	Deliver(ctx context.Context, m domain.Message) error
	Serve(ctx context.Context, r domain.ServiceRequest) (json.RawMessage, error)
}

// Mail carries messages between agents.
type Mail interface {
	// Attach makes box the recipient of an agent until detach is called.
	Attach(agent domain.AgentID, box Recipient) (detach func(), err error)
	// HandleAgentMessage sends a message that an agent wrote; its From is forced, and
	// another one is CodeForbidden.
	HandleAgentMessage(ctx context.Context, agent domain.AgentID, data json.RawMessage) (*domain.Message, error)
	// Request asks another agent and waits for its answer. The context of a request
	// that is being served tells which requests wait for this one.
	Request(ctx context.Context, from, to domain.AgentID, request json.RawMessage, timeout time.Duration) (json.RawMessage, error)
}

const (
	maxAgentQueue = 4096             // frames that wait for an agent
	maxAgentBytes = 16 << 20         // their bytes
	callLimit     = 10 * time.Second // of a call that a frame causes
	missedPings   = 3                // after which a connection counts as dead
)

// links are the connections of agents of this process.
type links struct {
	mu  sync.Mutex
	all map[domain.AgentID]*agentConn
}

func (l *links) get(id domain.AgentID) *agentConn {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all[id]
}

// put makes a connection the one of its agent and returns the one before.
func (l *links) put(a *agentConn) *agentConn {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := l.all[a.link.Agent]
	l.all[a.link.Agent] = a
	return before
}

func (l *links) drop(a *agentConn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all[a.link.Agent] == a {
		delete(l.all, a.link.Agent)
	}
}

func (l *links) list() []*agentConn {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make([]*agentConn, 0, len(l.all))
	for _, a := range l.all {
		out = append(out, a)
	}
	return out
}

// agentConn is the connection of an agent.
type agentConn struct {
	*client
	link  *domain.AgentLink
	ctx   context.Context //nolint:containedctx // of the connection: it ends with it
	end   context.CancelFunc
	wake  chan struct{} // there may be something to do
	calls chan struct{} // room for requests that the agent makes

	state agentState
}

// serveAgent speaks with an agent.
func (h *Hub) serveAgent(w http.ResponseWriter, r *http.Request) {
	p := h.admit(w, r)
	if p == nil {
		return
	}
	token, cookie := h.credential(r)
	q := r.URL.Query()
	topics, err := topicsOf(q.Get("topics"), h.c.MaxTopics)
	if err != nil {
		h.c.Problem(w, r, err)
		return
	}
	link, err := h.c.Agents.Connect(r.Context(), domain.AgentID(r.PathValue("agent_id")), q.Get("instance"))
	if err != nil {
		h.c.Problem(w, r, err)
		return
	}
	c, err := h.accept(w, r, cookie)
	if err != nil {
		h.disconnect(link)
		return // Accept has answered
	}
	c.name, c.token, c.topics, c.limit = string(link.Agent), token, topics, bounds{maxAgentQueue, maxAgentBytes}
	c.right = domain.AgentsManage
	c.who.Store(p)
	a := &agentConn{client: c, link: link, wake: make(chan struct{}, 1), calls: make(chan struct{}, maxCalls), state: newAgentState()}
	a.ctx, a.end = context.WithCancel(domain.WithPrincipal(context.Background(), p))
	offset := q.Get("last_offset")
	h.group.Go(func() { a.run(offset) })
}

func (h *Hub) disconnect(link *domain.AgentLink) {
	ctx, cancel := context.WithTimeout(context.Background(), callLimit)
	defer cancel()
	if err := h.c.Agents.Disconnect(ctx, link); err != nil {
		h.c.Logger.WarnContext(ctx, "end of a connection not stored", slog.String("agent_id", string(link.Agent)), slog.Any("err", err))
	}
}

func (a *agentConn) hello() Hello {
	return Hello{AgentID: a.link.Agent, Instance: a.link.Instance, Heartbeat: a.h.c.Heartbeat.Seconds(), Config: &a.link.Config}
}

// run serves the connection until it ends.
func (a *agentConn) run(offset string) {
	h := a.h
	defer h.disconnect(a.link)
	defer a.end()
	defer a.cut()
	if before := h.links.put(a); before != nil {
		before.close(websocket.StatusPolicyViolation, "Another connection has taken the place of this one.")
		before.end()
	}
	defer h.links.drop(a)
	if !h.join(a.client, a.hello(), offset) {
		return
	}
	defer h.leave(a.client)
	var group sync.WaitGroup
	defer group.Wait()
	defer a.end() // what waits for the agent gives up
	if h.c.Mail != nil {
		detach, err := h.c.Mail.Attach(a.link.Agent, a)
		if err != nil {
			h.c.Logger.WarnContext(a.ctx, "mailbox not attached", slog.String("agent_id", string(a.link.Agent)), slog.Any("err", err))
			a.close(websocket.StatusTryAgainLater, "Messages cannot be delivered at the moment. Connect again.")
			return
		}
		defer detach()
	}
	group.Go(a.ping)
	group.Go(a.work)
	a.read(func(f Frame) { a.frame(&group, f) })
}

// ping finds out whether the agent still answers.
func (a *agentConn) ping() {
	missed := 0
	ticker := time.NewTicker(a.h.c.Heartbeat)
	defer ticker.Stop()
	for {
		select {
		case <-a.ctx.Done():
			return
		case <-ticker.C:
		}
		ctx, cancel := context.WithTimeout(a.ctx, a.h.c.Heartbeat)
		err := a.conn.Ping(ctx)
		cancel()
		switch {
		case err == nil:
			missed = 0
			continue
		case a.ctx.Err() != nil:
			return
		}
		if missed++; missed >= missedPings {
			a.h.c.Logger.WarnContext(a.ctx, "agent does not answer", slog.String("agent_id", string(a.link.Agent)))
			_ = a.conn.CloseNow()
			return
		}
	}
}

// work hands out tasks whenever there may be some.
func (a *agentConn) work() {
	if a.link.Resumed {
		a.resend()
	}
	for {
		a.take()
		select {
		case <-a.ctx.Done():
			return
		case <-a.wake:
		}
	}
}

// nudge makes work look again.
func (a *agentConn) nudge() {
	select {
	case a.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// resend sends what the agent had before its connection broke.
func (a *agentConn) resend() {
	ctx, cancel := context.WithTimeout(a.ctx, callLimit)
	defer cancel()
	list, err := a.h.c.Agents.Unanswered(ctx, a.link)
	a.hand(ctx, list, err)
}

func (a *agentConn) take() {
	ctx, cancel := context.WithTimeout(a.ctx, callLimit)
	defer cancel()
	ok, err := a.h.c.Agents.Holds(ctx, a.link)
	if err == nil && !ok {
		a.close(websocket.StatusPolicyViolation, "Another connection has taken the place of this one, or the agent was deleted.")
		return
	}
	if err != nil {
		a.hand(ctx, nil, err)
		return
	}
	list, err := a.h.c.Agents.Take(ctx, a.link)
	a.hand(ctx, list, err)
}

func (a *agentConn) hand(ctx context.Context, list []domain.Task, err error) {
	for i := range list {
		t := &list[i]
		frame := TaskFrame{TaskID: t.ID, Type: t.Type, Params: t.Params, Context: t.Context, Attempt: t.Attempts, RunID: t.RunID, Step: t.Step}
		if t.Deadline != nil {
			frame.Deadline = t.Deadline.UTC().Format(time.RFC3339)
		}
		a.send(encode(TypeTask, string(t.ID), frame))
	}
	if err != nil && a.ctx.Err() == nil {
		a.h.c.Logger.WarnContext(ctx, "tasks not handed out", slog.String("agent_id", string(a.link.Agent)), slog.Any("err", err))
	}
}

// Wake makes the agent's connection, if this process has it, look for work and
// whether it still counts.
func (h *Hub) Wake(id domain.AgentID) {
	if a := h.links.get(id); a != nil {
		a.nudge()
	}
}

// TaskCancelled tells an agent that a task of its own was cancelled.
func (h *Hub) TaskCancelled(t *domain.Task) {
	a := h.links.get(t.AgentID)
	if a == nil {
		return
	}
	data, err := json.Marshal(map[string]any{"task_id": t.ID, "agent_id": t.AgentID, "status": domain.StateCancelled})
	if err != nil {
		return // it has no value that could fail
	}
	a.send(encode(TypeEvent, "", domain.Event{Topic: "task.cancelled", Tenant: t.Tenant, Object: string(t.ID), Data: data, At: h.c.Now().UTC()}))
	a.nudge() // it has room for another one
}

// beat gives the signs of life of all agents that are connected here, and ends
// connections that do not count any more.
func (h *Hub) beat(ctx context.Context) {
	list := h.links.list()
	if len(list) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	held, err := h.c.Agents.Beat(ctx)
	if err != nil {
		h.c.Logger.WarnContext(ctx, "signs of life not stored", slog.Any("err", err))
		return
	}
	for _, a := range list {
		if held[a.link.Agent] != a.link.ID {
			a.nudge() // it looks itself: it may be newer than the answer
		}
	}
}

// poll finds tasks that no news announced.
func (h *Hub) poll(ctx context.Context) {
	list := h.links.list()
	ids := make([]domain.AgentID, len(list))
	for i, a := range list {
		ids[i] = a.link.Agent
	}
	if len(ids) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	wanted, err := h.c.Agents.Wanted(ctx, ids)
	if err != nil {
		h.c.Logger.WarnContext(ctx, "waiting tasks not looked for", slog.Any("err", err))
		return
	}
	for _, id := range wanted {
		h.Wake(id)
	}
}
