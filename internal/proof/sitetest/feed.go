// Package sitetest builds whole websites out of product feeds as the launch pipeline
// does, in memory and without a database: market, plan, texts, search, offers, files.
// Tests look at them, or damage them and look whether anyone notices.
package sitetest

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

	"empire/internal/catalog"
	"empire/internal/domain"
	"empire/internal/sample"
	"empire/internal/testkit"
)

// At is the clock of all builds: when feeds are read and sites are built.
var At = time.Date(2026, time.March, 14, 9, 30, 0, 0, time.UTC)

// The feeds that the program carries, and those of the shared test data.
const (
	Sample   = "sample"    // the demonstration catalog: English, prices in euros, several merchants
	SampleDE = "sample_de" // the same in German
	PCParts  = "feed_pcparts_en_usd"
	Luma     = "feed_luma_apparel_en_usd"
	Food     = "feed_food_de_noprice"
)

// memorySink keeps the products of one feed in memory.
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

// feed is an imported feed.
type feed struct {
	of       domain.Feed
	products []domain.Product
	programs []domain.Program
}

var feeds sync.Map // name → func() (*feed, error)

// load imports a feed once. One of the shared data skips the test when it is missing.
func load(t testing.TB, name string) *feed {
	t.Helper()
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(sampleFeed(name))), nil }
	if name != Sample && name != SampleDE {
		path := testkit.Data(t, "products/"+name+".csv.gz")
		open = func() (io.ReadCloser, error) { return os.Open(path) } //nolint:gosec // a file of the test data
	}
	once, _ := feeds.LoadOrStore(name, sync.OnceValues(func() (*feed, error) { return importFeed(name, open) }))
	f, err := once.(func() (*feed, error))()
	if err != nil {
		t.Fatalf("import feed %s: %v", name, err)
	}
	return f
}

// sampleFeed is the demonstration catalog, in German if that is asked for.
func sampleFeed(name string) []byte {
	b := sample.Feed(At)
	if name == SampleDE {
		for _, w := range [][2]string{
			{"Espresso Machines", "Espressomaschinen"}, {"Espresso Machine", "Espressomaschine"}, {"Robot Vacuums", "Saugroboter"}, {"Robot Vacuum", "Saugroboter"},
			{"Office Chairs", "Bürostühle"}, {"Office Chair", "Bürostuhl"},
		} {
			b = bytes.ReplaceAll(b, []byte(w[0]), []byte(w[1]))
		}
		b = bytes.ReplaceAll(b, []byte(",en,"), []byte(",de,"))
	}
	return b
}

func importFeed(name string, open func() (io.ReadCloser, error)) (*feed, error) {
	r, err := open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	f := &feed{of: domain.Feed{ID: domain.FeedID("feed_" + strings.ReplaceAll(name, "_", "")), Name: name, Language: "en"}}
	if name == SampleDE || name == Food {
		f.of.Language = "de"
	}
	sink := &memorySink{}
	im := catalog.Importer{Now: func() time.Time { return At }}
	report, err := im.Import(context.Background(), sink, &f.of, r, catalog.ImportParams{})
	if err != nil {
		return nil, err
	}
	if report.Status == domain.ImportRefused {
		return nil, fmt.Errorf("refused: %s", report.Error)
	}
	f.products, f.of.ReadAt = sink.rows, &At
	if name == Sample || name == SampleDE {
		f.programs = sample.Programs()
	}
	return f, nil
}
