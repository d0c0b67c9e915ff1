package storetest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/store"
)

func delivery(name, nonce, body string) *domain.WebhookDelivery {
	sum := sha256.Sum256([]byte(body))
	return &domain.WebhookDelivery{
		ID: domain.WebhookDeliveryID("dlv_" + name), Provider: "mailgun", Method: "POST", Header: map[string]string{"Content-Type": "application/json"},
		Body: []byte(body), SHA256: hex.EncodeToString(sum[:]), Size: len(body), Nonce: nonce, ReceivedAt: day,
	}
}

// hooks returns one stored event for each name, which is also the provider's id.
func hooks(prefix string, names ...string) []domain.WebhookEvent {
	var out []domain.WebhookEvent
	for i, n := range names {
		out = append(out, domain.WebhookEvent{
			ID: domain.WebhookEventID("hook_" + prefix + n), EventID: n, Type: "delivered", Position: i, State: domain.WebhookStored, ReceivedAt: day,
		})
	}
	return out
}

func hookIDs(events []domain.WebhookEvent) []string {
	out := []string{}
	for _, e := range events {
		out = append(out, string(e.ID))
	}
	return out
}

func testWebhooks(t *testing.T, s *store.Store) {
	ctx := t.Context()
	raw := "\x00\xff{\"a\": 1}\r\n"
	d := delivery("1", "", raw)
	events := hooks("1", "b", "a", "b")
	events[2].ID = "hook_again"
	events[1].OccurredAt, events[1].State, events[1].ProcessedAt = ptr(day.Add(-time.Hour)), domain.WebhookIgnored, ptr(day)
	wantEqual(t, hookIDs(value(s.Webhooks.Insert(ctx, d, events))(t)), []string{"hook_1b", "hook_1a"})
	wantEqual(t, value(s.Webhooks.Delivery(ctx, d.ID))(t), d)
	want := events[1]
	want.DeliveryID, want.Provider = d.ID, d.Provider
	wantEqual(t, value(s.Webhooks.Get(ctx, "hook_1a"))(t), &want)

	// Known events change nothing, and bring nothing that is kept.
	wantEqual(t, hookIDs(value(s.Webhooks.Insert(ctx, delivery("2", "", "other"), hooks("2", "a", "b")))(t)), []string{})
	_, err := s.Webhooks.Delivery(ctx, "dlv_2")
	wantCode(t, err, domain.CodeNotFound)
	// One new event keeps its delivery. The same id of another provider is another event.
	wantEqual(t, hookIDs(value(s.Webhooks.Insert(ctx, delivery("3", "", ""), hooks("3", "a", "c")))(t)), []string{"hook_3c"})
	if got := value(s.Webhooks.Delivery(ctx, "dlv_3"))(t); got.Body == nil || len(got.Body) != 0 {
		t.Errorf("empty body = %v, want kept and empty", got.Body)
	}
	other := delivery("4", "", "x")
	other.Provider = "sendgrid"
	wantEqual(t, hookIDs(value(s.Webhooks.Insert(ctx, other, hooks("4", "a")))(t)), []string{"hook_4a"})

	for _, tt := range []struct {
		filter domain.WebhookFilter
		want   []string
	}{
		{domain.WebhookFilter{}, []string{"hook_4a", "hook_3c", "hook_1b", "hook_1a"}},
		{domain.WebhookFilter{Provider: "mailgun"}, []string{"hook_3c", "hook_1b", "hook_1a"}},
		{domain.WebhookFilter{State: domain.WebhookStored}, []string{"hook_4a", "hook_3c", "hook_1b"}},
		{domain.WebhookFilter{Provider: "sendgrid", State: domain.WebhookIgnored}, []string{}},
	} {
		list, total, err := s.Webhooks.List(ctx, tt.filter, window(10, 0))
		must(t, err)
		wantEqual(t, hookIDs(list), tt.want)
		if total != len(tt.want) {
			t.Errorf("%+v: total = %d, want %d", tt.filter, total, len(tt.want))
		}
	}
	list, total, err := s.Webhooks.List(ctx, domain.WebhookFilter{}, window(2, 1))
	must(t, err)
	if wantEqual(t, hookIDs(list), []string{"hook_3c", "hook_1b"}); total != 4 {
		t.Errorf("total = %d, want 4", total)
	}
	_, err = s.Webhooks.Get(ctx, "hook_x")
	wantCode(t, err, domain.CodeNotFound)
}

// testWebhookNonce: a nonce is taken for one body only, also if its delivery brought
// nothing new.
func testWebhookNonce(t *testing.T, s *store.Store) {
	ctx := t.Context()
	wantEqual(t, hookIDs(value(s.Webhooks.Insert(ctx, delivery("1", "n1", "x"), hooks("1", "a")))(t)), []string{"hook_1a"})
	wantEqual(t, hookIDs(value(s.Webhooks.Insert(ctx, delivery("2", "n1", "x"), hooks("2", "a")))(t)), []string{})
	wantEqual(t, hookIDs(value(s.Webhooks.Insert(ctx, delivery("3", "n2", "y"), hooks("3", "a")))(t)), []string{}) // sent again, signed anew
	for _, nonce := range []string{"n1", "n2"} {
		_, err := s.Webhooks.Insert(ctx, delivery("4", nonce, "forged"), hooks("4", "z"))
		wantCode(t, err, domain.CodeUnauthenticated)
	}
	_, total, err := s.Webhooks.List(ctx, domain.WebhookFilter{}, window(10, 0))
	if must(t, err); total != 1 {
		t.Errorf("%d events, want 1", total)
	}
	other := delivery("5", "n1", "z")
	other.Provider = "sendgrid"
	wantEqual(t, hookIDs(value(s.Webhooks.Insert(ctx, other, hooks("5", "a")))(t)), []string{"hook_5a"})
}

func testWebhookStates(t *testing.T, s *store.Store) {
	ctx := t.Context()
	value(s.Webhooks.Insert(ctx, delivery("1", "", "x"), hooks("", "a", "b")))(t)
	state := func(id domain.WebhookEventID, want domain.WebhookState, attempts int, message string) {
		t.Helper()
		e := value(s.Webhooks.Get(ctx, id))(t)
		if e.State != want || e.Attempts != attempts || e.Error != message || (e.ProcessedAt != nil) != (want == domain.WebhookProcessed) {
			t.Errorf("event = %+v, want %s after %d attempts with error %q", e, want, attempts, message)
		}
	}
	must(t, s.Webhooks.Fail(ctx, "hook_a", "Down.", 2))
	state("hook_a", domain.WebhookStored, 1, "Down.")
	must(t, s.Webhooks.Fail(ctx, "hook_a", "Still down.", 2))
	state("hook_a", domain.WebhookFailed, 2, "Still down.")
	finish := func(id domain.WebhookEventID, want bool) {
		t.Helper()
		if got := value(s.Webhooks.Finish(ctx, id, domain.WebhookProcessed, day))(t); got != want {
			t.Errorf("Finish(%s) = %v, want %v", id, got, want)
		}
	}
	requeue := func(id domain.WebhookEventID, from domain.WebhookState, want bool) {
		t.Helper()
		if got := value(s.Webhooks.Requeue(ctx, id, from))(t); got != want {
			t.Errorf("Requeue(%s, %s) = %v, want %v", id, from, got, want)
		}
	}
	finish("hook_a", false)
	requeue("hook_a", domain.WebhookIgnored, false)
	requeue("hook_a", domain.WebhookFailed, true)
	state("hook_a", domain.WebhookStored, 0, "")
	finish("hook_a", true)
	state("hook_a", domain.WebhookProcessed, 1, "")
	finish("hook_a", false)
	must(t, s.Webhooks.Fail(ctx, "hook_a", "Late.", 1)) // too late: it is done
	state("hook_a", domain.WebhookProcessed, 1, "")
	requeue("hook_a", domain.WebhookProcessed, true)
	state("hook_a", domain.WebhookStored, 0, "")
	state("hook_b", domain.WebhookStored, 0, "")
	finish("hook_x", false)
}

// testWebhookTrim: of rejected deliveries only the newest stay; others do not count.
func testWebhookTrim(t *testing.T, s *store.Store) {
	ctx := t.Context()
	for i := range 5 {
		name := fmt.Sprint(i)
		d, events := delivery(name, "", name), hooks("", name)
		events[0].State, events[0].ReceivedAt = domain.WebhookRejected, day.Add(time.Duration(i)*time.Second)
		if i == 0 {
			events[0].State = domain.WebhookFailed
		}
		if i == 4 {
			d.Provider = "sendgrid"
		}
		value(s.Webhooks.Insert(ctx, d, events))(t)
	}
	must(t, s.Webhooks.Trim(ctx, "mailgun", 2))
	list, _, err := s.Webhooks.List(ctx, domain.WebhookFilter{}, window(10, 0))
	must(t, err)
	wantEqual(t, hookIDs(list), []string{"hook_4", "hook_3", "hook_2", "hook_0"})
	_, err = s.Webhooks.Delivery(ctx, "dlv_1")
	wantCode(t, err, domain.CodeNotFound)
}

// testWebhookSweep: old bodies go, except those that a job needs; the events stay,
// so that they are known for ever.
func testWebhookSweep(t *testing.T, s *store.Store) {
	ctx := t.Context()
	for i, at := range []time.Time{day, day, day.Add(time.Hour)} {
		name := fmt.Sprint(i)
		d, events := delivery(name, "", "erika@example.com"), hooks("", name)
		d.ReceivedAt = at
		if i != 1 {
			events[0].State = domain.WebhookProcessed
		}
		value(s.Webhooks.Insert(ctx, d, events))(t)
	}
	for _, want := range []int{1, 0} {
		if n := value(s.Webhooks.Sweep(ctx, day.Add(time.Minute)))(t); n != want {
			t.Errorf("%d bodies swept, want %d", n, want)
		}
	}
	for i, kept := range []bool{false, true, true} {
		d := value(s.Webhooks.Delivery(ctx, domain.WebhookDeliveryID(fmt.Sprint("dlv_", i))))(t)
		if (d.Body != nil) != kept || (len(d.Header) > 0) != kept || d.Size != 17 {
			t.Errorf("delivery %d = %+v, kept: want %v", i, d, kept)
		}
	}
	wantEqual(t, hookIDs(value(s.Webhooks.Insert(ctx, delivery("9", "", "x"), hooks("9", "0", "1", "2")))(t)), []string{})
}

// testConcurrentWebhooks delivers the same events many times at once, in either
// order: each is stored once, and nobody waits for ever.
func testConcurrentWebhooks(t *testing.T, s *store.Store) {
	names := []string{"a", "b", "c", "d"}
	var mu sync.Mutex
	added := 0
	var wg sync.WaitGroup
	for i := range 24 {
		wg.Go(func() {
			order := append([]string{}, names...)
			if i%2 == 1 {
				order = []string{"d", "c", "b", "a"}
			}
			got, err := s.Webhooks.Insert(t.Context(), delivery(fmt.Sprint(i), fmt.Sprint("n", i%12), fmt.Sprint(i%12)), hooks(fmt.Sprint(i), order...))
			if err != nil {
				t.Errorf("delivery %d: %v", i, err)
			}
			mu.Lock()
			defer mu.Unlock()
			added += len(got)
		})
	}
	wg.Wait()
	_, total, err := s.Webhooks.List(t.Context(), domain.WebhookFilter{}, window(10, 0))
	if must(t, err); added != len(names) || total != len(names) {
		t.Errorf("%d events added, %d stored, want %d", added, total, len(names))
	}
}

// testConcurrentWebhookWork: of many that finish an event in a transaction, one does.
func testConcurrentWebhookWork(t *testing.T, s *store.Store) {
	value(s.Webhooks.Insert(t.Context(), delivery("1", "", "x"), hooks("", "a")))(t)
	dies := errors.New("the process dies")
	var mu sync.Mutex
	effects := 0
	var wg sync.WaitGroup
	for i := range 12 {
		wg.Go(func() {
			done := false
			err := s.InTx(t.Context(), func(ctx context.Context) error {
				mine, err := s.Webhooks.Finish(ctx, "hook_a", domain.WebhookProcessed, day)
				if err != nil || !mine {
					return err
				}
				if i%3 == 0 {
					return dies
				}
				done = true
				return nil
			})
			if err != nil && !errors.Is(err, dies) {
				t.Errorf("worker %d: %v", i, err)
			}
			mu.Lock()
			defer mu.Unlock()
			if done && err == nil {
				effects++
			}
		})
	}
	wg.Wait()
	if e := value(s.Webhooks.Get(t.Context(), "hook_a"))(t); effects != 1 || e.State != domain.WebhookProcessed || e.Attempts != 1 {
		t.Errorf("%d effects, event = %+v, want one", effects, e)
	}
}
