package app_test

import (
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"empire/internal/domain"
	"empire/internal/testkit"
	"empire/internal/testkit/browsertest"
)

// TestBuiltSiteIsValidHTML runs the Nu HTML Checker over all pages of the sample
// site.
func TestBuiltSiteIsValidHTML(t *testing.T) {
	testkit.Unraced(t)
	t.Parallel()
	s := sampleOf(t)
	var files []string
	err := filepath.WalkDir(s.summary.SiteDir, func(name string, e fs.DirEntry, err error) error {
		if strings.HasSuffix(name, ".html") {
			files = append(files, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != s.summary.Pages+1 { // the search page is one of them, the error page is not
		t.Errorf("%d HTML files for %d pages", len(files), s.summary.Pages)
	}
	testkit.CheckHTML(t, files)
}

// TestBuiltSiteInBrowser opens the longest page of every kind in Chromium, served
// by the edge, on a phone and on a wide screen.
func TestBuiltSiteInBrowser(t *testing.T) {
	testkit.Unraced(t)
	t.Parallel()
	tab := browsertest.Open(t)
	s := sampleOf(t)
	base, err := url.Parse(s.summary.BaseURL)
	if err != nil {
		t.Fatal(err)
	}
	longest := longestPages(t, s)
	for _, kind := range []domain.PageKind{
		domain.PageHome, domain.PageGuide, domain.PageBest, domain.PageComparison, domain.PageProduct, domain.PageFAQ, domain.PageMethod,
		domain.PageImprint, domain.PagePrivacy, domain.PageDisclosure,
	} {
		if longest[kind] == "" {
			t.Errorf("the sample site has no page of kind %s", kind)
			continue
		}
		for _, width := range []int64{360, 1440} {
			tab.Visit(base.JoinPath(longest[kind]).String(), width)
		}
	}
	// Whoever came from another site gets back there with one step back.
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<!doctype html><html lang=en><meta name=viewport content='width=device-width'><link rel=icon href='data:,'><title>Other</title>")
	}))
	defer other.Close()
	for _, kind := range []domain.PageKind{domain.PageHome, domain.PageGuide} {
		tab.Visit(other.URL, 1440)
		tab.Visit(base.JoinPath(longest[kind]).String(), 1440)
		if at := tab.Back(); strings.TrimSuffix(at, "/") != other.URL {
			t.Errorf("back from the page of kind %s leads to %s, want where the visitor came from", kind, at)
		}
	}
	for _, p := range tab.Problems() {
		t.Errorf("the browser reports: %s", p)
	}
	otherHost := strings.TrimPrefix(other.URL, "http://")
	for _, h := range slices.DeleteFunc(tab.Hosts(), func(h string) bool { return h == otherHost }) {
		if h != base.Host {
			t.Errorf("the site makes the browser ask %s", h)
		}
	}
	if len(tab.Hosts()) == 0 {
		t.Error("no request was seen")
	}
}

// longestPages returns the path of the longest page of every kind.
func longestPages(t *testing.T, s *sampleSite) map[domain.PageKind]string {
	t.Helper()
	pages, total, err := s.app.Websites.Pages(s.app.AsAdmin(t.Context()), s.summary.WebsiteID, domain.Window{Limit: 1000})
	if err != nil || len(pages) != total {
		t.Fatalf("%d of %d pages, %v", len(pages), total, err)
	}
	paths, sizes := map[domain.PageKind]string{}, map[domain.PageKind]int64{}
	for i := range pages {
		p := &pages[i]
		info, err := os.Stat(filepath.Join(s.summary.SiteDir, filepath.FromSlash(p.Path()), "index.html"))
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() > sizes[p.Kind] {
			paths[p.Kind], sizes[p.Kind] = p.Path(), info.Size()
		}
	}
	return paths
}
