package api_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"empire/internal/api"
	"empire/internal/domain"
)

var researchEndpoints = []endpoint{
	{
		method: "POST", path: "/intelligence/research", right: domain.IntelligenceUse, status: 200, body: `{"topic":"tea","depth":"quick","market_sentiment":true}`,
		bad: []string{
			`{}`, `{"topic":""}`, `{"topic":"   "}`, `{"topic":"tea","depth":"shallow"}`, `{"topic":"tea","language":"fr"}`, `{"topic":"tea","viral":true}`,
			`{"topic":"` + strings.Repeat("x", 201) + `"}`, `{"topic":"tea","competitor_analysis":"yes"}`,
		},
	},
	{method: "GET", path: "/intelligence/research", right: domain.IntelligenceUse, status: 200, bad: append([]string{"?state=odd"}, badWindows...)},
	{method: "GET", path: "/intelligence/research/rsch_1", right: domain.IntelligenceUse, status: 200, unknown: "/intelligence/research/rsch_2"},
	{method: "POST", path: "/intelligence/research/rsch_1/verify", right: domain.IntelligenceUse, status: 200, unknown: "/intelligence/research/rsch_2/verify"},
	{method: "GET", path: "/intelligence/snapshots/snap_1", right: domain.IntelligenceUse, status: 200, unknown: "/intelligence/snapshots/snap_2"},
	{method: "POST", path: "/intelligence/snapshots/snap_1/verify", right: domain.IntelligenceUse, status: 200, unknown: "/intelligence/snapshots/snap_2/verify"},
	{method: "POST", path: "/intelligence/evidence/verify", right: domain.IntelligenceUse, status: 200},
}

type researchDesk struct{ *fakes }

func (f researchDesk) report(ctx context.Context, id domain.ResearchID) (*domain.ResearchReport, error) {
	if _, err := domain.Require(ctx, domain.IntelligenceUse); err != nil {
		return nil, err
	}
	if f.fail != nil {
		return nil, f.fail
	}
	if id != "rsch_1" {
		return nil, missing("Research report", string(id))
	}
	return &domain.ResearchReport{ID: id, Tenant: "secret-tenant", State: domain.StateCompleted, CreatedAt: noon, Params: domain.ResearchParams{Topic: "tea", Depth: "quick", Language: "en"}}, nil
}

func (f researchDesk) Ask(ctx context.Context, p domain.ResearchParams) (*domain.ResearchReport, error) {
	f.mu.Lock()
	f.research = p
	f.mu.Unlock()
	if _, err := p.Normal(); err != nil {
		return nil, err
	}
	return f.report(ctx, "rsch_1")
}

func (f researchDesk) Get(ctx context.Context, id domain.ResearchID) (*domain.ResearchReport, error) {
	return f.report(ctx, id)
}

func (f researchDesk) List(ctx context.Context, _ domain.RunState, _ domain.Window) ([]domain.ResearchReport, int, error) {
	r, err := f.report(ctx, "rsch_1")
	if err != nil {
		return nil, 0, err
	}
	return []domain.ResearchReport{*r}, 1, nil
}

func (f researchDesk) Verify(ctx context.Context, id domain.ResearchID) (*domain.SnapshotReport, error) {
	if _, err := f.report(ctx, id); err != nil {
		return nil, err
	}
	return &domain.SnapshotReport{Intact: true, Faults: []domain.SnapshotFault{}}, nil
}

type keptPages struct{ *fakes }

func (f keptPages) Get(ctx context.Context, id domain.SnapshotID) (*domain.Snapshot, string, []domain.SnapshotUse, error) {
	if _, err := domain.Require(ctx, domain.IntelligenceUse); err != nil {
		return nil, "", nil, err
	}
	if f.fail != nil {
		return nil, "", nil, f.fail
	}
	if id != "snap_1" {
		return nil, "", nil, missing("Snapshot", string(id))
	}
	return &domain.Snapshot{ID: id, Tenant: "secret-tenant", FetchedAt: noon}, "text", nil, nil
}

func (f keptPages) Verify(ctx context.Context, id domain.SnapshotID) (*domain.SnapshotReport, error) {
	if id != "" {
		if _, _, _, err := f.Get(ctx, id); err != nil {
			return nil, err
		}
	} else if _, _, _, err := f.Get(ctx, "snap_1"); err != nil {
		return nil, err
	}
	return &domain.SnapshotReport{Intact: true, Faults: []domain.SnapshotFault{}}, nil
}

func TestAskResearch(t *testing.T) {
	t.Parallel()
	f := &fakes{}
	a := newAPI(f)
	w := call(t, a, admin, "POST", api.Base+"/intelligence/research", `{"topic":"tea","competitor_analysis":true}`)
	if w.Code != http.StatusOK || strings.Contains(w.Body.String(), "secret-tenant") {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if want := (domain.ResearchParams{Topic: "tea", Depth: domain.DepthDeep, Language: "en", CompetitorAnalysis: true}); f.research != want {
		t.Errorf("asked for %+v, want %+v", f.research, want)
	}
	f.fail = &domain.Error{Code: domain.CodeUnavailable, Message: "No model can be asked.", Faults: []domain.Fault{{Path: "models.one", Message: "It cannot be reached."}}}
	w = call(t, a, admin, "POST", api.Base+"/intelligence/research", `{"topic":"tea"}`)
	if p := problemOf(t, w); w.Code != http.StatusServiceUnavailable || len(p.Errors) != 1 || p.Errors[0].Location != "models.one" || p.Errors[0].Message != "It cannot be reached." {
		t.Errorf("all models down: %d %+v", w.Code, p)
	}
}
