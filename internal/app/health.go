package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"empire/internal/agent/content"
	"empire/internal/domain"
	"empire/internal/edge"
	"empire/internal/intelligence/evidence"
	"empire/internal/intelligence/nlp"
	"empire/internal/service"
	"empire/internal/telemetry"
)

// probes lists the parts that this role and mode rest on, layer by layer.
func (a *App) probes() []service.Probe {
	serves := a.mode == Serve
	redis := a.cfg.Redis.URL != ""
	hooks := a.cfg.Webhooks
	return append([]service.Probe{
		{Name: "listeners", Layer: "gateway", Required: serves, Unused: !serves, Check: a.checkListeners},
		{Name: "routes", Layer: "gateway", Unused: !serves || a.cfg.Routes.File == "", Check: a.checkRoutes},
		{Name: "limits", Layer: "gateway", Unused: !serves, DependsOn: []string{"redis"}},
		{Name: "edge", Layer: "gateway", Required: true, Unused: !serves || !a.plays("edge"), Check: a.checkEdge},
		{Name: "certificates", Layer: "gateway", Unused: !serves || !a.plays("edge") || !a.cfg.Edge.TLS.Enabled, Check: a.checkCertificates},

		{Name: "jobs", Layer: "orchestration", Required: true, Check: a.queue.Ping},
		{Name: "engine", Layer: "orchestration", Check: a.checkEngine, DependsOn: []string{"store", "jobs", "blobs"}},
		{Name: "agents", Layer: "orchestration", DependsOn: []string{"engine", "data_writer"}},
		{Name: "bus", Layer: "orchestration", Unused: a.bus == nil, Check: a.checkBus}, // nothing needs an event for correctness
		{Name: "discovery", Layer: "orchestration", Unused: !serves, DependsOn: []string{"bus"}},

		{Name: "data_writer", Layer: "intelligence", Check: content.New().Ping},
		{Name: "language", Layer: "intelligence", Check: checkLanguage},
		{Name: "evidence", Layer: "intelligence", Check: checkEvidence},
		{Name: "search", Layer: "intelligence", DependsOn: []string{"store", "jobs", "vectors"}},

		{Name: "store", Layer: "data", Required: true, Check: a.db.Ping},
		{Name: "blobs", Layer: "data", Required: true, Check: a.blobs.Ping},
		{Name: "vectors", Layer: "data", Check: a.checkVectors},
		{Name: "cache", Layer: "data", DependsOn: []string{"redis"}},
		{Name: "redis", Layer: "data", Unused: !redis || !serves, Check: a.checkRedis},

		{Name: "feeds", Layer: "integration", DependsOn: []string{"store"}},
		{
			Name: "webhooks", Layer: "integration", DependsOn: []string{"store", "jobs"},
			Unused: !serves || hooks.AWIN == "" && hooks.Digistore24 == "" && hooks.N8N == "" && hooks.SendGrid == "" && hooks.Mailgun == "",
		},
	}, a.modelProbes()...)
}

func (a *App) checkListeners(context.Context) error {
	if a.gateway == nil || a.gateway.Addr() == "" {
		return errors.New("nothing listens yet")
	}
	return nil
}

// checkRoutes reports a file that was refused: the routes from before still hold.
func (a *App) checkRoutes(ctx context.Context) error {
	if err := a.proxy.Check(ctx); err != nil {
		return &service.DegradedError{Err: err}
	}
	return nil
}

func (a *App) checkEngine(context.Context) error {
	if len(a.engine.Definitions()) == 0 {
		return errors.New("there is no pipeline")
	}
	return nil
}

func (a *App) checkBus(ctx context.Context) error { return a.bus.Ping(ctx) }

func (a *App) checkRedis(ctx context.Context) error { return a.cache.Ping(ctx) }

// componentChanged logs that a part came to another state.
func (a *App) componentChanged(ctx context.Context, c domain.Component) {
	level := slog.LevelInfo
	if c.State != "ok" {
		level = slog.LevelWarn
	}
	a.log.Log(ctx, level, "component changed", slog.String("component", c.Name), slog.String("state", c.State), slog.String("err", c.Error))
}

// checkLanguage asks for two words whose stems are known.
func checkLanguage(context.Context) error {
	if en, de := nlp.Stem("en", "keyboards"), nlp.Stem("de", "tastaturen"); en != "keyboard" || de != "tastatur" {
		return fmt.Errorf("the stems of keyboards and Tastaturen are %s and %s", en, de)
	}
	return nil
}

// checkEvidence computes what is known.
func checkEvidence(context.Context) error {
	ledger := evidence.NewLedger()
	set := ledger.Set("price", []string{"1", "2", "3"}, []float64{1, 2, 4}, "")
	if _, median, ok := ledger.Compute("median", "", []domain.EvidenceID{set}); !ok || median != 2 {
		return fmt.Errorf("the median of 1, 2 and 4 is %v", median)
	}
	return nil
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
		r.MustRegister(edgeCollector{a.edge}, visitsCollector{a.visits})
	}
	r.MustRegister(a.metrics, a.messageMetrics, healingCollector{a}, collectors.NewDBStatsCollector(a.db.Writer(), "writer"))
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
	for i, n := range s.Beacons {
		ch <- prometheus.MustNewConstMetric(edgeBeacons, prometheus.CounterValue, float64(n), beaconStates[i])
	}
	for i, n := range s.Links {
		ch <- prometheus.MustNewConstMetric(edgeLinks, prometheus.CounterValue, float64(n), linkStates[i])
	}
	ch <- prometheus.MustNewConstMetric(edgeBusy, prometheus.CounterValue, s.Busy.Seconds())
	ch <- prometheus.MustNewConstMetric(edgeCacheHits, prometheus.CounterValue, float64(s.CacheHits))
	ch <- prometheus.MustNewConstMetric(edgeCacheReads, prometheus.CounterValue, float64(s.CacheReads))
	ch <- prometheus.MustNewConstMetric(edgeCacheBytes, prometheus.GaugeValue, float64(s.CacheBytes))
	ch <- prometheus.MustNewConstMetric(edgeHosts, prometheus.GaugeValue, float64(s.Hosts))
	ch <- prometheus.MustNewConstMetric(edgePreviews, prometheus.GaugeValue, float64(s.Previews))
}
