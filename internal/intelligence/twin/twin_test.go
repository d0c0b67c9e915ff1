package twin_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/intelligence/nlp"
	"empire/internal/intelligence/twin"
)

var at = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

// words returns a text of n words of a vocabulary, the same for a seed.
func words(seed uint64, n int) []string {
	r := rand.New(rand.NewPCG(seed, 3))
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("w%d", r.IntN(3000))
	}
	return out
}

// swapped replaces the words of a share of a text by others.
func swapped(list []string, share float64, seed uint64) []string {
	r := rand.New(rand.NewPCG(seed, 9))
	out := append([]string(nil), list...)
	for i := range out {
		if r.Float64() < share {
			out[i] = fmt.Sprintf("x%d", r.IntN(3000))
		}
	}
	return out
}

func page(slug string, text []string) domain.Page {
	return domain.Page{Kind: domain.PageGuide, Slug: slug, Indexable: true, Blocks: []domain.Block{
		{Type: domain.BlockParagraph, Paragraph: &domain.Paragraph{Sentences: []domain.Sentence{{Text: strings.Join(text, " ")}}}},
	}}
}

func draft(id domain.WebsiteID, pages ...domain.Page) *domain.Draft {
	return &domain.Draft{Website: domain.Website{ID: id, Domain: string(id) + ".example", Language: "en", Niche: "Mechanical keyboards"}, Pages: pages}
}

// TestRecall plants a changed copy of each page on another website and wants those at
// the threshold found through their bands, as the exact Jaccard similarity of their
// texts has them, and no others.
func TestRecall(t *testing.T) {
	t.Parallel()
	const n = 400
	var one, other []domain.Page
	for i := range n {
		text := words(uint64(i), 250+i)
		one = append(one, page(fmt.Sprintf("p%d", i), text))
		other = append(other, page(fmt.Sprintf("q%d", i), swapped(text, 0.01+0.11*float64(i%100)/100, uint64(i))))
	}
	tw := twin.New()
	_, a := tw.Sign(draft("a", one...), "rel_1", at)
	_, b := tw.Sign(draft("b", other...), "rel_2", at)
	held := map[uint64][]int{}
	for i := range a {
		for _, key := range a[i].Bands {
			held[key] = append(held[key], i)
		}
	}
	for _, threshold := range []float64{domain.MinDuplicateThreshold, domain.DefaultDuplicateThreshold, 0.8} {
		due, found, wrong, looked := 0, 0, 0, 0
		for j := range b {
			exact := nlp.Resemblance(one[j].PlainText(), other[j].PlainText(), 5)
			if exact >= threshold {
				due++
			}
			seen := map[int]bool{}
			for _, key := range b[j].Bands {
				for _, i := range held[key] {
					if seen[i] {
						continue
					}
					seen[i] = true
					looked++
					sim := tw.Similarity(&a[i], &b[j])
					if i == j && math.Abs(sim-exact) > 1e-6 {
						t.Fatalf("page %d: similarity %v, want the exact %v", j, sim, exact)
					}
					switch {
					case sim >= threshold && i == j:
						found++
					case sim >= threshold:
						wrong++
					}
				}
			}
		}
		t.Logf("threshold %.2f: %d of %d planted pairs found, %d others, %d pairs looked at", threshold, found, due, wrong, looked)
		if due < 50 || float64(found) < 0.98*float64(due) || wrong > 0 {
			t.Errorf("threshold %v: found %d of %d planted pairs and %d others, want 98 %% and none", threshold, found, due, wrong)
		}
	}
}

func TestSign(t *testing.T) {
	t.Parallel()
	legal := page("imprint", words(1, 100))
	legal.Kind = domain.PageImprint
	method := page("method", words(2, 100))
	method.Kind = domain.PageMethod
	hidden := page("hidden", words(3, 100))
	hidden.Indexable = false
	good := page("", words(4, 100))
	good.Products = []string{"k1", "k2"}
	good.Claims = []domain.Claim{{ID: "c1", Evidence: []domain.EvidenceID{"e1", "e2"}}, {ID: "c2", Evidence: []domain.EvidenceID{"e1"}}}
	good.Offers = []domain.Offer{{ProgramID: "prog_1", MerchantName: "Barn"}, {MerchantName: "Shop"}, {ProgramID: "prog_1"}}
	d := draft("a", legal, method, hidden, good)
	profile, list := twin.New().Sign(d, "rel_1", at)
	if len(list) != 1 || list[0].Path != "/" || list[0].Evidence != 2 || list[0].PageID != domain.PageIDOf("a", "") || !list[0].FirstAt.Equal(at) {
		t.Errorf("signed pages = %+v", list)
	}
	if got := fmt.Sprint(profile.Terms, profile.Targets, len(profile.Products)); got != "[keyboard mechan] [Shop prog_1] 2" {
		t.Errorf("profile = %s", got)
	}
	if profile.Tenant != domain.DefaultTenant || profile.Release != "rel_1" || profile.Domain != "a.example" {
		t.Errorf("profile = %+v", profile)
	}
}

func TestDoorways(t *testing.T) {
	t.Parallel()
	base := domain.SiteProfile{WebsiteID: "a", Terms: []string{"keyboard"}, Products: []uint32{1, 2, 3}, Targets: []string{"p1"}, Outline: []uint32{1, 2, 3, 4}}
	for _, tt := range []struct {
		name   string
		change func(*domain.SiteProfile)
		want   int
	}{
		{"the same", func(*domain.SiteProfile) {}, 1},
		{"itself", func(p *domain.SiteProfile) { p.WebsiteID = "a" }, 0},
		{"another city, the same products", func(p *domain.SiteProfile) { p.Terms = []string{"berlin"} }, 1},
		{"another niche", func(p *domain.SiteProfile) { p.Terms, p.Products = []string{"mice"}, []uint32{7, 8} }, 0},
		{"another target", func(p *domain.SiteProfile) { p.Targets = []string{"p2"} }, 0},
		{"no target", func(p *domain.SiteProfile) { p.Targets = nil }, 0},
		{"another outline", func(p *domain.SiteProfile) { p.Outline = []uint32{1, 9, 10, 11} }, 0},
	} {
		other := base
		other.WebsiteID, other.Domain = "b", "b.example"
		tt.change(&other)
		if got := twin.New().Doorways(&base, []domain.SiteProfile{other}); len(got) != tt.want {
			t.Errorf("%s: %+v, want %d", tt.name, got, tt.want)
		}
	}
}

func BenchmarkSign(b *testing.B) {
	d := draft("a", page("", words(1, 1000)))
	tw := twin.New()
	for b.Loop() {
		tw.Sign(d, "", at)
	}
}
