package sitegen_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"empire/internal/domain"
	"empire/internal/sitegen"
	"empire/internal/sitegen/sitegentest"
)

var update = flag.Bool("update", false, "rewrite golden files")

func drafts() map[string]*domain.Draft {
	return map[string]*domain.Draft{"en": sitegentest.English(), "de": sitegentest.German()}
}

func render(t testing.TB, d *domain.Draft) []domain.File {
	t.Helper()
	files, err := sitegen.Render(d, sitegen.Options{})
	if err != nil {
		t.Fatalf("Render: %v", err)
	}
	return files
}

// page returns the body of the file at a path.
func page(t testing.TB, files []domain.File, path string) string {
	t.Helper()
	for _, f := range files {
		if f.Path == path {
			return string(f.Body)
		}
	}
	t.Fatalf("no file at %s", path)
	return ""
}

var styleElement = regexp.MustCompile(`<style>[^<]*</style>`)

// maxSheet bounds the style sheet of a page in bytes; a page without products
// needs much less. Compressed it is a quarter of that.
const maxSheet = 20 << 10

// TestRenderGolden compares all files but the image with testdata. Style sheets
// are taken out of pages; the longest of each site is kept.
func TestRenderGolden(t *testing.T) {
	t.Parallel()
	for name, d := range drafts() {
		sheet := ""
		for _, f := range render(t, d) {
			body := string(f.Body)
			if f.ContentType == "image/png" || f.Immutable { // an immutable file has its content in its name
				continue
			}
			if m := styleElement.FindString(body); m != "" {
				if len(m) > maxSheet {
					t.Errorf("%s: style sheet has %d bytes, want at most %d", f.Path, len(m), maxSheet)
				}
				if len(m) > len(sheet) {
					sheet = m
				}
				body = strings.Replace(body, m, "<style></style>", 1)
			}
			golden(t, filepath.Join(name, strings.ReplaceAll(f.File, "/", "_")), body)
		}
		golden(t, filepath.Join(name, "style.css"), strings.ReplaceAll(sheet, "}", "}\n"))
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("read golden file (write it with -update): %v", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs from its golden file (-want +got):\n%s", name, diff)
	}
}

func TestRenderIsDeterministic(t *testing.T) {
	t.Parallel()
	for name, d := range drafts() {
		first, second := render(t, d), render(t, drafts()[name])
		if len(first) != len(second) {
			t.Fatalf("%s: got %d files, then %d", name, len(first), len(second))
		}
		for i := range first {
			if first[i].Path != second[i].Path || !bytes.Equal(first[i].Body, second[i].Body) {
				t.Errorf("%s: %s differs between two builds", name, first[i].Path)
			}
		}
	}
}

func TestRenderFiles(t *testing.T) {
	t.Parallel()
	d := sitegentest.English()
	files := render(t, d)
	seen := map[string]domain.File{}
	for _, f := range files {
		if _, twice := seen[f.Path]; twice {
			t.Errorf("two files at %s", f.Path)
		}
		seen[f.Path] = f
	}
	for _, p := range d.Pages {
		f, ok := seen[p.Path()]
		want := strings.TrimPrefix(p.Path(), "/") + "index.html"
		if !ok || f.File != want || f.ContentType != "text/html; charset=utf-8" || f.Status != 0 {
			t.Errorf("page %s: got file %q, type %q, status %d; want %q", p.Path(), f.File, f.ContentType, f.Status, want)
		}
	}
	for path, contentType := range map[string]string{
		"/404.html": "text/html; charset=utf-8", "/robots.txt": "text/plain; charset=utf-8", "/sitemap.xml": "application/xml; charset=utf-8",
		"/feed.xml": "application/atom+xml; charset=utf-8", "/favicon.svg": "image/svg+xml", "/share.png": "image/png",
	} {
		if got := seen[path].ContentType; got != contentType {
			t.Errorf("type of %s = %q, want %q", path, got, contentType)
		}
	}
	if got := seen["/404.html"].Status; got != 404 {
		t.Errorf("status of the error page = %d, want 404", got)
	}
}
