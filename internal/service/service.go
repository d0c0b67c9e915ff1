// Package service holds the use cases. A service decides, owns the transaction and
// checks that the principal in the context may do this; transports only say who it
// is, and adapters only store.
package service

import (
	"context"
	"time"

	"empire/internal/domain"
)

// transactor opens a transaction that the store and the job queue join.
type transactor interface {
	InTx(ctx context.Context, fn func(ctx context.Context) error) error
}

type auditStore interface {
	Append(ctx context.Context, e domain.AuditEntry) error
}

// journal writes audit entries for the principal in the context.
type journal struct {
	store auditStore
	now   func() time.Time
}

func (j journal) record(ctx context.Context, action, object, detail string) error {
	e := domain.AuditEntry{
		At: j.now().UTC(), Action: action, Object: object, Detail: detail, RequestID: domain.RequestIDFrom(ctx),
	}
	if p := domain.PrincipalFrom(ctx); p != nil {
		e.ActorID = p.UserID
	}
	return j.store.Append(ctx, e)
}
