package domain

import (
	"slices"
	"time"
)

// PageProbe is what a server answered for an address, whatever its status was.
type PageProbe struct {
	URL         string // as asked for
	FinalURL    string // after redirects
	Hops        []int  // status of each redirect, in order
	Status      int    // of the last answer
	ContentType string
	Body        []byte // decompressed; of answers with 2xx alone
}

// LookState is what one look at a merchant's page said.
type LookState string

// The states.
const (
	LookOK      LookState = "ok"
	LookMoved   LookState = "moved"          // permanently, to another page of the merchant
	LookGone    LookState = "gone"           // 404 or 410
	LookSoft    LookState = "soft_404"       // the page says that there is none, or the start page or a category came instead
	LookSoldOut LookState = "sold_out"       // the page says that it cannot be bought
	LookClosed  LookState = "program_closed" // the program has ended or was left
	LookUnknown LookState = "unknown"        // nothing was learned: refused, too slow, broken
	LookNone    LookState = "unchecked"      // there is no page of the merchant that may be looked at
)

// Failing reports whether a look says that readers would not get what they want.
func (s LookState) Failing() bool { return s == LookGone || s == LookSoft || s == LookSoldOut }

// Valid reports whether s is a state.
func (s LookState) Valid() bool {
	return slices.Contains([]LookState{LookOK, LookMoved, LookGone, LookSoft, LookSoldOut, LookClosed, LookUnknown, LookNone}, s)
}

// LinkLook is one look.
type LinkLook struct {
	At       time.Time
	URL      string // of the merchant's page; empty: there was none to look at
	State    LookState
	Reason   string // a sentence without a full stop
	Status   int    // of the answer; 0: there was none
	FinalURL string // after redirects
}

// LookPolicy says when looks are taken and how many count.
type LookPolicy struct {
	Looks int           // failing looks in a row until a link counts as dead
	Span  time.Duration // between the first and the last of them at least
	Every time.Duration // between two looks at a page that is well
	Again time.Duration // between two looks at one that is not; sooner ones are not counted
}

// LinkHealth is what is known of where a link leads.
type LinkHealth struct {
	LinkID   LinkID    `json:"link_id"`
	Tenant   TenantID  `json:"tenant"`
	URL      string    `json:"url"`
	State    LookState `json:"state"` // of the last look; empty: there was none yet
	Reason   string    `json:"reason"`
	Status   int       `json:"status"`
	FinalURL string    `json:"final_url"`
	Looks    int       `json:"looks"`   // in all
	Unknown  int       `json:"unknown"` // in a row, up to now
	Failing  int       `json:"failing"` // in a row; looks that learned nothing do not break the row
	// FailingSince is when the first of these was, FailedAt when the last that counted.
	FailingSince *time.Time `json:"failing_since"`
	FailedAt     *time.Time `json:"failed_at"`
	Dead         bool       `json:"dead"`    // there were enough of them, or the program closed
	DeadAs       LookState  `json:"dead_as"` // what it died of
	CheckedAt    *time.Time `json:"checked_at"`
	NextAt       time.Time  `json:"next_at"`
	// NoSwap says why nothing was proposed for a dead link.
	NoSwap string `json:"no_swap"`
}

// Note takes a look into account. Only a row of failing looks over time makes a link
// dead; a look that learned nothing neither adds to the row nor ends it. The state of a
// program is known for sure and counts at once.
func (h *LinkHealth) Note(l LinkLook, p LookPolicy) {
	at := l.At
	h.URL, h.State, h.Reason, h.Status, h.FinalURL = l.URL, l.State, l.Reason, l.Status, l.FinalURL
	h.CheckedAt, h.NextAt = &at, at.Add(p.Every)
	h.Looks++
	switch {
	case l.State == LookUnknown:
		if h.Unknown++; h.Failing > 0 && !h.Dead {
			h.NextAt = at.Add(p.Again)
		}
		return
	case l.State == LookClosed:
		h.Dead, h.DeadAs = true, LookClosed
	case l.State.Failing():
		h.fail(l, p)
	default:
		h.Failing, h.FailingSince, h.FailedAt, h.Dead, h.DeadAs, h.NoSwap = 0, nil, nil, false, "", ""
	}
	h.Unknown = 0
}

func (h *LinkHealth) fail(l LinkLook, p LookPolicy) {
	at := l.At
	if h.FailingSince == nil {
		h.FailingSince = &at
	}
	if h.FailedAt == nil || at.Sub(*h.FailedAt) >= p.Again {
		h.Failing++
		h.FailedAt = &at
	}
	if h.Failing >= p.Looks && at.Sub(*h.FailingSince) >= p.Span {
		h.Dead, h.DeadAs = true, l.State
	}
	if !h.Dead {
		h.NextAt = at.Add(p.Again)
	}
}

// HealthFilter selects what is known of links; empty fields select all.
type HealthFilter struct {
	Tenant TenantID
	State  LookState
	Dead   bool // dead ones alone
}

// HealthCount counts links by the state of their last look.
type HealthCount struct {
	Tenant TenantID
	State  LookState // empty: none was taken yet
	Dead   bool
	Count  int
}

// SwapID identifies a replacement of a link: swap_….
type SwapID string

// SwapState says what became of a replacement.
type SwapState string

// The states.
const (
	SwapProposed SwapState = "proposed" // a person is asked, or its run goes on
	SwapApplied  SwapState = "applied"
	SwapRejected SwapState = "rejected" // or nobody answered in time
	SwapUndone   SwapState = "undone"
)

// LinkSwap is another offer in the place of a dead one. While it is applied, /go/… of
// the dead link leads to the other, and builds choose without the dead one.
type LinkSwap struct {
	ID         SwapID     `json:"id"`
	Tenant     TenantID   `json:"tenant"`
	LinkID     LinkID     `json:"link_id"`
	Merchant   string     `json:"merchant"` // of the dead link
	Product    string     `json:"product"`
	Why        LookState  `json:"why"`
	To         Link       `json:"to"`         // the other link as it was planned
	ToProduct  string     `json:"to_product"` // its product
	Same       bool       `json:"same"`       // it is the same product
	Reason     string     `json:"reason"`     // why this one
	WebsiteID  WebsiteID  `json:"website_id"` // whose market was searched
	State      SwapState  `json:"state"`
	Automatic  bool       `json:"automatic"` // the policy lets it be applied without a person
	RunID      RunID      `json:"run_id"`
	LinkBefore LinkState  `json:"link_before"` // what undoing gives back
	CreatedAt  time.Time  `json:"created_at"`
	EndedAt    *time.Time `json:"ended_at"` // when it left the state proposed
}

// SwapParams are the parameters of a run that replaces a link.
type SwapParams struct {
	SwapID SwapID `json:"swap_id"`
}
