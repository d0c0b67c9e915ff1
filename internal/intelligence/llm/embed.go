package llm

import (
	"context"
	"math"

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

// EmbedRequest asks for the vectors of one batch of texts.
type EmbedRequest struct {
	Model      string // the vendor's name
	Texts      []string
	Dimensions int // length of the vectors; 0: what the model gives

	IdempotencyKey string
	CallName       string
}

// Embeddings are the vectors of a batch.
type Embeddings struct {
	Vectors           [][]float32
	Usage             *domain.Usage // nil: the vendor did not say
	ProviderRequestID string
}

const (
	// MaxBatch is how many texts one call takes: what all vendors do.
	MaxBatch = 100
	// maxDimensions bounds vectors.
	maxDimensions = 16384
)

// Check reports as Malformed what is not one finite vector for each text, all of one
// length: of dimensions, if that is not 0. Vendors that ignore the wish would spoil an
// index silently.
func (e *Embeddings) Check(provider string, texts, dimensions int) error {
	fault := func(detail string) error {
		return Fail(&Error{Provider: provider, Class: Malformed, Detail: detail}, 0)
	}
	if len(e.Vectors) != texts {
		return fault("the number of vectors is not that of texts")
	}
	for _, v := range e.Vectors {
		if dimensions == 0 {
			dimensions = len(v)
		}
		if len(v) != dimensions || len(v) == 0 || len(v) > maxDimensions {
			return fault("vectors do not have the dimensions that were asked for")
		}
		norm := 0.0
		for _, x := range v {
			norm += float64(x) * float64(x)
		}
		if math.IsNaN(norm) || math.IsInf(norm, 0) || norm == 0 {
			return fault("a vector is not finite, or zero")
		}
	}
	return nil
}

// Normalize makes the lengths of vectors 1.
func Normalize(vectors [][]float32) {
	for _, v := range vectors {
		norm := 0.0
		for _, x := range v {
			norm += float64(x) * float64(x)
		}
		if norm = math.Sqrt(norm); norm == 0 {
			continue
		}
		for i := range v {
			v[i] = float32(float64(v[i]) / norm)
		}
	}
}
