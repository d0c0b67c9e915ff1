package service

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"empire/internal/domain"
)

const (
	pumpUnacked   = 64 // delivered messages whose end is not committed yet
	highInARow    = 9  // then a normal message has its turn
	longestPause  = 30 * time.Second
	deliverLimit  = 5 * time.Minute
	storeLimit    = 15 * time.Second
	storePause    = 500 * time.Millisecond // after an error of the database
	servesAtATime = 256                    // of one agent in this process
)

// host is an agent that this process hosts. Its pump delivers messages while the
// process holds the lease of the mailbox.
type host struct {
	s     *Messages
	agent domain.AgentID
	box   Recipient

	woken   chan struct{}
	unacked chan struct{} // one token for each delivered message whose end is not committed
	cancel  context.CancelFunc
	done    chan struct{}
	serving atomic.Int64

	listening sync.Mutex // over what takes as long as the bus
	ends      []func()   // of subscriptions
	gone      bool

	mu    sync.Mutex
	until time.Time // the lease holds, by the clock of this process

	pile // what the pump has in memory; only the pump touches it
}

// pile is the part of a mailbox that is in memory. The rows are the truth: whatever
// is in doubt, the pile is dropped and read again.
type pile struct {
	high, normal         []domain.MessageRecord
	moreHigh, moreNormal bool // there may be more rows
	after                domain.MailCursor
	inARow               int // high messages since the last normal one
	held                 map[domain.AgentID]*heldMessage
}

// heldMessage is the first message of a sender that could not be delivered. What the
// sender sent later waits in the rows.
type heldMessage struct {
	m  domain.MessageRecord
	at time.Time // of the next attempt, by the clock of this process
}

// Attach makes this process host an agent: its requests are served here, and its
// messages delivered here as long as no other process does. detach ends that; it
// waits for a Deliver that is under way, whose context ends, and must not be called
// from within it. An agent that is attached here already is CodeConflict.
func (s *Messages) Attach(agent domain.AgentID, box Recipient) (detach func(), err error) {
	ctx, cancel := context.WithCancel(context.Background())
	h := &host{
		s: s, agent: agent, box: box, woken: make(chan struct{}, 1), unacked: make(chan struct{}, pumpUnacked), cancel: cancel, done: make(chan struct{}),
		pile: pile{held: map[domain.AgentID]*heldMessage{}},
	}
	if err := s.addHost(h); err != nil {
		cancel()
		return nil, err
	}
	if err := h.listen(); err != nil { // tried again while the agent is attached
		s.cfg.Log.WarnContext(ctx, "agent not on the bus", slog.String("agent_id", string(agent)), slog.Any("err", err))
	}
	h.claim(ctx)
	go h.run(ctx)
	h.wake() // what waits already
	return sync.OnceFunc(h.detach), nil
}

func (s *Messages) addHost(h *host) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.running {
		return domain.Errorf(domain.CodeUnavailable, "Messages are not delivered by this process.")
	}
	if s.hosts[h.agent] != nil {
		return domain.Errorf(domain.CodeConflict, "Agent %s is attached already.", h.agent)
	}
	s.hosts[h.agent] = h
	return nil
}

func (s *Messages) removeHost(h *host) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hosts[h.agent] == h {
		delete(s.hosts, h.agent)
	}
}

// listen subscribes to what is said to the agent, unless that is done or the bus is
// down.
func (h *host) listen() error {
	h.listening.Lock()
	defer h.listening.Unlock()
	bus := h.s.cfg.Bus
	if bus == nil || len(h.ends) > 0 || h.gone || !bus.Connected() {
		return nil
	}
	mail, err := bus.Subscribe(mailSubject(h.agent), func(string, []byte) { h.wake() })
	if err != nil {
		return err
	}
	requests, err := bus.Respond(requestSubject(h.agent), "empire", func(data []byte, header map[string]string, answer func([]byte) error) {
		h.asked(slices.Clone(data), header, answer)
	})
	if err != nil {
		mail()
		return err
	}
	h.ends = []func(){mail, requests}
	return nil
}

// deafen ends the subscriptions for good.
func (h *host) deafen() {
	h.listening.Lock()
	defer h.listening.Unlock()
	for _, end := range h.ends {
		end()
	}
	h.ends, h.gone = nil, true
}

func (h *host) detach() {
	h.s.removeHost(h)
	h.deafen()
	h.cancel()
	<-h.done
	ctx, cancel := context.WithTimeout(context.Background(), storeLimit)
	defer cancel()
	h.drain(ctx) // the next holder must not deliver again what was handled here
	if err := h.s.cfg.Boxes.Release(ctx, h.s.cfg.Holder, h.agent); err != nil {
		h.s.cfg.Log.WarnContext(ctx, "mailbox not released", slog.String("agent_id", string(h.agent)), slog.Any("err", err))
	}
}

// wake makes the pump look at the rows.
func (h *host) wake() {
	select {
	case h.woken <- struct{}{}:
	default: // it will
	}
}

func (h *host) holds() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return time.Now().Before(h.until)
}

// setLease notes until when the lease holds, and wakes the pump if there was none.
func (h *host) setLease(until time.Time) {
	h.mu.Lock()
	fresh := !time.Now().Before(h.until)
	h.until = until
	h.mu.Unlock()
	if fresh {
		h.wake()
	}
}

// claim asks for the lease of the mailbox.
func (h *host) claim(ctx context.Context) {
	now := time.Now()
	until := now.Add(h.s.cfg.Lease)
	ok, err := h.s.cfg.Boxes.Claim(ctx, h.agent, h.s.cfg.Holder, now, until)
	if err != nil {
		if ctx.Err() == nil {
			h.s.cfg.Log.WarnContext(ctx, "mailbox not claimed", slog.String("agent_id", string(h.agent)), slog.Any("err", err))
		}
		return
	}
	if ok {
		h.setLease(until)
	}
}

func (h *host) run(ctx context.Context) {
	defer close(h.done)
	for ctx.Err() == nil {
		if !h.holds() {
			h.drop()
			h.sleep(ctx)
			continue
		}
		if err := h.fill(ctx); err != nil {
			if ctx.Err() == nil {
				h.s.cfg.Log.WarnContext(ctx, "mailbox not read", slog.String("agent_id", string(h.agent)), slog.Any("err", err))
				h.rest(ctx, storePause)
				h.wake()
			}
			continue
		}
		m, again := h.pick()
		if m == nil {
			h.sleep(ctx)
			continue
		}
		h.deliver(ctx, m, again)
	}
}

// fill reads rows if somebody said that there are new ones, or if there were more
// than fitted.
func (h *host) fill(ctx context.Context) error {
	woken := false
	select {
	case <-h.woken:
		woken = true
	default:
	}
	if !woken && !(h.moreHigh && len(h.high) == 0) && !(h.moreNormal && len(h.normal) == 0) {
		return nil
	}
	var of []domain.Priority
	if len(h.high) < domain.MailPage {
		of = append(of, domain.PriorityHigh)
	}
	if len(h.normal) < domain.MailPage {
		of = append(of, domain.PriorityNormal)
	}
	h.moreHigh, h.moreNormal = len(h.high) >= domain.MailPage, len(h.normal) >= domain.MailPage
	if len(of) == 0 {
		return nil
	}
	list, err := h.s.cfg.Store.Next(ctx, h.agent, h.after, of, sortedAgents(h.held))
	if err != nil {
		return err
	}
	high := 0
	for _, m := range list {
		if m.Priority == domain.PriorityHigh {
			high++
			h.high, h.after.High = append(h.high, m), m.Seq
		} else {
			h.normal, h.after.Normal = append(h.normal, m), m.Seq
		}
	}
	h.moreHigh, h.moreNormal = h.moreHigh || high == domain.MailPage, h.moreNormal || len(list)-high == domain.MailPage
	return nil
}

// pick takes the next message, and whether it was held back before.
func (h *host) pick() (m *domain.MessageRecord, again bool) {
	now := time.Now()
	for _, held := range h.held {
		if !now.Before(held.at) {
			return &held.m, true
		}
	}
	from := &h.high
	if len(h.high) == 0 || len(h.normal) > 0 && h.inARow >= highInARow {
		from, h.inARow = &h.normal, 0
	} else {
		h.inARow++
	}
	if len(*from) == 0 {
		return nil, false
	}
	m = &(*from)[0]
	*from = (*from)[1:]
	return m, false
}

// drop forgets what is in memory, because another process may deliver it.
func (h *host) drop() {
	h.pile = pile{held: map[domain.AgentID]*heldMessage{}}
}

// drain waits until the ends of all delivered messages are committed.
func (h *host) drain(ctx context.Context) {
	n := 0
	for ; n < pumpUnacked; n++ {
		select {
		case h.unacked <- struct{}{}:
			continue
		case <-ctx.Done():
		}
		break
	}
	for range n {
		<-h.unacked
	}
}

// sleep waits until somebody says that there is something, or a pause is over.
func (h *host) sleep(ctx context.Context) {
	pause := time.Hour
	for _, held := range h.held {
		pause = min(pause, time.Until(held.at))
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-h.woken:
		if h.holds() { // else whoever brings the lease wakes again
			h.wake() // fill takes it
		}
	}
}

// rest waits for a time.
func (h *host) rest(ctx context.Context, pause time.Duration) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// serve answers a request within the limits of one agent.
func (h *host) serve(ctx context.Context, r domain.ServiceRequest) (answer json.RawMessage, err error) {
	if h.serving.Add(1) > servesAtATime {
		h.serving.Add(-1)
		return nil, &domain.Error{Code: domain.CodeRateLimited, Message: fmt.Sprintf("Agent %s serves too many requests.", h.agent), RetryAfter: time.Second}
	}
	defer h.serving.Add(-1)
	defer func() {
		if v := recover(); v != nil {
			h.s.cfg.Log.ErrorContext(ctx, "recipient panicked", slog.String("agent_id", string(h.agent)), slog.String("request_id", r.ID),
				slog.Any("panic", v), slog.String("stack", string(debug.Stack())))
			err = fmt.Errorf("recipient panicked: %v", v)
		}
	}()
	return h.box.Serve(ctx, r)
}
