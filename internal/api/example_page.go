package api

import "empire/internal/domain"

// exampleClaims are the claims that the parts of example pages name.
var exampleClaims = []domain.ClaimID{"c1"}

// exampleModels hold an instance of every model that no operation's example has.
func exampleModels() []any {
	return []any{
		problemExamples[422],
		exampleBlocks(),
		domain.Finding{Rule: "L9", Severity: domain.GateWarn, Page: "/guide/", Message: "A price is older than a day.", Fix: "Read the feed again.", Source: "Price Indication Regulation"},
		domain.RunError{Step: "scan", Code: domain.CodeNotEnoughData, Message: "The feeds hold 3 products of this niche; 12 are needed."},
		exampleOffer(),
	}
}

func exampleOffer() domain.Offer {
	expected := int64(300)
	return domain.Offer{
		Slot: "o1", Product: "example-k2", RowKey: "1001", FeedID: "feed_01k2ja", ProgramID: "prog_01k2ja", MerchantName: "Example Shop",
		URL: "https://shop.example/k2?ref=s1p1o1", SubID: "s1p1o1", Price: &domain.Money{Minor: 5999, Currency: "USD"}, PriceAt: &exampleTime,
		PriceText: "$59.99", Claims: exampleClaims, Reason: "It expects the most per order.",
		Alternatives: []domain.OfferScore{{ProgramID: "prog_01k2jb", MerchantName: "Other Shop", RowKey: "77", ExpectedMinor: &expected, Excluded: "out of stock"}},
	}
}

// exampleBlocks has a block of every type.
func exampleBlocks() []domain.Block {
	sentence := domain.Sentence{Text: "It costs $59.99.", Claims: exampleClaims, Links: []domain.InlineLink{{Phrase: "costs", Slug: "prices"}}}
	cell := domain.Cell{Text: "$59.99", Claims: exampleClaims, Sort: new(59.99), Slug: new("example-k2")}
	bar := domain.Bar{Label: "Example K2", Value: 59.99, Text: "$59.99", Claims: exampleClaims}
	said := []domain.Sentence{sentence}
	return []domain.Block{
		{Type: domain.BlockHeading, Anchor: "prices", Heading: &domain.Heading{Level: 2, Text: "What they cost"}},
		{Type: domain.BlockList, List: &domain.List{Items: []domain.Paragraph{{Sentences: said}}}},
		{Type: domain.BlockTable, Table: &domain.Table{
			Caption: "Keyboards by price", Columns: []domain.Column{{Label: "Keyboard"}, {Label: "Price", Numeric: true}},
			Rows: []domain.Row{{Product: "example-k2", Slot: "o1", Cells: []domain.Cell{{Text: "Example K2"}, cell}}},
		}},
		{Type: domain.BlockProduct, Product: &domain.ProductCard{
			Product: "example-k2", Name: "Example K2", Badge: "Lowest price", Claims: exampleClaims, Text: said, Slot: "o1",
			Facts: []domain.Fact{{Label: "Price", Value: cell}},
		}},
		{Type: domain.BlockComparison, Comparison: &domain.Comparison{
			Caption:  "Side by side",
			Products: []domain.ComparisonProduct{{Product: "example-k2", Name: "Example K2", Slot: "o1"}},
			Rows:     []domain.ComparisonRow{{Label: "Price", Cells: []domain.Cell{cell}}},
		}},
		{Type: domain.BlockProsCons, ProsCons: &domain.ProsCons{Pros: said, Cons: []domain.Sentence{}}},
		{Type: domain.BlockFAQ, FAQ: &domain.FAQ{Items: []domain.QA{{Anchor: "price", Question: domain.Sentence{Text: "What does it cost?", Opinion: true}, Answer: said}}}},
		{Type: domain.BlockCTA, CTA: &domain.CTA{Product: "example-k2", Name: "Example K2", Slot: "o1"}},
		{Type: domain.BlockFigure, Figure: &domain.Figure{
			Kind: domain.FigurePosition, Title: "Where the price lies", Alt: "The price lies below the median.", Bars: []domain.Bar{bar}, Min: &bar, Max: &bar, Mark: &bar,
		}},
	}
}
