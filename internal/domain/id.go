package domain

import (
	"bytes"
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"strings"
	"sync"
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
// random bits in Crockford base 32, the layout of a ULID in lower case. In one
// process every identifier sorts after those made before it, so that a list in the
// order of identifiers only grows at its end.
func NewID(prefix string) string {
	b := lastID.next(time.Now())
	return prefix + "_" + idEncoding.EncodeToString(b[:])
}

// lastID is shared by the whole process: that is what makes its values grow.
var lastID growing

// growing makes values of 128 bits, each greater than the one before.
type growing struct {
	mu   sync.Mutex
	last [16]byte
}

func (g *growing) next(now time.Time) [16]byte {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(now.UnixMilli())<<16)
	_, _ = rand.Read(b[6:]) // crypto/rand.Read never fails since Go 1.24
	g.mu.Lock()
	defer g.mu.Unlock()
	if bytes.Compare(b[:], g.last[:]) <= 0 { // the same millisecond, or the clock went back
		b = g.last
		for i := len(b) - 1; i >= 0; i-- {
			if b[i]++; b[i] != 0 {
				break
			}
		}
	}
	g.last = b
	return b
}

// ValidID reports whether s looks like an identifier with this prefix.
func ValidID(s, prefix string) bool {
	rest, ok := strings.CutPrefix(s, prefix+"_")
	if !ok || rest == "" || len(rest) > 64 {
		return false
	}
	return strings.Trim(rest, "0123456789abcdefghijklmnopqrstuvwxyz") == ""
}
