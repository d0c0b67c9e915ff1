package nlp_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"empire/internal/intelligence/nlp"
)

func TestKeyPhrases(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, language, text string
		limit                int
		want                 []string
	}{
		{
			"longer and repeated phrases first", "en",
			"Mechanical keyboards are loud. Mechanical keyboards with hot-swappable switches are better than the rest. The price is of no interest to me.", 2,
			[]string{"mechanical keyboards", "hot-swappable switches"},
		},
		{
			"inflected forms together", "de",
			"Der kabellose Kopfhörer ist leicht. Die kabellosen Kopfhörer sind nicht billig.", 1,
			[]string{"kabellose kopfhörer"},
		},
		{"parts of better phrases left out", "en", "Noise cancelling headphones. Headphones.", 5, []string{"noise cancelling headphones"}},
		{"nothing", "en", "It is of the and 42!", 5, nil},
	} {
		var got []string
		for _, p := range nlp.KeyPhrases(tt.language, tt.text, tt.limit) {
			got = append(got, p.Text)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func FuzzKeyPhrases(f *testing.F) {
	f.Add("Ein Satz, zwei Sätze!\n\xff")
	f.Fuzz(func(t *testing.T, text string) {
		got := nlp.KeyPhrases("de", text, 3)
		if len(got) > 3 {
			t.Fatalf("%d phrases, want 3 at most", len(got))
		}
		for i, p := range got {
			if p.Text == "" || p.Count < 1 || i > 0 && p.Score > got[i-1].Score {
				t.Errorf("phrases of %q: %+v", text, got)
			}
		}
	})
}
