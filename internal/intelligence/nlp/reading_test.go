package nlp_test

import (
	"math"
	"testing"

	"empire/internal/intelligence/nlp"
)

// TestReading computes the formulas by hand: Der alte Fischer repariert Netze are
// 1+2+2+3+2 syllables, Danach schläft er 2+1+1.
func TestReading(t *testing.T) {
	t.Parallel()
	r := nlp.ReadingOf("de", "Der alte Fischer repariert Netze. Danach schläft er.")
	want := nlp.Reading{Language: "de", Sentences: 2, Words: 8, Syllables: 14, Letters: 43, LongWords: 3, ManySyllabs: 1, OneSyllable: 3}
	if r != want {
		t.Fatalf("reading = %+v, want %+v", r, want)
	}
	ms, sl, iw, es := 100.0/8, 4.0, 300.0/8, 300.0/8
	for _, tt := range []struct {
		name      string
		got, want float64
	}{
		{"Amstad", r.Ease(), 180 - 4 - 58.5*14/8},
		{"Wiener 1", r.Wiener(1), 0.1935*ms + 0.1672*sl + 0.1297*iw - 0.0327*es - 0.875},
		{"Wiener 2", r.Wiener(2), 0.2007*ms + 0.1682*sl + 0.1373*iw - 2.779},
		{"Wiener 3", r.Wiener(3), 0.2963*ms + 0.1905*sl - 1.1144},
		{"Wiener 4", r.Wiener(4), 0.2656*sl + 0.2744*ms - 1.693},
		{"Wiener 5", r.Wiener(5), 0},
		{"LIX", r.LIX(), sl + iw},
	} {
		if math.Abs(tt.got-tt.want) > 1e-9 {
			t.Errorf("%s = %v, want %v", tt.name, tt.got, tt.want)
		}
	}
	e := nlp.ReadingOf("en", "The cat sat on the mat.")
	if got, want := e.FleschKincaid(), 0.39*6+11.8-15.59; math.Abs(got-want) > 1e-9 {
		t.Errorf("Flesch-Kincaid = %v, want %v", got, want)
	}
	for _, empty := range []string{"", "42", "..."} {
		r := nlp.ReadingOf("en", empty)
		if r.Ease() != 0 || r.FleschKincaid() != 0 || r.Wiener(1) != 0 || r.LIX() != 0 {
			t.Errorf("formulas of %q are not 0", empty)
		}
	}
}

func FuzzReading(f *testing.F) {
	f.Add("Ä. b? 3 Übergrößenträger!")
	f.Fuzz(func(t *testing.T, text string) {
		for _, language := range []string{"en", "de"} {
			r := nlp.ReadingOf(language, text)
			if r.Syllables < r.Words || r.OneSyllable+r.ManySyllabs > r.Words || r.LongWords > r.Words || math.IsNaN(r.Ease()+r.Wiener(1)+r.LIX()) {
				t.Errorf("ReadingOf(%s, %q) = %+v", language, text, r)
			}
		}
	})
}
