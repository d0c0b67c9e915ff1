package main

import (
	"encoding/json"
	"runtime"
	"strings"
	"testing"

	"empire/internal/bench"
)

// TestBenchAPI measures for a moment: what counts is the report, not its figures.
func TestBenchAPI(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the load generator works on Linux only")
	}
	o := start(t, "bench", "api", "--connections", "3,5", "--duration", "200ms", "--sites", "60", "--rate", "100", "--workload", "list,one", "--json").finish().done(t)
	var r bench.Report
	o.decode(t, &r)
	if r.Sites != 60 || r.Machine.Cores < 1 || r.Machine.Go == "" || r.At.IsZero() || len(r.Rows) != 4 {
		t.Fatalf("report: %+v", r)
	}
	for _, row := range r.Rows {
		name := row.Request
		f := row.Server
		if f.Requests == 0 || f.PerSecond <= 0 || f.P50MS <= 0 || f.P99MS < f.P50MS || f.MaxMS < f.P99MS || f.RSSBytes == 0 || f.PeakBytes < f.RSSBytes/2 {
			t.Errorf("%s: %+v", name, f)
		}
		if f.Failures.Total() != 0 {
			t.Errorf("%s: %+v", name, f.Failures)
		}
		if open := row.Rate > 0; open != (row.Bare == nil) || !open && (row.Bare.Failures.Total() != 0 || row.Ratio <= 0) {
			t.Errorf("%s beside the bare handler: %+v, ratio %f", name, row.Bare, row.Ratio)
		}
		if row.Target == "" {
			t.Errorf("%s has no target", name)
		}
	}
	if strings.Contains(o.errs, "ERROR") || !strings.Contains(o.errs, "make 60 websites") {
		t.Errorf("standard error:\n%s", o.errs)
	}
}

// TestBenchMessages measures for a moment: what counts is that the checks hold.
func TestBenchMessages(t *testing.T) {
	t.Parallel()
	args := []string{"bench", "messages", "--agents", "8", "--messages", "200", "--requests", "100", "--rate", "500"}
	o := start(t, append(args, "--json")...).finish().done(t)
	var r bench.MessageReport
	o.decode(t, &r)
	if r.Agents != 8 || r.Where != "SQLite, embedded NATS" || len(r.Checks) != 5 || !r.Passed() {
		t.Errorf("report: %+v", r)
	}
	for _, row := range []bench.MessageRow{r.Requests, r.Mailbox} {
		if row.Count == 0 || row.Failed != 0 || row.P50MS <= 0 || row.P99MS < row.P50MS || row.MaxMS < row.P99MS || row.Target == "" {
			t.Errorf("row: %+v", row)
		}
	}
	var b strings.Builder
	if err := r.Write(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"request and reply", "mailbox: p99 < 20 ms", "no message lost", "200 sent, 0 refused, 200 came", "high before normal"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, b.String())
		}
	}
	r.Checks[0].OK = false
	if r.Passed() {
		t.Error("a report with a failed check passed")
	}
}

// TestBenchReport prints a report as a table.
func TestBenchReport(t *testing.T) {
	t.Parallel()
	var r bench.Report
	const report = `{"machine":{"cpu":"A CPU","cores":2,"os":"linux/amd64","go":"go1.26"},"commit":"abc","at":"2026-03-01T12:00:00Z","sites":1500,"rows":[
		{"workload":"list","request":"GET /websites","connections":100,"server":{"requests_per_second":500,"p95_ms":1.5},"bare":{"requests_per_second":1000},"ratio":0.5,"target":"half","met":true},
		{"workload":"list","request":"GET /websites","connections":10000,"rate":3000,"server":{"requests_per_second":2999,"failures":{"timeout":1}},"target":"fast"}]}`
	if err := json.Unmarshal([]byte(report), &r); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := r.Write(&b); err != nil {
		t.Fatal(err)
	}
	squeezed := strings.Join(strings.Fields(b.String()), " ")
	for _, want := range []string{
		"2 cores, A CPU, linux/amd64, go1.26; built from abc; 2026-03-01 12:00 UTC", "GET /websites 100 500 0.00 0.00 1.50 0.00 0", "bare handler 100 1000",
		"GET /websites, 3000/s 10000 2999 0.00 0.00 0.00 0.00 1", "GET /websites 100 0.50 half yes", "GET /websites, 3000/s 10000 fast no",
	} {
		if !strings.Contains(squeezed, want) {
			t.Errorf("the table lacks %q:\n%s", want, b.String())
		}
	}
	if r.Met() {
		t.Error("all targets are met")
	}
}

func TestBenchWrongUse(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ line, want string }{
		{"bench api --connections 0", "--connections"},
		{"bench api --connections many", "--connections"},
		{"bench api --duration 1ms", "--duration"},
		{"bench api --sites 0", "--sites"},
		{"bench api --rate -1", "--rate"},
		{"bench api --workload read", "list, one, create"},
		{"bench api --url http://127.0.0.1:1 --cpuprofile x", "--cpuprofile"},
		{"bench bare", "needs FILE"},
		{"bench messages --agents 1", "--agents"},
		{"bench messages --messages 0", "--messages"},
		{"bench messages --requests 0", "--requests"},
		{"bench messages --rate 0", "--rate"},
		{"bench messages --tasks -1", "--tasks"},
	} {
		o := command(t, strings.Fields(tt.line)...)
		if o.code != exitUsage || !strings.Contains(o.errs, tt.want) {
			t.Errorf("%s: code %d, %q; want 2 and %q", tt.line, o.code, o.errs, tt.want)
		}
	}
	o := command(t, "bench", "api", "--url", "http://127.0.0.1:1", "--connections", "1")
	if o.code != exitFailed || !strings.Contains(o.errs, "127.0.0.1:1") {
		t.Errorf("without a server: code %d, %q", o.code, o.errs)
	}
}
