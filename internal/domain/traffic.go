package domain

import (
	"strings"
	"time"
)

// HitKind says what a visitor did.
type HitKind string

// The kinds of hits.
const (
	HitView  HitKind = "view"  // a page was shown
	HitClick HitKind = "click" // an affiliate link was followed
)

// HitClass says who a hit counts as. Only people are in the figures of a website; the
// others are counted apart.
type HitClass string

// The classes of hits.
const (
	ClassPerson HitClass = "person"
	ClassBot    HitClass = "bot"
	ClassOwn    HitClass = "own" // the operator: a network of its own, or a host under localhost
)

// HitSource says who reported a hit.
type HitSource string

// The sources of hits.
const (
	SourceScript HitSource = "script" // the script of the page
	SourceServer HitSource = "server" // the edge: a redirect, or a page that it sent
	SourceLog    HitSource = "log"    // the access log of another server
)

// Hit is one view or click as the edge saw it. IP and Agent never leave the memory of
// the process: see TrafficEvent for what is stored.
type Hit struct {
	At        time.Time
	WebsiteID WebsiteID
	Kind      HitKind
	Source    HitSource
	Path      string // of the page; of a click, of the page with the link
	Referrer  string // host that the visitor came from; empty: none, or the website itself
	Internal  bool   // the visitor came from a page of the website itself
	Campaign  Campaign
	Slot      string // of a click
	SubID     string // of a click: what the network reports back
	Program   string // of a click: network and advertiser as ProgramKey makes it; empty: not told
	IP        string
	Agent     string // User-Agent
	Bot       bool   // it says itself that a program drives it
	Local     bool   // it came to a host under localhost
}

// TrafficEvent is one hit as it is stored: nothing in it tells who it was.
type TrafficEvent struct {
	At        time.Time
	WebsiteID WebsiteID
	Kind      HitKind
	Class     HitClass
	Source    HitSource
	Path      string
	Referrer  string
	Channel   Channel // of a view of a person
	Campaign  Campaign
	Device    Device
	Slot      string
	SubID     string
	Program   string
	// Session is a random number that the hits of one session share; 0: it belongs to
	// none that is known.
	Session int64
	// Visit is the number in the batch, from 1, of the visit whose session this belongs
	// to; 0: that of Session. It is not stored.
	Visit int
	Entry TrafficEntry
}

// TrafficEntry says what begins with a view. Summed up they are sessions and visitors.
type TrafficEntry int

// What begins with a view.
const (
	EntryNone    TrafficEntry = 0
	EntrySession TrafficEntry = 1 // a further session of a visitor on a day
	EntryVisitor TrafficEntry = 2 // the first session of a visitor on a day
)

// SessionGap is how long a visitor must have done nothing for the next view to begin
// another session.
const SessionGap = 30 * time.Minute

// TrafficVisit says that a visitor, known by a number that means nothing without the
// salt of the day, is here. Whether a session begins with it depends on what the
// database knows of the visitor.
type TrafficVisit struct {
	WebsiteID WebsiteID
	Visitor   int64
	// Since is when the visitor was seen last before, as far as this process knows, or
	// now; Last is now. In seconds since 1970.
	Since, Last int64
	// Session is the number for the session if one begins, and that which there is once
	// the batch is stored.
	Session int64
	Event   int // index in the batch of the view that begins the session; -1: none does
}

// TrafficBatch is what is stored in one transaction.
type TrafficBatch struct {
	Events []TrafficEvent // Entry and Session of those with a Visit are set by storing
	Visits []TrafficVisit // of people; those of one visitor in the order of time
	Day    int64          // of the visits, since 1970 in UTC
	// Keep is whether single events are stored beside their sums.
	Keep bool
}

// TrafficCount counts hits. A visitor counts once a day.
type TrafficCount struct {
	Views    int `json:"views"`
	Visitors int `json:"visitors"`
	Clicks   int `json:"clicks"`
	Sessions int `json:"sessions"`
}

// TrafficReport is what happened on a website in a time.
type TrafficReport struct {
	WebsiteID WebsiteID
	Period    string // empty: the time was given
	From, To  time.Time
	Step      time.Duration // of the series: an hour or a day
	People    TrafficCount
	Before    *TrafficCount // of people in the span before; nil: not known
	Bots, Own TrafficCount  // their Visitors and Sessions are not counted
	Served    ServedReport  // what servers counted beside that
	Pages     []TrafficPage // with the most views first, MaxTrafficRows at most
	PageCount int           // how many pages there are in all
	Slots     []TrafficSlot // with the most clicks first, MaxTrafficRows at most
	SlotCount int
	// Facets are views, visitors and sessions by where they came from, and views and
	// clicks by device and program: of each kind those with the most, MaxFacets at most.
	Facets []TrafficFacet
	Series []TrafficPoint
}

// Bounds of what a report holds; the lists that are paged have all.
const (
	MaxTrafficRows = 1000
	MaxFacets      = 100
)

// TrafficPage is what people did on one page.
type TrafficPage struct {
	Path     string
	Views    int
	Entries  int // visitors whose day began here
	Clicks   int
	Sessions int // that began here
}

// TrafficSlot is how often people followed the link of a slot.
type TrafficSlot struct {
	Path   string
	Slot   string
	SubID  string
	Clicks int
}

// TrafficPoint is one hour or day of a report.
type TrafficPoint struct {
	At time.Time
	TrafficCount
}

// ReferrerHost returns the host of an address that a visitor came from, without port
// and in lower case; "" if it names none.
func ReferrerHost(referrer string) string {
	rest, ok := strings.CutPrefix(referrer, "https://")
	if !ok {
		if rest, ok = strings.CutPrefix(referrer, "http://"); !ok {
			return ""
		}
	}
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		rest = rest[:end]
	}
	host, _, _ := strings.Cut(rest, ":")
	host, err := ValidateDomain(host)
	if err != nil {
		return ""
	}
	return host
}
