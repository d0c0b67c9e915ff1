package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/store"
)

func newLink(id, slug string) domain.Link {
	return domain.Link{
		ID: domain.LinkID(id), Tenant: domain.DefaultTenant, Slug: slug, Network: "awin", AdvertiserID: "1001", Merchant: "Shop A", Form: domain.FormDeep,
		Destination: "https://shop.example/" + slug, State: domain.LinkActive, CreatedAt: day, UpdatedAt: day,
	}
}

func linkIDs(list []domain.Link) []domain.LinkID {
	var out []domain.LinkID
	for _, l := range list {
		out = append(out, l.ID)
	}
	return out
}

func testLinks(t *testing.T, s *store.Store) {
	ctx := t.Context()
	keys := insertWebsite(t, s, "keys")
	a, b, c := newLink("link_a", "a"), newLink("link_b", "b"), newLink("link_c", "a")
	b.State, b.Network, b.Merchant = domain.LinkPaused, "digistore24", "Kurs 100 %"
	a.ProgramID = "prog_1"
	c.WebsiteID = keys.ID // the same slug, of one website
	list := []domain.Link{c, a, b}
	must(t, s.Links.Put(ctx, list, domain.LinkChanges(nil, &a, "user_1", day)))
	if got := linkIDs(list); !slices.Equal(got, []domain.LinkID{"link_a", "link_b", "link_c"}) || list[0].Seq != 1 || list[2].Seq != 3 {
		t.Fatalf("stored %v with %d to %d, want the order of ids and 1 to 3", got, list[0].Seq, list[2].Seq)
	}
	wantEqual(t, value(s.Links.Get(ctx, "link_c"))(t), &list[2])
	wantEqual(t, value(s.Links.GetBySlug(ctx, "", "", "a"))(t), &list[0])
	wantEqual(t, value(s.Links.GetBySlug(ctx, "", keys.ID, "a"))(t), &list[2])
	_, err := s.Links.GetBySlug(ctx, "other", "", "a")
	wantCode(t, err, domain.CodeNotFound)
	_, err = s.Links.Hold(ctx, "link_x")
	wantCode(t, err, domain.CodeNotFound)
	wantCode(t, s.Links.Put(ctx, []domain.Link{newLink("link_d", "a")}, nil), domain.CodeConflict)

	for _, tt := range []struct {
		f    domain.LinkFilter
		want []domain.LinkID
	}{
		{domain.LinkFilter{}, []domain.LinkID{"link_c", "link_b", "link_a"}},
		{domain.LinkFilter{Tenant: "other"}, nil},
		{domain.LinkFilter{State: domain.LinkPaused}, []domain.LinkID{"link_b"}},
		{domain.LinkFilter{Network: "awin", WebsiteID: keys.ID}, []domain.LinkID{"link_c", "link_a"}},
		{domain.LinkFilter{WebsiteID: "site_x"}, []domain.LinkID{"link_b", "link_a"}},
		{domain.LinkFilter{Query: "kurs 100 %"}, []domain.LinkID{"link_b"}},
		{domain.LinkFilter{Query: "_"}, nil},
	} {
		got, n, err := s.Links.List(ctx, tt.f, domain.Window{})
		must(t, err)
		if !slices.Equal(linkIDs(got), tt.want) || n != len(tt.want) {
			t.Errorf("%+v selects %v of %d, want %v", tt.f, linkIDs(got), n, tt.want)
		}
	}
	if got := linkIDs(value(s.Links.ByIDs(ctx, []domain.LinkID{"link_b", "link_x", "link_c"}))(t)); len(got) != 2 {
		t.Errorf("by ids: %v", got)
	}
	if got := linkIDs(value(s.Links.OfPrograms(ctx, []domain.ProgramID{"prog_1", "prog_2"}))(t)); !slices.Equal(got, []domain.LinkID{"link_a"}) {
		t.Errorf("of the program: %v", got)
	}
	if got := linkIDs(value(s.Links.Since(ctx, 1, 1))(t)); !slices.Equal(got, []domain.LinkID{"link_b"}) {
		t.Errorf("since 1: %v", got)
	}
	if mark := value(s.Links.Mark(ctx))(t); mark != 3 {
		t.Errorf("mark = %d after three links and one that was refused", mark)
	}
	must(t, s.Websites.Delete(ctx, keys.ID))
	_, err = s.Links.Get(ctx, "link_c")
	wantCode(t, err, domain.CodeNotFound)
}

func testLinkHistory(t *testing.T, s *store.Store) {
	ctx := t.Context()
	l := newLink("link_a", "a")
	must(t, s.Links.Put(ctx, []domain.Link{l}, domain.LinkChanges(nil, &l, "user_1", day)))
	for i := range domain.MaxLinkHistory + 5 {
		before := l
		l.Destination, l.UpdatedAt = fmt.Sprintf("https://shop.example/%d", i), day.Add(time.Duration(i)*time.Minute)
		must(t, s.Links.Put(ctx, []domain.Link{l}, domain.LinkChanges(&before, &l, "user_2", l.UpdatedAt)))
	}
	got := value(s.Links.History(ctx, "link_a"))(t)
	if len(got) != domain.MaxLinkHistory {
		t.Fatalf("%d entries, want %d", len(got), domain.MaxLinkHistory)
	}
	want := domain.LinkChange{
		LinkID: "link_a", At: day.Add((domain.MaxLinkHistory + 4) * time.Minute), Actor: "user_2", Field: "destination",
		Before: fmt.Sprintf("https://shop.example/%d", domain.MaxLinkHistory+3), After: fmt.Sprintf("https://shop.example/%d", domain.MaxLinkHistory+4),
	}
	wantEqual(t, got[0], want)
	if kept := value(s.Links.Get(ctx, "link_a"))(t); kept.Destination != want.After || kept.Seq != int64(domain.MaxLinkHistory+6) {
		t.Errorf("link = %+v", kept)
	}
}
