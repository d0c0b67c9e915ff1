package ws

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"empire/internal/domain"
)

// Config is what New needs. Zero values of numbers and times are the usual ones.
type Config struct {
	Agents        agentService // of /ws/agents
	Mail          Mail         // carries messages; nil: there are none
	Authenticate  func(ctx context.Context, token string) (*domain.Principal, error)
	SessionCookie string // name of the cookie that carries a token
	// Collect returns the metrics of a tenant, all parts of them.
	Collect func(ctx context.Context, tenant domain.TenantID) (*Metrics, error)
	Problem func(w http.ResponseWriter, r *http.Request, err error) // writes a problem document
	Status  func(err error) int                                     // the HTTP status of an error
	// Relay sends a frame to a client of another process; false: no process has it.
	// nil: there is only this one.
	Relay  func(ctx context.Context, name string, frame []byte) bool
	Logger *slog.Logger
	Now    func() time.Time // nil: time.Now

	Heartbeat      time.Duration // between two pings of an agent; 10 s
	Recheck        time.Duration // between two looks at whether credentials still hold; 5 s
	MetricsEvery   time.Duration // 5 s
	Poll           time.Duration // between two looks for tasks that no news announced; 2 s
	WriteTimeout   time.Duration // of one frame; 10 s
	MaxFrame       int64         // bytes of a frame that a client sends; 1 MB
	MaxTopics      int           // of one client; 100
	MaxQueued      int           // frames that wait for a client; 256
	MaxQueuedBytes int           // 1 MB
	Ring           int           // events that are kept for who reconnects; 4096
}

func or[T comparable](v *T, usual T) {
	var zero T
	if *v == zero {
		*v = usual
	}
}

// Hub holds the clients of this process.
type Hub struct {
	c      Config
	epoch  string
	group  sync.WaitGroup
	stop   context.CancelFunc
	links  links
	latest latest

	mu      sync.Mutex // guards what follows; taken before that of a client
	clients map[*client]struct{}
	named   map[string]*client
	ring    []entry // the last events, by number modulo its length
	seq     uint64  // number of the last event
	stopped bool
}

// entry is an event that was sent.
type entry struct {
	topic  string
	tenant domain.TenantID
	right  domain.Permission
	frame  []byte
	html   []byte
}

// New returns a Hub without clients.
func New(c Config) *Hub {
	if c.Now == nil {
		c.Now = time.Now
	}
	or(&c.Heartbeat, 10*time.Second)
	or(&c.Recheck, 5*time.Second)
	or(&c.MetricsEvery, 5*time.Second)
	or(&c.Poll, 2*time.Second)
	or(&c.WriteTimeout, 10*time.Second)
	or(&c.MaxFrame, 1<<20)
	or(&c.MaxTopics, 100)
	or(&c.MaxQueued, 256)
	or(&c.MaxQueuedBytes, 1<<20)
	or(&c.Ring, 4096)
	var epoch [8]byte
	_, _ = rand.Read(epoch[:]) // crypto/rand.Read never fails since Go 1.24
	return &Hub{
		c: c, epoch: hex.EncodeToString(epoch[:]), clients: map[*client]struct{}{}, named: map[string]*client{}, ring: make([]entry, c.Ring),
		links: links{all: map[domain.AgentID]*agentConn{}}, latest: latest{all: map[domain.TenantID]*Metrics{}, at: map[domain.TenantID]time.Time{}},
	}
}

// Handler returns what serves /ws/.
func (h *Hub) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ws/agents/{agent_id}", h.serveAgent)
	mux.HandleFunc("GET /ws/dashboard", h.serveDashboard)
	mux.HandleFunc("/ws/", func(w http.ResponseWriter, r *http.Request) {
		h.c.Problem(w, r, domain.Errorf(domain.CodeNotFound, "There is nothing at this address."))
	})
	return mux
}

// Start begins what happens now and then. The end of ctx does not stop it.
func (h *Hub) Start(ctx context.Context) error {
	ctx, h.stop = context.WithCancel(context.WithoutCancel(ctx))
	for _, task := range []struct {
		every time.Duration
		do    func(context.Context)
	}{{h.c.Recheck, h.recheck}, {h.c.MetricsEvery, h.pushMetrics}, {h.c.Heartbeat, h.beat}, {h.c.Poll, h.poll}} {
		h.group.Go(func() {
			ticker := time.NewTicker(task.every)
			defer ticker.Stop()
			for {
				select {
				case <-ctx.Done():
					return
				case <-ticker.C:
					task.do(ctx)
				}
			}
		})
	}
	return nil
}

// Stop closes all connections and waits for their ends until ctx ends.
func (h *Hub) Stop(ctx context.Context) error {
	if h.stop != nil {
		h.stop()
	}
	h.mu.Lock()
	h.stopped = true
	for c := range h.clients {
		c.close(websocket.StatusGoingAway, "The server stops. Connect again.")
	}
	h.mu.Unlock()
	done := make(chan struct{})
	go func() {
		h.group.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		h.mu.Lock()
		for c := range h.clients {
			_ = c.conn.CloseNow()
		}
		h.mu.Unlock()
		return errors.New("some connections did not end in time")
	}
}

// join adds a client: it gets hello, then what it missed since an offset, then what
// happens from now on. It reports false once the hub has stopped.
func (h *Hub) join(c *client, hello Hello, offset string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stopped {
		return false
	}
	h.clients[c] = struct{}{}
	h.named[c.name] = c
	h.greet(c, "", hello, offset)
	return true
}

// greet sends hello and what the client missed. The caller holds the mutex, so that
// nothing comes in between.
func (h *Hub) greet(c *client, id string, hello Hello, offset string) {
	from, ok := h.since(offset)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing {
		return
	}
	hello.ClientID, hello.Offset, hello.Recovered = c.name, h.offset(h.seq), ok
	hello.Topics = append([]string{}, c.topics...)
	c.push(c.render(encode(TypeHello, id, hello), nil))
	if !ok {
		return
	}
	for n := from + 1; n <= h.seq; n++ {
		if e := &h.ring[n%uint64(len(h.ring))]; c.wants(e, nil) {
			c.push(c.render(e.frame, e.html))
		}
	}
}

func (h *Hub) offset(n uint64) string { return h.epoch + "-" + strconv.FormatUint(n, 10) }

// since returns the number of an offset, and whether all events after it are there.
func (h *Hub) since(offset string) (uint64, bool) {
	epoch, number, _ := strings.Cut(offset, "-")
	n, err := strconv.ParseUint(number, 10, 64)
	if err != nil || epoch != h.epoch || n > h.seq || strconv.FormatUint(n, 10) != number {
		return 0, false
	}
	return n, h.seq-n <= uint64(len(h.ring))
}

// leave forgets a client.
func (h *Hub) leave(c *client) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.clients, c)
	if h.named[c.name] == c {
		delete(h.named, c.name)
	}
}

// wants reports whether an event is for a client. The caller holds the mutex of the
// client. matches remembers what patterns match the topic; it may be nil.
func (c *client) wants(e *entry, matches map[string]bool) bool {
	p := c.who.Load()
	if e.tenant != "" && e.tenant != p.Tenant.OrDefault() || !p.Can(e.right) {
		return false
	}
	if c.all && len(c.topics) == 0 {
		return true
	}
	for _, pattern := range c.topics {
		hit, known := matches[pattern]
		if !known {
			hit = domain.MatchTopic(pattern, e.topic)
			if matches != nil {
				matches[pattern] = hit
			}
		}
		if hit {
			return true
		}
	}
	return false
}

// Publish sends an event to the clients that may see it and asked for it.
func (h *Hub) Publish(ev domain.Event) {
	if !domain.ValidTopic(ev.Topic) {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seq++
	offset := h.offset(h.seq)
	e := entry{topic: ev.Topic, tenant: ev.Tenant, right: domain.EventPermission(ev.Area()), frame: encode(TypeEvent, offset, ev), html: eventHTML(offset, &ev)}
	h.ring[h.seq%uint64(len(h.ring))] = e
	matches := map[string]bool{}
	for c := range h.clients {
		c.mu.Lock()
		wanted := c.wants(&e, matches)
		c.mu.Unlock()
		if wanted {
			c.send(c.render(e.frame, e.html))
		}
	}
}

// Send sends a frame to clients by name, wherever they are. It returns those that
// are not connected; the others are served all the same.
func (h *Hub) Send(ctx context.Context, names []string, kind string, data any) (unknown []string) {
	frame := encode(kind, "", data)
	for _, name := range names {
		if !h.Deliver(name, frame) && (h.c.Relay == nil || !h.c.Relay(ctx, name, frame)) {
			unknown = append(unknown, name)
		}
	}
	return unknown
}

// Deliver sends an encoded frame to a client of this process. It reports false if
// there is none of that name.
func (h *Hub) Deliver(name string, frame []byte) bool {
	h.mu.Lock()
	c := h.named[name]
	h.mu.Unlock()
	return c != nil && c.send(frame)
}

// Broadcast sends a frame to all clients of this process and returns how many got
// it.
func (h *Hub) Broadcast(kind string, data any) int {
	frame := encode(kind, "", data)
	n := 0
	for _, c := range h.snapshot() {
		if c.send(frame) {
			n++
		}
	}
	return n
}

// Clients returns how many clients there are.
func (h *Hub) Clients() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.clients)
}

func (h *Hub) snapshot() []*client {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := make([]*client, 0, len(h.clients))
	for c := range h.clients {
		out = append(out, c)
	}
	return out
}

// recheck closes connections whose credential does not hold any more, and notes
// changed rights. A credential that many share is looked at once.
func (h *Hub) recheck(ctx context.Context) {
	type answer struct {
		p   *domain.Principal
		err error
	}
	known := map[string]answer{}
	for _, c := range h.snapshot() {
		a, ok := known[c.token]
		if !ok {
			limited, cancel := context.WithTimeout(ctx, h.c.Recheck)
			a.p, a.err = h.c.Authenticate(limited, c.token)
			cancel()
			known[c.token] = a
		}
		switch {
		case domain.CodeOf(a.err) == domain.CodeUnauthenticated:
			c.close(websocket.StatusPolicyViolation, "The credential is not valid any more.")
		case a.err == nil && c.right != "" && !a.p.Can(c.right):
			c.close(websocket.StatusPolicyViolation, "The credential does not allow this any more.")
		case a.err == nil:
			c.who.Store(a.p)
		}
	}
}

// fault returns what an error frame says.
func (h *Hub) fault(err error) Fault {
	f := Fault{Code: h.c.Status(err), Error: domain.CodeOf(err), Message: domain.MessageOf(err)}
	var cycle interface{ Cycle() []string }
	if errors.As(err, &cycle) {
		f.Cycle = cycle.Cycle()
	}
	if f.Error == domain.CodeInternal {
		h.c.Logger.Error("frame failed", slog.Any("err", err))
	}
	return f
}

// credential returns the token that a request came with, and whether a browser sent
// it on its own.
func (h *Hub) credential(r *http.Request) (token string, cookie bool) {
	if key := r.Header.Get("X-API-Key"); key != "" {
		return key, false
	}
	if _, bearer, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok {
		return strings.TrimSpace(bearer), false
	}
	c, err := r.Cookie(h.c.SessionCookie)
	if err != nil {
		return "", false
	}
	return c.Value, true
}

// admit returns who asks for a WebSocket; nil means that the request was answered.
func (h *Hub) admit(w http.ResponseWriter, r *http.Request) *domain.Principal {
	p := domain.PrincipalFrom(r.Context())
	switch {
	case p == nil:
		h.c.Problem(w, r, domain.Errorf(domain.CodeUnauthenticated, "Sign in first."))
	case !strings.EqualFold(r.Header.Get("Upgrade"), "websocket"):
		h.c.Problem(w, r, domain.Errorf(domain.CodeMalformed, "This address takes WebSockets only."))
		p = nil
	}
	return p
}
