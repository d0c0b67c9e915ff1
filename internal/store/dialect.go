package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"empire/internal/domain"
)

// dialect is one of the two databases. All differences between them are in this
// file and in the migrations.
type dialect string

const (
	dialectSQLite   dialect = "sqlite"
	dialectPostgres dialect = "postgres"
)

func (db *DB) openPostgres(cfg Config) error {
	pc, err := pgx.ParseConfig(cfg.URL)
	if err != nil {
		return &domain.Error{Code: domain.CodeInvalid, Field: "url", Message: "The PostgreSQL URL cannot be parsed.", Err: err}
	}
	if pc.RuntimeParams["application_name"] == "" {
		pc.RuntimeParams["application_name"] = "empire"
	}
	if !strings.Contains(cfg.URL, "default_query_exec_mode") {
		// No named statements: those break behind a transaction pooler, and a plan
		// that was kept from when a table was empty reads all of it once it is full.
		pc.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	}
	db.place = net.JoinHostPort(pc.Host, fmt.Sprint(pc.Port)) + "/" + pc.Database
	conns := cfg.MaxConns
	if conns <= 0 {
		conns = 20
	}
	conns = max(conns, 2) // a migration holds its lock on a second one
	db.writer = stdlib.OpenDB(*pc)
	db.writer.SetMaxOpenConns(conns)
	db.writer.SetMaxIdleConns(conns)
	db.writer.SetConnMaxIdleTime(5 * time.Minute)
	db.readers = db.writer
	db.watch = stdlib.OpenDB(*pc)
	db.watch.SetMaxOpenConns(1)
	return nil
}

// openSQLite creates the file readable for its owner only, since it holds password
// hashes, and opens the writer first: it switches the file to WAL.
func (db *DB) openSQLite(ctx context.Context, cfg Config) error {
	path, err := filepath.Abs(cfg.Path)
	if err != nil || cfg.Path == "" {
		return domain.Invalid("path", "The database needs a file name.")
	}
	db.place = path
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // the operator's own data directory
	if err != nil {
		return &domain.Error{Code: domain.CodeUnavailable, Message: fmt.Sprintf("Database file %s cannot be written.", path), Err: pathCause(err)}
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("close %s: %w", path, err)
	}
	readers := cfg.MaxConns
	if readers <= 0 {
		readers = 8
	}
	if db.writer, err = sql.Open("sqlite", sqliteDSN(path, "_txlock=immediate", "_pragma=journal_mode(WAL)", "_pragma=cache_size(-16000)")); err != nil {
		return db.fail(err, "open")
	}
	db.writer.SetMaxOpenConns(1)
	if err := db.writer.PingContext(ctx); err != nil {
		return db.fail(err, "open")
	}
	if db.readers, err = sql.Open("sqlite", sqliteDSN(path, "_pragma=query_only(1)", "_pragma=cache_size(-8000)")); err != nil {
		return db.fail(err, "open")
	}
	db.readers.SetMaxOpenConns(readers)
	db.readers.SetMaxIdleConns(readers)
	if db.watch, err = sql.Open("sqlite", sqliteDSN(path, "_pragma=query_only(1)")); err != nil {
		return db.fail(err, "open")
	}
	db.watch.SetMaxOpenConns(1)
	back, err := sql.Open("sqlite", sqliteDSN(path))
	if err != nil {
		return db.fail(err, "open")
	}
	back.SetMaxOpenConns(1)
	db.back = newCheckpoints(back)
	db.written, db.read = newStatements(db.writer), newStatements(db.readers)
	return nil
}

// sqliteDSN returns the address of a file. busy_timeout comes before everything
// that may meet a lock. The writer writes the journal back at 16 MB, which the checkpoints
// leave to it only when they fall behind, and cuts it to 64 MB if a long reader let
// it grow.
func sqliteDSN(path string, extra ...string) string {
	params := []string{
		"_pragma=busy_timeout(10000)", "_pragma=synchronous(NORMAL)", "_pragma=foreign_keys(1)", "_pragma=temp_store(MEMORY)",
		"_pragma=wal_autocheckpoint(4000)", "_pragma=journal_size_limit(67108864)", "_dqs=0",
	}
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(path)}
	return u.String() + "?" + strings.Join(append(params, extra...), "&")
}

func pathCause(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return pe.Err
	}
	return err
}

// lockRow is added to a SELECT whose row must not change until the transaction
// ends. On SQLite the whole transaction holds the write lock.
func (d dialect) lockRow() string {
	if d == dialectPostgres {
		return " FOR NO KEY UPDATE"
	}
	return ""
}

// hourOf is the hour since 1970 in which the time of a column lies.
func (d dialect) hourOf(column string) string {
	if d == dialectPostgres {
		return `CAST(floor(extract(epoch FROM ` + column + `) / 3600) AS bigint)`
	}
	return column + ` / 3600000000`
}

// lockTable keeps others from writing to a table until the transaction ends; on SQLite
// there is one writer anyway.
func (db *DB) lockTable(ctx context.Context, table string) error {
	if db.d == dialectSQLite {
		return nil
	}
	_, err := db.w(ctx).ExecContext(ctx, `LOCK TABLE `+table+` IN SHARE MODE`)
	return err
}

// lockMailboxes holds mailboxes until the transaction of ctx ends, in the order of
// ids, which are sorted. Those that do not exist are left out.
func (db *DB) lockMailboxes(ctx context.Context, ids []domain.AgentID) error {
	if db.d == dialectSQLite {
		return nil // the transaction holds the write lock
	}
	query := `SELECT agent_id FROM mailboxes WHERE ` + db.d.inList("agent_id", 1) + ` ORDER BY agent_id` + db.d.lockRow()
	return db.each(ctx, query, []any{listArg(db.d, ids)}, func(r row) error {
		_, err := scanOne[string](r)
		return err
	})
}

// inList is the condition that column is one of the values of argument n, which
// listArg made. It is one argument whatever the number of values: PostgreSQL then
// looks each up in the index even before it has statistics, and SQLite spares the
// time that it takes to bind many named parameters, which grows with their square.
func (d dialect) inList(column string, n int) string {
	if d == dialectPostgres {
		return fmt.Sprintf("%s IN (SELECT unnest($%d::text[]))", column, n)
	}
	return fmt.Sprintf("%s IN (SELECT value FROM json_each($%d))", column, n)
}

func listArg[T ~string](d dialect, values []T) any {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = string(v)
	}
	if d == dialectPostgres {
		return texts
	}
	return jsonValue{texts}
}

// inNumbers is inList for what numbersArg made.
func (d dialect) inNumbers(column string, n int) string {
	if d == dialectPostgres {
		return fmt.Sprintf("%s IN (SELECT unnest($%d::bigint[]))", column, n)
	}
	return fmt.Sprintf("%s IN (SELECT value FROM json_each($%d))", column, n)
}

func numbersArg(d dialect, values []int64) any {
	if d == dialectPostgres {
		return values
	}
	return jsonValue{values}
}

// rowsPerStatement is how many rows a bulk statement takes: many on PostgreSQL,
// where each costs a round trip; few on SQLite for the reason given at inList.
func (d dialect) rowsPerStatement(columns int) int {
	if d == dialectPostgres {
		return max(1000/columns, 1)
	}
	return max(100/columns, 1)
}

// oneByOne reports whether many small prepared statements in a transaction are faster
// than one for many rows: where a statement costs no round trip.
func (d dialect) oneByOne() bool { return d == dialectSQLite }

func (d dialect) goose() goose.Dialect {
	if d == dialectPostgres {
		return goose.DialectPostgres
	}
	return goose.DialectSQLite3
}

// lockMigrations lets one process migrate at a time. The lock belongs to a
// transaction, not to a session, so that it works through a transaction pooler.
// SQLite needs none: one process holds the data directory.
func (db *DB) lockMigrations(ctx context.Context) (unlock func(), err error) {
	if db.d == dialectSQLite {
		return func() {}, nil
	}
	const key = 0x656d706972650001 // "empire" and a number, unique within the database
	tx, err := db.writer.BeginTx(ctx, nil)
	if err != nil {
		return nil, db.fail(err, "begin")
	}
	if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(key)); err != nil {
		return nil, errors.Join(db.fail(err, "lock"), tx.Rollback())
	}
	return func() { _ = tx.Rollback() }, nil
}

// timeArg returns a time as the database stores it: timestamptz on PostgreSQL,
// microseconds since 1970 on SQLite. Those have the same precision, sort as
// numbers, take eight bytes, and cost no parsing when a list is read.
func (d dialect) timeArg(t time.Time) any {
	if d == dialectPostgres {
		return t.UTC()
	}
	return t.UnixMicro()
}

// timeScan reads what timeArg wrote into one of its two targets.
type timeScan struct {
	t   *time.Time
	opt **time.Time
}

// Scan implements sql.Scanner.
func (s timeScan) Scan(src any) error {
	var t time.Time
	switch v := src.(type) {
	case nil:
		if s.opt == nil {
			return errors.New("time is NULL")
		}
		*s.opt = nil
		return nil
	case int64:
		t = time.UnixMicro(v).UTC()
	case time.Time:
		t = v.UTC()
	default:
		return fmt.Errorf("time has type %T", src)
	}
	if s.opt != nil {
		*s.opt = &t
	} else {
		*s.t = t
	}
	return nil
}

// noTable reports whether a statement failed because its table does not exist.
func noTable(err error) bool {
	if pe, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pe.Code == "42P01"
	}
	if se, ok := errors.AsType[*sqlite.Error](err); ok {
		return strings.Contains(se.Error(), "no such table")
	}
	return false
}

// duplicate returns the columns of a violated unique constraint, such as "domain"
// or "feed_id,key".
func duplicate(err error) (columns string, ok bool) {
	if pe, isPG := errors.AsType[*pgconn.PgError](err); isPG && pe.Code == "23505" {
		// Key (feed_id, key)=(…, …) already exists.
		_, rest, _ := strings.Cut(pe.Detail, "(")
		columns, _, _ = strings.Cut(rest, ")=")
		return strings.ReplaceAll(columns, " ", ""), true
	}
	se, isSQLite := errors.AsType[*sqlite.Error](err)
	if !isSQLite || se.Code() != sqlite3.SQLITE_CONSTRAINT_UNIQUE && se.Code() != sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY {
		return "", false
	}
	// constraint failed: UNIQUE constraint failed: products.feed_id, products.key (1555)
	text := se.Error()
	text = text[strings.LastIndex(text, "failed: ")+len("failed: "):]
	text, _, _ = strings.Cut(text, " (")
	var names []string
	for part := range strings.SplitSeq(text, ", ") {
		_, name, _ := strings.Cut(part, ".")
		names = append(names, name)
	}
	return strings.Join(names, ","), true
}

// badReference reports a violated foreign key.
func badReference(err error) bool {
	if pe, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pe.Code == "23503"
	}
	se, ok := errors.AsType[*sqlite.Error](err)
	return ok && se.Code() == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY
}

// outage returns a sentence when the database itself is the trouble.
func (db *DB) outage(err error) (message string, ok bool) {
	if pe, isPG := errors.AsType[*pgconn.PgError](err); isPG {
		switch {
		case strings.HasPrefix(pe.Code, "08"), strings.HasPrefix(pe.Code, "53"), strings.HasPrefix(pe.Code, "57P"), pe.Code == "40P01", pe.Code == "55P03",
			strings.HasPrefix(pe.Code, "28"), pe.Code == "3D000":
			return fmt.Sprintf("Database %s does not take the request now.", db.place), true
		}
		return "", false
	}
	if se, isSQLite := errors.AsType[*sqlite.Error](err); isSQLite {
		return db.sqliteOutage(se.Code() & 0xff)
	}
	_, isConnect := errors.AsType[*pgconn.ConnectError](err)
	_, isNet := errors.AsType[net.Error](err)
	if isConnect || isNet && !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, driver.ErrBadConn) {
		return fmt.Sprintf("Database %s cannot be reached.", db.place), true
	}
	return "", false
}

func (db *DB) sqliteOutage(code int) (message string, ok bool) {
	switch code {
	case sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT:
		return fmt.Sprintf("Database file %s is damaged or is not a database.", db.place), true
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN:
		return fmt.Sprintf("Database file %s cannot be written.", db.place), true
	case sqlite3.SQLITE_FULL:
		return fmt.Sprintf("Database file %s has no room: the disk is full.", db.place), true
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return fmt.Sprintf("Database file %s is locked by another program.", db.place), true
	case sqlite3.SQLITE_IOERR:
		return fmt.Sprintf("Database file %s cannot be read or written.", db.place), true
	default:
		return "", false
	}
}
