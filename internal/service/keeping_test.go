package service_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"empire/internal/domain"
	"empire/internal/store"
	"empire/internal/testkit"
)

func TestRegister(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		e := newEstate(t, st)
		ada := in(t.Context(), "acme")
		site, err := e.websites.Register(ada, domain.RegisterParams{Domain: "Tea.Example.", Niche: "  green   tea ", Title: " Tea  for you "})
		if err != nil {
			t.Fatal(err)
		}
		held, err := e.websites.Get(ada, site.ID)
		if err != nil || held.Domain != "tea.example" || held.Niche != "green tea" || held.Title != "Tea for you" || held.Language != "en" || held.Name != "tea" ||
			held.State != domain.WebsiteDraft || held.OwnerID != "user_acme" || len(held.Operator.Missing()) != 0 || len(e.steps) != 0 {
			t.Errorf("registered %+v with %d jobs, %v", held, len(e.steps), err)
		}
		for name, p := range map[string]domain.RegisterParams{
			"domain": {Domain: "tea", Niche: "tea"}, "niche": {Domain: "a.example"}, "forbidden niche": {Domain: "a.example", Niche: "online casino"},
			"language": {Domain: "a.example", Niche: "tea", Language: "fr"}, "title": {Domain: "a.example", Niche: "tea", Title: strings.Repeat("ü", 201)},
			"name": {Domain: "a.example", Niche: "tea", Name: "Tea!"},
		} {
			_, err := e.websites.Register(ada, p)
			wantCode(t, name, err, domain.CodeInvalid)
		}
		reader := domain.WithPrincipal(t.Context(), &domain.Principal{UserID: "user_r", Permissions: []domain.Permission{domain.WebsitesRead}})
		_, err = e.websites.Register(reader, domain.RegisterParams{Domain: "b.example", Niche: "tea"})
		wantCode(t, "without the right", err, domain.CodeForbidden)
		if _, total, _ := e.websites.List(ada, domain.Window{Limit: 10}); total != 1 {
			t.Errorf("%d websites, want 1", total)
		}
	})
}

// TestUpdate walks a website through its states.
func TestUpdate(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		e := newEstate(t, st)
		ada := in(t.Context(), "acme")
		id := e.register(ada, t, "tea.example").ID
		move := func(to domain.WebsiteState, want domain.Code) {
			t.Helper()
			site, err := e.websites.Update(ada, id, domain.WebsitePatch{State: &to})
			wantCode(t, "to "+string(to), err, want)
			if err == nil && site.State != to {
				t.Errorf("state is %s, want %s", site.State, to)
			}
		}
		move(domain.WebsiteLive, domain.CodeConflict)
		move("gone", domain.CodeInvalid)
		move(domain.WebsiteDraft, "")
		move(domain.WebsiteArchived, "")
		move(domain.WebsiteLive, domain.CodeConflict)
		move(domain.WebsiteDraft, "")
		e.publish(ada, t, id)
		move(domain.WebsiteDraft, domain.CodeConflict)
		move(domain.WebsiteArchived, "")
		for name, do := range map[string]func() error{
			"rebuild":  func() error { _, err := e.websites.Rebuild(ada, id); return err },
			"publish":  func() error { _, err := e.websites.Publish(ada, id, ""); return err },
			"rollback": func() error { _, err := e.websites.Rollback(ada, id, ""); return err },
		} {
			wantCode(t, name+" while archived", do(), domain.CodeConflict)
		}
		move(domain.WebsiteDraft, domain.CodeConflict)
		move(domain.WebsiteLive, "")
		if !slices.Contains(e.told, id) {
			t.Error("edges were not told")
		}
		run, _ := e.build(ada, t, id)
		move(domain.WebsiteArchived, domain.CodeConflict) // it waits for an approval
		if _, err := e.runs.Cancel(ada, run.ID); err != nil {
			t.Fatal(err)
		}
		move(domain.WebsiteArchived, "")
		if _, err := e.websites.Update(ada, id, domain.WebsitePatch{Operator: []byte(`{"city":""}`)}); err != nil {
			t.Fatal(err)
		}
		move(domain.WebsiteLive, domain.CodeGateRed) // nobody answers for it any more
	})
}

func TestUpdateFields(t *testing.T) {
	t.Parallel()
	e := newEstate(t, testkit.DB(t))
	ada := in(t.Context(), "acme")
	site := e.register(ada, t, "tea.example")
	got, err := e.websites.Update(ada, site.ID, domain.WebsitePatch{
		Title: ptr("Tea"), Niche: ptr("black tea"), FeedIDs: &[]domain.FeedID{"feed_1"}, Operator: []byte(`{"phone":"1","sample":false}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := *site
	want.Title, want.Niche, want.FeedIDs = "Tea", "black tea", []domain.FeedID{"feed_1"}
	want.Operator.Phone, want.Operator.Sample = "1", false
	want.UpdatedAt, want.PointerSeq = got.UpdatedAt, got.PointerSeq
	if fmt.Sprint(*got) != fmt.Sprint(want) || !got.UpdatedAt.After(site.UpdatedAt) {
		t.Errorf("updated to %+v, want %+v", *got, want)
	}
	for name, p := range map[string]domain.WebsitePatch{
		"title": {Title: ptr(strings.Repeat("a", 201))}, "niche": {Niche: ptr(" ")}, "forbidden niche": {Niche: ptr("online casino")},
		"operator": {Operator: []byte(`{"fax":"1"}`)}, "operator type": {Title: ptr("Half"), Operator: []byte(`{"city":1}`)},
	} {
		_, err := e.websites.Update(ada, site.ID, p)
		wantCode(t, name, err, domain.CodeInvalid)
	}
	if held, err := e.websites.Get(ada, site.ID); err != nil || fmt.Sprint(*held) != fmt.Sprint(*got) {
		t.Errorf("after refused changes: %+v, %v, want %+v", held, err, got)
	}
	_, err = e.websites.Update(ada, site.ID, domain.WebsitePatch{Title: ptr("Late"), Seqs: []int64{site.PointerSeq}})
	wantCode(t, "of an old state", err, domain.CodePrecondition)
	if got, err = e.websites.Update(ada, site.ID, domain.WebsitePatch{Title: ptr("In time"), Seqs: []int64{-1, got.PointerSeq}}); err != nil || got.Title != "In time" {
		t.Errorf("of the present state: %+v, %v", got, err)
	}
	same, err := e.websites.Update(ada, site.ID, domain.WebsitePatch{Title: ptr("In  time ")})
	if err != nil || same.PointerSeq != got.PointerSeq || !same.UpdatedAt.Equal(got.UpdatedAt) {
		t.Errorf("a change to the same: %+v, %v", same, err)
	}
}

func TestDelete(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		e := newEstate(t, st)
		ada := in(t.Context(), "acme")
		id := e.register(ada, t, "tea.example").ID
		e.publish(ada, t, id)
		wantCode(t, "live", e.websites.Delete(ada, id), domain.CodeConflict)
		run, _ := e.build(ada, t, id)
		if _, err := e.websites.Bulk(ada, domain.BulkArchive, []domain.WebsiteID{id}); err != nil {
			t.Fatal(err)
		}
		wantCode(t, "still live", e.websites.Delete(ada, id), domain.CodeConflict)
		if _, err := e.runs.Cancel(ada, run.ID); err != nil {
			t.Fatal(err)
		}
		archived := domain.WebsiteArchived
		if _, err := e.websites.Update(ada, id, domain.WebsitePatch{State: &archived}); err != nil {
			t.Fatal(err)
		}
		if err := e.websites.Delete(ada, id); err != nil {
			t.Fatal(err)
		}
		wantCode(t, "again", e.websites.Delete(ada, id), domain.CodeNotFound)
		if got, err := e.runs.Get(ada, run.ID); err != nil || got.WebsiteID != "" {
			t.Errorf("its run: %+v, %v, want it without a website", got, err)
		}
		draft := e.register(ada, t, "tea.example") // the domain is free again
		if _, err := e.websites.Rebuild(ada, draft.ID); err != nil {
			t.Fatal(err)
		}
		wantCode(t, "being built", e.websites.Delete(ada, draft.ID), domain.CodeConflict)
		if err := e.websites.Delete(ada, e.register(ada, t, "new.example").ID); err != nil {
			t.Errorf("a draft: %v", err)
		}
	})
}

// TestDiscard: a website that was made for a run goes with it when there is nothing
// to build it from; one that was there before stays.
func TestDiscard(t *testing.T) {
	t.Parallel()
	e := newEstate(t, testkit.DB(t))
	e.fail = domain.Errorf(domain.CodeNotEnoughData, "The feeds have no tea.")
	ada := in(t.Context(), "acme")
	kept := e.register(ada, t, "kept.example")
	if _, err := e.websites.Rebuild(ada, kept.ID); err != nil {
		t.Fatal(err)
	}
	taken := e.register(ada, t, "taken.example")
	over, _, err := e.websites.Generate(ada, domain.GenerateParams{Domain: "taken.example", Niche: "tea"})
	if err != nil || over.ID != taken.ID {
		t.Fatalf("generate over a draft: %+v, %v", over, err)
	}
	made, run, err := e.websites.Generate(ada, domain.GenerateParams{Domain: "made.example", Niche: "tea"})
	if err != nil {
		t.Fatal(err)
	}
	e.workAll(t)
	for id, want := range map[domain.WebsiteID]domain.Code{kept.ID: "", taken.ID: "", made.ID: domain.CodeNotFound} {
		_, err := e.websites.Get(ada, id)
		wantCode(t, string(id), err, want)
	}
	if got, err := e.runs.Get(ada, run.ID); err != nil || got.State != domain.StateFailed {
		t.Errorf("its run: %+v, %v", got, err)
	}
	list, _, err := e.audit.List(ada, domain.AuditFilter{Object: string(made.ID), Action: "website.discarded"}, domain.Window{Limit: 1})
	if err != nil || len(list) != 1 || list[0].Before == "" || list[0].After != "" || list[0].ActorID != "" {
		t.Errorf("the log of it: %+v, %v", list, err)
	}
}

// TestBulk: each website has its own result, and one that cannot leaves the others.
func TestBulk(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		e := newEstate(t, st)
		ada, other := in(t.Context(), "acme"), in(t.Context(), "other")
		live := e.register(ada, t, "live.example").ID
		first := e.publish(ada, t, live).LiveRelease
		second := e.publish(ada, t, live).LiveRelease
		draft, foreign := e.register(ada, t, "draft.example").ID, e.register(other, t, "foreign.example").ID
		ids := []domain.WebsiteID{draft, foreign, live, "site_0"}
		bulk := func(action domain.BulkAction, want ...domain.Code) []domain.BulkResult {
			t.Helper()
			list, err := e.websites.Bulk(ada, action, ids)
			if err != nil {
				t.Fatal(err)
			}
			for i, r := range list {
				if r.ID != ids[i] || domain.CodeOf(r.Err) != want[i] {
					t.Errorf("%s %s: %s, %v, want %q", action, ids[i], r.ID, r.Err, want[i])
				}
			}
			return list
		}
		liveRelease := func() domain.ReleaseID {
			site, err := e.websites.Get(ada, live)
			if err != nil {
				t.Fatal(err)
			}
			return site.LiveRelease
		}
		bulk(domain.BulkRollback, domain.CodeConflict, domain.CodeNotFound, "", domain.CodeNotFound)
		if got := liveRelease(); got != first {
			t.Errorf("live is %s after rolling back, want %s", got, first)
		}
		bulk(domain.BulkPublish, domain.CodeConflict, domain.CodeNotFound, "", domain.CodeNotFound)
		if got := liveRelease(); got != second {
			t.Errorf("live is %s after publishing, want %s", got, second)
		}
		for i, r := range bulk(domain.BulkRebuild, "", domain.CodeNotFound, "", domain.CodeNotFound) {
			if (r.RunID != "") != (r.Err == nil) {
				t.Errorf("rebuild of %s: run %q", ids[i], r.RunID)
			}
		}
		bulk(domain.BulkRebuild, domain.CodeConflict, domain.CodeNotFound, domain.CodeConflict, domain.CodeNotFound)
		bulk(domain.BulkArchive, domain.CodeConflict, domain.CodeNotFound, domain.CodeConflict, domain.CodeNotFound) // being built
		if site, err := e.websites.Get(other, foreign); err != nil || site.State != domain.WebsiteDraft {
			t.Errorf("that of the other tenant: %+v, %v", site, err)
		}
		for name, list := range map[string][]domain.WebsiteID{"none": {}, "twice": {live, live}, "too many": make([]domain.WebsiteID, domain.MaxBulk+1)} {
			_, err := e.websites.Bulk(ada, domain.BulkArchive, list)
			wantCode(t, name, err, domain.CodeInvalid)
		}
		_, err := e.websites.Bulk(ada, "destroy", ids)
		wantCode(t, "unknown action", err, domain.CodeInvalid)
	})
}

// TestBulkStops: what a request did before it was given up stays, the rest is not
// begun and says so.
func TestBulkStops(t *testing.T) {
	t.Parallel()
	e := newEstate(t, testkit.DB(t))
	ctx, cancel := context.WithCancel(in(t.Context(), "acme"))
	id := e.register(ctx, t, "tea.example").ID
	cancel()
	list, err := e.websites.Bulk(ctx, domain.BulkArchive, []domain.WebsiteID{id})
	if err != nil || len(list) != 1 || list[0].Err == nil {
		t.Errorf("bulk of a request that ended: %+v, %v", list, err)
	}
	if site, err := e.websites.Get(in(t.Context(), "acme"), id); err != nil || site.State != domain.WebsiteDraft {
		t.Errorf("website = %+v, %v, want it untouched", site, err)
	}
}

func TestExport(t *testing.T) {
	t.Parallel()
	e := newEstate(t, testkit.DB(t))
	ada := in(t.Context(), "acme")
	id := e.register(ada, t, "tea.example").ID
	_, err := e.websites.Export(ada, id, domain.ExportFiles)
	wantCode(t, "without a release", err, domain.CodeConflict)
	site := e.publish(ada, t, id)
	x, err := e.websites.Export(ada, id, domain.ExportFiles)
	if err != nil || x.Name != "tea.example-1.zip" {
		t.Fatalf("export: %+v, %v", x, err)
	}
	var b, again bytes.Buffer
	if err := x.WriteTo(ada, &b); err != nil {
		t.Fatal(err)
	}
	if err := x.WriteTo(ada, &again); err != nil || !bytes.Equal(b.Bytes(), again.Bytes()) {
		t.Errorf("the second archive is another: %v", err)
	}
	z, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	rel, err := e.st.Releases.Get(ada, site.LiveRelease)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		got[f.Name] = string(body)
	}
	want := map[string]string{"guide/index.html": "<p>guide</p>", "index.html": "<p>" + string(rel.RunID) + "</p>"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("files = %v, want %v", got, want)
	}
	_, err = e.websites.Export(ada, id, domain.ExportHugo)
	wantCode(t, "without a writer of projects", err, domain.CodeUnavailable)
	broken := writerFunc(func([]byte) (int, error) { return 0, io.ErrClosedPipe })
	if err := x.WriteTo(ada, broken); err == nil {
		t.Error("an archive that could not be written: no error")
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// TestWalkByCursor: After meets each website once while others come and go.
func TestWalkByCursor(t *testing.T) {
	t.Parallel()
	e := newEstate(t, testkit.DB(t))
	ada := in(t.Context(), "acme")
	var want, got []domain.WebsiteID
	for i := range 25 {
		want = append(want, e.register(ada, t, hostOf(i)).ID)
	}
	for after, n := domain.WebsiteID(""), 0; ; n++ {
		list, total, err := e.websites.After(ada, after, 4)
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == 0 {
			break
		}
		if total < 25 {
			t.Errorf("total = %d", total)
		}
		for _, w := range list {
			got, after = append(got, w.ID), w.ID
		}
		if n < 5 {
			e.register(ada, t, fmt.Sprint("late", n, ".example"))
		}
	}
	if len(got) != 30 || !slices.Equal(got[:25], want) || !slices.IsSorted(got) {
		t.Errorf("the walk met %d: %v, want %v and five more", len(got), got, want)
	}
}
