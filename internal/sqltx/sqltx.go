// Package sqltx carries a database transaction in a context, so that the store
// and the job queue join the transaction that a service opened.
package sqltx

import (
	"context"
	"database/sql"
)

type key struct{}

// Carrier is a transaction with the work to do once it has committed.
type Carrier struct {
	Tx          *sql.Tx
	afterCommit []func()
}

// With returns a context that carries c.
func With(ctx context.Context, c *Carrier) context.Context {
	return context.WithValue(ctx, key{}, c)
}

// From returns the carrier in ctx, or nil outside a transaction.
func From(ctx context.Context) *Carrier {
	c, _ := ctx.Value(key{}).(*Carrier)
	return c
}

// AfterCommit runs fn once the transaction in ctx has committed, or at once
// outside a transaction. A rollback drops fn. It is for news that may be missed:
// cache hints and progress events.
func AfterCommit(ctx context.Context, fn func()) {
	if c := From(ctx); c != nil {
		c.afterCommit = append(c.afterCommit, fn)
		return
	}
	fn()
}

// Committed runs what AfterCommit collected, in order. Only the code that commits
// calls it.
func (c *Carrier) Committed() {
	for _, fn := range c.afterCommit {
		fn()
	}
	c.afterCommit = nil
}
