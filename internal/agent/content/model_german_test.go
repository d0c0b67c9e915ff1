package content

import (
	"strings"
	"testing"

	"empire/internal/domain"
)

// TestExchanged: two products, two brands, two figures or two labels cannot change
// places; a sentence may begin with a figure or a name all the same.
func TestExchanged(t *testing.T) {
	t.Parallel()
	v := &vocabulary{
		products: []string{padded("Brevanto Solo 320 Plus"), padded("Brevanto Solo 320"), padded("Caffora Duo")}, brands: []string{padded("Brevanto"), padded("Caffora")},
		labels: []string{padded("warm-up time"), padded("weight")},
	}
	const source = "Brevanto Solo 320 costs €229.00, Caffora Duo €189.00; the weight is 5.8 kg, the warm-up time 40 s."
	for text, want := range map[string]bool{
		"Brevanto Solo 320 costs €229.00, which is more than Caffora Duo with €189.00.": false,
		"At €229.00 Brevanto Solo 320 costs more than Caffora Duo.":                     false,
		"Caffora Duo costs €189.00.":                                                    false,
		"Brevanto asks €229.00, Caffora €189.00.":                                       false,
		"The weight of 5.8 kg meets a warm-up time of 40 s.":                            false,
		"At 5.8 kg it warms up in 40 s.":                                                false,
		"Brevanto Solo 320 costs €189.00, Caffora Duo €229.00.":                         true,
		"Caffora Duo costs more than Brevanto Solo 320.":                                true,
		"Caffora asks €229.00, Brevanto €189.00.":                                       true,
		"Brevanto Solo 320 Plus costs €229.00.":                                         true,
		"Brevanto Solo 320 Plus costs €229.00 and weighs 5.8 kg.":                       true,
		"The weight is 40 s, the warm-up time 5.8 kg.":                                  true,
		"The warm-up time is 5.8 kg, the weight 40 s.":                                  true,
	} {
		if got := v.exchanged(text, source); got != want {
			t.Errorf("exchanged(%q) = %t, want %t", text, got, want)
		}
	}
}

// TestModelSentencesInGerman: what a German sentence of a model may say of its fact.
func TestModelSentencesInGerman(t *testing.T) {
	t.Parallel()
	r := &reteller{s: &siteWriter{lang: "de"}, known: &vocabulary{language: "de", products: []string{padded("Basis-Müsli"), padded("Nuss-Müsli")}, labels: []string{padded("Zucker"), padded("Median")}, words: map[string]bool{"hier": true, "das": true, "beim": true, "nur": true, "über": true}}}
	source := "„Basis-Müsli“ kommt beim Zucker auf 1,2 g je 100 g; der Median ist 16,35 g."
	u := &unit{ID: "p1", Facts: []fact{{ID: "f1", Text: source, Keep: []string{"Basis-Müsli"}, sentence: domain.Sentence{
		Text: source, Claims: []domain.ClaimID{"c1"}, Links: []domain.InlineLink{{Phrase: "Basis-Müsli", Slug: "basis-muesli"}},
	}}}}
	for text, fault := range map[string]string{
		"Beim Zucker sind es 1,2 g je 100 g bei „Basis-Müsli“, der Median ist 16,35 g.": "",
		"Hier steht „Basis-Müsli“ mit 1,2 g Zucker je 100 g.":                           "",
		"Hier steht „Basis-Müsli“ mit 1,3 g Zucker je 100 g.":                           "figure 1,3",
		"Über 1,2 g Zucker hat „Basis-Müsli“.":                                          "turns the facts",
		"„Basis-Müsli“ hat mit 1,2 g Zucker mehr als andere.":                           "turns the facts",
		"„Basis-Müsli“ hat nicht 1,2 g Zucker.":                                         "turns the facts",
		"„Basis-Müsli“ hat 1,2 g Zucker, wie Nuss-Müsli.":                               "nuss-müsli",
		"„Basis-Müsli“ von Zanussi hat 1,2 g Zucker.":                                   "Zanussi",
		"Beim Zucker kommt „Basis-Müsli“ auf 1,2 g; der Median ist 16,35 g je 100 g.":   "",
		"Beim Zucker ist der Median 1,2 g, „Basis-Müsli“ kommt auf 16,35 g je 100 g.":   "order",
		"Beim Zucker kommt „Basis-Müsli“ auf 16,35 g je 100 g; der Median ist 1,2 g.":   "order",
		"„Basis-Müsli“ ist mit 1,2 g Zucker gesund.":                                    "effects on health",
		"„Basis-Müsli“ ist mit 1,2 g Zucker das beste.":                                 "ranks",
		"Wir haben „Basis-Müsli“ mit 1,2 g Zucker probiert.":                            "claims an experience",
		"Jetzt kaufen: „Basis-Müsli“ mit 1,2 g Zucker.":                                 "urges",
		"Hier sind es 1,2 g Zucker je 100 g.":                                           "have to stay",
		"„Basis-Müsli“ hat 1,2 g Zucker":                                                "no sentence",
	} {
		s, got := r.sentence(u, toldSentence{Text: text, Facts: []string{"f1"}})
		switch {
		case fault == "" && (got != "" || len(s.Claims) != 1 || len(s.Links) != 1 || s.Opinion):
			t.Errorf("%q: fault %q, sentence %+v", text, got, s)
		case fault != "" && !strings.Contains(got, fault):
			t.Errorf("%q: fault %q, want one about %q", text, got, fault)
		}
	}
}
