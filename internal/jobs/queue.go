// Package jobs is the durable work queue: River on the database of the program,
// SQLite or PostgreSQL.
//
// A job is a row in river_job that is inserted in the transaction which makes the
// work necessary, and is worked after that transaction has committed:
//
//	available ─▶ running ─▶ completed
//	    ▲           ├─▶ cancelled   the error says that trying again is useless
//	    │           ├─▶ discarded   no attempts left
//	    └───────────┴── retried after a pause; snoozed; its worker died
//
// Any job may run more than once: a worker that is killed leaves its jobs in
// running, and Queue puts them back (see Recover). Handlers are written for that.
package jobs

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"
)

// Dialect names a database.
type Dialect string

// The databases that the queue runs on.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

const (
	// fetchCooldown is the least time between two fetches; River takes no less.
	fetchCooldown = time.Millisecond
	// Polls are the fallback for a missed wake-up; delayed jobs start on them.
	pollSQLite   = 100 * time.Millisecond
	pollPostgres = 200 * time.Millisecond

	defaultWorkers     = 4
	defaultMaxAttempts = 100 // what runs a step counts its own tries; this ends the hopeless
	keepCompleted      = time.Hour
	defaultGrace       = 10 * time.Second
)

// Config is what New needs.
type Config struct {
	Dialect Dialect
	// Writer is the store's handle for writing; jobs are inserted through it, and on
	// SQLite also worked.
	Writer *sql.DB
	// URL is the PostgreSQL connection string for the workers' own pool, which
	// listens for notifications. SQLite does not need it.
	URL string
	// WorkerID names this process among all that share the database. At most 100
	// characters.
	WorkerID string
	Workers  int    // jobs worked at the same time; 0 means 4
	Trace    tracer // nil: no spans
	Logger   *slog.Logger
}

// Handler works one job. attempt counts from 1. ctx ends at the job's timeout and
// when the queue stops; it carries no transaction.
type Handler func(ctx context.Context, args json.RawMessage, attempt int) error

// runner is a River client of either driver that works jobs.
type runner interface {
	Start(ctx context.Context) error
	Stop(ctx context.Context) error
	StopAndCancel(ctx context.Context) error
}

// Queue inserts jobs and, once started, works them. Its methods are safe for
// concurrent use, but Handle must not be called after Start.
type Queue struct {
	cfg      Config
	leases   leases
	driver   riverdriver.Driver[*sql.Tx] // of the caller's transactions
	inserter *river.Client[*sql.Tx]
	workers  *river.Workers

	mu      sync.Mutex // guards what follows
	runner  runner
	pool    *pgxpool.Pool
	endBeat context.CancelFunc
	beatEnd chan struct{}

	poll      time.Duration // how often to look for jobs that nothing announced
	waker     waker
	canceling atomic.Bool // running jobs were told to stop
}

// New returns a queue that can insert jobs. With nil leases it sends no heartbeats
// and never takes a job from another worker.
func New(cfg Config, leases leases) (*Queue, error) {
	if cfg.Writer == nil || cfg.Logger == nil {
		return nil, errors.New("new queue: a database and a logger are needed")
	}
	if cfg.WorkerID == "" || len(cfg.WorkerID) > 100 {
		return nil, fmt.Errorf("new queue: worker ID %q must have 1 to 100 characters", cfg.WorkerID)
	}
	if cfg.Workers == 0 {
		cfg.Workers = defaultWorkers
	}
	driver, err := cfg.driver()
	if err != nil {
		return nil, fmt.Errorf("new queue: %w", err)
	}
	inserter, err := river.NewClient(driver, &river.Config{
		FetchCooldown: fetchCooldown,
		Hooks:         []rivertype.Hook{&insertHook{}},
		ID:            cfg.WorkerID,
		Logger:        quiet(cfg.Logger),
		MaxAttempts:   defaultMaxAttempts,
	})
	if err != nil {
		return nil, fmt.Errorf("new queue: %w", err)
	}
	poll := pollSQLite
	if cfg.Dialect == Postgres {
		poll = pollPostgres
	}
	return &Queue{
		cfg: cfg, leases: leases, driver: driver, inserter: inserter, workers: river.NewWorkers(), poll: poll,
	}, nil
}

// driver returns the River driver that shares the caller's transactions.
func (c Config) driver() (riverdriver.Driver[*sql.Tx], error) {
	switch c.Dialect {
	case SQLite:
		return riversqlite.New(c.Writer), nil
	case Postgres:
		return riverdatabasesql.New(c.Writer), nil
	default:
		return nil, fmt.Errorf("unknown dialect %q", c.Dialect)
	}
}

// migrateLock is the advisory lock that keeps two processes from migrating a
// PostgreSQL database at the same time: "empire" and "jobs" in ASCII, mixed.
const migrateLock = 0x656d_6a6f

// Migrate brings River's tables to the version of this program. It is safe to run
// from several processes at the same time.
func (q *Queue) Migrate(ctx context.Context) error {
	if q.cfg.Dialect == Postgres {
		conn, err := q.cfg.Writer.Conn(ctx)
		if err != nil {
			return fmt.Errorf("migrate jobs: %w", err)
		}
		defer func() { _ = conn.Close() }()
		if _, err := conn.ExecContext(ctx, `SELECT pg_advisory_lock($1)`, migrateLock); err != nil {
			return fmt.Errorf("migrate jobs: %w", err)
		}
		defer func() {
			_, _ = conn.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, migrateLock)
		}()
	}
	m, err := rivermigrate.New(q.driver, &rivermigrate.Config{Logger: quiet(q.cfg.Logger)})
	if err != nil {
		return fmt.Errorf("migrate jobs: %w", err)
	}
	if _, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("migrate jobs: %w", err)
	}
	return nil
}

// Handle registers fn for jobs of a kind, with a time limit for each attempt; zero
// means none. It panics if the kind already has a handler.
func (q *Queue) Handle(kind string, timeout time.Duration, fn func(ctx context.Context, args json.RawMessage, attempt int) error) {
	river.AddWorkerArgs(q.workers, envelope{kind: kind}, &worker{q: q, kind: kind, timeout: timeout, fn: fn})
}

// Start begins to work jobs, after it has taken over the jobs of dead workers. The
// end of ctx does not stop the queue; Stop does.
func (q *Queue) Start(ctx context.Context) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.runner != nil {
		return errors.New("start queue: it is running")
	}
	q.canceling.Store(false)
	if err := q.beat(ctx); err != nil {
		return fmt.Errorf("start queue: %w", err)
	}
	if _, err := q.Recover(ctx); err != nil {
		return fmt.Errorf("start queue: %w", err)
	}
	r, err := q.newRunner(ctx)
	if err != nil {
		return fmt.Errorf("start queue: %w", err)
	}
	if err := r.Start(context.WithoutCancel(ctx)); err != nil {
		q.closePool()
		return fmt.Errorf("start queue: %w", err)
	}
	q.runner = r
	q.waker.enable()
	beatCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	q.endBeat, q.beatEnd = cancel, make(chan struct{})
	go q.keepAlive(beatCtx, q.beatEnd)
	return nil
}

// newRunner builds the client that works jobs; on PostgreSQL with a pool of its
// own, because only the native driver can listen.
func (q *Queue) newRunner(ctx context.Context) (runner, error) {
	cfg := &river.Config{
		CompletedJobRetentionPeriod: keepCompleted,
		FetchCooldown:               fetchCooldown,
		FetchPollInterval:           q.poll,
		Hooks:                       []rivertype.Hook{&insertHook{}},
		ID:                          q.cfg.WorkerID,
		Logger:                      quiet(q.cfg.Logger),
		MaxAttempts:                 defaultMaxAttempts,
		Queues:                      map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: q.cfg.Workers}},
		RetryPolicy:                 backoff{},
		Workers:                     q.workers,
	}
	if q.cfg.Dialect == SQLite {
		return river.NewClient(&wakingDriver{riversqlite.New(q.cfg.Writer), &q.waker}, cfg)
	}
	pool, err := pgxpool.New(ctx, q.cfg.URL)
	if err != nil {
		return nil, err
	}
	r, err := river.NewClient[pgx.Tx](riverpgxv5.New(pool), cfg)
	if err != nil {
		pool.Close()
		return nil, err
	}
	q.pool = pool
	return r, nil
}

// Stop stops fetching jobs and waits for those that run: for half of the time that
// ctx leaves (10 s without a deadline), then it cancels them. A canceled job is
// available again at once and the attempt does not count.
func (q *Queue) Stop(ctx context.Context) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.runner == nil {
		return nil
	}
	q.waker.disable()
	grace := defaultGrace
	if end, ok := ctx.Deadline(); ok {
		grace = time.Until(end) / 2
	}
	soft, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	err := q.runner.Stop(soft)
	if err != nil {
		q.canceling.Store(true)
		err = q.runner.StopAndCancel(ctx)
	}
	q.endBeat()
	<-q.beatEnd
	q.runner = nil
	if err != nil { // a job ignores its context: leave the lease to run out
		return fmt.Errorf("stop queue: %w", err)
	}
	q.closePool()
	return q.release(ctx)
}

func (q *Queue) closePool() {
	if q.pool != nil {
		q.pool.Close()
		q.pool = nil
	}
}

// Ping reports whether the queue's database answers.
func (q *Queue) Ping(ctx context.Context) error {
	var n int
	if err := q.cfg.Writer.QueryRowContext(ctx, `SELECT count(*) FROM river_migration`).Scan(&n); err != nil {
		return fmt.Errorf("ping queue: %w", err)
	}
	return nil
}

// minLevel drops records below a level. River reports every start, stop and
// election as news; here they are detail.
type minLevel struct {
	slog.Handler
	level slog.Level
}

func (h minLevel) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= h.level && h.Handler.Enabled(ctx, l)
}

func (h minLevel) WithAttrs(attrs []slog.Attr) slog.Handler {
	return minLevel{h.Handler.WithAttrs(attrs), h.level}
}

func (h minLevel) WithGroup(name string) slog.Handler {
	return minLevel{h.Handler.WithGroup(name), h.level}
}

func quiet(l *slog.Logger) *slog.Logger { return slog.New(minLevel{l.Handler(), slog.LevelWarn}) }
