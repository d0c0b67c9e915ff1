package store_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"empire/internal/domain"
	"empire/internal/sqltx"
	"empire/internal/store"
	"empire/internal/testkit"
)

// onBoth runs a test on SQLite and on PostgreSQL.
func onBoth(t *testing.T, test func(t *testing.T, s *store.Store)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { t.Parallel(); test(t, testkit.DB(t)) })
	t.Run("postgres", func(t *testing.T) { t.Parallel(); test(t, testkit.PostgresDB(t)) })
}

var day = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

func website(name string) *domain.Website {
	return &domain.Website{
		ID: domain.WebsiteID("site_" + name), Tenant: "main", Name: name, Domain: name + ".example", State: domain.WebsiteDraft,
		FeedIDs: []domain.FeedID{}, CreatedAt: day, UpdatedAt: day,
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestPortfolio reads everything, and then only what changed.
func TestPortfolio(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		p := store.NewPortfolio(s.DB())
		if all, err := p.All(ctx, 10); err != nil || len(all) != 0 {
			t.Errorf("an empty database has %d websites, %v", len(all), err)
		}
		list := map[string]*domain.Website{}
		for _, name := range []string{"b", "a", "c"} {
			list[name] = website(name)
			must(t, s.Websites.Insert(ctx, list[name]))
		}
		all, err := p.All(ctx, 3)
		must(t, err)
		if diff := cmp.Diff([]domain.Website{*list["a"], *list["b"], *list["c"]}, all); diff != "" {
			t.Errorf("all websites (-want +got):\n%s", diff)
		}
		if _, err := p.All(ctx, 2); domain.CodeOf(err) != domain.CodeTooLarge {
			t.Errorf("3 websites where 2 may be: %v", err)
		}
		before := version(t, p, s)
		if got, v, total, err := p.Changes(ctx, "site_c", 0, 10); err != nil || len(got) != 0 || v != 0 || total != 0 {
			t.Errorf("without a change: %v, version %d of %d, %v", got, v, total, err)
		}
		list["b"].Title = "New"
		must(t, s.Websites.Update(ctx, list["b"]))
		must(t, s.Websites.Insert(ctx, website("d")))
		got, v, total, err := p.Changes(ctx, "site_c", 0, 10)
		must(t, err)
		slices.SortFunc(got, func(a, b domain.Website) int { return cmpID(a.ID, b.ID) })
		if diff := cmp.Diff([]domain.Website{*list["b"], *website("d")}, got); diff != "" {
			t.Errorf("changes (-want +got):\n%s", diff)
		}
		if v != before+2 || total != 4 || v != version(t, p, s) {
			t.Errorf("version %d of %d websites after %d and two changes", v, total, before)
		}
		if got, _, _, err := p.Changes(ctx, "", -1, 2); err != nil || len(got) != 2 {
			t.Errorf("%d changes within a limit of 2, %v", len(got), err)
		}
	})
}

func cmpID(a, b domain.WebsiteID) int {
	if a < b {
		return -1
	}
	return 1
}

// version reads it both ways.
func version(t *testing.T, p *store.Portfolio, s *store.Store) int64 {
	t.Helper()
	v, err := p.Version(t.Context())
	must(t, err)
	if other, err := s.Websites.Version(t.Context()); err != nil || other != v {
		t.Errorf("version %d here, %d there, %v", v, other, err)
	}
	return v
}

// TestEveryRowCounts changes several rows with one statement: the version grows by
// each of them, or what Changes promises would not hold.
func TestEveryRowCounts(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		p := store.NewPortfolio(s.DB())
		for i := range 5 {
			must(t, s.Websites.Insert(ctx, website(fmt.Sprint("n", i))))
		}
		for _, tt := range []struct {
			statement string
			rows      int64
		}{
			{`UPDATE websites SET title = 'x' WHERE id <= 'site_n2'`, 3},
			{`INSERT INTO websites (id, name, domain, niche, language, title, state, feed_ids, operator, owner_id, created_at, updated_at)
				SELECT id || 'x', name || 'x', domain || 'x', niche, language, title, state, feed_ids, operator, owner_id, created_at, updated_at FROM websites`, 5},
			{`UPDATE websites SET release_number = 7`, 0},
			{`UPDATE websites SET title = 'x' WHERE id = 'nobody'`, 0},
			{`DELETE FROM websites WHERE id LIKE '%x'`, 5},
			{`DELETE FROM websites WHERE id = 'nobody'`, 0},
		} {
			before := version(t, p, s)
			must(t, s.InTx(ctx, func(ctx context.Context) error {
				_, err := sqltx.From(ctx).Tx.ExecContext(ctx, tt.statement)
				return err
			}))
			if grown := version(t, p, s) - before; grown != tt.rows {
				t.Errorf("%.60s: the version grew by %d, want %d", tt.statement, grown, tt.rows)
			}
		}
	})
}

// TestVersionWaitsForNobody reads the version while a writer holds its transaction
// open.
func TestVersionWaitsForNobody(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *store.Store) {
		p := store.NewPortfolio(s.DB())
		before := version(t, p, s)
		held := make(chan struct{})
		free := make(chan struct{})
		done := make(chan error, 1)
		go func() {
			done <- s.InTx(t.Context(), func(ctx context.Context) error {
				err := s.Websites.Insert(ctx, website("a"))
				close(held)
				<-free
				return err
			})
		}()
		<-held
		if v, err := p.Version(t.Context()); err != nil || v != before {
			t.Errorf("version %d during a transaction, want %d, %v", v, before, err)
		}
		close(free)
		must(t, <-done)
		if v := version(t, p, s); v != before+1 {
			t.Errorf("version %d after it, want %d", v, before+1)
		}
	})
}

func BenchmarkVersion(b *testing.B) {
	for name, open := range map[string]func(testing.TB) *store.Store{"sqlite": testkit.DB, "postgres": testkit.PostgresDB} {
		b.Run(name, func(b *testing.B) {
			p := store.NewPortfolio(open(b).DB())
			b.ReportAllocs()
			for b.Loop() {
				if _, err := p.Version(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
