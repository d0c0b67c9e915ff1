package main

import (
	"path/filepath"
	"testing"

	"empire/internal/bench"
	"empire/internal/testkit"
)

// TestBenchDashboard asks for every page of a dashboard with a few websites: all of them
// can be shown, and the kept estate is found again.
func TestBenchDashboard(t *testing.T) {
	testkit.Unraced(t)
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "estate")
	var r bench.DashboardReport
	start(t, "bench", "dashboard", "--websites", "6", "--pages", "5", "--events", "3000", "--requests", "1", "--rate", "200", "--keep", dir, "--json").finish().done(t).decode(t, &r)
	if r.Websites != 6 || r.Pages < 5*6 || r.Events != 3000 || len(r.Rows) < 60 || r.Failed != 0 {
		t.Errorf("%d websites, %d pages, %d events, %d rows, %d failed", r.Websites, r.Pages, r.Events, len(r.Rows), r.Failed)
	}
	for _, row := range r.Rows {
		if row.Fault != "" || row.Requests != 1 || row.Bytes < 500 || row.P95MS <= 0 {
			t.Errorf("%+v", row)
		}
	}
	if len(r.LiveMS) == 0 || r.Visit < 10_000 || r.Assets < 3 || len(r.LeftOut) == 0 {
		t.Errorf("live %v, visit %d bytes, %d assets, left out %v", r.LiveMS, r.Visit, r.Assets, r.LeftOut)
	}
	var again bench.DashboardReport
	start(t, "bench", "dashboard", "--requests", "1", "--rate", "200", "--page", "/sites/{id}", "--keep", dir, "--json").finish().done(t).decode(t, &again)
	if again.Websites != 6 || again.Events != 3000 || len(again.Rows) == 0 || len(again.Rows) >= len(r.Rows) || again.Failed != 0 {
		t.Errorf("again: %d websites, %d events, %d rows, %d failed", again.Websites, again.Events, len(again.Rows), again.Failed)
	}
}
