package telemetry

import (
	"net/http"
	"runtime"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// NewRegistry returns a metrics registry that already reports the Go runtime, the
// process and the version of the program.
func NewRegistry(version string) *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name:        "empire_build_info",
			Help:        "Always 1; the labels say which build this is.",
			ConstLabels: prometheus.Labels{"version": version, "go": runtime.Version()},
		}, func() float64 { return 1 }),
	)
	return r
}

// MetricsHandler serves what the registry holds in the Prometheus text format.
func MetricsHandler(r *prometheus.Registry) http.Handler {
	return promhttp.HandlerFor(r, promhttp.HandlerOpts{})
}

// HTTPMetrics counts requests and measures how long they take.
type HTTPMetrics struct {
	durations *prometheus.HistogramVec
}

// NewHTTPMetrics registers the metrics of requests with r. It panics if they are
// registered there already.
func NewHTTPMetrics(r *prometheus.Registry) *HTTPMetrics {
	m := &HTTPMetrics{prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "empire_http_request_duration_seconds",
		Help:    "Time from the first byte of a request to the last of its answer.",
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
	}, []string{"listener", "method", "route", "status"})}
	r.MustRegister(m.durations)
	return m
}

// ObserveRequest counts one request. Route is a template, never a path.
func (m *HTTPMetrics) ObserveRequest(listener, method, route string, status int, d time.Duration) {
	m.durations.WithLabelValues(listener, method, route, strconv.Itoa(status)).Observe(d.Seconds())
}
