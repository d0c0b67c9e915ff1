package telemetry

import (
	"net/http"
	"runtime"
	"strconv"
	"sync"
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

// HTTPMetrics counts requests and what became of them. It is a collector: register
// it once.
type HTTPMetrics struct {
	durations *prometheus.HistogramVec
	outcomes  *prometheus.CounterVec
	forwards  *prometheus.HistogramVec
	retries   *prometheus.CounterVec
	ejections *prometheus.CounterVec
	usual     sync.Map // series of durations that were used before, by usualKey
	listeners sync.Map // *listenerTotals by name
}

// usualKey names a series without making a slice of its labels.
type usualKey struct {
	listener, method, route string
	status                  int
}

var durationBuckets = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10}

// NewHTTPMetrics returns metrics that have counted nothing yet.
func NewHTTPMetrics() *HTTPMetrics {
	return &HTTPMetrics{
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "empire_http_request_duration_seconds", Help: "Time from the first byte of a request to the last of its answer.", Buckets: durationBuckets,
		}, []string{"listener", "method", "route", "status"}),
		outcomes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "empire_gateway_outcomes_total", Help: "Requests that the gateway answered itself: shed, limited or replayed, and of what.",
		}, []string{"outcome", "what"}),
		forwards: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "empire_proxy_request_duration_seconds", Help: "Time of requests that were led to a service, by its outcome.", Buckets: durationBuckets,
		}, []string{"service", "outcome"}),
		retries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "empire_proxy_retries_total", Help: "Requests that were sent to another instance after one had failed.",
		}, []string{"service"}),
		ejections: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "empire_proxy_ejections_total", Help: "Times that an instance was left out because it kept failing.",
		}, []string{"service"}),
	}
}

// Describe implements prometheus.Collector.
func (m *HTTPMetrics) Describe(ch chan<- *prometheus.Desc) {
	for _, c := range m.all() {
		c.Describe(ch)
	}
}

// Collect implements prometheus.Collector.
func (m *HTTPMetrics) Collect(ch chan<- prometheus.Metric) {
	for _, c := range m.all() {
		c.Collect(ch)
	}
}

func (m *HTTPMetrics) all() []prometheus.Collector {
	return []prometheus.Collector{m.durations, m.outcomes, m.forwards, m.retries, m.ejections}
}

// ObserveRequest counts one request. Route is a template, never a path.
func (m *HTTPMetrics) ObserveRequest(listener, method, route string, status int, d time.Duration) {
	key := usualKey{listener, method, route, status}
	series, ok := m.usual.Load(key)
	if !ok {
		totals, _ := m.listeners.LoadOrStore(listener, &listenerTotals{})
		series, _ = m.usual.LoadOrStore(key, usualSeries{
			m.durations.WithLabelValues(listener, method, route, strconv.Itoa(status)), totals.(*listenerTotals), //nolint:forcetypeassert // nothing else is stored
		})
	}
	usual := series.(usualSeries) //nolint:forcetypeassert // nothing else is stored
	usual.observer.Observe(d.Seconds())
	usual.totals.observe(status, d)
}

// CountOutcome counts a request that the gateway did not let through as usual.
func (m *HTTPMetrics) CountOutcome(outcome, what string) {
	m.outcomes.WithLabelValues(outcome, what).Inc()
}

// ObserveForward counts a request that was led to a service.
func (m *HTTPMetrics) ObserveForward(service, outcome string, d time.Duration) {
	m.forwards.WithLabelValues(service, outcome).Observe(d.Seconds())
}

// ObserveRetry counts another try on another instance.
func (m *HTTPMetrics) ObserveRetry(service string) { m.retries.WithLabelValues(service).Inc() }

// ObserveEjection counts an instance that is left out.
func (m *HTTPMetrics) ObserveEjection(service string) { m.ejections.WithLabelValues(service).Inc() }
