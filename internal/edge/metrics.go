package edge

import (
	"cmp"
	"math/bits"
	"slices"
	"sync/atomic"
	"time"

	"empire/internal/domain"
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
	Links      [4]uint64     // requests of /go/…: followed, not available, unknown, fetched ahead
	Previews   int           // releases in memory that were looked at by their manifest
}

// What becomes of the report of a page.
const (
	beaconTaken = iota
	beaconBusy
	beaconForeign
	beaconBad
)

// What becomes of a request of /go/….
const (
	linkFollowed = iota
	linkGone
	linkUnknown
	linkPrefetch
)

type counters struct {
	requests [6]atomic.Uint64
	busy     atomic.Int64
	hits     atomic.Uint64
	beacons  [4]atomic.Uint64 // by what became of them
	links    [4]atomic.Uint64 // by what became of them
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
	for i := range out.Links {
		out.Links[i] = s.counters.links[i].Load()
	}
	if t := s.table.Load(); t != nil {
		out.Hosts = len(*t)
	}
	return out
}

// latencySteps are the steps of times of one host: each is twice the one before, the
// first ends at one microsecond and the last has no end.
const latencySteps = 26

// hostCounters are the totals of one website. They go on when its release changes.
type hostCounters struct {
	requests [6]atomic.Uint64
	bytes    atomic.Uint64
	times    [latencySteps]atomic.Uint64
}

func (c *hostCounters) observe(status int, size uint64, d time.Duration) {
	class := status / 100
	if class < 0 || class >= len(c.requests) {
		class = 0
	}
	c.requests[class].Add(1)
	c.times[min(bits.Len64(uint64(max(d.Microseconds(), 0))), latencySteps-1)].Add(1)
	if size > 0 {
		c.bytes.Add(size)
	}
}

// quantile returns the end of the step in which a share of the times lie.
func quantile(times *[latencySteps]uint64, total uint64, q float64) time.Duration {
	rank, sum := uint64(q*float64(total)), uint64(0)
	for i, n := range times {
		if sum += n; n > 0 && sum >= max(rank, 1) {
			return time.Microsecond << i
		}
	}
	return 0
}

// Hosts returns what was served of every website of a tenant since the process began,
// those with the most requests first. Quantiles are at most twice the true time.
func (s *Server) Hosts(tenant domain.TenantID) []domain.HostStats {
	t := s.table.Load()
	if t == nil {
		return nil
	}
	out := []domain.HostStats{}
	for host, st := range *t {
		if host == st.domain && st.tenant == tenant {
			one := st.stats()
			if s.cfg.Certificates != nil {
				if state, ok := s.cfg.Certificates.State(host); ok {
					one.Certificate = &state
				}
			}
			out = append(out, one)
		}
	}
	slices.SortFunc(out, func(a, b domain.HostStats) int {
		return cmp.Or(cmp.Compare(b.Requests, a.Requests), cmp.Compare(a.Domain, b.Domain))
	})
	return out
}

func (st *site) stats() domain.HostStats {
	out := domain.HostStats{WebsiteID: st.id, Domain: st.domain, ReleaseID: st.release, Loaded: st.content.Load() != nil, Bytes: st.counters.bytes.Load()}
	for i := range out.Classes {
		out.Classes[i] = st.counters.requests[i].Load()
		out.Requests += out.Classes[i]
	}
	var times [latencySteps]uint64
	var total uint64
	for i := range times {
		times[i] = st.counters.times[i].Load()
		total += times[i]
	}
	out.P50, out.P99 = quantile(&times, total, 0.5), quantile(&times, total, 0.99)
	return out
}
