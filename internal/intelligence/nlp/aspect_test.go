package nlp_test

import (
	"testing"

	"empire/internal/intelligence/nlp"
)

var reviews = []string{
	"The battery life is great.", "I love the battery life of this phone.", "The battery life was a disappointment.", "Its battery life is excellent!",
	"The screen is sharp.", "A sharp screen.", "The screen is too dark.", "I like the screen, but the speaker is tinny.", "The speaker is tinny and weak.",
	"The speaker is bad.", "My speaker is broken.", "You can charge it in a car.", "I would charge it at night.", "They charge the phone.",
}

func TestAspects(t *testing.T) {
	t.Parallel()
	a := nlp.NewAspects("en", reviews)
	for _, tt := range []struct {
		text, term string
		sign       float64
	}{
		{"The battery life is excellent.", "battery life", 1},
		{"I like the screen, but the speaker is tinny.", "screen", 1},
		{"I like the screen, but the speaker is tinny.", "speaker", -1},
		{"The screen is not good.", "screen", -1},
	} {
		found := false
		for _, got := range a.Find(tt.text) {
			if got.Term == tt.term {
				found = true
				if got.Score*tt.sign <= 0 {
					t.Errorf("%q: %s scores %v, want the sign of %v", tt.text, tt.term, got.Score, tt.sign)
				}
			}
		}
		if !found {
			t.Errorf("%q: %+v, want %s among them", tt.text, a.Find(tt.text), tt.term)
		}
		if p := a.Polarity(tt.text, tt.term); p*tt.sign <= 0 {
			t.Errorf("Polarity(%q, %s) = %v, want the sign of %v", tt.text, tt.term, p, tt.sign)
		}
	}
	if got := a.Find("The screen has 1080 lines."); len(got) != 0 {
		t.Errorf("a sentence without opinion: %+v, want none", got)
	}
	if terms := a.Frequent(); len(terms) == 0 || terms[0].Count < terms[len(terms)-1].Count {
		t.Errorf("frequent terms = %+v, want some, most frequent first", terms)
	}
}

func TestAspectsGerman(t *testing.T) {
	t.Parallel()
	a := nlp.NewAspects("de", []string{"Der Akku ist gut.", "Mir gefällt der Akku.", "Leider ist der Akku schwach.", "Und das Display ist hell."})
	got := a.Find("Leider ist der Akku schwach.")
	if len(got) != 1 || got[0].Term != "akku" || got[0].Score >= 0 {
		t.Errorf("aspects = %+v, want akku below 0", got)
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		language, text string
		want           nlp.Comparison
	}{
		{"en", "This one is faster than the old model.", nlp.Graded},
		{"en", "It costs more than it is worth.", nlp.Graded},
		{"en", "This is the best mouse I ever had.", nlp.Superlative},
		{"en", "It is as good as the other one.", nlp.Equal},
		{"en", "Unlike the first version, it has a cable.", nlp.Difference},
		{"en", "The printer never had any paper.", nlp.NotComparing},
		{"de", "Der neue ist schneller als der alte.", nlp.Graded},
		{"de", "Er ist so gut wie der andere.", nlp.Equal},
		{"de", "Das ist die beste Maus.", nlp.Superlative},
		{"de", "Der Unterschied liegt im Kabel.", nlp.Difference},
		{"de", "Die Maus hat ein Kabel.", nlp.NotComparing},
	} {
		if got := nlp.Compare(tt.language, tt.text); got != tt.want {
			t.Errorf("Compare(%s, %q) = %q, want %q", tt.language, tt.text, got, tt.want)
		}
	}
}

func FuzzAspects(f *testing.F) {
	f.Add("The screen is great, but …", "er the than")
	f.Fuzz(func(t *testing.T, a, b string) {
		for _, language := range []string{"en", "de", "fr"} {
			m := nlp.NewAspects(language, []string{a, b})
			for _, got := range m.Find(a) {
				if got.Term == "" || got.Score == 0 {
					t.Errorf("Find(%q) = %+v", a, got)
				}
			}
			m.Polarity(a, b)
			nlp.Compare(language, a)
		}
	})
}
