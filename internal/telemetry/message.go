package telemetry

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// MessageMetrics counts what happens to messages and requests, and asks how many
// messages wait. It is a collector: register it once.
type MessageMetrics struct {
	events *prometheus.CounterVec
	queued prometheus.GaugeFunc
}

const depthLimit = 2 * time.Second

// NewMessageMetrics returns metrics that have counted nothing yet. depth says how
// many messages wait now; if it fails, -1 is shown.
func NewMessageMetrics(depth func(ctx context.Context) (int, error)) *MessageMetrics {
	return &MessageMetrics{
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "empire_messages_total",
			Help: "Messages and requests between agents, by what happened: sent, handled, retried, full, request, served, timeout, or the reason of a dead letter.",
		}, []string{"event"}),
		queued: prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "empire_messages_queued", Help: "Messages that wait in the mailboxes of all agents.",
		}, func() float64 {
			ctx, cancel := context.WithTimeout(context.Background(), depthLimit)
			defer cancel()
			n, err := depth(ctx)
			if err != nil {
				return -1
			}
			return float64(n)
		}),
	}
}

// Describe implements prometheus.Collector.
func (m *MessageMetrics) Describe(ch chan<- *prometheus.Desc) {
	m.events.Describe(ch)
	m.queued.Describe(ch)
}

// Collect implements prometheus.Collector.
func (m *MessageMetrics) Collect(ch chan<- prometheus.Metric) {
	m.events.Collect(ch)
	m.queued.Collect(ch)
}

// Count counts one event, which is one of a few words.
func (m *MessageMetrics) Count(event string) { m.events.WithLabelValues(event).Inc() }
