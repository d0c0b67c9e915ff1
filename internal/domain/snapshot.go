package domain

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"
)

// Snapshot is a page as it was fetched: its bytes and the main text that was read
// from them, both kept by content. It is never changed.
type Snapshot struct {
	ID          SnapshotID `json:"id"`
	Tenant      TenantID   `json:"tenant"`
	URL         string     `json:"url"`       // as asked for
	FinalURL    string     `json:"final_url"` // after redirects
	FetchedAt   time.Time  `json:"fetched_at"`
	Status      int        `json:"status"` // of HTTP
	ContentType string     `json:"content_type"`
	Charset     string     `json:"charset"`
	Size        int64      `json:"size"`        // of the page in bytes
	SHA256      string     `json:"sha256"`      // of the page
	TextSHA256  string     `json:"text_sha256"` // of its main text in UTF-8
	TextSize    int64      `json:"text_size"`   // in bytes
	Title       string     `json:"title,omitempty"`
	Author      string     `json:"author,omitempty"`
	SiteName    string     `json:"site_name,omitempty"`
	Language    string     `json:"language,omitempty"` // BCP 47, as detected
	PublishedAt *time.Time `json:"published_at,omitempty"`
	// Own is true for a page of the operator's own portfolio.
	Own bool `json:"own,omitempty"`
}

// Seal sets the ID from the content: snap_ and the first 32 hexadecimal digits of a
// SHA-256 over the JSON without the ID. It returns the sealed snapshot.
func (s Snapshot) Seal() Snapshot {
	s.ID = ""
	b, err := json.Marshal(s)
	if err != nil {
		panic("snapshot is not JSON: " + err.Error()) // it holds texts, numbers and times
	}
	sum := sha256.Sum256(b)
	s.ID = SnapshotID("snap_" + hex.EncodeToString(sum[:16]))
	return s
}

// Cites returns the evidence that a span of the snapshot's main text is, from a byte
// offset on.
func (s *Snapshot) Cites(span string, offset int) Evidence {
	at := s.FetchedAt.UTC()
	return Evidence{Kind: EvidenceSnapshot, URL: s.FinalURL, SHA256: s.SHA256, Offset: offset, Snapshot: s.ID, Value: span, At: &at}.Seal()
}

// SnapshotCitation is evidence that is a span of a snapshot, with what holds it: a
// research report or a website.
type SnapshotCitation struct {
	Owner    string // rsch_… or site_…
	Evidence Evidence
}

// SnapshotUse is something that rests on a snapshot: a claim of a page of a website,
// or of a research report.
type SnapshotUse struct {
	Evidence EvidenceID `json:"evidence_id"`
	Report   ResearchID `json:"report_id,omitempty"`
	Website  WebsiteID  `json:"website_id,omitempty"`
	Page     string     `json:"page,omitempty"` // path; empty: no published page of the website shows it
	Claim    string     `json:"claim,omitempty"`
}

// SnapshotFault is what is wrong with a snapshot or with evidence that cites it.
type SnapshotFault struct {
	Snapshot SnapshotID    `json:"snapshot_id"`
	URL      string        `json:"url"`
	Evidence EvidenceID    `json:"evidence_id,omitempty"` // empty: the snapshot itself, and so all that rests on it
	Message  string        `json:"message"`
	Uses     []SnapshotUse `json:"uses"`
}

// SnapshotReport is what verifying snapshots found.
type SnapshotReport struct {
	Snapshots int             `json:"snapshots"` // checked: hash of the bytes, hash of the text
	Spans     int             `json:"spans"`     // checked: stand in the text at their offset
	Intact    bool            `json:"intact"`
	Faults    []SnapshotFault `json:"faults"`
}
