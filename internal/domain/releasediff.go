package domain

import "time"

// ChangeKind says what happened to a thing between two releases.
type ChangeKind string

// The kinds of change.
const (
	Added   ChangeKind = "added"
	Removed ChangeKind = "removed"
	Changed ChangeKind = "changed"
)

// FileChange is one path whose file differs between two releases.
type FileChange struct {
	Path   string     `json:"path"`
	Kind   ChangeKind `json:"kind" enum:"added,removed,changed"`
	Before string     `json:"before,omitempty" doc:"SHA-256 of the file; absent if it was added"`
	After  string     `json:"after,omitempty" doc:"SHA-256 of the file; absent if it was removed"`
	Bytes  int64      `json:"bytes" doc:"Size after minus size before"`
}

// ReleaseDiff is what differs between two releases of a website.
type ReleaseDiff struct {
	From  DiffSide     `json:"from"`
	To    DiffSide     `json:"to"`
	Pages []PageDiff   `json:"pages" doc:"Pages whose content differs, by path"`
	Files []FileChange `json:"files" doc:"Files whose bytes differ, by path; a page here that is not in pages differs around its content only, such as in its menu"`
}

// DiffSide names one of the two releases of a ReleaseDiff.
type DiffSide struct {
	ID        ReleaseID `json:"id"`
	Number    int       `json:"number"`
	Manifest  string    `json:"manifest"`
	CreatedAt time.Time `json:"created_at"`
}

// PageDiff is what differs on one page. Of an added or removed page only the head is
// told, each field as a change from or to nothing.
type PageDiff struct {
	Path     string        `json:"path"`
	Kind     ChangeKind    `json:"kind" enum:"added,removed,changed"`
	PageKind PageKind      `json:"page_kind"`
	Title    string        `json:"title" doc:"As it is afterwards, or was if the page is gone"`
	Fields   []FieldChange `json:"fields,omitempty"`
	Blocks   []BlockChange `json:"blocks,omitempty" doc:"In reading order"`
	Offers   []OfferChange `json:"offers,omitempty"`
}

// FieldChange is a field of a page's head that differs.
type FieldChange struct {
	Name   string `json:"name"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// BlockChange is one block that differs.
type BlockChange struct {
	Kind   ChangeKind   `json:"kind" enum:"added,removed,changed"`
	Type   BlockType    `json:"type"`
	Before *int         `json:"before,omitempty" doc:"Place among the blocks of the page before, from 0; absent if it was added"`
	After  *int         `json:"after,omitempty" doc:"Place among the blocks of the page after; absent if it was removed"`
	Lines  []LineChange `json:"lines,omitempty" doc:"Texts that differ; none if only links, anchors or layout do"`
	// Reasons say why it differs: what the evidence of its claims says now, or that the same
	// facts are said in other words.
	Reasons []ChangeReason `json:"reasons,omitempty" doc:"What evidence behind it changed; at most five, those of feeds first"`
}

// ReasonKind says what made a block differ.
type ReasonKind string

// The reasons.
const (
	ReasonEvidence ReasonKind = "evidence" // what it rests on says something else
	ReasonNew      ReasonKind = "new"      // it rests on something that it did not rest on before
	ReasonGone     ReasonKind = "gone"     // it rests on something no more
	ReasonWriter   ReasonKind = "writer"   // another writer wrote the page
	ReasonWording  ReasonKind = "wording"  // the facts are the same, the words or the order are not
)

// ChangeReason is one reason why a block differs.
type ChangeReason struct {
	Kind   ReasonKind `json:"kind" enum:"evidence,new,gone,writer,wording"`
	What   string     `json:"what,omitempty" doc:"Field and row of a feed, or what was computed"`
	Before string     `json:"before,omitempty"`
	After  string     `json:"after,omitempty"`
}

// LineChange is one text of a block that differs: a sentence, an item, a row.
type LineChange struct {
	Kind ChangeKind `json:"kind" enum:"added,removed"`
	Text string     `json:"text"`
}

// OfferChange is an affiliate link that differs. Before or After is nil if there was
// or is none.
type OfferChange struct {
	Slot   string     `json:"slot"`
	Before *OfferSide `json:"before,omitempty"`
	After  *OfferSide `json:"after,omitempty"`
}

// OfferSide is what a visitor sees of an offer.
type OfferSide struct {
	Product  string `json:"product"`
	Merchant string `json:"merchant"`
	Price    string `json:"price,omitempty"`
	URL      string `json:"url"`
}

// ReleaseContent is all that one release is made of.
type ReleaseContent struct {
	Manifest Manifest
	Draft    *Draft
}

// DiffParams say which releases of a website are compared. What is empty is chosen.
type DiffParams struct {
	To      ReleaseID
	Against ReleaseID
	Page    string // path of the only page that is wanted
}

// Review is what a person looks at before a release candidate may be published.
type Review struct {
	Pages    []Page
	Evidence []Evidence // of the claims of Pages
	// Diff compares the candidate with the live release; nil while nothing is live. The
	// candidate has no id and no number yet.
	Diff *ReleaseDiff
}
