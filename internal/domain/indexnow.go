package domain

import "time"

// SubmissionID identifies a submission of addresses to search engines: sub_….
type SubmissionID string

// SubmissionState says how a submission is getting on.
type SubmissionState string

// The states of a submission.
const (
	SubmissionPending  SubmissionState = "pending"  // it waits, or is tried again
	SubmissionAccepted SubmissionState = "accepted" // all addresses were taken
	SubmissionFailed   SubmissionState = "failed"   // refused, or given up
)

// MaxSubmission is how many addresses one request may name (indexnow.org).
const MaxSubmission = 10_000

// Submission is what is told to search engines about one release.
type Submission struct {
	ID        SubmissionID    `json:"id"`
	Tenant    TenantID        `json:"tenant"`
	WebsiteID WebsiteID       `json:"website_id"`
	ReleaseID ReleaseID       `json:"release_id"`
	Host      string          `json:"host"`
	State     SubmissionState `json:"state" enum:"pending,accepted,failed"`
	Total     int             `json:"total" doc:"Addresses that changed with the release"`
	Sent      int             `json:"sent" doc:"Addresses that were taken"`
	Attempts  int             `json:"attempts" doc:"Requests that were made"`
	Failures  int             `json:"failures" doc:"Requests without success since the last one with"`
	Status    int             `json:"status" doc:"HTTP status of the last answer; 0: there was none"`
	Detail    string          `json:"detail"`
	URLs      []string        `json:"urls"`
	CreatedAt time.Time       `json:"created_at"`
	UpdatedAt time.Time       `json:"updated_at"`
}
