// Package bus carries events over NATS: a server inside this process by default,
// a cluster by URL. Events are news that may be missed, such as progress and cache
// hints; work that must happen is a job. There is no queue and no replay: who is
// not subscribed, or is too slow, does not hear. Requests are answered by one of
// those that respond, or not at all.
//
// Subjects:
//
//	empire.run.<run id>      a run or one of its steps changed
//	empire.site.<site id>    a site changed, its live release above all
//	empire.approval.<id>     an approval is wanted or was decided
//	empire.service.beat      an instance of a service lives, drains or is gone
//	empire.service.ask       a process wants to know what is registered
//	empire.event.<topic>     news for those that watch; see domain.Event
//	empire.agent.<id>.mail     a message was stored in the mailbox of an agent
//	empire.agent.<id>.request  an agent is asked for a service and answers; see Respond
//
// A subscription may use the wildcards of NATS: empire.run.*, empire.>.
package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

const (
	startLimit    = 10 * time.Second
	connectLimit  = 5 * time.Second
	flushLimit    = 5 * time.Second
	reconnectWait = 250 * time.Millisecond
	// A server that hangs without closing its connections is given up after two signs
	// of life that did not come, or when it takes no more bytes.
	pingPause  = 2 * time.Second
	pingsLost  = 2
	writeLimit = 3 * time.Second
)

// Config is what Open needs.
type Config struct {
	// URL names the servers of a cluster, separated by commas; empty means a server
	// inside this process that opens no port.
	URL    string
	Logger *slog.Logger
}

// Bus publishes and delivers events. It is safe for concurrent use.
type Bus struct {
	log    *slog.Logger
	server *server.Server // nil with a cluster
	conn   *nats.Conn
}

// Open starts the embedded server or connects to the cluster. A cluster that does
// not answer is an error: there is no fallback to the embedded server. Later
// breaks of the connection heal by themselves.
func Open(ctx context.Context, cfg Config) (*Bus, error) {
	if cfg.Logger == nil {
		return nil, errors.New("open bus: a logger is needed")
	}
	b := &Bus{log: cfg.Logger}
	opts := []nats.Option{
		nats.Name("empire"), nats.Timeout(connectLimit), nats.MaxReconnects(-1), nats.ReconnectWait(reconnectWait),
		nats.PingInterval(pingPause), nats.MaxPingsOutstanding(pingsLost), nats.FlusherTimeout(writeLimit),
		nats.ErrorHandler(b.onError), nats.DisconnectErrHandler(b.onDisconnect), nats.ReconnectHandler(b.onReconnect),
	}
	if cfg.URL == "" {
		if err := b.startServer(); err != nil {
			return nil, fmt.Errorf("open bus: %w", err)
		}
		opts = append(opts, nats.InProcessServer(b.server))
	}
	conn, err := nats.Connect(cfg.URL, opts...)
	if err != nil {
		b.stopServer()
		return nil, fmt.Errorf("open bus: %w", err)
	}
	b.conn = conn
	if err := b.Ping(ctx); err != nil {
		conn.Close()
		b.stopServer()
		return nil, fmt.Errorf("open bus: %w", err)
	}
	return b, nil
}

func (b *Bus) startServer() error {
	s, err := server.NewServer(&server.Options{
		ServerName: "empire", DontListen: true, NoLog: true, NoSigs: true,
	})
	if err != nil {
		return err
	}
	s.Start()
	if !s.ReadyForConnections(startLimit) {
		s.Shutdown()
		return fmt.Errorf("embedded server was not ready after %s", startLimit)
	}
	b.server = s
	return nil
}

func (b *Bus) stopServer() {
	if b.server != nil {
		b.server.Shutdown()
		b.server.WaitForShutdown()
	}
}

// Publish sends v as JSON to those that are subscribed now. It does not wait for
// them. Events over 1 MB are refused.
func (b *Bus) Publish(ctx context.Context, subject string, v any) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("publish %s: %w", subject, err)
	}
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("publish %s: %w", subject, err)
	}
	if err := b.conn.Publish(subject, data); err != nil {
		return fmt.Errorf("publish %s: %w", subject, err)
	}
	return nil
}

// Subscribe calls fn for each event on the subject that is published from now on,
// one at a time and in the order of each publisher. fn owns neither argument after
// it returns and should return quickly: events that wait too long are dropped. A
// panic in fn is logged. unsubscribe may return while a last call is under way; it
// may be called again.
func (b *Bus) Subscribe(subject string, fn func(subject string, data []byte)) (unsubscribe func(), err error) {
	sub, err := b.conn.Subscribe(subject, func(m *nats.Msg) {
		defer b.recovered(subject)
		fn(m.Subject, m.Data)
	})
	if err != nil {
		return nil, fmt.Errorf("subscribe %s: %w", subject, err)
	}
	// The server must know of the subscription before "from now on" holds.
	if err := b.conn.FlushTimeout(flushLimit); err != nil {
		_ = sub.Unsubscribe()
		return nil, fmt.Errorf("subscribe %s: %w", subject, err)
	}
	return func() { _ = sub.Unsubscribe() }, nil
}

func (b *Bus) recovered(subject string) {
	if v := recover(); v != nil {
		b.log.Error("bus subscriber panicked", slog.String("subject", subject),
			slog.Any("panic", v), slog.String("stack", string(debug.Stack())))
	}
}

// Ping reports whether the server answers.
func (b *Bus) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, flushLimit)
	defer cancel()
	if err := b.conn.FlushWithContext(ctx); err != nil {
		return fmt.Errorf("ping bus: %w", err)
	}
	return nil
}

// Stop sends what was published, closes the connection and stops the embedded
// server. Nothing is delivered afterwards.
func (b *Bus) Stop(ctx context.Context) error {
	if b.conn.IsClosed() {
		return nil
	}
	err := b.Ping(ctx)
	b.conn.Close()
	b.stopServer()
	if err != nil {
		return fmt.Errorf("stop bus: %w", err)
	}
	return nil
}

func (b *Bus) onError(_ *nats.Conn, sub *nats.Subscription, err error) {
	subject := ""
	if sub != nil {
		subject = sub.Subject
	}
	b.log.Warn("bus reported a fault", slog.String("subject", subject), slog.Any("err", err))
}

func (b *Bus) onDisconnect(_ *nats.Conn, err error) {
	if err != nil { // nil: closed by Stop
		b.log.Warn("bus disconnected", slog.Any("err", err))
	}
}

func (b *Bus) onReconnect(c *nats.Conn) {
	b.log.Warn("bus reconnected", slog.String("server", c.ConnectedServerName()))
}
