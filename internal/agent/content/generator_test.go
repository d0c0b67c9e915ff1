package content_test

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"empire/internal/agent/content"
	"empire/internal/domain"
	"empire/internal/intelligence/evidence"
	"empire/internal/intelligence/nlp"
	"empire/internal/testkit"
)

// niches are the markets of the test data that every property is checked on.
var niches = []struct{ feed, niche, language string }{
	{"feed_pcparts_en_usd", "mechanical keyboards", "en"},
	{"feed_pcparts_en_usd", "computer monitors", "en"},
	{"feed_pcparts_en_usd", "power supplies", "en"},
	{"feed_luma_apparel_en_usd", "jackets", "en"},
	{"feed_luma_apparel_en_usd", "hoodies", "en"},
	{sampleFeed, "espresso machines", "en"},
	{sampleFeed, "robot vacuums", "en"},
	{sampleFeed, "office chairs", "en"},
	{sampleFeed, "trail running shoes", "en"},
	{foodFeed, "Schokoladen", "de"},
	{foodFeed, "Joghurts", "de"},
}

// eachSite runs a property on the sites of all markets: real feeds and invented
// ones, in English and German.
func eachSite(t *testing.T, check func(t *testing.T, w written)) {
	t.Helper()
	for _, n := range niches {
		t.Run(n.niche, func(t *testing.T) {
			t.Parallel()
			check(t, site(t, feedMarket(t, n.feed, n.niche, n.language), n.language))
		})
	}
	for _, m := range inventedMarkets() {
		t.Run(m.Niche, func(t *testing.T) {
			t.Parallel()
			check(t, site(t, m, m.Language))
		})
	}
}

func TestWriteGroundsEveryFigure(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, w written) {
		report := evidence.Verify(w.result.Pages, w.result.Evidence, evidence.NewMarketRows(w.market))
		for i, p := range report.Problems {
			if i == 20 {
				t.Fatalf("%d problems in all", len(report.Problems))
			}
			t.Errorf("%s %s: %s", p.Page, p.Where, p.Message)
		}
		if report.Claims < 500 || report.Claims != report.Grounded {
			t.Errorf("grounded %d of %d claims, want all of at least 500", report.Grounded, report.Claims)
		}
	})
}

// superlatives are words that an opinion must not hold, because they claim a rank.
var superlatives = map[string]*regexp.Regexp{
	"en": regexp.MustCompile(`(?i)\b(best|cheapest|fastest|largest|smallest|lightest|strongest|quietest|highest|lowest|greatest|finest|unbeatable|leading|top-rated|number one)\b`),
	"de": regexp.MustCompile(`(?i)\b(beste[nrsm]?|günstigste[nrsm]?|billigste[nrsm]?|schnellste[nrsm]?|größte[nrsm]?|kleinste[nrsm]?|leichteste[nrsm]?|stärkste[nrsm]?|leiseste[nrsm]?|höchste[nrsm]?|niedrigste[nrsm]?|meisten|unschlagbar\w*)\b`),
}

func TestWriteOpinionsClaimNothing(t *testing.T) {
	t.Parallel()
	tested := regexp.MustCompile(`(?i)\bwe (have )?tested\b|\bin our test\b|\bwir haben getestet\b|\bin unserem test\b`)
	eachSite(t, func(t *testing.T, w written) {
		for i := range w.result.Pages {
			p := &w.result.Pages[i]
			for x := range evidence.Texts(p) {
				if x.Opinion && superlatives[p.Language].MatchString(x.Text) {
					t.Errorf("%s: opinion with a superlative: %q", p.Path(), x.Text)
				}
				if tested.MatchString(x.Text) {
					t.Errorf("%s: invented experience: %q", p.Path(), x.Text)
				}
			}
		}
	})
}

func TestWriteKeepsPagesApart(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, w written) {
		sets := make([]map[uint64]struct{}, len(w.result.Pages))
		for i := range w.result.Pages {
			sets[i] = nlp.Shingles(content.MainText(&w.result.Pages[i]), 5)
		}
		worst := 0.0
		for i := range sets {
			for j := i + 1; j < len(sets); j++ {
				o := nlp.Overlap(sets[i], sets[j])
				worst = max(worst, o)
				if o > 0.25 {
					t.Errorf("%s and %s share %.0f %% of their five-word runs", w.result.Pages[i].Path(), w.result.Pages[j].Path(), o*100)
				}
			}
		}
		if diff := worst - w.result.Overlap; diff > 1e-9 || diff < -1e-9 {
			t.Errorf("reported overlap = %.4f, measured %.4f", w.result.Overlap, worst)
		}
	})
}

func TestWriteNeverQuotesMerchants(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, w written) {
		own := map[string]string{}
		for i := range w.result.Pages {
			for x := range evidence.Texts(&w.result.Pages[i]) {
				for _, run := range wordRuns(x.Text, 8) {
					own[run] = w.result.Pages[i].Path()
				}
			}
		}
		for i := range w.market.Families {
			for j := range w.market.Families[i].Variants {
				for _, run := range wordRuns(w.market.Families[i].Variants[j].Description, 8) {
					if page, ok := own[run]; ok {
						t.Errorf("%s repeats the merchant: %q", page, run)
					}
				}
			}
		}
	})
}

func wordRuns(text string, n int) []string {
	words := nlp.Words(text)
	var out []string
	for i := 0; i+n <= len(words); i++ {
		out = append(out, strings.Join(words[i:i+n], " "))
	}
	return out
}

func TestWriteNamesPagesOnce(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, w written) {
		seen := map[string]string{}
		for i := range w.result.Pages {
			p := &w.result.Pages[i]
			for kind, text := range map[string]string{
				"title": p.Title, "description": p.Description, "heading": p.Heading, "nav label": p.NavLabel, "slug": p.Slug + "/",
			} {
				key := kind + " " + strings.ToLower(text)
				if other, taken := seen[key]; taken {
					t.Errorf("%s %q is on %s and %s", kind, text, other, p.Path())
				}
				seen[key] = p.Path()
			}
			if n := utf8.RuneCountInString(p.Title); n < 4 || n > 60 {
				t.Errorf("%s: title %q has %d characters", p.Path(), p.Title, n)
			}
			if n := utf8.RuneCountInString(p.Description); n < 70 || n > 160 {
				t.Errorf("%s: description %q has %d characters", p.Path(), p.Description, n)
			}
			if p.Heading == "" || p.Summary == "" {
				t.Errorf("%s: heading %q, summary %q", p.Path(), p.Heading, p.Summary)
			}
		}
	})
}

// TestHomeLinksEveryList wants a link from the front page to every list, also where its
// name begins the sentence.
func TestHomeLinksEveryList(t *testing.T) {
	t.Parallel()
	w := site(t, feedMarket(t, sampleFeed, "espresso machines", "en"), "en")
	inline := map[string]bool{}
	for _, b := range w.result.Pages[0].Blocks {
		if b.List == nil {
			continue
		}
		for _, item := range b.List.Items {
			for _, s := range item.Sentences {
				for _, l := range s.Links {
					inline[l.Slug] = true
				}
			}
		}
	}
	for _, p := range w.plan.Pages {
		if p.Kind == domain.PageBest && !inline[p.Slug] {
			t.Errorf("no item of the lists links to %s", p.Slug)
		}
	}
}

func TestWriteLinksResolve(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, w written) {
		pages, linked := map[string]bool{}, map[string]bool{}
		for _, p := range w.result.Pages {
			pages[p.Slug] = true
		}
		for i := range w.result.Pages {
			p := &w.result.Pages[i]
			anchors, slots := map[string]bool{}, map[string]bool{}
			for _, slug := range linksOf(t, p) {
				linked[slug] = true
				if !pages[slug] {
					t.Errorf("%s links to %q, which does not exist", p.Path(), slug)
				}
			}
			for _, b := range p.Blocks {
				if b.Anchor != "" && anchors[b.Anchor] {
					t.Errorf("%s: anchor %q is used twice", p.Path(), b.Anchor)
				}
				anchors[b.Anchor] = true
			}
			for _, s := range slotsOf(p) {
				if (slots[s] || s == "") && !w.market.Priceless {
					t.Errorf("%s: slot %q is empty or used twice", p.Path(), s)
				}
				slots[s] = true
			}
		}
		for _, p := range w.result.Pages {
			if p.Slug != "" && !linked[p.Slug] && !p.Kind.Legal() {
				t.Errorf("no page links to %s", p.Path())
			}
		}
	})
}

// linksOf returns the slugs that a page links to, and checks that each inline link
// finds its phrase.
func linksOf(t *testing.T, p *domain.Page) []string {
	t.Helper()
	var out []string
	for _, r := range p.Related {
		out = append(out, r.Slug)
	}
	sentences := func(list []domain.Sentence) {
		for _, s := range list {
			for _, l := range s.Links {
				out = append(out, l.Slug)
				if !strings.Contains(s.Text, l.Phrase) {
					t.Errorf("%s: link phrase %q is not in %q", p.Path(), l.Phrase, s.Text)
				}
			}
		}
	}
	add := func(s *string) {
		if s != nil {
			out = append(out, *s)
		}
	}
	for _, b := range p.Blocks {
		switch {
		case b.Paragraph != nil:
			sentences(b.Paragraph.Sentences)
		case b.List != nil:
			for _, it := range b.List.Items {
				sentences(it.Sentences)
			}
		case b.Product != nil:
			sentences(b.Product.Text)
			add(b.Product.Slug)
		case b.Comparison != nil:
			for _, c := range b.Comparison.Products {
				add(c.Slug)
			}
		case b.FAQ != nil:
			for _, qa := range b.FAQ.Items {
				sentences(qa.Answer)
			}
		case b.Table != nil:
			for _, r := range b.Table.Rows {
				for _, c := range r.Cells {
					add(c.Slug)
				}
			}
		}
	}
	return out
}

func slotsOf(p *domain.Page) []string {
	var out []string
	for _, b := range p.Blocks {
		switch {
		case b.Product != nil:
			out = append(out, b.Product.Slot)
		case b.CTA != nil:
			out = append(out, b.CTA.Slot)
		case b.Comparison != nil:
			for _, c := range b.Comparison.Products {
				out = append(out, c.Slot)
			}
		case b.Table != nil:
			for _, r := range b.Table.Rows {
				if r.Product != "" {
					out = append(out, r.Slot)
				}
			}
		}
	}
	return out
}

func TestWriteSitesHaveSubstance(t *testing.T) {
	t.Parallel()
	least := map[domain.PageKind]int{
		domain.PageHome: 350, domain.PageGuide: 450, domain.PageBest: 380, domain.PageComparison: 200, domain.PageProduct: 220, domain.PageFAQ: 250, domain.PageMethod: 300,
	}
	eachSite(t, func(t *testing.T, w written) {
		kinds := map[domain.PageKind]int{}
		for i, p := range w.result.Pages {
			kinds[p.Kind]++
			piece := w.result.Pieces[i]
			if want := nlp.WordCount(content.MainText(&w.result.Pages[i])); piece.WordCount != want {
				t.Errorf("%s: word count = %d, want %d", p.Path(), piece.WordCount, want)
			}
			want := least[p.Kind]
			if w.market.Priceless && p.Kind == domain.PageProduct {
				want = 120 // there is less to say about them
			}
			if piece.WordCount < want {
				t.Errorf("%s: %d words, want at least %d", p.Path(), piece.WordCount, want)
			}
			if p.Kind == domain.PageProduct && !showsDate(&w.result.Pages[i]) {
				t.Errorf("%s: prices without a date", p.Path())
			}
		}
		if len(w.result.Pages) < 15 || kinds[domain.PageBest] < 3 || kinds[domain.PageComparison] < 1 {
			t.Errorf("pages = %d, by kind %v", len(w.result.Pages), kinds)
		}
		if len(w.result.Warnings) > 0 {
			t.Errorf("warnings = %q", w.result.Warnings)
		}
	})
}

func showsDate(p *domain.Page) bool { return strings.Contains(content.MainText(p), "2026") }

func TestWriteIsDeterministic(t *testing.T) {
	testkit.Unraced(t)
	t.Parallel()
	for _, m := range inventedMarkets() {
		a, b := write(t, m, m.Language, 3), write(t, m, m.Language, 3)
		if !reflect.DeepEqual(a.plan, b.plan) {
			t.Errorf("%s: plans differ for equal input", m.Niche)
		}
		if !reflect.DeepEqual(a.result, b.result) {
			t.Errorf("%s: pages differ for equal input", m.Niche)
		}
		if c := write(t, m, m.Language, 4); reflect.DeepEqual(a.result.Pages, c.result.Pages) {
			t.Errorf("%s: another seed gives the same pages", m.Niche)
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	m := feedMarket(b, "feed_pcparts_en_usd", "mechanical keyboards", "en")
	w := write(b, m, "en", 1)
	for b.Loop() {
		_, err := content.New().Write(b.Context(), content.WriteInput{Market: m, Plan: w.plan, Website: w.site, Seed: 1})
		if err != nil {
			b.Fatal(err)
		}
	}
}

func TestWriteReportsProgress(t *testing.T) {
	t.Parallel()
	m := inventedMarkets()[0]
	w := write(t, m, m.Language, 1)
	var told []string
	_, err := content.New().Write(t.Context(), content.WriteInput{
		Market: m, Plan: w.plan, Website: w.site, Progress: func(done, total int, message string) {
			told = append(told, fmt.Sprintf("%d/%d", done, total))
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	n := len(w.plan.Pages)
	if len(told) != n || told[n-1] != fmt.Sprintf("%d/%d", n, n) {
		t.Errorf("progress = %v, want %d steps", told, n)
	}
}

func TestWriteRefuses(t *testing.T) {
	t.Parallel()
	m := inventedMarkets()[0]
	w := write(t, m, m.Language, 1)
	for _, tt := range []struct {
		name string
		in   content.WriteInput
		want domain.Code
	}{
		{"no market", content.WriteInput{Plan: w.plan}, domain.CodeInvalid},
		{"no plan", content.WriteInput{Market: m}, domain.CodeInvalid},
		{"no prices", content.WriteInput{Market: &domain.Market{}, Plan: w.plan}, domain.CodeNotEnoughData},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, err := content.New().Write(t.Context(), tt.in); domain.CodeOf(err) != tt.want {
				t.Errorf("error = %v, want code %q", err, tt.want)
			}
		})
	}
}
