package storetest

import (
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/store"
)

func testRedirects(t *testing.T, s *store.Store) {
	ctx := t.Context()
	keys, lamps := insertWebsite(t, s, "keys"), insertWebsite(t, s, "lamps")
	old := &domain.Redirect{WebsiteID: keys.ID, Path: "/old/", Target: "/new/", CreatedAt: day}
	must(t, s.Redirects.Upsert(ctx, old))
	must(t, s.Redirects.Upsert(ctx, &domain.Redirect{WebsiteID: keys.ID, Path: "/a-b/", Target: "https://x.example/", CreatedAt: day}))
	must(t, s.Redirects.Upsert(ctx, &domain.Redirect{WebsiteID: lamps.ID, Path: "/old/", Target: "/", CreatedAt: day}))
	wantEqual(t, value(s.Redirects.Get(ctx, keys.ID, "/old/"))(t), old)
	old.Target, old.CreatedAt = "/newer/", day.Add(time.Hour)
	must(t, s.Redirects.Upsert(ctx, old))
	list := value(s.Redirects.List(ctx, keys.ID))(t)
	if len(list) != 2 || list[0].Path != "/a-b/" || list[1] != *old {
		t.Errorf("list = %+v, want /a-b/ and %+v", list, old)
	}
	must(t, s.Redirects.Delete(ctx, keys.ID, "/old/"))
	wantCode(t, s.Redirects.Delete(ctx, keys.ID, "/old/"), domain.CodeNotFound)
	_, err := s.Redirects.Get(ctx, keys.ID, "/old/")
	wantCode(t, err, domain.CodeNotFound)
	wantCode(t, s.Redirects.Upsert(ctx, &domain.Redirect{WebsiteID: "site_x", Path: "/old/", Target: "/", CreatedAt: day}), domain.CodeConflict)
	must(t, s.Websites.Delete(ctx, lamps.ID))
	if left := value(s.Redirects.List(ctx, lamps.ID))(t); len(left) != 0 {
		t.Errorf("redirects of a deleted website: %+v", left)
	}
}
