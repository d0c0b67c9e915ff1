package storetest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/store"
)

func testReleases(t *testing.T, s *store.Store) {
	ctx := t.Context()
	keys, lamps := insertWebsite(t, s, "keys"), insertWebsite(t, s, "lamps")
	r := &domain.Release{
		ID: "rel_1", WebsiteID: keys.ID, Manifest: "m", RunID: "run_1", Draft: "d", Files: 3, Pages: 2, Bytes: 1 << 40,
		Gates:    []domain.Gate{{Name: "legal", State: domain.GatePass, Findings: []domain.Finding{{Rule: "L9", Severity: domain.GateWarn}}}},
		SEOScore: 97.25, CreatedAt: day, BuiltWith: domain.BuiltWith{Theme: "t1", Rules: "2"},
	}
	must(t, s.Releases.Insert(ctx, r))
	wantEqual(t, value(s.Releases.Get(ctx, r.ID))(t), r)
	for i, id := range []domain.ReleaseID{"rel_2", "rel_3"} {
		next := &domain.Release{ID: id, WebsiteID: keys.ID, CreatedAt: day}
		must(t, s.Releases.Insert(ctx, next))
		if next.Number != i+2 {
			t.Errorf("release %s has number %d, want %d", id, next.Number, i+2)
		}
	}
	other := &domain.Release{ID: "rel_l1", WebsiteID: lamps.ID, CreatedAt: day}
	must(t, s.Releases.Insert(ctx, other))
	if other.Number != 1 {
		t.Errorf("first release of another website has number %d, want 1", other.Number)
	}
	wantCode(t, s.Releases.Insert(ctx, &domain.Release{ID: "rel_1", WebsiteID: keys.ID, CreatedAt: day}), domain.CodeConflict)
	wantCode(t, s.Releases.Insert(ctx, &domain.Release{ID: "rel_x", WebsiteID: "site_x", CreatedAt: day}), domain.CodeNotFound)

	must(t, s.Releases.MarkPublished(ctx, r.ID, day.Add(time.Second)))
	if got := value(s.Releases.Get(ctx, r.ID))(t).PublishedAt; got == nil || !got.Equal(day.Add(time.Second)) {
		t.Errorf("published at %v, want %v", got, day.Add(time.Second))
	}
	wantCode(t, s.Releases.MarkPublished(ctx, "rel_x", day), domain.CodeNotFound)
	list, total, err := s.Releases.List(ctx, keys.ID, window(2, 0))
	must(t, err)
	if total != 3 || len(list) != 2 || list[0].ID != "rel_3" || list[1].ID != "rel_2" {
		t.Errorf("list = %v of %d, want rel_3 and rel_2 of 3", list, total)
	}
	_, err = s.Releases.Get(ctx, "rel_x")
	wantCode(t, err, domain.CodeNotFound)
}

func testConcurrentReleases(t *testing.T, s *store.Store) {
	w := insertWebsite(t, s, "keys")
	const n = 24
	numbers := make([]int, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			r := &domain.Release{ID: domain.ReleaseID(fmt.Sprintf("rel_%d", i)), WebsiteID: w.ID, CreatedAt: day}
			err := s.InTx(t.Context(), func(ctx context.Context) error {
				if err := s.Releases.Insert(ctx, r); err != nil {
					return err
				}
				return s.Websites.SetLive(ctx, w.ID, r.ID, day)
			})
			if err != nil {
				t.Errorf("release %d: %v", i, err)
			}
			numbers[i] = r.Number
		})
		wg.Go(func() { // another person edits the website meanwhile
			edited := *w
			if err := s.Websites.Update(t.Context(), &edited); err != nil {
				t.Errorf("update %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	seen := map[int]bool{}
	for _, number := range numbers {
		if number < 1 || number > n || seen[number] {
			t.Errorf("number %d is out of range or given twice", number)
		}
		seen[number] = true
	}
	got := value(s.Websites.Get(t.Context(), w.ID))(t)
	live := value(s.Releases.Get(t.Context(), got.LiveRelease))(t)
	if live.Number != n || got.PointerSeq != 2*n {
		t.Errorf("live is number %d with pointer %d, want %d and %d", live.Number, got.PointerSeq, n, 2*n)
	}
}

// testReleaseLinks: what is kept of a release goes with it, and live ones without are named.
func testReleaseLinks(t *testing.T, s *store.Store) {
	ctx := t.Context()
	site := insertWebsite(t, s, "keys")
	for _, id := range []domain.ReleaseID{"rel_1", "rel_2"} {
		must(t, s.Releases.Insert(ctx, &domain.Release{ID: id, WebsiteID: site.ID, CreatedAt: day}))
	}
	wantEqual(t, value(s.LinksOf.Pending(ctx, 10))(t), []domain.ReleaseID{})
	must(t, s.Websites.SetLive(ctx, site.ID, "rel_2", day))
	wantEqual(t, value(s.LinksOf.Pending(ctx, 10))(t), []domain.ReleaseID{"rel_2"})
	links := domain.ReleaseLinks{Version: 1, Paths: []string{"/"}, Places: []domain.PlaceLinks{{Href: "https://shop.example/", Sponsored: true, Count: 2, Pages: []int{0}}}}
	for range 2 {
		must(t, s.LinksOf.Put(ctx, "rel_2", &links))
	}
	wantEqual(t, value(s.LinksOf.Pending(ctx, 10))(t), []domain.ReleaseID{})
	wantEqual(t, value(s.LinksOf.Of(ctx, []domain.ReleaseID{"rel_1", "rel_2"}))(t), map[domain.ReleaseID]domain.ReleaseLinks{"rel_2": links})
	must(t, s.Websites.Delete(ctx, site.ID))
	wantEqual(t, value(s.LinksOf.Of(ctx, []domain.ReleaseID{"rel_2"}))(t), map[domain.ReleaseID]domain.ReleaseLinks{})
}
