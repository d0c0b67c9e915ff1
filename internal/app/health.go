package app

import (
	"context"
	"runtime/debug"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"empire/internal/edge"
	"empire/internal/service"
	"empire/internal/telemetry"
)

// probes lists the parts that this role and mode rest on.
func (a *App) probes() []service.Probe {
	out := []service.Probe{
		{Name: "store", Layer: "data", Required: true, Check: a.db.Ping},
		{Name: "blobs", Layer: "data", Required: true, Check: a.blobs.Ping},
		{Name: "jobs", Layer: "orchestration", Required: true, Check: a.queue.Ping},
	}
	if a.bus != nil { // nothing needs an event for correctness
		out = append(out, service.Probe{Name: "bus", Layer: "orchestration", Check: a.bus.Ping})
	}
	if a.mode == Serve && a.plays("edge") {
		out = append(out, service.Probe{Name: "edge", Layer: "gateway", Required: true, Check: a.checkEdge})
	}
	return out
}

func (a *App) checkEdge(ctx context.Context) error {
	err := a.edge.Ping(ctx)
	if err != nil && a.edge.Serving() {
		return &service.DegradedError{Err: err}
	}
	return err
}

// plays reports whether the configured role includes another.
func (a *App) plays(role string) bool { return a.cfg.Role == role || a.cfg.Role == "all" }

// metricsRegistry builds the registry of what /metrics shows.
func (a *App) metricsRegistry() *prometheus.Registry {
	r := telemetry.NewRegistry(version())
	if a.plays("edge") {
		r.MustRegister(edgeCollector{a.edge})
	}
	r.MustRegister(a.metrics, collectors.NewDBStatsCollector(a.db.Writer(), "writer"))
	if a.db.Readers() != a.db.Writer() {
		r.MustRegister(collectors.NewDBStatsCollector(a.db.Readers(), "readers"))
	}
	return r
}

// version returns the version of the module that the program was built from.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

// edgeCollector shows the totals of the edge, over all sites: labels with hosts
// would have no bound.
type edgeCollector struct {
	edge *edge.Server
}

var (
	edgeRequests   = prometheus.NewDesc("empire_edge_requests_total", "Requests that the edge answered, by class of status.", []string{"class"}, nil)
	edgeBusy       = prometheus.NewDesc("empire_edge_busy_seconds_total", "Time that the edge spent on answers.", nil, nil)
	edgeCacheHits  = prometheus.NewDesc("empire_edge_cache_hits_total", "Files that were in the cache.", nil, nil)
	edgeCacheReads = prometheus.NewDesc("empire_edge_cache_reads_total", "Files that had to be read from the blob store.", nil, nil)
	edgeCacheBytes = prometheus.NewDesc("empire_edge_cache_bytes", "Size of the files in the cache.", nil, nil)
	edgeHosts      = prometheus.NewDesc("empire_edge_hosts", "Names of sites that the edge answers for.", nil, nil)
	edgePreviews   = prometheus.NewDesc("empire_edge_previews", "Previews of releases in memory.", nil, nil)
)

// Describe names the metrics.
func (c edgeCollector) Describe(ch chan<- *prometheus.Desc) { prometheus.DescribeByCollect(c, ch) }

// Collect reads the totals.
func (c edgeCollector) Collect(ch chan<- prometheus.Metric) {
	s := c.edge.Stats()
	for class, n := range s.Requests {
		label := strconv.Itoa(class) + "xx"
		if class == 0 {
			label = "other"
		}
		ch <- prometheus.MustNewConstMetric(edgeRequests, prometheus.CounterValue, float64(n), label)
	}
	ch <- prometheus.MustNewConstMetric(edgeBusy, prometheus.CounterValue, s.Busy.Seconds())
	ch <- prometheus.MustNewConstMetric(edgeCacheHits, prometheus.CounterValue, float64(s.CacheHits))
	ch <- prometheus.MustNewConstMetric(edgeCacheReads, prometheus.CounterValue, float64(s.CacheReads))
	ch <- prometheus.MustNewConstMetric(edgeCacheBytes, prometheus.GaugeValue, float64(s.CacheBytes))
	ch <- prometheus.MustNewConstMetric(edgeHosts, prometheus.GaugeValue, float64(s.Hosts))
	ch <- prometheus.MustNewConstMetric(edgePreviews, prometheus.GaugeValue, float64(s.Previews))
}
