package storetest

import (
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/store"
)

func testTags(t *testing.T, s *store.Store) {
	ctx := t.Context()
	a, b := insertWebsite(t, s, "a"), insertWebsite(t, s, "b")
	must(t, s.Tags.Replace(ctx, a.ID, []string{"old", "x"}))
	must(t, s.Tags.Replace(ctx, a.ID, []string{"winter", "de"}))
	must(t, s.Tags.Replace(ctx, b.ID, []string{"de"}))
	wantEqual(t, value(s.Tags.Of(ctx, a.ID))(t), []string{"de", "winter"})
	wantEqual(t, value(s.Tags.All(ctx, "main"))(t), map[domain.WebsiteID][]string{a.ID: {"de", "winter"}, b.ID: {"de"}})
	wantEqual(t, value(s.Tags.All(ctx, "else"))(t), map[domain.WebsiteID][]string{})
	must(t, s.Tags.Replace(ctx, b.ID, nil))
	wantEqual(t, value(s.Tags.Of(ctx, b.ID))(t), []string{})
	wantCode(t, s.Tags.Replace(ctx, "site_x", []string{"de"}), domain.CodeConflict)
	must(t, s.Websites.Delete(ctx, a.ID))
	wantEqual(t, value(s.Tags.Of(ctx, a.ID))(t), []string{})
}

func testBatches(t *testing.T, s *store.Store) {
	ctx := t.Context()
	w := insertWebsite(t, s, "a")
	least := 90.5
	b := &domain.Batch{
		ID: "bat_1", Tenant: "main", Action: domain.BulkRollback, Filter: domain.WebsiteFilter{Tag: "de", MinScore: &least, Built: domain.BuiltWith{Theme: "t"}},
		State: domain.BatchRunning, Total: 2, ActorID: "user_a", CreatedAt: day, LeftOut: map[string]int{"tag": 3},
	}
	sites := []domain.BatchSite{{WebsiteID: w.ID, Position: 0, State: domain.BatchSiteQueued}, {WebsiteID: "site_gone", Position: 1, State: domain.BatchSiteQueued}}
	must(t, s.Batches.Insert(ctx, b, sites))
	wantCode(t, s.Batches.Insert(ctx, b, nil), domain.CodeConflict)
	b.Counts = map[domain.BatchSiteState]int{domain.BatchSiteQueued: 2}
	wantEqual(t, value(s.Batches.Get(ctx, b.ID))(t), b)
	sites[0].Domain = w.Domain
	wantEqual(t, value(s.Batches.Sites(ctx, b.ID, nil, domain.Window{Limit: 5}))(t), sites)

	sites[0].State, sites[0].ReleaseID = domain.BatchSiteDone, "rel_1"
	must(t, s.Batches.Settle(ctx, b.ID, &sites[0]))
	wantCode(t, s.Batches.Settle(ctx, b.ID, &sites[0]), domain.CodeConflict) // once
	sites[1].State, sites[1].Code, sites[1].Detail, sites[1].RunID = domain.BatchSiteFailed, domain.CodeNotFound, "It is gone.", "run_1"
	must(t, s.Batches.Settle(ctx, b.ID, &sites[1]))
	wantEqual(t, value(s.Batches.Sites(ctx, b.ID, []domain.BatchSiteState{domain.BatchSiteFailed}, domain.Window{Limit: 5}))(t), sites[1:])

	cancelled := &domain.Batch{ID: "bat_0", Tenant: "else", State: domain.BatchRunning, CreatedAt: day}
	must(t, s.Batches.Insert(ctx, cancelled, []domain.BatchSite{{WebsiteID: w.ID, State: domain.BatchSiteQueued}, {WebsiteID: w.ID, Position: 1, State: domain.BatchSiteDone}}))
	must(t, s.Batches.Drop(ctx, "bat_0", "cancelled"))
	wantEqual(t, value(s.Batches.Get(ctx, "bat_0"))(t).Counts, map[domain.BatchSiteState]int{domain.BatchSiteSkipped: 1, domain.BatchSiteDone: 1})

	held := value(s.Batches.Hold(ctx, b.ID))(t)
	at := day.Add(time.Minute)
	held.State, held.FinishedAt = domain.BatchDone, &at
	must(t, s.Batches.Update(ctx, held))
	list, total, err := s.Batches.List(ctx, "main", domain.Window{Limit: 5})
	must(t, err)
	if total != 1 || list[0].State != domain.BatchDone || list[0].Counts[domain.BatchSiteDone] != 1 || list[0].Counts[domain.BatchSiteFailed] != 1 {
		t.Errorf("list = %+v of %d", list, total)
	}
	if _, total, err = s.Batches.List(ctx, "none", domain.Window{}); err != nil || total != 0 {
		t.Errorf("another tenant sees %d, %v", total, err)
	}
	_, err = s.Batches.Hold(ctx, "bat_x")
	wantCode(t, err, domain.CodeNotFound)
	wantCode(t, s.Batches.Update(ctx, &domain.Batch{ID: "bat_x"}), domain.CodeNotFound)
}

func testRetirements(t *testing.T, s *store.Store) {
	ctx := t.Context()
	w := insertWebsite(t, s, "a")
	whole := domain.Retirement{WebsiteID: w.ID, Target: "site_b", Reason: "merged", ActorID: "user_a", At: day}
	page := domain.Retirement{WebsiteID: w.ID, Path: "/old/", Reason: "weak", ActorID: "user_a", At: day}
	must(t, s.Retirements.Upsert(ctx, &page))
	must(t, s.Retirements.Upsert(ctx, &whole))
	page.Target = "/new/"
	must(t, s.Retirements.Upsert(ctx, &page))
	wantEqual(t, value(s.Retirements.List(ctx, w.ID))(t), []domain.Retirement{whole, page})
	must(t, s.Retirements.Delete(ctx, w.ID, ""))
	wantCode(t, s.Retirements.Delete(ctx, w.ID, ""), domain.CodeNotFound)
	must(t, s.Websites.Delete(ctx, w.ID))
	wantEqual(t, value(s.Retirements.List(ctx, w.ID))(t), []domain.Retirement{})
}

func testPlannedReleases(t *testing.T, s *store.Store) {
	ctx := t.Context()
	w := insertWebsite(t, s, "a")
	for i, id := range []domain.PlannedReleaseID{"plan_1", "plan_2", "plan_3"} {
		p := &domain.PlannedRelease{
			ID: id, Tenant: "main", WebsiteID: w.ID, ReleaseID: "rel_1", At: day.Add(time.Duration(3-i) * time.Hour), State: domain.PlannedWaiting, ActorID: "user_a", CreatedAt: day,
		}
		must(t, s.Planned.Insert(ctx, p))
		wantEqual(t, value(s.Planned.Get(ctx, id))(t), p)
	}
	due := value(s.Planned.Due(ctx, day.Add(2*time.Hour), 10))(t)
	if len(due) != 2 || due[0].ID != "plan_3" || due[1].ID != "plan_2" {
		t.Fatalf("due = %+v, want plan_3 and plan_2", due)
	}
	p := value(s.Planned.Hold(ctx, "plan_3"))(t)
	p.State, p.Detail, p.EndedAt = domain.PlannedPublished, "late", &day
	must(t, s.Planned.Update(ctx, p))
	if due = value(s.Planned.Due(ctx, day.Add(2*time.Hour), 10))(t); len(due) != 1 {
		t.Errorf("due = %+v", due)
	}
	list, total, err := s.Planned.List(ctx, "main", w.ID, []domain.PlannedState{domain.PlannedWaiting}, domain.Window{Limit: 1})
	must(t, err)
	if total != 2 || len(list) != 1 || list[0].ID != "plan_2" {
		t.Errorf("list = %+v of %d", list, total)
	}
	if _, total, err = s.Planned.List(ctx, "else", "", nil, domain.Window{}); err != nil || total != 0 {
		t.Errorf("another tenant sees %d, %v", total, err)
	}
	_, err = s.Planned.Hold(ctx, "plan_x")
	wantCode(t, err, domain.CodeNotFound)
	wantCode(t, s.Planned.Update(ctx, &domain.PlannedRelease{ID: "plan_x"}), domain.CodeNotFound)
}
