package shipped_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"empire/internal/agent/content"
	"empire/internal/agent/monetization"
	"empire/internal/agent/seo"
	"empire/internal/agent/website"
	"empire/internal/catalog"
	"empire/internal/domain"
	"empire/internal/pipeline/shipped"
	"empire/internal/release"
	"empire/internal/sample"
	"empire/internal/testkit"
)

var day = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// shop is the sample feed in memory. It is the sink of its import and what markets are
// built from.
type shop struct {
	feed     domain.Feed
	products []domain.Product
}

func newShop(t *testing.T) *shop {
	t.Helper()
	s := &shop{feed: domain.Feed{ID: "feed_sample", Name: "sample", Language: sample.Language}}
	im := catalog.Importer{Now: func() time.Time { return day }}
	if rep, err := im.Import(t.Context(), s, &s.feed, bytes.NewReader(sample.Feed(day)), catalog.ImportParams{}); err != nil || rep.Status != domain.ImportComplete {
		t.Fatalf("import = %+v, %v", rep, err)
	}
	return s
}

func (s *shop) InTx(ctx context.Context, fn func(ctx context.Context) error) error { return fn(ctx) }

func (s *shop) Hashes(context.Context, domain.FeedID, []string) (map[string]string, error) {
	return nil, nil
}

func (s *shop) Upsert(_ context.Context, products []domain.Product) error {
	s.products = append(s.products, products...)
	return nil
}

func (s *shop) RemoveUnseen(context.Context, domain.FeedID, func(string) bool) (int, error) {
	return 0, nil
}

func (s *shop) Build(_ context.Context, niche, language string, _ []domain.FeedID, at time.Time, _ func(done, total int, message string)) (*domain.Market, error) {
	n, err := catalog.ParseNiche(niche, language)
	if err != nil {
		return nil, err
	}
	m, err := catalog.BuildMarket(catalog.MarketParams{
		Niche: n, Products: slices.Clone(s.products), Feeds: []domain.Feed{s.feed}, Programs: sample.Programs(), Keywords: sample.Keywords(), At: at,
	})
	return &m, err
}

// refresher works tasks about one live website.
type refresher struct {
	t       *testing.T
	runtime *shipped.Runtime
	shop    *shop
	live    *domain.Draft
	now     time.Time
	stale   []domain.GraphStale
	gone    []string
	written *domain.Draft // by the newest refresh
}

// newRefresher publishes a website: its draft is what a refresh of an empty one writes.
func newRefresher(t *testing.T) *refresher {
	t.Helper()
	testkit.Unraced(t) // it writes whole websites
	f := &refresher{t: t, shop: newShop(t), now: day}
	f.live = &domain.Draft{Website: domain.Website{ID: "site_1", Domain: "espresso.example", Niche: sample.Niches()[0], Language: sample.Language, Operator: sample.Operator()}, Feeds: []domain.Feed{{ID: "feed_sample"}}}
	f.runtime = &shipped.Runtime{
		Launch: &shipped.Launch{
			Markets: f.shop, Builder: website.New(), Writer: content.New(), Optimizer: seo.New(), Monetizer: monetization.New(), PriceMaxAge: 72 * time.Hour,
			Gone: func(context.Context, domain.WebsiteID) ([]string, error) { return f.gone, nil },
		},
		Latest: func(context.Context, domain.WebsiteID) (*domain.Draft, *domain.Market, error) {
			return f.live, nil, nil
		},
		Stale: func(context.Context, domain.WebsiteID) ([]domain.GraphStale, error) { return f.stale, nil },
		Compare: func(before, after *domain.Draft) []domain.PageDiff {
			f.written = after
			return release.Pages(before, after)
		},
		Now: func() time.Time { return f.now },
	}
	f.refresh()
	f.live = f.written
	return f
}

type refreshResult struct {
	WebsiteID domain.WebsiteID `json:"website_id"`
	Fresh     int              `json:"fresh"`
	Pages     []struct {
		Path    string           `json:"path"`
		Reasons []string         `json:"reasons"`
		Diff    *domain.PageDiff `json:"diff"`
	} `json:"pages"`
}

func (f *refresher) do(kind string, params string) (json.RawMessage, error) {
	return f.runtime.Do(f.t.Context(), "seo_optimizer", domain.TaskSpec{Type: kind, Params: json.RawMessage(params)}, nil)
}

func (f *refresher) refresh() refreshResult {
	f.t.Helper()
	var out refreshResult
	raw, err := f.do("content_refresh", `{"website_id":"site_1"}`)
	if err == nil {
		err = json.Unmarshal(raw, &out)
	}
	if err != nil {
		f.t.Fatal(err)
	}
	return out
}

// TestContentRefresh: a page is listed if its evidence or its text changed, and for
// nothing else.
func TestContentRefresh(t *testing.T) {
	t.Parallel()
	f := newRefresher(t)
	all := len(f.live.Pages)
	f.now = day.Add(3 * time.Hour)
	if r := f.refresh(); len(r.Pages) != 0 || r.Fresh != all || all < 20 || r.WebsiteID != "site_1" {
		t.Fatalf("no feed changed, but of %d pages %d are fresh and these are not: %+v", all, r.Fresh, r.Pages)
	}
	page := &f.live.Pages[1]
	mark := domain.GraphStale{GraphRest: domain.GraphRest{WebsiteID: "site_1", PageID: page.ID}, Reason: domain.StaleChanged}
	f.stale = []domain.GraphStale{mark, mark}
	if r := f.refresh(); len(r.Pages) != 1 || r.Fresh != all-1 || r.Pages[0].Path != page.Path() || !slices.Equal(r.Pages[0].Reasons, []string{domain.StaleChanged}) || r.Pages[0].Diff != nil {
		t.Errorf("evidence of %s changed: %+v", page.Path(), r)
	}
	f.stale = nil
	at := slices.IndexFunc(f.live.Pages, func(p domain.Page) bool { return p.Kind == domain.PageComparison })
	retired := f.live.Pages[at]
	f.live.Pages = slices.Delete(slices.Clone(f.live.Pages), at, at+1)
	if r := f.refresh(); !slices.ContainsFunc(f.written.Pages, func(p domain.Page) bool { return p.Slug == retired.Slug }) || len(r.Pages) == 0 {
		t.Errorf("a page that the market carries and the website has not is not listed: %+v", r)
	}
	f.gone = []string{retired.Path()}
	f.refresh()
	if slices.ContainsFunc(f.written.Pages, func(p domain.Page) bool { return p.Slug == retired.Slug }) {
		t.Errorf("the retired page %s is written again", retired.Path())
	}
}

// TestContentRefreshOfChangedProducts: another price is another text.
func TestContentRefreshOfChangedProducts(t *testing.T) {
	t.Parallel()
	f := newRefresher(t)
	for i := range f.shop.products {
		if p := f.shop.products[i].Price; p != nil {
			f.shop.products[i].Price = &domain.Money{Minor: p.Minor + 100, Currency: p.Currency}
		}
	}
	r := f.refresh()
	if len(r.Pages) == 0 {
		t.Fatal("all prices changed and no page is listed")
	}
	for _, p := range r.Pages {
		if !slices.Equal(p.Reasons, []string{"text"}) || p.Diff == nil || len(p.Diff.Offers) != 0 {
			t.Errorf("page %+v", p)
		}
	}
}

// TestTasksAboutWebsites: parameters that do not fit are refused by name.
func TestTasksAboutWebsites(t *testing.T) {
	t.Parallel()
	f := newRefresher(t)
	for _, kind := range []string{"content_refresh", "internal_links", "keyword_map", "audit", "structured_data"} {
		for params, field := range map[string]string{`{}`: "website_id", `{"website_id":"site_1","min":1}`: "params", `[1]`: "params"} {
			_, err := f.do(kind, params)
			if fault, ok := errors.AsType[*domain.Error](err); !ok || fault.Code != domain.CodeInvalid || fault.Field != field {
				t.Errorf("%s of %s: %v, want a fault of %s", kind, params, err, field)
			}
		}
	}
	for params, want := range map[string]int{`{"website_id":"site_1"}`: seo.DefaultInlinks, `{"website_id":"site_1","min_inlinks":2}`: 2} {
		var plan seo.LinkPlan
		raw, err := f.do("internal_links", params)
		if err == nil {
			err = json.Unmarshal(raw, &plan)
		}
		if err != nil || plan.Wanted != want || len(plan.Pages) == 0 {
			t.Errorf("%s: %v, %.200s", params, err, raw)
		}
	}
	for _, params := range []string{`{"website_id":"site_1","min_inlinks":0}`, `{"website_id":"site_1","min_inlinks":"many"}`} {
		if _, err := f.do("internal_links", params); domain.CodeOf(err) != domain.CodeInvalid {
			t.Errorf("%s: %v", params, err)
		}
	}
	if _, err := f.do("keyword_map", `{"website_id":"site_1"}`); domain.CodeOf(err) != domain.CodeUnavailable {
		t.Errorf("without a map: %v", err)
	}
}
