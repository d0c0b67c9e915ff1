package store

import (
	"context"
	"strings"
)

// bulk writes many rows with statements of many rows each, which costs a fraction
// of one statement a row on both databases.
type bulk struct {
	into    string // table and columns: "t (a, b)"
	columns int
	after   string // what follows the values: "ON CONFLICT …"
}

func (b bulk) statement(rows int) string {
	var s strings.Builder
	s.WriteString("INSERT INTO " + b.into + " VALUES ")
	for i := range rows {
		if i > 0 {
			s.WriteString(", ")
		}
		s.WriteString("(" + placeholders(i*b.columns+1, b.columns) + ")")
	}
	s.WriteString(" " + b.after)
	return s.String()
}

// write stores n rows in one transaction; arg appends the values of row i.
func (b bulk) write(ctx context.Context, db *DB, n int, arg func(args []any, i int) []any) error {
	if n == 0 {
		return nil
	}
	return db.InTx(ctx, func(ctx context.Context) error {
		size := db.d.rowsPerStatement(b.columns)
		args := make([]any, 0, min(n, size)*b.columns)
		full := n / size
		if full > 0 {
			stmt, err := db.w(ctx).PrepareContext(ctx, b.statement(size))
			if err != nil {
				return err
			}
			defer stmt.Close()
			for i := range full * size {
				if args = arg(args, i); (i+1)%size != 0 {
					continue
				}
				if _, err := stmt.ExecContext(ctx, args...); err != nil {
					return err
				}
				args = args[:0]
			}
		}
		rest := n - full*size
		if rest == 0 {
			return nil
		}
		for i := range rest {
			args = arg(args, full*size+i)
		}
		_, err := db.w(ctx).ExecContext(ctx, b.statement(rest), args...)
		return err
	})
}
