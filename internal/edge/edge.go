// Package edge serves the live releases of all sites by host name.
//
//	request ─▶ host table ─▶ site ─▶ manifest (loaded on the first request)
//	                                    └─▶ entry ─▶ form: br, zstd, gzip or plain ─▶ blob cache
//
// The table is an immutable map behind an atomic pointer. A poll of the websites
// that changed, hurried by Nudge, replaces it, so a pointer move takes effect well
// under a second and a request ends on the release that it began with. Starting
// reads one row for each site and no manifest.
//
// Pages report views and clicks with POST /e (see beacon), which go to the Collector.
// /go/… leads on to merchants: the registry of links is in memory, too, and follows the
// same poll. Such clicks are counted here, not by the page.
//
// A release that is not published is served at a host made of the SHA-256 of its
// manifest, see PreviewHost. Such hosts and those of sites have nothing in common:
// neither is ever looked up among the other.
package edge

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"
	"golang.org/x/sync/singleflight"

	"empire/internal/domain"
)

const (
	defaultPoll       = 250 * time.Millisecond
	defaultCacheBytes = 64 << 20
	// resyncEvery is how often the whole table is read again, for what neither the
	// list of changes nor the count of deletions can tell: a database that was put
	// back to an earlier state.
	resyncEvery = 30 * time.Second
	// loadLimit bounds reading a manifest or a blob, whoever waits for it.
	loadLimit = 10 * time.Second
)

type sites interface {
	// ChangedSince returns the websites whose PointerSeq is greater than seq.
	ChangedSince(ctx context.Context, seq int64) ([]domain.Website, error)
	// Deletions returns a number that grows with every website that is deleted.
	Deletions(ctx context.Context) (int, error)
}

type releases interface {
	Get(ctx context.Context, id domain.ReleaseID) (*domain.Release, error)
}

type manifests interface {
	Load(ctx context.Context, sha string) (domain.Manifest, error)
}

type blobs interface {
	ReadAll(ctx context.Context, sha string) ([]byte, error)
}

// Config is what New needs.
type Config struct {
	Sites     sites
	Releases  releases
	Manifests manifests
	Blobs     blobs     // whose ReadAll verifies what it reads
	Collector collector // takes what pages report; nil: nothing is counted
	Views     views     // takes the pages that are sent; nil: nothing is counted
	Links     links     // where /go/… leads; nil: there are no such paths
	// ClientIP returns the address that a request comes from; nil: that of the peer.
	ClientIP func(r *http.Request) string
	// KeyFile returns the key of a host, which is served at /KEY.txt to prove that this
	// server holds the host; nil: none is.
	KeyFile func(host string) string
	// Secure reports whether a request came over TLS to a proxy in front; nil: none did.
	Secure       func(r *http.Request) bool
	Certificates certificates // of hosts; nil: sites are served over plain HTTP alone
	Logger       *slog.Logger

	// Addr is where Start listens, such as 127.0.0.1:8081; empty means that the
	// server is used as a handler only.
	Addr       string
	Poll       time.Duration // how often to ask for changes; 0 means 250 ms
	CacheBytes int           // bound of the blob cache; 0 means 64 MB
	Debug      bool          // name the release in X-Release
}

// Server serves sites. It is an http.Handler and has a life span of its own.
type Server struct {
	cfg      Config
	log      *slog.Logger
	table    atomic.Pointer[table]
	cache    *otter.Cache[string, []byte]
	loads    singleflight.Group
	previews previews
	links    linkTable
	counters counters
	settings atomic.Pointer[settings]
	access   atomic.Pointer[accessLog]
	nudge    chan struct{}

	// What follows belongs to refresh, which runs once at a time.
	refreshing sync.Mutex
	known      map[domain.WebsiteID]*site
	seq        int64
	deletions  int
	resyncAt   time.Time

	unread atomic.Pointer[error] // why the last refresh after the start failed, or nil

	mu       sync.Mutex // guards what follows
	end      context.CancelFunc
	done     sync.WaitGroup
	http     *http.Server
	listener net.Listener
}

// New returns a server that knows no site until Start.
func New(cfg Config) (*Server, error) {
	if cfg.Sites == nil || cfg.Releases == nil || cfg.Manifests == nil || cfg.Blobs == nil || cfg.Logger == nil {
		return nil, errors.New("new edge: sites, releases, manifests, blobs and a logger are needed")
	}
	if cfg.Poll <= 0 {
		cfg.Poll = defaultPoll
	}
	if cfg.CacheBytes <= 0 {
		cfg.CacheBytes = defaultCacheBytes
	}
	cache, err := otter.New(&otter.Options[string, []byte]{
		MaximumWeight: uint64(cfg.CacheBytes),
		Weigher:       func(sha string, b []byte) uint32 { return uint32(len(sha) + len(b)) },
	})
	if err != nil {
		return nil, fmt.Errorf("new edge: %w", err)
	}
	s := &Server{cfg: cfg, log: cfg.Logger, cache: cache, nudge: make(chan struct{}, 1)}
	s.Configure(Settings{})
	return s, nil
}

// Start reads which sites there are, listens if there is an address, and follows
// changes until Stop. The end of ctx does not stop the server.
func (s *Server) Start(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.end != nil {
		return errors.New("start edge: it is running")
	}
	if err := s.refresh(ctx); err != nil {
		return fmt.Errorf("start edge: %w", err)
	}
	if s.cfg.Addr != "" {
		var lc net.ListenConfig
		l, err := lc.Listen(ctx, "tcp", s.cfg.Addr)
		if err != nil {
			return fmt.Errorf("start edge: %w", err)
		}
		s.listener, s.http = l, s.newHTTPServer()
		s.done.Go(func() {
			if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				s.log.Error("edge stopped serving", slog.Any("err", err))
			}
		})
	}
	runCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.end = cancel
	s.done.Go(func() { s.follow(runCtx) })
	return nil
}

func (s *Server) newHTTPServer() *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Server{
		Handler:   s,
		Protocols: protocols,
		// Counts from accept for the first request of a connection, so it must leave
		// room for connections that are opened ahead of need.
		ReadHeaderTimeout: 30 * time.Second,
		ReadTimeout:       time.Minute,
		WriteTimeout:      2 * time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
}

// Addr returns the address on which the server listens, with the port that it was
// given; empty if it does not listen.
func (s *Server) Addr() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener == nil {
		return ""
	}
	return s.listener.Addr().String()
}

// Stop ends listening, waits for requests in flight until ctx ends, and stops
// following changes.
func (s *Server) Stop(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.end == nil {
		return nil
	}
	var err error
	if s.http != nil {
		if err = s.http.Shutdown(ctx); err != nil {
			err = errors.Join(fmt.Errorf("stop edge: %w", err), s.http.Close())
		}
	}
	s.end()
	s.done.Wait()
	s.end, s.http, s.listener = nil, nil, nil
	return err
}

// Nudge makes the server ask for changes now instead of at the next poll. It does
// not wait for the answer.
func (s *Server) Nudge() {
	select {
	case s.nudge <- struct{}{}:
	default: // one is waiting already
	}
}

// Serving reports whether the server knows which sites there are.
func (s *Server) Serving() bool { return s.table.Load() != nil }

// Ping returns why the server does not know what is live now: it was not started,
// or the last time it asked it got no answer. Sites are served nevertheless, as
// they were before, if Serving is true.
func (s *Server) Ping(context.Context) error {
	if !s.Serving() {
		return errors.New("edge has not read which sites there are")
	}
	if err := s.unread.Load(); err != nil {
		return *err
	}
	return nil
}

// follow asks for changes until ctx ends.
func (s *Server) follow(ctx context.Context) {
	tick := time.NewTicker(s.cfg.Poll)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-s.nudge:
		}
		err := s.refresh(ctx)
		failing := s.unread.Load() != nil
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			s.unread.Store(nil)
			if failing {
				s.log.InfoContext(ctx, "edge reads which sites changed again")
			}
		default:
			s.unread.Store(&err)
			if !failing {
				s.log.WarnContext(ctx, "edge could not read which sites changed", slog.Any("err", err))
			}
		}
	}
}
