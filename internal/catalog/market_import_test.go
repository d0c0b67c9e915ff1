package catalog_test

import (
	"context"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"empire/internal/catalog"
	"empire/internal/domain"
)

// memorySink keeps imported products.
type memorySink struct{ products []domain.Product }

func (s *memorySink) InTx(ctx context.Context, fn func(ctx context.Context) error) error {
	return fn(ctx)
}

func (s *memorySink) Hashes(context.Context, domain.FeedID, []string) (map[string]string, error) {
	return nil, nil
}

func (s *memorySink) Upsert(_ context.Context, products []domain.Product) error {
	s.products = append(s.products, products...)
	return nil
}

func (s *memorySink) RemoveUnseen(context.Context, domain.FeedID, func(string) bool) (int, error) {
	return 0, nil
}

// importedMarket imports a feed and builds the market of a niche.
func importedMarket(t *testing.T, feedName, niche string) domain.Market {
	t.Helper()
	f, err := os.Open(dataFile(t, "products/"+feedName+".csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	feed := domain.Feed{ID: "feed_1", Name: feedName, Language: "en"}
	sink := &memorySink{}
	if rep, err := (&catalog.Importer{}).Import(t.Context(), sink, &feed, f, catalog.ImportParams{}); err != nil || rep.Status != domain.ImportComplete {
		t.Fatalf("import = %+v, %v", rep, err)
	}
	m, err := catalog.BuildMarket(catalog.MarketParams{Niche: mustNiche(t, niche, "en"), Products: sink.products, Feeds: []domain.Feed{feed}})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestImportedMarkets checks on imported feeds that whatever a family says can be
// cited: attributes from the row that they name, names from the lead's name and
// from the attributes of NameFrom.
func TestImportedMarkets(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ feed, niche string }{
		{"feed_pcparts_en_usd", "power supplies"}, {"feed_luma_apparel_en_usd", "jackets"}, {"feed_luma_apparel_en_usd", "hoodies"},
	} {
		t.Run(tt.niche, func(t *testing.T) {
			t.Parallel()
			for _, f := range importedMarket(t, tt.feed, tt.niche).Families {
				checkEvidence(t, f)
				for _, a := range f.Attributes {
					i := slices.IndexFunc(f.Variants, func(p domain.Product) bool { return p.Key == a.RowKey })
					if i >= 0 && (a.Raw == "" || !strings.Contains(f.Variants[i].Fields[a.Field], a.Raw)) {
						t.Errorf("%s: %s cites %q, which field %s of row %s does not hold", f.Name, a.Name, a.Raw, a.Field, a.RowKey)
					}
				}
				checkName(t, f)
			}
		})
	}
}

var number = regexp.MustCompile(`[0-9]+(?:\.[0-9]+)?`)

func checkName(t *testing.T, f domain.Family) {
	t.Helper()
	lead := f.Lead().Fields["product_name"]
	if len(f.NameFrom) == 0 {
		if !strings.HasPrefix(lead, f.Name) {
			t.Errorf("name %q is not the beginning of %q", f.Name, lead)
		}
		return
	}
	base, suffix := f.Name[:strings.LastIndex(f.Name, " (")], f.Name[strings.LastIndex(f.Name, " ("):]
	if !strings.HasPrefix(lead, base) {
		t.Errorf("name %q is not the beginning of %q", base, lead)
	}
	cited := ""
	for _, n := range f.NameFrom {
		a, ok := f.Attribute(n)
		if !ok {
			t.Errorf("%s takes its name from %s, which it does not have", f.Name, n)
		}
		cited += " " + a.Raw
	}
	for _, n := range number.FindAllString(suffix, -1) {
		if !strings.Contains(cited, n) {
			t.Errorf("%s: %s is not in the attributes %q (%s)", f.Name, n, f.NameFrom, cited)
		}
	}
}
