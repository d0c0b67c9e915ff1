package sitetest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"empire/internal/agent/content"
	"empire/internal/agent/monetization"
	"empire/internal/agent/seo"
	"empire/internal/agent/website"
	"empire/internal/audit/gate"
	"empire/internal/catalog"
	"empire/internal/domain"
)

// Order is a site to build.
type Order struct {
	Feed, Niche, Language, Domain string
}

// The sites that tests share: one with prices in English, one with prices in German.
var (
	English = Order{Sample, "espresso machines", "en", "crema-atlas.example"}
	German  = Order{SampleDE, "Espressomaschinen", "de", "crema-kompass.example"}
)

// Site is a built site with the market that it was written from.
type Site struct {
	Order
	Market *domain.Market
	Draft  *domain.Draft
	Files  []domain.File
}

// Operator answers for all sites.
var Operator = domain.Operator{
	Name: "Muster Verlag GmbH", Street: "Beispielweg 12", PostalCode: "10115", City: "Berlin", Country: "Germany",
	Email: "hello@operator.example", Phone: "+49 30 23125 000", Register: "HRB 00000 B", VATID: "DE000000000",
	Responsible: "Erika Muster", PublisherID: "0000000", Sample: true,
}

var built sync.Map // Order → func() (*Site, error)

// Build returns a site, built once in a test process. It must not be changed: see
// Site.Clone.
func Build(t testing.TB, o Order) *Site {
	t.Helper()
	once, _ := built.LoadOrStore(o, sync.OnceValues(func() (*Site, error) {
		m, err := market(load(t, o.Feed), o)
		if err != nil {
			return nil, err
		}
		return Write(context.Background(), m, o)
	}))
	s, err := once.(func() (*Site, error))()
	if err != nil {
		t.Fatalf("build %s about %q: %v", o.Domain, o.Niche, err)
	}
	return s
}

func market(f *feed, o Order) (*domain.Market, error) {
	n, err := catalog.ParseNiche(o.Niche, o.Language)
	if err != nil {
		return nil, err
	}
	m, err := catalog.BuildMarket(catalog.MarketParams{Niche: n, Products: f.products, Feeds: []domain.Feed{f.of}, Programs: f.programs, At: At})
	return &m, err
}

// Markets returns the markets of the categories of a feed that can carry a site.
func Markets(t testing.TB, name, language string) []domain.Market {
	t.Helper()
	f := load(t, name)
	var out []domain.Market
	for _, c := range catalog.CategoryMarkets(catalog.CategoryParams{
		Products: f.products, Feeds: []domain.Feed{f.of}, Programs: f.programs, Language: language, At: At, Least: catalog.MinFamilies,
	}) {
		out = append(out, c.Market)
	}
	return out
}

// Write turns a market into a site.
func Write(ctx context.Context, m *domain.Market, o Order) (*Site, error) {
	w := domain.Website{
		ID: domain.WebsiteID("site_" + hex(o.Domain)), Name: hex(o.Domain), Domain: o.Domain, Niche: m.Niche, Language: o.Language, Operator: Operator, CreatedAt: At, UpdatedAt: At,
	}
	seed := hash(o.Domain)
	builder := website.New()
	plan, err := builder.Plan(ctx, website.PlanInput{Market: m, Website: w, Seed: seed})
	if err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	w.Title = plan.Title
	text, err := content.New().Write(ctx, content.WriteInput{Market: m, Plan: plan, Website: w, Seed: seed})
	if err != nil {
		return nil, fmt.Errorf("write: %w", err)
	}
	for i := range text.Pages {
		text.Pages[i].WebsiteID, text.Pages[i].ID = w.ID, domain.PageIDOf(w.ID, text.Pages[i].Slug)
	}
	d := &domain.Draft{Website: w, Plan: plan, Pages: text.Pages, Evidence: text.Evidence, Feeds: m.Feeds, Programs: m.Programs, BuiltAt: At}
	render := func(d *domain.Draft) ([]domain.File, error) { return builder.Build(ctx, d) }
	better, err := seo.New().Run(ctx, seo.OptimizeInput{Draft: d, Render: render, Keywords: m.Keywords})
	if err != nil {
		return nil, fmt.Errorf("optimize: %w", err)
	}
	d.Pages = better.Pages
	offers, err := monetization.New().Run(ctx, monetization.PlanInput{Draft: d, Market: m, Programs: m.Programs, Now: At, PriceMaxAge: 72 * time.Hour})
	if err != nil {
		return nil, fmt.Errorf("place offers: %w", err)
	}
	d.Pages, d.Evidence, d.Programs = offers.Pages, offers.Evidence, offers.Programs
	d.Pages = seo.StructuredData(d)
	files, err := render(d)
	if err != nil {
		return nil, err
	}
	return &Site{Order: o, Market: m, Draft: d, Files: files}, nil
}

// Check runs all gates over the site as it is.
func (s *Site) Check(ctx context.Context) (gate.Report, error) {
	return gate.Check(ctx, s.Draft, s.Market, s.Files, nil)
}

// hash is FNV-1a, as the pipeline makes seeds from domains.
func hash(s string) uint64 {
	h := uint64(14695981039346656037)
	for _, b := range []byte(s) {
		h = (h ^ uint64(b)) * 1099511628211
	}
	return h
}

func hex(s string) string { return fmt.Sprintf("%016x", hash(s)) }
