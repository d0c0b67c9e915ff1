package app

import (
	"github.com/prometheus/client_golang/prometheus"

	"empire/internal/analytics"
)

// visitsCollector shows what became of the visits that pages reported.
type visitsCollector struct{ visits *analytics.Collector }

var (
	visitsAdded   = prometheus.NewDesc("empire_analytics_hits_total", "Views and clicks, by what became of them.", []string{"state"}, nil)
	visitsWaiting = prometheus.NewDesc("empire_analytics_waiting", "Views and clicks that wait to be stored.", nil, nil)
	visitsLag     = prometheus.NewDesc("empire_analytics_lag_seconds", "Longest time until one of the last batch was stored.", nil, nil)
	beaconStates  = []string{"taken", "busy", "foreign", "bad"}
	edgeBeacons   = prometheus.NewDesc("empire_edge_beacons_total", "Reports of pages, by what became of them.", []string{"state"}, nil)
	linkStates    = []string{"followed", "gone", "unknown", "prefetch"}
	edgeLinks     = prometheus.NewDesc("empire_edge_links_total", "Requests of links to merchants, by what became of them.", []string{"state"}, nil)
)

// Describe names the metrics.
func (c visitsCollector) Describe(ch chan<- *prometheus.Desc) { prometheus.DescribeByCollect(c, ch) }

// Collect reads the totals.
func (c visitsCollector) Collect(ch chan<- prometheus.Metric) {
	s := c.visits.Stats()
	for state, n := range map[string]uint64{"added": s.Added, "refused": s.Refused, "stored": s.Stored} {
		ch <- prometheus.MustNewConstMetric(visitsAdded, prometheus.CounterValue, float64(n), state)
	}
	ch <- prometheus.MustNewConstMetric(visitsWaiting, prometheus.GaugeValue, float64(s.Waiting))
	ch <- prometheus.MustNewConstMetric(visitsLag, prometheus.GaugeValue, s.Lag.Seconds())
}
