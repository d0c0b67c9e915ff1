package main

import (
	"testing"

	"empire/internal/app"
	"empire/internal/testkit"
)

// TestBenchSites builds and moves a few websites.
func TestBenchSites(t *testing.T) {
	testkit.Unraced(t)
	t.Parallel()
	var r app.SitesResult
	start(t, "bench", "sites", "--websites", "8", "--built", "2", "--json").finish().done(t).decode(t, &r)
	if r.Websites != 8 || r.Built != 2 || r.Pages < 60 || r.Files <= r.Pages || r.Failed != 0 {
		t.Fatalf("report: %+v", r)
	}
	for name, seconds := range map[string]float64{
		"render": r.Render, "build": r.Build, "again": r.Again, "change": r.Change, "import": r.Import, "rollback": r.Rollback, "publish": r.Publish, "dry run": r.DryRun,
	} {
		if seconds <= 0 {
			t.Errorf("%s took %v s", name, seconds)
		}
	}
	if r.Change <= r.Import {
		t.Errorf("the change took %v s, its import %v s", r.Change, r.Import)
	}
}
