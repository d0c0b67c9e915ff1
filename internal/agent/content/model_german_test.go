package content

import (
	"strings"
	"testing"

	"empire/internal/domain"
)

// TestModelSentencesInGerman: what a German sentence of a model may say of its fact.
func TestModelSentencesInGerman(t *testing.T) {
	t.Parallel()
	r := &reteller{s: &siteWriter{lang: "de"}, known: &vocabulary{language: "de", names: []string{"nuss-müsli"}, words: map[string]bool{"hier": true, "das": true, "beim": true, "nur": true, "über": true}}}
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
