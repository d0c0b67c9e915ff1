package storetest

import (
	"context"
	"errors"
	"testing"

	"empire/internal/domain"
	"empire/internal/store"
)

func snapshot(tenant domain.TenantID, url string) domain.Snapshot {
	return domain.Snapshot{
		Tenant: tenant, URL: url, FinalURL: url + "/", FetchedAt: day, Status: 200, ContentType: "text/html", Charset: "utf-8", Size: 7, SHA256: "ab", TextSHA256: "cd",
		TextSize: 3, Title: "Schlüssel & mehr", PublishedAt: ptr(day), Own: true,
	}.Seal()
}

func testSnapshots(t *testing.T, s *store.Store) {
	ctx := t.Context()
	var want []domain.Snapshot
	for _, u := range []string{"https://a.example", "https://b.example", "https://c.example"} {
		v := snapshot("acme", u)
		must(t, s.Snapshots.Insert(ctx, &v))
		must(t, s.Snapshots.Insert(ctx, &v)) // again
		wantEqual(t, value(s.Snapshots.Get(ctx, v.ID))(t), &v)
		want = append(want, v)
	}
	other := snapshot("main", "https://a.example")
	must(t, s.Snapshots.Insert(ctx, &other))
	got := map[domain.SnapshotID]bool{}
	for after := domain.SnapshotID(""); ; {
		list := value(s.Snapshots.After(ctx, "acme", after, 2))(t)
		if len(list) == 0 {
			break
		}
		for _, v := range list {
			if v.ID <= after || v.Tenant != "acme" {
				t.Errorf("%+v comes after %s", v, after)
			}
			got[v.ID], after = true, v.ID
		}
	}
	if len(got) != len(want) {
		t.Errorf("the walk met %d snapshots, want %d", len(got), len(want))
	}
	if all := value(s.Snapshots.After(ctx, "", "", 10))(t); len(all) != 4 {
		t.Errorf("%d of all tenants, want 4", len(all))
	}
	_, err := s.Snapshots.Get(ctx, "snap_none")
	wantCode(t, err, domain.CodeNotFound)
}

func testSnapshotCitations(t *testing.T, s *store.Store) {
	ctx := t.Context()
	v := snapshot("main", "https://a.example")
	must(t, s.Snapshots.Insert(ctx, &v))
	site := insertWebsite(t, s, "keys")
	one, two := v.Cites("a span", 3), v.Cites("another span", 30)
	feed := domain.Evidence{Kind: domain.EvidenceSetting, Field: "f", Value: "v"}.Seal()
	for range 2 { // the second time changes nothing
		must(t, s.Evidence.InsertAll(ctx, site.ID, []domain.Evidence{one, feed}))
		must(t, s.Snapshots.Cite(ctx, "rsch_1", []domain.Evidence{two, one, feed}))
	}
	want := []domain.SnapshotCitation{{Owner: "rsch_1", Evidence: one}, {Owner: "rsch_1", Evidence: two}, {Owner: string(site.ID), Evidence: one}}
	if two.ID < one.ID {
		want[0], want[1] = want[1], want[0]
	}
	wantEqual(t, value(s.Snapshots.Citations(ctx, v.ID))(t), want)
	wantEqual(t, value(s.Snapshots.CitedBy(ctx, string(site.ID)))(t), []domain.Evidence{one})
	must(t, s.Websites.Delete(ctx, site.ID))
	wantEqual(t, value(s.Snapshots.Citations(ctx, v.ID))(t), want[:2])
	wantEqual(t, value(s.Snapshots.Citations(ctx, "snap_none"))(t), []domain.SnapshotCitation{})
}

func testResearch(t *testing.T, s *store.Store) {
	ctx := t.Context()
	v := snapshot("acme", "https://a.example")
	r := &domain.ResearchReport{
		ID: "rsch_1", Tenant: "acme", OwnerID: "user_a", Params: domain.ResearchParams{Topic: "Tee", Depth: domain.DepthQuick, Language: "de"},
		State: domain.StateQueued, CreatedAt: day,
	}
	must(t, s.Research.Insert(ctx, r))
	wantEqual(t, value(s.Research.Get(ctx, r.ID))(t), r)
	e := v.Cites("ein Satz", 0)
	r.State, r.FinishedAt, r.Evidence = domain.StateCompleted, ptr(day), []domain.Evidence{e}
	r.Claims = []domain.ResearchClaim{{ID: "c1", Text: "ein Satz", Evidence: []domain.EvidenceID{e.ID}}}
	must(t, s.InTx(ctx, func(ctx context.Context) error {
		held, err := s.Research.Hold(ctx, r.ID)
		if err != nil {
			return err
		}
		return errors.Join(s.Research.Update(ctx, r), func() error { wantEqual(t, held.State, domain.StateQueued); return nil }())
	}))
	wantEqual(t, value(s.Research.Get(ctx, r.ID))(t), r)
	wantEqual(t, value(s.Snapshots.Citations(ctx, v.ID))(t), []domain.SnapshotCitation{{Owner: "rsch_1", Evidence: e}})
	must(t, s.Research.Insert(ctx, &domain.ResearchReport{ID: "rsch_2", Tenant: "main", State: domain.StateQueued, CreatedAt: day}))
	must(t, s.Research.Insert(ctx, &domain.ResearchReport{ID: "rsch_3", Tenant: "acme", State: domain.StateQueued, CreatedAt: day}))
	for _, tt := range []struct {
		f    domain.ResearchFilter
		want []domain.ResearchID
	}{
		{domain.ResearchFilter{}, []domain.ResearchID{"rsch_3", "rsch_2", "rsch_1"}},
		{domain.ResearchFilter{Tenant: "acme"}, []domain.ResearchID{"rsch_3", "rsch_1"}},
		{domain.ResearchFilter{Tenant: "acme", State: domain.StateCompleted}, []domain.ResearchID{"rsch_1"}},
	} {
		list, total, err := s.Research.List(ctx, tt.f, window(10, 0))
		must(t, err)
		var ids []domain.ResearchID
		for _, r := range list {
			ids = append(ids, r.ID)
		}
		wantEqual(t, ids, tt.want)
		wantEqual(t, total, len(tt.want))
	}
	_, err := s.Research.Get(ctx, "rsch_0")
	wantCode(t, err, domain.CodeNotFound)
	wantCode(t, s.Research.Update(ctx, &domain.ResearchReport{ID: "rsch_0"}), domain.CodeNotFound)
}
