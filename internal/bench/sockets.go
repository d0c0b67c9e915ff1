package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
)

// SocketsConfig says how Sockets measures.
type SocketsConfig struct {
	Server      APIConfig // how the server is found or started
	Connections int
	Duration    time.Duration
	Every       time.Duration // between two events that all clients get
}

// SocketsReport is what Sockets found.
type SocketsReport struct {
	Machine     Machine   `json:"machine"`
	Commit      string    `json:"commit"`
	At          time.Time `json:"at"`
	Connections int       `json:"connections"` // that were held to the end
	ConnectMS   float64   `json:"connect_ms"`  // until all of them were there
	Events      int       `json:"events"`
	Delivered   int64     `json:"delivered"`
	Lost        int64     `json:"lost"`
	Closed      int64     `json:"closed"` // connections that the server ended
	P50MS       float64   `json:"delivery_p50_ms"`
	P99MS       float64   `json:"delivery_p99_ms"`
	MaxMS       float64   `json:"delivery_max_ms"`
	// BytesPerConnection is by how much the server's memory grew until all were
	// connected and after the load; 0: unknown, because the server runs elsewhere.
	IdleBytes int64 `json:"bytes_per_connection_idle"`
	LoadBytes int64 `json:"bytes_per_connection_loaded"`
}

// connecting is how many connections are made at a time.
const connecting = 64

// socketBench is one run of Sockets.
type socketBench struct {
	c      SocketsConfig
	base   string
	token  string
	closed atomic.Int64
	got    atomic.Int64
	mu     sync.Mutex
	times  Histogram
}

// Sockets holds many dashboards open and measures memory and the delivery of events
// that all of them get. Server and load are two processes, each with its own limit of
// descriptors.
func Sockets(ctx context.Context, c SocketsConfig) (report *SocketsReport, err error) {
	server := &apiBench{c: c.Server}
	defer func() { err = errors.Join(err, server.stop()) }()
	if err := server.connect(ctx); err != nil {
		return nil, err
	}
	b := &socketBench{c: c, base: "http://" + server.client.address, token: server.client.token}
	report = &SocketsReport{Machine: thisMachine(), Commit: commit(), At: time.Now().UTC()}
	before := usageOf(server.pid).rss
	server.say(fmt.Sprintf("open %d connections", c.Connections))
	began := time.Now()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var group sync.WaitGroup
	if err := b.open(ctx, &group); err != nil {
		return nil, err
	}
	report.ConnectMS = ms(time.Since(began))
	report.IdleBytes = perConnection(usageOf(server.pid).rss, before, c.Connections)
	server.say(fmt.Sprintf("send an event every %s for %s", c.Every, c.Duration))
	if report.Events, err = b.publish(ctx); err != nil {
		return nil, err
	}
	want := int64(report.Events) * int64(c.Connections)
	for limit := time.Now().Add(10 * time.Second); b.got.Load() < want && time.Now().Before(limit); {
		time.Sleep(10 * time.Millisecond)
	}
	report.LoadBytes = perConnection(usageOf(server.pid).rss, before, c.Connections)
	report.Closed, report.Delivered = b.closed.Load(), b.got.Load()
	report.Lost, report.Connections = want-report.Delivered, c.Connections-int(report.Closed)
	cancel()
	group.Wait()
	report.P50MS, report.P99MS, report.MaxMS = ms(b.times.Quantile(0.5)), ms(b.times.Quantile(0.99)), ms(b.times.Max())
	return report, nil
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func perConnection(after, before int64, n int) int64 {
	if before == 0 {
		return 0
	}
	return max(after-before, 0) / int64(n)
}

// open connects all clients; group waits for their ends.
func (b *socketBench) open(ctx context.Context, group *sync.WaitGroup) error {
	room := make(chan struct{}, connecting)
	faults := make(chan error, b.c.Connections)
	var opening sync.WaitGroup
	for range b.c.Connections {
		opening.Go(func() {
			room <- struct{}{}
			defer func() { <-room }()
			limited, cancel := context.WithTimeout(ctx, 30*time.Second)
			defer cancel()
			conn, err := b.dial(limited)
			if err != nil {
				faults <- err
				return
			}
			group.Go(func() { b.read(ctx, conn) })
		})
	}
	opening.Wait()
	select {
	case err := <-faults:
		return fmt.Errorf("connect a dashboard (%d of %d failed): %w", len(faults)+1, b.c.Connections, err)
	default:
		return nil
	}
}

// dial connects a client and waits for its hello: from then on it gets what happens.
func (b *socketBench) dial(ctx context.Context) (*websocket.Conn, error) {
	conn, _, err := websocket.Dial(ctx, b.base+"/ws/dashboard?topics=agent.updated", &websocket.DialOptions{ //nolint:bodyclose // Dial: it never needs to be
		HTTPHeader: http.Header{"Authorization": {"Bearer " + b.token}},
	})
	if err != nil {
		return nil, err
	}
	conn.SetReadLimit(1 << 20)
	_, raw, err := conn.Read(ctx)
	if err == nil && !bytes.HasPrefix(raw, []byte(`{"type":"hello"`)) {
		err = fmt.Errorf("the first frame is no hello: %.100s", raw)
	}
	if err != nil {
		_ = conn.CloseNow()
		return nil, err
	}
	return conn, nil
}

// read takes frames until the connection ends.
func (b *socketBench) read(ctx context.Context, conn *websocket.Conn) {
	defer func() { _ = conn.CloseNow() }()
	for {
		_, raw, err := conn.Read(ctx)
		if err != nil {
			if ctx.Err() == nil {
				b.closed.Add(1)
			}
			return
		}
		if !bytes.HasPrefix(raw, []byte(`{"type":"event"`)) {
			continue
		}
		now := time.Now()
		var f struct {
			Data struct {
				At time.Time `json:"at"`
			} `json:"data"`
		}
		if json.Unmarshal(raw, &f) != nil {
			continue
		}
		b.got.Add(1)
		b.mu.Lock()
		b.times.Add(max(now.Sub(f.Data.At), 0))
		b.mu.Unlock()
	}
}

// publish causes events for the time that it measures, and returns how many.
func (b *socketBench) publish(ctx context.Context) (n int, err error) {
	ticker := time.NewTicker(b.c.Every)
	defer ticker.Stop()
	end := time.Now().Add(b.c.Duration)
	for {
		if err := b.change(ctx, n); err != nil {
			return n, err
		}
		n++
		if !time.Now().Add(b.c.Every).Before(end) {
			return n, nil
		}
		select {
		case <-ctx.Done():
			return n, ctx.Err()
		case <-ticker.C:
		}
	}
}

// change changes an agent's description, of which all clients hear.
func (b *socketBench) change(ctx context.Context, n int) error {
	body := fmt.Sprintf(`{"description":"Change %d of a measurement."}`, n)
	req, err := http.NewRequestWithContext(ctx, http.MethodPatch, b.base+"/api/v1/agents/opportunity_scanner", strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+b.token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(res.Body, 1000))
		return fmt.Errorf("change an agent: %s: %s", res.Status, text)
	}
	return nil
}

// WriteTable writes the report for people.
func (r *SocketsReport) WriteTable(w io.Writer) error {
	_, err := fmt.Fprintf(w, `connections      %d held, %d closed by the server, all there after %.0f ms
memory           %d bytes a connection idle, %d after the load
events           %d to each; %d delivered, %d lost
delivery         p50 %.2f ms, p99 %.2f ms, at most %.2f ms
machine          %s, %d cores, load %.2f
`, r.Connections, r.Closed, r.ConnectMS, r.IdleBytes, r.LoadBytes, r.Events, r.Delivered, r.Lost, r.P50MS, r.P99MS, r.MaxMS, r.Machine.CPU, r.Machine.Cores, r.Machine.Load)
	return err
}
