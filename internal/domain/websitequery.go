package domain

// WebsiteSort is the order of a list of websites; equal ones come in the order of their
// ids.
type WebsiteSort string

// The orders.
const (
	SortByDomain  WebsiteSort = "domain"
	SortByNiche   WebsiteSort = "niche"
	SortByCreated WebsiteSort = "created"
	SortByChanged WebsiteSort = "changed"
)

// WebsiteQuery asks for a part of a list of websites.
type WebsiteQuery struct {
	Filter     WebsiteFilter
	Sort       WebsiteSort // empty: by domain
	Descending bool
	// After and Before are cursors of a WebsiteList: the part begins after the one or ends
	// before the other; at most one of them is set.
	After, Before string
	Limit         int // 1 to 1000
}

// WebsiteList is a part of the websites that a query selects.
type WebsiteList struct {
	Lines []WebsiteLine
	Total int // websites that the filter selects
	// ByState counts what the filter selects without its state.
	ByState map[WebsiteState]int
	// Next and Previous are cursors of what comes after and before; empty at the ends.
	Next, Previous string
	// Languages and Tags are those that any website has, in their order.
	Languages, Tags []string
}

// WebsiteLine is a website with what a list shows beside it.
type WebsiteLine struct {
	Website
	Tags []string
	Live *Release // nil: none
}
