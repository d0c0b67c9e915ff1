package app

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"empire/internal/domain"
	"empire/internal/sample"
)

// SitesBench says what BenchSites measures.
type SitesBench struct {
	Websites int // of the portfolio
	Built    int // of them: those whose pages are really built anew
	Progress func(what string, done, total int)
}

// SitesResult is what BenchSites found. Times are in seconds.
type SitesResult struct {
	Websites int `json:"websites"`
	Built    int `json:"built"`
	Pages    int `json:"pages"` // that were built, of all websites
	Files    int `json:"files"`
	// Render makes the files of all pages; Build does so, compresses them and keeps them as
	// releases; Again does that where nothing differs from the release before.
	Render float64 `json:"render_seconds"`
	Build  float64 `json:"build_seconds"`
	Again  float64 `json:"again_seconds"`
	// Change is from the import of a feed in which one product has another price to the new
	// release of one website being live, gates and approval included; Import is the part
	// before the run. ChangeAll is the same for a feed in which every row changed.
	Change    float64 `json:"change_seconds"`
	Import    float64 `json:"import_seconds"`
	ChangeAll float64 `json:"change_all_seconds"`
	// Changed and ChangedAll are how many files of the releases are new.
	Changed    int     `json:"changed_files"`
	ChangedAll int     `json:"changed_all_files"`
	Rollback   float64 `json:"rollback_seconds"` // of all websites
	Publish    float64 `json:"publish_seconds"`  // of all websites
	DryRun     float64 `json:"dry_run_seconds"`  // of a rollback of all
	Failed     int     `json:"failed"`           // moves that did not work
}

type sitesBench struct {
	*App
	cfg   SitesBench
	res   *SitesResult
	site  *domain.Website
	draft *domain.Draft
}

// BenchSites fills an empty, running installation with a portfolio and measures what is
// done to all of it.
func (a *App) BenchSites(ctx context.Context, cfg SitesBench) (*SitesResult, error) {
	if cfg.Progress == nil {
		cfg.Progress = func(string, int, int) {}
	}
	b := &sitesBench{App: a, cfg: cfg, res: &SitesResult{Websites: cfg.Websites, Built: cfg.Built}}
	ctx = domain.WithPrincipal(ctx, a.admin)
	for _, step := range []func(context.Context) error{b.launchOne, b.change, b.fill, b.moveAll} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return b.res, nil
}

// launchOne publishes the website that the others are made of.
func (b *sitesBench) launchOne(ctx context.Context) error {
	b.cfg.Progress("launch", 0, 1)
	b.Websites.SetOperator(sample.Operator())
	s, err := b.Demo(ctx, DemoParams{})
	if err != nil {
		return err
	}
	if s.Status != DemoCompleted {
		return fmt.Errorf("the first website was not published: %+v", s.Error)
	}
	if b.site, err = b.store.Websites.Get(ctx, s.WebsiteID); err != nil {
		return err
	}
	r, err := b.store.Releases.Get(ctx, b.site.LiveRelease)
	if err != nil {
		return err
	}
	b.draft, err = artifacts{b.blobs}.Draft(ctx, r.Draft)
	return err
}

// change publishes what differs once a product of the website has another price, and
// once all rows of the feed are of the day before.
func (b *sitesBench) change(ctx context.Context) error {
	b.cfg.Progress("change", 0, 2)
	feed, err := b.repriced(sample.Feed(b.sampleClock()))
	if err != nil {
		return err
	}
	if b.res.Change, b.res.Import, b.res.Changed, err = b.live(ctx, feed); err != nil {
		return err
	}
	b.cfg.Progress("change", 1, 2)
	b.res.ChangeAll, _, b.res.ChangedAll, err = b.live(ctx, sample.Feed(b.sampleClock().Add(-24*time.Hour)))
	return err
}

// repriced returns a feed in which the dearest product that the website links to costs
// a little less.
func (b *sitesBench) repriced(feed []byte) ([]byte, error) {
	rows, err := csv.NewReader(bytes.NewReader(feed)).ReadAll()
	if err != nil {
		return nil, err
	}
	at := func(name string) int { return slices.Index(rows[0], name) }
	id, most, found := at("aw_product_id"), 0.0, -1
	for i := 1; i < len(rows); i++ {
		price, err := strconv.ParseFloat(rows[i][at("search_price")], 64) // a few rows have none
		if err == nil && price > most && b.linked(rows[i][id]) {
			most, found = price, i
		}
	}
	if found < 0 {
		return nil, errors.New("the website links to no product of the feed")
	}
	price := strconv.FormatFloat(most*0.99, 'f', 2, 64)
	for _, name := range []string{"search_price", "store_price"} {
		rows[found][at(name)] = price
	}
	rows[found][at("display_price")] = sample.Currency + price
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	err = w.WriteAll(rows)
	return out.Bytes(), err
}

// linked reports whether a page of the website offers a product.
func (b *sitesBench) linked(id string) bool {
	for i := range b.draft.Pages {
		for j := range b.draft.Pages[i].Offers {
			if strings.Contains(b.draft.Pages[i].Offers[j].URL, "p="+id+"&") {
				return true
			}
		}
	}
	return false
}

// live imports a feed and follows the website until its new release is live. It returns
// how long that took, how much of it the import, and how many files are new.
func (b *sitesBench) live(ctx context.Context, feed []byte) (took, imported float64, changed int, err error) {
	began := time.Now()
	if _, err := b.Catalogue.ImportFeed(ctx, "sample", "sample", bytes.NewReader(feed), int64(len(feed)), func(int64, int64, int) {}); err != nil {
		return 0, 0, 0, err
	}
	imported = time.Since(began).Seconds()
	run, err := b.Websites.Rebuild(ctx, b.site.ID)
	if err != nil {
		return 0, 0, 0, err
	}
	if run, err = b.follow(ctx, run.ID, b.decideDemo, func(DemoProgress) {}); err != nil {
		return 0, 0, 0, err
	}
	if run.State != domain.StateCompleted {
		return 0, 0, 0, fmt.Errorf("run %s is %s: %+v", run.ID, run.State, run.Error)
	}
	changed, err = b.newFiles(ctx)
	return run.FinishedAt.Sub(began).Seconds(), imported, changed, err
}

// newFiles counts the files of the live release that the one before did not have.
func (b *sitesBench) newFiles(ctx context.Context) (int, error) {
	list, _, err := b.store.Releases.List(ctx, b.site.ID, domain.Window{Limit: 2})
	if err != nil {
		return 0, err
	}
	had := map[string]bool{}
	n := 0
	for i := len(list) - 1; i >= 0; i-- {
		m, err := b.builder.Load(ctx, list[i].Manifest)
		if err != nil {
			return 0, err
		}
		n = 0
		for _, e := range m.Entries {
			if !had[e.SHA256] {
				n++
			}
			had[e.SHA256] = true
		}
	}
	return n, nil
}

// copied returns the draft of another website with the same pages.
func (b *sitesBench) copied(i int) *domain.Draft {
	d := *b.draft
	d.Website.Name = fmt.Sprintf("bench-%05d", i)
	d.Website.Domain = d.Website.Name + ".example"
	return &d
}

// fill builds the pages of some websites, on all cores, and adds all with two releases
// each; those that were not built have the files of others.
func (b *sitesBench) fill(ctx context.Context) error {
	built := min(b.cfg.Built, b.cfg.Websites-1)
	manifests := make([]domain.Manifest, built)
	shas := make([][2]string, built)
	var files atomic.Int64
	for _, pass := range []struct {
		name string
		took *float64
		do   func(ctx context.Context, i int, d *domain.Draft, built []domain.File) error
	}{
		{"render", &b.res.Render, func(_ context.Context, _ int, _ *domain.Draft, built []domain.File) error {
			files.Add(int64(len(built)))
			return nil
		}},
		{"build", &b.res.Build, func(ctx context.Context, i int, d *domain.Draft, built []domain.File) (err error) {
			shas[i][0], manifests[i], err = b.builder.Build(ctx, d.Website.Domain, built)
			return err
		}},
		{"again", &b.res.Again, func(ctx context.Context, i int, d *domain.Draft, built []domain.File) (err error) {
			shas[i][1], _, err = b.builder.Build(ctx, d.Website.Domain, built, manifests[i])
			return err
		}},
	} {
		began := time.Now()
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(runtime.GOMAXPROCS(0))
		for i := range built {
			group.Go(func() error {
				d := b.copied(i)
				files, err := b.launch.Builder.Build(ctx, d)
				if err != nil {
					return err
				}
				b.cfg.Progress(pass.name, i+1, built)
				return pass.do(ctx, i, d, files)
			})
		}
		if err := group.Wait(); err != nil {
			return err
		}
		*pass.took = time.Since(began).Seconds()
	}
	b.res.Pages, b.res.Files = built*len(b.draft.Pages), int(files.Load())
	for i := range b.cfg.Websites - 1 {
		if err := b.add(ctx, &b.copied(i).Website, shas[i%built]); err != nil {
			return err
		}
	}
	return nil
}

// add stores a website with two releases that were live, the second of which is.
func (b *sitesBench) add(ctx context.Context, w *domain.Website, manifests [2]string) error {
	at := b.now().UTC().Truncate(time.Second)
	w.ID, w.State, w.LiveRelease = domain.WebsiteID(domain.NewID("site")), domain.WebsiteDraft, ""
	w.CreatedAt, w.UpdatedAt = at, at
	live, err := b.store.Releases.Get(ctx, b.site.LiveRelease)
	if err != nil {
		return err
	}
	return b.store.InTx(ctx, func(ctx context.Context) error {
		if err := b.store.Websites.Insert(ctx, w); err != nil {
			return err
		}
		for _, m := range manifests {
			r := *live
			r.ID, r.WebsiteID, r.Manifest, r.RunID, r.CreatedAt, r.PublishedAt = domain.ReleaseID(domain.NewID("rel")), w.ID, m, "", at, &at
			if err := b.store.Releases.Insert(ctx, &r); err != nil {
				return err
			}
			if err := b.store.Websites.SetLive(ctx, w.ID, r.ID, at); err != nil {
				return err
			}
		}
		return nil
	})
}

// moveAll rolls all websites back, and publishes them again.
func (b *sitesBench) moveAll(ctx context.Context) error {
	began := time.Now()
	if _, _, err := b.Batches.Start(ctx, domain.BatchParams{Action: domain.BulkRollback, All: true, DryRun: true}); err != nil {
		return err
	}
	b.res.DryRun = time.Since(began).Seconds()
	for _, m := range []struct {
		action domain.BulkAction
		took   *float64
	}{{domain.BulkRollback, &b.res.Rollback}, {domain.BulkPublish, &b.res.Publish}} {
		began := time.Now()
		batch, _, err := b.Batches.Start(ctx, domain.BatchParams{Action: m.action, All: true})
		if err != nil {
			return err
		}
		for batch.State == domain.BatchRunning {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(20 * time.Millisecond):
			}
			if batch, err = b.store.Batches.Get(ctx, batch.ID); err != nil {
				return err
			}
			b.cfg.Progress(string(m.action), batch.Total-batch.Counts[domain.BatchSiteQueued], batch.Total)
		}
		*m.took = batch.FinishedAt.Sub(began).Seconds()
		b.res.Failed += batch.Total - batch.Counts[domain.BatchSiteDone]
	}
	return nil
}
