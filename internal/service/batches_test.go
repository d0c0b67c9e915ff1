package service_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/service"
	"empire/internal/store"
	"empire/internal/testkit"
)

// newBatches returns batches whose jobs are not queued: tests do them.
func (e *estate) newBatches(change ...func(*service.BatchesConfig)) *service.Batches {
	cfg := service.BatchesConfig{
		Tx: e.st, Store: e.st.Batches, Tags: e.st.Tags, Websites: e.websites, Audit: e.st.Audit, Now: time.Now,
		Enqueue: func(context.Context, string, any, time.Time) error { return nil },
	}
	for _, fn := range change {
		fn(&cfg)
	}
	return service.NewBatches(cfg)
}

func rowOf(t *testing.T, list []domain.BatchSite, id domain.WebsiteID) domain.BatchSite {
	t.Helper()
	for _, w := range list {
		if w.WebsiteID == id {
			return w
		}
	}
	t.Fatalf("website %s is not in the batch %+v", id, list)
	return domain.BatchSite{}
}

func job(t *testing.T, id domain.BatchID) json.RawMessage {
	t.Helper()
	raw, err := json.Marshal(map[string]domain.BatchID{"batch_id": id})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// TestBatchRollback: a dry run says what would be done and why not, and changes
// nothing; a batch does it, each website once, however often its job dies.
func TestBatchRollback(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		e := newEstate(t, st)
		ada := in(t.Context(), "acme")
		var sites []*domain.Website
		for i := range 4 {
			s := e.register(ada, t, hostOf(i))
			for range []int{3, 3, 3, 1}[i] {
				s = e.publish(ada, t, s.ID)
			}
			sites = append(sites, s)
		}
		never := e.register(ada, t, "never.example")
		other := e.publish(in(t.Context(), "other"), t, e.register(in(t.Context(), "other"), t, "other.example").ID)

		p := domain.BatchParams{Action: domain.BulkRollback, Filter: domain.WebsiteFilter{Text: ".EXAMPLE"}, Reason: " broken   theme "}
		dry := p
		dry.DryRun = true
		plan, list, err := e.batches.Start(ada, dry)
		if err != nil || plan.State != domain.BatchPlanned || plan.ID != "" || plan.Total != 5 || plan.Counts[domain.BatchSiteQueued] != 3 || plan.Counts[domain.BatchSiteSkipped] != 2 {
			t.Fatalf("plan = %+v, %v, want three of five", plan, err)
		}
		if w := rowOf(t, list, sites[3].ID); w.State != domain.BatchSiteSkipped || w.Code != domain.CodeConflict || !strings.Contains(w.Detail, "no release before number 1") {
			t.Errorf("a website with one release: %+v", w)
		}
		second := rowOf(t, list, sites[0].ID).ReleaseID
		if r, err := st.Releases.Get(ada, second); err != nil || r.Number != 2 {
			t.Errorf("the first would go to %+v, %v, want its second release", r, err)
		}
		if _, total, err := e.batches.List(ada, domain.Window{}); err != nil || total != 0 {
			t.Errorf("a dry run left %d batches, %v", total, err)
		}

		b, _, err := e.batches.Start(ada, p)
		if err != nil || b.State != domain.BatchRunning || b.Reason != "broken theme" {
			t.Fatalf("batch = %+v, %v", b, err)
		}
		// The process dies after its first website.
		dying, die := context.WithCancel(t.Context())
		e.mu.Lock()
		e.told, e.onTold = nil, die
		e.mu.Unlock()
		if err := e.batches.Work(dying, job(t, b.ID)); !errors.Is(err, context.Canceled) {
			t.Fatalf("a job that dies: %v", err)
		}
		if b, _, err = e.batches.Get(ada, b.ID, nil, domain.Window{Limit: 1}); err != nil || b.State != domain.BatchRunning || b.Counts[domain.BatchSiteDone] != 1 || b.Counts[domain.BatchSiteQueued] != 4 {
			t.Fatalf("after the death: %+v, %v", b, err)
		}
		for range 2 { // the second time there is nothing left to do
			if err := e.batches.Work(t.Context(), job(t, b.ID)); err != nil {
				t.Fatal(err)
			}
		}
		b, list, err = e.batches.Get(ada, b.ID, nil, domain.Window{Limit: 10})
		if err != nil || b.State != domain.BatchDone || b.FinishedAt == nil || b.Counts[domain.BatchSiteDone] != 3 || b.Counts[domain.BatchSiteSkipped] != 2 || len(list) != 5 {
			t.Fatalf("batch = %+v, %v", b, err)
		}
		for i, s := range sites {
			got, err := e.websites.Get(ada, s.ID)
			if err != nil {
				t.Fatal(err)
			}
			r, err := st.Releases.Get(ada, got.LiveRelease)
			if want := []int{2, 2, 2, 1}[i]; err != nil || r.Number != want {
				t.Errorf("website %d serves release %d, %v, want %d", i, r.Number, err, want)
			}
		}
		if got, err := st.Websites.Get(ada, never.ID); err != nil || got.State != domain.WebsiteDraft {
			t.Errorf("a website that was never published: %+v, %v", got, err)
		}
		if got, err := st.Websites.Get(ada, other.ID); err != nil || got.LiveRelease != other.LiveRelease {
			t.Errorf("another tenant's website was moved: %+v, %v", got, err)
		}
		entries, _, err := e.audit.List(ada, domain.AuditFilter{Action: "release.rolled_back"}, domain.Window{Limit: 10})
		if err != nil || len(entries) != 3 || entries[0].ActorID != "user_acme" {
			t.Errorf("audit = %+v, %v, want three by who started the batch", entries, err)
		}
	})
}

// TestBatchSelects: websites are selected by all that is known of them; nothing is
// changed by accident.
func TestBatchSelects(t *testing.T) {
	t.Parallel()
	e := newEstate(t, testkit.DB(t))
	ada := in(t.Context(), "acme")
	live := e.publish(ada, t, e.register(ada, t, "a.example").ID)
	draft := e.register(ada, t, "b.example")
	if _, err := e.batches.SetTags(ada, draft.ID, []string{"winter", "de", "de"}); err != nil {
		t.Fatal(err)
	}
	if tags, err := e.batches.Tags(ada, draft.ID); err != nil || strings.Join(tags, " ") != "de winter" {
		t.Errorf("tags = %v, %v", tags, err)
	}
	r, err := e.st.Releases.Get(ada, live.LiveRelease)
	if err != nil || r.BuiltWith.Theme != "theme-1" {
		t.Fatalf("release = %+v, %v, want what it was built with", r, err)
	}
	score := r.SEOScore
	for name, tt := range map[string]struct {
		filter domain.WebsiteFilter
		want   []domain.WebsiteID
		out    string
	}{
		"niche":  {domain.WebsiteFilter{Niche: "TE"}, []domain.WebsiteID{live.ID, draft.ID}, ""},
		"state":  {domain.WebsiteFilter{State: domain.WebsiteLive}, []domain.WebsiteID{live.ID}, "state"},
		"tag":    {domain.WebsiteFilter{Tag: "winter"}, []domain.WebsiteID{draft.ID}, "tag"},
		"text":   {domain.WebsiteFilter{Text: "B.EX"}, []domain.WebsiteID{draft.ID}, "text"},
		"ids":    {domain.WebsiteFilter{IDs: []domain.WebsiteID{draft.ID, "site_0"}}, []domain.WebsiteID{draft.ID}, "ids"},
		"feed":   {domain.WebsiteFilter{Feed: "feed_x", Tag: "de"}, nil, "feed"},
		"theme":  {domain.WebsiteFilter{Built: domain.BuiltWith{Theme: "theme-1"}}, []domain.WebsiteID{live.ID}, "live_release"},
		"rules":  {domain.WebsiteFilter{Built: domain.BuiltWith{Theme: "theme-1", Rules: "9"}, State: domain.WebsiteLive}, nil, "built_with"},
		"score":  {domain.WebsiteFilter{MinScore: &score}, []domain.WebsiteID{live.ID}, "live_release"},
		"below":  {domain.WebsiteFilter{BelowScore: &score, State: domain.WebsiteLive}, nil, "score"},
		"tongue": {domain.WebsiteFilter{Language: "de"}, nil, "language"},
	} {
		b, list, err := e.batches.Start(ada, domain.BatchParams{Action: domain.BulkRebuild, Filter: tt.filter, DryRun: true})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got []domain.WebsiteID
		for _, w := range list {
			got = append(got, w.WebsiteID)
		}
		if len(got) != len(tt.want) || len(got) > 0 && got[0] != tt.want[0] || tt.out != "" && b.LeftOut[tt.out] == 0 {
			t.Errorf("%s selects %v and leaves out %v, want %v and one by %q", name, got, b.LeftOut, tt.want, tt.out)
		}
	}
	for name, p := range map[string]domain.BatchParams{
		"no filter": {Action: domain.BulkArchive}, "both": {Action: domain.BulkArchive, All: true, Filter: domain.WebsiteFilter{Tag: "de"}},
		"none fits": {Action: domain.BulkArchive, Filter: domain.WebsiteFilter{Tag: "none"}}, "action": {Action: "burn", All: true},
		"reason": {Action: domain.BulkArchive, All: true, Reason: strings.Repeat("x", 1001)},
	} {
		_, _, err := e.batches.Start(ada, p)
		wantCode(t, name, err, domain.CodeInvalid)
	}
	for _, tags := range [][]string{{""}, {"Ä"}, {"a b"}, {strings.Repeat("x", 41)}, strings.Split(strings.Repeat("abcdefghij", 3), "")} {
		_, err := e.batches.SetTags(ada, draft.ID, tags)
		if len(tags) < 20 {
			wantCode(t, "tags", err, domain.CodeInvalid)
		}
	}
}

// TestBatchActions: the other actions work as well, and a cancelled batch leaves what
// it did not reach.
func TestBatchActions(t *testing.T) {
	t.Parallel()
	e := newEstate(t, testkit.DB(t))
	ada := in(t.Context(), "acme")
	site := e.publish(ada, t, e.register(ada, t, "a.example").ID)
	first := site.LiveRelease
	site = e.publish(ada, t, site.ID)
	if _, err := e.websites.Rollback(ada, site.ID, first); err != nil {
		t.Fatal(err)
	}
	do := func(action domain.BulkAction) domain.BatchSite {
		t.Helper()
		b, _, err := e.batches.Start(ada, domain.BatchParams{Action: action, All: true})
		if err != nil {
			t.Fatal(err)
		}
		if err := e.batches.Finish(t.Context(), b.ID); err != nil {
			t.Fatal(err)
		}
		_, list, err := e.batches.Get(ada, b.ID, nil, domain.Window{})
		if err != nil || len(list) != 1 {
			t.Fatalf("%s: %+v, %v", action, list, err)
		}
		return list[0]
	}
	if w := do(domain.BulkPublish); w.State != domain.BatchSiteDone || w.ReleaseID != site.LiveRelease {
		t.Errorf("publish: %+v, want release %s", w, site.LiveRelease)
	}
	w := do(domain.BulkRebuild)
	if run, err := e.runs.Get(ada, w.RunID); err != nil || run.WebsiteID != site.ID || w.State != domain.BatchSiteDone {
		t.Errorf("rebuild: %+v, %v", w, err)
	}
	if w := do(domain.BulkRebuild); w.State != domain.BatchSiteSkipped || !strings.Contains(w.Detail, "being built already") {
		t.Errorf("a second rebuild: %+v", w)
	}
	if _, err := e.runs.Cancel(ada, w.RunID); err != nil {
		t.Fatal(err)
	}
	b, _, err := e.batches.Start(ada, domain.BatchParams{Action: domain.BulkArchive, All: true})
	if err != nil {
		t.Fatal(err)
	}
	if b, err = e.batches.Cancel(ada, b.ID); err != nil || b.State != domain.BatchCancelled || b.Counts[domain.BatchSiteSkipped] != 1 {
		t.Errorf("cancelled = %+v, %v", b, err)
	}
	_, err = e.batches.Cancel(ada, b.ID)
	wantCode(t, "cancel twice", err, domain.CodeConflict)
	if err := e.batches.Finish(t.Context(), b.ID); err != nil {
		t.Fatal(err)
	}
	if got, err := e.websites.Get(ada, site.ID); err != nil || got.State != domain.WebsiteLive {
		t.Errorf("a cancelled batch archived %+v, %v", got, err)
	}
	if w := do(domain.BulkArchive); w.State != domain.BatchSiteDone {
		t.Errorf("archive: %+v", w)
	}
	if w := do(domain.BulkRollback); w.State != domain.BatchSiteSkipped || !strings.Contains(w.Detail, "archived") {
		t.Errorf("rollback of an archived website: %+v", w)
	}
}

// TestBatchFaults: a fault of ours ends the website that it met, not the batch, and its
// cause is in the log alone.
func TestBatchFaults(t *testing.T) {
	t.Parallel()
	e := newEstate(t, testkit.DB(t))
	ada := in(t.Context(), "acme")
	torn, whole := e.publish(ada, t, e.register(ada, t, "a.example").ID), e.publish(ada, t, e.register(ada, t, "b.example").ID)
	e.sites.Recheck = func(_ context.Context, id domain.WebsiteID, gates []domain.Gate) ([]domain.Gate, error) {
		if id == torn.ID {
			return nil, errors.New("torn page")
		}
		return gates, nil
	}
	e.websites = service.NewWebsites(e.sites)
	var log bytes.Buffer
	batches := e.newBatches(func(c *service.BatchesConfig) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	b, _, err := batches.Start(ada, domain.BatchParams{Action: domain.BulkPublish, All: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := batches.Finish(t.Context(), b.ID); err != nil {
		t.Fatal(err)
	}
	b, list, err := batches.Get(ada, b.ID, nil, domain.Window{Limit: 10})
	if err != nil || b.State != domain.BatchDone {
		t.Fatalf("batch = %+v, %v", b, err)
	}
	if w := rowOf(t, list, torn.ID); w.State != domain.BatchSiteFailed || w.Code != domain.CodeInternal || strings.Contains(w.Detail, "torn") {
		t.Errorf("the website that met a fault: %+v", w)
	}
	if w := rowOf(t, list, whole.ID); w.State != domain.BatchSiteDone {
		t.Errorf("the other website: %+v", w)
	}
	if text := log.String(); strings.Count(text, "website of a batch not changed") != 1 || !strings.Contains(text, "torn page") || !strings.Contains(text, string(torn.ID)) {
		t.Errorf("log = %s", text)
	}
}

// TestBatchTenants: a batch is its tenant's alone, and needs the right to change
// websites.
func TestBatchTenants(t *testing.T) {
	t.Parallel()
	e := newEstate(t, testkit.DB(t))
	ada, bob := in(t.Context(), "acme"), in(t.Context(), "other")
	site := e.register(ada, t, "a.example")
	b, _, err := e.batches.Start(ada, domain.BatchParams{Action: domain.BulkArchive, All: true})
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = e.batches.Get(bob, b.ID, nil, domain.Window{})
	wantCode(t, "get", err, domain.CodeNotFound)
	_, err = e.batches.Cancel(bob, b.ID)
	wantCode(t, "cancel", err, domain.CodeNotFound)
	_, err = e.batches.Tags(bob, site.ID)
	wantCode(t, "tags", err, domain.CodeNotFound)
	_, err = e.batches.SetTags(bob, site.ID, []string{"mine"})
	wantCode(t, "set tags", err, domain.CodeNotFound)
	if _, total, err := e.batches.List(bob, domain.Window{}); err != nil || total != 0 {
		t.Errorf("another tenant sees %d batches, %v", total, err)
	}
	_, _, err = e.batches.Start(bob, domain.BatchParams{Action: domain.BulkArchive, All: true})
	wantCode(t, "start without websites", err, domain.CodeInvalid)
	reader := domain.WithPrincipal(t.Context(), &domain.Principal{UserID: "user_r", Tenant: "acme", Permissions: []domain.Permission{domain.WebsitesRead}})
	_, _, err = e.batches.Start(reader, domain.BatchParams{Action: domain.BulkArchive, All: true, DryRun: true})
	wantCode(t, "start by a reader", err, domain.CodeForbidden)
	_, err = e.batches.Cancel(reader, b.ID)
	wantCode(t, "cancel by a reader", err, domain.CodeForbidden)
	_, err = e.batches.SetTags(reader, site.ID, nil)
	wantCode(t, "set tags by a reader", err, domain.CodeForbidden)
}
