package domain

import "time"

// MinDuplicateThreshold is the least similarity that pages of two websites can be
// held against each other at: below it, signatures miss more than one pair in fifty.
const MinDuplicateThreshold = 0.45

// DefaultDuplicateThreshold is the similarity of main texts (Jaccard of the sets of
// five-word shingles) from which on pages of two websites are near-duplicates.
const DefaultDuplicateThreshold = 0.5

// SwapThreshold is the similarity of texts whose names of products, merchants and the
// website are masked from which on one is the other with its names swapped. It is
// higher: of what is left, websites that are written from data share more.
const SwapThreshold = 0.8

// PageSignature is what is kept of the main text of a page that is live, to find
// pages of other websites that say much the same.
type PageSignature struct {
	Num       int64 // of the row; 0 until it is stored
	WebsiteID WebsiteID
	PageID    PageID
	Path      string
	Kind      PageKind
	Title     string
	Bands     []uint64 // pages that share one are candidates
	Hashes    []uint32 // of the shingles, sorted; see Limit
	Limit     uint32   // greatest hash that is kept; of texts of usual length all are
	// Masked and MaskedLimit are the same of the text whose names are masked.
	Masked      []uint32
	MaskedLimit uint32
	Evidence    int // how many different rows, spans and computations the page rests on
	// FirstAt is since when the website has a page there without a gap.
	FirstAt time.Time
}

// SiteProfile is what is kept of a live website to find others that lead the same
// visitors to the same targets.
type SiteProfile struct {
	WebsiteID WebsiteID `json:"website_id"`
	Tenant    TenantID  `json:"tenant"`
	Release   ReleaseID `json:"release"`
	Domain    string    `json:"domain"`
	Terms     []string  `json:"terms"`    // words of the niche in lower case, sorted
	Products  []uint32  `json:"products"` // hashes of the products that are shown, sorted
	Targets   []string  `json:"targets"`  // programs and merchants that links lead to, sorted
	Outline   []uint32  `json:"outline"`  // hashes of the forms of pages: kind and sequence of blocks, sorted
	At        time.Time `json:"at"`
}

// PagePlace says where a page is.
type PagePlace struct {
	WebsiteID WebsiteID `json:"website_id"`
	Domain    string    `json:"domain"`
	PageID    PageID    `json:"page_id"`
	Path      string    `json:"path"`
	Title     string    `json:"title"`
	Evidence  int       `json:"evidence"` // what the page rests on: different rows, spans and computations
	Since     time.Time `json:"since"`    // live without a gap
}

// Before reports whether a page should stay rather than another one that says the
// same: the one that rests on more evidence, of equals the older one.
func (p *PagePlace) Before(other *PagePlace) bool {
	switch {
	case p.Evidence != other.Evidence:
		return p.Evidence > other.Evidence
	case !p.Since.Equal(other.Since):
		return p.Since.Before(other.Since)
	default:
		return p.WebsiteID < other.WebsiteID || p.WebsiteID == other.WebsiteID && p.Path < other.Path
	}
}

// Twin is a page of a release candidate with a live page of another website that
// says much the same.
type Twin struct {
	Page       PagePlace // of the candidate
	Other      PagePlace
	Similarity float64 // Jaccard similarity of the shingle sets
	// Swapped says that it is the similarity of the texts with all names masked: the
	// texts as they are differ more.
	Swapped bool
	// Live reports whether the candidate's website has the page already.
	Live bool
}

// Keep reports whether the candidate's page is the one that should stay.
func (t *Twin) Keep() bool { return t.Page.Before(&t.Other) }

// Doorway is a pair of websites that lead the same visitors to the same targets in
// nearly the same form. The figures are shares from 0 to 1.
type Doorway struct {
	WebsiteID WebsiteID `json:"website_id"`
	Domain    string    `json:"domain"`
	OtherID   WebsiteID `json:"other_id"`
	Other     string    `json:"other_domain"`
	Niche     float64   `json:"niche"`   // of words of the niche or of products, whichever is greater
	Outline   float64   `json:"outline"` // of forms of pages
	Targets   float64   `json:"targets"` // of programs and merchants
}

// PortfolioCheck is how a release candidate compares with all other live websites of
// its tenant.
type PortfolioCheck struct {
	Threshold float64
	Pages     int // of the candidate that were compared
	Others    int // live pages of other websites
	Twins     []Twin
	Doorways  []Doorway
}

// DuplicateProposal says what to do with a page that another one says already.
type DuplicateProposal string

// The proposals.
const (
	ProposeKeep   DuplicateProposal = "keep"   // it stays
	ProposeMerge  DuplicateProposal = "merge"  // its content moves to the page that stays, and it redirects there
	ProposeRetire DuplicateProposal = "retire" // most of its website is said elsewhere: the website goes and redirects
)

// DuplicateMember is a page of a cluster.
type DuplicateMember struct {
	PagePlace
	Similarity float64           `json:"similarity"` // with the page that stays; 1 for itself
	Proposal   DuplicateProposal `json:"proposal"`
}

// DuplicateCluster is a group of live pages of several websites that say much the
// same: each is a near-duplicate of another one of the group. The page that should
// stay comes first.
type DuplicateCluster struct {
	Members []DuplicateMember `json:"members"`
	Highest float64           `json:"highest"` // similarity of two of its pages
}

// DuplicateReport is what a look at the whole portfolio found.
type DuplicateReport struct {
	Threshold float64 `json:"threshold"`
	Websites  int     `json:"websites"` // live ones that were compared
	Pages     int     `json:"pages"`
	Pending   int     `json:"pending"`  // live websites whose pages are not read yet
	Compared  int     `json:"compared"` // pairs of pages that were held against each other
	Pairs     int     `json:"pairs"`    // near-duplicates among them
	// Median is the median similarity of pages of the same kind on different websites,
	// over a sample of Sampled pairs.
	Median   float64            `json:"median"`
	Sampled  int                `json:"sampled"`
	Total    int                `json:"total"` // clusters in all
	Clusters []DuplicateCluster `json:"clusters"`
	Doorways []Doorway          `json:"doorways"`
}
