package sitegen_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"empire/internal/domain"
	"empire/internal/sitegen"
	"empire/internal/sitegen/sitegentest"
)

// hostile breaks out of text, attributes, comments, scripts and styles where
// something is not escaped.
const hostile = `"'><script>alert(1)</script></style></title><!--<img src=x onerror=alert(2)>{{.}}&amp;`

func TestHostileTexts(t *testing.T) {
	t.Parallel()
	d := hostileDraft(t, hostile)
	files, err := sitegen.Render(d, sitegen.Options{})
	if err != nil {
		t.Fatal(err)
	}
	checkHarmless(t, files)
	doc := documents(t, files)["/"]
	if got, want := doc.Find("h1").Text(), "Find the mechanical keyboard that fits your desk"+hostile; got != want {
		t.Errorf("heading reads %q, want %q", got, want)
	}
	var schema map[string]any
	if err := json.Unmarshal([]byte(doc.Find("script[type='application/ld+json']").First().Text()), &schema); err != nil || !strings.HasSuffix(schema["name"].(string), hostile) {
		t.Errorf("JSON-LD holds %v (%v)", schema, err)
	}
	for _, path := range []string{"/favicon.svg", "/sitemap.xml", "/feed.xml"} {
		if body := page(t, files, path); strings.Contains(body, "<script") || strings.Contains(body, "<img") {
			t.Errorf("%s is not escaped: %s", path, body)
		}
	}
}

// hostileDraft appends text to every string of a draft that a page shows, but not
// to slugs and addresses.
func hostileDraft(t testing.TB, text string) *domain.Draft {
	t.Helper()
	b, err := json.Marshal(sitegentest.English())
	if err != nil {
		t.Fatal(err)
	}
	var tree any
	if err := json.Unmarshal(b, &tree); err != nil {
		t.Fatal(err)
	}
	if b, err = json.Marshal(poison(tree, "", text)); err != nil {
		t.Fatal(err)
	}
	d := &domain.Draft{}
	if err := json.Unmarshal(b, d); err != nil {
		t.Fatal(err)
	}
	return d
}

func poison(v any, key, text string) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = poison(v[k], k, text)
		}
	case []any:
		for i := range v {
			v[i] = poison(v[i], key, text)
		}
	case string:
		switch key {
		case "slug", "url", "type", "kind", "domain", "language", "currency", "price_at", "updated_at", "created_at", "built_at", "slot", "@context", "@type":
			return v
		}
		return v + text
	}
	return v
}

// checkHarmless wants no element or attribute that the theme does not write.
func checkHarmless(t testing.TB, files []domain.File) {
	t.Helper()
	for path, doc := range documents(t, files) {
		doc.Find("script:not([type='application/ld+json']), img, iframe, object, embed, form, base, [onerror], [onload], [onclick], [style]").Each(func(_ int, s *goquery.Selection) {
			if ownScript.MatchString(s.AttrOr("src", "")) && s.Is("head script[defer]") && s.Text() == "" {
				return
			}
			html, _ := goquery.OuterHtml(s)
			t.Errorf("%s: %s", path, html)
		})
		doc.Find("[href]").Each(func(_ int, s *goquery.Selection) {
			href := s.AttrOr("href", "")
			if !strings.HasPrefix(href, "https://") && !strings.HasPrefix(href, "http://") && !strings.HasPrefix(href, "/") && !strings.HasPrefix(href, "#") || strings.HasPrefix(href, "//") {
				t.Errorf("%s: link to %q", path, href)
			}
		})
		if n := doc.Find("style").Length(); n != 1 {
			t.Errorf("%s: %d style elements", path, n)
		}
	}
}

func FuzzRender(f *testing.F) {
	f.Add(hostile, "https://shop.example/?a=1&b=2", "anchor")
	f.Add("plain", "javascript:alert(1)", "a b c")
	f.Add("\x00\u2028</script", "https://shop.example/\"><script>", "main")
	f.Fuzz(func(t *testing.T, text, address, anchor string) {
		d := sitegentest.English()
		home := &d.Pages[0]
		home.Heading, home.Title, home.Description = text, text, text
		home.Schema[0]["name"] = text
		home.Offers[0].URL, home.Offers[0].MerchantName = address, text
		for i := range home.Blocks {
			home.Blocks[i].Anchor = anchor
		}
		d.Plan.Title = text
		files, err := sitegen.Render(d, sitegen.Options{})
		if err != nil {
			if domain.CodeOf(err) != domain.CodeInvalid {
				t.Fatalf("code %q: %v", domain.CodeOf(err), err)
			}
			return
		}
		checkHarmless(t, files)
		for path, doc := range documents(t, files) {
			checkIDs(t, path, doc)
		}
	})
}
