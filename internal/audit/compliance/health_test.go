package compliance_test

import "empire/internal/domain"

// food is a text on a site about food.
func food(text string) func(*site) {
	return func(s *site) {
		s.draft.Website.Niche = "chocolates"
		s.main += "<p>" + text + "</p>"
	}
}

// essen is the same in German.
func essen(text string) func(*site) {
	return func(s *site) {
		s.german()
		s.draft.Website.Niche = "Müslis"
		s.main += "<p>" + text + "</p>"
	}
}

var foodTwins = []twin{
	{"L25-HCVO", "healthy", food("This bar is a healthy choice."), food("This bar has less sugar than half of the products.")},
	{"L25-HCVO", "cholesterol", food("It lowers your cholesterol."), food("It has a lower share of cocoa.")},
	{"L25-HCVO", "immune system", food("Cocoa boosts the immune system."), food("Cocoa stands first in the list of ingredients.")},
	{"L25-HCVO", "good for", food("Good for your heart."), food("Good for baking, says the maker.")},
	{"L25-HCVO", "weight", food("It helps you lose weight."), food("It weighs less than others.")},
	{"L25-HCVO", "disease", food("It prevents heart disease."), food("The pack prevents light from coming in.")},
	{"L25-HCVO", "digestion", food("Fiber supports digestion."), food("Fiber need not stand on the pack.")},
	{"L25-HCVO", "denied", food("Fiber aids digestion, as everybody knows."), food("We do not say that fiber aids digestion.")},
	{"L25-HCVO", "gesund", essen("Ein gesundes Müsli für jeden Tag."), essen("Ein Müsli mit 5 g Zucker.")},
	{"L25-HCVO", "Cholesterinspiegel", essen("Hafer senkt den Cholesterinspiegel."), essen("Hafer steht an erster Stelle der Liste.")},
	{"L25-HCVO", "Abwehrkräfte", essen("Das stärkt die Abwehrkräfte."), essen("Das stärkt die Vergleichbarkeit.")},
	{"L25-HCVO", "Verdauung", essen("Ballaststoffe fördern die Verdauung."), essen("Ballaststoffe müssen nicht auf der Packung stehen.")},
	{"L25-HCVO", "gut für", essen("Nüsse sind gut für das Herz."), essen("Nüsse sind gut für Kuchen.")},
	{"L25-HCVO", "Abnehmen", essen("Es hilft beim Abnehmen."), essen("Es hilft beim Aussortieren.")},
	{"L25-HCVO", "verneint", essen("Die Gesundheit profitiert davon."), essen("Ob das gesund ist, sagt die Seite nicht.")},
	{"L25-HCVO", "Name", essen("Gesunde Pause ist gesund."), func(s *site) {
		s.german()
		s.draft.Website.Niche = "Müslis"
		s.draft.Evidence = append(s.draft.Evidence, domain.Evidence{ID: "ev_n", Kind: domain.EvidenceFeed, Field: "product_name", Value: "Gesunde Pause"})
		s.main += "<p>Gesunde Pause hat 5 Zutaten.</p>"
	}},
	{"L25-HCVO", "zugelassene Angabe", essen("Calcium unterstützt die Knochen (Verordnung (EU) Nr. 432/2012)."), func(s *site) {
		s.german()
		s.draft.Website.Niche = "Müslis"
		s.draft.Evidence = append(s.draft.Evidence, domain.Evidence{ID: "ev_r", Kind: domain.EvidenceRule, Field: "HCVO", Value: "Verordnung (EU) Nr. 432/2012"})
		s.main += "<p>Calcium wird für die Knochen benötigt (Verordnung (EU) Nr. 432/2012).</p>"
	}},
	{"L25-HCVO", "by its data", func(s *site) {
		s.draft.Evidence = append(s.draft.Evidence, domain.Evidence{ID: "ev_s", Kind: domain.EvidenceSet, Field: "sugar"})
		s.main += "<p>A healthy thing.</p>"
	}, text("A healthy distance between the keys.")},
}
