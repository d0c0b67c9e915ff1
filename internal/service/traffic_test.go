package service_test

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"empire/internal/domain"
	"empire/internal/service"
	"empire/internal/testkit"
)

// TestImportLog: a log is counted once; without keep nothing is stored.
func TestImportLog(t *testing.T) {
	t.Parallel()
	st := testkit.DB(t)
	e := newEstate(t, st)
	now := time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)
	hour := domain.HoursSince1970(now)
	traffic := service.NewTraffic(service.TrafficConfig{
		Websites: e.websites, Store: st.Traffic, Tx: st, Audit: st.Audit, Keep: 400 * 24 * time.Hour, Now: func() time.Time { return now },
		ReadLog: func(_ context.Context, r io.Reader, id domain.WebsiteID, name string, after time.Time) (*domain.AccessImport, []domain.ServedCount, error) {
			text, err := io.ReadAll(r)
			if !after.Equal(now.Add(-400 * 24 * time.Hour)) {
				t.Errorf("views before %s are left out", after)
			}
			return &domain.AccessImport{WebsiteID: id, Name: name, SHA256: string(text)}, []domain.ServedCount{
				{WebsiteID: id, Hour: hour, Path: "/", Class: domain.ClassPerson, Source: domain.SourceLog, Views: 3}, {WebsiteID: id, Hour: hour, Path: "/", Class: domain.ClassBot, Source: domain.SourceLog, Views: 2},
			}, err
		},
	})
	ctx := domain.WithPrincipal(t.Context(), &domain.Principal{UserID: "user_e", Tenant: domain.DefaultTenant, Permissions: []domain.Permission{domain.WebsitesRead, domain.WebsitesManage}, Human: true})
	site := e.register(ctx, t, "keyboards.example")
	send := func(text string, keep bool) (*domain.AccessImport, error) {
		return traffic.ImportLog(ctx, site.ID, "access.log", strings.NewReader(text), keep)
	}
	served := func() domain.ServedReport {
		t.Helper()
		r, err := traffic.Report(ctx, site.ID, "24h")
		if err != nil {
			t.Fatal(err)
		}
		return r.Served
	}
	if r, err := send("a", false); err != nil || r.Stored || served() != (domain.ServedReport{}) {
		t.Errorf("dry run: %+v, %v, served %+v", r, err, served())
	}
	if r, err := send("a", true); err != nil || !r.Stored || !r.ImportedAt.Equal(now) {
		t.Errorf("import: %+v, %v", r, err)
	}
	if _, err := send("a", true); domain.CodeOf(err) != domain.CodeConflict {
		t.Errorf("again: %v, want it refused", err)
	}
	want := domain.ServedReport{Imported: domain.ServedImported{People: 3, Bots: 2}}
	if got := served(); got != want {
		t.Errorf("served %+v, want %+v", got, want)
	}
	if _, err := send("b", true); err != nil {
		t.Error(err)
	}
	list, _, err := st.Audit.List(t.Context(), domain.AuditFilter{Tenant: domain.DefaultTenant, Action: "website.log_imported"}, domain.Window{Limit: 10})
	if err != nil || len(list) != 2 {
		t.Errorf("%d audit entries, want 2: %v", len(list), err)
	}
	reader := domain.WithPrincipal(t.Context(), &domain.Principal{UserID: "user_r", Tenant: domain.DefaultTenant, Permissions: []domain.Permission{domain.WebsitesRead}, Human: true})
	if _, err := traffic.ImportLog(reader, site.ID, "access.log", strings.NewReader("c"), true); domain.CodeOf(err) != domain.CodeForbidden {
		t.Errorf("by a reader: %v, want forbidden", err)
	}
}
