package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"empire/internal/domain"
)

// fail says what was done when err happened and gives it a domain code. It returns
// nil for nil.
func (db *DB) fail(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf(format+": %w", append(args, db.coded(err))...)
}

func (db *DB) coded(err error) error {
	if _, ok := errors.AsType[*domain.Error](err); ok {
		return err
	}
	if columns, ok := duplicate(err); ok {
		return &domain.Error{Code: domain.CodeConflict, Field: columns, Message: fmt.Sprintf("There is already one with this %s.", columns), Err: err}
	}
	if badReference(err) {
		return &domain.Error{Code: domain.CodeConflict, Message: "It refers to something that does not exist, or something still refers to it.", Err: err}
	}
	if message, ok := db.outage(err); ok {
		return &domain.Error{Code: domain.CodeUnavailable, Message: message, Err: err}
	}
	return err
}

// taken replaces the message of a duplicate in column; other errors stay.
func taken(err error, column, field, format string, args ...any) error {
	if columns, ok := duplicate(err); ok && columns == column {
		return &domain.Error{Code: domain.CodeConflict, Field: field, Message: fmt.Sprintf(format, args...), Err: err}
	}
	return err
}

// row is one row of a result.
type row interface{ Scan(dest ...any) error }

// getOne returns the only row of a query, or missing.
func getOne[T any](ctx context.Context, db *DB, missing *domain.Error, scan func(row) (T, error), query string, args ...any) (*T, error) {
	v, err := scan(db.r(ctx).QueryRowContext(ctx, query, args...))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, missing
	}
	if err != nil {
		return nil, db.coded(err)
	}
	return &v, nil
}

// getAll returns all rows of a query.
func getAll[T any](ctx context.Context, db *DB, scan func(row) (T, error), query string, args ...any) ([]T, error) {
	rows, err := db.r(ctx).QueryContext(ctx, query, args...)
	if err != nil {
		return nil, db.coded(err)
	}
	defer rows.Close()
	out := []T{}
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, db.coded(err)
		}
		out = append(out, v)
	}
	if err := rows.Err(); err != nil {
		return nil, db.coded(err)
	}
	return out, nil
}

// scanOne reads a row of one column.
func scanOne[T any](r row) (v T, err error) {
	err = r.Scan(&v)
	return v, err
}

// count runs a query that yields one number.
func (db *DB) count(ctx context.Context, query string, args ...any) (int, error) {
	var n int
	err := db.r(ctx).QueryRowContext(ctx, query, args...).Scan(&n)
	return n, db.fail(err, "count")
}

// exec runs a statement and returns how many rows it changed.
func (db *DB) exec(ctx context.Context, query string, args ...any) (int64, error) {
	res, err := db.w(ctx).ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// execOne runs a statement that must change a row, else it returns missing.
func (db *DB) execOne(ctx context.Context, missing *domain.Error, query string, args ...any) error {
	n, err := db.exec(ctx, query, args...)
	if err == nil && n == 0 {
		return missing
	}
	return err
}

// each calls fn for every row that a statement that writes returns.
func (db *DB) each(ctx context.Context, query string, args []any, fn func(row) error) error {
	return eachOf(ctx, db.w(ctx), query, args, fn)
}

// eachRead calls fn for every row of a query.
func (db *DB) eachRead(ctx context.Context, query string, args []any, fn func(row) error) error {
	return eachOf(ctx, db.r(ctx), query, args, fn)
}

func eachOf(ctx context.Context, q querier, query string, args []any, fn func(row) error) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := fn(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// lock holds the row that a query selects until the transaction ends, or returns
// missing. Locks are taken in one order everywhere, so that writers on PostgreSQL
// cannot wait for each other in a circle: a run before its steps and approvals, a
// website before its releases, and counters after those.
func (db *DB) lock(ctx context.Context, missing *domain.Error, query string, id any) error {
	var found string
	err := db.w(ctx).QueryRowContext(ctx, query+db.d.lockRow(), id).Scan(&found)
	if errors.Is(err, sql.ErrNoRows) {
		return missing
	}
	return err
}

// next increments a counter and returns its value. On PostgreSQL it holds the
// counter until the transaction ends, so values become visible in their order.
func (db *DB) next(ctx context.Context, counter string) (n int64, err error) {
	const query = `UPDATE counters SET value = value + 1 WHERE name = $1 RETURNING value`
	err = db.w(ctx).QueryRowContext(ctx, query, counter).Scan(&n)
	return n, db.fail(err, "increment counter %s", counter)
}

// defaultLimit is the size of a Window without one.
const defaultLimit = 50

func limitOffset(w domain.Window) (limit, offset int) {
	if w.Limit <= 0 {
		w.Limit = defaultLimit
	}
	return w.Limit, max(w.Offset, 0)
}

// filter collects conditions on columns.
type filter struct {
	conds []string
	args  []any
}

// eq demands a value, unless it is empty.
func (f *filter) eq(column, value string) {
	if value != "" {
		f.args = append(f.args, value)
		f.conds = append(f.conds, column+" = $"+strconv.Itoa(len(f.args)))
	}
}

// since demands a value that is not less than one.
func (f *filter) since(column string, value any) {
	f.args = append(f.args, value)
	f.conds = append(f.conds, column+" >= $"+strconv.Itoa(len(f.args)))
}

// before demands a value that is less than one.
func (f *filter) before(column string, value any) {
	f.args = append(f.args, value)
	f.conds = append(f.conds, column+" < $"+strconv.Itoa(len(f.args)))
}

// in demands one of several values; none at all matches nothing.
func in[T ~string](f *filter, d dialect, column string, values []T) {
	f.args = append(f.args, listArg(d, values))
	f.conds = append(f.conds, d.inList(column, len(f.args)))
}

// containsAny demands that a column of lower-case text contains one of the terms.
func (f *filter) containsAny(column string, terms []string) {
	conds := make([]string, len(terms))
	for i, t := range terms {
		f.args = append(f.args, contains(t))
		conds[i] = column + " LIKE $" + strconv.Itoa(len(f.args)) + ` ESCAPE '\'`
	}
	f.conds = append(f.conds, "("+strings.Join(conds, " OR ")+")")
}

// where returns the conditions as the end of a statement.
func (f *filter) where() string {
	if len(f.conds) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(f.conds, " AND ")
}

// page returns LIMIT and OFFSET and the arguments of the whole statement.
func (f *filter) page(w domain.Window) (string, []any) {
	limit, offset := limitOffset(w)
	n := len(f.args)
	return fmt.Sprintf(" LIMIT $%d OFFSET $%d", n+1, n+2), append(f.args[:n:n], limit, offset)
}

// placeholders returns "$first, …" for n arguments.
func placeholders(first, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(first + i))
	}
	return b.String()
}

// escapeLike makes a text literal within a LIKE pattern with ESCAPE '\'.
var escapeLike = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

func contains(text string) string { return "%" + escapeLike.Replace(strings.ToLower(text)) + "%" }

func (db *DB) time(t time.Time) any { return db.d.timeArg(t) }

func (db *DB) timePtr(t *time.Time) any {
	if t == nil {
		return nil
	}
	return db.d.timeArg(*t)
}

func asTime(t *time.Time) timeScan     { return timeScan{t: t} }
func asTimePtr(t **time.Time) timeScan { return timeScan{opt: t} }

// jsonValue stores and reads a value as JSON text.
type jsonValue struct{ v any }

// Value implements driver.Valuer.
func (j jsonValue) Value() (driver.Value, error) {
	b, err := json.Marshal(j.v)
	return string(b), err
}

// Scan implements sql.Scanner.
func (j jsonValue) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		return nil
	case string:
		return json.Unmarshal([]byte(v), j.v)
	case []byte:
		return json.Unmarshal(v, j.v)
	default:
		return fmt.Errorf("JSON has type %T", src)
	}
}

// optJSON stores a nil pointer as NULL.
func optJSON[T any](v *T) any {
	if v == nil {
		return nil
	}
	return jsonValue{v}
}

// rawArg stores JSON byte for byte; empty is NULL.
func rawArg(m json.RawMessage) any {
	if len(m) == 0 {
		return nil
	}
	return string(m)
}

// rawScan reads what rawArg wrote.
type rawScan struct{ m *json.RawMessage }

// Scan implements sql.Scanner.
func (r rawScan) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*r.m = nil
	case string:
		*r.m = json.RawMessage(v)
	case []byte:
		*r.m = append(json.RawMessage(nil), v...)
	default:
		return fmt.Errorf("JSON has type %T", src)
	}
	return nil
}

// nullable stores an empty string as NULL, for optional references.
func nullable(s string) any {
	if s == "" {
		return nil
	}
	return s
}
