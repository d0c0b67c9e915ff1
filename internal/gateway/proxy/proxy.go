// Package proxy leads requests to the instances of services: a table of routes by
// host and path prefix, balancing by weight and load, health checks, and a second
// try where that is safe.
//
//	request ─▶ table ─┬─ no route, or one without service ─▶ handled here
//	                  └─ service ─▶ instance with the least load ─▶ answer
//	                                   ▲                   │ no connection, 502, 503, 504
//	                                   └── another one ◀───┘ (only what may be repeated)
//
// The table comes from a file, which is read again when it changes: requests under
// way keep the table that they began with. Instances come from the file and from
// discovery (SetInstances). One that fails two health checks in a row gets nothing
// until a check succeeds; one that refuses connections or keeps answering 502, 503
// or 504 is left out for a short time that grows.
package proxy

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"empire/internal/domain"
)

// Observer counts what the proxy does. Services are those that routes name, so the
// number of label sets is bounded.
type Observer interface {
	// ObserveForward counts an answer. Outcome is 2xx to 5xx, no_instance, timeout,
	// cancelled or error.
	ObserveForward(service, outcome string, d time.Duration)
	ObserveRetry(service string)
	ObserveEjection(service string)
}

// Config is what New needs.
type Config struct {
	// File holds the routes; empty: only Base holds.
	File string
	// Base are routes that hold unless the file leads the same host and prefix.
	Base []domain.Route
	// Self are the ids that this process has as an instance. Where one of them is among
	// the instances of a route, a request that another gateway sent is handled here.
	Self []string
	// Problem answers a request that could not be forwarded.
	Problem func(w http.ResponseWriter, r *http.Request, err error)
	// ClientIP says from where a request comes, for X-Forwarded-For; nil: its peer.
	ClientIP func(*http.Request) string
	Observer Observer // may be nil
	Logger   *slog.Logger
	Now      func() time.Time // nil: time.Now
	Poll     time.Duration    // how often the file is looked at; 0: 250 ms
	// MaxConns bounds the connections to one instance; 0: 4096. Requests beyond wait
	// within their timeout.
	MaxConns int
}

// viaPrefix begins the names of gateways in the header Via.
const viaPrefix = "empire"

// Proxy forwards requests. It is safe for concurrent use.
type Proxy struct {
	c       Config
	reverse *httputil.ReverseProxy
	conns   *http.Transport
	via     string

	routing atomic.Pointer[routing] // what requests see
	loops   loops

	mu         sync.Mutex // guards what changes the routing
	backends   map[string]*backend
	discovered []domain.ServiceInstance
	seen       signature
	loadedAt   time.Time
	fault      error
	faultAt    time.Time
}

// routing is a table with the services that its routes lead to, by index of route.
type routing struct {
	table *Table
	to    []*backend
	self  map[*backend]bool // that this process is an instance of
}

// New returns a Proxy with the routes of the file. A file that is not there or has
// faults is an error.
func New(c Config) (*Proxy, error) {
	if c.Problem == nil || c.Logger == nil {
		return nil, errors.New("new proxy: a logger and a writer of problems are needed")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Poll <= 0 {
		c.Poll = 250 * time.Millisecond
	}
	if c.MaxConns <= 0 {
		c.MaxConns = 4096
	}
	p := &Proxy{c: c, via: domain.NewID(viaPrefix), backends: map[string]*backend{}, conns: newTransport(c.MaxConns)}
	p.reverse = &httputil.ReverseProxy{
		Rewrite: p.rewrite, Transport: p, ModifyResponse: ownHeaders, ErrorHandler: p.failed, BufferPool: &buffers{},
		ErrorLog: slog.NewLogLogger(c.Logger.Handler(), slog.LevelDebug),
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.load(); err != nil {
		return nil, err
	}
	return p, nil
}

// Local returns base routes that keep paths in this process, whatever a shorter
// prefix says.
func Local(prefixes ...string) []domain.Route {
	out := make([]domain.Route, len(prefixes))
	for i, prefix := range prefixes {
		out[i] = domain.Route{Name: "local" + strings.ReplaceAll(strings.TrimRight(prefix, "/"), "/", "_"), Prefix: prefix}
	}
	return out
}

// Handler returns a handler that forwards the requests that a route with a service
// matches, and leaves all others to next.
func (p *Proxy) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		now := p.routing.Load()
		path := matchPath(r.URL)
		i := now.table.match(r.Host, path)
		if i < 0 || now.to[i] == nil || p.passed(r, now.self[now.to[i]]) {
			next.ServeHTTP(w, r)
			return
		}
		route := &now.table.routes[i]
		r.Pattern = "route:" + route.Name // for logs and metrics
		if hasDots(path) {
			p.c.Problem(w, r, domain.Errorf(domain.CodeNotFound, "There is nothing at this address."))
			return
		}
		p.forward(w, r, route, now.to[i])
	})
}

// passed reports whether a request was here before, as a service led it back, or
// whether another gateway sent it to this process.
func (p *Proxy) passed(r *http.Request, self bool) bool {
	for _, via := range r.Header["Via"] {
		if strings.Contains(via, p.via) || self && strings.Contains(via, " "+viaPrefix+"_") {
			return true
		}
	}
	return false
}

// rewrite makes the request that an instance gets. RFC 9110 §7.6.3 asks for Via.
func (p *Proxy) rewrite(pr *httputil.ProxyRequest) {
	x := exchangeOf(pr.Out.Context())
	out := pr.Out
	if x.route.StripPrefix {
		out.URL.Path, out.URL.RawPath = stripped(pr.In.URL, x.route.Prefix)
		out.Header.Set("X-Forwarded-Prefix", x.route.Prefix)
	} else {
		out.Header.Del("X-Forwarded-Prefix")
	}
	pr.SetXForwarded()
	if p.c.ClientIP != nil {
		out.Header.Set("X-Forwarded-For", p.c.ClientIP(pr.In))
	}
	if id := domain.RequestIDFrom(pr.In.Context()); id != "" {
		out.Header.Set("X-Request-ID", id)
	}
	out.Header.Del("Expect") // the server in front has answered it
	out.Header.Add("Via", pr.In.Proto[strings.IndexByte(pr.In.Proto, '/')+1:]+" "+p.via)
	out.Host = pr.In.Host
}

// ownHeaders makes the headers of an answer replace those that the middleware has
// set already, as a local handler would; those that name this request stay.
func ownHeaders(res *http.Response) error {
	for _, name := range []string{"X-Request-Id", "X-Process-Time"} {
		res.Header.Del(name)
	}
	have := exchangeOf(res.Request.Context()).w.Header()
	for name := range res.Header {
		if name != "Vary" { // it counts as often as it is there
			have.Del(name)
		}
	}
	return nil
}

// SetInstances sets what discovery knows of; it takes the place of what it knew
// before. Instances of the file are not affected.
func (p *Proxy) SetInstances(list []domain.ServiceInstance) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.discovered = slices.Clone(list)
	p.refresh(p.routing.Load().table)
}

// Instances returns all instances of all services with what this process sees of
// them.
func (p *Proxy) Instances() []domain.ServiceInstance {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := []domain.ServiceInstance{}
	for _, b := range p.backends {
		out = append(out, b.view(p.c.Now())...)
	}
	slices.SortFunc(out, func(a, b domain.ServiceInstance) int {
		return strings.Compare(a.Name+" "+a.ID+" "+a.URL, b.Name+" "+b.ID+" "+b.URL)
	})
	return out
}

// RouteTable returns the routes that hold, and whether the file could be read.
func (p *Proxy) RouteTable() domain.RouteTable {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.routing.Load()
	out := domain.RouteTable{File: p.c.File, LoadedAt: p.loadedAt.UTC(), Routes: now.table.Routes(), Ready: map[string]int{}}
	if p.fault != nil {
		at := p.faultAt.UTC()
		out.Error, out.ErrorAt = p.fault.Error(), &at
	}
	for i, b := range now.to {
		if b != nil {
			out.Ready[now.table.routes[i].Service] = b.ready()
		}
	}
	return out
}

// Check returns why the file cannot be used that the routes should come from, or nil.
func (p *Proxy) Check(context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.fault
}

// refresh makes requests see a table with the instances that there are now. The
// caller holds the mutex.
func (p *Proxy) refresh(t *Table) {
	want := map[string][]*instance{}
	for name, s := range t.services {
		for _, target := range s.targets {
			want[name] = append(want[name], newInstance(domain.ServiceInstance{
				ID: strings.TrimPrefix(strings.TrimPrefix(target.url, "http://"), "https://"), Name: name, URL: target.url,
				Weight: target.weight, State: domain.ServiceReady, Source: "file",
			}, s.health))
		}
	}
	for _, d := range p.discovered {
		d.Weight = min(max(d.Weight, 1), maxWeight)
		d.InFlight, d.Failures, d.Error = 0, 0, ""
		if badURL(d.URL) != "" { // it takes no requests
			continue
		}
		spec := t.healthOf(d.Name)
		if d.Health != "" {
			spec.path = d.Health
		}
		want[d.Name] = append(want[d.Name], newInstance(d, spec))
	}
	next := &routing{table: t, to: make([]*backend, len(t.routes)), self: map[*backend]bool{}}
	for i, r := range t.routes {
		if r.Service != "" {
			next.to[i] = p.backend(r.Service)
		}
	}
	for name, list := range want {
		b := p.backend(name)
		next.self[b] = slices.ContainsFunc(list, func(in *instance) bool { return slices.Contains(p.c.Self, in.id) })
	}
	for name, b := range p.backends {
		gone := b.update(want[name], t.healthOf(name))
		b.routed = slices.Contains(next.to, b)
		p.loops.end(gone)
		p.loops.settle(p, b)
		if len(want[name]) == 0 && !b.routed {
			delete(p.backends, name)
		}
	}
	p.routing.Store(next)
}

func (t *Table) healthOf(service string) healthSpec {
	if s := t.services[service]; s != nil {
		return s.health
	}
	return usualHealth
}

func (p *Proxy) backend(name string) *backend {
	b := p.backends[name]
	if b == nil {
		b = &backend{name: name}
		p.backends[name] = b
	}
	return b
}

// newTransport returns connections for many clients at a time.
func newTransport(maxConns int) *http.Transport {
	dialer := &net.Dialer{Timeout: 2 * time.Second, KeepAlive: 15 * time.Second, ControlContext: refuseLinkLocal}
	return &http.Transport{
		DialContext: dialer.DialContext, MaxConnsPerHost: maxConns, MaxIdleConnsPerHost: maxConns,
		IdleConnTimeout: 90 * time.Second, TLSHandshakeTimeout: 5 * time.Second, DisableCompression: true,
		MaxResponseHeaderBytes: 256 << 10, ReadBufferSize: 4 << 10, WriteBufferSize: 4 << 10,
	}
}

// buffers are reused between answers.
type buffers struct{ pool sync.Pool }

// Get returns a buffer.
func (b *buffers) Get() []byte {
	if p, ok := b.pool.Get().(*[]byte); ok {
		return *p
	}
	return make([]byte, 32<<10)
}

// Put takes a buffer back.
func (b *buffers) Put(p []byte) { b.pool.Put(&p) }
