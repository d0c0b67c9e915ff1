package service_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/service"
	"empire/internal/store"
)

// TestImportsAreNoted: an import is in the log with what it changed, and one that
// failed is neither stored nor noted. All tenants see what was imported.
func TestImportsAreNoted(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, st *store.Store) {
		broken := errors.New("the log is down")
		log := &shakyLog{st.Audit, nil}
		status := domain.ImportComplete
		c := service.NewCatalogue(service.CatalogueConfig{
			Tx: st, Feeds: st.Feeds, Products: st.Products, Programs: st.Programs, Keywords: st.Keywords, Audit: log, Now: time.Now,
			Read: func(context.Context, *domain.Feed, io.Reader, int64, func(int64, int64, int)) (domain.ImportReport, error) {
				return domain.ImportReport{Status: status}, nil
			},
		})
		ada := in(t.Context(), "acme")
		now := time.Now()
		programs := func(name string) error {
			return c.ImportPrograms(ada, []domain.Program{{ID: domain.ProgramID("prog_" + name), Network: "awin", AdvertiserID: name, Name: name, CreatedAt: now, UpdatedAt: now}})
		}
		for range 2 {
			if _, err := c.ImportFeed(ada, "tea.csv", "tea.csv", strings.NewReader(""), 0, nil); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(programs("a"), programs("b"), c.ImportKeywords(ada, []domain.Keyword{{Language: "en", Phrase: "tea"}})); err != nil {
			t.Fatal(err)
		}
		log.fail = broken
		if err := programs("c"); !errors.Is(err, broken) {
			t.Errorf("with a log that is down: %v", err)
		}
		entries, _, err := st.Audit.List(ada, domain.AuditFilter{Tenant: "acme"}, domain.Window{Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		slices.Reverse(entries)
		want := []string{"feed.imported", "feed.imported", "programs.imported", "programs.imported", "keywords.imported"}
		if got := actionsOf(entries); !slices.Equal(got, want) {
			t.Fatalf("actions = %v, want %v", got, want)
		}
		if f := entries; f[0].Before != "" || f[0].After == "" || f[1].Before != f[0].After || f[2].After == f[3].After || f[2].Detail != "1 programs" {
			t.Errorf("entries = %+v", f)
		}
		shared, err := c.Programs(in(t.Context(), "other"))
		if err != nil || len(shared) != 2 {
			t.Errorf("another tenant sees %d programs, %v, want the 2 that were noted", len(shared), err)
		}
		reader := domain.WithPrincipal(t.Context(), &domain.Principal{UserID: "user_r", Permissions: []domain.Permission{domain.WebsitesRead}})
		wantCode(t, "without the right", c.ImportKeywords(reader, nil), domain.CodeForbidden)
	})
}

// shakyLog is a log that can fail.
type shakyLog struct {
	*store.Audit
	fail error
}

func (l *shakyLog) Append(ctx context.Context, e domain.AuditEntry) error {
	if l.fail != nil {
		return l.fail
	}
	return l.Audit.Append(ctx, e)
}
