package market_test

import (
	"strings"
	"testing"
	"unicode"

	"empire/internal/intelligence/market"
)

// TestGermanCases: what texts put before the name of an attribute asks for a case.
func TestGermanCases(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][3]string{
		"sugar":            {"beim Zucker", "zum Zucker", "der Zucker"},
		"ingredient_count": {"bei der Zahl der Zutaten", "zur Zahl der Zutaten", "die Zahl der Zutaten"},
		"fiber":            {"bei den Ballaststoffen", "zu den Ballaststoffen", "die Ballaststoffe"},
		"saturated_fats":   {"bei den gesättigten Fettsäuren", "zu den gesättigten Fettsäuren", "die gesättigten Fettsäuren"},
		"first_ingredient": {"bei der ersten Zutat", "zur ersten Zutat", "die erste Zutat"},
		"top_ingredients":  {"bei den Zutaten zu Beginn der Liste", "zu den Zutaten zu Beginn der Liste", "die Zutaten zu Beginn der Liste"},
		"allergens":        {"bei den Allergenen laut Liste", "zu den Allergenen laut Liste", "die Allergene laut Liste"},
		"full_zip":         {"beim durchgehenden Reißverschluss", "zum durchgehenden Reißverschluss", "der durchgehende Reißverschluss"},
	} {
		term := market.TermFor(name)
		if got := [3]string{term.At("de"), term.On("de"), term.The("de")}; got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	for _, term := range market.KnownTerms() {
		low := term.Low("de")
		first := []rune(low)[0]
		if term.DE.Gender != "" && term.DE.Dative == "" && (unicode.IsLower(first) || term.DE.Gender == "p" && strings.Contains(low, " ")) {
			t.Errorf("%s: %q needs a dative of its own", term.Name, low)
		}
	}
}

// TestShortNamesEnd: a name that is cut ends with what it says, not with what would
// have followed.
func TestShortNamesEnd(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Vitalis Joghurtmüsli mit Erdbeerstückchen":           "Vitalis Joghurtmüsli",
		"Vollmilchschokolade mit gesalzenen Mandeln":          "Vollmilchschokolade",
		"Nudeln mit Wildlachs in Kräuterrahmsosse":            "Nudeln mit Wildlachs",
		"Schoko-Müsli mit 23% Schokolade und Nüssen":          "Schoko-Müsli",
		"Keyboard with wireless receiver and numeric block":   "Keyboard",
		"Corsair Vengeance 32 GB DDR5 memory":                 "Corsair Vengeance 32 GB",
		"Der Grosse Bauer Birchermüsli mit Joghurt und Apfel": "Der Grosse Bauer",
	} {
		if got := market.ShortName(name, 26); got != want {
			t.Errorf("%q is cut to %q, want %q", name, got, want)
		}
	}
}
