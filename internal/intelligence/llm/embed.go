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

// MeteredEmbedder embeds texts and pays for it. A model for embeddings has no
// fallback and no cheaper one: vectors of two models cannot be compared. The ledger
// keeps what they cost, not the vectors: whoever wants them keeps them.
type MeteredEmbedder struct {
	m     *Metered
	model *Model
}

var _ Embedder = (*MeteredEmbedder)(nil)

// Embedder returns the embedder over a model; empty: the one that the configuration
// names. A model whose provider has no embeddings is Unsupported.
func (m *Metered) Embedder(name string) (*MeteredEmbedder, error) {
	if name == "" {
		name = m.router.embedder
	}
	if name == "" {
		return nil, domain.Errorf(domain.CodeUnavailable, "No model for embeddings is configured: set models.embedding to the name of one in models.list.")
	}
	model, err := m.router.Get(name)
	if err != nil {
		return nil, err
	}
	if _, ok := model.Provider.(EmbeddingProvider); !ok {
		return nil, Fail(&Error{Provider: model.Provider.Name(), Class: Unsupported, Detail: "embeddings"}, 0)
	}
	return &MeteredEmbedder{m, model}, nil
}

// Model names what makes the vectors, for whoever keeps them: those of two names
// cannot be compared.
func (e *MeteredEmbedder) Model() string { return e.model.Provider.Name() + "/" + e.model.Model }

// Dimensions returns the length of the vectors; 0: what the model gives.
func (e *MeteredEmbedder) Dimensions() int { return e.model.Dimensions }

// Embed embeds texts in batches of MaxBatch. After an error nothing is returned,
// though batches before it were paid.
func (e *MeteredEmbedder) Embed(ctx context.Context, texts []string) ([][]float32, Usage, error) {
	var total Usage
	var out [][]float32
	for i, t := range texts {
		if t == "" {
			return nil, total, domain.Invalid("texts", "Text number %d is empty: it has no meaning to compare.", i+1)
		}
	}
	for len(texts) > 0 {
		n := min(MaxBatch, len(texts))
		res, err := e.batch(ctx, texts[:n])
		if err != nil {
			return nil, total, err
		}
		if out != nil && len(res.Vectors[0]) != len(out[0]) {
			return nil, total, Fail(&Error{Provider: e.model.Provider.Name(), Class: Malformed, Detail: "batches have different dimensions"}, 0)
		}
		if res.Usage != nil {
			total.Input += res.Usage.Input
		}
		out, texts = append(out, res.Vectors...), texts[n:]
	}
	return out, total, nil
}

func (e *MeteredEmbedder) batch(ctx context.Context, texts []string) (*Embeddings, error) {
	if err := e.m.router.admits(e.model); err != nil {
		return nil, err
	}
	scope, _ := domain.ScopeFrom(ctx)
	req := domain.CallRequest{
		Key: domain.CallKey{Owner: domain.NewID("work")}, Scope: scope,
		Options: []domain.CallOption{{Name: e.model.Name, Provider: e.model.Provider.Name(), Model: e.model.Model, InputBound: EmbedBound(texts)}},
	}
	var res *Embeddings
	_, err := e.m.pay(ctx, &req, e.model.Timeout, func(call *domain.ModelCall) (domain.CallResult, error) {
		var err error
		if res, err = e.send(ctx, call, texts, callName(scope, req.Key)); err != nil {
			return failedResult(err), err
		}
		return domain.CallResult{State: domain.CallSettled, Usage: valid(res.Usage), Finish: string(FinishStop), RequestID: res.ProviderRequestID}, nil
	})
	return res, err
}

func (e *MeteredEmbedder) send(ctx context.Context, call *domain.ModelCall, texts []string, name string) (res *Embeddings, err error) {
	model, callCtx, leave, err := e.m.turn(ctx, call)
	if err != nil {
		return nil, err
	}
	defer func() { leave(err) }()
	p, ok := model.Provider.(EmbeddingProvider)
	if !ok {
		return nil, Fail(&Error{Provider: model.Provider.Name(), Class: Unsupported, Detail: "embeddings"}, 0)
	}
	return p.Embed(callCtx, EmbedRequest{Model: call.Model, Texts: texts, Dimensions: model.Dimensions, IdempotencyKey: string(call.ID), CallName: name})
}
