package domain_test

import (
	"testing"

	"empire/internal/domain"
)

func TestPageWithText(t *testing.T) {
	t.Parallel()
	page := &domain.Page{
		Title: "Tea", Claims: []domain.Claim{{ID: "c1", Text: "7 g"}, {ID: "c2", Text: "green"}},
		Blocks: []domain.Block{{Type: domain.BlockParagraph, Paragraph: &domain.Paragraph{Sentences: []domain.Sentence{
			{Text: "It is green and weighs 7 g.", Claims: []domain.ClaimID{"c1", "c2"}, Links: []domain.InlineLink{{Phrase: "green", Slug: "green"}}},
		}}}},
	}
	const ref = "blocks/0/paragraph/0"
	got, err := page.WithText(domain.TextChange{Ref: ref, Old: "It is green and weighs 7 g.", New: "It is green."})
	if err != nil {
		t.Fatal(err)
	}
	s := got.Blocks[0].Paragraph.Sentences[0]
	if s.Text != "It is green." || len(s.Claims) != 1 || s.Claims[0] != "c2" || s.Opinion {
		t.Errorf("sentence = %+v, want the claim that it still shows", s)
	}
	if was := page.Blocks[0].Paragraph.Sentences[0]; was.Text != "It is green and weighs 7 g." || len(was.Claims) != 2 {
		t.Errorf("the page before is %+v", was)
	}
	for name, tt := range map[string]struct {
		change domain.TextChange
		want   domain.Code
	}{
		"linked words":  {domain.TextChange{Ref: ref, New: "It weighs 7 g."}, domain.CodeInvalid},
		"another text":  {domain.TextChange{Ref: ref, Old: "It is red.", New: "It is green."}, domain.CodeConflict},
		"the same":      {domain.TextChange{Ref: "title", New: "Tea"}, domain.CodeInvalid},
		"no such place": {domain.TextChange{Ref: "blocks/1/heading", New: "Tea"}, domain.CodeInvalid},
	} {
		if _, err := page.WithText(tt.change); domain.CodeOf(err) != tt.want {
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
	}
}
