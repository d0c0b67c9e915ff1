package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/store"
)

func series(keyword, region string, at time.Time, values ...float64) *domain.MarketSeries {
	m := &domain.MarketSeries{
		ID: domain.SeriesID(domain.NewID("series")), Kind: domain.SeriesInterest, Keyword: keyword, Region: region, Language: "en", Step: "month", Unit: "index",
		Source: "trends.csv", SHA256: "ab", ImportedAt: at,
	}
	for i := range values {
		m.Points = append(m.Points, domain.SeriesPoint{At: day.AddDate(0, i, 0), Value: &values[i]})
	}
	return m
}

func testMarketSeries(t *testing.T, s *store.Store) {
	ctx := t.Context()
	first := series("Mechanical Keyboards", "", day, 1, 2, 3)
	first.Points[1].Value = nil // a gap
	must(t, s.Market.Merge(ctx, first))
	must(t, s.Market.Merge(ctx, series("keyboards", "US", day, 5)))
	got := value(s.Market.Find(ctx, []string{"keyboard"}, 10))(t)
	if len(got) != 2 || got[0].Keyword != "keyboards" || got[1].ID != first.ID {
		t.Fatalf("found %+v, want keyboards, then mechanical keyboards", got)
	}
	wantEqual(t, &got[1], first)
	// A later file changes one value, adds one and keeps the others.
	again := series("MECHANICAL keyboards", "", day.Add(time.Hour), 1, 2.5, 3, 4)
	again.Points = again.Points[1:]
	held := first.ID
	must(t, s.Market.Merge(ctx, again))
	if again.ID != held {
		t.Errorf("merged as %s, want %s", again.ID, held)
	}
	got = value(s.Market.Find(ctx, []string{"mechan", "keyboard"}, 10))(t)
	if len(got) != 1 || len(got[0].Points) != 4 || *got[0].Points[0].Value != 1 || *got[0].Points[1].Value != 2.5 || *got[0].Points[3].Value != 4 {
		t.Errorf("merged points = %+v", got)
	}
	for _, none := range [][]string{nil, {"100%"}, {"mechan", "lamp"}} {
		if list := value(s.Market.Find(ctx, none, 10))(t); len(list) != 0 {
			t.Errorf("words %q find %d series, want none", none, len(list))
		}
	}
	if n := value(s.Market.Count(ctx))(t); n != 2 {
		t.Errorf("%d series, want 2", n)
	}
}

func testProductChanges(t *testing.T, s *store.Store) {
	ctx := t.Context()
	a, b := insertFeed(t, s, "a"), insertFeed(t, s, "b")
	change := func(feed domain.FeedID, key string, days int) domain.ProductChange {
		return domain.ProductChange{
			FeedID: feed, Key: key, Name: "Board " + key, Category: "Parts > Board", At: day.AddDate(0, 0, days), PreviousAt: ptr(day),
			Before: &domain.Money{Minor: 100, Currency: "EUR"}, After: &domain.Money{Minor: 90, Currency: "EUR"}, StockAfter: ptr(false),
		}
	}
	list := []domain.ProductChange{change(a.ID, "1", 1), change(a.ID, "2", 1), change(b.ID, "1", 1), change(a.ID, "1", 3)}
	must(t, s.Market.Record(ctx, list))
	other := list[0]
	other.Name = "other"
	must(t, s.Market.Record(ctx, []domain.ProductChange{other})) // told already
	wantEqual(t, ptr(value(s.Market.History(ctx, a.ID, "1"))(t)), &[]domain.ProductChange{list[0], list[3]})
	histories := value(s.Market.Histories(ctx, list[3].FeedID, []string{"1", "nothing"}))(t)
	wantEqual(t, histories["1"], value(s.Market.History(ctx, list[3].FeedID, "1"))(t))
	if len(histories) != 1 || len(histories["1"]) == 0 {
		t.Errorf("histories = %v, want that of 1 alone", histories)
	}
	if got := value(s.Market.Changes(ctx, nil, day))(t); len(got) != 4 || got[3].Key != "1" || !got[3].At.Equal(list[3].At) {
		t.Errorf("all changes = %+v", got)
	}
	if got := value(s.Market.Changes(ctx, []domain.FeedID{a.ID}, day.AddDate(0, 0, 2)))(t); len(got) != 1 {
		t.Errorf("%d changes of one feed since, want 1", len(got))
	}
	must(t, s.Products.Upsert(ctx, []domain.Product{product(a.ID, "1", "x"), product(a.ID, "2", "y"), product(b.ID, "3", "z")}))
	if got := value(s.Products.Unseen(ctx, a.ID, func(k string) bool { return k == "1" }))(t); len(got) != 1 || got[0] != "2" {
		t.Errorf("unseen = %v, want 2", got)
	}
	if got := value(s.Products.ByKeys(ctx, a.ID, []string{"2", "1", "3"}))(t); len(got) != 2 || got[0].Key != "1" {
		t.Errorf("by keys = %v, want 1 and 2", keysOf(got))
	}
	n := 0
	must(t, s.Products.Each(ctx, []domain.FeedID{a.ID}, func(*domain.Product) error { n++; return nil }))
	if n != 2 {
		t.Errorf("each of one feed calls %d times, want 2", n)
	}
	must(t, s.Feeds.Delete(ctx, a.ID))
	if got := value(s.Market.Changes(ctx, nil, day))(t); len(got) != 1 {
		t.Errorf("%d changes are left without the feed, want 1", len(got))
	}
}

func testOpportunities(t *testing.T, s *store.Store) {
	ctx := t.Context()
	for i, tenant := range []domain.TenantID{"", "acme", "acme"} {
		r := &domain.ScanReport{ID: domain.OpportunityID(fmt.Sprintf("opp_%d", i)), Tenant: tenant, CreatedAt: day, Request: domain.ScanRequest{Topic: "tea", MinCommission: 5}}
		r.Topic, r.ConfidenceScore = "tea", 0.25
		r.Score = &domain.OpportunityScore{Value: 0.5, Decision: domain.DecisionHold}
		must(t, s.Opportunities.Insert(ctx, r))
		wantEqual(t, value(s.Opportunities.Get(ctx, r.ID))(t), r)
	}
	for tenant, want := range map[domain.TenantID]int{"": 3, "main": 1, "acme": 2, "none": 0} {
		list, total, err := s.Opportunities.List(ctx, tenant, window(10, 0))
		must(t, err)
		if len(list) != want || total != want {
			t.Errorf("%q has %d of %d opportunities, want %d", tenant, len(list), total, want)
		}
	}
	list, _, err := s.Opportunities.List(ctx, "acme", window(1, 0))
	must(t, err)
	wantEqual(t, &list[0], &domain.OpportunityLine{ID: "opp_2", Topic: "tea", Score: 0.5, Confidence: 0.25, Decision: domain.DecisionHold, CreatedAt: day})
	_, err = s.Opportunities.Get(ctx, "opp_x")
	wantCode(t, err, domain.CodeNotFound)
}

// testEstimates: an estimate is stored once and never changes, whoever tries.
func testEstimates(t *testing.T, s *store.Store) {
	ctx := t.Context()
	e := &domain.MarketEstimate{
		ID: "est_1", Tenant: "acme", Kind: domain.EstimateLaunch, Subject: "run_1", WebsiteID: "site_1", RunID: "run_1", Topic: "tea", Model: domain.OpportunityModel,
		ModelVersion: 1, InputsHash: "ab", Score: domain.OpportunityScore{Value: 0.6}, Confidence: 0.4, Calibration: domain.Uncalibrated, CreatedAt: day,
		Revenue: &domain.RevenueEstimate{Low: domain.Money{Minor: 1, Currency: "EUR"}, Mid: domain.Money{Minor: 2, Currency: "EUR"}, High: domain.Money{Minor: 3, Currency: "EUR"}},
	}
	if ok := value(s.Estimates.Freeze(ctx, e))(t); !ok {
		t.Error("the first estimate was not stored")
	}
	again := *e
	again.ID, again.Score.Value = "est_2", 0.9
	if ok := value(s.Estimates.Freeze(ctx, &again))(t); ok {
		t.Error("a second estimate of the same subject was stored")
	}
	wantEqual(t, value(s.Estimates.Get(ctx, "est_1"))(t), e)
	wantEqual(t, value(s.Estimates.About(ctx, domain.EstimateLaunch, "run_1"))(t), e)
	for _, change := range []string{`UPDATE estimates SET topic = 'x'`, `DELETE FROM estimates`} {
		if _, err := s.DB().Writer().ExecContext(ctx, change); err == nil {
			t.Errorf("%s was done, want an error", change)
		}
	}
	approved := *e
	approved.ID, approved.Kind, approved.Subject = "est_3", domain.EstimateApproval, "appr_1"
	must(t, second(s.Estimates.Freeze(ctx, &approved)))
	for _, tt := range []struct {
		f    domain.EstimateFilter
		want int
	}{
		{domain.EstimateFilter{}, 2},
		{domain.EstimateFilter{Tenant: "acme", WebsiteID: "site_1"}, 2},
		{domain.EstimateFilter{Kind: domain.EstimateApproval, Topic: "tea"}, 1},
		{domain.EstimateFilter{Tenant: "main"}, 0},
	} {
		list, total, err := s.Estimates.List(ctx, tt.f, window(10, 0))
		must(t, err)
		if len(list) != tt.want || total != tt.want {
			t.Errorf("%+v: %d of %d, want %d", tt.f, len(list), total, tt.want)
		}
	}
	_, err := s.Estimates.Get(ctx, "est_2")
	wantCode(t, err, domain.CodeNotFound)
	_, err = s.Estimates.About(ctx, domain.EstimateScan, "run_1")
	wantCode(t, err, domain.CodeNotFound)
}

func second[T any](_ T, err error) error { return err }

func testLearnedModels(t *testing.T, s *store.Store) {
	ctx := t.Context()
	insert := func(ctx context.Context, tenant domain.TenantID, name string) *domain.LearnedModel {
		m := &domain.LearnedModel{
			Tenant: tenant, Name: name, Kind: "linear", DataHash: "ab", N: 10, Target: "y", Features: []string{"x"}, Metrics: map[string]float64{"rmse": 0.5}, CreatedAt: day,
		}
		must(t, s.Learned.Insert(ctx, m, func(version int) ([]byte, error) { return fmt.Appendf(nil, `{"version":%d}`, version), nil }))
		return m
	}
	first, next := insert(ctx, "acme", "revenue"), insert(ctx, "acme", "revenue")
	insert(ctx, "main", "revenue")
	if first.Version != 1 || next.Version != 2 {
		t.Errorf("versions %d and %d, want 1 and 2", first.Version, next.Version)
	}
	wantEqual(t, value(s.Learned.Get(ctx, "acme", "revenue", 1))(t), first)
	got := value(s.Learned.Get(ctx, "acme", "revenue", 0))(t)
	if wantEqual(t, got, next); string(got.Doc) != `{"version":2}` {
		t.Errorf("doc = %s", got.Doc)
	}
	list, total, err := s.Learned.List(ctx, "acme", window(10, 0))
	must(t, err)
	if total != 2 || len(list) != 2 || list[0].Version != 2 {
		t.Errorf("list = %+v of %d, want versions 2 and 1", list, total)
	}
	for name, version := range map[string]int{"other": 0, "revenue": 3} {
		_, err := s.Learned.Get(ctx, "acme", name, version)
		wantCode(t, err, domain.CodeNotFound)
	}
}
