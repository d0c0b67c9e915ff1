package domain

import "time"

// AccessEntry is one request of a visitor as it was answered. IP and Agent are in
// memory until it is written or counted.
type AccessEntry struct {
	At       time.Time
	Host     string // empty: not told
	IP       string
	User     string // whom HTTP authentication names; empty: nobody
	Method   string
	URI      string // as it was asked for: path and query
	Proto    string // HTTP/1.1
	Status   int
	Bytes    int64 // of the body
	Referrer string
	Agent    string
	Took     time.Duration // 0: not told
	TLS      bool
}

// ServedCount is how often a page was sent in an hour, as a server counted it.
type ServedCount struct {
	WebsiteID WebsiteID
	Hour      int64 // since 1970
	Path      string
	Class     HitClass
	Source    HitSource // SourceServer or SourceLog
	Views     int
}

// ServedReport sums ServedCounts: pages that were sent, whether or not a script reported
// that they were shown.
type ServedReport struct {
	People, Bots, Own int
	Imported          ServedImported
}

// ServedImported is the part that comes from access logs of other servers.
type ServedImported struct{ People, Bots, Own int }

// AccessImport is what became of an access log.
type AccessImport struct {
	WebsiteID  WebsiteID
	Name       string    // of the file
	SHA256     string    // of what was in it, uncompressed
	From, To   time.Time // of the first and the last request; zero: there is none
	Lines      int
	Malformed  int   // lines that are no requests
	Requests   int   // all others
	Bots       int   // requests of bots
	Own        int   // requests from networks of the operator
	Errors     int   // requests that were answered with 4xx or 5xx
	Bytes      int64 // of all bodies
	Views      AccessViews
	TooOld     int // views that are older than sums are kept, and so were not stored
	Statuses   map[int]int
	Pages      []AccessPage // with the most views of people first, 1,000 at most
	Samples    []RowProblem // of malformed lines
	Stored     bool         // false: it was only counted
	ImportedAt time.Time
}

// AccessViews are pages that were sent: GET, answered with 200 or 304, no part of a page.
type AccessViews struct{ People, Bots, Own int }

// AccessPage is one page of an access log.
type AccessPage struct {
	Path  string
	Views int // of people
}
