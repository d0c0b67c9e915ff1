package release_test

import (
	"slices"
	"testing"

	"empire/internal/domain"
	"empire/internal/release"
)

func plain(path, body string, immutable bool) domain.File {
	return domain.File{Path: path, File: "x" + path, ContentType: "text/html", Body: []byte(body), Immutable: immutable}
}

// TestOverlay: only what an edit changed is replaced in an older release, with what the
// new pages need.
func TestOverlay(t *testing.T) {
	t.Parallel()
	base := []domain.File{plain("/", "old home", false), plain("/a/", "old a", false), plain("/gone/", "old", false), plain("/own.txt", "mine", false)}
	before := []domain.File{plain("/", "home", false), plain("/a/", "a", false), plain("/gone/", "g", false), plain("/new.css", "css", true), plain("/feature/", "f", false)}
	after := []domain.File{plain("/", "home", false), plain("/a/", "other a", false), plain("/b/", "b", false), plain("/new.css", "css", true), plain("/feature/", "f", false)}
	got := map[string]string{}
	for _, f := range release.Overlay(base, before, after) {
		got[f.Path] = string(f.Body)
	}
	want := map[string]string{"/": "old home", "/a/": "other a", "/own.txt": "mine", "/b/": "b", "/new.css": "css"}
	if len(got) != len(want) {
		t.Errorf("files = %v, want %v", got, want)
	}
	for path, body := range want {
		if got[path] != body {
			t.Errorf("%s is %q, want %q", path, got[path], body)
		}
	}
}

// TestMerged: each address of a retired website leads to the page that stands for it
// elsewhere, or nowhere.
func TestMerged(t *testing.T) {
	t.Parallel()
	page := func(kind domain.PageKind, slug string, products ...string) domain.Page {
		return domain.Page{Kind: kind, Slug: slug, Products: products}
	}
	live := domain.ReleaseContent{
		Draft: &domain.Draft{Pages: []domain.Page{page(domain.PageHome, ""), page(domain.PageGuide, "tips"), page(domain.PageProduct, "board", "p1")}},
		Manifest: domain.Manifest{Entries: []domain.ManifestEntry{
			{Path: "/old/", Location: "/board/"}, {Path: "/shop/", Location: "https://shop.example/"}, {Path: "/", SHA256: "x"},
			{Path: "/weak/", SHA256: "y", Status: 410},
		}},
	}
	next := &domain.Draft{Pages: []domain.Page{page(domain.PageHome, ""), page(domain.PageGuide, "guide"), page(domain.PageProduct, "same-board", "p1")}}
	want := []domain.Moved{
		{From: "/", To: "https://b.example/"}, {From: "/board/", To: "https://b.example/same-board/"}, {From: "/old/", To: "https://b.example/same-board/"},
		{From: "/shop/", To: "https://shop.example/"}, {From: "/tips/", To: "https://b.example/guide/"}, {From: "/weak/", To: domain.GoneTarget},
	}
	if got := release.Merged(live, next, "b.example"); !slices.Equal(got, want) {
		t.Errorf("moved = %+v, want %+v", got, want)
	}
	for _, m := range release.Merged(live, nil, "") {
		if m.To != domain.GoneTarget && m.From != "/shop/" {
			t.Errorf("%s leads to %s, want nowhere", m.From, m.To)
		}
	}
	gone := release.Redirects(next, []domain.Redirect{{Path: "/weak/", Target: domain.GoneTarget}, {Path: "/guide/", Target: domain.GoneTarget}})
	if len(gone) != 1 || gone[0] != (domain.Moved{From: "/weak/", To: domain.GoneTarget}) {
		t.Errorf("redirects = %+v, want that of the page that is not there", gone)
	}
}
