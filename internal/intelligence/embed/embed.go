// Package embed turns texts into vectors: with a model of a provider, or with none.
//
// A space belongs to one embedder with one name. Vectors of two embedders are never
// compared: the name of the collection that holds them contains the embedder's.
package embed

import (
	"context"
	"fmt"
	"strings"

	"empire/internal/domain"
)

// Embedder turns texts into vectors of one dimension.
type Embedder interface {
	// Name tells the embedder from every other whose vectors differ: vendor, model and
	// version.
	Name() string
	Dimension() int
	// Embed returns one vector for each text, in their order. A text without anything
	// to go by has a vector of zeros, which is near nothing.
	Embed(ctx context.Context, texts []string) ([][]float32, error)
}

// Querier is an embedder for which a query is not what a document is.
type Querier interface {
	// EmbedQuery returns the vector of a query. weight says how much a word tells, such
	// as its inverse document frequency; nil: all the same.
	EmbedQuery(ctx context.Context, text string, weight func(word string) float64) ([]float32, error)
}

// Query returns the vector of a query.
func Query(ctx context.Context, e Embedder, text string, weight func(word string) float64) ([]float32, error) {
	if q, ok := e.(Querier); ok {
		return q.EmbedQuery(ctx, text, weight)
	}
	list, err := e.Embed(ctx, []string{text})
	if err != nil {
		return nil, err
	}
	if len(list) != 1 {
		return nil, fmt.Errorf("embedder %s returned %d vectors for one text", e.Name(), len(list))
	}
	return list[0], nil
}

// Model is an embedder on a provider's model.
type Model struct {
	Vendor string // of Name
	Model  string // of Name
	Size   int    // dimension
	// Call embeds at most Batch texts; 0: 64.
	Call  func(ctx context.Context, texts []string) ([][]float32, error)
	Batch int
}

// Name implements Embedder.
func (m *Model) Name() string { return m.Vendor + "-" + m.Model + "-" + fmt.Sprint(m.Size) }

// Dimension implements Embedder.
func (m *Model) Dimension() int { return m.Size }

// Embed implements Embedder. An answer that does not fit is CodeUnavailable.
func (m *Model) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	batch := m.Batch
	if batch <= 0 {
		batch = 64
	}
	out := make([][]float32, 0, len(texts))
	for len(texts) > 0 {
		part := texts[:min(batch, len(texts))]
		list, err := m.Call(ctx, part)
		if err != nil {
			return nil, fmt.Errorf("embed with %s: %w", m.Name(), err)
		}
		if len(list) != len(part) {
			return nil, domain.Errorf(domain.CodeUnavailable, "Model %s returned %d vectors for %d texts.", m.Model, len(list), len(part))
		}
		for _, v := range list {
			if len(v) != m.Size {
				return nil, domain.Errorf(domain.CodeUnavailable, "Model %s returned a vector of dimension %d, not %d.", m.Model, len(v), m.Size)
			}
		}
		out, texts = append(out, list...), texts[len(part):]
	}
	return out, nil
}

// Slug returns a name as a part of the name of a collection: lower case, with hyphens
// for everything but letters, digits, dots and underscores.
func Slug(name string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '.', r == '_':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, name), "-._")
}
