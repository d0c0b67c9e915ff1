package store_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/store"
	"empire/internal/testkit"
)

// feedOf returns rows of the size of a real feed: about 1.5 kB as JSON.
func feedOf(rows int, hash string) []domain.Product {
	at := time.Date(2026, 3, 14, 15, 9, 26, 0, time.UTC)
	inStock := true
	out := make([]domain.Product, rows)
	for i := range out {
		name := fmt.Sprintf("HyperX Alloy Core %d mechanical gaming keyboard", i)
		specs := "style: Gaming; backlit: RGB; tenkeyless: false; connection_type: Wired; color: Black"
		out[i] = domain.Product{
			FeedID: "feed_a", Key: fmt.Sprint(13506269916 + i*7919%rows), MerchantKey: fmt.Sprint("keyboard-", i), MerchantID: "900001",
			MerchantName: "PC Parts Sample", Name: name, Brand: "HyperX", Category: "Keyboard", CategoryPath: "Computer Parts > Keyboard",
			TrackingURL: fmt.Sprintf("https://www.awin1.com/pclick.php?p=%d&a=0000000&m=900001", i), Language: "en", Colour: "Black",
			Description: specs + specs + specs, Price: &domain.Money{Minor: 3799, Currency: "USD"}, InStock: &inStock, ReadAt: at,
			Hash:   fmt.Sprintf("%s%064d", hash, i),
			Fields: map[string]string{"product_name": name, "specifications": specs, "search_price": "37.99", "colour": "Black"},
			Attributes: []domain.Attribute{
				{Name: "backlit", Kind: domain.AttributeText, Text: "RGB", Field: "specifications", Raw: "backlit: RGB"},
				{Name: "wired", Kind: domain.AttributeFlag, Flag: true, Field: "specifications", Raw: "connection_type: Wired"},
				{Name: "colour", Kind: domain.AttributeText, Text: "black", Field: "colour", Raw: "Black"},
			},
		}
	}
	return out
}

// BenchmarkProductsUpsert imports 50,000 rows as an import does it, in
// transactions of 500: new, changed, and unchanged.
func BenchmarkProductsUpsert(b *testing.B) {
	for _, db := range []struct {
		name string
		open func(testing.TB) *store.Store
	}{{"sqlite", testkit.DB}, {"postgres", testkit.PostgresDB}} {
		b.Run(db.name, func(b *testing.B) {
			first, second := feedOf(50000, "a"), feedOf(50000, "b")
			for b.Loop() {
				b.StopTimer()
				s := db.open(b)
				if err := s.Feeds.Insert(b.Context(), &domain.Feed{ID: "feed_a", Name: "a"}); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
				measure(b, "new", func() { load(b, s, first) })
				measure(b, "changed", func() { load(b, s, second) })
				measure(b, "unchanged", func() { load(b, s, second) })
				measure(b, "search", func() {
					n := 0
					err := s.Products.Candidates(b.Context(), nil, []string{"core 4999"}, func(*domain.Product) error { n++; return nil })
					if err != nil || n != 11 {
						b.Fatalf("found %d, %v, want 11", n, err)
					}
				})
			}
		})
	}
}

func measure(b *testing.B, name string, fn func()) {
	b.Helper()
	start := time.Now()
	fn()
	b.ReportMetric(time.Since(start).Seconds(), name+"-s")
}

// load does what an import of the list does to the database.
func load(b *testing.B, s *store.Store, list []domain.Product) {
	b.Helper()
	for part := range slices.Chunk(list, 500) {
		err := s.InTx(b.Context(), func(ctx context.Context) error {
			keys := make([]string, len(part))
			for i := range part {
				keys[i] = part[i].Key
			}
			hashes, err := s.Products.Hashes(ctx, "feed_a", keys)
			if err != nil {
				return err
			}
			if hashes[keys[0]] != part[0].Hash {
				if err := s.Products.Upsert(ctx, part); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	if n, err := s.Products.RemoveUnseen(b.Context(), "feed_a", func(string) bool { return true }); err != nil || n != 0 {
		b.Fatalf("removed %d, %v, want none", n, err)
	}
}
