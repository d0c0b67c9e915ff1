package domain

import "time"

// Retirement is a page, or with an empty path a website, that is gone for good: later
// builds do not bring it back.
type Retirement struct {
	WebsiteID WebsiteID `json:"website_id"`
	Path      string    `json:"path"`   // empty: the whole website
	Target    string    `json:"target"` // where visitors are led: a path of the website, or for a whole website the id of another one; empty: they are told that it is gone (410)
	Reason    string    `json:"reason"`
	ActorID   UserID    `json:"actor_id"`
	At        time.Time `json:"at"`
}

// GoneTarget stands for the target of a redirect that leads nowhere: the address
// answers 410.
const GoneTarget = "gone:"

// PlannedState says where a planned release stands.
type PlannedState string

// The states of a planned release.
const (
	PlannedWaiting   PlannedState = "waiting"
	PlannedPublished PlannedState = "published"
	PlannedRefused   PlannedState = "refused" // it could not go live when its time came
	PlannedCancelled PlannedState = "cancelled"
)

// PlannedRelease is a release that goes live at a time.
type PlannedRelease struct {
	ID        PlannedReleaseID `json:"id"`
	Tenant    TenantID         `json:"tenant"`
	WebsiteID WebsiteID        `json:"website_id"`
	ReleaseID ReleaseID        `json:"release_id"`
	At        time.Time        `json:"at"`
	State     PlannedState     `json:"state"`
	Detail    string           `json:"detail"` // why it was refused, or that it was late
	ActorID   UserID           `json:"actor_id"`
	CreatedAt time.Time        `json:"created_at"`
	EndedAt   *time.Time       `json:"ended_at"`
}
