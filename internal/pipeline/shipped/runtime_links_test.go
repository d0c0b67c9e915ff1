package shipped_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"empire/internal/agent/monetization"
	"empire/internal/domain"
	"empire/internal/pipeline/shipped"
)

// linkShelf is a registry of links in memory.
type linkShelf map[domain.LinkID]domain.Link

func (r linkShelf) Held(_ context.Context, ids []domain.LinkID) (map[domain.LinkID]domain.Link, error) {
	out := map[domain.LinkID]domain.Link{}
	for _, id := range ids {
		if l, ok := r[id]; ok {
			out[id] = l
		}
	}
	return out, nil
}

func (r linkShelf) Register(_ context.Context, _ domain.WebsiteID, links []domain.Link) error {
	for _, l := range links {
		r[l.ID] = l
	}
	return nil
}

// linkTasks is a live website with one offer of two merchants.
func linkTasks(t *testing.T) (*shipped.Runtime, linkShelf) {
	t.Helper()
	row := func(merchant, name string) domain.Product {
		return domain.Product{
			FeedID: "feed_a", Key: "k" + merchant, MerchantID: merchant, MerchantName: name, TrackingURL: "https://www.awin1.com/pclick.php?p=5&a=777&m=" + merchant,
			Price: &domain.Money{Minor: 1000, Currency: "EUR"}, InStock: new(true), ReadAt: day, Fields: map[string]string{"search_price": "10.00"},
		}
	}
	f := domain.Family{Key: "f", Name: "Lamp", Variants: []domain.Product{row("1", "Shop A"), row("2", "Shop B")}, PriceMin: &domain.Money{Minor: 1000, Currency: "EUR"}}
	market := &domain.Market{Families: []domain.Family{f}}
	live := &domain.Draft{
		Website: domain.Website{ID: "site_1", Domain: "lamps.example", Operator: domain.Operator{PublisherID: "777"}},
		Pages:   []domain.Page{{Kind: domain.PageProduct, Slug: "lamp", Language: "en", Blocks: []domain.Block{{Type: domain.BlockCTA, CTA: &domain.CTA{Product: "f", Name: "Lamp", Slot: "top"}}}}},
	}
	in := monetization.PlanInput{Draft: live, Market: market, Now: day, PriceMaxAge: 72 * time.Hour}
	res, err := monetization.New().Run(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	live.Pages = res.Pages
	shelf := linkShelf{}
	for _, l := range res.Links {
		shelf[l.ID] = l
	}
	return &shipped.Runtime{
		Launch: &shipped.Launch{Monetizer: monetization.New(), PriceMaxAge: 72 * time.Hour, Links: shelf},
		Latest: func(context.Context, domain.WebsiteID) (*domain.Draft, *domain.Market, error) {
			return live, market, nil
		},
		Clicks: func(context.Context, domain.WebsiteID, domain.TrafficSpan) ([]domain.ProgramTraffic, error) {
			return []domain.ProgramTraffic{{Network: "awin", AdvertiserID: "1", Clicks: 7}, {Network: "awin", AdvertiserID: "2", Clicks: 3}}, nil
		},
		Health: func(_ context.Context, ids []domain.LinkID) ([]domain.LinkHealth, error) {
			return []domain.LinkHealth{{LinkID: ids[0], State: domain.LookGone, Dead: true, DeadAs: domain.LookGone}}, nil
		},
		Now: func() time.Time { return day },
	}, shelf
}

// TestLinkTasks: the tasks about links tell what is there, and say of what they do not
// know why; each refuses what it cannot use, and the one without data is not offered.
func TestLinkTasks(t *testing.T) {
	t.Parallel()
	r, shelf := linkTasks(t)
	do := func(kind, params string) (map[string]any, error) {
		raw, err := r.Do(t.Context(), "monetization", domain.TaskSpec{Type: kind, Params: json.RawMessage(params)}, nil)
		var out map[string]any
		if err == nil {
			err = json.Unmarshal(raw, &out)
		}
		return out, err
	}
	want := func(kind, params string) map[string]any {
		t.Helper()
		out, err := do(kind, params)
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		return out
	}
	var only domain.Link
	for _, l := range shelf {
		only = l
	}
	if got := want("link_placement", `{"website_id":"site_1"}`); got["changes"].(map[string]any)["same"] != 1.0 {
		t.Errorf("placement = %v", got)
	}
	if got := want("epc_report", `{"website_id":"site_1","period":"7d"}`); got["clicks"] != 10.0 || got["revenue"] != nil || got["reason"] == "" || len(got["programs"].([]any)) != 2 {
		t.Errorf("report = %v", got)
	}
	if got := want("link_health", `{"website_id":"site_1"}`); got["links"] != 1.0 || got["dead"] != 1.0 || len(got["not_ok"].([]any)) != 1 {
		t.Errorf("health = %v", got)
	}
	swap := want("offer_swap", `{"website_id":"site_1","link_id":"`+string(only.ID)+`"}`)
	if to, _ := swap["replacement"].(map[string]any); to == nil || to["same_product"] != true || to["link_id"] == string(only.ID) || shelf[only.ID].State != domain.LinkActive {
		t.Errorf("swap = %v", swap)
	}
	only.State = domain.LinkDead
	shelf[only.ID] = only
	if got := want("link_placement", `{"website_id":"site_1"}`); got["changes"].(map[string]any)["changed"] != 1.0 {
		t.Errorf("with a dead link: %v", got["changes"])
	}
	for kind, params := range map[string][]string{
		"link_placement": {`{}`, `{"website_id":"site_1","x":1}`, `{"website_id":1}`},
		"epc_report":     {`{}`, `{"website_id":"site_1","period":"9d"}`},
		"link_health":    {`{}`, `[]`},
		"offer_swap":     {`{"website_id":"site_1"}`, `{"link_id":"link_x"}`, `{"website_id":"site_1","link_id":"link_x"}`},
	} {
		for _, p := range params {
			if _, err := do(kind, p); domain.CodeOf(err) != domain.CodeInvalid {
				t.Errorf("%s %s: %v, want %s", kind, p, err, domain.CodeInvalid)
			}
		}
	}
	if _, err := do("revenue_reconcile", `{"website_id":"site_1"}`); domain.CodeOf(err) != domain.CodeUnsupportedTaskType {
		t.Errorf("revenue_reconcile: %v", err)
	}
}
