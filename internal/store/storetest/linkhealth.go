package storetest

import (
	"slices"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/store"
)

func testLinkHealth(t *testing.T, s *store.Store) {
	ctx := t.Context()
	keys := insertWebsite(t, s, "keys")
	a, b, c, d := newLink("link_a", "a"), newLink("link_b", "b"), newLink("link_c", "c"), newLink("link_d", "d")
	b.State, c.State = domain.LinkPaused, domain.LinkClosed
	d.WebsiteID = insertWebsite(t, s, "draft").ID
	must(t, s.Links.Put(ctx, []domain.Link{a, b, c, d}, nil))
	if n := value(s.LinkHealth.Enroll(ctx, day, 10))(t); n != 0 {
		t.Fatalf("%d links of no live website were enrolled", n)
	}
	must(t, s.Releases.Insert(ctx, &domain.Release{ID: "rel_1", WebsiteID: keys.ID, CreatedAt: day}))
	must(t, s.Websites.SetLive(ctx, keys.ID, "rel_1", day))
	if n := value(s.LinkHealth.Enroll(ctx, day, 10))(t); n != 2 {
		t.Fatalf("%d links were enrolled, want link_a and link_c", n)
	}
	if n := value(s.LinkHealth.Enroll(ctx, day, 10))(t); n != 0 {
		t.Errorf("%d links were enrolled again", n)
	}
	claim := func(at time.Time) []domain.LinkID {
		t.Helper()
		return value(s.LinkHealth.Claim(ctx, at, at.Add(time.Hour), 10))(t)
	}
	if got := claim(day.Add(-time.Minute)); len(got) != 0 {
		t.Errorf("claimed %v before their time", got)
	}
	if got := claim(day); !slices.Equal(got, []domain.LinkID{"link_a", "link_c"}) {
		t.Errorf("claimed %v", got)
	}
	if got := claim(day); len(got) != 0 {
		t.Errorf("claimed %v a second time", got)
	}

	h := value(s.LinkHealth.Get(ctx, "link_a"))(t)
	h.Note(domain.LinkLook{At: day, State: domain.LookClosed}, domain.LookPolicy{Every: time.Hour})
	must(t, s.LinkHealth.Put(ctx, h))
	wantEqual(t, value(s.LinkHealth.Get(ctx, "link_a"))(t), h)
	_, err := s.LinkHealth.Get(ctx, "link_x")
	wantCode(t, err, domain.CodeNotFound)
	for _, tt := range []struct {
		f    domain.HealthFilter
		want int
	}{
		{domain.HealthFilter{}, 2}, {domain.HealthFilter{Dead: true}, 1}, {domain.HealthFilter{State: domain.LookClosed, Tenant: "main"}, 1}, {domain.HealthFilter{Tenant: "other"}, 0},
	} {
		list, n, err := s.LinkHealth.List(ctx, tt.f, domain.Window{})
		must(t, err)
		if len(list) != tt.want || n != tt.want {
			t.Errorf("%+v selects %d of %d, want %d", tt.f, len(list), n, tt.want)
		}
	}
	counts := value(s.LinkHealth.Counts(ctx, "main"))(t)
	wantEqual(t, counts, []domain.HealthCount{{Tenant: "main", Count: 1}, {Tenant: "main", State: domain.LookClosed, Dead: true, Count: 1}})

	w := domain.LinkSwap{ID: "swap_1", Tenant: "main", LinkID: "link_a", State: domain.SwapProposed, To: a, CreatedAt: day}
	must(t, s.LinkHealth.PutSwap(ctx, &w))
	second := w
	second.ID = "swap_2"
	wantCode(t, s.LinkHealth.PutSwap(ctx, &second), domain.CodeConflict)
	w.State = domain.SwapUndone
	must(t, s.LinkHealth.PutSwap(ctx, &w))
	second.State = domain.SwapApplied
	must(t, s.LinkHealth.PutSwap(ctx, &second))
	wantEqual(t, value(s.LinkHealth.Swap(ctx, "swap_1"))(t), &w)
	wantEqual(t, value(s.LinkHealth.HoldSwap(ctx, "swap_2"))(t), &second)
	_, err = s.LinkHealth.HoldSwap(ctx, "swap_x")
	wantCode(t, err, domain.CodeNotFound)
	list, n, err := s.LinkHealth.Swaps(ctx, "main", "link_a", "", domain.Window{})
	must(t, err)
	if n != 2 || len(list) != 2 || list[0].ID != "swap_2" {
		t.Errorf("swaps = %+v of %d", list, n)
	}
	if _, n, err := s.LinkHealth.Swaps(ctx, "other", "", domain.SwapApplied, domain.Window{}); n != 0 || err != nil {
		t.Errorf("another tenant has %d swaps, %v", n, err)
	}
	a.State = domain.LinkDead // it is looked at as long as another stands in its place
	must(t, s.Links.Put(ctx, []domain.Link{a}, nil))
	if got := claim(day.Add(2 * time.Hour)); !slices.Equal(got, []domain.LinkID{"link_a", "link_c"}) {
		t.Errorf("with a replacement claimed %v", got)
	}
}
