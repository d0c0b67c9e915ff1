package sitegen_test

import (
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"empire/internal/domain"
	"empire/internal/sitegen/sitegentest"
)

// documents parses all HTML files of a site by path.
func documents(t testing.TB, files []domain.File) map[string]*goquery.Document {
	t.Helper()
	out := map[string]*goquery.Document{}
	for _, f := range files {
		if !strings.HasPrefix(f.ContentType, "text/html") {
			continue
		}
		doc, err := goquery.NewDocumentFromReader(strings.NewReader(string(f.Body)))
		if err != nil {
			t.Fatal(err)
		}
		out[f.Path] = doc
	}
	return out
}

func count(doc *goquery.Document, selector string) int { return doc.Find(selector).Length() }

func TestPageStructure(t *testing.T) {
	t.Parallel()
	for name, d := range drafts() {
		for path, doc := range documents(t, render(t, d)) {
			for _, want := range []struct {
				selector string
				n        int
			}{
				{"h1", 1}, {"main", 1}, {"main h1", 1}, {"body > header", 1}, {"body > footer", 1}, {"header nav", 1}, {"body > a.skip[href='#main']", 1},
				{"head title", 1}, {"main header, main footer", 0}, {"main aside.disclosure, main aside.related", 0}, {"html[lang='" + name + "']", 1}, {"[style], [onclick]", 0}, {"style", 1},
			} {
				if got := count(doc, want.selector); got != want.n {
					t.Errorf("%s%s: %d × %s, want %d", name, path, got, want.selector, want.n)
				}
			}
			checkHeadings(t, name+path, doc)
			checkIDs(t, name+path, doc)
		}
	}
}

// checkHeadings wants levels that go down one at a time.
func checkHeadings(t *testing.T, where string, doc *goquery.Document) {
	t.Helper()
	level := 0
	doc.Find("h1, h2, h3, h4, h5, h6").Each(func(_ int, s *goquery.Selection) {
		next := int(goquery.NodeName(s)[1] - '0')
		if next > level+1 {
			t.Errorf("%s: heading %q of level %d follows level %d", where, s.Text(), next, level)
		}
		level = next
	})
}

func checkIDs(t *testing.T, where string, doc *goquery.Document) {
	t.Helper()
	seen := map[string]bool{}
	doc.Find("[id]").Each(func(_ int, s *goquery.Selection) {
		id := s.AttrOr("id", "")
		if id == "" || seen[id] || strings.ContainsAny(id, " \t\n") {
			t.Errorf("%s: id %q is empty, not unique or has spaces", where, id)
		}
		seen[id] = true
	})
	doc.Find("[aria-labelledby]").Each(func(_ int, s *goquery.Selection) {
		for _, id := range strings.Fields(s.AttrOr("aria-labelledby", "")) {
			if !seen[id] {
				t.Errorf("%s: aria-labelledby names %q, which is not on the page", where, id)
			}
		}
	})
}

func TestInternalLinksResolve(t *testing.T) {
	t.Parallel()
	for name, d := range drafts() {
		files := render(t, d)
		docs := documents(t, files)
		paths := map[string]bool{}
		for _, f := range files {
			paths[f.Path] = true
		}
		linked := map[string]bool{}
		for path, doc := range docs {
			doc.Find("a[href], link[href]").Each(func(_ int, s *goquery.Selection) {
				u, err := url.Parse(s.AttrOr("href", ""))
				if err != nil || u.Host != "" {
					return
				}
				target := u.Path
				if target == "" {
					target = path
				}
				if path != target {
					linked[target] = true
				}
				if !paths[target] {
					t.Errorf("%s%s: link to %s, which is not on the site", name, path, target)
				} else if u.Fragment != "" && docs[target].Find("[id='"+u.Fragment+"']").Length() != 1 {
					t.Errorf("%s%s: link to %s#%s, which is not on that page", name, path, target, u.Fragment)
				}
			})
		}
		for _, p := range d.Pages {
			if !linked[p.Path()] {
				t.Errorf("%s: no page links to %s", name, p.Path())
			}
		}
	}
}

// ownScript is the address of the theme's script.
var ownScript = regexp.MustCompile(`^/site\.[0-9a-f]{10}\.js$`)

func TestNothingComesFromElsewhere(t *testing.T) {
	t.Parallel()
	for name, d := range drafts() {
		for path, doc := range documents(t, render(t, d)) {
			doc.Find("[src]:not(script), [srcset], iframe, object, embed, form, base, link[rel=stylesheet], link[rel=preconnect]").Each(func(_ int, s *goquery.Selection) {
				t.Errorf("%s%s: %s loads or sends something", name, path, goquery.NodeName(s))
			})
			doc.Find("script").Each(func(_ int, s *goquery.Selection) {
				if src := s.AttrOr("src", ""); ownScript.MatchString(src) && s.Is("head script[defer]") && s.Text() == "" {
					return
				}
				if kind := s.AttrOr("type", ""); kind != "application/ld+json" {
					t.Errorf("%s%s: script of type %q", name, path, kind)
				}
			})
			if sheet := doc.Find("style").Text(); strings.Contains(sheet, "url(") || strings.Contains(sheet, "@import") {
				t.Errorf("%s%s: the style sheet loads something", name, path)
			}
		}
	}
}

// cardOf is the address of the picture of a page: its own, or the site's.
func cardOf(p *domain.Page) string {
	switch p.Kind {
	case domain.PageGuide, domain.PageBest, domain.PageComparison, domain.PageFAQ, domain.PageMethod:
		return p.Path() + "card.png"
	default:
		return "/share.png"
	}
}

func TestHead(t *testing.T) {
	t.Parallel()
	d := sitegentest.English()
	docs := documents(t, render(t, d))
	for i := range d.Pages {
		p := &d.Pages[i]
		doc := docs[p.Path()]
		for selector, want := range map[string]string{
			"link[rel=canonical]": "https://keyboards.example" + p.Path(), "meta[property='og:url']": "https://keyboards.example" + p.Path(),
			"meta[name=description]": p.Description, "meta[property='og:title']": p.Title, "meta[property='og:image']": "https://keyboards.example" + cardOf(p),
		} {
			got := doc.Find(selector)
			if value := got.AttrOr("href", got.AttrOr("content", "")); value != want {
				t.Errorf("%s: %s = %q, want %q", p.Path(), selector, value, want)
			}
		}
		if got := doc.Find("head title").Text(); got != p.Title {
			t.Errorf("%s: title %q, want %q", p.Path(), got, p.Title)
		}
		hidden := strings.Contains(doc.Find("meta[name=robots]").AttrOr("content", ""), "noindex")
		if hidden == p.Indexable {
			t.Errorf("%s: noindex is %t, but Indexable is %t", p.Path(), hidden, p.Indexable)
		}
		var schema map[string]any
		if err := json.Unmarshal([]byte(doc.Find("script[type='application/ld+json']").First().Text()), &schema); err != nil || schema["name"] != p.Title {
			t.Errorf("%s: JSON-LD name %v (%v), want %q", p.Path(), schema["name"], err, p.Title)
		}
	}
}

func TestEveryPageLinksTheLegalOnes(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]map[string]string{
		"en": {"/legal-notice/": "Legal notice (Impressum)", "/privacy/": "Privacy", "/disclosure/": "Advertising disclosure"},
		"de": {"/impressum/": "Impressum", "/datenschutz/": "Datenschutz", "/werbehinweis/": "Werbehinweis"},
	} {
		for path, doc := range documents(t, render(t, drafts()[name])) {
			for href, label := range want {
				if got := doc.Find("footer a[href='" + href + "']").Text(); got != label {
					t.Errorf("%s%s: footer link to %s says %q, want %q", name, path, href, got, label)
				}
			}
			if got := doc.Find("aside.sample").Length(); got != 1 {
				t.Errorf("%s%s: %d banners about sample data, want 1", name, path, got)
			}
		}
	}
}

func TestNoBannerForRealOperators(t *testing.T) {
	t.Parallel()
	d := sitegentest.English()
	d.Website.Operator.Sample = false
	if body := page(t, render(t, d), "/"); strings.Contains(body, `class="sample"`) {
		t.Error("a site of a real operator carries the banner of sample data")
	}
}

func TestTableMarksGapsAndBests(t *testing.T) {
	t.Parallel()
	docs := documents(t, render(t, sitegentest.English()))
	doc := docs["/best-under-50/"]
	if got := doc.Find("table td.best strong").Text(); got != "$34.99" {
		t.Errorf("best cell says %q, want $34.99", got)
	}
	if got := doc.Find("table td.best [role=img]").AttrOr("aria-label", ""); got != "best in its column" {
		t.Errorf("mark of the best cell says %q", got)
	}
	if got := doc.Find("table abbr.na").AttrOr("title", ""); got != "not stated" {
		t.Errorf("empty cell says %q, want not stated", got)
	}
	if got, want := count(doc, "table th[scope=row]"), 4; got != want {
		t.Errorf("%d row heads, want %d", got, want)
	}
	if got := doc.Find("section.scroll[aria-labelledby][tabindex='0'] > table > caption").Text(); got != "Four keyboards under $50" {
		t.Errorf("caption says %q", got)
	}
}

func TestFigureSaysWhatItShows(t *testing.T) {
	t.Parallel()
	docs := documents(t, render(t, sitegentest.English()))
	for path, want := range map[string][]string{
		"/": {"Keyboards by price", "Most keyboards cost between $50 and $100", "$50–$100", "311"}, "/guide/": {"Keyboards by layout", "Compact, without function", "147", "Where the K552 stands", "median", "$79.99", "highest price"},
	} {
		text := docs[path].Find("svg[role=img]").Text()
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%s: figures do not say %q: %q", path, w, text)
			}
		}
	}
}
