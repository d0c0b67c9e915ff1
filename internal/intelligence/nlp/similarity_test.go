package nlp_test

import (
	"testing"

	"empire/internal/intelligence/nlp"
)

func TestSimilarityOrder(t *testing.T) {
	t.Parallel()
	en := nlp.NewSimilarity("en", []string{"A man rides a horse.", "A woman rides a bike.", "The dog sleeps.", "A cat sits on a couch.", "A train stops at the station."})
	de := nlp.NewSimilarity("de", []string{"Ein Mann reitet ein Pferd.", "Eine Frau fährt Fahrrad.", "Der Hund schläft.", "Eine Katze sitzt auf dem Sofa."})
	for _, tt := range []struct {
		name            string
		s               *nlp.Similarity
		text, near, far string // near is more like text than far
	}{
		{"synonyms", en, "A cat sits on a couch.", "A kitten sits on a sofa.", "A train stops at the station."},
		{"inflection", en, "The dog sleeps.", "Dogs are sleeping.", "The cat is eating."},
		{"kind", en, "A dog runs.", "An animal runs.", "A car runs."},
		{"number", en, "Three cats sit.", "3 cats sit.", "Five cats sit."},
		{"negation", en, "The lamp works.", "The lamp does work.", "The lamp does not work."},
		{"compound", de, "Der Wasserkocher ist neu.", "Der Kocher ist neu.", "Der Teppich ist neu."},
		{"German synonyms", de, "Eine Katze sitzt auf dem Sofa.", "Ein Kätzchen sitzt auf der Couch.", "Ein Mann reitet ein Pferd."},
	} {
		near, far := tt.s.Compare(tt.text, tt.near), tt.s.Compare(tt.text, tt.far)
		if near <= far {
			t.Errorf("%s: %q is %v like %q and %v like %q, want more like the first", tt.name, tt.text, near, tt.near, far, tt.far)
		}
	}
}

func FuzzSimilarity(f *testing.F) {
	f.Add("A man rides.", "Zwei Hunde, 3 Katzen")
	f.Add("", "x")
	f.Fuzz(func(t *testing.T, a, b string) {
		for _, language := range []string{"en", "de", "fr"} {
			s := nlp.NewSimilarity(language, []string{a})
			x, y := s.Compare(a, b), s.Compare(b, a)
			if !(x >= 0 && x <= 1) || x != y {
				t.Errorf("%s: %q and %q: %v and %v, want one value from 0 to 1", language, a, b, x, y)
			}
			if self := s.Compare(a, a); len(nlp.Words(a)) > 0 && self < 0.999 {
				t.Errorf("%s: %q is %v like itself", language, a, self)
			}
		}
	})
}

func BenchmarkSimilarity(b *testing.B) {
	s := nlp.NewSimilarity("en", []string{"A black and white cat is high up on tree branches."})
	for b.Loop() {
		s.Compare("A cat standing on tree branches.", "A black and white cat is high up on tree branches.")
	}
}
