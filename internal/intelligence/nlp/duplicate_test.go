package nlp_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"empire/internal/intelligence/nlp"
	"empire/internal/testkit"
)

// page returns a text of n words out of a vocabulary of 2,000, the same for a seed.
func page(seed uint64, n int) []string {
	r := rand.New(rand.NewPCG(seed, 7))
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("word%d", r.IntN(2000))
	}
	return out
}

// edit replaces every nth word.
func edit(words []string, every int) string {
	out := append([]string(nil), words...)
	for i := every / 2; i < len(out); i += every {
		out[i] = "changed"
	}
	return strings.Join(out, " ")
}

// TestDuplicatesRecall plants a changed copy of each page and wants all that are at
// the threshold found, and nothing else.
func TestDuplicatesRecall(t *testing.T) {
	testkit.Unraced(t)
	t.Parallel()
	for _, threshold := range []float64{0.3, 0.5, 0.8} {
		t.Run(fmt.Sprint(threshold), func(t *testing.T) {
			t.Parallel()
			d := nlp.NewDuplicates(nlp.DuplicateConfig{Threshold: threshold})
			const n = 300
			pages := make([][]string, n)
			for i := range pages {
				pages[i] = page(uint64(i), 200+i)
				if got := d.Add(strings.Join(pages[i], " ")); len(got) != 0 {
					t.Fatalf("page %d: %+v, want no duplicates among random pages", i, got)
				}
			}
			due, found := 0, 0
			for i, words := range pages {
				copied := edit(words, 10+i%60)
				want := nlp.Resemblance(strings.Join(words, " "), copied, 5)
				got := d.Add(copied)
				if want >= threshold {
					due++
				}
				for _, g := range got {
					if g.ID != i {
						continue // another copy
					}
					if math.Abs(g.Similarity-want) > 1e-9 || want < threshold {
						t.Errorf("page %d: similarity %v, want %v at a threshold of %v", i, g.Similarity, want, threshold)
					}
					found++
				}
			}
			if due < 20 || float64(found) < 0.98*float64(due) {
				t.Errorf("found %d of %d pairs, want 98 %%", found, due)
			}
		})
	}
}

func TestDuplicatesEdges(t *testing.T) {
	t.Parallel()
	d := nlp.NewDuplicates(nlp.DuplicateConfig{MaxShingles: 200})
	long := strings.Join(page(1, 5000), " ")
	for _, tt := range []struct {
		text string
		want []int
	}{
		{"", nil}, {"", nil}, {"one two three", nil}, {"one two three", nil},
		{"one two three four five", nil}, {"One, two, three: four five!", []int{4}},
		{long, nil}, {long + " and five more words here", []int{6}},
	} {
		var got []int
		for _, g := range d.Add(tt.text) {
			got = append(got, g.ID)
		}
		if fmt.Sprint(got) != fmt.Sprint(tt.want) {
			t.Errorf("text %d: duplicates %v, want %v", d.Len()-1, got, tt.want)
		}
	}
}

// TestDuplicatesCopies bounds the work on a site of copies.
func TestDuplicatesCopies(t *testing.T) {
	testkit.Unraced(t)
	t.Parallel()
	d := nlp.NewDuplicates(nlp.DuplicateConfig{MaxLook: 8})
	text := strings.Join(page(1, 100), " ")
	for i := range 2000 {
		if got := d.Add(text); (len(got) > 0) != (i > 0) || len(got) > 8 {
			t.Fatalf("copy %d: %d duplicates named, want 1 to 8 after the first", i, len(got))
		}
	}
}

func FuzzDuplicates(f *testing.F) {
	f.Add("a b c d e f", "a b c d e g")
	f.Fuzz(func(t *testing.T, a, b string) {
		d := nlp.NewDuplicates(nlp.DuplicateConfig{Words: 2})
		d.Add(a)
		for _, g := range d.Add(b) {
			if g.ID != 0 || !(g.Similarity >= 0.5 && g.Similarity <= 1) {
				t.Errorf("%q and %q: %+v", a, b, g)
			}
		}
		if got := d.Add(b); len(nlp.Words(b)) >= 2 && (len(got) == 0 || got[0].Similarity != 1) {
			t.Errorf("a copy of %q: %+v, want a similarity of 1", b, got)
		}
	})
}

// BenchmarkDuplicates adds 6,000 pages of 400 words, a tenth of them copies.
func BenchmarkDuplicates(b *testing.B) {
	texts := make([]string, 6000)
	for i := range texts {
		texts[i] = strings.Join(page(uint64(i%5400), 400), " ")
	}
	b.ReportAllocs()
	for b.Loop() {
		d := nlp.NewDuplicates(nlp.DuplicateConfig{})
		for _, text := range texts {
			d.Add(text)
		}
	}
}
