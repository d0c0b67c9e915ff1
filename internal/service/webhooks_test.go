package service_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/service"
	"empire/internal/store"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// hooks is a service of webhooks over a real store. The test works the jobs itself.
type hooks struct {
	*service.Webhooks
	st *store.Store

	mu       sync.Mutex
	jobs     []json.RawMessage
	queueErr error
	now      time.Time
	act      func(ctx context.Context, e *domain.WebhookEvent) error // the handler of mail/bounce
	die      bool                                                    // transactions end as if the process died
}

// InTx implements the service's transactor.
func (h *hooks) InTx(ctx context.Context, fn func(ctx context.Context) error) error {
	return h.st.InTx(ctx, func(ctx context.Context) error {
		err := fn(ctx)
		if err == nil && h.die {
			return errDied
		}
		return err
	})
}

var errDied = errors.New("killed before the commit")

func newHooks(st *store.Store) *hooks {
	h := &hooks{st: st, now: noon}
	h.act = h.count
	h.Webhooks = service.NewWebhooks(service.WebhooksConfig{
		Tx: h, Store: st.Webhooks, Audit: st.Audit, Now: func() time.Time { return h.now },
		Handlers: map[string]service.WebhookHandler{
			"mail/bounce": func(ctx context.Context, e *domain.WebhookEvent, _ *domain.WebhookDelivery) error {
				return h.act(ctx, e)
			},
		},
		Enqueue: func(_ context.Context, kind string, args any, _ time.Time) error {
			raw, err := json.Marshal(args)
			h.mu.Lock()
			defer h.mu.Unlock()
			if h.queueErr != nil {
				return h.queueErr
			}
			if kind != service.JobWebhook {
				return fmt.Errorf("job of kind %s", kind)
			}
			h.jobs = append(h.jobs, raw)
			return err
		},
	})
	return h
}

// count is an effect in the database: the number of times that an event acted.
func (h *hooks) count(ctx context.Context, e *domain.WebhookEvent) error {
	key := "effects of " + e.EventID
	held, _, err := h.st.Meta.Get(ctx, key)
	if err != nil {
		return err
	}
	return h.st.Meta.Set(ctx, key, held+"x")
}

func (h *hooks) effects(t *testing.T, eventID string) int {
	t.Helper()
	held, _, err := h.st.Meta.Get(t.Context(), "effects of "+eventID)
	if err != nil {
		t.Fatal(err)
	}
	return len(held)
}

func mail(body string) *domain.WebhookDelivery {
	return &domain.WebhookDelivery{Provider: "mail", Method: "POST", Body: []byte(body), ReceivedAt: noon}
}

func bounces(ids ...string) []domain.WebhookNotice {
	var out []domain.WebhookNotice
	for _, id := range ids {
		out = append(out, domain.WebhookNotice{EventID: id, Type: "bounce"})
	}
	return out
}

func (h *hooks) receive(t *testing.T, body string, notices []domain.WebhookNotice, wantNew int) {
	t.Helper()
	got, err := h.Receive(t.Context(), mail(body), notices)
	if want := (domain.WebhookReceipt{Received: len(notices), New: wantNew}); err != nil || got != want {
		t.Fatalf("receipt = %+v, %v, want %+v", got, err, want)
	}
}

// events returns all events, the oldest first.
func (h *hooks) events(t *testing.T) []domain.WebhookEvent {
	t.Helper()
	list, _, err := h.List(asAda(t.Context()), domain.WebhookFilter{}, domain.Window{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for i, j := 0, len(list)-1; i < j; i, j = i+1, j-1 {
		list[i], list[j] = list[j], list[i]
	}
	return list
}

// one returns the only event, which must be in a state after some attempts.
func (h *hooks) one(t *testing.T, want domain.WebhookState, attempts int) domain.WebhookEvent {
	t.Helper()
	list := h.events(t)
	if len(list) != 1 || list[0].State != want || list[0].Attempts != attempts {
		t.Fatalf("events = %+v, want one that is %s after %d attempts", list, want, attempts)
	}
	return list[0]
}

// TestWebhooksTakeEffectOnce: fifty deliveries of one event at once, and its job run
// by several workers, are one effect.
func TestWebhooksTakeEffectOnce(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		h := newHooks(st)
		fresh := 0
		var mu sync.Mutex
		var wg sync.WaitGroup
		for i := range 50 {
			wg.Go(func() {
				got, err := h.Receive(t.Context(), mail(fmt.Sprint(i)), bounces("ev1"))
				if err != nil || got.Received != 1 {
					t.Errorf("delivery %d: %+v, %v", i, got, err)
				}
				mu.Lock()
				defer mu.Unlock()
				fresh += got.New
			})
		}
		wg.Wait()
		if fresh != 1 || len(h.jobs) != 1 {
			t.Fatalf("%d new events and %d jobs, want 1 and 1", fresh, len(h.jobs))
		}
		for range 8 {
			wg.Go(func() {
				if err := h.Work(t.Context(), h.jobs[0]); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if e := h.one(t, domain.WebhookProcessed, 1); h.effects(t, "ev1") != 1 || e.ProcessedAt == nil {
			t.Errorf("%d effects, event %+v, want one", h.effects(t, "ev1"), e)
		}
	})
}

// TestWebhooksSurviveTheirProcess: killed before a commit there is nothing, or the
// event without its effect; the repetition makes it whole, once.
func TestWebhooksSurviveTheirProcess(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		h := newHooks(st)
		h.queueErr = domain.Errorf(domain.CodeUnavailable, "Down.")
		if _, err := h.Receive(t.Context(), mail("x"), bounces("ev1")); domain.CodeOf(err) != domain.CodeUnavailable {
			t.Errorf("without its job: %v, want %s", err, domain.CodeUnavailable)
		}
		h.queueErr, h.die = nil, true
		if _, err := h.Receive(t.Context(), mail("x"), bounces("ev1")); !errors.Is(err, errDied) || len(h.events(t)) != 0 {
			t.Errorf("killed: %v, %d events, want none", err, len(h.events(t)))
		}
		h.die, h.jobs = false, nil
		h.receive(t, "x", bounces("ev1", "ev1"), 1)
		h.receive(t, "x", bounces("ev1"), 0) // it never got our answer
		h.die = true
		if err := h.Work(t.Context(), h.jobs[0]); !errors.Is(err, errDied) || h.effects(t, "ev1") != 0 {
			t.Errorf("killed: %v, %d effects, want none", err, h.effects(t, "ev1"))
		}
		h.die = false
		for range 2 {
			if err := h.Work(t.Context(), h.jobs[0]); err != nil {
				t.Fatal(err)
			}
		}
		if len(h.jobs) != 1 || h.effects(t, "ev1") != 1 {
			t.Errorf("%d jobs, %d effects, want one", len(h.jobs), h.effects(t, "ev1"))
		}
		e := h.events(t)[0]
		if err := h.Work(t.Context(), json.RawMessage(`{"event_id":"hook_none"}`)); domain.CodeOf(err) != domain.CodeNotFound {
			t.Errorf("unknown event: %v", err)
		}
		if err := h.Work(t.Context(), json.RawMessage(`[]`)); domain.CodeOf(err) != domain.CodeInvalid {
			t.Errorf("odd arguments: %v", err)
		}
		stopped, stop := context.WithCancel(t.Context())
		h.act = func(ctx context.Context, _ *domain.WebhookEvent) error { stop(); return ctx.Err() }
		if _, err := h.Replay(asAda(t.Context()), e.ID, true); err != nil {
			t.Fatal(err)
		}
		if err := h.Work(stopped, h.jobs[1]); err == nil {
			t.Error("a stopped attempt ended well")
		}
		h.one(t, domain.WebhookStored, 0) // stopped is not failed
	})
}

// TestWebhooksFailVisibly: what a failing handler wrote is gone, its attempts count,
// and after the last one a person can have it done again.
func TestWebhooksFailVisibly(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		h := newHooks(st)
		ctx := asAda(t.Context())
		h.receive(t, "x", bounces("ev1"), 1)
		var fault error
		h.act = func(ctx context.Context, e *domain.WebhookEvent) error { return errors.Join(h.count(ctx, e), fault) }
		fault = &domain.Error{Code: domain.CodeRateLimited, Message: "Later.", RetryAfter: time.Minute}
		if err := h.Work(ctx, h.jobs[0]); domain.CodeOf(err) != domain.CodeRateLimited {
			t.Errorf("limited: %v", err)
		}
		h.one(t, domain.WebhookStored, 0)
		fault = &domain.Error{Code: domain.CodeUnavailable, Message: "The list is down.", Err: errors.New("db7")}
		for attempt := 1; attempt < 10; attempt++ {
			if err := h.Work(ctx, h.jobs[0]); domain.CodeOf(err) != domain.CodeUnavailable {
				t.Fatalf("attempt %d: %v, want the queue to try again", attempt, err)
			}
			if e := h.one(t, domain.WebhookStored, attempt); e.Error != "The list is down." {
				t.Errorf("error = %q", e.Error)
			}
		}
		for range 2 { // the job of a failed event does nothing
			if err := h.Work(ctx, h.jobs[0]); err != nil {
				t.Errorf("last attempt: %v", err)
			}
		}
		e := h.one(t, domain.WebhookFailed, 10)
		fault = nil
		got, err := h.Replay(ctx, e.ID, false)
		if err != nil || got.State != domain.WebhookStored || got.Attempts != 0 || got.Error != "" || len(h.jobs) != 2 {
			t.Fatalf("replayed: %+v, %v, %d jobs", got, err, len(h.jobs))
		}
		if err := h.Work(ctx, h.jobs[1]); err != nil {
			t.Fatal(err)
		}
		if h.one(t, domain.WebhookProcessed, 1); h.effects(t, "ev1") != 1 {
			t.Errorf("%d effects, want 1", h.effects(t, "ev1"))
		}
		if _, err := h.Replay(ctx, e.ID, false); domain.CodeOf(err) != domain.CodeConflict {
			t.Errorf("replay of what was processed: %v", err)
		}
		if _, err := h.Replay(ctx, e.ID, true); err != nil {
			t.Errorf("forced: %v", err)
		}
		if _, err := h.Replay(ctx, e.ID, false); domain.CodeOf(err) != domain.CodeConflict {
			t.Errorf("replay of what waits: %v", err)
		}
		audit, total, err := st.Audit.List(ctx, domain.AuditFilter{Action: "webhook"}, domain.Window{Limit: 10})
		if err != nil || total != 2 || audit[0].Action != "webhook.replayed" || audit[0].ActorID != "user_ada" || audit[0].Before == audit[0].After {
			t.Errorf("audit = %+v of %d, %v", audit, total, err)
		}
	})
}

// TestWebhooksGiveUpAtOnce: what cannot get better is failed without another try,
// and a handler that panics counts like one that fails.
func TestWebhooksGiveUpAtOnce(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		h := newHooks(st)
		h.receive(t, "x", bounces("ev1"), 1)
		h.act = func(context.Context, *domain.WebhookEvent) error { panic("db7") }
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic did not reach the queue")
				}
			}()
			_ = h.Work(t.Context(), h.jobs[0])
		}()
		if e := h.one(t, domain.WebhookStored, 1); strings.Contains(e.Error, "db7") || e.Error == "" {
			t.Errorf("error = %q", e.Error)
		}
		h.act = func(context.Context, *domain.WebhookEvent) error {
			return domain.Invalid("order_id", "Order 5 is unknown.")
		}
		if err := h.Work(t.Context(), h.jobs[0]); err != nil {
			t.Error(err)
		}
		if e := h.one(t, domain.WebhookFailed, 2); e.Error != "Order 5 is unknown." {
			t.Errorf("error = %q", e.Error)
		}
	})
}

// TestWebhooksOfUnknownTypes are stored, not acted on, and can be once something
// acts on them.
func TestWebhooksOfUnknownTypes(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		h := newHooks(st)
		h.receive(t, "x", []domain.WebhookNotice{{EventID: "ev1", Type: "brand_new", At: noon.Add(-time.Hour)}}, 1)
		e := h.one(t, domain.WebhookIgnored, 0)
		if len(h.jobs) != 0 || e.ProcessedAt == nil || e.OccurredAt == nil || !e.OccurredAt.Equal(noon.Add(-time.Hour)) {
			t.Errorf("%d jobs, event %+v", len(h.jobs), e)
		}
		if _, err := h.Replay(asAda(t.Context()), e.ID, false); err != nil {
			t.Fatal(err)
		}
		if err := h.Work(t.Context(), h.jobs[0]); err != nil {
			t.Fatal(err)
		}
		h.one(t, domain.WebhookIgnored, 1)
	})
}

// TestWebhooksNoteConnectionTests in the audit log.
func TestWebhooksNoteConnectionTests(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		h := newHooks(st)
		d := mail("x")
		d.Provider = "n8n"
		if _, err := h.Receive(t.Context(), d, []domain.WebhookNotice{{EventID: "1", Type: "ping"}}); err != nil {
			t.Fatal(err)
		}
		if err := h.Work(t.Context(), h.jobs[0]); err != nil {
			t.Fatal(err)
		}
		e := h.one(t, domain.WebhookProcessed, 1)
		audit, _, err := st.Audit.List(t.Context(), domain.AuditFilter{}, domain.Window{Limit: 10})
		if err != nil || len(audit) != 1 || audit[0].Action != "webhook.received" || audit[0].Object != string(e.ID) || audit[0].Detail != "n8n ping" {
			t.Errorf("audit = %+v, %v", audit, err)
		}
	})
}
