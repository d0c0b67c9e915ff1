package service_test

import (
	"context"

	"empire/internal/domain"
	"empire/internal/intelligence/llm"
)

// keyKeeper keeps the key of the last call that was recalled.
type keyKeeper struct {
	llm.Ledger
	key *domain.CallKey
}

func (k keyKeeper) Recall(ctx context.Context, key domain.CallKey) (*domain.ModelCall, error) {
	*k.key = key
	return k.Ledger.Recall(ctx, key)
}
