// Package gateway is the front door: its listeners (API with dashboard, and edge),
// and what every request passes before a handler sees it.
//
//	request ─▶ request id ─▶ time, log, metrics ─▶ recover ─▶ headers ─▶ preflight ─▶ room ─▶ body limit
//	        ─▶ who is it ─▶ rate limit ─▶ deadline ─▶ idempotency key or ETag ─▶ route
//
// Middleware says who someone is; services decide what they may do. Every question
// has a switch in Config that is off at its zero value.
package gateway

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"empire/internal/domain"
)

type authenticator interface {
	Authenticate(ctx context.Context, token string) (*domain.Principal, error)
}

type readiness interface {
	Ready(ctx context.Context) ([]domain.Component, bool)
}

// observer counts requests. Route is a template and status an HTTP status, so the
// number of label sets is bounded.
type observer interface {
	ObserveRequest(listener, method, route string, status int, d time.Duration)
}

// counter counts outcomes that are not the usual ones: "shed" of "requests" or
// "writes", "limited" with the group of routes, "replayed" without more.
type counter interface {
	CountOutcome(outcome, what string)
}

// Config is what the gateway needs.
type Config struct {
	APIAddr  string // "127.0.0.1:8080"; empty opens no listener
	EdgeAddr string // "127.0.0.1:8081"; empty opens no listener
	// EdgeTLSAddr is where the edge is served over TLS with EdgeTLS, HTTP/2 included;
	// empty opens no listener.
	EdgeTLSAddr string
	EdgeTLS     *tls.Config

	Routes        map[string]http.Handler // of the API listener, by ServeMux pattern: "/api/", "/docs", "/"
	Edge          http.Handler            // of the edge listener
	Metrics       http.Handler            // of /metrics; nil: there is none
	Auth          authenticator
	SessionCookie string // name of the cookie that carries a token
	Health        readiness
	Problem       func(w http.ResponseWriter, r *http.Request, err error) // writes a problem document
	Observer      observer                                                // may be nil
	Counter       counter                                                 // may be nil
	Tracer        tracer                                                  // nil: no spans
	Logger        *slog.Logger
	Now           func() time.Time // nil: time.Now

	Limits        Limits
	Limiter       limiter       // nil: nothing is limited
	LimitPatience time.Duration // how long the limiter may take; 0: 250 ms
	Fallback      limiter       // of this process, while Limiter is out of reach; nil: nothing is limited then
	FailClosed    bool          // while Limiter is out of reach, requests are refused with 503 instead

	InFlight       int           // requests worked on at a time; more are refused with 503; 0: no bound
	WritesInFlight int           // those of them that change something
	RequestTimeout time.Duration // of a handler, unless it takes a file or sends a stream; 0: none

	Origins        []string       // whose pages may call the API from a browser; "*": any, without credentials
	TrustedProxies []netip.Prefix // who may say on whose behalf a request comes

	Idempotency   idempotency // nil: Idempotency-Key has no effect
	NoIdempotency []string    // prefixes of paths where it has none, because answers there hold secrets

	Sunsets []Sunset // routes that are superseded
}

// Gateway owns the listeners.
type Gateway struct {
	c         Config
	rates     [groups]rate
	origins   map[string]bool
	anyOrigin bool
	foreign   *http.CrossOriginProtection

	draining    atomic.Bool
	crowd       crowd
	limiterDown outage
	servers     []*server
	newcomers   newcomers
	group       errgroup.Group
	stopSweep   context.CancelFunc
	failed      chan error
}

type server struct {
	http *http.Server
	ln   net.Listener
}

// New returns a Gateway that does not listen yet. An origin that is none is left
// out: the configuration was checked.
func New(c Config) *Gateway {
	if c.Now == nil {
		c.Now = time.Now
	}
	g := &Gateway{
		c: c, rates: newRates(c.Limits), origins: map[string]bool{}, anyOrigin: slices.Contains(c.Origins, "*"),
		foreign: http.NewCrossOriginProtection(), failed: make(chan error, 3),
	}
	for _, o := range c.Origins {
		o = strings.ToLower(o)
		if g.anyOrigin || g.foreign.AddTrustedOrigin(o) == nil {
			g.origins[o] = true
		}
	}
	return g
}

// Start opens the listeners and serves. It returns once connections are accepted;
// ctx gives the requests their values, its end does not stop them.
func (g *Gateway) Start(ctx context.Context) error {
	sites := g.EdgeHandler()
	for _, l := range []struct {
		addr    string
		handler http.Handler
		edge    bool
		tls     *tls.Config
	}{{g.c.APIAddr, g.Handler(), false, nil}, {g.c.EdgeAddr, sites, true, nil}, {g.c.EdgeTLSAddr, sites, true, g.c.EdgeTLS}} {
		s := &server{}
		g.servers = append(g.servers, s)
		if l.addr == "" {
			continue
		}
		ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", l.addr)
		if err != nil {
			g.close()
			return fmt.Errorf("listen on %s: %w", l.addr, err)
		}
		s.ln, s.http = ln, g.newServer(ctx, l.handler, l.edge)
		s.http.TLSConfig = l.tls
	}
	for _, s := range g.servers {
		if s.ln == nil {
			continue
		}
		g.group.Go(func() error {
			err := s.serve()
			if !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) { // not Stop
				g.failed <- fmt.Errorf("serve %s: %w", s.ln.Addr(), err)
			}
			return nil
		})
		g.c.Logger.InfoContext(ctx, "listener opened", slog.String("address", s.ln.Addr().String()))
	}
	if g.c.Idempotency != nil {
		ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
		g.stopSweep = cancel
		g.group.Go(func() error {
			g.sweep(ctx)
			return nil
		})
	}
	return nil
}

func (s *server) serve() error {
	if s.http.TLSConfig != nil {
		return s.http.ServeTLS(s.ln, "", "")
	}
	return s.http.Serve(s.ln)
}

func (g *Gateway) newServer(ctx context.Context, h http.Handler, edge bool) *http.Server {
	s := &http.Server{
		Handler: h,
		// Counted from accept, so a connection that waits its turn needs room.
		ReadHeaderTimeout: 30 * time.Second,
		ReadTimeout:       2 * time.Minute,
		WriteTimeout:      2 * time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    2 * maxHeader,
		ErrorLog:          slog.NewLogLogger(g.c.Logger.Handler(), slog.LevelDebug),
		BaseContext:       func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
		ConnState:         g.newcomers.see,
	}
	if edge {
		s.Protocols = new(http.Protocols)
		s.Protocols.SetHTTP1(true)
		s.Protocols.SetHTTP2(true)
		s.Protocols.SetUnencryptedHTTP2(true)
	}
	return s
}

// Failed delivers the error of a listener that ended by itself.
func (g *Gateway) Failed() <-chan error { return g.failed }

// Drain makes /readyz answer 503 from now on, so that a balancer stops sending.
func (g *Gateway) Drain() { g.draining.Store(true) }

// Stop drains, waits for running requests until ctx ends, and then cuts them off.
func (g *Gateway) Stop(ctx context.Context) error {
	g.Drain()
	for _, s := range g.servers {
		if s.http != nil {
			_ = s.ln.Close() // its server says so
			s.http.SetKeepAlivesEnabled(false)
		}
	}
	if g.stopSweep != nil {
		g.stopSweep()
	}
	_ = g.group.Wait() // its functions return nil; every connection is known to its server now
	g.newcomers.wait(ctx)
	var stop errgroup.Group
	for _, s := range g.servers {
		if s.http == nil {
			continue
		}
		stop.Go(func() error {
			if err := s.http.Shutdown(ctx); err != nil {
				return errors.Join(fmt.Errorf("stop %s: %w", s.ln.Addr(), err), s.http.Close())
			}
			return nil
		})
	}
	return stop.Wait()
}

// close gives the listeners back when Start fails halfway.
func (g *Gateway) close() {
	for _, s := range g.servers {
		if s.ln != nil {
			_ = s.ln.Close()
		}
	}
	g.servers = nil
}

// Addr returns the bound address of the API listener, such as 127.0.0.1:8080, or
// "" if there is none.
func (g *Gateway) Addr() string { return g.addr(0) }

// EdgeAddr returns the bound address of the edge listener, or "".
func (g *Gateway) EdgeAddr() string { return g.addr(1) }

// EdgeTLSAddr returns the bound address of the edge listener with TLS, or "".
func (g *Gateway) EdgeTLSAddr() string { return g.addr(2) }

func (g *Gateway) addr(i int) string {
	if i >= len(g.servers) || g.servers[i].ln == nil {
		return ""
	}
	return g.servers[i].ln.Addr().String()
}
