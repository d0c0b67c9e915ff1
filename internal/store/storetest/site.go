package storetest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/store"
)

func testUsers(t *testing.T, s *store.Store) {
	ctx := t.Context()
	ada := &domain.User{
		ID: "user_a", Tenant: domain.DefaultTenant, Email: "Ada@Example.com", Name: "Ada", PasswordHash: "hash", Permissions: []domain.Permission{domain.AdminFull},
		CreatedAt: day, UpdatedAt: day,
	}
	must(t, s.Users.Insert(ctx, ada))
	must(t, s.Users.Insert(ctx, &domain.User{ID: "user_b", Email: "bo@example.com", CreatedAt: day, UpdatedAt: day}))
	wantEqual(t, value(s.Users.Get(ctx, "user_a"))(t), ada)
	wantEqual(t, value(s.Users.GetByEmail(ctx, "ADA@example.COM"))(t), ada)

	err := s.Users.Insert(ctx, &domain.User{ID: "user_c", Email: "aDA@example.com", CreatedAt: day, UpdatedAt: day})
	wantCode(t, err, domain.CodeConflict)
	if got, want := domain.MessageOf(err), "E-mail address aDA@example.com already belongs to a user."; got != want {
		t.Errorf("got message %q, want %q", got, want)
	}
	wantCode(t, s.Users.Insert(ctx, &domain.User{ID: "user_a", Email: "new@example.com"}), domain.CodeConflict)

	ada.Name, ada.UpdatedAt = "Ada L.", day.Add(time.Hour)
	must(t, s.Users.Update(ctx, ada))
	wantEqual(t, value(s.Users.Get(ctx, "user_a"))(t), ada)
	ada.Email = "BO@example.com"
	wantCode(t, s.Users.Update(ctx, ada), domain.CodeConflict)

	list, total, err := s.Users.List(ctx, "", window(1, 1))
	must(t, err)
	if total != 2 || len(list) != 1 || list[0].ID != "user_b" {
		t.Errorf("list = %v of %d, want user_b of 2", list, total)
	}
	must(t, s.Users.Delete(ctx, "user_b"))
	if n := value(s.Users.Count(ctx))(t); n != 1 {
		t.Errorf("count = %d, want 1", n)
	}
	_, err = s.Users.Get(ctx, "user_b")
	wantCode(t, err, domain.CodeNotFound)
	_, err = s.Users.GetByEmail(ctx, "bo@example.com")
	wantCode(t, err, domain.CodeNotFound)
	wantCode(t, s.Users.Delete(ctx, "user_b"), domain.CodeNotFound)
	wantCode(t, s.Users.Update(ctx, &domain.User{ID: "user_b"}), domain.CodeNotFound)
}

func testWebsites(t *testing.T, s *store.Store) {
	ctx := t.Context()
	w := insertWebsite(t, s, "keys")
	insertWebsite(t, s, "lamps")
	wantEqual(t, value(s.Websites.Get(ctx, w.ID))(t), w)
	for _, host := range []string{"keys.example", "KEYS.example.", "keys.localhost"} {
		wantEqual(t, value(s.Websites.GetByHost(ctx, host))(t), w)
	}
	for _, host := range []string{"keys", "keys.localhost.example", "other.localhost", ""} {
		_, err := s.Websites.GetByHost(ctx, host)
		wantCode(t, err, domain.CodeNotFound)
	}
	wantEqual(t, value(s.Websites.GetByDomain(ctx, "keys.example"))(t), w)
	wantEqual(t, value(s.Websites.GetByName(ctx, "keys"))(t), w)

	for _, tt := range []struct{ name, domain, field, message string }{
		{"other", "keys.example", "domain", "Domain keys.example already belongs to a website."},
		{"keys", "other.example", "name", "Name keys already belongs to a website."},
	} {
		clash := *w
		clash.ID, clash.Name, clash.Domain = "site_x", tt.name, tt.domain
		wantTaken(t, s.Websites.Insert(ctx, &clash), tt.field, tt.message)
		clash.ID = "site_lamps"
		wantTaken(t, s.Websites.Update(ctx, &clash), tt.field, tt.message)
	}

	w.Title, w.State, w.UpdatedAt, w.FeedIDs = "Keys", domain.WebsiteArchived, day.Add(time.Minute), nil
	must(t, s.Websites.Update(ctx, w))
	wantEqual(t, value(s.Websites.Get(ctx, w.ID))(t), w)

	list, total, err := s.Websites.List(ctx, "", window(1, 1))
	must(t, err)
	if total != 2 || len(list) != 1 || list[0].ID != "site_lamps" {
		t.Errorf("list = %v of %d, want site_lamps of 2", list, total)
	}
	list, total, err = s.Websites.List(ctx, "", window(10, 5))
	must(t, err)
	if total != 2 || list == nil || len(list) != 0 {
		t.Errorf("list = %#v of %d, want an empty list of 2", list, total)
	}
	wantEqual(t, value(s.Websites.Deletions(ctx))(t), 0)
	must(t, s.Websites.Delete(ctx, w.ID))
	wantCode(t, s.Websites.Delete(ctx, w.ID), domain.CodeNotFound)
	wantCode(t, s.Websites.Update(ctx, w), domain.CodeNotFound)
	wantEqual(t, value(s.Websites.Deletions(ctx))(t), 1)
	must(t, s.Websites.Delete(ctx, "site_lamps"))
	wantEqual(t, value(s.Websites.Deletions(ctx))(t), 2)
}

func wantTaken(t *testing.T, err error, field, message string) {
	t.Helper()
	wantCode(t, err, domain.CodeConflict)
	if got := domain.MessageOf(err); got != message {
		t.Errorf("got message %q, want %q", got, message)
	}
	if got := fieldOf(err); got != field {
		t.Errorf("got field %q, want %q", got, field)
	}
}

func testWebsitePointer(t *testing.T, s *store.Store) {
	ctx := t.Context()
	keys, lamps := insertWebsite(t, s, "keys"), insertWebsite(t, s, "lamps")
	release := func(w *domain.Website, id domain.ReleaseID) domain.ReleaseID {
		must(t, s.Releases.Insert(ctx, &domain.Release{ID: id, WebsiteID: w.ID, CreatedAt: day}))
		return id
	}
	wantIDs := func(since int64, want ...domain.WebsiteID) {
		t.Helper()
		got := []domain.WebsiteID{}
		for _, w := range value(s.Websites.ChangedSince(ctx, since))(t) {
			got = append(got, w.ID)
		}
		wantEqual(t, got, want)
	}
	wantIDs(0)
	k1, l1 := release(keys, "rel_k1"), release(lamps, "rel_l1")
	must(t, s.Websites.SetLive(ctx, keys.ID, k1, day.Add(time.Hour)))
	live := value(s.Websites.Get(ctx, keys.ID))(t)
	if live.State != domain.WebsiteLive || live.LiveRelease != k1 || live.PointerSeq == 0 || !live.UpdatedAt.Equal(day.Add(time.Hour)) {
		t.Errorf("after SetLive: %+v", live)
	}
	must(t, s.Websites.SetLive(ctx, lamps.ID, l1, day))
	wantIDs(0, keys.ID, lamps.ID)
	wantIDs(live.PointerSeq, lamps.ID)
	must(t, s.Websites.SetLive(ctx, keys.ID, k1, day))
	wantIDs(0, lamps.ID, keys.ID)
	last := value(s.Websites.Get(ctx, keys.ID))(t).PointerSeq
	must(t, s.Websites.Update(ctx, lamps))
	wantIDs(last, lamps.ID)
	if got := value(s.Websites.Get(ctx, lamps.ID))(t); got.LiveRelease != l1 {
		t.Errorf("Update changed the live release to %q", got.LiveRelease)
	}

	wantCode(t, s.Websites.SetLive(ctx, keys.ID, l1, day), domain.CodeNotFound)
	wantCode(t, s.Websites.SetLive(ctx, keys.ID, "", day), domain.CodeNotFound)
	wantCode(t, s.Websites.SetLive(ctx, "site_x", k1, day), domain.CodeNotFound)
	if got := value(s.Websites.Get(ctx, keys.ID))(t); got.LiveRelease != k1 || got.PointerSeq != last {
		t.Errorf("a refused SetLive changed the website: %+v", got)
	}
}

// testWebsiteVersion: every change that a reader could see moves the version, and
// nothing else does.
func testWebsiteVersion(t *testing.T, s *store.Store) {
	ctx := t.Context()
	last := value(s.Websites.Version(ctx))(t)
	step := func(name string, moves bool, err error) {
		t.Helper()
		must(t, err)
		now := value(s.Websites.Version(ctx))(t)
		if moved := now > last; moved != moves || now < last {
			t.Errorf("%s: version went from %d to %d, want a move: %v", name, last, now, moves)
		}
		last = now
	}
	w := insertWebsite(t, s, "keys")
	step("insert", true, nil)
	w.Title = "Keys"
	step("update", true, s.Websites.Update(ctx, w))
	step("new release", false, s.Releases.Insert(ctx, &domain.Release{ID: "rel_1", WebsiteID: w.ID, CreatedAt: day}))
	step("set live", true, s.Websites.SetLive(ctx, w.ID, "rel_1", day))
	step("pages", false, s.Pages.Replace(ctx, w.ID, []domain.Page{{ID: "page_1", WebsiteID: w.ID, Slug: "a"}}))
	step("in order", false, s.Websites.InOrder(ctx))
	step("behind the store's back", true, s.InTx(ctx, func(ctx context.Context) error {
		return execIn(ctx, `UPDATE websites SET title = 'x' WHERE id = 'site_keys'`)
	}))
	undone := s.InTx(ctx, func(ctx context.Context) error {
		if err := s.Websites.Update(ctx, w); err != nil {
			return err
		}
		return domain.Errorf(domain.CodeCancelled, "Undo.")
	})
	wantCode(t, undone, domain.CodeCancelled)
	step("rolled back", false, nil)
	step("delete", true, s.Websites.Delete(ctx, w.ID))
}

// testWebsiteHold: writers that decide from a website they hold never overwrite each
// other, and the transactions of every kind of website writer meet without waiting
// in a circle.
func testWebsiteHold(t *testing.T, s *store.Store) {
	w := insertWebsite(t, s, "keys")
	must(t, s.Releases.Insert(t.Context(), &domain.Release{ID: "rel_0", WebsiteID: w.ID, CreatedAt: day}))
	before := value(s.Websites.Version(t.Context()))(t)
	const each = 12
	writers := []func(ctx context.Context, i int) error{
		func(ctx context.Context, _ int) error { // counts in the title
			held, err := s.Websites.Hold(ctx, w.ID)
			if err != nil {
				return err
			}
			held.Title += "+"
			return s.Websites.Update(ctx, held)
		},
		func(ctx context.Context, i int) error { // adds one
			if err := s.Websites.InOrder(ctx); err != nil {
				return err
			}
			name := fmt.Sprint("n", i)
			return s.Websites.Insert(ctx, &domain.Website{
				ID: domain.WebsiteID("site_" + name), Name: name, Domain: name + ".example", CreatedAt: day, UpdatedAt: day,
			})
		},
		func(ctx context.Context, i int) error { // publishes
			id := domain.ReleaseID(fmt.Sprint("rel_n", i))
			if err := s.Releases.Insert(ctx, &domain.Release{ID: id, WebsiteID: w.ID, CreatedAt: day}); err != nil {
				return err
			}
			return s.Websites.SetLive(ctx, w.ID, id, day)
		},
	}
	var wg sync.WaitGroup
	for _, write := range append(writers, writers[0]) {
		for i := range each {
			wg.Go(func() {
				err := s.InTx(t.Context(), func(ctx context.Context) error { return write(ctx, i) })
				if code := domain.CodeOf(err); code != "" && code != domain.CodeConflict {
					t.Errorf("writer: %v", err)
				}
			})
		}
	}
	wg.Wait()
	got := value(s.Websites.Get(t.Context(), w.ID))(t)
	if want := w.Title + strings.Repeat("+", 2*each); got.Title != want || got.State != domain.WebsiteLive || got.LiveRelease == "" {
		t.Errorf("title %q, state %s, release %q; want title %q, live", got.Title, got.State, got.LiveRelease, want)
	}
	if n := value(s.Websites.Version(t.Context()))(t) - before; n < 4*each {
		t.Errorf("version grew by %d with %d transactions", n, 4*each)
	}
	_, err := s.Websites.Hold(t.Context(), "site_x")
	wantCode(t, err, domain.CodeNotFound)
}

func testPages(t *testing.T, s *store.Store) {
	ctx := t.Context()
	w := insertWebsite(t, s, "keys")
	pages := make([]domain.Page, 45)
	for i := range pages {
		pages[i] = domain.Page{
			ID: domain.PageID(fmt.Sprintf("page_%02d", len(pages)-i)), WebsiteID: w.ID, Kind: domain.PageProduct, Slug: fmt.Sprintf("p/%d", i),
			Title: "Größe <50>", Indexable: i%2 == 0, UpdatedAt: day,
			Blocks: []domain.Block{{Type: domain.BlockParagraph, Paragraph: &domain.Paragraph{}}},
			Claims: []domain.Claim{{ID: "c1", Text: "37.99", Evidence: []domain.EvidenceID{"ev_1"}}},
			Schema: []domain.Schema{{"@type": "Product"}},
		}
	}
	must(t, s.Pages.Replace(ctx, w.ID, pages))
	list, total, err := s.Pages.List(ctx, w.ID, window(1000, 0))
	must(t, err)
	if total != len(pages) {
		t.Errorf("total = %d, want %d", total, len(pages))
	}
	wantEqual(t, list, pages)
	wantEqual(t, value(s.Pages.Get(ctx, w.ID, "page_03"))(t), &pages[42])
	_, err = s.Pages.Get(ctx, "site_x", "page_03")
	wantCode(t, err, domain.CodeNotFound)

	must(t, s.Pages.Replace(ctx, w.ID, pages[:2]))
	_, total, err = s.Pages.List(ctx, w.ID, window(1, 0))
	must(t, err)
	if total != 2 {
		t.Errorf("total = %d after Replace, want 2", total)
	}
	twice := []domain.Page{pages[0], pages[1]}
	twice[1].Slug = twice[0].Slug
	wantCode(t, s.Pages.Replace(ctx, w.ID, twice), domain.CodeConflict)
	wantCode(t, s.Pages.Replace(ctx, "site_x", pages[:1]), domain.CodeConflict)
	if _, total, _ = s.Pages.List(ctx, w.ID, window(1, 0)); total != 2 {
		t.Errorf("total = %d after a refused Replace, want 2", total)
	}
	must(t, s.Websites.Delete(ctx, w.ID))
	if _, total, _ = s.Pages.List(ctx, w.ID, window(1, 0)); total != 0 {
		t.Errorf("total = %d after the website is deleted, want 0", total)
	}
}

func testEvidence(t *testing.T, s *store.Store) {
	ctx := t.Context()
	w := insertWebsite(t, s, "keys")
	var list []domain.Evidence
	var ids []domain.EvidenceID
	for i := range 1203 {
		e := domain.Evidence{Kind: domain.EvidenceFeed, FeedID: "feed_a", RowKey: fmt.Sprint(i), Field: "search_price", Value: "37.99", At: ptr(day)}.Seal()
		list, ids = append(list, e), append(ids, e.ID)
	}
	must(t, s.Evidence.InsertAll(ctx, w.ID, list[:1200]))
	must(t, s.Evidence.InsertAll(ctx, w.ID, list[1100:]))
	if n := value(s.Evidence.Count(ctx, w.ID))(t); n != len(list) {
		t.Errorf("count = %d, want %d", n, len(list))
	}
	got := value(s.Evidence.List(ctx, w.ID, append(ids, "ev_unknown", ids[0])))(t)
	if len(got) != len(list) {
		t.Fatalf("list has %d, want %d", len(got), len(list))
	}
	for i := range got {
		if got[i].Seal().ID != got[i].ID {
			t.Fatalf("%s does not seal to its id", got[i].ID)
		}
		if i > 0 && got[i-1].ID >= got[i].ID {
			t.Fatalf("%s comes after %s", got[i].ID, got[i-1].ID)
		}
	}
	wantEqual(t, value(s.Evidence.Get(ctx, w.ID, ids[7]))(t), &list[7])
	_, err := s.Evidence.Get(ctx, "site_x", ids[7])
	wantCode(t, err, domain.CodeNotFound)
	if other := value(s.Evidence.List(ctx, "", ids))(t); len(other) != 0 {
		t.Errorf("no website has %d pieces of evidence, want 0", len(other))
	}
}
