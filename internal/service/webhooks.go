package service

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"sync"
	"time"

	"empire/internal/domain"
)

// JobWebhook is the kind of job that processes one event of a webhook.
const JobWebhook = "webhook.process"

const (
	// webhookAttempts is how often a failing handler is tried; with the queue's pauses
	// that takes about ten minutes.
	webhookAttempts = 10
	// maxWebhookEvents bounds one delivery.
	maxWebhookEvents = 5000
	// webhookBodies is how long bodies are kept: they hold addresses of people.
	webhookBodies = 90 * 24 * time.Hour
	// Of deliveries that nobody with the key made, little is kept: anybody can send
	// them.
	maxRejected      = 100      // for a provider
	maxRejectedBody  = 64 << 10 // bytes
	rejectedInMinute = 10       // for a provider and process
)

// WebhookHandler acts on one event. It runs in the transaction that marks the event
// as processed, so that all of its writes happen once; what must leave the machine
// it enqueues as a job. It may meet an event again that a person has forced, and
// must tolerate that.
type WebhookHandler func(ctx context.Context, e *domain.WebhookEvent, d *domain.WebhookDelivery) error

type webhookStore interface {
	Insert(ctx context.Context, d *domain.WebhookDelivery, events []domain.WebhookEvent) ([]domain.WebhookEvent, error)
	Get(ctx context.Context, id domain.WebhookEventID) (*domain.WebhookEvent, error)
	Delivery(ctx context.Context, id domain.WebhookDeliveryID) (*domain.WebhookDelivery, error)
	List(ctx context.Context, f domain.WebhookFilter, w domain.Window) ([]domain.WebhookEvent, int, error)
	Finish(ctx context.Context, id domain.WebhookEventID, state domain.WebhookState, at time.Time) (bool, error)
	Fail(ctx context.Context, id domain.WebhookEventID, message string, last int) error
	Requeue(ctx context.Context, id domain.WebhookEventID, from domain.WebhookState) (bool, error)
	Trim(ctx context.Context, provider string, keep int) error
	Sweep(ctx context.Context, before time.Time) (int, error)
}

// WebhooksConfig is what Webhooks needs.
type WebhooksConfig struct {
	Tx      transactor
	Store   webhookStore
	Enqueue func(ctx context.Context, kind string, args any, at time.Time) error
	Audit   auditStore
	// Handlers act on events, by "provider/type". What has none is ignored. Tests of
	// the connection, digistore24/connection_test and n8n/ping, are noted in the audit
	// log unless they have another handler.
	Handlers map[string]WebhookHandler
	Now      func() time.Time
}

// Webhooks stores what providers tell, and processes each event once.
type Webhooks struct {
	cfg      WebhooksConfig
	handlers map[string]WebhookHandler
	journal  journal

	mu       sync.Mutex
	minute   time.Time      // of rejected
	rejected map[string]int // kept in that minute, by provider
}

// NewWebhooks returns the service.
func NewWebhooks(cfg WebhooksConfig) *Webhooks {
	s := &Webhooks{cfg: cfg, journal: journal{cfg.Audit, cfg.Now}, rejected: map[string]int{}}
	s.handlers = map[string]WebhookHandler{"digistore24/connection_test": s.noteReceipt, "n8n/ping": s.noteReceipt}
	maps.Copy(s.handlers, cfg.Handlers)
	return s
}

// noteReceipt shows that a connection works.
func (s *Webhooks) noteReceipt(ctx context.Context, e *domain.WebhookEvent, _ *domain.WebhookDelivery) error {
	return s.journal.record(ctx, "webhook.received", string(e.ID), e.Provider+" "+e.Type)
}

func (s *Webhooks) handler(e *domain.WebhookEvent) WebhookHandler {
	return s.handlers[e.Provider+"/"+e.Type]
}

type webhookArgs struct {
	EventID domain.WebhookEventID `json:"event_id"`
}

// Receive stores an authentic delivery with its events and the jobs that will process
// them, all or nothing. Events that are known have no further effect. A delivery
// whose events cannot be named is CodeMalformed, and one that reuses the nonce of
// another is CodeUnauthenticated: give both to Refuse.
func (s *Webhooks) Receive(ctx context.Context, d *domain.WebhookDelivery, notices []domain.WebhookNotice) (domain.WebhookReceipt, error) {
	var receipt domain.WebhookReceipt
	if len(notices) > maxWebhookEvents {
		return receipt, domain.Unreadable("A delivery holds at most %d events, not %d.", maxWebhookEvents, len(notices))
	}
	events := make([]domain.WebhookEvent, len(notices))
	for i := range notices {
		n := &notices[i]
		if err := n.Validate(); err != nil {
			return receipt, err
		}
		events[i] = newWebhookEvent(d, n.EventID, n.Type, domain.WebhookStored)
		events[i].Position = i
		if !n.At.IsZero() {
			at := n.At.UTC()
			events[i].OccurredAt = &at
		}
		if s.handler(&events[i]) == nil {
			events[i].State, events[i].ProcessedAt = domain.WebhookIgnored, &d.ReceivedAt
		}
		d.Nonce = n.Nonce
	}
	seal(d)
	err := s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		added, err := s.cfg.Store.Insert(ctx, d, events)
		if err != nil {
			return err
		}
		receipt = domain.WebhookReceipt{Received: len(events), New: len(added)}
		for _, e := range added {
			if e.State != domain.WebhookStored {
				continue
			}
			if err := s.cfg.Enqueue(ctx, JobWebhook, webhookArgs{e.ID}, d.ReceivedAt); err != nil {
				return err
			}
		}
		return nil
	})
	return receipt, err
}

func newWebhookEvent(d *domain.WebhookDelivery, eventID, kind string, state domain.WebhookState) domain.WebhookEvent {
	return domain.WebhookEvent{
		ID: domain.WebhookEventID(domain.NewID("hook")), Provider: d.Provider, EventID: eventID, Type: kind, State: state, ReceivedAt: d.ReceivedAt,
	}
}

// seal gives a delivery its identity.
func seal(d *domain.WebhookDelivery) {
	sum := sha256.Sum256(d.Body)
	d.ID, d.SHA256, d.Size = domain.WebhookDeliveryID(domain.NewID("dlv")), hex.EncodeToString(sum[:]), len(d.Body)
}

// Refuse keeps a delivery that was not taken, with the reason, so that a person can
// see what is wrong with the set-up: an authentic one always, each content once;
// a forged one within narrow limits.
func (s *Webhooks) Refuse(ctx context.Context, d *domain.WebhookDelivery, cause error) error {
	state := domain.WebhookFailed
	if domain.CodeOf(cause) == domain.CodeUnauthenticated {
		if state = domain.WebhookRejected; !s.mayKeep(d.Provider) {
			return nil
		}
	}
	d.Nonce = "" // a forgery must not use up what belongs to the real delivery
	seal(d)
	if state == domain.WebhookRejected && len(d.Body) > maxRejectedBody {
		d.Body = d.Body[:maxRejectedBody]
	}
	// No provider's id begins like this unless it means to, and then only its own
	// events are concerned.
	e := newWebhookEvent(d, string(state)+":"+d.SHA256, domain.WebhookUnreadable, state)
	e.Attempts, e.Error = 1, domain.MessageOf(cause)
	return s.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		if _, err := s.cfg.Store.Insert(ctx, d, []domain.WebhookEvent{e}); err != nil || state == domain.WebhookFailed {
			return err
		}
		return s.cfg.Store.Trim(ctx, d.Provider, maxRejected)
	})
}

// mayKeep counts rejected deliveries: nobody without the key can make this process
// write more than a little.
func (s *Webhooks) mayKeep(provider string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := s.cfg.Now().Truncate(time.Minute); !now.Equal(s.minute) {
		s.minute = now
		clear(s.rejected)
	}
	s.rejected[provider]++
	return s.rejected[provider] <= rejectedInMinute
}
