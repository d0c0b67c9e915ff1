package telemetry

import (
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// usualSeries is where one kind of request is counted.
type usualSeries struct {
	observer prometheus.Observer
	totals   *listenerTotals
}

// listenerTotals are sums over all requests of a listener.
type listenerTotals struct {
	errors atomic.Int64
	within [len(totalBounds) + 1]atomic.Int64 // by the first bound that is not exceeded; the last has none
}

// totalBounds are the upper bounds of ListenerTotals.Within: those of the metrics, finer
// where alerts are set.
var totalBounds = [...]time.Duration{
	time.Millisecond, 5 * time.Millisecond, 10 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond, 200 * time.Millisecond,
	300 * time.Millisecond, 500 * time.Millisecond, 750 * time.Millisecond, time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second,
}

func (t *listenerTotals) observe(status int, d time.Duration) {
	if status >= http.StatusInternalServerError {
		t.errors.Add(1)
	}
	i := 0
	for i < len(totalBounds) && d > totalBounds[i] {
		i++
	}
	t.within[i].Add(1)
}

// ListenerTotals are sums over the requests of a listener since the process began.
type ListenerTotals struct {
	Requests int
	Errors   int // answered with 5xx
	// Within counts answers that took at most so long: cumulative.
	Within map[time.Duration]int
}

// Totals returns the sums of each listener that has answered anything.
func (m *HTTPMetrics) Totals() map[string]ListenerTotals {
	out := map[string]ListenerTotals{}
	m.listeners.Range(func(name, held any) bool {
		t := held.(*listenerTotals) //nolint:forcetypeassert // nothing else is stored
		sum := ListenerTotals{Errors: int(t.errors.Load()), Within: make(map[time.Duration]int, len(totalBounds))}
		for i := range t.within {
			sum.Requests += int(t.within[i].Load())
			if i < len(totalBounds) {
				sum.Within[totalBounds[i]] = sum.Requests
			}
		}
		out[name.(string)] = sum //nolint:forcetypeassert // nothing else is stored
		return true
	})
	return out
}
