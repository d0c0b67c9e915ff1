package catalog_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"empire/internal/catalog"
	"empire/internal/domain"
)

func offered(key string, minor int64, currency string, stock int) domain.Product {
	p := domain.Product{FeedID: "f", Key: key, Name: "Product " + key}
	if minor >= 0 {
		p.Price = &domain.Money{Minor: minor, Currency: currency}
	}
	if stock >= 0 {
		in := stock == 1
		p.InStock = &in
	}
	return p
}

func TestCompareSnapshots(t *testing.T) {
	t.Parallel()
	before := []domain.Product{
		offered("same", 100, "EUR", 1), offered("up", 1000, "EUR", 1), offered("down", 1000, "EUR", 1), offered("gone", 5, "EUR", -1), offered("priced", -1, "", -1),
		offered("unpriced", 7, "EUR", -1), offered("currency", 7, "EUR", -1), offered("sold out", 7, "EUR", 1), offered("back", 7, "EUR", 0), offered("silent", 7, "EUR", 1), offered("both", 200, "EUR", 1),
		offered("free", 0, "EUR", -1),
	}
	after := []domain.Product{
		offered("same", 100, "EUR", 1), offered("up", 1100, "EUR", 1), offered("down", 500, "EUR", 1), offered("new", 5, "EUR", -1), offered("priced", 3, "EUR", -1),
		offered("unpriced", -1, "", -1), offered("currency", 7, "USD", -1), offered("sold out", 7, "EUR", 0), offered("back", 7, "EUR", 1), offered("silent", 7, "EUR", -1), offered("both", 150, "EUR", 0),
		offered("free", 10, "EUR", -1),
	}
	got := catalog.CompareSnapshots(before, after)
	var lines []string
	for _, c := range got.List {
		lines = append(lines, fmt.Sprintf("%s %s %.1f", c.Kind, c.Key, c.Percent))
	}
	want := []string{
		"new new 0.0", "gone gone 0.0", "price_up up 10.0", "price_up free 0.0", "price_down down -50.0", "price_down both -25.0", "price_set priced 0.0",
		"price_lost unpriced 0.0", "currency currency 0.0", "in_stock back 0.0", "out_of_stock both 0.0", "out_of_stock sold out 0.0", "stock_unknown silent 0.0",
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	if got.Same != 1 || math.Abs(got.MedianPercent+25) > 1e-9 || got.Counts[catalog.ChangePriceDown] != 2 || got.Kinds()[0] != catalog.ChangeNew {
		t.Errorf("same %d, median %.2f, counts %v", got.Same, got.MedianPercent, got.Counts)
	}
}

// TestCompareSnapshotsBack says that the way back undoes every change, whatever the
// order of the rows.
func TestCompareSnapshotsBack(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		var a, b []domain.Product
		for i := range 40 {
			if p := offered(fmt.Sprint(i), r.Int64N(4)-1, "EUR", r.IntN(3)-1); r.IntN(5) > 0 {
				a = append(a, p)
			}
			if p := offered(fmt.Sprint(i), r.Int64N(4)-1, "EUR", r.IntN(3)-1); r.IntN(5) > 0 {
				b = append(b, p)
			}
		}
		there := catalog.CompareSnapshots(a, b)
		r.Shuffle(len(a), func(i, k int) { a[i], a[k] = a[k], a[i] })
		if diff := cmp.Diff(there, catalog.CompareSnapshots(a, b)); diff != "" {
			t.Fatalf("another order of rows gives other changes:\n%s", diff)
		}
		back := catalog.CompareSnapshots(b, a)
		for there1, back1 := range map[catalog.ChangeKind]catalog.ChangeKind{
			catalog.ChangeNew: catalog.ChangeGone, catalog.ChangeGone: catalog.ChangeNew, catalog.ChangePriceUp: catalog.ChangePriceDown,
			catalog.ChangePriceDown: catalog.ChangePriceUp, catalog.ChangePriceSet: catalog.ChangePriceLost,
		} {
			if there.Counts[there1] != back.Counts[back1] {
				t.Fatalf("%d %s there, %d %s back", there.Counts[there1], there1, back.Counts[back1], back1)
			}
		}
		if there.Same != back.Same {
			t.Fatalf("%d same there, %d back", there.Same, back.Same)
		}
	}
}

func TestCompareSnapshotsRepeated(t *testing.T) {
	t.Parallel()
	got := catalog.CompareSnapshots([]domain.Product{offered("a", 1, "EUR", -1), offered("a", 2, "EUR", -1)}, []domain.Product{offered("a", 2, "EUR", -1)})
	if got.Repeated != 1 || got.Same != 1 || len(got.List) != 0 {
		t.Errorf("got %+v, want the last row of a key to count", got)
	}
}
