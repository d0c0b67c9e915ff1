package hugo_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"empire/internal/domain"
	"empire/internal/hugo"
	"empire/internal/sitegen"
	"empire/internal/sitegen/sitegentest"
)

// project writes the sample draft. That Hugo builds the same pages from a project is
// shown in internal/proof/sitetest.
func project(t *testing.T, more ...domain.File) map[string]string {
	t.Helper()
	d := sitegentest.English()
	files, err := sitegen.Render(d, sitegen.Options{Analytics: true})
	if err != nil {
		t.Fatal(err)
	}
	list, err := hugo.Project(d, append(files, more...))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for i, f := range list {
		out[f.File] = string(f.Body)
		if i > 0 && list[i-1].File >= f.File {
			t.Errorf("%s comes after %s", f.File, list[i-1].File)
		}
	}
	return out
}

func TestProject(t *testing.T) {
	t.Parallel()
	moved := []domain.File{
		{Path: "/old/", Status: 301, Location: "/guide/"}, {Path: "/gone/", Status: 301, Location: "https://elsewhere.example/x/"},
		{Path: "/part/", Status: 301, Location: "/guide/#part"},
	}
	got := project(t, moved...)
	if diff := cmp.Diff(got, project(t, moved...)); diff != "" {
		t.Errorf("two projects of one site differ:\n%s", diff)
	}
	for name, want := range map[string][]string{
		"hugo.toml":                      {"baseURL = \"https://", "[[menu.main]]", "[[menu.legal]]", "typographer = false"},
		"content/_index.md":              {"---\ntitle: ", "url: \"/\"", "explore: true"},
		"content/guide/index.md":         {"aliases: [\"/old/\"]", "url: \"/guide/\"", "\n## ", "page_kind: \"guide\""},
		"content/moved-gone.md":          {"layout: \"moved\"", "target: \"https://elsewhere.example/x/\""},
		"content/moved-part.md":          {"target: \"/guide/#part\""},
		"static/_redirects":              {"/old/ /guide/ 301\n", "/gone/ https://elsewhere.example/x/ 301\n"},
		"data/schema/guide.json":         {"[", "schema.org"},
		"layouts/_default/baseof.html":   {"{{ block \"main\" . }}"},
		"layouts/404.html":               {"not_found"},
		"static/robots.txt":              {"Sitemap:"},
		"data/frame.json":                {"\"skip\":"},
		"content/search/index.md":        {"noindex: true"},
		"static/favicon.svg":             {"<svg"},
		"content/guide/card.png":         {"PNG"},
		"layouts/partials/header.html":   {"site.Menus.main"},
		"layouts/_default/moved.html":    {"refresh"},
		"README.md":                      {"hugo"},
		"layouts/sitemap.xml":            {"urlset"},
		"layouts/index.atom.xml":         {"Atom"},
		"layouts/partials/linkcard.html": {"summary"},
	} {
		for _, w := range want {
			if !strings.Contains(got[name], w) {
				t.Errorf("%s does not hold %q:\n%.400s", name, w, got[name])
			}
		}
	}
	for name := range got {
		if name == "static/sitemap.xml" || name == "static/feed.xml" || strings.Contains(name, "..") || strings.HasPrefix(name, "/") {
			t.Errorf("the project holds %s", name)
		}
	}
}

func TestProjectRefuses(t *testing.T) {
	t.Parallel()
	d := sitegentest.English()
	for name, files := range map[string][]domain.File{
		"no home page": {{Path: "/robots.txt", File: "robots.txt", ContentType: "text/plain"}},
		"no main part": {{Path: "/", File: "index.html", ContentType: "text/html", Body: []byte("<p>x")}},
	} {
		if _, err := hugo.Project(d, files); domain.CodeOf(err) != domain.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}
