package service_test

import (
	"strings"
	"testing"

	"empire/internal/domain"
	"empire/internal/testkit"
)

// TestRedirects sets, lists and deletes redirects, and finds those of the next release.
func TestRedirects(t *testing.T) {
	t.Parallel()
	e := newEstate(t, testkit.DB(t))
	ada := in(t.Context(), "main")
	site := e.register(ada, t, "moved.example")
	for _, bad := range [][2]string{
		{"/", "/x/"}, {"old", "/"}, {"/a/../b/", "/"}, {"/a//b/", "/"}, {"/a?b", "/"}, {"/a/", "/a"}, {"/a/", "http://x.example/"}, {"/a/", "https://"},
		{"/a/", "//x.example/"}, {"/a/", "https://user@x.example/"}, {"/a\n/", "/"}, {"/" + strings.Repeat("a", 600), "/"},
	} {
		_, err := e.redirects.Set(ada, site.ID, bad[0], bad[1])
		wantCode(t, bad[0]+" to "+bad[1], err, domain.CodeInvalid)
	}
	e.publish(ada, t, site.ID) // pages / and /guide/
	if r, err := e.redirects.Set(ada, site.ID, "/old", "/guide"); err != nil || r.Path != "/old/" || r.Target != "/guide/" {
		t.Fatalf("redirect = %+v, %v", r, err)
	}
	list, err := e.redirects.List(ada, site.ID)
	if err != nil || len(list) != 1 || !list[0].Own || list[0].LiveTarget != "" {
		t.Errorf("list = %+v, %v", list, err)
	}
	next := &domain.Draft{Website: *site, Pages: []domain.Page{{Title: "Home"}}}
	moved, err := e.redirects.Of(t.Context(), next)
	want := []domain.Moved{{From: "/guide/", To: "/"}, {From: "/old/", To: "/"}}
	if err != nil || len(moved) != 2 || moved[0] != want[0] || moved[1] != want[1] {
		t.Errorf("redirects of a release without the guide = %+v, %v, want %+v", moved, err, want)
	}
	if err := e.redirects.Delete(ada, site.ID, "/old"); err != nil {
		t.Error(err)
	}
	wantCode(t, "delete again", e.redirects.Delete(ada, site.ID, "/old/"), domain.CodeNotFound)
	entries, _, err := e.audit.List(ada, domain.AuditFilter{}, domain.Window{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for i := range entries {
		seen[entries[i].Action]++
	}
	if seen["redirect.set"] != 1 || seen["redirect.deleted"] != 1 {
		t.Errorf("audit has %v", seen)
	}
}
