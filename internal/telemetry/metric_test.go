package telemetry_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"empire/internal/telemetry"
)

// TestTotals: sums of a listener are over all routes and statuses.
func TestTotals(t *testing.T) {
	t.Parallel()
	m := telemetry.NewHTTPMetrics()
	m.ObserveRequest("api", "GET", "/a", 200, 3*time.Millisecond)
	m.ObserveRequest("api", "GET", "/b", 503, 700*time.Millisecond)
	m.ObserveRequest("api", "GET", "/b", 404, time.Minute)
	m.ObserveRequest("edge", "GET", "/", 200, time.Millisecond)
	all := m.Totals()
	got := all["api"]
	if len(all) != 2 || got.Requests != 3 || got.Errors != 1 || got.Within[time.Millisecond] != 0 || got.Within[5*time.Millisecond] != 1 || got.Within[750*time.Millisecond] != 2 || got.Within[30*time.Second] != 2 {
		t.Errorf("totals = %+v", all)
	}
	if edge := all["edge"]; edge.Requests != 1 || edge.Within[time.Millisecond] != 1 {
		t.Errorf("edge = %+v", edge)
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	r := telemetry.NewRegistry("v1.2.3")
	m := telemetry.NewHTTPMetrics()
	r.MustRegister(m)
	m.ObserveRequest("api", "GET", "/api/v1/websites", 200, 3*time.Millisecond)
	m.ObserveRequest("api", "GET", "/api/v1/websites", 200, 700*time.Millisecond)
	w := httptest.NewRecorder()
	telemetry.MetricsHandler(r).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil))
	for _, want := range []string{
		`empire_build_info{go="go`, `version="v1.2.3"} 1`,
		`empire_http_request_duration_seconds_bucket{listener="api",method="GET",route="/api/v1/websites",status="200",le="0.005"} 1`,
		`empire_http_request_duration_seconds_count{listener="api",method="GET",route="/api/v1/websites",status="200"} 2`,
	} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("/metrics lacks %s", want)
		}
	}
}
