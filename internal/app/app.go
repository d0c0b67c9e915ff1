// Package app builds every part of the program from its configuration, starts the
// parts in order and stops them in reverse. A role chooses which parts start, never
// how they are built.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"empire/internal/accesslog"
	"empire/internal/analytics"
	"empire/internal/auth"
	"empire/internal/blob"
	"empire/internal/bus"
	"empire/internal/cache"
	"empire/internal/certificate"
	"empire/internal/config"
	"empire/internal/domain"
	"empire/internal/edge"
	"empire/internal/gateway"
	"empire/internal/gateway/proxy"
	"empire/internal/integration/fetch"
	"empire/internal/intelligence/llm"
	"empire/internal/intelligence/vector"
	"empire/internal/jobs"
	"empire/internal/pipeline"
	"empire/internal/pipeline/shipped"
	"empire/internal/release"
	"empire/internal/service"
	"empire/internal/store"
	"empire/internal/telemetry"
	"empire/internal/ws"
)

// Mode says what an App is opened for.
type Mode int

// The modes.
const (
	// Serve locks the data directory, works jobs and listens.
	Serve Mode = iota
	// Work locks the data directory and works jobs, without listeners: a command
	// that waits for its own run.
	Work
	// Tool only reads and writes the store, beside a server if one runs.
	Tool
)

// App is the assembled program.
type App struct {
	cfg  *config.Config
	log  *slog.Logger
	now  func() time.Time
	mode Mode

	lock           *lock
	db             *store.DB
	store          *store.Store
	blobs          *blob.Dir
	queue          *jobs.Queue
	bus            *bus.Bus
	engine         *pipeline.Engine
	builder        *release.Builder
	launch         *shipped.Launch
	runtime        *shipped.Runtime
	edge           *edge.Server
	certificates   *certificate.Manager // nil: sites are served without TLS
	gateway        *gateway.Gateway
	cache          cache.Cache   // shared with other processes if Redis is configured
	local          *cache.Memory // of this process
	proxy          *proxy.Proxy
	registry       *bus.Registry
	announced      []*bus.Announcement
	metrics        *telemetry.HTTPMetrics
	traces         *telemetry.Traces // nil: none are made
	messageMetrics *telemetry.MessageMetrics
	instance       string // names this process among others
	previous       string // names the one that held the data directory before, if there was one
	csrf           *auth.CSRF
	authenticator  *auth.Authenticator
	admin          *domain.Principal
	hub            *ws.Hub   // of WebSockets; nil unless this is a server
	began          time.Time // when it was built
	newAdmin       *Credentials
	ledger         *service.Ledger
	models         *llm.Metered
	pages          *fetch.Client // the way out for addresses of others
	merchants      *fetch.Client // the way out to the pages of merchants: never to a network
	vectors        vector.Index
	visits         *analytics.Collector // nil unless this is a server
	tally          *analytics.Tally     // nil: pages that were sent are not counted
	accessLog      *accesslog.Writer    // nil: requests are not written down
	searchPages    func(ctx context.Context, tenants []domain.TenantID, q domain.SearchQuery) (*domain.SearchAnswer, error)
	hostKey        func(host string) string // the key that proves to search engines who holds a host

	Users     *service.Users
	APIKeys   *service.APIKeys
	Websites  *service.Websites
	Redirects *service.Redirects
	Links     *service.Links
	Healing   *service.LinkHealing
	Runs      *service.Runs
	Pipelines *service.Pipelines
	Schedules *service.Schedules
	Approvals *service.Approvals
	Agents    *service.Agents
	Catalogue *service.Catalogue
	Webhooks  *service.Webhooks
	Audit     *service.Audit
	Timelines *service.Timelines
	Services  *service.Services
	Health    *service.Health
	Budgets   *service.Budgets
	Graph     *service.Graph
	Snapshots *service.Snapshots
	Research  *service.Research
	Search    *service.Search
	Vectors   *service.Vectors
	Traffic   *service.Traffic

	Market       *service.Market
	Models       *service.Models
	Messages     *service.Messages
	DeadLetters  *service.DeadLetters
	Orchestrator *service.Orchestrator
	Duplicates   *service.Duplicates
	Fleet        *service.Fleet
	Batches      *service.Batches
	Revisions    *service.Revisions
	Planned      *service.Planned
	SEO          *service.SEO
	Submissions  *service.Submissions
	Alerts       *service.Alerts

	started []part
}

// Credentials are what the first start prints once.
type Credentials struct {
	Email    string
	Password string
}

// part is something with a life span.
type part struct {
	name  string
	start func(ctx context.Context) error
	stop  func(ctx context.Context) error
}

// Open builds the program on a data directory and brings its database up to date.
// Close ends what Open began.
func Open(ctx context.Context, cfg *config.Config, log *slog.Logger, mode Mode) (*App, error) {
	a := &App{cfg: cfg, log: log, now: time.Now, mode: mode}
	for _, step := range []func(context.Context) error{
		a.wireData, a.wireStore, a.wireCache, a.wireJobs, a.wireSearch, a.wireServices, a.wireTraffic, a.wireBudgets, a.wireAlerts, a.wireResearch, a.wireAgents, a.wireHealing, a.wireMarket, a.wirePipelines, a.wireMessages, a.wireAdmin, a.wireRouting, a.wireSockets, a.wireTransports,
	} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, a.Close())
		}
	}
	return a, nil
}

// Close releases the store and the data directory. Parts that were started must be
// stopped first.
func (a *App) Close() error {
	var errs []error
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if a.authenticator != nil {
		errs = append(errs, a.authenticator.Stop(ctx))
	}
	if a.bus != nil {
		errs = append(errs, a.bus.Stop(ctx))
	}
	errs = append(errs, a.traces.Stop(ctx))
	for _, c := range []*fetch.Client{a.pages, a.merchants} {
		if c != nil {
			c.Close()
		}
	}
	if a.cache != nil {
		a.cache.Close()
	}
	if a.db != nil {
		errs = append(errs, a.db.Close())
	}
	_ = telemetry.Flush(a.log) // nobody is left to tell if the log cannot be written
	return errors.Join(append(errs, a.lock.release())...)
}

// Start starts the parts of the role in order. If one fails, those before it are
// stopped again.
func (a *App) Start(ctx context.Context) error {
	for _, p := range a.parts() {
		if err := p.start(ctx); err != nil {
			stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.cfg.Shutdown.Timeout)
			defer cancel()
			return errors.Join(fmt.Errorf("start %s: %w", p.name, err), a.Stop(stopCtx))
		}
		a.started = append(a.started, p)
	}
	return nil
}

// Stop stops the started parts in reverse order: no job is begun any more, and once
// those that run have ended, the listeners close. Meanwhile /readyz says no.
func (a *App) Stop(ctx context.Context) error {
	a.Health.Stopping()
	if a.gateway != nil {
		a.gateway.Drain()
	}
	a.drainRouting(ctx)
	var errs []error
	for i := len(a.started) - 1; i >= 0; i-- {
		if err := a.started[i].stop(ctx); err != nil {
			errs = append(errs, fmt.Errorf("stop %s: %w", a.started[i].name, err))
		}
	}
	a.started = nil
	return errors.Join(errs...)
}

// parts returns what this role and mode start, in order.
func (a *App) parts() []part {
	var out []part
	if a.mode == Serve && a.plays("edge") {
		out = append(out, part{"visits", a.visits.Start, a.visits.Stop})
		out = append(out, a.recordParts()...)
	}
	if a.mode == Serve {
		out = append(out, part{"messages", a.startMessages, a.Messages.Stop}, part{"sockets", a.hub.Start, a.hub.Stop}, part{"gateway", a.startGateway, a.stopGateway})
	}
	if a.mode == Serve && a.plays("edge") {
		out = append(out, part{"edge", a.edge.Start, a.edge.Stop})
	}
	if a.mode != Tool && a.plays("worker") {
		out = append(out, part{"jobs", a.queue.Start, a.queue.Stop})
	}
	if a.mode != Tool && (a.plays("worker") || a.plays("gateway")) {
		keeper := &sweeper{a: a}
		out = append(out, part{"agents", keeper.Start, keeper.Stop})
	}
	if a.mode == Serve && a.plays("worker") {
		keeper, expiry := &housekeeping{a: a}, &expiry{a: a}
		out = append(out, part{"housekeeping", keeper.Start, keeper.Stop}, part{"expiry of approvals", expiry.Start, expiry.Stop})
		clock := &scheduler{a: a}
		out = append(out, part{"schedules", clock.Start, clock.Stop})
	}
	if a.mode != Tool && a.plays("worker") {
		purser := &spending{a: a}
		out = append(out, part{"spending", purser.Start, purser.Stop})
	}
	if a.mode == Serve && a.plays("worker") {
		out = append(out, part{"search", a.prepareSearch, func(context.Context) error { return nil }})
	}
	if a.mode == Serve {
		out = append(out, part{"routing", a.startRouting, a.stopRouting}, part{"health", a.Health.Start, a.Health.Stop})
		watcher := &watch{a: a}
		out = append(out, part{"alerts", watcher.Start, watcher.Stop})
	}
	return out
}

// wireData locks the data directory and opens the blob store.
func (a *App) wireData(context.Context) error {
	if a.mode != Tool {
		l, err := acquire(a.cfg.Data)
		if err != nil {
			return err
		}
		a.lock = l
	}
	dir := a.cfg.Blobs.Dir
	if dir == "" {
		dir = filepath.Join(a.cfg.Data, "blobs")
	}
	blobs, err := blob.NewDir(dir)
	if err != nil {
		return err
	}
	a.blobs, a.builder = blobs, release.New(blobs)
	return nil
}

// wireStore opens and migrates the database.
func (a *App) wireStore(ctx context.Context) error {
	db, err := store.Open(ctx, store.Config{
		Path: filepath.Join(a.cfg.Data, "empire.db"), URL: string(a.cfg.Database.URL), MaxConns: a.cfg.Database.MaxConns, Logger: a.log,
	})
	if err != nil {
		return err
	}
	a.db, a.store = db, store.New(db)
	return db.Migrate(ctx)
}

// latestDraft loads what the live release of a website was built from.
func (a *App) latestDraft(ctx context.Context, id domain.WebsiteID) (*domain.Draft, *domain.Market, error) {
	site, err := a.siteFor(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	if site.LiveRelease == "" {
		return nil, nil, domain.Errorf(domain.CodeConflict, "Website %s has no release yet.", id)
	}
	rel, err := a.store.Releases.Get(ctx, site.LiveRelease)
	if err != nil {
		return nil, nil, err
	}
	run, err := a.store.Runs.Get(ctx, rel.RunID)
	if err != nil {
		return nil, nil, err
	}
	sha, err := a.marketOf(ctx, run)
	if err != nil {
		return nil, nil, err
	}
	kept := artifacts{a.blobs}
	draft, err := kept.Draft(ctx, rel.Draft)
	if err != nil {
		return nil, nil, err
	}
	market, err := kept.Market(ctx, sha)
	return draft, market, err
}
