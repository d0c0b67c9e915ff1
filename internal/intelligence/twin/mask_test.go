package twin_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"empire/internal/domain"
	"empire/internal/intelligence/twin"
)

// branded is a page that names three products and a merchant every few words.
func branded(slug string, seed uint64, brand string, models []string) domain.Page {
	var text []string
	r := rand.New(rand.NewPCG(seed, 1))
	for i, w := range words(seed, 300) {
		text = append(text, w)
		if i%(5+r.IntN(3)) == 0 {
			text = append(text, brand, models[r.IntN(len(models))])
		}
	}
	p := page(slug, text)
	for _, m := range models {
		p.Blocks = append(p.Blocks, domain.Block{Type: domain.BlockProduct, Product: &domain.ProductCard{Name: brand + " " + m}})
	}
	return p
}

// TestSwappedNames: a page whose brand and product names are swapped shares nearly no
// shingles with the page that it was made from, and is found by its bands with the
// names masked at the stated threshold; a page about the same products that says
// something else is not.
func TestSwappedNames(t *testing.T) {
	t.Parallel()
	const n = 200
	var one, other, apart []domain.Page
	for i := range n {
		seed := uint64(i)
		mine := []string{"K2 Pro", "Blackwidow V4", "300"}
		theirs := []string{"Ergo", "Air 75", "Tactile Mini Max"}
		one = append(one, branded(fmt.Sprintf("p%d", i), seed, "Keychron", mine))
		other = append(other, branded(fmt.Sprintf("q%d", i), seed, "Nu Phy", theirs))
		apart = append(apart, branded(fmt.Sprintf("r%d", i), seed+n, "Keychron", mine))
	}
	tw := twin.New()
	_, a := tw.Sign(draft("a", one...), "rel_1", at)
	_, b := tw.Sign(draft("b", other...), "rel_2", at)
	_, c := tw.Sign(draft("c", apart...), "rel_3", at)
	plain, found, wrong, highest := 0, 0, 0, 0.0
	for i := range n {
		if tw.Similarity(&a[i], &b[i]) >= domain.MinDuplicateThreshold {
			plain++
		}
		shared := slices.ContainsFunc(a[i].Bands, func(k uint64) bool { return slices.Contains(b[i].Bands, k) })
		if shared && tw.Swapped(&a[i], &b[i]) >= domain.SwapThreshold {
			found++
		}
		sim := tw.Swapped(&a[i], &c[i])
		highest = max(highest, sim)
		if sim >= domain.SwapThreshold {
			wrong++
		}
	}
	t.Logf("of %d pages with swapped names %d are found as they are, %d with names masked; %d others, the most alike %.2f", n, plain, found, wrong, highest)
	if plain > 0 || found < n*98/100 || wrong > 0 {
		t.Errorf("found %d and %d of %d planted pages and %d others, want 98 %% by masked names alone", plain, found, n, wrong)
	}
	var before domain.PageSignature // was signed before names were masked
	if sim := tw.Swapped(&a[0], &before); sim != 0 {
		t.Errorf("similarity to a page without a masked signature = %v", sim)
	}
}
