package embed_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"empire/internal/domain"
	"empire/internal/intelligence/embed"
)

func cosine(t *testing.T, a, b string) float64 {
	t.Helper()
	list, err := embed.NewLexical(0).Embed(t.Context(), []string{a, b})
	if err != nil {
		t.Fatal(err)
	}
	var dot float64
	for i := range list[0] {
		dot += float64(list[0][i]) * float64(list[1][i])
	}
	return dot
}

// TestLexicalOrder: what shares words, stems, parts or letters is nearer than what
// does not.
func TestLexicalOrder(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ query, near, far string }{
		{"mechanical keyboard", "Keyboard, mechanical, black", "espresso machine"},
		{"keyboards", "a keyboard", "a lamp"},
		{"Tastatur", "Gamingtastatur", "Kaffeemaschine"},
		{"keyboarrd", "keyboard", "monitor"},
		{"Größe", "größe", "gross"},
	} {
		if near, far := cosine(t, tt.query, tt.near), cosine(t, tt.query, tt.far); near <= far+0.1 {
			t.Errorf("%q: %.2f to %q and %.2f to %q, want the first clearly nearer", tt.query, near, tt.near, far, tt.far)
		}
	}
}

// TestLexicalVersion: a vector changes only together with the embedder's name.
func TestLexicalVersion(t *testing.T) {
	t.Parallel()
	l := embed.NewLexical(64)
	list, err := l.Embed(t.Context(), []string{"quiet keyboard quiet", "", " – "})
	if err != nil {
		t.Fatal(err)
	}
	var norm, sum float64
	for i, x := range list[0] {
		norm += float64(x) * float64(x)
		sum += float64(x) * float64(i+1)
	}
	if l.Name() != "lexical-1-64" || math.Abs(norm-1) > 1e-6 || math.Abs(sum-wantSum) > 1e-4 {
		t.Errorf("%s: length² %v, sum %v, want lexical-1-64, 1, %v", l.Name(), norm, sum, wantSum)
	}
	if !embed.Empty(list[1]) || !embed.Empty(list[2]) || embed.Empty(list[0]) {
		t.Error("exactly texts without a word have an empty vector")
	}
}

// wantSum stands for the vector of lexical-1: what changes it needs a new version.
const wantSum = -39.365667

func TestModelRefusesWrongAnswers(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]func(context.Context, []string) ([][]float32, error){
		"too few": func(context.Context, []string) ([][]float32, error) { return nil, nil },
		"other dimension": func(_ context.Context, texts []string) ([][]float32, error) {
			return make([][]float32, len(texts)), nil
		},
	} {
		m := &embed.Model{Vendor: "x", Model: "y", Size: 3, Call: call}
		if _, err := m.Embed(t.Context(), []string{"a"}); domain.CodeOf(err) != domain.CodeUnavailable {
			t.Errorf("%s: %v, want %s", name, err, domain.CodeUnavailable)
		}
	}
	calls := 0
	m := &embed.Model{Vendor: "OpenAI", Model: "text-3/small", Size: 1, Batch: 2, Call: func(_ context.Context, texts []string) ([][]float32, error) {
		calls++
		out := make([][]float32, len(texts))
		for i := range out {
			out[i] = []float32{float32(len(texts[i]))}
		}
		return out, nil
	}}
	list, err := m.Embed(t.Context(), strings.Split("a,bb,ccc", ","))
	if err != nil || calls != 2 || list[2][0] != 3 || embed.Slug(m.Name()) != "openai-text-3-small-1" {
		t.Errorf("%v, %v in %d calls by %s", list, err, calls, embed.Slug(m.Name()))
	}
}

func FuzzLexical(f *testing.F) {
	f.Add("quiet keyboard")
	f.Add("\xff–Ä")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := embed.NewLexical(64).Embed(t.Context(), []string{text, text})
		if err != nil {
			t.Fatal(err)
		}
		var norm float64
		for i, x := range list[0] {
			if x != list[1][i] {
				t.Fatal("equal texts have different vectors")
			}
			norm += float64(x) * float64(x)
		}
		if !embed.Empty(list[0]) && math.Abs(norm-1) > 1e-4 {
			t.Errorf("length² %v, want 1", norm)
		}
	})
}
