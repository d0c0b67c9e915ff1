package nlp_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"empire/internal/intelligence/nlp"
)

func TestWords(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		in   string
		want []string
	}{
		{"Full-zip hoodie, $1,299.00!", []string{"full-zip", "hoodie", "1,299.00"}},
		{"Größe: 27″ – don’t", []string{"größe", "27", "don’t"}},
		{"", nil},
		{"...", nil},
		{"end.", []string{"end"}},
	} {
		if diff := cmp.Diff(tt.want, nlp.Words(tt.in)); diff != "" {
			t.Errorf("Words(%q) (-want +got):\n%s", tt.in, diff)
		}
	}
}

func TestSentences(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		in   string
		want []string
	}{
		{"It costs $37.99. Wireless? No.", []string{"It costs $37.99.", "Wireless?", "No."}},
		{"Das gilt z.B. Für Kaffee. Am 3. März auch.", []string{"Das gilt z.B. Für Kaffee.", "Am 3. März auch."}},
		{"one\ntwo", []string{"one", "two"}},
		{`He said "stop." Then he left. (It rained.) Done`, []string{`He said "stop."`, "Then he left.", "(It rained.)", "Done"}},
		{"Dr. J. Smith met Prof. Meier at St. Paul. They spoke.", []string{"Dr. J. Smith met Prof. Meier at St. Paul.", "They spoke."}},
		{"„Das reicht.“ Sie ging. Vgl. Abb. 3. Ende", []string{"„Das reicht.“", "Sie ging.", "Vgl. Abb. 3. Ende"}},
		{"Wireless? No. Never. See Nr. 7 and max. 20.", []string{"Wireless?", "No.", "Never.", "See Nr. 7 and max. 20."}},
		{"It and I. We go no. 5 …", []string{"It and I.", "We go no. 5 …"}},
	} {
		if diff := cmp.Diff(tt.want, nlp.Sentences(tt.in)); diff != "" {
			t.Errorf("Sentences(%q) (-want +got):\n%s", tt.in, diff)
		}
	}
}

func TestOverlap(t *testing.T) {
	t.Parallel()
	a := nlp.Shingles("a b c d e f", 5)
	b := nlp.Shingles("a b c d e x y z", 5)
	if got := nlp.Overlap(a, b); math.Abs(got-0.5) > 1e-9 {
		t.Errorf("overlap = %v, want 0.5", got)
	}
	if got := nlp.Overlap(a, nlp.Shingles("too short", 5)); got != 0 {
		t.Errorf("overlap with an empty set = %v, want 0", got)
	}
}

func TestReadability(t *testing.T) {
	t.Parallel()
	// 6 words, 1 sentence, 6 syllables: 206.835 - 1.015*6 - 84.6*1.
	if got, want := nlp.Readability("en", "The cat sat on the mat."), 116.145; math.Abs(got-want) > 1e-9 {
		t.Errorf("English = %v, want %v", got, want)
	}
	// 4 words, 1 sentence, 6 syllables: 180 - 4 - 58.5*1.5.
	if got, want := nlp.Readability("de", "Die Katze trinkt Wasser."), 88.25; math.Abs(got-want) > 1e-9 {
		t.Errorf("German = %v, want %v", got, want)
	}
	if got := nlp.Readability("en", "42 7"); got != 0 {
		t.Errorf("figures only = %v, want 0", got)
	}
}

func TestStem(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ language, a, b string }{
		{"en", "hoodies", "hoodie"}, {"en", "supplies", "supply"}, {"de", "maschinen", "maschine"},
	} {
		if x, y := nlp.Stem(tt.language, tt.a), nlp.Stem(tt.language, tt.b); x != y {
			t.Errorf("stems of %s and %s differ: %s, %s", tt.a, tt.b, x, y)
		}
	}
}

func FuzzSentences(f *testing.F) {
	f.Add("A. B? C!\nD 3. e")
	f.Fuzz(func(t *testing.T, s string) {
		before, after := 0, 0
		for range nlp.Words(s) {
			before++
		}
		for _, p := range nlp.Sentences(s) {
			after += len(nlp.Words(p))
		}
		if after < before {
			t.Errorf("sentences of %q lost words: %d of %d", s, after, before)
		}
	})
}
