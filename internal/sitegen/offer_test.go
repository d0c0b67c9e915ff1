package sitegen_test

import (
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"empire/internal/domain"
	"empire/internal/sitegen"
	"empire/internal/sitegen/sitegentest"
)

func TestAffiliateLinks(t *testing.T) {
	t.Parallel()
	for name, d := range drafts() {
		marker := map[string]string{"en": "Ad", "de": "Anzeige"}[name]
		files := render(t, d)
		docs := documents(t, files)
		for i := range d.Pages {
			p := &d.Pages[i]
			doc := docs[p.Path()]
			offers := map[string]bool{}
			for _, o := range p.Offers {
				offers[o.URL] = false
			}
			doc.Find("a[href^='http']").Each(func(_ int, s *goquery.Selection) {
				href := s.AttrOr("href", "")
				if _, ok := offers[href]; !ok {
					t.Errorf("%s%s: link to %s has no offer", name, p.Path(), href)
				}
				offers[href] = true
				if rel := s.AttrOr("rel", ""); rel != "sponsored nofollow noopener" {
					t.Errorf("%s%s: rel = %q", name, p.Path(), rel)
				}
				if got := s.Find(".ad").Text(); got != marker {
					t.Errorf("%s%s: marker %q, want %q", name, p.Path(), got, marker)
				}
				text := strings.Join(strings.Fields(s.Text()), " ")
				if label := s.AttrOr("aria-label", text); !strings.HasPrefix(label, text) {
					t.Errorf("%s%s: name %q does not begin with the visible text %q", name, p.Path(), label, text)
				}
			})
			for href, shown := range offers {
				if !shown {
					t.Errorf("%s%s: offer %s is not shown", name, p.Path(), href)
				}
			}
			checkDisclosure(t, name+p.Path(), page(t, files, p.Path()), len(p.Offers) > 0)
		}
	}
}

func checkDisclosure(t *testing.T, where, body string, wanted bool) {
	t.Helper()
	at, first := strings.Index(body, `<aside class="disclosure"`), strings.Index(body, `rel="sponsored`)
	switch {
	case !wanted && at >= 0:
		t.Errorf("%s: disclosure on a page without offers", where)
	case wanted && (at < 0 || at > first || at > strings.Index(body, "<main")):
		t.Errorf("%s: disclosure at %d, first affiliate link at %d", where, at, first)
	}
}

func TestSlotWithoutOfferShowsNothing(t *testing.T) {
	t.Parallel()
	d := sitegentest.English()
	for i := range d.Pages {
		d.Pages[i].Offers = nil
	}
	for path, doc := range documents(t, render(t, d)) {
		if n := count(doc, "a[rel~=sponsored], .offer, .disclosure, .cta, td.go, .offers"); n != 0 {
			t.Errorf("%s: %d traces of offers, want none", path, n)
		}
	}
}

func TestPriceNeedsCurrencyTextAndDate(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(*domain.Offer)
		shown  bool
	}{
		{"complete", func(*domain.Offer) {}, true},
		{"no date", func(o *domain.Offer) { o.PriceAt = nil }, false},
		{"no amount", func(o *domain.Offer) { o.Price = nil }, false},
		{"no text", func(o *domain.Offer) { o.PriceText = "" }, false},
		{"no currency", func(o *domain.Offer) { o.Price = &domain.Money{Minor: 3499} }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := sitegentest.English()
			for i := range d.Pages {
				for j := range d.Pages[i].Offers {
					tt.change(&d.Pages[i].Offers[j])
				}
			}
			doc := documents(t, render(t, d))["/redragon-k552/"]
			want := ""
			if tt.shown {
				want = "$34.99plus sales tax and shipping where they apply, as of 23 July 2025"
			}
			if got := doc.Find(".offer .price").Text() + doc.Find(".offer .fine").Text(); got != want {
				t.Errorf("price says %q, want %q", got, want)
			}
			if count(doc, ".offer a.btn") != 1 {
				t.Error("the link is gone with the price")
			}
		})
	}
}

func TestTaxNoteByCurrency(t *testing.T) {
	t.Parallel()
	doc := documents(t, render(t, sitegentest.German()))["/mahlwerk-kompakt-40/"]
	if got, want := doc.Find(".offer .fine").Text(), "inkl. MwSt., zzgl. Versand, Stand 23. Juli 2025"; got != want {
		t.Errorf("note says %q, want %q", got, want)
	}
}

func TestTableSaysSpanOfPriceDates(t *testing.T) {
	t.Parallel()
	d := sitegentest.English()
	earlier := sitegentest.At.AddDate(0, 0, -3)
	for i := range d.Pages {
		if d.Pages[i].Slug == "best-under-50" {
			d.Pages[i].Offers[0].PriceAt = &earlier
		}
	}
	note := documents(t, render(t, d))["/best-under-50/"].Find(".table .fine").Text()
	if want := "as of 20 July 2025 to 23 July 2025."; !strings.Contains(note, want) {
		t.Errorf("note %q does not contain %q", note, want)
	}
}

func TestRenderRefuses(t *testing.T) {
	t.Parallel()
	offerURL := func(address string) func(*domain.Draft) {
		return func(d *domain.Draft) { d.Pages[0].Offers[0].URL = address }
	}
	for name, change := range map[string]func(*domain.Draft){
		"javascript address":    offerURL("javascript:alert(1)"),
		"mixed case script":     offerURL("JaVaScRiPt:alert(1)"),
		"script after newline":  offerURL("\njavascript:alert(1)"),
		"data address":          offerURL("data:text/html,<script>alert(1)</script>"),
		"relative address":      offerURL("/k552"),
		"address without host":  offerURL("https:///path"),
		"address with password": offerURL("https://user:secret@shop.example/"),
		"no scheme":             offerURL("//shop.example/"),
		"two offers in a slot":  func(d *domain.Draft) { d.Pages[0].Offers = append(d.Pages[0].Offers, d.Pages[0].Offers[0]) },
		"two pages at a path":   func(d *domain.Draft) { d.Pages[1].Slug = d.Pages[2].Slug },
		"slug out of the site":  func(d *domain.Draft) { d.Pages[1].Slug = "../etc" },
		"slug with spaces":      func(d *domain.Draft) { d.Pages[1].Slug = "best of" },
		"empty part of slug":    func(d *domain.Draft) { d.Pages[1].Slug = "a//b" },
		"block without content": func(d *domain.Draft) { d.Pages[0].Blocks[0] = domain.Block{Type: domain.BlockTable} },
		"unknown block":         func(d *domain.Draft) { d.Pages[0].Blocks[0].Type = "video" },
		"no domain":             func(d *domain.Draft) { d.Website.Domain = "" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := sitegentest.English()
			change(d)
			_, err := sitegen.Render(d, sitegen.Options{})
			if got := domain.CodeOf(err); got != domain.CodeInvalid {
				t.Errorf("code = %q (%v), want %q", got, err, domain.CodeInvalid)
			}
		})
	}
}

func TestOrigin(t *testing.T) {
	t.Parallel()
	d := sitegentest.English()
	for _, origin := range []string{"ftp://x.example", "https://x.example/path", "x.example", "https://x.example?q"} {
		if _, err := sitegen.Render(d, sitegen.Options{Origin: origin}); domain.CodeOf(err) != domain.CodeInvalid {
			t.Errorf("origin %q: %v, want a refusal", origin, err)
		}
	}
	files, err := sitegen.Render(d, sitegen.Options{Origin: "http://keyboards.localhost:8081"})
	if err != nil {
		t.Fatal(err)
	}
	if body := page(t, files, "/sitemap.xml"); !strings.Contains(body, "<loc>http://keyboards.localhost:8081/guide/</loc>") {
		t.Errorf("sitemap ignores the origin: %s", body)
	}
}

// TestOffersThroughTheEdge: a link that the edge leads on is shown as any other, and
// addresses that are neither such a path nor of the web are refused.
func TestOffersThroughTheEdge(t *testing.T) {
	t.Parallel()
	d := sitegentest.English()
	set := func(address string) {
		for i := range d.Pages {
			if len(d.Pages[i].Offers) > 0 {
				d.Pages[i].Offers[0].URL = address
				return
			}
		}
	}
	set("/go/k2/top-1/home-0k3")
	found := 0
	for _, f := range render(t, d) {
		found += strings.Count(string(f.Body), `<a class="btn" rel="sponsored nofollow noopener" href="/go/k2/top-1/home-0k3"`)
	}
	if found != 1 {
		t.Errorf("the link is there %d times", found)
	}
	for _, bad := range []string{"/other/k2", "//evil.example/go/x", "/go/../x", "/go/a?u=https://evil.example", "javascript:alert(1)"} {
		set(bad)
		if _, err := sitegen.Render(d, sitegen.Options{}); err == nil {
			t.Errorf("address %q was taken", bad)
		}
	}
}
