package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"empire/internal/domain"
	"empire/internal/store"
	"empire/internal/testkit"
)

// TestStatementsStayPrepared runs the same statements in and outside of
// transactions, from many goroutines, with errors in between: each call sees its own
// arguments and what was written before it.
func TestStatementsStayPrepared(t *testing.T) {
	t.Parallel()
	s := testkit.DB(t)
	const writers, rounds = 8, 12
	for i := range writers {
		must(t, s.Websites.Insert(t.Context(), website(fmt.Sprint("n", i))))
	}
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			w := website(fmt.Sprint("n", i))
			for round := range rounds {
				w.Title = fmt.Sprint("title ", i, " ", round)
				check(t, s.Websites.Update(t.Context(), w), "")
				checkTitle(t.Context(), t, s, w)
				check(t, s.InTx(t.Context(), func(ctx context.Context) error {
					checkTitle(ctx, t, s, w)
					w.Title += " again"
					return errors.Join(s.Websites.Update(ctx, w), s.Websites.Update(ctx, w))
				}), "")
				checkTitle(t.Context(), t, s, w)
				check(t, s.Websites.Insert(t.Context(), w), domain.CodeConflict)
				_, err := s.Websites.Get(t.Context(), domain.WebsiteID(fmt.Sprint("site_none", round)))
				check(t, err, domain.CodeNotFound)
			}
		})
	}
	wg.Wait()
}

func check(t *testing.T, err error, want domain.Code) {
	t.Helper()
	if got := domain.CodeOf(err); got != want {
		t.Errorf("got %v, want code %q", err, want)
	}
}

func checkTitle(ctx context.Context, t *testing.T, s *store.Store, want *domain.Website) {
	t.Helper()
	got, err := s.Websites.Get(ctx, want.ID)
	if err != nil || got.Title != want.Title {
		t.Errorf("%s: %+v, %v, want the title %q", want.ID, got, err, want.Title)
	}
}

// TestStatementsMayEnd cancels calls that are prepared and goes on with others.
func TestStatementsMayEnd(t *testing.T) {
	t.Parallel()
	s := testkit.DB(t)
	must(t, s.Websites.Insert(t.Context(), website("a")))
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for range 5 {
		if _, err := s.Websites.Get(over, "site_a"); !errors.Is(err, context.Canceled) {
			t.Errorf("a call that was cancelled: %v", err)
		}
		if _, err := s.Websites.Get(t.Context(), "site_a"); err != nil {
			t.Errorf("the next call: %v", err)
		}
	}
}

// TestStatementsDoNotHoldTheSchema migrates down and up again with statements
// prepared on the tables that go and come back.
func TestStatementsDoNotHoldTheSchema(t *testing.T) {
	t.Parallel()
	s := testkit.DB(t)
	use := func() {
		for i := range 4 {
			w := website(fmt.Sprint("n", i))
			must(t, s.Websites.Insert(t.Context(), w))
			if got, err := s.Websites.Get(t.Context(), w.ID); err != nil || got.Tenant != "main" {
				t.Fatalf("%+v, %v", got, err)
			}
			must(t, s.Websites.Delete(t.Context(), w.ID))
		}
	}
	use()
	list, err := s.DB().MigrationStatus(t.Context())
	must(t, err)
	for range len(list) - 1 { // all but the first
		must(t, s.DB().MigrateDown(t.Context()))
	}
	if _, err := s.Websites.Get(t.Context(), "site_n0"); err == nil || domain.CodeOf(err) == domain.CodeNotFound {
		t.Errorf("without the column of tenants: %v", err)
	}
	must(t, s.DB().Migrate(t.Context()))
	use()
}
