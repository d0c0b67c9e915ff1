package llm

import (
	"context"

	"empire/internal/domain"
)

// Usage is what a call took, as the provider counts it.
type Usage = domain.Usage

// Embedder turns texts into vectors, for who compares texts by meaning. One that is
// metered reserves and settles every batch in the ledger.
type Embedder interface {
	// Embed returns one vector for each text, in their order, all of the same length,
	// and what that took. No texts give no vectors and cost nothing. Errors are those
	// of providers (ClassOf); a provider without embeddings is Unsupported.
	Embed(ctx context.Context, texts []string) ([][]float32, Usage, error)
}
