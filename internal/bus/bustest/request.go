package bustest

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"
)

type answer struct {
	id   string
	data []byte
}

func inbox(t *testing.T, b Bus) (string, <-chan answer) {
	t.Helper()
	ch := make(chan answer, 1000)
	address, _, err := b.Inbox(func(id string, data []byte) {
		if data != nil {
			data = append([]byte{}, data...)
		}
		ch <- answer{id, data}
	})
	if err != nil {
		t.Fatal(err)
	}
	return address, ch
}

func nextAnswer(t *testing.T, ch <-chan answer) answer {
	t.Helper()
	select {
	case a := <-ch:
		return a
	case <-time.After(patience):
		t.Fatal("waited in vain for an answer")
		panic("unreachable")
	}
}

func respond(t *testing.T, b Bus, fn func(data []byte, header map[string]string, answer func([]byte) error)) func() {
	t.Helper()
	stop, err := b.Respond("empire.agent.a.request", "q", fn)
	if err != nil {
		t.Fatal(err)
	}
	return stop
}

func ask(t *testing.T, b Bus, address, id, data string) {
	t.Helper()
	if err := b.Request(t.Context(), "empire.agent.a.request", address, id, []byte(data), map[string]string{"Chain": "x y"}); err != nil {
		t.Fatal(err)
	}
}

// request: each answer comes with the id of its request, in whatever order they are
// given.
func request(t *testing.T, a, b Bus) {
	held := make(chan func(), 1)
	respond(t, b, func(data []byte, header map[string]string, answer func([]byte) error) {
		text := string(data) + " " + header["Chain"]
		give := func() {
			if err := answer([]byte(text)); err != nil {
				t.Error(err)
			}
		}
		if string(data) == "first" {
			held <- give
			return
		}
		give()
		(<-held)()
	})
	address, answers := inbox(t, a)
	ask(t, a, address, "1", "first")
	ask(t, a, address, "2", "second")
	for _, want := range []answer{{"2", []byte("second x y")}, {"1", []byte("first x y")}} {
		if got := nextAnswer(t, answers); got.id != want.id || string(got.data) != string(want.data) {
			t.Errorf("got %s %q, want %s %q", got.id, got.data, want.id, want.data)
		}
	}
	if !a.Connected() || !b.Connected() {
		t.Error("the buses are not connected")
	}
}

// requestQueue: of several that respond, one gets a request.
func requestQueue(t *testing.T, a, b Bus) {
	var calls atomic.Int64
	for _, bus := range []Bus{a, b, b} {
		respond(t, bus, func(data []byte, _ map[string]string, answer func([]byte) error) {
			calls.Add(1)
			_ = answer(data)
		})
	}
	address, answers := inbox(t, a)
	const n = 100
	seen := map[string]int{}
	for i := range n {
		ask(t, a, address, fmt.Sprint(i), "")
	}
	for range n {
		got := nextAnswer(t, answers)
		if seen[got.id]++; got.data == nil {
			t.Errorf("nobody responded to %s", got.id)
		}
	}
	if len(seen) != n || calls.Load() != n {
		t.Errorf("%d requests were answered in %d calls, want %d each", len(seen), calls.Load(), n)
	}
}

// noResponder: that nobody is there is known at once, also after the last one left.
func noResponder(t *testing.T, a, b Bus) {
	address, answers := inbox(t, a)
	ask(t, a, address, "1", "x")
	if got := nextAnswer(t, answers); got.id != "1" || got.data != nil {
		t.Errorf("got %s %q, want 1 and nothing", got.id, got.data)
	}
	stop := respond(t, b, func(_ []byte, _ map[string]string, answer func([]byte) error) { _ = answer(nil) })
	ask(t, a, address, "2", "x")
	if got := nextAnswer(t, answers); got.id != "2" || got.data == nil {
		t.Errorf("got %s %v, want an empty answer", got.id, got.data)
	}
	stop()
	stop() // again is harmless
	if err := b.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	ask(t, a, address, "3", "x")
	if got := nextAnswer(t, answers); got.id != "3" || got.data != nil {
		t.Errorf("got %s %q, want 3 and nothing", got.id, got.data)
	}
}

// lateAnswer: an answer reaches the inbox whenever it comes, and no closed one.
func lateAnswer(t *testing.T, a, b Bus) {
	held := make(chan func([]byte) error, 2)
	respond(t, b, func(_ []byte, _ map[string]string, answer func([]byte) error) { held <- answer })
	address, answers := inbox(t, a)
	gone := make(chan answer, 1)
	closing, stop, err := a.Inbox(func(id string, data []byte) { gone <- answer{id, data} })
	if err != nil {
		t.Fatal(err)
	}
	ask(t, a, closing, "1", "x")
	first := <-held
	stop()
	if err := a.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := first([]byte("late")); err != nil {
		t.Fatal(err)
	}
	ask(t, a, address, "2", "x")
	if err := (<-held)([]byte("in time")); err != nil {
		t.Fatal(err)
	}
	if got := nextAnswer(t, answers); got.id != "2" || len(gone) != 0 {
		t.Errorf("got %s, %d answers came to a closed inbox", got.id, len(gone))
	}
}

func responderPanic(t *testing.T, a, b Bus) {
	respond(t, b, func(data []byte, _ map[string]string, answer func([]byte) error) {
		if string(data) == "boom" {
			panic("boom")
		}
		_ = answer(data)
	})
	address, answers := inbox(t, a)
	ask(t, a, address, "1", "boom")
	ask(t, a, address, "2", "fine")
	if got := nextAnswer(t, answers); got.id != "2" || string(got.data) != "fine" {
		t.Errorf("got %s %q, want 2 and fine", got.id, got.data)
	}
}
