package catalog_test

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"testing"

	"empire/internal/catalog"
	"empire/internal/domain"
)

// sink keeps products in memory, as the store would.
type sink struct {
	rows     map[string]domain.Product
	fail     error // returned by Upsert
	batches  int
	biggest  int
	removals int
}

func newSink() *sink {
	return &sink{rows: map[string]domain.Product{}}
}

func (s *sink) InTx(ctx context.Context, fn func(context.Context) error) error { return fn(ctx) }

func (s *sink) Hashes(_ context.Context, _ domain.FeedID, keys []string) (map[string]string, error) {
	out := map[string]string{}
	for _, k := range keys {
		if p, ok := s.rows[k]; ok {
			out[k] = p.Hash
		}
	}
	return out, nil
}

func (s *sink) Upsert(_ context.Context, products []domain.Product) error {
	if s.fail != nil {
		return s.fail
	}
	s.batches++
	s.biggest = max(s.biggest, len(products))
	for _, p := range products {
		s.rows[p.Key] = p
	}
	return nil
}

func (s *sink) RemoveUnseen(_ context.Context, _ domain.FeedID, seen func(string) bool) (int, error) {
	s.removals++
	n := 0
	for _, k := range slices.Collect(maps.Keys(s.rows)) {
		if !seen(k) {
			delete(s.rows, k)
			n++
		}
	}
	return n, nil
}

var testFeed = &domain.Feed{ID: "feed_test", Name: "test", Language: "en"}

func importBytes(t testing.TB, s *sink, data []byte) domain.ImportReport {
	t.Helper()
	rep, err := (&catalog.Importer{}).Import(t.Context(), s, testFeed, bytes.NewReader(data), catalog.ImportParams{Size: int64(len(data))})
	if err != nil {
		t.Fatal(err)
	}
	checkSums(t, rep)
	return rep
}

// checkSums checks what holds for every report.
func checkSums(t testing.TB, rep domain.ImportReport) {
	t.Helper()
	if sum := rep.Imported + rep.Updated + rep.Unchanged + rep.Rejected + rep.Reasons["duplicate"]; sum != rep.RowsRead {
		t.Errorf("rows add up to %d, want rows_read %d: %+v", sum, rep.RowsRead, rep)
	}
	if (rep.Error == "") != (rep.Status == domain.ImportComplete) {
		t.Errorf("status %s with error %q", rep.Status, rep.Error)
	}
	if rep.Status == domain.ImportRefused && rep.Imported+rep.Updated+rep.Unchanged+rep.Removed > 0 {
		t.Errorf("refused, but rows were stored: %+v", rep)
	}
	if rep.Status != domain.ImportComplete && rep.Removed > 0 {
		t.Errorf("%s, but rows were removed: %+v", rep.Status, rep)
	}
}
