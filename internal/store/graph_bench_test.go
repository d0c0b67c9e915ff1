package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/store"
	"empire/internal/testkit"
)

func graphDocument(i int) (*domain.GraphSource, []domain.GraphPart) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	src := &domain.GraphSource{ID: fmt.Sprint("import:", i), Tenant: "main", Kind: domain.GraphImport, Name: "x", At: at, UpdatedAt: at}
	p := domain.GraphPart{Hash: "x"}
	for k := range 20 {
		p.Rows = append(p.Rows, domain.GraphContribution{
			Node: domain.GraphRef{Type: domain.NodeProduct, ID: fmt.Sprint(i, "-", k)}, Relation: domain.RelationPartOf,
			To: domain.GraphRef{Type: domain.NodeNiche, ID: fmt.Sprint(k)}, Weight: domain.GraphOne,
		})
	}
	return src, []domain.GraphPart{p}
}

func fillGraph(tb testing.TB, s *store.Store, documents int) {
	tb.Helper()
	err := s.InTx(tb.Context(), func(ctx context.Context) error {
		for i := range documents {
			src, parts := graphDocument(i)
			if _, _, err := s.Graph.Put(ctx, src, parts); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
}

// BenchmarkGraphPut adds and withdraws one document of 20 contributions in graphs of
// different sizes: the time must not grow with them.
func BenchmarkGraphPut(b *testing.B) {
	for _, documents := range []int{100, 1000, 10_000} {
		b.Run(fmt.Sprint(documents*20), func(b *testing.B) {
			s := testkit.DB(b)
			fillGraph(b, s, documents)
			at := time.Now()
			for i := 0; b.Loop(); i++ {
				src, parts := graphDocument(1_000_000 + i)
				if _, _, err := s.Graph.Put(b.Context(), src, parts); err != nil {
					b.Fatal(err)
				}
				if err := s.Graph.Withdraw(b.Context(), "main", src.ID, at); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
