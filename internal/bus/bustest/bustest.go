// Package bustest is the conformance suite of the event bus: every way to open a
// bus passes it.
package bustest

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// Bus is what the suite tests.
type Bus interface {
	Publish(ctx context.Context, subject string, v any) error
	Subscribe(subject string, fn func(subject string, data []byte)) (unsubscribe func(), err error)
	Respond(subject, queue string, fn func(data []byte, header map[string]string, answer func([]byte) error)) (stop func(), err error)
	Inbox(fn func(id string, answer []byte)) (address string, close func(), err error)
	Request(ctx context.Context, subject, address, id string, data []byte, header map[string]string) error
	Connected() bool
	Ping(ctx context.Context) error
	Stop(ctx context.Context) error
}

// patience bounds every wait; only a failing test waits that long.
const patience = 10 * time.Second

type event struct {
	N    int    `json:"n"`
	Text string `json:"text,omitempty"`
}

type heard struct {
	subject string
	event   event
}

// Run tests a bus. open returns two handles on one new bus, which may be the same
// handle, and stops them when the test ends.
func Run(t *testing.T, open func(t *testing.T) (a, b Bus)) {
	t.Helper()
	for _, c := range []struct {
		name string
		fn   func(t *testing.T, a, b Bus)
	}{
		{"delivers_in_order", deliversInOrder},
		{"wildcards", wildcards},
		{"every_subscriber_hears", everySubscriberHears},
		{"unsubscribe", unsubscribe},
		{"panic_is_survived", panicIsSurvived},
		{"request", request},
		{"request_queue", requestQueue},
		{"no_responder", noResponder},
		{"late_answer", lateAnswer},
		{"responder_panic", responderPanic},
		{"refuses", refuses},
		{"stop", stop},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a, b := open(t)
			c.fn(t, a, b)
		})
	}
}

func listen(t *testing.T, b Bus, subject string) (<-chan heard, func()) {
	t.Helper()
	ch := make(chan heard, 1000)
	cancel, err := b.Subscribe(subject, func(subject string, data []byte) {
		var e event
		if err := json.Unmarshal(data, &e); err != nil {
			t.Errorf("event %q is not JSON: %v", data, err)
		}
		ch <- heard{subject, e}
	})
	if err != nil {
		t.Fatal(err)
	}
	return ch, cancel
}

func next(t *testing.T, ch <-chan heard) heard {
	t.Helper()
	select {
	case h := <-ch:
		return h
	case <-time.After(patience):
		t.Fatal("waited in vain for an event")
		panic("unreachable")
	}
}

func publish(t *testing.T, b Bus, subject string, e event) {
	t.Helper()
	if err := b.Publish(t.Context(), subject, e); err != nil {
		t.Fatal(err)
	}
}

func expect(t *testing.T, ch <-chan heard, subject string, n int) {
	t.Helper()
	if h := next(t, ch); h.subject != subject || h.event.N != n {
		t.Errorf("heard %d on %s, want %d on %s", h.event.N, h.subject, n, subject)
	}
}

func deliversInOrder(t *testing.T, a, b Bus) {
	ch, _ := listen(t, b, "empire.run.1")
	for n := range 500 {
		publish(t, a, "empire.run.1", event{N: n})
	}
	for n := range 500 {
		expect(t, ch, "empire.run.1", n)
	}
	if err := a.Ping(t.Context()); err != nil {
		t.Errorf("Ping = %v, want nil", err)
	}
}

func wildcards(t *testing.T, a, b Bus) {
	one, _ := listen(t, b, "empire.run.*")
	all, _ := listen(t, b, "empire.>")
	publish(t, a, "empire.site.x", event{N: 1})
	publish(t, a, "other.run.x", event{N: 2})
	publish(t, a, "empire.run.y", event{N: 3})
	expect(t, all, "empire.site.x", 1)
	expect(t, all, "empire.run.y", 3)
	expect(t, one, "empire.run.y", 3)
}

func everySubscriberHears(t *testing.T, a, b Bus) {
	first, _ := listen(t, a, "empire.site.x")
	second, _ := listen(t, b, "empire.site.x")
	third, _ := listen(t, b, "empire.site.x")
	publish(t, a, "empire.site.x", event{N: 7})
	for _, ch := range []<-chan heard{first, second, third} {
		expect(t, ch, "empire.site.x", 7)
	}
}

func unsubscribe(t *testing.T, a, b Bus) {
	gone, cancel := listen(t, b, "empire.run.1")
	kept, _ := listen(t, b, "empire.run.1")
	publish(t, a, "empire.run.1", event{N: 1})
	expect(t, gone, "empire.run.1", 1)
	expect(t, kept, "empire.run.1", 1)
	cancel()
	cancel() // again is harmless
	if err := b.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	publish(t, a, "empire.run.1", event{N: 2})
	expect(t, kept, "empire.run.1", 2)
	if len(gone) != 0 {
		t.Error("heard an event after unsubscribing")
	}
}

func panicIsSurvived(t *testing.T, a, b Bus) {
	ch := make(chan heard, 10)
	_, err := b.Subscribe("empire.run.1", func(subject string, data []byte) {
		if strings.Contains(string(data), "boom") {
			panic("boom")
		}
		ch <- heard{subject: subject}
	})
	if err != nil {
		t.Fatal(err)
	}
	publish(t, a, "empire.run.1", event{Text: "boom"})
	publish(t, a, "empire.run.1", event{Text: "fine"})
	next(t, ch)
}

func refuses(t *testing.T, a, _ Bus) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := a.Publish(ended, "empire.run.1", event{}); err == nil {
		t.Error("Publish with an ended context succeeded")
	}
	if err := a.Publish(t.Context(), "empire.run.1", make(chan int)); err == nil {
		t.Error("Publish of a channel succeeded")
	}
	if err := a.Publish(t.Context(), "", event{}); err == nil {
		t.Error("Publish without a subject succeeded")
	}
	if err := a.Publish(t.Context(), "empire.run.1", event{Text: strings.Repeat("x", 2<<20)}); err == nil {
		t.Error("Publish of 2 MB succeeded")
	}
	if _, err := a.Subscribe("empire run", func(string, []byte) {}); err == nil {
		t.Error("Subscribe to a subject with a space succeeded")
	}
}

func stop(t *testing.T, a, b Bus) {
	if _, err := b.Subscribe("empire.>", func(string, []byte) {}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := a.Stop(t.Context()); err != nil {
			t.Errorf("Stop = %v, want nil", err)
		}
	}
	if err := a.Publish(t.Context(), "empire.run.1", event{}); err == nil {
		t.Error("Publish after Stop succeeded")
	}
	if _, err := a.Subscribe("empire.run.1", func(string, []byte) {}); err == nil {
		t.Error("Subscribe after Stop succeeded")
	}
}
