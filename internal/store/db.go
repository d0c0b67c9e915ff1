// Package store keeps the program's records in SQLite or PostgreSQL. There is one
// small type for each aggregate (Users, Websites, Runs, …); a Store bundles them.
//
//	DB ── writer (SQLite: one connection)   every write, every transaction
//	 └─── readers (SQLite: a pool)          reads outside a transaction
//
// InTx puts a transaction in the context; every call with that context joins it.
// Outside a transaction each call is atomic by itself. What differs between the
// two databases is in dialect.go and in the two sets of migrations.
//
// Errors carry domain codes: CodeNotFound for a missing row, CodeConflict for a
// duplicate or a row that others refer to, CodeUnavailable for a database that is
// down, locked, full or damaged. Times have microsecond precision and come back in
// UTC. Lists are never nil.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"empire/internal/sqltx"
)

// Config says where the database is. URL wins over Path.
type Config struct {
	Path   string       // SQLite file, created when missing; its directory must exist
	URL    string       // PostgreSQL URL
	Logger *slog.Logger // nil: no log
	// MaxConns bounds the connections to PostgreSQL, or the readers on SQLite. Zero
	// means 20 and 8.
	MaxConns int
}

// DB is an open database. It is safe for concurrent use.
type DB struct {
	d       dialect
	writer  *sql.DB
	readers *sql.DB      // the writer itself on PostgreSQL
	watch   *sql.DB      // one connection for questions that must not wait for others; see Portfolio
	written *statements  // SQLite: what is kept prepared of the writer
	read    *statements  // and of the readers
	back    *checkpoints // SQLite: write the journal back
	url     string
	place   string // for messages: the file, or host and database without the password
	log     *slog.Logger
}

const openTimeout = 15 * time.Second

// Open connects to the database. It does not migrate, but it refuses a database
// whose schema is newer than this program.
func Open(ctx context.Context, cfg Config) (*DB, error) {
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	db := &DB{log: cfg.Logger, url: cfg.URL, d: dialectPostgres}
	if db.log == nil {
		db.log = slog.New(slog.DiscardHandler)
	}
	var err error
	if cfg.URL != "" {
		err = db.openPostgres(cfg)
	} else {
		db.d = dialectSQLite
		err = db.openSQLite(ctx, cfg)
	}
	if err == nil {
		err = db.Ping(ctx)
	}
	if err == nil {
		err = db.refuseNewer(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// Dialect returns "sqlite" or "postgres".
func (db *DB) Dialect() string { return string(db.d) }

// URL returns the PostgreSQL URL, or "" on SQLite.
func (db *DB) URL() string { return db.url }

// Writer returns the pool that writes. On SQLite it is one connection: inside
// InTx, use the transaction of the context instead, or the call waits for itself.
func (db *DB) Writer() *sql.DB { return db.writer }

// Readers returns the pool that reads; on PostgreSQL it is the one that writes.
func (db *DB) Readers() *sql.DB { return db.readers }

// Ping checks that the database answers and is a database.
func (db *DB) Ping(ctx context.Context) error {
	var n int
	err := db.readers.QueryRowContext(ctx, `SELECT 1`).Scan(&n)
	return db.fail(err, "ping database %s", db.place)
}

// Close closes all connections. It is safe to call on a database that did not
// open.
func (db *DB) Close() error {
	errs := []error{db.back.close()}
	if db.watch != nil {
		errs = append(errs, db.watch.Close())
	}
	if db.readers != nil && db.readers != db.writer {
		errs = append(errs, db.readers.Close())
	}
	if db.writer != nil {
		errs = append(errs, db.writer.Close())
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close database %s: %w", db.place, err)
	}
	return nil
}

// InTx runs fn in a transaction that the context given to fn carries. It commits
// when fn returns nil and then runs what sqltx.AfterCommit collected; it rolls
// back on an error or a panic. Within another InTx, fn joins that transaction and
// the outer one decides. After an error inside, return it: PostgreSQL accepts no
// further statement.
func (db *DB) InTx(ctx context.Context, fn func(ctx context.Context) error) (err error) {
	if sqltx.From(ctx) != nil {
		return fn(ctx)
	}
	if db.written != nil {
		db.written.prepareWanted(ctx)
	}
	tx, err := db.writer.BeginTx(ctx, nil)
	if err != nil {
		return db.fail(err, "begin transaction")
	}
	c := &sqltx.Carrier{Tx: tx}
	committed := false
	defer func() {
		if !committed {
			_ = tx.Rollback() // the first error, or the panic, tells more
		}
	}()
	if err := fn(sqltx.With(ctx, c)); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return db.fail(err, "commit transaction")
	}
	committed = true
	db.back.wrote()
	c.Committed()
	return nil
}

// querier is what a pool and a transaction have in common.
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
}

// r returns what reads: the transaction of ctx, else the readers.
func (db *DB) r(ctx context.Context) querier { return db.in(ctx, db.readers, db.read) }

// w returns what writes: the transaction of ctx, else the writer.
func (db *DB) w(ctx context.Context) querier {
	db.back.wrote()
	return db.in(ctx, db.writer, db.written)
}

// in returns the transaction of ctx, else a pool; on SQLite with prepared statements.
func (db *DB) in(ctx context.Context, pool *sql.DB, kept *statements) querier {
	c := sqltx.From(ctx)
	switch {
	case c != nil && kept != nil:
		return preparedTx{c.Tx, db.written} // transactions are the writer's
	case c != nil:
		return c.Tx
	case kept != nil:
		return preparedPool{pool, kept}
	}
	return pool
}
