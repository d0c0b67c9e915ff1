package sitegentest

import "empire/internal/domain"

func englishPair(w domain.Website) domain.Page {
	p := english(w, domain.PageComparison, "alloy-core-vs-k552", "Alloy Core or K552").head(
		"HyperX Alloy Core or Redragon K552? Data side by side", "The HyperX Alloy Core and the Redragon K552 compared by layout, switches, backlight and price.",
		"HP HyperX Alloy Core or Redragon K552?", "Full-size with RGB against tenkeyless for less.")
	p.p("They are $3.00 apart.", "The choice is between a number block and room for the mouse.")
	p.add(domain.Block{Type: domain.BlockComparison, Anchor: "side-by-side", Comparison: &domain.Comparison{
		Caption: "Alloy Core and K552 side by side",
		Products: []domain.ComparisonProduct{
			{Product: "alloy-core", Name: "HP HyperX Alloy Core", Slot: p.offer("v1", "alloy-core", 3799)}, {Product: "k552", Name: "Redragon K552", Slug: ptr("redragon-k552"), Slot: p.offer("v2", "k552", 3499)},
		},
		Rows: []domain.ComparisonRow{
			{Label: "Price", Cells: cells("$37.99", "*$34.99")}, {Label: "Layout", Cells: cells("Full-size", "Tenkeyless")}, {Label: "Switches", Cells: cells("", "Outemu Blue")},
			{Label: "Backlight", Cells: cells("RGB", "Red")}, {Label: "Connection", Cells: cells("Wired", "Wired")},
		},
	}})
	p.h2("Which one for whom?")
	p.add(domain.Block{Type: domain.BlockProsCons, Anchor: "alloy-core", ProsCons: &domain.ProsCons{Title: "HP HyperX Alloy Core", Pros: sentences("It has a number block.", "Its backlight can take any color."), Cons: sentences("The feed does not name its switches.")}})
	p.add(domain.Block{Type: domain.BlockProsCons, Anchor: "k552", ProsCons: &domain.ProsCons{Title: "Redragon K552", Pros: sentences("It costs $3.00 less.", "It names its switches."), Cons: sentences("It has no number block.", "Its backlight is red only.")}})
	p.related("best-under-50", "Keyboards under $50", "guide", "How to choose a mechanical keyboard")
	return p.Page
}

func englishFour(w domain.Website) domain.Page {
	p := english(w, domain.PageComparison, "four-boards", "Four boards").head(
		"Four tenkeyless keyboards side by side", "Four tenkeyless mechanical keyboards compared by switches, backlight, connection and price.", "Four tenkeyless keyboards side by side", "The same layout four times, from $34.99 to $129.99.")
	p.p("All four drop the number block.", "What differs is the switch, the cable and the price.")
	p.add(domain.Block{Type: domain.BlockComparison, Comparison: &domain.Comparison{
		Caption: "Four tenkeyless keyboards",
		Products: []domain.ComparisonProduct{
			{Product: "k552", Name: "Redragon K552", Slug: ptr("redragon-k552"), Slot: p.offer("f1", "k552", 3499)}, {Product: "g413", Name: "Logitech G413 TKL SE", Slot: p.offer("f2", "g413", 4599)},
			{Product: "c3", Name: "Keychron C3 Pro", Slot: "f3"}, {Product: "gpro", Name: "Logitech G Pro Mechanical Gaming", Slot: p.offer("f4", "gpro", 12999)},
		},
		Rows: []domain.ComparisonRow{
			{Label: "Price", Cells: cells("*$34.99", "$45.99", "", "$129.99")}, {Label: "Switches", Cells: cells("Outemu Blue", "Tactile", "Gateron G Pro Red", "GX Blue")},
			{Label: "Connection", Cells: cells("Wired", "Wired", "Wired", "Wired, detachable cable")}, {Label: "Backlight", Cells: cells("Red", "White", "", "RGB")},
		},
	}})
	p.h2("How they were chosen").p("These are the four tenkeyless boards that most people can buy without a second look at the switch.")
	return p.Page
}

func englishProduct(w domain.Website) domain.Page {
	p := english(w, domain.PageProduct, "redragon-k552", "Redragon K552").head(
		"Redragon K552: data, price and alternatives", "What the data says about the Redragon K552: layout, switches, price against 824 others, and what stands near it.", "Redragon K552", "A tenkeyless wired board with Outemu Blue switches.")
	p.p("The Redragon K552 is a wired tenkeyless keyboard with Outemu Blue switches.", "At $34.99 it costs less than 88 % of the 824 keyboards compared here.")
	p.add(domain.Block{Type: domain.BlockCTA, Anchor: "offer", CTA: &domain.CTA{Product: "k552", Name: "Redragon K552", Slot: p.offer("top", "k552", 3499)}})
	p.h2("Specifications")
	p.add(domain.Block{Type: domain.BlockProduct, Product: &domain.ProductCard{Product: "k552", Name: "Redragon K552", Facts: facts("Layout", "Tenkeyless", "Switches", "Outemu Blue", "Connection", "Wired", "Backlight", "Red", "Color", "Black", "Weight", "")}})
	p.h2("Price in context").add(position("Price among all keyboards", "Redragon K552", 34.99, "$34.99"))
	p.h2("For and against").add(domain.Block{Type: domain.BlockProsCons, ProsCons: &domain.ProsCons{Pros: sentences("Lowest price of all tenkeyless boards."), Cons: sentences("Clicky switches are heard in the next room.")}})
	p.h2("Questions").add(domain.Block{Type: domain.BlockFAQ, FAQ: &domain.FAQ{Items: []domain.QA{
		{Anchor: "number-block", Question: sentences("Does it have a number block?")[0], Answer: sentences("No, it is tenkeyless.")}, {Anchor: "wireless", Question: sentences("Does it work without a cable?")[0], Answer: sentences("No. See [wireless keyboards](best-wireless).")},
	}}})
	p.related("alloy-core-vs-k552", "Alloy Core or K552?", "four-boards", "Four tenkeyless keyboards", "best-under-50", "Keyboards under $50")
	return p.Page
}

func englishFAQ(w domain.Website) domain.Page {
	p := english(w, domain.PageFAQ, "faq", "Questions").head("Questions about mechanical keyboards, answered from data", "Short answers on noise, layouts and prices of mechanical keyboards.", "Questions about mechanical keyboards", "Noise, layouts, prices.")
	p.add(domain.Block{Type: domain.BlockFAQ, FAQ: &domain.FAQ{Items: []domain.QA{
		{Anchor: "loud", Question: sentences("Are mechanical keyboards loud?")[0], Answer: sentences("Clicky ones are.", "Linear and tactile switches make less noise.")},
		{Anchor: "cost", Question: sentences("What does a mechanical keyboard cost?")[0], Answer: sentences("Half of them cost less than $79.99.", "The [price chart](#prices) on the home page shows the spread.")},
		{Anchor: "tenkeyless", Question: sentences("What does tenkeyless mean?")[0], Answer: sentences("The keyboard has no number block.")},
		{Anchor: "hot-swap", Question: sentences("What is hot-swapping?")[0], Answer: sentences("The switches can be pulled and replaced without soldering.")},
	}}})
	return p.Page
}

func englishMethod(w domain.Website) domain.Page {
	p := english(w, domain.PageMethod, "method", "How we compare").head("How Keyboard Compass compares keyboards", "Where the figures come from, how they are computed and what we do not know.", "How we compare keyboards", "Where every figure comes from.")
	p.p("We do not test keyboards.", "We read what merchants state about them and compute the rest.")
	p.h2("Sources").p("Product data comes from the feed of PC Parts Sample, read on 23 July 2025.")
	p.h2("Computations").list(false, "Medians are the middle value; for an even count the mean of the middle two.", "Ranks count how many products cost less.")
	p.h2("What we leave out").p("A product without a price is not ranked.").h2("Corrections").p("Write to the address in the legal notice.")
	return p.Page
}
