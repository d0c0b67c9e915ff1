package app_test

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"empire/internal/app"
	"empire/internal/config"
	"empire/internal/domain"
	"empire/internal/sample"
	"empire/internal/store"
	"empire/internal/testkit"
)

// start opens and starts the program on a fresh data directory and free ports.
func start(t *testing.T, dir, postgres string) *app.App {
	t.Helper()
	return startWith(t, map[string]string{"data": dir, "database.url": postgres})
}

// startWith is start with settings of the test's own.
func startWith(t *testing.T, settings map[string]string) *app.App {
	t.Helper()
	a := run(t, settings)
	t.Cleanup(func() { halt(t, a) })
	return a
}

// run is startWith for a program that the test halts itself.
func run(t *testing.T, settings map[string]string) *app.App {
	t.Helper()
	flags := map[string]string{"data": "", "listen.api": "127.0.0.1:0", "listen.edge": "127.0.0.1:0", "log.level": "error"}
	maps.Copy(flags, settings)
	if flags["data"] == "" {
		flags["data"] = t.TempDir()
	}
	if file := filepath.Join(flags["data"], "empire.db"); flags["database.url"] == "" {
		if _, err := os.Stat(file); os.IsNotExist(err) {
			testkit.MigratedFile(t, file)
		}
	}
	cfg, _, err := config.Load(config.Input{Flags: flags})
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.Open(t.Context(), cfg, quietLogger(t), app.Serve)
	if err != nil {
		t.Fatal(err)
	}
	a.UseSampleOperator()
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return a
}

// halt ends what run began.
func halt(t *testing.T, a *app.App) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := a.Stop(ctx); err != nil {
		t.Errorf("stop: %v", err)
	}
	if err := a.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

func demo(t *testing.T, a *app.App, p app.DemoParams) *app.DemoSummary {
	t.Helper()
	wholeSite(t)
	s, err := a.Demo(t.Context(), p)
	if err != nil {
		t.Fatalf("demo: %v", err)
	}
	if s.Status != app.DemoCompleted {
		t.Fatalf("status = %s: %+v", s.Status, s.Error)
	}
	return s
}

// raced are the tests that import whole feeds and make websites with the race detector,
// too.
var raced = []string{"TestContract", "TestOpportunityScan", "TestRollbackUnderLoad"}

// wholeSite skips a test with the race detector, where a whole website takes a minute of
// two cores and the feed before it half of one, but for those where much happens at once.
func wholeSite(t *testing.T) {
	t.Helper()
	name, _, _ := strings.Cut(t.Name(), "/")
	if !slices.Contains(raced, name) {
		testkit.Unraced(t)
	}
}

// database is a store that acceptance tests run on.
type database struct {
	name string
	url  func(t *testing.T) string
}

// databases are the stores that every acceptance test runs on: one of them with the race
// detector.
func databases(t *testing.T) []database {
	t.Helper()
	all := []database{
		{"sqlite", func(*testing.T) string { return "" }},
		{"postgres", func(t *testing.T) string { return testkit.MigratedPostgres(t) }},
	}
	if testkit.Part(t) {
		return all[:1]
	}
	return all
}

// TestDemo runs the whole main job on the sample catalog.
func TestDemo(t *testing.T) {
	t.Parallel()
	for _, db := range databases(t) {
		t.Run(db.name, func(t *testing.T) {
			t.Parallel()
			dir, url := t.TempDir(), db.url(t)
			a := start(t, dir, url)
			s := demo(t, a, app.DemoParams{})
			feed := readFeedRows(t, bytes.NewReader(sample.Feed(time.Now().UTC().Truncate(24*time.Hour))))
			checkSite(t, s, feed)
			again := demo(t, a, app.DemoParams{})
			if !again.Reused || again.Release != s.Release {
				t.Errorf("a second demo gave release %s (reused %v), want %s again", again.Release, again.Reused, s.Release)
			}
			before := time.Now()
			rebuilt := demo(t, a, app.DemoParams{Rebuild: true})
			for _, e := range readSite(t, rebuilt).evidence {
				if e.Kind == domain.EvidenceFeed && e.At.Before(before.Add(-time.Second)) {
					t.Errorf("row %s was confirmed by the import after %v, but counts as read at %v", e.RowKey, before, e.At)
					break
				}
			}
			if rebuilt.ReleaseNumber != 2 || rebuilt.WebsiteID != s.WebsiteID {
				t.Errorf("a rebuild gave release %d of %s", rebuilt.ReleaseNumber, rebuilt.WebsiteID)
			}
			checkTakenDown(t, s, openStore(t, dir, url))
		})
	}
}

// checkTakenDown archives, restores and deletes the site as another process would,
// which the running edge must follow.
func checkTakenDown(t *testing.T, s *app.DemoSummary, other *store.Store) {
	t.Helper()
	ctx := t.Context()
	site, err := other.Websites.Get(ctx, s.WebsiteID)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		what string
		do   func() error
		want int
	}{
		{"archived", func() error { site.State = domain.WebsiteArchived; return other.Websites.Update(ctx, site) }, 421},
		{"restored", func() error { site.State = domain.WebsiteLive; return other.Websites.Update(ctx, site) }, 200},
		{"deleted", func() error { return other.Websites.Delete(ctx, site.ID) }, 421},
	} {
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.what, err)
		}
		for end := time.Now().Add(3 * time.Second); ; {
			status, _, _, err := visit(ctx, http.DefaultClient, s.BaseURL)
			if err != nil {
				t.Fatal(err)
			}
			if status == step.want {
				break
			}
			if time.Now().After(end) {
				t.Fatalf("the site was %s, and the edge still answers %d", step.what, status)
			}
		}
	}
}

// openStore opens the database of a program that runs.
func openStore(t *testing.T, dir, postgres string) *store.Store {
	t.Helper()
	db, err := store.Open(t.Context(), store.Config{Path: filepath.Join(dir, "empire.db"), URL: postgres, Logger: quietLogger(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return store.New(db)
}

// checkSite holds a built site against everything that a reader may rely on.
func checkSite(t *testing.T, s *app.DemoSummary, feed map[string]map[string]string) *builtSite {
	t.Helper()
	if s.Pages < 15 || s.Products == 0 || s.Claims == 0 || s.Claims != s.Grounded {
		t.Errorf("%d pages, %d products, %d of %d claims grounded", s.Pages, s.Products, s.Grounded, s.Claims)
	}
	if s.Confidence <= 0 || s.Confidence > 1 || s.SEOScore < 80 || s.SEOScore > 100 {
		t.Errorf("confidence %v, search score %v", s.Confidence, s.SEOScore)
	}
	for _, g := range s.Gates {
		if g.State == domain.GateFail {
			t.Errorf("gate %s is red: %s", g.Name, g.Summary)
		}
	}
	b := readSite(t, s)
	if len(b.pages) != s.Pages {
		t.Errorf("%d pages on disk, %d reported", len(b.pages), s.Pages)
	}
	b.checkFigures(feed)
	b.checkDuplicates()
	b.checkDescriptions(feed)
	b.checkHeads()
	b.checkLinks()
	b.checkSitemap()
	if n := b.checkAffiliateLinks(); n == 0 {
		t.Error("no affiliate link was placed")
	}
	return b
}

// TestLaunchFromRealFeeds builds sites from real product feeds: one of each, or all with
// EMPIRE_TEST_SITES=all (make sites).
func TestLaunchFromRealFeeds(t *testing.T) {
	t.Parallel()
	all := os.Getenv("EMPIRE_TEST_SITES") == "all"
	pcparts := testkit.Data(t, "products/feed_pcparts_en_usd.csv.gz")
	luma := testkit.Data(t, "products/feed_luma_apparel_en_usd.csv.gz")
	for _, db := range databases(t) {
		t.Run(db.name, func(t *testing.T) {
			t.Parallel()
			a := start(t, t.TempDir(), db.url(t))
			for _, tt := range []struct{ feed, niche, domain, category string }{
				{pcparts, "mechanical keyboards", "keyboards.example", "Keyboard"},
				{pcparts, "computer monitors", "monitors.example", "Monitor"},
				{pcparts, "power supplies", "psu.example", "Power Supply"},
				{luma, "jackets", "jackets.example", "Jackets"},
				{luma, "hoodies", "hoodies.example", "Hoodies & Sweatshirts"},
			} {
				if testkit.Part(t) && tt.niche != "hoodies" { // the others take minutes with it
					continue
				}
				if !all && tt.niche != "computer monitors" && tt.niche != "hoodies" { // one of each feed
					continue
				}
				s := demo(t, a, app.DemoParams{Feed: tt.feed, Niche: tt.niche, Domain: tt.domain})
				feed := openFeed(t, tt.feed)
				b := checkSite(t, s, feed)
				checkNiche(t, b, feed, tt.category)
				if tt.feed == luma {
					checkVariants(t, b, feed)
				}
			}
			checkNotHeld(t, a, pcparts, "espresso machines", "espresso.example")
			checkNotHeld(t, a, luma, "gaming chairs", "chairs.example")
		})
	}
}

// TestLaunchWithoutPrices builds sites from a German feed without a single price: their
// gates are green, they say that there are no prices, and nothing is offered.
func TestLaunchWithoutPrices(t *testing.T) {
	t.Parallel()
	food := testkit.BigData(t, "products/feed_food_de_noprice.csv.gz")
	a := start(t, t.TempDir(), "")
	for _, tt := range []struct{ niche, domain string }{
		{"Schokoladen", "schokolade.example"}, {"Müslis", "muesli.example"}, {"Nudeln", "nudeln.example"},
	} {
		s, err := a.Demo(t.Context(), app.DemoParams{Feed: food, Niche: tt.niche, Domain: tt.domain, Language: "de"})
		if err != nil {
			t.Fatalf("%s: %v", tt.niche, err)
		}
		if s.Status != app.DemoCompleted || s.Claims == 0 || s.Claims != s.Grounded {
			t.Fatalf("%s: status %s, error %+v, %d of %d claims grounded, gates %+v", tt.niche, s.Status, s.Error, s.Grounded, s.Claims, s.Gates)
		}
		for _, g := range s.Gates {
			if g.State != domain.GatePass {
				t.Errorf("%s: gate %s is %s: %s %+v", tt.niche, g.Name, g.State, g.Summary, g.Findings[:min(3, len(g.Findings))])
			}
		}
		checkUnpriced(t, s.SiteDir)
	}
}

// checkUnpriced wants pages without prices, offers and labels of advertising, and a home
// page that says why.
func checkUnpriced(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || filepath.Ext(path) != ".html" {
			return err
		}
		body, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, bad := range []string{"rel=\"sponsored", "Anzeige", "€", "EUR", "/go/", "Werbehinweis", "\"offers\""} {
			if strings.Contains(string(body), bad) {
				t.Errorf("%s holds %q", path, bad)
			}
		}
		if path == filepath.Join(dir, "index.html") && !strings.Contains(string(body), "Preis") {
			t.Errorf("%s does not say that there are no prices", path)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// checkNiche wants every product that the site cites from one category.
func checkNiche(t *testing.T, b *builtSite, feed map[string]map[string]string, category string) {
	t.Helper()
	for _, e := range b.evidence {
		if e.Kind == domain.EvidenceFeed && feed[e.RowKey]["category_name"] != category {
			t.Errorf("the site cites %q of category %q", feed[e.RowKey]["product_name"], feed[e.RowKey]["category_name"])
		}
	}
}

// checkVariants wants one product page for all sizes and colors of a product.
func checkVariants(t *testing.T, b *builtSite, feed map[string]map[string]string) {
	t.Helper()
	names := map[string]string{} // parent key by clean name
	for _, row := range feed {
		if row["product_type"] == "configurable" {
			names[strings.TrimSpace(row["product_name"])] = row["merchant_product_id"]
		}
	}
	headings := map[string]string{}
	for _, p := range b.paths() {
		h := strings.TrimSpace(b.pages[p].Find("h1").Text())
		for name, parent := range names {
			if h == name || strings.HasPrefix(h, name+":") {
				if headings[parent] != "" {
					t.Errorf("%s and %s are both about %s", p, headings[parent], name)
				}
				headings[parent] = p
			}
		}
	}
}

// checkNotHeld wants a clear answer and no site for a niche that the feed does not
// hold.
func checkNotHeld(t *testing.T, a *app.App, feed, niche, host string) {
	t.Helper()
	s, err := a.Demo(t.Context(), app.DemoParams{Feed: feed, Niche: niche, Domain: host})
	if err != nil {
		t.Errorf("%s: %v", niche, err)
		return
	}
	if s.Status != app.DemoNotEnoughData || s.Error == nil || s.Error.Message == "" || s.SiteDir != "" {
		t.Errorf("%s: status %s, error %+v, files in %q", niche, s.Status, s.Error, s.SiteDir)
	}
	if _, err := a.Websites.Find(a.AsAdmin(t.Context()), host); domain.CodeOf(err) != domain.CodeNotFound {
		t.Errorf("%s left a website behind: %v", niche, err)
	}
}

func quietLogger(t *testing.T) *slog.Logger {
	out := &untilEnd{to: t.Output()}
	t.Cleanup(out.end)
	return slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

// untilEnd is the output of a test until it ends: what still writes then, because it
// could not be stopped in time, must not end the other tests with a panic.
type untilEnd struct {
	mu sync.Mutex
	to io.Writer
}

func (u *untilEnd) Write(b []byte) (int, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.to.Write(b)
}

func (u *untilEnd) end() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.to = io.Discard
}
