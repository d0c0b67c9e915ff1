package release_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"empire/internal/domain"
	"empire/internal/release"
)

func draftOf(pages ...domain.Page) *domain.Draft { return &domain.Draft{Pages: pages} }

func moved(kv ...string) []domain.Moved {
	out := []domain.Moved{}
	for i := 0; i < len(kv); i += 2 {
		out = append(out, domain.Moved{From: kv[i], To: kv[i+1]})
	}
	return out
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	home, guide := domain.Page{Kind: domain.PageHome}, domain.Page{Kind: domain.PageGuide, Slug: "guide"}
	product := func(slug string, families ...string) domain.Page {
		return domain.Page{Kind: domain.PageProduct, Slug: slug, Products: families}
	}
	best := domain.Page{Kind: domain.PageBest, Slug: "cheap", Products: []string{"a", "b"}, Keywords: []string{"cheap keys"}}
	before := func(d *domain.Draft, list ...domain.Moved) domain.ReleaseContent {
		c := domain.ReleaseContent{Draft: d}
		for _, m := range list {
			c.Manifest.Entries = append(c.Manifest.Entries, domain.ManifestEntry{Path: m.From, Location: m.To, Status: 301})
		}
		return c
	}
	for _, tt := range []struct {
		name    string
		next    *domain.Draft
		own     []domain.Redirect
		earlier []domain.ReleaseContent
		want    []domain.Moved
	}{
		{"nothing before", draftOf(home), nil, nil, moved()},
		{"nothing went", draftOf(home, guide), nil, []domain.ReleaseContent{before(draftOf(home, guide))}, moved()},
		{"another slug of the same product", draftOf(home, product("wave-2", "a")), nil, []domain.ReleaseContent{before(draftOf(home, product("wave", "a")))}, moved("/wave/", "/wave-2/")},
		{"a product that went, to the page that compares it", draftOf(home, guide, best), nil, []domain.ReleaseContent{before(draftOf(product("surf", "b")))}, moved("/surf/", "/cheap/")},
		{"a product that nothing mentions, to the guide", draftOf(home, guide, best), nil, []domain.ReleaseContent{before(draftOf(product("surf", "z")))}, moved("/surf/", "/guide/")},
		{"without a hub, to the home page", draftOf(home), nil, []domain.ReleaseContent{before(draftOf(product("surf", "z")))}, moved("/surf/", "/")},
		{"the same search phrase", draftOf(home, domain.Page{Kind: domain.PageBest, Slug: "budget", Keywords: []string{"Cheap keys"}}), nil,
			[]domain.ReleaseContent{before(draftOf(best))}, moved("/cheap/", "/budget/")},
		{"the guide under another slug", draftOf(home, domain.Page{Kind: domain.PageGuide, Slug: "how-to-choose"}), nil, []domain.ReleaseContent{before(draftOf(guide))}, moved("/guide/", "/how-to-choose/")},
		{"a chain is cut", draftOf(home, product("wave-3", "a")), nil, []domain.ReleaseContent{before(draftOf(product("wave-2", "a")), moved("/wave/", "/wave-2/")...)},
			moved("/wave-2/", "/wave-3/", "/wave/", "/wave-3/")},
		{"a page comes back", draftOf(home, product("wave", "a")), nil, []domain.ReleaseContent{before(draftOf(product("wave-2", "a")), moved("/wave/", "/wave-2/")...)}, moved("/wave-2/", "/wave/")},
		{"the operator says otherwise", draftOf(home, guide), []domain.Redirect{{Path: "/wave/", Target: "https://other.example/wave/"}},
			[]domain.ReleaseContent{before(draftOf(product("wave", "a")))}, moved("/wave/", "https://other.example/wave/")},
		{"a page is never redirected", draftOf(home, guide), []domain.Redirect{{Path: "/guide/", Target: "/"}}, nil, moved()},
		{"a loop ends at home", draftOf(home), []domain.Redirect{{Path: "/x/", Target: "/y/"}, {Path: "/y/", Target: "/x/"}}, nil, moved("/x/", "/", "/y/", "/")},
		{"what leads nowhere ends at home", draftOf(home), []domain.Redirect{{Path: "/x/", Target: "/none/"}}, nil, moved("/x/", "/")},
		{"the newest release counts first", draftOf(home, guide, best), nil,
			[]domain.ReleaseContent{before(draftOf(), moved("/x/", "/cheap/")...), before(draftOf(), moved("/x/", "/guide/")...)}, moved("/x/", "/cheap/")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, release.Redirects(tt.next, tt.own, tt.earlier...)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestBuildRedirects keeps redirects in the manifest and out of files.
func TestBuildRedirects(t *testing.T) {
	t.Parallel()
	b, _ := newStore(t)
	files := []domain.File{
		{Path: "/", File: "index.html", ContentType: "text/html", Body: []byte("<p>home")},
		{Path: "/old/", Status: 301, Location: "/"}, {Path: "/gone/", Status: 301, Location: "https://other.example/"},
	}
	sha, m, err := b.Build(t.Context(), "h.example", files)
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := b.Load(t.Context(), sha)
	if err != nil || len(loaded.Entries) != 3 || loaded.Entries[2].Path != "/old/" || loaded.Entries[2].Location != "/" || loaded.Entries[2].SHA256 != "" {
		t.Fatalf("manifest = %+v, %v", loaded, err)
	}
	if err := b.Verify(t.Context(), m); err != nil {
		t.Error(err)
	}
	if err := b.Export(t.Context(), m, t.TempDir()+"/site"); err != nil {
		t.Error(err)
	}
	for _, bad := range []domain.File{
		{Path: "/old/", Status: 301, Location: "/old/"}, {Path: "/old/", Status: 200, Location: "/"}, {Path: "/old/", Status: 301, Location: "javascript:alert(1)"},
		{Path: "/old/", Status: 301, Location: "/", Body: []byte("x")}, {Path: "/", Status: 301, Location: "/x/"}, {Path: "/old/", Status: 301, Location: "//evil.example/"},
	} {
		if _, _, err := b.Build(t.Context(), "h.example", append(files[:1:1], bad)); domain.CodeOf(err) != domain.CodeInvalid {
			t.Errorf("redirect %+v: %v, want it refused", bad, err)
		}
	}
}
