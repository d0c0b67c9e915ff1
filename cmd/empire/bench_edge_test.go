package main

import (
	"runtime"
	"testing"

	"empire/internal/bench"
)

// TestBenchEdge serves a few websites by a process of their own.
func TestBenchEdge(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the load generator works on Linux only")
	}
	var r bench.EdgeReport
	start(t, "bench", "edge", "--hosts", "3", "--pages", "2", "--duration", "200ms", "--rounds", "1", "--json").finish().done(t).decode(t, &r)
	if r.Hosts != 3 || r.StartMS <= 0 || r.RSSStart == 0 || r.FirstP99 <= 0 || r.LookupP99 <= 0 || r.Unknown != 421 || len(r.Rows) == 0 {
		t.Fatalf("report: %+v", r)
	}
	for _, row := range r.Rows {
		if row.PerSecond <= 0 || row.P99MS < row.P50MS || row.Failed != 0 {
			t.Errorf("row: %+v", row)
		}
	}
}

// TestBenchEvents reports views of a few websites: each that was taken is stored.
func TestBenchEvents(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the load generator works on Linux only")
	}
	var r bench.EventsReport
	start(t, "bench", "events", "--hosts", "2", "--connections", "4", "--duration", "300ms", "--rate", "0", "--json").finish().done(t).decode(t, &r)
	if r.Hosts != 2 || r.Taken == 0 || r.Stored != r.Taken || len(r.Rows) != 1 {
		t.Fatalf("report: %+v", r)
	}
	if row := r.Rows[0]; row.PerSecond <= 0 || row.P99MS < row.P50MS || row.Failed != 0 {
		t.Errorf("row: %+v", row)
	}
}
