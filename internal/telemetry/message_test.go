package telemetry_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"empire/internal/telemetry"
)

func TestMessageMetrics(t *testing.T) {
	t.Parallel()
	r := telemetry.NewRegistry("v1.2.3")
	depth, fail := 7, error(nil)
	m := telemetry.NewMessageMetrics(func(context.Context) (int, error) { return depth, fail })
	r.MustRegister(m)
	m.Count("sent")
	m.Count("sent")
	m.Count("agent_not_found")
	look := func(want ...string) {
		t.Helper()
		w := httptest.NewRecorder()
		telemetry.MetricsHandler(r).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil))
		for _, line := range want {
			if !strings.Contains(w.Body.String(), line) {
				t.Errorf("/metrics lacks %s", line)
			}
		}
	}
	look(`empire_messages_total{event="sent"} 2`, `empire_messages_total{event="agent_not_found"} 1`, `empire_messages_queued 7`)
	fail = errors.New("database is down")
	look(`empire_messages_queued -1`)
}
