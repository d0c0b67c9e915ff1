package app

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"empire/internal/domain"
	"empire/internal/service"
)

// BenchMessages are messages on the database and the bus of the program among agents
// that are there to be measured: all whose names begin with bench_.
type BenchMessages struct {
	a        *App
	messages *service.Messages
}

// StartBenchMessages begins to carry messages of such agents.
func (a *App) StartBenchMessages(ctx context.Context) (*BenchMessages, error) {
	cfg := service.MessagesConfig{
		Tx: a.store, Store: a.store.Messages, Boxes: a.store.Mailboxes, Letters: a.store.DeadLetters, Agents: benchRoster{}, Holder: a.instance + "-bench",
		Max: a.cfg.Mailbox.Max, Touch: a.store.Agents.Touch, Emit: a.emit, Now: a.now, Log: a.log,
	}
	if a.bus != nil {
		cfg.Bus = a.bus
	}
	b := &BenchMessages{a, service.NewMessages(cfg)}
	return b, b.messages.Start(ctx)
}

// Where names the database and the bus.
func (b *BenchMessages) Where() string {
	db, bus := "SQLite", "embedded NATS"
	if b.a.db.Dialect() == "postgres" {
		db = "PostgreSQL"
	}
	if b.a.cfg.Bus.URL != "" {
		bus = "NATS server"
	}
	return db + ", " + bus
}

// Stop ends what StartBenchMessages began.
func (b *BenchMessages) Stop(ctx context.Context) error { return b.messages.Stop(ctx) }

type benchRoster struct{}

func (benchRoster) Resolve(_ context.Context, id domain.AgentID) (domain.AgentID, bool) {
	return id, strings.HasPrefix(string(id), "bench_")
}

type benchRecipient struct {
	deliver func(body []byte) error
	serve   func(body []byte) ([]byte, error)
}

func (r benchRecipient) Deliver(_ context.Context, m domain.Message) error {
	return r.deliver(m.Message)
}

func (r benchRecipient) Serve(_ context.Context, q domain.ServiceRequest) (json.RawMessage, error) {
	return r.serve(q.Request)
}

// Attach implements bench.MessageSystem.
func (b *BenchMessages) Attach(agent string, deliver func([]byte) error, serve func([]byte) ([]byte, error)) (func(), error) {
	return b.messages.Attach(domain.AgentID(agent), benchRecipient{deliver, serve})
}

// Send implements bench.MessageSystem.
func (b *BenchMessages) Send(ctx context.Context, from, to string, high bool, body []byte) error {
	m := domain.Message{From: domain.AgentID(from), To: domain.AgentID(to), Message: body, Priority: domain.PriorityNormal}
	if high {
		m.Priority = domain.PriorityHigh
	}
	_, err := b.messages.Send(ctx, m)
	return err
}

// Request implements bench.MessageSystem.
func (b *BenchMessages) Request(ctx context.Context, from, to string, body []byte, timeout time.Duration) ([]byte, error) {
	return b.messages.Request(ctx, domain.AgentID(from), domain.AgentID(to), body, timeout)
}

// Task implements bench.MessageSystem: the scan of a market that is not in any feed.
func (b *BenchMessages) Task(ctx context.Context) error {
	_, err := b.a.Agents.CreateTask(b.a.AsAdmin(ctx), "opportunity_scanner", domain.TaskSpec{Type: "market_scan", Params: json.RawMessage(`{"topic":"unicorns"}`)}, "")
	return err
}
