package app_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"empire/internal/app"
	"empire/internal/domain"
	"empire/internal/testkit"
)

// ready asks /readyz and returns the status and what it says, 0 without an answer.
func ready(t *testing.T, address string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+"readyz", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Close = true
	status, _, body, err := send(http.DefaultClient, req)
	if err != nil {
		return 0, err.Error()
	}
	var said struct {
		Status string `json:"status"`
	}
	if err := json.Unmarshal(body, &said); err != nil {
		t.Errorf("/readyz: %v in %s", err, body)
	}
	return status, said.Status
}

// TestComponents lists the parts with their layers, on both databases.
func TestComponents(t *testing.T) {
	t.Parallel()
	for _, db := range databases(t) {
		t.Run(db.name, func(t *testing.T) {
			t.Parallel()
			a := start(t, t.TempDir(), db.url(t))
			if status, said := ready(t, a.URL()); status != 200 || said != "ready" {
				t.Errorf("/readyz: %d %s", status, said)
			}
			var got []struct {
				Name, Layer, State, Error string
				Configured                bool
			}
			c := newCaller(t, a)
			c.want("GET", "/api/v1/system/components", nil, http.StatusOK, &got)
			parts := map[string]string{}
			for _, p := range got {
				if p.State != "ok" || p.Error != "" {
					t.Errorf("%s is %s: %s", p.Name, p.State, p.Error)
				}
				if p.Configured {
					parts[p.Layer] = strings.TrimSpace(parts[p.Layer] + " " + p.Name)
				}
			}
			want := map[string]string{
				"gateway": "listeners limits edge", "orchestration": "jobs engine agents bus discovery", "intelligence": "data_writer language evidence search",
				"data": "store blobs vectors cache", "integration": "feeds",
			}
			if d := cmp.Diff(want, parts); d != "" {
				t.Errorf("components (-want +got):\n%s", d)
			}
			c.want("GET", "/api/v1/system/components/redis", nil, http.StatusOK, nil)
			c.want("GET", "/api/v1/system/components/unicorn", nil, http.StatusNotFound, nil)
		})
	}
}

// TestMetrics reads /metrics after a few requests.
func TestMetrics(t *testing.T) {
	t.Parallel()
	a := start(t, t.TempDir(), "")
	c := newCaller(t, a)
	var sites []struct{}
	c.want("GET", "/api/v1/websites", nil, http.StatusOK, &sites)
	for range 3 {
		if status, _, _, err := visit(t.Context(), http.DefaultClient, a.EdgeURL(&domain.Website{Name: "nobody"})); err != nil || status != 421 {
			t.Fatalf("unknown host: %d, %v", status, err)
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, a.URL()+"metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	status, _, body, err := send(http.DefaultClient, req)
	if err != nil || status != 200 {
		t.Fatalf("%d, %v", status, err)
	}
	for _, want := range []string{
		`empire_edge_requests_total{class="4xx"} 3`, `empire_edge_requests_total{class="2xx"} 0`, "empire_edge_hosts 0", "empire_edge_cache_bytes 0", "empire_edge_previews 0",
		`empire_http_request_duration_seconds_count{listener="api",method="GET",route="/api/v1/websites",status="200"} 1`,
		`empire_http_request_duration_seconds_count{listener="edge",method="GET",route="unmatched",status="421"} 3`,
		"empire_build_info{", "go_goroutines ", "process_resident_memory_bytes ",
	} {
		found := false
		for line := range strings.Lines(string(body)) {
			found = found || strings.HasPrefix(line, want)
		}
		if !found {
			t.Errorf("/metrics lacks %s", want)
		}
	}
	if strings.Contains(string(body), "nobody") {
		t.Error("/metrics names a host")
	}
}

// TestNotReadyWhileStopping stops the program in the middle of a run: it says that
// it is not ready for as long as it waits for the step that is being worked on, the
// step ends well, and the next is not begun.
func TestNotReadyWhileStopping(t *testing.T) {
	wholeSite(t)
	t.Parallel()
	a := start(t, t.TempDir(), "")
	ctx, cancel := context.WithCancel(t.Context())
	writing, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		begun := false
		_, _ = a.Demo(ctx, app.DemoParams{Report: func(p app.DemoProgress) { // it ends with ctx
			if p.Step == "write" && !begun {
				begun = true
				close(writing)
			}
		}})
	}()
	<-writing
	stopped := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 20*time.Second)
		defer cancel()
		stopped <- a.Stop(ctx)
	}()
	refused, said := 0, map[string]int{}
	for refused == 0 {
		status, text := ready(t, a.URL())
		switch status {
		case 503:
			said[text]++
		case 0:
			refused++
		}
	}
	if err := <-stopped; err != nil {
		t.Errorf("stop: %v", err)
	}
	if said["stopping"] == 0 {
		t.Errorf("/readyz said %v while the program was stopping", said)
	}
	cancel()
	<-ended
	runs, _, err := a.Runs.List(a.AsAdmin(t.Context()), "", "", domain.Window{Limit: 10})
	if err != nil || len(runs) != 1 {
		t.Fatalf("%d runs, %v", len(runs), err)
	}
	run, err := a.Runs.Get(a.AsAdmin(t.Context()), runs[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	states := map[string]domain.RunState{}
	for _, s := range run.Steps {
		states[s.Name] = s.State
	}
	if states["write"] != domain.StateCompleted || states["release"] != domain.StateQueued {
		t.Errorf("after stopping in the middle of write: %v", states)
	}
}

// TestRedisDown kills and freezes Redis: what rests on it says so within five
// seconds, everything else goes on, and the last error stays when it is back.
func TestRedisDown(t *testing.T) {
	t.Parallel()
	redis := testkit.NewRedis(t)
	a := startWith(t, map[string]string{"redis.url": redis.URL()})
	c := newCaller(t, a)
	type component struct {
		Name, State string
		LastErrorAt *time.Time `json:"last_error_at"`
	}
	states := func() (list []component, broken string) {
		c.want("GET", "/api/v1/system/components", nil, http.StatusOK, &list)
		for _, p := range list {
			if p.State != "ok" {
				broken += p.Name + " " + p.State + " "
			}
		}
		return list, broken
	}
	await := func(want string) []component {
		began := time.Now()
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for ; ; <-tick.C {
			list, got := states()
			if got == want {
				return list
			}
			if time.Since(began) > 5*time.Second {
				t.Fatalf("after five seconds: %q, want %q", got, want)
			}
		}
	}
	await("")
	for _, fault := range []struct{ cause, end func() }{{redis.Stop, redis.Start}, {redis.Freeze, redis.Thaw}} {
		fault.cause()
		await("limits degraded cache degraded redis down ")
		if status, said := ready(t, a.URL()); status != 200 || said != "ready" {
			t.Errorf("/readyz without Redis: %d %s", status, said)
		}
		fault.end()
		for _, p := range await("") {
			if (p.Name == "redis" || p.Name == "cache") != (p.LastErrorAt != nil) && p.Name != "limits" {
				t.Errorf("afterwards: %+v", p)
			}
		}
	}
}
