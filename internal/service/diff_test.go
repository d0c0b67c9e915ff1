package service_test

import (
	"testing"

	"empire/internal/domain"
	"empire/internal/testkit"
)

// TestWebsitesDiff compares releases by number, by name and by page.
func TestWebsitesDiff(t *testing.T) {
	t.Parallel()
	e := newEstate(t, testkit.DB(t))
	ada := in(t.Context(), "main")
	site := e.register(ada, t, "diff.example")
	_, err := e.websites.Diff(ada, site.ID, domain.DiffParams{})
	wantCode(t, "diff without a release", err, domain.CodeConflict)
	first := e.publish(ada, t, site.ID).LiveRelease
	_, err = e.websites.Diff(ada, site.ID, domain.DiffParams{})
	wantCode(t, "diff of the first release", err, domain.CodeConflict)
	second := e.publish(ada, t, site.ID).LiveRelease
	d, err := e.websites.Diff(ada, site.ID, domain.DiffParams{})
	if err != nil {
		t.Fatal(err)
	}
	if d.From.ID != first || d.To.ID != second || d.From.Number != 1 || len(d.Pages) != 1 || d.Pages[0].Path != "/" || len(d.Files) != 1 || d.Files[0].Path != "/" {
		t.Errorf("diff = %+v", d)
	}
	back, err := e.websites.Diff(ada, site.ID, domain.DiffParams{To: first, Against: second})
	if err != nil || back.From.Number != 2 || len(back.Pages) != 1 || back.Pages[0].Fields[0].Before != d.Pages[0].Fields[0].After {
		t.Errorf("diff the other way = %+v, %v", back, err)
	}
	one, err := e.websites.Diff(ada, site.ID, domain.DiffParams{Page: "/guide/"})
	if err != nil || len(one.Pages)+len(one.Files) != 0 {
		t.Errorf("diff of a page that stayed = %+v, %v", one, err)
	}
	_, err = e.websites.Diff(ada, site.ID, domain.DiffParams{Page: "/none/"})
	wantCode(t, "diff of a page that never was", err, domain.CodeNotFound)
	other := e.register(ada, t, "other.example")
	_, err = e.websites.Diff(ada, other.ID, domain.DiffParams{To: second})
	wantCode(t, "release of another website", err, domain.CodeNotFound)
}
