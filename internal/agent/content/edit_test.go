package content_test

import (
	"strings"
	"testing"

	"empire/internal/agent/content"
	"empire/internal/domain"
)

func TestCheckEdit(t *testing.T) {
	t.Parallel()
	page := &domain.Page{
		Title: "Jackets by their data", Claims: []domain.Claim{{ID: "c1", Text: "$37.99"}, {ID: "c2", Text: "12"}},
		Blocks: []domain.Block{{Type: domain.BlockParagraph, Paragraph: &domain.Paragraph{Sentences: []domain.Sentence{
			{Text: "It costs $37.99 at one shop.", Claims: []domain.ClaimID{"c1"}}, {Text: "Look at the hood first.", Opinion: true},
		}}}},
	}
	const fact, advice = "blocks/0/paragraph/0", "blocks/0/paragraph/1"
	for _, tt := range []struct{ name, ref, text, fault string }{
		{"other words", fact, "One shop asks $37.99 for it.", ""},
		{"fewer facts", fact, "One shop has it.", ""},
		{"another figure", fact, "It costs $36.99 at one shop.", "36.99"},
		{"figure of another sentence", fact, "It costs $37.99 at 12 shops.", "12"},
		{"figure in advice", advice, "Look at the hood for 12 minutes.", "12"},
		{"superlative", fact, "At $37.99 it is the best jacket.", "ranks"},
		{"superlative in advice", advice, "This is the perfect hood.", "ranks"},
		{"own test", advice, "We tested the hood.", "experience"},
		{"effect", advice, "A hood cures colds.", "health"},
		{"address", advice, "Look at https://shop.example first.", "address"},
		{"urging", advice, "Order now.", "urges"},
		{"title with a claim of the page", "title", "12 jackets by their data", ""},
		{"title with another figure", "title", "13 jackets by their data", "13"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := domain.TextChange{Ref: tt.ref, New: tt.text}
			for _, x := range page.Texts() {
				if x.Ref == tt.ref {
					c.Old = x.Text
				}
			}
			after, err := page.WithText(c)
			if err != nil {
				t.Fatal(err)
			}
			err = content.CheckEdit(page, after, c)
			if tt.fault == "" && err != nil || tt.fault != "" && (domain.CodeOf(err) != domain.CodeInvalid || !strings.Contains(domain.MessageOf(err), tt.fault)) {
				t.Errorf("CheckEdit = %v, want a fault about %q", err, tt.fault)
			}
		})
	}
}
