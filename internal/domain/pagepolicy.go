package domain

// PagePolicy says what a page that a gate refuses means for its website.
type PagePolicy string

// The policies.
const (
	HoldSite PagePolicy = "hold_site" // nothing is published until every page passes
	HoldPage PagePolicy = "hold_page" // the page stays a draft, and the website goes on without it
)

// Valid reports whether p is a policy.
func (p PagePolicy) Valid() bool { return p == HoldSite || p == HoldPage }

// Optional reports whether a website can be without a page of the kind.
func (k PageKind) Optional() bool { return k == PageProduct || k == PageComparison || k == PageBest }

// GateHeldPages is the name of the remark that names the pages that were held back.
const GateHeldPages = "held_pages"
