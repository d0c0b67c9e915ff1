package release_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"empire/internal/domain"
	"empire/internal/release"
)

// TestReasons: a block that changed says which evidence made it change: a price in a feed,
// what was computed from it, something new, something gone; or that only the words or
// the writer changed.
func TestReasons(t *testing.T) {
	t.Parallel()
	price := func(v string) domain.Evidence {
		return domain.Evidence{Kind: domain.EvidenceFeed, FeedID: "f", RowKey: "r1", Field: "search_price", Value: v}.Seal()
	}
	median := func(v string) domain.Evidence {
		return domain.Evidence{Kind: domain.EvidenceComputation, Formula: "median", Note: "median price", Value: v}.Seal()
	}
	name := domain.Evidence{Kind: domain.EvidenceFeed, FeedID: "f", RowKey: "r1", Field: "product_name", Value: "Wave"}.Seal()
	color := domain.Evidence{Kind: domain.EvidenceFeed, FeedID: "f", RowKey: "r1", Field: "colour", Value: "red"}.Seal()
	draft := func(writer, text string, held ...domain.Evidence) *domain.Draft {
		c := domain.Claim{ID: "c1", Text: "x"}
		for _, e := range held {
			c.Evidence = append(c.Evidence, e.ID)
		}
		return &domain.Draft{Pages: []domain.Page{{Slug: "p", Title: "P", Writer: writer, Blocks: []domain.Block{paragraph(text)}, Claims: []domain.Claim{c}}}, Evidence: held}
	}
	for _, tt := range []struct {
		name          string
		before, after *domain.Draft
		want          []domain.ChangeReason
	}{
		{"price and median", draft("data/1", "It costs 9.", price("9"), median("8"), name), draft("data/1", "It costs 7.", price("7"), median("7.5"), name), []domain.ChangeReason{
			{Kind: domain.ReasonEvidence, What: "search_price of row r1", Before: "9", After: "7"},
			{Kind: domain.ReasonEvidence, What: "median price", Before: "8", After: "7.5"},
		}},
		{"new and gone", draft("data/1", "It costs 9.", price("9")), draft("data/1", "It is red.", color), []domain.ChangeReason{
			{Kind: domain.ReasonNew, What: "colour of row r1", After: "red"},
			{Kind: domain.ReasonGone, What: "search_price of row r1", Before: "9"},
		}},
		{"wording", draft("data/1", "It costs 9.", price("9")), draft("data/1", "9 is the price.", price("9")), []domain.ChangeReason{{Kind: domain.ReasonWording}}},
		{"writer", draft("data/1", "It costs 9.", price("9")), draft("model/x", "The price is 9.", price("9")), []domain.ChangeReason{{Kind: domain.ReasonWriter, Before: "data/1", After: "model/x"}}},
	} {
		got := release.Pages(tt.before, tt.after)
		if len(got) != 1 || len(got[0].Blocks) != 1 {
			t.Fatalf("%s: %+v", tt.name, got)
		}
		if diff := cmp.Diff(tt.want, got[0].Blocks[0].Reasons); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}
