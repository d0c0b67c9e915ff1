package api_test

import (
	"context"
	"time"

	"empire/internal/domain"
)

var revisionEndpoints = []endpoint{
	{
		method: "POST", path: "/websites/site_1/restore", right: domain.WebsitesManage, status: 202, body: `{"path":"/guide/","release_id":"rel_1"}`, unknown: "/websites/site_2/restore",
		bad: []string{`{}`, `{"path":"guide","release_id":"rel_1"}`, `{"path":"/guide/"}`, `{"path":"/guide/","release_id":7}`},
	},
	{
		method: "POST", path: "/websites/site_1/retire", right: domain.WebsitesManage, status: 202, body: `{"path":"/old/","target":"/new/","reason":"weak"}`, unknown: "/websites/site_2/retire",
		bad: []string{`{}`, `{"path":"old","reason":"x"}`, `{"path":"/old/","reason":""}`, `{"reason":"x","to":"y"}`},
	},
	{method: "GET", path: "/websites/site_1/retirements", right: domain.WebsitesRead, status: 200, unknown: "/websites/site_2/retirements"},
	{method: "DELETE", path: "/websites/site_1/retirements", query: "?path=/old/", right: domain.WebsitesManage, status: 204, unknown: "/websites/site_2/retirements"},
	{
		method: "POST", path: "/websites/site_1/planned-releases", right: domain.WebsitesManage, status: 201, body: `{"release_id":"rel_1","at":"2026-03-02T08:00:00+01:00"}`, unknown: "/websites/site_2/planned-releases",
		bad: []string{`{}`, `{"release_id":"rel_1"}`, `{"release_id":"rel_1","at":"tomorrow"}`, `{"release_id":"","at":"2026-03-02T08:00:00Z"}`},
	},
	{method: "GET", path: "/fleet/planned-releases", query: "?website_id=site_1&state=waiting", right: domain.WebsitesRead, status: 200, bad: append([]string{"?state=odd"}, badWindows...)},
	{method: "POST", path: "/fleet/planned-releases/plan_1/cancel", right: domain.WebsitesManage, status: 200, unknown: "/fleet/planned-releases/plan_2/cancel"},
}

type revisions struct{ *fakes }

func (f revisions) Restore(_ context.Context, id domain.WebsiteID, _ string, _ domain.ReleaseID) (*domain.Run, error) {
	_, err := websites(f).site(id)
	return &domain.Run{ID: "run_1", CreatedAt: noon}, err
}

func (f revisions) Retire(_ context.Context, id domain.WebsiteID, _, _, _ string) (*domain.Run, error) {
	_, err := websites(f).site(id)
	return &domain.Run{ID: "run_1", CreatedAt: noon}, err
}

func (f revisions) List(_ context.Context, id domain.WebsiteID) ([]domain.Retirement, error) {
	_, err := websites(f).site(id)
	return []domain.Retirement{{WebsiteID: id, Path: "/old/", At: noon}}, err
}

func (f revisions) TakeBack(_ context.Context, id domain.WebsiteID, _ string) error {
	_, err := websites(f).site(id)
	return err
}

type plannedReleases struct{ *fakes }

func (f plannedReleases) Plan(_ context.Context, id domain.WebsiteID, release domain.ReleaseID, at time.Time) (*domain.PlannedRelease, error) {
	_, err := websites(f).site(id)
	return &domain.PlannedRelease{ID: "plan_1", Tenant: "secret-tenant", WebsiteID: id, ReleaseID: release, At: at, State: domain.PlannedWaiting, CreatedAt: noon}, err
}

func (f plannedReleases) List(ctx context.Context, id domain.WebsiteID, _ []domain.PlannedState, w domain.Window) ([]domain.PlannedRelease, int, error) {
	if _, err := domain.Require(ctx, domain.WebsitesRead); err != nil {
		return nil, 0, err
	}
	f.note(func() { f.window = w })
	return []domain.PlannedRelease{{ID: "plan_1", WebsiteID: id, At: noon, State: domain.PlannedWaiting, CreatedAt: noon}}, 1, f.fail
}

func (f plannedReleases) Cancel(ctx context.Context, id domain.PlannedReleaseID) (*domain.PlannedRelease, error) {
	if _, err := domain.Require(ctx, domain.WebsitesManage); err != nil {
		return nil, err
	}
	if id != "plan_1" {
		return nil, missing("Planned release", string(id))
	}
	return &domain.PlannedRelease{ID: id, At: noon, State: domain.PlannedCancelled, CreatedAt: noon}, f.fail
}
