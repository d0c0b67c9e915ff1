package api_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"empire/internal/api"
	"empire/internal/domain"
)

var batchEndpoints = []endpoint{
	{
		method: "POST", path: "/fleet/batches", right: domain.WebsitesManage, status: 200,
		body: `{"action":"rollback","filter":{"tag":"de","built_with":{"theme":"t"},"min_score":50},"reason":"x"}`,
		bad: []string{
			`{}`, `{"action":"burn","all":true}`, `{"action":"archive","filter":{"state":"odd"}}`, `{"action":"archive","filter":{"language":"fr"}}`, `{"action":"archive","filter":{"min_score":-1}}`,
			`{"action":"archive","filter":{"colour":"red"}}`, `{"action":"archive","filter":[]}`, `{"action":"archive","all":"yes"}`,
		},
	},
	{method: "GET", path: "/fleet/batches", right: domain.WebsitesRead, status: 200, bad: badWindows},
	{method: "GET", path: "/fleet/batches/bat_1", query: "?state=failed", right: domain.WebsitesRead, status: 200, unknown: "/fleet/batches/bat_2", bad: append([]string{"?state=odd"}, badWindows...)},
	{method: "POST", path: "/fleet/batches/bat_1/cancel", right: domain.WebsitesManage, status: 200, unknown: "/fleet/batches/bat_2/cancel"},
	{method: "GET", path: "/websites/site_1/tags", right: domain.WebsitesRead, status: 200, unknown: "/websites/site_2/tags"},
	{
		method: "PUT", path: "/websites/site_1/tags", right: domain.WebsitesManage, status: 200, body: `{"tags":["de","winter"]}`, unknown: "/websites/site_2/tags",
		bad: []string{`{}`, `{"tags":"de"}`, `{"tags":[1]}`},
	},
}

type batches struct{ *fakes }

func (f batches) batch(ctx context.Context, right domain.Permission, id domain.BatchID) (*domain.Batch, error) {
	if _, err := domain.Require(ctx, right); err != nil {
		return nil, err
	}
	if f.fail != nil {
		return nil, f.fail
	}
	if id != "bat_1" {
		return nil, missing("Batch", string(id))
	}
	return &domain.Batch{
		ID: id, Tenant: "secret-tenant", Action: domain.BulkRollback, State: domain.BatchRunning, Total: 3, CreatedAt: noon,
		Counts: map[domain.BatchSiteState]int{domain.BatchSiteQueued: 1, domain.BatchSiteDone: 1, domain.BatchSiteFailed: 1},
	}, nil
}

func (f batches) Start(ctx context.Context, p domain.BatchParams) (*domain.Batch, []domain.BatchSite, error) {
	b, err := f.batch(ctx, domain.WebsitesManage, "bat_1")
	f.note(func() { f.batchParams = p })
	if err == nil && p.DryRun {
		b.ID, b.State = "", domain.BatchPlanned
	}
	return b, []domain.BatchSite{{WebsiteID: "site_1", State: domain.BatchSiteQueued}}, err
}

func (f batches) List(ctx context.Context, w domain.Window) ([]domain.Batch, int, error) {
	f.note(func() { f.window = w })
	b, err := f.batch(ctx, domain.WebsitesRead, "bat_1")
	if err != nil {
		return nil, 0, err
	}
	return []domain.Batch{*b}, 1, nil
}

func (f batches) Get(ctx context.Context, id domain.BatchID, states []domain.BatchSiteState, _ domain.Window) (*domain.Batch, []domain.BatchSite, error) {
	b, err := f.batch(ctx, domain.WebsitesRead, id)
	f.note(func() { f.batchStates = states })
	return b, []domain.BatchSite{{WebsiteID: "site_1", State: domain.BatchSiteDone, ReleaseID: "rel_1", RunID: "run_1"}}, err
}

func (f batches) Cancel(ctx context.Context, id domain.BatchID) (*domain.Batch, error) {
	return f.batch(ctx, domain.WebsitesManage, id)
}

func (f batches) Tags(_ context.Context, id domain.WebsiteID) ([]string, error) {
	_, err := websites(f).site(id)
	return nil, err
}

func (f batches) SetTags(_ context.Context, id domain.WebsiteID, tags []string) ([]string, error) {
	_, err := websites(f).site(id)
	return tags, err
}

// TestBatches: a filter gets to the service whole, a dry run has no id, and counts are
// told by state.
func TestBatches(t *testing.T) {
	t.Parallel()
	f := &fakes{}
	a := newAPI(f)
	do := func(method, path, body string, want ...string) {
		t.Helper()
		w := call(t, a, admin, method, api.Base+path, body)
		if w.Code != http.StatusOK {
			t.Errorf("%s %s answers %d: %s", method, path, w.Code, w.Body)
		}
		for _, part := range want {
			if !strings.Contains(w.Body.String(), part) {
				t.Errorf("%s %s lacks %s: %s", method, path, part, w.Body)
			}
		}
	}
	do("POST", "/fleet/batches", `{"action":"rollback","dry_run":true,"filter":{"ids":["site_1"],"niche":"tea","text":"x","language":"de","state":"live","tag":"t","feed":"feed_1","built_with":{"theme":"a","rules":"2"},"below_score":80.5}}`,
		`"id":null`, `"state":"planned"`, `"queued":1,"done":1,"skipped":0,"failed":1`, `"left_out":{}`, `"release_id":null`)
	p := f.batchParams
	if !p.DryRun || p.All || p.Filter.Built != (domain.BuiltWith{Theme: "a", Rules: "2"}) || p.Filter.BelowScore == nil || *p.Filter.BelowScore != 80.5 || p.Filter.MinScore != nil ||
		len(p.Filter.IDs) != 1 || p.Filter.Niche != "tea" || p.Filter.Text != "x" || p.Filter.Language != "de" || p.Filter.State != domain.WebsiteLive || p.Filter.Tag != "t" || p.Filter.Feed != "feed_1" {
		t.Errorf("parameters = %+v", p)
	}
	do("GET", "/fleet/batches/bat_1?state=failed", "", `"id":"bat_1"`, `"release_id":"rel_1"`, `"run_id":"run_1"`)
	if !slices.Equal(f.batchStates, []domain.BatchSiteState{domain.BatchSiteFailed}) {
		t.Errorf("asked for %v", f.batchStates)
	}
}
