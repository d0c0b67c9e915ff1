package api_test

import (
	"context"

	"empire/internal/domain"
)

type search struct{ *fakes }

func (f search) Find(_ context.Context, q domain.SearchQuery) (*domain.SearchAnswer, error) {
	if err := q.Validate(); err != nil {
		return nil, err
	}
	hit := domain.SearchHit{
		Document: domain.SearchDocument{ID: "product:feed_1:1", Kind: domain.SearchProduct, Source: "feed:feed_1", FeedID: "feed_1", Ref: "1", Title: "Board", Text: "keys"},
		Score:    0.03, Words: &domain.WordsPart{Rank: 1, Score: 2, Words: []string{"board"}}, Near: &domain.VectorPart{Rank: 3, Distance: 0.2},
	}
	return &domain.SearchAnswer{Hits: []domain.SearchHit{hit}, Embedder: "lexical-1-384", Vectors: true}, f.fail
}
