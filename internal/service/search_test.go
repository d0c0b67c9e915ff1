package service_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/intelligence/embed"
	"empire/internal/intelligence/search"
	"empire/internal/intelligence/vector/embedded"
	"empire/internal/service"
	"empire/internal/store"
	"empire/internal/testkit"
)

// finder is the search over a store; the test works its jobs.
type finder struct {
	*service.Search
	st   *store.Store
	jobs []json.RawMessage
}

func newFinder(st *store.Store, space string) *finder {
	f := &finder{st: st}
	engine := search.New(search.Config{
		Rows: st.Vectors, Tx: st, Index: embedded.New(embedded.Config{Rows: st.Vectors, Now: time.Now}), Joins: true, Embedder: embed.NewLexical(0), Now: time.Now,
	})
	f.Search = service.NewSearch(service.SearchConfig{
		Engine: engine, Space: space, Feeds: st.Feeds, Products: st.Products, Pages: st.Pages, Evidence: st.Evidence, Websites: st.Websites, Marks: st.Meta,
		Enqueue: func(_ context.Context, kind string, args any, _ time.Time) error {
			raw, err := json.Marshal(args)
			f.jobs = append(f.jobs, raw)
			if kind != service.JobIndex {
				panic(kind)
			}
			return err
		},
		Audit: st.Audit, Now: time.Now,
	})
	return f
}

func (f *finder) work(t *testing.T) {
	t.Helper()
	for _, j := range f.jobs {
		for range 2 { // any job may run twice
			if err := f.Work(t.Context(), j); err != nil {
				t.Fatal(err)
			}
		}
	}
	f.jobs = nil
}

func (f *finder) found(ctx context.Context, t *testing.T, text string) map[string]bool {
	t.Helper()
	a, err := f.Find(ctx, domain.SearchQuery{Text: text, Limit: 50})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for _, h := range a.Hits {
		out[h.Document.Ref] = true
	}
	return out
}

func withFeed(t *testing.T, st *store.Store, id domain.FeedID) {
	t.Helper()
	now := time.Now().UTC().Truncate(time.Microsecond)
	if err := st.Feeds.Insert(t.Context(), &domain.Feed{ID: id, Name: string(id), CreatedAt: now, UpdatedAt: now}); err != nil {
		t.Fatal(err)
	}
	err := st.Products.Upsert(t.Context(), []domain.Product{
		{FeedID: id, Key: "row1-" + string(id), Hash: "1", Name: "Silent keyboard", Brand: "Example", Language: "en", ReadAt: now},
		{FeedID: id, Key: "row2-" + string(id), Hash: "2", Name: "Desk lamp", Language: "en", ReadAt: now},
	})
	if err != nil {
		t.Fatal(err)
	}
}

func withPages(t *testing.T, st *store.Store, site domain.WebsiteID, feed domain.FeedID) (own, fed domain.EvidenceID) {
	t.Helper()
	page := domain.Page{ID: "page_" + domain.PageID(site), WebsiteID: site, Slug: "a", Language: "en", Title: "Keyboards compared", Heading: "All keyboards"}
	if err := st.Pages.Replace(t.Context(), site, []domain.Page{page}); err != nil {
		t.Fatal(err)
	}
	snapshot := domain.Evidence{Kind: domain.EvidenceSnapshot, URL: "https://a.example/", Value: "this keyboard is quiet at night"}.Seal()
	row := domain.Evidence{Kind: domain.EvidenceFeed, FeedID: feed, RowKey: "1", Field: "description", Value: "keyboard with silent switches"}.Seal()
	price := domain.Evidence{Kind: domain.EvidenceFeed, FeedID: feed, RowKey: "1", Field: "price", Value: "37.99"}.Seal()
	if err := st.Evidence.InsertAll(t.Context(), site, []domain.Evidence{snapshot, row, price}); err != nil {
		t.Fatal(err)
	}
	return snapshot.ID, row.ID
}

// TestSearchTenants: products belong to all, pages and evidence to the tenant of their
// website, whose identifier another cannot even name.
func TestSearchTenants(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		e, f := newEstate(t, st), newFinder(st, "x")
		acme, other := in(t.Context(), "acme"), in(t.Context(), "other")
		site := e.register(acme, t, "acme.example")
		withFeed(t, st, "feed_s")
		withPages(t, st, site.ID, "feed_s")
		for _, err := range []error{f.FeedChanged(acme, "feed_s"), f.WebsiteChanged(acme, "acme", site.ID)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		f.work(t)
		if got := f.found(acme, t, "keyboard"); !got["row1-feed_s"] || !got["page_"+string(site.ID)] || len(got) != 4 {
			t.Errorf("acme finds %v, want product, page and two pieces of evidence", got)
		}
		if got := f.found(other, t, "keyboard"); !got["row1-feed_s"] || len(got) != 1 {
			t.Errorf("the other tenant finds %v, want the product alone", got)
		}
		_, foreign := f.Find(other, domain.SearchQuery{Text: "keyboard", Limit: 5, WebsiteID: site.ID})
		wantCode(t, "another's website", foreign, domain.CodeNotFound)
		_, err := f.Find(t.Context(), domain.SearchQuery{Text: "keyboard", Limit: 5})
		wantCode(t, "nobody", err, domain.CodeUnauthenticated)
		_, err = f.Find(acme, domain.SearchQuery{Text: " ", Limit: 5})
		wantCode(t, "an empty query", err, domain.CodeInvalid)
	})
}

// TestSearchForgets: a feed that is withdrawn takes its products and what websites
// cite of it along; a website its pages and evidence.
func TestSearchForgets(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		e, f := newEstate(t, st), newFinder(st, "x")
		main := in(t.Context(), domain.DefaultTenant)
		site := e.register(main, t, "main.example")
		withFeed(t, st, "feed_a")
		withFeed(t, st, "feed_b")
		own, fed := withPages(t, st, site.ID, "feed_a")
		catalogue := service.NewCatalogue(service.CatalogueConfig{Tx: st, Feeds: st.Feeds, Products: st.Products, Reindex: f.FeedChanged, Audit: st.Audit, Now: time.Now})
		for _, err := range []error{f.FeedChanged(main, "feed_a"), f.FeedChanged(main, "feed_b"), f.WebsiteChanged(main, site.Tenant, site.ID)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		f.work(t)
		if got := f.found(main, t, "keyboard"); !got[string(own)] || !got[string(fed)] || !got["row1-feed_a"] {
			t.Fatalf("before: %v", got)
		}
		if err := catalogue.DeleteFeed(main, "feed_a"); err != nil {
			t.Fatal(err)
		}
		f.work(t)
		check := func(when string) {
			t.Helper()
			got := f.found(main, t, "keyboard")
			if got["row1-feed_a"] || got[string(fed)] || !got["row1-feed_b"] || !got[string(own)] {
				t.Errorf("%s: %v, want nothing of feed_a and all else", when, got)
			}
		}
		check("after the feed was withdrawn")
		if err := f.WebsiteChanged(main, site.Tenant, site.ID); err != nil {
			t.Fatal(err)
		}
		f.work(t)
		check("after the website was indexed again")
		wantCode(t, "withdraw it again", catalogue.DeleteFeed(main, "feed_a"), domain.CodeNotFound)

		if err := st.Websites.Delete(main, site.ID); err != nil {
			t.Fatal(err)
		}
		if err := f.WebsiteChanged(main, site.Tenant, site.ID); err != nil {
			t.Fatal(err)
		}
		f.work(t)
		if got := f.found(main, t, "keyboard"); len(got) != 1 || !got["row1-feed_b"] {
			t.Errorf("after the website was deleted: %v, want the product alone", got)
		}
		all, err := st.Vectors.All(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range all {
			n, err := st.Vectors.Count(t.Context(), c.ID)
			if want := map[domain.TenantID]int{"": 2}[c.Tenant]; n != want || err != nil {
				t.Errorf("%s of %q has %d rows, %v, want %d", c.Name, c.Tenant, n, err, want)
			}
		}
	})
}

// TestSearchPrepare: what was there before is indexed once for a space.
func TestSearchPrepare(t *testing.T) {
	t.Parallel()
	st := testkit.DB(t)
	main := in(t.Context(), domain.DefaultTenant)
	withFeed(t, st, "feed_a")
	f := newFinder(st, "lexical here")
	for want := 1; want >= 0; want-- {
		if err := f.Prepare(t.Context()); err != nil || len(f.jobs) != want {
			t.Fatalf("%d jobs, %v, want %d", len(f.jobs), err, want)
		}
		f.work(t)
	}
	if got := f.found(main, t, "keyboard"); !got["row1-feed_a"] {
		t.Errorf("found %v, want the product", got)
	}
	if err := f.Work(t.Context(), []byte(`{"all":true,"space":"another"}`)); err != nil {
		t.Error(err)
	}
	wantCode(t, "arguments", f.Work(t.Context(), []byte(`[`)), domain.CodeInvalid)
}

type dumps func(tenant domain.TenantID, r io.ReadSeeker) (*domain.VectorImport, error)

func (d dumps) Import(_ context.Context, tenant domain.TenantID, r io.ReadSeeker) (*domain.VectorImport, error) {
	return d(tenant, r)
}

// TestImportChroma: collections come to the principal's tenant, and a change is noted.
func TestImportChroma(t *testing.T) {
	t.Parallel()
	st := testkit.DB(t)
	changed, seen := true, domain.TenantID("")
	s := service.NewVectors(service.VectorsConfig{Tx: st, Audit: st.Audit, Now: time.Now, Import: dumps(func(tenant domain.TenantID, _ io.ReadSeeker) (*domain.VectorImport, error) {
		seen = tenant
		return &domain.VectorImport{Changed: changed, Records: 3}, nil
	})})
	acme := in(t.Context(), "acme")
	for range 2 {
		if r, err := s.ImportChroma(acme, "dump.jsonl", bytes.NewReader(nil)); err != nil || r.Source != "dump.jsonl" || seen != "acme" {
			t.Errorf("%+v, %v for %q", r, err, seen)
		}
		changed = false
	}
	_, err := s.ImportChroma(t.Context(), "x", bytes.NewReader(nil))
	wantCode(t, "nobody", err, domain.CodeUnauthenticated)
	_, n, err := st.Audit.List(acme, domain.AuditFilter{Tenant: "acme"}, domain.Window{Limit: 10})
	if err != nil || n != 1 {
		t.Errorf("%d entries, %v, want one for the import that changed something", n, err)
	}
}
