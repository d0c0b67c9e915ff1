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
	// TenantID names who owns things: tenants never see each other's. Most
	// installations have one, DefaultTenant.
	TenantID string
	// UserID identifies a user: user_….
	UserID string
	// SessionID identifies a sign-in: sess_….
	SessionID string
	// APIKeyID identifies an API key: key_….
	APIKeyID string
	// WebsiteID identifies a website: site_….
	WebsiteID string
	// PageID identifies a page: page_…; see PageIDOf.
	PageID string
	// ReleaseID identifies a release: rel_….
	ReleaseID string
	// FeedID identifies a feed: feed_….
	FeedID string
	// ProgramID identifies an affiliate program: prog_….
	ProgramID string
	// RunID identifies a run: run_….
	RunID string
	// StepID identifies a step of a run: step_….
	StepID string
	// TaskID identifies a task: task_….
	TaskID string
	// FleetChangeID identifies a change of many websites: chg_….
	FleetChangeID string
	// BatchID identifies a batch over many websites: bat_….
	BatchID string
	// TextEditID identifies a change of texts before an approval: edit_….
	TextEditID string
	// PlannedReleaseID identifies a release that goes live later: plan_….
	PlannedReleaseID string
	// ApprovalID identifies an approval: appr_….
	ApprovalID string
	// SnapshotID identifies a kept page: snap_… and the start of a SHA-256 over it.
	SnapshotID string
	// ResearchID identifies a research report: rsch_….
	ResearchID string
	// EvidenceID identifies evidence: ev_… and the start of a SHA-256 over it.
	EvidenceID string
	// ClaimID identifies a claim within its page: c1, c2, ….
	ClaimID string
	// AgentID identifies an agent: opportunity_scanner, content_generator, ….
	AgentID string
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
