package domain

import (
	"cmp"
	"time"
)

// SearchIntent is what somebody who searches for a keyword wants.
type SearchIntent string

// The intents.
const (
	IntentLearn   SearchIntent = "informational" // to understand
	IntentCompare SearchIntent = "commercial"    // to choose
	IntentBuy     SearchIntent = "transactional" // to buy one thing
	IntentFind    SearchIntent = "navigational"  // to find a place
)

// IntentOf returns the intent that pages of a kind answer.
func IntentOf(k PageKind) SearchIntent {
	switch k {
	case PageBest, PageComparison, PageHome:
		return IntentCompare
	case PageProduct:
		return IntentBuy
	case PageGuide, PageFAQ, PageMethod:
		return IntentLearn
	}
	return IntentFind
}

// KeywordPage is a page that may rank, with the keyword that it is for.
type KeywordPage struct {
	WebsiteID WebsiteID    `json:"website_id"`
	Domain    string       `json:"domain"`
	PageID    PageID       `json:"page_id"`
	Path      string       `json:"path"`
	Kind      PageKind     `json:"kind"`
	Title     string       `json:"title"`
	Keyword   string       `json:"keyword" doc:"The primary one; empty: the page is for none"`
	Others    []string     `json:"others" doc:"Keywords that the page answers, too"`
	Key       string       `json:"key" doc:"Stems of the keyword in order, without words that say little: equal for keywords that mean the same search"`
	Intent    SearchIntent `json:"intent" enum:"informational,commercial,transactional,navigational"`
	Question  string       `json:"question" doc:"That the page answers, from the plan"`
	Language  string       `json:"language"`
	Evidence  int          `json:"evidence" doc:"Different pieces of evidence that the page rests on"`
	Since     time.Time    `json:"since" doc:"When it was first live with this keyword"`
}

// ConflictReason says why pages compete.
type ConflictReason string

// The reasons.
const (
	ConflictKeyword ConflictReason = "keyword" // the same primary keyword
	ConflictResults ConflictReason = "results" // a search for either finds mostly the same
)

// KeywordProposal is what to do with a page that competes.
type KeywordProposal string

// The proposals.
const (
	KeywordKeep          KeywordProposal = "keep"          // it stays for the keyword
	KeywordMerge         KeywordProposal = "merge"         // into the page that stays, with a redirect
	KeywordDifferentiate KeywordProposal = "differentiate" // give it another keyword and angle
	KeywordRetire        KeywordProposal = "retire"        // its whole website: most of it competes with others and loses
)

// KeywordClaim is one of the pages of a conflict.
type KeywordClaim struct {
	KeywordPage
	Proposal KeywordProposal `json:"proposal" enum:"keep,merge,differentiate,retire"`
	Why      string          `json:"why"`
}

// KeywordConflict is pages that compete for one search.
type KeywordConflict struct {
	Keyword string         `json:"keyword" doc:"Of the page that stays"`
	Reason  ConflictReason `json:"reason" enum:"keyword,results"`
	Overlap float64        `json:"overlap" doc:"Share of the found pages that both searches find; 1 for one keyword"`
	Between bool           `json:"between" doc:"Pages of several websites; else of one"`
	Pages   []KeywordClaim `json:"pages" doc:"The page that stays comes first: it rests on more evidence, or is older"`
}

// KeywordMap is the pages of a website, or of a tenant, with what they are for.
type KeywordMap struct {
	Pages     []KeywordPage     `json:"pages"`
	Conflicts []KeywordConflict `json:"conflicts"`
}

// TakenKeyword is a keyword that a page of another website of the tenant is for.
type TakenKeyword struct {
	Key     string `json:"key"`
	Keyword string `json:"keyword"`
	Domain  string `json:"domain"`
	Path    string `json:"path"`
}

// Before orders pages that compete: the one that stays comes first.
func (p *KeywordPage) Before(q *KeywordPage) int {
	return cmp.Or(cmp.Compare(q.Evidence, p.Evidence), p.Since.Compare(q.Since), cmp.Compare(p.WebsiteID, q.WebsiteID), cmp.Compare(p.Path, q.Path))
}
