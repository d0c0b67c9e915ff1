package research_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"empire/internal/domain"
	"empire/internal/intelligence/research"
)

// shelf serves files by address and counts what is asked for.
type shelf struct {
	files map[string]string
	asked int
}

func (s *shelf) Fetch(_ context.Context, address string) (*domain.FetchedPage, error) {
	s.asked++
	body, ok := s.files[address]
	if !ok {
		return nil, &domain.FetchError{URL: address, Reason: domain.FetchStatus, Status: 404}
	}
	return &domain.FetchedPage{URL: address, FinalURL: address, ContentType: "application/xml", Body: []byte(body)}, nil
}

var lists = map[string]string{
	"https://a.example/index.xml": `<?xml version="1.0"?><sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><sitemap><loc>https://a.example/one.xml</loc></sitemap></sitemapindex>`,
	"https://a.example/one.xml":   `<urlset><url><loc>https://a.example/mechanical-keyboards-guide/</loc></url><url><loc>https://a.example/tea/</loc></url><url><loc> https://a.example/keyboards/ </loc></url></urlset>`,
	"https://a.example/rss":       `<rss version="2.0"><channel><title>x</title><item><title>Mechanical keyboards</title><link>https://a.example/n1</link><description>&lt;p&gt;About &lt;b&gt;keys&lt;/b&gt;&lt;/p&gt;</description><pubDate>Fri, 01 May 2026 10:00:00 +0000</pubDate></item><item><title>Tea</title><link>https://a.example/n2</link></item></channel></rss>`,
	"https://a.example/atom":      `<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>Mechanical keyboards</title><link rel="self" href="/self"/><link href="/n3"/><updated>2026-05-01T10:00:00Z</updated></entry></feed>`,
	"https://a.example/broken":    `<urlset><url><loc>https://a.example/mechanical-keyboards/</loc></url><url><loc>`,
	"https://a.example/bomb":      `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><urlset><url><loc>https://a.example/mechanical-keyboards/&b;</loc></url></urlset>`,
	"https://a.example/deep":      strings.Repeat("<a>", 200_000),
}

func TestLists(t *testing.T) {
	t.Parallel()
	q := research.Query{Text: "mechanical keyboards", Topic: "mechanical keyboards", Language: "en", Limit: 10}
	s := &shelf{files: lists}
	sitemaps := research.NewSitemaps(s, []string{"https://a.example/index.xml"})
	for range 2 {
		got, err := sitemaps.Find(t.Context(), q)
		if err != nil || len(got) != 2 || got[0].URL != "https://a.example/mechanical-keyboards-guide/" || got[1].URL != "https://a.example/keyboards/" {
			t.Errorf("sitemap: %+v, %v", got, err)
		}
	}
	if s.asked != 2 {
		t.Errorf("the lists were fetched %d times, want 2", s.asked)
	}
	got, err := research.NewFeeds(s, []string{"https://a.example/rss", "https://a.example/atom"}).Find(t.Context(), q)
	if err != nil || len(got) != 2 || got[0].URL != "https://a.example/n1" || got[0].Snippet != "About keys" || got[0].Published == nil || got[1].URL != "https://a.example/n3" {
		t.Errorf("feeds: %+v, %v", got, err)
	}
	got, err = research.NewURLs([]string{"https://b.example/1", "https://b.example/2"}).Find(t.Context(), research.Query{Limit: 1})
	if err != nil || len(got) != 1 || got[0].URL != "https://b.example/1" {
		t.Errorf("addresses: %+v, %v", got, err)
	}
	// One that is gone does not hide the others; what was read before a fault counts.
	got, err = research.NewSitemaps(s, []string{"https://a.example/gone", "https://a.example/broken", "https://a.example/deep", "https://a.example/bomb"}).Find(t.Context(), q)
	if err != nil || len(got) == 0 || got[0].URL != "https://a.example/mechanical-keyboards/" || len(got) > 2 {
		t.Errorf("with broken ones: %+v, %v", got, err)
	}
	_, err = research.NewSitemaps(s, []string{"https://a.example/gone"}).Find(t.Context(), q)
	if e, ok := errors.AsType[*domain.Error](err); !ok || e.Code != domain.CodeUnavailable || !strings.Contains(e.Message, "https://a.example/gone") {
		t.Errorf("gone: %v", err)
	}
}

func TestRegistrableDomain(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"https://www.Shop.co.uk/a": "shop.co.uk", "https://a.b.example.com./": "example.com", "http://127.0.0.1:80/": "127.0.0.1:80", "http://[::1]:9/": "[::1]:9",
		"http://localhost:1/": "localhost:1", "https://co.uk/": "co.uk", "://": "", "https://user.github.io/": "user.github.io",
	} {
		if got := research.RegistrableDomain(address); got != want {
			t.Errorf("RegistrableDomain(%q) = %q, want %q", address, got, want)
		}
	}
}

// TestReadHostilePages: whatever comes, reading ends and yields text that can be kept.
func TestReadHostilePages(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"deep":         strings.Repeat("<div>", 200_000) + "text",
		"large":        "<p>" + strings.Repeat("Many words of a long page that never ends. ", 1_200_000),
		"bad charset":  "<meta charset=utf-16><p>\xff\xfe\x00\xd8 text",
		"not utf-8":    "<meta charset=utf-8><p>" + strings.Repeat("\xc3\x28 text ", 100),
		"zeros":        strings.Repeat("\x00", 1<<20),
		"open tags":    strings.Repeat("<b><i><a href=x>", 50_000),
		"unknown name": "<meta charset=klingon><p>" + strings.Repeat("plain text ", 50),
		"empty":        "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := research.Read(&domain.FetchedPage{FinalURL: "https://a.example/", ContentType: "text/html", Body: []byte(body)})
			if strings.ContainsRune(r.Text, 0) || strings.ToValidUTF8(r.Text, "") != r.Text || len(r.Text) > 3*(8<<20) {
				t.Errorf("%d bytes of text cannot be kept", len(r.Text))
			}
		})
	}
}
