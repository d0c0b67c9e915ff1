package learn_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"empire/internal/intelligence/learn"
)

func TestTokens(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		in   string
		want []string
	}{
		{"The quick-brown fox's 2 tails_x 42!", []string{"The", "quick", "brown", "fox", "tails_x", "42"}},
		{"a b c", nil},
		{"Größe: 27″ – naïve Ⅷ½", []string{"Größe", "27", "naïve", "Ⅷ½"}},
		{"日本語 x", []string{"日本語"}},
		{"", nil},
		{"__", []string{"__"}},
		{"end.", []string{"end"}},
	} {
		if diff := cmp.Diff(tt.want, learn.Tokens(tt.in)); diff != "" {
			t.Errorf("Tokens(%q) (-want +got):\n%s", tt.in, diff)
		}
	}
}

// FuzzTokens: words have two runes, stand in the text in this order, and are found
// again when only they are left.
func FuzzTokens(f *testing.F) {
	f.Add("Größe: 27″ – naïve a_b")
	f.Add("x\xff\xfey\u0301z")
	f.Fuzz(func(t *testing.T, text string) {
		words, rest := learn.Tokens(text), text
		for _, w := range words {
			_, after, found := strings.Cut(rest, w)
			if !found || utf8.RuneCountInString(w) < 2 {
				t.Fatalf("%q is not a word of %q", w, text)
			}
			rest = after
		}
		if again := learn.Tokens(strings.Join(words, " ")); !slices.Equal(words, again) {
			t.Errorf("words %q come back as %q", words, again)
		}
	})
}

// TestVectorizer: values by hand for two documents.
func TestVectorizer(t *testing.T) {
	t.Parallel()
	docs := []string{"Red chair red", "blue chair"}
	once, both := math.Log(3.0/2)+1, 1.0 // weights of terms in one and in both documents
	for _, tt := range []struct {
		name  string
		p     learn.VectorizerParams
		terms []string
		first []float64
	}{
		{"TF-IDF", learn.VectorizerParams{}, []string{"blue", "chair", "red"}, unit(0, both, 2*once)},
		{"counts", learn.VectorizerParams{Counts: true}, []string{"blue", "chair", "red"}, []float64{0, 1, 2}},
		{"binary counts", learn.VectorizerParams{Counts: true, Binary: true}, []string{"blue", "chair", "red"}, []float64{0, 1, 1}},
		{"sublinear", learn.VectorizerParams{Sublinear: true}, []string{"blue", "chair", "red"}, unit(0, both, (1+math.Ln2)*once)},
		{"not smooth", learn.VectorizerParams{NoSmooth: true, Norm: learn.NormNone}, []string{"blue", "chair", "red"}, []float64{0, 1, 2 * (1 + math.Ln2)}},
		{"no weights, l1", learn.VectorizerParams{NoIDF: true, Norm: learn.NormL1}, []string{"blue", "chair", "red"}, []float64{0, 1.0 / 3, 2.0 / 3}},
		{"case", learn.VectorizerParams{Counts: true, KeepCase: true}, []string{"Red", "blue", "chair", "red"}, []float64{1, 0, 1, 1}},
		{"pairs", learn.VectorizerParams{Counts: true, NGramMin: 1, NGramMax: 2}, []string{"blue", "blue chair", "chair", "chair red", "red", "red chair"}, []float64{0, 0, 1, 1, 2, 1}},
		{"only pairs", learn.VectorizerParams{Counts: true, NGramMin: 2}, []string{"blue chair", "chair red", "red chair"}, []float64{0, 1, 1}},
		{"frequent", learn.VectorizerParams{Counts: true, MinDF: 2}, []string{"chair"}, []float64{1}},
		{"frequent share", learn.VectorizerParams{Counts: true, MinShare: 0.6}, []string{"chair"}, []float64{1}},
		{"rare", learn.VectorizerParams{Counts: true, MaxDF: 1}, []string{"blue", "red"}, []float64{0, 2}},
		{"rare share", learn.VectorizerParams{Counts: true, MaxShare: 0.9}, []string{"blue", "red"}, []float64{0, 2}},
		{"limited", learn.VectorizerParams{Counts: true, MaxFeatures: 2}, []string{"chair", "red"}, []float64{1, 2}},
		{"limited tie", learn.VectorizerParams{Counts: true, MaxFeatures: 1}, []string{"chair"}, []float64{1}},
	} {
		v, err := learn.FitVectorizer(docs, tt.p)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if diff := cmp.Diff(tt.terms, v.Terms); diff != "" {
			t.Errorf("%s: terms (-want +got):\n%s", tt.name, diff)
		}
		if diff := cmp.Diff(tt.first, v.Transform(docs).Full(0), near); diff != "" {
			t.Errorf("%s: first row (-want +got):\n%s", tt.name, diff)
		}
	}
	v, err := learn.FitVectorizer([]string{"İki chairs", "iki i̇ki"}, learn.VectorizerParams{Counts: true})
	if err != nil || v.Terms[0] != "chairs" {
		t.Errorf("terms of Turkish = %v, %v", v, err)
	}
	if m := v.Transform([]string{"unknown words only", ""}); m.Rows() != 2 || len(m.Full(0)) != len(v.Terms) {
		t.Errorf("unknown words: %d rows", m.Rows())
	}
}

// unit scales values to length 1.
func unit(x ...float64) []float64 {
	s := 0.0
	for _, v := range x {
		s += v * v
	}
	for i := range x {
		x[i] /= math.Sqrt(s)
	}
	return x
}

func TestTextClassifier(t *testing.T) {
	t.Parallel()
	texts := []string{"great chair, love it", "love this great table", "great value great price", "broken on arrival", "bad and broken", "bad quality, broken legs"}
	labels := []int{1, 1, 1, 0, 0, 0}
	for _, p := range []learn.TextParams{{}, {Logistic: true}, {Bayes: learn.BayesParams{Complement: true}}} {
		c, err := learn.FitText(texts, labels, p)
		if err != nil {
			t.Fatal(err)
		}
		ask := []string{"a great table", "legs are broken"}
		if got, err := c.Predict(ask); err != nil || !slices.Equal(got, []int{1, 0}) {
			t.Errorf("%+v: classes = %v, %v, want 1 0", p, got, err)
		}
		prob, err := c.Probabilities(ask)
		if err != nil || prob[0][1] <= 0.5 || prob[1][0] <= 0.5 || math.Abs(prob[0][0]+prob[0][1]-1) > 1e-12 {
			t.Errorf("%+v: probabilities = %v, %v", p, prob, err)
		}
	}
}
