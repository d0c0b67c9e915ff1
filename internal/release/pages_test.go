package release_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"empire/internal/domain"
	"empire/internal/release"
)

func paragraph(texts ...string) domain.Block {
	p := &domain.Paragraph{}
	for _, t := range texts {
		p.Sentences = append(p.Sentences, domain.Sentence{Text: t, Claims: []domain.ClaimID{"c1"}})
	}
	return domain.Block{Type: domain.BlockParagraph, Paragraph: p}
}

func heading(text string) domain.Block {
	return domain.Block{Type: domain.BlockHeading, Heading: &domain.Heading{Level: 2, Text: text}}
}

// TestPages compares two drafts: a page that changed in its title, a sentence, a row,
// a link and an offer, one that is new, one that is gone, and one whose evidence alone
// is another.
func TestPages(t *testing.T) {
	t.Parallel()
	table := func(price string) domain.Block {
		return domain.Block{Type: domain.BlockTable, Table: &domain.Table{Caption: "Prices", Columns: []domain.Column{{Label: "Name"}, {Label: "Price"}},
			Rows: []domain.Row{{Cells: []domain.Cell{{Text: "Wave"}, {Text: price}}}, {Cells: []domain.Cell{{Text: "Surf"}, {}}}}}}
	}
	linked := paragraph("See the guide.")
	linked.Paragraph.Sentences[0].Links = []domain.InlineLink{{Phrase: "guide", Slug: "guide"}}
	before := &domain.Draft{Pages: []domain.Page{
		{Slug: "best", Title: "Best", Blocks: []domain.Block{heading("One"), paragraph("It costs $9.", "It is red."), table("$9"), paragraph("See the guide.")},
			Offers: []domain.Offer{{Slot: "a", Product: "p", MerchantName: "Shop", PriceText: "$9", URL: "https://shop.example/1"}, {Slot: "b", Product: "q", URL: "https://shop.example/2"}}},
		{Slug: "same", Title: "Same", Blocks: []domain.Block{paragraph("Stays.")}},
		{Slug: "gone", Title: "Gone", Kind: domain.PageProduct},
	}}
	same := paragraph("Stays.")
	same.Paragraph.Sentences[0].Claims = []domain.ClaimID{"c9"}
	after := &domain.Draft{Pages: []domain.Page{
		{Slug: "new", Title: "New", Kind: domain.PageGuide},
		{Slug: "best", Title: "Better", Blocks: []domain.Block{heading("One"), heading("Two"), paragraph("It costs $8.", "It is red."), table("$8"), linked},
			Offers: []domain.Offer{{Slot: "a", Product: "p", MerchantName: "Shop", PriceText: "$8", URL: "https://shop.example/1"}}},
		{Slug: "same", Title: "Same", Blocks: []domain.Block{same}},
	}}
	lines := func(kv ...string) (out []domain.LineChange) {
		for i := 0; i < len(kv); i += 2 {
			out = append(out, domain.LineChange{Kind: domain.ChangeKind(kv[i]), Text: kv[i+1]})
		}
		return out
	}
	want := []domain.PageDiff{
		{Path: "/best/", Kind: domain.Changed, Title: "Better", Fields: []domain.FieldChange{{Name: "title", Before: "Best", After: "Better"}},
			Blocks: []domain.BlockChange{
				{Kind: domain.Added, Type: domain.BlockHeading, After: new(1), Lines: lines("added", "Two")},
				{Kind: domain.Changed, Type: domain.BlockParagraph, Before: new(1), After: new(2), Lines: lines("removed", "It costs $9.", "added", "It costs $8.")},
				{Kind: domain.Changed, Type: domain.BlockTable, Before: new(2), After: new(3), Lines: lines("removed", "Wave | $9", "added", "Wave | $8")},
				{Kind: domain.Changed, Type: domain.BlockParagraph, Before: new(3), After: new(4)},
			},
			Offers: []domain.OfferChange{
				{Slot: "a", Before: &domain.OfferSide{Product: "p", Merchant: "Shop", Price: "$9", URL: "https://shop.example/1"},
					After: &domain.OfferSide{Product: "p", Merchant: "Shop", Price: "$8", URL: "https://shop.example/1"}},
				{Slot: "b", Before: &domain.OfferSide{Product: "q", URL: "https://shop.example/2"}},
			}},
		{Path: "/gone/", Kind: domain.Removed, Title: "Gone", PageKind: domain.PageProduct, Fields: []domain.FieldChange{{Name: "title", Before: "Gone"}}},
		{Path: "/new/", Kind: domain.Added, Title: "New", PageKind: domain.PageGuide, Fields: []domain.FieldChange{{Name: "title", After: "New"}}},
	}
	got, files := release.Compare(domain.ReleaseContent{Draft: before}, domain.ReleaseContent{Draft: after})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
	if len(files) != 0 {
		t.Errorf("files = %+v of manifests without files", files)
	}
	if again := release.Pages(before, before); len(again) != 0 {
		t.Errorf("a draft differs from itself: %+v", again)
	}
}

// TestPagesOrder sees a block that moved as removed and added, in reading order.
func TestPagesOrder(t *testing.T) {
	t.Parallel()
	draft := func(blocks ...domain.Block) *domain.Draft {
		return &domain.Draft{Pages: []domain.Page{{Slug: "a", Title: "A", Blocks: blocks}}}
	}
	got := release.Pages(draft(heading("x"), paragraph("1"), paragraph("2")), draft(paragraph("1"), paragraph("2"), heading("x")))
	if len(got) != 1 || len(got[0].Blocks) != 2 || got[0].Blocks[0].Kind != domain.Removed || got[0].Blocks[1].Kind != domain.Added {
		t.Errorf("changes = %+v, want one removed and one added block", got)
	}
}
