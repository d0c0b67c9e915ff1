package api_test

import (
	"context"

	"empire/internal/domain"
)

var fleetEndpoints = []endpoint{
	{
		method: "GET", path: "/intelligence/duplicates", right: domain.IntelligenceUse, status: 200,
		bad: append([]string{"?threshold=0.1", "?threshold=2", "?threshold=x"}, badWindows...),
	},
	{method: "GET", path: "/fleet", right: domain.WebsitesRead, status: 200},
	{
		method: "POST", path: "/fleet/freeze", right: domain.WebsitesManage, status: 200, body: `{"website_id":"site_1","reason":"cliff"}`,
		bad: []string{`{}`, `{"website_id":"site_1"}`, `{"reason":""}`, `{"reason":1}`, `{"reason":"x","until":"y"}`, `{"reason":"x","cause":"traffic_cliff"}`},
	},
	{method: "DELETE", path: "/fleet/freeze", query: "?website_id=site_1", right: domain.WebsitesManage, status: 204, unknown: "/fleet/freeze?website_id=site_2"},
	{
		method: "POST", path: "/fleet/changes", right: domain.WebsitesManage, status: 201, body: `{"action":"rebuild","reason":"theme","canary":2,"filter":{"niche":"tea"}}`,
		bad: []string{
			`{}`, `{"action":"burn","reason":"x","canary":1}`, `{"action":"rebuild","reason":"","canary":1}`, `{"action":"rebuild","reason":"x","canary":0}`,
			`{"action":"rebuild","reason":"x","canary":101}`, `{"action":"rebuild","reason":"x","canary":1,"filter":{"language":"fr"}}`,
		},
	},
	{method: "GET", path: "/fleet/changes", right: domain.WebsitesRead, status: 200, bad: badWindows},
	{method: "GET", path: "/fleet/changes/chg_1", right: domain.WebsitesRead, status: 200, unknown: "/fleet/changes/chg_2", bad: badWindows},
	{method: "POST", path: "/fleet/changes/chg_1/continue", right: domain.WebsitesManage, status: 200, unknown: "/fleet/changes/chg_2/continue"},
	{
		method: "POST", path: "/fleet/changes/chg_1/stop", right: domain.WebsitesManage, status: 200, body: `{"reason":"x"}`, unknown: "/fleet/changes/chg_2/stop",
		bad: []string{`{}`, `{"reason":""}`},
	},
}

type duplicates struct{ *fakes }

func (f duplicates) List(ctx context.Context, threshold float64, w domain.Window) (*domain.DuplicateReport, error) {
	if _, err := domain.Require(ctx, domain.IntelligenceUse); err != nil {
		return nil, err
	}
	f.note(func() { f.window = w })
	return &domain.DuplicateReport{
		Threshold: max(threshold, 0.5), Total: 1,
		Clusters: []domain.DuplicateCluster{{Highest: 0.9, Members: []domain.DuplicateMember{{PagePlace: domain.PagePlace{WebsiteID: "site_1", Path: "/", Since: noon}, Similarity: 1, Proposal: domain.ProposeKeep}}}},
		Doorways: []domain.Doorway{{WebsiteID: "site_1", OtherID: "site_2"}},
	}, f.fail
}

type fleet struct{ *fakes }

func (f fleet) change(ctx context.Context, right domain.Permission, id domain.FleetChangeID) (*domain.FleetChange, error) {
	if _, err := domain.Require(ctx, right); err != nil {
		return nil, err
	}
	if f.fail != nil {
		return nil, f.fail
	}
	if id != "chg_1" {
		return nil, missing("Fleet change", string(id))
	}
	return &domain.FleetChange{ID: id, Tenant: "secret-tenant", Action: domain.FleetRebuild, Reason: "theme", State: domain.FleetCanary, CreatedAt: noon, UpdatedAt: noon}, nil
}

func (f fleet) Status(ctx context.Context) (*domain.FleetStatus, error) {
	c, err := f.change(ctx, domain.WebsitesRead, "chg_1")
	if err != nil {
		return nil, err
	}
	return &domain.FleetStatus{Freezes: []domain.FleetFreeze{{Tenant: "secret-tenant", Reason: "x", At: noon, Cause: domain.FleetByTraffic, Evidence: &domain.FleetEvidence{From: "2026-03-01"}}}, Changes: []domain.FleetChange{*c}}, nil
}

func (f fleet) Freeze(ctx context.Context, p domain.FleetFreezeParams) (*domain.FleetFreeze, error) {
	id := p.WebsiteID
	if id == "site_2" {
		return nil, missing("Website", string(id))
	}
	_, err := f.change(ctx, domain.WebsitesManage, "chg_1")
	return &domain.FleetFreeze{WebsiteID: id, Reason: p.Reason, Cause: domain.FleetByPerson, At: noon}, err
}

func (f fleet) Unfreeze(ctx context.Context, id domain.WebsiteID) error {
	if id == "site_2" {
		return missing("Website", string(id))
	}
	_, err := f.change(ctx, domain.WebsitesManage, "chg_1")
	return err
}

func (f fleet) StartChange(ctx context.Context, p domain.FleetChangeParams) (*domain.FleetChange, error) {
	c, err := f.change(ctx, domain.WebsitesManage, "chg_1")
	if err == nil {
		c.Canary, c.Filter = p.Canary, p.Filter
	}
	return c, err
}

func (f fleet) Changes(ctx context.Context, w domain.Window) ([]domain.FleetChange, int, error) {
	f.note(func() { f.window = w })
	c, err := f.change(ctx, domain.WebsitesRead, "chg_1")
	if err != nil {
		return nil, 0, err
	}
	return []domain.FleetChange{*c}, 1, nil
}

func (f fleet) Change(ctx context.Context, id domain.FleetChangeID, _ domain.Window) (*domain.FleetChange, []domain.FleetChangeSite, error) {
	c, err := f.change(ctx, domain.WebsitesRead, id)
	return c, []domain.FleetChangeSite{{WebsiteID: "site_1", State: domain.FleetSiteQueued}}, err
}

func (f fleet) ContinueChange(ctx context.Context, id domain.FleetChangeID) (*domain.FleetChange, error) {
	return f.change(ctx, domain.WebsitesManage, id)
}

func (f fleet) StopChange(ctx context.Context, id domain.FleetChangeID, _ string) (*domain.FleetChange, error) {
	return f.change(ctx, domain.WebsitesManage, id)
}
