package domain

import "time"

// FleetLimits are how fast a tenant may publish; 0 stands for any number.
type FleetLimits struct {
	PagesPerWeek   int `json:"pages_per_week"`   // new pages of one website in seven days
	ReleasesPerDay int `json:"releases_per_day"` // releases of all websites in 24 hours
}

// The windows that FleetLimits count in.
const (
	FleetWeek = 7 * 24 * time.Hour
	FleetDay  = 24 * time.Hour
)

// FleetMove is a release that was published. Rollbacks are none.
type FleetMove struct {
	ReleaseID ReleaseID
	WebsiteID WebsiteID
	Tenant    TenantID
	NewPages  int // pages that may rank and that the website did not have
	At        time.Time
}

// FleetFreeze keeps a website, or without one all of a tenant, from publishing.
type FleetFreeze struct {
	Tenant    TenantID  `json:"tenant"`
	WebsiteID WebsiteID `json:"website_id"` // empty: all websites
	Reason    string    `json:"reason"`
	ActorID   UserID    `json:"actor_id"` // empty: nobody, it froze by itself
	At        time.Time `json:"at"`
	// Cause says why; Evidence is what FleetByTraffic rests on, else nil.
	Cause    FleetCause     `json:"cause"`
	Evidence *FleetEvidence `json:"evidence,omitempty"`
}

// FleetPace is how many new pages a website published within seven days.
type FleetPace struct {
	WebsiteID WebsiteID `json:"website_id"`
	NewPages  int       `json:"new_pages"`
}

// FleetStatus is how a portfolio publishes now.
type FleetStatus struct {
	Limits   FleetLimits   `json:"limits"`
	Releases int           `json:"releases"` // within 24 hours
	Fastest  []FleetPace   `json:"fastest"`  // websites with most new pages within seven days
	Freezes  []FleetFreeze `json:"freezes"`
	Changes  []FleetChange `json:"changes"` // that have not ended
}

// FleetAction is what a change does to each website.
type FleetAction string

// FleetRebuild builds a new release, which a person approves.
const FleetRebuild FleetAction = "rebuild"

// FleetState says where a change stands.
//
//	canary ─▶ waiting ─(a person)─▶ running ─▶ done
//	   └──────────┴───────────────────┴──▶ stopped
type FleetState string

// The states of a change.
const (
	FleetCanary  FleetState = "canary"  // the first few websites are being changed
	FleetWaiting FleetState = "waiting" // these are published; a person decides whether it goes on
	FleetRunning FleetState = "running" // the others are being changed
	FleetStopped FleetState = "stopped" // for good
	FleetDone    FleetState = "done"
)

// Ended reports whether a change never goes on.
func (s FleetState) Ended() bool { return s == FleetStopped || s == FleetDone }

// FleetFilter selects live websites. Empty parts select all.
type FleetFilter struct {
	Niche    string `json:"niche,omitempty"` // a part of the niche, in any case
	Language string `json:"language,omitempty"`
	Feed     FeedID `json:"feed,omitempty"` // that the website reads
}

// FleetChangeParams ask for a change.
type FleetChangeParams struct {
	Action FleetAction
	Reason string // what changed: a theme, a prompt, a rule
	Filter FleetFilter
	Canary int // websites that it begins with
}

// FleetChange is a change of many websites that begins with a few of them.
type FleetChange struct {
	ID        FleetChangeID `json:"id"`
	Tenant    TenantID      `json:"tenant"`
	Action    FleetAction   `json:"action"`
	Reason    string        `json:"reason"`
	Filter    FleetFilter   `json:"filter"`
	State     FleetState    `json:"state"`
	Detail    string        `json:"detail"` // why it stopped, or what it waits for
	Canary    int           `json:"canary"` // websites that it began with
	Total     int           `json:"total"`
	Published int           `json:"published"`
	Failed    int           `json:"failed"`
	ActorID   UserID        `json:"actor_id"`
	CreatedAt time.Time     `json:"created_at"`
	UpdatedAt time.Time     `json:"updated_at"`
}

// FleetSiteState says how far a change is with a website.
type FleetSiteState string

// The states of a website in a change.
const (
	FleetSiteQueued    FleetSiteState = "queued"
	FleetSiteRunning   FleetSiteState = "running"   // its run is under way, or waits for a person
	FleetSitePublished FleetSiteState = "published" // with no red gate
	FleetSiteFailed    FleetSiteState = "failed"    // the run failed, a gate was red, or a person rejected it
	FleetSiteSkipped   FleetSiteState = "skipped"   // it was busy, frozen or archived when its turn came
)

// FleetChangeSite is a website of a change.
type FleetChangeSite struct {
	WebsiteID WebsiteID      `json:"website_id"`
	Position  int            `json:"position"`
	Canary    bool           `json:"canary"`
	State     FleetSiteState `json:"state"`
	RunID     RunID          `json:"run_id"`
	Detail    string         `json:"detail"`
}
