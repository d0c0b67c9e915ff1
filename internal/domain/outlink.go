package domain

// PageLink is a link of a built page to a place outside of its website.
type PageLink struct {
	Path      string // of the page
	Href      string
	Sponsored bool // it says that it is paid for
}

// PlaceLinks are links of the pages of a release that lead to the same place in the same
// way, so that all of them earn the same.
type PlaceLinks struct {
	Href      string `json:"href"` // of the first
	Sponsored bool   `json:"sponsored,omitempty"`
	Count     int    `json:"count"`
	Pages     []int  `json:"pages"` // numbers in Paths of the first pages that have them, in order
}

// ReleaseLinks are the links of the pages of a release that lead out of their website, in
// the order in which they come first.
type ReleaseLinks struct {
	Version int          `json:"version"` // of how places are told apart
	Paths   []string     `json:"paths"`   // of pages that are named
	Places  []PlaceLinks `json:"places"`
}

// OutlinkKind says what a link to elsewhere earns.
type OutlinkKind string

// The kinds, what should be looked at first first.
const (
	OutlinkUnused      OutlinkKind = "program_unused"      // the merchant has a program that is joined, the link does not use it
	OutlinkUnavailable OutlinkKind = "program_unavailable" // the merchant's program is not joined or is closed
	OutlinkNone        OutlinkKind = "no_program"          // no program of the place is known
	OutlinkTracked     OutlinkKind = "tracked"             // it earns
)

// Rank orders kinds: what should be looked at first has the least.
func (k OutlinkKind) Rank() int {
	for i, other := range []OutlinkKind{OutlinkUnused, OutlinkUnavailable, OutlinkNone, OutlinkTracked} {
		if k == other {
			return i
		}
	}
	return 9
}

// Outlink counts the links of one website to one place.
type Outlink struct {
	WebsiteID WebsiteID   `json:"website_id"`
	Domain    string      `json:"domain"` // of the website
	Kind      OutlinkKind `json:"kind" enum:"program_unused,program_unavailable,no_program,tracked"`
	Host      string      `json:"host" doc:"Where the links lead; of a tracked link whose program is known, its merchant"`
	Network   string      `json:"network" doc:"Empty: none is known"`
	ProgramID ProgramID   `json:"program_id" doc:"Empty: none is known"`
	Program   string      `json:"program"`
	Count     int         `json:"count" doc:"Links in all"`
	Pages     []string    `json:"pages" doc:"Up to ten that have such links"`
	Example   string      `json:"example" doc:"One of the addresses"`
}
