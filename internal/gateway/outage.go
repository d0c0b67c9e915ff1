package gateway

import (
	"sync/atomic"
	"time"
)

// retryPause is how long something that is down is left alone before it is asked
// again, by one request.
const retryPause = time.Second

// outage remembers that something is down, so that not every request waits for it
// and not every request logs it.
type outage struct {
	down atomic.Bool
	next atomic.Int64 // Unix time in ns of the next attempt
}

// begin notes a failure. It reports whether it is the first one.
func (o *outage) begin() bool {
	o.next.Store(time.Now().Add(retryPause).UnixNano())
	return !o.down.Swap(true)
}

// end notes that it works. It reports whether it did not before.
func (o *outage) end() bool { return o.down.Load() && o.down.Swap(false) }

// pausing reports whether it is down and this is not the request that tries again.
func (o *outage) pausing() bool {
	if !o.down.Load() {
		return false
	}
	now, next := time.Now(), o.next.Load()
	return now.UnixNano() < next || !o.next.CompareAndSwap(next, now.Add(retryPause).UnixNano())
}
