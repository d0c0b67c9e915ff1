package content_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"empire/internal/agent/content"
	"empire/internal/agent/website"
	"empire/internal/catalog"
	"empire/internal/domain"
	"empire/internal/sample"
	"empire/internal/testkit"
)

var readAt = time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)

// memorySink keeps products of one feed in memory.
type memorySink struct{ rows []domain.Product }

func (s *memorySink) InTx(ctx context.Context, fn func(context.Context) error) error { return fn(ctx) }
func (s *memorySink) Hashes(context.Context, domain.FeedID, []string) (map[string]string, error) {
	return nil, nil
}
func (s *memorySink) Upsert(_ context.Context, p []domain.Product) error {
	s.rows = append(s.rows, p...)
	return nil
}
func (s *memorySink) RemoveUnseen(context.Context, domain.FeedID, func(string) bool) (int, error) {
	return 0, nil
}

var feeds sync.Map // name → func() ([]domain.Product, error)

// feedProducts imports a feed of the test data once, or skips the test.
func feedProducts(t testing.TB, name string) []domain.Product {
	t.Helper()
	if name == sampleFeed {
		products, err := sampleProducts()
		if err != nil {
			t.Fatal(err)
		}
		return products
	}
	find := testkit.Data
	if name == "feed_pcparts_en_usd" || name == foodFeed {
		find = testkit.BigData
	}
	path := find(t, "products/"+name+".csv.gz")
	load, _ := feeds.LoadOrStore(name, sync.OnceValues(func() ([]domain.Product, error) { return importFeed(path, name) }))
	products, err := load.(func() ([]domain.Product, error))()
	if err != nil {
		t.Fatal(err)
	}
	return products
}

func importFeed(path, name string) ([]domain.Product, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return importRows(f, name)
}

// foodFeed names a feed in German without a single price.
const foodFeed = "feed_food_de_noprice"

// sampleFeed names the feed of the demonstration catalog.
const sampleFeed = "sample"

var sampleProducts = sync.OnceValues(func() ([]domain.Product, error) {
	return importRows(bytes.NewReader(sample.Feed(readAt)), sampleFeed)
})

func importRows(f io.Reader, name string) ([]domain.Product, error) {
	sink := &memorySink{}
	im := catalog.Importer{Now: func() time.Time { return readAt }}
	feed := domain.Feed{ID: domain.FeedID("feed_" + strings.ReplaceAll(name, "_", "")), Name: name, Language: "en"}
	if name == foodFeed {
		feed.Language = "de"
	}
	report, err := im.Import(context.Background(), sink, &feed, f, catalog.ImportParams{})
	if err != nil {
		return nil, err
	}
	if report.Status == domain.ImportRefused {
		return nil, fmt.Errorf("import of %s was refused: %s", name, report.Error)
	}
	return sink.rows, nil
}

// feedMarket builds the market of a niche from a feed of the test data.
func feedMarket(t testing.TB, feed, niche, language string) *domain.Market {
	t.Helper()
	products := feedProducts(t, feed)
	n, err := catalog.ParseNiche(niche, language)
	if err != nil {
		t.Fatal(err)
	}
	m, err := catalog.BuildMarket(catalog.MarketParams{Niche: n, Products: products, At: readAt})
	if err != nil {
		t.Fatal(err)
	}
	return &m
}

var operator = domain.Operator{
	Name: "Muster Verlag GmbH", Street: "Beispielweg 12", PostalCode: "10115", City: "Berlin", Country: "Germany",
	Email: "hello24@example.org", Phone: "+49 30 1234567", Register: "HRB 12345 B, Amtsgericht Charlottenburg", VATID: "DE123456789",
	Responsible: "Erika Muster", Sample: true,
}

// written is a market with its plan and its pages.
type written struct {
	market *domain.Market
	site   domain.Website
	plan   domain.SitePlan
	result content.Result
}

var sites sync.Map // niche → func() written

// site writes a market once; what it returns must not be changed.
func site(t *testing.T, m *domain.Market, language string) written {
	t.Helper()
	load, _ := sites.LoadOrStore(m.Niche, sync.OnceValue(func() written { return write(t, m, language, 1) }))
	return load.(func() written)()
}

func write(t testing.TB, m *domain.Market, language string, seed uint64) written {
	t.Helper()
	site := domain.Website{ID: "site_test", Name: "test", Domain: "test.example", Niche: m.Niche, Language: language, Operator: operator}
	plan, err := website.New().Plan(t.Context(), website.PlanInput{Market: m, Website: site, Seed: seed})
	if err != nil {
		t.Fatalf("plan %s: %v", m.Niche, err)
	}
	result, err := content.New().Write(t.Context(), content.WriteInput{Market: m, Plan: plan, Website: site, Seed: seed})
	if err != nil {
		t.Fatalf("write %s: %v", m.Niche, err)
	}
	return written{m, site, plan, result}
}
