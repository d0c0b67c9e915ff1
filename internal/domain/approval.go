package domain

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// Kinds of approvals: what happens once a person has decided.
const (
	ApprovePublish = "publish_release" // the release candidate of a run goes live
	ApproveStep    = "approve_step"    // a step of an operator's pipeline goes on
	ApproveBudget  = "raise_budget"    // a budget grows, and the step that it stopped goes on
	ApproveSwap    = "swap_link"       // another offer takes the place of a dead link
)

// ApprovalStates returns all states in their documented order.
func ApprovalStates() []ApprovalState {
	return []ApprovalState{ApprovalPending, ApprovalApproved, ApprovalRejected, ApprovalVoid, ApprovalExpired}
}

// ApprovalEntry is one entry of the log of approvals. Entry is a JSON list, byte for
// byte as it was hashed, whose first element is the hash of the entry before; Hash
// is its SHA-256 in hex. So a person can check the log with sha256sum alone.
type ApprovalEntry struct {
	Seq        int64      `json:"seq"` // from 1, without gaps
	ApprovalID ApprovalID `json:"approval_id"`
	Tenant     TenantID   `json:"tenant"`
	Entry      string     `json:"entry"`
	Hash       string     `json:"hash"`
}

// Previous returns the hash of the entry before that e names, and whether e has one
// and the right hash itself.
func (e *ApprovalEntry) Previous() (hash string, ok bool) {
	sum := sha256.Sum256([]byte(e.Entry))
	var list []string
	if hex.EncodeToString(sum[:]) != e.Hash || json.Unmarshal([]byte(e.Entry), &list) != nil || len(list) == 0 {
		return "", false
	}
	return list[0], true
}

// ApprovalFault is something in the log of approvals, or about an approval or a
// release, that was not done by this program.
type ApprovalFault struct {
	Seq        int64      `json:"seq,omitempty"` // of the entry; 0: it is not about one
	ApprovalID ApprovalID `json:"approval_id,omitempty"`
	ReleaseID  ReleaseID  `json:"release_id,omitempty"`
	Tenant     TenantID   `json:"-"`       // whose it is; empty: nobody's
	Problem    string     `json:"problem"` // a sentence
}

// ApprovalReport is the outcome of a check of the log of approvals.
type ApprovalReport struct {
	Entries   int64 `json:"entries"`   // of the log that were checked
	Approvals int   `json:"approvals"` // whose payload and state were compared with the log
	Releases  int   `json:"releases"`  // published ones that were traced to their approval
	// Head is the hash of the last entry: kept elsewhere, it proves later that
	// nothing up to here was rewritten.
	Head string `json:"head"`
	// Faults are the first ones, those of entries before others; empty: all is well.
	Faults []ApprovalFault `json:"faults"`
}

// MaxApprovalFaults bounds ApprovalReport.Faults.
const MaxApprovalFaults = 100
