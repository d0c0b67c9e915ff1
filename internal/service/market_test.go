package service_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/service"
	"empire/internal/store"
)

// news keeps the events that were told.
type news struct {
	mu   sync.Mutex
	list []domain.Event
}

func (n *news) emit(_ context.Context, ev domain.Event) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.list = append(n.list, ev)
}

// planned is an analyst that knows one answer.
type planned struct{ fail error }

func (a planned) Scan(_ context.Context, q domain.ScanRequest, at time.Time, progress func(done, total int, message string)) (*domain.ScanReport, error) {
	progress(1, 2, "reading")
	progress(2, 2, "scoring")
	if q.Topic == "lost" {
		return nil, domain.Errorf(domain.CodeUnavailable, "The store is down.")
	}
	r := &domain.ScanReport{Request: q, CreatedAt: at}
	r.Topic, r.ConfidenceScore = q.Topic, 0.5
	r.Score = &domain.OpportunityScore{Value: 0.6, Model: domain.OpportunityModel, Version: 1, Decision: domain.DecisionHold, Calibration: domain.Uncalibrated}
	return r, a.fail
}

func (a planned) Trends(_ context.Context, industry, period string, at time.Time) (*domain.TrendData, error) {
	return &domain.TrendData{Industry: industry, Period: period, GeneratedAt: at, Reason: "none"}, a.fail
}

func (a planned) Programs(_ context.Context, q domain.ProgramSearch, _ []domain.FeedID, _ time.Time) (*domain.ProgramResult, error) {
	return &domain.ProgramResult{Query: q}, a.fail
}

func (e *estate) openMarket() {
	e.heard = &news{}
	e.market = service.NewMarket(service.MarketConfig{
		Tx: e.st, Analyst: planned{}, Series: e.st.Market, Opportunities: e.st.Opportunities, Estimates: e.st.Estimates, Audit: e.st.Audit,
		Emit: e.heard.emit, Now: time.Now,
	})
	e.models = service.NewModels(service.ModelsConfig{
		Tx: e.st, Store: e.st.Learned, Audit: e.st.Audit, Now: time.Now,
		Train: func(p domain.TrainParams, _ time.Time) (*service.Trained, error) {
			if len(p.Data.Rows) < 2 {
				return nil, domain.Errorf(domain.CodeNotEnoughData, "At least 2 rows are needed; there are %d.", len(p.Data.Rows))
			}
			return &service.Trained{
				Model: domain.LearnedModel{Kind: p.Kind, Features: []string{"x"}, N: len(p.Data.Rows)},
				Pack:  func(version int) ([]byte, error) { return fmt.Append(nil, version), nil },
			}, nil
		},
		Predict: func(doc []byte, rows [][]float64) ([]float64, error) { return make([]float64, len(rows)), nil },
	})
}

// study makes a tenant scan a market and train a model.
func (e *estate) study(ctx context.Context, t *testing.T) (*domain.ScanReport, string) {
	t.Helper()
	scan, err := e.market.Scan(ctx, domain.ScanRequest{Topic: "tea"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	name := "model-" + string(domain.PrincipalFrom(ctx).Tenant)
	if _, err := e.models.Train(ctx, domain.TrainParams{Name: name, Kind: "ridge", Target: "y", Data: domain.NumberTable{Rows: make([][]float64, 3)}}); err != nil {
		t.Fatal(err)
	}
	return scan, name
}

func marketByID(e *estate, h holdings) map[string]func(ctx context.Context) error {
	return map[string]func(ctx context.Context) error{
		"Market.Opportunity": func(ctx context.Context) error { _, err := e.market.Opportunity(ctx, h.chance); return err },
		"Market.Estimate":    func(ctx context.Context) error { _, err := e.market.Estimate(ctx, h.estimate); return err },
		"Models.Predict": func(ctx context.Context) error {
			_, _, err := e.models.Predict(ctx, h.model, 0, [][]float64{{1}})
			return err
		},
	}
}

func marketLists(e *estate) map[string]func(ctx context.Context) (int, int, error) {
	w := domain.Window{Limit: 100}
	return map[string]func(ctx context.Context) (int, int, error){
		"Market.Opportunities": func(ctx context.Context) (int, int, error) {
			l, n, err := e.market.Opportunities(ctx, w)
			return len(l), n, err
		},
		"Market.Estimates": func(ctx context.Context) (int, int, error) {
			l, n, err := e.market.Estimates(ctx, domain.EstimateFilter{Tenant: "acme"}, w)
			return len(l), n, err
		},
		"Models.List": func(ctx context.Context) (int, int, error) {
			l, n, err := e.models.List(ctx, w)
			return len(l), n, err
		},
	}
}

// TestMarketScan: a scan is kept for its tenant with an estimate and an entry, and
// told about step by step; one that fails leaves nothing but the news.
func TestMarketScan(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		e := newEstate(t, st)
		ctx := in(t.Context(), "acme")
		r, err := e.market.Scan(ctx, domain.ScanRequest{Topic: " tea ", MinCommission: 5}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if r.Tenant != "acme" || r.Request.Topic != "tea" || r.Request.Language != "en" || r.Request.Traffic != domain.TrafficLow {
			t.Errorf("request = %+v of %s", r.Request, r.Tenant)
		}
		est, err := e.market.Estimate(ctx, r.EstimateID)
		if err != nil || est.Subject != string(r.ID) || est.Kind != domain.EstimateScan || est.Score.Value != 0.6 || len(est.InputsHash) != 64 || est.Calibration != domain.Uncalibrated {
			t.Errorf("estimate = %+v, %v", est, err)
		}
		if _, err := e.market.Scan(ctx, domain.ScanRequest{Topic: "lost"}, nil); domain.CodeOf(err) != domain.CodeUnavailable {
			t.Errorf("a scan that fails: %v", err)
		}
		_, total, err := e.market.Opportunities(ctx, domain.Window{Limit: 10})
		if err != nil || total != 1 {
			t.Errorf("%d scans are kept, %v, want 1", total, err)
		}
		var topics []string
		for _, ev := range e.heard.list {
			topics = append(topics, strings.TrimPrefix(ev.Topic, "intelligence.scan."))
			if ev.Tenant != "acme" || ev.Object == "" || !json.Valid(ev.Data) {
				t.Errorf("event %+v", ev)
			}
		}
		want := []string{"started", "progress", "progress", "completed", "started", "progress", "progress", "failed"}
		if !slices.Equal(topics, want) {
			t.Errorf("news = %v, want %v", topics, want)
		}
		for name, q := range map[string]domain.ScanRequest{
			"min_commission": {MinCommission: -1}, "language": {Language: "fr"}, "traffic_requirements": {Traffic: "huge"},
		} {
			_, err := e.market.Scan(ctx, q, nil)
			wantCode(t, name, err, domain.CodeInvalid)
		}
		for industry, period := range map[string]string{"": "30d", "tea": "soon", strings.Repeat("a", 81): "30d"} {
			_, err := e.market.Trends(ctx, industry, period)
			wantCode(t, "trends of "+industry, err, domain.CodeInvalid)
		}
	})
}

// TestEstimatesFreeze: what a launch believed is kept once, and again when a person
// approves, whatever a later scan says.
func TestEstimatesFreeze(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		e := newEstate(t, st)
		ctx := in(t.Context(), "acme")
		run := &domain.Run{ID: "run_1", Tenant: "acme", WebsiteID: "site_1"}
		believed := &domain.Opportunity{Topic: "tea", Score: &domain.OpportunityScore{Value: 0.7, Model: domain.OpportunityModel, Version: 1}, ConfidenceScore: 0.4}
		approval := &domain.Approval{ID: "appr_1", RunID: run.ID, Tenant: "acme"}
		if err := e.market.FreezeApproval(ctx, approval); err != nil { // older than estimates
			t.Fatal(err)
		}
		for _, value := range []float64{0.7, 0.9} { // the step ran twice
			believed.Score.Value = value
			if err := e.market.FreezeLaunch(ctx, run, believed); err != nil {
				t.Fatal(err)
			}
		}
		if err := e.market.FreezeApproval(ctx, approval); err != nil {
			t.Fatal(err)
		}
		list, total, err := e.market.Estimates(ctx, domain.EstimateFilter{WebsiteID: "site_1"}, domain.Window{Limit: 10})
		if err != nil || total != 2 {
			t.Fatalf("%d estimates, %v, want that of the launch and that of the approval", total, err)
		}
		for _, est := range list {
			if est.Score.Value != 0.7 || est.Confidence != 0.4 || est.Topic != "tea" || est.InputsHash != list[0].InputsHash {
				t.Errorf("estimate = %+v", est)
			}
		}
		if list[0].Kind != domain.EstimateApproval || list[0].Subject != "appr_1" || list[1].Subject != "run_1" {
			t.Errorf("kinds %s and %s", list[0].Kind, list[1].Kind)
		}
	})
}
