package service_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"empire/internal/bus"
	"empire/internal/domain"
	"empire/internal/service"
	"empire/internal/store"
	"empire/internal/testkit"
)

// patience bounds every wait; only a failing test waits that long.
const patience = 20 * time.Second

// clock is the time as the messages see it.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = at
}

// known are the agents that there are.
type known []domain.AgentID

func (k known) Resolve(_ context.Context, id domain.AgentID) (domain.AgentID, bool) {
	if id == "an_alias" {
		id = "a"
	}
	return id, slices.Contains(k, id)
}

// tallies counts events.
type tallies struct {
	mu sync.Mutex
	n  map[string]int
}

func (c *tallies) count(event string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n[event]++
}

func (c *tallies) of(event string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n[event]
}

// office is one process: messages on a store and a bus.
type office struct {
	*service.Messages
	st    *store.Store
	bus   *bus.Bus
	clock *clock
	*tallies
	stop func()
}

// rig is what offices of one test share.
type rig struct {
	st     *store.Store
	url    string // of NATS; empty: embedded, and not shared
	nats   *testkit.NATSServer
	agents known
}

// office opens one more process.
func (r *rig) office(t *testing.T, change ...func(*service.MessagesConfig)) *office {
	t.Helper()
	b, err := bus.Open(t.Context(), bus.Config{URL: r.url, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	o := &office{st: r.st, bus: b, clock: &clock{at: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}, tallies: &tallies{n: map[string]int{}}}
	cfg := service.MessagesConfig{
		Tx: r.st, Store: r.st.Messages, Boxes: r.st.Mailboxes, Letters: r.st.DeadLetters, Agents: r.agents, Bus: b, Holder: domain.NewID("office"),
		Pause: 20 * time.Millisecond, Poll: 100 * time.Millisecond, Lease: 2 * time.Second, Sweep: 50 * time.Millisecond,
		Touch: r.st.Agents.Touch, Count: o.count, Now: o.clock.now, Log: slog.New(slog.DiscardHandler),
	}
	for _, fn := range change {
		fn(&cfg)
	}
	o.Messages = service.NewMessages(cfg)
	if err := o.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	o.stop = sync.OnceFunc(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
		defer cancel()
		if err := errors.Join(o.Stop(ctx), b.Stop(ctx)); err != nil && r.nats == nil {
			t.Error(err)
		}
	})
	t.Cleanup(o.stop)
	return o
}

// everywhere runs a test on both databases, each with embedded NATS and with a
// server in a process of its own.
func everywhere(t *testing.T, fn func(t *testing.T, r *rig)) {
	t.Helper()
	for _, db := range []struct {
		name string
		open func(testing.TB) *store.Store
	}{{"sqlite", testkit.DB}, {"postgres", testkit.PostgresDB}} {
		for _, kind := range []string{"embedded", "server"} {
			t.Run(db.name+"/"+kind, func(t *testing.T) {
				t.Parallel()
				r := &rig{st: db.open(t), agents: known{"a", "b", "c"}}
				if kind == "server" {
					r.nats = testkit.NATS(t)
					r.url = r.nats.URL()
				}
				fn(t, r)
			})
		}
	}
}

// letterbox is a recipient that keeps what it gets.
type letterbox struct {
	mu       sync.Mutex
	got      []domain.Message
	news     chan struct{}
	deliver  func(ctx context.Context, m domain.Message) error // before it is kept; may be nil
	serve    func(ctx context.Context, r domain.ServiceRequest) (json.RawMessage, error)
	overlaps atomic.Int64
	inside   atomic.Int64
}

func newLetterbox() *letterbox { return &letterbox{news: make(chan struct{}, 1)} }

func (b *letterbox) Deliver(ctx context.Context, m domain.Message) error {
	if b.inside.Add(1) > 1 {
		b.overlaps.Add(1)
	}
	defer b.inside.Add(-1)
	if b.deliver != nil {
		if err := b.deliver(ctx, m); err != nil {
			return err
		}
	}
	b.mu.Lock()
	b.got = append(b.got, m)
	b.mu.Unlock()
	select {
	case b.news <- struct{}{}:
	default:
	}
	return nil
}

func (b *letterbox) Serve(ctx context.Context, r domain.ServiceRequest) (json.RawMessage, error) {
	if b.serve == nil {
		return r.Request, nil
	}
	return b.serve(ctx, r)
}

func (b *letterbox) all() []domain.Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.got)
}

// wait waits for n messages and returns the texts in them.
func (b *letterbox) wait(t *testing.T, n int) []string {
	t.Helper()
	deadline := time.After(patience)
	for {
		all := b.all()
		if len(all) >= n {
			out := make([]string, len(all))
			for i, m := range all {
				if err := json.Unmarshal(m.Message, &out[i]); err != nil {
					t.Fatal(err)
				}
			}
			return out
		}
		select {
		case <-b.news:
		case <-deadline:
			t.Fatalf("%d of %d messages came", len(all), n)
		}
	}
}

// eventually waits until ok holds.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func attach(t *testing.T, o *office, id domain.AgentID, box service.Recipient) func() {
	t.Helper()
	detach, err := o.Attach(id, box)
	if err != nil {
		t.Fatal(err)
	}
	return detach
}

func note(from, to domain.AgentID, text string) domain.Message {
	raw, _ := json.Marshal(text)
	return domain.Message{From: from, To: to, Message: raw}
}

func mustSend(t *testing.T, o *office, m domain.Message) *domain.Message {
	t.Helper()
	sent, err := o.Send(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	return sent
}

func letters(t *testing.T, st *store.Store) []domain.DeadLetter {
	t.Helper()
	list, _, err := st.DeadLetters.List(t.Context(), domain.DeadLetterFilter{}, domain.Window{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	return list
}
