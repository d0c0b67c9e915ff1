package sitegentest

import "empire/internal/domain"

// German returns a site about coffee grinders.
func German() *domain.Draft {
	w := domain.Website{
		ID: "site_german", Name: "muehlen", Domain: "kaffeemuehlen.example", Niche: "kaffeemühlen", Language: "de", Title: "Mahlgrad",
		State: domain.WebsiteDraft, Operator: operator(), CreatedAt: At, UpdatedAt: At,
	}
	d := &domain.Draft{
		Website: w, BuiltAt: At,
		Plan: domain.SitePlan{Niche: w.Niche, Language: "de", Title: "Mahlgrad", Tagline: "Kaffeemühlen im Datenvergleich.", Noun: domain.NicheNoun{Singular: "Kaffeemühle", Plural: "Kaffeemühlen"}},
	}
	for _, build := range []func(domain.Website) domain.Page{germanHome, germanGuide, germanBest, germanPair, germanProduct, germanFAQ, germanMethod} {
		d.Pages = append(d.Pages, build(w))
	}
	d.Pages = append(d.Pages, legalPages(w,
		map[domain.PageKind][2]string{domain.PageImprint: {"impressum", "Impressum"}, domain.PagePrivacy: {"datenschutz", "Datenschutz"}, domain.PageDisclosure: {"werbehinweis", "Werbehinweis"}},
		map[domain.PageKind][]string{
			domain.PageImprint: {"Angaben gemäß § 5 DDG.", "Sample Operator, Beispielweg 1, 10115 Berlin, Germany", "E-Mail: mail@operator.example, Telefon: +49 30 0000000",
				"## Verantwortlich für den Inhalt", "Erika Mustermann, Anschrift wie oben (§ 18 Abs. 2 MStV)."},
			domain.PagePrivacy:    {"Diese Website setzt keine Cookies und lädt nichts von anderen Servern.", "## Verantwortlicher", "Sample Operator, Beispielweg 1, 10115 Berlin, Germany."},
			domain.PageDisclosure: {"Mit „Anzeige“ gekennzeichnete Links sind Affiliate-Links.", "## Was das bedeutet", "Kaufen Sie darüber ein, zahlt uns der Händler unter Umständen eine Provision. Auf die Reihenfolge hat das keinen Einfluss."},
		})...)
	return d
}

func germanPage(w domain.Website, kind domain.PageKind, slug, label string) *pageBuilder {
	p := newPage(w, kind, slug, label)
	p.currency, p.merchant = "EUR", "Küchenhaus Muster"
	return p
}

func germanHome(w domain.Website) domain.Page {
	p := germanPage(w, domain.PageHome, "", "Start").head("Kaffeemühlen im Datenvergleich – Mahlgrad", "Mahlwerk, Bohnenbehälter und Preis von 148 Kaffeemühlen nebeneinander, jede Zahl mit Quelle.",
		"Die passende Kaffeemühle, nach Daten ausgesucht", "Hier beginnen")
	p.p("Wir stellen die Daten von 148 Kaffeemühlen nebeneinander: Mahlwerk, Behältergröße, Leistung und Preis.", "Jede Zahl stammt aus dem Datenbestand eines Händlers oder ist daraus berechnet.")
	p.h2("Was Kaffeemühlen kosten").p("Die Hälfte der Mühlen kostet weniger als 89,90 €. Die [Kaufberatung](kaufberatung) erklärt, wofür man mehr bezahlt.")
	p.add(domain.Block{Type: domain.BlockFigure, Anchor: "preise", Figure: &domain.Figure{
		Kind: domain.FigureHistogram, Title: "Kaffeemühlen nach Preis", Alt: "Die meisten Mühlen kosten zwischen 50 und 100 Euro.", Caption: sentences("Preise von 148 Mühlen, Stand 23. Juli 2025."),
		Bars: []domain.Bar{{Label: "unter 50 €", Value: 41, Text: "41"}, {Label: "50–100 €", Value: 52, Text: "52", Highlight: true}, {Label: "100–200 €", Value: 33, Text: "33"}, {Label: "ab 200 €", Value: 22, Text: "22"}},
	}})
	p.h2("Leise und handlich")
	p.add(domain.Block{Type: domain.BlockProduct, Product: &domain.ProductCard{
		Product: "m1", Name: "Mahlwerk Kompakt 40", Badge: "Kleinster Bohnenbehälter", Text: sentences("Eine Handmühle mit Kegelmahlwerk aus Stahl für die Reise."),
		Facts: facts("Mahlwerk", "Kegel, Stahl", "Behälter", "30 g", "Gewicht", "", "Antrieb", "Hand"), Slug: ptr("mahlwerk-kompakt-40"), Slot: p.offer("start1", "m1", 4990),
	}})
	return p.Page
}

func germanGuide(w domain.Website) domain.Page {
	p := germanPage(w, domain.PageGuide, "kaufberatung", "Kaufberatung").head("Kaffeemühle kaufen: worauf es nach den Daten ankommt", "Mahlwerk, Antrieb, Behälter und Preis von 148 Mühlen, Schritt für Schritt.", "Kaffeemühle kaufen: worauf es ankommt", "Mahlwerk, Antrieb, Behälter und Preis.")
	p.p("Vier Entscheidungen führen von 148 Mühlen zu einer Handvoll.")
	p.h2("Kegel- oder Scheibenmahlwerk?").p("Kegelmahlwerke laufen langsamer, Scheibenmahlwerke mahlen gleichmäßiger.")
	p.add(domain.Block{Type: domain.BlockTable, Table: &domain.Table{
		Caption: "Mahlwerke nach Anzahl und mittlerem Preis", Columns: columns("Mahlwerk", "#Mühlen", "#Mittlerer Preis"),
		Rows: []domain.Row{{Cells: cells("Kegelmahlwerk", "*84", "79,90 €")}, {Cells: cells("Scheibenmahlwerk", "38", "189,00 €")}, {Cells: cells("Schlagmesser", "26", "*24,99 €")}},
	}})
	p.h2("Von Hand oder elektrisch?").list(false, "Handmühlen sind leise und brauchen keinen Strom.", "Elektrische Mühlen sparen Zeit bei mehreren Tassen.")
	p.h2("Wie groß soll der Behälter sein?").p("Für zwei Tassen reichen etwa 20 g Bohnen.").h3("reise", "Auf Reisen").p("Kleine Behälter passen in den Rucksack.")
	p.h2("Was darf sie kosten?").add(domain.Block{Type: domain.BlockFigure, Figure: &domain.Figure{
		Kind: domain.FigureBars, Title: "Mittlerer Preis nach Antrieb", Alt: "Handmühlen 45,00 €, elektrische Mühlen 119,00 €.",
		Bars: []domain.Bar{{Label: "Elektrische Mühlen mit Zeitschaltung und Waage", Value: 119, Text: "119,00 €"}, {Label: "Handmühlen", Value: 45, Text: "45,00 €"}},
	}})
	p.note("Preise ändern sich. Neben jedem Preis steht der Tag, an dem er gelesen wurde.")
	p.related("handmuehlen", "Handmühlen", "kompakt-40-oder-duo-250", "Kompakt 40 oder Duo 250?")
	return p.Page
}

func germanBest(w domain.Website) domain.Page {
	p := germanPage(w, domain.PageBest, "handmuehlen", "Handmühlen").head("Handmühlen für Kaffee: zwei im Datenvergleich", "Zwei Handmühlen mit vollständigen Angaben, nach Preis geordnet.", "Handmühlen für Kaffee", "Zwei Mühlen ohne Strom.")
	p.p("Von 148 Mühlen arbeiten 47 von Hand.").h2("Die Auswahl")
	p.add(domain.Block{Type: domain.BlockTable, Table: &domain.Table{Caption: "Handmühlen mit vollständigen Angaben", Columns: columns("Mühle", "#Preis", "#Behälter", "Mahlwerk"), Rows: []domain.Row{
		{Product: "m1", Cells: cells("Mahlwerk Kompakt 40", "*49,90 €", "30 g", "Kegel, Stahl"), Slot: p.offer("t1", "m1", 4990)},
		{Product: "m2", Cells: cells("Bergkaffee Reisemühle", "54,00 €", "*35 g", ""), Slot: p.offer("t2", "m2", 5400)},
	}}})
	p.add(domain.Block{Type: domain.BlockCTA, CTA: &domain.CTA{Product: "m2", Name: "Bergkaffee Reisemühle", Slot: p.offer("unten", "m2", 5400)}})
	return p.Page
}

func germanPair(w domain.Website) domain.Page {
	p := germanPage(w, domain.PageComparison, "kompakt-40-oder-duo-250", "Kompakt 40 oder Duo 250").head("Mahlwerk Kompakt 40 oder Aromatik Duo 250?", "Hand gegen Strom: zwei Kaffeemühlen im direkten Datenvergleich.", "Mahlwerk Kompakt 40 oder Aromatik Duo 250?", "Hand gegen Strom.")
	p.p("Zwischen beiden liegen 79,10 € und ein Netzkabel.")
	p.add(domain.Block{Type: domain.BlockComparison, Comparison: &domain.Comparison{
		Caption:  "Kompakt 40 und Duo 250 nebeneinander",
		Products: []domain.ComparisonProduct{{Product: "m1", Name: "Mahlwerk Kompakt 40", Slug: ptr("mahlwerk-kompakt-40"), Slot: p.offer("v1", "m1", 4990)}, {Product: "m3", Name: "Aromatik Duo 250 Zeitschaltuhr", Slot: p.offer("v2", "m3", 12900)}},
		Rows:     []domain.ComparisonRow{{Label: "Preis", Cells: cells("*49,90 €", "129,00 €")}, {Label: "Antrieb", Cells: cells("Hand", "elektrisch, 150 W")}, {Label: "Bohnenbehälter", Cells: cells("30 g", "*250 g")}, {Label: "Gewicht", Cells: cells("", "2,1 kg")}},
	}})
	p.h2("Für wen welche?").add(domain.Block{Type: domain.BlockProsCons, ProsCons: &domain.ProsCons{Title: "Mahlwerk Kompakt 40", Pros: sentences("Sie kostet 79,10 € weniger.", "Sie braucht keinen Strom."), Cons: sentences("In den Behälter passen nur 30 g.")}})
	return p.Page
}

func germanProduct(w domain.Website) domain.Page {
	p := germanPage(w, domain.PageProduct, "mahlwerk-kompakt-40", "Mahlwerk Kompakt 40").head("Mahlwerk Kompakt 40: Daten, Preis, Alternativen", "Was die Daten über die Handmühle Mahlwerk Kompakt 40 sagen.", "Mahlwerk Kompakt 40", "Handmühle mit Kegelmahlwerk aus Stahl.")
	p.p("Die Mahlwerk Kompakt 40 ist eine Handmühle mit Kegelmahlwerk aus Stahl.")
	p.add(domain.Block{Type: domain.BlockProduct, Product: &domain.ProductCard{Product: "m1", Name: "Angaben des Händlers", Facts: facts("Mahlwerk", "Kegel, Stahl", "Behälter", "30 g", "Gewicht", ""), Slot: p.offer("oben", "m1", 4990)}})
	p.h2("Preis im Vergleich").add(domain.Block{Type: domain.BlockFigure, Figure: &domain.Figure{
		Kind: domain.FigurePosition, Title: "Preis unter allen Mühlen", Alt: "49,90 € bei Preisen von 14,99 € bis 649,00 €; der mittlere Preis ist 89,90 €.", Bars: []domain.Bar{{Label: "Mahlwerk Kompakt 40", Value: 49.9, Text: "49,90 €"}},
		Min: &domain.Bar{Label: "niedrigster Preis", Value: 14.99, Text: "14,99 €"}, Max: &domain.Bar{Label: "höchster Preis", Value: 649, Text: "649,00 €"}, Mark: &domain.Bar{Label: "mittlerer Preis", Value: 89.9, Text: "89,90 €"},
	}})
	return p.Page
}

func germanFAQ(w domain.Website) domain.Page {
	p := germanPage(w, domain.PageFAQ, "fragen", "Fragen").head("Fragen zu Kaffeemühlen", "Kurze Antworten zu Mahlwerken, Lautstärke und Preisen.", "Fragen zu Kaffeemühlen", "Mahlwerke, Lautstärke, Preise.")
	p.add(domain.Block{Type: domain.BlockFAQ, FAQ: &domain.FAQ{Items: []domain.QA{
		{Anchor: "laut", Question: sentences("Wie laut sind Kaffeemühlen?")[0], Answer: sentences("Handmühlen hört man kaum.")}, {Anchor: "preis", Question: sentences("Was kostet eine Kaffeemühle?")[0], Answer: sentences("Die Hälfte kostet weniger als 89,90 €.")},
	}}})
	return p.Page
}

func germanMethod(w domain.Website) domain.Page {
	p := germanPage(w, domain.PageMethod, "methode", "So vergleichen wir").head("So vergleicht Mahlgrad Kaffeemühlen", "Woher die Zahlen kommen und wie sie berechnet werden.", "So vergleichen wir Kaffeemühlen", "Woher jede Zahl kommt.")
	p.p("Wir testen keine Mühlen.", "Wir lesen, was Händler angeben, und berechnen den Rest.").h2("Quellen").p("Die Daten stammen von Küchenhaus Muster, gelesen am 23. Juli 2025.")
	return p.Page
}
