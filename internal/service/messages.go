package service

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"empire/internal/domain"
	"empire/internal/sqltx"
)

type messageStore interface {
	Insert(ctx context.Context, list []domain.MessageRecord, most int) (full []bool, err error)
	Log(ctx context.Context, list []domain.MessageRecord) error
	Next(ctx context.Context, agent domain.AgentID, after domain.MailCursor, of []domain.Priority, without []domain.AgentID) ([]domain.MessageRecord, error)
	Handle(ctx context.Context, ids []string, at time.Time) error
	Bury(ctx context.Context, ids []string, at time.Time) ([]domain.MessageRecord, error)
	Attempt(ctx context.Context, id string) error
	Expired(ctx context.Context, until time.Time, limit int) ([]string, error)
	Queued(ctx context.Context, agent domain.AgentID, limit int) ([]string, error)
	List(ctx context.Context, f domain.MessageFilter, w domain.Window) ([]domain.MessageRecord, int, error)
	Sweep(ctx context.Context, before time.Time, limit int) (int, error)
}

type mailboxStore interface {
	Claim(ctx context.Context, agent domain.AgentID, holder string, now, until time.Time) (bool, error)
	Renew(ctx context.Context, holder string, until time.Time) ([]domain.AgentID, error)
	Release(ctx context.Context, holder string, agent domain.AgentID) error
	Waiting(ctx context.Context) ([]domain.AgentID, error)
}

// directory knows which agents there are.
type directory interface {
	// Resolve returns the id of the agent that id or an alias names, and whether there
	// is one that whoever acts in ctx may write to.
	Resolve(ctx context.Context, id domain.AgentID) (domain.AgentID, bool)
}

// messageBus carries messages between processes. All of it may be missed but the
// answers to requests.
type messageBus interface {
	Publish(ctx context.Context, subject string, v any) error
	Subscribe(subject string, fn func(subject string, data []byte)) (unsubscribe func(), err error)
	Respond(subject, queue string, fn func(data []byte, header map[string]string, answer func([]byte) error)) (stop func(), err error)
	Inbox(fn func(id string, answer []byte)) (address string, close func(), err error)
	Request(ctx context.Context, subject, address, id string, data []byte, header map[string]string) error
	Connected() bool
}

// Recipient takes what is sent to an agent that this process hosts.
type Recipient interface {
	// Deliver handles one message. Calls come one at a time. Nil means that the message
	// was handled; a CodeInvalid error that it never can be; any other error that it
	// should come again later. It may come again after nil, too, if this process dies.
	Deliver(ctx context.Context, m domain.Message) error
	// Serve answers a request. Calls come at any time and side by side; ctx ends when
	// nobody waits for the answer any more.
	Serve(ctx context.Context, r domain.ServiceRequest) (json.RawMessage, error)
}

// MessagesConfig is what Messages needs. Zero values of the limits mean the usual
// ones.
type MessagesConfig struct {
	Tx      transactor
	Store   messageStore
	Boxes   mailboxStore
	Letters deadLetterStore
	Agents  directory
	Deleted func(ctx context.Context, id domain.AgentID) bool // whether there was such an agent once; nil: never
	Bus     messageBus                                        // nil: messages are found by looking, requests stay in the process
	Holder  string                                            // names this process among all that share the database

	Max      int           // messages of one mailbox: 10,000
	Attempts int           // deliveries of one message: 5
	Pause    time.Duration // after the first failed delivery, then twice as long each time, up to 30 s: 500 ms
	Lease    time.Duration // how long a mailbox belongs to a process that died: 10 s
	Poll     time.Duration // between two looks for messages that nobody told of: 1 s
	Sweep    time.Duration // between two looks for messages that nobody reads: 5 s
	Keep     time.Duration // how long ended messages stay in the log: 168 h

	Touch func(ctx context.Context, id domain.AgentID, at time.Time) error // an agent was active; may be nil
	Emit  func(ctx context.Context, ev domain.Event)                       // may be nil
	Count func(event string)                                               // counts what happened, for metrics; may be nil
	Now   func() time.Time
	Log   *slog.Logger
}

// Messages carries messages to the mailboxes of agents, and requests to agents that
// somebody hosts.
//
//	Send ─▶ writer ─▶ rows ─▶ pump ─▶ Recipient.Deliver ─▶ writer ─▶ handled
//	          └─▶ bus: empire.agent.<id>.mail   wakes the pump, wherever it is
//
//	Request ─▶ bus: empire.agent.<id>.request ─▶ Recipient.Serve ─▶ inbox of the asker
//
// A message is accepted when its row is committed. The process that holds the lease
// of a mailbox delivers its messages: those of high priority first, but one normal
// in ten, each sender's in their order. Nothing but the rows is needed for that; the
// bus only makes it fast.
type Messages struct {
	cfg MessagesConfig

	sends *batch[domain.MessageRecord]
	acks  *batch[string]
	notes *notes
	calls *calls

	mu     sync.Mutex
	hosts  map[domain.AgentID]*host
	open   map[string]openRequest // requests that agents of this process serve now, by id
	active map[domain.AgentID]time.Time

	running bool
	quit    context.CancelFunc
	group   sync.WaitGroup
}

// NewMessages returns the service. Without Start it stores messages and delivers
// none.
func NewMessages(cfg MessagesConfig) *Messages {
	orDefault(&cfg.Max, domain.DefaultMailboxSize)
	orDefault(&cfg.Attempts, 5)
	orDefault(&cfg.Pause, 500*time.Millisecond)
	orDefault(&cfg.Lease, 10*time.Second)
	orDefault(&cfg.Poll, time.Second)
	orDefault(&cfg.Sweep, 5*time.Second)
	orDefault(&cfg.Keep, 168*time.Hour)
	if cfg.Count == nil {
		cfg.Count = func(string) {}
	}
	s := &Messages{cfg: cfg, hosts: map[domain.AgentID]*host{}, open: map[string]openRequest{}, active: map[domain.AgentID]time.Time{}}
	s.sends, s.acks = newBatch(s.commitSends), newBatch(s.commitAcks)
	s.notes = newNotes(s)
	s.calls = newCalls()
	return s
}

func orDefault[T int | time.Duration](v *T, usual T) {
	if *v <= 0 {
		*v = usual
	}
}

// Send puts a message into the mailbox of its recipient, in the transaction of ctx
// if there is one, and returns it as it was stored. It fills id, timestamp, ttl (five
// minutes) and priority. To may be an alias; From is whoever the caller says.
//
// What cannot be delivered becomes a dead letter, and an error: CodeAgentNotFound
// for an unknown recipient, CodeInvalid for a ttl that is over. A full mailbox is
// CodeRateLimited.
func (s *Messages) Send(ctx context.Context, m domain.Message) (*domain.Message, error) {
	return s.send(ctx, m, 0, true)
}

// send is Send of a message that waits for ttl, if that is not zero; with letter what
// cannot be delivered becomes a dead letter.
func (s *Messages) send(ctx context.Context, m domain.Message, ttl time.Duration, letter bool) (*domain.Message, error) {
	now := s.cfg.Now().UTC().Truncate(time.Microsecond)
	if ttl > 0 {
		m.TTL = now.Add(ttl)
	}
	if err := s.complete(&m, now); err != nil {
		return nil, err
	}
	r := s.record(ctx, m)
	if err := s.deliverable(ctx, &r, now); err != nil {
		if !letter {
			return nil, err.error
		}
		return nil, s.refuse(ctx, r, err)
	}
	if err := s.store(ctx, r); err != nil {
		return nil, err
	}
	return &r.Message, nil
}

// complete fills what the sender left out and checks the rest.
func (s *Messages) complete(m *domain.Message, now time.Time) error {
	m.Timestamp = now
	if m.ID == "" {
		m.ID = domain.NewUUID()
	}
	if m.Priority == "" {
		m.Priority = domain.PriorityNormal
	}
	if m.TTL.IsZero() {
		m.TTL = now.Add(domain.MessageTTL)
	}
	m.TTL = m.TTL.UTC().Truncate(time.Microsecond)
	switch {
	case !domain.ValidUUID(m.ID):
		return domain.Invalid("id", "A message's id is a UUID in lower case.")
	case m.From == "":
		return domain.Invalid("from", "A message needs a sender.")
	case m.To == "":
		return domain.Invalid("to", "A message needs a recipient.")
	case m.Priority != domain.PriorityNormal && m.Priority != domain.PriorityHigh:
		return domain.Invalid("priority", "Priority %.40q is not one of normal and high.", string(m.Priority))
	case len(m.Message) > domain.MaxMessageBytes:
		return &domain.Error{Code: domain.CodeTooLarge, Field: "message", Message: fmt.Sprintf("A message has at most %d bytes.", domain.MaxMessageBytes)}
	case !json.Valid(m.Message) || !utf8.Valid(m.Message):
		return domain.Invalid("message", "A message is a JSON value.")
	case m.TTL.Sub(now) > domain.MaxMessageTTL:
		return domain.Invalid("ttl", "A message waits at most %d days.", domain.MaxMessageTTL/(24*time.Hour))
	}
	return nil
}

// record completes a message with the work on whose behalf it is sent.
func (s *Messages) record(ctx context.Context, m domain.Message) domain.MessageRecord {
	r := domain.MessageRecord{Message: m, Tenant: scope(ctx).OrDefault(), Kind: domain.KindMessage, State: domain.MessageQueued}
	if work, ok := domain.ScopeFrom(ctx); ok {
		r.RunID, r.StepID, r.TaskID = work.RunID, work.StepID, work.TaskID
		if work.Tenant != "" {
			r.Tenant = work.Tenant
		}
	}
	return r
}

// undeliverable is why a message becomes a dead letter.
type undeliverable struct {
	reason string
	error  *domain.Error
}

// deliverable checks that somebody may still get the message, and puts the id of the
// agent in place of an alias.
func (s *Messages) deliverable(ctx context.Context, r *domain.MessageRecord, now time.Time) *undeliverable {
	id, ok := s.resolve(ctx, r.To)
	switch {
	case !ok && s.cfg.Deleted != nil && s.cfg.Deleted(ctx, r.To):
		return &undeliverable{domain.DeadAgentDeleted, domain.Errorf(domain.CodeAgentNotFound, "Agent %q was deleted.", string(r.To))}
	case !ok:
		return &undeliverable{domain.DeadAgentNotFound, agentNotFound(r.To)}
	case !now.Before(r.TTL):
		return &undeliverable{domain.DeadExpired, domain.Invalid("ttl", "The message's time is over already.")}
	}
	r.To = id
	return nil
}

func agentNotFound(id domain.AgentID) *domain.Error {
	return &domain.Error{Code: domain.CodeAgentNotFound, Field: "to", Message: fmt.Sprintf("Agent %.110q does not exist.", string(id))}
}

// resolve refuses what cannot be part of a subject on the bus before it asks.
func (s *Messages) resolve(ctx context.Context, id domain.AgentID) (domain.AgentID, bool) {
	if id == "" || len(id) > 100 || strings.Trim(string(id), "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") != "" {
		return "", false
	}
	return s.cfg.Agents.Resolve(ctx, id)
}

// store commits a message, with others that come at the same time, or within the
// transaction of ctx.
func (s *Messages) store(ctx context.Context, r domain.MessageRecord) error {
	if sqltx.From(ctx) == nil && s.started() {
		return s.sends.do(ctx, r)
	}
	full, err := s.cfg.Store.Insert(ctx, []domain.MessageRecord{r}, s.cfg.Max)
	if err != nil {
		return err
	}
	if full[0] {
		return s.full(r.To)
	}
	sqltx.AfterCommit(ctx, func() { s.sent(&r) })
	return nil
}

func (s *Messages) full(agent domain.AgentID) error {
	s.cfg.Count("full")
	return &domain.Error{Code: domain.CodeRateLimited, Message: fmt.Sprintf("The mailbox of agent %s is full.", agent), RetryAfter: time.Second}
}

// commitSends stores messages in one transaction; if that fails, each in its own.
func (s *Messages) commitSends(ctx context.Context, list []domain.MessageRecord) []error {
	errs := make([]error, len(list))
	full, err := s.cfg.Store.Insert(ctx, list, s.cfg.Max)
	switch {
	case err == nil:
		for i := range list {
			if full[i] {
				errs[i] = s.full(list[i].To)
			} else {
				s.sent(&list[i])
			}
		}
	case len(list) == 1 || domain.CodeOf(err) == domain.CodeUnavailable:
		for i := range errs {
			errs[i] = err
		}
	default:
		for i := range list {
			errs[i] = s.commitSends(ctx, list[i:i+1])[0]
		}
	}
	return errs
}

// sent tells of a committed message: the pump here, and those elsewhere.
func (s *Messages) sent(r *domain.MessageRecord) {
	s.cfg.Count("sent")
	if h := s.host(r.To); h != nil {
		h.wake()
	}
	s.notes.publish(mailSubject(r.To), r.Message)
	s.event("sent", r)
}

func mailSubject(id domain.AgentID) string    { return "empire.agent." + string(id) + ".mail" }
func requestSubject(id domain.AgentID) string { return "empire.agent." + string(id) + ".request" }

func (s *Messages) host(id domain.AgentID) *host {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hosts[id]
}

func (s *Messages) allHosts() []*host {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]*host, 0, len(s.hosts))
	for _, h := range s.hosts {
		out = append(out, h)
	}
	slices.SortFunc(out, func(a, b *host) int { return strings.Compare(string(a.agent), string(b.agent)) })
	return out
}

func (s *Messages) started() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running
}
