package nlp_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"empire/internal/domain"
	"empire/internal/intelligence/nlp"
)

func TestTokens(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text string
		want []string
	}{
		{"Full-zip, $1,299.00 (AT&T)!", []string{"Full-zip", ",", "$", "1,299.00", "(", "AT&T", ")", "!"}},
		{"Größe: 27″ – don’t.", []string{"Größe", ":", "27", "″", "–", "don’t", "."}},
		{"  ", nil},
	} {
		var got []string
		for _, tok := range nlp.Tokens(tt.text) {
			got = append(got, tok.Text)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("Tokens(%q) (-want +got):\n%s", tt.text, diff)
		}
	}
}

func FuzzTokens(f *testing.F) {
	f.Add("a.b, c\xff-d e\u0301 日本")
	f.Fuzz(func(t *testing.T, text string) {
		last := 0
		for _, tok := range nlp.Tokens(text) {
			if tok.Start < last || tok.End <= tok.Start || text[tok.Start:tok.End] != tok.Text || strings.TrimSpace(text[last:tok.Start]) != "" {
				t.Fatalf("Tokens(%q): %+v after %d", text, tok, last)
			}
			last = tok.End
		}
		if strings.TrimSpace(text[last:]) != "" {
			t.Fatalf("Tokens(%q) ends at %d", text, last)
		}
	})
}

func TestEntities(t *testing.T) {
	t.Parallel()
	var feed nlp.Gazetteer
	feed.Add(nlp.EntityBrand, "Orbit")
	feed.Add(nlp.EntityBrand, "Zenith Labs")
	feed.Add(nlp.EntityProduct, "Harvest Moon Lamp")
	for _, tt := range []struct {
		language, text string
		want           []string
	}{
		{"en", "The Orbit X200 beats the harvest moon lamp by zenith labs in orbit.", []string{"product Orbit X200", "product harvest moon lamp", "brand zenith labs"}},
		{"en", "Acme Tools Inc. sued Contoso Ltd over SuperGlue® yesterday.", []string{"organization Acme Tools Inc.", "organization Contoso Ltd", "brand SuperGlue"}},
		{"en", "I got an iPhone 7 from the University of Utah.", []string{"product iPhone 7", "organization University of Utah"}},
		{"en", "He paid by Visa and got a visa.", []string{"brand Visa"}},
		{"de", "Die Müller & Söhne GmbH & Co. KG verkauft nach § 14 Abs. 2 Satz 1 TzBfG.", []string{"organization Müller & Söhne GmbH & Co. KG", "law § 14 Abs. 2 Satz 1 TzBfG"}},
		{"de", "Das Landgericht München und das Bundesamt für Justiz widersprachen, das Gericht nicht.", []string{"organization Landgericht München", "organization Bundesamt für Justiz"}},
		{"de", "Der Europäische Gerichtshof für Menschenrechte (BGH, Urteil vom 3. Mai 2012) prüft § 5 nicht.", []string{"organization Europäische Gerichtshof für Menschenrechte"}},
		{"de", "", nil},
	} {
		var got []string
		for _, e := range nlp.Entities(tt.language, tt.text, &feed) {
			if tt.text[e.Start:e.End] != e.Text || e.Why == "" {
				t.Errorf("entity %+v is not where it says, or has no reason", e)
			}
			got = append(got, fmt.Sprint(e.Kind, " ", e.Text))
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("Entities(%q) (-want +got):\n%s", tt.text, diff)
		}
	}
}

func TestFeedGazetteer(t *testing.T) {
	t.Parallel()
	g := nlp.FeedGazetteer([]domain.Product{{Brand: "Orbit", Name: "Nimbus Chair"}, {Brand: "Orbit", Name: "Nimbus Desk"}, {Name: "Lamp"}})
	var got []string
	for _, e := range nlp.Entities("en", "The Nimbus Chair by Orbit has no lamp; see Orbit ND-20.", g) {
		got = append(got, fmt.Sprint(e.Kind, " ", e.Text))
	}
	if diff := cmp.Diff([]string{"product Nimbus Chair", "brand Orbit", "product Orbit ND-20"}, got); diff != "" {
		t.Errorf("entities (-want +got):\n%s", diff)
	}
}

func FuzzEntities(f *testing.F) {
	f.Add("Sony X-1 GmbH & Co. § 1 Abs. a F. ® Universität")
	f.Fuzz(func(t *testing.T, text string) {
		for _, language := range []string{"en", "de", "fr"} {
			last := 0
			for _, e := range nlp.Entities(language, text, nil) {
				if e.Start < last || text[e.Start:e.End] != e.Text || e.Text == "" {
					t.Fatalf("%s: %+v overlaps or is not in %q", language, e, text)
				}
				last = e.End
			}
		}
	})
}
