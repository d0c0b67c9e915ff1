package catalog_test

import (
	"bytes"
	"context"
	"os"
	"testing"

	"empire/internal/catalog"
	"empire/internal/domain"
	"empire/internal/store"
	"empire/internal/testkit"
)

// storeSink is the store as an importer sees it.
type storeSink struct {
	*store.Products
	tx *store.Store
}

func (s storeSink) InTx(ctx context.Context, fn func(context.Context) error) error {
	return s.tx.InTx(ctx, fn)
}

// discard is a sink that keeps nothing, to measure reading alone.
type discard struct{}

func (discard) InTx(ctx context.Context, fn func(context.Context) error) error { return fn(ctx) }
func (discard) Hashes(context.Context, domain.FeedID, []string) (map[string]string, error) {
	return nil, nil
}
func (discard) Upsert(context.Context, []domain.Product) error { return nil }
func (discard) RemoveUnseen(context.Context, domain.FeedID, func(string) bool) (int, error) {
	return 0, nil
}

func BenchmarkImport(b *testing.B) {
	data, err := os.ReadFile(testkit.Data(b, "products/feed_pcparts_en_usd.csv.gz"))
	if err != nil {
		b.Fatal(err)
	}
	run := func(b *testing.B, sink catalog.Sink, feed *domain.Feed) {
		rep, err := (&catalog.Importer{}).Import(b.Context(), sink, feed, bytes.NewReader(data), catalog.ImportParams{})
		if err != nil || rep.RowsRead != 50023 {
			b.Fatal(rep, err)
		}
	}
	b.Run("read", func(b *testing.B) {
		for b.Loop() {
			run(b, discard{}, testFeed)
		}
	})
	b.Run("store", func(b *testing.B) {
		st := testkit.DB(b)
		for b.Loop() {
			feed := &domain.Feed{ID: domain.FeedID(domain.NewID("feed")), Language: "en"}
			feed.Name = string(feed.ID)
			if err := st.Feeds.Insert(b.Context(), feed); err != nil {
				b.Fatal(err)
			}
			run(b, storeSink{st.Products, st}, feed)
		}
	})
	b.Run("store_unchanged", func(b *testing.B) {
		st := testkit.DB(b)
		feed := &domain.Feed{ID: "feed_1", Name: "one", Language: "en"}
		if err := st.Feeds.Insert(b.Context(), feed); err != nil {
			b.Fatal(err)
		}
		run(b, storeSink{st.Products, st}, feed)
		for b.Loop() {
			run(b, storeSink{st.Products, st}, feed)
		}
	})
}

// The store fits: a second import changes nothing, and rows that the feed no longer
// has are removed.
func TestImportIntoStore(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(testkit.Data(t, "products/feed_luma_apparel_en_usd.csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	st := testkit.DB(t)
	feed := &domain.Feed{ID: "feed_1", Name: "one", Language: "en"}
	if err := st.Feeds.Insert(t.Context(), feed); err != nil {
		t.Fatal(err)
	}
	importInto := func(data []byte) domain.ImportReport {
		rep, err := (&catalog.Importer{}).Import(t.Context(), storeSink{st.Products, st}, feed, bytes.NewReader(data), catalog.ImportParams{})
		if err != nil {
			t.Fatal(err)
		}
		checkSums(t, rep)
		return rep
	}
	if rep := importInto(data); rep.Imported != 1462 || rep.Status != domain.ImportComplete {
		t.Errorf("first import: %+v", rep)
	}
	if rep := importInto(data); rep.Unchanged != 1462 || rep.Removed != 0 {
		t.Errorf("second import: %+v", rep)
	}
	if rep := importInto([]byte(manyRows(3))); rep.Imported != 3 || rep.Removed != 1462 {
		t.Errorf("another feed: %+v", rep)
	}
	if n, err := st.Products.Count(t.Context(), feed.ID); err != nil || n != 3 {
		t.Errorf("%d products, %v", n, err)
	}
}
