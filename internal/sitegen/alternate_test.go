package sitegen_test

import (
	"testing"

	"github.com/PuerkitoBio/goquery"

	"empire/internal/domain"
	"empire/internal/sitegen"
	"empire/internal/sitegen/sitegentest"
)

// TestAlternates wants each of two sites to name both versions of a page and the same
// one for everybody else.
func TestAlternates(t *testing.T) {
	t.Parallel()
	en, de := sitegentest.English(), sitegentest.German()
	en.Pages[0].Alternates = []domain.Alternate{{Language: "de", URL: "https://" + de.Website.Domain + "/"}}
	de.Pages[0].Alternates = []domain.Alternate{{Language: "en", URL: "https://" + en.Website.Domain + "/"}}
	want := map[string]string{"de": "https://" + de.Website.Domain + "/", "en": "https://" + en.Website.Domain + "/", "x-default": "https://" + en.Website.Domain + "/"}
	for _, d := range []*domain.Draft{en, de} {
		for path, doc := range documents(t, render(t, d)) {
			links := doc.Find("head link[rel=alternate][hreflang]")
			if n := links.Length(); (path == "/") != (n == 3) || path != "/" && n != 0 {
				t.Errorf("%s%s has %d alternates", d.Website.Domain, path, n)
			}
			links.Each(func(_ int, s *goquery.Selection) {
				if lang := s.AttrOr("hreflang", ""); want[lang] != s.AttrOr("href", "") {
					t.Errorf("%s: %s leads to %s", d.Website.Domain, lang, s.AttrOr("href", ""))
				}
			})
		}
	}
	for _, bad := range []domain.Alternate{{Language: "de", URL: "http://other.example/"}, {Language: "german", URL: "https://other.example/"}, {Language: "en", URL: "https://other.example/"}, {Language: "de", URL: "/de/"}} {
		d := sitegentest.English()
		d.Pages[0].Alternates = []domain.Alternate{bad}
		if _, err := sitegen.Render(d, sitegen.Options{}); domain.CodeOf(err) != domain.CodeInvalid {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}
