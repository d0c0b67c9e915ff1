package catalog_test

import (
	"encoding/csv"
	"fmt"
	"os"
	"slices"
	"testing"

	"empire/internal/catalog"
	"empire/internal/domain"
)

// goldPairs are the known pairs of two feeds, by merchants' product ids.
func goldPairs(t *testing.T, name string) map[[2]string]bool {
	t.Helper()
	f, err := os.Open(dataFile(t, "products/match_gold_"+name+".csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	out := map[[2]string]bool{}
	for _, r := range rows[1:] {
		out[[2]string{r[0], r[1]}] = true
	}
	return out
}

// TestFamiliesAcrossMerchants: of two merchants that sell partly the same, the families
// with rows of both are nearly all right, and many. The known pairs of amazongp leave
// many out: most of what counts as wrong there has the same name, to the letter or the
// part number.
func TestFamiliesAcrossMerchants(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name              string
		precision, recall float64
	}{{"abtbuy", 0.995, 0.70}, {"amazongp", 0.80, 0.50}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			gold := goldPairs(t, tt.name)
			a, b := feedProducts(t, "feed_"+tt.name+"_a_en_usd"), feedProducts(t, "feed_"+tt.name+"_b_en_usd")
			all := slices.Concat(a, b)
			side := map[string]int{}
			for i := range a {
				side[a[i].MerchantID] = 0
			}
			for i := range b {
				side[b[i].MerchantID] = 1
			}
			right, wrong := 0, 0
			for _, f := range catalog.Families(all) {
				var rows [2][]string
				for i := range f.Variants {
					p := &f.Variants[i]
					rows[side[p.MerchantID]] = append(rows[side[p.MerchantID]], p.MerchantKey)
				}
				if len(rows[0]) == 0 || len(rows[1]) == 0 {
					continue
				}
				hit := false
				for _, x := range rows[0] {
					for _, y := range rows[1] {
						hit = hit || gold[[2]string{x, y}]
					}
				}
				if hit {
					right++
				} else {
					wrong++
				}
			}
			precision, recall := float64(right)/float64(right+wrong), float64(right)/float64(len(gold))
			t.Logf("%d families of both merchants, %d wrong: precision %.3f, recall %.3f", right+wrong, wrong, precision, recall)
			if precision < tt.precision || recall < tt.recall {
				t.Errorf("precision %.3f, recall %.3f; want %.2f and %.2f", precision, recall, tt.precision, tt.recall)
			}
		})
	}
}

// offerOf is a row of a merchant without an EAN.
func offerOf(merchant, key, name string, minor int64) domain.Product {
	return domain.Product{
		FeedID: domain.FeedID("feed_" + merchant), Key: key, MerchantKey: key, MerchantID: merchant, MerchantName: "Shop " + merchant, Name: name, Hash: merchant + key,
		Price: &domain.Money{Minor: minor, Currency: "EUR"},
	}
}

// TestFamiliesJoinOffers: one product under two names becomes one family with two
// offers; what differs in size, color or edition never does.
func TestFamiliesJoinOffers(t *testing.T) {
	t.Parallel()
	var list []domain.Product
	for i := range 30 { // others, so that words have weights
		list = append(list, offerOf("1", fmt.Sprint("x", i), fmt.Sprintf("Acme desk lamp model DL-%d0%d", i, i), 1900), offerOf("2", fmt.Sprint("y", i), fmt.Sprintf("Borea ceiling light CL%d7%d", i, i), 2900))
	}
	list = append(list,
		offerOf("1", "a", "Keyline K2 Pro wireless mechanical keyboard KL-K2P-B1", 9900), offerOf("2", "b", "Keyline KL-K2P-B1 K2 Pro mechanical keyboard, wireless", 9500),
		offerOf("1", "c", "Keyline T3 tablet 64 GB black", 19900), offerOf("2", "d", "Keyline T3 tablet 128 GB black", 24900),
		offerOf("1", "e", "Keyline M5 mouse black", 3900), offerOf("2", "f", "Keyline M5 mouse white", 3900),
		offerOf("1", "g", "Keyline Office 2024 Home edition", 8900), offerOf("2", "h", "Keyline Office 2024 Professional edition", 18900),
	)
	for _, rows := range [][]domain.Product{list, reversed(list)} {
		joined := map[string]bool{}
		for _, f := range catalog.Families(rows) {
			if len(f.Variants) == 2 {
				joined[min(f.Variants[0].Key, f.Variants[1].Key)] = true
				if f.PriceMin.Minor != 9500 || f.PriceMax.Minor != 9900 {
					t.Errorf("the family %q costs %v to %v", f.Name, f.PriceMin, f.PriceMax)
				}
			}
		}
		if len(joined) != 1 || !joined["a"] {
			t.Errorf("joined were %v, want a and b alone", joined)
		}
	}
}

func reversed(list []domain.Product) []domain.Product {
	out := slices.Clone(list)
	slices.Reverse(out)
	return out
}
