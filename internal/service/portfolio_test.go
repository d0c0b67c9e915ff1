package service_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"empire/internal/domain"
	"empire/internal/service"
	"empire/internal/store"
	"empire/internal/testkit"
)

// encodeRow makes rows that a test can read.
func encodeRow(w *domain.Website) (domain.WebsiteRow, error) {
	raw, err := json.Marshal(w)
	return domain.WebsiteRow{ID: w.ID, Row: raw, Detail: raw, Tag: strconv.FormatInt(w.PointerSeq, 10)}, err
}

// countedStore is a Portfolio's store that counts what is asked.
type countedStore struct {
	*store.Portfolio
	versions, loads, changes atomic.Int64
	fail                     atomic.Bool
}

var errDown = errors.New("the database is down")

func (c *countedStore) Version(ctx context.Context) (int64, error) {
	c.versions.Add(1)
	if c.fail.Load() {
		return 0, errDown
	}
	return c.Portfolio.Version(ctx)
}

func (c *countedStore) All(ctx context.Context, limit int) ([]domain.Website, error) {
	c.loads.Add(1)
	return c.Portfolio.All(ctx, limit)
}

func (c *countedStore) Changes(ctx context.Context, id domain.WebsiteID, seq int64, limit int) ([]domain.Website, int64, int, error) {
	c.changes.Add(1)
	return c.Portfolio.Changes(ctx, id, seq, limit)
}

// onBothDatabases runs a test on SQLite and PostgreSQL; open opens one more handle
// on the same database, as another process would.
func onBothDatabases(t *testing.T, test func(t *testing.T, open func() *store.Store)) {
	t.Helper()
	run := func(name string, config func(t *testing.T) store.Config) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := config(t)
			open := func() *store.Store {
				db, err := store.Open(t.Context(), c)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = db.Close() })
				return store.New(db)
			}
			test(t, open)
		})
	}
	run("sqlite", func(t *testing.T) store.Config {
		file := t.TempDir() + "/empire.db"
		testkit.MigratedFile(t, file)
		return store.Config{Path: file}
	})
	run("postgres", func(t *testing.T) store.Config { return store.Config{URL: testkit.MigratedPostgres(t)} })
}

func reader(tenant domain.TenantID) context.Context {
	return domain.WithPrincipal(context.Background(), &domain.Principal{Tenant: tenant, Permissions: []domain.Permission{domain.WebsitesRead}})
}

func aWebsite(tenant domain.TenantID, name string) *domain.Website {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	return &domain.Website{
		ID: domain.WebsiteID("site_" + name), Tenant: tenant, Name: name, Domain: name + ".example", State: domain.WebsiteDraft, FeedIDs: []domain.FeedID{},
		CreatedAt: at, UpdatedAt: at,
	}
}

// TestPortfolioFollows makes every kind of change, and compares everything that the
// portfolio answers with the database each time.
func TestPortfolioFollows(t *testing.T) {
	t.Parallel()
	onBothDatabases(t, func(t *testing.T, open func() *store.Store) {
		s := open()
		from := &countedStore{Portfolio: store.NewPortfolio(s.DB())}
		p := service.NewPortfolio(service.PortfolioConfig{Store: from, Encode: encodeRow, Max: 8})
		sites := s.Websites
		ctx := t.Context()
		a, b := aWebsite("main", "a"), aWebsite("main", "b")
		for _, step := range []struct {
			name         string
			change       func() error
			loads, reads int64 // of everything, and of changes
		}{
			{"nothing", func() error { return nil }, 1, 0},
			{"insert", func() error { return errors.Join(sites.Insert(ctx, a), sites.Insert(ctx, b)) }, 0, 1},
			{"no change", func() error { return nil }, 0, 0},
			{"update", func() error { a.Title = "A"; return sites.Update(ctx, a) }, 0, 1},
			{"update and insert", func() error {
				b.Title = "B"
				return errors.Join(sites.Update(ctx, b), sites.Insert(ctx, aWebsite("other", "c")))
			}, 0, 1},
			{"two updates of one", func() error { a.Title = "AA"; return errors.Join(sites.Update(ctx, a), sites.Update(ctx, a)) }, 1, 1},
			{"publish", func() error {
				return errors.Join(s.Releases.Insert(ctx, &domain.Release{ID: "rel_1", WebsiteID: a.ID, CreatedAt: a.CreatedAt}), sites.SetLive(ctx, a.ID, "rel_1", a.CreatedAt))
			}, 0, 1},
			{"insert before others", func() error { return sites.Insert(ctx, aWebsite("main", "Z")) }, 1, 1},
			{"delete and insert", func() error {
				return errors.Join(sites.Delete(ctx, b.ID), sites.Insert(ctx, aWebsite("main", "d")))
			}, 1, 1},
			{"delete", func() error { return sites.Delete(ctx, "site_c") }, 1, 1},
			{"rolled back", func() error {
				_ = s.InTx(ctx, func(ctx context.Context) error { _ = sites.Delete(ctx, a.ID); return errDown })
				return nil
			}, 0, 0},
		} {
			loads, reads := from.loads.Load(), from.changes.Load()
			if err := step.change(); err != nil {
				t.Fatalf("%s: %v", step.name, err)
			}
			comparePortfolio(t, step.name, p, sites)
			if loads, reads = from.loads.Load()-loads, from.changes.Load()-reads; loads != step.loads || reads != step.reads {
				t.Errorf("%s: everything was read %d times and the changes %d times, want %d and %d", step.name, loads, reads, step.loads, step.reads)
			}
		}
	})
}

// comparePortfolio compares all answers with those of the store.
func comparePortfolio(t *testing.T, when string, p *service.Portfolio, sites *store.Websites) {
	t.Helper()
	for _, tenant := range []domain.TenantID{"", "main", "other", "nobody"} {
		all, total, err := sites.List(t.Context(), tenant.OrDefault(), domain.Window{Limit: 1000})
		if err != nil {
			t.Fatal(err)
		}
		want := make([]string, len(all))
		for i := range all {
			row, _ := encodeRow(&all[i])
			want[i] = string(row.Row)
			one, ok := p.One(reader(tenant), all[i].ID)
			if !ok || string(one.Detail) != want[i] {
				t.Errorf("%s, %q: %s alone is not what it should be", when, tenant, all[i].ID)
			}
			after, n, ok := p.After(reader(tenant), all[i].ID, 2)
			if wantAfter := min(2, len(all)-i-1); !ok || n != total || len(after) != wantAfter || wantAfter > 0 && after[0].ID != all[i+1].ID {
				t.Errorf("%s, %q: after %s come %d of %d", when, tenant, all[i].ID, len(after), n)
			}
		}
		for _, w := range []domain.Window{{Limit: 1000}, {Limit: 1}, {Limit: 2, Offset: 1}, {Limit: 5, Offset: 100}} {
			rows, n, ok := p.Window(reader(tenant), w)
			got := []string{}
			for _, r := range rows {
				got = append(got, string(r.Row))
			}
			from := min(w.Offset, len(want))
			if diff := cmp.Diff(append([]string{}, want[from:min(from+w.Limit, len(want))]...), got); !ok || n != total || diff != "" {
				t.Errorf("%s, %q, %+v: %v, %d in all, want %d (-want +got):\n%s", when, tenant, w, ok, n, total, diff)
			}
		}
	}
}

// TestPortfolioDeclines sends questions their ordinary way.
func TestPortfolioDeclines(t *testing.T) {
	t.Parallel()
	s := testkit.DB(t)
	from := &countedStore{Portfolio: store.NewPortfolio(s.DB())}
	p := service.NewPortfolio(service.PortfolioConfig{Store: from, Encode: encodeRow, Max: 2})
	main := aWebsite("main", "a")
	if err := errors.Join(s.Websites.Insert(t.Context(), main), s.Websites.Insert(t.Context(), aWebsite("other", "b"))); err != nil {
		t.Fatal(err)
	}
	answers := func(ctx context.Context) bool {
		_, _, window := p.Window(ctx, domain.Window{Limit: 1})
		_, _, after := p.After(ctx, "site_", 1)
		_, one := p.One(ctx, main.ID)
		if window != after || after != one {
			t.Errorf("window %v, after %v, one %v", window, after, one)
		}
		return one
	}
	if !answers(reader("")) {
		t.Fatal("there is no answer at all")
	}
	if answers(t.Context()) || answers(domain.WithPrincipal(t.Context(), &domain.Principal{Permissions: []domain.Permission{domain.WebsitesManage}})) {
		t.Error("there is an answer without the right")
	}
	if _, ok := p.One(reader("other"), main.ID); ok {
		t.Error("another tenant sees the website")
	}
	from.fail.Store(true)
	if answers(reader("")) {
		t.Error("there is an answer without a database")
	}
	from.fail.Store(false)
	if !answers(reader("")) {
		t.Error("there is no answer after an outage")
	}
	third := aWebsite("main", "c")
	if err := s.Websites.Insert(t.Context(), third); err != nil {
		t.Fatal(err)
	}
	loads := from.loads.Load()
	for range 2 {
		if answers(reader("")) {
			t.Error("there is an answer from more websites than may be held")
		}
	}
	if n := from.loads.Load() - loads; n != 1 {
		t.Errorf("too many websites were read %d times, want once for each version", n)
	}
	if err := s.Websites.Delete(t.Context(), third.ID); err != nil {
		t.Fatal(err)
	}
	if !answers(reader("")) {
		t.Error("there is no answer once there are few enough again")
	}
}

// TestPortfolioPanics: a panic while the websites are read is that of the request,
// and of no other.
func TestPortfolioPanics(t *testing.T) {
	t.Parallel()
	s := testkit.DB(t)
	if err := s.Websites.Insert(t.Context(), aWebsite("main", "a")); err != nil {
		t.Fatal(err)
	}
	broken := true
	p := service.NewPortfolio(service.PortfolioConfig{Store: store.NewPortfolio(s.DB()), Encode: func(w *domain.Website) (domain.WebsiteRow, error) {
		if broken {
			panic("cannot encode")
		}
		return encodeRow(w)
	}})
	ask := func() (ok bool, cause any) {
		defer func() { cause = recover() }()
		_, ok = p.One(reader(""), "site_a")
		return ok, nil
	}
	if ok, cause := ask(); ok || cause != "cannot encode" {
		t.Errorf("answer %v, panic %v", ok, cause)
	}
	broken = false
	if ok, cause := ask(); !ok || cause != nil {
		t.Errorf("afterwards: answer %v, panic %v", ok, cause)
	}
}

// slowStore lets a test decide when the version is read.
type slowStore struct {
	asked chan chan int64
}

func (s slowStore) Version(context.Context) (int64, error) {
	reply := make(chan int64)
	s.asked <- reply
	return <-reply, nil
}

func (slowStore) All(context.Context, int) ([]domain.Website, error) { return nil, nil }

func (slowStore) Changes(context.Context, domain.WebsiteID, int64, int) ([]domain.Website, int64, int, error) {
	return nil, 0, 0, nil
}

// TestPortfolioShares: whoever comes while the version is being read waits for the
// next look, and all of them share that one.
func TestPortfolioShares(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		from := slowStore{make(chan chan int64)}
		p := service.NewPortfolio(service.PortfolioConfig{Store: from, Encode: encodeRow})
		var answered atomic.Int64
		ask := func(n int) {
			for range n {
				go func() {
					if _, _, ok := p.Window(reader(""), domain.Window{Limit: 1}); ok {
						answered.Add(1)
					}
				}()
			}
			synctest.Wait()
		}
		ask(1)
		first := <-from.asked
		ask(100)
		if answered.Load() != 0 {
			t.Fatal("an answer before the version was read")
		}
		first <- 1
		second := <-from.asked
		synctest.Wait()
		if n := answered.Load(); n != 1 {
			t.Errorf("%d answers from the first look, want 1: the others came after it had begun", n)
		}
		ask(5)
		second <- 1
		third := <-from.asked
		synctest.Wait()
		if n := answered.Load(); n != 101 {
			t.Errorf("%d answers after the second look, want 101", n)
		}
		third <- 1
		synctest.Wait()
		if n := answered.Load(); n != 106 {
			t.Errorf("%d answers in the end, want 106", n)
		}
	})
}

// TestPortfolioIsCurrent: a reader that begins after a write has returned sees it,
// whoever wrote; here through one handle on the database or the other.
func TestPortfolioIsCurrent(t *testing.T) {
	t.Parallel()
	onBothDatabases(t, func(t *testing.T, open func() *store.Store) {
		const each = 40
		here, there := open(), open()
		p := service.NewPortfolio(service.PortfolioConfig{Store: store.NewPortfolio(here.DB()), Encode: encodeRow})
		var written [2]atomic.Int64 // how many websites each writer has made for certain
		var title [2]atomic.Int64   // and the number that its first website has as title
		stop := make(chan struct{})
		var readers, writers sync.WaitGroup
		for range 4 {
			readers.Go(func() {
				for last := 0; ; {
					select {
					case <-stop:
						return
					default:
					}
					last = checkCurrent(t, p, last, &written, &title)
				}
			})
		}
		for i, s := range []*store.Store{here, there} {
			writers.Go(func() { writeWebsites(t, s, i, each, &written[i], &title[i]) })
		}
		writers.Wait()
		close(stop)
		readers.Wait()
		comparePortfolio(t, "in the end", p, here.Websites)
	})
}

// checkCurrent reads once and wants all that was written for certain before. It
// returns the total, which never shrinks here.
func checkCurrent(t *testing.T, p *service.Portfolio, last int, written, title *[2]atomic.Int64) int {
	least := []int64{written[0].Load(), written[1].Load()}
	titles := []int64{title[0].Load(), title[1].Load()}
	rows, total, ok := p.Window(reader(""), domain.Window{Limit: 1000})
	if !ok || total < last || int64(total) < least[0]+least[1] {
		t.Errorf("%v, %d websites after %d, of which %v were written", ok, total, last, least)
	}
	if !slices.IsSortedFunc(rows, func(a, b domain.WebsiteRow) int { return strings.Compare(string(a.ID), string(b.ID)) }) {
		t.Error("the websites are not in order")
	}
	for i, want := range titles {
		if want == 0 {
			continue
		}
		row, ok := p.One(reader(""), domain.WebsiteID(fmt.Sprintf("site_w%d_000", i)))
		var w domain.Website
		if !ok || json.Unmarshal(row.Detail, &w) != nil {
			t.Errorf("writer %d: the first website is not there", i)
			continue
		}
		if got, _ := strconv.ParseInt(w.Title, 10, 64); got < want {
			t.Errorf("writer %d: title %q, after %d was written", i, w.Title, want)
		}
	}
	return total
}

// writeWebsites adds websites and changes the title of the first one each time.
func writeWebsites(t *testing.T, s *store.Store, writer, n int, written, title *atomic.Int64) {
	var first *domain.Website
	for i := range n {
		w := aWebsite("main", fmt.Sprintf("w%d_%03d", writer, i))
		w.Name, w.Domain = fmt.Sprintf("w%d-%d", writer, i), fmt.Sprintf("w%d-%d.example", writer, i)
		if err := s.Websites.Insert(t.Context(), w); err != nil {
			t.Errorf("insert: %v", err)
			return
		}
		written.Add(1)
		if first == nil {
			first = w
		}
		first.Title = strconv.Itoa(i + 1)
		if err := s.Websites.Update(t.Context(), first); err != nil {
			t.Errorf("update: %v", err)
			return
		}
		title.Store(int64(i + 1))
	}
}

// TestPortfolioWalk walks through the list while websites are added: no gap, no
// repeat, by offset and by cursor.
func TestPortfolioWalk(t *testing.T) {
	t.Parallel()
	onBothDatabases(t, func(t *testing.T, open func() *store.Store) {
		const before, added = 60, 40
		s := open()
		p := service.NewPortfolio(service.PortfolioConfig{Store: store.NewPortfolio(s.DB()), Encode: encodeRow})
		add := func(i int) {
			if err := s.Websites.Insert(t.Context(), aWebsite("main", fmt.Sprintf("%04d", i))); err != nil {
				t.Errorf("insert: %v", err)
			}
		}
		for i := range before {
			add(i)
		}
		var byOffset, byCursor []domain.WebsiteID
		cursor := domain.WebsiteID("site_")
		for i := 0; ; i++ {
			if i < added {
				add(before + i)
			}
			rows, _, ok := p.Window(reader(""), domain.Window{Limit: 7, Offset: 7 * i})
			more, _, okAfter := p.After(reader(""), cursor, 7)
			if !ok || !okAfter {
				t.Fatal("no answer")
			}
			for _, r := range rows {
				byOffset = append(byOffset, r.ID)
			}
			for _, r := range more {
				byCursor, cursor = append(byCursor, r.ID), r.ID
			}
			if len(rows) == 0 && len(more) == 0 {
				break
			}
		}
		for name, got := range map[string][]domain.WebsiteID{"offset": byOffset, "cursor": byCursor} {
			if len(slices.Compact(slices.Sorted(slices.Values(got)))) != len(got) || len(got) < before {
				t.Errorf("by %s: %d websites, %d at the beginning", name, len(got), before)
			}
			for i, id := range got {
				if want := domain.WebsiteID(fmt.Sprintf("site_%04d", i)); id != want {
					t.Fatalf("by %s: %s at place %d, want %s", name, id, i, want)
				}
			}
		}
	})
}

// BenchmarkPortfolio asks for a window while nothing changes, and after each insert.
func BenchmarkPortfolio(b *testing.B) {
	s := testkit.DB(b)
	for i := range 1500 {
		if err := s.Websites.Insert(b.Context(), aWebsite("main", fmt.Sprintf("%04d", i))); err != nil {
			b.Fatal(err)
		}
	}
	p := service.NewPortfolio(service.PortfolioConfig{Store: store.NewPortfolio(s.DB()), Encode: encodeRow})
	ask := func(b *testing.B) {
		if rows, _, ok := p.Window(reader(""), domain.Window{Limit: 50}); !ok || len(rows) != 50 {
			b.Fatal("no answer")
		}
	}
	b.Run("alone", func(b *testing.B) {
		for b.Loop() {
			ask(b)
		}
	})
	b.Run("together", func(b *testing.B) {
		b.SetParallelism(50)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				ask(b)
			}
		})
	})
	n := 0
	b.Run("insert", func(b *testing.B) {
		for b.Loop() {
			n++
			if err := s.Websites.Insert(b.Context(), aWebsite("main", fmt.Sprintf("x%08d", n))); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("insert and ask", func(b *testing.B) {
		for b.Loop() {
			n++
			if err := s.Websites.Insert(b.Context(), aWebsite("main", fmt.Sprintf("x%08d", n))); err != nil {
				b.Fatal(err)
			}
			ask(b)
		}
	})
	b.Run("load", func(b *testing.B) {
		for b.Loop() {
			fresh := service.NewPortfolio(service.PortfolioConfig{Store: store.NewPortfolio(s.DB()), Encode: encodeRow, Max: 1_000_000})
			if _, _, ok := fresh.Window(reader(""), domain.Window{Limit: 50}); !ok {
				b.Fatal("no answer")
			}
		}
	})
}
