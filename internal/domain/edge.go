package domain

import "time"

// HostStats are what an edge served of one website since its process began.
type HostStats struct {
	WebsiteID WebsiteID
	Domain    string
	ReleaseID ReleaseID
	Loaded    bool // its manifest is in memory
	Requests  uint64
	Classes   [6]uint64 // requests by the first digit of the status; 0 counts what has another
	Bytes     uint64    // of bodies
	P50, P99  time.Duration
	// Certificate is nil if certificates are off, or nobody asked for one yet.
	Certificate *HostCertificate
}
