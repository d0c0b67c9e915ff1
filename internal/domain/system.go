package domain

import "time"

// ServiceState says whether an instance takes requests.
type ServiceState string

// The states of an instance.
const (
	ServiceReady    ServiceState = "ready"
	ServiceDraining ServiceState = "draining" // finishes what it has
	ServiceDown     ServiceState = "down"     // fails its health check
)

// MaxServiceLease bounds how long an instance may stay listed without a sign of life.
const MaxServiceLease = 60 * time.Second

// ServiceInstance is one process that offers a service, found over the bus or
// registered over the API. It is listed until its lease ends.
type ServiceInstance struct {
	ID       string // unique among the instances of its service
	Name     string // worker, gateway, edge, or the name that a route uses
	URL      string // base address, http://host:port; empty if it takes no requests
	Version  string
	Weight   int // share of the requests, 1 to 100
	State    ServiceState
	Lease    time.Duration // how long a sign of life lasts
	LastSeen time.Time
	Source   string // bus, api or file
	// InFlight and Failures are what this gateway sees of it.
	InFlight int
	Failures int
	Error    string // of the last health check
}

// Route leads requests of a host and path prefix somewhere. The longest prefix
// wins, a named host before any host.
type Route struct {
	Name    string
	Host    string // empty: any
	Prefix  string // begins and ends with a slash, or is the whole path
	Service string // instances by this name; empty: handled here
}
