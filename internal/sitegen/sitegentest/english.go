package sitegentest

import "empire/internal/domain"

// English returns a site about mechanical keyboards.
func English() *domain.Draft {
	w := domain.Website{
		ID: "site_english", Name: "keyboards", Domain: "keyboards.example", Niche: "mechanical keyboards", Language: "en", Title: "Keyboard Compass",
		State: domain.WebsiteDraft, Operator: operator(), CreatedAt: At, UpdatedAt: At,
	}
	d := &domain.Draft{
		Website: w, BuiltAt: At,
		Plan: domain.SitePlan{Niche: w.Niche, Language: "en", Title: "Keyboard Compass", Tagline: "Mechanical keyboards, compared by their data sheets.", Noun: domain.NicheNoun{Singular: "mechanical keyboard", Plural: "mechanical keyboards"}},
	}
	for _, build := range []func(domain.Website) domain.Page{englishHome, englishGuide, englishBest, englishWireless, englishPair, englishFour, englishProduct, englishFAQ, englishMethod} {
		d.Pages = append(d.Pages, build(w))
	}
	d.Pages = append(d.Pages, legalPages(w,
		map[domain.PageKind][2]string{
			domain.PageImprint: {"legal-notice", "Legal notice"}, domain.PagePrivacy: {"privacy", "Privacy"}, domain.PageDisclosure: {"disclosure", "How this site earns money"},
		},
		map[domain.PageKind][]string{
			domain.PageImprint: {"Information according to DDG § 5.", "Sample Operator, Beispielweg 1, 10115 Berlin, Germany", "E-mail: mail@operator.example, phone: +49 30 0000000",
				"## Responsible for content", "Erika Mustermann, address as above (MStV § 18)."},
			domain.PagePrivacy: {"This site sets no cookies and loads nothing from other hosts.", "## Who is responsible", "Sample Operator, Beispielweg 1, 10115 Berlin, Germany.",
				"## Links to merchants", "A link marked as an ad leads to the merchant through an affiliate network, which may set cookies there."},
			domain.PageDisclosure: {"Links marked as ads are affiliate links.", "## What that means", "If you buy after following one, the merchant may pay us a commission. It has no influence on the order of products."},
		})...)
	return d
}

func english(w domain.Website, kind domain.PageKind, slug, label string) *pageBuilder {
	p := newPage(w, kind, slug, label)
	p.currency, p.merchant = "USD", "PC Parts Sample"
	return p
}

func englishHome(w domain.Website) domain.Page {
	p := english(w, domain.PageHome, "", "Home").head(
		"Mechanical keyboards compared by their data – Keyboard Compass",
		"Prices, switches and layouts of 824 mechanical keyboards, side by side, with the source of every figure.",
		"Find the mechanical keyboard that fits your desk", "Start here")
	p.p("We put the data of 824 mechanical keyboards side by side: layout, switches, connection and price.", "Every figure on these pages comes from a merchant's feed or is computed from it.")
	p.h2("What keyboards cost")
	p.p("Half of the keyboards cost less than $79.99.", "The range is wide: the cheapest is listed at $19.99, the most expensive at $549.00. Our [buying guide](guide) explains what the difference buys.")
	p.add(histogram())
	p.h2("Three places to start")
	p.list(false, "On a budget? See [keyboards under $50](best-under-50).", "Tired of cables? Compare [wireless keyboards](best-wireless).", "Torn between two? Read [Alloy Core against K552](alloy-core-vs-k552).")
	p.add(domain.Block{Type: domain.BlockProduct, Anchor: "k552", Product: &domain.ProductCard{
		Product: "k552", Name: "Redragon K552", Badge: "Lowest price of all tenkeyless keyboards",
		Text:  sentences("A compact wired board with Outemu Blue switches, for desks where every inch counts."),
		Facts: facts("Layout", "Tenkeyless", "Switches", "Outemu Blue", "Connection", "Wired", "Backlight", "Red"), Slug: ptr("redragon-k552"), Slot: p.offer("home1", "k552", 3499),
	}})
	return p.Page
}

func englishGuide(w domain.Website) domain.Page {
	p := english(w, domain.PageGuide, "guide", "Buying guide").head(
		"How to choose a mechanical keyboard: a guide from 824 data sheets", "Layout, switches, connection and price: what the data of 824 keyboards says about each choice.",
		"How to choose a mechanical keyboard", "Layout, switches, connection and price, one decision after another.")
	p.p("Four decisions narrow 824 keyboards down to a handful: how many keys, which switches, with or without cable, and how much to spend.")
	p.h2("How many keys do you need?")
	p.p("A full-size board keeps the number block; a tenkeyless one drops it and frees 3.5 in of desk.", "Of the keyboards in the feed, 412 are full-size and 265 are tenkeyless.")
	p.add(domain.Block{Type: domain.BlockFigure, Anchor: "layouts", Figure: &domain.Figure{
		Kind: domain.FigureBars, Title: "Keyboards by layout", Alt: "Full-size 412, tenkeyless 265, compact without function row and arrow cluster 147.", Caption: sentences("Counted over all 824 keyboards with a stated layout."),
		Bars: []domain.Bar{{Label: "Full-size", Value: 412, Text: "412", Highlight: true}, {Label: "Tenkeyless", Value: 265, Text: "265"}, {Label: "Compact, without function row and arrow cluster", Value: 147, Text: "147"}},
	}})
	p.h2("Which switches suit you?")
	p.p("Linear switches move straight down, tactile ones give a bump, clicky ones give a bump and a sound.")
	p.h3("linear", "Linear")
	p.p("The quiet choice for shared rooms and fast games.")
	p.h3("clicky", "Clicky")
	p.p("A choice for people who like to hear what they type. See the [questions](faq#loud) on noise.")
	p.add(domain.Block{Type: domain.BlockTable, Anchor: "switches", Table: &domain.Table{
		Caption: "Switch families by number of keyboards and median price", Columns: columns("Family", "#Keyboards", "#Median price", "Feel"),
		Rows: []domain.Row{{Cells: cells("Cherry MX", "*214", "$129.99", "Linear, tactile or clicky")}, {Cells: cells("Gateron", "96", "$89.00", "Mostly linear")}, {Cells: cells("Outemu", "71", "*$41.49", "")}},
		Note: "Families with fewer keyboards are left out.",
	}})
	p.h2("Cable or not?")
	p.list(true, "Decide whether the keyboard stays at one desk.", "If it travels, look for a board with both Bluetooth and a cable.", "Check that the batteries are rechargeable.")
	p.h2("What should you spend?")
	p.p("The middle half of all prices lies between $49.99 and $139.99.")
	p.add(position("Where the K552 stands", "Redragon K552", 34.99, "$34.99"))
	p.h2("Before you order")
	p.note("Prices change. Each price on this site says on which day it was read.")
	p.related("best-under-50", "Keyboards under $50", "best-wireless", "Wireless keyboards", "alloy-core-vs-k552", "Alloy Core or K552?")
	return p.Page
}

func englishBest(w domain.Website) domain.Page {
	p := english(w, domain.PageBest, "best-under-50", "Under $50").head(
		"Mechanical keyboards under $50: 4 that state the most", "Four mechanical keyboards under $50 with complete data, ranked by price, with their switches and layouts.",
		"Mechanical keyboards under $50", "Four boards with complete data, ranked by price.")
	p.p("Of 824 keyboards, 207 cost less than $50.", "These four state layout, switches and connection, so that you know what you get.")
	p.h2("The short list")
	row := func(slot, product, slug string, minor int64, texts ...string) domain.Row {
		r := domain.Row{Product: product, Slot: p.offer(slot, product, minor), Cells: cells(texts...)}
		if slug != "" {
			r.Cells[0] = linked(r.Cells[0], slug)
		}
		return r
	}
	rows := []domain.Row{
		row("t1", "k552", "redragon-k552", 3499, "Redragon K552", "*$34.99", "Tenkeyless", "Outemu Blue", "Wired"),
		row("t2", "alloy-core", "", 3799, "HP HyperX Alloy Core", "$37.99", "Full-size", "", "Wired"),
		row("t3", "g413", "", 4599, "Logitech G413 TKL SE", "$45.99", "Tenkeyless", "Tactile", "Wired"),
	}
	rows = append(rows, domain.Row{Product: "k68", Slot: "t4", Cells: cells("Royal Kludge RK68 Plus Hot-Swappable", "$49.49", "Compact", "RK Brown", "Bluetooth, 2.4 GHz, wired")})
	p.add(domain.Block{Type: domain.BlockTable, Anchor: "short-list", Table: &domain.Table{Caption: "Four keyboards under $50", Columns: columns("Keyboard", "#Price", "Layout", "Switches", "Connection"), Rows: rows}})
	p.h2("One by one")
	for _, c := range []struct {
		key, name, badge, text string
		minor                  int64
		facts                  []domain.Fact
	}{
		{"k552", "Redragon K552", "Lowest price", "Drops the number block and keeps a metal top plate.", 3499, facts("Layout", "Tenkeyless", "Switches", "Outemu Blue", "Connection", "Wired", "Backlight", "Red")},
		{"alloy-core", "HP HyperX Alloy Core", "", "The only full-size board of the four; the feed does not name its switches.", 3799, facts("Layout", "Full-size", "Switches", "", "Connection", "Wired", "Backlight", "RGB")},
		{"g413", "Logitech G413 TKL SE", "", "White backlight and tactile switches in a plain black case.", 4599, facts("Layout", "Tenkeyless", "Switches", "Tactile", "Connection", "Wired", "Backlight", "White")},
	} {
		p.add(domain.Block{Type: domain.BlockProduct, Anchor: c.key, Product: &domain.ProductCard{Product: c.key, Name: c.name, Badge: c.badge, Text: sentences(c.text), Facts: c.facts, Slot: p.offer("c-"+c.key, c.key, c.minor)}})
	}
	p.h2("Where they stand among all keyboards")
	p.add(position("Price of the K552 among all keyboards", "Redragon K552", 34.99, "$34.99"))
	p.h2("What you give up at this price")
	p.add(domain.Block{Type: domain.BlockProsCons, ProsCons: &domain.ProsCons{
		Pros: sentences("All four have a backlight.", "Two of the four are tenkeyless and leave room for the mouse."), Cons: sentences("Only one works without a cable.", "None states a switch from Cherry."),
	}})
	p.related("guide", "How to choose a mechanical keyboard", "alloy-core-vs-k552", "Alloy Core or K552?")
	return p.Page
}

func englishWireless(w domain.Website) domain.Page {
	p := english(w, domain.PageBest, "best-wireless", "Wireless").head(
		"Wireless mechanical keyboards by price and connection", "Mechanical keyboards with Bluetooth or radio, and what each connection means.", "Wireless mechanical keyboards", "Bluetooth, radio, or both.")
	p.p("Of 824 keyboards, 131 work without a cable.").h2("Bluetooth or radio?").p("Bluetooth needs no receiver; radio reacts faster.")
	p.add(domain.Block{Type: domain.BlockCTA, CTA: &domain.CTA{Product: "k68", Name: "Royal Kludge RK68 Plus", Slot: p.offer("cta1", "k68", 4949)}})
	return p.Page
}

func ptr(s string) *string { return &s }

func histogram() domain.Block {
	return domain.Block{Type: domain.BlockFigure, Anchor: "prices", Figure: &domain.Figure{
		Kind: domain.FigureHistogram, Title: "Keyboards by price", Alt: "Most keyboards cost between $50 and $100; few cost more than $200.", Caption: sentences("Prices of 824 keyboards as of 23 July 2025."),
		Bars: []domain.Bar{
			{Label: "under $50", Value: 207, Text: "207"}, {Label: "$50–$100", Value: 311, Text: "311", Highlight: true}, {Label: "$100–$150", Value: 168, Text: "168"},
			{Label: "$150–$200", Value: 88, Text: "88"}, {Label: "$200 and up", Value: 50, Text: "50"},
		},
	}}
}

func position(title, name string, value float64, text string) domain.Block {
	return domain.Block{Type: domain.BlockFigure, Figure: &domain.Figure{
		Kind: domain.FigurePosition, Title: title, Alt: name + " costs " + text + "; prices run from $19.99 to $549.00, the median is $79.99.",
		Bars: []domain.Bar{{Label: name, Value: value, Text: text, Highlight: true}},
		Min:  &domain.Bar{Label: "lowest price", Value: 19.99, Text: "$19.99"}, Max: &domain.Bar{Label: "highest price", Value: 549, Text: "$549.00"}, Mark: &domain.Bar{Label: "median", Value: 79.99, Text: "$79.99"},
	}}
}
