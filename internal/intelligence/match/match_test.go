package match_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"empire/internal/domain"
	"empire/internal/intelligence/match"
)

func product(name string) domain.Product { return domain.Product{Name: name} }

func mustMatch(t testing.TB, a, b []domain.Product, cfg match.Config) []match.Pair {
	t.Helper()
	pairs, err := match.Products(t.Context(), a, b, cfg)
	if err != nil {
		t.Fatalf("match: %v", err)
	}
	return pairs
}

func usd(minor int64) *domain.Money { return &domain.Money{Minor: minor, Currency: "USD"} }

// background are products that no test asks about, so that words have frequencies.
func background(shop string) []domain.Product {
	var out []domain.Product
	for i := range 40 {
		out = append(out, product(fmt.Sprintf("Acme %s wireless keyboard black edition mouse %d", shop, 100+i)))
	}
	return out
}

func TestProducts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		a, b   domain.Product
		reason string // that must be among the reasons; empty when the two are no pair
	}{
		{"same words", product("Zenith Harvest Moon Lamp"), product("zenith harvest-moon lamp"), "name"},
		{"model number written in two ways", product("Netra ProSafe Switch - FS-105"), product("Netra FS105NA 5 port desktop switch"), "model_number"},
		{"model number in the description", product("Sono Turntable PSLX350H"), domain.Product{Name: "Sono belt drive turntable", Description: "PS-LX350H with two speeds"}, "name"},
		{"gtin against all words", domain.Product{Name: "Kaffee Crema", EAN: "4006381333931"}, domain.Product{Name: "Whole beans 1 kg", EAN: "4006381333931"}, "gtin"},
		{"two gtins", domain.Product{Name: "Kaffee Crema Dunkel", EAN: "4006381333931"}, domain.Product{Name: "Kaffee Crema Dunkel", EAN: "96385074"}, ""},
		{"part number", domain.Product{Name: "Ink cartridge cyan", MPN: "CL-52 0619"}, domain.Product{Name: "Photo cartridge", MPN: "cl520619"}, "mpn"},
		{"another version", product("Ledger Suite 2006"), product("Ledger Suite 2007 upgrade download"), ""},
		{"nothing shared", product("Garden hose"), product("Violin strings"), ""},
		{"German and English color", product("Orbit Stuhl Nimbus schwarz"), product("Orbit Nimbus black"), "name"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, b := append(background("north"), tt.a), append(background("south"), tt.b)
			var found *match.Pair
			for _, p := range mustMatch(t, a, b, match.Config{}) {
				if p.A == len(a)-1 && p.B == len(b)-1 {
					found = &p
				}
			}
			if (found != nil) != (tt.reason != "") {
				t.Fatalf("pair = %+v, want a pair: %v", found, tt.reason != "")
			}
			if found == nil {
				return
			}
			sum, has := 0.0, false
			for _, r := range found.Reasons {
				sum += r.Effect
				has = has || r.Kind == tt.reason
			}
			if !has {
				t.Errorf("reasons = %+v, want one of kind %s", found.Reasons, tt.reason)
			}
			if math.Abs(sum-found.Score) > 1e-9 {
				t.Errorf("effects sum to %v, want the score %v", sum, found.Score)
			}
		})
	}
}

// TestProductsChoosesVariant gives each variant its own partner.
func TestProductsChoosesVariant(t *testing.T) {
	t.Parallel()
	a := append(background("north"),
		product("Orbit Nimbus chair black"), product("Orbit Nimbus chair white"), product("Orbit Nimbus chair red"),
		domain.Product{Name: "Delta monitor 24 inch", Price: usd(19900)}, domain.Product{Name: "Delta monitor 27 inch", Price: usd(29900)})
	b := append(background("south"),
		domain.Product{Name: `Delta monitor 27"`, Price: usd(31000)}, domain.Product{Name: `Delta monitor 24"`, Price: usd(18900)},
		product("Nimbus chair, red, Orbit"), product("Nimbus chair, black, Orbit"), product("Nimbus chair, white, Orbit"))
	got := map[string]string{}
	for _, p := range mustMatch(t, a, b, match.Config{}) {
		if p.A >= 40 && p.B >= 40 {
			got[a[p.A].Name] = b[p.B].Name
		}
	}
	want := map[string]string{
		"Orbit Nimbus chair black": "Nimbus chair, black, Orbit", "Orbit Nimbus chair white": "Nimbus chair, white, Orbit",
		"Orbit Nimbus chair red": "Nimbus chair, red, Orbit", "Delta monitor 24 inch": `Delta monitor 24"`, "Delta monitor 27 inch": `Delta monitor 27"`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("pairs (-want +got):\n%s", diff)
	}
}

// TestProductsMargin leaves open what two partners fit equally well.
func TestProductsMargin(t *testing.T) {
	t.Parallel()
	a := append(background("north"), product("Zenith Harvest Moon Lamp"))
	b := append(background("south"), product("Zenith Harvest Moon Lamp"), product("Zenith Harvest Moon Lamp"))
	for _, tt := range []struct {
		margin float64
		want   int
	}{{0, 1}, {0.05, 0}} {
		got := 0
		for _, p := range mustMatch(t, a, b, match.Config{MinMargin: tt.margin}) {
			if p.A == len(a)-1 {
				got++
			}
		}
		if got != tt.want {
			t.Errorf("with a margin of %v: %d pairs, want %d", tt.margin, got, tt.want)
		}
	}
}

// TestProductsStrict keeps what has no rival and enough in common.
func TestProductsStrict(t *testing.T) {
	t.Parallel()
	a := append(background("north"), product("Zenith Harvest Moon Lamp ZHM-2000"), product("Violet River Garden Bench oak"))
	b := append(background("south"), product("Zenith harvest moon lamp ZHM2000"), product("Garden Bench pine with long armrests"))
	got := map[int]bool{}
	for _, p := range mustMatch(t, a, b, match.Strict()) {
		got[p.A] = true
	}
	if !got[40] || got[41] {
		t.Errorf("pairs = %v, want the lamp and not the bench", got)
	}
}

func TestProductsEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := match.Products(ctx, background("north"), background("south"), match.Config{}); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end of ctx: %v, want context.Canceled", err)
	}
}

// TestProductsEmpty matches nothing with nothing.
func TestProductsEmpty(t *testing.T) {
	t.Parallel()
	if got := mustMatch(t, nil, background("south"), match.Config{}); len(got) != 0 {
		t.Errorf("pairs = %+v, want none", got)
	}
	if got := mustMatch(t, []domain.Product{{}}, []domain.Product{{}}, match.Config{}); len(got) != 0 {
		t.Errorf("products without names = %+v, want no pair", got)
	}
}

func FuzzProducts(f *testing.F) {
	f.Add("Sony Turntable - PSLX350H", "sony ps-lx350h 33 1/3", "4006381333931", "x-1")
	f.Add("1'2\"3 ü ß", "\xff.5'", "", "")
	f.Fuzz(func(t *testing.T, x, y, ean, mpn string) {
		a := []domain.Product{{Name: x, EAN: ean}, {Name: y, MPN: mpn}, {Name: x + y, Description: x}}
		b := []domain.Product{{Name: y, EAN: ean, Description: x}, {Name: x, MPN: mpn}, {Name: y + x}}
		got := mustMatch(t, a, b, match.Config{MinScore: 0.01})
		usedA, usedB := map[int]bool{}, map[int]bool{}
		for _, p := range got {
			if usedA[p.A] || usedB[p.B] || p.Score < 0.01 || p.Score > 1 || math.IsNaN(p.Score) {
				t.Fatalf("pairs = %+v, want each product once with a score from 0 to 1", got)
			}
			usedA[p.A], usedB[p.B] = true, true
		}
		if diff := cmp.Diff(got, mustMatch(t, a, b, match.Config{MinScore: 0.01})); diff != "" {
			t.Errorf("a second run differs:\n%s", diff)
		}
	})
}

func BenchmarkProducts(b *testing.B) {
	var left, right []domain.Product
	for i := range 2000 {
		left = append(left, product(fmt.Sprintf("Brand%d wireless keyboard model K%d black", i%50, 1000+i)))
		right = append(right, product(fmt.Sprintf("K-%d keyboard by Brand%d, wireless, %d keys", 1000+i, i%50, 80+i%20)))
	}
	for b.Loop() {
		mustMatch(b, left, right, match.Config{})
	}
}
