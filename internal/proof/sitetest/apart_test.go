package sitetest_test

import (
	"fmt"
	"os"
	"slices"
	"testing"

	"empire/internal/domain"
	"empire/internal/intelligence/nlp"
	"empire/internal/intelligence/twin"
	"empire/internal/proof/sitetest"
	"empire/internal/testkit"
)

// maxAlike is how similar pages of two sites about one market may be, by the Jaccard
// similarity of their five-word runs: clearly below the threshold of the guard.
const maxAlike = 0.45

// TestSitesOfOneMarketStandApart writes four sites about one market from one feed and
// holds all their pages against each other: none comes near to what the guard blocks.
// Without EMPIRE_TEST_LOOKS it takes the smallest market alone.
func TestSitesOfOneMarketStandApart(t *testing.T) {
	t.Parallel()
	testkit.Unraced(t)
	for _, tt := range []struct {
		feed, niche, language string
		median                float64 // of all that two of the sites say
	}{
		{sitetest.Sample, "office chairs", "en", 0.25},
		{sitetest.Luma, "hoodies", "en", 0.3},
		{sitetest.Food, "Schokoladen", "de", 0.3},
	} {
		if os.Getenv("EMPIRE_TEST_LOOKS") == "" && tt.niche != "hoodies" {
			continue
		}
		t.Run(tt.niche, func(t *testing.T) {
			t.Parallel()
			var sites []*domain.Draft
			for i := range 4 {
				sites = append(sites, sitetest.Build(t, sitetest.Order{Feed: tt.feed, Niche: tt.niche, Language: tt.language, Domain: fmt.Sprintf("apart-%d.example", i)}).Draft)
			}
			pages := pageSimilarities(sites)
			whole := siteSimilarities(sites)
			last := pages[len(pages)-1]
			t.Logf("%s: %d pairs of pages of one kind, median %.3f, the most alike %.3f (%s); whole sites: median %.3f, most %.3f",
				tt.niche, len(pages), pages[len(pages)/2].share, last.share, last.what, whole[len(whole)/2], whole[len(whole)-1])
			if last.share > maxAlike {
				t.Errorf("%s: two pages have a similarity of %.3f: %s", tt.niche, last.share, last.what)
			}
			if whole[len(whole)/2] > tt.median {
				t.Errorf("%s: the sites have a median similarity of %.3f, want at most %.2f", tt.niche, whole[len(whole)/2], tt.median)
			}
		})
	}
}

type alike struct {
	share float64
	what  string
}

// pageSimilarities compares the pages of one kind on different sites, for products only
// those about the same one, the least alike first.
func pageSimilarities(sites []*domain.Draft) []alike {
	var out []alike
	for i, a := range sites {
		for _, b := range sites[i+1:] {
			for x := range a.Pages {
				for y := range b.Pages {
					p, q := &a.Pages[x], &b.Pages[y]
					if p.Kind != q.Kind || !twin.Compared(p) || !twin.Compared(q) || p.Kind == domain.PageProduct && !slices.Equal(p.Products, q.Products) {
						continue
					}
					out = append(out, alike{nlp.Resemblance(p.PlainText(), q.PlainText(), 5), a.Website.Domain + p.Path() + " and " + b.Website.Domain + q.Path()})
				}
			}
		}
	}
	slices.SortFunc(out, func(a, b alike) int {
		switch {
		case a.share < b.share:
			return -1
		case a.share > b.share:
			return 1
		}
		return 0
	})
	return out
}
