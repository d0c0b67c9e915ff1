package content_test

import (
	"regexp"
	"strings"
	"testing"
	"unicode"

	"empire/internal/domain"
)

// TestSentencesBeginDifferently: hardly any two sentences in a row have the same skeleton,
// that is the same words around their figures and names.
func TestSentencesBeginDifferently(t *testing.T) {
	t.Parallel()
	for _, n := range []struct{ feed, niche, language string }{{foodFeed, "Schokoladen", "de"}, {sampleFeed, "espresso machines", "en"}} {
		w := site(t, feedMarket(t, n.feed, n.niche, n.language), n.language)
		rows, same := 0, 0
		for i := range w.result.Pages {
			for _, list := range proseOf(&w.result.Pages[i]) {
				for k := 1; k < len(list); k++ {
					rows++
					if a := begin(list[k-1].Text); a == begin(list[k].Text) {
						same++
						t.Logf("%s: %q after %q", w.result.Pages[i].Path(), list[k].Text, list[k-1].Text)
					}
				}
			}
		}
		if rows < 150 || same*25 > rows {
			t.Errorf("%s: %d of %d sentences begin like the one before, want at most 4 %%", n.niche, same, rows)
		}
	}
}

// begin is the first two words of a sentence, with figures as one word.
func begin(text string) string {
	words := strings.Fields(text)
	for i := range words[:min(2, len(words))] {
		if strings.ContainsFunc(words[i], unicode.IsDigit) {
			words[i] = "#"
		}
	}
	return strings.Join(words[:min(2, len(words))], " ")
}

// proseOf returns the paragraphs of a page; a list is one.
func proseOf(p *domain.Page) [][]domain.Sentence {
	var out [][]domain.Sentence
	for _, b := range p.Blocks {
		switch {
		case b.Paragraph != nil:
			out = append(out, b.Paragraph.Sentences)
		case b.Product != nil:
			out = append(out, b.Product.Text)
		case b.List != nil:
			var list []domain.Sentence
			for _, item := range b.List.Items {
				list = append(list, item.Sentences[0])
			}
			out = append(out, list)
		}
	}
	return out
}

// wrongCount finds a plural after one, and shares that need none.
var wrongCount = regexp.MustCompile(`(?:^|[^\d,.])(?:1 (?:von|der) \d+ Produkte|1 (?:Produkte|Zutaten|Einträge)\b|liegen 1 zwischen|100 %)|beim mittleren der`)

// TestGermanCounts: where one product is meant, the sentence is singular; where all are,
// it says so instead of giving a share of a hundred percent.
func TestGermanCounts(t *testing.T) {
	t.Parallel()
	for _, niche := range []string{"Schokoladen", "Nudeln", "Müslis"} {
		w := site(t, feedMarket(t, foodFeed, niche, "de"), "de")
		for i := range w.result.Pages {
			p := &w.result.Pages[i]
			for _, list := range proseOf(p) {
				for _, s := range list {
					if wrongCount.MatchString(s.Text) {
						t.Errorf("%s: %q", p.Path(), s.Text)
					}
				}
			}
		}
	}
}
