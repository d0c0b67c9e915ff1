package telemetry_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"empire/internal/telemetry"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// collector is an OTLP endpoint that keeps what it gets.
type collector struct {
	*httptest.Server
	mu     sync.Mutex
	bodies [][]byte
	header http.Header
}

func newCollector(t *testing.T, answer func(w http.ResponseWriter)) *collector {
	t.Helper()
	c := &collector{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		c.mu.Lock()
		c.bodies, c.header = append(c.bodies, body), r.Header
		c.mu.Unlock()
		answer(w)
	}))
	t.Cleanup(c.Close)
	return c
}

func accept(w http.ResponseWriter) { w.WriteHeader(http.StatusOK) }

const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" // of the W3C document

// TestTraceGolden sends one trace of all kinds of spans: the body is that of the
// golden file, up to the times and the identifiers of spans.
func TestTraceGolden(t *testing.T) {
	t.Parallel()
	c := newCollector(t, accept)
	traces := telemetry.NewTraces(telemetry.TraceConfig{
		URL: c.URL + "/v1/traces", Headers: map[string]string{"Authorization": "Bearer x"}, Sample: 1, Service: "empire", Version: "v1", Instance: "host-1",
	})
	ctx, endRequest := traces.Request(t.Context(), http.Header{"Traceparent": {parent}}, "POST")
	carried := traces.Carry(ctx)
	if !strings.HasPrefix(carried, "00-0af7651916cd43dd8448eb211c80319c-") || strings.Contains(carried, "b7ad6b7169203331") {
		t.Errorf("a job would carry %q", carried)
	}
	endRequest("/api/v1/pipelines/runs", 202)
	ctx, endJob := traces.Job(t.Context(), "pipeline.step", 2, carried)
	ctx, endStep := traces.Step(ctx, telemetry.Work{Run: "run_1", Step: "scan", Attempt: 2})
	ctx, endAgent := traces.Agent(ctx, telemetry.Work{Agent: "opportunity_scanner", Task: "market_scan"})
	_, endCall := traces.Call(ctx, "openai", "small")
	endCall(telemetry.Outcome{InputTokens: 12, OutputTokens: 3, CostMicros: 1500, Currency: "EUR"})
	endAgent("")
	endStep("not_enough_data")
	endJob("")
	if err := traces.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(c.bodies) != 1 || c.header.Get("Content-Type") != "application/json" || c.header.Get("Authorization") != "Bearer x" || traces.Dropped() != 0 {
		t.Fatalf("%d exports with %v, %d dropped", len(c.bodies), c.header, traces.Dropped())
	}
	var got bytes.Buffer
	if err := json.Indent(&got, c.bodies[0], "", " "); err != nil {
		t.Fatal(err)
	}
	text := regexp.MustCompile(`"(start|end)TimeUnixNano": "\d{19}"`).ReplaceAllString(got.String(), `"${1}TimeUnixNano": "TIME"`)
	names := map[string]string{"b7ad6b7169203331": "the caller"}
	for _, m := range regexp.MustCompile(`"spanId": "([0-9a-f]{16})"[^{]*?"name": "([^"]+)"`).FindAllStringSubmatch(text, -1) {
		names[m[1]] = m[2]
	}
	text = regexp.MustCompile(`panId": "([0-9a-f]{16})"`).ReplaceAllStringFunc(text, func(m string) string {
		return `panId": "` + names[m[len(`panId": "`):len(m)-1]] + `"`
	})
	golden := filepath.Join("testdata", "trace.golden.json")
	if *update {
		if err := os.WriteFile(golden, []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), text+"\n"); diff != "" {
		t.Errorf("export (-want +got):\n%s", diff)
	}
}

// TestTraceOverload: an endpoint that takes nothing makes nobody wait; what does not
// fit is dropped and counted, and the end is not delayed beyond its deadline.
func TestTraceOverload(t *testing.T) {
	t.Parallel()
	hold := make(chan struct{})
	c := newCollector(t, func(http.ResponseWriter) { <-hold })
	traces := telemetry.NewTraces(telemetry.TraceConfig{URL: c.URL, Sample: 1, Queue: 10})
	const spans = 2000
	for range spans { // would never end if one of them waited for the endpoint
		_, end := traces.Job(t.Context(), "k", 1, "")
		end("")
	}
	if n := traces.Dropped(); n == 0 || n >= spans {
		t.Errorf("%d of %d spans were dropped", n, spans)
	}
	close(hold)
	if err := traces.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestTraceRefused: what the endpoint refuses is counted as dropped.
func TestTraceRefused(t *testing.T) {
	t.Parallel()
	c := newCollector(t, func(w http.ResponseWriter) { w.WriteHeader(http.StatusServiceUnavailable) })
	var log strings.Builder
	traces := telemetry.NewTraces(telemetry.TraceConfig{URL: c.URL, Sample: 1, Log: slog.New(slog.NewTextHandler(&log, nil))})
	for range 3 {
		_, end := traces.Job(t.Context(), "k", 1, "")
		end("")
	}
	if err := traces.Stop(t.Context()); err != nil || traces.Dropped() != 3 || !strings.Contains(log.String(), "traces not sent") {
		t.Errorf("%d dropped, %v, log %q", traces.Dropped(), err, log.String())
	}
}

// TestTraceSampling: nothing is sent of a trace that is not sampled, whether this
// process decides that or the caller.
func TestTraceSampling(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		sample float64
		parent string
		want   int
	}{
		{"all", 1, "", 1},
		{"none", 0, "", 0},
		{"none but what the caller keeps", 0, parent, 1},
		{"all but what the caller does not keep", 1, strings.TrimSuffix(parent, "1") + "0", 0},
		{"a header that is none", 1, "00-zz-1", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := newCollector(t, accept)
			traces := telemetry.NewTraces(telemetry.TraceConfig{URL: c.URL, Sample: tt.sample})
			_, end := traces.Request(t.Context(), http.Header{"Traceparent": {tt.parent}}, "GET")
			end("/", 500)
			if err := traces.Stop(t.Context()); err != nil {
				t.Fatal(err)
			}
			if len(c.bodies) != tt.want {
				t.Errorf("%d exports, want %d", len(c.bodies), tt.want)
			}
		})
	}
}

// TestNoTraces: without an endpoint nothing is made and nothing breaks.
func TestNoTraces(t *testing.T) {
	t.Parallel()
	traces := telemetry.NewTraces(telemetry.TraceConfig{})
	ctx, end := traces.Request(t.Context(), nil, "GET")
	end("/", 200)
	for _, begin := range []func(){
		func() { _, end := traces.Job(ctx, "k", 1, parent); end("") },
		func() { _, end := traces.Step(ctx, telemetry.Work{}); end("") },
		func() { _, end := traces.Agent(ctx, telemetry.Work{}); end("") },
		func() { _, end := traces.Call(ctx, "p", "m"); end(telemetry.Outcome{}) },
	} {
		begin()
	}
	if traces != nil || traces.Carry(ctx) != "" || traces.Dropped() != 0 || traces.Stop(ctx) != nil || ctx != t.Context() {
		t.Error("traces without an endpoint do something")
	}
}

// TestLogNamesTrace: a line that is written within a span leads to its trace.
func TestLogNamesTrace(t *testing.T) {
	t.Parallel()
	c := newCollector(t, accept)
	traces := telemetry.NewTraces(telemetry.TraceConfig{URL: c.URL, Sample: 1})
	var out strings.Builder
	log, err := telemetry.NewLogger(&out, telemetry.LogConfig{Format: "json"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, end := traces.Request(t.Context(), http.Header{"Traceparent": {parent}}, "GET")
	log.With("a", 1).InfoContext(ctx, "inside", "password", "x")
	log.InfoContext(t.Context(), "outside")
	end("/", 200)
	if err := traces.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	inside, outside, _ := strings.Cut(out.String(), "\n")
	if !strings.Contains(inside, `"trace_id":"0af7651916cd43dd8448eb211c80319c"`) || !strings.Contains(inside, `"span_id":"`) || strings.Contains(inside, `:"x"`) {
		t.Errorf("inside: %s", inside)
	}
	if strings.Contains(outside, "trace_id") {
		t.Errorf("outside: %s", outside)
	}
}
