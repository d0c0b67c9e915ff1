package domain

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"
)

// EvidenceKind says what a piece of evidence is.
type EvidenceKind string

// The kinds of evidence.
const (
	EvidenceFeed        EvidenceKind = "feed"        // one field of one feed row
	EvidenceSet         EvidenceKind = "set"         // one field over many feed rows, the input of a computation
	EvidenceComputation EvidenceKind = "computation" // a formula over other evidence
	EvidenceSetting     EvidenceKind = "setting"     // what the operator stated: address, e-mail
	EvidenceSnapshot    EvidenceKind = "snapshot"    // a verbatim span of the text of a page as it was fetched
	EvidenceRule        EvidenceKind = "rule"        // the text of a law or policy that a page names
)

// Evidence is what a claim rests on. Its ID is derived from its content, so equal
// evidence is stored once and cannot be changed afterwards.
type Evidence struct {
	ID   EvidenceID   `json:"id"`
	Kind EvidenceKind `json:"kind"`

	// EvidenceFeed.
	FeedID FeedID     `json:"feed_id,omitempty"`
	RowKey string     `json:"row_key,omitempty"`
	Field  string     `json:"field,omitempty"`
	Value  string     `json:"value,omitempty"` // verbatim: the field's text, the setting, the formula's result
	At     *time.Time `json:"at,omitempty"`    // when the feed was read

	// EvidenceSet: the values of Field by row, in the order of Rows.
	Rows   []string  `json:"rows,omitempty"`
	Values []float64 `json:"values,omitempty"`

	// EvidenceComputation. Result is Value as a number.
	Formula string       `json:"formula,omitempty"`
	Inputs  []EvidenceID `json:"inputs,omitempty"`
	Args    []float64    `json:"args,omitempty"` // constants of the formula, such as a quantile or a threshold
	Result  float64      `json:"result,omitempty"`

	// EvidenceSnapshot: Value is the span, At when the page was fetched.
	URL    string `json:"url,omitempty"`    // after redirects
	SHA256 string `json:"sha256,omitempty"` // of the page's bytes as fetched, hexadecimal
	Offset int    `json:"offset,omitempty"` // where Value begins in the page's main text, in bytes
	// Snapshot is the kept page itself, with its bytes and its main text.
	Snapshot SnapshotID `json:"snapshot_id,omitempty"`

	// Note says in words what this is: "median price of 824 keyboards".
	Note string `json:"note,omitempty"`
}

// Seal sets the ID from the content: ev_ and the first 24 hexadecimal digits of a
// SHA-256 over the JSON without the ID. It returns the sealed evidence.
func (e Evidence) Seal() Evidence {
	e.ID = ""
	b, err := json.Marshal(e)
	if err != nil {
		panic("evidence is not JSON: " + err.Error()) // only NaN or Inf; callers check before
	}
	sum := sha256.Sum256(b)
	e.ID = EvidenceID("ev_" + hex.EncodeToString(sum[:12]))
	return e
}

// Claim is one fact as a page shows it, with the evidence that carries it.
type Claim struct {
	ID       ClaimID      `json:"id"`
	Text     string       `json:"text"` // exactly as shown: "$37.99", "27 in", "Cherry MX Red"
	Evidence []EvidenceID `json:"evidence"`
}
