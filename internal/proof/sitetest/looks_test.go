package sitetest_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"encoding/json"

	"empire/internal/domain"
	"empire/internal/intelligence/nlp"
	"empire/internal/intelligence/twin"
	"empire/internal/proof/sitetest"
	"empire/internal/sitegen"
)

// leastLooks is how many visibly different looks many sites must have: different
// layout, palette and hero, whatever else differs.
const leastLooks = 12

// TestLooks builds EMPIRE_TEST_LOOKS sites from all markets of the feeds, each with a
// domain of its own, plants near-duplicates among them and reports how many of those
// are found, how similar the sites are to each other and how many looks there are. It
// takes minutes: `make looks`. With EMPIRE_TEST_SHEET_DRAFTS some drafts are kept there
// for TestContactSheet.
func TestLooks(t *testing.T) {
	want, err := strconv.Atoi(os.Getenv("EMPIRE_TEST_LOOKS"))
	if err != nil || want < 2 {
		t.Skip("missing: EMPIRE_TEST_LOOKS, the number of sites to build")
	}
	sites := manySites(t, want)
	plantTwins(sites)
	looks, families := map[string]bool{}, map[string]int{}
	for i := range sites {
		k := sitegen.TokensFor(sites[i].Website)
		looks[k.Layout+" "+k.Palette+" "+k.Hero] = true
		families[k.Layout]++
	}
	t.Logf("%d sites, %d looks (layout, palette and hero), layouts %v", len(sites), len(looks), families)
	if len(looks) < min(leastLooks, len(sites)/2) {
		t.Errorf("%d sites have %d looks, want at least %d", len(sites), len(looks), leastLooks)
	}
	compareSites(t, sites)
	if dir := os.Getenv("EMPIRE_TEST_SHEET_DRAFTS"); dir != "" {
		keepDrafts(t, dir, sites)
	}
}

// manySites writes sites about the markets of all feeds in turn.
func manySites(t *testing.T, want int) []*domain.Draft {
	t.Helper()
	type source struct {
		market *domain.Market
		feed   string
	}
	var markets []source
	for _, f := range []struct{ feed, language string }{
		{sitetest.Sample, "en"}, {sitetest.SampleDE, "de"}, {sitetest.PCParts, "en"}, {sitetest.Luma, "en"},
	} {
		list := sitetest.Markets(t, f.feed, f.language)
		for i := range list {
			markets = append(markets, source{&list[i], f.feed})
		}
	}
	for _, niche := range []string{"Schokoladen", "Nudeln", "Müslis"} {
		m := sitetest.Build(t, sitetest.Order{Feed: sitetest.Food, Niche: niche, Language: "de", Domain: "first.example"}).Market
		markets = append(markets, source{m, sitetest.Food})
	}
	var out []*domain.Draft
	skipped := map[string]string{}
	for i := 0; len(out) < want && i < 3*want; i++ {
		m := markets[i%len(markets)]
		s, err := sitetest.Write(t.Context(), m.market, sitetest.Order{Feed: m.feed, Niche: m.market.Niche, Language: m.market.Language, Domain: fmt.Sprintf("site-%d.example", i)})
		if err != nil {
			skipped[m.market.Niche] = err.Error()
			continue
		}
		s.Files = nil
		out = append(out, s.Draft)
	}
	t.Logf("%d markets of 5 feeds; without a site: %q", len(markets), skipped)
	return out
}

// plantTwins copies a page of every fourth site into another, with a share of its words
// changed, from nearly none to half.
func plantTwins(sites []*domain.Draft) {
	r := rand.New(rand.NewPCG(7, 11))
	for i := 0; i+1 < len(sites); i += 4 {
		from, to := sites[i], sites[(i+len(sites)/2)%len(sites)]
		for j := range from.Pages {
			p := &from.Pages[j]
			if p.Kind != domain.PageProduct && p.Kind != domain.PageGuide {
				continue
			}
			share := 0.10 * r.Float64()
			words := strings.Fields(p.PlainText())
			for k := range words {
				if r.Float64() < share {
					words[k] = fmt.Sprintf("w%d", r.IntN(5000))
				}
			}
			to.Pages = append(to.Pages, domain.Page{Kind: p.Kind, Slug: fmt.Sprintf("copy-%d-%d", i, j), Language: p.Language, Indexable: true, Title: "copy", Blocks: []domain.Block{
				paragraph(domain.Sentence{Text: strings.Join(words, " "), Opinion: true}),
			}})
			if j > 12 {
				break
			}
		}
	}
}

// compareSites holds all pages of different sites against each other, once exactly and
// once as the guard does, and reports both.
func compareSites(t *testing.T, sites []*domain.Draft) {
	t.Helper()
	tw := twin.New()
	type page struct {
		site int
		sig  domain.PageSignature
	}
	var pages []page
	for i, d := range sites {
		_, list := tw.Sign(d, "rel_1", sitetest.At)
		for _, s := range list {
			pages = append(pages, page{i, s})
		}
	}
	held := map[uint64][]int{}
	near := map[[2]int]float64{}
	for i := range pages {
		for _, key := range pages[i].sig.Bands {
			for _, j := range held[key] {
				if pages[i].site != pages[j].site {
					near[[2]int{j, i}] = 0
				}
			}
			held[key] = append(held[key], i)
		}
	}
	for pair := range near {
		near[pair] = tw.Similarity(&pages[pair[0]].sig, &pages[pair[1]].sig)
	}
	due, found, looked := 0, 0, 0
	holders := map[uint32][]int{} // exact: all pairs that share a shingle
	shared := map[[2]int]int{}
	for i := range pages {
		for _, h := range pages[i].sig.Hashes {
			for _, j := range holders[h] {
				if pages[i].site != pages[j].site && len(holders[h]) < 40 { // what dozens of pages share decides nothing
					shared[[2]int{j, i}]++
				}
			}
			holders[h] = append(holders[h], i)
		}
	}
	for pair := range shared {
		looked++
		if tw.Similarity(&pages[pair[0]].sig, &pages[pair[1]].sig) < domain.DefaultDuplicateThreshold {
			continue
		}
		if due++; near[pair] >= domain.DefaultDuplicateThreshold {
			found++
		}
	}
	similar := siteSimilarities(sites)
	median, most := 0.0, 0.0
	if len(similar) > 0 {
		median, most = similar[len(similar)/2], similar[len(similar)-1]
	}
	t.Logf("%d pages; %d pairs of pages of different sites share a shingle, %d are near-duplicates by exact Jaccard, the guard finds %d of them and %d others; it held %d pairs against each other",
		len(pages), looked, due, found, countAbove(near)-found, len(near))
	t.Logf("similarity of the main texts of two sites about one niche (%d pairs): median %.3f, most %.3f", len(similar), median, most)
	if due == 0 || float64(found) < 0.98*float64(due) {
		t.Errorf("the guard finds %d of %d near-duplicates, want 98 %%", found, due)
	}
}

func countAbove(near map[[2]int]float64) int {
	n := 0
	for _, s := range near {
		if s >= domain.DefaultDuplicateThreshold {
			n++
		}
	}
	return n
}

// siteSimilarities returns the similarities, sorted, of all that two sites about one
// niche in one language say: those that are the most alike.
func siteSimilarities(sites []*domain.Draft) []float64 {
	var out []float64
	for i, a := range sites {
		for _, b := range sites[i+1:] {
			if a.Website.Niche == b.Website.Niche && a.Website.Language == b.Website.Language {
				out = append(out, nlp.Resemblance(mainText(a), mainText(b), 5))
			}
		}
	}
	slices.Sort(out)
	return out
}

func mainText(d *domain.Draft) string {
	var b strings.Builder
	for i := range d.Pages {
		if p := &d.Pages[i]; twin.Compared(p) && p.Title != "copy" {
			b.WriteString(p.PlainText() + "\n")
		}
	}
	return b.String()
}

// keepDrafts writes sites of different feeds for the contact sheet.
func keepDrafts(t *testing.T, dir string, sites []*domain.Draft) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	for i, d := range sites {
		if i%max(1, len(sites)/24) != 0 {
			continue
		}
		d.Pages = slices.DeleteFunc(d.Pages, func(p domain.Page) bool { return p.Title == "copy" })
		b, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, d.Website.Domain+".json"), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
