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

// EditKind says how a release candidate is made of the live release instead of being
// built from the feeds.
type EditKind string

// The kinds of edit.
const (
	EditRestore EditKind = "restore" // one page as it was in an earlier release
	EditRetire  EditKind = "retire"  // no page is left; addresses lead elsewhere or are gone
)

// EditParams are the parameters of an edit_website run.
type EditParams struct {
	WebsiteID WebsiteID `json:"website_id"`
	Kind      EditKind  `json:"kind"`
	Path      string    `json:"path,omitempty"`       // restore: of the page
	ReleaseID ReleaseID `json:"release_id,omitempty"` // restore: where the page comes from
	Into      WebsiteID `json:"into,omitempty"`       // retire: where visitors are led; empty: 410
	Reason    string    `json:"reason,omitempty"`
}

// EditSource is what an edit is made of.
type EditSource struct {
	Live   ReleaseContent
	Run    *Run           // that built the live release
	Other  ReleaseContent // restore: the earlier release; retire: the live one of the website that visitors are led to
	Number int            // of the earlier release
}
