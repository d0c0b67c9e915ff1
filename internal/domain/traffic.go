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
	Slot      string // of a click
	SubID     string // of a click: what the network reports back
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
	Slot      string
	SubID     string
}

// TrafficVisit says that a visitor, known by a number that means nothing without the
// salt of the day, came to a page first at an hour.
type TrafficVisit struct {
	WebsiteID WebsiteID
	Visitor   int64
	Hour      int64 // since 1970
	Path      string
}

// TrafficBatch is what is stored in one transaction.
type TrafficBatch struct {
	Events []TrafficEvent
	Visits []TrafficVisit // of people, for each visitor of a website at most one
	Day    int64          // of the visits, since 1970 in UTC
	// Keep is whether single events are stored beside their sums.
	Keep bool
}

// TrafficSpan is the time of a report, in hours since 1970: from is in, to is not.
type TrafficSpan struct {
	From, To int64
	Step     int64 // hours of one point of the series: 1 or 24
}

// TrafficCount counts hits.
type TrafficCount struct {
	Views    int `json:"views"`
	Visitors int `json:"visitors"`
	Clicks   int `json:"clicks"`
}

// TrafficReport is what happened on a website in a time.
type TrafficReport struct {
	WebsiteID WebsiteID
	Period    string
	From, To  time.Time
	People    TrafficCount
	Bots, Own TrafficCount // their Visitors are not counted
	Served    ServedReport // what servers counted beside that
	Pages     []TrafficPage
	Slots     []TrafficSlot
	Series    []TrafficPoint
}

// TrafficPage is what people did on one page. Entries are visits that began there.
type TrafficPage struct {
	Path    string
	Views   int
	Entries int
	Clicks  int
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

// trafficPeriods are the periods of reports, by name, in hours.
var trafficPeriods = map[string]int64{"24h": 24, "7d": 7 * 24, "30d": 30 * 24, "90d": 90 * 24, "12m": 365 * 24}

// HoursSince1970 returns the number of the hour of a time.
func HoursSince1970(t time.Time) int64 { return t.Unix() / 3600 }

// HourTime is the inverse of HoursSince1970: the begin of the hour, in UTC.
func HourTime(hour int64) time.Time { return time.Unix(hour*3600, 0).UTC() }

// ParseTrafficPeriod returns the span of a period that ends now: 24h in hours, 7d, 30d,
// 90d and 12m (365 days) in days of UTC with today as the last. Another period is a
// CodeInvalid error.
func ParseTrafficPeriod(period string, now time.Time) (TrafficSpan, error) {
	hours, ok := trafficPeriods[period]
	if !ok {
		return TrafficSpan{}, Invalid("period", "Period %.20q is not one of 24h, 7d, 30d, 90d and 12m.", period)
	}
	to := HoursSince1970(now) + 1
	if hours == 24 {
		return TrafficSpan{From: to - hours, To: to, Step: 1}, nil
	}
	to = (to + 23) / 24 * 24
	return TrafficSpan{From: to - hours, To: to, Step: 24}, nil
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
