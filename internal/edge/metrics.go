package edge

import (
	"sync/atomic"
	"time"
)

// Stats are totals since the server was made, over all sites: figures by host
// would have no bound. Whoever collects metrics reads them when asked.
type Stats struct {
	Requests   [6]uint64     // by the first digit of the status; 0 counts what has another
	Busy       time.Duration // time spent answering
	CacheHits  uint64        // files that were in the cache
	CacheReads uint64        // files that had to be read from the blob store
	CacheBytes uint64        // bytes in the cache now
	Hosts      int           // names of sites that the server answers for now
	Beacons    [4]uint64     // reports of pages: taken, refused because too many wait, of other origins, not understood
	Previews   int           // releases in memory that were looked at by their manifest
}

// What becomes of the report of a page.
const (
	beaconTaken = iota
	beaconBusy
	beaconForeign
	beaconBad
)

type counters struct {
	requests [6]atomic.Uint64
	busy     atomic.Int64
	hits     atomic.Uint64
	beacons  [4]atomic.Uint64 // by what became of them
	reads    atomic.Uint64
}

func (c *counters) observe(status int, d time.Duration) {
	class := status / 100
	if class < 0 || class >= len(c.requests) {
		class = 0
	}
	c.requests[class].Add(1)
	c.busy.Add(int64(d))
}

// Stats returns the totals of now.
func (s *Server) Stats() Stats {
	out := Stats{
		Busy: time.Duration(s.counters.busy.Load()), CacheHits: s.counters.hits.Load(),
		CacheReads: s.counters.reads.Load(), CacheBytes: s.cache.WeightedSize(), Previews: s.previews.len(),
	}
	for i := range out.Requests {
		out.Requests[i] = s.counters.requests[i].Load()
	}
	for i := range out.Beacons {
		out.Beacons[i] = s.counters.beacons[i].Load()
	}
	if t := s.table.Load(); t != nil {
		out.Hosts = len(*t)
	}
	return out
}
