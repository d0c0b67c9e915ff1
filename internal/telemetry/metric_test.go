package telemetry_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"empire/internal/telemetry"
)

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
