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
	Role     string // of a process of this program: all, gateway, worker, edge
	URL      string // base address, http://host:port; empty if it takes no requests
	Health   string // path of its health check; empty means /readyz
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

// Names of the services that processes of this program offer.
const (
	ServiceWorker  = "worker"
	ServiceGateway = "gateway"
	ServiceEdge    = "edge"
)

// Route leads requests of a host and path prefix somewhere. A named host wins before
// any host, then the longest prefix.
type Route struct {
	Name    string
	Host    string // in lower case, without a port; empty: any
	Prefix  string // of whole path segments: /blog leads /blog and /blog/a, not /blogs
	Service string // instances by this name; empty: handled here

	StripPrefix bool          // the service does not see the prefix
	RewriteHost bool          // the service sees its own host instead of the client's
	Timeout     time.Duration // until the answer begins, all attempts together
	Retries     int           // other instances that are tried at most
}

// RouteTable is what a gateway routes by.
type RouteTable struct {
	File     string    // empty: there is none
	LoadedAt time.Time // when the routes below took effect
	// Error is why the file was refused when it was read last, at ErrorAt; empty if it
	// was taken.
	Error   string
	ErrorAt *time.Time
	Routes  []Route
	// Ready counts the instances that take requests now, by the services of the
	// routes. A service that nothing is known of has none.
	Ready map[string]int
}
