package domain

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"strings"
	"time"
)

// Identifiers are opaque strings with a prefix that tells their kind. They sort
// roughly by creation time.
type (
	// UserID and the identifiers below it are made by NewID, except those that say
	// otherwise.
	UserID     string // user_…
	WebsiteID  string // site_…
	PageID     string // page_…
	ReleaseID  string // rel_…
	FeedID     string // feed_…
	ProgramID  string // prog_…
	RunID      string // run_…
	StepID     string // step_…
	TaskID     string // task_…
	ApprovalID string // appr_…
	EvidenceID string // ev_…, the start of a SHA-256 over the evidence itself
	ClaimID    string // unique within one page: c1, c2, …
	AgentID    string // opportunity_scanner, content_generator, …
)

var idEncoding = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// NewID returns prefix_ followed by 26 characters: 48 bits of milliseconds and 80
// random bits in Crockford base 32, the layout of a ULID in lower case.
func NewID(prefix string) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(time.Now().UnixMilli())<<16)
	_, _ = rand.Read(b[6:]) // crypto/rand.Read never fails since Go 1.24
	return prefix + "_" + idEncoding.EncodeToString(b[:])
}

// ValidID reports whether s looks like an identifier with this prefix.
func ValidID(s, prefix string) bool {
	rest, ok := strings.CutPrefix(s, prefix+"_")
	if !ok || rest == "" || len(rest) > 64 {
		return false
	}
	return strings.Trim(rest, "0123456789abcdefghijklmnopqrstuvwxyz") == ""
}
