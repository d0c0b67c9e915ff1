package jobs_test

import (
	"context"
	"database/sql"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"empire/internal/jobs"
	"empire/internal/sqltx"
)

// patience bounds every wait of these tests; only a failing test waits that long.
const patience = 20 * time.Second

// database is an empty database with the queue's tables.
type database struct {
	dialect jobs.Dialect
	db      *sql.DB
	url     string
}

// onEach runs a test on both databases, each time on a database of its own.
func onEach(t *testing.T, fn func(t *testing.T, d database)) {
	t.Helper()
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		fn(t, migrated(t, sqlite(t)))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		fn(t, migrated(t, postgres(t)))
	})
}

func sqlite(t testing.TB) database {
	t.Helper()
	dsn := "file:" + filepath.Join(t.TempDir(), "jobs.db") +
		"?_txlock=immediate&_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)"
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = db.Close() })
	return database{dialect: jobs.SQLite, db: db}
}

func migrated(t testing.TB, d database) database {
	t.Helper()
	if err := d.queue(t, "migrator", nil).Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return d
}

// queue returns a queue with two workers that looks for jobs only when it is woken.
func (d database) queue(t testing.TB, id string, l *leases) *jobs.Queue {
	t.Helper()
	return d.sized(t, id, l, 2)
}

func (d database) sized(t testing.TB, id string, l *leases, workers int) *jobs.Queue {
	t.Helper()
	cfg := jobs.Config{
		Dialect: d.dialect, Writer: d.db, URL: d.url, WorkerID: id, Workers: workers,
		Logger: slog.New(slog.DiscardHandler),
	}
	q, err := jobs.New(cfg, l.orNone())
	if err != nil {
		t.Fatal(err)
	}
	q.SetPoll(time.Hour)
	return q
}

func start(t testing.TB, q *jobs.Queue) {
	t.Helper()
	if err := q.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, q) })
}

func stop(t testing.TB, q *jobs.Queue) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
	defer cancel()
	if err := q.Stop(ctx); err != nil {
		t.Error(err)
	}
}

// inTx runs fn in a transaction that the context carries and ends it.
func (d database) inTx(t *testing.T, commit bool, fn func(ctx context.Context)) {
	t.Helper()
	tx, err := d.db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	c := &sqltx.Carrier{Tx: tx}
	fn(sqltx.With(t.Context(), c))
	if commit {
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		c.Committed()
	}
}

// row is what a test looks at in a job's row.
type row struct {
	State   string
	Attempt int
}

func (d database) rows(t *testing.T) map[string]row {
	t.Helper()
	rows, err := d.db.QueryContext(t.Context(), `SELECT kind, state, attempt FROM river_job`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	out := map[string]row{}
	for rows.Next() {
		var kind string
		var r row
		if err := rows.Scan(&kind, &r.State, &r.Attempt); err != nil {
			t.Fatal(err)
		}
		out[kind] = r
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// wait returns what comes from ch, or fails the test.
func wait[T any](t *testing.T, ch <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(patience):
		t.Fatalf("waited in vain for %s", what)
		panic("unreachable")
	}
}

// leases keeps heartbeats in memory.
type leases struct {
	mu    sync.Mutex
	beats map[string]time.Time
}

type leaseKeeper interface {
	Beat(ctx context.Context, id string, at time.Time) error
	Remove(ctx context.Context, id string) error
	Live(ctx context.Context, since time.Time) ([]string, error)
}

// orNone avoids an interface that holds a nil pointer.
func (l *leases) orNone() leaseKeeper {
	if l == nil {
		return nil
	}
	return l
}

func (l *leases) Beat(_ context.Context, id string, at time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.beats == nil {
		l.beats = map[string]time.Time{}
	}
	l.beats[id] = at
	return nil
}

func (l *leases) Remove(_ context.Context, id string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.beats, id)
	return nil
}

func (l *leases) Live(_ context.Context, since time.Time) ([]string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.DeleteFunc(slices.Sorted(maps.Keys(l.beats)), func(id string) bool { return l.beats[id].Before(since) }), nil
}
