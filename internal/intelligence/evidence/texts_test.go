package evidence_test

import (
	"strings"
	"testing"

	"empire/internal/domain"
	"empire/internal/intelligence/evidence"
)

// everywhere is a page with a word of its own, w01 to w40, in every visible field.
func everywhere() *domain.Page {
	s := func(w string) []domain.Sentence { return []domain.Sentence{{Text: w}} }
	return &domain.Page{
		Title: "w01", Description: "w02", Heading: "w03", NavLabel: "w04", Summary: "w05",
		Offers: []domain.Offer{{PriceText: "w06"}},
		Blocks: []domain.Block{
			{Heading: &domain.Heading{Text: "w07"}}, {Paragraph: &domain.Paragraph{Sentences: s("w08")}}, {Disclosure: &domain.Paragraph{Sentences: s("w09")}},
			{List: &domain.List{Items: []domain.Paragraph{{Sentences: s("w10")}}}},
			{Table: &domain.Table{Caption: "w11", Note: "w12", Columns: []domain.Column{{Label: "w13"}}, Rows: []domain.Row{{Cells: []domain.Cell{{Text: "w14"}}}}}},
			{Product: &domain.ProductCard{Name: "w15", Badge: "w16", Text: s("w17"), Facts: []domain.Fact{{Label: "w18", Value: domain.Cell{Text: "w19"}}}}},
			{Comparison: &domain.Comparison{
				Caption: "w20", Products: []domain.ComparisonProduct{{Name: "w21"}}, Rows: []domain.ComparisonRow{{Label: "w22", Cells: []domain.Cell{{Text: "w23"}}}},
			}},
			{ProsCons: &domain.ProsCons{Title: "w24", Pros: s("w25"), Cons: s("w26")}},
			{FAQ: &domain.FAQ{Items: []domain.QA{{Question: domain.Sentence{Text: "w27"}, Answer: s("w28")}}}},
			{CTA: &domain.CTA{Name: "w29"}},
			{Figure: &domain.Figure{
				Title: "w30", Alt: "w31", Caption: s("w32"), Bars: []domain.Bar{{Label: "w33", Text: "w34"}},
				Min: &domain.Bar{Label: "w35", Text: "w36"}, Max: &domain.Bar{Label: "w37", Text: "w38"}, Mark: &domain.Bar{Label: "w39", Text: "w40"},
			}},
		},
	}
}

func TestTexts(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	for x := range evidence.Texts(everywhere()) {
		seen[x.Text]++
	}
	for i := 1; i <= 40; i++ {
		w := "w" + string(rune('0'+i/10)) + string(rune('0'+i%10))
		if seen[w] != 1 {
			t.Errorf("text %s was yielded %d times, want once", w, seen[w])
		}
	}
	if len(seen) != 40 {
		t.Errorf("yielded %d texts, want 40", len(seen))
	}
	n := 0
	for range evidence.Texts(everywhere()) {
		if n++; n == 3 {
			break
		}
	}
	if n != 3 {
		t.Errorf("went on after a break: %d", n)
	}
}

func TestVerifyFindsFiguresEverywhere(t *testing.T) {
	t.Parallel()
	var where strings.Builder
	rep := evidence.Verify([]domain.Page{*everywhere()}, nil, oneRow{})
	for _, p := range rep.Problems {
		where.WriteString(p.Message + "\n")
	}
	for i := 1; i <= 40; i++ {
		n := string(rune('0'+i/10)) + string(rune('0'+i%10))
		if !strings.Contains(where.String(), "figure "+n+" has no claim") {
			t.Errorf("figure %s without a claim was not found", n)
		}
	}
}
