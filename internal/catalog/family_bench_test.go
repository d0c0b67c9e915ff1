package catalog_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"empire/internal/catalog"
	"empire/internal/domain"
)

// severalMerchants are rows of merchants that sell partly the same under names of their
// own; no row has an EAN.
func severalMerchants(rows, merchants int) []domain.Product {
	r := rand.New(rand.NewPCG(1, 2))
	makers := []string{"Norda", "Velt", "Kimaro", "Oston", "Brask", "Luvia", "Tarn", "Ekhol"}
	kinds := []string{"office lamp", "desk lamp", "floor lamp", "table lamp", "wall lamp", "garden lamp"}
	out := make([]domain.Product, rows)
	for i := range out {
		model := r.IntN(rows / 2)
		maker, kind := makers[model%len(makers)], kinds[model%len(kinds)]
		m := fmt.Sprint(1 + i%merchants)
		name := fmt.Sprintf("%s %s %s%d with dimmer", maker, kind, string(rune('A'+model%26)), 100+model)
		if i%2 == 1 {
			name = fmt.Sprintf("%s %s%d %s, dimmable", maker, string(rune('A'+model%26)), 100+model, kind)
		}
		out[i] = domain.Product{
			FeedID: domain.FeedID("feed_" + m), Key: fmt.Sprint(i), MerchantKey: fmt.Sprint(i), MerchantID: m, Name: name, Brand: maker,
			Price: &domain.Money{Minor: int64(2000 + model%97*50 + r.IntN(200)), Currency: "EUR"},
		}
	}
	return out
}

// BenchmarkFamiliesOfMerchants groups 50,000 rows of two and of twelve merchants.
func BenchmarkFamiliesOfMerchants(b *testing.B) {
	for _, merchants := range []int{2, 12} {
		b.Run(fmt.Sprint(merchants), func(b *testing.B) {
			rows := severalMerchants(50_000, merchants)
			for b.Loop() {
				b.ReportMetric(float64(len(catalog.Families(rows))), "families")
			}
		})
	}
}
