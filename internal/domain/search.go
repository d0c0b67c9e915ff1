package domain

import "strings"

// SearchKind is what a search can find.
type SearchKind string

// The kinds.
const (
	SearchPage     SearchKind = "page"
	SearchProduct  SearchKind = "product"
	SearchEvidence SearchKind = "evidence"
)

// SearchKinds are all kinds.
var SearchKinds = []SearchKind{SearchPage, SearchProduct, SearchEvidence}

// SearchDocument is one text that can be found.
type SearchDocument struct {
	ID        string // unique among the documents of its tenant, and stable
	Kind      SearchKind
	Source    string // what it was made from, to forget it by: feed:ID, website:ID
	WebsiteID WebsiteID
	FeedID    FeedID
	Ref       string // the page's ID, the product's key, the evidence's ID
	Title     string
	Text      string
	Language  string // of the text; empty: unknown
}

// SearchQuery asks for documents.
type SearchQuery struct {
	Text      string
	Kinds     []SearchKind // none: all
	WebsiteID WebsiteID    // only what belongs to it; empty: everything
	Limit     int          // 1 to MaxSearchLimit
}

// Bounds of a query.
const (
	MaxSearchLimit = 100
	maxSearchText  = 1000
)

// Validate checks the query.
func (q *SearchQuery) Validate() error {
	if strings.TrimSpace(q.Text) == "" {
		return Invalid("query", "The query is empty.")
	}
	if len(q.Text) > maxSearchText {
		return Invalid("query", "The query has %d bytes; at most %d are searched for.", len(q.Text), maxSearchText)
	}
	if q.Limit < 1 || q.Limit > MaxSearchLimit {
		return Invalid("limit", "Limit %d is not between 1 and %d.", q.Limit, MaxSearchLimit)
	}
	for _, k := range q.Kinds {
		if k != SearchPage && k != SearchProduct && k != SearchEvidence {
			return Invalid("kinds", "Kind %.40q is not page, product or evidence.", string(k))
		}
	}
	return nil
}

// SearchHit is a document that was found, with the reasons.
type SearchHit struct {
	Document SearchDocument // Text is an excerpt
	// Score is the sum of 1 / (60 + rank) over the rankings that have the document
	// (reciprocal rank fusion: Cormack, Clarke and Büttcher, SIGIR 2009).
	Score float64
	Words *WordsPart  // nil: no word of the query is in it
	Near  *VectorPart // nil: its vector is not among the nearest
}

// WordsPart says how a document ranks by the words that it shares with the query.
type WordsPart struct {
	Rank  int      // from 1
	Score float64  // BM25
	Words []string // of the query
}

// VectorPart says how a document ranks by the distance of its vector.
type VectorPart struct {
	Rank     int     // from 1
	Distance float64 // 1 − cosine
}

// SearchAnswer is what a search found.
type SearchAnswer struct {
	Hits     []SearchHit
	Embedder string // whose vectors were compared
	// Vectors reports whether vectors were compared; if not, Reason says why and the
	// words alone decided.
	Vectors bool
	Reason  string
}

// SearchChange says what an update of a source's documents did.
type SearchChange struct{ Stored, Removed, Kept int }
