package store

import (
	"context"
	"database/sql"
	"sync"
)

// Bounds of what is kept prepared.
const (
	maxStatements    = 256     // texts; statements that are put together have many
	maxStatementText = 2 << 10 // bytes; the time to parse a long one is not what it costs
)

// statements keeps the statements of a pool of SQLite connections prepared: parsing
// a small one costs as much as running it. A statement is prepared when it comes for
// the second time. PostgreSQL's driver has such a memory of its own.
type statements struct {
	pool *sql.DB

	mu     sync.RWMutex
	known  map[string]*sql.Stmt // nil: it came once
	wanted []string             // in a transaction, which cannot prepare for later ones
}

func newStatements(pool *sql.DB) *statements {
	return &statements{pool: pool, known: map[string]*sql.Stmt{}}
}

// find returns a prepared statement, or nil and whether it should be prepared now.
func (s *statements) find(query string) (stmt *sql.Stmt, wanted bool) {
	s.mu.RLock()
	stmt, seen := s.known[query]
	full := len(s.known) >= maxStatements
	s.mu.RUnlock()
	if stmt != nil || !seen && full || len(query) > maxStatementText {
		return stmt, false
	}
	if !seen {
		s.mu.Lock()
		defer s.mu.Unlock()
		if _, seen = s.known[query]; !seen && len(s.known) < maxStatements {
			s.known[query] = nil
		}
	}
	return nil, seen
}

// prepare returns a statement that is kept prepared, or nil if that is not possible
// now: then it is run as it is, and says itself what is wrong.
func (s *statements) prepare(ctx context.Context, query string) *sql.Stmt {
	stmt, wanted := s.find(query) //nolint:sqlclosecheck // kept
	if !wanted {
		return stmt
	}
	stmt, err := s.pool.PrepareContext(ctx, query)
	if err != nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if first := s.known[query]; first != nil { // another one was faster
		_ = stmt.Close() //nolint:sqlclosecheck // only this one is not kept
		return first
	}
	s.known[query] = stmt
	return stmt
}

// prepareWanted prepares what transactions missed. It takes a connection, so it must
// run outside of them.
func (s *statements) prepareWanted(ctx context.Context) {
	s.mu.Lock()
	wanted := s.wanted
	s.wanted = nil
	s.mu.Unlock()
	for _, query := range wanted {
		s.prepare(ctx, query)
	}
}

// preparedPool is a pool that runs prepared statements. A connection belongs to one
// call at a time, so no statement runs twice at once.
type preparedPool struct {
	*sql.DB
	kept *statements
}

// ExecContext implements querier.
func (p preparedPool) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if stmt := p.kept.prepare(ctx, query); stmt != nil { //nolint:sqlclosecheck // kept
		return stmt.ExecContext(ctx, args...)
	}
	return p.DB.ExecContext(ctx, query, args...)
}

// QueryContext implements querier.
func (p preparedPool) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if stmt := p.kept.prepare(ctx, query); stmt != nil { //nolint:sqlclosecheck // kept
		return stmt.QueryContext(ctx, args...)
	}
	return p.DB.QueryContext(ctx, query, args...)
}

// QueryRowContext implements querier.
func (p preparedPool) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if stmt := p.kept.prepare(ctx, query); stmt != nil { //nolint:sqlclosecheck // kept
		return stmt.QueryRowContext(ctx, args...)
	}
	return p.DB.QueryRowContext(ctx, query, args...)
}

// preparedTx is a transaction that runs prepared statements. Lists run as they are:
// while one is being read, the same statement may run again.
type preparedTx struct {
	*sql.Tx
	kept *statements
}

func (t preparedTx) stmt(ctx context.Context, query string) *sql.Stmt {
	stmt, wanted := t.kept.find(query)
	if wanted {
		t.kept.mu.Lock()
		t.kept.wanted = append(t.kept.wanted, query)
		t.kept.mu.Unlock()
	}
	if stmt == nil {
		return nil
	}
	return t.StmtContext(ctx, stmt)
}

// ExecContext implements querier.
func (t preparedTx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if stmt := t.stmt(ctx, query); stmt != nil { //nolint:sqlclosecheck // kept
		return stmt.ExecContext(ctx, args...)
	}
	return t.Tx.ExecContext(ctx, query, args...)
}

// QueryRowContext implements querier. The row must be scanned before the same query
// is run again.
func (t preparedTx) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if stmt := t.stmt(ctx, query); stmt != nil { //nolint:sqlclosecheck // kept
		return stmt.QueryRowContext(ctx, args...)
	}
	return t.Tx.QueryRowContext(ctx, query, args...)
}
