package domain

import "time"

// CliffVisitors is how many visitors must be expected in the days that are judged
// together: below that a fall is within what chance does.
const CliffVisitors = 100

// CliffParams say what a fall of visits is.
type CliffParams struct {
	Days int     // the last days, which are judged together
	Fall float64 // share of the expected visitors that is missing at least, 0 to 1
	// Others is the share of their expected visitors that other websites had in the same
	// days, 0: not known. What all lose, on a holiday, is no fall of one.
	Others float64
}

// Cliff is what became of the visits of the last days against those of the weeks
// before.
type Cliff struct {
	Judged   bool    `json:"-"` // there was enough to judge
	Fell     bool    `json:"-"`
	First    int     `json:"-"` // the first day that was judged, as an index of the series
	Days     int     `json:"days"`
	Visitors float64 `json:"visitors"` // of these days
	Expected float64 `json:"expected"`
	Share    float64 `json:"share"`    // Visitors of Expected
	Noise    float64 `json:"noise"`    // robust standard deviation of the logarithm of such shares before, of what may be a fall; 0: not known
	Seasonal bool    `json:"seasonal"` // the year before was looked at
	Others   float64 `json:"others"`   // what the fall was held against; 0: nothing
}

// FleetCause says why something is frozen.
type FleetCause string

// The causes.
const (
	FleetByPerson  FleetCause = "person"
	FleetByNotice  FleetCause = "manual_action" // a search engine told of one, says a person
	FleetByTraffic FleetCause = "traffic_cliff" // by itself: visits fell
)

// FleetEvidence are the figures that a freeze by itself rests on.
type FleetEvidence struct {
	Cliff
	From     string        `json:"from"`             // the first day that was judged, like 2026-03-01 (UTC)
	To       string        `json:"to"`               // the last one
	ChangeID FleetChangeID `json:"change,omitempty"` // the visits are those of the canary group of this change
	Websites int           `json:"websites"`         // whose visits these are
}

// FleetFreezeParams ask for a freeze. Without a cause it is FleetByPerson.
type FleetFreezeParams struct {
	WebsiteID WebsiteID // empty: all websites
	Cause     FleetCause
	Reason    string
}

// FleetLift says at which level of visits a freeze by itself was ended: what comes back
// to that level is no new fall.
type FleetLift struct {
	WebsiteID WebsiteID
	At        time.Time
	From      string  // the first day of the fall; empty: the freeze was of another cause
	Share     float64 // of the level before
}
